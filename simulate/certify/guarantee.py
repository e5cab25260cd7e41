"""What a network is to guarantee, as a file, and its certificate by the certifier that can."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from math import inf
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from robustsize.bounds.symbols import rational
from robustsize.simulate.certify.complete import (
    Certificate,
    CertificateStatus,
    Progress,
    certify,
    certify_each,
    silent,
)
from robustsize.simulate.certify.structural import certify_structure
from robustsize.simulate.certify.tree import joined as joined_proofs
from robustsize.simulate.checker.outward import float_above
from robustsize.simulate.checker.points import PointsChecker, PointsProof
from robustsize.simulate.checker.structural import StructuralProof, check_structural
from robustsize.simulate.construct.result import Construction
from robustsize.simulate.data.exact import Rationals
from robustsize.simulate.data.instance import BoxInstance, Instance, Norm, Point
from robustsize.simulate.data.read_sets import (
    ClassPoints,
    LabelledPoints,
    read_classes,
    read_points,
)
from robustsize.simulate.data.regions import LARGEST, Region
from robustsize.simulate.networks.network import Network
from robustsize.simulate.system import files
from robustsize.simulate.system.files import Arrays

_STRUCTURAL_SHARE = 0.5
"""Of the budget, for the structural certifier, which is much the faster where it applies."""


@dataclass(frozen=True, eq=False)
class Guarantee:
    """Label +1 within l_p distance `radius` of `positive`, -1 within it of `negative`.

    The whole sets are meant; one is None where no point has its label. source: the file's points
    where they came from a user's file of labelled points.

    Raises ValueError where both sets are empty, dimensions differ or the radius is negative.
    """

    positive: Region | None
    negative: Region | None
    radius: Fraction
    p: Norm
    source: LabelledPoints | None = None

    def __post_init__(self) -> None:
        sets = [region for region in (self.positive, self.negative) if region is not None]
        if not sets:
            raise ValueError("an instance holds a positive or a negative set")
        if len({region.dimension for region in sets}) > 1:
            raise ValueError("the positive and the negative set differ in dimension")
        if self.radius < 0:
            raise ValueError(f"the radius {self.radius} is negative")

    @classmethod
    def of(cls, construction: Construction) -> Guarantee:
        """What a construction promises."""
        return cls(
            construction.positive, construction.negative, construction.radius, construction.p
        )

    @property
    def dimension(self) -> int:
        """Dimension d."""
        return next(region.dimension for region in (self.positive, self.negative) if region)

    def instance(self) -> Instance | None:
        """The same as labelled points in the file's order, None where a set is not finite."""
        labelled = [(r, y) for r, y in ((self.positive, 1), (self.negative, -1)) if r is not None]
        if not all(region.is_finite_set for region, _ in labelled):
            return None
        points = [(region.low.row(i), y) for region, y in labelled for i in range(len(region))]
        if self.source is not None:
            order = np.argsort(np.concatenate([self.source.rows_of(y) for _, y in labelled]))
            points = [points[i] for i in order]
        labels = np.array([y for _, y in points], dtype=np.int8)
        return Instance(tuple(x for x, _ in points), labels, self.radius, self.p)

    def regions(self) -> Instance:
        """Labelled points with their balls or, where a set is not finite, boxes around the pieces.

        The boxes are what the adversary reaches where all balls are in l_inf, and hold it always.
        """
        finite = self.instance()
        if finite is not None:
            return finite
        low, high, labels = [], [], []
        for region, y in ((self.positive, 1), (self.negative, -1)):
            if region is not None:
                corners = region.hull()
                low += [tuple(v - self.radius for v in row) for row in corners[0].tolist()]
                high += [tuple(v + self.radius for v in row) for row in corners[1].tolist()]
                labels += [y] * len(region)
        return BoxInstance.of(low, high, np.array(labels, dtype=np.int8))

    def reaches(self, i: int, x: Point) -> bool:
        """Whether x lies within the radius of piece i, in the order of `regions`."""
        low, high, rest = self._reach(i)
        gaps = [max(a - v, v - b, Fraction(0)) for a, v, b in zip(low, x, high, strict=True)]
        return sum((g * g for g in gaps), Fraction(0)) <= rest * rest

    def pulled(self, i: int, x: Point) -> Point:
        """The nearest point to x that is within the radius of piece i by its l_inf balls alone."""
        low, high, _ = self._reach(i)
        return tuple(min(max(v, a), b) for a, v, b in zip(low, x, high, strict=True))

    def _reach(self, i: int) -> tuple[Point, Point, Fraction]:
        """The box of piece i with its l_inf balls added, and the radius of the l_2 ball to add."""
        positive = len(self.positive) if self.positive is not None else 0
        region = self.positive if i < positive else self.negative
        assert region is not None
        row = i if i < positive else i - positive
        sizes = [(region.fat, region.p), (self.radius, self.p)]
        by = sum((size for size, p in sizes if p is Norm.INF), Fraction(0))
        rest = sum((size for size, p in sizes if p is Norm.TWO), Fraction(0))
        low, high = region.low.row(row), region.high.row(row)
        return tuple(v - by for v in low), tuple(v + by for v in high), rest

    def place(self, i: int) -> str:
        """Where the file has point i of `instance`: a line or a row of an array, as a text."""
        if self.source is not None:
            return self.source.places[i]
        positive = len(self.positive) if self.positive is not None else 0
        return f"positive_low row {i}" if i < positive else f"negative_low row {i - positive}"

    def lines(self) -> Iterator[str]:
        """What was read, for a reader."""
        if self.source is not None:
            yield from self.source.lines()
            return
        sets = [
            f"{len(region)} {'points' if region.is_finite_set else 'pieces'} with label {label}"
            for region, label in ((self.positive, "+1"), (self.negative, "-1"))
            if region is not None
        ]
        yield f"{' and '.join(sets)} in R^{self.dimension}"

    def json(self) -> dict[str, Any]:
        """What was read, as a JSON object."""
        if self.source is not None:
            return self.source.json()
        sizes = {"+1": self.positive, "-1": self.negative}
        pieces = {label: 0 if region is None else len(region) for label, region in sizes.items()}
        return {"dimension": self.dimension, "pieces": pieces}

    def save(self, path: Path) -> None:
        """Write an .npz file of exact numbers as text, complete or not at all."""
        arrays = {"radius": np.array(str(self.radius)), "p": np.array(self.p.value)}
        for name, region in (("positive", self.positive), ("negative", self.negative)):
            if region is not None:
                arrays[f"{name}_low"] = _text(region.low)
                arrays[f"{name}_high"] = _text(region.high)
                arrays[f"{name}_fat"] = np.array(str(region.fat))
                arrays[f"{name}_p"] = np.array(region.p.value)
        files.write_bytes(path, files.pack_arrays(arrays))


