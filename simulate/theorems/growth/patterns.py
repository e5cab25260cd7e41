"""Sign patterns of tiny architectures: counted exactly, or shown by random networks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from robustsize.bounds.symbols import Norm
from robustsize.simulate.data.instance import Instance, Point
from robustsize.simulate.data.labellings import stream
from robustsize.simulate.experiment.model import Run
from robustsize.simulate.networks.network import Network
from robustsize.simulate.search.exact_width import WidthStatus, smallest_width

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


@dataclass(frozen=True)
class Shown:
    """Different sign patterns that random networks show, and how many networks were drawn."""

    found: int
    networks: int


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
) -> Shown:
    """Different sign patterns that random networks and their negatives show.

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
    return Shown(2 * len(seen), drawn)


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
