"""Bumps on boxes, p = inf, depth 3: one layer of one-sided units, one of bumps.

A bump is 1 on its box and 0 from a margin gamma outside any of its sides; f = sum of bumps - 1/2.
A side that keeps nothing out is left open. The explicit form of Theorems 2.2 and 3.3 at p = inf:
f(x) = sum_z relu(1 - (1/gamma) sum_j [relu(x_j - u_j) + relu(l_j - x_j)]) - 1/2.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import ceil
from typing import Any

import numpy as np
from numpy.typing import NDArray

from robustsize.bounds.counting.construction_size import box_bump_size
from robustsize.simulate.construct.result import as_int, constant_network, matrix
from robustsize.simulate.data.exact import Rationals, common, dyadics_above, power_of_two_above
from robustsize.simulate.data.regions import Region, common_numerators
from robustsize.simulate.networks.network import Network, Weight


@dataclass(frozen=True, eq=False)
class BoxCover:
    """Boxes over data coordinates: numerators low, high of shape (S, d) over one denominator.

    use_low, use_high, shape (S, d): whether the side exists; where not, the box is unbounded.
    """

    low: NDArray[Any]
    high: NDArray[Any]
    use_low: NDArray[np.bool_]
    use_high: NDArray[np.bool_]
    denominator: int

    def __len__(self) -> int:
        return len(self.low)

    @classmethod
    def closed(cls, low: Rationals, high: Rationals) -> BoxCover:
        """Boxes with all their 2d sides."""
        low, high = common(low, high)
        every = np.ones(low.numerators.shape, dtype=bool)
        return cls(low.numerators, high.numerators, every, every, low.denominator)


def cover_pieces(inside: Region, outside: Region, separation: Fraction) -> BoxCover:
    """Few boxes with few sides that hold every box inside, each outside box `separation` away.

    Both are taken before fattening; distances are in l_inf. Greedy: the first piece not yet held
    gets the sides that keep most pieces out, each pushed outwards as far as the separation allows,
    and takes every further piece that lies in. Boxes that the others make superfluous go. A box
    has at most min(2d, n) sides, n the number of pieces outside.

    Raises ValueError, naming the two pieces, where the separation fails.
    """
    (low, high, b_low, b_high), q = common_numerators(
        inside.low, inside.high, outside.low, outside.high
    )
    # On the axes (x, -x) every side is an upper one: side s < d is the upper side of axis s, side
    # d + j the lower side of axis j.
    A, B = np.hstack([high, -low]), np.hstack([b_low, -b_high])
    gap = ceil(separation * q)
    held = np.zeros(len(A), dtype=bool)
    boxes = []
    for i, piece in enumerate(A):
        if not held[i]:
            keeps_out = np.asarray((B - piece >= gap).astype(bool))
            apart = keeps_out.any(axis=1)
            if not apart.all():
                raise ValueError(
                    f"pieces {i} and {int(np.argmin(apart))} of the two classes are closer than "
                    f"{float(separation):.9g} in l_inf"
                )
            boxes.append(_grow(piece, keeps_out, A, B, gap))
            held |= _holds(boxes[-1], A)
    boxes = _without_superfluous(boxes, A)
    at, use = (np.array(part) for part in zip(*boxes, strict=True))
    d = inside.dimension
    return BoxCover(-at[:, d:], at[:, :d], use[:, d:], use[:, :d], q)


_Box = tuple[NDArray[Any], NDArray[np.bool_]]
"""Where each of the 2d sides lies, and whether it exists."""


def _holds(box: _Box, pieces: NDArray[Any]) -> NDArray[np.bool_]:
    at, use = box
    return np.asarray((pieces[:, use] <= at[use]).astype(bool).all(axis=1))


def _grow(
    piece: NDArray[Any], keeps_out: NDArray[np.bool_], A: NDArray[Any], B: NDArray[Any], gap: int
) -> _Box:
    """The greedy box of one piece; keeps_out[b, s]: whether side s keeps piece b outside."""
    at, keeps_out = piece.copy(), keeps_out.copy()
    sides: list[int] = []
    left = np.ones(len(B), dtype=bool)
    while left.any():
        sides.append(int(np.argmax(keeps_out[left].sum(axis=0))))
        left &= ~keeps_out[:, sides[-1]]
    for side in list(sides):
        others = [s for s in sides if s != side]
        if keeps_out[:, others].any(axis=1).all():
            sides = others
    for side in sides:
        others = [s for s in sides if s != side]
        alone = ~keeps_out[:, others].any(axis=1)
        limit = B[alone, side].min() - gap
        at[side] = A[A[:, side] <= limit, side].max()
        keeps_out[:, side] = B[:, side] - at[side] >= gap
    return at, np.isin(np.arange(len(at)), sides)


def _without_superfluous(boxes: list[_Box], A: NDArray[Any]) -> list[_Box]:
    """Drop boxes, those with most sides first, while every piece stays in one."""
    holds = np.array([_holds(box, A) for box in boxes])
    times = holds.sum(axis=0)
    kept = np.ones(len(boxes), dtype=bool)
    for k in sorted(range(len(boxes)), key=lambda k: -int(boxes[k][1].sum())):
        if (times[holds[k]] > 1).all():
            times -= holds[k]
            kept[k] = False
    return [box for box, keep in zip(boxes, kept, strict=True) if keep]


@dataclass(frozen=True, eq=False)
class SideUnits:
    """One-sided units and who uses them: side i of a cover belongs to box[i] and is unit[i].

    weight, bias: the first layer. slope: the penalty reaches 1 where gamma is passed.
    """

    weight: Weight
    bias: NDArray[np.float64]
    box: NDArray[np.int64]
    unit: NDArray[np.int64]
    slope: float

    @property
    def zeros(self) -> int:
        """Biases that are zero."""
        return int((self.bias == 0).sum())

    def penalties(self, boxes: int, sign: int) -> Weight:
        """The layer after: sign times each box's penalty."""
        values = np.full(len(self.box), sign * self.slope)
        return matrix((boxes, len(self.bias)), (self.box, self.unit, values))


