"""What a derivation is, and what a check of it answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from fractions import Fraction
from typing import Any, TypeAlias

import sympy as sp

from robustsize.bounds.symbols import InputError

Bound: TypeAlias = int | Fraction | str | sp.Expr | None
"""An end of a domain: a number, an expression as text or as SymPy, None or "inf" for none."""


class DerivationError(InputError):
    """A derivation that cannot be read; the message names the key, the value and a remedy."""


class Status(StrEnum):
    """How far a step is known to hold, the strongest first."""

    PROVED = "proved"
    CITED = "cited"
    TESTED = "tested"
    UNDECIDED = "undecided"
    REFUTED = "refuted"

    @property
    def rank(self) -> int:
        """0 for PROVED up to 4 for REFUTED."""
        return list(Status).index(self)


class Method(StrEnum):
    """What a status rests on."""

    SYMBOLIC = "symbolic identity"
    BALLS = "ball arithmetic over the whole domain"
    EXHAUSTION = "exhaustion of a finite domain"
    SMT = "SMT certificate"
    INDUCTION = "induction, both parts proved in ball arithmetic or by an identity"
    WITNESS = "witness constants, proved in ball arithmetic"
    CITATION = "citation, spot-checked"
    SAMPLES = "samples"
    REPLAY = "counterexample replayed"
    NONE = "none"


@dataclass(frozen=True)
class Domain:
    """The values a symbol takes: real or integer, between two bounds.

    `open` leaves out the end points: True for both, "min" or "max" for one. Bounds are numbers or
    expressions in other symbols; a missing one means unbounded on that side.
    """

    kind: str = "real"
    min: Bound = None
    max: Bound = None
    open: bool | str = False


def real(min: Bound = None, max: Bound = None, *, open: bool | str = False) -> Domain:
    """The real numbers between `min` and `max`."""
    return Domain("real", min, max, open)


def integer(min: Bound = None, max: Bound = None, *, open: bool | str = False) -> Domain:
    """The integers between `min` and `max`."""
    return Domain("integer", min, max, open)


@dataclass(frozen=True)
class Step:
    """One claim of a derivation.

    `claim` is text in the grammar of `robustsize.bounds.prover.language.grammar` ("a <= b < c",
    "f == O(g)", "limit(f) == v") or a SymPy relation. `given` lists the hypotheses. `cite` names
    the source of a known theorem that is not proved here. `regime` says which symbol moves where
    ("n -> inf", "eps -> 0"); a limit or asymptotic claim needs it, the other symbols stay fixed.
    """

    id: str
    claim: str | sp.Basic
    given: Sequence[str | sp.Basic] = ()
    cite: str = ""
    regime: str = ""
    note: str = ""


@dataclass(frozen=True)
class Derivation:
    """An ordered list of steps over typed symbols.

    `definitions` name expressions, each of which may use the symbols and the definitions before it.
    """

    id: str
    symbols: Mapping[str, Domain]
    steps: Sequence[Step]
    source: str = ""
    definitions: Mapping[str, str | sp.Expr] = field(default_factory=dict)
    note: str = ""


@dataclass(frozen=True)
class Counterexample:
    """A point of the domain where a claim fails, with what it gives there.

    `point` holds exact rationals as text; `failure` is the relation that fails with both sides;
    `arithmetic` says whether it was replayed in exact rational or in ball arithmetic.
    """

    point: Mapping[str, str]
    failure: str
    arithmetic: str

    def __str__(self) -> str:
        where = ", ".join(f"{name} = {value}" for name, value in self.point.items())
        return f"{where or 'everywhere'}: {self.failure} ({self.arithmetic})"


@dataclass(frozen=True)
class Outcome:
    """What the check of one step answers; `reason` says why, and what would settle it."""

    id: str
    claim: str
    status: Status
    method: Method
    counterexample: Counterexample | None = None
    seconds: float = 0.0
    reason: str = ""

    def to_json(self) -> dict[str, Any]:
        """A dictionary of plain values for `json.dumps`."""
        example = self.counterexample
        return {
            "id": self.id,
            "claim": self.claim,
            "status": str(self.status),
            "method": str(self.method),
            "counterexample": None
            if example is None
            else {
                "point": dict(example.point),
                "failure": example.failure,
                "arithmetic": example.arithmetic,
            },
            "seconds": round(self.seconds, 3),
            "reason": self.reason,
        }


@dataclass(frozen=True)
class DerivationReport:
    """The outcomes of a derivation's steps, in order."""

    id: str
    outcomes: tuple[Outcome, ...]
    source: str = ""

    @property
    def status(self) -> Status:
        """The status of the weakest step."""
        return max((o.status for o in self.outcomes), key=lambda s: s.rank)

    def to_json(self) -> list[dict[str, Any]]:
        """One dictionary a step, with the derivation's id in front of the step's."""
        return [o.to_json() | {"id": f"{self.id}:{o.id}"} for o in self.outcomes]
