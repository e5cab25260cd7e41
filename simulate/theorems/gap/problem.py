"""Labelled points of which some are known: the hard instance, and a grid on a flat manifold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

import numpy as np

from robustsize.bounds.symbols import BY_SYMBOL, InputError, N, alpha, c, d, delta, epsilon, k
from robustsize.simulate.data.instance import Grid, Instance, grid_axis, hard_instance
from robustsize.simulate.data.labellings import random_labelling, random_subset
from robustsize.simulate.experiment.claim import Limit
from robustsize.simulate.experiment.limits import explicit, random_labelling_limit
from robustsize.simulate.experiment.model import Setting
from robustsize.simulate.theorems.gap.learned import part_of

STEPS = 2000
"""Of training."""
MOST_POINTS = 3000


@dataclass(frozen=True, eq=False)
class Problem:
    """Labelled points, of which some are known.

    id: the theorem that bounds the test error. differing: coordinates on which the points differ.
    """

    name: str
    id: str
    whole: Instance
    differing: int
    setting: Setting

    @property
    def m(self) -> int:
        """How many points there are."""
        return len(self.whole.points)

    @property
    def samples(self) -> list[int]:
        """Numbers of known points, fewer than all."""
        return [count for count in self.setting.integers(N) if 1 < count < self.m]

    def seen(self, count: int) -> Instance:
        """So many of the points, drawn."""
        if count == self.m:
            return self.whole
        chosen = random_subset(self.m, count, [self.setting.seed, self.m, count])
        return part_of(self.whole, chosen)

    @cached_property
    def bound(self) -> Limit:
        """A size below which the robust test error is above alpha."""
        return random_labelling_limit(self.m, self.differing, self.setting.one(alpha))

    def enough(self, count: int) -> Limit:
        """A size with which so many of the points are fitted robustly: Theorem 2.2's."""
        gap, at = self.setting.one(epsilon), {d: Fraction(self.whole.dimension)}
        at |= {N: Fraction(count), epsilon: gap, delta: self.setting.one(c) * gap}
        return explicit("thm2.2", at, self.setting.p)

    def tried(self, networks: Sequence[object]) -> str:
        """What was tried, in words."""
        seeds = self.setting.seeds
        return f"{len(networks)} networks trained for {STEPS} steps, {seeds} seeds a width"


def hard_problem(dimension: int, setting: Setting) -> Problem:
    """The hard instance of Theorem 4.3."""
    m = len(grid_axis(setting.one(epsilon), Grid.DENSE)) ** (dimension - 1)
    _check(m, d)
    labels = random_labelling(m, [setting.seed, m])
    whole = hard_instance(dimension, setting.one(epsilon), setting.one(c), setting.p, labels)
    return Problem(f"d={dimension}", "thm4.3", whole, dimension - 1, setting)


def manifold_problem(flat: int, dimension: int, setting: Setting) -> Problem:
    """A random labelling of the grid points of the face [0,1]^k x {1/2}^(d-k)."""
    if flat > dimension:
        raise InputError(f"--k {flat}: k is at most d = {dimension}; for example --k {dimension}")
    axis = grid_axis(setting.one(epsilon), Grid.DENSE)
    m = len(axis) ** flat
    _check(m, k)
    rows = np.indices((len(axis),) * flat).reshape(flat, -1).T
    rest = (Fraction(1, 2),) * (dimension - flat)
    points = tuple((*(axis[i] for i in row), *rest) for row in rows)
    labels = random_labelling(m, [setting.seed, m])
    whole = Instance(points, labels, setting.one(c) * setting.one(epsilon), setting.p)
    return Problem(f"manifold k={flat}", "thm5.8", whole, flat, setting)


def _check(m: int, symbol: object) -> None:
    if m > MOST_POINTS:
        option = BY_SYMBOL[symbol].option
        raise InputError(
            f"{option}: {m} points at that --epsilon, at most {MOST_POINTS}; for example {option} 4"
        )
