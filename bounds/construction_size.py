"""Sizes of the constructions behind the upper bounds, exact, as SymPy expressions.

Size n counts non-zero weights and non-zero biases. Each function takes numbers or symbols and
returns an expression in them. Symbols, as everywhere: d the dimension, S the number of cells that
carry a bump, g the cells an axis, P the pieces an axis of the interpolated square, eta their
length, K the grid points an axis of the hard instance of Theorem 4.3, C the number of label changes
along a sequence, epsilon the half separation and c the robustness ratio.
"""

from __future__ import annotations

from typing import TypeAlias

import sympy as sp

Number: TypeAlias = sp.Expr | int


def box_bump_size(S: Number, E: Number, H: Number, Z: Number = 0) -> sp.Expr:
    """S box bumps at depth 3 over H one-sided units, E weights between the two hidden layers.

    A one-sided unit has a weight and a bias (Z of them zero), a bump a bias and an output weight,
    the output a bias.
    """
    return sp.sympify(2 * H - Z + E + 2 * S + 1)


def shared_bump_size(S: Number, d: Number, g: Number) -> sp.Expr:
    """S box bumps on a grid of g cells an axis, p = inf, first layer shared: S(2d+2) + 4dg + 1."""
    return box_bump_size(S, 2 * d * S, 2 * d * g)


def unshared_bump_size(S: Number, d: Number) -> sp.Expr:
    """S box bumps anywhere, each with its own one-sided units, p = inf: S(6d+2) + 1."""
    return sp.expand(box_bump_size(S, 2 * d * S, 2 * d * S))


def hard_bump_size(S: Number, d: Number, K: Number) -> sp.Expr:
    """At most what bumps on S grid points of the hard instance cost, x_d ignored, p = 2 or inf.

    No bump looks beyond the first or the last grid point of an axis: S(2d) + 4(d-1)(K-1) + 1.
    """
    return box_bump_size(S, 2 * (d - 1) * S, 2 * (d - 1) * (K - 1))


def staircase_size(C: Number, d: Number, K: Number) -> sp.Expr:
    """The hard instance by staircases to one integer, then C >= 1 sign changes along it, depth 4.

    Two units with weight, bias and outgoing weight for each of K-1 steps on d-1 axes, then three
    parameters a change: 6(d-1)(K-1) + 3C. Holds at p = 2 and inf and every c < 1.
    """
    return sp.sympify(6 * (d - 1) * (K - 1) + 3 * C)


def zigzag_size(C: Number) -> sp.Expr:
    """C >= 1 sign changes along one coordinate that starts at 0, depth 2: 3C."""
    return sp.sympify(3 * C)


def cells_an_axis(epsilon: Number, c: Number) -> sp.Expr:
    """Fewest cells an axis with half side below (1-c) epsilon: floor(1/(2(1-c) epsilon)) + 1."""
    return sp.floor(1 / (2 * (1 - sp.sympify(c)) * epsilon)) + 1


def cells_an_axis_l2(epsilon: Number, c: Number, d: Number) -> sp.Expr:
    """Fewest cells an axis with half diagonal below (1-c) epsilon."""
    return sp.floor(sp.sqrt(d) / (2 * (1 - sp.sympify(c)) * epsilon)) + 1


def quadratic_bump_size(S: Number, d: Number, P: Number, Z: Number = 0) -> sp.Expr:
    """S bumps at depth 4, p = 2, on the interpolated square Q of P >= 2 pieces an axis.

    P units an axis (weight, bias); all but the first weighted into Q, which takes no bias because
    the first piece's slope goes to the bumps; d units passed on; a bump has d + 1 weights, a bias
    and an output weight; the output a bias: S(d+3) + 3dP + 1. Z of them are zero.
    """
    return sp.sympify(S * (d + 3) + 3 * d * P + 1 - Z)


def pieces_an_axis(length: Number, d: Number, gap: Number) -> sp.Expr:
    """Fewest pieces P of an interval with d eta^2 / 4 < gap at eta = length / P."""
    return sp.floor(length * sp.sqrt(d) / (2 * sp.sqrt(gap))) + 1


def centres_outside_gap(epsilon: Number, c: Number, h: Number) -> sp.Expr:
    """Gap of squared l_2 distances, centres within h of A: (2e - h - ce)^2 - (h + ce)^2."""
    return 4 * sp.sympify(epsilon) * ((1 - sp.sympify(c)) * epsilon - h)


def centres_inside_gap(epsilon: Number, radius: Number) -> sp.Expr:
    """Gap of squared l_2 distances with the points themselves as centres: 4e(e - radius)."""
    return 4 * sp.sympify(epsilon) * (sp.sympify(epsilon) - radius)
