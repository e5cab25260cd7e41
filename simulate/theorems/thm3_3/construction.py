"""Theorem 3.3: a network that keeps the label within c epsilon of every point of A and of B.

The cube [0,1]^d is cut into g^d cells, g the fewest that are fine enough, and a bump stands on each
cell that meets one class, the class that meets fewer. p = inf: boxes on a shared first layer, depth
3, or half-cells at depth 4 and 5, or, any depth, marks on shifted cores read bit by bit. p = 2:
balls around the cells' centres, depth 4.
"""

from __future__ import annotations

from enum import Enum
from fractions import Fraction

from robustsize.bounds import symbols
from robustsize.bounds.counting.construction_size import (
    bit_families_size,
    depth_five_size,
    depth_four_size,
    intervals_an_axis,
    quadratic_bump_size,
    shared_bump_size,
    unshared_bump_size,
)
from robustsize.bounds.theorems.thm3_3.statement import G_L2, PIECES_L2, G
from robustsize.simulate.construct.bit_families import BitFamilies, Ladder
from robustsize.simulate.construct.boxes import BoxCover, box_network, cover_pieces
from robustsize.simulate.construct.grid import cell_centres, cells_meeting
from robustsize.simulate.construct.halves import Cells, depth_five_network, depth_four_network
from robustsize.simulate.construct.limits import check_cells
from robustsize.simulate.construct.quadratic import quadratic_network
from robustsize.simulate.construct.request import Builder
from robustsize.simulate.construct.result import Construction, as_int, whole
from robustsize.simulate.data.exact import Rationals
from robustsize.simulate.data.instance import Norm
from robustsize.simulate.data.regions import SeparatedPair, half_diagonal_above
from robustsize.simulate.networks.network import Network

GREEDY_PAIRS = 2_000_000
"""Boxes on the pieces themselves are tried up to this many pairs of pieces."""


class Form(Enum):
    """At p = inf, EXPLICIT: S(2d+2) + 4dg + 1 as in the theory, depth 3. BOXES: the same without
    sides on the faces of the cube, which no point of a class passes by more than c epsilon.
    PIECES: boxes on the pieces of a class in place of cells, depth 3. DEPTH_4, DEPTH_5: on
    half-cells. BITS: by bit extraction, any depth. At p = 2 there is one form, BALLS. SMALLEST: the
    smallest of the norm's, BITS among them where another form is larger than its first layer.
    """

    EXPLICIT = "explicit"
    BOXES = "boxes"
    PIECES = "pieces"
    DEPTH_4 = "depth 4"
    DEPTH_5 = "depth 5"
    BITS = "bits"
    BALLS = "balls"
    SMALLEST = "smallest"


def robust_classifier(
    pair: SeparatedPair, c: Fraction, *, form: Form = Form.SMALLEST
) -> Construction:
    """The network for sets in [0,1]^d at radius c epsilon, in the pair's norm.

    Raises ValueError where c is outside (0, 1), a set leaves the cube, the form is not one of the
    norm's, its depth needs d >= 2, or float64 does not hold what BITS needs.
    """
    if not 0 < c < 1:
        raise ValueError(f"the robustness ratio c is in (0, 1); got {c}")
    if (form is Form.BALLS and pair.p is Norm.INF) or (
        pair.p is Norm.TWO and form not in (Form.BALLS, Form.SMALLEST)
    ):
        raise ValueError(f"form {form.value} is not for l_{pair.p.value}")
    if pair.p is Norm.TWO:
        return _balls(pair, c)
    if form is Form.PIECES:
        return _pieces(pair, c)
    if form is Form.BITS:
        return _bits(pair, c)
    g = whole(G, {symbols.epsilon: pair.epsilon, symbols.c: c})
    check_cells(g)
    cells, label = _fewer_cells(pair, g)
    if form is not Form.SMALLEST:
        return _on_cells(pair, c, cells, g, label, form)
    forms = [Form.BOXES, *((Form.DEPTH_4, Form.DEPTH_5) if pair.dimension > 1 else ())]
    options = [_on_cells(pair, c, cells, g, label, each) for each in forms]
    if len(pair.A) * len(pair.B) <= GREEDY_PAIRS:
        options.append(_pieces(pair, c))
    best = min(options, key=lambda option: option.size)
    if best.size <= _bits_at_least(pair, c):
        return best
    try:
        return min(best, _bits(pair, c), key=lambda option: option.size)
    except ValueError:  # Beyond float64: the other forms remain.
        return best


def _fewer_cells(pair: SeparatedPair, g: int) -> tuple[Cells, int]:
    """The cells that meet the class that meets fewer, and its label."""
    found = ((cells_meeting(pair.side(label), g), label) for label in (1, -1))
    return min(found, key=lambda option: len(option[0]))


