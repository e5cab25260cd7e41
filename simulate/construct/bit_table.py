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


def bit_table(labels: NDArray[np.int8], mask: float = 0.0) -> BitTable:
    """The reader of labels of shape (M1, M2), M1 >= 2 and 2 <= M2 <= MOST_BITS.

    With mask > 0 the layers read (y, b, u), u >= 0 a third input that is added to the digits kept,
    and end with f = u + digit - mask, digit 1 for the label +1 and 0 for -1; M1, M2 >= 1.

    Raises ValueError for another shape.
    """
    M1, M2 = labels.shape
    least, passed = (1, 2) if mask else (2, 1)
    if least > M1 or not least <= M2 <= MOST_BITS:
        raise ValueError(
            f"a table has {least} entries or more of {least} to {MOST_BITS} bits; got {M1, M2}"
        )
    table = (labels > 0) @ 0.5 ** np.arange(1, M2 + 1)
    turns = np.diff(np.diff(table), prepend=0.0)
    at = np.flatnonzero(turns)
    look_up = np.zeros((len(at) + passed, 1 + passed))
    look_up[: len(at), 0] = 1
    look_up[len(at) :, 1:] = np.eye(passed)
    entry = np.zeros((1 + passed, len(at) + passed))
    entry[0, : len(at)] = turns[at]
    entry[1:, len(at) :] = np.eye(passed)
    layers = [
        (look_up, np.append(-at, np.zeros(passed)) + 0.0),
        (entry, np.append(table[0], np.zeros(passed))),
    ]
    for k in range(M2):
        layers += _step(k, M2, min(k, 1) + 1 if mask else min(k, 2))
    layers.append((np.ones((1, 2)), np.array([-mask if mask else -0.5])))
    kinks = int((at > 0).sum())
    return BitTable(layers, kinks, int(turns[:1].any()), int(table[0] != 0))


def _step(k: int, M2: int, carried: int) -> list[Layer]:
    """Two layers from (T, b, found, kept) to (T', b - 1, found', kept'), the k-th digit of M2.

    The digit is (relu(2T - 1 + gap) - relu(2T - 1)) / gap, the gap being what the digits left leave
    free below 1. It is found where |b - 1| = 0: relu(digit - |b - 1|). `kept` holds the found ones
    of earlier steps. `carried` is how many of the two there are already: without a mask the first
    steps have neither, with one `kept` starts as the mask. The last digit is 2T itself.
    """
    gap = 0.5 ** (M2 - 1 - k)
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
