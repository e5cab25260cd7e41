"""Floats around an exact ball: rounded outwards to prove, inwards to refute."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import NamedTuple

import numpy as np

from robustsize.simulate.certify.relaxation import UNIT_ROUNDOFF, FlatNetwork, Floats, magnitudes
from robustsize.simulate.data.instance import Norm, Point


class Ball(NamedTuple):
    """The root region of a search, in floats: an outward box, a ball in it, and its error terms.

    lower, upper: the box, rounded outwards. inner_lower, inner_upper: rounded inwards. centre:
    rounded to nearest; radius up, inner_radius down so far that floats within it of the float
    centre lie in the exact ball. euclidean: whether the ball (p = 2) cuts the box.
    magnitude: X, reach: Z and error: E of `relaxation`, the last with the output at the end.
    sign: +1 or -1, the function bounded is sign * f.
    """

    lower: Floats
    upper: Floats
    inner_lower: Floats
    inner_upper: Floats
    centre: Floats
    radius: float
    inner_radius: float
    euclidean: bool
    magnitude: Floats
    reach: Floats
    error: Floats
    sign: float


def _enclosed(numerator: int, denominator: int) -> tuple[float, float]:
    """The largest float at most the quotient, and the smallest at least it."""
    near = numerator / denominator  # rounded to nearest
    above, below = near.as_integer_ratio()
    order = above * denominator - numerator * below
    if order > 0:
        return math.nextafter(near, -math.inf), near
    return near, math.nextafter(near, math.inf) if order else near


def box_around(net: FlatNetwork, low: Point, high: Point, sign: int) -> Ball:
    """The root region of a search for sign * f on a box.

    Raises OverflowError where the network's values on it come near the largest float.
    """
    coordinates = []
    for a, b in zip(low, high, strict=True):
        first, last = _enclosed(*a.as_integer_ratio()), _enclosed(*b.as_integer_ratio())
        coordinates.append((first[0], last[1], first[1], last[0], float((a + b) / 2)))
    half = max((b - a) / 2 for a, b in zip(low, high, strict=True))
    return _ball(net, coordinates, tuple(low), half, Norm.INF, sign)


def ball_around(net: FlatNetwork, centre: Point, radius: Fraction, p: Norm, sign: int) -> Ball:
    """The root region of a search for sign * f on the closed l_p ball.

    Raises OverflowError where the network's values on it come near the largest float.
    """
    a, b = radius.numerator, radius.denominator
    coordinates = []
    for c in centre:
        middle, below = c.numerator * b, c.denominator * b
        low = _enclosed(middle - a * c.denominator, below)
        high = _enclosed(middle + a * c.denominator, below)
        coordinates.append((low[0], high[1], low[1], high[0], c.numerator / c.denominator))
    return _ball(net, coordinates, centre, radius, p, sign)


def _ball(
    net: FlatNetwork,
    coordinates: list[tuple[float, float, float, float, float]],
    centre: Point,
    radius: Fraction,
    p: Norm,
    sign: int,
) -> Ball:
    """From each axis's ends outwards and inwards, and its middle; `centre` is a point inside."""
    lower, upper, inner_lower, inner_upper, middles = np.array(list(zip(*coordinates, strict=True)))
    magnitude, reach, error = magnitudes(net, lower, upper)
    if not error[-1] < math.inf:
        raise OverflowError("values of the network come near the largest float")
    inner_radius, outer_radius = _enclosed(*radius.as_integer_ratio())
    if p is Norm.TWO:
        shrink = 16 * (len(centre) + 8) * UNIT_ROUNDOFF
        inner_radius -= shrink * (inner_radius + float(np.abs(middles).sum()))
    if inner_radius < 0 or any(inner[2] > inner[3] for inner in coordinates):
        # no float is known to lie inside, unless the centre itself is one
        representable = all(Fraction(m) == c for m, c in zip(middles, centre, strict=True))
        inner_lower = inner_upper = middles
        inner_radius = 0.0 if representable else -1.0
    return Ball(
        lower,
        upper,
        inner_lower,
        inner_upper,
        middles,
        outer_radius,
        inner_radius,
        p is Norm.TWO,
        magnitude,
        reach,
        error,
        float(sign),
    )
