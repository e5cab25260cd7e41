"""Theorem 4.3: a problem that one hyperplane solves, and the size its robust solution needs.

The hard instance of every labelling, or of some where they are many; the smallest network certified
for each is searched and held against the explicit bounds. A lower bound speaks of the worst of all
labellings; where only random ones are tried, the bound for random labellings takes its place.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from math import log

import numpy as np
from numpy.typing import NDArray

from robustsize.bounds.counting.construction_size import cells_an_axis
from robustsize.bounds.symbols import InputError, c, d, epsilon
from robustsize.simulate.data.instance import (
    Grid,
    HardInstance,
    grid_axis,
    hard_instance,
    separating_hyperplane,
)
from robustsize.simulate.data.labellings import all_labellings, checkerboard, random_labelling
from robustsize.simulate.experiment.claim import (
    Between,
    Evidence,
    Hypothesis,
    Limit,
    Prediction,
    at_most,
)
from robustsize.simulate.experiment.constructions import faults_found
from robustsize.simulate.experiment.errors import SPARE_BITS, random_labelling_limit
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
from robustsize.simulate.experiment.robust_error import RobustError, robust_error
from robustsize.simulate.experiment.sizes import (
    explicit,
    found_json,
    size_of,
    size_trend,
    smallest_sizes,
    tried,
    worst,
)
from robustsize.simulate.search.model import Found, Settings
from robustsize.simulate.search.prune import Effort
from robustsize.simulate.theorems.candidates import constructions

EXHAUSTED = 3
"""All labellings of so many points are measured."""
MOST_POINTS = 250
RANDOM = 3
"""Random labellings beside the checkerboard."""


@dataclass(frozen=True, eq=False)
class _Dimension:
    """The hard instances of one dimension."""

    d: int
    setting: Setting

    @property
    def m(self) -> int:
        """Forced points."""
        return int(len(grid_axis(self.setting.one(epsilon), Grid.DENSE)) ** (self.d - 1))

    @property
    def exhaustive(self) -> bool:
        """Whether all labellings are measured."""
        return self.m <= EXHAUSTED

    def cell(self) -> Cell:
        """Predictions and measurement."""
        if self.m > MOST_POINTS:
            raise InputError(
                f"--d {self.d}: {self.m} points to be searched, at most {MOST_POINTS}; "
                "for example --d 4"
            )
        predictions = (
            *((self._worst(),) if self.exhaustive else (self._random(), self._upper())),
            self._built(),
            self._plane("standard", upper=0),
            self._plane("robust", lower=1),
        )
        return Cell(f"d={self.d}", predictions, self._measure, weight=3.0 * self.m**0.5)

    def labellings(self) -> dict[str, NDArray[np.int8]]:
        """Every labelling where they are few, else the checkerboard and random ones."""
        if self.exhaustive:
            rows = all_labellings(self.m)
            return {"".join("+" if v > 0 else "-" for v in phi): phi for phi in rows}
        K = round(self.m ** (1 / (self.d - 1)))
        seed = 1000 * self.setting.seed
        chosen = {"checkerboard": checkerboard(K, self.d - 1)}
        for i in range(RANDOM):
            chosen[f"random {i}"] = random_labelling(self.m, seed=seed + i)
        return chosen

    def limits(self) -> tuple[Limit, Limit]:
        """The explicit bounds of Theorems 4.3 and 3.3."""
        given = self.setting
        values = {d: Fraction(self.d), epsilon: given.one(epsilon), c: given.one(c)}
        return explicit("thm4.3", values, given.p), explicit("thm3.3", values, given.p)

    def _worst(self) -> Prediction:
        lower, upper = self.limits()
        return Prediction(
            id="thm4.3",
            name=f"size d={self.d}",
            says="the worst labelling needs at least the lower bound; the upper serves every one",
            quantity="smallest size that serves the worst labelling",
            lower=lower,
            upper=upper,
            hypotheses=(Hypothesis(f"all {2**self.m} labellings are measured", True),),
        )

    def _random(self) -> Prediction:
        return Prediction(
            id="thm4.3",
            name=f"random size d={self.d}",
            says=(
                f"each of {RANDOM} random labellings needs the bound's size, but for a chance of "
                f"2^-{SPARE_BITS}"
            ),
            quantity="smallest size for the easiest of the random labellings",
            lower=random_labelling_limit(
                self.m, self.d - 1, Fraction(0), spare_bits=SPARE_BITS + RANDOM.bit_length()
            ),
            hypotheses=(Hypothesis("the labelling is drawn uniformly", True),),
        )

    def _upper(self) -> Prediction:
        return Prediction(
            id="thm3.3",
            name=f"upper d={self.d}",
            says="the upper bound's size serves every labelling",
            quantity="smallest size for the worst of the labellings tried",
            upper=self.limits()[1],
        )

    def _built(self) -> Prediction:
        return Prediction(
            id="thm3.3",
            name=f"constructions d={self.d}",
            says="the constructions are robust and no larger than their formula",
            quantity="constructions with a counterexample or more parameters than promised",
            upper=Limit(0, "thm4.3's constructions"),
        )

    def _plane(self, kind: str, lower: int | None = None, upper: int | None = None) -> Prediction:
        source = "Theorem 4.3's instance"
        return Prediction(
            id="thm4.3",
            name=f"hyperplane's {kind} error d={self.d}",
            says="x_d = 1/2 solves every labelling, and no ball robustly (value 0 is an error)",
            quantity=f"{kind} error of the hyperplane x_d = 1/2",
            lower=None if lower is None else Limit(lower, source),
            upper=None if upper is None else Limit(upper, source),
        )

    def _measure(self, run: Run) -> Outcome:
        labellings = self.labellings()
        instances = [self._instance(phi) for phi in labellings.values()]
        settings = _search(self.d, self.m, self.setting)
        found = smallest_sizes(
            instances, constructions, settings, run, self.setting, f"thm4.3-d{self.d}"
        )
        drawn = [one for name, one in zip(labellings, found, strict=True) if "random" in name]
        sizes = [size for one in drawn if (size := size_of(one)) is not None]
        evidence: dict[str, Evidence] = {
            self._built().name: faults_found(found),
            **self._planes(instances),
        }
        if self.exhaustive:
            evidence[self._worst().name] = at_most(worst(found), tried(found))
        else:
            evidence[self._random().name] = at_most(min(sizes, default=None), tried(drawn))
            evidence[self._upper().name] = at_most(worst(found), tried(found))
        rows = [self._row(list(labellings), found)]
        if not self.exhaustive:
            rows.append(Row(series="random labelling", at={"d": self.d}, values=tuple(sizes)))
        return Outcome(evidence, tuple(rows))

    def _instance(self, phi: NDArray[np.int8]) -> HardInstance:
        given = self.setting
        return hard_instance(self.d, given.one(epsilon), given.one(c), given.p, phi)

    def _planes(self, instances: Sequence[HardInstance]) -> dict[str, Evidence]:
        plane = separating_hyperplane(self.d)
        clean = [robust_error(plane, one, radius=Fraction(0)) for one in instances]
        robust = [robust_error(plane, one) for one in instances]
        return {
            self._plane("standard", upper=0).name: _together(clean),
            self._plane("robust", lower=1).name: _together(robust),
        }

    def _row(self, names: Sequence[str], found: Sequence[Found]) -> Row:
        lower, upper = self.limits()
        return Row(
            series="size",
            at={"d": self.d},
            values=tuple(map(size_of, found)),
            lower=lower.below,
            upper=upper.above,
            more={
                "points": self.m,
                "labellings": [
                    {"name": name, **found_json(one)}
                    for name, one in zip(names, found, strict=True)
                ],
            },
        )


def _together(errors: Sequence[RobustError]) -> Between:
    total = sum(error.total for error in errors)
    sure, possible = sum(e.sure for e in errors), sum(e.possible for e in errors)
    return Between(Fraction(sure, total), Fraction(possible, total))


def _search(dimension: int, m: int, setting: Setting) -> Settings:
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


def _trends(setting: Setting) -> list[Trend]:
    """The slope, where random labellings are measured in two dimensions or more."""
    drawn = [at for at in setting.all(d) if not _Dimension(int(at), setting).exhaustive]
    return [_slope(setting)] if len(drawn) > 1 else []


def _slope(setting: Setting) -> Trend:
    """Between the exponents (d - 1)/2 of the lower bound and d of the upper one."""
    K = len(grid_axis(setting.one(epsilon), Grid.DENSE))
    g = int(cells_an_axis(setting.one(epsilon), setting.one(c)))
    return size_trend(
        "thm4.3",
        "slope in d",
        "random labelling",
        "d",
        f"the size for a random labelling grows between {K}^(d/2) and {g}^d as d grows",
        lower=Limit(log(K) / 2, "thm4.3 explicit, d -> infinity"),
        upper=Limit(log(g), "thm3.3 explicit, d -> infinity"),
    )


_WHERE = {epsilon: "1/4", c: "1/2"}

PROBE = Probe(
    id="thm4.3",
    covers=("thm4.3",),
    measures="smallest certified size on the linearly separable hard instance against d",
    seeds_are="starts of each architecture for each labelling",
    quick=Setting(axes=axes({**_WHERE, d: "2:5"}), seeds=32),
    full=Setting(axes=axes({**_WHERE, d: "2:6"}), seeds=128),
    quick_seconds=50,
    cells=lambda setting: [_Dimension(int(at), setting).cell() for at in setting.all(d)],
    trends=_trends,
)
