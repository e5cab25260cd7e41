"""The pieces of a set as float boxes, rounded outwards, that are cut until bounds suffice."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from robustsize.simulate.certifier.ball import rounded_up
from robustsize.simulate.instance import Norm
from robustsize.simulate.sets.exact import Rationals
from robustsize.simulate.sets.regions import Region
from robustsize.simulate.structure.bump_form import Floats, Indices, OtherFormError

MOST_PARTS = 10_000_000


@dataclass(frozen=True, eq=False)
class Parts:
    """Boxes [low, high], each with the l_2 ball of radius fat added, that cover a region.

    origin: the piece that each is part of. core_low, core_high, core_fat: the region's pieces.
    """

    low: Floats
    high: Floats
    origin: Indices
    fat: Fraction
    core_low: Floats
    core_high: Floats
    core_fat: float

    @classmethod
    def of(cls, region: Region, p: Norm) -> Parts:
        """The pieces; in l_inf balls are boxes themselves."""
        low, high, fat = _outwards(region.low, -1), _outwards(region.high, 1), region.fat
        if p is Norm.INF and fat:
            reach = rounded_up(fat)
            low, high = np.nextafter(low - reach, -np.inf), np.nextafter(high + reach, np.inf)
            fat = Fraction(0)
        return cls(low, high, np.arange(len(low)), fat, low, high, rounded_up(fat))

    def boxed(self) -> Parts:
        """The boxes around the parts, without fattening."""
        low = np.nextafter(self.low - self.core_fat, -np.inf) if self.fat else self.low
        high = np.nextafter(self.high + self.core_fat, np.inf) if self.fat else self.high
        return self._with(low, high, self.origin)

    def take(self, which: Indices | np.ndarray) -> Parts:
        """Some of the parts."""
        rest = self.low[which], self.high[which], self.origin[which]
        return Parts(*rest, self.fat, self.core_low, self.core_high, self.core_fat)

    def cut(self, places: list[Floats]) -> Parts:
        """The boxes cut at the coordinates given for each axis.

        Raises OtherFormError where that makes more than MOST_PARTS.
        """
        low, high, origin = self.low, self.high, self.origin
        for j, at in enumerate(places):
            # Part i of a box goes from cut i-1 to cut i, the box's own ends at the outside.
            first = np.searchsorted(at, low[:, j], side="right")
            inside = np.maximum(np.searchsorted(at, high[:, j], side="left") - first, 0)
            count = inside + 1
            if count.sum() > MOST_PARTS:
                raise OtherFormError(f"the sets fall into more than {MOST_PARTS} parts")
            part = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
            whole = np.repeat(np.arange(len(low)), count)
            cuts = np.append(at, np.inf)
            below = cuts[np.maximum(first[whole] + part - 1, 0)]
            above = cuts[np.minimum(first[whole] + part, len(at))]
            low, high, origin = low[whole], high[whole], origin[whole]
            low[:, j] = np.where(part > 0, below, low[:, j])
            high[:, j] = np.where(part < inside[whole], above, high[:, j])
            low, high, origin = self._kept(low, high, origin)
        return self._with(low, high, origin)

    def halved(self) -> Parts:
        """Each box in two, across its widest axis."""
        rows, axis = np.arange(len(self.low)), np.argmax(self.high - self.low, axis=1)
        middle = (self.low[rows, axis] + self.high[rows, axis]) / 2
        first_high, second_low = self.high.copy(), self.low.copy()
        first_high[rows, axis] = second_low[rows, axis] = middle
        low, high = np.vstack([self.low, second_low]), np.vstack([first_high, self.high])
        return self._with(*self._kept(low, high, np.concatenate([self.origin, self.origin])))

    def _with(self, low: Floats, high: Floats, origin: Indices) -> Parts:
        core = self.core_low, self.core_high, self.core_fat
        return Parts(low, high, origin, Fraction(0), *core)

    def _kept(self, low: Floats, high: Floats, origin: Indices) -> tuple[Floats, Floats, Indices]:
        """Those boxes that the l_2 balls around their cores reach; 1e-9 covers rounding."""
        gaps = np.maximum(np.maximum(low - self.core_high[origin], self.core_low[origin] - high), 0)
        limit = self.core_fat + 1e-9 * (1 + self.core_fat)
        meet = np.sqrt((gaps * gaps).sum(axis=1)) <= limit
        return low[meet], high[meet], origin[meet]


def _outwards(corners: Rationals, direction: int) -> Floats:
    """The corners in floats, rounded outwards unless they are floats as they stand."""
    q = corners.denominator
    if q & (q - 1) == 0 and q <= 1 << 53 and corners.numerators.dtype != object:
        return corners.floats()
    return np.nextafter(corners.floats(), direction * np.inf)
