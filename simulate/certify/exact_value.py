"""The value of a network at a rational point, in compiled integers of whatever width it takes.

An integer is a row of limbs l_0, l_1, ..: sum_i l_i 2^(27 i), where after `_carry` all but the last
lie in [0, 2^27) and the last carries the sign. Weights are floats, m 2^e with m an integer of at
most 53 bits. So a layer, its entries scaled by the least power of two that makes them integers,
maps integers to integers: nothing is rounded, and the ReLU is exact.

Overflow. A product adds at most three terms below 2^54 to a limb; with a carry after each 128
products no limb reaches 384 * 2^54 + 2^28 < 2^63. Rows are wide enough for the sum of the
absolute values of a layer's products.
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from math import lcm

import numpy as np

from robustsize.simulate.certify.compiled import compiled, inner
from robustsize.simulate.certify.relaxation import FlatNetwork
from robustsize.simulate.data.instance import Point

_BITS = 27
_MASK = 2**_BITS - 1
_CARRY_EVERY = 128
_SINGLE = 29  # trailing zeros of the mantissa of a float32


def over(denominator: int, values: Iterable[Fraction]) -> list[int]:
    """Numerators of the values over a common denominator."""
    return [v.numerator * (denominator // v.denominator) for v in values]


def exact_value(net: FlatNetwork, x: Point) -> Fraction:
    """What `Network.exact` returns, the float weights taken as they are."""
    scale = lcm(*(v.denominator for v in x))
    homogeneous = [*over(scale, x), scale]
    most = max(v.bit_length() for v in homogeneous) // _BITS * _BITS
    shifts = range(0, most, _BITS)
    limbs = [[v >> s & _MASK for s in shifts] + [v >> most] for v in homogeneous]
    value, denominator = _propagate(net, np.array(limbs)).tolist()
    return Fraction(_integer(value), _integer(denominator))


def _integer(limbs: list[int]) -> int:
    total = 0
    for limb in reversed(limbs):
        total = (total << _BITS) + limb
    return total


@inner
def _parts(values):  # type: ignore[no-untyped-def]
    """Integers m and e >= 0 with values = m 2^(e - 1075)."""
    bits = values.view(np.int64)
    mantissas, exponents = np.empty_like(bits), np.empty_like(bits)
    for i in range(len(bits)):
        e, m = (bits[i] >> 52) & 2047, bits[i] & (2**52 - 1)
        if e > 0:
            m |= 2**52
        else:
            e = 1
        if m & (2**_SINGLE - 1) == 0:
            m, e = m >> _SINGLE, e + _SINGLE
        mantissas[i] = -m if bits[i] < 0 else m
        exponents[i] = e
    return mantissas, exponents


@inner
def _add_product(total, mantissa, shift, factor):  # type: ignore[no-untyped-def]
    """total += mantissa * 2^shift * factor, without carries."""
    place, offset = shift // _BITS, shift % _BITS
    low = (mantissa & _MASK) << offset
    high = ((mantissa >> _BITS) << offset) + (low >> _BITS)
    first, second, third = low & _MASK, high & _MASK, high >> _BITS
    for i in range(len(factor)):
        total[place + i] += first * factor[i]
        total[place + i + 1] += second * factor[i]
        total[place + i + 2] += third * factor[i]


@inner
def _carry(numbers):  # type: ignore[no-untyped-def]
    """Bring all limbs of each number but the last into [0, 2^27)."""
    for limbs in numbers:
        for i in range(len(limbs) - 1):
            limbs[i + 1] += limbs[i] >> _BITS
            limbs[i] &= _MASK


@inner
def _homogeneous(net, t):  # type: ignore[no-untyped-def]
    """Layer t as a matrix that takes (h, 1) to (z, 1), row by row in one array."""
    size, below = net.sizes[t], net.sizes[t - 1]
    matrix = np.zeros((size + 1, below + 1))
    for k in range(size):
        start = net.at[t] + k * below
        matrix[k, :below] = net.weights[start : start + below]
        matrix[k, below] = net.biases[net.first[t] + k]
    matrix[size, below] = 1.0
    return matrix.reshape(-1)


@compiled
def _propagate(net, inputs):  # type: ignore[no-untyped-def]
    """Limbs of the value's numerator and denominator, from those of the point's, that last."""
    last = len(net.sizes) - 1
    for t in range(1, last + 1):
        size, columns = net.sizes[t] + 1, net.sizes[t - 1] + 1
        mantissas, exponents = _parts(_homogeneous(net, t))
        least, most = 4096, 0
        for i in range(len(mantissas)):
            if mantissas[i] != 0:
                least, most = min(least, exponents[i]), max(most, exponents[i])
        spread = most - least + 53 + int(np.log2(columns)) + 1
        outputs = np.zeros((size, inputs.shape[1] + spread // _BITS + 3), np.int64)
        added = 0
        for i in range(columns):
            if inputs[i].any():
                # a sum added to twice running would wait for itself: so another row each time
                for k in range(size):
                    entry = k * columns + i
                    if mantissas[entry] != 0:
                        shift = exponents[entry] - least
                        _add_product(outputs[k], mantissas[entry], shift, inputs[i])
                added += 1
                if added % _CARRY_EVERY == 0:
                    _carry(outputs)
        _carry(outputs)
        if t == last:
            return outputs
        used = 0
        for k in range(size):
            if outputs[k, -1] < 0:
                outputs[k] = 0
            for i in range(used, outputs.shape[1]):
                if outputs[k, i] != 0:
                    used = i + 1
        inputs = outputs[:, :used].copy()
    return inputs