def read_guarantee(path: Path, radius: Fraction | None, p: Norm | None) -> Guarantee:
    """What `Guarantee.save` wrote, or a user's labelled points (see `read_sets`) with a radius.

    radius, p: the adversary's, in place of the file's; p is inf where nobody says. A fattened set
    stays the set that the file describes, in the norm of its own.

    Raises ValueError, naming the file, where it cannot be read, has no radius, or two points of
    opposite labels are closer than twice the radius; OSError where there is no such file.
    """
    saved = _saved(path)
    if saved is None:
        return _of_points(path, radius, p or Norm.INF)
    radius = saved.radius if radius is None else radius
    return replace(saved, radius=radius, p=p or saved.p)


def _of_points(path: Path, radius: Fraction | None, p: Norm) -> Guarantee:
    source = read_points(path)
    radius = _radius_possible(path, source, radius, p)
    return Guarantee(source.side(1), source.side(-1), radius, p, source)


def _radius_possible(
    path: Path, source: LabelledPoints | ClassPoints, radius: Fraction | None, p: Norm
) -> Fraction:
    """The radius, where it is given and the balls of different labels are apart."""
    if radius is None:
        raise ValueError(f"{path} states no radius; give one, for example --radius 0.1")
    try:
        source.require_apart(2 * radius, p, "twice the radius")
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error
    return radius


