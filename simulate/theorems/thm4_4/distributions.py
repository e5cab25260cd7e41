"""The linearly separable distributions that hyperplanes are learned on."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import lcm

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binom

from robustsize.simulate.data.instance import Grid, grid_axis, hard_instance
from robustsize.simulate.data.labellings import drawn, stream
from robustsize.simulate.experiment.model import Setting
from robustsize.simulate.theorems.thm4_4.hyperplanes import Hyperplane

TEST_SAMPLE = 4000
"""Points drawn to settle a test error on the cube."""
DOUBT = 1e-6
"""How often a test sample may mislead: the wrong side of beta in one of a million trials."""
BAND = 0.01
"""Points of the cube this close to the mean 1/2 are not drawn."""

Sample = tuple[NDArray[np.float64], NDArray[np.int8]]


@dataclass(frozen=True, eq=False)
class HardPoints:
    """P uniform on the hard instance, moved to integers, which floats hold exactly.

    x: shape (m, d), 2 D (point - 1/2) with D a common denominator: hyperplanes stay hyperplanes.
    """

    x: NDArray[np.float64]
    y: NDArray[np.int8]
    name: str = "hard instance"
    tested: str = "test errors counted over all points"

    def draw(self, random: np.random.Generator, count: int) -> Sample:
        """Points drawn uniformly."""
        chosen = random.integers(0, len(self.y), count)
        return self.x[chosen], self.y[chosen]

    def errors(self, plane: Hyperplane, random: np.random.Generator) -> tuple[int, int]:
        """Wrong points among all, and how many there are."""
        return plane.wrong(self.x, self.y), len(self.y)

    def is_at_most(self, beta: Fraction, wrong: int, total: int) -> bool | None:
        """Decided: all points were counted."""
        return Fraction(wrong, total) <= beta


@dataclass(frozen=True)
class CutCube:
    """P uniform on [-1/2, 1/2]^d less a band |mean of x| <= BAND, label the sign of the mean."""

    dimension: int
    name: str = "cube"
    tested: str = f"each test error settled by {TEST_SAMPLE} points at level {DOUBT}"

    def draw(self, random: np.random.Generator, count: int) -> Sample:
        """Points drawn uniformly, those in the band drawn again."""
        kept = np.empty((0, self.dimension))
        while len(kept) < count:
            x = random.random((count, self.dimension)) - 0.5
            kept = np.concatenate([kept, x[np.abs(x.mean(axis=1)) > BAND]])
        x = kept[:count]
        return x, np.where(x.mean(axis=1) > 0, 1, -1).astype(np.int8)

    def errors(self, plane: Hyperplane, random: np.random.Generator) -> tuple[int, int]:
        """Wrong points in an independent test sample, and its size."""
        return plane.wrong(*self.draw(random, TEST_SAMPLE)), TEST_SAMPLE

    def is_at_most(self, beta: Fraction, wrong: int, total: int) -> bool | None:
        """By binomial tails at level DOUBT."""
        if binom.cdf(wrong, total, float(beta)) <= DOUBT:
            return True
        return False if binom.sf(wrong - 1, total, float(beta)) <= DOUBT else None


def hard_points(dimension: int, gap: Fraction, ratio: Fraction, setting: Setting) -> HardPoints:
    """The hard instance of one random labelling, which x_d = 1/2 separates."""
    m = len(grid_axis(gap, Grid.DENSE)) ** (dimension - 1)
    (labels,) = drawn(stream(setting.seed, f"labels {m}"), 1, m)
    instance = hard_instance(dimension, gap, ratio, setting.p, labels)
    scale = 2 * lcm(*(v.denominator for x in instance.points for v in x))
    x = [[float(scale * (v - Fraction(1, 2))) for v in point] for point in instance.points]
    return HardPoints(np.array(x), instance.labels)


Distribution = HardPoints | CutCube
