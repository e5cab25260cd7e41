"""Box bumps on a grid at depth 4 and 5: half-cells share what the cells would repeat, p = inf.

Cells are pairs (a, b), a over the first d1 coordinates, b over the others. Depth 4: the penalties
of half-cells are units, and a cell adds two of them, 4 parameters a cell. Depth 5: with bumps y_a
and z_b, f = sum_a relu(y_a - relu(1 - sum_{b: (a,b) used} z_b)) - 1/2, one parameter a cell. Near
the other class each used cell has y_a = 0 or z_b = 0, so where y_a > 0 nothing is added up against
it.
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from robustsize.bounds.counting.construction_size import halved_bump_size, halved_penalty_size
from robustsize.simulate.construct.boxes import BoxCover, SideUnits, side_units
from robustsize.simulate.construct.result import as_int, matrix
from robustsize.simulate.networks.network import Network

Cells = NDArray[np.int64]


def depth_four_network(
    cells: Cells, g: int, reach: Fraction, gamma: Fraction, label: int
) -> tuple[Network, int, int]:
    """Depth 4 for cells of shape (S, d), d >= 2: the network, its size by formula, d1.

    Raises ValueError where d = 1 or `side_units` does.
    """
    d1 = _best_split(cells, 0, 0)
    half, sides = _half_cells(cells, d1, g, reach, gamma)
    S, halves = len(cells), half.max() + 1
    pairs = matrix((S, halves), (np.repeat(np.arange(S), 2), half.ravel(), np.full(2 * S, -1.0)))
    network = Network.of(
        [
            (sides.weight, sides.bias),
            (sides.penalties(halves, 1), np.zeros(halves)),
            (pairs, np.ones(S)),
            (np.full((1, S), float(label)), [-label / 2]),
        ]
    )
    size = halved_penalty_size(S, len(sides.box), len(sides.bias), sides.zeros)
    return network, as_int(size), d1


def depth_five_network(
    cells: Cells, g: int, reach: Fraction, gamma: Fraction, label: int
) -> tuple[Network, int, int]:
    """Depth 5 for cells of shape (S, d), d >= 2: the network, its size by formula, d1.

    Raises ValueError where d = 1 or `side_units` does.
    """
    d1 = _best_split(cells, 6, 1)
    half, sides = _half_cells(cells, d1, g, reach, gamma)
    M1, halves = int(half[:, 0].max()) + 1, int(half.max()) + 1
    own = np.arange(M1)
    # Units 0..M1-1 pass y_a on, the next M1 are c_a = relu(1 - sum of its z_b).
    third = matrix(
        (2 * M1, halves),
        (
            np.concatenate([own, M1 + half[:, 0]]),
            np.concatenate([own, half[:, 1]]),
            np.concatenate([np.ones(M1), np.full(len(cells), -1.0)]),
        ),
    )
    ends = np.repeat([1.0, -1.0], M1)
    fourth = matrix((M1, 2 * M1), (np.tile(own, 2), np.arange(2 * M1), ends))
    network = Network.of(
        [
            (sides.weight, sides.bias),
            (sides.penalties(halves, -1), np.ones(halves)),
            (third, np.repeat([0.0, 1.0], M1)),
            (fourth, np.zeros(M1)),
            (np.full((1, M1), float(label)), [-label / 2]),
        ]
    )
    M2 = halves - M1
    size = halved_bump_size(len(cells), M1, M2, len(sides.box), len(sides.bias), sides.zeros)
    return network, as_int(size), d1


def _best_split(cells: Cells, first: int, second: int) -> int:
    """The d1 with the fewest parameters on half-cells, beyond sides `first` and `second` each."""
    d = cells.shape[1]
    if d < 2:
        raise ValueError("halves of the coordinates need d >= 2")

    before, after = _distinct_prefixes(cells), _distinct_prefixes(cells[:, ::-1])

    def cost(d1: int) -> int:
        return int(before[d1] * (2 * d1 + first) + after[d - d1] * (2 * (d - d1) + second))

    return min(range(1, d), key=cost)


def _distinct_prefixes(cells: Cells) -> list[int]:
    """For each k in 0..d how many rows differ in their first k entries."""
    counts = [1]
    groups = np.zeros(len(cells), dtype=np.int64)
    for column in cells.T:
        if counts[-1] < len(cells):
            pairs = np.stack([groups, column], axis=1)
            distinct, groups = np.unique(pairs, axis=0, return_inverse=True)
            groups = groups.ravel()
            counts.append(len(distinct))
        else:
            counts.append(len(cells))
    return counts


def _half_cells(
    cells: Cells, d1: int, g: int, reach: Fraction, gamma: Fraction
) -> tuple[NDArray[np.int64], SideUnits]:
    """The half-cells of each cell, shape (S, 2), numbered through, and the sides of all of them.

    Sides on the faces of the cube are left out: no data point passes them by more than reach.
    """
    d = cells.shape[1]
    first, a = np.unique(cells[:, :d1], axis=0, return_inverse=True)
    second, b = np.unique(cells[:, d1:], axis=0, return_inverse=True)
    low = np.zeros((len(first) + len(second), d), dtype=np.int64)
    low[: len(first), :d1], low[len(first) :, d1:] = first, second
    used = np.zeros(low.shape, dtype=bool)
    used[: len(first), :d1] = used[len(first) :, d1:] = True
    cover = BoxCover(low, low + 1, used & (low > 0), used & (low < g - 1), g)
    half = np.stack([a.ravel(), len(first) + b.ravel()], axis=1)
    return half, side_units(cover, reach, gamma, d)
