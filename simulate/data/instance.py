"""Finite data sets with exact coordinates; the linearly separable hard instance of Theorem 4.3."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum
from fractions import Fraction
from math import floor, lcm

import numpy as np
from numpy.typing import NDArray

from robustsize.bounds.symbols import InputError
from robustsize.bounds.symbols import Norm as Norm
from robustsize.simulate.networks.network import Network

Point = tuple[Fraction, ...]

MOST_ON_AXIS = 10**5
"""Points that an axis of a grid may carry."""


class Grid(Enum):
    """Which points an axis of the hard instance carries.

    PRINTED is the paper's i/K for i = 1..K, K = floor(1/(2 epsilon)). DENSE is 2 epsilon j for
    j = 0..floor(1/(2 epsilon)), one point more, on which the explicit bound rests.
    """

    PRINTED = "printed"
    DENSE = "dense"


@dataclass(frozen=True, eq=False)
class Instance:
    """Labelled points, and the l_p radius at which a classifier must keep each label.

    points: m tuples of d rationals. labels: shape (m,), each -1 or +1. radius: at least 0.
    """

    points: tuple[Point, ...]
    labels: NDArray[np.int8]
    radius: Fraction
    p: Norm

    def __post_init__(self) -> None:
        if not self.points or len(self.points) != len(self.labels):
            raise ValueError("an instance needs as many labels as points, at least one")
        if len({len(x) for x in self.points}) != 1 or not self.points[0]:
            raise ValueError("the points of an instance share one dimension d >= 1")
        if not np.isin(self.labels, (-1, 1)).all():
            raise ValueError("labels are -1 and +1")
        if self.radius < 0:
            raise ValueError(f"the radius {self.radius} is negative")

    @property
    def dimension(self) -> int:
        """Dimension d of the points."""
        return len(self.points[0])

    def ends(self, i: int) -> tuple[Point, Point]:
        """Corners of the smallest box around the ball of point i."""
        x, radius = self.points[i], self.radius
        return tuple(v - radius for v in x), tuple(v + radius for v in x)

    def contains(self, i: int, x: Point) -> bool:
        """Whether x lies in the closed ball of point i."""
        centre = self.points[i]
        q = lcm(self.radius.denominator, *(v.denominator for v in (*x, *centre)))
        a, b = (_numerators(q, point) for point in (x, centre))
        steps = [abs(v - w) for v, w in zip(a, b, strict=True)]
        (radius,) = _numerators(q, (self.radius,))
        if self.p is Norm.INF:
            return max(steps) <= radius
        return sum(v * v for v in steps) <= radius * radius

    def part(self, start: int, stop: int) -> Instance:
        """The points from `start` to before `stop`."""
        return Instance(self.points[start:stop], self.labels[start:stop], self.radius, self.p)

    def floats(self) -> NDArray[np.float64]:
        """The points rounded to float64, shape (m, d)."""
        return np.array([[float(v) for v in x] for x in self.points])


def _numerators(q: int, values: Point) -> list[int]:
    """Of rationals over their common denominator q."""
    return [v.numerator * (q // v.denominator) for v in values]


@dataclass(frozen=True, eq=False)
class BoxInstance(Instance):
    """Labelled boxes in place of l_inf balls, whose middles are the points; the radius is 0.

    low, high: m tuples of d rationals.
    """

    low: tuple[Point, ...]
    high: tuple[Point, ...]

    @classmethod
    def of(
        cls, low: Sequence[Point], high: Sequence[Point], labels: NDArray[np.int8]
    ) -> BoxInstance:
        """The boxes from low to high, with as many labels."""
        points = tuple(
            tuple((a + b) / 2 for a, b in zip(*ends, strict=True))
            for ends in zip(low, high, strict=True)
        )
        return cls(points, labels, Fraction(0), Norm.INF, tuple(low), tuple(high))

    def ends(self, i: int) -> tuple[Point, Point]:
        """Corners of box i."""
        return self.low[i], self.high[i]

    def contains(self, i: int, x: Point) -> bool:
        """Whether x lies in box i."""
        return all(a <= v <= b for a, v, b in zip(self.low[i], x, self.high[i], strict=True))

    def part(self, start: int, stop: int) -> BoxInstance:
        """The boxes from `start` to before `stop`."""
        return BoxInstance.of(self.low[start:stop], self.high[start:stop], self.labels[start:stop])


@dataclass(frozen=True, eq=False)
class HardInstance(Instance):
    """S_phi of Theorem 4.3: (grid point, 1/2 + phi c epsilon), label phi, at radius c epsilon.

    Checked in exact arithmetic when built: points with different grid indices, so any two of
    opposite labels, are 2 epsilon apart; x_d = 1/2 separates the labels; each centre
    (grid point, 1/2) lies in the closed ball of its data point, so robustness forces its label.
    """

    epsilon: Fraction
    c: Fraction
    grid: Grid
    axis: tuple[Fraction, ...] = field(repr=False)

    def __post_init__(self) -> None:
        super().__post_init__()
        half, shift = Fraction(1, 2), self.c * self.epsilon
        gaps = [b - a for a, b in itertools.pairwise(self.axis)]
        if any(gap < 2 * self.epsilon for gap in gaps):
            raise ValueError(f"the grid's spacing {min(gaps)} is below 2 epsilon")
        # Distinct grid indices differ by a gap on some axis; l_2 distance is at least that too.
        if len({x[:-1] for x in self.points}) != len(self.points):
            raise ValueError("two points share a grid index")
        for x, label in zip(self.points, self.labels, strict=True):
            if any(v not in self.axis for v in x[:-1]) or any(not 0 <= v <= 1 for v in x):
                raise ValueError(f"{x} is not a grid point in [0,1]^d")
            if x[-1] != half + int(label) * shift or (x[-1] > half) != (label > 0):
                raise ValueError(f"x_d = 1/2 does not separate {x} with label {label}")
        if shift > self.radius:
            raise ValueError("the centres lie outside the closed balls")

    @property
    def K(self) -> int:
        """Grid points an axis."""
        return len(self.axis)

    def centres(self) -> tuple[Point, ...]:
        """The points (grid point, 1/2) whose labels robustness forces."""
        return tuple((*x[:-1], Fraction(1, 2)) for x in self.points)


def grid_axis(epsilon: Fraction, grid: Grid) -> tuple[Fraction, ...]:
    """Coordinates that one axis of the hard instance carries, increasing, in [0, 1].

    Raises InputError where they are more than MOST_ON_AXIS.
    """
    cells = floor(1 / (2 * epsilon))
    if cells >= MOST_ON_AXIS:
        raise InputError(
            f"--epsilon {float(epsilon):g}: more than {MOST_ON_AXIS} points on an axis of the "
            "grid; for example --epsilon 0.1"
        )
    if grid is Grid.PRINTED:
        return tuple(Fraction(i, cells) for i in range(1, cells + 1))
    return tuple(2 * epsilon * j for j in range(cells + 1))


def hard_instance(
    d: int,
    epsilon: Fraction,
    c: Fraction,
    p: Norm,
    labelling: Sequence[int] | NDArray[np.int8],
    grid: Grid = Grid.DENSE,
) -> HardInstance:
    """The instance of Theorem 4.3 for one labelling phi of its grid.

    labelling: K^(d-1) values in {-1, +1}, the last grid axis varying fastest.

    Raises ValueError where d < 1, epsilon is outside (0, 1/2), c outside (0, 1), or the number of
    labels is not K^(d-1).
    """
    if d < 1 or not 0 < epsilon < Fraction(1, 2) or not 0 < c < 1:
        raise ValueError(f"d >= 1, 0 < epsilon < 1/2, 0 < c < 1; got {d}, {epsilon}, {c}")
    axis = grid_axis(epsilon, grid)
    labels = np.asarray(labelling, dtype=np.int8)
    if labels.shape != (len(axis) ** (d - 1),):
        raise ValueError(f"{labels.size} labels for {len(axis)}^{d - 1} grid points")
    heights = [Fraction(1, 2) + int(y) * c * epsilon for y in labels]
    indices = itertools.product(axis, repeat=d - 1)
    points = tuple((*x, t) for x, t in zip(indices, heights, strict=True))
    return HardInstance(points, labels, c * epsilon, p, epsilon, c, grid, axis)


def separating_hyperplane(d: int) -> Network:
    """sign(x_d - 1/2), which meets every label of every hard instance in dimension d, size 2."""
    return Network.of([([[0.0] * (d - 1) + [1.0]], [-0.5])])
