"""What a run found as JSON: the outcomes that `--json` prints, and the files that are kept.

The file of results is strict JSON, one object a line; a key that is missing stands for null.
Outcomes name their prediction by its position; its rows are condensed to the extremes of their
replicates, all of which are in the file of rows. Reasons are not kept: `judge` gives them again.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, replace
from fractions import Fraction
from operator import itemgetter
from typing import Any

from robustsize.bounds.arithmetic.balls import float_above, float_below
from robustsize.bounds.arithmetic.decimals import number
from robustsize.simulate.experiment.claim import Hypothesis, Limit, Prediction, Reading
from robustsize.simulate.experiment.evidence import Number, evidence_json, evidence_of
from robustsize.simulate.experiment.model import Row
from robustsize.simulate.experiment.run import Judged, Result
from robustsize.simulate.experiment.statistics import is_statistical, point
from robustsize.simulate.experiment.verdict import Agreement, judge

_DIGITS = 6
"""Of the numbers in rows, which figures show."""
_ERRORS = ("training", "test", "clean")


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


def result_text(result: Result) -> str:
    """The file of results."""
    predictions: dict[str, int] = {}
    outcomes = []
    for one in result.outcomes:
        text = _line(_prediction(one))
        outcomes.append(_line(_kept(one, predictions.setdefault(text, len(predictions)))))
    head = {key: value for key, value in vars(result).items() if key not in ("outcomes", "rows")}
    return _object(
        {key: _line(value) for key, value in head.items()}
        | {"predictions": _lines(predictions), "outcomes": _lines(outcomes)}
        | {"rows": rows_text(result).rstrip()}
    )


def rows_text(result: Result) -> str:
    """The rows of each probe."""
    rows = {
        id: [_line(_without_nothing(vars(row))) for row in found]
        for id, found in result.rows.items()
    }
    return _object({id: _lines(lines) for id, lines in rows.items()})


def read_result(text: str) -> Result:
    """What `result_text` wrote; its rows are condensed."""
    saved = json.loads(text)
    predictions = saved.pop("predictions")
    confidence = saved["confidence"]
    outcomes = [_judged(predictions[one["of"]], one, confidence) for one in saved["outcomes"]]
    rows = {
        id: [Row(**(row | {"values": tuple(row.get("values", ()))})) for row in of]
        for id, of in saved["rows"].items()
    }
    return Result(**(saved | {"outcomes": outcomes, "rows": rows}))


def condensed(row: Row) -> Row:
    """The row with the extremes of its values, and of the rest the numbers that figures show."""
    known = [value for value in row.values if value is not None]
    more = {k: v for k, v in row.more.items() if isinstance(v, str | int | float)}
    if "labellings" in row.more:
        more["construction"] = max(one["construction"] for one in row.more["labellings"])
    if "needed" in row.more:
        networks = row.more["networks"]
        more |= {kind: min((one[kind] for one in networks), key=itemgetter(1)) for kind in _ERRORS}
    if (count := len(row.values)) > 1:
        more["replicates"] = count
    if len(known) < count:
        more["found"] = len(known)
    return replace(
        row,
        at={name: _short(value) for name, value in row.at.items()},
        values=tuple(map(_short, sorted({min(known), max(known)}))) if known else (),
        lower=_short(row.lower, up=False),
        upper=_short(row.upper, up=True),
        more=more,
    )


def _short(value: Any, up: bool | None = None) -> Any:
    if not isinstance(value, float):
        return value
    return int(value) if value.is_integer() else float(number(value, up=up, digits=_DIGITS))


def _prediction(one: Judged) -> dict[str, Any]:
    """What predictions of several outcomes have in common."""
    prediction = one.prediction
    return {
        "id": prediction.id,
        "probe": one.probe,
        "says": prediction.says,
        "quantity": prediction.quantity,
        "reading": prediction.reading.value,
        "hypotheses": {one.text: one.holds for one in prediction.hypotheses},
    }


def _kept(one: Judged, of: int) -> dict[str, Any]:
    """What is an outcome's own. Certain evidence is its own interval."""
    prediction, evidence, verdict = one.prediction, one.evidence, one.verdict
    kept: dict[str, Any] = {"of": of, "name": prediction.name}
    for side in ("lower", "upper"):
        limit, agreement = getattr(prediction, side), getattr(verdict, side)
        if limit is not None:
            known = {**vars(limit), "value": _exactly(limit.value), "verdict": agreement.value}
            kept[side] = _without_nothing(known)
    kept["verdict"] = verdict.agreement.value
    if evidence is not None:
        kept["evidence"] = _without_nothing(evidence_json(evidence))
    if evidence is not None and is_statistical(evidence):
        kept["measured"] = _number(point(evidence))
        kept["interval"] = [verdict.interval.low, verdict.interval.high]
    return kept


def _judged(prediction: dict[str, Any], saved: dict[str, Any], confidence: float) -> Judged:
    sides = {side: _limit_of(saved[side]) for side in ("lower", "upper") if side in saved}
    claim = Prediction(
        id=prediction["id"],
        name=saved["name"],
        says=prediction["says"],
        quantity=prediction["quantity"],
        reading=Reading(prediction["reading"]),
        hypotheses=tuple(Hypothesis(*one) for one in prediction["hypotheses"].items()),
        **sides,
    )
    evidence = evidence_of(_whole(saved["evidence"])) if "evidence" in saved else None
    verdict = judge(claim, evidence, confidence)
    if verdict.agreement is not Agreement(saved["verdict"]):
        raise ValueError(f"{claim.name}: the evidence says {verdict.agreement.value}")
    return Judged(prediction["probe"], claim, evidence, verdict)


def _whole(evidence: dict[str, Any]) -> dict[str, Any]:
    return evidence if evidence["kind"] != "between" else {"low": None, "high": None} | evidence


def _limit_of(saved: dict[str, Any]) -> Limit:
    value = saved["value"]
    exact = Fraction(value) if isinstance(value, str) else value
    return Limit(exact, saved["source"], saved.get("vacuous"))


def _exactly(value: Number) -> int | float | str | None:
    """A number, or the text of a rational that is not whole."""
    whole = not isinstance(value, Fraction) or value.denominator == 1
    return _number(value) if whole else str(value)


def _without_nothing(values: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in values.items() if value not in (None, "", (), {})}


def _line(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), allow_nan=False, ensure_ascii=False)


def _lines(lines: Iterable[str]) -> str:
    return "[\n" + ",\n".join(lines) + "\n]"


def _object(parts: Mapping[str, str]) -> str:
    return "{\n" + ",\n".join(f'"{key}":{part}' for key, part in parts.items()) + "\n}\n"


def _limit(limit: Limit | None, *, up: bool) -> dict[str, Any] | None:
    return None if limit is None else {**asdict(limit), "value": _number(limit.value, up=up)}


def _number(value: Number | None, *, up: bool | None = None) -> int | float | None:
    """As JSON has it, rounded up or down, or None: to nearest."""
    if not isinstance(value, Fraction):
        return value
    if value.denominator == 1:
        return value.numerator
    return float(value) if up is None else float_above(value) if up else float_below(value)
