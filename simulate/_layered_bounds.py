"""Rigorous bounds on any network whose first layer is one-sided units, layer by layer.

The second layer's arguments are sums over the axes of piecewise linear functions, so their ranges
over a box are known exactly: on each axis the extremes lie at the ends or at breakpoints. From
there on intervals are propagated. That loses nothing where a construction makes the second layer
constant on a piece (staircases, tables), and little where it only adds penalties.

Floats are rounded outwards by an error of (n + 8) roundings of the sum of all magnitudes, n the
terms of the sum. Where that is too coarse, as in reading off bits, the same is done in rationals.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import inf, lcm

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from robustsize.simulate._bump_form import (
    PAIRS,
    UNIT_ROUNDOFF,
    Floats,
    Indices,
    OtherFormError,
    single_inputs,
)
from robustsize.simulate.instance import Norm
from robustsize.simulate.network import DENSE_ENTRIES, Network

MOST_ENTRIES = 20 * DENSE_ENTRIES
"""The largest layer that is bounded."""

EXACT_ENTRIES, EXACT_WORK = 20_000, 20_000_000
"""Entries of weights, and these times boxes, up to which what floats leave open is settled in
rationals: narrow deep networks, where roundings grow from layer to layer."""

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
        entries = sum(w.shape[0] * w.shape[1] for w in self.network.weights)
        if entries <= EXACT_ENTRIES and 0 < len(open_) * entries <= EXACT_WORK:
            lower[open_], upper[open_] = self._in_rationals(low[open_], high[open_])
        return lower, upper

    def cuts(self, reach: float) -> list[Floats]:
        """Where boxes are cut, on each axis: the upper breakpoints, less the reach."""
        ends = -self.network.biases[0] / self.steep
        return [np.unique(ends[u[self.steep[u] > 0]]) - reach for u in self.units]

    def _in_floats(self, low: Floats, high: Floats) -> tuple[Floats, Floats]:
        bottom, top = self._separable(low, high, False)
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
        """The same in integers over one denominator a layer; the results rounded outwards."""
        bottom, top = self._separable(low, high, True)
        ends, q = _integers(np.stack([bottom, top]))
        for weight, bias in zip(self.network.weights[2:], self.network.biases[2:], strict=True):
            W, q_weight = _integers(_fraction(_dense(weight)))
            b, q_bias = _integers(_fraction(bias))
            following = lcm(q * q_weight, q_bias)
            below, above = np.maximum(ends, 0) * (following // (q * q_weight))
            up, down = np.maximum(W, 0), np.minimum(W, 0)
            shift, q = (b * (following // q_bias))[:, None], following
            ends = np.stack([up @ below + down @ above + shift, up @ above + down @ below + shift])
        lower, upper = (np.array([_quotient(v, q) for v in row]) for row in ends[:, 0].tolist())
        return np.nextafter(lower, -np.inf), np.nextafter(upper, np.inf)

    def _separable(self, low: Floats, high: Floats, exact: bool) -> tuple[NDArray, NDArray]:
        """Range of each argument of the second layer on each box, shapes (n_2, boxes)."""
        steep, bias, second = self.steep, self.network.biases[0], self.network.biases[1][:, None]
        weight = self.network.weights[1]
        if exact:
            steep, bias, second = _fraction(steep), _fraction(bias), _fraction(second)
        bottom = np.repeat(second, len(low), axis=1)
        top, size = bottom.copy(), np.abs(bottom)
        for j, units in enumerate(self.units):
            if not len(units):
                continue
            W = _dense(weight[:, units])
            axis = _Axis(_fraction(W) if exact else W, steep[units], bias[units])
            ends, which = np.unique(np.stack([low[:, j], high[:, j]]), axis=1, return_inverse=True)
            least, most, magnitude = axis.ranges(*(_fraction(ends) if exact else ends))
            bottom += least[:, which]
            top += most[:, which]
            size += magnitude[:, which]
        if exact:
            return bottom, top
        error = UNIT_ROUNDOFF * (self.network.widths[0] + 8) * size
        return bottom - error, top + error


@dataclass(frozen=True, eq=False)
class _Axis:
    """F(x) = weight @ relu(steep x + bias) for one coordinate x."""

    weight: NDArray
    steep: NDArray
    bias: NDArray

    def values(self, x: NDArray) -> NDArray:
        """F at each x, shape (n_2, len(x))."""
        return self.weight @ np.maximum(np.outer(self.steep, x) + self.bias[:, None], 0)

    def ranges(self, low: NDArray, high: NDArray) -> tuple[NDArray, NDArray, NDArray]:
        """Least and greatest F over each [low, high], and a bound on the magnitudes added."""
        knots = np.sort(-self.bias / self.steep)
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


def _quotient(v: int, q: int) -> float:
    """v / q rounded to nearest, infinite where it is too large."""
    try:
        return v / q
    except OverflowError:
        return inf if v > 0 else -inf


def _integers(values: NDArray) -> tuple[NDArray, int]:
    """Fractions as integers over their common denominator."""
    q = lcm(*{v.denominator for v in values.ravel()})
    return np.vectorize(lambda v: v.numerator * (q // v.denominator), otypes=[object])(values), q
