"""Random 2 epsilon-separated pairs of sets, seeded, with coordinates on a dyadic grid."""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum
from fractions import Fraction
from math import ceil

import numpy as np
from numpy.typing import NDArray

from robustsize.simulate.data.exact import Rationals
from robustsize.simulate.data.instance import Norm
from robustsize.simulate.data.manifolds import Manifold
from robustsize.simulate.data.regions import Region, SeparatedPair
from robustsize.simulate.system.deadline import check_time

UNIT = 1 << 20
"""Coordinates are multiples of 1 / UNIT: squared distances stay in 64 bits."""

TRIES = 200
"""Draws for each piece that is wanted."""

_Candidates = Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]


class Kind(Enum):
    """POINTS, BOXES (sides up to epsilon), VOXELS (one dyadic side, at most epsilon), BALLS (of
    radius epsilon / 4, inside the cube).
    """

    POINTS = "points"
    BOXES = "boxes"
    VOXELS = "voxels"
    BALLS = "balls"


def random_pair(
    kind: Kind, d: int, epsilon: Fraction, p: Norm, pieces: int, *, seed: int
) -> SeparatedPair:
    """A pair in [0,1]^d of `pieces` random pieces together, each of a random class it may join.

    Pieces are drawn one after the other; one that is too close to both classes is drawn again.

    Raises ValueError where TRIES * pieces draws do not place them all or a class stays empty.
    """
    rng = np.random.default_rng(seed)
    fat = Fraction(int(epsilon / 4 * UNIT), UNIT) if kind is Kind.BALLS else Fraction(0)
    corners = _corners(kind, d, epsilon, int(fat * UNIT), TRIES * pieces, rng)
    return _place(corners, UNIT, pieces, epsilon, fat, p, rng)


def random_manifold_pair(
    manifold: Manifold, epsilon: Fraction, pieces: int, *, radius: Fraction, seed: int
) -> SeparatedPair:
    """l_inf balls of one radius around random points of a manifold; their parts on it are meant.

    Raises ValueError as `random_pair` does.
    """
    rng = np.random.default_rng(seed)
    pool = manifold.points(TRIES * pieces, seed)
    corners = ((centre, centre) for centre in pool.numerators)
    return _place(corners, pool.denominator, pieces, epsilon, radius, Norm.INF, rng)


def _corners(
    kind: Kind, d: int, epsilon: Fraction, margin: int, draws: int, rng: np.random.Generator
) -> _Candidates:
    """Low and high corners of random boxes."""
    voxel = UNIT
    while voxel > epsilon * UNIT:
        voxel //= 2
    for _ in range(draws):
        if kind is Kind.VOXELS:
            low = rng.integers(0, UNIT // voxel, d) * voxel
            yield low, low + voxel
        else:
            low = rng.integers(margin, UNIT - margin + 1, d)
            side = rng.integers(0, int(epsilon * UNIT) + 1, d) if kind is Kind.BOXES else 0
            yield low, np.minimum(low + side, UNIT)


def _place(
    candidates: _Candidates,
    unit: int,
    pieces: int,
    epsilon: Fraction,
    fat: Fraction,
    p: Norm,
    rng: np.random.Generator,
) -> SeparatedPair:
    """Candidates in turn, each into a random class among those it keeps the distance from."""
    distance = (2 * epsilon + 2 * fat) * unit
    limit = ceil(distance if p is Norm.INF else distance**2)
    placed = {1: 0, -1: 0}
    held: dict[int, NDArray[np.int64]] = {}  # low and high corners: shape (2, pieces, d)

    def is_clear(box: NDArray[np.int64], label: int) -> bool:
        if not placed[-label]:
            return True
        low, high = held[-label][:, : placed[-label]]
        gaps = np.maximum(np.maximum(low - box[1], box[0] - high), 0)
        reached = gaps.max(axis=1) if p is Norm.INF else (gaps * gaps).sum(axis=1)
        return bool((reached >= limit).all())

    for box in map(np.array, candidates):
        check_time()
        if not held:
            held = {label: np.empty((2, pieces, box.shape[1]), np.int64) for label in placed}
        if sum(placed.values()) == pieces:
            break
        first = 1 if rng.random() < 0.5 else -1
        for label in (first, -first):
            # The second piece goes to the other class, so that neither takes all the room.
            if (placed[-label] or not placed[label]) and is_clear(box, label):
                held[label][:, placed[label]] = box
                placed[label] += 1
                break
    if sum(placed.values()) < pieces or not (placed[1] and placed[-1]):
        raise ValueError(
            f"{TRIES * pieces} draws placed {placed[1]} pieces of A and {placed[-1]} of "
            f"B, {pieces} were wanted: fewer pieces or a smaller epsilon have room"
        )
    regions = []
    for label in (1, -1):
        low, high = held[label][:, : placed[label]]
        corners = Rationals.from_integers(low, unit), Rationals.from_integers(high, unit)
        regions.append(Region(*corners, fat, p))
    return SeparatedPair(regions[0], regions[1], epsilon, p)
