"""Proposition 3.2: f* = (d(x,B) - d(x,A)) / (d(x,A) + d(x,B)) is steep at most 1/epsilon, has the
right sign below radius epsilon, and at radius epsilon exactly nothing worse than ties.

Random pairs of sets are probed in float64; what would be a counterexample is first confirmed in
rationals. On finite sets with one pair of points at exactly 2 epsilon along an axis f* itself is
evaluated in rationals, where it falls with slope -1/epsilon from the one point to the other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from itertools import pairwise
from math import isqrt

import numpy as np
from numpy.typing import NDArray

from robustsize.bounds.arithmetic.balls import float_above
from robustsize.bounds.symbols import BY_SYMBOL, InputError, N, Norm, d, epsilon
from robustsize.simulate.data.instance import Point
from robustsize.simulate.data.labellings import stream
from robustsize.simulate.data.random_sets import Kind, random_pair
from robustsize.simulate.data.regions import Region, SeparatedPair
from robustsize.simulate.experiment.claim import (
    Between,
    Evidence,
    Hypothesis,
    Limit,
    Prediction,
    at_least,
    exactly,
)
from robustsize.simulate.experiment.probe import Cell, Outcome, Probe, Row, Run, Setting, axes
from robustsize.simulate.theorems.prop3_2.construction import robust_function, steepness

KINDS = (Kind.POINTS, Kind.BOXES, Kind.BALLS)

INSIDE = Fraction(63, 64)
"""The radius below epsilon that is attacked, as a share of it."""

_FLOAT_ROOM = 1e-6
"""What a difference quotient of f* in float64 may be too large, relative to 1/epsilon."""

MOST_PIECES = 1000
"""Of one pair."""

_SUSPECT = 1e-9
_TRIES = 16
_STEPS = 8
_SAMPLES = 500


@dataclass(frozen=True)
class Broken:
    """Pieces of the pair near which an attack, confirmed in rationals, found f* without the label's
    sign (`tied`, among them 0) and with the opposite sign (`wrong`); perturbations tried.
    """

    tied: int
    wrong: int
    tried: int


def measure(x: Point, region: Region, p: Norm) -> Fraction:
    """The exact l_p distance, squared at p = 2, of a point to a set's pieces before fattening."""
    low, high = region.low.numerators.astype(object), region.high.numerators.astype(object)
    at = np.array([v * region.low.denominator for v in x], dtype=object)
    gaps = np.maximum(np.maximum(low - at, at - high), 0)
    reached = gaps.max(axis=1) if p is Norm.INF else (gaps * gaps).sum(axis=1)
    unit = region.low.denominator if p is Norm.INF else region.low.denominator**2
    return Fraction(reached.min()) / unit


def exact_value(pair: SeparatedPair, x: Point) -> Fraction | None:
    """f* in rationals, for finite sets; None where a distance at p = 2 is irrational."""
    to_A, to_B = (_root(measure(x, side, pair.p), pair.p) for side in (pair.A, pair.B))
    return None if to_A is None or to_B is None else (to_B - to_A) / (to_A + to_B)


def _root(value: Fraction, p: Norm) -> Fraction | None:
    if p is Norm.INF:
        return value
    root = Fraction(isqrt(value.numerator), isqrt(value.denominator))
    return root if root * root == value else None


def attack(pair: SeparatedPair, radius: Fraction, rng: np.random.Generator) -> Broken:
    """Perturbations of every piece by at most `radius`: towards the other class, and at random."""
    tied = wrong = tried = 0
    for label in (1, -1):
        own, other = pair.side(label), pair.side(-label)
        starts = _towards(own, other, float(own.fat + radius), pair.p, rng)
        values = label * robust_function(pair, starts.reshape(-1, pair.dimension))
        suspects = values.reshape(starts.shape[:2]) < _SUSPECT
        tried += suspects.size
        for i in np.flatnonzero(suspects.any(axis=1)):
            signs = [_sign(pair, label, radius, x) for x in starts[i, suspects[i]]]
            tied += any(sign <= 0 for sign in signs)
            wrong += any(sign < 0 for sign in signs)
    return Broken(tied, wrong, tried)


