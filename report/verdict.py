"""Theory held against measurement: does a measured size contradict a bound?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from robustsize.bounds.value import BoundValue, Sufficiency


class Agreement(Enum):
    """What measurement says of theory."""

    AGREES = "agrees"
    CONTRADICTS = "contradicts"
    INCONCLUSIVE = "inconclusive"


@dataclass(frozen=True)
class Verdict:
    """An agreement and the one line why."""

    agreement: Agreement
    reason: str


@dataclass(frozen=True)
class MeasuredSizes:
    """What was measured for one labelling of an instance.

    smallest_certified: size of the smallest network found that is certified robust, an upper
    witness of the smallest size for this labelling; None where none was certified. construction:
    size of the network that the upper bound promises, None where it was not certified;
    construction_bound: its size by its formula. construction_refuted: it has a counterexample.
    """

    labelling: str
    smallest_certified: int | None
    construction: int | None
    construction_bound: int
    construction_refuted: bool


def judge(
    lower: BoundValue,
    upper: BoundValue,
    measured: Sequence[MeasuredSizes],
    labellings: int,
) -> Verdict:
    """The verdict on one instance family: one grid, some or all of its labellings.

    lower: speaks of the worst of all `labellings`. upper: speaks of each. Both explicit.
    """
    for sizes in measured:
        if fault := _construction_fault(sizes):
            return Verdict(Agreement.CONTRADICTS, f"labelling {sizes.labelling}: {fault}")
    found = [s.smallest_certified for s in measured if s.smallest_certified is not None]
    if len(found) < len(measured) or not found:
        missing = ", ".join(s.labelling for s in measured if s.smallest_certified is None)
        return Verdict(Agreement.INCONCLUSIVE, f"no network was certified for {missing or 'any'}")
    worst = max(found)
    if lower.holds_against(worst) is Sufficiency.TOO_SMALL:
        return _below(lower, worst, len(measured), labellings)
    if upper.holds_against(worst - 1) is Sufficiency.ENOUGH:
        return Verdict(
            Agreement.INCONCLUSIVE,
            f"the smallest certified network has {worst} parameters, more than the upper bound "
            "needs: a smaller one was not found, which is not a proof that there is none",
        )
    vacuous = "; the lower bound is vacuous here" if lower.vacuous else ""
    return Verdict(
        Agreement.AGREES,
        f"lower {lower.value} <= measured {worst} <= upper {upper.value}{vacuous}",
    )


def _construction_fault(sizes: MeasuredSizes) -> str | None:
    if sizes.construction_refuted:
        return "the construction of the upper bound has a counterexample"
    if sizes.construction is not None and sizes.construction > sizes.construction_bound:
        return (
            f"the construction has {sizes.construction} parameters, "
            f"its formula says at most {sizes.construction_bound}"
        )
    return None


def _below(lower: BoundValue, worst: int, measured: int, labellings: int) -> Verdict:
    if measured < labellings:
        return Verdict(
            Agreement.INCONCLUSIVE,
            f"the {measured} measured labellings have certified networks with at most {worst} "
            f"parameters, below the lower bound {lower.value}, but the bound speaks of the worst "
            f"of all {labellings} labellings",
        )
    return Verdict(
        Agreement.CONTRADICTS,
        f"every one of the {labellings} labellings has a certified network with at most {worst} "
        f"parameters, below the lower bound {lower.value}",
    )
