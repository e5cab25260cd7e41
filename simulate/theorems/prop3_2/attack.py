"""Perturbations of sets that look for a wrong sign of f*; what is found is confirmed exactly."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from robustsize.bounds.symbols import Norm
from robustsize.simulate.data.regions import Region, SeparatedPair
from robustsize.simulate.theorems.prop3_2.construction import robust_function
from robustsize.simulate.theorems.prop3_2.exact import exact_distance

_SUSPECT = 1e-9
_TRIES = 16


@dataclass(frozen=True)
class Broken:
    """Pieces of the pair near which an attack, confirmed in rationals, found f* without the label's
    sign (`tied`, among them 0) and with the opposite sign (`wrong`); perturbations tried.
    """

    tied: int
    wrong: int
    tried: int


def attack(pair: SeparatedPair, radius: Fraction, rng: np.random.Generator) -> Broken:
    """Perturbations of every piece by at most `radius`: towards the other class, and at random."""
    tied = wrong = tried = 0
    for label in (1, -1):
        own, other = pair.side(label), pair.side(-label)
        starts = _towards(own, other, float(own.fat + radius), pair.p, rng)
        values = label * robust_function(pair, starts.reshape(-1, pair.dimension))
        suspects = values.reshape(starts.shape[:2]) < _SUSPECT
        tried += suspects.size
        for i in np.flatnonzero(suspects.any(axis=1)):
            signs = [_sign(pair, label, radius, x) for x in starts[i, suspects[i]]]
            tied += any(sign <= 0 for sign in signs)
            wrong += any(sign < 0 for sign in signs)
    return Broken(tied, wrong, tried)


def _sign(pair: SeparatedPair, label: int, radius: Fraction, x: NDArray[np.float64]) -> int:
    """The exact sign of label * f* at a point within `radius` of its class, else 1.

    Both classes are fattened alike, so that distances before fattening compare like those after.
    """
    own, other = pair.side(label), pair.side(-label)
    at = tuple(Fraction(float(v)) for v in x)
    here, there = exact_distance(at, own, pair.p), exact_distance(at, other, pair.p)
    reach = own.fat + radius
    if here > (reach if pair.p is Norm.INF else reach**2):
        return 1
    return (there > here) - (there < here)


def _towards(
    own: Region, other: Region, reach: float, p: Norm, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Points within `reach` of each piece before fattening, shape (pieces, _TRIES, d)."""
    low, high = own.low.floats(), own.high.floats()
    other_low, other_high = other.low.floats(), other.high.floats()
    out = np.empty((len(low), _TRIES, own.dimension))
    for i in range(len(low)):
        gap = np.maximum(other_low - high[i], 0.0) - np.maximum(low[i] - other_high, 0.0)
        nearest = np.argmin(np.linalg.norm(gap, ord=np.inf if p is Norm.INF else 2, axis=1))
        anywhere = low[i] + rng.random((_TRIES, own.dimension)) * (high[i] - low[i])
        start = np.where(gap[nearest] > 0, high[i], np.where(gap[nearest] < 0, low[i], anywhere))
        step = gap[nearest] + rng.standard_normal(start.shape) * reach / 4
        step[0], step[_TRIES // 2 :] = gap[nearest], rng.standard_normal(start[_TRIES // 2 :].shape)
        if p is Norm.INF:
            step[_TRIES // 2 :] = np.sign(step[_TRIES // 2 :]) * reach
            out[i] = start + np.clip(step, -reach, reach)
        else:
            out[i] = start + step * (reach / np.linalg.norm(step, axis=1, keepdims=True))
    return out
