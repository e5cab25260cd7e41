"""What an experiment claims: a prediction, and the measurement of what it speaks of.

A prediction is about one number, the quantity: some limits that theory sets it. It is stated before
anything is measured. Nothing here judges.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Generic, TypeVar

from flint import arb

from robustsize.bounds.arithmetic.balls import float_above, float_below
from robustsize.bounds.evaluate import BoundValue, require_comparable
from robustsize.bounds.statement import Kind
from robustsize.bounds.symbols import InputError
from robustsize.simulate.experiment.evidence import Evidence, Number

M = TypeVar("M")
"""What a cell measures, which each of its claims reads."""
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

    id: the theorem. name: for tables, unique within its experiment. says: it in words. quantity:
    the one number it is about.
    """

    id: str
    name: str
    says: str
    quantity: str
    lower: Limit | None = None
    upper: Limit | None = None
    hypotheses: tuple[Hypothesis, ...] = ()
    reading: Reading = Reading.THEOREM


@dataclass(frozen=True, eq=False)
class Claim(Generic[M]):
    """A prediction with its own measurement.

    measure: the evidence on the prediction's quantity in what the claim's cell measured.
    """

    prediction: Prediction
    measure: Callable[[M], Evidence]
