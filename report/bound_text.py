"""Theorems and bound values as lines of text, as JSON objects and as tables."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from robustsize.bounds.evaluate import BoundValue, Sufficiency, written
from robustsize.bounds.solve import Crossing
from robustsize.bounds.statement import Form, Theorem
from robustsize.bounds.text import RELATION, latex, number

if TYPE_CHECKING:
    from rich.table import Table

_LONGEST = 100


def bound_json(value: BoundValue, against: tuple[int, Sufficiency] | None = None) -> dict[str, Any]:
    """The JSON object of one bound value; `against` adds what it says of one size."""
    row: dict[str, Any] = {
        "id": value.id,
        "kind": value.kind.value,
        "form": value.form.value,
        "scope": value.scope or None,
        "hypotheses": list(value.hypotheses),
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
    yield f"{value.id} ({value.kind.value}, {value.label})"
    yield f"  {value.quantity.value} {RELATION[value.kind]} {number(value)}"
    yield f"  = {value.expression}"
    yield "  at " + ", ".join(f"{name} = {v}" for name, v in value.parameters.items())
    if value.vacuous is not None:
        yield f"  vacuous: {value.vacuous}"
    if against is not None:
        yield f"  n = {against[0]}: {against[1].value}"
    for hypothesis in value.hypotheses:
        yield f"  hypothesis: {hypothesis}"
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
        "scope": form.scope or None,
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


def theorem_lines(theorem: Theorem, *, as_latex: bool = False) -> Iterable[str]:
    """One theorem for a reader."""
    yield f"{theorem.id}  {theorem.title} ({theorem.kind.value})"
    yield f"  {theorem.statement}"
    yield f"  quantity: {theorem.quantity.value}"
    for hypothesis in theorem.hypotheses:
        yield f"  hypothesis: {hypothesis.text}"
    for form in theorem.forms:
        norms = ", ".join(norm.value for norm in form.norms)
        of = f" for a {form.scope}" if form.scope else ""
        yield f"  {form.name.value} form{of} (constant {form.constant.value}, p in {{{norms}}})"
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
                form.label,
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
        "searched": [_exact(end) for end in crossing.searched],
        "meaning": crossing.meaning,
    }


def crossing_lines(theorem: Theorem, form: Form, crossing: Crossing) -> Iterable[str]:
    """A crossing for a reader."""
    yield f"{theorem.id} ({theorem.kind.value}, {form.label}), size {crossing.size}"
    yield f"  {crossing.meaning}"


def _exact(value: Fraction | None) -> int | str | None:
    if value is None:
        return None
    return int(value) if value.denominator == 1 else str(value)


def _cut(text: str) -> str:
    """At most a line of a formula; `show` has it whole."""
    return text if len(text) <= _LONGEST else text[: _LONGEST - 4] + " ..."
