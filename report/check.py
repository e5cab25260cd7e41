"""Running derivations: ours by id, a user's by file, each step apart, against expectations."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from pathlib import Path
from time import monotonic
from typing import Any

from robustsize.bounds.prover import (
    Counterexample,
    Derivation,
    DerivationError,
    Method,
    Outcome,
    Status,
    check_step,
    load,
)
from robustsize.bounds.prover.check import check_ids, step_limits, stopped
from robustsize.bounds.prover.isolated import (
    Done,
    Job,
    Limits,
    Refused,
    Stopped,
    Workers,
)
from robustsize.bounds.theorems.expected import Expectation, expectations
from robustsize.bounds.theorems.finite_cases import FINITE_CASES, FiniteCase
from robustsize.bounds.theorems.proofs import IDS, derivation, is_printed
from robustsize.commands.ending import Exit
from robustsize.commands.progress import Progress, silent

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
    """All outcomes in order; `problems` says, a line each, why the exit code is not 0.

    `unreadable` has a line for each file or step that could not be read.
    """

    checked: tuple[Checked, ...]
    problems: tuple[str, ...]
    unreadable: tuple[str, ...]
    exit_code: Exit

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
    """A step of ours, a finite case, or a step of a user's file."""

    derivation: str
    step: str
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
    """Check derivations, each step apart with limited time and memory.

    A target is a derivation id, a step id (with its readings), a file or "all". A step that meets
    a limit, or whose process dies, is undecided, with the reason. The problems are: a refuted step
    of ours or of a user, a printed step whose refutation is not expected or is expected and does
    not come, and with `strict` a step that is only tested or undecided.

    The exit code is 1 if a step is refuted, or proved, against expectations; otherwise 2 if a file
    or a step cannot be read; otherwise 3 if a step is undecided that must not be; otherwise 0.

    Raises DerivationError for a target that is unknown, and where nothing at all can be read.
    """
    budget, targets = budget_seconds_per_step, list(dict.fromkeys(targets or (ALL,)))
    for target in targets:
        if not _is_file(target):
            _tasks(target)
    with Workers(processes) as workers:
        files, unreadable = _read([t for t in targets if _is_file(t)], workers)
        tasks = [
            task
            for target in targets
            for task in (_steps(target, files) if _is_file(target) else _tasks(target))
        ]
        tasks = list(dict.fromkeys(tasks))
        checked: list[Checked] = []
        answers = workers.answers([_job(task, files, budget, seed) for task in tasks])
        for done, (task, answer) in enumerate(zip(tasks, answers, strict=True), start=1):
            if isinstance(answer, Refused):
                unreadable.append(f"{task.file}: {answer.message}" if task.file else answer.message)
            else:
                checked.append(_checked(task, _outcome(task, files, answer)))
            progress(done / len(tasks), f"{task.file} {task.step}".strip())
    unreadable = list(dict.fromkeys(unreadable))
    if unreadable and not checked:
        raise DerivationError("; ".join(unreadable))
    return _report(checked, unreadable, strict)


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


def _is_file(target: str) -> bool:
    return target.endswith(".toml") or Path(target).is_file()


def _tasks(target: str) -> list[_Task]:
    if target == ALL:
        return list(_all_tasks())
    if target in (*IDS, FINITE):
        return [t for t in _all_tasks() if t.derivation == target]
    found = [t for t in _all_tasks() if t.step == target or _is_reading(t.step, target)]
    if not found:
        ids = ", ".join((*IDS, FINITE))
        raise DerivationError(
            f"{target!r} is no derivation, step or file; derivations: {ids}; "
            "a file ends in .toml; for example: robustsize check thm2.2"
        )
    return found


def _steps(file: str, files: dict[str, Derivation]) -> list[_Task]:
    if file not in files:
        return []
    return [_Task(files[file].id, step.id, file) for step in files[file].steps]


def _is_reading(step: str, target: str) -> bool:
    return step.startswith(f"{target}/")


