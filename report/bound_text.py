"""Theorems and bound values as lines of text, as JSON objects and as tables."""

from __future__ import annotations

import math
from collections.abc import Iterable
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import sympy as sp

from robustsize.bounds.smallest_size import condition
from robustsize.bounds.solve import Crossing
from robustsize.bounds.statement import Constant, Form, Kind, SmallestSize, Theorem
from robustsize.bounds.value import BoundValue, Sufficiency, written

if TYPE_CHECKING:
    from rich.table import Table

_LONGEST = 100

_RELATION = {Kind.UPPER: "<=", Kind.LOWER: ">=", Kind.SAMPLES: ">=", Kind.EXISTENCE: "="}


def magnitude(log10: float | None) -> str:
    """10^log10 in scientific notation, whatever its size."""
    if log10 is None:
        return "0"
    exponent = math.floor(log10)
    if log10 < 1e9 and -5 < exponent < 7:
        return f"{10**log10:.6g}"
    # A float's digits go to the exponent first; show of the mantissa only what is left.
    digits = min(3, 14 - len(str(abs(exponent))))
    mantissa = f"{10 ** (log10 - exponent):.{digits}f}" if digits > 0 else "1"
    return f"{mantissa}e{exponent:+d}"


def number(value: BoundValue) -> str:
    """The value: exact where it is, "C *" in front where the constant is unspecified."""
    shown = f"{value.value}" if value.value is not None else magnitude(value.log10)
    return shown if value.constant is Constant.EXPLICIT else f"C * {shown}"


def bound_json(value: BoundValue, against: tuple[int, Sufficiency] | None = None) -> dict[str, Any]:
    """The JSON object of one bound value; `against` adds what it says of one size."""
    row: dict[str, Any] = {
        "id": value.id,
        "kind": value.kind.value,
        "form": value.form.value,
        "quantity": value.quantity.value,
        "parameters": {
            name: int(v) if v.isdigit() and name != "p" else v
            for name, v in value.parameters.items()
        },
        "log10": value.log10,
        "value": value.value,
        "constant": value.constant.value,
        "vacuous": value.vacuous is not None,
        "vacuous_reason": value.vacuous,
        "regime": value.regime,
        "source": value.source,
        "expression": value.expression,
        "notes": list(value.notes),
    }
    if against is not None:
        row["against"] = {"n": against[0], "verdict": against[1].value}
    return row


def bound_lines(value: BoundValue, against: tuple[int, Sufficiency] | None = None) -> Iterable[str]:
    """One bound value for a reader."""
    yield f"{value.id} ({value.kind.value}, {value.form.value})"
    yield f"  {value.quantity.value} {_RELATION[value.kind]} {number(value)}"
    yield f"  = {value.expression}"
    yield "  at " + ", ".join(f"{name} = {v}" for name, v in value.parameters.items())
    if value.vacuous is not None:
        yield f"  vacuous: {value.vacuous}"
    if against is not None:
        yield f"  n = {against[0]}: {against[1].value}"
    yield f"  regime: {value.regime}"
    yield f"  source: {value.source}"
    for note in value.notes:
        yield f"  note: {note}"


def theorem_json(theorem: Theorem) -> dict[str, Any]:
    """The JSON object of one theorem."""
    return {
        "id": theorem.id,
        "title": theorem.title,
        "statement": theorem.statement,
        "hypotheses": [h.text for h in theorem.hypotheses],
        "kind": theorem.kind.value,
        "quantity": theorem.quantity.value,
        "forms": [_form_json(form) for form in theorem.forms],
        "source": theorem.source,
        "loose": list(theorem.loose),
    }


def _form_json(form: Form) -> dict[str, Any]:
    return {
        "form": form.name.value,
        "p": [norm.value for norm in form.norms],
        "constant": form.constant.value,
        "expression": written(form),
        "latex": latex(form),
        "needs": [s.name for s in form.needs],
        "optional": [s.name for s in form.optional],
        "hypotheses": [h.text for h in form.hypotheses],
        "regime": str(form.regime),
        "source": form.source,
        "derivations": list(form.derivations),
        "notes": list(form.notes),
    }


def latex(form: Form) -> str:
    """The form in LaTeX."""
    if isinstance(form.expression, SmallestSize):
        passes = sp.latex(condition(form.expression.growths))
        return rf"\min\{{n : {passes}\}},\quad m = {sp.latex(form.expression.points)}"
    shape = sp.latex(form.expression)
    if form.constant is Constant.EXPLICIT:
        return shape
    return rf"C \left({shape}\right)" if form.expression.is_Add else rf"C \cdot {shape}"


def theorem_lines(theorem: Theorem, *, as_latex: bool = False) -> Iterable[str]:
    """One theorem for a reader."""
    yield f"{theorem.id}  {theorem.title} ({theorem.kind.value})"
    yield f"  {theorem.statement}"
    yield f"  quantity: {theorem.quantity.value}"
    for hypothesis in theorem.hypotheses:
        yield f"  hypothesis: {hypothesis.text}"
    for form in theorem.forms:
        norms = ", ".join(norm.value for norm in form.norms)
        yield f"  {form.name.value} form (constant {form.constant.value}, p in {{{norms}}})"
        yield f"    {latex(form) if as_latex else written(form)}"
        for hypothesis in form.hypotheses:
            yield f"    hypothesis: {hypothesis.text}"
        yield f"    regime: {form.regime}"
        yield f"    source: {form.source}"
        if form.derivations:
            yield f"    stands on: {', '.join(form.derivations)}"
        for note in form.notes:
            yield f"    note: {note}"
    for point in theorem.loose:
        yield f"  loose: {point}"
    yield f"  source: {theorem.source}"


def catalogue_table(theorems: Iterable[Theorem]) -> Table:
    """The catalogue, one row a form."""
    from rich.table import Table

    table = Table("id", "kind", "form", "constant", "quantity", "expression", box=None)
    for theorem in theorems:
        for form in theorem.forms:
            table.add_row(
                theorem.id,
                theorem.kind.value,
                form.name.value,
                form.constant.value,
                theorem.quantity.name.lower(),
                _cut(written(form)),
            )
    return table


def crossing_json(theorem: Theorem, form: Form, crossing: Crossing) -> dict[str, Any]:
    """The JSON object of a crossing; exact rationals as text."""
    return {
        "id": theorem.id,
        "form": form.name.value,
        "for": crossing.symbol,
        "size": crossing.size,
        "last": _exact(crossing.last),
        "first": _exact(crossing.first),
        "meaning": crossing.meaning,
    }


def crossing_lines(theorem: Theorem, form: Form, crossing: Crossing) -> Iterable[str]:
    """A crossing for a reader."""
    yield f"{theorem.id} ({theorem.kind.value}, {form.name.value}), size {crossing.size}"
    for name, value in (("last", crossing.last), ("first", crossing.first)):
        shown = "none in the domain" if value is None else f"{_exact(value)}"
        approximate = f" (about {float(value):.12g})" if value and value.denominator > 1 else ""
        yield f"  {crossing.symbol} {name} = {shown}{approximate}"
    yield f"  {crossing.meaning}"


def _exact(value: Fraction | None) -> int | str | None:
    if value is None:
        return None
    return int(value) if value.denominator == 1 else str(value)


def _cut(text: str) -> str:
    """At most a line of a formula; `show` has it whole."""
    return text if len(text) <= _LONGEST else text[: _LONGEST - 4] + " ..."
