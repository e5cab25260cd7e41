"""The sets A and B of a robust classification problem: exact coordinates, proved separation.

A set is a union of pieces, each a box (a point where low = high) fattened by a closed l_p ball:
points, unions of boxes, unions of balls, and manifolds known by a covering (the manifold lies in
the union of balls around the centres) are all of this shape.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, inf, isqrt, sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from robustsize.simulate.data.exact import Rationals, common
from robustsize.simulate.data.instance import Instance, Norm

Rows = Iterable[Sequence[Fraction]]

LARGEST = Fraction(2) ** 1000
"""Coordinates and distances are below this, so that floats near them stay finite."""


@dataclass(frozen=True, eq=False)
class Region:
    """Pieces: boxes [low_i, high_i], shape (m, d), each with the l_p ball of radius `fat` added.

    Raises ValueError where shapes differ, a box is empty, or `fat` is negative.
    """

    low: Rationals
    high: Rationals
    fat: Fraction = Fraction(0)
    p: Norm = Norm.INF

    def __post_init__(self) -> None:
        if self.low.numerators.shape != self.high.numerators.shape or not self.dimension:
            raise ValueError("low and high corners need one shape (m, d), d >= 1")
        if self.low.denominator != self.high.denominator:
            raise ValueError("low and high corners need one denominator")
        empty = (self.low.numerators > self.high.numerators).astype(bool).any(axis=1)
        if empty.any():
            raise ValueError(f"box {int(np.argmax(empty))} has a low corner above its high corner")
        if self.fat < 0:
            raise ValueError(f"the radius {self.fat} is negative")

    def __len__(self) -> int:
        return len(self.low)

    @property
    def dimension(self) -> int:
        """Dimension d."""
        return int(self.low.numerators.shape[1])

    @property
    def is_finite_set(self) -> bool:
        """Whether every piece is a point."""
        return self.fat == 0 and bool((self.low.numerators == self.high.numerators).all())

    @classmethod
    def points(cls, rows: Rows | Rationals) -> Region:
        """A finite set."""
        array = rows if isinstance(rows, Rationals) else Rationals.of(rows)
        return cls(array, array)

    @classmethod
    def of_class(cls, instance: Instance, label: int) -> Region | None:
        """The points of an instance with this label; None where there is none."""
        rows = [x for x, y in zip(instance.points, instance.labels, strict=True) if y == label]
        return cls.points(rows) if rows else None

    @classmethod
    def boxes(cls, low: Rows, high: Rows) -> Region:
        """A union of axis-parallel boxes."""
        lower, upper = common(Rationals.of(low), Rationals.of(high))
        return cls(lower, upper)

    @classmethod
    def balls(cls, centres: Rows | Rationals, radius: Fraction, p: Norm) -> Region:
        """A union of closed l_p balls of one radius; also what a covering says of a manifold."""
        array = centres if isinstance(centres, Rationals) else Rationals.of(centres)
        return cls(array, array, radius, p)

    def hull(self) -> tuple[NDArray[Any], NDArray[Any]]:
        """Corners of the smallest boxes around the pieces, as (m, d) arrays of Fractions."""
        low = self.low.numerators.astype(object) * Fraction(1, self.low.denominator)
        high = self.high.numerators.astype(object) * Fraction(1, self.low.denominator)
        return low - self.fat, high + self.fat


@dataclass(frozen=True, eq=False)
class SeparatedPair:
    """Sets A (label +1) and B (label -1), every cross pair at l_p distance >= 2 epsilon.

    The separation is checked exactly when built.

    Raises ValueError, naming the two pieces, where they are closer, where epsilon <= 0, dimensions
    differ, or balls of another norm are given.
    """

    A: Region
    B: Region
    epsilon: Fraction
    p: Norm

    def __post_init__(self) -> None:
        if self.epsilon <= 0:
            raise ValueError(f"epsilon is positive; got {self.epsilon}")
        if self.A.dimension != self.B.dimension:
            raise ValueError(f"A lies in R^{self.A.dimension}, B in R^{self.B.dimension}")
        for region in (self.A, self.B):
            if region.fat and region.p is not self.p:
                raise ValueError(f"balls in l_{region.p.value}, separation in l_{self.p.value}")
        wanted = 2 * self.epsilon + self.A.fat + self.B.fat
        close = first_closer_than(self.A, self.B, wanted, self.p)
        if close is not None:
            raise ValueError(
                f"A's piece {close[0]} and B's piece {close[1]} are closer than 2 epsilon = "
                f"{float(2 * self.epsilon):.9g} in l_{self.p.value}"
            )

    @property
    def dimension(self) -> int:
        """Dimension d."""
        return self.A.dimension

    def side(self, label: int) -> Region:
        """The set with this label."""
        return self.A if label > 0 else self.B

    @classmethod
    def of_instance(cls, instance: Instance, epsilon: Fraction) -> SeparatedPair:
        """The two classes of an instance.

        Raises ValueError where one class is empty or the separation fails.
        """
        A, B = (Region.of_class(instance, label) for label in (1, -1))
        if A is None or B is None:
            raise ValueError("all points carry one label: nothing is to be separated")
        return cls(A, B, epsilon, instance.p)

    def instance(self, radius: Fraction) -> Instance:
        """The pair as an instance, A's points first.

        Raises ValueError where a set is not finite.
        """
        if not (self.A.is_finite_set and self.B.is_finite_set):
            raise ValueError("only finite sets make an instance of points")
        rows = [region.low.row(i) for region in (self.A, self.B) for i in range(len(region))]
        labels = np.repeat(np.array([1, -1], dtype=np.int8), [len(self.A), len(self.B)])
        return Instance(tuple(rows), labels, radius, self.p)


def closer_than(
    first: Region, second: Region, distance: Fraction, p: Norm, *, or_equal: bool = False
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """All pairs (i, j) of boxes, before fattening, at l_p distance < `distance` (or <=), exactly.

    A k-d tree on rounded centres proposes every pair that could be, integers decide.
    """
    i, j = near_pairs(first, second, distance, p)
    return _decided(first, second, i, j, distance, p, or_equal)


def first_closer_than(
    first: Region, second: Region, distance: Fraction, p: Norm
) -> tuple[int, int] | None:
    """A pair (i, j) of boxes, before fattening, at l_p distance < `distance`; None where none is.

    Decided exactly. Each box of `first` is held against the one of `second` nearest to it, so that
    sets of many close pairs are refused without listing them.
    """
    trees, reach, order = _trees(first, second, distance, p)
    near, j = trees[1].query(trees[0].data, p=order, distance_upper_bound=np.nextafter(reach, inf))
    i = np.flatnonzero(near <= reach)
    i, j = _decided(first, second, i, j[i], distance, p, False)
    if not len(i):
        i, j = closer_than(first, second, distance, p)
    return (int(i[0]), int(j[0])) if len(i) else None


def _decided(
    first: Region,
    second: Region,
    i: NDArray[np.int64],
    j: NDArray[np.int64],
    distance: Fraction,
    p: Norm,
    or_equal: bool,
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Those of the pairs that are at l_p distance < `distance` (or <=), exactly."""
    (a_low, a_high, b_low, b_high), q = common_numerators(
        first.low, first.high, second.low, second.high
    )
    keep = np.zeros(len(i), dtype=bool)
    block = max(1, 4_000_000 // first.dimension)
    for start in range(0, len(i), block):
        at = slice(start, start + block)
        gaps = np.maximum(b_low[j[at]] - a_high[i[at]], a_low[i[at]] - b_high[j[at]])
        gaps = np.maximum(gaps, 0)
        if p is Norm.INF:
            reached, limit = gaps.max(axis=1), distance * q
        else:
            reached, limit = (gaps * gaps).sum(axis=1), (distance * q) ** 2
        # An integer is below a rational exactly when it is below its ceiling.
        bound = limit.__floor__() + 1 if or_equal else ceil(limit)
        keep[at] = (reached < bound).astype(bool)
    return i[keep], j[keep]


def near_pairs(
    first: Region, second: Region, distance: Fraction, p: Norm
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """A superset of the pairs of boxes at l_p distance <= `distance`, found on rounded centres."""
    trees, reach, order = _trees(first, second, distance, p)
    found = trees[0].sparse_distance_matrix(trees[1], reach, p=order, output_type="ndarray")
    return found["i"].astype(np.int64), found["j"].astype(np.int64)


def _trees(
    first: Region, second: Region, distance: Fraction, p: Norm
) -> tuple[tuple[cKDTree, cKDTree], float, float]:
    """Trees of the boxes' centres and the reach within which every pair at `distance` is found.

    All is divided by the largest length, so that no square over- or underflows.
    """
    if distance >= LARGEST:
        raise ValueError("a distance is 2^1000 or more")
    order = inf if p is Norm.INF else 2.0
    boxes = [(region.low.floats(), region.high.floats()) for region in (first, second)]
    sides = [(high - low) / 2 for low, high in boxes]
    scale = max(float(np.abs(corner).max()) for box in boxes for corner in box)
    scale = max(scale, float(distance)) or 1.0
    reach = float(distance) / scale
    reach += sum(float(np.linalg.norm(s / scale, ord=order, axis=1).max()) for s in sides)
    # The slack covers every rounding above: centres, norms of d terms, the tree's own distances.
    reach += 1e-9 * max(1.0, reach) * sqrt(first.dimension)
    centres = [low / scale + side / scale for (low, _), side in zip(boxes, sides, strict=True)]
    return (cKDTree(centres[0]), cKDTree(centres[1])), reach, order


def common_numerators(*arrays: Rationals) -> tuple[list[NDArray[Any]], int]:
    """Numerators of all arrays over their common denominator."""
    shared = common(*arrays)
    return [array.numerators for array in shared], shared[0].denominator


def half_diagonal_above(d: int, side: Fraction) -> Fraction:
    """A rational at or just above side * sqrt(d) / 2, the l_2 radius of a cube's cell."""
    scale = 1 << 128
    return side * Fraction(isqrt(d * scale * scale - 1) + 1, 2 * scale)
