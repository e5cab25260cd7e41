"""Growth functions: how many sign patterns tiny architectures really reach on m points.

One hidden layer and few points: counted exactly. Labellings grow a point at a time; whether one is
realised is decided by linear programmes over activation patterns, impossibility by Farkas
multipliers in rationals. A network for a labelling, negated, serves the opposite one, and gives the
next point a sign as well. Elsewhere: patterns that random networks show, witnesses from below.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from itertools import product

from robustsize.bounds.symbols import BY_SYMBOL, InputError, N, d
from robustsize.simulate.data.labellings import stream
from robustsize.simulate.experiment.claim import Claim, Hypothesis, Limit, Prediction
from robustsize.simulate.experiment.evidence import Between, at_least
from robustsize.simulate.experiment.model import Cell, Experiment, Row, Run, Setting, axes
from robustsize.simulate.theorems.growth.limits import bits_of, growth_limits, parameters_by_layer
from robustsize.simulate.theorems.growth.patterns import (
    Counted,
    Shown,
    count_patterns,
    random_points,
    search_patterns,
)

ARCHITECTURES: tuple[tuple[int, ...], ...] = ((1,), (2,), (2, 2))
"""Widths of the hidden layers."""

MOST_POINTS = 4096

_EXACT = 12
"""Width times points, one hidden layer, up to which patterns are counted exactly."""


@dataclass(frozen=True, eq=False)
class Case:
    """An architecture on m random points of R^d, and every bound on its sign patterns, in bits."""

    hidden: tuple[int, ...]
    d: int
    m: int
    limits: dict[str, float]

    @property
    def widths(self) -> str:
        """Of the hidden layers, for names."""
        return "-".join(map(str, self.hidden))

    @property
    def least(self) -> str:
        """The name of the least bound."""
        return min(self.limits, key=self.limits.__getitem__)

    @property
    def counted(self) -> bool:
        """Whether patterns are counted exactly."""
        return len(self.hidden) == 1 and self.hidden[0] * self.m <= _EXACT


def _prediction(case: Case) -> Prediction:
    m, least, vacuous = case.m, case.limits[case.least], None
    if least >= m:
        vacuous = f"{m} points have no more than 2^{m} sign patterns anyway"
    return Prediction(
        id="growth",
        name=f"patterns {case.widths} d={case.d} m={m}",
        says=(
            f"hidden widths {case.widths} reach on {m} random points in R^{case.d} at most as many "
            f"sign patterns as each growth bound allows, of which {case.least} is the least"
        ),
        quantity="log2 of the number of sign patterns",
        upper=Limit(least, case.least, vacuous),
        hypotheses=(Hypothesis("the points differ, in exact arithmetic", True),),
    )


def _cell(case: Case, setting: Setting) -> Cell[Counted | Shown]:
    return Cell(
        name=f"width={case.widths}-d={case.d}-m={case.m}",
        claims=(Claim(_prediction(case), partial(_evidence, case)),),
        work=partial(_measure, case, setting),
        rows=lambda patterns: [_row(case, patterns)],
        weight=20.0 * case.m * case.hidden[0] if case.counted else 1.0,
    )


def _measure(case: Case, setting: Setting, run: Run) -> Counted | Shown:
    points = random_points(case.m, case.d, setting.seed)
    if case.counted:
        return count_patterns(points, case.hidden[0], run)
    random = stream(setting.seed, (case.d << 32) + case.m)
    return search_patterns(points, case.hidden, 1000 * setting.seeds, run, random)


def _evidence(case: Case, patterns: Counted | Shown) -> Between:
    if isinstance(patterns, Shown):
        # Each network drawn shows two patterns at most, its own and the opposite one.
        reach = bits_of(max(2 * patterns.networks, 1), up=True)
        tried = f"{patterns.networks} random networks"
        return at_least(bits_of(patterns.found, up=False), tried, reach)
    high = bits_of(patterns.possible, up=True) if patterns.points == case.m else None
    tried = f"{patterns.programmes} labellings decided by linear programmes"
    reach = bits_of(2**patterns.points, up=True)
    return Between(bits_of(patterns.sure, up=False), high, tried, reach)


def _row(case: Case, patterns: Counted | Shown) -> Row:
    low = _evidence(case, patterns).low
    return Row(
        series=f"widths {case.widths}, {'exact' if case.counted else 'found'}",
        at={"d": float(case.d), "samples": float(case.m)},
        values=(None if low is None else float(low),),
        upper=case.limits[case.least],
        more={
            **vars(patterns),
            "limits": case.limits,
            "parameters": list(parameters_by_layer(case.hidden, case.d))[-1],
        },
    )


def _cells(setting: Setting) -> Sequence[Cell[Counted | Shown]]:
    for m in setting.all(N):
        if not 2 <= m <= MOST_POINTS:
            raise InputError(
                f"{BY_SYMBOL[N].option} {m}: patterns are counted on 2 to {MOST_POINTS} points; "
                f"for example {BY_SYMBOL[N].option} 12"
            )
    places = product(ARCHITECTURES, setting.integers(d), setting.integers(N))
    cases = [Case(hidden, at, m, growth_limits(hidden, at, m)) for hidden, at, m in places]
    return [_cell(case, setting) for case in cases]


EXPERIMENT = Experiment(
    id="growth",
    covers=("growth",),
    measures="sign patterns that tiny architectures reach on m points, in bits",
    seeds_are="random networks of each architecture, in thousands",
    quick=Setting(axes=axes({d: "1", N: "6,12,512"}), seeds=8),
    full=Setting(axes=axes({d: "1:2", N: "6,12,64,512"}), seeds=64),
    quick_seconds=8,
    cells=_cells,
)
