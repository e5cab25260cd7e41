"""The figures of `robustsize agree` and `probe`, drawn from condensed rows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from robustsize.simulate.experiment.model import Row
from robustsize.simulate.experiment.run import Result

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_SIZE = "network size (non-zero weights and biases)"


def figures(result: Result) -> dict[str, Figure]:
    """A figure for each probe that measured something: the name of its file -> figure."""
    drawn = {}
    for id, rows in result.rows.items():
        if rows:
            drawn[name_of_figure(id)] = _DRAWN.get(id, _by_series)(rows)
    return drawn


def name_of_figure(id: str) -> str:
    """The name of a probe's figure, without an ending."""
    return _FILES.get(id, id)


def _hard_instance(rows: Sequence[Row]) -> Figure:
    """Theorem 4.3: bounds, construction, measured sizes and the hyperplane against d.

    A measured point is the worst labelling's smallest certified network, its bar reaches down to
    the best labelling's.
    """
    figure, axes = _panel()
    rows = [row for row in rows if row.series == "size"]
    d = [row.at["d"] for row in rows]
    axes.plot(d, _limits(rows, "upper"), "v-", label="upper bound, thm3.3 explicit")
    built = [row.more["construction"] for row in rows]
    axes.plot(d, built, "s--", label="construction for the instance, worst labelling")
    _measured(axes, d, rows, label="smallest certified network found (worst to best labelling)")
    axes.plot(d, _limits(rows, "lower"), "^-", label="lower bound, thm4.3 explicit")
    axes.plot(d, [2] * len(d), "x:", label="hyperplane: standard error 0, robust error 1")
    _labelled(axes, "ambient dimension d", _SIZE, "The hard instance of Theorem 4.3")
    return figure


def _gap(rows: Sequence[Row]) -> Figure:
    """Robust errors against size, a panel for each instance; last, what fitting N points takes."""
    curves = [row for row in rows if "points" in row.at]
    fits = [row for row in rows if "points" not in row.at]
    names = _names(curves)
    figure, panels = _panels(len(names) + bool(fits))
    for axes, name in zip(panels, names, strict=False):
        _error_curves(axes, [row for row in curves if row.series == name], name)
    if fits:
        _fits(panels[-1], fits)
    return figure


def _fits(axes: Axes, rows: Sequence[Row]) -> None:
    """The smallest size found with robust training error 0, a line for each instance."""
    for name in _names(rows):
        mine = [row for row in rows if row.series == name and _values(row)]
        at = [row.at["samples"] for row in mine]
        axes.plot(at, [min(_values(row)) for row in mine], "o-", label=name.rpartition(", ")[2])
    bounds = {row.at["samples"]: row for row in rows}
    limits = _limits(bounds.values(), "upper")
    axes.plot(list(bounds), limits, "v:", color="grey", label="upper bound, thm2.2")
    _labelled(axes, "N", _SIZE, "robust training error 0")


def _error_curves(axes: Axes, rows: Sequence[Row], name: str) -> None:
    """Errors of networks trained on all points and on the largest sample; the construction."""
    points = rows[0].at["points"]
    counts = sorted({row.at["samples"] for row in rows})
    for samples in [count for count in counts if count < points][-1:]:
        learnt = [row for row in rows if row.at["samples"] == samples]
        known = f"{samples:g} of {points:g} points"
        _errors(axes, learnt, "training", f"robust training error, {known}", "o-")
        _errors(axes, learnt, "test", f"robust test error, trained on {known}", "s-")
    everything = [row for row in rows if row.at["samples"] == points]
    learnt = [row for row in everything if "test" in row.more]
    _errors(axes, learnt, "test", f"robust test error, trained on all {points:g}", "D-")
    _errors(axes, learnt, "clean", "their standard error", "x:")
    for row in everything:
        if "construction" in row.more:
            for error in _values(row):
                label = "construction, certified on all"
                axes.plot(row.at["size"], error, "k*", ms=12, label=label)
            axes.plot(2, 0, "x", color="grey", label="hyperplane's standard error")
    needed = learnt[0].more["needed"]
    axes.axvline(needed, ls=":", color="k", label="left of it: error > alpha, by the bound")
    axes.set_xscale("log")
    _labelled(axes, _SIZE, "robust error", name, log_y=False, whole=False)
    axes.set_ylim(-0.05, 1.25)


def _errors(axes: Axes, rows: Sequence[Row], kind: str, label: str, style: str) -> None:
    """The least error of the networks of each size; a bar where certificates leave room."""
    best = [row.more[kind] for row in rows]
    sure = np.array([low / total for low, _, total in best])
    possible = np.array([high / total for _, high, total in best])
    sizes, room = [row.at["size"] for row in rows], np.array([possible - sure, 0 * sure])
    axes.errorbar(sizes, possible, yerr=room, fmt=style, label=label, ms=4)


