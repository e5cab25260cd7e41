"""Bumps on l_2 balls, depth 4: one interpolated square Q(x) of all coordinates serves every centre.

|x - z|^2 = |x|^2 - 2 z.x + |z|^2, and |x|^2 = sum_j x_j^2 is interpolated by P pieces an axis from
above, within d eta^2 / 4, eta the longest piece. The explicit form of Theorems 2.2 and 3.3 in l_2.
"""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from robustsize.bounds.counting.construction_size import quadratic_bump_size
from robustsize.simulate.construct.limits import check_parameters
from robustsize.simulate.construct.result import as_int, matrix
from robustsize.simulate.data.exact import PrecisionError, Rationals
from robustsize.simulate.networks.network import Network

OUTSIDE = Fraction(1, 1 << 40)
"""How far left of the domain the first piece starts, as a share of the domain."""


def quadratic_network(
    centres: Rationals,
    near: Fraction,
    far: Fraction,
    domain: tuple[Fraction, Fraction],
    P: int,
    label: int,
) -> tuple[Network, int]:
    """The bumps of l_2 balls as a network, and its size by formula.

    centres: shape (S, d). near < far: squared distances; a bump is at least 1 up to `near` and 0
    from `far` on, where x lies in [domain]^d. P: pieces an axis. Sign `label` on the bumps.

    Raises PrecisionError where the interpolation leaves nothing of the gap between near and far, or
    float64 does not tell the pieces' ends apart; ValueError where the network is larger than is
    built.
    """
    S, d = centres.numerators.shape
    a, b = domain
    check_parameters(as_int(quadratic_bump_size(S, d, P)))
    # The first breakpoint is certainly left of the domain, also as a float.
    a -= OUTSIDE * (b - a)
    eta = (b - a) / P
    knots = [*(Fraction(float(a + i * eta)) for i in range(P)), b]
    if any(u >= v for u, v in pairwise(knots)):
        raise PrecisionError(f"float64 does not tell {P} pieces an axis apart")
    slopes = [u + v for u, v in pairwise(knots)]
    turns = [float(v - u) for u, v in pairwise(slopes)]
    axis, piece = np.divmod(np.arange(d * P), P)
    first = matrix((d * P, d), (np.arange(d * P), axis, np.ones(d * P)))
    biases = np.tile([-float(t) + 0.0 for t in knots[:-1]], d)
    passed, kinks = np.flatnonzero(piece == 0), np.flatnonzero(piece)
    second = matrix(
        (d + 1, d * P),
        (
            np.concatenate([axis[passed], np.full(len(kinks), d)]),
            np.concatenate([passed, kinks]),
            np.concatenate([np.ones(d), np.tile(turns, d)]),
        ),
    )
    worst = max((v - u) ** 2 for u, v in pairwise(knots)) / 4
    left = far - near - d * worst
    if left <= 0:
        raise PrecisionError(f"{P} pieces an axis leave no gap between the squared distances")
    scale = 1 / left
    third, third_bias = _bumps(centres, scale, far, knots[0], slopes[0])
    network = Network.of(
        [
            (first, biases),
            (second, np.zeros(d + 1)),
            (third, third_bias),
            (np.full((1, S), float(label)), [-label / 2]),
        ]
    )
    zero = d * knots[:-1].count(Fraction(0))
    zero += int((third == 0).sum() + (third_bias == 0).sum())
    return network, as_int(quadratic_bump_size(S, d, P, zero))


def _bumps(
    centres: Rationals, scale: Fraction, far: Fraction, start: Fraction, slope: Fraction
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Weights on (x_1 - start, ..., x_d - start, Q) and biases of scale (far - |x - z|^2).

    The interpolant is sum_j start^2 + slope (x_j - start), plus Q; so
    |x - z|^2 = Q + sum_j (slope - 2 z_j)(x_j - start) + (z_j - start)^2 up to its error.
    """
    S, d = centres.numerators.shape
    q = centres.denominator
    if centres.numerators.dtype != object and d * q**2 < 1 << 60 and far.denominator < 1 << 60:
        # Every entry is one rounding of a difference of floats that are themselves exact or rounded
        # once; the certificate is for the floats that come out.
        z = centres.floats()
        linear = float(slope) - 2 * z
        constant = float(far) - ((z - float(start)) ** 2).sum(axis=1)
    else:
        rows = [centres.row(i) for i in range(S)]
        linear = np.array([[float(slope - 2 * v) for v in row] for row in rows])
        constant = np.array([float(far - sum((v - start) ** 2 for v in row)) for row in rows])
    weights = np.hstack([linear, np.ones((S, 1))]) * -float(scale)
    return weights, constant * float(scale)
