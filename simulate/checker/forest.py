"""Trees of regions: how a certificate divides the regions it is about.

A region is a box: of inputs and, where a network's units are divided too, of their arguments. A
tree divides its root by halves, x_j <= t and x_j >= t. Two halves cover what they divide, whatever
j and t are, so the leaves of a tree cover its root.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from robustsize.simulate.checker.outward import Floats

LEAF = -1


class ProofError(ValueError):
    """A certificate that is not well-formed, or does not establish its claim; says where."""


class Leaves(NamedTuple):
    """Leaf regions: the node and the root of each, and its box, shape (leaves, columns)."""

    node: NDArray[np.int64]
    root: NDArray[np.int64]
    low: Floats
    high: Floats

    def take(self, which: NDArray[Any]) -> Leaves:
        """Some of the leaves."""
        return Leaves(*(part[which] for part in self))


@dataclass(frozen=True, eq=False)
class Forest:
    """One tree a root: nodes 0..roots-1 are the roots, children come after their parents.

    branch[i]: LEAF, or the column j that node i divides. cut[i]: the t there. child[i]: the node of
    the lower half; the upper half is the node after it.
    """

    roots: int
    branch: NDArray[np.int64]
    cut: Floats
    child: NDArray[np.int64]

    def leaves(self, low: Floats, high: Floats) -> Leaves:
        """The leaves, from the boxes of the roots, shape (roots, columns).

        Raises ProofError where the arrays do not describe trees over the roots.
        """
        if len(low) != self.roots:
            raise ProofError("the trees are not as many as the regions")
        paths = self.paths(low.shape[1])
        return paths.regions(paths.leaves, low, high)

    def paths(self, columns: int) -> Paths:
        """The ways from the leaves to the roots, over boxes of so many columns.

        As children come after their parents there is no circle; as there are no more halves than
        nodes that are no roots, and each of these is one, none is the half of two.

        Raises ProofError where the arrays do not describe trees over the roots.
        """
        count, inner = len(self.branch), np.flatnonzero(self.branch != LEAF)
        if not count == len(self.cut) == len(self.child) == self.roots + 2 * len(inner):
            raise ProofError("the arrays of the trees do not fit each other")
        parent, place, most = np.arange(count), np.zeros(count, np.int64), np.zeros(count)
        if len(inner):
            branch = self.branch[inner].astype(np.int64)  # of another type 2 j + 2 may be no place
            cut, child = self.cut[inner], self.child[inner]
            if not (
                branch.min() >= 0
                and branch.max() < columns
                and np.isfinite(cut).all()
                and (child > inner).all()
                and child.max() < count - 1
            ):
                raise ProofError("the arrays do not describe trees")
            for half, sign in ((child, 1), (child + 1, -1)):
                parent[half], place[half], most[half] = inner, 2 * branch + 2, sign * cut
            place[child + 1] += 1
            if (parent == np.arange(count))[self.roots :].any():
                raise ProofError("the arrays do not describe trees")
        return Paths(np.flatnonzero(self.branch == LEAF), self.roots, parent, place, most)


class Paths(NamedTuple):
    """The leaves of trees, and of each node: its parent or itself, where it is bounded, by what.

    A lower half bounds x_j by t, at place 2 j + 2; an upper one bounds -x_j by -t, at 2 j + 3.
    """

    leaves: NDArray[np.int64]
    roots: int
    parent: NDArray[np.int64]
    place: NDArray[np.int64]
    most: Floats

    def regions(self, node: NDArray[np.int64], low: Floats, high: Floats) -> Leaves:
        """The regions of some leaves, from the boxes of the roots: bounded on the way up."""
        columns = low.shape[1]
        limits = np.full((len(node), columns + 1, 2), np.inf)  # a root bounds at place 0
        flat, row, root = limits.reshape(-1), np.arange(len(node)) * (2 * columns + 2), node
        while (root >= self.roots).any():
            at = row + self.place[root]
            flat[at] = np.minimum(flat[at], self.most[root])
            root = self.parent[root]
        low, high = low[root], high[root]
        high = np.maximum(np.minimum(limits[:, 1:, 0], high), low)
        return Leaves(node, root, np.minimum(np.maximum(-limits[:, 1:, 1], low), high), high)
