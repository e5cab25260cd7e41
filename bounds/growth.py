"""From growth functions to lower bounds on size.

F_{n,L} is the class of signs of layered ReLU networks with at most n non-zero weights and biases
and at most L affine layers. To meet each of the 2^m labellings of m points up to a share alpha of
errors it needs m - log2 Hamming(m, alpha) <= log2 Pi(m) <= G(n, L, m), because a sign pattern
serves at most a Hamming ball of labellings. The smallest n that passes is a lower bound on size.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from math import comb, floor, log10

import sympy as sp
from flint import arb, ctx

from robustsize.bounds import balls
from robustsize.bounds.symbols import L, alpha, d, m, n

INT64 = 1 << 63
"""Sizes below this are given as exact integers, larger ones by their logarithm."""

_SUMMED = 4096
_SERIES_TERMS = 20_000
_HELD_BITS = 256


@cache
def log2_growth() -> sp.Expr:
    """G(n, L, m) = L + n L log2(2 e m L) + n + n log2(e (n + d + 1)), at least log2 Pi(m).

    Layer i contributes at most 1 + n log2(2 e m i) bits (Bartlett, Harvey, Liaw, Mehrabian 2019,
    Theorem 7), and there are at most 2^n (e (n + d + 1))^n architectures.
    """
    return L + n * L * _log2(2 * sp.E * m * L) + n + n * _log2(sp.E * (n + d + 1))


def condition() -> sp.Basic:
    """G(n, L, m) >= m - log2 Hamming(m, alpha): necessary to meet every labelling."""
    i = sp.Symbol("i", integer=True, nonnegative=True)
    hamming = sp.Sum(sp.binomial(m, i), (i, 0, sp.floor(alpha * m)))
    return sp.Ge(log2_growth(), m - _log2(hamming), evaluate=False)


def _log2(x: sp.Expr) -> sp.Expr:
    return sp.log(x) / sp.log(2)


@dataclass(frozen=True)
class SizeNeeded:
    """The smallest n that passes: an integer below 2^63, else only its logarithm, rounded down.

    exact: whether n is certainly that smallest integer. Where ball arithmetic left room it is
    False, and n is then a size below which none passes.
    """

    n: int | None
    log10: float
    exact: bool


def smallest_size(
    points: balls.Value, dimension: int, depth: int | None, error: Fraction
) -> SizeNeeded:
    """The smallest n with G(n, min(L, n), m) >= m - log2 Hamming(m, alpha).

    points: m >= 1, exact or a ball. depth: L, None for any depth. error: alpha in [0, 1/2).
    """

    @cache
    def labelling_bits(precision: int) -> arb:
        with ctx.workprec(precision):
            return _labelling_bits(points, error)

    def passes(size: balls.Value) -> bool | None:
        for precision in balls.PRECISIONS[:4]:
            with ctx.workprec(precision):
                layers = size if depth is None else _at_most(size, depth)
                environment = {n: size, L: layers, m: points, d: Fraction(dimension)}
                growth = balls.evaluate(log2_growth(), environment)
                answer = balls.is_less(labelling_bits(precision), growth, or_equal=True)
            if answer is not None:
                return answer
        return None

    if passes(Fraction(INT64)) is False:
        return SizeNeeded(None, _log2_where_failing_ends(passes) * log10(2), exact=False)
    fails, enough, exact = 0, INT64, _is_held(points)
    while enough - fails > 1:
        middle = (fails + enough) // 2
        answer = passes(Fraction(middle))
        exact = exact and answer is not None
        fails, enough = (middle, enough) if answer is False else (fails, middle)
    return SizeNeeded(enough, log10(enough), exact)


def _log2_where_failing_ends(passes: Callable[[balls.Value], bool | None]) -> float:
    """The largest t, to 12 digits and from below, at which n = 2^t certainly fails."""

    def fails_at(t: float) -> bool:
        with ctx.workprec(balls.PRECISIONS[1]):
            return passes(arb(2) ** arb(t)) is False

    fails, enough = 63.0, 126.0
    while fails_at(enough):
        fails, enough = enough, 2 * enough
    while enough - fails > 1e-12 * enough:
        middle = (fails + enough) / 2
        fails, enough = (middle, enough) if fails_at(middle) else (fails, middle)
    return fails


def _at_most(size: balls.Value, depth: int) -> balls.Value:
    return min(size, Fraction(depth)) if isinstance(size, Fraction) else Fraction(depth)


def _is_held(points: balls.Value) -> bool:
    return isinstance(points, Fraction) and points.numerator.bit_length() <= _HELD_BITS


def _labelling_bits(points: balls.Value, error: Fraction) -> arb:
    """A lower bound on m - log2 Hamming(m, alpha), up to rounding equal where m is exact."""
    total = balls.ball(points)
    if error == 0:
        return total
    if isinstance(points, Fraction) and _is_held(points):
        return total - _log2_hamming(int(points), floor(error * points))
    return total * (1 - _entropy(error))


def _log2_hamming(points: int, errors: int) -> arb:
    """log2 of sum_{i <= errors} C(points, i), for errors < points/2."""
    if points <= _SUMMED:
        return _log2_ball(balls.ball(sum(comb(points, i) for i in range(errors + 1))))
    with ctx.extraprec(3 * points.bit_length()):
        whole, part = balls.ball(points), balls.ball(errors)
        largest = (whole + 1).lgamma() - (part + 1).lgamma() - (whole - part + 1).lgamma()
        return largest / arb.const_log2() + _log2_ball(_relative_sum(points, errors))


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


def _entropy(share: Fraction) -> arb:
    """Binary entropy H, with log2 Hamming(m, alpha) <= m H(alpha) for alpha <= 1/2."""
    a = balls.ball(share)
    return -(a * a.log() + (1 - a) * (1 - a).log()) / arb.const_log2()


def _log2_ball(x: arb) -> arb:
    return x.log() / arb.const_log2()
