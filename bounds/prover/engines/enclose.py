"""What an expression is certain to lie between over a box, from its form and from its slopes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from math import comb, inf
from time import thread_time

import sympy as sp
from flint import arb

from robustsize.bounds.arithmetic import intervals as iv
from robustsize.bounds.arithmetic.balls import ball
from robustsize.bounds.arithmetic.intervals import Interval, UndefinedError
from robustsize.bounds.arithmetic.sums import taken_apart
from robustsize.bounds.prover.engines.slopes import slope_of
from robustsize.bounds.prover.engines.zero import exactly_zero
from robustsize.bounds.prover.language.integrality import is_whole

_TERMS = 200
"""The longest Sum that is evaluated term by term over a box."""

_GAMMA_MINIMUM = Fraction(885603194410888, 10**15)
"""A lower bound of gamma on the positive axis; the minimum lies between 1.46 and 1.47."""


class Box:
    """An interval for each symbol, with what has been worked out over it."""

    __slots__ = ("deadline", "intervals", "known", "limit")

    def __init__(self, intervals: Mapping[sp.Symbol, Interval], deadline: float = inf) -> None:
        self.intervals = dict(intervals)
        self.deadline = deadline
        self.limit = any(i.is_limit for i in self.intervals.values())
        self.known: dict[tuple[sp.Basic, int], Interval | None] = {}

    def with_(self, symbol: sp.Symbol, interval: Interval) -> Box:
        """The box with one interval exchanged."""
        return Box({**self.intervals, symbol: interval}, self.deadline)

    def opened(self, symbol: sp.Symbol) -> Box:
        """The box without the end points of one symbol."""
        side = self.intervals[symbol]
        return self.with_(symbol, Interval(side.low, side.high, True, True))


def natural(expression: sp.Basic, box: Box) -> Interval:
    """The enclosure that interval arithmetic reads off the form of the expression.

    Over a box with a limit at infinity it encloses the limit, with no statement about open ends.
    Raises UndefinedError where the expression may be undefined or has no rule.
    """
    key = (expression, 0)
    if key not in box.known:
        try:
            value = _value(expression, box)
            if box.limit:
                value = Interval(value.low, value.high)
            elif value.sign() is None and not value.is_point and _is_zero(expression, box):
                value = iv.point(iv.ZERO)
            box.known[key] = value
        except UndefinedError:
            box.known[key] = None
    found = box.known[key]
    if found is None:
        raise UndefinedError(f"{expression} may be undefined")
    return found


def _is_zero(expression: sp.Basic, box: Box) -> bool:
    """Whether the box is a point for the expression, and the expression is exactly 0 there."""
    point: dict[sp.Symbol, Fraction] = {}
    for symbol in expression.free_symbols:
        side = box.intervals[symbol]
        if not side.is_point or not isinstance(side.low, Fraction):
            return False
        point[symbol] = side.low
    return exactly_zero(expression, point)


def enclose(expression: sp.Basic, box: Box, depth: int) -> Interval:
    """The enclosure sharpened by monotonicity: where a slope keeps its sign, only the ends count.

    `depth` bounds how often slopes are enclosed by their own slopes. Raises UndefinedError.
    """
    if thread_time() > box.deadline:
        raise UndefinedError("no time is left")
    best = natural(expression, box)
    if depth == 0 or best.sign() is not None:
        return best
    key = (expression, depth)
    if key not in box.known:
        if isinstance(expression, sp.Mul):
            factors = [enclose(factor, box, depth) for factor in expression.args]
            best = iv.meet(best, _mul(factors, box.limit))
        if best.sign() is None:
            best = _sharpened(expression, box, depth, best)
        box.known[key] = best
    return box.known[key] or best


def _sharpened(expression: sp.Basic, box: Box, depth: int, best: Interval) -> Interval:
    floor_box = roof_box = box
    floor_strict = roof_strict = False
    for symbol in sorted(expression.free_symbols, key=str):
        side = box.intervals[symbol]
        if side.is_point:
            continue
        slope = _slope(expression, symbol, box, depth)
        if slope is None or not (slope.non_negative() or slope.non_positive()):
            continue
        low, high = Interval(side.low, side.low), Interval(side.high, side.high)
        low_strict = slope.sign() is not None and (side.low_open or low.is_limit)
        high_strict = slope.sign() is not None and (side.high_open or high.is_limit)
        if not slope.non_negative():
            low, high, low_strict, high_strict = high, low, high_strict, low_strict
        floor_box, roof_box = floor_box.with_(symbol, low), roof_box.with_(symbol, high)
        floor_strict, roof_strict = floor_strict or low_strict, roof_strict or high_strict
    if floor_box is box:
        return best
    if (floor := _try(expression, floor_box, depth)) is not None:
        best = iv.meet(best, Interval(floor.low, inf, floor.low_open or floor_strict, True))
    if (roof := _try(expression, roof_box, depth)) is not None:
        best = iv.meet(best, Interval(-inf, roof.high, True, roof.high_open or roof_strict))
    return Interval(best.low, best.high) if box.limit else best


def _slope(expression: sp.Basic, symbol: sp.Symbol, box: Box, depth: int) -> Interval | None:
    """The enclosure of a derivative inside the box; None where there is none."""
    derivative = slope_of(expression, symbol)
    return None if derivative is None else _try(derivative, box.opened(symbol), depth - 1)


def _try(expression: sp.Basic, box: Box, depth: int) -> Interval | None:
    try:
        return enclose(expression, box, depth)
    except UndefinedError:
        return None


# rules


def _value(node: sp.Basic, box: Box) -> Interval:
    if isinstance(node, sp.Symbol):
        known: Interval = box.intervals[node]
        return known
    if isinstance(node, sp.Rational):
        return iv.point(Fraction(int(node.p), int(node.q)))
    if isinstance(node, sp.Sum):
        return _sum(node, box)
    if isinstance(node, sp.Pow):
        base, exponent = (natural(a, box) for a in node.args)
        return iv.power(base, exponent, limit=box.limit and bool(node.exp.free_symbols))
    rule = _RULES.get(node.func)
    if rule is _binomial and not all(map(is_whole, node.args)):
        rule = None
    if rule is None:
        raise UndefinedError(f"{type(node).__name__} has no rule")
    return rule([natural(a, box) for a in node.args], box.limit)


def _add(parts: list[Interval], limit: bool) -> Interval:
    total = parts[0]
    for part in parts[1:]:
        total = iv.add(total, part)
    return total


def _mul(parts: list[Interval], limit: bool) -> Interval:
    total = parts[0]
    for part in parts[1:]:
        total = iv.multiply(total, part, limit=limit)
    return total


def _gamma(parts: list[Interval], limit: bool) -> Interval:
    x = parts[0]
    if not x.positive():
        raise UndefinedError("gamma of a number that may not be positive")
    if iv.less(Fraction(147, 100), x.low):
        return iv.monotone(x, lambda v: ball(v).gamma(), {inf: inf})
    ends: list[tuple[iv.End, bool]] = []
    for end, open_ in ((x.low, x.low_open), (x.high, x.high_open)):
        infinite = iv.is_infinite(end) or not iv.less(iv.ZERO, end)
        value = inf if infinite else ball(iv.number(end)).gamma()
        overflow = isinstance(value, arb) and not value.is_finite()
        ends.append((inf, True) if overflow or infinite else (value, open_))
    high, high_open = iv.upper_of(ends)
    return Interval(_GAMMA_MINIMUM, high, True, high_open)


def _factorial(parts: list[Interval], limit: bool) -> Interval:
    return _gamma([iv.add(parts[0], iv.point(iv.ONE))], limit)


def _binomial(parts: list[Interval], limit: bool) -> Interval:
    """Binomial coefficients of integers n >= 0; those of one k rise with n."""
    n, k = parts
    if not n.non_negative():
        raise UndefinedError("a binomial coefficient of a number that may be negative")
    ends = [e for e in (n.low, n.high, k.low) if isinstance(e, Fraction)]
    whole = len(ends) == 3 and all(e.denominator == 1 and 0 <= e <= 1000 for e in ends)
    if whole and k.is_point:
        low, high, chosen = (int(e) for e in ends)
        return Interval(Fraction(comb(low, chosen)), Fraction(comb(high, chosen)))
    return Interval(iv.ZERO, inf, False, True)


def _polygamma(parts: list[Interval], limit: bool) -> Interval:
    order, x = parts
    if not x.positive():
        raise UndefinedError("polygamma of a number that may not be positive")
    if order.is_point and order.low == 0:
        return Interval(_digamma(x.low, -inf), _digamma(x.high, inf), x.low_open, x.high_open)
    if order.is_point and order.low == 1:
        return Interval(iv.ZERO, inf, True, True)
    raise UndefinedError("polygamma of high order has no rule")


def _digamma(end: iv.End, otherwise: float) -> iv.End:
    if iv.is_infinite(end) or not iv.less(iv.ZERO, end):
        return otherwise
    value = ball(iv.number(end)).digamma()
    return value if value.is_finite() else otherwise


def _sign(parts: list[Interval], limit: bool) -> Interval:
    sign = parts[0].sign()
    return Interval(Fraction(-1), iv.ONE) if sign is None else iv.point(Fraction(sign))


def _heaviside(parts: list[Interval], limit: bool) -> Interval:
    sign = parts[0].sign()
    return Interval(iv.ZERO, iv.ONE) if sign is None else iv.point(Fraction((sign + 1) // 2))


def _sum(node: sp.Sum, box: Box) -> Interval:
    index, first, last, body = taken_apart(node)
    low, high = natural(first, box), natural(last, box)
    start, stop = low.low, high.low
    points = low.is_point and high.is_point
    if points and isinstance(start, Fraction) and isinstance(stop, Fraction):
        count = stop - start + 1
        if count <= 0:
            return iv.point(iv.ZERO)
        if count <= _TERMS:
            at = [box.with_(index, iv.point(start + i)) for i in range(int(count))]
            return _add([natural(body, b) for b in at], box.limit)
    term = natural(body, box.with_(index, Interval(low.low, high.high)))
    if term.non_negative():
        return Interval(iv.ZERO, inf, False, True)
    if term.non_positive():
        return Interval(-inf, iv.ZERO, True, False)
    raise UndefinedError("a Sum of many terms of both signs")


_RULES: dict[type, Callable[[list[Interval], bool], Interval]] = {
    sp.Add: _add,
    sp.Mul: _mul,
    sp.exp: lambda p, limit: iv.exp(p[0]),
    sp.log: lambda p, limit: iv.log(p[0]),
    sp.Abs: lambda p, limit: iv.absolute(p[0]),
    sp.Max: lambda p, limit: iv.extremum(p, largest=True),
    sp.Min: lambda p, limit: iv.extremum(p, largest=False),
    sp.floor: lambda p, limit: iv.rounded(p[0], up=False),
    sp.ceiling: lambda p, limit: iv.rounded(p[0], up=True),
    sp.gamma: _gamma,
    sp.factorial: _factorial,
    sp.binomial: _binomial,
    sp.polygamma: _polygamma,
    sp.sign: _sign,
    sp.Heaviside: _heaviside,
    type(sp.E): lambda p, limit: iv.point(arb.const_e()),
    type(sp.pi): lambda p, limit: iv.point(arb.pi()),
}
