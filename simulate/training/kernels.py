"""Small matrix products on vector registers, for Numba code: points innermost, explicit tiles.

Matrices of activations are (units, points), rows `stride` elements apart and aligned to a vector;
points come in whole vectors. Arguments are addresses of memory that the caller keeps alive. A
vector has 64 bytes on machines with AVX-512, else 32.
"""

from __future__ import annotations

from typing import Any

import llvmlite.binding as llvm
import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic

VECTOR_BYTES = 64 if llvm.get_host_cpu_features().get("avx512f", False) else 32

PLAIN, RELU, SELECT, MASK = (np.int64(i) for i in range(4))
"""What `product` stores, a being the sum: a; max(a, 0); other_j where a > 0, else 0; a where
other_jp > 0, else 0. NumPy numbers, as Numba compiles anew for each value of a Python literal."""

_INT = ir.IntType(64)
_tile: Any = intrinsic(prefer_literal=True)
_FUSED = ("contract",)
_ANY_ORDER = ("contract", "reassoc")


class _Code:
    """LLVM instructions on addresses for one element type."""

    def __init__(self, builder: ir.IRBuilder, element: ir.Type) -> None:
        self.b, self.element = builder, element
        self.bytes = 4 if isinstance(element, ir.FloatType) else 8
        self.lanes = VECTOR_BYTES // self.bytes
        self.vector = ir.VectorType(element, self.lanes)
        self.zero = ir.Constant(self.vector, [0.0] * self.lanes)

    def at(self, address: ir.Value, elements: ir.Value | int) -> ir.Value:
        """The address that many elements further."""
        if isinstance(elements, int):
            return self.b.add(address, _INT(elements * self.bytes))
        return self.b.add(address, self.b.mul(elements, _INT(self.bytes)))

    def load(self, address: ir.Value, kind: ir.Type) -> ir.Value:
        aligned = VECTOR_BYTES if kind is self.vector else self.bytes
        return self.b.load(self._pointer(address, kind), align=aligned, typ=kind)

    def store(self, value: ir.Value, address: ir.Value) -> None:
        aligned = VECTOR_BYTES if value.type is self.vector else self.bytes
        self.b.store(value, self._pointer(address, value.type), align=aligned)

    def spread(self, scalar: ir.Value) -> ir.Value:
        """A vector with the scalar in each lane."""
        one = self.b.insert_element(ir.Constant(self.vector, ir.Undefined), scalar, _INT(0))
        lanes = ir.Constant(ir.VectorType(ir.IntType(32), self.lanes), [0] * self.lanes)
        return self.b.shuffle_vector(one, ir.Constant(self.vector, ir.Undefined), lanes)

    def fused(self, a: ir.Value, x: ir.Value, y: ir.Value) -> ir.Value:
        """a + x y."""
        return self.b.fadd(a, self.b.fmul(x, y, flags=_FUSED), flags=_FUSED)

    def sums(self, vectors: list[ir.Value]) -> ir.Value:
        """A vector with the sum of the lanes of each given vector, whose number is a power of 2."""
        while len(vectors) > 1:
            vectors = [self._paired(x, y) for x, y in zip(vectors[::2], vectors[1::2], strict=True)]
        return vectors[0]

    def folded(self, vector: ir.Value, lanes: int) -> ir.Value:
        """The vector shortened to that many lanes by adding its upper half to its lower."""
        while vector.type.count > lanes:
            half = vector.type.count // 2
            low, high = (self._pick(vector, vector, range(s, s + half)) for s in (0, half))
            vector = self.b.fadd(low, high, flags=_ANY_ORDER)
        return vector

    def _paired(self, x: ir.Value, y: ir.Value) -> ir.Value:
        """Neighbouring lanes added: those of x, then those of y."""
        n = x.type.count
        even, odd = (self._pick(x, y, range(s, 2 * n, 2)) for s in (0, 1))
        return self.b.fadd(even, odd, flags=_ANY_ORDER)

    def _pick(self, x: ir.Value, y: ir.Value, lanes: range) -> ir.Value:
        index = ir.VectorType(ir.IntType(32), len(lanes))
        return self.b.shuffle_vector(x, y, ir.Constant(index, list(lanes)))

    def _pointer(self, address: ir.Value, kind: ir.Type) -> ir.Value:
        return self.b.inttoptr(address, ir.PointerType(kind))


