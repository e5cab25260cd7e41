"""The other way round: at which value of one parameter does a given size stop sufficing?

What is answered holds at the two values that are named, one beside the other; nothing is inferred
from a bound's monotonicity, which only tells where to look.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from math import ceil, floor

import sympy as sp

from robustsize.bounds.arithmetic import balls
from robustsize.bounds.evaluate import Sufficiency, bound_value, require_comparable
from robustsize.bounds.statement import Form, Hypothesis, Kind, Theorem
from robustsize.bounds.symbols import BY_SYMBOL, InputError, Norm, Parameter, Values, checked

LARGEST = 10**9
"""Integers are sought up to here."""

DIGITS = Fraction(1, 10**12)
"""Real parameters are enclosed to this relative width, and sought so far from an open end."""

_STRICT = (sp.StrictLessThan, sp.StrictGreaterThan)


@dataclass(frozen=True)
class Crossing:
    """Where a size crosses a bound.

    last: a value of the parameter where the question is still open (for a lower bound) or the
    construction fits (for an upper bound). first: one beside it where networks of that size are too
    small, or the construction is larger: the next integer, or within DIGITS of it. Both are None
    where the two ends of the interval that was searched agree. meaning: what holds, in words.
    """

    symbol: str
    size: int
    meaning: str
    last: Fraction | None
    first: Fraction | None
    searched: tuple[Fraction, Fraction]


def solve(
    theorem: Theorem, form: Form, symbol: sp.Symbol, size: int, values: Values, norm: Norm
) -> Crossing:
    """Where networks with `size` parameters stop sufficing as one parameter gets harder.

    For a lower bound: neighbouring values, at one of which every network of that size is too small.
    For an upper bound: at one of which the construction has at most that size.

    Raises InputError where the form does not depend on the parameter or is not known to be monotone
    in it, and as `bound_value` does; IncomparableError where its constant is unspecified.
    """
    require_comparable(theorem.id, form.name, form.constant, theorem.quantity, size)
    if isinstance(size, bool) or not isinstance(size, int) or size < 1:
        raise InputError(f"--size {size}: must be a whole number >= 1; for example --size 25e6")
    _require_monotone(theorem, form, symbol)
    others = {s: v for s, v in checked(values).items() if s is not symbol}
    sufficient = Sufficiency.OPEN if theorem.kind is Kind.LOWER else Sufficiency.ENOUGH

    def suffices(value: Fraction) -> bool:
        at = bound_value(theorem, form, {**others, symbol: value}, norm)
        return at.holds_against(size) is sufficient

    parameter = BY_SYMBOL[symbol]
    low, high = ends = _searched(theorem, form, parameter, others)
    at_low, at_high = suffices(low), suffices(high)
    if at_low == at_high:
        meaning = _unchanged(theorem.kind, symbol, size, ends, at_low)
        return Crossing(symbol.name, size, meaning, None, None, ends)
    last, first = (low, high) if at_low else (high, low)
    while not _are_neighbours(parameter, last, first):
        middle = _between(parameter, last, first)
        last, first = (middle, first) if suffices(middle) else (last, middle)
    meaning = _changed(theorem.kind, symbol, size, last, first)
    return Crossing(symbol.name, size, meaning, last, first, ends)


def _require_monotone(theorem: Theorem, form: Form, symbol: sp.Symbol) -> None:
    known = (*form.increasing, *form.decreasing)
    if symbol in known:
        return
    options = ", ".join(f"--for {BY_SYMBOL[s].option[2:]}" for s in dict.fromkeys(known))
    why = "is not known to be monotone in it" if symbol in form.symbols else "does not depend on it"
    can = f"it can be solved with {options}" if known else "it cannot be solved for any parameter"
    raise InputError(
        f"--for {BY_SYMBOL[symbol].option[2:]}: {theorem.id} ({form.name.value}) {why}; {can}"
    )


def _searched(
    theorem: Theorem, form: Form, parameter: Parameter, others: Values
) -> tuple[Fraction, Fraction]:
    """The ends of the search: of the parameter's domain, within what the hypotheses allow.

    Raises InputError where nothing is left.
    """
    low, high = parameter.low, parameter.high
    low_open, high_open = parameter.low_open, parameter.high_open
    for text in (*theorem.hypotheses, *form.hypotheses):
        side = _limit(text, parameter.symbol, others)
        if side is None:
            continue
        value, is_upper, is_open = side
        if is_upper and (high is None or value <= high):
            high, high_open = value, is_open or (high_open and value == high)
        elif not is_upper and value >= low:
            low, low_open = value, is_open or (low_open and value == low)
    if parameter.integer:
        top = Fraction(LARGEST) if high is None else high
        first = floor(low) + 1 if low_open else ceil(low)
        last = ceil(top) - 1 if high is not None and high_open else floor(top)
        ends = Fraction(first), Fraction(min(last, LARGEST))
    else:
        assert high is not None
        margin = DIGITS * (high - low)
        ends = low + margin * low_open, high - margin * high_open
    if ends[0] > ends[1] or (high == low and (low_open or high_open)):
        raise InputError(
            f"--for {parameter.option[2:]}: {theorem.id} ({form.name.value}) has no value of it "
            "that fits the other parameters"
        )
    return ends


def _limit(
    hypothesis: Hypothesis, symbol: sp.Symbol, others: Values
) -> tuple[Fraction, bool, bool] | None:
    """What a hypothesis says of the parameter alone: a limit, whether from above, whether open."""
    condition = hypothesis.condition
    if condition is None or not condition.free_symbols - {symbol} <= others.keys():
        return None
    is_open = isinstance(condition, _STRICT)
    for side, other, is_upper in (
        (condition.lts, condition.gts, True),
        (condition.gts, condition.lts, False),
    ):
        if side == symbol and symbol not in other.free_symbols:
            value = balls.certain(other, others)
            return (value, is_upper, is_open) if isinstance(value, Fraction) else None
    return None


def _are_neighbours(parameter: Parameter, a: Fraction, b: Fraction) -> bool:
    apart = abs(a - b)
    return apart <= 1 if parameter.integer else apart <= DIGITS * max(a, b)


def _between(parameter: Parameter, a: Fraction, b: Fraction) -> Fraction:
    """About midway: an integer, or a short decimal, by logarithms where the two are far apart."""
    if parameter.integer:
        return Fraction((a + b) // 2)
    low, high = sorted((float(a), float(b)))
    return Fraction(repr((low * high) ** 0.5 if 0 < 2 * low < high else (low + high) / 2))


_CLAIMS: dict[Kind, tuple[Callable[[str], str], Callable[[str], str]]] = {
    Kind.LOWER: (
        lambda size: f"the bound does not rule out {size}",
        lambda size: f"no network with at most {size} suffices",
    ),
    Kind.UPPER: (
        lambda size: f"the construction has at most {size}",
        lambda size: f"the construction has more than {size}",
    ),
}
"""What holds where a size suffices and where it does not, by the kind of the bound."""


def _claim(kind: Kind, size: int, suffices: bool) -> str:
    enough, too_small = _CLAIMS[kind]
    digits = str(size).rstrip("0")
    shown = f"{size:,}" if size < 10**15 else f"{digits}e{len(str(size)) - len(digits)}"
    return (enough if suffices else too_small)(f"{shown} parameter{'s' * (size > 1)}")


def _changed(kind: Kind, symbol: sp.Symbol, size: int, last: Fraction, first: Fraction) -> str:
    return (
        f"at {symbol.name} = {_written(first)} {_claim(kind, size, False)}; "
        f"at {symbol.name} = {_written(last)} {_claim(kind, size, True)}"
    )


def _unchanged(
    kind: Kind, symbol: sp.Symbol, size: int, ends: tuple[Fraction, Fraction], suffices: bool
) -> str:
    low, high = map(_written, ends)
    return (
        f"nothing was found from {symbol.name} = {low} to {symbol.name} = {high}: at both ends "
        f"{_claim(kind, size, suffices)}"
    )


def _written(value: Fraction) -> str:
    """A value in a sentence, exact: thousands marked, a decimal, or else a fraction."""
    if value.denominator == 1:
        return f"{int(value):,}"
    decimal = Decimal(value.numerator) / value.denominator
    return f"{decimal.normalize()}" if Fraction(decimal) == value else str(value)
