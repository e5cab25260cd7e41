"""Coordinates that a robust classifier can do without, and the plain linear classifiers.

A network over fewer coordinates is one over all of them whose other weights are zero, of the same
size. On the hard instance of Theorem 4.3 nothing is lost by dropping x_d: at x_d = 1/2, which every
ball reaches, a weight w on it is a bias w/2, and a parameter never becomes two.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from fractions import Fraction
from math import floor
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linprog

from robustsize.simulate.data.exact import Rationals
from robustsize.simulate.data.instance import Instance, Norm, Point
from robustsize.simulate.networks.network import Network
from robustsize.simulate.system.deadline import OutOfTimeError, check_time

_MOST_SUPPORTS = 400
_MOST_MACHINE_AXES = 1000


@dataclass(frozen=True, eq=False)
class Reduced:
    """An instance less the coordinates dropped; `kept` are the indices of the others."""

    instance: Instance
    kept: tuple[int, ...]
    dimension: int

    def lifted(self, network: Network) -> Network:
        """The network of the reduced instance as one over all coordinates, of the same size."""
        first = np.zeros((network.weights[0].shape[0], self.dimension))
        weight = network.weights[0]
        first[:, self.kept] = weight if isinstance(weight, np.ndarray) else weight.toarray()
        return Network((first, *network.weights[1:]), network.biases)

    def lowered(self, network: Network) -> Network | None:
        """A network over all coordinates as one over those kept; None where it uses another."""
        weight = network.weights[0]
        dense = weight if isinstance(weight, np.ndarray) else weight.toarray()
        if np.delete(dense, self.kept, axis=1).any():
            return None
        return Network((dense[:, self.kept], *network.weights[1:]), network.biases)


def reduced(instances: list[Instance]) -> list[Reduced]:
    """The instances less the coordinates, last first, without which labels stay robust in all.

    A coordinate goes where opposite labels remain more than twice the radius apart without it; past
    the time limit none goes.
    """
    d = instances[0].dimension
    kept = list(range(d))
    try:
        gaps = [_Gaps(instance) for instance in instances]
        for j in reversed(range(d)):
            check_time()
            if len(kept) > 1 and all(gap.apart_without(j) for gap in gaps):
                kept.remove(j)
                for gap in gaps:
                    gap.drop(j)
    except OutOfTimeError:
        pass
    return [
        Reduced(
            Instance(
                tuple(tuple(x[i] for i in kept) for x in one.points), one.labels, one.radius, one.p
            ),
            tuple(kept),
            d,
        )
        for one in instances
    ]


class _Gaps:
    """How far apart the points of opposite labels are on the axes that are left, in integers.

    p = inf: of each pair, on how many axes it is more than twice the radius apart. p = 2: its
    squared distance.
    """

    def __init__(self, instance: Instance) -> None:
        points = Rationals.of(instance.points)
        numerators = _safe(points.numerators)
        self._p = instance.p
        self._positive = numerators[instance.labels > 0]
        self._negative = numerators[instance.labels < 0]
        power = 1 if instance.p is Norm.INF else 2
        self._limit = floor((2 * instance.radius * points.denominator) ** power)
        self._total = sum(self._on_axis(j) for j in range(instance.dimension))

    def _on_axis(self, j: int) -> NDArray[Any]:
        check_time()
        gap = abs(self._positive[:, j, None] - self._negative[None, :, j])
        costs = (gap > self._limit).astype(np.int64) if self._p is Norm.INF else gap * gap
        return np.asarray(costs)

    def apart_without(self, j: int) -> bool:
        least = 0 if self._p is Norm.INF else self._limit
        return bool(np.all(self._total - self._on_axis(j) > least))

    def drop(self, j: int) -> None:
        self._total = self._total - self._on_axis(j)


def closest_opposite(instance: Instance) -> Fraction | float:
    """Least distance of opposite labels, exact; squared at p = 2. Infinite with one label only.

    Raises OutOfTimeError past the time limit.
    """
    labels = np.asarray(instance.labels)
    if len(set(labels.tolist())) < 2:
        return float("inf")
    points = Rationals.of(instance.points)
    numerators, q = _safe(points.numerators), points.denominator
    others = numerators[labels < 0]
    least = min(_closest(x, others, instance.p) for x in numerators[labels > 0])
    return Fraction(least, q if instance.p is Norm.INF else q * q)


def too_close(points: tuple[Point, ...], radius: Fraction, p: Norm) -> tuple[int, int] | None:
    """The first two points within twice the radius, None where there are none.

    Raises OutOfTimeError past the time limit.
    """
    array = Rationals.of(points)
    numerators = _safe(array.numerators)
    limit = floor((2 * radius * array.denominator) ** (1 if p is Norm.INF else 2))
    for i in range(1, len(points)):
        near = np.flatnonzero(_distances(numerators[i], numerators[:i], p) <= limit)
        if len(near):
            return int(near[0]), i
    return None


def _safe(numerators: NDArray[Any]) -> NDArray[Any]:
    """Numerators whose squared distances do not overflow; see `sets.exact.MACHINE_LIMIT`."""
    return numerators.astype(object) if numerators.shape[1] > _MOST_MACHINE_AXES else numerators


def _closest(x: NDArray[Any], others: NDArray[Any], p: Norm) -> int:
    return int(_distances(x, others, p).min())


def _distances(x: NDArray[Any], others: NDArray[Any], p: Norm) -> NDArray[Any]:
    """Of one point from others, in integers; squared at p = 2."""
    check_time()
    gaps = abs(others - x)
    return np.asarray(gaps.max(axis=1) if p is Norm.INF else (gaps * gaps).sum(axis=1))


def smallest_linear(instance: Instance) -> Network | None:
    """A linear robust classifier with few non-zero parameters, or None where none was found.

    Supports are tried in order of size, at most `_MOST_SUPPORTS` of them, each by a linear
    programme with the l_1 norm of the weights as what the adversary can do: exact at p = inf, and
    at p = 2 for one coordinate, sufficient else. The answer is a candidate for `certify`.

    Raises OutOfTimeError past the time limit.
    """
    x, y, radius = instance.floats(), instance.labels.astype(float), float(instance.radius)
    sizes = range(1, instance.dimension + 2)
    supports = (
        (support, bias)
        for size in sizes
        for bias in (0, 1)
        for support in itertools.combinations(range(instance.dimension), size - bias)
        if support
    )
    for support, bias in itertools.islice(supports, _MOST_SUPPORTS):
        check_time()
        signed = y[:, None] * x[:, support]
        rows = np.hstack([-(signed - radius), signed + radius, -y[:, None] * bias])
        count = len(support)
        bounds = [(0, None)] * (2 * count) + [(None, None)]
        cost = np.r_[np.ones(2 * count), 0.0]
        found = linprog(cost, A_ub=rows, b_ub=-np.ones(len(x)), bounds=bounds, method="highs")
        if found.status == 0:
            weight = np.zeros((1, instance.dimension))
            weight[0, support] = found.x[:count] - found.x[count : 2 * count]
            return Network.of([(weight, [found.x[-1] * bias])])
    return None