class _Loop:
    """A counted loop, body between `with`, whose named values pass from round to round."""

    def __init__(self, builder: ir.IRBuilder, first: list[ir.Value]) -> None:
        self.b, entry = builder, builder.block
        self.body, self.after = (builder.append_basic_block(name) for name in ("body", "after"))
        builder.branch(self.body)
        builder.position_at_end(self.body)
        self.values = [builder.phi(v.type) for v in first]
        for phi, value in zip(self.values, first, strict=True):
            phi.add_incoming(value, entry)

    def close(self, following: list[ir.Value], more: ir.Value) -> None:
        """Pass the following values to the next round where `more` is true, else leave."""
        for phi, value in zip(self.values, following, strict=True):
            phi.add_incoming(value, self.b.block)
        self.b.cbranch(more, self.body, self.after)
        self.b.position_at_end(self.after)


@_tile
def _product_tile(  # type: ignore[no-untyped-def]
    _, rows, vectors, like, epilogue, weight, row, column, x, bias, other, out, count, stride
):
    """Rows 0..rows-1 of `product` on `vectors` vectors of points; rows and vectors are literals."""
    height, width = rows.literal_value, vectors.literal_value

    def code(context: Any, b: ir.IRBuilder, signature: Any, arguments: Any) -> Any:
        epilogue, weight, row, column, x, bias, other, out, count, stride = arguments[3:]
        c = _Code(b, context.get_value_type(signature.args[2].dtype))
        tile = [(j, v) for j in range(height) for v in range(width)]
        start = [c.spread(c.load(c.at(bias, j), c.element)) for j in range(height)]
        loop = _Loop(b, [_INT(0), weight, x, *(start[j] for j, _ in tile)])
        k, w, xs, *sums = loop.values
        column_of_x = [c.load(c.at(xs, v * c.lanes), c.vector) for v in range(width)]
        entries, entry = [], w
        for _ in range(height):
            entries.append(c.spread(c.load(entry, c.element)))
            entry = c.at(entry, row)
        sums = [
            c.fused(s, entries[j], column_of_x[v]) for s, (j, v) in zip(sums, tile, strict=True)
        ]
        k = b.add(k, _INT(1))
        loop.close([k, c.at(w, column), c.at(xs, stride), *sums], b.icmp_signed("<", k, count))

        places = []
        for j, v in tile:
            places.append(b.add(b.mul(_INT(j), stride), _INT(v * c.lanes)))
        end = b.append_basic_block("end")
        cases = {kind: b.append_basic_block(f"store{kind}") for kind in (RELU, SELECT, MASK)}
        plain = b.append_basic_block("store")
        switch = b.switch(epilogue, plain)
        for kind, block in cases.items():
            switch.add_case(_INT(int(kind)), block)
        for kind, block in {PLAIN: plain, **cases}.items():
            b.position_at_end(block)
            for (j, _), place, value in zip(tile, places, sums, strict=True):
                test, stored = value, value
                if kind == SELECT:
                    stored = c.spread(c.load(c.at(other, j), c.element))
                if kind == MASK:
                    test = c.load(c.at(other, place), c.vector)
                if kind != PLAIN:
                    stored = b.select(b.fcmp_ordered(">", test, c.zero), stored, c.zero)
                c.store(stored, c.at(out, place))
            b.branch(end)
        b.position_at_end(end)
        return context.get_dummy_value()

    return types.void(rows, vectors, like, *([types.int64] * 10)), code


