"""Theorem 4.5 measured: other families meet the same wall on the hard instance of Theorem 4.3.

Decision trees (the best tree exactly, and trained ones), nearest neighbours with a budget of stored
points, and sigmoid networks. P is uniform on the K^(d-1) points, robust errors are at radius
c epsilon; each is an exact count or bracketed by counterexamples and certificates.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from math import lcm, log
from typing import Any

from robustsize.bounds.symbols import InputError, alpha, c, d, epsilon
from robustsize.simulate.data.labellings import stream
from robustsize.simulate.experiment.claim import Claim, Limit, Prediction, Reading
from robustsize.simulate.experiment.evidence import at_most, exactly
from robustsize.simulate.experiment.model import Cell, Experiment, Row, Run, Setting, Trend, axes
from robustsize.simulate.experiment.robust_error import RobustError
from robustsize.simulate.theorems.thm4_5.families import (
    NEIGHBOURS,
    SIGMOID,
    TREES,
    Family,
    FamilyErrors,
    Problem,
    axis_points,
    family_cell,
    hardest,
    points_of,
)
from robustsize.simulate.theorems.thm4_5.neighbours import MOST_DENOMINATOR, CentreNeighbours
from robustsize.simulate.theorems.thm4_5.sigmoid import sigmoid_robust_error, trained_sigmoid
from robustsize.simulate.theorems.thm4_5.trees import (
    least_tree_errors,
    stump,
    trained_tree,
    tree_robust_error,
    tree_size,
    tree_work,
)

ALL_MEASURED = 9
"""Of so many points every labelling is measured where that is cheap."""
ALL_TRAINED = 3
"""As ALL_MEASURED, where each labelling costs training."""
MOST_POINTS = 2187
MOST_TREE_WORK = 10**10
MOST_SIGMOID_POINTS = 9
MOST_REDUCED = 81
"""Of so many points at most stored ones are dropped again in turn."""
WIDTHS = (1, 2, 4, 8, 12)
STARTS = 2


def _trees(problem: Problem, slope: Trend | None = None) -> Cell[FamilyErrors]:
    leaves_below = min((problem.below() + 2) // 3, problem.m)

    def measure(run: Run) -> FamilyErrors:
        K = axis_points(problem.setting)
        least = []
        for i, phi in enumerate(problem.labellings):
            run.progress(i / len(problem.labellings) / 2, "best trees")
            least.append([RobustError(e, e, problem.m) for e in least_tree_errors(phi, K).tolist()])
        sizes = [tree_size([e.sure for e in errors].index(0) + 1) for errors in least]
        errors = [e[leaves_below - 1].low for e in least] if leaves_below else []
        ladder = [(leaves, tree_size(leaves)) for leaves in _ladder(problem.m)]
        curves = [
            _error_row("best trees", problem, n, [e[k - 1] for e in least]) for k, n in ladder
        ]
        curves += [] if problem.complete else _trained_trees(problem, run)
        return FamilyErrors(tuple(sizes), tuple(errors), tuple(curves))

    below = leaves_below > 0
    return family_cell(TREES, problem, exactly, measure, below=below, slope=slope, weight=problem.m)


def _trained_trees(problem: Problem, run: Run) -> Iterator[Row]:
    instances = [problem.instance(phi) for phi in problem.labellings]
    ladder = _ladder(problem.m)[1:]
    for i, leaves in enumerate(ladder):
        run.progress((1 + i / len(ladder)) / 2, f"trained trees with {leaves} leaves")
        trees = [trained_tree(one, leaves, problem.setting.seed) for one in instances]
        errors = list(map(tree_robust_error, trees, instances))
        yield _error_row("trained trees", problem, tree_size(leaves), errors)


def _neighbours(problem: Problem, slope: Trend | None = None) -> Cell[FamilyErrors]:
    each = problem.dimension + 1
    affordable = problem.below() // each

    def measure(run: Run) -> FamilyErrors:
        sizes, least = [], []
        curves: dict[int, list[RobustError]] = {}
        for i, phi in enumerate(problem.labellings):
            run.progress(i / len(problem.labellings), "nearest neighbours")
            rule = CentreNeighbours(problem.instance(phi))
            stored = rule.condensed(stream(problem.setting.seed, i))
            smallest = rule.reduced(stored) if problem.m <= MOST_REDUCED else stored
            robust = rule.robust_error(smallest).possible == 0
            sizes.append(each * len(smallest) if robust else None)
            budgets = range(1, min(affordable, len(stored)) + 1)
            few = [rule.robust_error(stored[:s]).high for s in budgets]
            least.append(min(few, default=None))
            for s in _ladder(problem.m) if not problem.complete else ():
                curves.setdefault(s, []).append(rule.robust_error(stored[:s]))
        rows = [_error_row("neighbours", problem, each * s, curves[s]) for s in curves]
        return FamilyErrors(tuple(sizes), tuple(least), tuple(rows))

    found = partial(at_most, tried="condensed nearest neighbours, one random order a labelling")
    below = affordable > 0
    return family_cell(
        NEIGHBOURS, problem, found, measure, below=below, slope=slope, weight=problem.m
    )


def _sigmoid(problem: Problem) -> Cell[FamilyErrors]:
    def measure(run: Run) -> FamilyErrors:
        sizes: list[int | None] = []
        curves: dict[int, list[RobustError]] = {}
        for i, phi in enumerate(problem.labellings):
            run.progress(i / len(problem.labellings), "sigmoid networks")
            instance, found = problem.instance(phi), None
            for width in WIDTHS:
                if run.seconds_left == 0 or found is not None:
                    break
                seeds = range(problem.setting.seed, problem.setting.seed + STARTS)
                networks = [trained_sigmoid(instance, width, seed) for seed in seeds]
                errors = [sigmoid_robust_error(network, instance) for network in networks]
                robust = [n.size for n, e in zip(networks, errors, strict=True) if not e.possible]
                found = min(robust, default=None)
                curves.setdefault(width, []).append(min(errors, key=lambda e: e.possible))
            sizes.append(found)
        rows = [
            _error_row("sigmoid", problem, width * (problem.dimension + 2) + 1, errors)
            for width, errors in curves.items()
        ]
        return FamilyErrors(tuple(sizes), curves=tuple(rows))

    tried = f"widths {WIDTHS}, {STARTS} starts each, until one was certified or time was up"
    found = partial(at_most, tried=tried)
    return family_cell(SIGMOID, problem, found, measure, below=False, weight=800)


@dataclass(frozen=True, eq=False)
class _StumpErrors:
    """The stump's standard and robust errors, one a labelling."""

    standard: list[RobustError]
    robust: list[RobustError]


