"""Certificates and counterexamples in rational arithmetic, where floats cannot decide."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from math import isqrt
from typing import Any, NamedTuple

from robustsize.simulate.certify.exact_value import exact_value
from robustsize.simulate.certify.relaxation import FlatNetwork, Floats
from robustsize.simulate.data.instance import Instance, Norm, Point
from robustsize.simulate.system.deadline import check_time

_DESCENTS = 8
_ROOT_BITS = 120


class Refutation(NamedTuple):
    """A point of the ball, and the value of sign * f there, at most 0."""

    value: Fraction
    point: Point


@dataclass(frozen=True)
class ExactBall:
    """The ball of point `index` of an instance, where label * f is to be positive."""

    net: FlatNetwork
    instance: Instance
    index: int

    @property
    def sign(self) -> int:
        """The label."""
        return int(self.instance.labels[self.index])

    def value(self, x: Point) -> Fraction:
        """Label times f, exactly."""
        return self.sign * exact_value(self.net, x)

    def contains(self, x: Point) -> bool:
        """Whether x lies in the closed ball."""
        return self.instance.contains(self.index, x)

    def refuting(self, candidate: Iterable[float | Fraction]) -> Refutation | None:
        """A point of the ball where sign * f <= 0, sought from a candidate; None if not found.

        The candidate as it is comes first. Then, starting from it put on the ball's surface, where
        it nearly is there, and from itself, the least point over the ball of the linear piece at
        the best point so far is tried.
        """
        x = tuple(Fraction(v) for v in candidate)
        inside = self.contains(x)
        if inside:
            value = self.value(x)
            if value <= 0:
                return Refutation(value, x)
        for at in (self._to_surface(x), x):
            if (inside and at is x) or self.contains(at):
                found = self._descend(at)
                if found:
                    return found
        return None

    def _descend(self, at: Point) -> Refutation | None:
        best = self.value(at)
        for _ in range(_DESCENTS):
            if best <= 0:
                return Refutation(best, at)
            following = self._least_of_piece(at, best)
            value = self.value(following)
            if value >= best:
                return None
            best, at = value, following
        return Refutation(best, at) if best <= 0 else None

    def _to_surface(self, x: Point) -> Point:
        """p = inf: coordinates near a face or outside put on it. p = 2: pulled back if outside."""
        if self.instance.p is Norm.INF:
            ends = zip(x, *self.instance.ends(self.index), strict=True)
            return tuple(_onto_face(v, a, b) for v, a, b in ends)
        if self.contains(x):
            return x
        centre = self.instance.points[self.index]
        steps = [v - c for v, c in zip(x, centre, strict=True)]
        scale = self.instance.radius / _root_above(sum((s * s for s in steps), Fraction(0)))
        return tuple(c + s * scale for c, s in zip(centre, steps, strict=True))

    def _least_of_piece(self, x: Point, value: Fraction) -> Point:
        """Where the linear piece of sign * f at x is least on the ball (nearly, if p = 2)."""
        slope = [self.sign * g for g in _gradient(self.net, x)]
        centre, radius = self.instance.points[self.index], self.instance.radius
        if self.instance.p is Norm.INF:
            ends = zip(slope, centre, *self.instance.ends(self.index), strict=True)
            return tuple(a if g > 0 else b if g < 0 else c for g, c, a, b in ends)
        square = sum((g * g for g in slope), Fraction(0))
        if square == 0:
            return x
        offset = sum((g * (c - v) for g, c, v in zip(slope, centre, x, strict=True)), Fraction(0))
        at_centre = value + offset
        # where the piece is 0 exactly at its least point, that point is rational
        share = at_centre / square
        if share <= 0 or share**2 * square != radius**2:
            share = radius / _root_above(square)
        return tuple(c - share * g for c, g in zip(centre, slope, strict=True))


def _onto_face(v: Fraction, low: Fraction, high: Fraction) -> Fraction:
    """A coordinate, or the end of its interval where it is outside or all but there."""
    near = (high - low) / 2**41
    return low if v <= low + near else high if v >= high - near else v


def _root_above(square: Fraction) -> Fraction:
    """A rational just above the square root."""
    scaled = square.numerator * 4**_ROOT_BITS * square.denominator
    return Fraction(isqrt(scaled) + 1, square.denominator * 2**_ROOT_BITS)


def _layers(net: FlatNetwork) -> list[tuple[Floats, Floats]]:
    """Views of each layer's weights, shape (n_t, n_{t-1}), and biases."""
    found = []
    for t in range(1, len(net.sizes)):
        size, below, start, unit = net.sizes[t], net.sizes[t - 1], net.at[t], net.first[t]
        weights = net.weights[start : start + size * below].reshape(size, below)
        found.append((weights, net.biases[unit : unit + size]))
    return found


def _product(row: Floats, values: Iterable[Any]) -> Any:
    """sum_i row_i values_i, the values rationals or vectors of them; entries 0 are skipped."""
    check_time()
    terms = (Fraction(float(w)) * v for w, v in zip(row, values, strict=True) if w)
    return sum(terms, Fraction(0))


def _gradient(net: FlatNetwork, x: Point) -> list[Fraction]:
    """Slope of the linear piece of f at x; a unit at 0 counts as off.

    Takes seconds on large networks; raises OutOfTimeError where the time limit passes.
    """
    layers, h = _layers(net), list(x)
    active = [[True] * len(x)]
    for weights, biases in layers[:-1]:
        z = [_product(row, h) + Fraction(float(b)) for row, b in zip(weights, biases, strict=True)]
        h = [max(v, Fraction(0)) for v in z]
        active.append([v > 0 for v in h])
    back = [Fraction(1)]
    for (weights, _), on in zip(reversed(layers), reversed(active), strict=True):
        columns = zip(weights.T, on, strict=True)
        back = [_product(column, back) if used else Fraction(0) for column, used in columns]
    return back
