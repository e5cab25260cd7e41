"""A derivation file as tests: one a step, the counterexample in the failure.

A step that is refuted or undecided fails its test; one that is only sampled is reported as passed
with its status in the test's properties, unless `--derivation-strict` is given.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from robustsize.bounds.prover.model import Derivation, DerivationError, Outcome, Status, Step

if TYPE_CHECKING:
    from robustsize.bounds.prover.isolated import Workers

_WORKERS: pytest.StashKey[Workers] = pytest.StashKey()


def _workers(config: pytest.Config) -> Workers:
    """One process for all steps of a run, started with the first."""
    from robustsize.bounds.prover.isolated import Workers

    if _WORKERS not in config.stash:
        config.stash[_WORKERS] = Workers(1)
        config.add_cleanup(config.stash[_WORKERS].close)
    return config.stash[_WORKERS]


class DerivationFile(pytest.File):
    """A derivation file: a test for each of its steps."""

    def collect(self) -> Iterator[StepItem]:
        """The steps, in order."""
        from robustsize.bounds.prover.language.toml_file import load

        try:
            derivation = load(self.path)
        except DerivationError as error:
            raise self.CollectError(str(error)) from error
        for step in derivation.steps:
            yield StepItem.from_parent(self, name=step.id, derivation=derivation, step=step)


class StepFailedError(AssertionError):
    """A step that is not known to hold."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(outcome.reason)
        self.outcome = outcome


class StepItem(pytest.Item):
    """One step of a derivation file."""

    def __init__(self, *, derivation: Derivation, step: Step, **options: Any) -> None:
        super().__init__(**options)
        self._derivation, self._step = derivation, step

    def runtest(self) -> None:
        """Check the step. Raises StepFailedError."""
        outcome = self._outcome()
        self.user_properties.append(("derivation-status", str(outcome.status)))
        bad = {Status.REFUTED, Status.UNDECIDED}
        if self.config.getoption("--derivation-strict"):
            bad.add(Status.TESTED)
        if outcome.status in bad:
            raise StepFailedError(outcome)

    def _outcome(self) -> Outcome:
        """The outcome from a process with limited time and memory. Raises DerivationError."""
        from robustsize.bounds.prover.check import check_step, step_limits, stopped
        from robustsize.bounds.prover.isolated import Done, Job, Refused

        budget = self.config.getoption("--derivation-seconds")
        call = partial(check_step, self._derivation, self._step.id, budget_seconds_per_step=budget)
        [answer] = _workers(self.config).answers([Job(call, step_limits(budget))])
        match answer:
            case Done(value):
                outcome: Outcome = value
                return outcome
            case Refused(message):
                raise DerivationError(message)
            case _:
                return stopped(self._step.id, str(self._step.claim), answer)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """The claim, its status and the counterexample, without a traceback."""
        if isinstance(excinfo.value, DerivationError):
            return str(excinfo.value)
        if not isinstance(excinfo.value, StepFailedError):
            return super().repr_failure(excinfo, style)
        outcome = excinfo.value.outcome
        return (
            f"{self._derivation.id}, step {outcome.id}: {outcome.claim}\n"
            f"{outcome.status}: {outcome.reason}"
        )

    def reportinfo(self) -> tuple[Path, int, str]:
        """The file and the step, as pytest shows them."""
        return self.path, 0, f"{self._derivation.id}:{self._step.id}"
