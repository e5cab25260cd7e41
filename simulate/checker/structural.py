"""The structural argument checked: f has one sign near every piece of a set, box by box.

A network's form, read off its weights, gives bounds on f over a box (`bumps`, `square_bumps`,
`layered`). A proof names the form and divides the pieces of each set; it is good where every box
of the division has a positive lower bound on y f. All is rounded outwards or exact.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from fractions import Fraction
from math import inf, lcm
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from robustsize.simulate.checker.bumps import BoxBumps, OtherFormError
from robustsize.simulate.checker.forest import Forest, ProofError
from robustsize.simulate.checker.layered import Layered
from robustsize.simulate.checker.outward import (
    Floats,
    down,
    float_above,
    float_below,
    require_subnormals,
    sum_down,
    up,
)
from robustsize.simulate.checker.square_bumps import SquareBumps
from robustsize.simulate.data.exact import Rationals
from robustsize.simulate.data.instance import Norm
from robustsize.simulate.data.regions import Region
from robustsize.simulate.networks.network import Network


class FormName(Enum):
    """The forms that a network may have."""

    CONSTANT = "constant"
    BOX_BUMPS = "box bumps"
    SQUARE_BUMPS = "l_2 bumps"
    LAYERED = "separable layer, then intervals"


class Form(Protocol):
    """A network's form, with rigorous bounds."""

    @property
    def method(self) -> str:
        """What the argument is called."""

    def least(self, low: Floats, high: Floats, reach: Floats, label: int) -> Floats:
        """A lower bound on label * f over boxes widened by the l_2 ball of radius reach."""


@dataclass(frozen=True)
class Constant:
    """A network without weights."""

    value: float

    method = "structural: constant"

    @classmethod
    def read(cls, network: Network) -> Constant:
        """Raises OtherFormError where there is a weight."""
        if network.depth > 1 or network.size > np.count_nonzero(network.biases[0]):
            raise OtherFormError("the network is not constant")
        return cls(float(network.biases[0][0]))

    def least(self, low: Floats, high: Floats, reach: Floats, label: int) -> Floats:
        """label * f."""
        return np.full(len(low), label * self.value)


_READERS: dict[FormName, Callable[[Network], Form]] = {
    FormName.CONSTANT: Constant.read,
    FormName.BOX_BUMPS: BoxBumps.read,
    FormName.SQUARE_BUMPS: SquareBumps.read,
    FormName.LAYERED: Layered.read,
}


def read_form(network: Network, name: FormName) -> Form:
    """The form of that name, read off the weights.

    Raises OtherFormError where the network has another.
    """
    return _READERS[name](network)


@dataclass(frozen=True, eq=False)
class StructuralProof:
    """That f has the right sign within the radius of two sets.

    whole: whether what is divided is the sets with the adversary's ball added, or the sets alone,
    the ball being added to every box of the division. positive, negative: a tree for each piece,
    None for the empty set.
    """

    form: FormName
    whole: bool
    positive: Forest | None
    negative: Forest | None


def check_structural(
    network: Network,
    positive: Region | None,
    negative: Region | None,
    radius: Fraction,
    p: Norm,
    proof: StructuralProof,
) -> float:
    """A positive lower bound on y f within l_p distance `radius` of the positive set (y = 1) and
    of the negative one (y = -1).

    Raises ProofError where the proof does not show that there is one.
    """
    require_subnormals()
    with np.errstate(all="ignore"):
        form, margin = read_form(network, proof.form), inf
        for region, forest, y in ((positive, proof.positive, 1), (negative, proof.negative, -1)):
            if (region is None) != (forest is None):
                raise ProofError("the proof is about other sets")
            if region is not None and forest is not None:
                if region.dimension != network.input_dim:
                    raise ProofError("the network takes points of another dimension")
                near = Neighbourhood.of(region, radius, p, proof.whole)
                margin = min(margin, _least(form, near, forest, y))
    return margin


def _least(form: Form, near: Neighbourhood, forest: Forest, y: int) -> float:
    leaves = forest.leaves(*near.roots)
    alone = leaves.node < forest.roots
    bounds = near.least(form, y, leaves.low, leaves.high, leaves.root, alone)
    least = float(bounds.min(initial=inf))
    if not least > 0:
        worst = int(leaves.root[np.argmin(bounds)])
        name = "positive" if y > 0 else "negative"
        raise ProofError(
            f"near piece {worst} of the {name} set only y f >= {least:.3g} is established"
        )
    return least


