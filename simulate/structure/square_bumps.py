"""Rigorous bounds on networks of l_2 bumps over one interpolated square, read off their weights.

Form, depth 4: f = sigma (sum_s c_s relu(beta_s + alpha_s Q(x) + sum_j g_sj (x_j - a_j)) - tau) with
c_s, tau > 0, alpha_s < 0 and Q = sum_j q_j(x_j), q_j piecewise linear. With
e_low <= sum_j (q_j(t) + l_j t + r_j - t^2) <= e_high over the domain, for any l and r, the argument
of bump s is alpha_s |x - m_s|^2 + top_s up to alpha_s [e_low, e_high]: bounded over a box, or an
l_2 ball around one, by its nearest and farthest distance from m_s. The bounds on q_j are found
exactly, at its breakpoints and at the one point of each piece where the slope of t^2 agrees.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from itertools import pairwise

import numpy as np
from scipy import sparse
from scipy.spatial import cKDTree

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

ERRORS = 64


@dataclass(frozen=True)
class _Axis:
    """q(t) = sum of turn * relu(steep t + bias) on one axis, and the unit that passes t on.

    passed: (factor, steep, bias) of the second-layer unit factor * relu(steep t + bias).
    """

    hinges: tuple[tuple[Fraction, Fraction, Fraction], ...]
    passed: tuple[Fraction, Fraction, Fraction]

    def start(self) -> Fraction:
        """From here on the passed unit is linear."""
        return -self.passed[2] / self.passed[1]

    def against_square(self, end: Fraction) -> tuple[Fraction, Fraction, Fraction, Fraction]:
        """l, r and the least and greatest q(t) + l t + r - t^2 for t from the start to `end`."""
        knots, values = self._graph(end)
        # Any l and r are sound; these make q + l t + r agree with t^2 at two breakpoints.
        first, last = knots[0], max(knots[-2], knots[1])
        rise = values[knots.index(last)] - values[0]
        slope = (last**2 - first**2 - rise) / (last - first)
        constant = first**2 - values[0] - slope * first
        errors = []
        for (t, q), (u, v) in pairwise(zip(knots, values, strict=True)):
            steep = (v - q) / (u - t) + slope
            for x in (t, u, min(max(steep / 2, t), u)):
                errors.append(q + slope * t + constant + steep * (x - t) - x**2)
        return slope, constant, min(errors), max(errors)

    def _graph(self, end: Fraction) -> tuple[list[Fraction], list[Fraction]]:
        """Breakpoints of q from the start to `end`, both included, and the values there."""
        kinks = sorted((-bias / steep, turn * steep) for turn, steep, bias in self.hinges)
        start = self.start()
        slope = sum((rise for t, rise in kinks if t <= start), Fraction(0))
        knots = [start]
        values = [sum((rise * (start - t) for t, rise in kinks if t <= start), Fraction(0))]
        for t, rise in [*((t, rise) for t, rise in kinks if start < t < end), (end, Fraction(0))]:
            if t > knots[-1]:
                values.append(values[-1] + slope * (t - knots[-1]))
                knots.append(t)
            slope += rise
        return knots, values


@dataclass(frozen=True, eq=False)
class SquareBumps:
    """The form above. square: alpha (S,); linear: weights on the d passed units (S, d)."""

    sign: int
    threshold: float
    weight: Floats
    height: Floats
    square: Floats
    linear: Floats
    axes: tuple[_Axis, ...]

    method = "structural: l_2 bumps"

    @classmethod
    def read(cls, network: Network) -> SquareBumps:
        """Read the form off a network.

        Raises OtherFormError where it has another.
        """
        if network.depth != 4:
            raise OtherFormError(f"l_2 bumps have depth 4, this network {network.depth}")
        sign, threshold, weight = output_form(network)
        axes, order, at_square = _read_axes(network)
        third = network.weights[2]
        dense = third if isinstance(third, np.ndarray) else third.toarray()
        square = dense[:, at_square]
        if (square >= 0).any():
            raise OtherFormError(f"bump {int(np.argmax(square >= 0))} grows with the square")
        return cls(sign, threshold, weight, network.biases[2], square, dense[:, order], axes)

    def bounds(self, low: Floats, high: Floats, reach: float, p: Norm) -> tuple[Floats, Floats]:
        """Bounds on sum_s c_s relu(...) over boxes [low, high] with the l_p ball of `reach` added.

        Raises OtherFormError where a box leaves the domain on which the form holds.
        """
        if p is Norm.INF:
            low, high = np.nextafter(low - reach, -np.inf), np.nextafter(high + reach, np.inf)
            reach = 0.0
        end = float(np.nextafter(high.max() + reach, np.inf))
        for j, axis in enumerate(self.axes):
            if np.nextafter(low[:, j].min() - reach, -np.inf) < axis.start():
                raise OtherFormError(f"a piece reaches below the first breakpoint of axis {j}")
        centre, top, error = self._completed(
            end, float(max(np.abs(low).max(), np.abs(high).max())) + reach
        )
        lower, upper = np.zeros(len(low)), np.zeros(len(low))
        relative = (low.shape[1] + 8) * UNIT_ROUNDOFF
        for bumps, pieces in self._near(centre, (top[1] + error), low, high, reach):
            m, alpha = centre[bumps], self.square[bumps]
            gap = np.maximum(np.maximum(low[pieces] - m, m - high[pieces]), 0.0)
            far = np.maximum(np.abs(low[pieces] - m), np.abs(high[pieces] - m))
            nearest = np.sqrt((gap * gap).sum(axis=1)) * (1 - relative) - reach * (1 + relative)
            farthest = (np.sqrt((far * far).sum(axis=1)) + reach) * (1 + 2 * relative)
            nearest = np.maximum(nearest, 0.0)
            weight = self.weight[bumps]
            above = alpha * nearest**2 + top[1][bumps] + error[bumps]
            below = alpha * farthest**2 + top[0][bumps] - error[bumps]
            add_bumps(upper, pieces, weight, above, 1)
            add_bumps(lower, pieces, weight, below, -1)
        return lower, upper

    def cuts(self, reach: float) -> list[Floats]:
        """Where boxes that no one bump holds are cut: midway between neighbouring centres."""
        centre, _, _ = self._completed(float(max(a.start() for a in self.axes)) + 1, 1.0)
        cuts = []
        for axis in centre.T:
            values = np.unique(np.round(axis, 12))
            cuts.append((values[1:] + values[:-1]) / 2)
        return cuts

    def _completed(
        self, end: float, biggest: float
    ) -> tuple[Floats, tuple[Floats, Floats], Floats]:
        """Centres m (S, d), top_s with the square's least and greatest error, rounding errors (S,).

        Every quantity is a sum of at most 4d + 8 products of at most four factors, so what rounding
        takes is below ERRORS (d + 8) roundings of the sum of all magnitudes at |x_j| <= biggest.
        """
        fits = [_against_square(axis, Fraction(end)) for axis in self.axes]
        tilt, shift, below, above = (np.array([float(fit[i]) for fit in fits]) for i in range(4))
        passed = [[float(v) for v in a.passed] for a in self.axes]
        factor, steep, bias = np.array(passed).T
        alpha = self.square[:, None]
        through = self.linear * factor
        gradient = through * steep - alpha * tilt
        centre = -gradient / (2 * alpha)
        constant = self.height + (through * bias).sum(axis=1) - self.square * shift.sum()
        top = constant - self.square * (centre**2).sum(axis=1)
        X = max(abs(end), biggest)
        squares = (np.abs(centre) + X) ** 2 + np.abs(tilt) * X + np.abs(shift)
        squares += np.abs(below) + np.abs(above)
        linear = np.abs(through) * (np.abs(steep) * X + np.abs(bias))
        size = np.abs(self.height) + (linear + np.abs(alpha) * squares).sum(axis=1)
        error = ERRORS * (len(tilt) + 8) * UNIT_ROUNDOFF * size
        return centre, (top + self.square * above.sum(), top + self.square * below.sum()), error

    def _near(
        self, centre: Floats, top: Floats, low: Floats, high: Floats, reach: float
    ) -> Iterator[tuple[Indices, Indices]]:
        """Blocks of (bump, piece) pairs among which are all where the bump may be positive."""
        radius = np.sqrt(np.maximum(top / -self.square, 0.0).max())
        half = np.linalg.norm((high - low) / 2, axis=1).max()
        scale = 1 + radius + half + reach + np.abs(centre).max()
        limit = radius + half + reach + 1e-9 * scale * low.shape[1]
        tree, block = cKDTree(centre), max(1, PAIRS // len(centre))
        for start in range(0, len(low), block):
            at = slice(start, start + block)
            found = cKDTree((low[at] + high[at]) / 2).sparse_distance_matrix(
                tree, limit, output_type="ndarray"
            )
            step = max(1, PAIRS // low.shape[1])
            for first in range(0, len(found), step):
                part = found[first : first + step]
                yield part["j"].astype(np.int64), part["i"].astype(np.int64) + start


@lru_cache
def _against_square(axis: _Axis, end: Fraction) -> tuple[Fraction, Fraction, Fraction, Fraction]:
    """`_Axis.against_square`, once for axes that are alike."""
    return axis.against_square(end)


def _read_axes(network: Network) -> tuple[tuple[_Axis, ...], Indices, int]:
    """The axes, which second-layer unit passes each, and which unit is the square."""
    axis, steep = single_inputs(network)
    if (steep < 0).any():
        raise OtherFormError(f"first-layer unit {int(np.argmax(steep < 0))} falls")
    second = sparse.csr_array(network.weights[1])
    second.eliminate_zeros()
    if (second.data < 0).any() or (network.biases[1] != 0).any():
        raise OtherFormError("the second layer has a negative weight or a bias")
    count = np.diff(second.indptr)
    d = network.input_dim
    if len(count) != d + 1 or (count == 1).sum() != d:
        raise OtherFormError("the second layer does not pass each coordinate on beside one square")
    at_square = int(np.argmax(count != 1))
    exact = [Fraction(float(v)) for v in steep]
    bias = [Fraction(float(v)) for v in network.biases[0]]
    passed, order = {}, np.zeros(d, dtype=np.int64)
    hinges: list[list[tuple[Fraction, Fraction, Fraction]]] = [[] for _ in range(d)]
    for row in range(d + 1):
        for at in range(second.indptr[row], second.indptr[row + 1]):
            unit = int(second.indices[at])
            entry = (Fraction(float(second.data[at])), exact[unit], bias[unit])
            if row == at_square:
                hinges[axis[unit]].append(entry)
            else:
                passed[int(axis[unit])] = entry
                order[axis[unit]] = row
    if len(passed) != d:
        raise OtherFormError("some coordinate is not passed on")
    return tuple(_Axis(tuple(hinges[j]), passed[j]) for j in range(d)), order, at_square
