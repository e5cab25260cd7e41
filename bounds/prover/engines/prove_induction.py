"""Induction over an integer: the claim at its first value, and that the margin does not shrink.

From n to n + 1 sums gain a term and factorials a factor, so what is left of the difference is often
within reach of the box prover when the claim itself is not. For positive sides the difference of
the logarithms is tried as well.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from math import inf
from time import thread_time

import sympy as sp

from robustsize.bounds.arithmetic.intervals import exact
from robustsize.bounds.arithmetic.sums import sums, taken_apart
from robustsize.bounds.prover.engines import prove_box, prove_identity
from robustsize.bounds.prover.engines.decide import holds
from robustsize.bounds.prover.engines.forms import Form, log_forms
from robustsize.bounds.prover.engines.region import Region
from robustsize.bounds.prover.language.relations import Relation


def prove(relation: Relation, region: Region, deadline: float) -> bool:
    """Whether induction over some integer proves a relation, both over the region's symbols.

    A margin that grows may pass through 0, so `!=` is never proved in this way.
    """
    if relation.op == "!=":
        return False
    for symbol in sorted(region.integers & relation.symbols, key=str):
        side = region.intervals[symbol]
        if side.high != inf or not isinstance(side.low, Fraction):
            continue
        # Without the constraints on the symbol the claim says more, and each n has a successor.
        free = [c for c in region.constraints if symbol not in c.symbols]
        wider = Region(region.intervals, region.integers, free)
        if _by(symbol, int(exact(side.low)), relation, wider, deadline):
            return True
    return False


def _by(symbol: sp.Symbol, start: int, relation: Relation, region: Region, deadline: float) -> bool:
    first = relation.replace({symbol: sp.Integer(start)})
    rest = Region(
        {s: i for s, i in region.intervals.items() if s != symbol},
        region.integers - {symbol},
        region.constraints,
    )
    if not _holds(first, rest, deadline):
        return False
    for form in _forms(relation):
        growth = _growth(form.expression, symbol, start)
        if growth is None:
            continue
        op = "==" if relation.op == "==" else ">="
        goals = [Relation(guard, ">", sp.S.Zero) for guard in form.guards]
        goals.append(Relation(growth, op, sp.S.Zero))
        if all(_holds(goal, region, deadline) for goal in goals):
            return True
    return False


def _forms(relation: Relation) -> Iterator[Form]:
    yield Form(relation.margin)
    if relation.op not in ("==", "!="):
        yield from log_forms(relation)


def _holds(relation: Relation, region: Region, deadline: float) -> bool:
    if relation.op == "==":
        return prove_identity.is_identity(relation, region)
    if not relation.symbols and holds(relation, {}) is not None:
        return bool(holds(relation, {}))
    for variant in (region, region.inverted()):
        if variant is None or thread_time() > deadline:
            continue
        until = thread_time() + (deadline - thread_time()) / 2
        if prove_box.prove(relation, variant, until).proved:
            return True
    return False


def _growth(margin: sp.Expr, symbol: sp.Symbol, start: int) -> sp.Expr | None:
    """margin at n + 1 less margin at n, or None if a sum or a product does not step simply."""
    later = margin.xreplace({symbol: symbol + 1})
    exchange: dict[sp.Basic, sp.Basic] = {}
    for node in sums(later):
        index, low, high, term = taken_apart(node)
        whole = isinstance(low, sp.Integer) and high == symbol + 1 and low <= start + 1
        if symbol not in node.free_symbols:
            continue
        if not whole or symbol in term.free_symbols:
            return None
        shorter = sp.Sum(term, (index, low, symbol))
        exchange[node] = shorter + term.xreplace({index: symbol + 1})
    for node in later.atoms(sp.factorial):
        if node.args[0] == symbol + 1:
            exchange[node] = (symbol + 1) * sp.factorial(symbol)
    for node in later.atoms(sp.gamma):
        before = sp.expand(node.args[0] - 1)
        if margin.has(sp.gamma(before)):
            exchange[node] = before * sp.gamma(before)
    stepped = later.xreplace(exchange)
    return sp.expand(sp.expand_log(stepped, force=True) - sp.expand_log(margin, force=True))
