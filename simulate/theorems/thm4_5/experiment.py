"""Theorem 4.5 measured: other families meet the same wall on the hard instance of Theorem 4.3.

Decision trees (the best tree exactly, and trained ones), nearest neighbours with a budget of stored
points, and sigmoid networks. P is uniform on the K^(d-1) points, robust errors are at radius
c epsilon; each is an exact count or bracketed by counterexamples and certificates.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from math import lcm, log

from robustsize.bounds.symbols import InputError, alpha, c, d, epsilon
from robustsize.simulate.data.labellings import stream
from robustsize.simulate.experiment.claim import (
    Evidence,
    Limit,
    Prediction,
    Reading,
    at_most,
    exactly,
)
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
from robustsize.simulate.experiment.robust_error import RobustError
from robustsize.simulate.theorems.thm4_5.families import (
    NEIGHBOURS,
    SIGMOID,
    TREES,
    Place,
    axis_points,
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


def _error_row(series: str, place: Place, size: int, errors: Sequence[RobustError]) -> Row:
    """Robust errors that are certain, one a labelling; what is possible beside them."""
    return Row(
        series=series,
        at={"d": place.dimension, "size": size},
        values=tuple(float(one.low) for one in errors),
        more={"possible": [float(one.high) for one in errors]},
    )


def _ladder(m: int) -> list[int]:
    """Budgets 1, 2, 4, ..., m."""
    return [*(2**i for i in range(m.bit_length()) if 2**i < m), m]


def _trees(place: Place) -> Cell:
    size, error = TREES.size(place), TREES.error(place)
    leaves_below = min((place.below() + 2) // 3, place.m)

    def measure(run: Run) -> Outcome:
        K = axis_points(place.setting)
        least = []
        for i, phi in enumerate(place.labellings):
            run.progress(i / len(place.labellings) / 2, "best trees")
            least.append([RobustError(e, e, place.m) for e in least_tree_errors(phi, K).tolist()])
        sizes = [tree_size([e.sure for e in errors].index(0) + 1) for errors in least]
        evidence: dict[str, Evidence] = {size.name: exactly(hardest(place, sizes))}
        if leaves_below:
            errors = [e[leaves_below - 1].low for e in least]
            evidence[error.name] = exactly(hardest(place, errors))
        ladder = [(leaves, tree_size(leaves)) for leaves in _ladder(place.m)]
        rows = [TREES.size_row(place, sizes)]
        rows += [_error_row("best trees", place, n, [e[k - 1] for e in least]) for k, n in ladder]
        rows += [] if place.complete else _trained_trees(place, run)
        return Outcome(evidence, tuple(rows))

    return Cell(
        f"trees-d={place.dimension}", (size, error) if leaves_below else (size,), measure, place.m
    )


def _trained_trees(place: Place, run: Run) -> Iterator[Row]:
    instances = [place.instance(phi) for phi in place.labellings]
    ladder = _ladder(place.m)[1:]
    for i, leaves in enumerate(ladder):
        run.progress((1 + i / len(ladder)) / 2, f"trained trees with {leaves} leaves")
        trees = [trained_tree(one, leaves, place.setting.seed) for one in instances]
        errors = list(map(tree_robust_error, trees, instances))
        yield _error_row("trained trees", place, tree_size(leaves), errors)


def _stump(place: Place) -> Cell:
    """The stump x_d <= 1/2 on each labelling: the clean problem is trivial, the robust one not."""
    tree = stump(place.dimension)
    clean = Prediction(
        id="thm4.5",
        name=f"stump: standard error, d={place.dimension}",
        says=f"the stump x_d <= 1/2, {tree.size} parameters, meets every label",
        quantity="standard error of the stump, largest over the labellings",
        upper=Limit(0, "the instance is linearly separable by x_d = 1/2"),
    )
    robust = Prediction(
        id="thm4.5",
        name=f"stump: robust error, d={place.dimension}",
        says=f"and its robust error is above {place.setting.one(alpha)}",
        quantity=f"robust error of the stump, {place.extreme}",
        lower=place.error_limit(tree.size),
    )

    def measure(run: Run) -> Outcome:
        instances = [place.instance(phi) for phi in place.labellings]
        standard = [tree_robust_error(tree, one, Fraction(0)) for one in instances]
        errors = [tree_robust_error(tree, one) for one in instances]
        evidence = {
            clean.name: exactly(max(e.high for e in standard)),
            robust.name: exactly(hardest(place, [e.low for e in errors])),
        }
        return Outcome(
            evidence,
            (
                _error_row("stump, standard error", place, tree.size, standard),
                _error_row("stump", place, tree.size, errors),
            ),
        )

    return Cell(f"stump-d={place.dimension}", (clean, robust), measure, place.m / 10)


def _neighbours(place: Place) -> Cell:
    size, error = NEIGHBOURS.size(place), NEIGHBOURS.error(place)
    each = place.dimension + 1
    affordable = place.below() // each

    def measure(run: Run) -> Outcome:
        sizes, least = [], []
        curves: dict[int, list[RobustError]] = {}
        for i, phi in enumerate(place.labellings):
            run.progress(i / len(place.labellings), "nearest neighbours")
            rule = CentreNeighbours(place.instance(phi))
            stored = rule.condensed(stream(place.setting.seed, i))
            smallest = rule.reduced(stored) if place.m <= MOST_REDUCED else stored
            robust = rule.robust_error(smallest).possible == 0
            sizes.append(each * len(smallest) if robust else None)
            budgets = range(1, min(affordable, len(stored)) + 1)
            few = [rule.robust_error(stored[:s]).high for s in budgets]
            least.append(min(few, default=None))
            for s in _ladder(place.m) if not place.complete else ():
                curves.setdefault(s, []).append(rule.robust_error(stored[:s]))
        tried = "condensed nearest neighbours, one random order a labelling"
        evidence = {size.name: at_most(hardest(place, sizes), tried)}
        if affordable:
            evidence[error.name] = at_most(hardest(place, least), tried)
        rows = [_error_row("neighbours", place, each * s, curves[s]) for s in curves]
        return Outcome(evidence, (NEIGHBOURS.size_row(place, sizes), *rows))

    return Cell(
        f"neighbours-d={place.dimension}",
        (size, error) if affordable else (size,),
        measure,
        place.m,
    )


def _sigmoid(place: Place) -> Cell:
    size = SIGMOID.size(place)

    def measure(run: Run) -> Outcome:
        sizes: list[int | None] = []
        curves: dict[int, list[RobustError]] = {}
        for i, phi in enumerate(place.labellings):
            run.progress(i / len(place.labellings), "sigmoid networks")
            instance, found = place.instance(phi), None
            for width in WIDTHS:
                if run.seconds_left == 0 or found is not None:
                    break
                seeds = range(place.setting.seed, place.setting.seed + STARTS)
                networks = [trained_sigmoid(instance, width, seed) for seed in seeds]
                errors = [sigmoid_robust_error(network, instance) for network in networks]
                robust = [n.size for n, e in zip(networks, errors, strict=True) if not e.possible]
                found = min(robust, default=None)
                curves.setdefault(width, []).append(min(errors, key=lambda e: e.possible))
            sizes.append(found)
        tried = f"widths {WIDTHS}, {STARTS} starts each, until one was certified or time was up"
        rows = [
            _error_row("sigmoid", place, width * (place.dimension + 2) + 1, errors)
            for width, errors in curves.items()
        ]
        evidence = {size.name: at_most(hardest(place, sizes), tried)}
        return Outcome(evidence, (SIGMOID.size_row(place, sizes), *rows))

    return Cell(f"sigmoid-d={place.dimension}", (size,), measure, weight=800)


def _cells(setting: Setting) -> Iterator[Cell]:
    K, gap = axis_points(setting), setting.one(epsilon)
    for dimension in map(int, setting.all(d)):
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
        place = Place.of(dimension, setting, ALL_MEASURED)
        yield from (_stump(place), _trees(place), _neighbours(place))
        if m <= MOST_SIGMOID_POINTS:
            yield _sigmoid(Place.of(dimension, setting, ALL_TRAINED))


def _trends(setting: Setting) -> list[Trend]:
    K = axis_points(setting)
    return [
        Trend(
            prediction=Prediction(
                id="thm4.5",
                name=f"{family.name}: slope in d",
                says="a robust size grows at least as fast as K^(d/2)",
                quantity="slope of log size in d",
                lower=Limit(log(K) / 2, f"thm4.5 explicit, K = {K}, as d -> infinity"),
                reading=Reading.TREND,
            ),
            series=f"{family.name}: size",
            x="d",
            log_x=False,
        )
        for family in (TREES, NEIGHBOURS)
    ]


_WHERE = {epsilon: "1/4", c: "1/2", alpha: "1/20"}

PROBE = Probe(
    id="thm4.5",
    covers=("thm4.5",),
    measures="robust error and smallest robust size of trees, neighbours and sigmoid networks",
    seeds_are="random labellings where not all are measured",
    quick=Setting(axes=axes({**_WHERE, d: "2,3,5,6,7"}), seeds=4),
    full=Setting(axes=axes({**_WHERE, d: "2:8"}), seeds=8),
    quick_seconds=12,
    cells=lambda setting: list(_cells(setting)),
    trends=_trends,
)
