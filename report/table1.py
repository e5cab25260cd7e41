"""The paper's Table 1 as a table of text and as JSON objects."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from robustsize.bounds.evaluate import BoundValue
from robustsize.bounds.symbols import Norm, Values
from robustsize.bounds.table1 import rows
from robustsize.bounds.text import number
from robustsize.report.bound_text import bound_json

if TYPE_CHECKING:
    from rich.table import Table


def table1(points: Sequence[Values], norm: Norm) -> Table:
    """A row a theorem and form, a column for each point.

    Raises InputError where a value is outside its domain.
    """
    from rich.table import Table

    shown = Table("setting", "id", "kind", "form", box=None)
    varying = {s for values in points for s in values if len({v[s] for v in points}) > 1}
    for values in points:
        at = ", ".join(f"{s.name}={values[s]}" for s in values if s in varying)
        shown.add_column(at or "value", justify="right")
    for row in rows(points, norm):
        theorem = row.theorem
        cells = map(_text, row.cells)
        shown.add_row(row.setting, theorem.id, theorem.kind.value, row.form.label, *cells)
    return shown


def _text(cell: BoundValue | str) -> str:
    if isinstance(cell, str):
        return cell
    return number(cell) + (" (vacuous)" if cell.vacuous else "")


def table1_json(points: Sequence[Values], norm: Norm) -> list[dict[str, Any]]:
    """One object for each theorem, form and point; `missing` says why a value is not there.

    Raises InputError where a value is outside its domain.
    """
    return [
        {"setting": row.setting}
        | (
            {"id": row.theorem.id, "form": row.form.name.value, "missing": cell}
            if isinstance(cell, str)
            else bound_json(cell)
        )
        for row in rows(points, norm)
        for cell in row.cells
    ]
