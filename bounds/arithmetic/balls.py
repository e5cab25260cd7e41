"""SymPy expressions evaluated exactly where they are rational, in ball arithmetic elsewhere.

A value is a Fraction (exact) or an `arb`, a ball of real numbers that is certain to contain the
true value, with an exponent of any size: 10^(10^7) is an ordinary number here. Environments give
each free symbol a Fraction or a ball, so the same walk serves a point and a box.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from math import ceil, comb, factorial, floor, inf, nextafter
from typing import TypeAlias

import sympy as sp
from flint import arb, ctx, fmpq, fmpz

from robustsize.bounds.arithmetic.sums import nesting, taken_apart

Value: TypeAlias = Fraction | arb
Environment: TypeAlias = Mapping[sp.Symbol, Value]

EXACT_BITS = 1 << 14
"""Rationals whose numerator or denominator would grow past this many bits become balls."""

SUM_TERMS = 100_000
"""The longest finite sum that is evaluated term by term, sums inside it counted."""

PRECISIONS = tuple(128 << i for i in range(7))
"""Working precisions in bits, tried in turn until an answer is certain."""


class UndecidedError(ArithmeticError):
    """The highest working precision did not settle the question; it may hold or not."""


def ball(value: Value | int) -> arb:
    """The value as a ball, at the working precision of `flint.ctx`."""
    if isinstance(value, arb):
        return value
    exact = Fraction(value)
    return arb(fmpq(exact.numerator, exact.denominator))


def rational(middle: arb) -> Fraction | None:
    """A ball without radius as a fraction; None where that would be absurdly long to write out."""
    if not middle.is_finite():
        return None
    mantissa, exponent = middle.man_exp()
    if abs(exponent) > EXACT_BITS or not middle.is_exact():
        return None
    return Fraction(int(mantissa)) * Fraction(2) ** int(exponent)


def evaluate(expression: sp.Basic, environment: Environment) -> Value:
    """The value of an expression at the working precision of `flint.ctx`.

    Where the expression is undefined (the log of a negative number, a division by zero) the answer
    is a ball that is not finite.

    Raises TypeError for a node that has no meaning here, KeyError for a symbol without a value.
    """
    if isinstance(expression, sp.Symbol):
        return environment[expression]
    if isinstance(expression, sp.Rational):
        return _fraction(expression)
    if isinstance(expression, sp.Sum):
        return _sum(expression, environment)
    if isinstance(expression, sp.Mul):
        return _mul(Fraction(1), *_factors(expression, environment))
    rule = _RULES.get(type(expression))
    if rule is None:
        raise TypeError(f"{type(expression).__name__} has no evaluation: {expression}")
    return rule(*(evaluate(a, environment) for a in expression.args))


@functools.lru_cache(maxsize=4096)
def _fraction(number: sp.Rational) -> Fraction:
    return Fraction(int(number.p), int(number.q))


def certain(
    expression: sp.Basic, environment: Mapping[sp.Symbol, Fraction], *, bits: int = 64
) -> Value:
    """The value at a rational point, exact or to `bits` relative bits, certainly.

    Raises UndecidedError where no working precision reaches that, for example at a floor whose
    argument cannot be told from an integer, ArithmeticError where the value is undefined.
    """
    for precision in PRECISIONS:
        with ctx.workprec(precision):
            value = evaluate(expression, environment)
        if isinstance(value, Fraction) or value.rel_accuracy_bits() >= bits:
            return value
    if isinstance(value, arb) and not value.is_finite():
        raise ArithmeticError(f"{expression} is undefined at {dict(environment)}")
    raise UndecidedError(f"{expression} is not settled by {PRECISIONS[-1]} bits: {value}")


def float_below(value: Value | int | float) -> float:
    """The largest float64 at or below the value, or a ball's every number, up to one step."""
    with ctx.workprec(max(ctx.prec, PRECISIONS[1])):
        low = _ball_of(value).lower()
        near = float(low)
        return near if arb(near) <= low else nextafter(near, -inf)


def float_above(value: Value | int | float) -> float:
    """The least float64 at or above the value, or a ball's every number, up to one step."""
    return -float_below(-_ball_of(value))


