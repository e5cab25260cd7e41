"""Attacks: points of the balls at which a network may err. Finding none certifies nothing."""

from __future__ import annotations

import itertools

import numpy as np
from numpy.typing import ArrayLike, NDArray

from robustsize.simulate.data.instance import Norm
from robustsize.simulate.networks.network import Network

PROBES = 64
"""Fixed directions tried from every centre where all corners of the cube would be more."""
ASCENT_STEPS = 10
"""Gradient steps from every centre."""


def probes(d: int, radius: float, p: Norm) -> NDArray[np.float64]:
    """Fixed offsets on the sphere of the l_p ball, shape (S, d).

    p = inf: all 2^d corners where they are at most PROBES, else PROBES random corners. p = 2: the
    2d axis directions and PROBES random ones.
    """
    random = np.random.Generator(np.random.Philox(key=d))
    if p is Norm.INF:
        if 2**d <= PROBES:
            return np.array(list(itertools.product((-radius, radius), repeat=d)))
        return np.where(random.integers(0, 2, (PROBES, d)) == 1, radius, -radius)
    directions = random.standard_normal((PROBES, d))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    return radius * np.concatenate([np.eye(d), -np.eye(d), directions])


def attack(
    network: Network, points: ArrayLike, labels: ArrayLike, radius: float, p: Norm
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The worst points found in the closed l_p balls: margins y f(x'), shape (m,), and x', (m, d).

    points: shape (m, d). labels: shape (m,), each -1 or +1. Tries the centres, ASCENT_STEPS
    projected gradient steps of half the radius from them, and the `probes`, all in float64. A
    positive margin says that this search found no error, no more.
    """
    centres = np.asarray(points, dtype=np.float64)
    y = np.asarray(labels, dtype=np.float64)
    worst, best = centres.copy(), y * network(centres)

    def consider(x: NDArray[np.float64]) -> None:
        margin = y * network(x)
        better = margin < best
        best[better], worst[better] = margin[better], x[better]

    x = centres
    for _ in range(ASCENT_STEPS):
        x = x - radius / 2 * y[:, None] * _direction(_gradient(network, x), p)
        x = centres + _project(x - centres, radius, p)
        consider(x)
    for offset in probes(centres.shape[1], radius, p):
        consider(centres + offset)
    return best, worst


def _gradient(network: Network, x: NDArray[np.float64]) -> NDArray[np.float64]:
    """Gradient of the network at the rows of x, shape (m, d); 0 is taken as a ReLU's slope at 0."""
    values = [x.T]
    for weight, bias in zip(network.weights[:-1], network.biases[:-1], strict=True):
        values.append(np.maximum(weight @ values[-1] + bias[:, None], 0.0))
    gradient = np.ones((1, len(x)))
    for i in range(network.depth - 1, 0, -1):
        gradient = (network.weights[i].T @ gradient) * (values[i] > 0)
    return np.asarray(network.weights[0].T @ gradient).T


def _direction(gradient: NDArray[np.float64], p: Norm) -> NDArray[np.float64]:
    """The direction of length 1 in l_p along which each row climbs fastest; 0 where it is 0."""
    if p is Norm.INF:
        return np.sign(gradient)
    length = np.linalg.norm(gradient, axis=1, keepdims=True)
    return gradient / np.where(length > 0, length, 1.0)


def _project(offset: NDArray[np.float64], radius: float, p: Norm) -> NDArray[np.float64]:
    """The nearest points of the centred l_p ball to the rows of `offset`."""
    if p is Norm.INF:
        return np.clip(offset, -radius, radius)
    length = np.linalg.norm(offset, axis=1, keepdims=True)
    return offset * np.minimum(1.0, radius / np.where(length > 0, length, 1.0))
