"""Growth functions: how many sign patterns tiny architectures really reach on m points.

One hidden layer and few points: counted exactly. Labellings grow a point at a time; whether one is
realised is decided by linear programmes over activation patterns, impossibility by Farkas
multipliers in rationals. A network for a labelling, negated, serves the opposite one, and gives the
next point a sign as well. Elsewhere: patterns that random networks show, witnesses from below.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from itertools import accumulate, pairwise, product
from math import comb

import numpy as np
from flint import arb
from numpy.typing import NDArray

from robustsize.bounds.arithmetic import balls
from robustsize.bounds.arithmetic.balls import float_above, float_below
from robustsize.bounds.counting.growth import SHARPEST
from robustsize.bounds.symbols import BY_SYMBOL, InputError, N, Norm, d
from robustsize.simulate.data.instance import Instance, Point
from robustsize.simulate.data.labellings import stream
from robustsize.simulate.experiment.claim import Between, Hypothesis, Limit, Prediction, at_least
from robustsize.simulate.experiment.probe import Cell, Outcome, Probe, Row, Run, Setting, axes
from robustsize.simulate.networks.network import Network
from robustsize.simulate.search.exact_width import WidthStatus, smallest_width

ARCHITECTURES: tuple[tuple[int, ...], ...] = ((1,), (2,), (2, 2))
"""Widths of the hidden layers."""

MOST_POINTS = 4096

_EXACT = 12
"""Width times points, one hidden layer, up to which patterns are counted exactly."""

_UNIT = 1 << 20
_CLEAR = 1e-6
_BATCH = 1000


@dataclass(frozen=True)
class Counted:
    """Sign patterns on the first `points` points: at least `sure`, at most `possible`.

    They differ where a labelling stayed undecided. points: fewer than all where time ran out.
    programmes: labellings decided by linear programmes.
    """

    points: int
    sure: int
    possible: int
    programmes: int


def growth_limits(hidden: tuple[int, ...], dimension: int, m: int) -> dict[str, float]:
    """Every bound on log2 of an architecture's sign patterns on m points, rounded up.

    Those of `bounds.counting.growth` at its number of parameters, for which any such architecture
    counts;
    Warren's for it alone (C1, step 2); for one hidden layer Phi_d(m)^w Cover(m, w(d+1)+1) (C1).
    """
    units = (*hidden, 1)
    parameters = list(_parameters(hidden, dimension))
    size, depth, points = parameters[-1], len(units), Fraction(m)
    limits = {g.name: g.bits(Fraction(size), points, dimension, depth) for g in SHARPEST}
    limits["Warren"] = sum(
        (
            _warren(m * width, i, count)
            for i, (width, count) in enumerate(zip(units, parameters, strict=True), start=1)
        ),
        arb(0),
    )
    if len(hidden) == 1:
        activations = cover(m, dimension + 1) ** hidden[0]
        limits["Cover"] = _log2(arb(activations * cover(m, hidden[0] * (dimension + 1) + 1)))
    return {name: float_above(bits) for name, bits in limits.items() if bits is not None}


def cover(m: int, D: int) -> int:
    """Cover's number of sign patterns of linear functions with D coefficients on m points.

    2 sum_{i<D} C(m-1, i), reached in general position. Source: Cover 1965.
    """
    return 2 * sum(comb(m - 1, i) for i in range(D))


def _parameters(hidden: tuple[int, ...], dimension: int) -> Iterator[int]:
    """Weights and biases of layers 1 to i, for i = 1, 2, ..."""
    widths = (dimension, *hidden, 1)
    return accumulate((a + 1) * b for a, b in pairwise(widths))


def _warren(polynomials: int, degree: int, variables: int) -> arb:
    """log2 of 2 (2 e s D / v)^v, or the trivial s bits where s < v."""
    if polynomials < variables:
        return arb(polynomials)
    share = balls.ball(Fraction(2 * polynomials * degree, variables))
    return 1 + variables * _log2(arb.const_e() * share)


def _log2(x: arb) -> arb:
    return x.log() / arb.const_log2()


def _bits(count: int, *, up: bool) -> float | None:
    """log2 of a count, rounded up or down; None for none."""
    if not count:
        return None
    if count & (count - 1) == 0:
        return float(count.bit_length() - 1)
    bits = _log2(balls.ball(count))
    return float_above(bits) if up else float_below(bits)


def count_patterns(points: Sequence[Point], width: int, run: Run) -> Counted:
    """Sign patterns of one hidden layer on the points, counted by extending them point by point."""
    level: list[tuple[tuple[int, ...], Network | None]] = [((1,), None)]
    programmes = 0
    for j in range(2, len(points) + 1):
        if not run.seconds_left:
            return Counted(j - 1, 2 * _known(level), 2 * len(level), programmes)
        run.progress((j - 1) / len(points), f"{2 * len(level)} patterns on {j - 1} points")
        longer = []
        for labels, network in level:
            shown = 0
            if network is not None:
                value = network.exact(points[j - 1])
                shown = (value > 0) - (value < 0)
            for label in (1, -1):
                extended = (*labels, label)
                if label == shown:
                    longer.append((extended, network))
                    continue
                programmes += 1
                found, possible = _decide(points[:j], extended, width)
                if possible:
                    longer.append((extended, found))
        level = longer
    return Counted(len(points), 2 * _known(level), 2 * len(level), programmes)


def _known(level: Sequence[tuple[tuple[int, ...], Network | None]]) -> int:
    return sum(network is not None for _, network in level)


def _decide(
    points: Sequence[Point], labels: tuple[int, ...], width: int
) -> tuple[Network | None, bool]:
    """A network of the width that shows the labels, if any; whether there may be one."""
    plain = Instance(tuple(points), np.array(labels, dtype=np.int8), Fraction(0), Norm.INF)
    answers = smallest_width(plain, max_width=width).answers
    impossible = all(answer.status is WidthStatus.IMPOSSIBLE for answer in answers)
    return answers[-1].network, not impossible


def search_patterns(
    points: Sequence[Point],
    hidden: tuple[int, ...],
    networks: int,
    run: Run,
    random: np.random.Generator,
) -> tuple[int, int]:
    """Different sign patterns that random networks and their negatives show, and networks drawn.

    A network whose value is near 0 at some point is left out: its float64 sign could be wrong.
    """
    x = np.array([[float(v) for v in point] for point in points]).T
    seen: set[bytes] = set()
    drawn = 0
    while drawn < networks and run.seconds_left:
        run.progress(drawn / networks, f"{2 * len(seen)} patterns of {drawn} networks")
        values = _random_values(x, hidden, random)
        clear = values[np.abs(values).min(axis=1) > _CLEAR]
        # One of each opposite pair: the one that is positive at the first point.
        signs = (clear > 0) == (clear[:, :1] > 0)
        seen.update(row.tobytes() for row in np.packbits(signs, axis=1))
        drawn += _BATCH
    return 2 * len(seen), drawn


def _random_values(
    x: NDArray[np.float64], hidden: tuple[int, ...], random: np.random.Generator
) -> NDArray[np.float64]:
    """Values of _BATCH random networks at the columns of x; each unit's kink is among its inputs.

    Returns shape (_BATCH, m).
    """
    h = np.broadcast_to(x, (_BATCH, *x.shape))
    for width in (*hidden, 1):
        z = random.standard_normal((_BATCH, width, h.shape[1])) @ h
        at = random.integers(0, x.shape[1], (2, _BATCH, width, 1))
        ends = np.take_along_axis(z, at[0], axis=2), np.take_along_axis(z, at[1], axis=2)
        share = random.random((_BATCH, width, 1))
        z = z - share * ends[0] - (1 - share) * ends[1]
        h = np.maximum(z, 0.0)
    return np.asarray(z[:, 0])


def random_points(m: int, dimension: int, seed: int) -> tuple[Point, ...]:
    """m different points of [0,1]^d with coordinates on a dyadic grid."""
    random = stream(seed, (m << 32) + dimension)
    taken: dict[tuple[int, ...], None] = {}
    while len(taken) < m:
        taken[tuple(random.integers(0, _UNIT + 1, dimension).tolist())] = None
    return tuple(tuple(Fraction(v, _UNIT) for v in row) for row in taken)


def _cells(setting: Setting) -> Sequence[Cell]:
    for m in setting.all(N):
        if not 2 <= m <= MOST_POINTS:
            raise InputError(
                f"{BY_SYMBOL[N].option} {m}: patterns are counted on 2 to {MOST_POINTS} points; "
                f"for example {BY_SYMBOL[N].option} 12"
            )
    places = product(ARCHITECTURES, map(int, setting.all(d)), map(int, setting.all(N)))
    return [_cell(hidden, dimension, m, setting) for hidden, dimension, m in places]


def _cell(hidden: tuple[int, ...], dimension: int, m: int, setting: Setting) -> Cell:
    written = "-".join(map(str, hidden))
    limits = growth_limits(hidden, dimension, m)
    least = min(limits, key=limits.__getitem__)
    vacuous = None
    if limits[least] >= m:
        vacuous = f"{m} points have no more than 2^{m} sign patterns anyway"
    prediction = Prediction(
        id="growth",
        name=f"patterns {written} d={dimension} m={m}",
        says=(
            f"hidden widths {written} reach on {m} random points in R^{dimension} at most as many "
            f"sign patterns as each growth bound allows, of which {least} is the least"
        ),
        quantity="log2 of the number of sign patterns",
        upper=Limit(limits[least], f"{least}, C1", vacuous),
        hypotheses=(Hypothesis("the points differ, in exact arithmetic", True),),
    )
    exact = len(hidden) == 1 and hidden[0] * m <= _EXACT
    measure = partial(_measure, hidden, dimension, m, setting, prediction, limits, exact)
    weight = 20.0 * m * hidden[0] if exact else 1.0
    return Cell(f"width={written}-d={dimension}-m={m}", (prediction,), measure, weight)


def _measure(
    hidden: tuple[int, ...],
    dimension: int,
    m: int,
    setting: Setting,
    prediction: Prediction,
    limits: dict[str, float],
    exact: bool,
    run: Run,
) -> Outcome:
    points = random_points(m, dimension, setting.seed)
    if exact:
        counted = count_patterns(points, hidden[0], run)
        high = _bits(counted.possible, up=True) if counted.points == m else None
        tried = f"{counted.programmes} labellings decided by linear programmes"
        reach = _bits(2**counted.points, up=True)
        evidence = Between(_bits(counted.sure, up=False), high, tried, reach)
        more = vars(counted)
    else:
        random = stream(setting.seed, (dimension << 32) + m)
        found, drawn = search_patterns(points, hidden, 1000 * setting.seeds, run, random)
        reach = _bits(max(2 * drawn, 1), up=True)
        evidence = at_least(_bits(found, up=False), f"{drawn} random networks", reach)
        more = {"found": found, "networks": drawn}
    row = Row(
        series=f"widths {'-'.join(map(str, hidden))}, {'exact' if exact else 'found'}",
        at={"d": float(dimension), "samples": float(m)},
        values=(None if evidence.low is None else float(evidence.low),),
        upper=limits[min(limits, key=limits.__getitem__)],
        more={**more, "limits": limits, "parameters": list(_parameters(hidden, dimension))[-1]},
    )
    return Outcome({prediction.name: evidence}, (row,))


PROBE = Probe(
    id="growth",
    covers=("growth",),
    measures="sign patterns that tiny architectures reach on m points, in bits",
    seeds_are="random networks of each architecture, in thousands",
    quick=Setting(axes=axes({d: "1", N: "6,12,512"}), seeds=8),
    full=Setting(axes=axes({d: "1:2", N: "6,12,64,512"}), seeds=64),
    quick_seconds=8,
    cells=_cells,
)
