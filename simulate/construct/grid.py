"""Which cells of a grid on [0,1]^d a set meets, decided in integers."""

from __future__ import annotations

import itertools

import numpy as np
from numpy.typing import NDArray

from robustsize.simulate.data.exact import Rationals
from robustsize.simulate.data.instance import Norm
from robustsize.simulate.data.regions import Region, closer_than

CELLS = 5_000_000
"""The most cells listed for one set."""


def cells_meeting(region: Region, g: int) -> NDArray[np.int64]:
    """Cells [i/g, (i+1)/g]^d that cover the set, each of which meets it: shape (S, d), i in 0..g-1.

    Raises ValueError where a piece leaves [0,1]^d or the cells are more than CELLS.
    """
    low, high = _ranges(region, g)
    counts = (high - low + 1).astype(object).prod(axis=1)
    if counts.sum() > CELLS:
        raise ValueError(f"the set meets up to {counts.sum()} cells; the most is {CELLS}")
    if (low == high).all():
        return np.unique(low, axis=0)
    pieces = [
        np.array(list(itertools.product(*(range(a, b + 1) for a, b in ends))))
        for ends in np.stack([low, high], axis=2).tolist()
    ]
    found = np.unique(np.concatenate(pieces), axis=0)
    if region.fat and region.p is Norm.TWO and region.dimension > 1:
        found = found[_near_balls(found, region, g)]
    return found


def _ranges(region: Region, g: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """First and last cell of each piece's hull on each axis.

    A piece that only touches a cell's upper end does not need that cell, except at a point.
    """
    fat = region.fat
    q = region.low.denominator * fat.denominator
    shift = int(fat * q)
    low = region.low.over(q).numerators - shift
    high = region.high.over(q).numerators + shift
    outside = ((low < 0) | (high > q)).astype(bool).any(axis=1)
    if outside.any():
        raise ValueError(f"piece {int(outside.argmax())} leaves the cube [0,1]^d")
    first = np.minimum(low * g // q, g - 1).astype(np.int64)
    last = -(-high * g // q) - 1
    return first, np.maximum(np.minimum(last, g - 1).astype(np.int64), first)


def _near_balls(cells: NDArray[np.int64], region: Region, g: int) -> NDArray[np.int64]:
    """Those cells that an l_2 ball of the region reaches: the hull's corners may not."""
    boxes = cell_region(cells, g)
    met, _ = closer_than(boxes, region, region.fat, Norm.TWO, or_equal=True)
    return np.unique(met)


def cell_region(cells: NDArray[np.int64], g: int) -> Region:
    """The cells as a union of boxes."""
    return Region(Rationals.from_integers(cells, g), Rationals.from_integers(cells + 1, g))


def cell_centres(cells: NDArray[np.int64], g: int) -> Rationals:
    """The cells' centres."""
    return Rationals.from_integers(2 * cells + 1, 2 * g)
