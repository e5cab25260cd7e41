"""Lower bounds of sign * f on the leaves of a tree, by weak duality from given multipliers.

Biases are weights of a further input 1, which a unit of argument 1 hands on in each hidden layer:
so f is a chain of products of matrices and ReLUs. Its state is all that it computes, layer by
layer: the input, the arguments of the units, each with the 1 last. A region is a box of states.

At each hidden unit a line lies below a relu(z): 0 or a z for a > 0, the chord for a < 0. A
multiplier beta >= 0 of the sign s of a unit in the region, s z >= 0, takes beta s z off. So a
linear function is carried back from a unit, or from the output, to the input, where it is least at
a corner of the box or on the ball. Any slopes and multipliers give true bounds: they come from the
search and are not trusted. A leaf whose bounds contradict one another is empty.

The bounds are written once, for float64 and for Fractions. In Fractions nothing is rounded. In
floats, let u = 2^-53, X_i >= abs(x_i) on the root, N the length of a state, T the number of layers,
and Z the units' arguments when weights are replaced by absolute values, the input by X, and no ReLU
is taken. On the way back from unit j the coefficients a_k met at a layer satisfy
sum_k abs(a_k) Z_k <= Z_j, since slopes lie in [0, 1] and Z obeys the same recursion. One layer back
a coefficient is a sum of at most N products of a weight and a slope of 4 roundings, all relative to
abs(a_k); a chord lies too low by at most 4 u Z_k, as bounds are cut off at Z_k, and its constant is
a sum of at most N products. Middles and half sides of boxes are off by 2 u X_i. In all less than
(T + 1) (4 N + 32) u Z_j is lost, half of RATE (T + 1) (N + 16) Z_j at most; the rest covers
roundings of roundings. A multiplier beta_k adds k's own way back, beta_k times; the ball's adds X_i
times its part of the slope. An operation that underflows loses 2^-1074 times what later weights
make of it, at most LARGEST: TINY covers all of them, where Z_k underflows too. Centres are rounded,
by a share u or where subnormal by less than 2^-1074: f differs there by less than TINY. Bounds do
not overflow; what multipliers make overflow ends in NaN or -infinity.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from itertools import accumulate, pairwise
from math import inf, isqrt, nextafter
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from robustsize.simulate.checker.forest import Leaves
from robustsize.simulate.checker.outward import (
    UNIT_ROUNDOFF,
    down,
    float_above,
    float_below,
    sum_down,
    up,
)
from robustsize.simulate.data.instance import BoxInstance, Instance, Norm
from robustsize.simulate.networks.network import Network

Numbers = NDArray[Any]
"""An array of float64 or of Fractions."""

RATE = 16 * UNIT_ROUNDOFF
TINY, LARGEST = 2.0**-500, 2.0**400
_SQUARES_UNDERFLOW, _SUBNORMAL = 2.0**-1000, 2.0**-1070
_ROOT_BITS = 2400


@dataclass(frozen=True, eq=False)
class Balls:
    """Closed l_p balls of one radius, a row each: signs y, centres, and the boxes of states.

    low, high: the box around a ball in the input; [-Z, Z], or all numbers, in the units. off: what
    rounding may take off the bounds of the state and last of the output; 0 in Fractions.
    """

    sign: NDArray[np.int64]
    centre: Numbers
    low: Numbers
    high: Numbers
    radius: Any
    euclidean: bool
    off: Numbers

    def rows(self, which: NDArray[np.int64]) -> Balls:
        """The balls of some leaves, one a leaf; a single ball serves all."""
        if len(self.centre) == 1:
            return self
        names = ("sign", "centre", "low", "high", "off")
        return replace(self, **{name: getattr(self, name)[which] for name in names})


class Multipliers(NamedTuple):
    """What the search found for each leaf, of any value as far as soundness goes.

    beta: shape (leaves, length of a state), >= 0, of the signs of units. ball: shape (leaves,),
    t > 0 where the least point on box and ball is at centre - t * slope, else 0; of no effect in
    Fractions, where box and ball are taken one at a time. empty: shape (leaves,), whether the leaf
    is claimed to be empty, rather than y f to be positive.
    """

    beta: Numbers
    ball: Numbers
    empty: NDArray[np.bool_]


class Layers:
    """The matrices of f, as float64 or as Fractions.

    parts: where in a state the input is and each hidden layer. columns: where the d inputs are and
    then the units, without the 1 of each layer.
    """

    def __init__(self, network: Network, *, exact: bool) -> None:
        self.exact, self.zero = exact, Fraction(0) if exact else 0.0
        shape = [network.input_dim, *network.widths]
        ends = [*accumulate((n + 1 for n in shape), initial=0)]
        self.parts = [slice(start, stop) for start, stop in pairwise(ends)]
        self.columns = np.array(
            [i for part in self.parts for i in range(part.start, part.stop - 1)]
        )
        self.length = ends[-1]
        found = []
        for weight, bias in zip(network.weights, network.biases, strict=True):
            matrix = np.zeros((len(bias) + 1, weight.shape[1] + 1))
            matrix[:-1, :-1] = weight if isinstance(weight, np.ndarray) else weight.toarray()
            matrix[:-1, -1], matrix[-1, -1] = bias, 1.0
            found.append(fractions(matrix) if exact else matrix)
        self.matrices = [*found[:-1], found[-1][:-1]]

    @cached_property
    def both(self) -> list[Numbers]:
        """The hidden layers' matrices over their negatives."""
        return [np.concatenate([matrix, -matrix]) for matrix in self.matrices[:-1]]

    @cached_property
    def _absolute(self) -> tuple[list[Numbers], float]:
        """The transposes of the absolute matrices; a bound on coefficients on any way back."""
        found, most = [np.abs(matrix).T for matrix in self.matrices], 1.0
        with np.errstate(over="ignore"):
            for matrix in found:
                most *= max(1.0, float(matrix.sum(axis=0).max()))
        return found, most

    def _magnitudes(self, inputs: Numbers) -> tuple[list[Numbers], float]:
        """X and Z, the output last, to within rounding; and what rounding takes off, a share of Z.

        Raises OverflowError where floats would come near their largest.
        """
        absolute, most = self._absolute
        rate = RATE * (len(absolute) + 1) * (self.length + 16)
        if not most * float(inputs.max()) < LARGEST or rate > 1e-3:
            raise OverflowError("values of the network come near the largest float")
        found = [inputs]
        for matrix in absolute:
            found.append(found[-1] @ matrix)
        return found, rate

    def balls(self, instance: Instance) -> Balls:
        """The balls of an instance, rounded outwards.

        Raises OverflowError where floats would come near their largest.
        """
        points, radius, euclidean = instance.points, instance.radius, instance.p is Norm.TWO
        sign = instance.labels.astype(np.int64)[:, None]
        if self.exact:
            centre = fractions([(*x, 1) for x in points])
            ends = [instance.ends(i) for i in range(len(points))]
            any_ = np.full((len(points), self.length - centre.shape[1]), inf, dtype=object)
            low, high = (fractions([(*end[side], 1) for end in ends]) for side in (0, 1))
            low, high = np.hstack([low, -any_]), np.hstack([high, any_])
            off = np.zeros((len(points), self.length + 1), dtype=object)
            return Balls(sign, centre, low, high, radius, euclidean, off)
        centre = np.array([[*(v.numerator / v.denominator for v in x), 1.0] for x in points])
        outer = nextafter(radius.numerator / radius.denominator, inf)
        if isinstance(instance, BoxInstance):
            low = np.array([[*map(float_below, x), 1.0] for x in instance.low])
            high = np.array([[*map(float_above, x), 1.0] for x in instance.high])
        else:
            reach = (np.abs(centre) + outer) * (4 * UNIT_ROUNDOFF) + (outer + _SUBNORMAL)
            reach[:, -1] = 0.0
            low, high = centre - reach, centre + reach
        layers, rate = self._magnitudes(np.maximum(-low, high))
        most = np.concatenate(layers, axis=1) * (1 + rate)
        units = most[:, centre.shape[1] : -1]
        low, high = np.concatenate([low, -units], axis=1), np.concatenate([high, units], axis=1)
        return Balls(sign, centre, low, high, outer, euclidean, rate * most + TINY)

    def value_above(self, x: Sequence[Fraction], sign: int) -> float:
        """An upper bound of sign * f(x) in floats; infinity where there is none.

        The error is that of a bound: forward, each layer loses less than a step back does.
        """
        try:
            values = np.array([*(v.numerator / v.denominator for v in x), 1.0])
            magnitudes, rate = self._magnitudes(np.abs(values))
        except OverflowError:
            return inf
        for matrix in self.matrices[:-1]:
            values = np.maximum(matrix @ values, 0.0)
        off = rate * float(magnitudes[-1][0]) + TINY
        return nextafter(sign * float((self.matrices[-1] @ values)[0]) + 2 * off, inf)