def side_units(cover: BoxCover, reach: Fraction, gamma: Fraction, d: int) -> SideUnits:
    """The first layer on R^d: a penalty is 0 up to `reach` past a side, 1 from reach + gamma on.

    Slopes are a power of two between 2/gamma and 4/gamma, breakpoints multiples of a power of two
    that this leaves room for, so the weights are exact. The cover may have fewer axes than d: the
    last ones are then ignored.

    Raises ValueError where gamma <= 0 or so small that no float64 breakpoint lies in the margin.
    """
    if gamma <= 0:
        raise ValueError(f"the margin {gamma} leaves no room for a bump")
    slope = power_of_two_above(2 / gamma)
    box, axis, sign, value = _sides(cover)
    # One unit for each distinct (axis, direction, coordinate): shared between boxes.
    keys, unit = np.unique((value * d + axis) * 2 + (sign > 0), return_inverse=True)
    axes, signs = (keys // 2 % d).astype(np.int64), np.where(keys % 2 > 0, 1.0, -1.0)
    ends = np.where(signs > 0, 1, -1) * (keys // 2 // d)
    breaks = dyadics_above(Rationals(ends, cover.denominator), reach, gamma - 1 / slope)
    weight = matrix((len(keys), d), (np.arange(len(keys)), axes, signs))
    return SideUnits(weight, 0.0 - breaks, box, unit, float(slope))


def box_network(
    cover: BoxCover, reach: Fraction, gamma: Fraction, d: int, label: int
) -> tuple[Network, int]:
    """The bumps of a cover as a network on R^d, sign `label` on them, and its size by formula.

    A bump is 1 where every side is passed by at most `reach`, and 0 where some side is passed by
    reach + gamma.

    Raises ValueError as `side_units` does.
    """
    if not (cover.use_low.any() or cover.use_high.any()):
        return constant_network(d, label), 1
    sides, S = side_units(cover, reach, gamma, d), len(cover)
    network = Network.of(
        [
            (sides.weight, sides.bias),
            (sides.penalties(S, -1), np.ones(S)),
            (np.full((1, S), float(label)), [-label / 2]),
        ]
    )
    return network, as_int(box_bump_size(S, len(sides.box), len(sides.bias), sides.zeros))


def _sides(cover: BoxCover) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any], NDArray[Any]]:
    """Bump, axis, direction (+1 upper, -1 lower) and coordinate of every side that exists."""
    upper, lower = np.argwhere(cover.use_high), np.argwhere(cover.use_low)
    where = np.concatenate([upper, lower])
    sign = np.repeat([1, -1], [len(upper), len(lower)])
    value = np.concatenate([cover.high[cover.use_high], cover.low[cover.use_low]])
    return where[:, 0], where[:, 1], sign, value
