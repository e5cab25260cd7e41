"""Checking a derivation: its steps are read first, then decided one by one."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from fractions import Fraction
from pathlib import Path
from time import monotonic, thread_time
from traceback import walk_tb

from robustsize.bounds.prover.engines import asymptotic, ladder, refute
from robustsize.bounds.prover.isolated import Limits, Stopped
from robustsize.bounds.prover.language.grammar import AsymptoticClaim
from robustsize.bounds.prover.language.problem import Language
from robustsize.bounds.prover.model import (
    Derivation,
    DerivationError,
    DerivationReport,
    Method,
    Outcome,
    Status,
    Step,
)
from robustsize.bounds.prover.second_opinion import CheckerDisagreementError

Progress = Callable[[Outcome], None]
_LOG = logging.getLogger(__name__)


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
        self.opinion = language.second_opinion()
        self.asymptotic: asymptotic.Limit | None = None
        if isinstance(claim, AsymptoticClaim):
            self.asymptotic = asymptotic.read(language, step, claim)
        else:
            self.problem = language.problem(step, claim).with_room()
            self.text = language.text(step.claim)
            self.given = [language.text(source) for source in step.given]

    def verdict(self, deadline: float, seed: int) -> ladder.Verdict:
        if self.asymptotic is not None:
            return asymptotic.decide(
                self.asymptotic, self.step.cite, self.opinion, deadline=deadline, seed=seed
            )
        if self.step.cite:
            verdict = ladder.cited(self.problem, self.step.cite, deadline, seed)
        else:
            verdict = ladder.decide(self.problem, deadline, seed)
        return self._confirmed(verdict)

    def _confirmed(self, verdict: ladder.Verdict) -> ladder.Verdict:
        """The verdict, if the second evaluator finds nothing against it."""
        if verdict.counterexample is not None:
            return self._replayed(verdict)
        names = [v.symbol.name for v in self.problem.variables]
        found = self.opinion.objection(self.text, self.given, names)
        if found is None:
            return verdict
        point = {v.symbol: found[v.symbol.name] for v in self.problem.variables}
        if verdict.status is not Status.PROVED:
            if refute.violates(self.problem, point) is not None:
                return ladder.refuted(self.problem, point)
            why = f"the second evaluator alone refutes it, at {_shown(found)}"
            return ladder.Verdict(Status.UNDECIDED, Method.NONE, why)
        raise CheckerDisagreementError(f"{verdict.status}, but the claim fails at {_shown(found)}")

    def _replayed(self, verdict: ladder.Verdict) -> ladder.Verdict:
        """The refutation, if the second evaluator finds the same at its counterexample.

        Two sides that no precision tells apart are left to the first, which proves them equal.
        """
        assert verdict.counterexample is not None
        point = {name: Fraction(value) for name, value in verdict.counterexample.point.items()}
        known = self.opinion.inside(self.given, point), self.opinion.holds(self.text, point)
        if known[0] is False or known[1] is True:
            raise CheckerDisagreementError(f"{verdict.reason}, but not for the second evaluator")
        for whole in self.opinion.completed(point):
            inside = self.opinion.inside(self.given, whole)
            holds = self.opinion.holds(self.text, whole)
            fails = holds is False or (holds is None and self.opinion.touches(self.text, whole))
            if inside is True and fails:
                return verdict
        why = f"perhaps {verdict.reason}; the second evaluator does not settle this point"
        return ladder.Verdict(Status.UNDECIDED, Method.NONE, why)


def _shown(point: Mapping[str, Fraction]) -> str:
    return ", ".join(f"{name} = {value}" for name, value in point.items()) or "every point"


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
    verdict = _answered(reading, thread_time() + budget, seed)
    return Outcome(
        id=step.id,
        claim=str(step.claim),
        status=verdict.status,
        method=verdict.method,
        counterexample=verdict.counterexample,
        seconds=monotonic() - start,
        reason=verdict.reason,
    )


def _answered(reading: _Reading, deadline: float, seed: int) -> ladder.Verdict:
    """The verdict on a step; a fault of the checker itself leaves the step undecided."""
    try:
        return reading.verdict(deadline, seed)
    except MemoryError:
        raise  # the limit of the process that runs the step
    except CheckerDisagreementError as error:
        why = f"fault of the checker, please report it: the two evaluators disagree: {error}"
    except Exception as error:
        why = f"the engine {_engine(error)} failed: {type(error).__name__}: {error}"[:400]
    _LOG.error("step %s: %s", reading.step.id, why)
    return ladder.Verdict(Status.UNDECIDED, Method.NONE, why)


def _engine(error: Exception) -> str:
    """The innermost module of this package that an exception went through."""
    files = [Path(frame.f_code.co_filename) for frame, _ in walk_tb(error.__traceback__)]
    own = [file.stem for file in files if Path(__file__).parent in file.parents]
    return own[-1]
