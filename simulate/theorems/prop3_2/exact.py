"""f* in exact arithmetic on finite sets, and pairs of sets that touch at 2 epsilon."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from math import isqrt

import numpy as np

from robustsize.bounds.symbols import Norm
from robustsize.simulate.data.instance import Point
from robustsize.simulate.data.random_sets import Kind, random_pair
from robustsize.simulate.data.regions import Region, SeparatedPair

STEPS = 8
"""Equal parts of a segment on which slopes are taken."""


def exact_distance(x: Point, region: Region, p: Norm) -> Fraction:
    """The exact l_p distance, squared at p = 2, of a point to a set's pieces before fattening."""
    low, high = region.low.numerators.astype(object), region.high.numerators.astype(object)
    at = np.array([v * region.low.denominator for v in x], dtype=object)
    gaps = np.maximum(np.maximum(low - at, at - high), 0)
    reached = gaps.max(axis=1) if p is Norm.INF else (gaps * gaps).sum(axis=1)
    unit = region.low.denominator if p is Norm.INF else region.low.denominator**2
    return Fraction(reached.min()) / unit


def exact_value(pair: SeparatedPair, x: Point) -> Fraction | None:
    """f* in rationals, for finite sets; None where a distance at p = 2 is irrational."""
    to_A, to_B = (_root(exact_distance(x, side, pair.p), pair.p) for side in (pair.A, pair.B))
    return None if to_A is None or to_B is None else (to_B - to_A) / (to_A + to_B)


def _root(value: Fraction, p: Norm) -> Fraction | None:
    if p is Norm.INF:
        return value
    root = Fraction(isqrt(value.numerator), isqrt(value.denominator))
    return root if root * root == value else None


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
    kept = [x for x in rows if exact_distance(x, Region.points([b]), p) >= far]
    others = [pair.B.low.row(i) for i in range(len(pair.B))]
    return SeparatedPair(Region.points(kept), Region.points([*others, b]), e, p), a, b


def exact_slopes(pair: SeparatedPair, a: Point, b: Point) -> tuple[Fraction, ...] | None:
    """Slopes of f* on equal parts of the segment from a to b, which lies along an axis; None where
    f* is irrational at one of their ends.
    """
    points = [
        tuple(v + Fraction(i, STEPS) * (w - v) for v, w in zip(a, b, strict=True))
        for i in range(STEPS + 1)
    ]
    values = [value for x in points if (value := exact_value(pair, x)) is not None]
    if len(values) < len(points):
        return None
    part = max(abs(w - v) for v, w in zip(a, b, strict=True)) / STEPS
    return tuple((after - before) / part for before, after in pairwise(values))
