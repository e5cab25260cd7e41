"""Independent trials: a sample as large as the bound asks for, a hyperplane, its test error."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import sympy as sp

from robustsize.bounds.arithmetic import balls
from robustsize.bounds.catalogue import theorem
from robustsize.bounds.evaluate import choose_form
from robustsize.bounds.statement import FormName
from robustsize.bounds.symbols import beta, d, delta
from robustsize.simulate.data.labellings import stream
from robustsize.simulate.experiment.evidence import Share
from robustsize.simulate.experiment.model import Setting
from robustsize.simulate.theorems.thm4_4.distributions import Distribution
from robustsize.simulate.theorems.thm4_4.hyperplanes import LEARNERS


def samples_needed(dimension: int, error: Fraction, failure: Fraction, setting: Setting) -> int:
    """The smallest integer N that the explicit bound of Theorem 4.4 allows."""
    form = choose_form(theorem("thm4.4"), setting.p, FormName.EXPLICIT)
    at = {d: Fraction(dimension), beta: error, delta: failure}
    value = balls.certain(sp.ceiling(form.expression), at)
    if not isinstance(value, Fraction):
        raise ValueError(f"thm4.4 explicit has no exact value at {at}")
    return int(value)


@dataclass(frozen=True, eq=False)
class Learning:
    """One learner on one distribution in one dimension."""

    learner: str
    where: Distribution
    dimension: int
    setting: Setting

    @property
    def name(self) -> str:
        """For predictions and series."""
        return f"{self.learner}, {self.where.name}"

    def samples(self, error: Fraction) -> int:
        """The N of the bound."""
        return samples_needed(self.dimension, error, self.setting.one(delta), self.setting)

    def trial(self, count: int, number: int) -> Trial:
        """Deterministic from the setting's seed, the experiment's name and the trial's number."""
        key = f"{self.name} {self.dimension} {count} {number}"
        random = stream(self.setting.seed, key)
        x, y = self.where.draw(random, count)
        plane = LEARNERS[self.learner](x, y, int(random.integers(1 << 31)))
        wrong, total = self.where.errors(plane, random)
        return Trial(plane.wrong(x, y) == 0, wrong, total)


@dataclass(frozen=True)
class Trial:
    """One sample, one hyperplane: whether it is consistent; wrong points among those looked at."""

    consistent: bool
    wrong: int
    total: int


@dataclass(frozen=True)
class Trials:
    """Independent trials with samples of one size."""

    where: Distribution
    samples: int
    of: tuple[Trial, ...]

    @property
    def errors(self) -> tuple[float, ...]:
        """The test error of each."""
        return tuple(trial.wrong / trial.total for trial in self.of)

    @property
    def inconsistent(self) -> int:
        """Trials without a consistent hyperplane."""
        return sum(not trial.consistent for trial in self.of)

    def share(self, error: Fraction) -> Share:
        """In how many trials the test error is at most `error`, surely and possibly."""
        says = [
            self.where.is_at_most(error, t.wrong, t.total) if t.consistent else None
            for t in self.of
        ]
        tried = (
            f"{len(says)} independent samples, {self.inconsistent} without a consistent "
            f"hyperplane; {self.where.tested}"
        )
        return Share(says.count(True), len(says) - says.count(False), len(says), tried)
