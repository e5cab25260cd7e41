"""Exact coordinates: integers over one common denominator, and short dyadic numbers for weights.

Floors and comparisons of user parameters are decided here in integers; floats enter only as the
weights of a network, whose guarantee is then certified for the floats as they are.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor, lcm
from typing import Any

import numpy as np
from numpy.typing import NDArray

MACHINE_LIMIT = 1 << 25
"""Numerators up to this are kept in int64: sums of a thousand squared differences still fit."""


class OutOfReachError(ValueError):
    """What is asked for is more than can be built here, by its size or its precision."""


class PrecisionError(OutOfReachError):
    """What is asked for is well defined, but float64 does not hold it."""


@dataclass(frozen=True, eq=False)
class Rationals:
    """The array numerators / denominator; numerators int64, or Python integers where too large."""

    numerators: NDArray[Any]
    denominator: int

    @classmethod
    def of(cls, rows: Iterable[Sequence[Fraction]]) -> Rationals:
        """A two-dimensional array from rows of rationals.

        Raises ValueError where the rows differ in length or there is none.
        """
        values = [[Fraction(v) for v in row] for row in rows]
        if not values or len({len(row) for row in values}) != 1:
            raise ValueError("an array needs at least one row, and rows of one length")
        q = lcm(*{v.denominator for row in values for v in row})
        return cls.from_integers(
            [[v.numerator * (q // v.denominator) for v in r] for r in values], q
        )

    @classmethod
    def from_integers(cls, numerators: Sequence[Any] | NDArray[Any], denominator: int) -> Rationals:
        """The array numerators / denominator, in int64 where that is safe."""
        array = np.asarray(numerators)
        if array.dtype != object and array.dtype.kind != "i":
            array = np.array(numerators, dtype=object)
        fits = array.size == 0 or max(abs(int(array.max())), abs(int(array.min()))) <= MACHINE_LIMIT
        return cls(array.astype(np.int64 if fits else object), denominator)

    @classmethod
    def of_floats(cls, values: NDArray[np.float64]) -> Rationals:
        """The floats of a two-dimensional array as they are.

        Raises ValueError where one is not finite.
        """
        if not np.isfinite(values).all():
            raise ValueError("a coordinate is not a finite number")
        return cls.of([[Fraction(float(v)) for v in row] for row in values])

    def __len__(self) -> int:
        return len(self.numerators)

    def over(self, denominator: int) -> Rationals:
        """The same array over another denominator, a multiple of this one."""
        if denominator == self.denominator:
            return self
        factor = denominator // self.denominator
        return Rationals.from_integers(self.numerators.astype(object) * factor, denominator)

    def row(self, i: int) -> tuple[Fraction, ...]:
        """Row i as Fractions."""
        return tuple(Fraction(int(n), self.denominator) for n in self.numerators[i])

    def floats(self) -> NDArray[np.float64]:
        """The entries rounded to nearest."""
        if self.numerators.dtype != object and self.denominator < 1 << 53:
            return np.asarray(self.numerators / self.denominator)
        # Division of Python integers rounds correctly at any length.
        return np.asarray(self.numerators / np.array(self.denominator, dtype=object), dtype=float)


def common(*arrays: Rationals) -> tuple[Rationals, ...]:
    """The arrays over their least common denominator."""
    q = lcm(*(array.denominator for array in arrays))
    return tuple(array.over(q) for array in arrays)


def shortest_dyadic(low: Fraction, high: Fraction) -> float:
    """A number in [low, high] with the fewest binary places, 0 where it is in there.

    Raises ValueError where the interval is empty, PrecisionError where no float64 lies in it.
    """
    if low > high:
        raise ValueError(f"no number lies between {low} and {high}")
    places = -max(floor(abs(v)).bit_length() for v in (low, high))
    while (n := ceil(low * Fraction(2) ** places)) > high * Fraction(2) ** places:
        places += 1
    if low <= 0 <= high:
        n = 0
    value = Fraction(n) / Fraction(2) ** places
    if Fraction(float(value)) != value:
        raise PrecisionError("no float64 lies between two balls")
    return float(value)


def dyadics_above(values: Rationals, shift: Fraction, room: Fraction) -> NDArray[np.float64]:
    """For each value v a multiple of one power of two in [v + shift, v + shift + room].

    Raises ValueError where room <= 0, PrecisionError where such a number is no float64.
    """
    if room <= 0:
        raise ValueError(f"no number lies in an interval of length {room}")
    step = power_of_two_above(room)
    step = step if step == room else step / 2
    scale = Fraction(1, values.denominator) / step
    first, q = shift / step, (scale.denominator * (shift / step).denominator)
    numerators = values.numerators.astype(object) * int(scale * q) + int(first * q)
    multiples = -(-numerators // q)
    if multiples.size and max(abs(multiples.min()), abs(multiples.max())) >= 1 << 53:
        raise PrecisionError("no float64 lies between what a bump covers and the other class")
    return np.asarray(multiples, dtype=np.float64) * float(step)


def power_of_two_above(value: Fraction) -> Fraction:
    """The least power of two that is at least value > 0."""
    exponent = value.numerator.bit_length() - value.denominator.bit_length() - 1
    while Fraction(2) ** exponent < value:
        exponent += 1
    return Fraction(2) ** exponent
