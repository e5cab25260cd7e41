"""What `robustsize.bounds` offers: theorems by id, their bounds as numbers, proofs checked.

Parameters are keywords, read by `robustsize.bounds.keywords`.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Unpack

from robustsize.bounds import keywords
from robustsize.bounds.catalogue import IDS, theorem
from robustsize.bounds.evaluate import BoundValue, Sufficiency, bound_value
from robustsize.bounds.keywords import Number, Parameters, Ranges, complaints_in_keywords
from robustsize.bounds.solve import Crossing
from robustsize.bounds.solve import solve as _solve
from robustsize.bounds.statement import Form, FormName, Theorem
from robustsize.bounds.symbols import (
    InputError,
    Norm,
    Values,
    exact,
)
from robustsize.bounds.table1 import rows
from robustsize.bounds.text import RELATION, latex, number

if TYPE_CHECKING:
    from rich.table import Table

    from robustsize.bounds.prover.model import DerivationReport, Outcome

__all__ = [
    "IDS",
    "Bound",
    "Crossing",
    "Form",
    "InputError",
    "Theorem",
    "bound",
    "check",
    "crossing",
    "table",
    "theorem",
]


@dataclass(frozen=True)
class Bound(BoundValue):
    """The value of a bound; in a notebook it is shown in LaTeX.

    value: an integer where the bound is one below 2^63, else None. log10: of the value, rounded so
    that the bound still holds. vacuous: why the bound says nothing here, None where it does.
    kind: lower, upper, samples or existence. stated: the form it is the value of.
    """

    stated: Form = field(kw_only=True, repr=False)

    @property
    def rests_on(self) -> tuple[str, ...]:
        """The derivations that an explicit form stands on, for `check`."""
        return self.stated.derivations

    def holds_against(self, size: int) -> Sufficiency:
        """What the bound says of networks with `size` parameters.

        Raises IncomparableError where the constant is unspecified or the bound is not on size.
        """
        with complaints_in_keywords():
            return super().holds_against(size)

    def __str__(self) -> str:
        return f"{self.id} ({self.kind.value}, {self.label}): {self._claim} at {self._point}"

    @property
    def _claim(self) -> str:
        return f"{self.quantity.value} {RELATION[self.kind]} {number(self)}"

    @property
    def _point(self) -> str:
        return ", ".join(f"{name} = {value}" for name, value in self.parameters.items())

    def _repr_latex_(self) -> str:
        relation = RELATION[self.kind].replace("<=", r"\le").replace(">=", r"\ge")
        quantity = self.quantity.value.partition(" (")[0]
        equals = "=" if self.value is not None else r"\approx"
        value = re.sub(r"e([+-]\d+)", lambda e: rf" \cdot 10^{{{int(e[1])}}}", number(self))
        value = value.replace("*", r"\cdot")
        return rf"$\text{{{quantity}}} {relation} {latex(self.stated)} {equals} {value}$"

    def __rich__(self) -> Table:
        from rich.table import Table

        shown = Table(box=None, show_header=False)
        for name, text in (
            (self.id, f"{self.kind.value}, {self.label}"),
            ("value", self._claim),
            ("formula", self.expression),
            ("at", self._point),
            ("vacuous", self.vacuous or ""),
            ("regime", self.regime),
            ("rests on", ", ".join(self.rests_on)),
            ("source", self.source),
        ):
            if text:
                shown.add_row(name, text)
        return shown


def bound(
    id: str,
    *,
    form: FormName | str | None = None,
    p: Norm | str | float = Norm.INF,
    **parameters: Unpack[Parameters],
) -> Bound:
    """The value of a theorem's bound.

    id: of a theorem, see `IDS`. form: printed, appendix, simple, explicit or deeper; None for
    explicit where there is one, else printed. p: the norm of separation and adversary, 2 or inf.

    >>> from robustsize import bounds
    >>> b = bounds.bound("thm4.3", d=20, epsilon="1/10", c="1/2")
    >>> b.value, b.vacuous, b.kind.value
    (49370321, None, 'lower')
    >>> bounds.bound("thm4.3", d=20, epsilon=0.1, form="printed").log10
    2.213405013730726
    >>> bounds.bound("thm4.3", d=20, epsilon=0.7)
    Traceback (most recent call last):
    ...
    robustsize.bounds.symbols.InputError: epsilon='0.7': the half separation epsilon must be a \
