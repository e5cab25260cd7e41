"""Bounds on networks of l_2 bumps over one interpolated square, read off their weights; depth 4.

g_s = beta_s + alpha_s Q(x) + sum_j g_sj p_j(x_j), alpha_s < 0, where Q = sum_j q_j(x_j), q_j is
piecewise linear and p_j = factor relu(steep x_j + bias) is linear on the domain, x_j >= -bias /
steep. With e_low <= sum_j (q_j(t) + l_j t + r_j - t^2) <= e_high there, for any l and r, g_s is
alpha_s |x - m|^2 + residual . x + a constant + alpha_s [e_low, e_high], for any m: bounded over a
box, or an l_2 ball around one, by its nearest and farthest distance from m. The bounds on q_j are
found exactly, at its breakpoints and at the one point of each piece where the slope of t^2 agrees.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from itertools import pairwise

import numpy as np

from robustsize.simulate.checker.bumps import (
    Indices,
    OtherFormError,
    Output,
    entries,
    single_inputs,
    widened,
)
from robustsize.simulate.checker.interval import Interval
from robustsize.simulate.checker.outward import (
    Floats,
    down,
    float_above,
    float_below,
    sum_down,
    sum_up,
    up,
)
from robustsize.simulate.networks.network import Network

_Hinge = tuple[Fraction, Fraction, Fraction]


@dataclass(frozen=True)
class _Axis:
    """q(t) = sum of turn * relu(steep t + bias) on one axis, and the unit that passes t on.

    passed: (factor, steep, bias) of the second-layer unit factor * relu(steep t + bias).
    """

    hinges: tuple[_Hinge, ...]
    passed: _Hinge

    def start(self) -> Fraction:
        """From here on the passed unit is linear."""
        return -self.passed[2] / self.passed[1]

    @lru_cache  # noqa: B019 - axes are small, frozen and mostly alike
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

    output: Output
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
        output = Output.read(network)
        axes, order, at_square = _read_axes(network)
        third = entries(network.weights[2]).toarray()
        square = third[:, at_square]
        if (square >= 0).any():
            raise OtherFormError(f"bump {int(np.argmax(square >= 0))} grows with the square")
        return cls(output, network.biases[2], square, third[:, order], axes)

    def least(self, low: Floats, high: Floats, reach: Floats, label: int) -> Floats:
        """A lower bound on label * f over boxes widened by the l_2 ball of radius reach.

        It is -infinity where a box leaves the domain on which the form holds.
        """
        bounds = np.full(len(low), -np.inf)
        starts = np.array([float_above(axis.start()) for axis in self.axes])
        outer_low, outer_high = widened(low, high, reach)
        inside = ((outer_low >= starts) & np.isfinite(outer_high)).all(axis=1)
        if inside.any():
            outer = outer_low[inside], outer_high[inside]
            part = _Completed.of(self, *outer)
            boxes = low[inside], high[inside], reach[inside]

            def argument(s: Indices, i: Indices, upper: bool) -> Floats:
                return part.argument(s, boxes[0][i], boxes[1][i], boxes[2][i], upper)

            bounds[inside] = self.output.least(label, outer, part.supports(), argument)
        return bounds

    def centres(self) -> Floats:
        """Where the bumps are about highest, shape (S, d), on the domain near its start."""
        start = np.array([float(axis.start()) for axis in self.axes])[None]
        return _Completed.of(self, start, start + 1).centre


@dataclass(frozen=True, eq=False)
class _Completed:
    """g_s = square |x - centre|^2 + top on some boxes: shapes (S,), (S, d), (S,)."""

    square: Floats
    centre: Floats
    top: Interval

    @classmethod
    def of(cls, form: SquareBumps, low: Floats, high: Floats) -> _Completed:
        """The squares completed for all x in the boxes."""
        ends = [max(Fraction(float(high.max())), axis.start() + 1) for axis in form.axes]
        fits = [axis.against_square(end) for axis, end in zip(form.axes, ends, strict=True)]
        tilt = Interval.of(fit[0] for fit in fits)
        shift, least, most = (sum((fit[i] for fit in fits), Fraction(0)) for i in (1, 2, 3))
        # alpha (e - r)
        error = Interval(np.array(float_below(least - shift)), np.array(float_above(most - shift)))
        steep = Interval.of(axis.passed[0] * axis.passed[1] for axis in form.axes)
        bias = Interval.of(axis.passed[0] * axis.passed[2] for axis in form.axes)
        alpha, g = Interval.exact(form.square[:, None]), Interval.exact(form.linear)
        gradient = g * steep - alpha * tilt
        # Any centre is sound; this one leaves little.
        near = (gradient.low / 2 + gradient.high / 2) / (-2 * form.square[:, None])
        m = Interval.exact(np.nan_to_num(near, posinf=0.0, neginf=0.0))
        residual = gradient + alpha * m + alpha * m
        top = g * bias - alpha * m * m + residual * Interval(low.min(axis=0), high.max(axis=0))
        rest = Interval.exact(form.height) + Interval.exact(form.square) * error
        return cls(form.square, m.low, top.sum(axis=1) + rest)

    def argument(self, s: Indices, low: Floats, high: Floats, reach: Floats, upper: bool) -> Floats:
        """An upper or lower bound on g_s over each box with its l_2 ball added."""
        m, alpha = self.centre[s], self.square[s]
        if upper:
            gap = np.maximum(np.maximum(down(low - m), down(m - high)), 0)
            distance = down(np.sqrt(np.maximum(sum_down(down(gap * gap), axis=1), 0)))
            nearest = np.maximum(down(distance - reach), 0)
            square = np.maximum(down(nearest * nearest), 0)
            return up(up(alpha * square) + self.top.high[s])
        far = np.maximum(up(high - m), up(m - low))
        farthest = up(up(np.sqrt(sum_up(up(far * far), axis=1))) + reach)
        return down(down(alpha * up(farthest * farthest)) + self.top.low[s])

    def supports(self) -> tuple[Floats, Floats]:
        """Boxes, shape (S, d), outside which g_s <= 0."""
        radius = up(np.sqrt(up(np.maximum(self.top.high, 0) / -self.square)))[:, None]
        return down(self.centre - radius), up(self.centre + radius)


def _read_axes(network: Network) -> tuple[tuple[_Axis, ...], Indices, int]:
    """The axes, which second-layer unit passes each, and which unit is the square."""
    axis, steep = single_inputs(network)
    if (steep < 0).any():
        raise OtherFormError(f"first-layer unit {int(np.argmax(steep < 0))} falls")
    second = entries(network.weights[1])
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
    hinges: list[list[_Hinge]] = [[] for _ in range(d)]
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
