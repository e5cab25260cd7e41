"""The theorems in the paper's order, then the related ones, each loaded when it is asked for."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from importlib import import_module

from robustsize.bounds.statement import Theorem
from robustsize.bounds.symbols import InputError

PAPER_IDS = (
    "thm2.2",
    "thm2.3",
    "prop3.2",
    "thm3.3",
    "thm3.4",
    "thm4.3",
    "thm4.4",
    "thm4.5",
    "lem5.6",
    "thm5.5",
    "thm5.8",
)

RELATED_IDS = (
    "kim2025.3.1",
    "kim2025.3.2",
    "kim2025.4.2a",
    "kim2025.4.2b",
    "kim2025.4.2c",
    "yu2024",
    "vardi2021",
    "bartlett2019.11",
    "li2025",
)
"""Bounds of other papers (bounds.theorems.related)."""

IDS = PAPER_IDS + RELATED_IDS


def theorem(id: str) -> Theorem:
    """The theorem of that id.

    Raises InputError, suggesting the nearest id, for an id that is not in the catalogue.
    """
    if id not in IDS:
        near = difflib.get_close_matches(id, IDS, n=1, cutoff=0.0)[0]
        raise InputError(f"unknown theorem {id!r}; did you mean {near}? `robustsize list` has all")
    rooms = "robustsize.bounds.theorems"
    found: Theorem
    if id in RELATED_IDS:
        found = import_module(f"{rooms}.related").THEOREMS[id]
    else:
        found = import_module(f"{rooms}.{id.replace('.', '_')}.statement").THEOREM
    return found


def catalogue() -> Iterator[Theorem]:
    """Every theorem, in order."""
    return map(theorem, IDS)