number in (0, 1/2); for example epsilon=0.1

    Raises InputError for an unknown id, form or parameter, a value outside its domain, a parameter
    that the form needs and that is missing, and where a hypothesis on the parameters fails.
    """
    with complaints_in_keywords():
        norm, point = keywords.norm(p), keywords.point(parameters)
        stated = theorem(id).form(form, norm)
        return Bound(**vars(bound_value(theorem(id), stated, point, norm)), stated=stated)


def crossing(
    id: str,
    parameter: str,
    size: Number,
    *,
    form: FormName | str | None = None,
    p: Norm | str | float = Norm.INF,
    **parameters: Unpack[Parameters],
) -> Crossing:
    """Where networks with `size` parameters stop sufficing as one parameter gets harder.

    >>> from robustsize import bounds
    >>> bounds.crossing("thm4.3", "d", 25_000_000, epsilon="0.1").first
    Fraction(20, 1)

    Raises InputError as `bound` does, and where the form is not known to be monotone in the
    parameter, or has a constant that nobody has stated.
    """
    with complaints_in_keywords():
        norm, point = keywords.norm(p), keywords.point(parameters)
        stated = theorem(id).form(form, norm)
        symbol, whole = keywords.parameter(parameter).symbol, exact(size)
        if whole is None or whole.denominator != 1:
            raise InputError(f"size={size!r}: must be a whole number; for example size=25_000_000")
        return _solve(theorem(id), stated, symbol, int(whole), point, norm)


def table(
    *, p: Norm | str | float = Norm.INF, frame: bool | None = None, **parameters: Unpack[Ranges]
) -> Any:
    """The paper's Table 1 with values: a row for each form of a theorem and each point.

    Where several parameters have several values every combination is a point. frame: True for a
    pandas DataFrame, False for a list of dictionaries; None for a frame where pandas is installed.
    A row has the columns setting, id, kind, form, scope, one for each parameter, value (exact,
    below 2^63), log10, text (as the command line prints it), constant, vacuous and missing (why
    there is no value).

    >>> from robustsize import bounds
    >>> rows = bounds.table(d=range(2, 5), epsilon="1/10", c="1/2", frame=False)
    >>> [row["value"] for row in rows if (row["id"], row["form"]) == ("thm4.3", "explicit")]
    [1, 4, 14]

    Raises InputError as `bound` does, and where a frame is asked for and pandas is not installed.
    """
    with complaints_in_keywords():
        norm, points = keywords.norm(p), list(keywords.points(parameters))
        records = list(_records(points, norm))
    if frame is None:
        frame = find_spec("pandas") is not None
    return _frame(records) if frame else records


def check(
    target: str | os.PathLike[str], *, seconds: float = 10.0, seed: int = 0
) -> DerivationReport:
    """Check a derivation: one that a bound rests on, by its id, or a TOML file of your own.

    seconds: of processor time for each step. seed: of the points that are tried. Each step runs in
    a process of its own; one that meets a limit is undecided, with the reason.

    >>> from robustsize import bounds
    >>> bounds.check("examples/counting.derivation.toml").status.value  # doctest: +SKIP
    'proved'

    Raises DerivationError, an InputError, where there is no such derivation or file, or it cannot
    be read.
    """
    from robustsize.bounds.prover.check import check_ids, check_step, step_limits, stopped
    from robustsize.bounds.prover.isolated import Done, Job, Refused, Workers
    from robustsize.bounds.prover.language.toml_file import load
    from robustsize.bounds.prover.model import DerivationError, DerivationReport
    from robustsize.bounds.theorems.proofs import derivation

    name = os.fspath(target)
    ours = not name.endswith(".toml")
    source = derivation(name) if ours else load(name)
    check_ids(source)
    options: dict[str, Any] = {"budget_seconds_per_step": seconds, "seed": seed}
    calls = [
        partial(_check_ours, name, step.id, **options)
        if ours
        else partial(check_step, source, step.id, **options)
        for step in source.steps
    ]
    outcomes: list[Outcome] = []
    with Workers(os.cpu_count() or 1) as workers:
        answers = workers.answers([Job(call, step_limits(seconds)) for call in calls])
        for step, answer in zip(source.steps, answers, strict=True):
            match answer:
                case Done(outcome):
                    outcomes.append(outcome)
                case Refused(message):
                    raise DerivationError(message)
                case _:
                    outcomes.append(stopped(step.id, str(step.claim), answer))
    return DerivationReport(source.id, tuple(outcomes), source.source)


def _check_ours(name: str, step: str, **options: Any) -> Outcome:
    """In the worker: ours are found by name, for SymPy changes what it unpickles."""
    from robustsize.bounds.prover.check import check_step
    from robustsize.bounds.theorems.proofs import derivation

    return check_step(derivation(name), step, **options)


def _records(points: list[Values], norm: Norm) -> Iterator[dict[str, Any]]:
    for row in rows(points, norm):
        for point, cell in zip(points, row.cells, strict=True):
            found = cell if isinstance(cell, BoundValue) else None
            yield {
                "setting": row.setting,
                "id": row.theorem.id,
                "kind": row.theorem.kind.value,
                "form": row.form.name.value,
                "scope": row.form.scope,
                **{
                    keywords.keyword(s): int(v) if v.denominator == 1 else v
                    for s, v in point.items()
                },
                "value": found and found.value,
                "log10": found and found.log10,
                "text": found and number(found),
                "constant": row.form.constant.value,
                "vacuous": found and found.vacuous,
                "missing": cell.replace("--", "") if isinstance(cell, str) else None,
            }


def _frame(records: list[dict[str, Any]]) -> Any:
    try:
        import pandas
    except ImportError:
        raise InputError("frame=True: pandas is not installed; for example frame=False") from None
    # By columns, so that no integer beside a missing one goes through float64.
    columns = {name: [record[name] for record in records] for name in records[0]}
    exact = {"value": pandas.array(columns["value"], dtype="Int64")}
    return pandas.DataFrame(columns | exact)
