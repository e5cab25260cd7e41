"""Manifolds in [0,1]^d with an explicit covering in l_inf, for Theorem 5.5.

Each is the image of a parameter box under a map with a known Lipschitz constant: centres are the
images of the cells' midpoints, rounded to multiples of 2^-30, and the covering radius h is the
constant times half a cell, plus ROUNDING. So the covering is proved, not sampled.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from math import ceil

import numpy as np
from numpy.typing import NDArray

from robustsize.simulate.data.exact import OutOfReachError, Rationals

BITS = 30
ROUNDING = Fraction(1, 1 << BITS)
"""Half of it for rounding a coordinate to 2^-30, half for the float64 of sin, cos and sums."""

MOST_CELLS = 200_000
"""The most balls of a covering."""

PI_ABOVE = Fraction(355, 113)


@dataclass(frozen=True, eq=False)
class Covering:
    """A k-manifold in R^d inside the union of l_inf balls of radius h around the centres."""

    name: str
    k: int
    centres: Rationals
    h: Fraction

    def __len__(self) -> int:
        return len(self.centres)

    @property
    def dimension(self) -> int:
        """Ambient dimension d."""
        return int(self.centres.numerators.shape[1])


@dataclass(frozen=True, eq=False)
class Manifold:
    """A k-manifold in R^d as images of the charts [0,1]^k.

    chart(i, u): maps parameters u of shape (m, k) in [0,1]^k to points of shape (m, d).
    lipschitz: bounds |chart(i,u) - chart(i,v)|_inf / |u - v|_inf, for every chart. flat: whether
    it is [0,1]^k x {1/2}^(d-k), whose covering needs no rounding.
    """

    name: str
    k: int
    d: int
    charts: int
    lipschitz: Fraction
    chart: Callable[[int, NDArray[np.float64]], NDArray[np.float64]]
    flat: bool = False

    def points(self, m: int, seed: int) -> Rationals:
        """m points of the manifold at uniform parameters, rounded to 2^-30."""
        rng = np.random.default_rng(seed)
        which, u = rng.integers(0, self.charts, m), rng.random((m, self.k))
        images = np.vstack([self.chart(int(i), v[None]) for i, v in zip(which, u, strict=True)])
        return _rounded(images)

    def covering(self, radius: Fraction) -> Covering:
        """A covering of radius h < `radius` by a grid of parameters in each chart.

        Raises ValueError where `radius` is not above what rounding the centres costs,
        OutOfReachError where there are more than MOST_CELLS balls.
        """
        rounding = Fraction(0) if self.flat else ROUNDING
        room = radius - rounding
        if room <= 0:
            raise ValueError(f"a covering radius is above {float(rounding):.3g}; got {radius}")
        g = (self.lipschitz / (2 * room)).__floor__() + 1
        if self.charts * g**self.k > MOST_CELLS:
            raise OutOfReachError(
                f"a covering of radius {float(radius):.3g} has {self.charts} x {g}^{self.k} balls; "
                f"at most {MOST_CELLS} are built: a smaller k or a larger epsilon has fewer"
            )
        h = self.lipschitz / (2 * g) + rounding
        if self.flat:
            twice = 2 * np.indices((g,) * self.k).reshape(self.k, -1).T + 1
            middle = np.full((len(twice), self.d - self.k), g)
            centres = Rationals.from_integers(np.hstack([twice, middle]), 2 * g)
            return Covering(self.name, self.k, centres, h)
        grid = (np.indices((g,) * self.k).reshape(self.k, -1).T + 0.5) / g
        images = np.vstack([self.chart(i, grid) for i in range(self.charts)])
        return Covering(self.name, self.k, _rounded(images), h)


def _rounded(points: NDArray[np.float64]) -> Rationals:
    return Rationals.from_integers(np.rint(points * (1 << BITS)).astype(np.int64), 1 << BITS)


def _padded(points: NDArray[np.float64], d: int) -> NDArray[np.float64]:
    """Further coordinates 1/2 up to dimension d."""
    return np.hstack([points, np.full((len(points), d - points.shape[1]), 0.5)])


def _check(k: int, d: int, needed: int) -> None:
    if k < 1 or d < needed:
        raise ValueError(f"k >= 1 and d >= {needed} here; got k = {k}, d = {d}")


def flat_cube(k: int, d: int) -> Manifold:
    """The face [0,1]^k x {1/2}^(d-k), k <= d."""
    _check(k, d, k)
    return Manifold("flat", k, d, 1, Fraction(1), lambda _, u: _padded(u, d), flat=True)


def rotated_cube(k: int, d: int, seed: int = 0) -> Manifold:
    """A k-cube in a random orientation: 1/2 + (u - 1/2) Q / r, r the largest column's l_1 norm.

    Q: k orthonormal rows of R^d; so the image lies in [0,1]^d and the map is 1-Lipschitz in l_inf.
    """
    _check(k, d, k)
    Q = np.linalg.qr(np.random.default_rng(seed).standard_normal((d, k)))[0].T
    Q = Q / np.abs(Q).sum(axis=0).max()
    # The l_1 norms of the columns are at most 1 up to rounding, which ROUNDING does not cover at
    # every scale: bound the constant by what they are, rounded up.
    bound = Fraction(float(np.abs(Q).sum(axis=0).max())) + Fraction(1, 1 << 40)
    return Manifold("rotated", k, d, 1, bound, lambda _, u: 0.5 + (u - 0.5) @ Q)


def sphere(k: int, d: int) -> Manifold:
    """The k-sphere of radius 1/2 around (1/2, ..., 1/2) in the first k+1 <= d coordinates.

    Charts: the 2(k+1) faces of the cube [-1,1]^(k+1), pushed onto the unit sphere. Nearest-point
    projection onto the ball is 1-Lipschitz in l_2, so the map is sqrt(k)-Lipschitz in l_inf.
    """
    _check(k, d, k + 1)

    def chart(i: int, u: NDArray[np.float64]) -> NDArray[np.float64]:
        face = np.insert(2 * u - 1, i // 2, 1.0 if i % 2 else -1.0, axis=1)
        return _padded(0.5 + face / np.linalg.norm(face, axis=1, keepdims=True) / 2, d)

    return Manifold("sphere", k, d, 2 * (k + 1), _sqrt_above(k), chart)


def flat_torus(k: int, d: int) -> Manifold:
    """The product of k circles of radius 1/2 in the first 2k <= d coordinates."""
    _check(k, d, 2 * k)

    def chart(_: int, u: NDArray[np.float64]) -> NDArray[np.float64]:
        angle = 2 * np.pi * u
        circles = np.stack([np.cos(angle), np.sin(angle)], axis=2).reshape(len(u), 2 * k)
        return _padded(0.5 + circles / 2, d)

    return Manifold("torus", k, d, 1, PI_ABOVE, chart)


def _sqrt_above(n: int) -> Fraction:
    """A rational at or above sqrt(n), within 2^-20."""
    return Fraction(ceil(n**0.5 * (1 << 20)) + 1, 1 << 20)
