"""Relations between expressions, and the conditions under which expressions mean something.

SymPy simplifies as it builds: x/x becomes 1 and forgets that x was not to be 0. So the conditions
are noted down before it does, one for each division, root, logarithm and the like.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction

import sympy as sp

OPPOSITE = {"<": ">=", "<=": ">", ">": "<=", ">=": "<", "==": "!=", "!=": "=="}
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
        return self.left.free_symbols | self.right.free_symbols

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


@dataclass(frozen=True)
class Condition:
    """A relation that must hold for an expression to be defined, for every index of a Sum.

    `indices` lists (symbol, first, last), the outermost Sum first.
    """

    relation: Relation
    indices: tuple[tuple[sp.Symbol, sp.Expr, sp.Expr], ...] = ()

    @property
    def symbols(self) -> set[sp.Symbol]:
        """The free symbols, indices left out."""
        free = self.relation.symbols
        for symbol, first, last in reversed(self.indices):
            free = (free - {symbol}) | first.free_symbols | last.free_symbols
        return free

    def __str__(self) -> str:
        return f"{self.relation} (for the expression to be defined)"


def needs(kind: type, args: tuple[sp.Expr, ...]) -> Iterator[Relation]:
    """What must hold for kind(*args) to be a real number, given that the arguments are."""
    if kind is sp.Pow:
        base, exponent = args
        if exponent.is_integer:
            if exponent.is_negative:
                yield _relation(base, "!=", 0)
            elif not exponent.is_nonnegative:  # base != 0 or exponent >= 0
                yield _relation(sp.Max(sp.Abs(base), exponent + 1), ">", 0)
        elif exponent.is_positive:
            yield _relation(base, ">=", 0)
        else:
            yield _relation(base, ">", 0)
    elif kind is sp.log or kind is sp.gamma:
        yield _relation(args[0], ">", 0)
    elif kind is sp.factorial:
        yield _relation(
            args[0], ">=" if args[0].is_integer else ">", 0 if args[0].is_integer else -1
        )
    elif kind is sp.binomial:
        n, k = args
        if n.is_integer and k.is_integer:
            yield _relation(n, ">=", 0)
        else:
            for part in (n, k, n - k):
                yield _relation(part, ">", -1)


def _relation(left: sp.Expr, op: str, right: int) -> Relation:
    return Relation(left, op, sp.Integer(right))


def plainly_true(relation: Relation) -> bool:
    """Whether it holds between rational numbers; False says nothing."""
    left, right = relation.left, relation.right
    if not (isinstance(left, sp.Rational) and isinstance(right, sp.Rational)):
        return False
    a, b = Fraction(int(left.p), int(left.q)), Fraction(int(right.p), int(right.q))
    return {"<": a < b, "<=": a <= b, ">": a > b, ">=": a >= b, "==": a == b, "!=": a != b}[
        relation.op
    ]


def conditions_of(expression: sp.Basic) -> tuple[Condition, ...]:
    """The conditions of every node of a SymPy expression, as it stands."""
    found: list[Condition] = []

    def walk(node: sp.Basic, indices: tuple[tuple[sp.Symbol, sp.Expr, sp.Expr], ...]) -> None:
        if isinstance(node, sp.Sum):
            (index, first, last), *more = node.limits
            if more:
                raise DerivedNodeError(f"a Sum with more than one index: {node}")
            walk(first, indices)
            walk(last, indices)
            walk(node.function, (*indices, (index, first, last)))
            return
        for argument in node.args:
            walk(argument, indices)
        found.extend(
            Condition(relation, indices)
            for relation in needs(node.func, node.args)
            if not plainly_true(relation)
        )

    walk(expression, ())
    return tuple(dict.fromkeys(found))


class DerivedNodeError(TypeError):
    """A SymPy expression holds a node that the checker gives no meaning to."""
