"""Structural certificates: the argument of a construction on its float weights, box by box.

Built networks of any size are certified by their form, which is read off their weights. Here pieces
of the sets that the bounds of the form do not settle as they are get divided: at bumps' ends or
breakpoints, then in halves. What comes out is a proof, and `checker.structural`, which also has the
bounds, establishes what it says.
"""

from __future__ import annotations

import time
from dataclasses import replace
from fractions import Fraction
from math import inf
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from robustsize.simulate.certify.complete import Certificate, CertificateStatus
from robustsize.simulate.checker.bumps import BoxBumps, Indices, OtherFormError
from robustsize.simulate.checker.forest import LEAF, Forest, ProofError
from robustsize.simulate.checker.layered import Layered
from robustsize.simulate.checker.outward import Floats, float_above
from robustsize.simulate.checker.square_bumps import SquareBumps
from robustsize.simulate.checker.structural import (
    Form,
    FormName,
    Neighbourhood,
    StructuralProof,
    check_structural,
    read_form,
)
from robustsize.simulate.construct.result import Construction
from robustsize.simulate.data.instance import Norm, Point
from robustsize.simulate.data.regions import Region
from robustsize.simulate.networks.network import Network

HALVINGS = 6
NARROW = 1e-6
"""Parts narrower than this, relative to what is added to them, are not halved: that decides."""

MOST_PARTS = 10_000_000


class _UnsettledError(Exception):
    """Bounds do not suffice near a piece; the point of the set there that has the wrong sign, and
    what y f is there, rounded up."""

    def __init__(self, reason: str, margin: float = -inf, refuted: Point | None = None) -> None:
        super().__init__(reason)
        self.margin, self.refuted = margin, refuted


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
    *,
    budget_seconds: float = inf,
) -> Certificate:
    """Whether f > 0 within `radius` of the positive set and f < 0 within it of the negative one.

    CERTIFIED comes with the proof that `check_structural` has accepted. COUNTEREXAMPLE is a point
    of a set itself at which f, evaluated in rationals, has the wrong sign. UNDECIDED says why: the
    network has no form that is known here, or near which piece its bounds do not suffice. The
    certificate's nodes are the parts of the pieces; its margin a lower bound on y f. The budget is
    looked at between rounds of dividing pieces.
    """
    start = time.perf_counter()
    claim = _Claim(network, positive, negative, radius, p)
    margin, nodes, method, reason = -inf, 0, "structural", ""
    proof: StructuralProof | None = None
    refuted = None
    try:
        margin, proof = _proved(claim, start + budget_seconds)
        method = f"structural: {proof.form.value}"
        trees = [tree for tree in (proof.positive, proof.negative) if tree is not None]
        nodes = sum(int((tree.branch == LEAF).sum()) for tree in trees)
    except _UnsettledError as unsettled:
        reason, refuted = str(unsettled), unsettled.refuted
        margin = unsettled.margin
    except ProofError as error:
        reason = str(error)
    status = CertificateStatus.UNDECIDED if reason else CertificateStatus.CERTIFIED
    if refuted is not None:
        status = CertificateStatus.COUNTEREXAMPLE
    seconds = time.perf_counter() - start
    return Certificate(status, margin, None, refuted, method, reason, seconds, nodes, proof)


class _Claim(NamedTuple):
    """What is to be proved."""

    network: Network
    positive: Region | None
    negative: Region | None
    radius: Fraction
    p: Norm


def _proved(claim: _Claim, deadline: float) -> tuple[float, StructuralProof]:
    """A margin, and a proof of it in the first form that the network has.

    Raises ProofError or _UnsettledError where none is found.
    """
    reasons = []
    for name in FormName:
        # Most pieces of most constructions need no division.
        proof = StructuralProof(name, False, *map(_undivided, (claim.positive, claim.negative)))
        try:
            return check_structural(*claim, proof), proof
        except OtherFormError as error:
            reasons.append(str(error))
        except ProofError:
            proof = _divided(claim, name, deadline)
            return check_structural(*claim, proof), proof
    raise OtherFormError("; ".join(reasons))


