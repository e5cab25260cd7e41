"""Arrays of intervals with outward-rounded operations."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from functools import reduce

import numpy as np

from robustsize.simulate.checker.outward import (
    Floats,
    down,
    float_above,
    float_below,
    sum_down,
    sum_up,
    up,
)


@dataclass(frozen=True, eq=False)
class Interval:
    """What is known of an array of reals: low <= value <= high."""

    low: Floats
    high: Floats

    @classmethod
    def exact(cls, values: Floats) -> Interval:
        """The floats themselves."""
        return cls(values, values)

    @classmethod
    def of(cls, values: Iterable[Fraction]) -> Interval:
        """The floats around rationals."""
        listed = list(values)
        ends = ([end(v) for v in listed] for end in (float_below, float_above))
        return cls(*map(np.array, ends))

    def __neg__(self) -> Interval:
        return Interval(-self.high, -self.low)

    def __add__(self, other: Interval) -> Interval:
        return Interval(down(self.low + other.low), up(self.high + other.high))

    def __sub__(self, other: Interval) -> Interval:
        return self + -other

    def __mul__(self, other: Interval) -> Interval:
        ends = [a * b for a in (self.low, self.high) for b in (other.low, other.high)]
        # A product that is no number leaves minimum and maximum none, which proves nothing.
        return Interval(down(reduce(np.minimum, ends)), up(reduce(np.maximum, ends)))

    def sum(self, axis: int) -> Interval:
        """Sums along an axis."""
        return Interval(sum_down(self.low, axis), sum_up(self.high, axis))
