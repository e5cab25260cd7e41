"""The Markdown page of `robustsize agree` and `probe`, made from their JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from robustsize.bounds.arithmetic.decimals import number
from robustsize.simulate.experiment.claim import Reading
from robustsize.simulate.experiment.verdict import Agreement

_READING = """\
Size counts non-zero weights and non-zero biases. A certified network is a witness from above: that
none smaller was found is evidence about the search, not a proof that there is none. "agrees" where
the evidence could have broken the prediction and did not; "contradicts" where it lies wholly
outside; "inconclusive" where it settles neither; "vacuous" where nothing could have disagreed: the
prediction is vacuous there, or the evidence could not have broken it; "out of scope" where a
hypothesis fails. The sides of a prediction are judged apart. A trend is an asymptotic statement,
read off a finite range."""


def page(result: dict[str, Any], figures: Sequence[str]) -> str:
    """The page: verdicts by theorem, figures, how to read them, all predictions, how made."""
    parts = [["# How large must a robust network be?", ""], overview(result), _figures(figures)]
    parts += [["", _READING, ""], _sections(result), ["", *_made(result)]]
    return "\n".join(line for part in parts for line in part) + "\n"


def overview(result: dict[str, Any]) -> Iterator[str]:
    """How many predictions of each theorem came out how; each that is contradicted in full."""
    outcomes = result["outcomes"]
    count = Counter(one["verdict"] for one in outcomes)
    yield f"{len(outcomes)} predictions: {', '.join(f'{count[v]} {v}' for v in _VERDICTS)}."
    yield from _sides(outcomes)
    if dropped := result.get("dropped_cells"):
        cells = f"{dropped} kept cell{'s' * (dropped > 1)}"
        yield f"{cells} of other code or settings dropped and measured again."
    yield ""
    yield f"| theorem | {' | '.join(_VERDICTS)} |"
    yield f"|---|{'--:|' * len(_VERDICTS)}"
    for id, mine in _by_theorem(outcomes).items():
        here = Counter(one["verdict"] for one in mine)
        yield f"| {id} | {' | '.join(str(here[v] or '') for v in _VERDICTS)} |"
    yield ""
    for one in outcomes:
        if one["verdict"] == Agreement.CONTRADICTS.value:
            yield f"**{one['id']}, {one['name']}: {one['verdict']}.** {one['reason']}."


def _sides(outcomes: Sequence[dict[str, Any]]) -> Iterator[str]:
    """How the limits came out, lower and upper ones counted apart."""
    judged = [one["sides"] for one in outcomes if "sides" in one]
    for side in ("lower", "upper"):
        count = Counter(sides[side] for sides in judged if sides[side] is not None)
        if count:
            shown = ", ".join(f"{count[v]} {v}" for v in _VERDICTS if count[v])
            yield f"Of {count.total()} {side} limits: {shown}."


def _by_theorem(outcomes: Sequence[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    grouped: dict[str, list[dict[str, Any]]] = {}
    for one in outcomes:
        grouped.setdefault(one["id"], []).append(one)
    return grouped


def _figures(names: Sequence[str]) -> Iterator[str]:
    for name in names:
        yield f"![{name}]({name}.svg)"


def _sections(result: dict[str, Any]) -> Iterator[str]:
    for id, mine in _by_theorem(result["outcomes"]).items():
        yield f"## {id}"
        yield ""
        yield "| prediction | lower | measured | upper | verdict |"
        yield "|---|--:|--:|--:|---|"
        for one in mine:
            limits = _limit(one, "lower"), _seen(one), _limit(one, "upper")
            yield f"| {one['name']} | {' | '.join(limits)} | {one['verdict']} |"
        yield ""
        for one in mine:
            yield from _explained(one)
        yield ""


def _explained(one: dict[str, Any]) -> Iterator[str]:
    yield f"* **{one['name']}: {one['verdict']}.** {one['reason']}."
    held = [f"{h['text']} ({_HOLDS[h['holds']]})" for h in one["hypotheses"]]
    if one["reading"] == Reading.TREND.value:
        held.append("an asymptotic statement, read off a finite range")
    given = f" Given: {'; '.join(held)}." if held else ""
    yield f"  Predicted: {one['prediction']}. Quantity: {one['quantity']}.{given} {_power(one)}"


def _power(one: dict[str, Any]) -> str:
    return f"It {one['power']}." if one["power"] != "none" else "It had no power."


def _made(result: dict[str, Any]) -> Iterator[str]:
    yield (
        f"{result['intervals']} statistical intervals, each at confidence "
        f"{result['confidence']:.5f}, so that all hold together at 0.95."
    )
    yield ""
    versions = ", ".join(f"{name} {v}" for name, v in result["versions"].items())
    yield (
        f"{result['name']}, seed {result['seed']}, engine {result['engine']} on "
        f"{result['device']}, {result['machine']}; {versions}."
    )


_VERDICTS = [agreement.value for agreement in Agreement]
_HOLDS = {True: "checked", False: "fails", None: "taken"}


def _limit(one: dict[str, Any], side: str) -> str:
    limit = one[side]
    if limit is None:
        return "-"
    vacuous = limit["vacuous"] or one.get("sides", {}).get(side) == Agreement.VACUOUS.value
    return number(limit["value"], up=side == "upper") + (" (vacuous)" if vacuous else "")


def _seen(one: dict[str, Any]) -> str:
    low, high = one["interval"]
    if low is None and high is None:
        return "-" if one["measured"] is None else number(one["measured"], up=None)
    if low is None:
        return f"<= {number(high, up=True)}"
    if high is None:
        return f">= {number(low, up=False)}"
    if low == high:
        return number(low, up=None)
    ends = f"[{number(low, up=False)}, {number(high, up=True)}]"
    return f"{number(one['measured'], up=None)} in {ends}"
