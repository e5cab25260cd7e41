"""How the size for robust training moves with N and with d: which trends are read where."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from math import log

from robustsize.bounds.symbols import N, d, epsilon
from robustsize.simulate.experiment.claim import Limit
from robustsize.simulate.experiment.model import Place, Setting, Trend
from robustsize.simulate.experiment.sizes import Sizes, size_trend
from robustsize.simulate.theorems.thm2_2.data_sets import DataSets, Series
from robustsize.simulate.theorems.thm2_2.gadgets import Gadgets

SHOWN = 4
"""Data sets of one class of gadgets that are shown as replicates: all have one size."""


def replicates(sets: DataSets, sizes: Sizes) -> tuple[int | None, ...]:
    """The size of each data set, or of some that one stands for."""
    copies = min(sets.stands_for or 1, SHOWN)
    return tuple(size for size in sizes.values for _ in range(copies))


@dataclass(frozen=True, eq=False)
class Slopes:
    """The trends at one radius.

    In N on random data at the largest d. For delta > 0 in d: on random data at the largest N, and
    on single gadgets, where all have q = d probes.
    """

    most_points: int
    most_dimensions: int
    by_samples: Trend
    by_dimension: Trend | None
    of_gadgets: Trend | None

    @classmethod
    def at(cls, radius: Fraction, setting: Setting) -> Slopes:
        """Those of a radius."""
        spaces = setting.integers(d)
        lower = Limit(0.5, "thm2.3 printed, sqrt(N d)")
        says = "on random data the size rises at least like sqrt(N)"
        by_samples = _slope("thm2.3", "random", "samples", says, radius, lower=lower)
        by_dimension = of_gadgets = None
        if len(spaces) > 1 and radius:
            printed = _printed_slope(spaces, radius)
            upper = Limit(printed, "thm2.2 printed, d log(d/delta) over this range")
            says = "on random data the size rises at most like d log(d/delta)"
            by_dimension = _slope("thm2.2", "random", "d", says, radius, upper=upper)
            gadgets = [Gadgets.largest(space, setting.one(epsilon), radius, 1) for space in spaces]
            if all(g is not None and g.q == g.d for g in gadgets):
                says = (
                    "on gadgets with q = d probes the size rises between sqrt(d) and d log(d/delta)"
                )
                of_gadgets = _slope(
                    "thm2.3", "gadgets", "d", says, radius, lower=lower, upper=upper
                )
        return cls(max(setting.integers(N)), max(spaces), by_samples, by_dimension, of_gadgets)

    def places(self, sets: DataSets) -> Iterator[Place[Sizes]]:
        """The places of these trends that some data sets are."""
        first, values = sets.instances[0], partial(replicates, sets)
        samples, space = len(first.points), first.dimension
        if sets.series is Series.GADGETS:
            if self.of_gadgets is not None and samples == 2:
                yield Place(self.of_gadgets, space, values)
            return
        if space == self.most_dimensions:
            yield Place(self.by_samples, samples, values)
        if self.by_dimension is not None and samples == self.most_points:
            yield Place(self.by_dimension, space, values)


def _printed_slope(spaces: Sequence[int], radius: Fraction) -> float:
    """The log-log slope of d log(d/delta) from the smallest to the largest d."""
    low, high = (log(x * log(x / radius)) for x in (min(spaces), max(spaces)))
    return (high - low) / log(max(spaces) / min(spaces))


def _slope(
    id: str,
    series: str,
    x: str,
    says: str,
    radius: Fraction,
    *,
    lower: Limit | None = None,
    upper: Limit | None = None,
) -> Trend:
    name = f"{series} slope in {x} delta={float(radius):g}"
    return size_trend(id, name, x, says, log_x=True, lower=lower, upper=upper)
