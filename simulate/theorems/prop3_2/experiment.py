"""Proposition 3.2: f* = (d(x,B) - d(x,A)) / (d(x,A) + d(x,B)) is steep at most 1/epsilon, has the
right sign below radius epsilon, and at radius epsilon exactly nothing worse than ties.

Random pairs of sets are tried in float64; what would be a counterexample is first confirmed in
rationals. On finite sets with one pair of points at exactly 2 epsilon along an axis f* itself is
evaluated in rationals, where it falls with slope -1/epsilon from the one point to the other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from typing import Any

from robustsize.bounds.arithmetic.balls import float_above
from robustsize.bounds.symbols import BY_SYMBOL, InputError, N, d, epsilon
from robustsize.simulate.data.instance import Point
from robustsize.simulate.data.labellings import stream
from robustsize.simulate.data.random_sets import Kind, random_pair
from robustsize.simulate.data.regions import SeparatedPair
from robustsize.simulate.experiment.claim import Claim, Hypothesis, Limit, Prediction
from robustsize.simulate.experiment.evidence import Between, at_least, exactly
from robustsize.simulate.experiment.model import Cell, Experiment, Row, Run, Setting, axes
from robustsize.simulate.theorems.prop3_2.attack import Broken, attack
from robustsize.simulate.theorems.prop3_2.construction import Steepness, steepness
from robustsize.simulate.theorems.prop3_2.exact import exact_slopes, exact_value, tight_pair

KINDS = (Kind.POINTS, Kind.BOXES, Kind.BALLS)

INSIDE = Fraction(63, 64)
"""The radius below epsilon that is attacked, as a share of it."""

MOST_PIECES = 1000
"""Of one pair."""

_FLOAT_ROOM = 1e-6
"""What a difference quotient of f* in float64 may be too large, relative to 1/epsilon."""
_SAMPLES = 500


@dataclass(frozen=True, eq=False)
class _Tried:
    """Of random pairs: difference quotients of f*, and attacks below radius epsilon and at it."""

    slopes: tuple[Steepness, ...]
    below: tuple[Broken, ...]
    at: tuple[Broken, ...]

    def steepness(self) -> Between:
        """Evidence on the Lipschitz constant."""
        count, steepest = sum(s.pairs for s in self.slopes), max(s.measured for s in self.slopes)
        tried = f"{count} difference quotients of {len(self.slopes)} pairs"
        return at_least(steepest * (1 - _FLOAT_ROOM), tried)

    def tied_below(self) -> Between:
        """Evidence on pieces near which f* lacks the label's sign below radius epsilon."""
        return _none_but(sum(one.tied for one in self.below), self.below)

    def wrong_at(self) -> Between:
        """Evidence on pieces near which f* has the opposite sign at radius epsilon."""
        return _none_but(sum(one.wrong for one in self.at), self.at)


def _none_but(found: int, attacks: Sequence[Broken]) -> Between:
    """None, as the exact separation proves: d(x',own) <= r <= 2 epsilon - r <= d(x',other). What an
    attack found all the same would refute that.
    """
    tries = f"the exact separation proves none; {sum(a.tried for a in attacks)} perturbations tried"
    return at_least(found, tries) if found else Between(0, 0, tries)


def random_cell(kind: Kind, dimension: int, setting: Setting) -> Cell[_Tried]:
    """Claims about random pairs of one kind."""
    e, pieces = setting.one(epsilon), int(setting.one(N))
    seeds = range(setting.seed, setting.seed + setting.seeds)
    pairs = [random_pair(kind, dimension, e, setting.p, pieces, seed=s) for s in seeds]
    where, many = f"{kind.value} d={dimension}", f"{len(pairs)} random pairs of {kind.value}"

    def prediction(name: str, says: str, quantity: str, upper: Fraction) -> Prediction:
        return Prediction(
            id="prop3.2",
            name=f"{name} {where}",
            says=f"on {many} {says}",
            quantity=quantity,
            upper=Limit(upper, "prop3.2"),
            hypotheses=(Hypothesis("A, B are 2 epsilon-separated, in exact arithmetic", True),),
        )

    near = "pieces near which f* has values"
    steep = prediction("steepness", "f* is 1/epsilon-Lipschitz", "Lipschitz constant of f*", 1 / e)
    below = prediction(
        "below epsilon",
        f"f* has the label's sign at every radius below epsilon; {INSIDE} epsilon is attacked",
        f"{near} without the label's sign at radius {INSIDE} epsilon",
        Fraction(0),
    )
    at = prediction(
        "at epsilon",
        "f* never has the opposite sign at radius epsilon, though it may be 0",
        f"{near} with the opposite sign at radius epsilon",
        Fraction(0),
    )
    return Cell(
        name=where.replace(" ", "-"),
        claims=(
            Claim(steep, _Tried.steepness),
            Claim(below, _Tried.tied_below),
            Claim(at, _Tried.wrong_at),
        ),
        work=partial(_try, pairs, setting),
        rows=partial(_random_rows, kind, pairs),
        weight=float(len(pairs)),
    )


def _try(pairs: Sequence[SeparatedPair], setting: Setting, run: Run) -> _Tried:
    slopes, below, at = [], [], []
    for i, pair in enumerate(pairs):
        if i and not run.seconds_left:
            break
        run.progress(i / len(pairs), f"pair {i + 1} of {len(pairs)}")
        random = stream(setting.seed, (pair.dimension << 32) + i)
        slopes.append(steepness(pair, samples=_SAMPLES, seed=setting.seed + i))
        below.append(attack(pair, INSIDE * pair.epsilon, random))
        at.append(attack(pair, pair.epsilon, random))
    return _Tried(tuple(slopes), tuple(below), tuple(at))