def _undivided(region: Region | None) -> Forest | None:
    if region is None:
        return None
    leaf = np.full(len(region), LEAF)
    return Forest(len(region), leaf, np.zeros(len(region)), leaf)


def _divided(claim: _Claim, name: FormName, deadline: float) -> StructuralProof:
    """A proof that divides pieces.

    Raises _UnsettledError where none is found.
    """
    form = read_form(claim.network, name)
    attempts: list[tuple[Form, bool]] = [(form, False)]
    if isinstance(form, Layered):
        # Breakpoints inside the ball matter where bits are read, for which integers are used.
        attempts = [(replace(form, exact=0), False)]
        if form.exact:
            attempts.insert(0, (form, True))
    for form, whole in attempts:
        try:
            forests = (
                _Division(claim, form, y, whole, deadline).settled() if region else None
                for region, y in ((claim.positive, 1), (claim.negative, -1))
            )
            with np.errstate(all="ignore"):
                return StructuralProof(name, whole, *forests)
        except _UnsettledError as unsettled:
            failure = unsettled
            if failure.refuted is not None:
                break
    raise failure


class _Division:
    """The pieces of one set, divided until the bounds on y f are positive in every part.

    low, high, piece, node: the parts still open, as boxes, the piece each is of, and its node.
    """

    def __init__(self, claim: _Claim, form: Form, y: int, whole: bool, deadline: float) -> None:
        region = claim.positive if y > 0 else claim.negative
        assert region is not None
        self.region, self.near = region, Neighbourhood.of(region, claim.radius, claim.p, whole)
        self.network, self.form, self.y, self.whole = claim.network, form, y, whole
        self.deadline = deadline
        self.low, self.high = self.near.roots
        self.piece = self.node = np.arange(len(region))
        self.splits: list[tuple[Indices, Indices, Floats, int]] = []
        self.nodes = len(region)

    def settled(self) -> Forest:
        """The trees.

        Raises _UnsettledError where bounds do not suffice.
        """
        by = self.near.side + self.near.reach
        bounds = self._bound()
        if len(bounds):
            self._refute(bounds)
            cuts = _cuts(self.form, by, self.whole)
            bounds = self._cut_and_bound(cuts) if self.whole else self._cut_then_bound(cuts)
        for _ in range(HALVINGS):
            width = self.high - self.low
            if not len(bounds) or self.whole or width.max() <= NARROW * by:
                break
            axis = np.argmax(width, axis=1)
            row = np.arange(len(axis))
            self._split(row, axis, self.low[row, axis] + width[row, axis] / 2)
            bounds = self._bound()
        if len(bounds):
            raise _UnsettledError(self._reason(bounds))
        return self._forest()

    def _cut_then_bound(self, cuts: list[Floats]) -> Floats:
        """Parts without cuts inside; their bounds."""
        done = []
        while True:
            axis, place, inside = _middle(cuts, self.low, self.high)
            done.append(self._parts(~inside))
            self._split(np.flatnonzero(inside), axis[inside], place[inside])
            if not inside.any():
                break
            self._take(self.near.meets(self.low, self.high, self.piece))
        columns = (np.concatenate(column) for column in zip(*done, strict=True))
        self.low, self.high, self.piece, self.node = columns
        return self._bound()

    def _cut_and_bound(self, cuts: list[Floats]) -> Floats:
        """Parts cut as long as their bounds are open and there is reason to hope."""
        bounds, boxes = np.zeros(len(self.low)), len(self.low)
        most = self.form.exact if isinstance(self.form, Layered) else MOST_PARTS
        while len(bounds):
            axis, place, inside = _middle(cuts, self.low, self.high)
            boxes += 2 * len(bounds)
            if not inside.all() or boxes > most or self._hopeless():
                return bounds
            self._split(np.arange(len(axis)), axis, place)
            bounds = self._bound()
        return bounds

    def _bound(self) -> Floats:
        """The bounds of the parts that stay open."""
        if time.perf_counter() > self.deadline:
            raise _UnsettledError("the time was used up while the sets were divided")
        alone = self.node < len(self.region)
        bounds = self.near.least(self.form, self.y, self.low, self.high, self.piece, alone)
        self._take(~(bounds > 0))
        return bounds[~(bounds > 0)]

    def _hopeless(self) -> bool:
        """Whether f seems to have the wrong sign in the middle of a part."""
        values = self.y * self.network(self.low / 2 + self.high / 2)
        at = int(np.argmin(values))
        if not values[at] <= 0:
            return False
        middle = self.low[at] / 2 + self.high[at] / 2
        return self.y * self.network.exact([Fraction(float(v)) for v in middle]) <= 0

    def _refute(self, bounds: Floats) -> None:
        corner = self.region.low.row(int(self.piece[np.argmin(bounds)]))
        value = self.y * self.network.exact(corner)
        if value <= 0:
            reason = "a point of a set itself has the wrong sign"
            raise _UnsettledError(reason, float_above(value), corner)

    def _reason(self, bounds: Floats) -> str:
        name = "positive" if self.y > 0 else "negative"
        piece, least = self.piece[np.argmin(bounds)], bounds.min()
        return f"near piece {piece} of the {name} set only y f >= {least:.3g} is established"

    def _parts(self, which: Indices | np.ndarray) -> tuple[Floats, Floats, Indices, Indices]:
        return self.low[which], self.high[which], self.piece[which], self.node[which]

    def _take(self, which: Indices | np.ndarray) -> None:
        self.low, self.high, self.piece, self.node = self._parts(which)

    def _split(self, rows: Indices, axis: Indices, place: Floats) -> None:
        """Go on with both parts of some parts, cut on an axis each."""
        self.splits.append((self.node[rows], axis, place, self.nodes))
        self._take(np.repeat(rows, 2))
        if self.nodes > 2 * MOST_PARTS:
            raise _UnsettledError(f"the sets fall into more than {MOST_PARTS} parts")
        self.node = self.nodes + np.arange(len(self.low))
        self.nodes += len(self.low)
        lower, upper = np.arange(0, len(self.low), 2), np.arange(1, len(self.low), 2)
        self.high[lower, axis] = self.low[upper, axis] = place

    def _forest(self) -> Forest:
        branch, cut = np.full(self.nodes, LEAF), np.zeros(self.nodes)
        child = np.full(self.nodes, LEAF)
        for nodes, axis, place, first in self.splits:
            branch[nodes], cut[nodes] = axis, place
            child[nodes] = first + 2 * np.arange(len(nodes))
        return Forest(len(self.region), branch, cut, child)


