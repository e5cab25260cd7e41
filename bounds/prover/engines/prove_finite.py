"""Finite domains: every point is tried."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from math import ceil, floor
from time import thread_time

import sympy as sp

from robustsize.bounds.arithmetic.balls import certain
from robustsize.bounds.prover.engines.decide import Point, holds, inside, met
from robustsize.bounds.prover.language.problem import Problem, Variable

MOST_POINTS = 300_000


class TooManyError(ArithmeticError):
    """The domain has more points than can be tried, or a bound could not be settled."""


def is_finite(problem: Problem) -> bool:
    """Whether every symbol is an integer between two bounds."""
    return all(v.integer and v.low is not -sp.oo and v.high is not sp.oo for v in problem.variables)


def points(problem: Problem) -> Iterator[Point]:
    """Every point between the bounds, hypotheses not yet asked for.

    Raises TooManyError if a bound is not settled at some point.
    """
    yield from _points(problem.variables, {})


def _points(variables: tuple[Variable, ...], point: dict[sp.Symbol, Fraction]) -> Iterator[Point]:
    if not variables:
        yield dict(point)
        return
    variable, *rest = variables
    for value in _range(variable, point):
        yield from _points(tuple(rest), {**point, variable.symbol: Fraction(value)})


def _range(variable: Variable, point: Point) -> range:
    low, high = _whole(variable.low, point, up=True), _whole(variable.high, point, up=False)
    if variable.low_open and holds_equal(variable.low, low, point):
        low += 1
    if variable.high_open and holds_equal(variable.high, high, point):
        high -= 1
    return range(low, high + 1)


def holds_equal(bound: sp.Expr, value: int, point: Point) -> bool:
    """Whether a bound is exactly that integer."""
    exact = certain(bound, point)
    return isinstance(exact, Fraction) and exact == value


def _whole(bound: sp.Expr, point: Point, *, up: bool) -> int:
    """The bound rounded into the domain."""
    rounded = sp.ceiling(bound) if up else sp.floor(bound)
    try:
        value = certain(rounded, point)
    except ArithmeticError as error:
        raise TooManyError(f"the bound {bound} is not settled at a point") from error
    if not isinstance(value, Fraction):
        raise TooManyError(f"the bound {bound} is too large")
    return ceil(value) if up else floor(value)


def count(problem: Problem) -> int | None:
    """How many points lie between the bounds; None if not finite or more than MOST_POINTS."""
    if not is_finite(problem):
        return None
    try:
        return _count(problem.variables, {})
    except TooManyError:
        return None


def _count(variables: tuple[Variable, ...], point: dict[sp.Symbol, Fraction]) -> int:
    if not variables:
        return 1
    variable, *rest = variables
    values = _range(variable, point)
    if len(values) > MOST_POINTS:
        raise TooManyError("too many points")
    if not any(variable.symbol in v.low.free_symbols | v.high.free_symbols for v in rest):
        inner = _count(tuple(rest), {**point, variable.symbol: Fraction(0)}) if values else 0
        total = len(values) * inner
    else:
        total = 0
        for value in values:
            total += _count(tuple(rest), {**point, variable.symbol: Fraction(value)})
            if total > MOST_POINTS:
                break
    if total > MOST_POINTS:
        raise TooManyError("too many points")
    return total


def exhaust(problem: Problem, deadline: float) -> tuple[bool | None, Point | None, int]:
    """Try every point: (True, None, feasible points), (False, the failing point, ...), or (None,
    a point that could not be settled, ...) also when time runs out.
    """
    feasible = 0
    for point in points(problem):
        if thread_time() > deadline:
            return None, None, feasible
        truth = inside(problem, point)
        if truth is None:
            return None, point, feasible
        if not truth:
            continue
        feasible += 1
        for condition in problem.conditions:
            if (answer := met(condition, point)) is not True:
                return answer, point, feasible
        for goal in problem.goals:
            if (answer := holds(goal, point)) is not True:
                return answer, point, feasible
    return True, None, feasible