def _ball_of(value: Value | int | float) -> arb:
    return arb(value) if isinstance(value, float) else ball(value)


def is_less(left: Value, right: Value, *, or_equal: bool = False) -> bool | None:
    """Three-valued left < right (or <=): None where the balls overlap and so do not settle it."""
    if isinstance(left, Fraction) and isinstance(right, Fraction):
        return left <= right if or_equal else left < right
    a, b = ball(left), ball(right)
    if a <= b if or_equal else a < b:
        return True
    if a > b if or_equal else a >= b:
        return False
    return None


def holds(relation: sp.Rel, environment: Mapping[sp.Symbol, Fraction]) -> bool:
    """Whether a <, <=, > or >= holds at a rational point, certainly.

    Raises UndecidedError where no working precision settles it.
    """
    left, right = (relation.lts, relation.gts)
    or_equal = isinstance(relation, sp.Le | sp.Ge)
    for precision in PRECISIONS:
        with ctx.workprec(precision):
            sides = evaluate(left, environment), evaluate(right, environment)
            answer = is_less(*sides, or_equal=or_equal)
        if answer is not None:
            return answer
    raise UndecidedError(f"{relation} is not settled by {PRECISIONS[-1]} bits")


def _bits(x: Fraction) -> int:
    return max(x.numerator.bit_length(), x.denominator.bit_length())


def _fold(
    exact: Callable[[Fraction, Fraction], Fraction], balls: Callable[[arb, arb], arb]
) -> Callable[..., Value]:
    def rule(*values: Value) -> Value:
        total = values[0]
        for value in values[1:]:
            if isinstance(total, Fraction) and isinstance(value, Fraction):
                small = _bits(total) + _bits(value) <= EXACT_BITS
                total = exact(total, value) if small else balls(ball(total), ball(value))
            else:
                total = balls(ball(total), ball(value))
        return total

    return rule


def _mul(*values: Value) -> Value:
    if any(isinstance(v, Fraction) and v == 0 for v in values):
        finite = all(isinstance(v, Fraction) or v.is_finite() for v in values)
        return Fraction(0) if finite else arb.nan()
    return _fold(lambda a, b: a * b, lambda a, b: a * b)(*values)


def _factors(expression: sp.Mul, environment: Environment) -> Iterator[Value]:
    """The factors of a product, its square roots of rationals as one: sqrt(2) sqrt(8) is 4."""
    under_root: Value = Fraction(1)
    for factor in expression.args:
        if isinstance(factor, sp.Pow) and abs(factor.exp) == sp.S.Half:
            base = evaluate(factor.base, environment)
            if isinstance(base, Fraction) and base > 0:
                under_root = _mul(under_root, base if factor.exp > 0 else 1 / base)
                continue
        yield evaluate(factor, environment)
    if under_root != 1:
        yield _pow(under_root, Fraction(1, 2))


def greatest(*values: Value) -> Value:
    """The largest value, the operand itself where it is certain which one it is."""
    return functools.reduce(
        lambda a, b: _either(is_less(a, b, or_equal=True), b, a, arb.max), values
    )


def least(*values: Value) -> Value:
    """The smallest value, the operand itself where it is certain which one it is."""
    return functools.reduce(
        lambda a, b: _either(is_less(a, b, or_equal=True), a, b, arb.min), values
    )


def _either(first: bool | None, a: Value, b: Value, unsettled: Callable[[arb, arb], arb]) -> Value:
    return unsettled(ball(a), ball(b)) if first is None else a if first else b


def _pow(base: Value, exponent: Value) -> Value:
    if isinstance(exponent, Fraction) and isinstance(base, Fraction):
        if base == 0:
            return Fraction(int(exponent == 0)) if exponent >= 0 else arb.nan()
        if exponent.denominator == 1 and _bits(base) * abs(exponent.numerator) <= EXACT_BITS:
            return base**exponent.numerator
        root = _exact_root(base, exponent.denominator)
        if root is not None and _bits(root) * abs(exponent.numerator) <= EXACT_BITS:
            return root**exponent.numerator
    if isinstance(base, Fraction) and base == 0 and is_less(Fraction(0), exponent):
        return Fraction(0)
    if isinstance(exponent, Fraction) and exponent.denominator == 1:
        return ball(base) ** fmpz(exponent.numerator)
    if isinstance(exponent, Fraction) and exponent == Fraction(1, 2):
        return ball(base).sqrt()
    return ball(base) ** ball(exponent)


