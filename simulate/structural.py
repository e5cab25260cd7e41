"""Structural certificates: the argument of a construction, checked cell by cell on float weights.

Built networks of any size are certified by reading their form off their weights (`axis_bumps`,
`square_bumps`, or else `layered_bounds`, all in `structure`) and bounding each bump near each piece
of the sets, rounded outwards. Nothing is taken from the builder. f has the right sign near a piece
of the class with the bumps where the sum of the bumps' lower bounds is above the threshold, near a
piece of the other class where the sum of their upper bounds is below. Pieces that no one bump holds
are cut, at bumps' ends, then halved.
"""

from __future__ import annotations

import time
from fractions import Fraction
from typing import Protocol

import numpy as np

from robustsize.simulate.certifier.ball import rounded_up
from robustsize.simulate.certify import Certificate, CertificateStatus
from robustsize.simulate.construct.result import Construction
from robustsize.simulate.instance import Norm, Point
from robustsize.simulate.network import Network
from robustsize.simulate.sets.regions import Region
from robustsize.simulate.structure.axis_bumps import AxisBumps
from robustsize.simulate.structure.bump_form import Floats, OtherFormError
from robustsize.simulate.structure.layered_bounds import LayeredBounds
from robustsize.simulate.structure.parts import MOST_PARTS, Parts
from robustsize.simulate.structure.square_bumps import SquareBumps

HALVINGS = 6
NARROW = 1e-6
"""Boxes narrower than this, relative to the reach, are not halved: the reach decides."""


class _Form(Protocol):
    """A network's form with rigorous bounds on the sum of its bumps."""

    @property
    def sign(self) -> int: ...

    @property
    def threshold(self) -> float: ...

    @property
    def method(self) -> str: ...

    def bounds(self, low: Floats, high: Floats, reach: float, p: Norm) -> tuple[Floats, Floats]: ...

    def cuts(self, reach: float) -> list[Floats]: ...


def certify_construction(construction: Construction) -> Certificate:
    """The structural certificate of a construction for its own sets, norm and radius."""
    return certify_structure(
        construction.network,
        construction.positive,
        construction.negative,
        construction.radius,
        construction.p,
    )


def certify_structure(
    network: Network,
    positive: Region | None,
    negative: Region | None,
    radius: Fraction,
    p: Norm,
) -> Certificate:
    """Whether f > 0 within `radius` of the positive set and f < 0 within it of the negative one.

    CERTIFIED is a proof for the float weights as given. COUNTEREXAMPLE is a point of a set itself
    at which f, evaluated in rationals, has the wrong sign. UNDECIDED says why: the network has no
    form that is known here, or near which piece its bounds do not suffice. The certificate's nodes
    are the pieces bounded; its margin a lower bound on y f.
    """
    start = time.perf_counter()
    sets = [(region, y) for region, y in ((positive, 1), (negative, -1)) if region is not None]
    nodes, margin, method, reason = 0, np.inf, "structural", ""
    refuted = None
    try:
        form = _read(network)
        method = form.method
        for region, label in sets:
            found, count, refuted, reason = _margin(form, network, region, label, radius, p)
            margin, nodes = min(margin, found), nodes + count
            if reason:
                break
    except OtherFormError as error:
        reason, margin = str(error), -np.inf
    status = CertificateStatus.UNDECIDED if reason else CertificateStatus.CERTIFIED
    if refuted is not None:
        status = CertificateStatus.COUNTEREXAMPLE
    seconds = time.perf_counter() - start
    return Certificate(status, float(margin), None, refuted, method, reason, seconds, nodes)


class _Constant:
    """A network without bumps: one constant."""

    method = "structural: constant"
    threshold = 0.0

    def __init__(self, value: float) -> None:
        self.sign, self._value = 1, value

    def bounds(self, low: Floats, high: Floats, reach: float, p: Norm) -> tuple[Floats, Floats]:
        constant = np.full(len(low), self._value)
        return constant, constant

    def cuts(self, reach: float) -> list[Floats]:
        return []


def _read(network: Network) -> _Form:
    if network.depth == 1 and network.size == 1 and network.biases[0][0]:
        return _Constant(float(network.biases[0][0]))
    reasons = []
    for form in (AxisBumps, SquareBumps, LayeredBounds):
        try:
            return form.read(network)
        except OtherFormError as error:
            reasons.append(str(error))
    raise OtherFormError("; ".join(reasons))


def _margin(
    form: _Form, network: Network, region: Region, label: int, radius: Fraction, p: Norm
) -> tuple[float, int, Point | None, str]:
    """A lower bound on label * f near the region, pieces bounded, and if it is not positive why.

    Where a corner of the piece with the least bound has the wrong sign, it is the third value.
    """
    parts = Parts.of(region, p)
    reach = rounded_up(radius + parts.fat)
    margin, nodes = np.inf, 0
    for attempt in range(HALVINGS + 2):
        if attempt == 1:
            reach = rounded_up(radius)
            parts = parts.boxed().cut(form.cuts(reach))
        elif attempt > 1:
            parts = parts.halved()
        lower, upper = form.bounds(parts.low, parts.high, reach, p)
        nodes += len(parts.low)
        above = label == form.sign
        room = lower - form.threshold if above else form.threshold - upper
        good = room > 0  # the sign of a difference of floats is exact
        margin = min(margin, room[good].min(initial=np.inf))
        if good.all():
            return margin, nodes, None, ""
        worst, piece = float(room.min()), int(parts.origin[np.argmin(room)])
        parts = parts.take(~good)
        if not attempt and label * network.exact(region.low.row(piece)) <= 0:
            return worst, nodes, region.low.row(piece), "a point of a set itself has the wrong sign"
        points = (parts.high - parts.low).max() <= NARROW * reach
        if (attempt and points) or 2 * len(parts.low) > MOST_PARTS:
            break
    name = "positive" if label > 0 else "negative"
    reason = f"near piece {piece} of the {name} set only y f >= {worst:.3g} is established"
    return worst, nodes, None, reason
