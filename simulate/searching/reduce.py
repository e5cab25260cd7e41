"""Coordinates that a robust classifier can do without, and the plain linear classifiers.

A network over fewer coordinates is one over all of them whose other weights are zero, of the same
size. On the hard instance of Theorem 4.3 nothing is lost by dropping x_d: at x_d = 1/2, which every
ball reaches, a weight w on it is a bias w/2, and a parameter never becomes two.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from scipy.optimize import linprog

from robustsize.simulate.instance import Instance, Norm
from robustsize.simulate.network import Network

_MOST_SUPPORTS = 400


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

    A coordinate goes where opposite labels remain more than twice the radius apart without it.
    """
    d = instances[0].dimension
    kept = list(range(d))
    for j in reversed(range(d)):
        rest = [i for i in kept if i != j]
        if rest and all(_apart(instance, rest) for instance in instances):
            kept = rest
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


def _apart(instance: Instance, kept: list[int]) -> bool:
    return closest_opposite(instance, kept) > _measure(2 * instance.radius, instance.p)


def _measure(distance: Fraction, p: Norm) -> Fraction:
    return distance if p is Norm.INF else distance**2


def closest_opposite(instance: Instance, kept: list[int] | None = None) -> Fraction | float:
    """Least distance of opposite labels over some coordinates, exact; squared at p = 2.

    Infinite where all labels are one.
    """
    axes = range(instance.dimension) if kept is None else kept
    classes: dict[int, set[tuple[Fraction, ...]]] = {1: set(), -1: set()}
    for x, y in zip(instance.points, instance.labels, strict=True):
        classes[int(y)].add(tuple(x[i] for i in axes))
    least: Fraction | float = float("inf")
    for a, b in itertools.product(classes[1], classes[-1]):
        gaps = [abs(v - w) for v, w in zip(a, b, strict=True)]
        far = max(gaps) if instance.p is Norm.INF else sum((g * g for g in gaps), Fraction(0))
        least = min(least, far)
    return least


def smallest_linear(instance: Instance) -> Network | None:
    """A linear robust classifier with few non-zero parameters, or None where none was found.

    Supports are tried in order of size, at most `_MOST_SUPPORTS` of them, each by a linear
    programme with the l_1 norm of the weights as what the adversary can do: exact at p = inf, and
    at p = 2 for one coordinate, sufficient else. The answer is a candidate for `certify`.
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
