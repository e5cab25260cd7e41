"""What a probe predicts before it measures, and the evidence it brings back. Nothing here judges.

A prediction is about one number, the quantity: some limits that theory sets it. Evidence is what
the experiment knows of that number.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from fractions import Fraction
from typing import Any

from flint import arb

from robustsize.bounds.arithmetic.balls import float_above, float_below
from robustsize.bounds.evaluate import BoundValue, require_comparable
from robustsize.bounds.statement import Kind
from robustsize.bounds.symbols import InputError

Number = int | Fraction | float
MOST_DIGITS = 300
"""Limits have no more digits."""


class Reading(Enum):
    """How far a prediction is the theorem's own.

    THEOREM: the theorem says so of this very instance. TREND: an asymptotic statement, read off a
    finite range; a disagreement contradicts the reading on that range, not the limit.
    """

    THEOREM = "theorem"
    TREND = "trend"


@dataclass(frozen=True)
class Limit:
    """One side of a prediction.

    source: what sets it. vacuous: why it is vacuous here, None where it is not.
    """

    value: Number
    source: str
    vacuous: str | None = None

    @property
    def below(self) -> float:
        """The value as a float, rounded down: a lower limit still holds."""
        return float_below(self.value)

    @property
    def above(self) -> float:
        """The value as a float, rounded up: an upper limit still holds."""
        return float_above(self.value)

    @classmethod
    def of(cls, bound: BoundValue) -> Limit:
        """The limit that a bound sets, a float where its value is 2^63 or more.

        Raises IncomparableError where the bound's constant is unspecified, InputError where its
        value is beyond floats.
        """
        require_comparable(bound.id, bound.form, bound.constant, bound.quantity)
        value: Number | None = bound.value
        if value is None and bound.log10 is not None and bound.log10 < MOST_DIGITS:
            power = arb(10) ** arb(bound.log10)
            value = float_below(power) if bound.kind is Kind.LOWER else float_above(power)
        if value is None:
            at = ", ".join(f"{name} {given}" for name, given in bound.parameters.items())
            raise InputError(f"{bound.id} is beyond what is measured at {at}")
        return cls(value, f"{bound.id} {bound.label}", bound.vacuous)


@dataclass(frozen=True)
class Hypothesis:
    """A hypothesis of a prediction; holds: True or False as checked on the instance, None taken."""

    text: str
    holds: bool | None


@dataclass(frozen=True, kw_only=True)
class Prediction:
    """lower <= quantity <= upper, under the hypotheses.

    id: the theorem. name: of this prediction, unique within its probe. says: the claim in words.
    quantity: the one number it is about.
    """

    id: str
    name: str
    says: str
    quantity: str
    lower: Limit | None = None
    upper: Limit | None = None
    hypotheses: tuple[Hypothesis, ...] = ()
    reading: Reading = Reading.THEOREM


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