@_tile
def _outer_tile(_, rows, columns, like, g, h, out, row, points, stride):  # type: ignore[no-untyped-def]
    """Rows 0..rows-1 and columns 0..columns-1 of `outer`; both literal, powers of 2 up to 4."""
    height, width = rows.literal_value, columns.literal_value

    def code(context: Any, b: ir.IRBuilder, signature: Any, arguments: Any) -> Any:
        g, h, out, row, points, stride = arguments[3:]
        c = _Code(b, context.get_value_type(signature.args[2].dtype))
        loop = _Loop(b, [_INT(0), g, h, *([c.zero] * (height * width))])
        p, gs, hs, *sums = loop.values
        left = [c.load(c.at(gs, b.mul(_INT(j), stride)), c.vector) for j in range(height)]
        right = [c.load(c.at(hs, b.mul(_INT(k), stride)), c.vector) for k in range(width)]
        pairs = [(x, y) for x in left for y in right]
        sums = [c.fused(s, x, y) for s, (x, y) in zip(sums, pairs, strict=True)]
        p = b.add(p, _INT(c.lanes))
        following = [p, c.at(gs, c.lanes), c.at(hs, c.lanes), *sums]
        loop.close(following, b.icmp_signed("<", p, points))
        for j in range(height):
            folded = [c.folded(s, width) for s in sums[j * width : (j + 1) * width]]
            total = c.sums(folded)
            place = c.at(out, b.mul(_INT(j), row))
            c.store(b.fadd(c.load(place, total.type), total), place)
        return context.get_dummy_value()

    return types.void(rows, columns, like, *([types.int64] * 6)), code


@njit(cache=True)
def address(array):  # type: ignore[no-untyped-def]
    """Where the array's elements start, signed: Numba adds uint64 and int64 as floats."""
    return np.int64(array.ctypes.data)


@njit(cache=True, error_model="numpy")
def product(  # type: ignore[no-untyped-def]
    like, epilogue, weight, row, column, x, bias, other, out, rows, count, points, stride
):
    """out_jp = epilogue(bias_j + sum_k weight[j row + k column] x_kp), j < rows, k < count.

    like: any array of the element type. bias: `rows` numbers, zeros for none. All else int64,
    addresses first; other: see the epilogues.
    """
    size = like.itemsize
    step = VECTOR_BYTES // size
    j = 0
    while j < rows:
        height = 8 if rows - j >= 8 else 4 if rows - j >= 4 else 2 if rows - j >= 2 else 1
        w, t = weight + j * row * size, bias + j * size
        p = 0
        while p < points:
            vectors = 2 if points - p >= 2 * step else 1
            at = p * size
            o = out + j * stride * size + at
            z = other + (j * stride * size + at if epilogue == MASK else j * size)
            if vectors == 2:
                if height == 8:
                    _product_tile(
                        8, 2, like, epilogue, w, row, column, x + at, t, z, o, count, stride
                    )
                elif height == 4:
                    _product_tile(
                        4, 2, like, epilogue, w, row, column, x + at, t, z, o, count, stride
                    )
                elif height == 2:
                    _product_tile(
                        2, 2, like, epilogue, w, row, column, x + at, t, z, o, count, stride
                    )
                else:
                    _product_tile(
                        1, 2, like, epilogue, w, row, column, x + at, t, z, o, count, stride
                    )
            elif height == 8:
                _product_tile(8, 1, like, epilogue, w, row, column, x + at, t, z, o, count, stride)
            elif height == 4:
                _product_tile(4, 1, like, epilogue, w, row, column, x + at, t, z, o, count, stride)
            elif height == 2:
                _product_tile(2, 1, like, epilogue, w, row, column, x + at, t, z, o, count, stride)
            else:
                _product_tile(1, 1, like, epilogue, w, row, column, x + at, t, z, o, count, stride)
            p += vectors * step
        j += height


@njit(cache=True, error_model="numpy")
def outer(like, g, h, out, rows, columns, points, stride):  # type: ignore[no-untyped-def]
    """out_jk += sum_p g_jp h_kp, j < rows, k < columns; rows is 1 or a multiple of 4."""
    size = like.itemsize
    j = 0
    while j < rows:
        tall = rows - j >= 4
        a = g + j * stride * size
        k = 0
        while k < columns:
            width = 4 if columns - k >= 4 else 2 if columns - k >= 2 else 1
            b, o = h + k * stride * size, out + (j * columns + k) * size
            if tall and width == 4:
                _outer_tile(4, 4, like, a, b, o, columns, points, stride)
            elif tall and width == 2:
                _outer_tile(4, 2, like, a, b, o, columns, points, stride)
            elif tall:
                _outer_tile(4, 1, like, a, b, o, columns, points, stride)
            elif width == 4:
                _outer_tile(1, 4, like, a, b, o, columns, points, stride)
            elif width == 2:
                _outer_tile(1, 2, like, a, b, o, columns, points, stride)
            else:
                _outer_tile(1, 1, like, a, b, o, columns, points, stride)
            k += width
        j += 4 if tall else 1
