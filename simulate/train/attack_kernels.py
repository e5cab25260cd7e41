"""Steps of projected gradient descent on a block of points, laid out as in `kernels`.

A padding point has label 0 and is never moved.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from llvmlite import ir

from robustsize.simulate.train.kernels import REGISTERS, Address, Count
from robustsize.simulate.train.vectors import INT, VECTOR_BYTES, Code, Loop, Vector, kernel

MAX_FUSED_INPUTS = 8
"""Most inputs of a network whose ascent fits in the registers, see `ascend`."""


@kernel
def ascend(
    c: Code,
    weight: Address,
    pulls: Address,
    centre: Address,
    labels: Address,
    x: Address,
    inputs: Count,
    outputs: Count,
    steps: Count,
    length: ir.Value,
    radius: ir.Value,
    vectors: Count,
    stride: Count,
) -> None:
    """All the steps >= 1 of l_inf PGD from `centre`, for one hidden layer, in the registers.

    inputs <= MAX_FUSED_INPUTS. pulls: output weight_j weight_ji, one row a unit, so that the slope
    of the output is a sum of them over the units that are on: additions only.
    """

    reach = c.number(radius)

    def block(d: int, width: int, first: ir.Value) -> None:
        at = [
            (c.beyond(c.at(c.b.add(base, c.b.mul(first, INT(VECTOR_BYTES))), stride, i), v))
            for base in (centre, x)
            for v in range(width)
            for i in range(d)
        ]
        centres, places = at[: d * width], at[d * width :]
        label_at = c.b.add(labels, c.b.mul(first, INT(VECTOR_BYTES)))
        moves = [c.load(c.beyond(label_at, v)) * c.number(length) for v in range(width)]
        loop = Loop(c, [steps, *[c.load(a) for a in centres]])
        left, *xs = loop.values
        slopes = _slopes_of_one_layer(c, d, xs, weight, pulls, outputs)
        moved = [
            _box_step(c, xs[i], slopes[i], c.load(centres[i]), moves[i // d], reach)
            for i in range(len(xs))
        ]
        left = c.b.sub(left, INT(1))
        more = c.b.and_(c.b.icmp_signed(">", left, INT(0)), _any_differs(moved, xs))
        loop.close([left, *moved], more)
        for value, place in zip(moved, places, strict=True):
            c.store(value, place)

    def of_inputs(d: int) -> None:
        first = INT(0)
        for width in (4, 2, 1):
            if (2 * d + 1) * width < REGISTERS - 1 or width == 1:
                first = c.steps(first, vectors, width, partial(block, d, width))

    c.each(inputs, range(1, MAX_FUSED_INPUTS + 1), of_inputs)


def _slopes_of_one_layer(
    c: Code, d: int, xs: Sequence[Vector], weight: Address, pulls: Address, outputs: Count
) -> list[Vector]:
    """The output's slopes at xs: vector after vector of points, each d coordinates."""
    loop = Loop(c, [outputs, weight, pulls, *([c.zero] * len(xs))])
    left, weight, pulls, *slopes = loop.values
    weights = [c.spread(c.beyond(weight, numbers=i)) for i in range(d + 1)]
    pull = [c.spread(c.beyond(pulls, numbers=i)) for i in range(d)]
    for v in range(0, len(xs), d):
        total = weights[d]
        for i in range(d):
            total += weights[i] * xs[v + i]
        on = total > c.zero
        for i in range(d):
            slopes[v + i] = on.where(slopes[v + i] + pull[i], slopes[v + i])
    left = c.b.sub(left, INT(1))
    following = [left, c.beyond(weight, numbers=d + 1), c.beyond(pulls, numbers=d)]
    loop.close([*following, *slopes], c.b.icmp_signed(">", left, INT(0)))
    return slopes


@kernel
def pull(
    c: Code, weight: Address, output: Address, out: Address, inputs: Count, outputs: Count
) -> None:
    """The products output_j weight_ji that `ascend` takes."""

    def row(j: ir.Value) -> None:
        above = c.load(c.at(output, j, c.bytes), 1)
        here = c.at(c.at(weight, c.b.mul(j, inputs), c.bytes), j, c.bytes)
        there = c.at(out, c.b.mul(j, inputs), c.bytes)

        def entry(i: ir.Value) -> None:
            product = above * c.load(c.at(here, i, c.bytes), 1)
            c.store(product, c.at(there, i, c.bytes), aligned=False)

        c.steps(INT(0), inputs, 1, entry)

    c.steps(INT(0), outputs, 1, row)