def _on_cells(
    pair: SeparatedPair, c: Fraction, cells: Cells, g: int, label: int, form: Form
) -> Construction:
    """One of the forms on cells, p = inf."""
    (S, d), reach = cells.shape, c * pair.epsilon
    gamma = 2 * ((1 - c) * pair.epsilon - Fraction(1, 2 * g))
    if form is Form.DEPTH_4:
        network, size, d1 = depth_four_network(cells, g, reach, gamma, label)
        bound = depth_four_size(S, g, d1, d - d1)
    elif form is Form.DEPTH_5:
        network, size, d1 = depth_five_network(cells, g, reach, gamma, label)
        bound = depth_five_size(S, g, d1, d - d1)
    else:
        low, high = (Rationals.from_integers(ends, g) for ends in (cells, cells + 1))
        cover = BoxCover.closed(low, high)
        if form is Form.BOXES:
            cover = BoxCover(cells, cells + 1, cells > 0, cells < g - 1, g)
        network, size = box_network(cover, reach, gamma, d, label)
        bound = shared_bump_size(S, d, g)
    return _construction(pair, form, network, size, as_int(bound), S, c)


def _bits_at_least(pair: SeparatedPair, c: Fraction) -> int:
    """What bits cost on all families without their tables."""
    d = pair.dimension
    return 13 * d * (as_int(intervals_an_axis(pair.epsilon, c, d)) - 2)


def _bits(pair: SeparatedPair, c: Fraction) -> Construction:
    """Marks on shifted cores, on the class and with the split of the axes that need least."""
    d, reach = pair.dimension, c * pair.epsilon
    ladder = Ladder.of(d, 2 * (1 - c) * pair.epsilon)
    options = []
    for label in (1, -1):
        marks = ladder.marks(pair.side(label), reach)
        for a in range(d + 1):
            families = BitFamilies.of(ladder, marks, a)
            if families is not None:
                options.append((families, label, int(sum(cores.sum() for cores in marks))))
    if not options:
        raise ValueError(
            f"float64 does not hold the bits of {len(ladder.ends) - 1} intervals an axis in "
            f"dimension {d}"
        )
    families, label, cells = min(options, key=lambda option: option[0].size)
    bound = as_int(bit_families_size(d, len(ladder.ends) - 1, families.a))
    network = families.network(label)
    return _construction(pair, Form.BITS, network, families.size, bound, cells, c)


def _pieces(pair: SeparatedPair, c: Fraction) -> Construction:
    """Boxes on the pieces of one class, as in Theorem 2.2 at most one a piece."""
    options = []
    for label in (1, -1):
        inside, outside = pair.side(label), pair.side(-label)
        cover = cover_pieces(inside, outside, 2 * pair.epsilon + inside.fat + outside.fat)
        reach, gamma = c * pair.epsilon + inside.fat, 2 * (1 - c) * pair.epsilon
        network, size = box_network(cover, reach, gamma, pair.dimension, label)
        bound = as_int(unshared_bump_size(len(inside), pair.dimension))
        options.append(_construction(pair, Form.PIECES, network, size, bound, len(cover), c))
    return min(options, key=lambda option: option.size)


def _balls(pair: SeparatedPair, c: Fraction) -> Construction:
    d, epsilon = pair.dimension, pair.epsilon
    at = {symbols.d: Fraction(d), symbols.epsilon: epsilon, symbols.c: c}
    g, P = whole(G_L2, at), whole(PIECES_L2, at)
    check_cells(g)
    cells, label = _fewer_cells(pair, g)
    h, radius = half_diagonal_above(d, Fraction(1, g)), c * epsilon
    near, far = (h + radius) ** 2, (2 * epsilon - h - radius) ** 2
    domain = (-radius, 1 + radius)
    network, size = quadratic_network(cell_centres(cells, g), near, far, domain, P, label)
    bound = as_int(quadratic_bump_size(len(cells), d, P))
    return _construction(pair, Form.BALLS, network, size, bound, len(cells), c)


def _construction(
    pair: SeparatedPair,
    form: Form,
    network: Network,
    size: int,
    bound: int,
    cells: int,
    c: Fraction,
) -> Construction:
    radius = c * pair.epsilon
    return Construction(
        "thm3.3", form.value, network, size, bound, cells, pair.p, radius, pair.A, pair.B
    )


BUILDER = Builder(
    build=lambda request: robust_classifier(request.sets(), request[symbols.c]),
    takes=(symbols.d, symbols.epsilon, symbols.c),
    example="--d 3 --epsilon 0.1 --c 0.5 --samples 20",
)
