"""Floats around an exact ball: rounded outwards to prove, inwards to refute."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction

import numpy as np

from robustsize.simulate._relaxation import UNIT_ROUNDOFF, Ball, Floats, magnitudes
from robustsize.simulate.instance import Norm, Point
from robustsize.simulate.network import Network


def rounded_down(value: Fraction) -> float:
    """The largest float at most `value`."""
    near = float(value)
    return near if Fraction(near) <= value else math.nextafter(near, -math.inf)


def rounded_up(value: Fraction) -> float:
    """The smallest float at least `value`."""
    return -rounded_down(-value)


def _array(rounding: Callable[[Fraction], float], values: list[Fraction]) -> Floats:
    return np.array([rounding(v) for v in values])


def ball_around(network: Network, centre: Point, radius: Fraction, p: Norm, sign: int) -> Ball:
    """The root region of a search for sign * f on the closed l_p ball.

    Raises OverflowError where the network's values on it come near the largest float.
    """
    lows, highs = [c - radius for c in centre], [c + radius for c in centre]
    lower, upper = _array(rounded_down, lows), _array(rounded_up, highs)
    inner_lower, inner_upper = _array(rounded_up, lows), _array(rounded_down, highs)
    middle = _array(float, list(centre))
    magnitude = np.maximum(np.abs(lower), np.abs(upper))
    reach, error = magnitudes(network, magnitude)
    inner_radius = rounded_down(radius)
    if p is Norm.TWO:
        shrink = 16 * (len(centre) + 8) * UNIT_ROUNDOFF
        inner_radius -= shrink * (inner_radius + float(np.abs(middle).sum()))
    if inner_radius < 0 or (inner_lower > inner_upper).any():
        # no float is known to lie inside, unless the centre itself is one
        representable = all(Fraction(m) == c for m, c in zip(middle, centre, strict=True))
        inner_lower = inner_upper = middle
        inner_radius = 0.0 if representable else -1.0
    return Ball(
        lower,
        upper,
        inner_lower,
        inner_upper,
        middle,
        rounded_up(radius),
        inner_radius,
        p is Norm.TWO,
        magnitude,
        reach,
        error,
        float(sign),
    )
