"""The Markdown page of `robustsize agree` and `probe`, made from their results."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from robustsize.bounds.arithmetic.decimals import number
from robustsize.simulate.experiment.claim import Prediction, Reading
from robustsize.simulate.experiment.run import Judged, Result
from robustsize.simulate.experiment.statistics import point
from robustsize.simulate.experiment.verdict import Agreement

FIGURES = ("webp", "svg")
"""The kinds of figures; the page shows the first."""

_READING = """\
Size counts non-zero weights and non-zero biases. A certified network is a witness from above: that
none smaller was found is evidence about the search, not a proof that there is none. "agrees" where
the evidence could have broken the prediction and did not; "contradicts" where it lies wholly
outside; "inconclusive" where it settles neither; "vacuous" where nothing could have disagreed: the
prediction is vacuous there, or the evidence could not have broken it; "out of scope" where a
hypothesis fails. The sides of a prediction are judged apart. What was measured would have
contradicted a lower bound above it and an upper bound below it, on each side that is not vacuous. A
trend is an asymptotic statement, read off a finite range."""


def page(result: Result, figures: Sequence[str]) -> str:
    """The page: verdicts by theorem, figures, how to read them, all predictions, how made."""
    parts = [["# How large must a robust network be?", ""], overview(result), _figures(figures)]
    parts += [["", _READING, ""], _sections(result), ["", *_made(result)]]
    return "\n".join(line for part in parts for line in part) + "\n"


def overview(result: Result) -> Iterator[str]:
    """How many predictions of each theorem came out how; each that is contradicted in full."""
    count = Counter(one.verdict.agreement for one in result.outcomes)
    counted = ", ".join(f"{count[v]} {v.value}" for v in Agreement)
    yield f"{len(result.outcomes)} predictions: {counted}."
    yield from _sides(result.outcomes)
    if dropped := result.dropped_cells:
        cells = f"{dropped} kept cell{'s' * (dropped > 1)}"
        yield f"{cells} of other code or settings dropped and measured again."
    yield ""
    yield f"| theorem | {' | '.join(v.value for v in Agreement)} |"
    yield f"|---|{'--:|' * len(Agreement)}"
    for id, mine in _by_theorem(result.outcomes).items():
        here = Counter(one.verdict.agreement for one in mine)
        yield f"| {id} | {' | '.join(str(here[v] or '') for v in Agreement)} |"
    yield ""
    for one in result.outcomes:
        if one.verdict.agreement is Agreement.CONTRADICTS:
            name = f"{one.prediction.id}, {one.prediction.name}"
            yield f"**{name}: {one.verdict.agreement.value}.** {one.verdict.reason}."


def _sides(outcomes: Sequence[Judged]) -> Iterator[str]:
    """How the limits came out, lower and upper ones counted apart."""
    for side in ("lower", "upper"):
        judged = [getattr(one.verdict, side) for one in outcomes]
        count = Counter(agreement for agreement in judged if agreement is not None)
        if count:
            shown = ", ".join(f"{count[v]} {v.value}" for v in Agreement if count[v])
            yield f"Of {count.total()} {side} limits: {shown}."


def _by_theorem(outcomes: Sequence[Judged]) -> dict[str, list[Judged]]:
    grouped: dict[str, list[Judged]] = {}
    for one in outcomes:
        grouped.setdefault(one.prediction.id, []).append(one)
    return grouped


def _figures(names: Sequence[str]) -> Iterator[str]:
    for name in names:
        yield f"![{name}]({name}.{FIGURES[0]})"


def _sections(result: Result) -> Iterator[str]:
    """For each theorem what is predicted, numbered, and a line for each place it was measured."""
    for id, mine in _by_theorem(result.outcomes).items():
        claims: dict[str, int] = {}
        numbers = [claims.setdefault(_claim(one.prediction), len(claims) + 1) for one in mine]
        yield f"## {id}"
        yield ""
        for claim, position in claims.items():
            yield f"{position}. {claim}"
        yield ""
        yield "| claim | at | lower | measured | upper | verdict | why |"
        yield "|--:|---|--:|--:|--:|---|---|"
        for one, position in zip(mine, numbers, strict=True):
            cells = _limit(one, "lower"), _seen(one), _limit(one, "upper")
            verdict = f"{one.verdict.agreement.value} | {one.verdict.why}"
            yield f"| {position} | {one.prediction.name} | {' | '.join(cells)} | {verdict} |"
        yield ""


def _claim(prediction: Prediction) -> str:
    """What is predicted, of which quantity, under which hypotheses."""
    held = [f"{one.text} ({_HOLDS[one.holds]})" for one in prediction.hypotheses]
    if prediction.reading is Reading.TREND:
        held.append("an asymptotic statement, read off a finite range")
    given = f" Given: {'; '.join(held)}." if held else ""
    return f"{prediction.says}. Quantity: {prediction.quantity}.{given}"


def _made(result: Result) -> Iterator[str]:
    yield (
        f"{result.intervals} statistical intervals, each at confidence "
        f"{result.confidence:.5f}, so that all hold together at 0.95."
    )
    yield ""
    versions = ", ".join(f"{name} {v}" for name, v in result.versions.items())
    yield (
        f"{result.name}, seed {result.seed}, engine {result.engine} on "
        f"{result.device}, {result.machine}; {versions}; sources {result.sources[:16]}."
    )


_HOLDS = {True: "checked", False: "fails", None: "taken"}


def _limit(one: Judged, side: str) -> str:
    limit = getattr(one.prediction, side)
    if limit is None:
        return "-"
    vacuous = limit.vacuous or getattr(one.verdict, side) is Agreement.VACUOUS
    return number(limit.value, up=side == "upper") + (" (vacuous)" if vacuous else "")


def _seen(one: Judged) -> str:
    at = None if one.evidence is None else point(one.evidence)
    if at is None:
        return "-"
    low, high = one.verdict.interval.low, one.verdict.interval.high
    if low == high:
        return number(at, up=None)
    if low is None:
        return f"<= {number(at, up=True)}"
    if high is None:
        return f">= {number(at, up=False)}"
    return f"{number(at, up=None)} in [{number(low, up=False)}, {number(high, up=True)}]"
