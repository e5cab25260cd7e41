"""Whether a relation holds at a rational point: yes, no or unsettled, never a guess."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from math import ceil, floor
from typing import Any

import sympy as sp
from flint import ctx

from robustsize.bounds.arithmetic.balls import PRECISIONS, Value, ball, evaluate, is_less
from robustsize.bounds.prover.engines.zero import exactly_zero
from robustsize.bounds.prover.language.problem import Problem
from robustsize.bounds.prover.language.relations import Condition, Relation

Point = Mapping[sp.Symbol, Fraction]
QUICK, SEARCHING, THOROUGH = PRECISIONS[:1], PRECISIONS[:3], PRECISIONS
_INDICES = 2_000
"""How many terms of sums have their conditions checked one by one at a point."""


def holds(relation: Relation, point: Point, *, precisions: Sequence[int] = THOROUGH) -> bool | None:
    """Three-valued truth of a relation at a point; None where undefined or not settled."""
    answer = None
    for i, precision in enumerate(precisions):
        with ctx.workprec(precision):
            try:
                left = evaluate(relation.left, point)
                right = evaluate(relation.right, point)
            except (TypeError, OverflowError, ValueError):
                return None
            answer = compare(left, relation.op, right)
        if answer is not None:
            return answer
        if i == 0 and exactly_zero(relation.margin, point):
            return not relation.strict
        if i == 0 and (answer := _by_margin(relation, point, precision)) is not None:
            return answer
    return None


def _by_margin(relation: Relation, point: Point, precision: int) -> bool | None:
    """The truth by the sign of the difference, where SymPy has cancelled what both sides share.

    In 1 + exp(-10**6) <= 1 the sides are closer than any working precision tells apart.
    """
    with ctx.workprec(precision):
        try:
            margin = evaluate(relation.margin, point)
        except (TypeError, OverflowError, ValueError):
            return None
        op = relation.op.replace("<", ">")
        return compare(margin, op, Fraction(0))


def compare(left: Value, op: str, right: Value) -> bool | None:
    """Three-valued comparison of two values by one of the six operators."""
    if op in ("==", "!="):
        less, more = is_less(left, right), is_less(right, left)
        if less or more:
            return op == "!="
        same = isinstance(left, Fraction) and isinstance(right, Fraction)
        return (op == "==") if same else None
    if op in (">", ">="):
        left, right = right, left
    if not (ball(left).is_finite() and ball(right).is_finite()):
        return None
    return is_less(left, right, or_equal=op in ("<=", ">="))


def met(condition: Condition, point: Point, *, precisions: Sequence[int] = THOROUGH) -> bool | None:
    """Three-valued truth of a condition, for every index it speaks of."""
    answer: bool | None = True
    for count, inner in enumerate(_index_points(condition, dict(point), 0)):
        if inner is None or count > _INDICES:
            return None
        truth = _any_holds(condition.alternatives, inner, precisions)
        if truth is False:
            return False
        answer = None if truth is None else answer
    return answer


def _any_holds(
    relations: Sequence[Relation], point: Point, precisions: Sequence[int]
) -> bool | None:
    """Whether one of several relations holds; False only if all of them certainly fail."""
    answer: bool | None = False
    for relation in relations:
        truth = holds(relation, point, precisions=precisions)
        if truth is True:
            return True
        answer = None if truth is None else answer
    return answer


def _index_points(condition: Condition, point: dict[Any, Any], at: int) -> Iterator[Point | None]:
    if at == len(condition.indices):
        yield point
        return
    index, first, last = condition.indices[at]
    try:
        low, high = evaluate(first, point), evaluate(last, point)
    except (TypeError, OverflowError, ValueError):
        yield None
        return
    if not (isinstance(low, Fraction) and isinstance(high, Fraction)) or high - low > _INDICES:
        yield None
        return
    for i in range(ceil(low), floor(high) + 1):
        yield from _index_points(condition, {**point, index: Fraction(i)}, at + 1)


def inside(problem: Problem, point: Point, *, precisions: Sequence[int] = THOROUGH) -> bool | None:
    """Whether a point lies in the domain, meets the hypotheses and all they presume."""
    answer: bool | None = True
    for variable in problem.variables:
        if variable.integer and point[variable.symbol].denominator != 1:
            return False
    for condition in problem.presumed:
        truth = met(condition, point, precisions=precisions)
        if truth is False:
            return False
        answer = None if truth is None else answer
    relations = [r for v in problem.variables for r in v.membership()]
    for relation in (*relations, *problem.hypotheses):
        truth = holds(relation, point, precisions=precisions)
        if truth is False:
            return False
        answer = None if truth is None else answer
    return answer
