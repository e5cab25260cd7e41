"""Identities, by rewritings that hold wherever both sides are defined.

Only expansion, common denominators, the laws of powers and logarithms over symbols of known sign,
and the recurrence of the gamma function are used: `simplify` guesses more than it can know. That
both sides are defined over the whole domain is proved apart, condition by condition.
"""

from __future__ import annotations

from collections.abc import Iterator

import sympy as sp

from robustsize.bounds.arithmetic.sums import taken_apart
from robustsize.bounds.prover.engines.region import Region
from robustsize.bounds.prover.language.relations import Relation

_LARGEST, _TERMS, _LARGEST_SUM = 400, 50, 5_000


def is_identity(relation: Relation, region: Region) -> bool:
    """Whether the two sides are the same function; False where that is not known.

    Both are first written over the region's symbols, whose signs SymPy knows.
    """
    margin = _written_out(region.translate(relation).margin)
    return margin.count_ops() <= _LARGEST and any(form == 0 for form in _forms(margin))


def _written_out(expression: sp.Basic) -> sp.Basic:
    """Short sums between integers, term by term."""
    if not expression.has(sp.Sum):
        return expression
    if not isinstance(expression, sp.Sum):
        return expression.func(*map(_written_out, expression.args))
    index, low, high, term = taken_apart(expression)
    term = _written_out(term)
    whole = isinstance(low, sp.Integer) and isinstance(high, sp.Integer)
    if whole and high - low < _TERMS and term.count_ops() * (high - low) < _LARGEST_SUM:
        return sp.Add(*(term.xreplace({index: sp.Integer(i)}) for i in range(low, high + 1)))
    return sp.Sum(term, (index, low, high))


def _forms(margin: sp.Expr) -> Iterator[sp.Expr]:
    yield margin
    yield sp.expand(margin)
    top = sp.numer(sp.together(margin))
    yield sp.expand(top)
    logs = sp.expand_log(top, factor=True)
    yield sp.expand(logs)
    yield sp.expand(sp.numer(sp.together(sp.powdenest(sp.expand(logs)))))
    if margin.has(sp.gamma, sp.factorial, sp.binomial):
        whole = sp.gammasimp(margin.rewrite(sp.gamma))
        yield sp.expand(sp.numer(sp.together(whole)))
