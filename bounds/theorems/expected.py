"""The printed steps that are known to be refuted, from `expectations.toml`."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files


@dataclass(frozen=True)
class Expectation:
    """A printed step that does not hold: why, whether its theorem survives, what holds instead.

    `corrected` names the step of ours that takes its place, "" where none is needed.
    """

    step: str
    why: str
    survives: bool
    corrected: str = ""


@lru_cache
def expectations() -> Mapping[str, Expectation]:
    """Every expected refutation by step id."""
    text = files(__package__).joinpath("expectations.toml").read_text(encoding="utf-8")
    return {row["step"]: Expectation(**row) for row in tomllib.loads(text)["refuted"]}
