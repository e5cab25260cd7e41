"""What the benchmarks share: a row, its ratio from pairs, the options and the printing."""

from __future__ import annotations

import argparse
import json
import statistics
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from typing import TypeVar


@dataclass(frozen=True, kw_only=True)
class Row:
    """One case: our value and the best peer's (or its name), in the benchmark's unit.

    ratio: the median over pairs that were measured in turn; spread: their least and largest.
    peer, ratio and spread are None where there is no peer.
    """

    case: str
    ours: float
    peer: float | str | None
    ratio: float | None
    spread: tuple[float, float] | None


AnyRow = TypeVar("AnyRow", bound=Row)


def middle_and_spread(ratios: Iterable[float]) -> tuple[float, tuple[float, float]]:
    """The median, and the least and the largest.

    Raises StatisticsError where there is none.
    """
    ratios = sorted(ratios)
    return statistics.median(ratios), (ratios[0], ratios[-1])


def line(row: Row) -> str:
    """A row as text, in columns."""
    text = f"{row.case:44} ours {row.ours:<10.4g}"
    if row.ratio is None or row.spread is None:
        return f"{text} no peer"
    peer = row.peer if isinstance(row.peer, str) else f"{row.peer:<10.4g}"
    return f"{text} peer {peer} ratio {row.ratio:.2f} ({row.spread[0]:.2f} to {row.spread[1]:.2f})"


def run(
    description: str | None,
    measure: Callable[[bool], Iterable[AnyRow]],
    text: Callable[[AnyRow], str] = line,
) -> None:
    """Parse the options, measure and print: rows as they come, or one JSON list at the end.

    description: the module's docstring, shown whole by --help.
    measure: takes whether --quick was given.
    """
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="fewer cases or repeats, within 50 s")
    parser.add_argument("--json", action="store_true", help="print one list of objects")
    options = parser.parse_args()
    rows = []
    for row in measure(options.quick):
        rows.append(asdict(row))
        if not options.json:
            print(text(row), flush=True)
    if options.json:
        print(json.dumps(rows, indent=2))
