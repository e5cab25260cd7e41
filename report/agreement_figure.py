"""The figure of `robustsize agree`: bounds, construction and measured sizes against d."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def agreement_figure(cells: Sequence[dict[str, Any]]) -> Figure:
    """One log-scale panel from the cells of `agree`'s JSON.

    A measured point is the worst labelling's smallest certified network, its bar reaches down to
    the best labelling's.
    """
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    d = [cell["d"] for cell in cells]
    figure = Figure(figsize=(7.5, 5.0), layout="constrained")
    axes = figure.add_subplot()
    axes.plot(d, [c["upper"]["value"] for c in cells], "v-", label="upper bound, thm3.3 explicit")
    built = [max(row["construction"]["size"] for row in c["labellings"]) for c in cells]
    axes.plot(d, built, "s--", label="construction for the instance, worst labelling")
    measured = [_range(cell) for cell in cells]
    known = [(x, *span) for x, span in zip(d, measured, strict=True) if span is not None]
    axes.errorbar(
        [x for x, _, _ in known],
        [high for _, _, high in known],
        yerr=[[high - low for _, low, high in known], [0 for _ in known]],
        fmt="o",
        capsize=4,
        label="smallest certified network found (worst to best labelling)",
    )
    axes.plot(d, [c["lower"]["value"] for c in cells], "^-", label="lower bound, thm4.3 explicit")
    axes.plot(
        d,
        [c["linear"]["size"] for c in cells],
        "x:",
        label="hyperplane: clean error 0, robust error 1",
    )
    axes.set_yscale("log")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_xlabel("ambient dimension d")
    axes.set_ylabel("network size (non-zero weights and biases)")
    first = cells[0]
    axes.set_title(
        f"Hard instance of Theorem 4.3: epsilon = {first['epsilon']}, c = {first['c']}, "
        f"p = {first['p']}, {first['K']} points an axis",
        fontsize="medium",
    )
    axes.grid(alpha=0.3, which="both")
    axes.legend(fontsize="small")
    return figure


def _range(cell: dict[str, Any]) -> tuple[int, int] | None:
    sizes = [row["smallest_certified"] for row in cell["labellings"]]
    found = [size for size in sizes if size is not None]
    return (min(found), max(found)) if found else None
