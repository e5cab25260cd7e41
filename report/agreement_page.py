"""The Markdown page of `robustsize agree` and `probe`, made from their JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

_READING = """\
Size counts non-zero weights and non-zero biases. A certified network is a witness from above: that
none smaller was found is evidence about the search, not a proof that there is none. "agrees" where
the evidence could have broken the prediction and did not; "contradicts" where it lies wholly
outside; "inconclusive" where it settles neither; "vacuous" where the prediction says nothing;
"out of scope" where a hypothesis fails. A trend is an asymptotic statement, read off a finite
range."""


def page(result: dict[str, Any], figures: Sequence[str]) -> str:
    """The page: verdicts, figures, how to read them, every prediction, and how it was made."""
    return "\n".join([*_head(result), *_figures(figures), "", *_details(result)]) + "\n"


def _head(result: dict[str, Any]) -> Iterator[str]:
    outcomes = result["outcomes"]
    count = Counter(one["verdict"] for one in outcomes)
    yield "# How large must a robust network be?"
    yield ""
    yield f"{len(outcomes)} predictions: {', '.join(f'{n} {name}' for name, n in count.items())}."
    yield ""
    yield "| theorem | prediction | lower | measured | upper | verdict |"
    yield "|---|---|--:|--:|--:|---|"
    for one in outcomes:
        cells = (
            one["id"],
            one["name"],
            _limit(one["lower"]),
            _seen(one),
            _limit(one["upper"]),
            one["verdict"],
        )
        yield "| " + " | ".join(cells) + " |"
    yield ""


def _figures(names: Sequence[str]) -> Iterator[str]:
    for name in names:
        yield f"![{name}]({name}.svg)"


def _details(result: dict[str, Any]) -> Iterator[str]:
    yield _READING
    yield ""
    yield "## Every prediction"
    for one in result["outcomes"]:
        yield ""
        yield f"* **{one['id']}, {one['name']}: {one['verdict']}.** {one['reason']}."
        yield f"  Predicted: {one['prediction']}. Quantity: {one['quantity']}."
        trend = "asymptotic, read off a finite range" if one["reading"] == "trend" else ""
        held = [f"{h['text']} ({_HOLDS[h['holds']]})" for h in one["hypotheses"]]
        if held or trend:
            yield f"  Hypotheses: {'; '.join([*held, *([trend] if trend else [])])}."
        yield f"  Power: {one['power']}."
    yield ""
    versions = ", ".join(f"{name} {v}" for name, v in result["versions"].items())
    yield (
        f"{result['intervals']} statistical intervals, each at confidence "
        f"{result['confidence']:.5f}, so that all hold together at 0.95."
    )
    yield ""
    yield (
        f"{result['name']}, seed {result['seed']}, engine {result['engine']} on "
        f"{result['device']}, {result['machine']}; {versions}."
    )


_HOLDS = {True: "checked", False: "fails", None: "taken"}


def _limit(limit: dict[str, Any] | None) -> str:
    if limit is None:
        return "-"
    return number(limit["value"]) + (" (vacuous)" if limit["vacuous"] else "")


def _seen(one: dict[str, Any]) -> str:
    low, high = one["interval"]
    if low is None and high is None:
        return "-" if one["measured"] is None else number(one["measured"])
    if low is None:
        return f"<= {number(high)}"
    if high is None:
        return f">= {number(low)}"
    if low == high:
        return number(low)
    return f"{number(one['measured'])} in [{number(low)}, {number(high)}]"


def number(value: float) -> str:
    """A number in a table."""
    return str(value) if isinstance(value, int) else f"{value:.4g}"
