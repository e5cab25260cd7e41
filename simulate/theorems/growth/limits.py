"""Bounds on the sign patterns of one architecture on m points, in bits."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import accumulate, pairwise
from math import comb

from flint import arb

from robustsize.bounds.arithmetic import balls
from robustsize.bounds.arithmetic.balls import float_above, float_below
from robustsize.bounds.counting.growth import SHARPEST


def growth_limits(hidden: tuple[int, ...], dimension: int, m: int) -> dict[str, float]:
    """Every bound on log2 of an architecture's sign patterns on m points, rounded up.

    Those of `bounds.counting.growth` at its number of parameters, for which any such architecture
    counts; Warren's for it alone, layer by layer; for one hidden layer also
    Phi_d(m)^w Cover(m, w(d+1)+1).
    """
    units = (*hidden, 1)
    parameters = list(parameters_by_layer(hidden, dimension))
    size, depth, points = parameters[-1], len(units), Fraction(m)
    limits = {g.name: g.bits(Fraction(size), points, dimension, depth) for g in SHARPEST}
    limits["Warren"] = sum(
        (
            _warren(m * width, i, count)
            for i, (width, count) in enumerate(zip(units, parameters, strict=True), start=1)
        ),
        arb(0),
    )
    if len(hidden) == 1:
        activations = cover(m, dimension + 1) ** hidden[0]
        limits["Cover"] = _log2(arb(activations * cover(m, hidden[0] * (dimension + 1) + 1)))
    return {name: float_above(bits) for name, bits in limits.items() if bits is not None}


def cover(m: int, D: int) -> int:
    """Cover's number of sign patterns of linear functions with D coefficients on m points.

    2 sum_{i<D} C(m-1, i), reached in general position. Source: Cover 1965.
    """
    return 2 * sum(comb(m - 1, i) for i in range(D))


def parameters_by_layer(hidden: tuple[int, ...], dimension: int) -> Iterator[int]:
    """Weights and biases of layers 1 to i, for i = 1, 2, ..."""
    widths = (dimension, *hidden, 1)
    return accumulate((a + 1) * b for a, b in pairwise(widths))


def _warren(polynomials: int, degree: int, variables: int) -> arb:
    """log2 of 2 (2 e s D / v)^v, or the trivial s bits where s < v."""
    if polynomials < variables:
        return arb(polynomials)
    share = balls.ball(Fraction(2 * polynomials * degree, variables))
    return 1 + variables * _log2(arb.const_e() * share)


def _log2(x: arb) -> arb:
    return x.log() / arb.const_log2()


def bits_of(count: int, *, up: bool) -> float | None:
    """log2 of a count, rounded up or down; None for none."""
    if not count:
        return None
    if count & (count - 1) == 0:
        return float(count.bit_length() - 1)
    bits = _log2(balls.ball(count))
    return float_above(bits) if up else float_below(bits)