def fractions(values: Any) -> Numbers:
    """An array of Fractions."""
    given = np.asarray(values)
    found = np.empty(given.shape, dtype=object)
    found.reshape(-1)[:] = [Fraction(v) for v in given.reshape(-1).tolist()]
    return found


def signs(low: Numbers, high: Numbers) -> NDArray[np.int8]:
    """The signs that values in [low, high] have: -1 where none is above 0, 1 where none is below.

    0 where they are open, or the values are 0.
    """
    return np.asarray((low >= 0).astype(np.int8) - (high <= 0))


def lower_bounds(layers: Layers, balls: Balls, leaves: Leaves, found: Multipliers) -> Numbers:
    """Lower bounds of sign * f on leaf regions, shape (leaves,); infinity where one is empty.

    Where a leaf is claimed to be empty and not seen to be, its bound is -infinity.
    """
    at = balls.rows(leaves.root)
    if layers.exact:
        low, high = exactly_inside(leaves.low, at.low, 1), exactly_inside(leaves.high, at.high, -1)
    else:
        low, high = leaves.low.copy(), leaves.high.copy()
    taken = found.beta * signs(low, high)
    inputs = layers.parts[0]
    if at.euclidean and not layers.exact:
        low[:, inputs], high[:, inputs] = _shrunk(at, low[:, inputs], high[:, inputs])
    middle = (low[:, inputs] + high[:, inputs]) / 2
    region = _Region(at, low[:, inputs], high[:, inputs], middle, high[:, inputs] - middle)
    lines: list[_Lines] = []
    for rows, part in zip(layers.both, layers.parts[1:], strict=True):
        least = region.least(_back(layers, rows[None], lines))
        lower, upper, off = low[:, part], high[:, part], at.off[:, part]
        np.maximum(least[:, : lower.shape[1]] - off, lower, out=lower)
        np.minimum(off - least[:, lower.shape[1] :], upper, out=upper)
        lines.append(_Lines.of(layers.zero, lower, upper, taken[:, part]))
    void = (low > high).any(axis=1)
    rows = np.where(found.empty[:, None], 0, at.sign)[:, :, None] * layers.matrices[-1]
    slope = _back(layers, rows, lines, outermost=True)
    value, off = region.least_with(slope, found.ball)
    off = off + at.off[:, -1] + (found.beta * at.off[:, :-1]).sum(axis=1)
    value = value - 2 * off  # twice, for the rounding of `off` itself
    void |= found.empty & (value > 0)
    value = np.where((value < inf) & ~found.empty, value, -inf)  # NaN < inf does not hold
    return np.where(void, inf, value)


