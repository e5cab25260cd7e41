"""The data sets that robust training is measured on: random ones, and the gadgets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, isqrt

import numpy as np
from numpy.typing import NDArray

from robustsize.bounds.symbols import InputError, Norm, epsilon
from robustsize.simulate.data.instance import Instance, Point
from robustsize.simulate.data.labellings import drawn_mixed, stream
from robustsize.simulate.data.random_sets import TRIES
from robustsize.simulate.data.regions import Region, closer_than
from robustsize.simulate.experiment.claim import Hypothesis
from robustsize.simulate.experiment.errors import SPARE_BITS
from robustsize.simulate.experiment.gadgets import Gadgets
from robustsize.simulate.experiment.probe import Setting
from robustsize.simulate.search.reduce import closest_opposite

DATA_SETS = 4
"""Random data sets of each N and d."""
MOST_CLASSES = 16
"""Gadgets are measured where so many data sets stand for all of them."""

_UNIT = 1 << 10
"""Random coordinates are multiples of about 1 / _UNIT."""


@dataclass(frozen=True, eq=False)
class Place:
    """Data sets of N points in R^d with a radius delta, and the labels they force.

    series: random or gadgets. forced: m, the points whose labels are forced. stands_for: how many
    data sets of one size each is one of; together they force all 2^m labellings of those points.
    Where it is None each was drawn, with `spare_bits` such that the worst of them escapes the lower
    limit with probability 2^-10 at most. hypotheses: as checked.
    """

    series: str
    epsilon: Fraction
    instances: tuple[Instance, ...]
    forced: int
    stands_for: int | None
    spare_bits: int
    hypotheses: tuple[Hypothesis, ...]

    @property
    def at(self) -> dict[str, float]:
        """N, d and delta."""
        first = self.instances[0]
        samples, radius = float(len(first.points)), float(first.radius)
        return {"samples": samples, "d": float(first.dimension), "delta": radius}

    @property
    def name(self) -> str:
        """For predictions and files."""
        shown = " ".join(f"{name}={value:g}" for name, value in self.at.items())
        return f"{self.series} p={self.instances[0].p.value} {shown}"


def random_place(points: int, dimension: int, radius: Fraction, setting: Setting) -> Place:
    """Random points, pairwise 2 epsilon apart, with random labels of both kinds.

    Raises InputError where draws do not place them.
    """
    e, p = setting.one(epsilon), setting.p
    instances = []
    for i in range(DATA_SETS):
        key = (points << 40) + (dimension << 20) + i
        random = stream(setting.seed, key)
        places = _apart(points, dimension, e, p, random)
        (labels,) = drawn_mixed(random, 1, points)
        instances.append(Instance(places, labels, radius, p))
    pairwise = all(
        # Each point is near itself.
        len(closer_than(region, region, 2 * e, p)[0]) == points
        for region in (Region.points(one.points) for one in instances)
    )
    apart = Hypothesis("all points of a data set are pairwise 2 epsilon apart", pairwise)
    # A share 2^-t of all labels is at most twice that of those of both kinds.
    spare = -(-SPARE_BITS // DATA_SETS) + 1
    checked = (_below(radius, e), _in_ball(instances), apart)
    return Place("random", e, tuple(instances), points, None, spare, checked)


def _apart(
    points: int, dimension: int, e: Fraction, p: Norm, random: np.random.Generator
) -> tuple[Point, ...]:
    """Points of the cube inscribed in the unit ball, each drawn until 2 epsilon from the others."""
    # The cube [-1/s, 1/s]^d, s >= sqrt(d) at p = 2 in sixteenths.
    s = Fraction(1) if p is Norm.INF else Fraction(isqrt(256 * dimension - 1) + 1, 16)
    distance = 2 * e * s * _UNIT
    limit = ceil(distance if p is Norm.INF else distance**2)
    kept: list[NDArray[np.int64]] = []
    for x in random.integers(-_UNIT, _UNIT + 1, (TRIES * points, dimension)):
        gaps = np.abs(np.array(kept).reshape(-1, dimension) - x)
        reached = gaps.max(axis=1) if p is Norm.INF else (gaps * gaps).sum(axis=1)
        if (reached >= limit).all():
            kept.append(x)
        if len(kept) == points:
            return tuple(tuple(Fraction(int(v)) / (_UNIT * s) for v in x) for x in kept)
    raise InputError(
        f"--samples {points} --d {dimension} --epsilon {e}: {TRIES * points} draws placed only "
        f"{len(kept)} points 2 epsilon apart; for example --samples {max(len(kept) // 2, 2)}"
    )


def gadget_place(points: int, dimension: int, radius: Fraction, setting: Setting) -> Place | None:
    """Gadgets on that many points, an even number, at p = 2, one of each class of data sets.

    None where they have no probes, no room in the unit ball, or too many classes.
    """
    e = setting.one(epsilon)
    gadgets = Gadgets.largest(dimension, e, radius, points // 2)
    if gadgets is None or gadgets.classes > MOST_CLASSES:
        return None
    signs, stands_for = gadgets.representatives()
    instances = [gadgets.instance(s) for s in signs]
    if not _in_ball(instances).holds:
        return None
    forced = all(map(gadgets.forces, instances, signs))
    checked = (
        _below(radius, e),
        _in_ball(instances),
        _separated(instances, e),
        Hypothesis("every probe lies in the closed ball of a point with its label", forced),
    )
    return Place("gadgets", e, tuple(instances), gadgets.m, stands_for, 0, checked)


def _below(radius: Fraction, e: Fraction) -> Hypothesis:
    return Hypothesis("delta < epsilon", radius < e)


def _in_ball(instances: Sequence[Instance]) -> Hypothesis:
    p = instances[0].p
    norms = [
        max(map(abs, x)) if p is Norm.INF else sum(v * v for v in x)
        for one in instances
        for x in one.points
    ]
    return Hypothesis(f"the points lie in the unit l_{p.value} ball", max(norms) <= 1)


def _separated(instances: Sequence[Instance], e: Fraction) -> Hypothesis:
    apart = all(closest_opposite(one) >= (2 * e) ** 2 for one in instances)
    return Hypothesis("the classes are 2 epsilon-separated in l_2", apart)