def _by_series(rows: Sequence[Row]) -> Figure:
    """A panel for each series that has more than one place: measured values and their limits."""
    series = {name: [r for r in rows if r.series == name] for name in _names(rows)}
    drawn = {name: mine for name, mine in series.items() if _moving(mine)} or series
    figure, panels = _panels(len(drawn))
    for axes, (name, mine) in zip(panels, drawn.items(), strict=False):
        _series(axes, mine, name)
    return figure


def _names(rows: Sequence[Row]) -> list[str]:
    return list(dict.fromkeys(row.series for row in rows))


def _series(axes: Axes, rows: Sequence[Row], name: str) -> None:
    """Measured values against the parameter that moves most, a colour for the others' values."""
    from matplotlib.ticker import ScalarFormatter

    moving = _moving(rows)
    x, others = (moving[0], moving[1:]) if moving else (next(iter(rows[0].at)), [])
    for group in dict.fromkeys(tuple(row.at[other] for other in others) for row in rows):
        mine = sorted(
            (row for row in rows if tuple(row.at[other] for other in others) == group),
            key=lambda row: row.at[x],
        )
        where = ", ".join(f"{o} = {v:g}" for o, v in zip(others, group, strict=True))
        at = [row.at[x] for row in mine]
        colour = _measured(axes, at, mine, label=where or "measured")
        for side, style in (("lower", "^:"), ("upper", "v:")):
            known = [row for row in mine if getattr(row, side) is not None]
            places, limits = [row.at[x] for row in known], _limits(known, side)
            axes.plot(places, limits, style, color=colour, ms=4, alpha=0.7)
    for side, style in (("lower", "^:"), ("upper", "v:")):
        if any(getattr(row, side) is not None for row in rows):
            axes.plot([], [], style, color="grey", label=side)
    places = [row.at[x] for row in rows]
    if min(places) > 0 and max(places) > 20 * min(places):
        axes.set_xscale("log", base=2)
        axes.xaxis.set_major_formatter(ScalarFormatter())
    values = [v for row in rows for v in _values(row)] or [0.0]
    wide = min(values) > 0 and max(values) > 2 * min(values)
    whole = all(float(at).is_integer() for at in places) and axes.get_xscale() == "linear"
    _labelled(axes, x, "measured", name, log_y=wide, whole=whole)


def _moving(rows: Sequence[Row]) -> list[str]:
    """The parameters that move in a series, the one with most values first."""
    names = rows[0].at
    values = {name: {row.at.get(name) for row in rows} for name in names}
    return sorted((n for n in names if len(values[n]) > 1), key=lambda n: -len(values[n]))


def _limits(rows: Iterable[Row], side: str) -> list[float]:
    return [getattr(row, side) for row in rows]


def _values(row: Row) -> list[float]:
    return [value for value in row.values if value is not None]


def _measured(axes: Axes, x: Sequence[float], rows: Iterable[Row], label: str) -> Any:
    """The largest value of each row, with a bar down to the least; returns the colour."""
    known = [(at, _values(row)) for at, row in zip(x, rows, strict=True) if _values(row)]
    high = [max(values) for _, values in known]
    drop = np.array([[max(values) - min(values), 0.0] for _, values in known]).reshape(-1, 2)
    places = [at for at, _ in known]
    bars = axes.errorbar(places, high, yerr=drop.T, fmt="o", capsize=4, label=label)
    return bars.lines[0].get_color()


def _panels(count: int) -> tuple[Figure, list[Axes]]:
    """So many panels, three in a row."""
    from matplotlib.figure import Figure

    across = min(count, 3)
    down = -(-count // across)
    figure = Figure(figsize=(4.8 * across, 4.0 * down), layout="constrained")
    return figure, [figure.add_subplot(down, across, i + 1) for i in range(count)]


def _panel() -> tuple[Figure, Axes]:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7.5, 5.0), layout="constrained")
    return figure, figure.add_subplot()


def _labelled(
    axes: Axes, x: str, y: str, title: str, *, log_y: bool = True, whole: bool = True
) -> None:
    from matplotlib.ticker import MaxNLocator

    if log_y:
        axes.set_yscale("log")
    if whole:
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_xlabel(x)
    axes.set_ylabel(y)
    axes.set_title(title, fontsize="medium")
    axes.grid(alpha=0.3)
    axes.legend(fontsize="x-small", framealpha=0.6)


_DRAWN: dict[str, Callable[[Sequence[Row]], Figure]] = {"thm4.3": _hard_instance, "gap": _gap}
_FILES = {"thm4.3": "agreement"}