def _random_rows(kind: Kind, pairs: Sequence[SeparatedPair], tried: _Tried) -> list[Row]:
    first = pairs[0]
    row = Row(
        series=f"steepness, {kind.value}",
        at={"d": float(first.dimension), "epsilon": float(first.epsilon)},
        values=tuple(s.measured for s in tried.slopes),
        upper=float_above(1 / first.epsilon),
        more={
            "p": first.p.value,
            "pieces": [[len(pair.A), len(pair.B)] for pair in pairs],
            "without the sign below epsilon": [one.tied for one in tried.below],
            "without the sign at epsilon": [one.tied for one in tried.at],
            "opposite sign at epsilon": [one.wrong for one in tried.at],
        },
    )
    return [row]


@dataclass(frozen=True, eq=False)
class _Evaluated:
    """Of pairs that touch: slopes of f* between the touching points, and its value midway.

    None where f* is irrational.
    """

    epsilon: Fraction
    slopes: tuple[tuple[Fraction, ...] | None, ...]
    middles: tuple[Fraction | None, ...]

    def departure(self) -> Between:
        """Evidence on the largest difference of a slope from -1/epsilon."""
        steep = 1 / self.epsilon
        return _largest(
            [None if s is None else max(abs(v + steep) for v in s) for s in self.slopes]
        )

    def midway(self) -> Between:
        """Evidence on the largest absolute value midway."""
        return _largest([None if v is None else abs(v) for v in self.middles])


def _largest(values: Sequence[Fraction | None]) -> Between:
    known = [v for v in values if v is not None]
    if len(known) < len(values):
        return at_least(max(known, default=None), "irrational on some pairs")
    return exactly(max(known))


def _tight_cell(dimension: int, setting: Setting) -> Cell[_Evaluated]:
    """Claims about finite pairs that touch."""
    e, pieces = setting.one(epsilon), int(setting.one(N))
    seeds = range(setting.seed, setting.seed + setting.seeds)
    pairs = [tight_pair(dimension, e, setting.p, pieces, seed) for seed in seeds]
    touching = Hypothesis("a and b are exactly 2 epsilon apart, A and B nowhere closer", True)
    many = f"{len(pairs)} finite pairs with points a, b exactly 2 epsilon apart"
    slope = Prediction(
        id="prop3.2",
        name=f"slope d={dimension}",
        says=f"on {many} f* has slope exactly -1/epsilon from a to b, so 1/epsilon is sharp",
        quantity="largest difference from -1/epsilon of exact slopes of f* between a and b",
        upper=Limit(0, "prop3.2, which is sharp"),
        hypotheses=(touching,),
    )
    tie = Prediction(
        id="prop3.2",
        name=f"tie d={dimension}",
        says=f"on {many} f* is 0 midway: radius epsilon itself is out of reach",
        quantity="largest absolute value of f* at the midpoints, exact",
        upper=Limit(0, "both sets are equally far from a midpoint"),
        hypotheses=(touching,),
    )
    return Cell(
        name=f"tight-d={dimension}",
        claims=(Claim(slope, _Evaluated.departure), Claim(tie, _Evaluated.midway)),
        work=partial(_evaluate, pairs),
        rows=lambda evaluated: [_tight_row(dimension, evaluated)],
    )


def _evaluate(pairs: Sequence[tuple[SeparatedPair, Point, Point]], run: Run) -> _Evaluated:
    run.progress(0.0, "exact slopes")
    middles = [
        exact_value(pair, tuple((v + w) / 2 for v, w in zip(a, b, strict=True)))
        for pair, a, b in pairs
    ]
    slopes = tuple(exact_slopes(*one) for one in pairs)
    return _Evaluated(pairs[0][0].epsilon, slopes, tuple(middles))


def _tight_row(dimension: int, evaluated: _Evaluated) -> Row:
    return Row(
        series="exact slope",
        at={"d": float(dimension), "epsilon": float(evaluated.epsilon)},
        values=tuple(None if s is None else float(max(map(abs, s))) for s in evaluated.slopes),
        upper=float_above(1 / evaluated.epsilon),
        more={"value of f* midway": [v if v is None else str(v) for v in evaluated.middles]},
    )


def _cells(setting: Setting) -> list[Cell[Any]]:
    given = ", ".join(f"{BY_SYMBOL[s].option} {setting.one(s)}" for s in (epsilon, N))
    try:
        if not 2 <= setting.one(N) <= MOST_PIECES:
            raise ValueError(f"a pair has 2 to {MOST_PIECES} pieces")
        cells: list[Cell[Any]] = []
        for dimension in setting.integers(d):
            cells += [random_cell(kind, dimension, setting) for kind in KINDS]
            cells.append(_tight_cell(dimension, setting))
    except ValueError as error:
        raise InputError(f"{given}: {error}; for example --epsilon 1/8 --samples 24") from error
    return cells


EXPERIMENT = Experiment(
    id="prop3.2",
    covers=("prop3.2",),
    measures="steepness of f*, and its sign at radius below epsilon and exactly epsilon",
    seeds_are="random pairs of sets of each kind",
    quick=Setting(axes=axes({d: "2,5", N: "24", epsilon: "1/8"}), seeds=6),
    full=Setting(axes=axes({d: "2,4,8,16,32", N: "48", epsilon: "1/8"}), seeds=24),
    quick_seconds=1,
    cells=_cells,
)
