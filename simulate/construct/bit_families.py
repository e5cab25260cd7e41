"""Bit extraction on general sets, p = inf: about the square root of the number of cells.

Each axis of the cube falls into n intervals. Family t of d+1 has the intervals t, t + d+1, ... as
its gaps and cores of d intervals between them, so a coordinate lies in a gap of one family only,
and a point in [0,1]^d, with its d coordinates, in a core of some family. A core is marked where the
class comes within the reach of it. In each family staircases, which rise inside the gaps, number
the cores: the first a axes select a table's entry, the others its digit, which is the mark. A mask
takes the digit away in the gaps. f = sum_t relu(digit_t - gap_t) - 1/2.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from robustsize.bounds.counting.construction_size import bit_family_size, joined_size
from robustsize.simulate.construct.bit_table import MOST_BITS, BitTable, Layer, bit_table
from robustsize.simulate.construct.result import as_int, matrix
from robustsize.simulate.data.exact import power_of_two_above
from robustsize.simulate.data.regions import Region
from robustsize.simulate.networks.network import Network

MOST_CORES = 1_000_000
"""The most cores of one family that are marked."""

PLACES = 52
"""Binary places of float64 that digits, table and staircase share."""


@dataclass(frozen=True)
class Ladder:
    """Where gaps lie, on every axis: interval j is [ends[j], ends[j+1]], ends[0] = 0, the last 1.

    All numbers are dyadic. A mask rises over `ramp` from a gap's ends; a staircase rises over
    `length` up to the gap's middle, where every mask of the gap is at least 1.
    """

    d: int
    ends: tuple[Fraction, ...]
    ramp: Fraction
    length: Fraction

    @classmethod
    def of(cls, d: int, room: Fraction) -> Ladder:
        """The fewest intervals of which d, and a ramp, are shorter than `room` < 1.

        Raises ValueError where float64 cannot tell the breakpoints apart.
        """
        n = floor(d / room) + 1
        spare = room - Fraction(d, n)
        unit = 1 / power_of_two_above(max(Fraction(16 * n), 8 / spare))
        if unit < Fraction(1, 1 << 40):
            raise ValueError(
                f"{n} intervals an axis are only just fine enough for bits, {float(spare):.3g} is "
                "left for ramps: no float64 breakpoints"
            )
        ends = tuple(round(Fraction(j, n) / unit) * unit for j in range(n + 1))
        ramp = 1 / power_of_two_above(max(Fraction(9 * n), 4 / spare))
        return cls(d, ends, ramp, 1 / power_of_two_above(Fraction(3 * n)))

    def gaps(self, t: int) -> list[int]:
        """The inner intervals that are gaps of family t, 0 <= t <= d."""
        period = self.d + 1
        return list(range(t or period, len(self.ends) - 2, period))

    def faces(self, t: int) -> tuple[bool, bool]:
        """Whether the first and the last interval are gaps of family t."""
        return t == 0, (len(self.ends) - 2 - t) % (self.d + 1) == 0

    def marks(self, region: Region, reach: Fraction) -> list[NDArray[np.bool_]]:
        """The marked cores of every family."""
        return [self.marked(t, region, reach) for t in range(self.d + 1)]

    def marked(self, t: int, region: Region, reach: Fraction) -> NDArray[np.bool_]:
        """The cores of family t that the region comes within `reach` of, shape (q,) * d.

        Raises ValueError where there are more than MOST_CORES or a piece leaves the cube.
        """
        low, high = region.hull()
        outside = ((low < 0) | (high > 1)).astype(bool).any(axis=1)
        if outside.any():
            raise ValueError(f"piece {int(outside.argmax())} leaves the cube [0,1]^d")
        gaps, (left, right) = self.gaps(t), self.faces(t)
        if (len(gaps) + 1) ** self.d > MOST_CORES:
            raise ValueError(f"{len(gaps) + 1} cores an axis; the most is {MOST_CORES} in all")
        # Outer cores without a gap at the face have no end: the sets lie in the cube.
        starts = [self.ends[1] if left else Fraction(-2), *(self.ends[j + 1] for j in gaps)]
        stops = [*(self.ends[j] for j in gaps), self.ends[-2] if right else Fraction(3)]
        first = np.searchsorted(np.array([v + reach for v in stops]), low, side="left")
        last = np.searchsorted(np.array([v - reach for v in starts]), high, side="right")
        cores = np.zeros((len(stops),) * self.d, dtype=bool)
        for a, b in zip(first, last, strict=True):
            cores[tuple(slice(i, j) for i, j in zip(a, b, strict=True))] = True
        return cores


@dataclass(frozen=True, eq=False)
class _Family:
    """Family t with its marks as a table of q^a entries, digits after the last mark cut off."""

    ladder: Ladder
    t: int
    a: int
    labels: NDArray[np.int8]

    @property
    def gaps(self) -> int:
        return len(self.ladder.gaps(self.t))

    @property
    def digits(self) -> int:
        return int(self.labels.shape[1])

    def fits(self) -> bool:
        """Whether rounding of y, at most some 2^-PLACES of all that is added, is no digit."""
        terms = 2 * self.ladder.d * (self.gaps + 1) * len(self.labels) / self.ladder.length
        return self.digits <= min(MOST_BITS, PLACES - ceil(terms).bit_length())

    def table(self) -> BitTable:
        return bit_table(self.labels, self.mask)

    @property
    def mask(self) -> float:
        """At least what all digits together add, so that intervals alone show the mask works."""
        return float(power_of_two_above(Fraction(self.digits)))

    def size(self, table: BitTable) -> int:
        edges = sum(self.ladder.faces(self.t))
        N, first, start = table.kinks, table.first, table.start
        return as_int(
            bit_family_size(self.ladder.d, self.gaps, edges, N, self.digits, first, start)
        )

    def layers(self) -> list[Layer]:
        """From x to relu(digit - gap): the staircases and the mask, then the table."""
        ladder, d = self.ladder, self.ladder.d
        q, slope = self.gaps + 1, self.mask / float(ladder.ramp)
        units: list[tuple[int, float, Fraction]] = []
        into: list[tuple[int, int, float]] = []

        def unit(axis: int, sign: float, at: Fraction, *weights: tuple[int, float]) -> None:
            into.extend((row, len(units), value) for row, value in weights)
            units.append((axis, sign, -at if sign > 0 else at))

        for j in range(d):
            row, power = (0, self.a - 1 - j) if j < self.a else (1, d - 1 - j)
            rise = float(q**power / ladder.length)
            for gap in ladder.gaps(self.t):
                low, high = ladder.ends[gap], ladder.ends[gap + 1]
                middle = (low + high) / 2
                unit(j, 1.0, low, (2, -slope))
                unit(j, 1.0, middle - ladder.length, (row, rise))
                unit(j, 1.0, middle, (row, -rise), (2, 2 * slope))
                unit(j, 1.0, high, (2, -slope))
            left, right = ladder.faces(self.t)
            if left:
                unit(j, -1.0, ladder.ends[1], (2, -slope))
            if right:
                unit(j, 1.0, ladder.ends[-2], (2, -slope))
        first = np.zeros((len(units), d))
        for i, (axis, sign, _) in enumerate(units):
            first[i, axis] = sign
        second = np.zeros((3, len(units)))
        for row, column, value in into:
            second[row, column] = value
        biases = np.array([float(bias) for _, _, bias in units])
        return [(first, biases), (second, np.array([0.0, 1.0, self.mask])), *self.table().layers]


@dataclass(frozen=True, eq=False)
class BitFamilies:
    """Families for one class with one split a of the axes; families without a mark are left out."""

    families: tuple[_Family, ...]
    a: int
    size: int

    @classmethod
    def of(cls, ladder: Ladder, marks: list[NDArray[np.bool_]], a: int) -> BitFamilies | None:
        """The families and their size by formula; None where float64 does not hold the digits."""
        families = []
        for t, cores in enumerate(marks):
            if cores.any():
                table = cores.reshape(cores.shape[0] ** a, -1)
                last = int(np.flatnonzero(table.any(axis=0))[-1])
                labels = np.where(table[:, : last + 1], 1, -1).astype(np.int8)
                families.append(_Family(ladder, t, a, labels))
        if not all(family.fits() for family in families):
            return None
        digits = [family.digits for family in families]
        total = sum(family.size(family.table()) for family in families)
        return cls(tuple(families), a, as_int(joined_size(total, min(digits), max(digits))))

    def network(self, label: int) -> Network:
        """All families side by side, sign `label` on their class: depth 6 + 2 digits.

        A family with fewer digits is done earlier; a last unit carries the sum of those on.
        """
        stacks = [family.layers() for family in self.families]
        depth = max(map(len, stacks))
        layers: list[tuple[NDArray[Any] | sparse.csr_array, NDArray[Any]]] = []
        for i in range(depth):
            live = [stack[i] for stack in stacks if len(stack) > i]
            # Units of the layer before that are done: families that ended there, or their sum.
            done = [len(stack) == i for stack in stacks if len(stack) >= i]
            carried = any(len(stack) < i for stack in stacks)
            layers.append(_joined(i, live, done, carried))
        width = sum(len(stack) == depth for stack in stacks) + any(len(s) < depth for s in stacks)
        layers.append((np.full((1, width), float(label)), np.array([-label / 2])))
        return Network.of(layers)


def _joined(
    i: int, live: list[Layer], done: list[bool], carried: bool
) -> tuple[NDArray[Any] | sparse.csr_array, NDArray[Any]]:
    """Layer i of the families still live, block by block, and a unit that sums what is done.

    done: for the families of the layer before, whether they ended there. carried: whether the last
    unit of the layer before is already such a sum.
    """
    biases = np.concatenate([bias for _, bias in live])
    if i == 0:
        return np.vstack([weight for weight, _ in live]), biases
    rows, columns, values = [], [], []
    row = column = 0
    blocks = iter(live)
    sums = []
    for ended in done:
        if ended:
            sums.append(column)
            column += 1
            continue
        weight, _ = next(blocks)
        at = np.argwhere(weight)
        rows.append(at[:, 0] + row)
        columns.append(at[:, 1] + column)
        values.append(weight[tuple(at.T)])
        row, column = row + weight.shape[0], column + weight.shape[1]
    if carried:
        sums.append(column)
        column += 1
    if sums:
        rows.append(np.full(len(sums), row))
        columns.append(np.array(sums))
        values.append(np.ones(len(sums)))
        biases, row = np.append(biases, 0.0), row + 1
    parts = (np.concatenate(part) for part in (rows, columns, values))
    return matrix((row, column), tuple(parts)), biases
