"""What a run found as JSON."""

from __future__ import annotations

from dataclasses import asdict
from fractions import Fraction
from typing import Any

from robustsize.bounds.arithmetic.balls import float_above, float_below
from robustsize.simulate.experiment.claim import Limit, Number, evidence_json
from robustsize.simulate.experiment.run import Judged, Result
from robustsize.simulate.experiment.statistics import point


def result_json(result: Result) -> dict[str, Any]:
    """All of it."""
    return {
        **vars(result),
        "outcomes": [outcome_json(one, result.seed) for one in result.outcomes],
        "rows": {id: [asdict(row) for row in rows] for id, rows in result.rows.items()},
    }


def outcome_json(one: Judged, seed: int) -> dict[str, Any]:
    """A prediction, the evidence and the verdict."""
    prediction, evidence, verdict = one.prediction, one.evidence, one.verdict
    seen = verdict.interval
    return {
        "id": prediction.id,
        "probe": one.probe,
        "name": prediction.name,
        "prediction": prediction.says,
        "quantity": prediction.quantity,
        "measured": _number(point(evidence)) if evidence is not None else None,
        "interval": [_number(seen.low, up=False), _number(seen.high, up=True)],
        "confidence": seen.confidence,
        "lower": _limit(prediction.lower, up=False),
        "upper": _limit(prediction.upper, up=True),
        "verdict": verdict.agreement.value,
        "sides": {
            "lower": verdict.lower and verdict.lower.value,
            "upper": verdict.upper and verdict.upper.value,
        },
        "reason": verdict.reason,
        "power": verdict.power,
        "reading": prediction.reading.value,
        "hypotheses": [asdict(hypothesis) for hypothesis in prediction.hypotheses],
        "evidence": evidence_json(evidence) if evidence is not None else None,
        "seed": seed,
    }


def _limit(limit: Limit | None, *, up: bool) -> dict[str, Any] | None:
    return None if limit is None else {**asdict(limit), "value": _number(limit.value, up=up)}


def _number(value: Number | None, *, up: bool | None = None) -> int | float | None:
    """As JSON has it, rounded up or down, or None: to nearest."""
    if not isinstance(value, Fraction):
        return value
    if value.denominator == 1:
        return value.numerator
    return float(value) if up is None else float_above(value) if up else float_below(value)
