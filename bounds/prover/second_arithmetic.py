"""The arithmetic of the second evaluator: exact fractions, and intervals of mpmath elsewhere.

It shares nothing with the balls of the first evaluator but the conventions of
`docs/derivations.md`. Intervals have the working precision of `mpmath.iv`.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from fractions import Fraction
from math import comb, factorial, floor, isqrt
from typing import Any, TypeAlias

from mpmath import iv, libmp

Number: TypeAlias = Any
"""A Fraction, or an interval of mpmath, which has no types."""

_EXACT_BITS = 4096
_LARGEST_EXPONENT = Fraction(2) ** 64


class UnsettledError(ArithmeticError):
    """The value cannot be told at this precision, or with this effort."""


class UndefinedHereError(ArithmeticError):
    """The expression has no value at this point."""


def interval(x: Number) -> Number:
    """The number as an interval."""
    return iv.mpf(x.numerator) / iv.mpf(x.denominator) if isinstance(x, Fraction) else x


def ends(x: Number) -> tuple[Fraction, Fraction]:
    """The two ends of a number, exactly."""
    if isinstance(x, Fraction):
        return x, x
    found = []
    for end in x._mpi_:
        _, mantissa, exponent, _ = end
        if (not mantissa and exponent) or abs(exponent) > 8 * _EXACT_BITS:
            raise UnsettledError("an end is too large")
        found.append(Fraction(*map(int, libmp.to_rational(end))))
    return found[0], found[1]


def compare(a: Number, op: type[ast.cmpop], b: Number) -> bool | None:
    """Three-valued comparison."""
    if isinstance(a, Fraction) and isinstance(b, Fraction):
        less, more = a < b, a > b
        return {
            ast.Lt: less,
            ast.LtE: not more,
            ast.Gt: more,
            ast.GtE: not less,
            ast.Eq: not (less or more),
            ast.NotEq: less or more,
        }[op]
    x, y = interval(a), interval(b)
    if op in (ast.Gt, ast.GtE):
        x, y = y, x
    if op in (ast.Eq, ast.NotEq):
        return (op is ast.NotEq) if (x < y) is True or (x > y) is True else None
    answer: bool | None = x < y if op in (ast.Lt, ast.Gt) else x <= y
    return answer


def sign(x: Number) -> int | None:
    """1, 0 or -1; None where the interval does not tell."""
    zero = Fraction(0)
    if isinstance(x, Fraction):
        return (x > 0) - (x < 0)
    return 1 if compare(x, ast.Gt, zero) else -1 if compare(x, ast.Lt, zero) else None


def whole(x: Number) -> int | None:
    """The integer that a number is, None if it is none. Raises UnsettledError."""
    if isinstance(x, Fraction):
        return x.numerator if x.denominator == 1 else None
    low, high = ends(x)
    if floor(high) >= low:
        raise UnsettledError("it may be an integer")
    return None


def _exactly(rule: Callable[[Number, Number], Number]) -> Callable[[Number, Number], Number]:
    """The rule on fractions while they are short, on intervals otherwise."""

    def apply(a: Number, b: Number) -> Number:
        if isinstance(a, Fraction) and isinstance(b, Fraction) and _bits(a) + _bits(b) < 2**14:
            return rule(a, b)
        return rule(interval(a), interval(b))

    return apply


def _bits(x: Fraction) -> int:
    return max(x.numerator.bit_length(), x.denominator.bit_length())


add = _exactly(lambda a, b: a + b)
_subtract = _exactly(lambda a, b: a - b)
_product = _exactly(lambda a, b: a * b)
_quotient = _exactly(lambda a, b: a / b)


def multiply(a: Number, b: Number) -> Number:
    """a * b, where an exact 0 makes 0 of anything."""
    if any(isinstance(x, Fraction) and x == 0 for x in (a, b)):
        return Fraction(0)
    return _product(a, b)


def divide(a: Number, b: Number) -> Number:
    """a / b."""
    side = sign(b)
    if side == 0:
        raise UndefinedHereError("a division by zero")
    if side is None:
        raise UnsettledError("perhaps a division by zero")
    return _quotient(a, b)


def power(base: Number, exponent: Number) -> Number:
    """base ** exponent: 0 ** 0 is 1, and a negative base needs a whole exponent."""
    if isinstance(exponent, Fraction) and exponent.denominator == 1:
        return _whole_power(base, exponent.numerator)
    side = sign(base)
    if side == 0:
        direction = sign(exponent)
        if direction is None:
            raise UnsettledError("0 to a power of unknown sign")
        if direction < 0:
            raise UndefinedHereError("0 to a negative power")
        return Fraction(0)
    if side == -1 and whole(exponent) is None:
        raise UndefinedHereError("a negative number to a power that is not whole")
    if side != 1:
        raise UnsettledError("a base of unknown sign")
    root = _exact_root(base, exponent)
    return exp(multiply(exponent, log(base))) if root is None else root


def _whole_power(base: Number, exponent: int) -> Number:
    if exponent < 0:
        return divide(Fraction(1), _whole_power(base, -exponent))
    if isinstance(base, Fraction):
        if base in (0, 1, -1):
            return base ** (exponent if exponent < 2 else 2 + exponent % 2)
        if _bits(base) * exponent < _EXACT_BITS:
            return base**exponent
    if exponent > 2**40:
        raise UnsettledError("a large power")
    return interval(base) ** exponent


def _exact_root(base: Number, exponent: Number) -> Fraction | None:
    """Square roots and their powers, where they are rational."""
    if not (isinstance(base, Fraction) and isinstance(exponent, Fraction)):
        return None
    top, bottom = isqrt(base.numerator), isqrt(base.denominator)
    if exponent.denominator != 2 or Fraction(top * top, bottom * bottom) != base:
        return None
    found = _whole_power(Fraction(top, bottom), exponent.numerator)
    return found if isinstance(found, Fraction) else None


def exp(x: Number) -> Number:
    """exp(x)."""
    if isinstance(x, Fraction) and x == 0:
        return Fraction(1)
    if not all(abs(end) < _LARGEST_EXPONENT for end in ends(x)):
        raise UnsettledError("a large exponent")
    return iv.exp(interval(x))


def log(x: Number) -> Number:
    """The natural logarithm."""
    _need_positive(x, "the logarithm of a number that is not positive")
    return Fraction(0) if isinstance(x, Fraction) and x == 1 else iv.log(interval(x))


def _log2(x: Number) -> Number:
    if isinstance(x, Fraction) and x > 0:
        top, bottom = x.numerator, x.denominator
        if top & (top - 1) == 0 and bottom & (bottom - 1) == 0:
            return Fraction(top.bit_length() - bottom.bit_length())
    return log(x) / iv.log(iv.mpf(2))


def _need_positive(x: Number, why: str) -> None:
    side = sign(x)
    if side is None:
        raise UnsettledError(why)
    if side < 1:
        raise UndefinedHereError(why)


def _floor(x: Number) -> Fraction:
    low, high = map(floor, ends(x))
    if low != high:
        raise UnsettledError("a floor between two integers")
    return Fraction(low)


def _gamma(x: Number) -> Number:
    _need_positive(x, "gamma of a number that is not positive")
    if isinstance(x, Fraction) and x.denominator == 1 and x <= 500:
        return Fraction(factorial(x.numerator - 1))
    if ends(x)[1] > 10**6:
        raise UnsettledError("gamma of a large number")
    return iv.gamma(interval(x))


def _binomial(n: Number, k: Number) -> Number:
    top, chosen = whole(n), whole(k)
    if top is not None and chosen is not None:
        if top < 0:
            raise UndefinedHereError("a binomial coefficient of a negative number")
        if not 0 <= chosen <= top:
            return Fraction(0)
        if min(chosen, top - chosen) * top.bit_length() > 4 * _EXACT_BITS:
            raise UnsettledError("a large binomial coefficient")
        return Fraction(comb(top, chosen))
    one = Fraction(1)
    below = multiply(_gamma(add(k, one)), _gamma(add(_subtract(n, k), one)))
    return divide(_gamma(add(n, one)), below)


def _extremum(largest: bool) -> Callable[..., Number]:
    def choose(*values: Number) -> Number:
        best = values[0]
        for value in values[1:]:
            ahead = compare(value, ast.Gt if largest else ast.Lt, best)
            if ahead is None:
                pairs = [ends(best), ends(value)]
                pick = max if largest else min
                low, high = (pick(p[i] for p in pairs) for i in (0, 1))
                best = iv.mpf([interval(low).a, interval(high).b])
            elif ahead:
                best = value
        return best

    return choose


OPERATORS: Mapping[type[ast.operator], Callable[[Number, Number], Number]] = {
    ast.Add: add,
    ast.Sub: _subtract,
    ast.Mult: multiply,
    ast.Div: divide,
    ast.Pow: power,
}
FUNCTIONS: Mapping[str, Callable[..., Number]] = {
    "abs": abs,
    "min": _extremum(largest=False),
    "max": _extremum(largest=True),
    "floor": _floor,
    "ceil": lambda x: -_floor(-x),
    "exp": exp,
    "log": log,
    "log2": _log2,
    "sqrt": lambda x: power(x, Fraction(1, 2)),
    "gamma": _gamma,
    "factorial": lambda x: _gamma(add(x, Fraction(1))),
    "binomial": _binomial,
}
