"""Theory held against measurement: what evidence says of a prediction."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from fractions import Fraction

from robustsize.report.statistics import FEWEST_REPLICATES, UNKNOWN, Interval, interval
from robustsize.simulate.probes.claim import Evidence, Limit, Number, Prediction, Reading, Slope


class Agreement(Enum):
    """What measurement says of theory.

    AGREES: the evidence could have broken the prediction, and did not. CONTRADICTS: it breaks it.
    INCONCLUSIVE: it does not settle it. OUT_OF_SCOPE: a hypothesis fails on the instance. VACUOUS:
    the prediction says nothing there.
    """

    AGREES = "agrees"
    CONTRADICTS = "contradicts"
    INCONCLUSIVE = "inconclusive"
    OUT_OF_SCOPE = "out of scope"
    VACUOUS = "vacuous"


@dataclass(frozen=True)
class Verdict:
    """An agreement, the one line why, and the power: which disagreement could have been seen."""

    agreement: Agreement
    reason: str
    interval: Interval
    power: str


def judge(prediction: Prediction, evidence: Evidence | None, confidence: float) -> Verdict:
    """The verdict. evidence: None where nothing was measured. confidence: of statistical intervals.

    A quantity known from one side only is never confirmed against a limit on the other side: there
    "agrees" means that the search which could have broken the limit did not.
    """
    seen = interval(evidence, confidence) if evidence is not None else UNKNOWN
    agreement, reason = _judged(prediction, evidence, seen)
    return Verdict(agreement, reason, seen, _power(seen))


def _judged(
    prediction: Prediction, evidence: Evidence | None, seen: Interval
) -> tuple[Agreement, str]:
    failed = [h.text for h in prediction.hypotheses if h.holds is False]
    if failed:
        return Agreement.OUT_OF_SCOPE, f"fails here: {'; '.join(failed)}"
    limits = [limit for limit in (prediction.lower, prediction.upper) if limit is not None]
    if all(limit.vacuous for limit in limits):
        return Agreement.VACUOUS, "; ".join(limit.vacuous or "" for limit in limits)
    if not seen.known:
        return Agreement.INCONCLUSIVE, _nothing(evidence)
    lower, upper = _speaking(prediction.lower), _speaking(prediction.upper)
    text = _compared(prediction, seen)
    if _below(seen.high, lower) or _below(upper, seen.low):
        aside = ", as an asymptotic reading of this range" * (prediction.reading is Reading.TREND)
        return Agreement.CONTRADICTS, f"{text} is violated{aside}"
    tried = getattr(evidence, "tried", "")
    if _below(seen.low, lower) or _below(upper, seen.high):
        return Agreement.INCONCLUSIVE, f"{text} is not settled{f': {tried}' * bool(tried)}"
    one_sided = (lower is not None and seen.low is None) or (
        upper is not None and seen.high is None
    )
    return Agreement.AGREES, text + f"; nothing that breaks it was found: {tried}" * one_sided


def _speaking(limit: Limit | None) -> Number | None:
    return limit.value if limit is not None and limit.vacuous is None else None


def _below(a: Number | None, b: Number | None) -> bool:
    return a is not None and b is not None and a < b


def _nothing(evidence: Evidence | None) -> str:
    if evidence is None:
        return "not measured: the time budget ended before"
    if isinstance(evidence, Slope):
        return f"fewer than {FEWEST_REPLICATES} replicates at a place give no interval"
    return f"nothing was found, which proves nothing: {evidence.tried}"


def _compared(prediction: Prediction, seen: Interval) -> str:
    """The prediction with numbers, such as "lower 3 <= at most 59 <= upper 3201"."""
    parts = [_seen(seen)]
    for name, limit in (("lower", prediction.lower), ("upper", prediction.upper)):
        if limit is not None:
            shown = f"{name} {show(limit.value)}" + " (vacuous)" * bool(limit.vacuous)
            parts = [shown, *parts] if name == "lower" else [*parts, shown]
    return " <= ".join(parts)


def _seen(seen: Interval) -> str:
    if seen.low is None:
        return f"measured at most {show(seen.high)}"
    if seen.high is None:
        return f"measured at least {show(seen.low)}"
    if seen.low == seen.high:
        return f"measured {show(seen.low)}"
    sure = "" if seen.confidence == 1 else f" at confidence {seen.confidence:.4f}"
    return f"measured [{show(seen.low)}, {show(seen.high)}]{sure}"


def _power(seen: Interval) -> str:
    """Which bounds this evidence would have contradicted."""
    parts = []
    if seen.high is not None:
        parts.append(f"a lower bound above {show(seen.high)}")
    if seen.low is not None:
        parts.append(f"an upper bound below {show(seen.low)}")
    return f"would have contradicted {' or '.join(parts)}" if parts else "none"


def show(value: Number | None) -> str:
    """A number in a sentence or table: exact where it is short."""
    if value is None:
        return "-"
    if isinstance(value, Fraction):
        value = value.numerator if value.denominator == 1 else float(value)
    return str(value) if isinstance(value, int) else f"{value:.4g}"
