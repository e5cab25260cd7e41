"""The paper's Table 1 with values at given parameters."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from robustsize.bounds.catalogue import theorem
from robustsize.bounds.evaluate import BoundValue, bound_value
from robustsize.bounds.statement import Form, Theorem
from robustsize.bounds.symbols import BY_SYMBOL, InputError, Norm, Values, checked

ROWS = (
    ("robust training", ("thm2.2", "thm2.3")),
    ("robust test, general", ("thm3.3", "thm3.4")),
    ("robust test, linearly separable", ("thm4.3", "thm4.4", "thm4.5")),
    ("robust test, k-dimensional manifold", ("thm5.5", "thm5.8")),
)
"""Setting, and the theorems on it."""


@dataclass(frozen=True)
class Row:
    """A form of a theorem; cells: at each point its value, or why there is none."""

    setting: str
    theorem: Theorem
    form: Form
    cells: tuple[BoundValue | str, ...]


def rows(points: Sequence[Values], norm: Norm) -> Iterator[Row]:
    """The table's rows, in the paper's order.

    Raises InputError where a value is outside its domain.
    """
    exact = [checked(values) for values in points]
    for setting, ids in ROWS:
        for id in ids:
            for form in theorem(id).forms:
                if norm in form.norms:
                    cells = tuple(_cell(theorem(id), form, values, norm) for values in exact)
                    yield Row(setting, theorem(id), form, cells)


def _cell(theorem: Theorem, form: Form, values: Values, norm: Norm) -> BoundValue | str:
    try:
        return bound_value(theorem, form, values, norm)
    except InputError:
        missing = [BY_SYMBOL[s].option for s in form.needs if s not in values]
        return f"needs {' '.join(missing)}" if missing else "hypothesis fails"
