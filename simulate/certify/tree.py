"""The tree of regions that a search makes, as the checker's certificate wants it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from robustsize.simulate.certify.branch import BOX, EMPTY, MULTIPLIER, NUMBER
from robustsize.simulate.certify.relaxation import Floats
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

    def grow(self, divided: Floats, closed: Floats, *named: Floats) -> None:
        """Take up what `run_stack` returned, and put the numbers of new nodes right in place."""
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
        child = self.nodes
        self.divided.append(np.array([[node, self.d + unit, 0.0, child]]))
        self.nodes += 2
        return child

    def close(self, node: int, beta: Mapping[int, Fraction], *, empty: bool) -> None:
        """Close a node by multipliers that are for rational arithmetic."""
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
    roots, first = len(trees), _first(trees)

    def gathered(name: str, columns: int) -> tuple[Floats, NDArray[np.int64]]:
        """What all trees have under a name, and of which tree each row is."""
        parts = [(rows, i) for i, tree in enumerate(trees) for rows in getattr(tree, name)]
        rows = np.concatenate([rows for rows, _ in parts]) if parts else np.empty((0, columns))
        return rows, np.repeat([i for _, i in parts], [len(rows) for rows, _ in parts]).astype(int)

    def named(number: Floats, tree: NDArray[np.int64]) -> NDArray[np.int64]:
        return np.where(number == 0, tree, number + first[tree]).astype(np.int64)

    count = int(first[-1]) + trees[-1].nodes
    branch, child = np.full(count, LEAF), np.zeros(count, dtype=np.int64)
    cut, ball, empty = np.zeros(count), np.zeros(count), np.zeros(count, dtype=bool)
    rows, tree = gathered("divided", 4)
    node = named(rows[:, 0], tree)
    branch[node], cut[node], child[node] = rows[:, 1], rows[:, 2], named(rows[:, 3], tree)
    entries, tree = gathered("entries", 3)
    nodes, units, beta = [named(entries[:, 0], tree)], [entries[:, 1]], [entries[:, 2]]
    whole, tree = gathered("whole", trees[0].beta.start)
    kept, row, multipliers = _essentials(whole, trees[0].beta)
    nodes.append(named(kept[row, 0], tree[row]))
    units.append(multipliers[:, 0])
    beta.append(multipliers[:, 1])
    for rows, owner in ((kept, tree), gathered("closed", 3)):
        node = named(rows[:, 0], owner)
        ball[node], empty[node] = rows[:, 1], rows[:, 2]
    exact = {
        int(named(np.array(number), np.array(i))): beta_
        for i, one in enumerate(trees)
        for number, beta_ in one.exact.items()
    }
    forest, unit = Forest(roots, branch, cut, child), np.concatenate(units).astype(int)
    return PointsProof(
        forest, np.concatenate(nodes), unit, np.concatenate(beta), ball, empty, exact
    )


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
