"""Trees of regions: how a certificate divides the regions it is about.

A region is a box in the input together with signs of hidden units. A tree divides its root by
halves: x_j <= t and x_j >= t, or z_k <= 0 and z_k >= 0 for the argument z_k of hidden unit k. Two
halves cover what they divide, whatever j, t and k are, so the leaves of a tree cover its root.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from robustsize.simulate.checker.outward import Floats

LEAF = -1


class ProofError(ValueError):
    """A certificate that is not well-formed, or does not establish its claim; says where."""


@dataclass(frozen=True, eq=False)
class Leaves:
    """Leaf regions: the node and the root of each, its box, and the signs of its units.

    low, high: shape (leaves, d). split: shape (leaves, units), -1 where z_k <= 0, +1 where
    z_k >= 0, 0 where no sign was chosen.
    """

    node: NDArray[np.int64]
    root: NDArray[np.int64]
    low: Floats
    high: Floats
    split: NDArray[np.int8]

    def take(self, which: NDArray) -> Leaves:
        """Some of the leaves."""
        return Leaves(*(getattr(self, name)[which] for name in self.__dataclass_fields__))


@dataclass(frozen=True, eq=False)
class Forest:
    """One tree a root: nodes 0..roots-1 are the roots.

    branch[i]: LEAF, or the input j < d that node i divides, or d + k for hidden unit k. cut[i]: the
    t of an input. child[i]: the node of the lower half; the upper half is the node after it.
    """

    roots: int
    branch: NDArray[np.int64]
    cut: Floats
    child: NDArray[np.int64]

    @classmethod
    def joined(cls, parts: Sequence[Forest]) -> tuple[Forest, list[NDArray[np.int64]]]:
        """The trees of several forests as one, and for each forest the new numbers of its nodes."""
        roots, root = sum(part.roots for part in parts), 0
        names, first = list[NDArray[np.int64]](), roots
        for part in parts:
            rest = len(part.branch) - part.roots
            names.append(np.concatenate([root + np.arange(part.roots), first + np.arange(rest)]))
            root, first = root + part.roots, first + rest
        branch, cut = np.full(first, LEAF), np.zeros(first)
        child = np.zeros(first, dtype=np.int64)
        for new, part in zip(names, parts, strict=True):
            branch[new], cut[new] = part.branch, part.cut
            child[new] = np.where(part.branch == LEAF, 0, new[part.child])
        return cls(roots, branch, cut, child), names

    def leaves(self, low: Floats, high: Floats, units: int = 0) -> Leaves:
        """The leaves, from the boxes of the roots, shape (roots, d).

        No node is the child of two, and no root is one of any, so that there is no circle to enter.

        Raises ProofError where the arrays do not describe trees over the roots.
        """
        d = low.shape[1]
        sizes = {len(self.branch), len(self.cut), len(self.child)}
        if len(sizes) > 1 or not self.roots == len(low) <= len(self.branch):
            raise ProofError("the arrays of the trees do not fit each other or the regions")
        inner = self.branch != LEAF
        children = self.child[inner]
        if (
            ((self.branch < LEAF) | (self.branch >= d + units)).any()
            or not np.isfinite(self.cut[inner]).all()
            or (children < self.roots).any()
            or (children >= len(self.branch) - 1).any()
            or len(np.unique([children, children + 1])) != 2 * len(children)
        ):
            raise ProofError("the arrays do not describe trees")
        node, root = np.arange(self.roots), np.arange(self.roots)
        split = np.zeros((self.roots, units), dtype=np.int8)
        found: list[Leaves] = []
        while len(node):
            done = self.branch[node] == LEAF
            if done.any():
                found.append(Leaves(node[done], root[done], low[done], high[done], split[done]))
            at = np.repeat(np.flatnonzero(~done), 2)
            upper = np.arange(len(at)) % 2 == 1
            branch, cut = self.branch[node[at]], self.cut[node[at]]
            node, root = self.child[node[at]] + upper, root[at]
            low, high, split = low[at], high[at], split[at]
            unit = np.flatnonzero(branch >= d)
            split[unit, branch[unit] - d] = np.where(upper[unit], 1, -1)
            for ends, side in ((low, upper), (high, ~upper)):
                row = np.flatnonzero((branch < d) & side)
                axis = branch[row]
                ends[row, axis] = np.clip(cut[row], low[row, axis], high[row, axis])
        return Leaves(
            *(
                np.concatenate([getattr(part, name) for part in found])
                for name in Leaves.__dataclass_fields__
            )
        )
