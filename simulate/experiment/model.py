"""An experiment is a list of cells: each states its claims, then measures what they speak of.

A cell does the work that its claims share once; each claim reads its evidence off what was
measured. A trend is a claim that several cells measure together: each holds the places it measures.
Evidence belongs to a claim, and values to a trend, by where they are listed.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from fractions import Fraction
from math import inf
from pathlib import Path
from typing import Any, Generic

import sympy as sp

from robustsize.bounds.symbols import BY_SYMBOL, InputError, Norm, checked
from robustsize.simulate.experiment.claim import Claim, M, Prediction
from robustsize.simulate.experiment.evidence import (
    Between,
    Evidence,
    Slope,
    evidence_json,
    evidence_of,
)

Progress = Callable[[float, str], None]
Axes = Mapping[sp.Symbol, tuple[Fraction, ...]]
"""The values of each parameter, of which an experiment takes the combinations."""


def axes(given: Mapping[sp.Symbol, str]) -> Axes:
    """The axes of texts as the command line takes them, such as {d: "2:5", epsilon: "1/4"}.

    Raises InputError where a value is outside its domain.
    """
    return {symbol: BY_SYMBOL[symbol].read_all(text) for symbol, text in given.items()}


@dataclass(frozen=True, kw_only=True)
class Setting:
    """Where an experiment measures. seeds: instances, starts or trials (each says which).

    Raises InputError where a value is outside its domain.
    """

    axes: Axes
    seeds: int
    p: Norm = Norm.INF
    seed: int = 0
    device: str = "auto"

    def __post_init__(self) -> None:
        if self.seeds < 1:
            raise InputError(f"--seeds {self.seeds}: must be >= 1; for example --seeds 8")
        exact = {
            symbol: tuple(checked({symbol: value})[symbol] for value in values)
            for symbol, values in self.axes.items()
        }
        object.__setattr__(self, "axes", exact)

    def all(self, symbol: sp.Symbol) -> tuple[Fraction, ...]:
        """The values of a parameter."""
        return self.axes[symbol]

    def integers(self, symbol: sp.Symbol) -> list[int]:
        """The values of a parameter that takes integers."""
        return [int(value) for value in self.axes[symbol]]

    def given(self, *symbols: sp.Symbol) -> str:
        """Options with their values, as a message names them."""
        values = {BY_SYMBOL[s].option: map(str, self.axes[s]) for s in symbols if s in self.axes}
        return " ".join(f"{option} {','.join(texts)}" for option, texts in values.items())

    def one(self, symbol: sp.Symbol) -> Fraction:
        """The value of a parameter that takes only one.

        Raises InputError where it has several.
        """
        if len(self.axes[symbol]) != 1:
            option, example = BY_SYMBOL[symbol].option, BY_SYMBOL[symbol].example
            raise InputError(f"{option} takes one value here; for example {option} {example}")
        return self.axes[symbol][0]

    def json(self) -> dict[str, Any]:
        """The setting as JSON."""
        axes = {
            BY_SYMBOL[s].option[2:]: [str(v) for v in values] for s, values in self.axes.items()
        }
        rest = {"p": self.p.value, "seeds": self.seeds, "seed": self.seed, "device": self.device}
        return {**axes, **rest}


@dataclass(frozen=True)
class Run:
    """What a measuring cell is given.

    folder: for networks worth keeping. deadline: of `time.monotonic`; a cell that would pass it
    stops its searches early and says so in its evidence's `tried`.
    """

    folder: Path
    deadline: float = inf
    progress: Progress = lambda share, doing: None

    @property
    def seconds_left(self) -> float:
        """Until the deadline, at least 0."""
        return max(0.0, self.deadline - time.monotonic())

    def part(self, number: int, parts: int) -> Run:
        """The same for one of several parts of the work, in turn: progress goes on from there."""
        return replace(
            self, progress=lambda share, doing: self.progress((number + share) / parts, doing)
        )


@dataclass(frozen=True, kw_only=True)
class Row:
    """One place of a series that a figure or table shows.

    series: its name. at: the parameters there, by name. values: measured, one a replicate (a random
    instance, a labelling, a seed); None where nothing was found. lower, upper: the limits there.
    more: whatever else a reader needs, as JSON.
    """

    series: str
    at: dict[str, float]
    values: tuple[float | None, ...]
    lower: float | None = None
    upper: float | None = None
    more: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Trend:
    """A prediction on the slope of log values against x, or against log x where `log_x`."""

    prediction: Prediction
    log_x: bool = False


@dataclass(frozen=True, eq=False)
class Place(Generic[M]):
    """The values of a trend at one x, one a replicate, in what a cell measured.

    values: None where nothing was found.
    """

    trend: Trend
    x: float
    values: Callable[[M], Sequence[float | None]]


@dataclass(frozen=True)
class Outcome:
    """What a cell measured: evidence of each claim, values at each place of a trend, rows.

    cut_short: the time budget ended the measurement.
    """

    evidence: tuple[Evidence, ...]
    places: tuple[tuple[float | None, ...], ...] = ()
    rows: tuple[Row, ...] = ()
    cut_short: bool = False

    def json(self) -> dict[str, Any]:
        """The outcome of a cell that was not cut short, as JSON."""
        evidence = [evidence_json(one) for one in self.evidence]
        return {"evidence": evidence, "places": self.places, "rows": [asdict(r) for r in self.rows]}

    @classmethod
    def of(cls, saved: dict[str, Any]) -> Outcome:
        """The outcome that `json` gave.

        Raises ValueError, KeyError or TypeError where it is none.
        """
        return cls(
            tuple(evidence_of(one) for one in saved["evidence"]),
            tuple(tuple(values) for values in saved["places"]),
            tuple(Row(**{**row, "values": tuple(row["values"])}) for row in saved["rows"]),
        )


@dataclass(frozen=True, eq=False, kw_only=True)
class Cell(Generic[M]):
    """Claims, and the work that measures all of them.

    name: unique within the experiment. work: done once; its result is what claims, places and
    rows read. weight: its part of the experiment's time.
    """

    name: str
    claims: tuple[Claim[M], ...]
    work: Callable[[Run], M]
    places: tuple[Place[M], ...] = ()
    rows: Callable[[M], Sequence[Row]] = lambda measured: ()
    weight: float = 1.0

    @property
    def predictions(self) -> tuple[Prediction, ...]:
        """Of its claims, in their order."""
        return tuple(claim.prediction for claim in self.claims)

    def measure(self, run: Run) -> Outcome:
        """Do the work and read off it the evidence of each claim."""
        measured = self.work(run)
        return Outcome(
            tuple(claim.measure(measured) for claim in self.claims),
            tuple(tuple(place.values(measured)) for place in self.places),
            tuple(self.rows(measured)),
        )


Cells = Sequence[Cell[Any]]


def trends(cells: Cells) -> list[Trend]:
    """The trends that cells have places of at two x or more."""
    known: dict[Trend, set[float]] = {}
    for cell in cells:
        for place in cell.places:
            known.setdefault(place.trend, set()).add(place.x)
    return [trend for trend, at in known.items() if len(at) > 1]


def slope(trend: Trend, measured: Sequence[tuple[Cell[Any], Outcome | None]]) -> Evidence | None:
    """The evidence on a trend in the outcomes of cells.

    None where the time budget left one of its cells out or cut it short: the places that are left,
    or half a search, may have another slope.
    """
    values: dict[float, list[float]] = {}
    for cell, outcome in measured:
        for i, place in enumerate(cell.places):
            if place.trend is trend:
                if outcome is None or outcome.cut_short:
                    return None
                known = [v for v in outcome.places[i] if v is not None and v > 0]
                values.setdefault(place.x, []).extend(known)
    known_at = {x: tuple(found) for x, found in sorted(values.items()) if found}
    if len(known_at) < 2:
        return Between(None, None, "values at fewer than two places")
    return Slope(tuple(known_at), tuple(known_at.values()), trend.log_x)


@dataclass(frozen=True, kw_only=True, eq=False)
class Experiment:
    """What measures one theorem or more.

    covers: their ids. measures: in one line. seeds_are: what `Setting.seeds` counts. quick, full:
    its settings in `agree`'s presets; a parameter that a user does not give is taken from quick.
    quick_seconds: about how long quick takes on two cores, for the estimate of the time left.
    cells: from a setting; raises InputError where the experiment cannot measure there.
    """

    id: str
    covers: tuple[str, ...]
    measures: str
    seeds_are: str
    quick: Setting
    full: Setting
    quick_seconds: float
    cells: Callable[[Setting], Cells]