@lru_cache
def _all_tasks() -> tuple[_Task, ...]:
    steps = [_Task(id, step.id) for id in IDS for step in derivation(id).steps]
    return (*steps, *(_Task(FINITE, case.id) for case in FINITE_CASES))


def _read(paths: list[str], workers: Workers) -> tuple[dict[str, Derivation], list[str]]:
    """The derivations of the files that can be read, and a line for each of the others."""
    files: dict[str, Derivation] = {}
    unreadable: list[str] = []
    jobs = [Job(partial(_loaded, path), Limits(SECONDS_PER_STEP)) for path in paths]
    for path, answer in zip(paths, workers.answers(jobs), strict=True):
        match answer:
            case Done(value):
                files[path] = value
            case Refused(message):
                unreadable.append(message)
            case Stopped(reason):
                unreadable.append(f"{path}: cannot be read: {reason}")
    return files, unreadable


def _loaded(path: str) -> Derivation:
    source = load(path)
    try:
        check_ids(source)
    except DerivationError as error:
        raise DerivationError(f"{path}: {error}") from None
    return source


def _job(task: _Task, files: dict[str, Derivation], budget: float, seed: int) -> Job:
    """The checking of one step. Ours are found by name, for SymPy changes what it unpickles."""
    options: dict[str, Any] = {"budget_seconds_per_step": budget, "seed": seed}
    limits = step_limits(budget)
    if task.file:
        source = files[task.file]
        step = next(s for s in source.steps if s.id == task.step)
        return Job(partial(check_step, replace(source, steps=(step,)), step.id, **options), limits)
    if task.derivation == FINITE:
        return Job(partial(_exhausted, task.step), limits)
    return Job(partial(_check_ours, task.derivation, task.step, **options), limits)


def _check_ours(name: str, step: str, **options: Any) -> Outcome:
    return check_step(derivation(name), step, **options)


def _outcome(task: _Task, files: dict[str, Derivation], answer: Done | Stopped) -> Outcome:
    if isinstance(answer, Done):
        outcome: Outcome = answer.value
        return outcome
    if task.derivation == FINITE:
        claim = _finite_case(task.step).claim
    else:
        source = files[task.file] if task.file else derivation(task.derivation)
        claim = next(str(s.claim) for s in source.steps if s.id == task.step)
    return stopped(task.step, claim, answer)


def _finite_case(step: str) -> FiniteCase:
    return next(c for c in FINITE_CASES if c.id == step)


def _exhausted(step: str) -> Outcome:
    case = _finite_case(step)
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


def _report(checked: list[Checked], unreadable: list[str], strict: bool) -> CheckReport:
    problems = list(_problems(checked, strict))
    codes = {code for code, _ in problems} | ({Exit.BAD_INPUT} if unreadable else set())
    texts = tuple(text for _, text in problems)
    return CheckReport(tuple(checked), texts, tuple(unreadable), min(codes, default=Exit.OK))


def _problems(checked: Sequence[Checked], strict: bool) -> Iterator[tuple[Exit, str]]:
    """Exit codes and lines."""
    for item in checked:
        outcome, expected = item.outcome, item.expectation
        refuted = outcome.status is Status.REFUTED
        if refuted and item.origin != "printed":
            yield Exit.REFUTED, f"{outcome.id}: refuted"
        elif refuted and expected is None:
            yield (
                Exit.REFUTED,
                f"{outcome.id}: a printed step is refuted that expectations.toml does not list",
            )
        elif expected is not None and not refuted:
            code = Exit.REFUTED if outcome.status is Status.PROVED else Exit.UNDECIDED
            yield (
                code,
                f"{outcome.id}: expectations.toml lists it as refuted, it is {outcome.status}",
            )
        elif strict and outcome.status in (Status.TESTED, Status.UNDECIDED):
            yield Exit.UNDECIDED, f"{outcome.id}: only {outcome.status} (--strict)"
    ran = {c.outcome.id for c in checked}
    if {t.step for t in _all_tasks()} <= ran:
        for step in expectations():
            if step not in ran:
                yield Exit.REFUTED, f"{step}: expectations.toml lists a step that does not exist"
