"""Theorem 5.5: on a k-manifold the size grows as the covering number, (1/epsilon)^k, linear in d.

p = inf. A bump stands on each ball of the covering that meets one class; exponent exactly k where
the paper prints O(k log d).
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from robustsize.bounds import symbols
from robustsize.bounds.counting.construction_size import unshared_bump_size
from robustsize.bounds.symbols import InputError
from robustsize.simulate.construct.boxes import BoxCover, box_network, cover_pieces
from robustsize.simulate.construct.limits import check_bumps
from robustsize.simulate.construct.request import Builder, Request
from robustsize.simulate.construct.result import Construction, as_int
from robustsize.simulate.data.exact import Rationals
from robustsize.simulate.data.instance import Norm
from robustsize.simulate.data.manifolds import Covering, flat_cube
from robustsize.simulate.data.random_sets import random_manifold_pair
from robustsize.simulate.data.regions import Region, SeparatedPair, closer_than


def manifold_classifier(
    pair: SeparatedPair, covering: Covering, c: Fraction, *, trim: bool = True
) -> Construction:
    """The network for sets on a covered manifold at radius c epsilon in l_inf.

    The pair's sets may be larger than what they hold of the manifold, for example balls around its
    points: the guarantee is for the covering's balls that meet the class with the bumps, so for all
    that this class holds of the manifold, and for the whole of the other class.

    trim: leave out the sides that keep nothing of the other class out, and bumps that others
    replace; otherwise every ball has its 2d one-sided units, as in S(6d+2) + 1.

    Raises ValueError where p is not inf, c outside (0, 1), h >= (1-c) epsilon, dimensions differ or
    a piece meets no ball of the covering.
    """
    if pair.p is not Norm.INF:
        raise ValueError("Theorem 5.5 is about l_inf")
    if not 0 < c < 1:
        raise ValueError(f"the robustness ratio c is in (0, 1); got {c}")
    room = (1 - c) * pair.epsilon - covering.h
    if room <= 0:
        raise ValueError(
            f"the covering radius {float(covering.h):.6g} is not below (1-c) epsilon = "
            f"{float((1 - c) * pair.epsilon):.6g}"
        )
    if covering.dimension != pair.dimension:
        raise ValueError(f"the covering lies in R^{covering.dimension}, A in R^{pair.dimension}")
    options = []
    for label in (1, -1):
        chosen = _balls_meeting(covering, pair.side(label))
        centres = Rationals.from_integers(
            covering.centres.numerators[chosen], covering.centres.denominator
        )
        cover = BoxCover.closed(centres, centres)
        if trim:
            # A centre is within h of one class, so at least 2 epsilon - h from the other.
            other = pair.side(-label)
            apart = 2 * pair.epsilon - covering.h + other.fat
            cover = cover_pieces(Region.points(centres), other, apart)
        d, radius = pair.dimension, c * pair.epsilon
        network, size = box_network(cover, covering.h + radius, 2 * room, d, label)
        bound = as_int(unshared_bump_size(len(chosen), d))
        form = f"{covering.name}, {'trimmed' if trim else 'plain'}"
        held = Region.balls(centres, covering.h, Norm.INF)
        sets = (held, pair.B) if label > 0 else (pair.A, held)
        options.append(
            Construction("thm5.5", form, network, size, bound, len(cover), Norm.INF, radius, *sets)
        )
    return min(options, key=lambda option: option.size)


def _balls_meeting(covering: Covering, region: Region) -> NDArray[np.int64]:
    """The covering's balls that meet the set."""
    centres = Region.points(covering.centres)
    balls, pieces = closer_than(centres, region, covering.h + region.fat, Norm.INF, or_equal=True)
    missed = np.setdiff1d(np.arange(len(region)), pieces)
    if len(missed):
        raise ValueError(f"piece {missed[0]} of a class meets no ball of the covering")
    return np.unique(balls)


def _build(request: Request) -> Construction:
    if request.pair is not None:
        raise InputError("thm5.5 is built on the flat k-cube; give --instance random")
    check_bumps(int(request[symbols.d]), request.points)
    manifold = flat_cube(int(request[symbols.k]), int(request[symbols.d]))
    gap, ratio = request[symbols.epsilon], request[symbols.c]
    pair = random_manifold_pair(manifold, gap, request.points, radius=gap / 8, seed=request.seed)
    return manifold_classifier(pair, manifold.covering((1 - ratio) * gap), ratio)


BUILDER = Builder(
    build=_build,
    takes=(symbols.d, symbols.k, symbols.epsilon, symbols.c),
    example="--d 3 --k 1 --epsilon 0.1 --c 0.5",
    own_sets=True,
)
