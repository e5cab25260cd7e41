"""Vector instructions for Numba code: kernels written as formulas on vectors of numbers.

A kernel is a Python function that writes LLVM instructions. Called from Numba code, its first
argument is any number of the element type; integers are counts, or addresses and distances in
bytes of memory that the caller keeps alive. A vector has 64 bytes on machines with AVX-512, else
32; memory is aligned to vectors where a kernel loads one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from inspect import Parameter, Signature, signature
from typing import Any

import llvmlite.binding as llvm
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

VECTOR_BYTES = 64 if llvm.get_host_cpu_features().get("avx512f", False) else 32

INT = ir.IntType(64)
_FUSED = ("contract",)


def kernel(write: Callable[..., ir.Value | None]) -> Any:
    """A function for Numba code whose instructions write(code, *arguments) writes.

    Its result is an integer: what `write` returns, else 0.
    """

    def typed(_: Any, like: Any, *arguments: Any) -> Any:
        def body(context: Any, builder: ir.IRBuilder, given: Any, values: Any) -> ir.Value:
            code = Code(builder, context.get_value_type(like))
            result = write(code, *values[1:])
            return INT(0) if result is None else result

        kinds = [types.int64 if isinstance(a, types.Integer) else like for a in arguments]
        return types.int64(like, *kinds), body

    names = ["context", "like", *list(signature(write).parameters)[1:]]
    parameters = [Parameter(name, Parameter.POSITIONAL_OR_KEYWORD) for name in names]
    typed.__signature__ = Signature(parameters)  # type: ignore[attr-defined]
    typed.__name__ = typed.__qualname__ = write.__name__
    typed.__doc__ = write.__doc__
    return intrinsic(typed)


@dataclass(frozen=True)
class Vector:
    """Numbers, or truth values, side by side; operators act on each lane."""

    b: ir.IRBuilder
    value: ir.Value

    def __add__(self, other: Vector) -> Vector:
        return Vector(self.b, self.b.fadd(self.value, other.value, flags=_FUSED))

    def __sub__(self, other: Vector) -> Vector:
        return Vector(self.b, self.b.fsub(self.value, other.value, flags=_FUSED))

    def __mul__(self, other: Vector) -> Vector:
        return Vector(self.b, self.b.fmul(self.value, other.value, flags=_FUSED))

    def __truediv__(self, other: Vector) -> Vector:
        return Vector(self.b, self.b.fdiv(self.value, other.value))

    def __neg__(self) -> Vector:
        return Vector(self.b, self.b.fneg(self.value))

    def __gt__(self, other: Vector) -> Vector:
        return Vector(self.b, self.b.fcmp_ordered(">", self.value, other.value))

    def __lt__(self, other: Vector) -> Vector:
        return other > self

    def differs(self, other: Vector) -> Vector:
        """Where the numbers are not equal; true for NaN."""
        return Vector(self.b, self.b.fcmp_unordered("!=", self.value, other.value))

    def __or__(self, other: Vector) -> Vector:
        return Vector(self.b, self.b.or_(self.value, other.value))

    def where(self, yes: Vector, no: Vector) -> Vector:
        """`yes` where this is true, else `no`."""
        return Vector(self.b, self.b.select(self.value, yes.value, no.value))

    def least(self, other: Vector) -> Vector:
        """The smaller number; `other` where one is NaN."""
        return (self < other).where(self, other)

    def most(self, other: Vector) -> Vector:
        """The larger number; `other` where one is NaN."""
        return (self > other).where(self, other)

    def any(self) -> ir.Value:
        """Whether a truth value is true."""
        bits = ir.IntType(self.value.type.count)
        return self.b.icmp_signed("!=", self.b.bitcast(self.value, bits), bits(0))

    def lanes(self, other: Vector, chosen: Sequence[int]) -> Vector:
        """The chosen lanes of this vector followed by the other."""
        index = ir.VectorType(ir.IntType(32), len(chosen))
        picked = ir.Constant(index, list(chosen))
        return Vector(self.b, self.b.shuffle_vector(self.value, other.value, picked))


class Code:
    """Instructions for one type of number, written one after the other."""

    def __init__(self, builder: ir.IRBuilder, element: ir.Type) -> None:
        self.b, self.element = builder, element
        self.single = isinstance(element, ir.FloatType)
        self.bytes = 4 if self.single else 8
        self.width = VECTOR_BYTES // self.bytes
        self.zero = self.number(0.0)

    def number(self, number: float | ir.Value) -> Vector:
        """A vector with the number, a constant or a scalar of the element type, in each lane."""
        kind = ir.VectorType(self.element, self.width)
        if not isinstance(number, ir.Value):
            return Vector(self.b, ir.Constant(kind, [number] * self.width))
        one = self.b.insert_element(ir.Constant(kind, ir.Undefined), number, INT(0))
        return Vector(self.b, one).lanes(Vector(self.b, one), [0] * self.width)

    def at(self, address: ir.Value, distance: ir.Value, times: int = 1) -> ir.Value:
        """address + times * distance."""
        return self.b.add(address, self.b.mul(distance, INT(times))) if times else address

    def beyond(self, address: ir.Value, vectors: int = 0, numbers: int = 0) -> ir.Value:
        """The address that many vectors and numbers further."""
        return self.b.add(address, INT(vectors * VECTOR_BYTES + numbers * self.bytes))

    def load(self, address: ir.Value, lanes: int | None = None) -> Vector:
        """The vector that starts there; one of stated length need not be aligned."""
        kind = ir.VectorType(self.element, lanes or self.width)
        align = self.bytes if lanes else VECTOR_BYTES
        return Vector(self.b, self.b.load(self._pointer(address, kind), align=align, typ=kind))

    def spread(self, address: ir.Value) -> Vector:
        """A vector with the number that lies there in each lane."""
        pointer = self._pointer(address, self.element)
        return self.number(self.b.load(pointer, align=self.bytes, typ=self.element))

    def store(self, vector: Vector, address: ir.Value, aligned: bool = True) -> None:
        """Write the vector there."""
        pointer = self._pointer(address, vector.value.type)
        self.b.store(vector.value, pointer, align=VECTOR_BYTES if aligned else self.bytes)

    def root(self, vector: Vector) -> Vector:
        """Square roots."""
        kind = vector.value.type
        name = f"llvm.sqrt.v{self.width}f{8 * self.bytes}"
        known = self.b.module.globals.get(name)
        function = known or ir.Function(self.b.module, ir.FunctionType(kind, [kind]), name)
        return Vector(self.b, self.b.call(function, [vector.value]))

    def two_to(self, vector: Vector) -> Vector:
        """2^n for whole numbers n, made as the bits of a float."""
        mantissa, bias = (23, 127) if self.single else (52, 1023)
        whole = ir.VectorType(ir.IntType(8 * self.bytes), self.width)
        n = self.b.fptosi(vector.value, whole)
        biased = self.b.add(n, ir.Constant(whole, [bias] * self.width))
        bits = self.b.shl(biased, ir.Constant(whole, [mantissa] * self.width))
        return Vector(self.b, self.b.bitcast(bits, vector.value.type))

    def rounded(self, vector: Vector) -> Vector:
        """The nearest whole numbers, where they fit in 32 bits."""
        whole = ir.VectorType(ir.IntType(32), self.width)
        half = (vector > self.zero).where(self.number(0.5), self.number(-0.5))
        n = self.b.fptosi((vector + half).value, whole)
        return Vector(self.b, self.b.sitofp(n, vector.value.type))

    def sums(self, vectors: Sequence[Vector]) -> Vector:
        """A vector with the sum of the lanes of each vector, of which there are at most `width`."""
        rest = list(vectors)
        while len(rest) > 1:
            rest += [self.zero] * (len(rest) % 2)
            rest = [_paired(x, y) for x, y in zip(rest[::2], rest[1::2], strict=True)]
        total, shares = rest[0], self.width >> (len(vectors) - 1).bit_length()
        while shares > 1:  # so many neighbouring lanes still make up one sum
            total, shares = _paired(total), shares // 2
        return total

    def each(
        self,
        value: ir.Value,
        options: Sequence[int],
        write: Callable[[int], ir.Value | None],
    ) -> ir.Value | None:
        """Write(option) for each option; the one that equals value runs, and gives the result."""
        end = self.b.append_basic_block("end")
        blocks = [self.b.append_basic_block(f"is{option}") for option in options]
        switch = self.b.switch(value, blocks[-1])
        for option, block in zip(options[:-1], blocks, strict=False):
            switch.add_case(INT(option), block)
        results = []
        for option, block in zip(options, blocks, strict=True):
            self.b.position_at_end(block)
            results.append((write(option), self.b.block))
            self.b.branch(end)
        self.b.position_at_end(end)
        if results[0][0] is None:
            return None
        chosen = self.b.phi(results[0][0].type)
        for result in results:
            chosen.add_incoming(*result)
        return chosen

    def steps(
        self, first: ir.Value, stop: ir.Value, length: int, write: Callable[[ir.Value], None]
    ) -> ir.Value:
        """Write(j) for j = first, first + length, ... while j + length <= stop; the next j."""
        entry = self.b.block
        test, body, after = (self.b.append_basic_block(n) for n in ("test", "body", "after"))
        self.b.branch(test)
        self.b.position_at_end(test)
        j = self.b.phi(INT)
        following = self.b.add(j, INT(length))
        j.add_incoming(first, entry)
        self.b.cbranch(self.b.icmp_signed("<=", following, stop), body, after)
        self.b.position_at_end(body)
        write(j)
        j.add_incoming(following, self.b.block)
        self.b.branch(test)
        self.b.position_at_end(after)
        return j

    def _pointer(self, address: ir.Value, kind: ir.Type) -> ir.Value:
        return self.b.inttoptr(address, ir.PointerType(kind))


class Loop:
    """A loop that runs at least once; the values pass from round to round.

    After `close` its `values` are those of the last round.
    """

    def __init__(self, code: Code, first: Sequence[ir.Value | Vector]) -> None:
        self.b, entry = code.b, code.b.block
        self._body, self._after = (self.b.append_basic_block(n) for n in ("body", "after"))
        self.b.branch(self._body)
        self.b.position_at_end(self._body)
        raw = [_raw(v) for v in first]
        self._phis = [self.b.phi(v.type) for v in raw]
        for phi, value in zip(self._phis, raw, strict=True):
            phi.add_incoming(value, entry)
        self.values: list[Any] = [
            Vector(self.b, phi) if isinstance(v, Vector) else phi
            for v, phi in zip(first, self._phis, strict=True)
        ]

    def close(self, following: Sequence[ir.Value | Vector], more: ir.Value) -> None:
        """Pass the following values to the next round where `more` is true, else leave."""
        for phi, value in zip(self._phis, following, strict=True):
            phi.add_incoming(_raw(value), self.b.block)
        self.b.cbranch(more, self._body, self._after)
        self.b.position_at_end(self._after)


def _raw(value: ir.Value | Vector) -> ir.Value:
    return value.value if isinstance(value, Vector) else value


def _paired(x: Vector, y: Vector | None = None) -> Vector:
    """Neighbouring lanes added: those of x, then those of y."""
    n = x.value.type.count * (1 if y is None else 2)
    return x.lanes(y or x, range(0, n, 2)) + x.lanes(y or x, range(1, n, 2))
