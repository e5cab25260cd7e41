"""What is said of a step does not depend on what the same process checked before."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from importlib import import_module
from pathlib import Path
from random import Random

import pytest

from robustsize.bounds.prover import check_step, loads
from robustsize.bounds.prover.isolated import Answer, Done, Job, Limits, Workers
from robustsize.report import check

BENCHMARKS = Path(__file__).parents[3] / "benchmarks"


def _answers(jobs: Sequence[Job]) -> list[Answer]:
    """The answers of one process, without their seconds."""
    with Workers(1) as workers:
        return [
            Done(replace(a.value, seconds=0)) if isinstance(a, Done) else a
            for a in workers.answers(jobs)
        ]


def _differing(jobs: Sequence[Job]) -> list[tuple[Answer, Answer]]:
    """Pairs of answers: in a process of its own, and after others in a shuffled order."""
    order = list(range(len(jobs)))
    Random(3).shuffle(order)
    with ThreadPoolExecutor(2) as pool:
        alone = list(pool.map(lambda i: _answers([jobs[i]])[0], order))
    together = _answers([jobs[i] for i in order])
    return [pair for pair in zip(alone, together, strict=True) if pair[0] != pair[1]]


def _steps() -> list[Job]:
    return [check._job(task, {}, 60.0, 0) for task in check._all_tasks()]


def _claims(count: int, monkeypatch: pytest.MonkeyPatch) -> list[Job]:
    """Claims with time enough that no clock decides."""
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    made = [loads(c.toml) for c in import_module("claims").claims(count, 17)]
    sys.modules.pop("claims")
    calls = (partial(check_step, d, "s", budget_seconds_per_step=5.0) for d in made)
    return [Job(call, Limits(10)) for call in calls]


def test_the_order_of_a_few_steps_changes_no_answer() -> None:
    assert _differing(_steps()[::40]) == []


@pytest.mark.slow
def test_the_order_of_the_steps_changes_no_answer() -> None:
    assert _differing(_steps()) == []


@pytest.mark.slow
def test_the_order_of_claims_changes_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the budget ends an engine, more or fewer points may be tried, no more."""
    differing = _differing(_claims(300, monkeypatch))
    assert [(a, b) for a, b in differing if _decided(a) or _decided(b)] == []


def _decided(answer: Answer) -> bool:
    return isinstance(answer, Done) and answer.value.status in ("proved", "refuted")