def _stump(problem: Problem) -> Cell[_StumpErrors]:
    """The stump x_d <= 1/2 on each labelling: the clean problem is trivial, the robust one not."""
    tree = stump(problem.dimension)
    clean = Prediction(
        id="thm4.5",
        name=f"stump: standard error, d={problem.dimension}",
        says=f"the stump x_d <= 1/2, {tree.size} parameters, meets every label",
        quantity="standard error of the stump, largest over the labellings",
        upper=Limit(0, "the instance is linearly separable by x_d = 1/2"),
    )
    robust = Prediction(
        id="thm4.5",
        name=f"stump: robust error, d={problem.dimension}",
        says=f"and its robust error is above {problem.setting.one(alpha)}",
        quantity=f"robust error of the stump, {problem.extreme}",
        lower=problem.error_limit(tree.size),
    )

    def measure(run: Run) -> _StumpErrors:
        instances = [problem.instance(phi) for phi in problem.labellings]
        return _StumpErrors(
            [tree_robust_error(tree, one, Fraction(0)) for one in instances],
            [tree_robust_error(tree, one) for one in instances],
        )

    return Cell(
        name=f"stump-d={problem.dimension}",
        claims=(
            Claim(clean, lambda m: exactly(max(e.high for e in m.standard))),
            Claim(robust, lambda m: exactly(hardest(problem, [e.low for e in m.robust]))),
        ),
        work=measure,
        rows=lambda m: [
            _error_row("stump, standard error", problem, tree.size, m.standard),
            _error_row("stump", problem, tree.size, m.robust),
        ],
        weight=problem.m / 10,
    )


def _error_row(series: str, problem: Problem, size: int, errors: Sequence[RobustError]) -> Row:
    """Robust errors that are certain, one a labelling; what is possible beside them."""
    return Row(
        series=series,
        at={"d": problem.dimension, "size": size},
        values=tuple(float(one.low) for one in errors),
        more={"possible": [float(one.high) for one in errors]},
    )


def _ladder(m: int) -> list[int]:
    """Budgets 1, 2, 4, ..., m."""
    return [*(2**i for i in range(m.bit_length()) if 2**i < m), m]


def _slope(family: Family, setting: Setting) -> Trend:
    K = axis_points(setting)
    prediction = Prediction(
        id="thm4.5",
        name=f"{family.name}: slope in d",
        says="a robust size grows at least as fast as K^(d/2)",
        quantity="slope of log size in d",
        lower=Limit(log(K) / 2, f"thm4.5 explicit, K = {K}, as d -> infinity"),
        reading=Reading.TREND,
    )
    return Trend(prediction)


def _cells(setting: Setting) -> Iterator[Cell[Any]]:
    trees, neighbours = _slope(TREES, setting), _slope(NEIGHBOURS, setting)
    K, gap = axis_points(setting), setting.one(epsilon)
    for dimension in setting.integers(d):
        m = points_of(dimension, setting)
        if dimension < 2 or m > MOST_POINTS or tree_work(K, dimension - 1) > MOST_TREE_WORK:
            raise InputError(
                f"--d {dimension}: from 2 on, with at most {MOST_POINTS} points and a search for "
                f"the best trees that can be done; here {m} points; for example --d 4"
            )
        D = lcm(2, gap.denominator, (setting.one(c) * gap).denominator)
        if D > MOST_DENOMINATOR:
            raise InputError(
                f"--c {setting.one(c)}: the coordinates have the common denominator {D}, at most "
                f"{MOST_DENOMINATOR} here; for example --epsilon 1/4 --c 1/2"
            )
        problem = Problem.of(dimension, setting, ALL_MEASURED)
        yield from (_stump(problem), _trees(problem, trees), _neighbours(problem, neighbours))
        if m <= MOST_SIGMOID_POINTS:
            yield _sigmoid(Problem.of(dimension, setting, ALL_TRAINED))


_WHERE = {epsilon: "1/4", c: "1/2", alpha: "1/20"}

EXPERIMENT = Experiment(
    id="thm4.5",
    covers=("thm4.5",),
    measures="robust error and smallest robust size of trees, neighbours and sigmoid networks",
    seeds_are="random labellings where not all are measured",
    quick=Setting(axes=axes({**_WHERE, d: "2,3,5,6,7"}), seeds=4),
    full=Setting(axes=axes({**_WHERE, d: "2:8"}), seeds=8),
    quick_seconds=12,
    cells=lambda setting: list(_cells(setting)),
)
