"""Theorem 4.4 measured: without robustness a hyperplane learner needs few samples.

Consistent hyperplanes are learned from N random samples, N being what the explicit bound asks for,
in many independent trials. On the hard instance of Theorem 4.3 the test error is an exact count
over its points; on a cube cut by a hyperplane it is settled by an independent test sample.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from math import lcm

import numpy as np
import sympy as sp
from numpy.typing import NDArray
from scipy.stats import binom

from robustsize.bounds.arithmetic import balls
from robustsize.bounds.arithmetic.balls import float_above
from robustsize.bounds.catalogue import theorem
from robustsize.bounds.evaluate import choose_form
from robustsize.bounds.statement import FormName
from robustsize.bounds.symbols import BY_SYMBOL, InputError, beta, c, d, delta, epsilon
from robustsize.simulate.data.instance import Grid, grid_axis, hard_instance
from robustsize.simulate.data.labellings import drawn, stream
from robustsize.simulate.experiment.claim import Hypothesis, Limit, Prediction, Reading, Share
from robustsize.simulate.experiment.probe import (
    Cell,
    Outcome,
    Probe,
    Row,
    Run,
    Setting,
    Trend,
    axes,
)

MOST_POINTS = 100_000
MOST_SAMPLES = 200_000
MOST_DENOMINATOR = 1 << 20
"""Of the coordinates, so that they and their doubles are exact in floats."""
TEST_SAMPLE = 4000
"""Points drawn to settle a test error on the cube."""
DOUBT = 1e-6
"""How often a test sample may mislead: the wrong side of beta in one of a million trials."""
BAND = 0.01
"""Points of the cube this close to the mean 1/2 are not drawn."""
CURVE_TRIALS = 8
CURVE_SAMPLES = (1, 2, 4, 8, 16)
"""The learning curve's sample sizes, in units of d + 1."""
EPOCHS = 1000

Sample = tuple[NDArray[np.float64], NDArray[np.int8]]


@dataclass(frozen=True)
class Hyperplane:
    """The classifier that says +1 where w.x + b > 0 and -1 elsewhere."""

    w: NDArray[np.float64]
    b: float

    def wrong(self, x: NDArray[np.float64], y: NDArray[np.int8]) -> int:
        """How many rows of x, shape (N, d), get another label than y, in exact arithmetic."""
        values = x @ self.w + self.b
        # Each of the d + 1 roundings of a dot product adds at most 2^-53 of its absolute terms.
        slack = 2.0**-50 * (len(self.w) + 2) * (np.abs(x) @ np.abs(self.w) + abs(self.b))
        positive = values > 0
        for i in np.flatnonzero(np.abs(values) <= slack):
            terms = zip(x[i].tolist(), self.w.tolist(), strict=True)
            positive[i] = sum((Fraction(a) * Fraction(w) for a, w in terms), Fraction(self.b)) > 0
        return int(np.count_nonzero(positive != (y > 0)))


@dataclass(frozen=True, eq=False)
class HardPoints:
    """P uniform on the hard instance, moved to integers, which floats hold exactly.

    x: shape (m, d), 2 D (point - 1/2) with D a common denominator: hyperplanes stay hyperplanes.
    """

    x: NDArray[np.float64]
    y: NDArray[np.int8]
    name: str = "hard instance"
    tested: str = "test errors counted over all points"

    def draw(self, random: np.random.Generator, count: int) -> Sample:
        """Points drawn uniformly."""
        drawn = random.integers(0, len(self.y), count)
        return self.x[drawn], self.y[drawn]

    def errors(self, plane: Hyperplane, random: np.random.Generator) -> tuple[int, int]:
        """Wrong points among all, and how many there are."""
        return plane.wrong(self.x, self.y), len(self.y)

    def is_at_most(self, beta: Fraction, wrong: int, total: int) -> bool | None:
        """Decided: all points were counted."""
        return Fraction(wrong, total) <= beta


@dataclass(frozen=True)
class CutCube:
    """P uniform on [-1/2, 1/2]^d less a band |mean of x| <= BAND, label the sign of the mean."""

    dimension: int
    name: str = "cube"
    tested: str = f"each test error settled by {TEST_SAMPLE} points at level {DOUBT}"

    def draw(self, random: np.random.Generator, count: int) -> Sample:
        """Points drawn uniformly, those in the band drawn again."""
        kept = np.empty((0, self.dimension))
        while len(kept) < count:
            x = random.random((count, self.dimension)) - 0.5
            kept = np.concatenate([kept, x[np.abs(x.mean(axis=1)) > BAND]])
        x = kept[:count]
        return x, np.where(x.mean(axis=1) > 0, 1, -1).astype(np.int8)

    def errors(self, plane: Hyperplane, random: np.random.Generator) -> tuple[int, int]:
        """Wrong points in an independent test sample, and its size."""
        return plane.wrong(*self.draw(random, TEST_SAMPLE)), TEST_SAMPLE

    def is_at_most(self, beta: Fraction, wrong: int, total: int) -> bool | None:
        """By binomial tails at level DOUBT."""
        if binom.cdf(wrong, total, float(beta)) <= DOUBT:
            return True
        return False if binom.sf(wrong - 1, total, float(beta)) <= DOUBT else None


