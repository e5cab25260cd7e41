"""Rigorous bounds on networks of box bumps, read off their weights; p = inf, depth 3.

Form: f = sigma (sum_s c_s relu(beta_s - pen_s) - tau), sigma = +1 or -1, c_s, tau > 0, where
pen_s(x) is a sum of one-sided penalties relu(a x_j - b) and relu(b - a x_j), at most one of each
an axis. Each is monotone, so over a box pen_s is bounded by sums of values at the box's ends.

A bump whose penalty on one axis alone reaches beta_s is 0: this leaves few pairs of bump and box,
found axis by axis. Each value gets an error of ERRORS (d + 4) roundings of the sum of its terms'
magnitudes, more than its 2d + 1 terms of at most four roundings each can lose.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from robustsize.simulate.instance import Norm
from robustsize.simulate.network import Network
from robustsize.simulate.structure.bump_form import (
    PAIRS,
    UNIT_ROUNDOFF,
    Floats,
    Indices,
    OtherFormError,
    add_bumps,
    output_form,
    single_inputs,
)

ERRORS = 16
PAD = 1e-9
"""Supports are widened by this, relative to their ends, before pairs are left out."""


@dataclass(frozen=True, eq=False)
class AxisBumps:
    """The form above: sigma, tau, c and beta of shape (S,), slopes and offsets of shape (2, S, d).

    [0] holds the upper penalties relu(slope x - offset), [1] the lower ones
    relu(offset - slope x); both arrays are 0 where there is none.
    """

    sign: int
    threshold: float
    weight: Floats
    height: Floats
    slope: Floats
    offset: Floats

    method = "structural: box bumps"

    @classmethod
    def read(cls, network: Network) -> AxisBumps:
        """Read the form off a network.

        Raises OtherFormError where it has another.
        """
        if network.depth != 3:
            raise OtherFormError(f"box bumps have depth 3, this network {network.depth}")
        axis, steep = single_inputs(network)
        sign, threshold, weight = output_form(network)
        bumps = sparse.coo_array(network.weights[1])
        bumps.eliminate_zeros()
        s, u = (index.astype(np.int64) for index in bumps.coords)
        if (bumps.data > 0).any():
            at = int(np.argmax(bumps.data > 0))
            raise OtherFormError(f"bump {s[at]} grows with one-sided unit {u[at]}")
        shape = (2, len(weight), network.input_dim)
        flat = np.ravel_multi_index(((steep[u] < 0).astype(np.int64), s, axis[u]), shape)
        if len(np.unique(flat)) < len(flat):
            raise OtherFormError("a bump has two sides in one direction")
        slope, offset = np.zeros(shape), np.zeros(shape)
        slope.ravel()[flat] = np.abs(bumps.data * steep[u])
        offset.ravel()[flat] = bumps.data * network.biases[0][u] * np.sign(steep[u])
        return cls(sign, threshold, weight, network.biases[1], slope, offset)

    def bounds(self, low: Floats, high: Floats, reach: float, p: Norm) -> tuple[Floats, Floats]:
        """Bounds on sum_s c_s relu(beta_s - pen_s) over boxes [low, high] widened by reach.

        p does not matter: the l_2 ball of a radius lies in the l_inf one.
        """
        low, high = np.nextafter(low - reach, -np.inf), np.nextafter(high + reach, np.inf)
        biggest = np.maximum(np.abs(low), np.abs(high)).max(axis=0)
        size = np.abs(self.height) + np.abs(self.offset).sum(axis=(0, 2))
        size += (self.slope * biggest).sum(axis=(0, 2))
        error = ERRORS * (low.shape[1] + 4) * UNIT_ROUNDOFF * size
        lower, upper = np.zeros(len(low)), np.zeros(len(low))
        for bumps, pieces in self._meeting(low, high):
            least = self._penalty(bumps, low[pieces], high[pieces])
            most = self._penalty(bumps, high[pieces], low[pieces])
            weight, height = self.weight[bumps], self.height[bumps]
            add_bumps(lower, pieces, weight, height - most - error[bumps], -1)
            add_bumps(upper, pieces, weight, height - least + error[bumps], 1)
        return lower, upper

    def cuts(self, reach: float) -> list[Floats]:
        """Where boxes that no one bump holds are cut, on each axis: the bumps' upper ends."""
        with np.errstate(divide="ignore", invalid="ignore"):
            ends = self.offset[0] / self.slope[0]
        return [np.unique(axis[np.isfinite(axis)]) - reach for axis in ends.T]

    def _penalty(self, bumps: Indices, above: Floats, below: Floats) -> Floats:
        """Upper sides' penalties at `above` and lower sides' at `below`, shape (pairs, d)."""
        upper = np.maximum(self.slope[0, bumps] * above - self.offset[0, bumps], 0.0)
        lower = np.maximum(self.offset[1, bumps] - self.slope[1, bumps] * below, 0.0)
        return np.asarray((upper + lower).sum(axis=1))

    def _supports(self) -> tuple[Floats, Floats]:
        """Ends, shape (S, d), beyond which one axis alone makes the bump 0; outwards by PAD."""
        room = np.maximum(self.height, 0.0)[:, None]
        with np.errstate(divide="ignore", invalid="ignore"):
            high = (self.offset[0] + room) / self.slope[0]
            low = (self.offset[1] - room) / self.slope[1]
        high[self.slope[0] == 0], low[self.slope[1] == 0] = np.inf, -np.inf
        pad = PAD * (1 + np.abs(self.offset).max() / _least_positive(self.slope))
        return low - pad, high + pad

    def _meeting(self, low: Floats, high: Floats) -> Iterator[tuple[Indices, Indices]]:
        """Blocks of (bump, piece) pairs among which are all where the bump is not 0."""
        tree = _PrefixTree.of(*self._supports())
        stack = [np.arange(len(low))]
        most = max(1, PAIRS // low.shape[1])
        while stack:
            pieces = stack.pop()
            # A single piece is not split further, whatever it meets.
            found = tree.pairs(low[pieces], high[pieces], most if len(pieces) > 1 else np.inf)
            if found is None:
                stack += np.array_split(pieces, 2)
            else:
                yield found[0], pieces[found[1]]


def _least_positive(values: NDArray) -> float:
    positive = values[values > 0]
    return float(positive.min()) if positive.size else 1.0


@dataclass(frozen=True, eq=False)
class _PrefixTree:
    """Boxes that agree on their first axes share a node there.

    levels[j]: for each node of depth j+1 its ends on axis j, and where each node of depth j has its
    children. leaves: the boxes in the order of the last level's nodes, which are one a box.
    """

    levels: list[tuple[Floats, Floats, Indices]]
    leaves: Indices

    @classmethod
    def of(cls, low: Floats, high: Floats) -> _PrefixTree:
        """The tree of boxes [low, high], shape (S, d)."""
        order = np.lexsort(
            [side[:, j] for j in reversed(range(low.shape[1])) for side in (high, low)]
        )
        low, high = low[order], high[order]
        new = np.zeros(len(low), dtype=bool)
        new[0] = True
        parent = np.zeros(len(low), dtype=np.int64)
        levels = []
        for j in range(low.shape[1]):
            last = j == low.shape[1] - 1
            new[1:] |= last | (low[1:, j] != low[:-1, j]) | (high[1:, j] != high[:-1, j])
            first = np.flatnonzero(new)
            children = np.searchsorted(parent[first], np.arange(parent[-1] + 2))
            levels.append((low[first, j], high[first, j], children))
            parent = np.cumsum(new) - 1
        return cls(levels, order)

    def pairs(self, low: Floats, high: Floats, most: float) -> tuple[Indices, Indices] | None:
        """All (box, piece) pairs whose boxes meet; None where more than `most` come up."""
        piece = np.arange(len(low))
        node = np.zeros(len(low), dtype=np.int64)
        for j, (node_low, node_high, children) in enumerate(self.levels):
            count = children[node + 1] - children[node]
            if count.sum() > most:
                return None
            offset = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
            node, piece = np.repeat(children[node], count) + offset, np.repeat(piece, count)
            meet = (node_low[node] < high[piece, j]) & (node_high[node] > low[piece, j])
            node, piece = node[meet], piece[meet]
        return self.leaves[node], piece
