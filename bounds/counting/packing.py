"""Points of a cube that are pairwise 2 epsilon apart: the grid's, and what volumes promise."""

from __future__ import annotations

import sympy as sp

from robustsize.bounds.symbols import epsilon


def axis_points() -> sp.Expr:
    """K = floor(1/(2 epsilon)) + 1, the points 2 epsilon j that lie in [0, 1]."""
    return sp.floor(1 / (2 * epsilon)) + 1


def grid(dimension: sp.Expr) -> sp.Expr:
    """K^dimension, points of [0,1]^dimension that are 2 epsilon apart in l_inf, so in l_2.

    In l_inf no packing has more: half-open cells of side 2 epsilon hold one point each. Source: Li
    et al. 2022, Theorem 3.4, with the origin's row counted.
    """
    return axis_points() ** dimension


def volume_l2(dimension: sp.Expr) -> sp.Expr:
    """The volume bound on the l_2 packing number of [0,1]^dimension at distance 2 epsilon.

    Balls of radius 2 epsilon around the points of a maximal packing cover the cube, so their
    number is at least Gamma(dimension/2 + 1) / (pi^(dimension/2) (2 epsilon)^dimension).
    """
    return 1 / ball_volume(dimension, 2 * epsilon)


def ball_packing(radius: sp.Expr, distance: sp.Expr, dimension: sp.Expr) -> sp.Expr:
    """At most the number of points of an l_2 ball that are `distance` apart, by volume.

    Balls of radius `distance` around the points of a maximal packing cover the ball.
    """
    return sp.ceiling((radius / distance) ** dimension)


def ball_volume(dimension: sp.Expr, radius: sp.Expr) -> sp.Expr:
    """Volume of the l_2 ball: pi^(dimension/2) radius^dimension / Gamma(dimension/2 + 1)."""
    half = dimension / 2
    return sp.pi**half * radius**dimension / sp.gamma(half + 1)
