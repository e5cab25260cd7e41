"""The Markdown summary of `robustsize agree`, made from its JSON."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

FIGURE = "agreement"

_READING = """\
Size counts non-zero weights and non-zero biases. The lower bound speaks of the worst of all
labellings of the grid; a measured size is an upper witness for one labelling: a network that is
certified robust on all of its balls. That no smaller one was found is not a proof that there is
none. The hyperplane x_d = 1/2 separates every labelling cleanly, and fails at every centre."""


def page(result: dict[str, Any]) -> str:
    """The summary: a table with verdicts, the figure, how to read it, and how it was made."""
    return "\n".join([*_table(result), "", *_details(result)]) + "\n"


def _table(result: dict[str, Any]) -> Iterator[str]:
    yield "# How large must a robust network be?"
    yield ""
    yield "The linearly separable hard instance of Theorem 4.3, theory against measurement."
    yield ""
    yield (
        "| d | points | labellings | lower bound | measured | construction | upper bound "
        "| hyperplane | clean error | verdict |"
    )
    yield "|--:|--:|--:|--:|--:|--:|--:|--:|--:|---|"
    for cell in result["cells"]:
        cells = (
            cell["d"],
            cell["m"],
            f"{len(cell['labellings'])} of {_count(cell['labellings_total'])}",
            _bound(cell["lower"]),
            _span([row["smallest_certified"] for row in cell["labellings"]]),
            _span([row["construction"]["size"] for row in cell["labellings"]]),
            _bound(cell["upper"]),
            cell["linear"]["size"],
            cell["linear"]["clean_error"],
            cell["verdict"]["agreement"],
        )
        yield "| " + " | ".join(map(str, cells)) + " |"


def _details(result: dict[str, Any]) -> Iterator[str]:
    for cell in result["cells"]:
        yield f"* d = {cell['d']}: {cell['verdict']['agreement']}. {cell['verdict']['reason']}."
    yield ""
    yield f"![bounds and measured sizes against d]({FIGURE}.svg)"
    yield ""
    yield _READING
    yield ""
    yield "## What was tried"
    yield ""
    yield "| d | labelling | smallest certified | made by | trained | no attack found | certified |"
    yield "|--:|---|--:|---|--:|--:|--:|"
    for cell in result["cells"]:
        for row in cell["labellings"]:
            tried = row["tried"]
            cells = (
                cell["d"],
                row["labelling"],
                row["smallest_certified"] if row["smallest_certified"] is not None else "none",
                row["origin"] or "-",
                sum(t["networks"] for t in tried),
                sum(t["survived"] for t in tried),
                sum(t["certified"] for t in tried),
            )
            yield "| " + " | ".join(map(str, cells)) + " |"
    yield ""
    yield "Networks are certified in order of size until one holds; larger ones are left alone."
    yield ""
    versions = ", ".join(f"{name} {v}" for name, v in result["versions"].items())
    yield (
        f"Preset {result['preset']}, seed {result['seed']}, engine {result['engine']} on "
        f"{result['device']}; {versions}."
    )


def _bound(value: dict[str, Any]) -> str:
    shown = str(value["value"])
    return f"{shown} (vacuous)" if value["vacuous"] else shown


def _span(sizes: list[int | None]) -> str:
    found = [size for size in sizes if size is not None]
    if not found:
        return "none"
    return str(found[0]) if min(found) == max(found) else f"{min(found)} to {max(found)}"


def _count(total: int) -> str:
    return str(total) if total < 10**6 else f"2^{total.bit_length() - 1}"