def evaluate_pow(base: Value, exponent: Value) -> Value:
    """base ** exponent, exact where it is a rational of moderate size; 0 ** 0 is 1."""
    return _pow(base, exponent)


def _exact_root(base: Fraction, degree: int) -> Fraction | None:
    if base <= 0 or degree == 1 or degree > 64:
        return None
    top, whole_top = sp.integer_nthroot(base.numerator, degree)
    bottom, whole_bottom = sp.integer_nthroot(base.denominator, degree)
    return Fraction(int(top), int(bottom)) if whole_top and whole_bottom else None


def _floor(x: Value) -> Value:
    return Fraction(floor(x)) if isinstance(x, Fraction) else whole(x.floor())


def _ceiling(x: Value) -> Value:
    return Fraction(ceil(x)) if isinstance(x, Fraction) else whole(x.ceil())


def whole(x: arb) -> Value:
    """The one integer in a ball, if it is not absurdly long; else the ball."""
    unique = x.unique_fmpz() if abs(x) < arb(2) ** EXACT_BITS else None
    return x if unique is None else Fraction(int(unique))


def _log(x: Value) -> Value:
    return Fraction(0) if x == 1 and isinstance(x, Fraction) else ball(x).log()


def _exp(x: Value) -> Value:
    return Fraction(1) if isinstance(x, Fraction) and x == 0 else ball(x).exp()


def _gamma(x: Value) -> Value:
    if isinstance(x, Fraction) and x.denominator == 1 and 0 < x <= 1000:
        return Fraction(factorial(int(x) - 1))
    return ball(x).gamma()


def _factorial(x: Value) -> Value:
    return _gamma(_fold(lambda a, b: a + b, lambda a, b: a + b)(x, Fraction(1)))


def _binomial(n: Value, k: Value) -> Value:
    if isinstance(n, Fraction) and isinstance(k, Fraction) and n.denominator == k.denominator == 1:
        if k < 0 or 0 <= n < k:
            return Fraction(0)
        if n >= 0 and (n <= EXACT_BITS or min(k, n - k) * _bits(n) <= EXACT_BITS):
            return Fraction(comb(int(n), int(k)))
    a, b = ball(n), ball(k)
    return ((a + 1).lgamma() - (b + 1).lgamma() - (a - b + 1).lgamma()).exp()


def _sum(expression: sp.Sum, environment: Environment) -> Value:
    index, low, high, term = taken_apart(expression)
    start, stop = evaluate(low, environment), evaluate(high, environment)
    if not (isinstance(start, Fraction) and isinstance(stop, Fraction)):
        raise TypeError(f"only a sum with exact bounds can be evaluated: {expression}")
    if stop - start >= SUM_TERMS ** (1 / nesting(expression)):
        raise TypeError(f"more than {SUM_TERMS} terms: {expression}")
    terms = (
        evaluate(term, {**environment, index: Fraction(i)})
        for i in range(ceil(start), floor(stop) + 1)
    )
    return _add(Fraction(0), *terms)


_add = _fold(lambda a, b: a + b, lambda a, b: a + b)

_RULES: dict[type, Callable[..., Value]] = {
    sp.Add: _add,
    sp.Pow: _pow,
    sp.exp: _exp,
    sp.log: _log,
    sp.floor: _floor,
    sp.ceiling: _ceiling,
    sp.Max: greatest,
    sp.Min: least,
    sp.Abs: lambda x: abs(x),
    sp.gamma: _gamma,
    sp.factorial: _factorial,
    sp.binomial: _binomial,
    type(sp.E): lambda: arb.const_e(),
    type(sp.pi): lambda: arb.pi(),
}
