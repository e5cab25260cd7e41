"""Lower bounds of sign * f on the leaves of a tree, by weak duality from given multipliers.

At each hidden unit a line lies below a relu(z): 0 or a z for a > 0, the chord for a < 0. A
multiplier beta >= 0 of the sign s chosen for a unit, s z >= 0, takes beta s z off. So a linear
function is carried back from a unit, or from the output, to the input, where it is least at a
corner of the box or on the ball. Any slopes and multipliers give true bounds: they come from the
search and are not trusted. A leaf whose bounds contradict one another is empty.

The bounds are written once, for float64 and for Fractions. In Fractions nothing is rounded. In
floats, let u = 2^-53, X_i >= abs(x_i) on the root, N the number of hidden units, T that of layers,
and Z the units' arguments when weights and biases are replaced by absolute values, the input by X,
and no ReLU is taken. On the way back from unit j the coefficients a_k met at a layer satisfy
sum_k abs(a_k) Z_k <= Z_j, since slopes lie in [0, 1] and Z obeys the same recursion; constants add
up to at most (T + 1) Z_j in absolute value. Coefficients and constants are sums of at most N + d
products, lines take 6 operations a unit: in all less than (T + 1) (4 (N + d) + 32) u Z_j is lost,
half of RATE (T + 1) (N + d + 16) Z_j at most; the rest covers roundings of roundings. A multiplier
beta_k adds k's own way back, beta_k times; the ball's adds X_i times its part of the slope. An
operation that underflows loses 2^-1074 times values that LARGEST bounds: TINY covers all of them.
Centres are rounded, by a share u or where subnormal by less than 2^-1074: f differs there by less
than TINY. Bounds do not overflow; what multipliers make overflow ends in NaN or -infinity.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from math import inf, isqrt
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
_SQUARES_UNDERFLOW = 2.0**-1000
_ROOT_BITS = 2400


@dataclass(frozen=True, eq=False)
class Balls:
    """Closed l_p balls of one radius, a row each: signs y, centres, and the boxes around them.

    largest: Z of the hidden units, rounded up. off: what rounding may take off the bound of each
    hidden unit, and last of the output, but for `tiny`; off_input: of each input. All three are 0
    in Fractions.
    """

    sign: NDArray[np.int64]
    centre: Numbers
    low: Numbers
    high: Numbers
    radius: Any
    euclidean: bool
    largest: Numbers
    off: Numbers
    off_input: Numbers
    tiny: Any

    def rows(self, which: NDArray[np.int64]) -> Balls:
        """The balls of some leaves, one a leaf; a single ball serves all."""
        if len(self.centre) == 1:
            return self
        names = ("sign", "centre", "low", "high", "largest", "off", "off_input")
        return replace(self, **{name: getattr(self, name)[which] for name in names})


class Multipliers(NamedTuple):
    """What the search found for each leaf, of any value as far as soundness goes.

    beta: shape (leaves, units), >= 0, of the signs chosen for units. ball: shape (leaves,), t > 0
    where the least point on box and ball is at centre - t * slope, else 0; of no effect in
    Fractions, where box and ball are taken one at a time. empty: shape (leaves,), whether the leaf
    is claimed to be empty, rather than y f to be positive.
    """

    beta: Numbers
    ball: Numbers
    empty: NDArray[np.bool_]


class Layers:
    """The layers of f, dense, as float64 or as Fractions."""

    def __init__(self, network: Network, *, exact: bool) -> None:
        convert = fractions if exact else np.asarray
        self.exact, self.zero, self.one = exact, convert(0)[()], convert(1)[()]
        self.weights = [
            convert(w if isinstance(w, np.ndarray) else w.toarray()) for w in network.weights
        ]
        self.biases = [convert(b) for b in network.biases]
        self.units = sum(map(len, self.biases)) - 1

    @cached_property
    def both(self) -> list[tuple[Numbers, Numbers]]:
        """Of each hidden layer the weights over their negatives, and so the biases."""
        pairs = zip(self.weights[:-1], self.biases[:-1], strict=True)
        return [(np.concatenate([w, -w]), np.concatenate([b, -b])) for w, b in pairs]

    @cached_property
    def _absolute(self) -> list[tuple[Numbers, Numbers]]:
        pairs = zip(self.weights, self.biases, strict=True)
        return [(np.abs(w).T, np.abs(b)) for w, b in pairs]

    def balls(self, instance: Instance) -> Balls:
        """The balls of an instance, rounded outwards.

        Raises OverflowError where floats would come near their largest.
        """
        centres, radius, d = instance.points, instance.radius, instance.dimension
        sign, euclidean = instance.labels.astype(np.int64)[:, None], instance.p is Norm.TWO
        if self.exact:
            centre = fractions(centres)
            none = np.zeros((len(centre), self.units + 1), dtype=object)
            corners = [instance.ends(i) for i in range(len(centre))]
            ends = fractions([low for low, _ in corners]), fractions([high for _, high in corners])
            return Balls(sign, centre, *ends, radius, euclidean, none, none, none[:, :1], 0)
        centre = np.array([[v.numerator / v.denominator for v in x] for x in centres])
        outer = float(up(np.array(radius.numerator / radius.denominator)))
        if isinstance(instance, BoxInstance):
            low = np.array([[float_below(v) for v in x] for x in instance.low])
            high = np.array([[float_above(v) for v in x] for x in instance.high])
        else:
            low, high = down(down(centre) - outer), up(up(centre) + outer)
        inputs = before = np.maximum(-low, high)
        most, worst, found = np.maximum(before, 1.0), 0.0, []
        with np.errstate(over="ignore", invalid="ignore"):
            for weight, bias in self._absolute:
                before, most = before @ weight + bias, np.maximum(most @ weight + bias, 1.0)
                found.append(before)
                worst = max(worst, float(most.max(initial=0.0)))
        rate = self._rate(d)
        if not worst < LARGEST or not outer < LARGEST or rate > 1e-3:
            raise OverflowError("values of the network come near the largest float")
        every = np.concatenate(found, axis=1) * (1 + rate)
        off, off_input = rate * every, rate * inputs
        return Balls(sign, centre, low, high, outer, euclidean, every, off, off_input, TINY)

    def value_above(self, x: Sequence[Fraction], sign: int) -> float:
        """An upper bound of sign * f(x) in floats; infinity where there is none.

        The error is that of a bound: forward, each layer loses less than a step back does, and what
        underflows is carried on by weights whose products LARGEST bounds.
        """
        try:
            before = np.array([v.numerator / v.denominator for v in x])
        except OverflowError:
            return inf
        magnitude = np.abs(before)
        most, worst = np.maximum(magnitude, 1.0), 1.0
        with np.errstate(all="ignore"):
            pairs = zip(self.weights, self.biases, self._absolute, strict=True)
            for weight, bias, (size, offset) in pairs:
                value = weight @ before + bias
                magnitude = magnitude @ size + offset
                most = np.maximum(most @ size + offset, 1.0)
                worst = max(worst, float(most.max(initial=0.0)))
                before = np.maximum(value, 0.0)
        if not worst < LARGEST or np.isnan(value[0]):
            return inf
        off = self._rate(len(x)) * float(magnitude[0]) + TINY
        return float(up(sign * value + 2 * off)[0])

    def _rate(self, d: int) -> float:
        return RATE * (len(self.weights) + 1) * (self.units + d + 16)


def fractions(values: Any) -> Numbers:
    """An array of Fractions."""
    given = np.asarray(values)
    found = np.empty(given.shape, dtype=object)
    found.reshape(-1)[:] = [Fraction(v) for v in given.reshape(-1).tolist()]
    return found


def lower_bounds(layers: Layers, balls: Balls, leaves: Leaves, found: Multipliers) -> Numbers:
    """Lower bounds of sign * f on leaf regions, shape (leaves,); infinity where one is empty.

    Where a leaf is claimed to be empty and not seen to be, its bound is -infinity.
    """
    at = balls.rows(leaves.root)
    low, high = leaves.low, leaves.high
    void: Any = np.zeros(len(low), dtype=bool)
    if layers.exact:
        low, high = exactly_inside(low, at.low, 1), exactly_inside(high, at.high, -1)
        void = (low > high).any(axis=1)
    elif at.euclidean:
        low, high, void = _shrunk(at, low, high)
    signs, signed = leaves.split * found.beta, bool(leaves.split.any())
    lines: list[_Lines] = []
    first = 0
    for rows, constants in layers.both:
        units = slice(first, first := first + len(rows) // 2)
        slope, constant = _back(layers, rows[None], constants[None], lines)
        least = _least(at, low, high, slope, constant)
        split, error = leaves.split[:, units], at.off[:, units] + at.tiny
        lower, upper = least[:, : split.shape[1]] - error, error - least[:, split.shape[1] :]
        if not layers.exact:  # the error bound rests on lines no farther off than Z
            most = at.largest[:, units]
            lower, upper = np.maximum(lower, -most), np.minimum(upper, most)
        if signed:
            lower = np.where(split > 0, np.maximum(lower, layers.zero), lower)
            upper = np.where(split < 0, np.minimum(upper, layers.zero), upper)
        void |= (lower > upper).any(axis=1)
        lines.append(_Lines.of(layers, lower, upper, split if signed else None, signs[:, units]))
    sign = np.where(found.empty[:, None], 0, at.sign)
    row, constant = sign[:, :, None] * layers.weights[-1], sign * layers.biases[-1]
    slope, constant = _back(layers, row, constant, lines, outermost=True)
    value, off = _least_with(at, low, high, slope[:, 0], constant[:, 0], found.ball)
    off = off + at.off[:, -1] + (found.beta * at.off[:, :-1]).sum(axis=1) + at.tiny
    value = value - 2 * off  # twice, for the rounding of `off` itself
    known = (value < inf) & ~found.empty  # neither holds where it is NaN
    return np.where(void | (found.empty & (value > 0)), inf, np.where(known, value, -inf))


def exactly_inside(ends: Numbers, limits: Numbers, direction: int) -> Numbers:
    """The ends of boxes, no further than the ball's; infinite ends are the ball's."""
    found = np.broadcast_to(limits, ends.shape).copy()
    finite = np.isfinite(ends)
    given = direction * fractions(ends[finite])
    found[finite] = direction * np.maximum(given, direction * found[finite])
    return found


class _Lines(NamedTuple):
    """Lines below a relu(z) on [lower, upper], a row a leaf: slopes and the chord's intercept."""

    below: Numbers
    chord: Numbers
    intercept: Numbers
    signs: Numbers

    @classmethod
    def of(
        cls,
        layers: Layers,
        lower: Numbers,
        upper: Numbers,
        split: NDArray[np.int8] | None,
        signs: Numbers,
    ) -> _Lines:
        least, most = np.minimum(lower, layers.zero), np.maximum(upper, layers.zero)
        width = most - least
        chord = np.minimum(most / np.where(width == 0, layers.one, width), layers.one)
        below = np.where(upper > -lower, layers.one, layers.zero)
        if split is not None:
            chosen = np.where(split > 0, layers.one, layers.zero)
            chord, below = (np.where(split == 0, line, chosen) for line in (chord, below))
        intercept = np.maximum(-chord * least, (layers.one - chord) * most)
        return cls(below, chord, intercept, signs)


