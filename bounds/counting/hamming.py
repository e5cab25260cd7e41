"""How many of the 2^m labellings of m points one sign pattern serves, up to a share of errors.

To meet each of them a class needs m - log2 Hamming(m, alpha) <= log2 Pi(m), where Hamming(m, alpha)
= sum_{i <= floor(alpha m)} C(m, i) is the number of labellings within alpha m errors of a pattern.
"""

from __future__ import annotations

from fractions import Fraction
from math import comb, floor

from flint import arb, ctx

from robustsize.bounds.arithmetic import balls

_SUMMED = 4096
_SERIES_TERMS = 20_000
_HELD_BITS = 256


def is_held(points: balls.Value) -> bool:
    """Whether the number of points is an integer small enough for the exact sum."""
    return isinstance(points, Fraction) and points.numerator.bit_length() <= _HELD_BITS


def labelling_bits(points: balls.Value, error: Fraction) -> arb:
    """A lower bound on m - log2 Hamming(m, alpha), up to rounding equal where m is held.

    points: m >= 1. error: alpha in [0, 1/2).
    """
    total = balls.ball(points)
    if error == 0:
        return total
    if isinstance(points, Fraction) and is_held(points):
        return total - log2_hamming(int(points), floor(error * points))
    return total * (1 - entropy(balls.ball(error)))


def log2_hamming(points: int, errors: int) -> arb:
    """log2 of sum_{i <= errors} C(points, i), for errors < points/2."""
    if points <= _SUMMED:
        return log2(balls.ball(sum(comb(points, i) for i in range(errors + 1))))
    with ctx.extraprec(3 * points.bit_length()):
        whole, part = balls.ball(points), balls.ball(errors)
        largest = (whole + 1).lgamma() - (part + 1).lgamma() - (whole - part + 1).lgamma()
        return largest / arb.const_log2() + log2(_relative_sum(points, errors))


def _relative_sum(points: int, errors: int) -> arb:
    """sum_{i <= errors} C(points, i) / C(points, errors), a series that falls geometrically."""
    total = term = arb(1)
    for i in range(errors):
        factor = balls.ball(Fraction(errors - i, points - errors + 1 + i))
        if i == _SERIES_TERMS or term < arb(2) ** -ctx.prec:
            return total + arb(0).union(term * factor / (1 - factor))
        term *= factor
        total += term
    return total


def entropy(share: arb) -> arb:
    """Binary entropy H(a), with log2 Hamming(m, a) <= m H(a) for 0 < a <= 1/2."""
    return -(share * share.log() + (1 - share) * (1 - share).log()) / arb.const_log2()


def log2(x: arb) -> arb:
    """The logarithm to base 2."""
    return x.log() / arb.const_log2()
