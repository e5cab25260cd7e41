"""Packing numbers: how many points of a set can be pairwise 2 epsilon apart."""

from __future__ import annotations

import sympy as sp

from robustsize.bounds.symbols import epsilon


def axis_points() -> sp.Expr:
    """K = floor(1/(2 epsilon)) + 1, the points 2 epsilon j that lie in [0, 1]."""
    return sp.floor(1 / (2 * epsilon)) + 1


def grid(dimension: sp.Expr) -> sp.Expr:
    """K^dimension, points of [0,1]^dimension that are 2 epsilon apart in l_inf, so in l_2.

    Source: Li et al. 2022, Theorem 3.4, with the origin's row counted.
    """
    return axis_points() ** dimension


def volume_l2(dimension: sp.Expr) -> sp.Expr:
    """The volume bound on the l_2 packing number of [0,1]^dimension at distance 2 epsilon.

    Balls of radius 2 epsilon around the points of a maximal packing cover the cube, so their
    number is at least Gamma(dimension/2 + 1) / (pi^(dimension/2) (2 epsilon)^dimension).
    """
    half = dimension / 2
    return sp.ceiling(sp.gamma(half + 1) / (sp.pi**half * (2 * epsilon) ** dimension))
