"""Trees of regions: how a certificate divides the regions it is about.

A region is a box in the input together with signs of hidden units. A tree divides its root by
halves: x_j <= t and x_j >= t, or z_k <= 0 and z_k >= 0 for the argument z_k of hidden unit k. Two
halves cover what they divide, whatever j, t and k are, so the leaves of a tree cover its root.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from robustsize.simulate.checker.outward import Floats

LEAF = -1
FEW_NODES = 1000


class ProofError(ValueError):
    """A certificate that is not well-formed, or does not establish its claim; says where."""


class Leaves(NamedTuple):
    """Leaf regions: the node and the root of each, its box, and the signs of its units.

    low, high: shape (leaves, d). split: shape (leaves, units), -1 where z_k <= 0, +1 where
    z_k >= 0, 0 where no sign was chosen.
    """

    node: NDArray[np.int64]
    root: NDArray[np.int64]
    low: Floats
    high: Floats
    split: NDArray[np.int8]

    def take(self, which: NDArray[Any]) -> Leaves:
        """Some of the leaves."""
        return Leaves(*(part[which] for part in self))


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
        walk = self._one_by_one if len(self.branch) <= FEW_NODES else self._level_by_level
        return walk(low, high, units)

    def _one_by_one(self, low: Floats, high: Floats, units: int) -> Leaves:
        """In plain Python, which is the faster for few nodes."""
        d = low.shape[1]
        branches, cuts, children = self.branch.tolist(), self.cut.tolist(), self.child.tolist()
        stack = [
            (root, root, a, b, [0] * units)
            for root, (a, b) in enumerate(zip(low.tolist(), high.tolist(), strict=True))
        ]
        found: list[tuple[int, int, list[float], list[float], list[int]]] = []
        while stack:
            node, root, low_, high_, split = stack.pop()
            branch, child = branches[node], children[node]
            if branch == LEAF:
                found.append((node, root, low_, high_, split))
                continue
            lower, upper = [low_, high_, split], [low_, high_, split]
            if branch < d:
                cut = min(max(cuts[node], low_[branch]), high_[branch])
                lower[1] = [*high_[:branch], cut, *high_[branch + 1 :]]
                upper[0] = [*low_[:branch], cut, *low_[branch + 1 :]]
            else:
                k = branch - d
                lower[2], upper[2] = ([*split[:k], sign, *split[k + 1 :]] for sign in (-1, 1))
            stack += [(child, root, *lower), (child + 1, root, *upper)]
        nodes, roots, lows, highs, splits = zip(*found, strict=True)
        signs = np.array(splits, dtype=np.int8)
        return Leaves(np.array(nodes), np.array(roots), np.array(lows), np.array(highs), signs)

    def _level_by_level(self, low: Floats, high: Floats, units: int) -> Leaves:
        """In arrays, which is the faster for many nodes."""
        d = low.shape[1]
        node, root = np.arange(self.roots), np.arange(self.roots)
        split = np.zeros((self.roots, units), dtype=np.int8)
        found: list[Leaves] = []
        while len(node):
            branch = self.branch[node]
            done = branch == LEAF
            if done.any():
                regions = Leaves(node, root, low, high, split)
                found.append(regions.take(done))
                rest = ~done
                branch = branch[rest]
                node, root, low, high, split = regions.take(rest)
            count = len(node)
            child = self.child[node]
            inputs = np.flatnonzero(branch < d)
            axis = branch[inputs]
            cut = np.clip(self.cut[node[inputs]], low[inputs, axis], high[inputs, axis])
            low, high, split = (np.concatenate([part, part]) for part in (low, high, split))
            high[inputs, axis] = low[count + inputs, axis] = cut
            if units:
                signs = np.flatnonzero(branch >= d)
                unit = branch[signs] - d
                split[signs, unit], split[count + signs, unit] = -1, 1
            node, root = np.concatenate([child, child + 1]), np.concatenate([root, root])
        if len(found) == 1:
            return found[0]
        return Leaves(*map(np.concatenate, zip(*found, strict=True)))
