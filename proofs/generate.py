"""Write proofs/Generated.v: the formulas that the program evaluates, as definitions in Coq.

The theorems in proofs/ are about these definitions. The printer is trusted and therefore small: it
knows the few functions below and refuses every other.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import sympy as sp

from robustsize.bounds.catalogue import theorem
from robustsize.bounds.counting import growth
from robustsize.bounds.counting.smallest_size import condition
from robustsize.bounds.evaluate import choose_form
from robustsize.bounds.statement import Form, FormName, SmallestSize
from robustsize.bounds.symbols import L, Norm, alpha, c, d, epsilon, k, m, n

HERE = Path(__file__).parent
GENERATED = HERE / "Generated.v"

_HEADER = """\
(* Written by proofs/generate.py from the expressions in bounds/; do not edit. *)
From Coq Require Import Reals.
Require Import Definitions.
Local Open Scope R_scope.
"""
_FUNCTIONS = {
    sp.log: "ln",
    sp.floor: "floor",
    sp.factorial: "factorial",
    sp.binomial: "binomial",
}


@dataclass(frozen=True)
class Formula:
    """An expression under a name of its own; symbols: its arguments, in order."""

    name: str
    expression: sp.Expr
    symbols: tuple[sp.Symbol, ...]

    @property
    def coq(self) -> str:
        """The definition in Coq."""
        assert self.expression.free_symbols <= set(self.symbols), self.name
        names = " ".join(symbol.name for symbol in self.symbols)
        arguments = f" ({names} : R)" if names else ""
        return f"Definition {self.name}{arguments} : R :=\n  {coq(self.expression)}.\n"

    @property
    def digest(self) -> str:
        """A digest of the definition."""
        return digest(self.coq)


def digest(text: str) -> str:
    """The SHA-256 of a text."""
    return hashlib.sha256(text.encode()).hexdigest()


def coq(expression: sp.Expr) -> str:
    """The expression as a term of Coq's real numbers, in parentheses wherever it is not an atom."""
    match expression:
        case sp.Integer():
            return str(expression) if expression >= 0 else f"({expression})"
        case sp.Rational():
            return f"({coq(sp.Integer(expression.p))} / {expression.q})"
        case sp.Symbol():
            return expression.name
        case _ if expression == sp.E:
            return "(exp 1)"
        case sp.Add():
            return "(" + " + ".join(map(coq, expression.as_ordered_terms())) + ")"
        case sp.Mul():
            return "(" + " * ".join(map(coq, expression.as_ordered_factors())) + ")"
        case sp.Pow(base=base, exp=sp.Integer() as exponent) if exponent > 0:
            return f"({coq(base)} ^ {exponent})"
        case sp.Pow(base=base, exp=sp.Integer() as exponent) if exponent < 0:
            return f"(/ {coq(base**-exponent)})"
        case sp.Pow(base=base, exp=exponent):
            return f"(Rpower {coq(base)} {coq(exponent)})"
        case sp.Sum(function=term, variables=[index]) if expression.limits[0][1] == 0:
            return f"(sum_up_to {coq(expression.limits[0][2])} (fun {index.name} => {coq(term)}))"
    function = _FUNCTIONS.get(expression.func)
    if function is None:
        raise ValueError(f"no Coq for {expression.func} in {expression}")
    return f"({function} {' '.join(map(coq, expression.args))})"


def _form(id: str, name: FormName) -> Form:
    return choose_form(theorem(id), Norm.INF, name)


def _lower(id: str) -> SmallestSize:
    expression = _form(id, FormName.EXPLICIT).expression
    assert isinstance(expression, SmallestSize)
    return expression


def formulas() -> tuple[Formula, ...]:
    """All formulas that theorems in proofs/ are about."""
    bits = condition((growth.COUNTED,)).rhs
    size = _form("thm3.3", FormName.EXPLICIT).expression
    assert isinstance(size, sp.Expr)
    tree = growth.TREE
    return (
        Formula("labelling_bits", bits, (m, alpha)),
        Formula("growth_counted", growth.COUNTED.expression, (n, L, m, d)),
        Formula("growth_tree", tree.expression, (n, d)),
        Formula("growth_tree_units", tree.per_units, (n, growth.U, m)),
        Formula("growth_tree_fewest_units", tree.fewest_units, ()),
        Formula("growth_tree_least_size", tree.least_size, ()),
        Formula("thm4_3_points", _lower("thm4.3").points, (d, epsilon)),
        Formula("thm4_3_dimension", _lower("thm4.3").dimension, (d,)),
        Formula("thm3_4_points", _lower("thm3.4").points, (d, epsilon)),
        Formula("thm3_4_dimension", _lower("thm3.4").dimension, (d,)),
        Formula("thm5_8_points", _lower("thm5.8").points, (k, epsilon)),
        Formula("thm5_8_dimension", _lower("thm5.8").dimension, (k,)),
        Formula("thm3_3_size", size, (d, epsilon, c)),
    )


def text() -> str:
    """The whole of Generated.v."""
    return _HEADER + "".join("\n" + formula.coq for formula in formulas())


if __name__ == "__main__":
    if not GENERATED.exists() or GENERATED.read_text() != text():
        GENERATED.write_text(text())
