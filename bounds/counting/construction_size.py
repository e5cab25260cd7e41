"""Sizes of the constructions behind the upper bounds, exact, as SymPy expressions.

Size n counts non-zero weights and non-zero biases. Each function takes numbers or symbols and
returns an expression in them. Symbols, as everywhere: d the dimension, S the number of cells that
carry a bump, g the cells an axis, P the pieces an axis of the interpolated square, eta their
length, K the grid points an axis of the hard instance of Theorem 4.3, C the number of label changes
along a sequence, epsilon the half separation and c the robustness ratio.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import ParamSpec, TypeAlias

import sympy as sp

from robustsize.bounds import symbols
from robustsize.bounds.symbols import BY_SYMBOL, InputError

Number: TypeAlias = sp.Expr | int | float

_Arguments = ParamSpec("_Arguments")
_LENGTHS = {"length", "gap", "radius", "h", "R"}
_PARAMETERS = {name: BY_SYMBOL[getattr(symbols, name)] for name in ("d", "epsilon", "c", "delta")}


def _size(formula: Callable[_Arguments, sp.Expr]) -> Callable[_Arguments, sp.Expr]:
    """Read every argument of a formula as an exact number of its domain, or as an expression.

    d, epsilon, c and delta are in their domains, lengths at least 0, all others whole numbers of at
    least 0. The formula raises InputError for any other number.
    """
    names = list(inspect.signature(formula).parameters)

    @functools.wraps(formula)
    def checked(*args: _Arguments.args, **kwargs: _Arguments.kwargs) -> sp.Expr:
        given = {**dict(zip(names, args, strict=False)), **kwargs}
        exact = {name: _read(name, value) for name, value in given.items()}
        return sp.sympify(formula(**exact))  # type: ignore[call-arg]

    return checked


def _read(name: str, value: object) -> sp.Expr:
    is_length = name in _LENGTHS
    if isinstance(value, sp.Expr) and (value.free_symbols or (is_length and value.is_nonnegative)):
        return value
    number = symbols.exact(value)
    parameter = _PARAMETERS.get(name)
    if parameter is not None:
        number = parameter.exact(value)
    elif number is None or number < 0 or (not is_length and number.denominator != 1):
        kind = "a number" if is_length else "a whole number"
        raise InputError(f"{name} = {str(value)[:40]!r}: must be {kind} >= 0")
    assert number is not None
    return sp.Rational(number.numerator, number.denominator)


@_size
def box_bump_size(S: Number, E: Number, H: Number, Z: Number = 0) -> sp.Expr:
    """S box bumps at depth 3 over H one-sided units, E weights between the two hidden layers.

    A one-sided unit has a weight and a bias (Z of them zero), a bump a bias and an output weight,
    the output a bias.
    """
    return sp.sympify(2 * H - Z + E + 2 * S + 1)


@_size
def shared_bump_size(S: Number, d: Number, g: Number) -> sp.Expr:
    """S box bumps on a grid of g cells an axis, p = inf, first layer shared: S(2d+2) + 4dg + 1."""
    return box_bump_size(S, 2 * d * S, 2 * d * g)


@_size
def unshared_bump_size(S: Number, d: Number) -> sp.Expr:
    """S box bumps anywhere, each with its own one-sided units, p = inf: S(6d+2) + 1."""
    return sp.expand(box_bump_size(S, 2 * d * S, 2 * d * S))


@_size
def covered_size(C: Number, d: Number) -> sp.Expr:
    """Bumps on the balls of a covering that meet the smaller class, p = inf, C balls in all.

    Of radius below epsilon, so that no ball meets both classes and one class meets at most half.
    """
    return unshared_bump_size(sp.floor(sp.sympify(C) / 2), d)


@_size
def hard_bump_size(S: Number, d: Number, K: Number) -> sp.Expr:
    """At most what bumps on S grid points of the hard instance cost, x_d ignored, p = 2 or inf.

    No bump looks beyond the first or the last grid point of an axis: S(2d) + 4(d-1)(K-1) + 1.
    """
    return box_bump_size(S, 2 * (d - 1) * S, 2 * (d - 1) * (K - 1))


@_size
def staircase_size(C: Number, d: Number, K: Number) -> sp.Expr:
    """The hard instance by staircases to one integer, then C >= 1 sign changes along it, depth 4.

    Two units with weight, bias and outgoing weight for each of K-1 steps on d-1 axes, then three
    parameters a change: 6(d-1)(K-1) + 3C. Holds at p = 2 and inf and every c < 1.
    """
    return sp.sympify(6 * (d - 1) * (K - 1) + 3 * C)


@_size
def zigzag_size(C: Number) -> sp.Expr:
    """C >= 1 sign changes along one coordinate that starts at 0, depth 2: 3C."""
    return sp.sympify(3 * C)


@_size
def cells_an_axis(epsilon: Number, c: Number) -> sp.Expr:
    """Fewest cells an axis with half side below (1-c) epsilon: floor(1/(2(1-c) epsilon)) + 1."""
    return sp.floor(1 / (2 * (1 - sp.sympify(c)) * epsilon)) + 1


@_size
def cells_an_axis_l2(epsilon: Number, c: Number, d: Number) -> sp.Expr:
    """Fewest cells an axis with half diagonal below (1-c) epsilon."""
    return sp.floor(sp.sqrt(d) / (2 * (1 - sp.sympify(c)) * epsilon)) + 1


@_size
def quadratic_bump_size(S: Number, d: Number, P: Number, Z: Number = 0) -> sp.Expr:
    """S bumps at depth 4, p = 2, on the interpolated square Q of P >= 2 pieces an axis.

    P units an axis (weight, bias); all but the first weighted into Q, which takes no bias because
    the first piece's slope goes to the bumps; d units passed on; a bump has d + 1 weights, a bias
    and an output weight; the output a bias: S(d+3) + 3dP + 1. Z of them are zero.
    """
    return sp.sympify(S * (d + 3) + 3 * d * P + 1 - Z)


SLACK = sp.Rational(1, 10**6)
"""Pieces are shorter by this share than a gap needs, so that float weights leave a margin."""


@_size
def pieces_an_axis(length: Number, d: Number, gap: Number) -> sp.Expr:
    """Fewest pieces P >= 2 of an interval with d ((1 + SLACK) length / P)^2 / 4 <= gap."""
    return sp.Max(2, sp.ceiling((1 + SLACK) * length * sp.sqrt(d) / (2 * sp.sqrt(gap))))


@_size
def centres_outside_gap(epsilon: Number, c: Number, h: Number) -> sp.Expr:
    """Gap of squared l_2 distances, centres within h of A: (2e - h - ce)^2 - (h + ce)^2."""
    return 4 * sp.sympify(epsilon) * ((1 - sp.sympify(c)) * epsilon - h)


@_size
def centres_inside_gap(epsilon: Number, radius: Number) -> sp.Expr:
    """Gap of squared l_2 distances with the points themselves as centres: 4e(e - radius)."""
    return 4 * sp.sympify(epsilon) * (sp.sympify(epsilon) - radius)


@_size
def halved_penalty_size(S: Number, E: Number, H: Number, Z: Number = 0) -> sp.Expr:
    """S box bumps at depth 4 over the penalties of half-cells (half of the coordinates each).

    A one-sided unit has a weight and a bias (Z of them zero), a half-cell's penalty E weights in
    all, a bump two weights, a bias and an output weight, the output a bias: 4S + E + 2H - Z + 1.
    """
    return sp.sympify(4 * S + E + 2 * H - Z + 1)


@_size
def depth_four_size(S: Number, g: Number, d1: Number, d2: Number) -> sp.Expr:
    """At most what depth 4 costs on a grid: 4S + 2 d1 g^d1 + 2 d2 g^d2 + 4dg + 1, d = d1 + d2."""
    sides = 2 * d1 * sp.Pow(g, d1) + 2 * d2 * sp.Pow(g, d2)
    return halved_penalty_size(S, sides, 2 * (d1 + d2) * g)


@_size
def halved_bump_size(
    S: Number, M1: Number, M2: Number, E: Number, H: Number, Z: Number = 0
) -> sp.Expr:
    """S cells at depth 5, one parameter each: M1 and M2 bumps over half-cells with E sides in all.

    A second half-cell's bump has a bias; a first half-cell's has one, is passed on, and meets the
    bias of the unit that adds up its partners, two weights that compare them, and an output weight:
    S + 6 M1 + M2 + E + 2H - Z + 1.
    """
    return sp.sympify(S + 6 * M1 + M2 + E + 2 * H - Z + 1)


@_size
def depth_five_size(S: Number, g: Number, d1: Number, d2: Number) -> sp.Expr:
    """At most what depth 5 costs on a grid: S + g^d1 (2 d1 + 6) + g^d2 (2 d2 + 1) + 4dg + 1."""
    first, second = sp.Pow(g, d1), sp.Pow(g, d2)
    sides = 2 * d1 * first + 2 * d2 * second
    return halved_bump_size(S, first, second, sides, 2 * (d1 + d2) * g)


@_size
def bit_table_size(
    N: Number, M2: Number, d: Number, K: Number, first: Number = 1, start: Number = 1
) -> sp.Expr:
    """The hard instance by bit extraction: a table of K^a entries of M2 = K^(d-1-a) bits.

    Staircases 6(d-1)(K-1); the table's kinks beyond its first piece 3 each (N of them), that piece
    2 if it has a slope (first = 1), the table's value at 0 one if not zero (start = 1); the bit's
    number carried in 3; 20 parameters a bit, less 13 as the first and the last need less; the
    output 3. With N <= K^a - 2 at most 6(d-1)(K-1) + 3 K^a + 20 K^(d-1-a) - 10, any d-1 > a > 0.
    """
    return sp.sympify(6 * (d - 1) * (K - 1) + 3 * N + 2 * first + start + 20 * M2 - 7)


@_size
def intervals_an_axis(epsilon: Number, c: Number, d: Number) -> sp.Expr:
    """Fewest gaps an axis of all d+1 families together: floor(d / (2(1-c) epsilon)) + 1.

    A core spans d of these intervals, and d of them are shorter than 2(1-c) epsilon.
    """
    return sp.floor(d / (2 * (1 - sp.sympify(c)) * epsilon)) + 1


@_size
def bit_family_size(
    d: Number, gaps: Number, edges: Number, N: Number, M2: Number, first: Number, start: Number
) -> sp.Expr:
    """One family of cores by bit extraction, with its mask and its place in the output.

    An inner gap (`gaps` an axis) has four units with weight and bias, three weights into the mask
    and two into a staircase, one at the cube's face (`edges` an axis) a unit and a weight into the
    mask. The table costs 3N + 2 first + start and the digits 20 M2 - 10, as in `bit_table_size` but
    for three weights that the mask adds there; carrying the mask and the digit's number, with their
    biases, 6; the output 4. Together 13 d gaps + 3 d edges + 3N + 2 first + start + 20 M2.
    """
    return sp.sympify(13 * d * gaps + 3 * d * edges + 3 * N + 2 * first + start + 20 * M2)


@_size
def joined_size(families: Number, fewest: Number, most: Number) -> sp.Expr:
    """Families of `fewest` to `most` digits side by side, parameters `families` in all.

    A step has two layers, through which the sum of the families that are done is passed on, and the
    output has a bias: families + 2 (most - fewest) + 1.
    """
    return sp.sympify(families + 2 * (most - fewest) + 1)


@_size
def bit_families_size(d: Number, n: Number, a: Number) -> sp.Expr:
    """At most what bit extraction costs on general sets, p = inf, any depth, any split 0 <= a <= d.

    Of n >= d+1 intervals an axis the families share n - 2 as inner gaps, k or k + 1 each; one with
    q cores an axis has a table of q^a entries, at most 3 q^a - 2 parameters, of q^(d-a) digits.
    """
    k = sp.floor(sp.sympify(n - 2) / (d + 1))
    longer = n - 2 - k * (d + 1)
    few, many = k + 1, k + 2

    def table(q: sp.Expr) -> sp.Expr:
        return 3 * sp.Pow(q, a) - 2 + 20 * sp.Pow(q, d - a)

    families = (
        bit_family_size(d, n - 2, 2, 0, 0, 0, 0)
        + longer * table(many)
        + (d + 1 - longer) * table(few)
    )
    uneven = sp.Min(longer, 1)
    most = uneven * sp.Pow(many, d - a) + (1 - uneven) * sp.Pow(few, d - a)
    return joined_size(families, sp.Pow(few, d - a), most)
