"""The paper's Table 1 with numbers at given parameters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from robustsize.bounds.catalogue import theorem
from robustsize.bounds.evaluate import BoundValue, bound_value
from robustsize.bounds.statement import Form, Theorem
from robustsize.bounds.symbols import BY_SYMBOL, InputError, Norm, Values, checked
from robustsize.report.bound_text import bound_json, number

if TYPE_CHECKING:
    from rich.table import Table

ROWS = (
    ("robust training", ("thm2.2", "thm2.3")),
    ("robust test, general", ("thm3.3", "thm3.4")),
    ("robust test, linearly separable", ("thm4.3", "thm4.4", "thm4.5")),
    ("robust test, k-dimensional manifold", ("thm5.5", "thm5.8")),
)
"""Table 1: setting, and the theorems on it."""


def _cell(theorem: Theorem, form: Form, values: Values, norm: Norm) -> BoundValue | str:
    """The value, or why there is none."""
    try:
        return bound_value(theorem, form, values, norm)
    except InputError:
        missing = [BY_SYMBOL[s].option for s in form.needs if s not in values]
        return f"needs {' '.join(missing)}" if missing else "hypothesis fails"


def _forms(norm: Norm) -> list[tuple[str, Theorem, Form]]:
    return [
        (setting, theorem(id), form)
        for setting, ids in ROWS
        for id in ids
        for form in theorem(id).forms
        if norm in form.norms
    ]


def table1(points: Sequence[Values], norm: Norm) -> Table:
    """A row a theorem and form, a column for each point.

    Raises InputError where a value is outside its domain.
    """
    from rich.table import Table

    points = [checked(values) for values in points]
    shown = Table("setting", "id", "kind", "form", box=None)
    varying = {s for values in points for s in values if len({v[s] for v in points}) > 1}
    for values in points:
        at = ", ".join(f"{s.name}={values[s]}" for s in values if s in varying)
        shown.add_column(at or "value", justify="right")
    for setting, row, form in _forms(norm):
        cells = [_cell(row, form, values, norm) for values in points]
        shown.add_row(setting, row.id, row.kind.value, form.label, *map(_text, cells))
    return shown


def _text(cell: BoundValue | str) -> str:
    if isinstance(cell, str):
        return cell
    return number(cell) + (" (vacuous)" if cell.vacuous else "")


def table1_json(points: Sequence[Values], norm: Norm) -> list[dict[str, Any]]:
    """One object for each theorem, form and point; `missing` says why a value is not there.

    Raises InputError where a value is outside its domain.
    """
    points = [checked(values) for values in points]
    rows = []
    for setting, row, form in _forms(norm):
        for values in points:
            cell = _cell(row, form, values, norm)
            value = (
                {"id": row.id, "form": form.name.value, "missing": cell}
                if isinstance(cell, str)
                else bound_json(cell)
            )
            rows.append({"setting": setting, **value})
    return rows
