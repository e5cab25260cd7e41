"""Intervals that may be open or unbounded, with exact or ball end points.

An Interval is certain to contain every value of an expression over a box. An open end is a value
that is certainly not taken, so a strict inequality can be read off although the bound itself is
attained in the limit. An end point is a Fraction, a ball, or a float infinity. The interval
[inf, inf] stands for a limit at infinity; an indeterminate form of limits gives the whole line.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import inf
from typing import TypeAlias

from flint import arb

from robustsize.bounds.arithmetic.balls import Value, ball, evaluate_pow, is_less, whole

End: TypeAlias = Fraction | arb | float
ZERO, ONE = Fraction(0), Fraction(1)


class UndefinedError(ArithmeticError):
    """The expression is, or may be, undefined somewhere in the box."""


@dataclass(frozen=True, slots=True)
class Interval:
    """All values between two ends; an open end is not taken."""

    low: End
    high: End
    low_open: bool = False
    high_open: bool = False

    @property
    def is_point(self) -> bool:
        """Whether both ends are the same exact number (or the same infinity)."""
        return not isinstance(self.low, arb) and self.low is not None and self.low == self.high

    @property
    def is_limit(self) -> bool:
        """Whether this is a limit at infinity."""
        return is_infinite(self.low) and is_infinite(self.high) and self.low == self.high

    def sign(self) -> int | None:
        """1 if certainly > 0, -1 if certainly < 0, None if neither is certain."""
        if self.positive():
            return 1
        return -1 if self.negative() else None

    def positive(self) -> bool:
        """Whether every value is > 0."""
        return less(ZERO, self.low) is True or (
            self.low_open and self.non_negative() and not self.non_positive()
        )

    def non_negative(self) -> bool:
        """Whether every value is >= 0."""
        return less(ZERO, self.low, or_equal=True) is True

    def negative(self) -> bool:
        """Whether every value is < 0."""
        return less(self.high, ZERO) is True or (
            self.high_open and self.non_positive() and not self.non_negative()
        )

    def non_positive(self) -> bool:
        """Whether every value is <= 0."""
        return less(self.high, ZERO, or_equal=True) is True


WHOLE = Interval(-inf, inf, True, True)


def is_infinite(end: End) -> bool:
    """Whether the end is one of the two infinities."""
    return isinstance(end, float)


def number(end: End) -> Value:
    """An end that is known not to be infinite."""
    if isinstance(end, float):
        raise UndefinedError("an end is infinite")
    return end


def exact(end: End) -> Fraction:
    """An end that is known to be an exact number, such as the ends of boxes."""
    if not isinstance(end, Fraction):
        raise TypeError(f"{end} is not an exact number")
    return end


def point(value: Value) -> Interval:
    """The interval of one number. Raises UndefinedError if the ball is not finite."""
    if isinstance(value, arb) and not value.is_finite():
        raise UndefinedError("a value is not finite")
    return Interval(value, value)


def less(a: End, b: End, *, or_equal: bool = False) -> bool | None:
    """Three-valued comparison of two ends."""
    if isinstance(a, float) or isinstance(b, float):
        x = a if isinstance(a, float) else 0.0
        y = b if isinstance(b, float) else 0.0
        return x <= y if or_equal else x < y
    return is_less(a, b, or_equal=or_equal)


def lower_of(candidates: list[tuple[End, bool]]) -> tuple[End, bool]:
    """The smallest of (end, open) pairs; where two cannot be told apart, a ball below both."""
    best, best_open = candidates[0]
    for end, open_ in candidates[1:]:
        smaller = less(end, best)
        if smaller:
            best, best_open = end, open_
        elif smaller is None or not less(best, end):
            best_open = best_open and open_
            if smaller is None and not is_infinite(best):
                best = ball(number(best)).min(ball(number(end)))
    return best, best_open


def upper_of(candidates: list[tuple[End, bool]]) -> tuple[End, bool]:
    """The largest of (end, open) pairs."""
    best, open_ = lower_of([(-end, o) for end, o in candidates])
    return -best, open_


def _sane(low: End, high: End, low_open: bool, high_open: bool) -> Interval:
    """The interval, with ends that overflowed replaced by infinities on the safe side."""
    if isinstance(low, arb) and not low.is_finite():
        low, low_open = -inf, True
    if isinstance(high, arb) and not high.is_finite():
        high, high_open = inf, True
    return Interval(low, high, low_open, high_open)


def hull(a: Interval, b: Interval) -> Interval:
    """The smallest interval that contains both."""
    low, low_open = lower_of([(a.low, a.low_open), (b.low, b.low_open)])
    high, high_open = upper_of([(a.high, a.high_open), (b.high, b.high_open)])
    return Interval(low, high, low_open, high_open)


def meet(a: Interval, b: Interval) -> Interval:
    """The values in both, where both are certain to contain the truth."""
    low, low_open = a.low, a.low_open
    if less(a.low, b.low) or (b.low_open and not less(b.low, a.low)):
        low, low_open = b.low, b.low_open
    high, high_open = a.high, a.high_open
    if less(b.high, a.high) or (b.high_open and not less(a.high, b.high)):
        high, high_open = b.high, b.high_open
    return Interval(low, high, low_open, high_open)


# arithmetic


def _sum_end(a: End, b: End, worst: float) -> End:
    if is_infinite(a) or is_infinite(b):
        return worst if worst in (a, b) else -worst
    if isinstance(a, Fraction) and isinstance(b, Fraction):
        return a + b
    return ball(number(a)) + ball(number(b))


def add(a: Interval, b: Interval) -> Interval:
    """All x + y."""
    return _sane(
        _sum_end(a.low, b.low, -inf),
        _sum_end(a.high, b.high, inf),
        a.low_open or b.low_open,
        a.high_open or b.high_open,
    )


def negate(a: Interval) -> Interval:
    """All -x."""
    return Interval(-a.high, -a.low, a.high_open, a.low_open)


def _ends(a: Interval) -> tuple[tuple[End, bool], tuple[End, bool]]:
    return (a.low, a.low_open), (a.high, a.high_open)


def _product(x: tuple[End, bool], y: tuple[End, bool]) -> tuple[End, bool]:
    (a, a_open), (b, b_open) = x, y
    zero_a = isinstance(a, Fraction) and a == 0
    zero_b = isinstance(b, Fraction) and b == 0
    if zero_a or zero_b:
        attained = (zero_a and not a_open) or (zero_b and not b_open)
        return ZERO, not attained
    if is_infinite(a) or is_infinite(b):
        other = b if is_infinite(a) else a
        side = _certain_sign(other)
        infinite = a if is_infinite(a) else b
        return (infinite * side, True) if side else (ZERO, True)
    if isinstance(a, Fraction) and isinstance(b, Fraction):
        return a * b, a_open or b_open
    return ball(number(a)) * ball(number(b)), a_open or b_open


def _certain_sign(end: End) -> int:
    return 1 if less(ZERO, end) else -1 if less(end, ZERO) else 0


def multiply(a: Interval, b: Interval, *, limit: bool = False) -> Interval:
    """All x * y. With `limit` an end may be a limit, and 0 * infinity is the whole line."""
    for x, y in ((a, b), (b, a)):
        unbounded = is_infinite(x.low) or is_infinite(x.high)
        if limit and unbounded and not (less(ZERO, y.low) or less(y.high, ZERO)):
            return WHOLE
    if any(is_infinite(e) and _unsigned(f) for e, f in _pairs(a, b)):
        return WHOLE
    if a.non_negative() and b.non_negative():
        low = _product((a.low, a.low_open), (b.low, b.low_open))
        high = _product((a.high, a.high_open), (b.high, b.high_open))
        return _sane(*_interleave(low, high))
    corners = [_product(x, y) for x in _ends(a) for y in _ends(b)]
    return _sane(*_interleave(lower_of(corners), upper_of(corners)))


def _pairs(a: Interval, b: Interval) -> list[tuple[End, End]]:
    ends = [(x, y) for x in (a.low, a.high) for y in (b.low, b.high)]
    return ends + [(y, x) for x, y in ends]


def _unsigned(end: End) -> bool:
    """Whether the end is a ball around 0, so that its product with infinity has no side."""
    return isinstance(end, arb) and _certain_sign(end) == 0


def _interleave(low: tuple[End, bool], high: tuple[End, bool]) -> tuple[End, End, bool, bool]:
    return low[0], high[0], low[1], high[1]


def inverse(a: Interval) -> Interval:
    """All 1 / x. Raises UndefinedError if x may be 0."""
    if a.negative():
        return negate(inverse(negate(a)))
    if not a.positive():
        raise UndefinedError("a division by zero is possible")
    low: End = ZERO if is_infinite(a.high) else 1 / _upper(number(a.high))
    high: End = ZERO if is_infinite(a.low) else 1 / a.low if less(ZERO, a.low) else inf
    return _sane(low, high, a.high_open or is_infinite(a.high), a.low_open)


def _upper(end: Value) -> Value:
    """The end itself, or the top of its ball where that is what is certainly positive."""
    return end if isinstance(end, Fraction) or less(ZERO, end) else end.upper()


def power(base: Interval, exponent: Interval, *, limit: bool = False) -> Interval:
    """All x ** y, where 0 ** 0 is 1.

    With `limit` the exponent is a limit, and x ** 0 may be of the forms 0 ** 0 and inf ** 0.
    """
    fixed = exponent.is_point and isinstance(exponent.low, Fraction) and not exponent.low_open
    if fixed and not limit:
        return _fixed_power(base, exact(exponent.low))
    if base.positive():
        ends = [base.low, base.high, exponent.low, exponent.high]
        if all(isinstance(e, Fraction) for e in ends) and base.low != 0:
            return _corner_power(base, exponent)
        return exp(multiply(exponent, log(base), limit=limit))
    if not (base.non_negative() and exponent.non_negative()):
        raise UndefinedError("a power of a number that may not be positive")
    if not exponent.positive():
        return _power_with_zeros(base, exponent, limit=limit)
    if base.is_point:
        return point(ZERO)
    # 0 <= base, 0 < exponent: the infimum is 0, the supremum that of the positive part
    positive = Interval(ZERO, base.high, True, base.high_open)
    top = exp(multiply(exponent, log(positive), limit=limit))
    return Interval(ZERO, top.high, base.low_open, top.high_open)


def _power_with_zeros(base: Interval, exponent: Interval, *, limit: bool) -> Interval:
    """Powers where 0 ** 0 may occur, which is 1; as a limit it may be anything from 0 on."""
    if limit:
        return Interval(ZERO, inf, False, True)
    if base.is_point:
        return Interval(ZERO, ONE)
    positive = Interval(ZERO, base.high, True, base.high_open)
    top = exp(multiply(exponent, log(positive)))
    return hull(Interval(ZERO, top.high, False, top.high_open), point(ONE))


def _corner_power(base: Interval, exponent: Interval) -> Interval:
    """x ** y is monotone in each variable for x > 0, so its extremes lie at corners."""
    corners: list[tuple[End, bool]] = []
    for b, b_open in _ends(base):
        for e, e_open in _ends(exponent):
            constant = (b == 1 and not b_open) or (e == 0 and not e_open)
            corners.append((evaluate_pow(exact(b), exact(e)), (b_open or e_open) and not constant))
    return _sane(*_interleave(lower_of(corners), upper_of(corners)))


def _fixed_power(base: Interval, exponent: Fraction) -> Interval:
    if exponent == 0:
        return point(ONE)
    if exponent < 0:
        return inverse(_fixed_power(base, -exponent))
    if exponent.denominator != 1 and not base.non_negative():
        raise UndefinedError("a root of a number that may be negative")
    if exponent.denominator == 1 and exponent.numerator % 2 == 0:
        base = absolute(base)
    return monotone(base, lambda x: evaluate_pow(x, exponent), {-inf: -inf, inf: inf})


def monotone(
    a: Interval, f: Callable[[Value], Value], at_infinity: Mapping[float, End]
) -> Interval:
    """The image under a strictly increasing function, with its values at the infinities."""

    def image(end: End, open_: bool) -> tuple[End, bool]:
        return (at_infinity[end], True) if isinstance(end, float) else (f(end), open_)

    return _sane(*_interleave(image(a.low, a.low_open), image(a.high, a.high_open)))


def absolute(a: Interval) -> Interval:
    """All |x|."""
    if a.non_negative():
        return a
    if a.non_positive():
        return negate(a)
    high, high_open = upper_of([(-a.low, a.low_open), (a.high, a.high_open)])
    return Interval(ZERO, high, False, high_open)


def exp(a: Interval) -> Interval:
    """All exp(x)."""
    image = monotone(a, _exp_end, {-inf: ZERO, inf: inf})
    if image.non_negative():
        return image
    return Interval(ZERO, image.high, True, image.high_open)


def _exp_end(x: Value) -> Value:
    return ONE if isinstance(x, Fraction) and x == 0 else ball(x).exp()


def log(a: Interval) -> Interval:
    """All log(x). Raises UndefinedError if x may be 0 or negative."""
    if not a.positive():
        raise UndefinedError("the logarithm of a number that may not be positive")

    low = _log_end(a.low) if less(ZERO, a.low) else -inf
    high = _log_end(a.high if is_infinite(a.high) else _upper(number(a.high)))
    return _sane(low, high, a.low_open, a.high_open)


def _log_end(x: End) -> End:
    if isinstance(x, float):
        return x
    return ZERO if isinstance(x, Fraction) and x == 1 else ball(x).log()


def extremum(parts: list[Interval], *, largest: bool) -> Interval:
    """The largest or the smallest of one value from each interval."""
    best = parts[0] if largest else negate(parts[0])
    for part in parts[1:]:
        other = part if largest else negate(part)
        high, high_open = upper_of([(best.high, best.high_open), (other.high, other.high_open)])
        low, low_open = _larger_low(best, other)
        best = _sane(low, high, low_open, high_open)
    return best if largest else negate(best)


def _larger_low(a: Interval, b: Interval) -> tuple[End, bool]:
    if less(a.low, b.low):
        return b.low, b.low_open
    if less(b.low, a.low):
        return a.low, a.low_open
    low = a.low
    if not (is_infinite(a.low) or a.low == b.low):
        low = ball(number(a.low)).max(ball(number(b.low)))
    return low, a.low_open or b.low_open


def rounded(a: Interval, *, up: bool) -> Interval:
    """All floor(x), or all ceil(x)."""
    if up:
        return negate(rounded(negate(a), up=False))
    low = a.low if is_infinite(a.low) else _floor_end(number(a.low))
    high = a.high
    if not is_infinite(high):
        high = _floor_end(number(high))
        if a.high_open and isinstance(a.high, Fraction) and a.high.denominator == 1:
            high = high - 1
    return _sane(low, high, is_infinite(low), is_infinite(high))


def _floor_end(x: Value) -> Value:
    if isinstance(x, Fraction):
        return Fraction(x.numerator // x.denominator)
    return whole(x.floor())
