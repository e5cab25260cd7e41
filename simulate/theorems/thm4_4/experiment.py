"""Theorem 4.4 measured: without robustness a hyperplane learner needs few samples.

Consistent hyperplanes are learned from N random samples, N being what the explicit bound asks for,
in many independent trials. On the hard instance of Theorem 4.3 the test error is an exact count
over its points; on a cube cut by a hyperplane it is settled by an independent test sample.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from math import lcm

from robustsize.bounds.arithmetic.balls import float_above
from robustsize.bounds.symbols import BY_SYMBOL, InputError, beta, c, d, delta, epsilon
from robustsize.simulate.data.instance import Grid, grid_axis
from robustsize.simulate.experiment.claim import Claim, Hypothesis, Limit, Prediction, Reading
from robustsize.simulate.experiment.evidence import Share
from robustsize.simulate.experiment.model import (
    Cell,
    Experiment,
    Place,
    Row,
    Run,
    Setting,
    Trend,
    axes,
)
from robustsize.simulate.theorems.thm4_4.distributions import CutCube, hard_points
from robustsize.simulate.theorems.thm4_4.hyperplanes import LEARNERS
from robustsize.simulate.theorems.thm4_4.trials import Learning, Trials, samples_needed

MOST_POINTS = 100_000
MOST_SAMPLES = 200_000
MOST_DENOMINATOR = 1 << 20
"""Of the coordinates, so that they and their doubles are exact in floats."""
CURVE_TRIALS = 8
CURVE_SAMPLES = (1, 2, 4, 8, 16)
"""The learning curve's sample sizes, in units of d + 1."""


@dataclass(frozen=True)
class _Measured:
    """Trials at the N of the bound for each test error beta, and a learning curve."""

    at_bound: dict[Fraction, Trials]
    curve: tuple[Trials, ...]


def _prediction(learning: Learning, error: Fraction) -> Prediction:
    failure = learning.setting.one(delta)
    return Prediction(
        id="thm4.4",
        name=f"{learning.name}, d={learning.dimension}, beta={error}",
        says=(
            f"a hyperplane consistent with N = {learning.samples(error)} samples has test error <= "
            f"{error} with probability at least {1 - failure}"
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


def _slope(dimension: int) -> Trend:
    prediction = Prediction(
        id="thm4.4",
        name=f"slope in N, d={dimension}",
        says="N = O(d / beta^2) samples suffice: test error falls at least as N^(-1/2)",
        quantity="slope of log test error in log N",
        upper=Limit(Fraction(-1, 2), "thm4.4 printed"),
        reading=Reading.TREND,
    )
    return Trend(prediction, log_x=True)


def _cell(learning: Learning, slope: Trend | None) -> Cell[_Measured]:
    """Claims and measurement. slope: the trend of the learning curve, if one is stated."""
    setting, dimension = learning.setting, learning.dimension

    def share(error: Fraction) -> Callable[[_Measured], Share]:
        return lambda measured: measured.at_bound[error].share(error)

    def errors(i: int) -> Callable[[_Measured], tuple[float, ...]]:
        return lambda measured: measured.curve[i].errors

    places = [Place(slope, n, errors(i)) for i, n in enumerate(_curve(dimension))] if slope else []
    return Cell(
        name=f"{learning.name.replace(', ', '-').replace(' ', '-')}-d={dimension}",
        claims=tuple(Claim(_prediction(learning, e), share(e)) for e in setting.all(beta)),
        places=tuple(places),
        work=partial(_measure, learning),
        rows=partial(_rows, learning),
        weight=dimension,
    )


def _curve(dimension: int) -> list[int]:
    return [(dimension + 1) * times for times in CURVE_SAMPLES]


def _measure(learning: Learning, run: Run) -> _Measured:
    setting, at_bound = learning.setting, {}
    for done, error in enumerate(setting.all(beta)):
        count = learning.samples(error)
        trials = []
        for number in range(setting.seeds):
            trials.append(learning.trial(count, number))
            if number % 16 == 0:
                share = (done + number / setting.seeds) / len(setting.all(beta))
                run.progress(share, learning.name)
        at_bound[error] = Trials(learning.where, count, tuple(trials))
    curve = [
        Trials(learning.where, n, tuple(learning.trial(n, i) for i in range(CURVE_TRIALS)))
        for n in _curve(learning.dimension)
    ]
    return _Measured(at_bound, tuple(curve))


def _rows(learning: Learning, measured: _Measured) -> list[Row]:
    name = f"{learning.name}, N of the bound"
    known = measured.at_bound.items()
    rows = [_row(learning, name, trials, float_above(error)) for error, trials in known]
    return rows + [_row(learning, learning.name, trials) for trials in measured.curve]


def _row(learning: Learning, series: str, trials: Trials, upper: float | None = None) -> Row:
    """The test errors. upper: what the bound promises of them."""
    return Row(
        series=series,
        at={"d": learning.dimension, "samples": trials.samples},
        values=trials.errors,
        upper=upper,
        more={"inconsistent": trials.inconsistent, "points_a_test": trials.of[0].total},
    )


def _cells(setting: Setting) -> Iterator[Cell[_Measured]]:
    for dimension in setting.integers(d):
        _check(dimension, setting)
        hard = hard_points(dimension, setting.one(epsilon), setting.one(c), setting)
        for learner in LEARNERS:
            yield _cell(Learning(learner, hard, dimension, setting), None)
        on_cube = Learning("perceptron", CutCube(dimension), dimension, setting)
        yield _cell(on_cube, _slope(dimension))


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


_WHERE = {epsilon: "1/8", c: "1/2", delta: "1/20"}

EXPERIMENT = Experiment(
    id="thm4.4",
    covers=("thm4.4",),
    measures="test error of consistent hyperplanes against the number N of samples",
    seeds_are="independent training samples at the N of the bound",
    quick=Setting(axes=axes({**_WHERE, d: "4,6", beta: "1/10"}), seeds=240),
    full=Setting(axes=axes({**_WHERE, d: "3:6", beta: "1/20,1/10,1/5"}), seeds=1000),
    quick_seconds=8,
    cells=lambda setting: list(_cells(setting)),
)