def exactly_inside(ends: Numbers, limits: Numbers, direction: int) -> Numbers:
    """The ends of boxes, no further than the ball's; infinite ends are the ball's."""
    found = np.broadcast_to(limits, ends.shape).copy()
    finite = np.isfinite(ends)
    given = direction * fractions(ends[finite])
    found[finite] = direction * np.maximum(given, direction * found[finite])
    return found


class _Lines(NamedTuple):
    """Lines below a relu(z), a row a leaf.

    For a > 0 of slope a `below`; for a < 0 of slope a (below + turn), raised by -a * shift. taken:
    what multipliers take off.
    """

    below: Numbers
    turn: Numbers
    shift: Numbers
    taken: Numbers

    @classmethod
    def of(cls, zero: Any, lower: Numbers, upper: Numbers, taken: Numbers) -> _Lines:
        """The lines on [lower, upper]; zero: that of their type."""
        least, most = np.minimum(lower, zero), np.maximum(upper, zero)
        width = most - least
        chord = most / (width + (width == 0))
        below = (chord > 0.5).astype(chord.dtype)
        return cls(below, chord - below, chord * least, taken)


def _back(
    layers: Layers, slope: Numbers, lines: list[_Lines], *, outermost: bool = False
) -> Numbers:
    """Carry rows, linear in the outputs of the last of `lines`, to the input.

    slope: shape (leaves or 1, rows, units). outermost: whether what the multipliers take off is to
    be taken off.
    """
    for matrix, line in zip(reversed(layers.matrices[: len(lines)]), reversed(lines), strict=True):
        falling = np.minimum(slope, 0)
        through = slope * line.below[:, None]
        through += falling * line.turn[:, None]
        if outermost:
            through -= line.taken[:, None]
        leaves, rows, units = through.shape
        slope = (through.reshape(-1, units) @ matrix).reshape(leaves, rows, -1)
        slope[:, :, -1] -= (falling @ line.shift[:, :, None])[:, :, 0]
    return slope


