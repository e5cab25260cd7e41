"""Theory held against measurement: what evidence says of a prediction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum

from robustsize.bounds.arithmetic.decimals import number
from robustsize.simulate.experiment.claim import Limit, Prediction, Reading
from robustsize.simulate.experiment.evidence import Between, Evidence, Number, Slope
from robustsize.simulate.experiment.statistics import FEWEST_REPLICATES, UNKNOWN, Interval, interval


class Agreement(Enum):
    """What measurement says of theory.

    AGREES: the evidence could have broken the prediction, and did not. CONTRADICTS: it breaks it.
    INCONCLUSIVE: it does not settle it. OUT_OF_SCOPE: a hypothesis fails on the instance. VACUOUS:
    nothing could have disagreed, because the prediction is vacuous there or the evidence cannot
    contradict it.
    """

    AGREES = "agrees"
    CONTRADICTS = "contradicts"
    INCONCLUSIVE = "inconclusive"
    OUT_OF_SCOPE = "out of scope"
    VACUOUS = "vacuous"


@dataclass(frozen=True)
class Verdict:
    """An agreement, the one line why, and the power: which disagreement could have been seen.

    lower, upper: of each side of the prediction alone, None where it has no such side. why: of the
    reason what the numbers alone do not show.
    """

    agreement: Agreement
    reason: str
    interval: Interval
    power: str
    lower: Agreement | None
    upper: Agreement | None
    why: str


@dataclass(frozen=True)
class _Side:
    """The verdict of one limit; why, where it is not plain from the numbers."""

    agreement: Agreement
    why: str = ""


def judge(prediction: Prediction, evidence: Evidence | None, confidence: float) -> Verdict:
    """The verdict. evidence: None where nothing was measured. confidence: of statistical intervals.

    A quantity known from one side only is never confirmed against a limit on the other side: there
    "agrees" means that the search which could have broken the limit did not. A side that says
    nothing, or that this evidence could not have broken, is vacuous and carries no other verdict.
    """
    seen = interval(evidence, confidence) if evidence is not None else UNKNOWN
    reach = evidence.reach if isinstance(evidence, Between) else None
    # An upper limit is a lower one of the quantity's negative.
    below = _side(prediction.lower, seen.low, seen.high, reach)
    above = _side(_negated(prediction.upper), _minus(seen.high), _minus(seen.low), _minus(reach))
    sides = [side for side in (below, above) if side is not None]
    lower, upper = (side.agreement if side is not None else None for side in (below, above))
    failed = [h.text for h in prediction.hypotheses if h.holds is False]
    if failed:
        out, reason = Agreement.OUT_OF_SCOPE, f"fails here: {'; '.join(failed)}"
        return Verdict(out, reason, seen, "none", lower and out, upper and out, reason)
    agreement = _together([side.agreement for side in sides])
    numbers, why = _reason(prediction, evidence, seen, agreement, sides)
    power = _power(below, above, seen)
    return Verdict(agreement, numbers + why, seen, power, lower, upper, why.strip(":; "))


def _negated(limit: Limit | None) -> Limit | None:
    return limit and replace(limit, value=-limit.value)


def _minus(value: Number | None) -> Number | None:
    return None if value is None else -value


def _side(
    limit: Limit | None, low: Number | None, high: Number | None, reach: Number | None
) -> _Side | None:
    """What a quantity in [low, high] says of a lower limit.

    reach: the least value that the evidence could have shown from above, None for any.
    """
    if limit is None:
        return None
    if limit.vacuous is not None:
        return _Side(Agreement.VACUOUS, limit.vacuous)
    if high is None:
        if low is not None and low >= limit.value:
            return _Side(Agreement.VACUOUS, "confirmed by a witness that could not contradict it")
        return _Side(Agreement.INCONCLUSIVE)
    if high < limit.value:
        return _Side(Agreement.CONTRADICTS)
    if low is not None:
        return _Side(Agreement.AGREES if low >= limit.value else Agreement.INCONCLUSIVE)
    if reach is not None and reach >= limit.value:
        return _Side(Agreement.VACUOUS, "what was tried could not have shown a disagreement")
    return _Side(Agreement.AGREES)


def _together(sides: Sequence[Agreement]) -> Agreement:
    """Of both sides: the first of these that one of them has."""
    order = (Agreement.CONTRADICTS, Agreement.INCONCLUSIVE, Agreement.AGREES)
    return next((verdict for verdict in order if verdict in sides), Agreement.VACUOUS)


def _reason(
    prediction: Prediction,
    evidence: Evidence | None,
    seen: Interval,
    agreement: Agreement,
    sides: Sequence[_Side],
) -> tuple[str, str]:
    """What the numbers show, and what else there is to say."""
    silent = "; ".join(dict.fromkeys(side.why for side in sides if side.why))
    if all(limit is None or limit.vacuous for limit in (prediction.lower, prediction.upper)):
        return "", silent
    if not seen.known:
        return "", _nothing(evidence)
    text = _compared(prediction, seen)
    tried = evidence.tried if evidence is not None else ""
    if agreement is Agreement.VACUOUS:
        return text, f": {silent}"
    if agreement is Agreement.CONTRADICTS:
        aside = ", as an asymptotic reading of this range" * (prediction.reading is Reading.TREND)
        return text, f" is violated{aside}"
    if agreement is Agreement.INCONCLUSIVE:
        return text, f" is not settled{f': {tried}' * bool(tried)}"
    searched = seen.low is None or seen.high is None
    return text, f"; nothing that breaks it was found: {tried}" * searched


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
            value = number(limit.value, up=name == "upper")
            shown = f"{name} {value}" + " (vacuous)" * bool(limit.vacuous)
            parts = [shown, *parts] if name == "lower" else [*parts, shown]
    return " <= ".join(parts)


def _seen(seen: Interval) -> str:
    low = None if seen.low is None else number(seen.low, up=False)
    high = None if seen.high is None else number(seen.high, up=True)
    if low is None:
        return f"measured at most {high}"
    if high is None:
        return f"measured at least {low}"
    if low == high:
        return f"measured {low}"
    sure = "" if seen.confidence == 1 else f" at confidence {number(seen.confidence, up=False)}"
    return f"measured [{low}, {high}]{sure}"


def _power(below: _Side | None, above: _Side | None, seen: Interval) -> str:
    """Which bounds this evidence would have contradicted."""
    mute, parts = Agreement.VACUOUS, []
    if below is not None and below.agreement is not mute and seen.high is not None:
        parts.append(f"a lower bound above {number(seen.high, up=True)}")
    if above is not None and above.agreement is not mute and seen.low is not None:
        parts.append(f"an upper bound below {number(seen.low, up=False)}")
    return f"would have contradicted {' or '.join(parts)}" if parts else "none"
