"""Checking a derivation: its steps are read first, then decided one by one."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic, thread_time

from robustsize.bounds.derivation import asymptotic, ladder
from robustsize.bounds.derivation.grammar import AsymptoticClaim
from robustsize.bounds.derivation.isolated import Limits, Stopped
from robustsize.bounds.derivation.model import (
    Derivation,
    DerivationError,
    DerivationReport,
    Method,
    Outcome,
    Status,
    Step,
)
from robustsize.bounds.derivation.problem import Language

Progress = Callable[[Outcome], None]


def check(
    derivation: Derivation,
    *,
    budget_seconds_per_step: float = 10.0,
    seed: int = 0,
    progress: Progress | None = None,
) -> DerivationReport:
    """Check every step of a derivation, in order.

    The budget is in seconds of processor time a step, so that a busy machine changes no answer.
    The engines look at the clock between their moves, and memory is not limited; in
    `robustsize.report.check.run` both limits are imposed. `seed` scrambles the sample points;
    `progress` is called with each outcome as it comes.

    Raises DerivationError if the derivation cannot be read.
    """
    check_ids(derivation)
    language = Language(derivation)
    readable = [(step, _Reading(language, step)) for step in derivation.steps]
    outcomes = []
    for step, reading in readable:
        outcome = _timed(step, reading, budget_seconds_per_step, seed)
        outcomes.append(outcome)
        if progress is not None:
            progress(outcome)
    return DerivationReport(derivation.id, tuple(outcomes), derivation.source)


def check_step(
    derivation: Derivation,
    step: Step | str,
    *,
    budget_seconds_per_step: float = 10.0,
    seed: int = 0,
) -> Outcome:
    """Check one step, given itself or by its id, over the symbols of a derivation.

    Raises DerivationError if it cannot be read, or there is no step of that id.
    """
    if isinstance(step, str):
        matching = [s for s in derivation.steps if s.id == step]
        if not matching:
            ids = ", ".join(s.id for s in derivation.steps)
            raise DerivationError(f"{derivation.id}: no step {step!r}; steps: {ids}")
        step = matching[0]
    reading = _Reading(Language(derivation), step)
    return _timed(step, reading, budget_seconds_per_step, seed)


def step_limits(budget_seconds: float) -> Limits:
    """What the process of one step may use: the engines keep the budget but for one move."""
    return Limits(1.1 * budget_seconds + 1)


def stopped(id: str, claim: str, answer: Stopped) -> Outcome:
    """The outcome of a step whose process has no answer."""
    return Outcome(id, claim, Status.UNDECIDED, Method.NONE, reason=answer.reason)


class _Reading:
    """A step, read: made for all steps first, so that bad input fails before the work starts."""

    def __init__(self, language: Language, step: Step) -> None:
        self.step = step
        claim = language.claim(step.claim, f"step {step.id}.claim")
        self.asymptotic: asymptotic.Limit | None = None
        if isinstance(claim, AsymptoticClaim):
            self.asymptotic = asymptotic.read(language, step, claim)
        else:
            self.problem = language.problem(step, claim)

    def verdict(self, deadline: float, seed: int) -> ladder.Verdict:
        if self.asymptotic is not None:
            return asymptotic.decide(self.asymptotic, self.step.cite, deadline, seed)
        if self.step.cite:
            return ladder.cited(self.problem, self.step.cite, deadline, seed)
        return ladder.decide(self.problem, deadline, seed)


def check_ids(derivation: Derivation) -> None:
    """Raises DerivationError if there is no step, or two have the same id."""
    if not derivation.steps:
        raise DerivationError(f"{derivation.id}: a derivation needs at least one step")
    seen: set[str] = set()
    for step in derivation.steps:
        if step.id in seen:
            raise DerivationError(f"{derivation.id}: the step id {step.id!r} occurs twice")
        seen.add(step.id)


def _timed(step: Step, reading: _Reading, budget: float, seed: int) -> Outcome:
    start = monotonic()
    verdict = reading.verdict(thread_time() + budget, seed)
    return Outcome(
        id=step.id,
        claim=str(step.claim),
        status=verdict.status,
        method=verdict.method,
        counterexample=verdict.counterexample,
        seconds=monotonic() - start,
        reason=verdict.reason,
    )
