"""Forms and their values as text and in LaTeX."""

from __future__ import annotations

import sympy as sp

from robustsize.bounds.arithmetic.decimals import magnitude
from robustsize.bounds.arithmetic.decimals import number as shown
from robustsize.bounds.counting.smallest_size import condition
from robustsize.bounds.evaluate import BoundValue
from robustsize.bounds.statement import Constant, Form, Kind, SmallestSize

RELATION = {Kind.UPPER: "<=", Kind.LOWER: ">=", Kind.SAMPLES: ">=", Kind.EXISTENCE: "<="}
"""How the quantity of a theorem stands to the value of its bound."""


def number(value: BoundValue) -> str:
    """The value: exact where it is, else rounded in the direction in which the bound holds.

    "C *" stands in front where the constant is unspecified.
    """
    if value.constant is Constant.UNSPECIFIED:
        return f"C * {magnitude(value.log10, up=None)}"
    up = value.kind.rounds_up
    if value.exact is not None:
        return shown(value.exact, up=up, digits=6)
    return magnitude(value.log10, up=up)


def latex(form: Form) -> str:
    """The form in LaTeX."""
    if isinstance(form.expression, SmallestSize):
        passes = sp.latex(condition(form.expression.growths))
        return rf"\min\{{n : {passes}\}},\quad m = {sp.latex(form.expression.points)}"
    shape: str = sp.latex(form.expression)
    if form.constant is Constant.EXPLICIT:
        return shape
    return rf"C \left({shape}\right)" if form.expression.is_Add else rf"C \cdot {shape}"
