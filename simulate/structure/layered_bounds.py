"""Rigorous bounds on any network whose first layer is one-sided units, layer by layer.

The second layer's arguments are sums over the axes of piecewise linear functions, so their ranges
over a box are known exactly: on each axis the extremes lie at the ends or at breakpoints. From
there on intervals are propagated. That loses nothing where a construction makes the second layer
constant on a piece (staircases, tables), and little where it only adds penalties.

Floats are rounded outwards by an error of (n + 8) roundings of the sum of all magnitudes, n the
terms of the sum. Where that is too coarse, as in reading off bits, the same is done in integers,
two layers at a time (`exact_layers`), on parts of a box between first-layer breakpoints.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from math import inf, lcm

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from robustsize.simulate.instance import Norm
from robustsize.simulate.network import DENSE_ENTRIES, Network
from robustsize.simulate.structure.bump_form import (
    PAIRS,
    UNIT_ROUNDOFF,
    Floats,
    Indices,
    OtherFormError,
    single_inputs,
)
from robustsize.simulate.structure.exact_layers import ExactLayer, exact_bounds

MOST_ENTRIES = 20 * DENSE_ENTRIES
"""The largest layer that is bounded."""

EXACT_SIZE, EXACT_WORK = 20_000, 20_000_000
"""Parameters, and these times boxes, up to which what floats leave open is settled in rationals:
narrow deep networks, where roundings grow from layer to layer."""

_fraction = np.vectorize(lambda v: Fraction(float(v)), otypes=[object])


@dataclass(frozen=True, eq=False)
class LayeredBounds:
    """The network, and for each axis the units that read it with their weights and biases."""

    network: Network
    units: tuple[Indices, ...]
    steep: Floats

    method = "structural: separable layer, then intervals"
    sign = 1
    threshold = 0.0

    @classmethod
    def read(cls, network: Network) -> LayeredBounds:
        """Any network of depth >= 2 whose first-layer units read one coordinate each.

        Raises OtherFormError where it has another form.
        """
        if network.depth < 2:
            raise OtherFormError("the network has no hidden layer")
        if max(w.shape[0] * w.shape[1] for w in network.weights[1:]) > MOST_ENTRIES:
            raise OtherFormError("the network is too wide for bounds layer by layer")
        axis, steep = single_inputs(network)
        units = tuple(np.flatnonzero(axis == j) for j in range(network.input_dim))
        return cls(network, units, steep)

    def bounds(self, low: Floats, high: Floats, reach: float, p: Norm) -> tuple[Floats, Floats]:
        """Bounds on f over boxes [low, high] widened by reach, whatever p."""
        low, high = np.nextafter(low - reach, -np.inf), np.nextafter(high + reach, np.inf)
        lower, upper = np.empty(len(low)), np.empty(len(low))
        block = max(1, PAIRS // max(*self.network.widths, 1))
        for start in range(0, len(low), block):
            at = slice(start, start + block)
            with np.errstate(over="ignore", invalid="ignore"):
                below, above = self._in_floats(low[at], high[at])
            lower[at] = np.where(np.isnan(below), -inf, below)
            upper[at] = np.where(np.isnan(above), inf, above)
        open_ = np.flatnonzero((lower <= 0) & (upper >= 0))
        size = self.network.size
        if size <= EXACT_SIZE and 0 < len(open_) * size <= EXACT_WORK:
            lower[open_], upper[open_] = self._in_cells(low[open_], high[open_])
        return lower, upper

    def cuts(self, reach: float) -> list[Floats]:
        """Where boxes are cut, on each axis: the upper breakpoints, less the reach."""
        ends = -self.network.biases[0] / self.steep
        return [np.unique(ends[u[self.steep[u] > 0]]) - reach for u in self.units]

    def _in_floats(self, low: Floats, high: Floats) -> tuple[Floats, Floats]:
        bottom, top = self._separable(low, high)
        for weight, bias in zip(self.network.weights[2:], self.network.biases[2:], strict=True):
            below, above = np.maximum(bottom, 0), np.maximum(top, 0)
            W = sparse.csr_array(weight)
            up, down = W.maximum(0), W.minimum(0)
            terms = int(np.diff(W.indptr).max()) + 8
            error = UNIT_ROUNDOFF * terms * (abs(W) @ above + np.abs(bias)[:, None])
            bottom = up @ below + down @ above + bias[:, None] - error
            top = up @ above + down @ below + bias[:, None] + error
        return bottom[0], top[0]

    def _in_rationals(self, low: Floats, high: Floats) -> tuple[Floats, Floats]:
        """The same in integers, pairs of layers taken together; the results rounded outwards."""
        return exact_bounds(*self._separable_exactly(low, high), self._exact)

    @cached_property
    def _exact(self) -> list[ExactLayer]:
        layers = zip(self.network.weights[2:], self.network.biases[2:], strict=True)
        return [ExactLayer.of(weight, bias) for weight, bias in layers]

    def _in_cells(self, low: Floats, high: Floats) -> tuple[Floats, Floats]:
        """The same from parts of the boxes, cut at breakpoints while their bounds are open.

        A part is not cut further where no breakpoint is inside, parts of both signs are known of
        its box, or EXACT_WORK is used up.
        """
        lower, upper = np.full(len(low), inf), np.full(len(low), -inf)
        box, work = np.arange(len(low)), 0
        while len(box):
            below, above = self._in_rationals(low, high)
            work += len(box) * self.network.size
            axis, place = self._middle_cut(low, high)
            settled = (below > 0) | (above < 0) | np.isnan(place) | (work > EXACT_WORK)
            _include(lower, upper, box, below, above, settled)
            mixed = ~settled & (lower[box] <= 0) & (upper[box] >= 0)
            _include(lower, upper, box, below, above, mixed)
            settled |= mixed
            rows = np.flatnonzero(~settled)
            first_high, second_low = high[rows], low[rows]
            at = np.arange(len(rows)), axis[rows]
            first_high[at] = second_low[at] = place[rows]
            low, high = np.vstack([low[rows], second_low]), np.vstack([first_high, high[rows]])
            box = np.tile(box[rows], 2)
        return lower, upper

    def _middle_cut(self, low: Floats, high: Floats) -> tuple[Indices, Floats]:
        """For each box the axis with most breakpoints inside and the middle one; nan for none."""
        first, count = np.zeros(low.shape, dtype=np.int64), np.zeros(low.shape, dtype=np.int64)
        for j, at in enumerate(self._breakpoints):
            first[:, j] = np.searchsorted(at, low[:, j], side="right")
            count[:, j] = np.searchsorted(at, high[:, j], side="left") - first[:, j]
        axis = np.argmax(count, axis=1)
        place = np.full(len(low), np.nan)
        for i, j in enumerate(axis):
            if count[i, j] > 0:
                place[i] = self._breakpoints[j][first[i, j] + count[i, j] // 2]
        return axis, place

    @cached_property
    def _breakpoints(self) -> list[Floats]:
        """On each axis where a first-layer unit starts, increasing."""
        ends = -self.network.biases[0] / self.steep
        return [np.unique(ends[units]) for units in self.units]

    def _separable(self, low: Floats, high: Floats) -> tuple[Floats, Floats]:
        """Range of each argument of the second layer on each box, shapes (n_2, boxes)."""
        first, second = self.network.biases[0], self.network.biases[1][:, None]
        bottom = np.repeat(second, len(low), axis=1)
        top, size = bottom.copy(), np.abs(bottom)
        for j, units in enumerate(self.units):
            if not len(units):
                continue
            W = _dense(self.network.weights[1][:, units])
            axis = _Axis(W, self.steep[units], first[units])
            ends, which = _distinct_ends(low[:, j], high[:, j])
            least, most, magnitude = axis.ranges(*ends)
            bottom += least[:, which]
            top += most[:, which]
            size += magnitude[:, which]
        error = UNIT_ROUNDOFF * (self.network.widths[0] + 8) * size
        return bottom - error, top + error

    def _separable_exactly(self, low: Floats, high: Floats) -> tuple[NDArray, int]:
        """The same ranges as integers, shape (2, n_2, boxes), over one denominator."""
        W, q_weight = _integers(_fraction(_dense(self.network.weights[1])))
        steep, q_steep = _integers(_fraction(self.steep))
        starts = -_fraction(self.network.biases[0]) / _fraction(self.steep)
        distinct = [_distinct_ends(low[:, j], high[:, j]) for j in range(low.shape[1])]
        parts = [starts, *(_fraction(ends.ravel()) for ends, _ in distinct)]
        places, q_place = _integers(np.concatenate(parts))
        second, q_second = _integers(_fraction(self.network.biases[1]))
        unit = q_place * q_steep * q_weight
        q = lcm(unit, q_second)
        total = np.empty((2, len(second), len(low)), dtype=object)
        total[:] = (second * (q // q_second))[:, None]
        at = len(starts)
        for units, (ends, which) in zip(self.units, distinct, strict=True):
            now = places[at : at + ends.size].reshape(ends.shape)
            at += ends.size
            if not len(units):
                continue
            axis = _Axis(W[:, units], steep[units], -places[units] * steep[units])
            least, most, _ = axis.ranges(*now)
            total += np.stack([least, most])[:, :, which] * (q // unit)
        return total, q


def _distinct_ends(low: Floats, high: Floats) -> tuple[Floats, Indices]:
    """The different pairs of ends, shape (2, pairs), and which of them each box has."""
    ends, which = np.unique(np.stack([low, high]), axis=1, return_inverse=True)
    return ends, which


@dataclass(frozen=True, eq=False)
class _Axis:
    """F(x) = weight @ relu(steep x + bias) for one coordinate x, in floats or integers.

    Integers, dtype object: steep divides bias.
    """

    weight: NDArray
    steep: NDArray
    bias: NDArray

    def values(self, x: NDArray) -> NDArray:
        """F at each x, shape (n_2, len(x))."""
        return self.weight @ np.maximum(np.outer(self.steep, x) + self.bias[:, None], 0)

    def ranges(self, low: NDArray, high: NDArray) -> tuple[NDArray, NDArray, NDArray]:
        """Least and greatest F over each [low, high], and a bound on the magnitudes added."""
        exact = self.bias.dtype == object
        knots = np.sort(-self.bias // self.steep if exact else -self.bias / self.steep)
        ends, at_knots = [self.values(low), self.values(high)], self.values(knots)
        least, most = np.minimum(*ends), np.maximum(*ends)
        first = np.searchsorted(knots, low, side="right")
        last = np.searchsorted(knots, high, side="left")
        for i in np.flatnonzero(last > first):
            inside = at_knots[:, first[i] : last[i]]
            least[:, i] = np.minimum(least[:, i], inside.min(axis=1))
            most[:, i] = np.maximum(most[:, i], inside.max(axis=1))
        far = np.maximum(np.abs(low), np.abs(high))
        terms = np.outer(np.abs(self.steep), far) + np.abs(self.bias)[:, None]
        return least, most, np.abs(self.weight) @ terms


def _dense(weight: NDArray | sparse.csr_array) -> NDArray:
    return weight if isinstance(weight, np.ndarray) else weight.toarray()


def _include(
    lower: Floats,
    upper: Floats,
    box: Indices,
    below: Floats,
    above: Floats,
    which: NDArray[np.bool_],
) -> None:
    """Extend the bounds of each box by those of some of its parts."""
    np.minimum.at(lower, box[which], below[which])
    np.maximum.at(upper, box[which], above[which])


def _integers(values: NDArray) -> tuple[NDArray, int]:
    """Fractions as integers over their common denominator."""
    q = lcm(*{v.denominator for v in values.ravel()})
    return np.vectorize(lambda v: v.numerator * (q // v.denominator), otypes=[object])(values), q
