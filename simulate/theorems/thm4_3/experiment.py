"""Theorem 4.3: a problem that one hyperplane solves, and the size its robust solution needs.

The hard instance of every labelling, or of some where they are many; the smallest network certified
for each is searched and held against the explicit bounds. A lower bound speaks of the worst of all
labellings; where only random ones are tried, the bound for random labellings takes its place.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from functools import partial
from math import log

from robustsize.bounds.counting.construction_size import cells_an_axis
from robustsize.bounds.symbols import InputError, c, d, epsilon
from robustsize.simulate.data.instance import Grid, grid_axis, separating_hyperplane
from robustsize.simulate.experiment.claim import Claim, Hypothesis, Limit, Prediction
from robustsize.simulate.experiment.limits import SPARE_BITS, random_labelling_limit
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
from robustsize.simulate.experiment.robust_error import RobustError, robust_error
from robustsize.simulate.experiment.sizes import Sizes, searched, size_trend
from robustsize.simulate.search.model import Settings
from robustsize.simulate.search.prune import Effort
from robustsize.simulate.theorems.candidates import constructions
from robustsize.simulate.theorems.thm4_3.problem import EXHAUSTED, RANDOM, Problem

MOST_POINTS = 250


def _worst_of_all(problem: Problem) -> Prediction:
    lower, upper = problem.limits
    return Prediction(
        id="thm4.3",
        name=f"size d={problem.d}",
        says="the worst labelling needs at least the lower bound; the upper serves every one",
        quantity="smallest size that serves the worst labelling",
        lower=lower,
        upper=upper,
        hypotheses=(Hypothesis(f"all {2**problem.m} labellings are measured", True),),
    )


def _easiest_drawn(problem: Problem) -> Prediction:
    spare = SPARE_BITS + RANDOM.bit_length()
    return Prediction(
        id="thm4.3",
        name=f"random size d={problem.d}",
        says=(
            f"each of {RANDOM} random labellings needs the bound's size, but for a chance of "
            f"2^-{SPARE_BITS}"
        ),
        quantity="smallest size for the easiest of the random labellings",
        lower=random_labelling_limit(problem.m, problem.d - 1, Fraction(0), spare_bits=spare),
        hypotheses=(Hypothesis("the labelling is drawn uniformly", True),),
    )


def _worst_tried(problem: Problem) -> Prediction:
    return Prediction(
        id="thm3.3",
        name=f"upper d={problem.d}",
        says="the upper bound's size serves every labelling",
        quantity="smallest size for the worst of the labellings tried",
        upper=problem.limits[1],
    )


def _construction(problem: Problem) -> Prediction:
    return Prediction(
        id="thm3.3",
        name=f"constructions d={problem.d}",
        says="the constructions are robust and no larger than their formula",
        quantity="constructions with a counterexample or more parameters than promised",
        upper=Limit(0, "thm4.3's constructions"),
    )


def _hyperplane(
    problem: Problem, kind: str, lower: int | None = None, upper: int | None = None
) -> Prediction:
    source = "Theorem 4.3's instance"
    return Prediction(
        id="thm4.3",
        name=f"hyperplane's {kind} error d={problem.d}",
        says="x_d = 1/2 solves every labelling, and no ball robustly (value 0 is an error)",
        quantity=f"{kind} error of the hyperplane x_d = 1/2",
        lower=None if lower is None else Limit(lower, source),
        upper=None if upper is None else Limit(upper, source),
    )


@dataclass(frozen=True, eq=False)
class _Measured:
    """Sizes of all labellings and of those drawn, and the hyperplane's errors on all instances."""

    sizes: Sizes
    drawn: Sizes
    standard: RobustError
    robust: RobustError


def _cell(problem: Problem, slope: Trend) -> Cell[_Measured]:
    """Claims and measurement.

    Raises InputError where there are too many points.
    """
    if problem.m > MOST_POINTS:
        raise InputError(
            f"--d {problem.d}: {problem.m} points to be searched, at most {MOST_POINTS}; "
            "for example --d 4"
        )
    claims: list[Claim[_Measured]] = [
        Claim(_construction(problem), lambda m: m.sizes.faults()),
        Claim(_hyperplane(problem, "standard", upper=0), lambda m: m.standard.bracket),
        Claim(_hyperplane(problem, "robust", lower=1), lambda m: m.robust.bracket),
    ]
    places: tuple[Place[_Measured], ...] = ()
    if problem.exhaustive:
        sizes: list[Claim[_Measured]] = [Claim(_worst_of_all(problem), lambda m: m.sizes.worst())]
    else:
        sizes = [
            Claim(_easiest_drawn(problem), lambda m: m.drawn.easiest()),
            Claim(_worst_tried(problem), lambda m: m.sizes.worst()),
        ]
        places = (Place(slope, problem.d, lambda m: m.drawn.values),)
    return Cell(
        name=f"d={problem.d}",
        claims=(*sizes, *claims),
        places=places,
        work=partial(_measure, problem),
        rows=partial(_rows, problem),
        weight=3.0 * problem.m**0.5,
    )


