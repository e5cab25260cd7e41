"""Theorem 3.3: a network that keeps the label within c epsilon of every point of A and of B.

The cube [0,1]^d is cut into g^d cells, g the fewest that are fine enough, and a bump stands on each
cell that meets one class. p = inf: boxes on a shared first layer, depth 3. p = 2: balls around the
cells' centres, depth 4.
"""

from __future__ import annotations

from fractions import Fraction
from math import floor, isqrt

from robustsize.bounds.construction_size import quadratic_bump_size, shared_bump_size
from robustsize.simulate.construct.boxes import BoxCover, box_network, cover_pieces
from robustsize.simulate.construct.grid import cell_centres, cells_meeting
from robustsize.simulate.construct.quadratic import quadratic_network
from robustsize.simulate.construct.result import Construction, as_int
from robustsize.simulate.exact import Rationals
from robustsize.simulate.instance import Norm
from robustsize.simulate.network import Network
from robustsize.simulate.sets import SeparatedPair, half_diagonal_above

GREEDY_PAIRS = 2_000_000
"""Boxes on the pieces themselves are tried up to this many pairs of pieces."""


def robust_classifier(pair: SeparatedPair, c: Fraction, *, trim: bool = True) -> Construction:
    """The network for sets in [0,1]^d at radius c epsilon, in the pair's norm.

    trim: at p = inf leave out the sides on the faces of the cube, which no point of a class passes
    by more than c epsilon, and for few boxes or points use these instead of cells where smaller;
    otherwise every bump has 2d sides, as in the explicit form S(2d+2) + 4dg + 1.

    Raises ValueError where c is outside (0, 1) or a set leaves the cube.
    """
    if not 0 < c < 1:
        raise ValueError(f"the robustness ratio c is in (0, 1); got {c}")
    if pair.p is Norm.TWO:
        return _balls(pair, c)
    options = [_boxes(pair, c, trim)]
    few = len(pair.A) * len(pair.B) <= GREEDY_PAIRS
    if trim and few:
        options += [_pieces(pair, c, label, options[0].bound_size) for label in (1, -1)]
    return min(options, key=lambda option: option.size)


def _boxes(pair: SeparatedPair, c: Fraction, trim: bool) -> Construction:
    d, epsilon = pair.dimension, pair.epsilon
    g = floor(1 / (2 * (1 - c) * epsilon)) + 1
    cells, label = min(
        ((cells_meeting(pair.side(y), g), y) for y in (1, -1)), key=lambda found: len(found[0])
    )
    cover = BoxCover.closed(
        Rationals.from_integers(cells, g), Rationals.from_integers(cells + 1, g)
    )
    if trim:
        cover = BoxCover(cover.low, cover.high, cells > 0, cells < g - 1, g)
    gamma = 2 * ((1 - c) * epsilon - Fraction(1, 2 * g))
    network, size = box_network(cover, c * epsilon, gamma, d, label)
    bound = as_int(shared_bump_size(len(cells), d, g))
    form = "trimmed" if trim else "plain"
    return _construction(pair, form, network, size, bound, len(cells), c)


def _pieces(pair: SeparatedPair, c: Fraction, label: int, bound: int) -> Construction:
    """Boxes on the pieces of one class in place of cells."""
    inside, outside = pair.side(label), pair.side(-label)
    fat = inside.fat + outside.fat
    cover = cover_pieces(inside, outside, 2 * pair.epsilon + fat)
    reach = c * pair.epsilon + inside.fat
    gamma = 2 * (1 - c) * pair.epsilon
    network, size = box_network(cover, reach, gamma, pair.dimension, label)
    return _construction(pair, "pieces", network, size, bound, len(cover), c)


def _balls(pair: SeparatedPair, c: Fraction) -> Construction:
    d, epsilon = pair.dimension, pair.epsilon
    # The largest integer below sqrt(d) / (2 (1-c) epsilon), exactly, plus one.
    g = isqrt(floor(d / (2 * (1 - c) * epsilon) ** 2)) + 1
    cells, label = min(
        ((cells_meeting(pair.side(y), g), y) for y in (1, -1)), key=lambda found: len(found[0])
    )
    h, radius = half_diagonal_above(d, Fraction(1, g)), c * epsilon
    network, size, P = quadratic_network(
        cell_centres(cells, g),
        (h + radius) ** 2,
        (2 * epsilon - h - radius) ** 2,
        (-radius, 1 + radius),
        label,
    )
    bound = as_int(quadratic_bump_size(len(cells), d, P))
    return _construction(pair, "balls", network, size, bound, len(cells), c)


def _construction(
    pair: SeparatedPair, form: str, network: Network, size: int, bound: int, cells: int, c: Fraction
) -> Construction:
    radius = c * pair.epsilon
    return Construction("thm3.3", form, network, size, bound, cells, pair.p, radius, pair.A, pair.B)
