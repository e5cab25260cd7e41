"""The data sets of Theorem 2.3 at p = 2: two points force the labels of q probes between them.

Around a centre z, with signs s in {-1, +1}^q on the first q coordinates, stand z + a s labelled +1
and z - a s labelled -1. The probe z + a e_j differs from the point on its side, the one labelled
s_j, by a in the other q - 1 coordinates. So q a^2 >= epsilon^2 keeps the two 2 epsilon apart, and
(q-1) a^2 <= delta^2 puts every probe into the closed delta-ball of the point labelled s_j: robust
training forces its label. Source: theory.md C3; Kim, Moon, Yun 2025, Proposition 3.3, say the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from itertools import product
from math import isqrt

import numpy as np
from numpy.typing import NDArray

from robustsize.bounds.symbols import Norm
from robustsize.simulate.data.instance import Instance, Point
from robustsize.simulate.data.labellings import all_labellings

_FINEST = 1 << 20
"""The finest step of the side a is 1/_FINEST."""


@dataclass(frozen=True)
class Gadgets:
    """Gadgets along the last axis, around the origin: q probes each, side a; all rational.

    Their spacing leaves 2 epsilon between their extents on the last axis.
    """

    d: int
    epsilon: Fraction
    delta: Fraction
    gadgets: int
    q: int
    a: Fraction

    @classmethod
    def largest(cls, d: int, epsilon: Fraction, delta: Fraction, gadgets: int) -> Gadgets | None:
        """As many probes as fit, q >= 2; None where not two do.

        q = min(d, floor(1 / (1 - rho^2))), less where only an irrational side reaches it.
        """
        for q in range(d, 1, -1):
            a = _side(q, epsilon, delta)
            if a is not None:
                return cls(d, epsilon, delta, gadgets, q, a)
        return None

    @property
    def m(self) -> int:
        """Probes of all gadgets, the labels forced."""
        return self.gadgets * self.q

    @property
    def centres(self) -> tuple[Point, ...]:
        """The points z."""
        spacing = 2 * self.epsilon + (2 * self.a if self.q == self.d else 0)
        middle = Fraction(self.gadgets - 1, 2)
        rest = (Fraction(0),) * (self.d - 1)
        return tuple((*rest, (i - middle) * spacing) for i in range(self.gadgets))

    def probes(self) -> tuple[Point, ...]:
        """The forced points z + a e_j, gadget by gadget."""
        return tuple(
            tuple(v + self.a * (i == j) for i, v in enumerate(z))
            for z, j in product(self.centres, range(self.q))
        )

    @property
    def _reflected(self) -> int:
        """Coordinates of probes in which all centres are 0."""
        return self.q if self.gadgets == 1 else min(self.q, self.d - 1)

    @property
    def classes(self) -> int:
        """Classes of data sets that reflections turn into each other, and their networks too.

        Reflecting a coordinate in which all centres are 0 negates weights, and flips the sign of
        one probe in every gadget; it changes no size.
        """
        return 1 << (self.m - self._reflected)

    def representatives(self) -> tuple[NDArray[np.int8], int]:
        """Signs of one data set of each class, shape (classes, m), and how many are in each.

        The reflected signs of the first gadget are +1.

        Raises ValueError where the classes are out of reach.
        """
        fixed = self._reflected
        free = all_labellings(self.m - fixed)
        first = np.ones((len(free), fixed), dtype=np.int8)
        return np.hstack([first, free]), 1 << fixed

    def instance(self, signs: NDArray[np.int8]) -> Instance:
        """The data set that forces these signs, shape (m,), on the probes; 2 points a gadget.

        Raises ValueError where the number of signs is another.
        """
        if signs.shape != (self.m,):
            raise ValueError(f"{signs.shape} signs for {self.m} probes")
        points = []
        for z, s in zip(self.centres, signs.reshape(self.gadgets, self.q), strict=True):
            shift = [self.a * int(v) for v in s] + [Fraction(0)] * (self.d - self.q)
            for label in (1, -1):
                points.append(tuple(v + label * w for v, w in zip(z, shift, strict=True)))
        labels = np.tile(np.array([1, -1], dtype=np.int8), self.gadgets)
        return Instance(tuple(points), labels, self.delta, Norm.TWO)

    def forces(self, instance: Instance, signs: NDArray[np.int8]) -> bool:
        """Whether every probe lies in the closed delta-ball of a point with its sign, exactly."""
        return all(
            any(
                label == sign and _square(x, probe) <= self.delta**2
                for x, label in zip(instance.points, instance.labels, strict=True)
            )
            for probe, sign in zip(self.probes(), signs, strict=True)
        )


def _side(q: int, epsilon: Fraction, delta: Fraction) -> Fraction | None:
    """The coarsest dyadic a found with q a^2 >= epsilon^2 and (q-1) a^2 <= delta^2."""
    step = 1
    while step <= _FINEST:
        square = epsilon**2 * step**2 / q
        least = -(-square.numerator // square.denominator)  # n^2 >= square just where n^2 >= this
        a = Fraction(isqrt(least - 1) + 1, step)
        if (q - 1) * a**2 <= delta**2:
            return a
        step *= 2
    return None


def _square(x: Point, y: Point) -> Fraction:
    return sum(((v - w) ** 2 for v, w in zip(x, y, strict=True)), Fraction(0))
