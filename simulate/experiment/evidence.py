"""What an experiment knows of a quantity: a bracket, a count of trials, or values of a trend."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

Number = int | Fraction | float


@dataclass(frozen=True)
class Between:
    """The quantity lies in [low, high], for certain; None: nothing is known on that side.

    tried: what was tried for the missing side, such as the seeds and steps of a search; that
    nothing was found is evidence only. reach: where one side is missing, the furthest value that
    what was tried could have shown on the other, None where nothing limits it.
    """

    low: Number | None
    high: Number | None
    tried: str = ""
    reach: Number | None = None


def exactly(value: Number) -> Between:
    """The quantity is known."""
    return Between(value, value)


def at_most(value: Number | None, tried: str, reach: Number | None = None) -> Between:
    """A witness from above, such as a certified network; None where none was found."""
    return Between(None, value, tried, reach)


def at_least(value: Number | None, tried: str, reach: Number | None = None) -> Between:
    """A witness from below, such as the sign patterns found."""
    return Between(value, None, tried, reach)


@dataclass(frozen=True)
class Share:
    """The quantity is a probability; in `trials` independent trials it came true in at least `sure`
    and at most `possible` (they differ where a trial stayed undecided).
    """

    sure: int
    possible: int
    trials: int
    tried: str = ""

    def __post_init__(self) -> None:
        if not 0 <= self.sure <= self.possible <= self.trials or self.trials < 1:
            raise ValueError(f"{self.sure} to {self.possible} of {self.trials} trials")


@dataclass(frozen=True)
class Slope:
    """The quantity is the slope of log y against x, or against log x where `log_x`.

    y: at each x the values of independent replicates, positive.
    """

    x: tuple[float, ...]
    y: tuple[tuple[float, ...], ...]
    log_x: bool
    tried: str = ""

    def __post_init__(self) -> None:
        if len(self.x) != len(self.y) or len(set(self.x)) < 2:
            raise ValueError("a slope needs as many groups as places, at two places or more")
        if any(not group or min(group) <= 0 for group in self.y):
            raise ValueError("a slope needs positive values at every place")


Evidence = Between | Share | Slope
_KINDS: dict[str, type[Between | Share | Slope]] = {
    "between": Between,
    "share": Share,
    "slope": Slope,
}


def evidence_json(evidence: Evidence) -> dict[str, Any]:
    """The evidence as JSON, with exact rationals as text."""
    kind = next(name for name, known in _KINDS.items() if isinstance(evidence, known))
    values = {
        name: f"{value.numerator}/{value.denominator}" if isinstance(value, Fraction) else value
        for name, value in vars(evidence).items()
    }
    return {"kind": kind, **values}


def evidence_of(saved: dict[str, Any]) -> Evidence:
    """The evidence that `evidence_json` gave.

    Raises ValueError, KeyError or TypeError where it is none.
    """
    values = {name: _exact(value) for name, value in saved.items() if name != "kind"}
    if saved["kind"] == "slope":
        values["x"] = tuple(values["x"])
        values["y"] = tuple(tuple(group) for group in values["y"])
    return _KINDS[saved["kind"]](**values)


def _exact(value: Any) -> Any:
    if isinstance(value, str) and "/" in value and value.replace("/", "").lstrip("-").isdigit():
        return Fraction(value)
    return value
