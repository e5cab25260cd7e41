"""Packing and covering numbers of the sets the theorems speak of, exact or from both sides.

The packing number at distance 2 epsilon is the largest number of points that are pairwise at least
2 epsilon apart; the covering number at radius epsilon is the fewest closed balls of that radius
that cover the set. A bound is a real number, to be rounded up from below and down from above. Sets
are as large as [0,1]^d lets them be: spheres and circles have radius 1/2.
"""

from __future__ import annotations

from dataclasses import dataclass

import sympy as sp

from robustsize.bounds.counting.packing import ball_volume, grid, volume_l2
from robustsize.bounds.statement import Hypothesis
from robustsize.bounds.symbols import Norm, d, epsilon, k


@dataclass(frozen=True)
class Numbers:
    """A number from below and from above; exact where the two are one expression."""

    lower: sp.Expr
    upper: sp.Expr
    source: str

    @property
    def exact(self) -> bool:
        """Whether the number itself is known."""
        return bool(self.lower == self.upper)


@dataclass(frozen=True)
class SetFamily:
    """A family of sets, with its packing number at 2 epsilon and covering number at epsilon in l_p.

    hypotheses: where the bounds hold.
    """

    name: str
    text: str
    norm: Norm
    packing: Numbers
    covering: Numbers
    hypotheses: tuple[Hypothesis, ...] = ()


def _cube_l_inf(name: str, text: str, dimension: sp.Expr) -> SetFamily:
    cells = sp.ceiling(1 / (2 * epsilon)) ** dimension
    return SetFamily(
        name,
        text,
        Norm.INF,
        packing=Numbers(grid(dimension), grid(dimension), "one point a half-open cell"),
        covering=Numbers(
            cells, cells, "cells of side <= 2 epsilon; as many points more than 2 epsilon apart"
        ),
    )


def _sphere(norm: Norm) -> SetFamily:
    """Areas of caps, as shares of the k-sphere of radius 1/2.

    A cap of angle t <= pi/2 has at most the share sin(t)^k / 2, because the hemisphere of radius
    sin t has more area; and at least that of its projection, a k-ball of radius sin t. A chord x
    has sin(t/2) = x. An l_inf distance is at least the l_2 distance over sqrt(k+1).
    """
    wide = epsilon * (1 if norm is Norm.TWO else sp.sqrt(k + 1))
    disc = sp.gamma((k + 1) / sp.Integer(2)) / (2 * sp.sqrt(sp.pi) * sp.gamma(k / 2 + 1))
    return SetFamily(
        "sphere",
        "the k-sphere of radius 1/2 in k+1 <= d coordinates",
        norm,
        packing=Numbers(
            2 * (4 * wide * sp.sqrt(1 - 4 * wide**2)) ** -k,
            1 / (disc * (2 * epsilon) ** k),
            "caps of angle t around a maximal packing cover; caps of angle t/2 are disjoint",
        ),
        covering=Numbers(
            2 * (2 * wide) ** -k,
            1 / (disc * epsilon**k),
            "a ball meets the sphere in a cap; a maximal packing at epsilon covers",
        ),
        hypotheses=(
            Hypothesis("no cap exceeds a hemisphere", sp.Le(8 * wide**2, 1, evaluate=False)),
        ),
    )


def _torus() -> SetFamily:
    """Arcs of circles of length pi; sin(x) >= 2x/pi on [0, pi/2] bounds a chord by its arc."""
    chords, arcs = 1 / (sp.sqrt(2) * epsilon), sp.ceiling(sp.pi / (2 * epsilon))
    return SetFamily(
        "torus",
        "the product of k circles of radius 1/2 in 2k <= d coordinates",
        Norm.INF,
        packing=Numbers(
            sp.floor(chords) ** k, arcs**k, "equal chords; one point a product of half-open arcs"
        ),
        covering=Numbers(chords**k, arcs**k, "the arc that a disc covers; the middles of arcs"),
        hypotheses=(
            Hypothesis("epsilon <= 1/(2 sqrt 2)", sp.Le(8 * epsilon**2, 1, evaluate=False)),
        ),
    )


FAMILIES = (
    _cube_l_inf("cube", "[0,1]^d", d),
    SetFamily(
        "cube",
        "[0,1]^d",
        Norm.TWO,
        packing=Numbers(
            sp.Max(grid(d), volume_l2(d)),
            (1 + 2 * epsilon) ** d / ball_volume(d, epsilon),
            "volumes of balls that cover, and of balls that are disjoint; the grid",
        ),
        covering=Numbers(
            1 / ball_volume(d, epsilon),
            sp.ceiling(sp.sqrt(d) / (2 * epsilon)) ** d,
            "volumes of balls that cover; cells of diagonal <= 2 epsilon",
        ),
    ),
    _cube_l_inf("flat", "a flat k-cube, a face of [0,1]^d", k),
    _sphere(Norm.TWO),
    _sphere(Norm.INF),
    _torus(),
)
"""The families, each for one norm; those of manifolds are named as in simulate.data.manifolds."""