@kernel
def box_step(
    c: Code,
    slopes: Address,
    centre: Address,
    labels: Address,
    x: Address,
    inputs: Count,
    length: ir.Value,
    radius: ir.Value,
    vectors: Count,
    stride: Count,
) -> ir.Value:
    """One projected l_inf step that lowers y f, in place; whether x moved."""
    reach, size = c.number(radius), c.number(length)
    loop = Loop(c, [INT(0), c.zero.differs(c.zero)])
    p, any_moved = loop.values
    shift = c.b.mul(p, INT(VECTOR_BYTES))
    move = c.load(c.b.add(labels, shift)) * size
    rows = Loop(c, [inputs, *(c.b.add(base, shift) for base in (x, slopes, centre)), any_moved])
    left, x_at, slope_at, centre_at, any_moved = rows.values
    before = c.load(x_at)
    after = _box_step(c, before, c.load(slope_at), c.load(centre_at), move, reach)
    c.store(after, x_at)
    left, following = (
        c.b.sub(left, INT(1)),
        (c.b.add(a, stride) for a in (x_at, slope_at, centre_at)),
    )
    any_moved = any_moved | after.differs(before)
    rows.close([left, *following, any_moved], c.b.icmp_signed(">", left, INT(0)))
    p = c.b.add(p, INT(1))
    loop.close([p, any_moved], c.b.icmp_signed("<", p, vectors))
    return c.b.zext(any_moved.any(), INT)


@kernel
def ball_step(
    c: Code,
    slopes: Address,
    centre: Address,
    labels: Address,
    x: Address,
    inputs: Count,
    length: ir.Value,
    radius: ir.Value,
    vectors: Count,
    stride: Count,
) -> None:
    """One projected l_2 step that lowers y f, in place; a slope of 0 moves nothing."""
    one, reach, size = c.number(1.0), c.number(radius), c.number(length)

    def vector(p: ir.Value) -> None:
        shift = c.b.mul(p, INT(VECTOR_BYTES))

        def at(base: ir.Value) -> Callable[[ir.Value], ir.Value]:
            start = c.b.add(base, shift)
            return lambda i: c.b.add(start, c.b.mul(i, stride))

        x_at, slope_at, centre_at = map(at, (x, slopes, centre))
        square = _total(c, inputs, lambda i: _squared(c.load(slope_at(i))))
        move = c.load(c.b.add(labels, shift)) * size
        share = (square > c.zero).where(move / c.root(square), c.zero)

        def offset(i: ir.Value) -> Vector:
            moved = c.load(x_at(i)) - share * c.load(slope_at(i)) - c.load(centre_at(i))
            c.store(moved, slope_at(i))
            return _squared(moved)

        shrink = (reach / c.root(_total(c, inputs, offset))).least(one)

        def project(i: ir.Value) -> None:
            c.store(c.load(centre_at(i)) + c.load(slope_at(i)) * shrink, x_at(i))

        c.steps(INT(0), inputs, 1, project)

    c.steps(INT(0), vectors, 1, vector)


def _squared(vector: Vector) -> Vector:
    return vector * vector


def _total(c: Code, count: Count, term: Callable[[ir.Value], Vector]) -> Vector:
    """The sum of term(i), i < count, where count >= 1."""
    loop = Loop(c, [INT(0), c.zero])
    i, total = loop.values
    more: Vector = total + term(i)
    i = c.b.add(i, INT(1))
    loop.close([i, more], c.b.icmp_signed("<", i, count))
    return more


def _box_step(
    c: Code, x: Vector, slope: Vector, centre: Vector, move: Vector, radius: Vector
) -> Vector:
    """x - move sign(slope), back in the l_inf ball."""
    down = (slope < c.zero).where(x + move, x)
    moved = (slope > c.zero).where(x - move, down)
    return moved.most(centre - radius).least(centre + radius)


def _any_differs(some: Sequence[Vector], others: Sequence[Vector]) -> ir.Value:
    differs = [a.differs(b) for a, b in zip(some, others, strict=True)]
    for more in differs[1:]:
        differs[0] = differs[0] | more
    return differs[0].any()


@kernel
def shift(
    c: Code,
    centre: Address,
    offsets: Address,
    x: Address,
    inputs: Count,
    vectors: Count,
    stride: Count,
) -> None:
    """x_ip = centre_ip + offset_i."""

    def row(i: ir.Value) -> None:
        source, target = (c.b.add(base, c.b.mul(i, stride)) for base in (centre, x))
        offset = c.spread(c.at(offsets, i, c.bytes))

        def vector(p: ir.Value) -> None:
            place = c.b.mul(p, INT(VECTOR_BYTES))
            c.store(c.load(c.b.add(source, place)) + offset, c.b.add(target, place))

        c.steps(INT(0), vectors, 1, vector)

    c.steps(INT(0), inputs, 1, row)


@kernel
def lower(c: Code, output: Address, labels: Address, least: Address, vectors: Count) -> None:
    """Lower the vector at `least` to the margins y f where y is not 0 (NaN lowers too)."""

    def vector(p: ir.Value) -> None:
        here, label_at = (c.b.add(base, c.b.mul(p, INT(VECTOR_BYTES))) for base in (output, labels))
        label, known = c.load(label_at), c.load(least)
        margin = label * c.load(here)
        lowered = (margin > known).where(known, margin)
        c.store(label.differs(c.zero).where(lowered, known), least)

    c.steps(INT(0), vectors, 1, vector)
