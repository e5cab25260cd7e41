"""Packings of points on manifolds, with the labellings that are measured."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import product
from math import ceil

import numpy as np
from numpy.typing import NDArray

from robustsize.bounds.counting.construction_size import covered_size
from robustsize.bounds.symbols import BY_SYMBOL, InputError, Norm, c, epsilon, k
from robustsize.simulate.construct.result import as_int
from robustsize.simulate.data.exact import Rationals
from robustsize.simulate.data.instance import Grid, Instance, Point, grid_axis
from robustsize.simulate.data.labellings import Labels, drawn_mixed, stream, up_to_sign
from robustsize.simulate.data.manifolds import (
    BITS,
    Covering,
    Manifold,
    flat_cube,
    flat_torus,
    rotated_cube,
    sphere,
)
from robustsize.simulate.data.regions import Region, closer_than
from robustsize.simulate.experiment.claim import Hypothesis, Limit
from robustsize.simulate.experiment.limits import SPARE_BITS, random_labelling_limit
from robustsize.simulate.experiment.model import Setting

MOST_POINTS = 128
"""The largest packing that is searched."""

_CANDIDATES = 4096
_FEW_LABELLINGS = 7

BUILDERS: dict[str, tuple[Callable[[int, int], Manifold], Callable[[int], int]]] = {
    "flat": (flat_cube, lambda k: k),
    "rotated": (rotated_cube, lambda k: k + 1),
    "sphere": (sphere, lambda k: k + 1),
    "torus": (flat_torus, lambda k: 2 * k),
}
"""Each manifold's builder from (k, d), and the fewest d it is measured in."""


@dataclass(frozen=True, eq=False)
class Packing:
    """A manifold with a packing at 2 epsilon, a covering below (1-c) epsilon, and labellings.

    every: whether the labellings are all there are with both labels, one of each opposite pair (a
    network for the other is its negative); else they were drawn.
    """

    manifold: Manifold
    epsilon: Fraction
    c: Fraction
    points: tuple[Point, ...]
    covering: Covering
    labellings: Labels
    every: bool

    @classmethod
    def of(cls, name: str, dimension: int, ambient: int, setting: Setting) -> Packing:
        """That of a manifold by its name, with k = dimension and d = ambient.

        Raises InputError where the packing is too large, or has too few points for two labels.
        """
        e, ratio = setting.one(epsilon), setting.one(c)
        if name == "flat" and len(grid_axis(e, Grid.DENSE)) ** dimension > MOST_POINTS:
            raise _complaint(f"more than {MOST_POINTS} points", dimension, e)
        manifold = BUILDERS[name][0](dimension, ambient)
        points = packing(manifold, e, setting.seed)
        if len(points) < 2:
            raise _complaint(f"{len(points)} points on the {name} manifold", dimension, e)
        labellings, every = _labellings(len(points), setting, (dimension << 32) + ambient)
        covering = manifold.covering((1 - ratio) * e)
        return cls(manifold, e, ratio, points, covering, labellings, every)

    @property
    def name(self) -> str:
        """For predictions and files."""
        return f"{self.manifold.name} k={self.manifold.k} d={self.manifold.d}"

    @property
    def moving(self) -> int:
        """Number of coordinates in which points differ; the others are biases to a network."""
        return sum(len(set(values)) > 1 for values in zip(*self.points, strict=True))

    def instances(self) -> list[Instance]:
        """Each labelling, at radius c epsilon in the whole of R^d."""
        radius = self.c * self.epsilon
        return [Instance(self.points, y, radius, Norm.INF) for y in self.labellings]

    @cached_property
    def apart(self) -> Hypothesis:
        """Checked in exact arithmetic."""
        text = f"the {len(self.points)} points are pairwise 2 epsilon apart in l_inf"
        return Hypothesis(text, self._separated())

    def _separated(self) -> bool:
        """Whether all points are pairwise at l_inf distance >= 2 epsilon, in exact arithmetic."""
        region = Region.points(self.points)
        near, _ = closer_than(region, region, 2 * self.epsilon, Norm.INF)
        return len(near) == len(self.points)  # each is near itself

    @cached_property
    def lower(self) -> Limit:
        """Theorem 5.8's explicit form at this packing: for the worst of all labellings, or such
        that a uniform labelling needs as much except with probability 2^-10.
        """
        spare = 0 if self.every else SPARE_BITS
        m = len(self.points)
        return random_labelling_limit(m, self.moving, Fraction(0), spare_bits=spare)

    @cached_property
    def upper(self) -> Limit:
        """Theorem 5.5's explicit form at the manifold's own covering.

        h < epsilon: no ball of the covering meets both classes, the smaller has at most half.
        """
        size = as_int(covered_size(len(self.covering), self.manifold.d))
        return Limit(
            size, f"thm5.5 explicit with half of the covering's {len(self.covering)} balls"
        )


def packing(manifold: Manifold, epsilon: Fraction, seed: int) -> tuple[Point, ...]:
    """Points of a manifold, pairwise at l_inf distance >= 2 epsilon, exact.

    Flat: the grid 2 epsilon j, a largest packing. Others: at most MOST_POINTS, taken greedily from
    images of a grid of parameters, then of random ones; rounded to 2^-30, so as far off.
    """
    if manifold.name == "flat":
        rest = (Fraction(1, 2),) * (manifold.d - manifold.k)
        axis = grid_axis(epsilon, Grid.DENSE)
        return tuple((*x, *rest) for x in product(axis, repeat=manifold.k))
    steps = 1 << (_CANDIDATES.bit_length() - 1) // manifold.k
    grid = np.indices((steps + 1,) * manifold.k).reshape(manifold.k, -1).T / steps
    images = np.vstack([manifold.chart(i, grid) for i in range(manifold.charts)])
    numerators = np.rint(images * (1 << BITS)).astype(np.int64)
    anywhere = manifold.points(_CANDIDATES, seed).numerators.astype(np.int64)
    return _greedy(np.vstack([numerators, anywhere]), ceil(2 * epsilon * (1 << BITS)))


def _greedy(numerators: NDArray[np.int64], apart: int) -> tuple[Point, ...]:
    """Each row in turn that is `apart` from those taken before."""
    kept: list[NDArray[np.int64]] = []
    while len(numerators) and len(kept) < MOST_POINTS:
        kept.append(numerators[0])
        numerators = numerators[np.abs(numerators - kept[-1]).max(axis=1) >= apart]
    rows = Rationals.from_integers(np.array(kept), 1 << BITS)
    return tuple(rows.row(i) for i in range(len(rows)))


def _labellings(m: int, setting: Setting, key: int) -> tuple[Labels, bool]:
    """Labellings of m points with both labels, and whether these are all up to sign."""
    opposite_pairs = (1 << (m - 1)) - 1
    if opposite_pairs <= max(setting.seeds, _FEW_LABELLINGS):
        return up_to_sign(m), True
    return drawn_mixed(stream(setting.seed, key), setting.seeds, m), False


def _complaint(what: str, dimension: int, e: Fraction) -> InputError:
    options = [(k, Fraction(dimension)), (epsilon, e)]
    given = ", ".join(f"{BY_SYMBOL[symbol].option} {value}" for symbol, value in options)
    return InputError(
        f"{given}: {what}; 2 to {MOST_POINTS} are measured, for example --k 2 --epsilon 1/4"
    )
