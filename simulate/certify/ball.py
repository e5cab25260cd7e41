"""Floats around an exact ball: rounded outwards to prove, inwards to refute."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import NamedTuple

import numpy as np

from robustsize.simulate.certify.relaxation import (
    UNIT_ROUNDOFF,
    FlatNetwork,
    Floats,
    magnitudes,
    rounded,
)
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


def box_around(net: FlatNetwork, low: Point, high: Point, sign: int) -> Ball:
    """The root region of a search for sign * f on a box.

    Raises OverflowError where the network's values on it come near the largest float.
    """
    centre = tuple((a + b) / 2 for a, b in zip(low, high, strict=True))
    half = max((b - a) / 2 for a, b in zip(low, high, strict=True))
    ends = _floats(low), _floats(high)
    return _ball(net, _floats(centre), ends, centre, half, Norm.INF, sign)


def ball_around(net: FlatNetwork, centre: Point, radius: Fraction, p: Norm, sign: int) -> Ball:
    """The root region of a search for sign * f on the closed l_p ball.

    Raises OverflowError where the network's values on it come near the largest float.
    """
    middles, near = _floats(centre), radius.numerator / radius.denominator
    return _ball(net, middles, (middles - near, middles + near), centre, radius, p, sign)


def _floats(x: Point) -> Floats:
    return np.array([v.numerator / v.denominator for v in x])


def _ball(
    net: FlatNetwork,
    middles: Floats,
    ends: tuple[Floats, Floats],
    centre: Point,
    radius: Fraction,
    p: Norm,
    sign: int,
) -> Ball:
    """From the ends of each axis, up to rounding, and its middle; `centre` is a point inside."""
    lower, upper, inner_lower, inner_upper, hollow = rounded(*ends)
    magnitude, reach, error = magnitudes(net, lower, upper)
    if not error[-1] < math.inf:
        raise OverflowError("values of the network come near the largest float")
    near = radius.numerator / radius.denominator
    inner_radius = math.nextafter(near, -math.inf)
    if p is Norm.TWO:
        shrink = 16 * (len(centre) + 8) * UNIT_ROUNDOFF
        inner_radius -= shrink * (inner_radius + float(np.abs(middles).sum()))
    if inner_radius < 0 or hollow:
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
        math.nextafter(near, math.inf),
        inner_radius,
        p is Norm.TWO,
        magnitude,
        reach,
        error,
        float(sign),
    )