@dataclass(frozen=True, eq=False)
class Neighbourhood:
    """All points within l_p distance `radius` of the pieces of a region.

    A sum of boxes and of l_inf balls is a box, a sum of l_2 balls an l_2 ball: piece i with the
    adversary's ball is the box `outer`[i] with an l_2 ball of radius `outer_ball` added.
    Where a piece is divided, that is done to the box around `core`[i] with an l_2 ball of radius
    `ball`; to each part the box of half side `side` and the l_2 ball of radius `reach` are added.
    """

    outer: tuple[Floats, Floats]
    outer_ball: float
    core: tuple[Floats, Floats]
    ball: float
    side: float
    reach: float

    @classmethod
    def of(cls, region: Region, radius: Fraction, p: Norm, whole: bool) -> Neighbourhood:
        """The neighbourhood; whole: whether the adversary's ball is there before the division."""
        zero = Fraction(0)
        side, reach = (radius, zero) if p is Norm.INF else (zero, radius)
        own, ball = (region.fat, zero) if region.p is Norm.INF else (zero, region.fat)
        outer = _ends(region, own + side)
        if whole:
            return cls(outer, float_above(ball + reach), outer, float_above(ball + reach), 0.0, 0.0)
        core = _ends(region, own) if side else outer
        sizes = (float_above(v) for v in (ball, side, reach))
        return cls(outer, float_above(ball + reach), core, *sizes)

    @property
    def roots(self) -> tuple[Floats, Floats]:
        """What trees divide."""
        return _grown(*self.core, self.ball)

    def least(
        self,
        form: Form,
        y: int,
        low: Floats,
        high: Floats,
        piece: NDArray[Any],
        alone: NDArray[Any],
    ) -> Floats:
        """A lower bound on y f in the parts [low, high] of pieces; alone: the piece is undivided.

        It is infinite where a part holds nothing of the piece.
        """
        used = alone | self.meets(low, high, piece)
        low, high = _grown(low, high, self.side)
        low, high = (
            np.where(alone[:, None], ends[piece], own)
            for ends, own in zip(self.outer, (low, high), strict=True)
        )
        bounds = np.full(len(low), inf)
        reach = np.where(alone, self.outer_ball, self.reach)
        bounds[used] = form.least(low[used], high[used], reach[used], y)
        return bounds

    def meets(self, low: Floats, high: Floats, piece: NDArray[Any]) -> NDArray[np.bool_]:
        """Whether parts may come within l_2 distance `ball` of their piece's core."""
        if not self.ball:
            return np.ones(len(low), dtype=bool)
        core_low, core_high = (ends[piece] for ends in self.core)
        gap = np.maximum(np.maximum(down(low - core_high), down(core_low - high)), 0)
        return np.asarray(sum_down(down(gap * gap), axis=1) <= up(np.square(self.ball)))


def _grown(low: Floats, high: Floats, by: float) -> tuple[Floats, Floats]:
    return (down(low - by), up(high + by)) if by else (low, high)


def _ends(region: Region, by: Fraction) -> tuple[Floats, Floats]:
    """The region's boxes, `by` larger on every side, in floats rounded outwards."""
    return _rounded(region.low, -by, float_below), _rounded(region.high, by, float_above)


def _rounded(corners: Rationals, shift: Fraction, rounding: Callable[[Fraction], float]) -> Floats:
    q = lcm(corners.denominator, shift.denominator)
    factor, added = q // corners.denominator, int(shift * q)
    largest = int(abs(corners.numerators).max(initial=0)) * factor + abs(added)
    if largest < 1 << 53 and q < 1 << 53:
        # One rounding, that of the quotient; none where q is a power of two.
        quotient = (corners.numerators * factor + added).astype(np.float64) / q
        if q & (q - 1) == 0:
            return np.asarray(quotient)
        return down(quotient) if rounding is float_below else up(quotient)
    exact = corners.numerators.astype(object) * factor + added
    return np.array([[rounding(Fraction(int(v), q)) for v in row] for row in exact])
