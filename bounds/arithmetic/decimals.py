"""Numbers as text, rounded so that what is printed still holds: a lower bound down, an upper up."""

from __future__ import annotations

from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN, Context, Decimal
from fractions import Fraction
from math import floor

from flint import arb, ctx

from robustsize.bounds.arithmetic import balls

Number = int | Fraction | float

_ROUNDING = {True: ROUND_CEILING, False: ROUND_FLOOR, None: ROUND_HALF_EVEN}

PLAIN = range(-4, 6)
"""Powers of ten whose numbers are written without an exponent."""


def number(value: Number, *, up: bool | None, digits: int = 4) -> str:
    """An integer as it is, another number to so many significant digits.

    Rounded up or down; None: to nearest.
    """
    if isinstance(value, Fraction) and value.denominator == 1:
        value = value.numerator
    if isinstance(value, int) and abs(value) < 1 << 63:
        return str(value)
    return _written(_rounded(value, up, digits))


def magnitude(log10: float | None, *, up: bool | None) -> str:
    """10^log10, whatever its size, rounded up or down, as log10 itself is; None: to nearest."""
    if log10 is None:
        return "0"
    exponent = floor(log10)
    with ctx.workprec(128):
        ball = arb(10) ** (arb(log10) - exponent)
    mantissa = balls.float_below(ball) if up is False else balls.float_above(ball)
    if log10 < 1e9 and exponent in PLAIN:
        return _written(_rounded(Fraction(mantissa) * Fraction(10) ** exponent, up, 6))
    # A float's digits go to the exponent first; show of the mantissa only what is left.
    digits = min(3, 14 - len(str(abs(exponent))))
    shown = _rounded(Fraction(mantissa), up, 1 + max(digits, 0))
    if shown >= 10:
        shown, exponent = shown / 10, exponent + 1
    return f"{shown:.{max(digits, 0)}f}e{exponent:+d}"


def _rounded(value: Fraction | float, up: bool | None, digits: int) -> Decimal:
    context = Context(prec=digits, rounding=_ROUNDING[up])
    exact = Fraction(value)
    return context.divide(Decimal(exact.numerator), Decimal(exact.denominator))


def _written(value: Decimal) -> str:
    short = value.normalize()
    if short.is_zero():
        return "0"
    exponent = short.adjusted()
    if exponent in PLAIN:
        return format(short, "f")
    return f"{short.scaleb(-exponent)}e{exponent:+d}"
