"""Theorem 2.2: a network that fits N separated points robustly, at any radius delta < epsilon.

Bumps stand on the points of one class. p = inf: boxes, depth 3. p = 2: balls over one interpolated
square, depth 4. Every delta < epsilon will do, where the paper needs delta < epsilon/2.
"""

from __future__ import annotations

from fractions import Fraction

from robustsize.bounds import symbols
from robustsize.bounds.counting.construction_size import quadratic_bump_size, unshared_bump_size
from robustsize.bounds.theorems.thm2_2.statement import PIECES_L2
from robustsize.simulate.construct.boxes import BoxCover, box_network, cover_pieces
from robustsize.simulate.construct.quadratic import quadratic_network
from robustsize.simulate.construct.request import Builder, Request
from robustsize.simulate.construct.result import Construction, as_int, whole
from robustsize.simulate.data.instance import Norm
from robustsize.simulate.data.regions import Region, SeparatedPair


def robust_fit(pair: SeparatedPair, delta: Fraction, *, trim: bool = True) -> Construction:
    """The network that keeps the label within l_p distance delta of every point of a finite pair.

    trim: at p = inf leave out sides that keep no point of the other class out and bumps that others
    replace, on whichever class that makes smaller; otherwise every point of the smaller class has
    its 2d one-sided units, as in the explicit form S(6d+2) + 1.

    Raises ValueError where delta is outside [0, epsilon), a set is not finite, or at p = 2 a point
    lies outside [-1,1]^d.
    """
    if not 0 <= delta < pair.epsilon:
        raise ValueError(f"delta is in [0, epsilon = {pair.epsilon}); got {delta}")
    if not (pair.A.is_finite_set and pair.B.is_finite_set):
        raise ValueError("Theorem 2.2 is about finite sets; build thm3.3 for these")
    small = 1 if len(pair.A) <= len(pair.B) else -1
    if pair.p is Norm.TWO:
        return _balls(pair, delta, small)
    if not trim:
        points = pair.side(small)
        cover = BoxCover.closed(points.low, points.low)
        return _boxes(pair, delta, small, cover, "plain")
    options = [
        _boxes(
            pair,
            delta,
            label,
            cover_pieces(pair.side(label), pair.side(-label), 2 * pair.epsilon),
            "trimmed",
        )
        for label in (1, -1)
    ]
    return min(options, key=lambda option: option.size)


def _boxes(
    pair: SeparatedPair, delta: Fraction, label: int, cover: BoxCover, form: str
) -> Construction:
    d = pair.dimension
    network, size = box_network(cover, delta, 2 * (pair.epsilon - delta), d, label)
    bound = as_int(unshared_bump_size(min(len(pair.A), len(pair.B)), d))
    cells = len(cover)
    return Construction(
        "thm2.2", form, network, size, bound, cells, Norm.INF, delta, pair.A, pair.B
    )


def _balls(pair: SeparatedPair, delta: Fraction, label: int) -> Construction:
    points, reach, d = pair.side(label), 1 + delta, pair.dimension
    _check_domain(pair.A)
    _check_domain(pair.B)
    at = {symbols.d: Fraction(d), symbols.epsilon: pair.epsilon, symbols.delta: delta}
    P = whole(PIECES_L2, at)
    network, size = quadratic_network(
        points.low, delta**2, (2 * pair.epsilon - delta) ** 2, (-reach, reach), P, label
    )
    bound = as_int(quadratic_bump_size(len(points), d, P))
    return Construction(
        "thm2.2", "balls", network, size, bound, len(points), Norm.TWO, delta, pair.A, pair.B
    )


def _check_domain(region: Region) -> None:
    outside = (abs(region.low.numerators) > region.low.denominator).astype(bool).any(axis=1)
    if outside.any():
        raise ValueError(f"point {int(outside.argmax())} lies outside [-1,1]^d")


def _build(request: Request) -> Construction:
    delta, epsilon = request[symbols.delta], request[symbols.epsilon]
    if delta >= epsilon:
        raise symbols.InputError(
            f"--delta {delta}: must be below --epsilon {epsilon}; for example --delta {epsilon / 2}"
        )
    return robust_fit(request.sets(), delta)


BUILDER = Builder(
    build=_build,
    takes=(symbols.d, symbols.epsilon, symbols.delta),
    example="--d 3 --epsilon 0.1 --delta 0.05 --samples 20",
)