def certificate(
    network: Network,
    guarantee: Guarantee,
    *,
    budget_seconds: float = 60.0,
    workers: int = 1,
    progress: Progress = silent,
) -> Certificate:
    """The structural certificate where it can be given, else the complete search's answer.

    Raises ValueError where the dimensions differ.
    """
    if network.input_dim != guarantee.dimension:
        raise ValueError(
            f"the network takes {network.input_dim} inputs, the instance lies in "
            f"R^{guarantee.dimension}"
        )
    started = time.monotonic()
    sets = guarantee.positive, guarantee.negative, guarantee.radius, guarantee.p
    share = _STRUCTURAL_SHARE * budget_seconds
    structural = certify_structure(network, *sets, budget_seconds=share)
    if structural.status is CertificateStatus.CERTIFIED:
        return structural
    left = max(started + budget_seconds - time.monotonic(), 0.0)
    regions = guarantee.regions()
    found = certify(network, regions, budget_seconds=left, workers=workers, progress=progress)
    found = _reached(network, guarantee, replace(found, seconds=time.monotonic() - started))
    if found.status is CertificateStatus.UNDECIDED and structural.counterexample is not None:
        return structural
    return found


def certificates(
    network: Network,
    guarantee: Guarantee,
    *,
    budget_seconds: float = 60.0,
    workers: int = 1,
    progress: Progress = silent,
) -> Iterator[Certificate]:
    """The complete search's answer for each piece of the sets alone, in the order of `regions`.

    Raises ValueError where the dimensions differ.
    """
    regions = guarantee.regions()
    for found in certify_each(
        network, regions, budget_seconds=budget_seconds, workers=workers, progress=progress
    ):
        yield _reached(network, guarantee, found)


def joined(found: Sequence[Certificate]) -> Certificate:
    """One answer of those for all points: the worst, with the proof of all where all have one."""
    decisive = min(found, key=lambda one: (_FROM_WORST.index(one.status), one.margin))
    proofs = [one.proof for one in found if isinstance(one.proof, PointsProof)]
    return replace(
        decisive,
        proof=joined_proofs(proofs) if len(proofs) == len(found) else None,
        seconds=sum(one.seconds for one in found),
        nodes=sum(one.nodes for one in found),
    )


@dataclass(frozen=True)
class MarginAnswer:
    """What is known of f_label - f_against > 0 on the balls of all points of class `label`.

    certificate: its point_index is the row in the user's file.
    """

    label: int
    against: int
    certificate: Certificate


def read_classified(
    path: Path, outputs: int, radius: Fraction | None, p: Norm
) -> tuple[ClassPoints, Fraction]:
    """A user's points of classes 0 to outputs - 1, no two classes closer than twice the radius; and
    that radius.

    Raises ValueError, naming the file, where it cannot be read, no radius is given, or two points
    of different classes are closer than twice the radius; OSError where there is no such file.
    """
    points = read_classes(path, outputs)
    return points, _radius_possible(path, points, radius, p)


def margins(
    margin: Callable[[int, int], Network],
    outputs: int,
    points: ClassPoints,
    radius: Fraction,
    p: Norm,
    *,
    budget_seconds: float = 60.0,
    workers: int = 1,
    progress: Progress = silent,
) -> list[MarginAnswer]:
    """Whether each point keeps its class: for each class and other output, the answer.

    margin: the network f_i - f_j of outputs i and j, exactly. Each margin has an equal share of
    what is left of the budget, those left undecided a second one; without a share it is undecided.

    Raises ValueError where the dimensions differ.
    """
    end = time.monotonic() + budget_seconds
    pairs = [(c, j) for c in points.classes for j in range(outputs) if j != c]
    answers = {pair: MarginAnswer(*pair, _OUT_OF_TIME) for pair in pairs}
    for _ in range(2):
        still = [pair for pair in pairs if _is_undecided(answers[pair].certificate)]
        for done, (label, against) in enumerate(still):
            share = (end - time.monotonic()) / (len(still) - done)
            if share <= 0:
                break
            progress(
                1 - (len(still) - done) / len(pairs), f"margin of output {label} over {against}"
            )
            network, source = margin(label, against), points.of_class(label)
            guarantee = Guarantee(source.side(1), None, radius, p, source)
            found = certificate(network, guarantee, budget_seconds=share, workers=workers)
            row = found.point_index
            if row is not None:
                found = replace(found, point_index=int(points.rows_of(label)[row]))
            answers[label, against] = MarginAnswer(label, against, found)
    return list(answers.values())


