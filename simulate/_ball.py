"""Floats around an exact ball: rounded outwards to prove, inwards to refute."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from typing import NamedTuple

import numpy as np

from robustsize.simulate._relaxation import UNIT_ROUNDOFF, Floats
from robustsize.simulate.instance import Norm, Point
from robustsize.simulate.network import Network

_LARGEST = 1e150


class Ball(NamedTuple):
    """The root region of a search, in floats: an outward box, a ball in it, and its error terms.

    lower, upper: the box, rounded outwards. inner_lower, inner_upper: rounded inwards. centre:
    rounded to nearest; radius up, inner_radius down so far that floats within it of the float
    centre lie in the exact ball. euclidean: whether the ball (p = 2) cuts the box.
    magnitude: X, reach: Z and error: E of `_relaxation`, the last with the output at the end.
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


def rounded_down(value: Fraction) -> float:
    """The largest float at most `value`."""
    near = float(value)
    return near if Fraction(near) <= value else math.nextafter(near, -math.inf)


def rounded_up(value: Fraction) -> float:
    """The smallest float at least `value`."""
    return -rounded_down(-value)


def _array(rounding: Callable[[Fraction], float], values: list[Fraction]) -> Floats:
    return np.array([rounding(v) for v in values])


def magnitudes(network: Network, largest_input: Floats) -> tuple[Floats, Floats]:
    """Z of the hidden units, and E of the hidden units and the output, from X.

    Raises OverflowError where the values come near the largest float.
    """
    total = sum(network.widths) + network.input_dim + 8
    rate = 8.0 * UNIT_ROUNDOFF * (network.depth + 1) * total

    def reach(values: Floats) -> Floats:
        found = []
        for weight, bias in zip(network.weights, network.biases, strict=True):
            values = (abs(weight) @ values + np.abs(bias)) * (1 + rate)
            found.append(values)
        return np.concatenate(found)

    # inputs of at least 1 make this a bound on the coefficients too
    with np.errstate(over="ignore", invalid="ignore"):
        largest = reach(np.maximum(largest_input, 1.0)).sum() + largest_input.sum()
    if not largest < _LARGEST or rate > 1e-3:
        raise OverflowError("values of the network come near the largest float")
    every = reach(largest_input * (1 + rate))
    tiny = 2.0**-500 * (1 + every.sum() + largest_input.sum())
    return every[:-1], (every * rate + tiny) * (1 + rate)


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
