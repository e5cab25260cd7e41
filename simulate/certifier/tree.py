"""The tree of regions that a search makes, as the checker's certificate wants it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from robustsize.simulate.certifier.branch import BOX, EMPTY, MULTIPLIER, NUMBER
from robustsize.simulate.certifier.relaxation import Floats
from robustsize.simulate.checker.dual import LARGEST
from robustsize.simulate.checker.forest import LEAF, Forest
from robustsize.simulate.checker.points import PointsProof

_ROOM = 1 << 20
"""Bytes of closed regions that a tree keeps whole; of more, only what the certificate wants."""


class Tree:
    """Regions of one ball: node 0 is the ball; divided nodes and the multipliers of closed ones."""

    def __init__(self, d: int, units: int) -> None:
        self.d, self.beta = d, slice(BOX + 2 * d + 3 * units, None)
        self.nodes = 1
        self.divided: list[Floats] = []
        self.whole: list[Floats] = []
        self.closed: list[Floats] = []
        self.entries: list[Floats] = []
        self.exact: dict[int, Mapping[int, Fraction]] = {}
        self._room = _ROOM
        self._proof: PointsProof | None = None

    @property
    def proof(self) -> PointsProof:
        """The certificate of the ball, node for node."""
        if self._proof is None:
            self._proof = self._made()
        return self._proof

    def _made(self) -> PointsProof:
        branch, child = np.full(self.nodes, LEAF), np.zeros(self.nodes, dtype=np.int64)
        cut, ball = np.zeros((2, self.nodes))
        empty = np.zeros(self.nodes, dtype=bool)
        for rows in self.divided:
            node = rows[:, 0].astype(np.int64)
            branch[node], cut[node], child[node] = rows[:, 1], rows[:, 2], rows[:, 3]
        closed, entries = self.closed, self.entries
        if self.whole:
            kept, row, multipliers = _essentials(np.concatenate(self.whole), self.beta)
            closed = [*closed, kept]
            entries = [*entries, np.column_stack([kept[row, 0], multipliers])]
        for rows in closed:
            node = rows[:, 0].astype(np.int64)
            ball[node], empty[node] = rows[:, 1], rows[:, 2]
        forest = Forest(1, branch, cut, child)
        found = np.concatenate(entries) if entries else np.zeros((0, 3))
        node, unit = found[:, :2].T.astype(np.int64)
        return PointsProof(forest, node, unit, found[:, 2], ball, empty, dict(self.exact))

    def grow(self, divided: Floats, closed: Floats, *named: Floats) -> None:
        """Take up what `run_stack` returned, and put the numbers of new nodes right in place."""
        self._proof = None
        if len(divided):
            for rows, column in ((divided, 0), *((rows, NUMBER) for rows in (closed, *named))):
                numbers = rows[:, column]
                np.copyto(numbers, self.nodes - 1 - numbers, where=numbers < 0)
            children = self.nodes + 2 * np.arange(len(divided), dtype=np.float64)
            self.divided.append(np.column_stack([divided, children]))
            self.nodes += 2 * len(divided)
        if len(closed):
            self.whole.append(closed)
            self._room -= closed.nbytes
            if self._room < 0:
                kept, row, entries = _essentials(np.concatenate(self.whole), self.beta)
                self.closed.append(kept)
                self.entries.append(np.column_stack([kept[row, 0], entries]))
                self.whole, self._room = [], _ROOM

    def divide(self, node: int, unit: int) -> int:
        """Divide a node by the sign of a unit; returns the lower half, before the upper one."""
        self._proof = None
        child = self.nodes
        self.divided.append(np.array([[node, self.d + unit, 0.0, child]]))
        self.nodes += 2
        return child

    def close(self, node: int, beta: Mapping[int, Fraction], *, empty: bool) -> None:
        """Close a node by multipliers that are for rational arithmetic."""
        self._proof = None
        self.closed.append(np.array([[node, 0.0, empty]]))
        self.exact[node] = beta


def _essentials(rows: Floats, beta: slice) -> tuple[Floats, NDArray[np.int64], Floats]:
    """Of closed regions the number, the ball's multiplier and whether they are empty, a row each;
    and the units' multipliers that are not 0: the row of each, its unit and value.
    """
    kept = rows[:, [NUMBER, MULTIPLIER, EMPTY]]
    kept[~(kept[:, 1] < LARGEST), 1] = 0.0
    multipliers = rows[:, beta]
    row, unit = np.nonzero(multipliers * (multipliers < LARGEST))
    return kept, row, np.column_stack([unit, multipliers[row, unit]])


def proof_of(trees: Sequence[Tree]) -> PointsProof:
    """The certificate that the trees of an instance's points make, one a point."""
    return joined([tree.proof for tree in trees])


