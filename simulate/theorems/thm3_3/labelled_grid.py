"""A grid of K^d points at radius c epsilon, and the labellings of it that are measured."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from itertools import product

import numpy as np
from numpy.typing import NDArray

from robustsize.bounds.symbols import c, d, epsilon
from robustsize.simulate.data.instance import Grid, Instance, Point, grid_axis
from robustsize.simulate.data.labellings import Labels, drawn, stream, up_to_symmetry
from robustsize.simulate.experiment.claim import Hypothesis, Limit
from robustsize.simulate.experiment.limits import SPARE_BITS, explicit, random_labelling_limit
from robustsize.simulate.experiment.model import Setting

EXHAUSTED = 9
"""All labellings of so many points are measured."""
RANDOM = 8
"""Labellings drawn where there are more points."""


@dataclass(frozen=True, eq=False)
class LabelledGrid:
    """The grid of one dimension, and the labellings to be measured."""

    d: int
    setting: Setting

    @cached_property
    def axis(self) -> tuple[Fraction, ...]:
        """The K values 2 epsilon j that each coordinate takes."""
        return grid_axis(self.setting.one(epsilon), Grid.DENSE)

    @property
    def m(self) -> int:
        """How many points there are."""
        return int(len(self.axis) ** self.d)

    @cached_property
    def points(self) -> tuple[Point, ...]:
        """The grid's points, the last coordinate varying fastest."""
        return tuple(product(self.axis, repeat=self.d))

    @property
    def exhaustive(self) -> bool:
        """Whether all labellings are measured."""
        return self.m <= EXHAUSTED

    @cached_property
    def labellings(self) -> tuple[Labels, NDArray[np.int64]]:
        """Labellings, shape (count, m), and how many each stands for."""
        if self.exhaustive:
            return up_to_symmetry(len(self.axis), self.d)
        ones = np.ones(RANDOM, dtype=np.int64)
        return drawn(stream(self.setting.seed, self.m), RANDOM, self.m), ones

    def instances(self, labels: Labels) -> list[Instance]:
        """At radius c epsilon."""
        radius = self.setting.one(c) * self.setting.one(epsilon)
        return [Instance(self.points, y, radius, self.setting.p) for y in labels]

    @cached_property
    def limits(self) -> tuple[Limit, Limit]:
        """Theorem 3.4's explicit form at the grid's points, or such that the worst of the
        labellings drawn needs as much except with probability 2^-10; and Theorem 3.3's.
        """
        given = self.setting
        values = {d: Fraction(self.d), epsilon: given.one(epsilon), c: given.one(c)}
        # Each of those drawn escapes with probability 2^-t, independently.
        spare = 0 if self.exhaustive else -(-SPARE_BITS // RANDOM)
        lower = random_labelling_limit(self.m, self.d, Fraction(0), spare_bits=spare)
        lower = replace(lower, source=f"thm3.4 explicit: {lower.source}")
        return lower, explicit("thm3.3", values, given.p)

    @property
    def apart(self) -> Hypothesis:
        """As the grid is made."""
        spacing = 2 * self.setting.one(epsilon)
        text = f"the {self.m} points are pairwise 2 epsilon apart: spacing {spacing}"
        return Hypothesis(text, True)
