"""The hard instances of one dimension, and the labellings of them that are measured."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

from robustsize.bounds.symbols import c, d, epsilon
from robustsize.simulate.data.instance import Grid, HardInstance, grid_axis, hard_instance
from robustsize.simulate.data.labellings import (
    Labels,
    all_labellings,
    checkerboard,
    random_labelling,
)
from robustsize.simulate.experiment.claim import Limit
from robustsize.simulate.experiment.limits import explicit
from robustsize.simulate.experiment.model import Setting

EXHAUSTED = 3
"""All labellings of so many points are measured."""
RANDOM = 3
"""Random labellings beside the checkerboard."""


@dataclass(frozen=True, eq=False)
class Problem:
    """The hard instances of one dimension, and the labellings to be measured."""

    d: int
    setting: Setting

    @property
    def m(self) -> int:
        """Forced points."""
        return int(len(grid_axis(self.setting.one(epsilon), Grid.DENSE)) ** (self.d - 1))

    @property
    def exhaustive(self) -> bool:
        """Whether all labellings are measured; else they are the checkerboard and random ones."""
        return self.m <= EXHAUSTED

    @cached_property
    def labellings(self) -> tuple[tuple[str, Labels], ...]:
        """Each with its name; where not all are measured the checkerboard comes first."""
        if self.exhaustive:
            rows = all_labellings(self.m)
            return tuple(("".join("+" if v > 0 else "-" for v in phi), phi) for phi in rows)
        K = round(self.m ** (1 / (self.d - 1)))
        first = 1000 * self.setting.seed
        drawn = [(f"random {i}", random_labelling(self.m, first + i)) for i in range(RANDOM)]
        return (("checkerboard", checkerboard(K, self.d - 1)), *drawn)

    def instances(self) -> list[HardInstance]:
        """One for each labelling."""
        at = self.d, self.setting.one(epsilon), self.setting.one(c), self.setting.p
        return [hard_instance(*at, phi) for _, phi in self.labellings]

    @cached_property
    def limits(self) -> tuple[Limit, Limit]:
        """The explicit bounds of Theorems 4.3 and 3.3."""
        given = self.setting
        values = {d: Fraction(self.d), epsilon: given.one(epsilon), c: given.one(c)}
        return explicit("thm4.3", values, given.p), explicit("thm3.3", values, given.p)
