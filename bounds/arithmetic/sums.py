"""Finite sums with one index a binder, and indices that cannot be mistaken for other names.

SymPy writes a sum of a sum as one `Sum` with several limits, the innermost first, and replaces
bound symbols like free ones. So a sum is taken apart here, one binder at a time, and its index is
named after its height: one more than the highest sum inside. No sum then shares its index with
one around it, and two sums that differ only in the name of the index are equal.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

import sympy as sp

_INDEX = "i#"


def taken_apart(node: sp.Sum) -> tuple[sp.Symbol, sp.Expr, sp.Expr, sp.Expr]:
    """The outermost index of a sum, its first and last value, and the term."""
    *inner, (index, first, last) = node.limits
    return index, first, last, sp.Sum(node.function, *inner) if inner else node.function


def bound(
    term: sp.Expr, index: sp.Symbol, first: sp.Expr, last: sp.Expr, *, above: int = 0
) -> tuple[sp.Sum, sp.Symbol]:
    """The sum of a term, and the symbol that stands for its index there.

    `above` is the height of what the term held before SymPy simplified it.
    """
    highest = max(above, *map(height, (term, first, last)))
    symbol = sp.Symbol(f"{_INDEX}{1 + highest}", integer=True)
    return sp.Sum(term.xreplace({index: symbol}), (symbol, first, last)), symbol


def renamed(expression: sp.Basic) -> sp.Basic:
    """The same expression with every index named after its height."""
    if not expression.has(sp.Sum):
        return expression
    if isinstance(expression, sp.Sum):
        index, first, last, term = taken_apart(expression)
        fresh = sp.Dummy(integer=True)
        term = renamed(_with_free(term, index, fresh))
        return bound(term, fresh, renamed(first), renamed(last))[0]
    return expression.func(*map(renamed, expression.args))


@lru_cache(maxsize=4096)
def nesting(expression: sp.Basic) -> int:
    """How many sums stand inside one another, at most."""
    inner = max(map(nesting, expression.args), default=0)
    return inner + len(expression.limits) if isinstance(expression, sp.Sum) else inner


def sums(expression: sp.Basic) -> Iterator[sp.Sum]:
    """The sums of an expression that stand in no other one."""
    if isinstance(expression, sp.Sum):
        yield expression
        return
    for argument in expression.args:
        yield from sums(argument)


def _with_free(term: sp.Basic, index: sp.Symbol, fresh: sp.Symbol) -> sp.Basic:
    """The term with the free occurrences of a symbol exchanged; inner sums may bind it again."""
    if term == index:
        return fresh
    if isinstance(term, sp.Sum):
        own, first, last, inner = taken_apart(term)
        first, last = (_with_free(end, index, fresh) for end in (first, last))
        return sp.Sum(
            inner if own == index else _with_free(inner, index, fresh), (own, first, last)
        )
    return term.func(*(_with_free(a, index, fresh) for a in term.args)) if term.args else term


def height(expression: sp.Basic) -> int:
    """The largest number of an index in an expression, 0 if there is none."""
    if isinstance(expression, sp.Symbol):
        return (
            int(expression.name.removeprefix(_INDEX)) if expression.name.startswith(_INDEX) else 0
        )
    parts = expression.args
    if isinstance(expression, sp.Sum):
        parts = taken_apart(expression)
    return max(map(height, parts), default=0)
