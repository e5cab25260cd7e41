"""Bounds on any network whose first-layer units read one coordinate each, layer by layer.

The second layer's arguments are sums over the axes of piecewise linear functions, so their ranges
over a box are those at its ends and at breakpoints. From there on intervals are propagated. That
loses nothing where a construction makes the second layer constant on a box (staircases, tables),
and little where it only adds penalties. What floats do not establish, as in reading off bits, is
bounded in integers, two layers at a time (`exact_layers`), if the network is small.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from math import lcm
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from robustsize.simulate.checker.bumps import (
    Indices,
    OtherFormError,
    entries,
    single_inputs,
    widened,
)
from robustsize.simulate.checker.exact_layers import ExactLayer, exact_bounds
from robustsize.simulate.checker.outward import UNIT_ROUNDOFF, Floats, down, up
from robustsize.simulate.networks.network import Network

MOST_ENTRIES = 20_000_000
"""The largest layer that is bounded."""

EXACT_SIZE, EXACT_WORK = 20_000, 20_000_000
"""Parameters, and these times boxes, up to which what floats leave open is bounded in integers."""

FLOATS = 4_000_000
"""Floats of one array held in memory at a time."""

_fraction = np.vectorize(lambda v: Fraction(float(v)), otypes=[object])


@dataclass(frozen=True, eq=False)
class Layered:
    """Weights and biases, the weight of each first-layer unit, and the units on each axis.

    exact: on how many boxes integers are used, at most.
    """

    weights: tuple[sparse.csr_array, ...]
    biases: tuple[Floats, ...]
    steep: Floats
    units: tuple[Indices, ...]
    exact: int

    method = "structural: separable layer, then intervals"

    @classmethod
    def read(cls, network: Network) -> Layered:
        """Any network of depth >= 2 whose first-layer units read one coordinate each.

        Raises OtherFormError where it has another form.
        """
        if network.depth < 2:
            raise OtherFormError("the network has no hidden layer")
        if max(w.shape[0] * w.shape[1] for w in network.weights[1:]) > MOST_ENTRIES:
            raise OtherFormError("the network is too wide for bounds layer by layer")
        axis, steep = single_inputs(network)
        units = tuple(np.flatnonzero(axis == j) for j in range(network.input_dim))
        weights = tuple(entries(weight) for weight in network.weights)
        exact = EXACT_WORK // network.size if network.size <= EXACT_SIZE else 0
        return cls(weights, network.biases, steep, units, exact)

    def least(self, low: Floats, high: Floats, reach: Floats, label: int) -> Floats:
        """A lower bound on label * f over boxes widened by the l_2 ball of radius reach.

        The ball is taken as the box around it.
        """
        low, high = widened(low, high, reach)
        bounds = np.empty(len(low))
        block = max(1, FLOATS // max(bias.size for bias in self.biases))
        for start in range(0, len(low), block):
            at = slice(start, start + block)
            bounds[at] = _signed(*self.in_floats(low[at], high[at]), label)
        finite = (np.isfinite(low) & np.isfinite(high)).all(axis=1)
        rest = np.flatnonzero(~(bounds > 0) & finite)
        if 0 < len(rest) <= self.exact:
            bounds[rest] = _signed(*self.in_integers(low[rest], high[rest]), label)
        return bounds

    def in_floats(self, low: Floats, high: Floats) -> tuple[Floats, Floats]:
        """Lower and upper bounds on f over boxes [low, high]."""
        bottom = np.repeat(self.biases[1][:, None], len(low), axis=1)
        top = bottom.copy()
        for j, units in enumerate(self.units):
            if len(units):
                ends, which = _distinct(low[:, j], high[:, j])
                knots = np.sort(-self.biases[0][units] / self.steep[units])
                axis = _Axis(
                    self.weights[1][:, units].toarray(), self.steep[units], self.biases[0][units]
                )
                least, most = axis.ranges(ends[0], ends[1], down(knots), up(knots))
                bottom, top = down(bottom + least[:, which]), up(top + most[:, which])
        for weight, bias in zip(self.weights[2:], self.biases[2:], strict=True):
            bottom, top = _affine(weight, np.maximum(bottom, 0), np.maximum(top, 0))
            bottom, top = down(bottom + bias[:, None]), up(top + bias[:, None])
        return bottom[0], top[0]

    def in_integers(self, low: Floats, high: Floats) -> tuple[Floats, Floats]:
        """The same exactly, pairs of layers taken together; the results rounded outwards."""
        steep, q_steep = _integers(_fraction(self.steep))
        W, q_weight = _integers(_fraction(self.weights[1].toarray()))
        starts = -_fraction(self.biases[0]) / _fraction(self.steep)
        distinct = [_distinct(low[:, j], high[:, j]) for j in range(low.shape[1])]
        parts = [starts, *(_fraction(ends.ravel()) for ends, _ in distinct)]
        places, q_place = _integers(np.concatenate(parts))
        second, q_second = _integers(_fraction(self.biases[1]))
        unit = q_place * q_steep * q_weight
        q = lcm(unit, q_second)
        total = np.empty((2, len(second), len(low)), dtype=object)
        total[:] = (second * (q // q_second))[:, None]
        at = len(starts)
        for units, (ends, which) in zip(self.units, distinct, strict=True):
            x = places[at : at + ends.size].reshape(ends.shape)
            at += ends.size
            if len(units):
                axis = _Axis(W[:, units], steep[units], -places[units] * steep[units])
                knots = np.sort(places[units])
                ranges = axis.ranges(x[0], x[1], knots, knots)
                total += np.stack(ranges)[:, :, which] * (q // unit)
        return exact_bounds(total, q, self._exact_layers)

    @cached_property
    def _exact_layers(self) -> list[ExactLayer]:
        layers = zip(self.weights[2:], self.biases[2:], strict=True)
        return [ExactLayer.of(weight, bias) for weight, bias in layers]


@dataclass(frozen=True, eq=False)
class _Axis:
    """F(x) = weight @ relu(steep x + bias) for one coordinate x, in floats or exact integers."""

    weight: NDArray[Any]
    steep: NDArray[Any]
    bias: NDArray[Any]

    def ranges(
        self,
        low: NDArray[Any],
        high: NDArray[Any],
        knots_low: NDArray[Any],
        knots_high: NDArray[Any],
    ) -> tuple[NDArray[Any], NDArray[Any]]:
        """Bounds on F over each [low, high]; knots: bounds on -bias / steep, both sorted."""
        first, last = self._near(low, low), self._near(high, high)
        least, most = np.minimum(first[0], last[0]), np.maximum(first[1], last[1])
        at_knots = self._near(knots_low, knots_high)
        start = np.searchsorted(knots_high, low, side="right")
        stop = np.searchsorted(knots_low, high, side="left")
        for i in np.flatnonzero(stop > start):
            inside = slice(start[i], stop[i])
            least[:, i] = np.minimum(least[:, i], at_knots[0][:, inside].min(axis=1))
            most[:, i] = np.maximum(most[:, i], at_knots[1][:, inside].max(axis=1))
        return least, most

    def _near(self, low: NDArray[Any], high: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
        """Bounds on F over intervals so short that the units' ranges, summed, will do."""
        steep, bias = self.steep[:, None], self.bias[:, None]
        if self.weight.dtype == object:  # low = high, exact
            values = self.weight @ np.maximum(steep * low + bias, 0)
            return values, values
        rises = steep > 0
        bottom = down(down(steep * np.where(rises, low, high)) + bias)
        top = up(up(steep * np.where(rises, high, low)) + bias)
        return _affine(self.weight, np.maximum(bottom, 0), np.maximum(top, 0))