def hard_points(dimension: int, gap: Fraction, ratio: Fraction, setting: Setting) -> HardPoints:
    """The hard instance of one random labelling, which x_d = 1/2 separates."""
    m = len(grid_axis(gap, Grid.DENSE)) ** (dimension - 1)
    (labels,) = drawn(stream(setting.seed, f"labels {m}"), 1, m)
    instance = hard_instance(dimension, gap, ratio, setting.p, labels)
    scale = 2 * lcm(*(v.denominator for x in instance.points for v in x))
    x = [[float(scale * (v - Fraction(1, 2))) for v in point] for point in instance.points]
    return HardPoints(np.array(x), instance.labels)


Distribution = HardPoints | CutCube
Learner = Callable[[NDArray[np.float64], NDArray[np.int8], int], Hyperplane]


def perceptron(x: NDArray[np.float64], y: NDArray[np.int8], seed: int) -> Hyperplane:
    """The perceptron, run until it is consistent or `EPOCHS` have passed."""
    from sklearn.linear_model import Perceptron

    model = Perceptron(random_state=seed)
    for _ in range(EPOCHS):
        model.partial_fit(x, y, classes=[-1, 1])
        plane = Hyperplane(model.coef_[0].copy(), float(model.intercept_[0]))
        if plane.wrong(x, y) == 0:
            break
    return plane


def svm(x: NDArray[np.float64], y: NDArray[np.int8], seed: int) -> Hyperplane:
    """The hyperplane of largest margin; where all labels agree, one that says so everywhere."""
    from sklearn.svm import SVC

    if np.all(y == y[0]):
        return Hyperplane(np.zeros(x.shape[1]), float(y[0]))
    model = SVC(kernel="linear", C=1e6).fit(x / np.abs(x).max(), y)
    return Hyperplane(model.coef_[0] / np.abs(x).max(), float(model.intercept_[0]))


LEARNERS: dict[str, Learner] = {"perceptron": perceptron, "SVM": svm}


def samples_needed(dimension: int, error: Fraction, failure: Fraction, setting: Setting) -> int:
    """The smallest integer N that the explicit bound of Theorem 4.4 allows."""
    form = choose_form(theorem("thm4.4"), setting.p, FormName.EXPLICIT)
    at = {d: Fraction(dimension), beta: error, delta: failure}
    assert isinstance(form.expression, sp.Expr)
    value = balls.certain(sp.ceiling(form.expression), at)
    assert isinstance(value, Fraction)
    return int(value)


@dataclass(frozen=True)
class Trial:
    """One sample, one hyperplane: whether it is consistent; wrong points among those looked at."""

    consistent: bool
    wrong: int
    total: int


@dataclass(frozen=True)
class _Experiment:
    """One learner on one distribution in one dimension."""

    learner: str
    where: Distribution
    dimension: int
    setting: Setting

    @property
    def name(self) -> str:
        return f"{self.learner}, {self.where.name}"

    def prediction(self, error: Fraction, failure: Fraction) -> Prediction:
        count = samples_needed(self.dimension, error, failure, self.setting)
        return Prediction(
            id="thm4.4",
            name=f"{self.name}, d={self.dimension}, beta={error}",
            says=(
                f"a hyperplane consistent with N = {count} samples has test error <= {error} with "
                f"probability at least {1 - failure}"
            ),
            quantity=f"probability that the test error is at most {error}",
            lower=Limit(1 - failure, "thm4.4 explicit"),
            hypotheses=(
                Hypothesis("A, B are linearly separable: a separating hyperplane is known", True),
                Hypothesis(
                    "the hyperplane is consistent with its sample: checked exactly in each trial, "
                    "and a trial where it is not counts as undecided",
                    True,
                ),
            ),
        )

    def trial(self, count: int, number: int) -> Trial:
        """Deterministic from the setting's seed, the experiment's name and the trial's number."""
        key = f"{self.name} {self.dimension} {count} {number}"
        random = stream(self.setting.seed, key)
        x, y = self.where.draw(random, count)
        plane = LEARNERS[self.learner](x, y, int(random.integers(1 << 31)))
        wrong, total = self.where.errors(plane, random)
        return Trial(plane.wrong(x, y) == 0, wrong, total)

    def share(self, trials: list[Trial], error: Fraction) -> Share:
        """In how many trials the test error is at most `error`, surely and possibly."""
        says = [
            self.where.is_at_most(error, t.wrong, t.total) if t.consistent else None for t in trials
        ]
        failed = sum(not t.consistent for t in trials)
        tried = (
            f"{len(trials)} independent samples, {failed} without a consistent hyperplane; "
            f"{self.where.tested}"
        )
        return Share(says.count(True), len(says) - says.count(False), len(says), tried)

    def row(self, count: int, trials: list[Trial], upper: Fraction | None) -> Row:
        """The test errors at N = count. upper: what the bound promises of them there."""
        return Row(
            series=self.name if upper is None else f"{self.name}, N of the bound",
            at={"d": self.dimension, "samples": count},
            values=tuple(t.wrong / t.total for t in trials),
            upper=None if upper is None else float_above(upper),
            more={
                "inconsistent": sum(not t.consistent for t in trials),
                "points_a_test": trials[0].total,
            },
        )


