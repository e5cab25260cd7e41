"""Bit extraction: a table of numbers whose binary digits are labels, read off one after the other.

y in {0, ..., M1 - 1} selects the table's entry T, b in {1, ..., M2} the digit. A step takes the
first digit off, T' = 2T - digit, and the digit is kept where b has been counted down to 1. So M1 +
M2 parameters, up to a factor, serve M1 M2 labels. With integer y and b every value is a dyadic
number, exact in float64.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

MOST_BITS = 40
"""Digits an entry: few enough that what rounding does to y, some 2^-50, is not read as a digit."""

Layer = tuple[NDArray[np.float64], NDArray[np.float64]]


@dataclass(frozen=True, eq=False)
class BitTable:
    """Layers from (y, b) to f = sign at (y, b), and what the size formula asks about the table.

    kinks: of the table, beyond its first piece. first, start: 1 where that piece has a slope, where
    the table is not zero at 0; else 0.
    """

    layers: list[Layer]
    kinks: int
    first: int
    start: int


def bit_table(labels: NDArray[np.int8]) -> BitTable:
    """The reader of labels of shape (M1, M2), M1 >= 2 and 2 <= M2 <= MOST_BITS.

    Raises ValueError for another shape.
    """
    M1, M2 = labels.shape
    if M1 < 2 or not 2 <= M2 <= MOST_BITS:
        raise ValueError(f"a table has 2 entries or more of 2 to {MOST_BITS} bits; got {M1, M2}")
    table = (labels > 0) @ 0.5 ** np.arange(1, M2 + 1)
    slopes = np.diff(table)
    turns = np.append(slopes[0], np.diff(slopes))
    at = np.flatnonzero(turns)
    look_up = np.zeros((len(at) + 1, 2))
    look_up[:-1, 0] = look_up[-1, 1] = 1
    entry = np.zeros((2, len(at) + 1))
    entry[0, :-1], entry[1, -1] = turns[at], 1
    layers = [(look_up, np.append(-at, 0.0) + 0.0), (entry, np.array([table[0], 0.0]))]
    for k in range(M2):
        layers += _step(k, M2)
    layers.append((np.ones((1, 2)), np.array([-0.5])))
    kinks = int((at > 0).sum())
    return BitTable(layers, kinks, int(turns[0] != 0), int(table[0] != 0))


def _step(k: int, M2: int) -> list[Layer]:
    """Two layers from (T, b, found, kept) to (T', b - 1, found', kept'), the k-th digit of M2.

    The digit is (relu(2T - 1 + gap) - relu(2T - 1)) / gap, the gap being what the digits left leave
    free below 1. It is found where |b - 1| = 0: relu(digit - |b - 1|). `kept` holds the found ones
    of earlier steps; the first steps have neither. The last digit is 2T itself.
    """
    gap = 0.5 ** (M2 - 1 - k)
    carried = min(k, 2)
    read = np.zeros((5 + (carried > 0), 2 + carried))
    bias = np.array([gap - 1.0, -1.0, 0.0, -1.0, 1.0] + [0.0] * (carried > 0))
    read[0, 0] = read[1, 0] = 2.0
    read[2, 0] = 1.0
    read[3, 1], read[4, 1] = 1.0, -1.0
    read[5:, 2:] = 1.0
    take = np.zeros((3 + (carried > 0), len(read)))
    take[0, :3] = -1 / gap, 1 / gap, 2.0
    take[1, 3] = 1.0
    take[2, [0, 1, 3, 4]] = 1 / gap, -1 / gap, -1.0, -1.0
    take[3:, 5:] = 1.0
    if k == M2 - 1:
        read, bias = np.delete(read, [1, 2], axis=0), np.delete(bias, [1, 2])
        take = np.delete(take, [1, 2], axis=1)[2:]
    return [(read, bias), (take, np.zeros(len(take)))]