def _sign(pair: SeparatedPair, label: int, radius: Fraction, x: NDArray[np.float64]) -> int:
    """The exact sign of label * f* at a point within `radius` of its class, else 1.

    Both classes are fattened alike, so that distances before fattening compare like those after.
    """
    own, other = pair.side(label), pair.side(-label)
    at = tuple(Fraction(float(v)) for v in x)
    here, there = measure(at, own, pair.p), measure(at, other, pair.p)
    reach = own.fat + radius
    if here > (reach if pair.p is Norm.INF else reach**2):
        return 1
    return (there > here) - (there < here)


def _towards(
    own: Region, other: Region, reach: float, p: Norm, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Points within `reach` of each piece before fattening, shape (pieces, _TRIES, d)."""
    low, high = own.low.floats(), own.high.floats()
    other_low, other_high = other.low.floats(), other.high.floats()
    out = np.empty((len(low), _TRIES, own.dimension))
    for i in range(len(low)):
        gap = np.maximum(other_low - high[i], 0.0) - np.maximum(low[i] - other_high, 0.0)
        nearest = np.argmin(np.linalg.norm(gap, ord=np.inf if p is Norm.INF else 2, axis=1))
        anywhere = low[i] + rng.random((_TRIES, own.dimension)) * (high[i] - low[i])
        start = np.where(gap[nearest] > 0, high[i], np.where(gap[nearest] < 0, low[i], anywhere))
        step = gap[nearest] + rng.standard_normal(start.shape) * reach / 4
        step[0], step[_TRIES // 2 :] = gap[nearest], rng.standard_normal(start[_TRIES // 2 :].shape)
        if p is Norm.INF:
            step[_TRIES // 2 :] = np.sign(step[_TRIES // 2 :]) * reach
            out[i] = start + np.clip(step, -reach, reach)
        else:
            out[i] = start + step * (reach / np.linalg.norm(step, axis=1, keepdims=True))
    return out


def tight_pair(
    dimension: int, e: Fraction, p: Norm, pieces: int, seed: int
) -> tuple[SeparatedPair, Point, Point]:
    """A finite pair with points a of A and b of B at distance exactly 2 epsilon along an axis.

    A random pair, with b added to B; other points of A that are too close to b go.

    Raises ValueError as `random_pair` does.
    """
    pair = random_pair(Kind.POINTS, dimension, e, p, pieces, seed=seed)
    a = pair.A.low.row(0)
    b = (a[0] + (2 * e if 2 * a[0] < 1 else -2 * e), *a[1:])
    far = 2 * e if p is Norm.INF else (2 * e) ** 2
    rows = [pair.A.low.row(i) for i in range(len(pair.A))]
    kept = [x for x in rows if measure(x, Region.points([b]), p) >= far]
    others = [pair.B.low.row(i) for i in range(len(pair.B))]
    return SeparatedPair(Region.points(kept), Region.points([*others, b]), e, p), a, b


def exact_slopes(pair: SeparatedPair, a: Point, b: Point) -> tuple[Fraction, ...] | None:
    """Slopes of f* on equal parts of the segment from a to b, which lies along an axis; None where
    f* is irrational at one of their ends.
    """
    points = [
        tuple(v + Fraction(i, _STEPS) * (w - v) for v, w in zip(a, b, strict=True))
        for i in range(_STEPS + 1)
    ]
    values = [value for x in points if (value := exact_value(pair, x)) is not None]
    if len(values) < len(points):
        return None
    part = max(abs(w - v) for v, w in zip(a, b, strict=True)) / _STEPS
    return tuple((after - before) / part for before, after in pairwise(values))


def _cells(setting: Setting) -> Sequence[Cell]:
    given = ", ".join(f"{BY_SYMBOL[s].option} {setting.one(s)}" for s in (epsilon, N))
    try:
        if not 2 <= setting.one(N) <= MOST_PIECES:
            raise ValueError(f"a pair has 2 to {MOST_PIECES} pieces")
        return [
            cell
            for dimension in map(int, setting.all(d))
            for cell in (
                *(_random_cell(kind, dimension, setting) for kind in KINDS),
                _tight_cell(dimension, setting),
            )
        ]
    except ValueError as error:
        raise InputError(f"{given}: {error}; for example --epsilon 1/8 --samples 24") from error


def _pairs(kind: Kind, dimension: int, setting: Setting) -> list[SeparatedPair]:
    e, pieces = setting.one(epsilon), int(setting.one(N))
    seeds = range(setting.seed, setting.seed + setting.seeds)
    return [random_pair(kind, dimension, e, setting.p, pieces, seed=s) for s in seeds]


_SEPARATED = Hypothesis("A, B are 2 epsilon-separated, in exact arithmetic", True)


def _random_cell(kind: Kind, dimension: int, setting: Setting) -> Cell:
    pairs, e = _pairs(kind, dimension, setting), setting.one(epsilon)
    where, many = f"{kind.value} d={dimension}", f"{len(pairs)} random pairs of {kind.value}"

    def prediction(name: str, says: str, quantity: str, upper: Fraction) -> Prediction:
        return Prediction(
            id="prop3.2",
            name=f"{name} {where}",
            says=f"on {many} {says}",
            quantity=quantity,
            upper=Limit(upper, "prop3.2"),
            hypotheses=(_SEPARATED,),
        )

    pieces = "pieces near which f* has values"
    predictions = (
        prediction("steepness", "f* is 1/epsilon-Lipschitz", "Lipschitz constant of f*", 1 / e),
        prediction(
            "below epsilon",
            f"f* has the label's sign at every radius below epsilon; {INSIDE} epsilon is attacked",
            f"{pieces} without the label's sign at radius {INSIDE} epsilon",
            Fraction(0),
        ),
        prediction(
            "at epsilon",
            "f* never has the opposite sign at radius epsilon, though it may be 0",
            f"{pieces} with the opposite sign at radius epsilon",
            Fraction(0),
        ),
    )
    run = partial(_measure_random, kind, pairs, predictions, setting)
    return Cell(where.replace(" ", "-"), predictions, run, float(len(pairs)))


def _measure_random(
    kind: Kind,
    pairs: Sequence[SeparatedPair],
    predictions: Sequence[Prediction],
    setting: Setting,
    run: Run,
) -> Outcome:
    dimension, e = pairs[0].dimension, pairs[0].epsilon
    slopes, below, at = [], [], []
    for i, pair in enumerate(pairs):
        if i and not run.seconds_left:
            break
        run.progress(i / len(pairs), f"pair {i + 1} of {len(pairs)}")
        rng = stream(setting.seed, (dimension << 32) + i)
        slopes.append(steepness(pair, samples=_SAMPLES, seed=setting.seed + i))
        below.append(attack(pair, INSIDE * e, rng))
        at.append(attack(pair, e, rng))
    steepest, count = max(s.measured for s in slopes), sum(s.pairs for s in slopes)
    tied, wrong = sum(one.tied for one in below), sum(one.wrong for one in at)
    evidence: list[Evidence] = [
        at_least(
            steepest * (1 - _FLOAT_ROOM), f"{count} difference quotients of {len(slopes)} pairs"
        ),
        _none_but(tied, below),
        _none_but(wrong, at),
    ]
    row = Row(
        series=f"steepness, {kind.value}",
        at={"d": float(dimension), "epsilon": float(e)},
        values=tuple(s.measured for s in slopes),
        upper=float_above(1 / e),
        more={
            "p": setting.p.value,
            "pieces": [[len(pair.A), len(pair.B)] for pair in pairs],
            "without the sign below epsilon": [one.tied for one in below],
            "without the sign at epsilon": [one.tied for one in at],
            "opposite sign at epsilon": [one.wrong for one in at],
        },
    )
    names = [prediction.name for prediction in predictions]
    return Outcome(dict(zip(names, evidence, strict=True)), (row,))


def _none_but(found: int, attacks: Sequence[Broken]) -> Between:
    """None, as the exact separation proves: d(x',own) <= r <= 2 epsilon - r <= d(x',other). What an
    attack found all the same would refute that.
    """
    tries = f"the exact separation proves none; {sum(a.tried for a in attacks)} perturbations tried"
    return at_least(found, tries) if found else Between(0, 0, tries)


def _tight_cell(dimension: int, setting: Setting) -> Cell:
    e, pieces = setting.one(epsilon), int(setting.one(N))
    seeds = range(setting.seed, setting.seed + setting.seeds)
    pairs = [tight_pair(dimension, e, setting.p, pieces, seed) for seed in seeds]
    touching = Hypothesis("a and b are exactly 2 epsilon apart, A and B nowhere closer", True)
    many = f"{len(pairs)} finite pairs with points a, b exactly 2 epsilon apart"
    slope = Prediction(
        id="prop3.2",
        name=f"slope d={dimension}",
        says=f"on {many} f* has slope exactly -1/epsilon from a to b (C7), so 1/epsilon is sharp",
        quantity="largest difference from -1/epsilon of exact slopes of f* between a and b",
        upper=Limit(0, "prop3.2 and C7"),
        hypotheses=(touching,),
    )
    tie = Prediction(
        id="prop3.2",
        name=f"tie d={dimension}",
        says=f"on {many} f* is 0 midway: radius epsilon itself is out of reach (D.2)",
        quantity="largest absolute value of f* at the midpoints, exact",
        upper=Limit(0, "D.2"),
        hypotheses=(touching,),
    )
    return Cell(f"tight-d={dimension}", (slope, tie), partial(_measure_tight, pairs, slope, tie))


def _measure_tight(
    pairs: Sequence[tuple[SeparatedPair, Point, Point]],
    slope: Prediction,
    tie: Prediction,
    run: Run,
) -> Outcome:
    run.progress(0.0, "exact slopes")
    e = pairs[0][0].epsilon
    slopes = [exact_slopes(*one) for one in pairs]
    middles = [
        exact_value(pair, tuple((v + w) / 2 for v, w in zip(a, b, strict=True)))
        for pair, a, b in pairs
    ]
    departures = [None if s is None else max(abs(v + 1 / e) for v in s) for s in slopes]
    evidence = {
        slope.name: _largest(departures),
        tie.name: _largest([None if v is None else abs(v) for v in middles]),
    }
    row = Row(
        series="exact slope",
        at={"d": float(pairs[0][0].dimension), "epsilon": float(e)},
        values=tuple(None if s is None else float(max(map(abs, s))) for s in slopes),
        upper=float_above(1 / e),
        more={"value of f* midway": [None if v is None else str(v) for v in middles]},
    )
    return Outcome(evidence, (row,))


def _largest(values: Sequence[Fraction | None]) -> Between:
    known = [v for v in values if v is not None]
    if len(known) < len(values):
        return at_least(max(known, default=None), "irrational on some pairs")
    return exactly(max(known))


PROBE = Probe(
    id="prop3.2",
    covers=("prop3.2",),
    measures="steepness of f*, and its sign at radius below epsilon and exactly epsilon",
    seeds_are="random pairs of sets of each kind",
    quick=Setting(axes=axes({d: "2,5", N: "24", epsilon: "1/8"}), seeds=6),
    full=Setting(axes=axes({d: "2,4,8,16,32", N: "48", epsilon: "1/8"}), seeds=24),
    quick_seconds=1,
    cells=_cells,
)
