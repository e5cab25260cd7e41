"""Small matrix products on a block of points that stays in the cache: forward, backward, gradient.

Matrices of activations and slopes are (units, points): rows `stride` bytes apart, of which
1 to MAX_VECTORS vectors of points are worked on. A layer's parameters are one row an output: its
weights, then its bias; a row of ones below what enters a layer gives the bias its gradient. Sums
over k run in the order of k, whatever the tile, so a point's values do not depend on its
neighbours.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
from llvmlite import ir

from robustsize.simulate.train.vectors import INT, VECTOR_BYTES, Code, Loop, Vector, kernel

RELU, SELECT, PLAIN = (np.int64(i) for i in range(3))
"""What `forward` stores of a sum a: max(a, 0); chosen_j where a > 0, else 0; a. NumPy numbers, as
Numba compiles anew for each value of a Python literal."""

REGISTERS = 32 if VECTOR_BYTES == 64 else 16
MAX_VECTORS = 4
"""Most vectors of points in a block."""
HEIGHTS = (8, 4, 2, 1)
"""Rows of a tile of sums, which with its columns fills at most half the registers."""

Address = Any
Count = Any


@kernel
def forward(
    c: Code,
    kind: Count,
    weight: Address,
    x: Address,
    chosen: Address,
    out: Address,
    outputs: Count,
    inputs: Count,
    vectors: Count,
    stride: Count,
) -> None:
    """out_jp = epilogue(bias_j + sum_k weight_jk x_kp), see RELU, SELECT and PLAIN."""
    number = INT(c.bytes)
    row = c.at(number, inputs, c.bytes)

    def tile(height: int, width: int, j: ir.Value) -> None:
        top = c.b.add(weight, c.b.mul(j, row))
        bias = c.at(top, inputs, c.bytes)
        start = [c.spread(c.at(bias, row, i)) for i in range(height) for _ in range(width)]
        sums = _product(c, start, height, width, top, row, number, x, inputs, stride)

        def store(kind: int) -> None:
            for i, v, place in _places(c, height, width, out, j, stride):
                value = sums[i * width + v]
                kept = value
                if kind == SELECT:
                    kept = c.spread(c.at(c.at(chosen, j, c.bytes), number, i))
                c.store(value if kind == PLAIN else (value > c.zero).where(kept, c.zero), place)

        c.each(kind, (int(RELU), int(SELECT), int(PLAIN)), store)

    _tiles(c, outputs, vectors, tile)


@kernel
def backward(
    c: Code,
    masked: Count,
    weight: Address,
    slopes: Address,
    values: Address,
    out: Address,
    outputs: Count,
    inputs: Count,
    vectors: Count,
    stride: Count,
) -> None:
    """out_kp = sum_j weight_jk slopes_jp; if masked, 0 where values_kp is not positive."""
    number = INT(c.bytes)
    row = c.at(number, inputs, c.bytes)

    def tile(height: int, width: int, k: ir.Value) -> None:
        start = [c.zero] * (height * width)
        top = c.at(weight, k, c.bytes)
        sums = _product(c, start, height, width, top, number, row, slopes, outputs, stride)

        def store(masked: int) -> None:
            from_values = _places(c, height, width, values, k, stride)
            for (i, v, place), (_, _, value) in zip(
                _places(c, height, width, out, k, stride), from_values, strict=True
            ):
                kept = sums[i * width + v]
                c.store((c.load(value) > c.zero).where(kept, c.zero) if masked else kept, place)

        c.each(masked, (1, 0), store)

    _tiles(c, inputs, vectors, tile)


@kernel
def outer(
    c: Code,
    slopes: Address,
    values: Address,
    out: Address,
    outputs: Count,
    columns: Count,
    vectors: Count,
    stride: Count,
) -> None:
    """out_jk += sum_p slopes_jp values_kp; the rows of `out` are `columns` numbers long."""
    row = c.b.mul(columns, INT(c.bytes))

    def tile(height: int, width: int, j: ir.Value, k: ir.Value) -> None:
        a, b = c.b.add(slopes, c.b.mul(j, stride)), c.b.add(values, c.b.mul(k, stride))
        loop = Loop(c, [vectors, a, b, *([c.zero] * (height * width))])
        left, a, b, *sums = loop.values
        right = [c.load(c.at(b, stride, i)) for i in range(width)]
        for i in range(height):
            slope = c.load(c.at(a, stride, i))
            for v in range(width):
                sums[i * width + v] += slope * right[v]
        left = c.b.sub(left, INT(1))
        more = c.b.icmp_signed(">", left, INT(0))
        loop.close([left, c.beyond(a, 1), c.beyond(b, 1), *sums], more)
        top = c.at(c.b.add(out, c.b.mul(j, row)), k, c.bytes)
        at_once = min(height, c.width // width)
        for i in range(0, height, at_once):
            total = c.sums(sums[i * width : (i + at_once) * width])
            for r in range(at_once):
                place = c.at(top, row, i + r)
                share = total.lanes(total, range(r * width, (r + 1) * width))
                c.store(c.load(place, width) + share, place, aligned=False)

    j = INT(0)
    for height in [h for h in (4, 2, 1) if 8 * h <= REGISTERS]:

        def rows(j: ir.Value, height: int = height) -> None:
            k = INT(0)
            for width in (4, 3, 2, 1):
                k = c.steps(k, columns, width, partial(tile, height, width, j))

        j = c.steps(j, outputs, height, rows)


def _tiles(
    c: Code, rows: Count, vectors: Count, write: Callable[[int, int, ir.Value], None]
) -> None:
    """Write(height, width, j) for tiles of `height` rows from j on that are `width` vectors."""

    def of_width(width: int) -> None:
        j = INT(0)
        for height in HEIGHTS:
            if 2 * height * width <= REGISTERS:
                j = c.steps(j, rows, height, partial(write, height, width))

    c.each(vectors, range(1, MAX_VECTORS + 1), of_width)


def _product(
    c: Code,
    start: Sequence[Vector],
    height: int,
    width: int,
    weight: Address,
    row: ir.Value,
    column: ir.Value,
    x: Address,
    count: Count,
    stride: ir.Value,
) -> list[Vector]:
    """start_jp + sum_k weight[j row + k column] x_kp, k < count, for one tile, row by row."""
    loop = Loop(c, [count, weight, x, *start])
    left, weight, x, *sums = loop.values
    xs = [c.load(c.beyond(x, v)) for v in range(width)]
    for i in range(height):
        entry = c.spread(c.at(weight, row, i))
        for v in range(width):
            sums[i * width + v] += entry * xs[v]
    left = c.b.sub(left, INT(1))
    following = [left, c.b.add(weight, column), c.b.add(x, stride), *sums]
    loop.close(following, c.b.icmp_signed(">", left, INT(0)))
    return sums


def _places(
    c: Code, height: int, width: int, base: Address, j: ir.Value, stride: ir.Value
) -> list[tuple[int, int, Address]]:
    """Row, column and address of each vector of a tile whose first row is row j."""
    top = c.b.add(base, c.b.mul(j, stride))
    return [(i, v, c.beyond(c.at(top, stride, i), v)) for i in range(height) for v in range(width)]
