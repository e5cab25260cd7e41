"""Proposition 3.2: f* = (d(x,B) - d(x,A)) / (d(x,A) + d(x,B)), and how steep it is.

f* is 1/epsilon-Lipschitz for 2 epsilon-separated sets and has the right sign within epsilon of
them; at radius exactly epsilon it may be 0. No network: the function that Theorem 3.3 approximates.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from robustsize.simulate.data.instance import Norm
from robustsize.simulate.data.regions import Region, SeparatedPair

BLOCK = 4_000_000


@dataclass(frozen=True)
class Steepness:
    """Largest difference quotient of f* that was found, in float64: a lower bound, not a proof.

    measured: over all pairs tried. bound: 1/epsilon. pairs: how many were tried.
    """

    measured: float
    bound: float
    pairs: int


def distance(x: ArrayLike, region: Region, p: Norm) -> NDArray[np.float64]:
    """l_p distance in float64 from the rows of x, shape (m, d), to a set; shape (m,)."""
    x = np.asarray(x, dtype=np.float64)
    low, high = region.low.floats(), region.high.floats()
    best = np.full(len(x), np.inf)
    block = max(1, BLOCK // max(1, x.size))
    for start in range(0, len(region), block):
        at = slice(start, start + block)
        gaps = np.maximum(low[at] - x[:, None], x[:, None] - high[at])
        gaps = np.maximum(gaps, 0.0)
        reached = gaps.max(axis=2) if p is Norm.INF else np.sqrt((gaps * gaps).sum(axis=2))
        best = np.minimum(best, reached.min(axis=1))
    return np.maximum(best - float(region.fat), 0.0)


def robust_function(pair: SeparatedPair, x: ArrayLike) -> NDArray[np.float64]:
    """f* at the rows of x, shape (m, d), in float64; values in [-1, 1]."""
    to_A, to_B = distance(x, pair.A, pair.p), distance(x, pair.B, pair.p)
    return (to_B - to_A) / (to_A + to_B)


def steepness(pair: SeparatedPair, *, samples: int = 2000, seed: int = 0) -> Steepness:
    """The steepest difference quotients of f* on segments between the sets and on random ones.

    Half of the pairs lie on segments from a point of A to the nearest piece of B, where f* is
    steepest; half are random short steps in the hull of both sets, which may leave [0,1]^d.
    """
    rng = np.random.default_rng(seed)
    start, end = _segments(pair, samples, rng)
    s, t = rng.random((2, samples, 1))
    low = np.minimum(start.min(axis=0), end.min(axis=0))
    high = np.maximum(start.max(axis=0), end.max(axis=0))
    anywhere = rng.uniform(low, high, size=start.shape)
    step = rng.standard_normal(start.shape) * float(pair.epsilon) / 10
    x = np.vstack([start + s * (end - start), anywhere, start])
    y = np.vstack([start + t * (end - start), anywhere + step, end])
    order = np.inf if pair.p is Norm.INF else 2
    apart = np.linalg.norm(x - y, ord=order, axis=1)
    far = apart > 1e-6 * float(pair.epsilon)
    rise = np.abs(robust_function(pair, x) - robust_function(pair, y))
    return Steepness(float((rise[far] / apart[far]).max()), float(1 / pair.epsilon), int(far.sum()))


def _segments(
    pair: SeparatedPair, samples: int, rng: np.random.Generator
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Points of A's boxes and the nearest points of B's boxes to them, the closest pairs first."""
    order = np.inf if pair.p is Norm.INF else 2
    low, high = pair.A.low.floats(), pair.A.high.floats()
    which = rng.integers(0, len(low), samples)
    start = low[which] + rng.random((samples, pair.dimension)) * (high - low)[which]
    b_low, b_high = pair.B.low.floats(), pair.B.high.floats()
    end = np.empty_like(start)
    for i, x in enumerate(start):
        nearest = np.clip(x, b_low, b_high)
        end[i] = nearest[np.argmin(np.linalg.norm(nearest - x, ord=order, axis=1))]
    return start, end
