"""The other way round: at which value of one parameter does a given size stop sufficing?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

import sympy as sp

from robustsize.bounds.statement import Form, Kind, Theorem
from robustsize.bounds.symbols import BY_SYMBOL, InputError, L, Norm, Parameter, Values, d, k, n
from robustsize.bounds.value import BoundValue, Sufficiency, bound_value, require_comparable

LARGEST = 10**9
"""Integers are sought up to here."""

AT_MOST = {k: (d,), L: (n,)}
"""Parameters that others bound from above."""

DIGITS = Fraction(1, 10**12)
"""Real parameters are enclosed to this relative width."""


@dataclass(frozen=True)
class Crossing:
    """Where a size crosses a monotone bound.

    last: the last value of the parameter on the side where the question is still open (for a lower
    bound) or the construction still fits (for an upper bound), None where there is none. first: the
    first value on the other side, None where the domain ends before. Between the two of a real
    parameter the answer is not known.
    """

    symbol: str
    size: int
    meaning: str
    last: Fraction | None
    first: Fraction | None


def solve(
    theorem: Theorem, form: Form, symbol: sp.Symbol, size: int, values: Values, norm: Norm
) -> Crossing:
    """Where networks with `size` parameters stop sufficing as one parameter gets harder.

    For a lower bound: the first value where every network of that size is too small. For an upper
    bound: the last value where the construction has at most that size.

    Raises InputError where the form is not monotone in the parameter, IncomparableError where its
    constant is unspecified.
    """
    _require_solvable(theorem, form, symbol, size)
    parameter = BY_SYMBOL[symbol]
    sufficient = Sufficiency.OPEN if theorem.kind is Kind.LOWER else Sufficiency.ENOUGH

    def suffices(value: Fraction) -> bool:
        at: BoundValue = bound_value(theorem, form, {**values, symbol: value}, norm)
        return at.holds_against(size) is sufficient

    harder_upwards = symbol in form.increasing
    if parameter.integer:
        above = [values[s] for s in AT_MOST.get(symbol, ()) if s in values]
        largest = int(min([Fraction(LARGEST), *above]))
        last, first = _integer_crossing(suffices, int(parameter.low), largest, harder_upwards)
    else:
        last, first = _real_crossing(suffices, parameter, harder_upwards)
    lower = theorem.kind is Kind.LOWER
    meaning = (
        f"at first no network with {size} parameters does it; at last the bound leaves it open"
        if lower
        else f"at last the construction has at most {size} parameters; at first it has more"
    )
    return Crossing(symbol.name, size, meaning, last, first)


def _require_solvable(theorem: Theorem, form: Form, symbol: sp.Symbol, size: int) -> None:
    require_comparable(theorem.id, form.name, form.constant, theorem.quantity, size)
    known = (*form.increasing, *form.decreasing)
    if symbol not in known:
        options = ", ".join(f"--for {BY_SYMBOL[s].option[2:]}" for s in known)
        raise InputError(
            f"--for {BY_SYMBOL[symbol].option[2:]}: {theorem.id} ({form.name.value}) is not "
            f"monotone in it; it can be solved with {options}"
        )


def _integer_crossing(
    suffices: Callable[[Fraction], bool], low: int, high: int, harder_upwards: bool
) -> tuple[Fraction | None, Fraction | None]:
    """(last that suffices, first that does not), for an integer parameter from low to high."""
    sign = 1 if harder_upwards else -1
    easy, hard = (low, high) if harder_upwards else (high, low)
    if not suffices(Fraction(easy)):
        return None, Fraction(easy)
    if suffices(Fraction(hard)):
        return Fraction(hard), None
    while sign * (hard - easy) > 1:
        middle = (easy + hard) // 2
        easy, hard = (middle, hard) if suffices(Fraction(middle)) else (easy, middle)
    return Fraction(easy), Fraction(hard)


def _real_crossing(
    suffices: Callable[[Fraction], bool], parameter: Parameter, harder_upwards: bool
) -> tuple[Fraction | None, Fraction | None]:
    """(last known to suffice, first known not to), for a real parameter, geometrically bisected."""
    assert parameter.high is not None
    tiny = Fraction(1, 10**12)
    low = (
        parameter.low + tiny * (parameter.high - parameter.low)
        if parameter.low_open
        else parameter.low
    )
    high = parameter.high * (1 - tiny)
    easy, hard = (low, high) if harder_upwards else (high, low)
    if not suffices(easy):
        return None, easy
    if suffices(hard):
        return hard, None
    while abs(hard - easy) > DIGITS * max(easy, hard):
        middle = _between(easy, hard)
        easy, hard = (middle, hard) if suffices(middle) else (easy, middle)
    return easy, hard


def _between(a: Fraction, b: Fraction) -> Fraction:
    """A short decimal about midway, on a logarithmic scale where a and b are far apart."""
    low, high = sorted((float(a), float(b)))
    return Fraction(repr((low * high) ** 0.5 if 0 < 2 * low < high else (low + high) / 2))