def _cuts(form: Form, by: float, whole: bool) -> list[Floats]:
    """Where it may help to cut boxes, on each axis, if they are then widened by `by`.

    Ends of box bumps, breakpoints of the first layer (if not whole only upper ones), midways
    between l_2 bumps.
    """
    if isinstance(form, BoxBumps):
        ends = -form.offset[0] / form.slope[0]
        return [np.unique(axis[np.isfinite(axis)]) - by for axis in ends.T]
    if isinstance(form, SquareBumps):
        return [_midways(centres) for centres in form.centres().T]
    if isinstance(form, Layered):
        ends, used = -form.biases[0] / form.steep, whole | (form.steep > 0)
        return [np.unique(ends[units[used[units]]]) - by for units in form.units]
    return []


def _midways(centres: Floats) -> Floats:
    values = np.unique(centres)
    middles = values[:-1] / 2 + values[1:] / 2
    return middles[np.diff(values) > NARROW * np.ptp(values)]


def _middle(
    cuts: list[Floats], low: Floats, high: Floats
) -> tuple[Indices, Floats, NDArray[np.bool_]]:
    """For each box the axis with most cuts inside, the middle one, and whether there is any."""
    first, count = np.zeros(low.shape, dtype=np.int64), np.zeros(low.shape, dtype=np.int64)
    for j, at in enumerate(cuts):
        first[:, j] = np.searchsorted(at, low[:, j], side="right")
        count[:, j] = np.searchsorted(at, high[:, j], side="left") - first[:, j]
    axis, place = np.argmax(count, axis=1), np.zeros(len(low))
    for j, at in enumerate(cuts):
        rows = np.flatnonzero((axis == j) & (count[:, j] > 0))
        place[rows] = at[first[rows, j] + count[rows, j] // 2]
    return axis, place, count.max(axis=1, initial=0) > 0