def _is_undecided(certificate: Certificate) -> bool:
    return certificate.status is CertificateStatus.UNDECIDED


_OUT_OF_TIME = Certificate(
    CertificateStatus.UNDECIDED, -inf, None, None, "none", "the time budget ran out", 0.0, 0
)


def worst(statuses: Iterable[CertificateStatus]) -> CertificateStatus:
    """The status of all together: one counterexample decides, then one undecided."""
    return min(statuses, key=_FROM_WORST.index)


_FROM_WORST = (
    CertificateStatus.COUNTEREXAMPLE,
    CertificateStatus.UNDECIDED,
    CertificateStatus.CERTIFIED,
)


def _reached(network: Network, guarantee: Guarantee, found: Certificate) -> Certificate:
    """The answer for the sets from that for the boxes around them.

    A counterexample that only a box has is pulled into the set, else nothing is decided.
    """
    index, x = found.point_index, found.counterexample
    if index is None or x is None or guarantee.instance() or guarantee.reaches(index, x):
        return found
    x = guarantee.pulled(index, x)
    value = int(guarantee.regions().labels[index]) * network.exact(x)
    if value <= 0:
        return replace(found, margin=float_above(value), counterexample=x)
    reason = "a box around the sets has a counterexample, but the sets may have none"
    status = CertificateStatus.UNDECIDED
    return replace(found, status=status, margin=-inf, counterexample=None, reason=reason)


def recheck(network: Network, guarantee: Guarantee, proof: PointsProof | StructuralProof) -> float:
    """A positive lower bound on y f, from the proof alone: no search is made.

    Raises ProofError where the proof does not establish one.
    """
    if isinstance(proof, StructuralProof):
        sets = guarantee.positive, guarantee.negative, guarantee.radius, guarantee.p
        return check_structural(network, *sets, proof)
    return PointsChecker(network, guarantee.regions()).margin(proof)


_SIDES = ("positive", "negative")
_PARTS = ("low", "high", "fat")


def _saved(path: Path) -> Guarantee | None:
    """What `save` wrote, None where the file is something else."""
    if path.suffix != ".npz":
        return None
    try:
        arrays = files.unpack_arrays(files.read_bytes(path))
        if not {"radius", "p"} <= set(arrays):
            return None
        known = {f"{side}_{part}" for side in _SIDES for part in (*_PARTS, "p")}
        if unknown := set(arrays) - known - {"radius", "p"}:
            raise ValueError(f"an instance holds no {', '.join(sorted(unknown))[:80]}")
        p = Norm(_word(arrays, "p"))
        positive, negative = (_region(arrays, side, p) for side in _SIDES)
        return Guarantee(positive, negative, _number(_word(arrays, "radius")), p)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error


def _region(arrays: Arrays, side: str, p: Norm) -> Region | None:
    given = {part for part in _PARTS if f"{side}_{part}" in arrays}
    if not given:
        return None
    if given != set(_PARTS):
        raise ValueError(f"of the {side} set, {', '.join(sorted(set(_PARTS) - given))} is missing")
    corners = [arrays[f"{side}_{part}"] for part in ("low", "high")]
    if any(c.ndim != 2 or c.dtype.kind != "U" for c in corners):
        raise ValueError(f"the corners of the {side} set are no tables of exact numbers")
    low, high = ([[_number(v) for v in row] for row in corner.tolist()] for corner in corners)
    fat = _number(_word(arrays, f"{side}_fat"))
    # The set has a norm of its own; where the file states none, the adversary's.
    own = Norm(_word(arrays, f"{side}_p")) if f"{side}_p" in arrays else p
    return replace(Region.boxes(low, high), fat=fat, p=own)


def _word(arrays: Arrays, name: str) -> str:
    if arrays[name].shape or arrays[name].dtype.kind != "U":
        raise ValueError(f"{name} is no single text")
    return str(arrays[name])


def _text(rows: Rationals) -> NDArray[np.str_]:
    return np.array([[str(v) for v in rows.row(i)] for i in range(len(rows))])


def _number(text: str) -> Fraction:
    value = rational(text)
    if value is None or abs(value) >= LARGEST:
        raise ValueError(f"{text[:40]!r} is no number below 2^1000 in size")
    return value
