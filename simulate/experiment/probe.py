"""A probe is a list of cells: each states its predictions, then measures what they speak of."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from math import inf
from pathlib import Path
from typing import Any

import sympy as sp

from robustsize.bounds.symbols import BY_SYMBOL, InputError, Norm, checked
from robustsize.simulate.experiment.claim import Evidence, Prediction, Slope

Progress = Callable[[float, str], None]
Axes = Mapping[sp.Symbol, tuple[Fraction, ...]]
"""The values of each parameter, of which a probe takes the combinations."""


def axes(given: Mapping[sp.Symbol, str]) -> Axes:
    """The axes of texts as the command line takes them, such as {d: "2:5", epsilon: "1/4"}.

    Raises InputError where a value is outside its domain.
    """
    return {symbol: BY_SYMBOL[symbol].read_all(text) for symbol, text in given.items()}


@dataclass(frozen=True, kw_only=True)
class Setting:
    """Where a probe measures. seeds: random instances, starts or trials (each probe says which).

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


@dataclass(frozen=True)
class Outcome:
    """What a cell measured: evidence by the prediction's name, and rows.

    cut_short: the time budget ended the measurement.
    """

    evidence: Mapping[str, Evidence]
    rows: tuple[Row, ...] = ()
    cut_short: bool = False


@dataclass(frozen=True)
class Cell:
    """Predictions and the experiment that tests them. weight: its part of the probe's time."""

    name: str
    predictions: tuple[Prediction, ...]
    measure: Callable[[Run], Outcome]
    weight: float = 1.0


@dataclass(frozen=True)
class Trend:
    """A prediction on the slope of a series: of log values against `x`, or its log.

    where: fixes other parameters of the series.
    """

    prediction: Prediction
    series: str
    x: str
    log_x: bool
    where: dict[str, float] = field(default_factory=dict)

    def slope(self, rows: Sequence[Row]) -> Slope | None:
        """The evidence in the measured rows; None where fewer than two places have values."""
        places: dict[float, list[float]] = {}
        for row in rows:
            if row.series == self.series and self.where.items() <= row.at.items():
                found = [v for v in row.values if v is not None and v > 0]
                places.setdefault(row.at[self.x], []).extend(found)
        known = {x: tuple(y) for x, y in sorted(places.items()) if y}
        if len(known) < 2:
            return None
        return Slope(tuple(known), tuple(known.values()), self.log_x)


@dataclass(frozen=True, kw_only=True, eq=False)
class Probe:
    """The experiment for one theorem or more.

    covers: their ids. measures: in one line. seeds_are: what `Setting.seeds` counts. quick, full:
    its settings in `agree`'s presets; a parameter that a user does not give is taken from quick.
    quick_seconds: about how long quick takes on two cores, for the estimate of the time left.
    cells, trends: from a setting; they raise InputError where the probe cannot measure there.
    """

    id: str
    covers: tuple[str, ...]
    measures: str
    seeds_are: str
    quick: Setting
    full: Setting
    quick_seconds: float
    cells: Callable[[Setting], Sequence[Cell]]
    trends: Callable[[Setting], Sequence[Trend]] = lambda setting: ()