def _affine(weight: Floats | sparse.csr_array, low: Floats, high: Floats) -> tuple[Floats, Floats]:
    """Bounds on weight @ h for 0 <= low <= h <= high.

    A row of n products summed in any order is off by at most 2n roundings of the sum of magnitudes
    where nothing overflows, and n / 2 times the least float where products underflow. The sum of
    magnitudes is itself known so well; where it is large, nothing is.
    """
    if isinstance(weight, np.ndarray):
        rise, fall = np.maximum(weight, 0), np.minimum(weight, 0)
    else:
        rise, fall = weight.maximum(0), weight.minimum(0)
    bottom, top = rise @ low + fall @ high, rise @ high + fall @ low
    n = weight.shape[1] + 2
    size = abs(weight) @ high
    lost = np.where(size < 2.0**1020, 8 * n * UNIT_ROUNDOFF * size + n * 2.0**-1070, np.inf)
    return down(bottom - lost), up(top + lost)


def _signed(lower: Floats, upper: Floats, label: int) -> Floats:
    return lower if label > 0 else -upper


def _distinct(low: Floats, high: Floats) -> tuple[Floats, Indices]:
    """The different pairs of ends, shape (2, pairs), and which of them each box has."""
    ends, which = np.unique(np.stack([low, high]), axis=1, return_inverse=True)
    return ends, which.ravel()


def _integers(values: NDArray[Any]) -> tuple[NDArray[Any], int]:
    """Fractions as integers over their common denominator."""
    q = lcm(*{v.denominator for v in values.ravel()})
    return np.vectorize(lambda v: v.numerator * (q // v.denominator), otypes=[object])(values), q
