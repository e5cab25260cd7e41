"""Relations between expressions, and the conditions under which expressions mean something.

SymPy simplifies as it builds: x/x becomes 1 and forgets that x was not to be 0. So the conditions
are noted down before it does, one for each division, root, logarithm and the like.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import TypeAlias

import sympy as sp

from robustsize.bounds.arithmetic.sums import height, taken_apart
from robustsize.bounds.prover.language.integrality import is_whole

SYMPY_OPERATORS = {
    sp.StrictLessThan: "<",
    sp.LessThan: "<=",
    sp.StrictGreaterThan: ">",
    sp.GreaterThan: ">=",
    sp.Equality: "==",
    sp.Unequality: "!=",
}


@dataclass(frozen=True)
class Relation:
    """left op right, kept as written: never simplified to true or false."""

    left: sp.Expr
    op: str
    right: sp.Expr

    def __str__(self) -> str:
        return f"{self.left} {self.op} {self.right}"

    @property
    def symbols(self) -> set[sp.Symbol]:
        """The free symbols of both sides."""
        symbols: set[sp.Symbol] = self.left.free_symbols | self.right.free_symbols
        return symbols

    @property
    def margin(self) -> sp.Expr:
        """The difference that is > 0, >= 0, == 0 or != 0 exactly when the relation holds."""
        return self.right - self.left if self.op[0] == "<" else self.left - self.right

    @property
    def strict(self) -> bool:
        """Whether a margin of 0 breaks the relation."""
        return self.op in ("<", ">", "!=")

    def replace(self, values: Mapping[sp.Basic, sp.Basic]) -> Relation:
        """The relation with symbols replaced by expressions."""
        return Relation(self.left.xreplace(values), self.op, self.right.xreplace(values))


Index: TypeAlias = tuple[sp.Symbol, sp.Expr, sp.Expr]
"""The index of a sum with its first and last value."""


@dataclass(frozen=True)
class Condition:
    """An expression is defined where one of the alternatives holds, for every index of its sums.

    `indices` lists the sums around the expression, the outermost first. The alternatives together
    are exact: where all of them fail the expression is undefined.
    """

    alternatives: tuple[Relation, ...]
    indices: tuple[Index, ...] = ()

    @property
    def symbols(self) -> set[sp.Symbol]:
        """The free symbols, indices left out."""
        free: set[sp.Symbol] = set().union(*(r.symbols for r in self.alternatives))
        for symbol, first, last in reversed(self.indices):
            free = (free - {symbol}) | first.free_symbols | last.free_symbols
        return free

    def replace(self, values: Mapping[sp.Basic, sp.Basic]) -> Condition:
        """The condition with symbols replaced by expressions."""
        return Condition(
            tuple(r.replace(values) for r in self.alternatives),
            tuple((i, a.xreplace(values), b.xreplace(values)) for i, a, b in self.indices),
        )

    def within(self, index: Index) -> Condition:
        """The condition for every value of one more index around it."""
        return Condition(self.alternatives, (index, *self.indices))

    @property
    def height(self) -> int:
        """The largest number of an index that occurs."""
        sides = [side for r in self.alternatives for side in (r.left, r.right)]
        return max(map(height, (*sides, *(part for index in self.indices for part in index))))

    def __str__(self) -> str:
        alternatives = " or ".join(map(str, self.alternatives))
        return f"{alternatives} (for the expression to be defined)"


def needs(kind: type, args: tuple[sp.Expr, ...]) -> Iterator[tuple[Relation, ...]]:
    """What must hold for kind(*args) to be a real number, given that the arguments are.

    Of each tuple one relation must hold. `docs/derivations.md` states the conventions.
    """
    if kind is sp.Pow:
        yield from _needs_of_power(*args)
    elif kind is sp.log or kind is sp.gamma:
        yield (_relation(args[0], ">", 0),)
    elif kind is sp.factorial:
        least = (">=", 0) if is_whole(args[0]) else (">", -1)
        yield (_relation(args[0], *least),)
    elif kind is sp.binomial:
        yield from _needs_of_binomial(*args)


def _needs_of_power(base: sp.Expr, exponent: sp.Expr) -> Iterator[tuple[Relation, ...]]:
    """base > 0, or base == 0 and exponent >= 0, or base < 0 and a whole exponent."""
    whole = is_whole(exponent)
    if isinstance(exponent, sp.Rational) and not whole:
        yield (_relation(base, ">" if exponent < 0 else ">=", 0),)
        return
    if not whole:
        yield _relation(base, ">=", 0), Relation(exponent, "==", sp.floor(exponent))
    if exponent.is_negative:
        yield (_relation(base, "!=", 0),)
    elif whole and not exponent.is_nonnegative:
        yield (_relation(sp.Max(sp.Abs(base), exponent + 1), ">", 0),)
    elif not exponent.is_nonnegative:
        yield _relation(exponent, ">=", 0), _relation(base, "!=", 0)


def _needs_of_binomial(n: sp.Expr, k: sp.Expr) -> Iterator[tuple[Relation, ...]]:
    """Whole n >= 0 and whole k, or the gamma functions of n + 1, k + 1 and n - k + 1."""
    doubtful = [x for x in (n, k) if not is_whole(x)]
    if not doubtful:
        yield (_relation(n, ">=", 0),)
        return
    yield (_relation(n, ">", -1),)
    for part in (k, n - k):
        for x in doubtful:
            whole = () if isinstance(x, sp.Rational) else (Relation(x, "==", sp.floor(x)),)
            yield _relation(part, ">", -1), *whole


def _relation(left: sp.Expr, op: str, right: int) -> Relation:
    return Relation(left, op, sp.Integer(right))


def plainly_true(relation: Relation) -> bool:
    """Whether it holds between rational numbers; False where that is not known."""
    left, right = relation.left, relation.right
    if not (isinstance(left, sp.Rational) and isinstance(right, sp.Rational)):
        return False
    a, b = Fraction(int(left.p), int(left.q)), Fraction(int(right.p), int(right.q))
    return {"<": a < b, "<=": a <= b, ">": a > b, ">=": a >= b, "==": a == b, "!=": a != b}[
        relation.op
    ]


def conditions_of_node(kind: type, args: tuple[sp.Expr, ...]) -> Iterator[Condition]:
    """What kind(*args) needs and does not plainly meet."""
    for alternatives in needs(kind, args):
        if not any(map(plainly_true, alternatives)):
            yield Condition(alternatives)


def conditions_of(expression: sp.Basic) -> tuple[Condition, ...]:
    """The conditions of every node of a SymPy expression, as it stands."""
    if isinstance(expression, sp.Sum):
        index, first, last, term = taken_apart(expression)
        within = (c.within((index, first, last)) for c in conditions_of(term))
        found = [*conditions_of(first), *conditions_of(last), *within]
    else:
        found = [c for argument in expression.args for c in conditions_of(argument)]
        found += conditions_of_node(expression.func, expression.args)
    return tuple(dict.fromkeys(found))