def _cells(setting: Setting) -> Iterator[Cell]:
    for dimension in map(int, setting.all(d)):
        _check(dimension, setting)
        yield _cell(dimension, setting)


def _check(dimension: int, setting: Setting) -> None:
    m = len(grid_axis(setting.one(epsilon), Grid.DENSE)) ** (dimension - 1)
    if m > MOST_POINTS:
        raise InputError(f"--d {dimension}: {m} points, at most {MOST_POINTS}; for example --d 4")
    D = lcm(setting.one(epsilon).denominator, (setting.one(c) * setting.one(epsilon)).denominator)
    if D > MOST_DENOMINATOR:
        raise InputError(
            f"--c {setting.one(c)}: the coordinates have the common denominator {D}, at most "
            f"{MOST_DENOMINATOR} here; for example --epsilon 1/8 --c 1/2"
        )
    if setting.one(delta) == 0:
        raise InputError("--delta 0: a failure probability is in (0, 1); for example --delta 0.05")
    for error in setting.all(beta):
        count = samples_needed(dimension, error, setting.one(delta), setting)
        if count > MOST_SAMPLES:
            example = BY_SYMBOL[beta].example
            raise InputError(
                f"--beta {error}: the bound asks for {count} samples, at most {MOST_SAMPLES} here; "
                f"for example --beta {example}"
            )


def _cell(dimension: int, setting: Setting) -> Cell:
    hard = hard_points(dimension, setting.one(epsilon), setting.one(c), setting)
    cube = CutCube(dimension)
    experiments = [
        _Experiment("perceptron", hard, dimension, setting),
        _Experiment("SVM", hard, dimension, setting),
        _Experiment("perceptron", cube, dimension, setting),
    ]
    failure = setting.one(delta)
    pairs = [(one, error) for one in experiments for error in setting.all(beta)]

    def measure(run: Run) -> Outcome:
        rows, evidence = [], {}
        for done, (one, error) in enumerate(pairs):
            count = samples_needed(dimension, error, failure, setting)
            trials = []
            for number in range(setting.seeds):
                trials.append(one.trial(count, number))
                if number % 16 == 0:
                    run.progress((done + number / setting.seeds) / len(pairs), one.name)
            evidence[one.prediction(error, failure).name] = one.share(trials, error)
            rows.append(one.row(count, trials, error))
        for one in experiments:
            for count in ((dimension + 1) * times for times in CURVE_SAMPLES):
                trials = [one.trial(count, number) for number in range(CURVE_TRIALS)]
                rows.append(one.row(count, trials, None))
        return Outcome(evidence, tuple(rows))

    predictions = tuple(one.prediction(error, failure) for one, error in pairs)
    return Cell(f"d={dimension}", predictions, measure, weight=dimension)


def _trends(setting: Setting) -> list[Trend]:
    return [
        Trend(
            prediction=Prediction(
                id="thm4.4",
                name=f"slope in N, d={dimension}",
                says="N = O(d / beta^2) samples suffice: test error falls at least as N^(-1/2)",
                quantity="slope of log test error in log N",
                upper=Limit(Fraction(-1, 2), "thm4.4 printed"),
                reading=Reading.TREND,
            ),
            series="perceptron, cube",
            x="samples",
            log_x=True,
            where={"d": float(dimension)},
        )
        for dimension in setting.all(d)
    ]


_WHERE = {epsilon: "1/8", c: "1/2", delta: "1/20"}

PROBE = Probe(
    id="thm4.4",
    covers=("thm4.4",),
    measures="test error of consistent hyperplanes against the number N of samples",
    seeds_are="independent training samples at the N of the bound",
    quick=Setting(axes=axes({**_WHERE, d: "4,6", beta: "1/10"}), seeds=240),
    full=Setting(axes=axes({**_WHERE, d: "3:6", beta: "1/20,1/10,1/5"}), seeds=1000),
    quick_seconds=8,
    cells=lambda setting: list(_cells(setting)),
    trends=_trends,
)
