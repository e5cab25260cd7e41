"""A problem's domain as a box: dependent bounds and hypotheses become substitutions.

A symbol x >= a(y) is written a(y) + s with s >= 0, one between a(y) and b(y) is written
a(y) + t (b(y) - a(y)) with 0 <= t <= 1. What cannot be written so stays a constraint. The box with
its constraints always contains the domain, so what is proved over it holds over the domain.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from fractions import Fraction
from math import inf

import sympy as sp

from robustsize.bounds.arithmetic.balls import rational
from robustsize.bounds.arithmetic.intervals import (
    End,
    Interval,
    UndefinedError,
    exact,
    is_infinite,
    less,
)
from robustsize.bounds.prover.engines.enclose import Box, natural
from robustsize.bounds.prover.language.problem import Problem, Variable
from robustsize.bounds.prover.language.relations import Relation


@dataclass
class Region:
    """A box over new symbols, constraints over them, and the old symbols in terms of the new."""

    intervals: dict[sp.Symbol, Interval] = field(default_factory=dict)
    integers: set[sp.Symbol] = field(default_factory=set)
    constraints: list[Relation] = field(default_factory=list)
    values: dict[sp.Basic, sp.Basic] = field(default_factory=dict)
    exchange: dict[sp.Basic, sp.Basic] = field(default_factory=dict)
    """What an inverted region writes for the symbols of the region that it comes from."""

    def box(self, deadline: float = inf) -> Box:
        """The box itself, to be worked on until a deadline."""
        return Box(self.intervals, deadline)

    def translate(self, relation: Relation) -> Relation:
        """A relation over the old symbols, over the new ones."""
        return relation.replace(self.values)

    def inverted(self) -> Region | None:
        """The region with every half-line x >= a written a - 1 + 1/u with 0 < u <= 1.

        What happens at infinity then happens at u = 0. None if there is no half-line.
        """
        exchange: dict[sp.Basic, sp.Basic] = {}
        intervals: dict[sp.Symbol, Interval] = {}
        for symbol, side in self.intervals.items():
            if side.high != inf or is_infinite(side.low):
                intervals[symbol] = side
                continue
            new = sp.Symbol(symbol.name + "'", real=True, positive=True)
            low = exact(side.low)
            start = sp.Rational(low.numerator, low.denominator)
            exchange[symbol] = start - 1 + 1 / new if start < 1 else start / new
            intervals[new] = Interval(Fraction(0), Fraction(1), True, side.low_open)
        if not exchange:
            return None
        return Region(
            intervals,
            {s for s in self.integers if s in intervals},
            [c.replace(exchange) for c in self.constraints],
            {old: value.xreplace(exchange) for old, value in self.values.items()},
            exchange,
        )


def substituted(problem: Problem) -> Region:
    """The region with as many bounds and hypotheses as possible built into substitutions."""
    variables, hypotheses = _flipped(*_eliminated(problem))
    region = Region(values=dict(_solutions(problem)))
    solved = dict(region.values)
    waiting = list(hypotheses)
    placed: set[sp.Symbol] = set()
    for variable in variables:
        placed.add(variable.symbol)
        ready = [h for h in waiting if variable.symbol in h.symbols and h.symbols <= placed]
        for hypothesis in ready:
            tightened = _tighten(variable, hypothesis, region)
            if tightened is not None:
                variable = tightened
                waiting.remove(hypothesis)
        _place(variable, region)
    for symbol, expression in solved.items():
        region.values[symbol] = expression.xreplace(region.values)
    region.constraints += [h.replace(region.values) for h in waiting]
    return region


def relaxed(problem: Problem) -> Region:
    """The region with constant bounds only; every dependent bound is a constraint.

    It keeps integers integer, where a substitution would lose that.
    """
    region = Region()
    for variable in problem.variables:
        low = _constant_end(variable.low, region, lower=True)
        high = _constant_end(variable.high, region, lower=False)
        interval = _closed_for_integers(
            Interval(low, high, variable.low_open, variable.high_open), variable.integer
        )
        new = _new_symbol(variable.symbol.name, variable.integer, interval)
        region.intervals[new] = interval
        region.values[variable.symbol] = new
        if variable.integer:
            region.integers.add(new)
    relations = [r for v in problem.variables for r in v.membership()]
    for relation in (*relations, *problem.hypotheses):
        if len(relation.symbols) > 1 or relation in problem.hypotheses:
            region.constraints.append(region.translate(relation))
    return region


def _constant_end(bound: sp.Expr, region: Region, *, lower: bool) -> End:
    """The least (or largest) value of a bound over the box so far, as an exact number."""
    if bound in (sp.oo, -sp.oo):
        return inf if bound is sp.oo else -inf
    try:
        enclosure = natural(bound.xreplace(region.values), region.box())
    except UndefinedError:
        return -inf if lower else inf
    end = enclosure.low if lower else enclosure.high
    if isinstance(end, (Fraction, float)):
        return end
    outward = rational((end.lower() if lower else end.upper()).mid())
    if outward is None:
        return -inf if lower else inf
    return outward


# equations


def _solutions(problem: Problem) -> dict[sp.Basic, sp.Basic]:
    """Symbols that an equation among the hypotheses gives in terms of the others."""
    found: dict[sp.Basic, sp.Basic] = {}
    for hypothesis in problem.hypotheses:
        if hypothesis.op != "==":
            continue
        margin = hypothesis.margin.xreplace(found)
        for variable in reversed(problem.variables):
            symbol = variable.symbol
            solution = None if symbol in found else _linear_solution(margin, symbol)
            if solution is not None:
                found = {s: e.xreplace({symbol: solution}) for s, e in found.items()}
                found[symbol] = solution
                break
    return found


def pinned(problem: Problem) -> dict[sp.Basic, sp.Basic]:
    """The symbols that the hypotheses determine, each in terms of symbols that they do not."""
    return _solutions(problem)


def _linear_solution(margin: sp.Expr, symbol: sp.Symbol) -> sp.Expr | None:
    """symbol = ... if the margin is linear in it with a rational factor."""
    slope = sp.expand(sp.diff(margin, symbol)) if symbol in margin.free_symbols else sp.S.Zero
    if not isinstance(slope, sp.Rational) or slope == 0:
        return None
    return sp.expand(symbol - margin / slope)


def _eliminated(problem: Problem) -> tuple[list[Variable], list[Relation]]:
    """Variables and hypotheses after the solved symbols are gone."""
    solved = _solutions(problem)
    if not solved:
        return list(problem.variables), list(problem.hypotheses)
    hypotheses = [
        r.replace(solved)
        for r in problem.hypotheses
        if r.op != "==" or r.replace(solved).margin != 0
    ]
    kept: list[Variable] = []
    for variable in problem.variables:
        bounds = variable.low.free_symbols | variable.high.free_symbols
        if variable.symbol in solved or bounds & set(solved):
            hypotheses += [r.replace(solved) for r in variable.membership()]
            variable = replace(variable, low=-sp.oo, high=sp.oo)
        if variable.symbol not in solved:
            kept.append(variable)
    return kept, hypotheses


# bounds


def _flipped(
    variables: list[Variable], hypotheses: list[Relation]
) -> tuple[list[Variable], list[Relation]]:
    """1 <= k <= n read as 1 <= k, n >= k: two half-lines instead of a dependent interval."""
    ordered = list(variables)
    for x in variables:
        n = next((v for v in ordered if v.symbol == x.high), None)
        if n is None or n.high is not sp.oo or n.low.free_symbols or x.low.free_symbols:
            continue
        if not (n.low is -sp.oo or (n.low == x.low and not n.low_open)):
            continue
        if x.integer and not n.integer and x.high_open:
            continue
        at = ordered.index(n)
        ordered.remove(x)
        ordered[at : at + 1] = [
            replace(x, high=sp.oo, high_open=False),
            replace(n, low=x.symbol, low_open=x.high_open),
        ]
    return _sorted(ordered), hypotheses


def _sorted(variables: Iterable[Variable]) -> list[Variable]:
    """The variables, each after those that its bounds name."""
    waiting, ordered = list(variables), []
    placed: set[sp.Symbol] = set()
    while waiting:
        ready = next(v for v in waiting if v.low.free_symbols | v.high.free_symbols <= placed)
        waiting.remove(ready)
        ordered.append(ready)
        placed.add(ready.symbol)
    return ordered


def _tighten(variable: Variable, hypothesis: Relation, region: Region) -> Variable | None:
    """The variable with a hypothesis as its bound; None if it is not one, or not the tighter."""
    symbol = variable.symbol
    margin = sp.expand(hypothesis.margin)
    slope = sp.diff(margin, symbol)
    if hypothesis.op in ("==", "!=") or symbol in slope.free_symbols or slope == 0:
        return None
    sign = _sign(slope, region)
    if sign is None:
        return None
    bound = sp.expand(symbol - sp.cancel(margin / slope))
    if symbol in bound.free_symbols:
        return None
    if sign > 0:
        old = variable.low
        if old is -sp.oo or _sign(bound - old, region, or_zero=True) == 1:
            if old == bound and variable.low_open:
                return variable
            return replace(variable, low=bound, low_open=hypothesis.strict)
    else:
        old = variable.high
        if old is sp.oo or _sign(old - bound, region, or_zero=True) == 1:
            if old == bound and variable.high_open:
                return variable
            return replace(variable, high=bound, high_open=hypothesis.strict)
    return None


def _sign(expression: sp.Expr, region: Region, *, or_zero: bool = False) -> int | None:
    try:
        enclosure = natural(sp.factor_terms(expression.xreplace(region.values)), region.box())
    except UndefinedError:
        return None
    if or_zero and enclosure.non_negative():
        return 1
    return enclosure.sign()


def _place(variable: Variable, region: Region) -> None:
    """Give a variable its own interval and the old symbol its value."""
    low = variable.low.xreplace(region.values)
    high = variable.high.xreplace(region.values)
    whole = variable.integer
    rational = [b for b in (low, high) if b not in (sp.oo, -sp.oo)]
    if all(isinstance(b, sp.Rational) for b in rational):
        interval = Interval(_end(low), _end(high), variable.low_open, variable.high_open)
        _add(region, variable, interval, lambda s: s, whole)
    elif high is sp.oo:
        interval = Interval(Fraction(0), inf, variable.low_open)
        _add(region, variable, interval, lambda s: low + s, whole and bool(low.is_integer))
    elif low is -sp.oo:
        interval = Interval(Fraction(0), inf, variable.high_open)
        _add(region, variable, interval, lambda s: high - s, whole and bool(high.is_integer))
    else:
        interval = Interval(Fraction(0), Fraction(1), variable.low_open, variable.high_open)
        _add(region, variable, interval, lambda t: low + t * (high - low), False)
        if low.free_symbols | high.free_symbols:
            op = "<" if variable.low_open or variable.high_open else "<="
            region.constraints.append(Relation(low, op, high))


def _add(
    region: Region,
    variable: Variable,
    interval: Interval,
    value: Callable[[sp.Symbol], sp.Expr],
    whole: bool,
) -> None:
    interval = _closed_for_integers(interval, whole)
    new = _new_symbol(variable.symbol.name, whole, interval)
    region.intervals[new] = interval
    if whole:
        region.integers.add(new)
    region.values[variable.symbol] = value(new)


def _closed_for_integers(interval: Interval, whole: bool) -> Interval:
    """The interval with integer ends that are taken, if the symbol is an integer."""
    if not whole:
        return interval
    low, high = interval.low, interval.high
    if isinstance(low, Fraction):
        up = -(-low.numerator // low.denominator)
        low = Fraction(up + (interval.low_open and low == up))
    if isinstance(high, Fraction):
        down = high.numerator // high.denominator
        high = Fraction(down - (interval.high_open and high == down))
    return Interval(low, high)


def _new_symbol(name: str, whole: bool, interval: Interval) -> sp.Symbol:
    """A symbol that no input can name, with the sign that its interval gives it."""
    sign: dict[str, bool] = {}
    if less(Fraction(0), interval.low, or_equal=True):
        positive = interval.low_open or bool(less(Fraction(0), interval.low))
        sign = {"positive": True} if positive else {"nonnegative": True}
    return sp.Symbol(name + "'", **{"integer" if whole else "real": True}, **sign)


def _end(bound: sp.Expr) -> End:
    if bound in (sp.oo, -sp.oo):
        return inf if bound is sp.oo else -inf
    return Fraction(int(bound.p), int(bound.q))


def is_empty(interval: Interval) -> bool:
    """Whether no number lies between the ends."""
    if is_infinite(interval.low) or is_infinite(interval.high):
        return False
    if less(interval.high, interval.low):
        return True
    return interval.is_point and (interval.low_open or interval.high_open)