def joined(proofs: Sequence[PointsProof]) -> PointsProof:
    """The proof of several instances' points, one instance after the other."""
    if len(proofs) == 1:
        return proofs[0]
    roots = np.array([proof.forest.roots for proof in proofs])
    rest = np.array([len(proof.empty) for proof in proofs]) - roots
    entries = [len(proof.node) for proof in proofs]
    owner = np.repeat(np.arange(len(proofs)), roots + rest)
    old = _before(roots + rest)
    number = np.arange(len(owner)) - old[owner]
    later = roots.sum() + _before(rest) - roots
    name = number + np.where(number < roots[owner], _before(roots)[owner], later[owner])
    forests = [proof.forest for proof in proofs]
    children = np.concatenate([forest.child for forest in forests])
    inner = np.concatenate([forest.branch for forest in forests]) != LEAF
    children[inner] = name[(children + old[owner])[inner]]
    place = np.argsort(name)

    def gathered(parts: Sequence[Any], field: str) -> NDArray[Any]:
        return np.concatenate([getattr(part, field) for part in parts])

    forest = Forest(
        int(roots.sum()),
        gathered(forests, "branch")[place],
        gathered(forests, "cut")[place],
        children[place],
    )
    exact = {
        int(name[old[i] + node]): beta
        for i, proof in enumerate(proofs)
        for node, beta in proof.exact.items()
    }
    return PointsProof(
        forest,
        name[gathered(proofs, "node") + np.repeat(old, entries)],
        gathered(proofs, "unit"),
        gathered(proofs, "beta"),
        gathered(proofs, "ball")[place],
        gathered(proofs, "empty")[place],
        exact,
    )


def _before(sizes: NDArray[np.int64]) -> NDArray[np.int64]:
    """The sums of all sizes before each."""
    return np.asarray(np.cumsum(sizes) - sizes)


def _first(trees: Sequence[Tree]) -> NDArray[np.int64]:
    """What is to be added to a number > 0 of each tree to give the node of the certificate."""
    more = [tree.nodes - 1 for tree in trees]
    return np.asarray(len(trees) - 1 + np.cumsum([0, *more[:-1]]))


def since(
    trees: Sequence[Tree], before: Sequence[int], again: Sequence[tuple[int, int]]
) -> NDArray[np.bool_]:
    """Of each node of the certificate whether it is new, or (tree, number) of one worked on again.

    before: how many nodes each tree had.
    """
    first = _first(trees)
    found = np.zeros(int(first[-1]) + trees[-1].nodes, dtype=bool)
    for i, count in enumerate(before):
        found[first[i] + count : first[i] + trees[i].nodes] = True
    for i, number in again:
        found[first[i] + number if number else i] = True
    return found


def place_of(trees: Sequence[Tree], node: int) -> tuple[int, int]:
    """The tree, and the number in it, of a node of the certificate."""
    if node < len(trees):
        return node, 0
    ends = len(trees) + np.cumsum([tree.nodes - 1 for tree in trees])
    i = int(np.searchsorted(ends, node, side="right"))
    return i, node - int(ends[i]) + trees[i].nodes