def _measure(problem: Problem, run: Run) -> _Measured:
    instances, setting = problem.instances(), problem.setting
    settings = _search(problem.m, setting)
    sizes = searched(instances, constructions, settings, run, setting, f"thm4.3-d{problem.d}")
    drawn = Sizes(() if problem.exhaustive else sizes.found[1:])
    plane = separating_hyperplane(problem.d)
    standard = [robust_error(plane, one, radius=Fraction(0)) for one in instances]
    robust = [robust_error(plane, one) for one in instances]
    return _Measured(sizes, drawn, RobustError.pooled(standard), RobustError.pooled(robust))


def _rows(problem: Problem, measured: _Measured) -> list[Row]:
    lower, upper = problem.limits
    names = [name for name, _ in problem.labellings]
    found = zip(names, measured.sizes.json(), strict=True)
    whole = Row(
        series="size",
        at={"d": problem.d},
        values=measured.sizes.values,
        lower=lower.below,
        upper=upper.above,
        more={"points": problem.m, "labellings": [{"name": n, **one} for n, one in found]},
    )
    known = tuple(size for size in measured.drawn.values if size is not None)
    drawn = Row(series="random labelling", at={"d": problem.d}, values=known)
    return [whole] if problem.exhaustive else [whole, drawn]


def _search(m: int, setting: Setting) -> Settings:
    """What is searched: more for more points, as far as a few minutes go."""
    if m <= EXHAUSTED:
        effort = Effort(rounds=12, tries=16)
        chosen = Settings(
            ladder=((2,), (4,)), seeds=-(-setting.seeds // 2), cycles=1, effort=effort
        )
    elif m <= 9:
        ladder: tuple[tuple[int, ...], ...] = ((4,), (8,), (8, 4), (12, 6))
        effort = Effort(rounds=20, beam=2)
        chosen = Settings(ladder=ladder, seeds=setting.seeds, cycles=2, steps=300, effort=effort)
    elif m <= 27:
        ladder, effort = ((16, 8), (24, 12), (32, 16)), Effort(rounds=24)
        chosen = Settings(ladder=ladder, seeds=setting.seeds, cycles=1, effort=effort)
    else:
        ladder, effort = ((64, 32),), Effort(rounds=12, tries=64)
        seeds = -(-setting.seeds // 8)
        chosen = Settings(ladder=ladder, seeds=seeds, cycles=1, chains=8, steps=300, effort=effort)
    return replace(chosen, seed=setting.seed)


def _slope(setting: Setting) -> Trend:
    """Between the exponents (d - 1)/2 of the lower bound and d of the upper one."""
    K = len(grid_axis(setting.one(epsilon), Grid.DENSE))
    g = int(cells_an_axis(setting.one(epsilon), setting.one(c)))
    return size_trend(
        "thm4.3",
        "slope in d",
        "d",
        f"the size for a random labelling grows between {K}^(d/2) and {g}^d as d grows",
        lower=Limit(log(K) / 2, "thm4.3 explicit, d -> infinity"),
        upper=Limit(log(g), "thm3.3 explicit, d -> infinity"),
    )


def _cells(setting: Setting) -> list[Cell[_Measured]]:
    slope = _slope(setting)
    return [_cell(Problem(at, setting), slope) for at in setting.integers(d)]


_WHERE = {epsilon: "1/4", c: "1/2"}

EXPERIMENT = Experiment(
    id="thm4.3",
    covers=("thm4.3",),
    measures="smallest certified size on the linearly separable hard instance against d",
    seeds_are="starts of each architecture for each labelling",
    quick=Setting(axes=axes({**_WHERE, d: "2:5"}), seeds=32),
    full=Setting(axes=axes({**_WHERE, d: "2:6"}), seeds=128),
    quick_seconds=50,
    cells=_cells,
)