def _back(
    layers: Layers,
    slope: Numbers,
    constant: Numbers,
    lines: list[_Lines],
    outermost: bool = False,
) -> tuple[Numbers, Numbers]:
    """Carry rows, linear in the outputs of the last of `lines`, to the input.

    slope, constant: shapes (leaves or 1, rows, units) and (leaves or 1, rows). outermost: whether
    the multipliers of the units' signs are to be taken off.
    """
    for t in reversed(range(len(lines))):
        line = lines[t]
        rising = slope > 0
        through = slope * np.where(rising, line.below[:, None], line.chord[:, None])
        fallen = np.where(rising, layers.zero, slope)
        constant = constant + np.matmul(fallen, line.intercept[:, :, None])[:, :, 0]
        if outermost:
            through = through - line.signs[:, None]
        constant = constant + through @ layers.biases[t]
        weight, (count, rows, units) = layers.weights[t], through.shape
        flat = through.reshape(count * rows, units) @ weight
        slope = flat.reshape(count, rows, weight.shape[1])
    return slope, constant


def _corner(low: Numbers, high: Numbers, slope: Numbers) -> Numbers:
    """Least value of each row on the boxes: slope (leaves or 1, rows, d) to (leaves, rows)."""
    rising = np.maximum(slope, 0)
    falling = slope - rising
    if len(slope) == 1:
        return np.asarray(low @ rising[0].T + high @ falling[0].T)
    return np.asarray((rising @ low[:, :, None] + falling @ high[:, :, None])[:, :, 0])