@dataclass(frozen=True, eq=False)
class _Region:
    """Boxes cut by balls, in the input, with the middles and half sides of the boxes."""

    at: Balls
    low: Numbers
    high: Numbers
    middle: Numbers
    side: Numbers

    def least(self, slope: Numbers) -> Numbers:
        """The better of the least values of each row on the box and on the ball."""
        least = (slope @ self.middle[:, :, None] - np.abs(slope) @ self.side[:, :, None])[:, :, 0]
        if self.at.euclidean:
            centre = (slope @ self.at.centre[:, :, None])[:, :, 0]
            least = np.maximum(least, centre - self.at.radius * norm_above(slope[:, :, :-1]))
        return np.asarray(least)

    def least_with(self, slope: Numbers, t: Numbers) -> tuple[Numbers, Any]:
        """The least value of a row a leaf on box and ball, and what it may be off by.

        slope . x = v . x + w . x, the one bounded on the box, the other on the ball, for any w. At
        the best w its least point x on the ball has w_i = slope_i, or else x_i at an end of the
        box.
        """
        at, least = self.at, self.least(slope)[:, 0]
        if not at.euclidean or slope.dtype == object or not (t > 0).any():
            return least, 0
        slope = slope[:, 0]
        pull = np.where(t > 0, t, 1)[:, None]
        step = at.centre - pull * slope
        x = np.minimum(np.maximum(step, self.low), self.high)
        w = np.where(x == step, slope, (at.centre - x) / pull)
        v = slope - w
        w[:, -1], v[:, -1] = 0, slope[:, -1]
        on_box = (v * self.middle - np.abs(v) * self.side).sum(axis=1)
        on_ball = (w * at.centre).sum(axis=1) - at.radius * norm_above(w)
        off = ((np.abs(slope) + 3 * np.abs(w)) * at.off[:, : slope.shape[1]]).sum(axis=1)
        return np.where(t > 0, np.maximum(least, on_box + on_ball), least), off


def norm_above(rows: Numbers) -> Numbers:
    """The l_2 norms of the rows along the last axis, or a little more.

    Rounding of floats apart, which the error bound covers; a square that underflows is made up for.
    """
    squares = np.asarray((rows * rows).sum(axis=-1))
    if squares.dtype != object:
        return np.asarray(np.sqrt(squares + _SQUARES_UNDERFLOW))
    return np.asarray(np.vectorize(_root_above, otypes=[object])(squares))


def _root_above(square: Fraction) -> Fraction:
    """A rational at least the square root, to 2400 bits: closer than floats can come."""
    scaled = square.numerator * square.denominator << 2 * _ROOT_BITS
    root = isqrt(scaled - 1) + 1 if scaled else 0
    return Fraction(root, square.denominator << _ROOT_BITS)


def _shrunk(at: Balls, low: Numbers, high: Numbers) -> tuple[Numbers, Numbers]:
    """The part of each box that can meet the ball: where there is none, low > high.

    On axis i, abs(x_i - c_i)^2 <= r^2 - (the squared gaps between box and centre on other axes).
    """
    below, above = down(at.centre), up(at.centre)
    gap = np.maximum(np.maximum(down(low - above), down(below - high)), 0)
    room = up(up(np.array(at.radius * at.radius)) - sum_down(np.maximum(down(gap * gap), 0), 1))
    reach = up(np.sqrt(up(np.maximum(room, 0)[:, None] + up(gap * gap))))
    reach[room < 0] = -inf
    return np.maximum(low, down(below - reach)), np.minimum(high, up(above + reach))
