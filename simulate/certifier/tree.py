"""The tree of regions that a search makes, as the checker's certificate wants it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from robustsize.simulate.certifier.branch import BOX, EMPTY, LOWER, MULTIPLIER, NUMBER
from robustsize.simulate.certifier.relaxation import Floats
from robustsize.simulate.checker.dual import LARGEST
from robustsize.simulate.checker.forest import LEAF, Forest
from robustsize.simulate.checker.points import PointsProof


class Tree:
    """Regions of one ball: node 0 is the ball; divided nodes and the multipliers of closed ones."""

    def __init__(self, d: int, units: int) -> None:
        self._d, self._beta = d, slice(BOX + 2 * d + 3 * units, None)
        self.nodes, self.least, self.nbytes = 1, math.inf, 0
        self.divided: list[Floats] = []
        self.closed: list[Floats] = []
        self.entries: list[Floats] = []
        self.exact: dict[int, Mapping[int, Fraction]] = {}

    def grow(self, divided: Floats, closed: Floats, *named: Floats) -> None:
        """Take up what `run_stack` returned, and put the numbers of new nodes right in place."""
        for rows, column in ((divided, 0), *((rows, NUMBER) for rows in (closed, *named))):
            numbers = rows[:, column]
            np.copyto(numbers, self.nodes - 1 - numbers, where=numbers < 0)
        if len(divided):
            children = self.nodes + 2 * np.arange(len(divided), dtype=np.float64)
            self.divided.append(np.column_stack([divided, children]))
            self.nodes += 2 * len(divided)
        if len(closed):
            self.least = min(self.least, float(closed[:, LOWER].min()))
            closed[~(closed[:, MULTIPLIER] < LARGEST), MULTIPLIER] = 0.0
            self.closed.append(closed[:, [NUMBER, MULTIPLIER, EMPTY]])
            beta = closed[:, self._beta]
            beta[~(beta < LARGEST)] = 0.0
            if beta.any():
                row, unit = np.nonzero(beta)
                found = [closed[row, NUMBER], unit, beta[row, unit]]
                self.entries.append(np.column_stack(found))
        self.nbytes += 2 * (divided.nbytes + closed.nbytes)

    def divide(self, node: int, unit: int) -> int:
        """Divide a node by the sign of a unit; returns the lower half, before the upper one."""
        child = self.nodes
        self.divided.append(np.array([[node, self._d + unit, 0.0, child]]))
        self.nodes += 2
        return child

    def close(self, node: int, beta: Mapping[int, Fraction], *, empty: bool) -> None:
        """Close a node by multipliers that are for rational arithmetic."""
        self.closed.append(np.array([[node, 0.0, empty]]))
        self.exact[node] = beta


def proof_of(trees: Sequence[Tree]) -> PointsProof:
    """The certificate that the trees of an instance's points make, one a point."""
    roots = len(trees)
    count = roots + sum(tree.nodes - 1 for tree in trees)
    branch, child = np.full(count, LEAF), np.zeros(count, dtype=np.int64)
    cut, ball, empty = np.zeros(count), np.zeros(count), np.zeros(count, dtype=bool)
    entries, first = [np.empty((0, 3))], roots
    exact: dict[int, Mapping[int, Fraction]] = {}
    for root, tree in enumerate(trees):

        def named(number: Floats, root: int = root, first: int = first) -> NDArray[np.int64]:
            return np.where(number == 0, root, number + (first - 1)).astype(np.int64)

        if tree.divided:
            rows = np.concatenate(tree.divided)
            node = named(rows[:, 0])
            branch[node], cut[node], child[node] = rows[:, 1], rows[:, 2], named(rows[:, 3])
        if tree.closed:
            rows = np.concatenate(tree.closed)
            node = named(rows[:, 0])
            ball[node], empty[node] = rows[:, 1], rows[:, 2]
        for rows in tree.entries:
            entries.append(np.column_stack([named(rows[:, 0]), rows[:, 1:]]))
        exact |= {(number + first - 1 if number else root): b for number, b in tree.exact.items()}
        first += tree.nodes - 1
    node, unit, beta = np.concatenate(entries).T
    forest = Forest(roots, branch, cut, child)
    return PointsProof(forest, node.astype(int), unit.astype(int), beta, ball, empty, exact)


def place_of(trees: Sequence[Tree], node: int) -> tuple[int, int]:
    """The tree, and the number in it, of a node of the certificate."""
    if node < len(trees):
        return node, 0
    number = node - len(trees) + 1
    for i, tree in enumerate(trees):
        if number < tree.nodes:
            return i, number
        number -= tree.nodes - 1
    raise IndexError(node)
