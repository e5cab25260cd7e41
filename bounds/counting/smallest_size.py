"""From growth functions to lower bounds on size.

To meet each of the 2^m labellings of m points up to a share alpha of errors a class needs
m - log2 Hamming(m, alpha) <= log2 Pi(m), because a sign pattern serves at most a Hamming ball of
labellings. The smallest n whose growth bounds all leave that room is a lower bound on size.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache

import sympy as sp
from flint import arb, ctx

from robustsize.bounds.arithmetic import balls
from robustsize.bounds.counting.growth import Growth
from robustsize.bounds.counting.hamming import is_held, labelling_bits
from robustsize.bounds.symbols import alpha, m

INT64 = 1 << 63
"""Sizes below this are given as exact integers, larger ones by their logarithm."""

_PRECISIONS = balls.PRECISIONS[:4]

Test = Callable[[balls.Value], bool | None]


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
    points: balls.Value,
    dimension: int,
    depth: int | None,
    error: Fraction,
    growths: Sequence[Growth],
    spare_bits: int = 0,
) -> SizeNeeded:
    """The smallest n that every growth bound lets meet each labelling of m points.

    points: m >= 1, exact or a ball. depth: L, None for any depth. error: alpha in [0, 1/2).
    spare_bits: t; then networks below n meet at most a share 2^-t of the labellings. Where a growth
    bound does not apply to a size it lets it pass; where it applies it rises with n.
    """

    @cache
    def bits_needed(precision: int) -> arb:
        with ctx.workprec(precision):
            return labelling_bits(points, error) - spare_bits

    def test(growth: Growth) -> Test:
        def passes(size: balls.Value) -> bool | None:
            for precision in _PRECISIONS:
                with ctx.workprec(precision):
                    bits = growth.bits(size, points, dimension, depth)
                    if bits is None:
                        return True
                    answer = balls.is_less(bits_needed(precision), bits, or_equal=True)
                if answer is not None:
                    return answer
            return None

        return passes

    tests = [test(growth) for growth in growths]
    large = [passes for passes in tests if passes(Fraction(INT64)) is False]
    if large:
        exponent = max(map(_log2_where_failing_ends, large))
        with ctx.workprec(balls.PRECISIONS[0]):
            log = balls.ball(Fraction(exponent)) * arb(2).log() / arb.const_log10()
        return SizeNeeded(None, balls.float_below(log), exact=False)
    smallest, exact = 1, is_held(points)
    for passes in tests:
        smallest, certain = _first_passing(passes, smallest)
        exact = exact and certain
    with ctx.workprec(balls.PRECISIONS[0]):
        log = balls.ball(smallest).log() / arb.const_log10()
    return SizeNeeded(smallest, balls.float_below(log), exact)


def condition(growths: Sequence[Growth]) -> sp.Basic:
    """The condition on n that `smallest_size` tests, as a formula."""
    i = sp.Symbol("i", integer=True, nonnegative=True)
    hamming = sp.Sum(sp.binomial(m, i), (i, 0, sp.floor(alpha * m)))
    room = sp.Min(*(growth.formula for growth in growths), evaluate=False)
    return sp.Ge(room, m - sp.log(hamming) / sp.log(2), evaluate=False)


def _first_passing(passes: Test, start: int) -> tuple[int, bool]:
    """The smallest n >= start that may pass, and whether it certainly does."""
    certain = True

    def may_pass(size: int) -> bool:
        nonlocal certain
        answer = passes(Fraction(size))
        certain = certain and answer is not None
        return answer is not False

    fails, enough = start - 1, start
    while not may_pass(enough):
        fails, enough = enough, 2 * enough
    while enough - fails > 1:
        middle = (fails + enough) // 2
        fails, enough = (fails, middle) if may_pass(middle) else (middle, enough)
    return enough, certain


def _log2_where_failing_ends(passes: Test) -> float:
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
