"""The tree of regions that a search makes, as the checker's certificate wants it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from robustsize.simulate.certify.branch import BOX, EMPTY, MULTIPLIER, NUMBER
from robustsize.simulate.certify.compiled import compiled
from robustsize.simulate.certify.relaxation import Floats
from robustsize.simulate.checker.dual import LARGEST
from robustsize.simulate.checker.forest import LEAF, Forest
from robustsize.simulate.checker.points import PointsProof


class Tree:
    """Regions of one ball: node 0 is the ball; divided nodes and the multipliers of closed ones."""

    def __init__(self, d: int, units: int) -> None:
        self.d, self.beta = d, BOX + 2 * d + 3 * units
        self.nodes = 1
        self.divided: list[Floats] = []
        self.closed: list[Floats] = []
        self.entries: list[Floats] = []
        self.exact: dict[int, Mapping[int, Fraction]] = {}
        self._proof: PointsProof | None = None

    def grow(self, divided: Floats, closed: Floats, *named: Floats) -> None:
        """Take up what `run_stack` returned, and put the numbers of new nodes right in place."""
        self._proof = None
        for rows in named:
            _renumber(rows, NUMBER, self.nodes)
        kept, entries = _taken(divided, closed, self.nodes, self.beta)
        self.nodes += 2 * len(divided)
        for rows, into in ((divided, self.divided), (kept, self.closed), (entries, self.entries)):
            if len(rows):
                into.append(rows)

    def divide(self, node: int, unit: int) -> int:
        """Divide a node by the sign of a unit; returns the lower half, before the upper one."""
        self._proof = None
        child = self.nodes
        self.divided.append(np.array([[node, self.d + unit, 0.0, child]]))
        self.nodes += 2
        return child

    def close(self, node: int, beta: Mapping[int, Fraction], *, empty: bool) -> None:
        """Close a node by multipliers of units that are for rational arithmetic."""
        self._proof = None
        self.closed.append(np.array([[node, 0.0, empty]]))
        self.exact[node] = beta

    def proof(self, columns: NDArray[np.int64]) -> PointsProof:
        """The certificate of the ball, node for node; columns: of inputs and units in a state."""
        if self._proof is None:
            parts = (_stacked(self.divided, 4), _stacked(self.closed, 3), _stacked(self.entries, 3))
            branch, cut, child, *multipliers = _certificate(self.nodes, columns, self.d, *parts)
            exact = {
                node: {int(columns[self.d + unit]): value for unit, value in beta.items()}
                for node, beta in self.exact.items()
            }
            forest, (node, column, beta, ball, empty) = Forest(1, branch, cut, child), multipliers
            self._proof = PointsProof(forest, node, column, beta, ball, empty, exact)
        return self._proof


def _stacked(parts: Sequence[Floats], columns: int) -> Floats:
    if len(parts) == 1:
        return parts[0]
    return np.concatenate(parts) if parts else np.empty((0, columns))


@compiled
def _renumber(rows, column, nodes):  # type: ignore[no-untyped-def]
    """Give new nodes, numbered -1, -2, .. in a column, the numbers after those there are."""
    for i in range(len(rows)):
        if rows[i, column] < 0.0:
            rows[i, column] = nodes - 1 - rows[i, column]


@compiled
def _taken(divided, closed, nodes, beta):  # type: ignore[no-untyped-def]
    """Number divided nodes, their lower halves too, and closed ones; what these are closed by.

    That is of each closed node the number, the ball's multiplier and whether it is empty, a row
    each; and of multipliers that are not 0 the node, the unit and the value.
    """
    _renumber(divided, 0, nodes)
    _renumber(closed, NUMBER, nodes)
    for i in range(len(divided)):
        divided[i, 3] = nodes + 2 * i
    kept, count = np.empty((len(closed), 3)), 0
    for i in range(len(closed)):
        ball = closed[i, MULTIPLIER]
        kept[i, 0], kept[i, 2] = closed[i, NUMBER], closed[i, EMPTY]
        kept[i, 1] = ball if ball < LARGEST else 0.0
        for j in range(beta, closed.shape[1]):
            if 0.0 < closed[i, j] < LARGEST:
                count += 1
    entries = np.empty((count, 3))
    for i in range(len(closed) if count else 0):
        for j in range(beta, closed.shape[1]):
            if 0.0 < closed[i, j] < LARGEST:
                count -= 1
                entries[count, 0], entries[count, 1] = closed[i, NUMBER], j - beta
                entries[count, 2] = closed[i, j]
    return kept, entries


@compiled
def _certificate(nodes, columns, d, divided, closed, entries):  # type: ignore[no-untyped-def]
    """The arrays of a certificate, in the order of `PointsProof`."""
    branch, cut = np.full(nodes, LEAF), np.zeros(nodes)
    child, ball = np.zeros(nodes, np.int64), np.zeros(nodes)
    empty = np.zeros(nodes, np.bool_)
    for row in divided:
        at = int(row[0])
        branch[at], cut[at], child[at] = columns[int(row[1])], row[2], int(row[3])
    for row in closed:
        ball[int(row[0])], empty[int(row[0])] = row[1], row[2] != 0.0
    node, column = np.empty((2, len(entries)), np.int64)
    for i in range(len(entries)):
        node[i], column[i] = int(entries[i, 0]), columns[d + int(entries[i, 1])]
    return branch, cut, child, node, column, entries[:, 2].copy(), ball, empty


def proof_of(trees: Sequence[Tree], columns: NDArray[np.int64]) -> PointsProof:
    """The certificate that the trees of an instance's points make, one a point.

    columns: of inputs and units in a state.
    """
    return joined([tree.proof(columns) for tree in trees])


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
        gathered(proofs, "column"),
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
