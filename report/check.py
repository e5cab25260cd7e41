"""Running derivations: ours by id, a user's by file, on two processes, against expectations."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from multiprocessing import get_context
from pathlib import Path
from time import monotonic
from typing import Any

from robustsize.bounds.derivation import (
    Counterexample,
    Derivation,
    DerivationError,
    Method,
    Outcome,
    Status,
    check,
    check_step,
    load,
)
from robustsize.bounds.derivations import IDS, derivation, is_printed
from robustsize.bounds.derivations.expected import Expectation, expectations
from robustsize.bounds.derivations.finite_cases import FINITE_CASES, FiniteCase
from robustsize.report.ending import Exit
from robustsize.report.progress import Progress, silent

ALL, FINITE = "all", "finite"
SECONDS_PER_STEP = 10.0


@dataclass(frozen=True)
class Checked:
    """The outcome of one step. `origin` is "printed", "ours" or "user"."""

    derivation: str
    origin: str
    outcome: Outcome

    @property
    def expectation(self) -> Expectation | None:
        """Why the step is expected to be refuted, if it is."""
        return None if self.origin == "user" else expectations().get(self.outcome.id)

    def to_json(self) -> dict[str, Any]:
        """Plain values for JSON."""
        expected = self.expectation
        extra: dict[str, Any] = {"derivation": self.derivation, "origin": self.origin}
        if expected is not None:
            extra["expected"] = {
                "why": expected.why,
                "theorem_survives": expected.survives,
                "corrected": expected.corrected or None,
            }
        return self.outcome.to_json() | extra


@dataclass(frozen=True)
class CheckReport:
    """All outcomes in order; `problems` says, a line each, why the exit code is not 0."""

    checked: tuple[Checked, ...]
    problems: tuple[str, ...]

    @property
    def exit_code(self) -> Exit:
        """REFUTED where a verdict is not as it should be, UNDECIDED where one is still missing."""
        if any(map(_is_contradiction, self.checked)) or any(_missing(self.checked)):
            return Exit.REFUTED
        return Exit.UNDECIDED if self.problems or self.counts[Status.UNDECIDED] else Exit.OK

    @property
    def counts(self) -> Counter[Status]:
        """How many steps have each status."""
        return Counter(c.outcome.status for c in self.checked)

    def json(self) -> list[dict[str, Any]]:
        """One object a step."""
        return [c.to_json() for c in self.checked]

    def lines(self) -> list[str]:
        """The report as lines of text."""
        from robustsize.report.check_text import lines

        return lines(self)


@dataclass(frozen=True)
class _Task:
    """A step of ours, a finite case, or a whole file."""

    derivation: str
    step: str = ""
    file: str = ""


def run(
    targets: Sequence[str] = (ALL,),
    *,
    strict: bool = False,
    budget_seconds_per_step: float = SECONDS_PER_STEP,
    seed: int = 0,
    processes: int = 2,
    progress: Progress = silent,
) -> CheckReport:
    """Check derivations.

    A target is a derivation id, a step id (with its readings), a file or "all". The problems are:
    a refuted step of ours or of a user, a printed step whose refutation is not expected or is
    expected and does not come, and with `strict` a step that is only tested or undecided.

    Raises DerivationError for a target that is unknown or a file that cannot be read.
    """
    tasks = [task for target in targets or (ALL,) for task in _tasks(target)]
    tasks = list(dict.fromkeys(tasks))
    checked: list[Checked] = []
    jobs = [(task, budget_seconds_per_step, seed) for task in tasks]
    for done, (task, outcomes) in enumerate(_work(jobs, processes), start=1):
        checked += [_checked(task, outcome) for outcome in outcomes]
        progress(done / len(tasks), task.step or task.file)
    return CheckReport(tuple(checked), tuple(_problems(checked, strict)))


def find_step(step_id: str) -> tuple[str, str]:
    """The derivation and the full id of a step of ours.

    Raises DerivationError where there is none, or several readings and none named.
    """
    found = [t for t in _all_tasks() if t.step == step_id]
    if not found:
        readings = [t.step for t in _all_tasks() if _is_reading(t.step, step_id)]
        if len(readings) != 1:
            known = ", ".join(readings) or "see `robustsize check all`"
            raise DerivationError(f"no single step {step_id!r}; steps: {known}")
        return find_step(readings[0])
    return found[0].derivation, found[0].step


def _tasks(target: str) -> list[_Task]:
    if target == ALL:
        return list(_all_tasks())
    if target in (*IDS, FINITE):
        return [t for t in _all_tasks() if t.derivation == target]
    if target.endswith(".toml") or Path(target).is_file():
        return [_Task(load(target).id, file=target)]
    found = [t for t in _all_tasks() if t.step == target or _is_reading(t.step, target)]
    if not found:
        ids = ", ".join((*IDS, FINITE))
        raise DerivationError(
            f"{target!r} is no derivation, step or file; derivations: {ids}; "
            "a file ends in .toml; for example: robustsize check thm2.2"
        )
    return found


def _is_reading(step: str, target: str) -> bool:
    return step.startswith(f"{target}/")


@lru_cache
def _all_tasks() -> tuple[_Task, ...]:
    steps = [_Task(id, step.id) for id in IDS for step in derivation(id).steps]
    return (*steps, *(_Task(FINITE, case.id) for case in FINITE_CASES))


_Job = tuple[_Task, float, int]


def _work(jobs: list[_Job], processes: int) -> Iterator[tuple[_Task, list[Outcome]]]:
    """The outcomes of all jobs, in their order."""
    if processes == 1 or len(jobs) == 1:
        yield from map(_run_task, jobs)
        return
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        yield from pool.map(_run_task, jobs)


def _run_task(job: _Job) -> tuple[_Task, list[Outcome]]:
    task, budget, seed = job
    options: dict[str, Any] = {"budget_seconds_per_step": budget, "seed": seed}
    if task.file:
        report = check(_file(task.file), **options)
        return task, list(report.outcomes)
    if task.derivation == FINITE:
        return task, [_exhausted(next(c for c in FINITE_CASES if c.id == task.step))]
    return task, [check_step(derivation(task.derivation), task.step, **options)]


@lru_cache
def _file(path: str) -> Derivation:
    return load(path)


def _exhausted(case: FiniteCase) -> Outcome:
    start, count = monotonic(), 0
    for failure in case.cases():
        count += 1
        if failure:
            example = Counterexample({}, failure, "exact arithmetic")
            return Outcome(
                case.id,
                case.claim,
                Status.REFUTED,
                Method.EXHAUSTION,
                example,
                monotonic() - start,
                failure,
            )
    return Outcome(
        case.id,
        case.claim,
        Status.PROVED,
        Method.EXHAUSTION,
        seconds=monotonic() - start,
        reason=f"all {count} cases hold",
    )


def _checked(task: _Task, outcome: Outcome) -> Checked:
    if task.file:
        origin = "user"
    else:
        origin = "printed" if is_printed(task.derivation, outcome.id) else "ours"
    return Checked(task.derivation, origin, outcome)


def _is_contradiction(item: Checked) -> bool:
    """Whether a step is refuted against expectation, or holds although its refutation is known."""
    status = item.outcome.status
    if item.origin == "printed" and item.expectation is not None:
        return status in (Status.PROVED, Status.CITED)
    return status is Status.REFUTED


def _problems(checked: Sequence[Checked], strict: bool) -> Iterator[str]:
    for item in checked:
        outcome, expected = item.outcome, item.expectation
        refuted = outcome.status is Status.REFUTED
        if refuted and item.origin != "printed":
            yield f"{outcome.id}: refuted"
        elif refuted and expected is None:
            yield f"{outcome.id}: a printed step is refuted that expectations.toml does not list"
        elif expected is not None and not refuted:
            yield f"{outcome.id}: expectations.toml lists it as refuted, it is {outcome.status}"
        elif strict and outcome.status in (Status.TESTED, Status.UNDECIDED):
            yield f"{outcome.id}: only {outcome.status} (--strict)"
    for step in _missing(checked):
        yield f"{step}: expectations.toml lists a step that does not exist"


def _missing(checked: Sequence[Checked]) -> list[str]:
    """Steps that are expected to be refuted and are not there, where all steps ran."""
    ran = {c.outcome.id for c in checked}
    if not {t.step for t in _all_tasks()} <= ran:
        return []
    return [step for step in expectations() if step not in ran]
