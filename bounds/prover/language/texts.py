"""SymPy expressions written in the language of derivation files."""

from __future__ import annotations

import sympy as sp
from sympy.printing.str import StrPrinter

from robustsize.bounds.arithmetic.sums import taken_apart
from robustsize.bounds.prover.language.relations import Relation


class _Printer(StrPrinter):  # type: ignore[misc]
    def _call(self, name: str, expression: sp.Basic) -> str:
        return f"{name}({', '.join(map(self._print, expression.args))})"

    def _print_Abs(self, expression: sp.Abs) -> str:
        return self._call("abs", expression)

    def _print_Max(self, expression: sp.Max) -> str:
        return self._call("max", expression)

    def _print_Min(self, expression: sp.Min) -> str:
        return self._call("min", expression)

    def _print_ceiling(self, expression: sp.ceiling) -> str:
        return self._call("ceil", expression)

    def _print_Exp1(self, expression: sp.Expr) -> str:
        return "e"

    def _print_Sum(self, expression: sp.Sum) -> str:
        index, first, last, term = taken_apart(expression)
        parts = (self._print(part) for part in (term, index, first, last))
        return f"Sum({', '.join(parts)})"

    def _print_Symbol(self, expression: sp.Symbol) -> str:
        return str(expression.name).replace("#", "__")


def text_of(expression: sp.Basic) -> str:
    """The text that reads as this expression."""
    return str(_Printer({"order": "none"}).doprint(expression))


def text_of_relation(relation: Relation) -> str:
    """The text that reads as this relation."""
    return f"{text_of(relation.left)} {relation.op} {text_of(relation.right)}"
