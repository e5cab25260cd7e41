"""Inequalities over a whole box, by branch and bound in ball arithmetic.

A box is settled when interval arithmetic, sharpened by monotonicity, gives the margin its sign
there, or shows that a hypothesis fails there; otherwise it is split. Half-lines are split at
doubling points, and a tail is settled like any other box.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from time import thread_time

import sympy as sp
from flint import ctx

from robustsize.bounds.arithmetic.intervals import (
    Interval,
    UndefinedError,
    exact,
    is_infinite,
    less,
)
from robustsize.bounds.prover.engines.enclose import Box, enclose
from robustsize.bounds.prover.engines.forms import Form, exchanged, forms
from robustsize.bounds.prover.engines.region import Region, is_empty
from robustsize.bounds.prover.language.relations import Relation

_SLOPE_DEPTH = 3
_SPLITS = 40
"""How often one variable is split before a box counts as unsettled."""

_PRECISIONS = (128, 128, 1024)
"""Working precisions of the attempts; each learns a split point from the one before."""

_MOST_BOXES = 60_000


@dataclass
class BoxProof:
    """Whether every box was settled, and where not: points of the region to look at."""

    proved: bool
    boxes: int = 0
    feasible: bool = False
    unsettled: list[dict[sp.Symbol, Fraction]] = field(default_factory=list)


def prove(relation: Relation, region: Region, deadline: float) -> BoxProof:
    """Whether a relation (not ==) holds over a region, both over the region's symbols.

    For an inverted region the relation is over the symbols of the region that it comes from.

    Where a box cannot be settled, a simple fraction inside it is tried as a split point, for an
    equality is often attained at one.
    """
    hints: dict[sp.Symbol, set[Fraction]] = {
        s: {Fraction(0), Fraction(1)} for s in region.intervals
    }
    proof = BoxProof(False)
    ways = list(forms(relation))
    if region.exchange:
        ways = list(exchanged(ways, region.exchange))
    for precision in _PRECISIONS:
        with ctx.workprec(precision):
            proof = _search(relation, ways, region, hints, deadline)
        if proof.proved or not proof.unsettled or thread_time() > deadline:
            break
        _learn(hints, proof.unsettled[-1])
    return proof


def _search(
    relation: Relation,
    ways: list[Form],
    region: Region,
    hints: dict[sp.Symbol, set[Fraction]],
    deadline: float,
) -> BoxProof:
    proof = BoxProof(True)
    relevant: set[sp.Symbol] = set().union(
        *(w.expression.free_symbols for w in ways), *(c.symbols for c in region.constraints)
    )
    if any(is_empty(i) for i in region.intervals.values()):
        return proof
    stack = [(region.box(deadline), dict.fromkeys(sorted(relevant, key=str), 0))]
    while stack:
        box, splits = stack.pop()
        proof.boxes += 1
        if any(_fails(c, box) for c in region.constraints):
            continue
        proof.feasible = True
        if any(_settled(relation, form, box) for form in ways):
            continue
        parts = _split(box, splits, region.integers, hints)
        if not parts or proof.boxes > _MOST_BOXES or thread_time() > deadline:
            proof.proved = False
            proof.unsettled += list(_representatives(box))
            return proof
        stack += parts
    return proof


def _settled(relation: Relation, form: Form, box: Box) -> bool:
    try:
        if not all(enclose(g, box, 1).positive() for g in form.guards):
            return False
        margin = enclose(form.expression, box, _SLOPE_DEPTH)
    except UndefinedError:
        return False
    if relation.op == "!=":
        return margin.sign() is not None
    return margin.positive() if relation.strict else margin.non_negative()


def _fails(constraint: Relation, box: Box) -> bool:
    """Whether a hypothesis certainly fails in the whole box."""
    try:
        margin = enclose(constraint.margin, box, 1)
    except UndefinedError:
        return False
    if constraint.op == "==":
        return margin.sign() is not None
    if constraint.op == "!=":
        return margin.is_point and margin.low == 0
    return margin.non_positive() if constraint.strict else margin.negative()


def _split(
    box: Box,
    splits: dict[sp.Symbol, int],
    integers: set[sp.Symbol],
    hints: dict[sp.Symbol, set[Fraction]],
) -> list[tuple[Box, dict[sp.Symbol, int]]]:
    """Two halves along the symbol that was split least; nothing if it is small enough."""
    wide = [s for s in splits if not box.intervals[s].is_point and splits[s] < _SPLITS]
    if not wide:
        return []
    symbol = min(wide, key=lambda s: splits[s])
    side = box.intervals[symbol]
    at = _split_point(side, hints[symbol])
    if symbol in integers:
        at = Fraction(at.numerator // at.denominator)
        if not less(at, side.high):
            at = at - 1
        halves = [Interval(side.low, at), Interval(at + 1, side.high)]
    else:
        halves = [
            Interval(side.low, at, side.low_open),
            Interval(at, side.high, False, side.high_open),
        ]
    counted = {**splits, symbol: splits[symbol] + 1}
    return [(box.with_(symbol, half), counted) for half in halves]


def _split_point(side: Interval, hints: set[Fraction]) -> Fraction:
    inside = sorted(h for h in hints if less(side.low, h) and less(h, side.high))
    if inside:
        return inside[len(inside) // 2]
    if is_infinite(side.low):
        return Fraction(-1) if is_infinite(side.high) else 2 * min(exact(side.high), Fraction(-1))
    if is_infinite(side.high):
        return 2 * max(exact(side.low), Fraction(1))
    return (exact(side.low) + exact(side.high)) / 2


def _representatives(box: Box) -> Iterator[dict[sp.Symbol, Fraction]]:
    """The corner and middle points of a box."""
    ends = {}
    for symbol, side in box.intervals.items():
        low = None if is_infinite(side.low) else exact(side.low)
        high = None if is_infinite(side.high) else exact(side.high)
        first = low if low is not None else min(high or Fraction(0), Fraction(0)) - 10**6
        last = high if high is not None else max(first, Fraction(0)) + 10**6
        ends[symbol] = first, last
    for share in (Fraction(0), Fraction(1), Fraction(1, 2)):
        yield {s: first + share * (last - first) for s, (first, last) in ends.items()}


def _learn(hints: dict[sp.Symbol, set[Fraction]], point: dict[sp.Symbol, Fraction]) -> None:
    """Add the simplest fraction near each coordinate."""
    for symbol, value in point.items():
        hints[symbol].add(value.limit_denominator(1000))
