"""Trees of regions: how a certificate divides the regions it is about.

A region is a box: of inputs and, where a network's units are divided too, of their arguments. A
tree divides its root by halves, x_j <= t and x_j >= t. Two halves cover what they divide, whatever
j and t are, so the leaves of a tree cover its root.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

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

    def take(self, which: NDArray) -> Leaves:
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
        return self.regions(self.checked(low.shape[1]), low, high)

    def checked(self, columns: int) -> NDArray[np.int64]:
        """The leaves' nodes, where the arrays describe trees over boxes of so many columns.

        As children come later there is no circle, and as each node that is no root is a child,
        none is the child of two.

        Raises ProofError where the arrays are otherwise.
        """
        count, inner = len(self.branch), np.flatnonzero(self.branch != LEAF)
        if not count == len(self.cut) == len(self.child) == self.roots + 2 * len(inner):
            raise ProofError("the arrays of the trees do not fit each other")
        branch, child = self.branch[inner], self.child[inner]
        if len(inner) and not (
            branch.min() >= 0
            and branch.max() < columns
            and np.isfinite(self.cut[inner]).all()
            and self.roots <= child.min()
            and child.max() < count - 1
            and (child > inner).all()
            and (self._halves[0] < np.arange(count))[self.roots :].all()
        ):
            raise ProofError("the arrays do not describe trees")
        return np.flatnonzero(self.branch == LEAF)

    @cached_property
    def _halves(self) -> tuple[NDArray[np.int64], NDArray[np.int64], Floats]:
        """Of each node: its parent, or itself; where it is bounded; and by what.

        A lower half bounds x_j by t, at place 2 j + 2; an upper one bounds -x_j by -t, at 2 j + 3.
        """
        count, inner = len(self.branch), np.flatnonzero(self.branch != LEAF)
        parent, place, most = np.arange(count), np.zeros(count, np.int64), np.zeros(count)
        for upper, sign in ((0, 1), (1, -1)):
            half = self.child[inner] + upper
            parent[half], place[half] = inner, 2 * self.branch[inner] + 2 + upper
            most[half] = sign * self.cut[inner]
        return parent, place, most

    def regions(self, node: NDArray[np.int64], low: Floats, high: Floats) -> Leaves:
        """Some of the leaves of trees that are `checked`: bounded by each node on the way up."""
        parent, place, most = self._halves
        limits = np.full((len(node), low.shape[1] + 1, 2), np.inf)  # a root bounds at place 0
        flat, row, root = limits.reshape(-1), np.arange(len(node)) * 2 * (low.shape[1] + 1), node
        while (root >= self.roots).any():
            at = row + place[root]
            flat[at] = np.minimum(flat[at], most[root])
            root = parent[root]
        low, high = low[root], high[root]
        high = np.maximum(np.minimum(limits[:, 1:, 0], high), low)
        return Leaves(node, root, np.minimum(np.maximum(-limits[:, 1:, 1], low), high), high)