def _least(at: Balls, low: Numbers, high: Numbers, slope: Numbers, constant: Numbers) -> Numbers:
    """The better of the least values of each row on the box and on the ball."""
    least = constant + _corner(low, high, slope)
    if at.euclidean:
        middle = (slope @ at.centre[:, :, None])[:, :, 0] + constant
        least = np.maximum(least, middle - at.radius * norm_above(slope))
    return least


def _least_with(
    at: Balls, low: Numbers, high: Numbers, slope: Numbers, constant: Numbers, t: Numbers
) -> tuple[Numbers, Numbers]:
    """The least value of a row a leaf on box and ball, from below, and what it may be off by.

    slope . x = v . x + w . x, the one bounded on the box, the other on the ball, for any w. At the
    best w its least point x on the ball has w_i = slope_i, or else x_i at an end of the box.
    """
    rows = slope[:, None]
    least = _least(at, low, high, rows, constant[:, None])[:, 0]
    off = np.zeros_like(least)
    if not at.euclidean or slope.dtype == object or not (t > 0).any():
        return least, off
    pull = np.where(t > 0, t, 1)[:, None]
    step = at.centre - pull * slope
    x = np.minimum(np.maximum(step, low), high)
    w = np.where(x == step, slope, (at.centre - x) / pull)
    v = slope - w
    on_ball = constant + _corner(low, high, v[:, None])[:, 0]
    on_ball = on_ball + (w * at.centre).sum(axis=1) - at.radius * norm_above(w[:, None])[:, 0]
    off = ((np.abs(slope) + 3 * np.abs(w)) * at.off_input).sum(axis=1)
    return np.where(t > 0, np.maximum(least, on_ball), least), off


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


def _shrunk(at: Balls, low: Numbers, high: Numbers) -> tuple[Numbers, Numbers, NDArray[np.bool_]]:
    """The part of each box that can meet the ball, and whether there is none.

    On axis i, abs(x_i - c_i)^2 <= r^2 - (the squared gaps between box and centre on other axes).
    """
    below, above = down(at.centre), up(at.centre)
    gap = np.maximum(np.maximum(down(low - above), down(below - high)), 0)
    room = up(up(np.array(at.radius * at.radius)) - sum_down(np.maximum(down(gap * gap), 0), 1))
    void = room < 0
    reach = up(np.sqrt(up(np.maximum(room, 0)[:, None] + up(gap * gap))))
    low, high = np.maximum(low, down(below - reach)), np.minimum(high, up(above + reach))
    return low, high, void | (low > high).any(axis=1)
