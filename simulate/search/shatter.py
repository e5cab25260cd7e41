"""Shattering: which labellings of a point set a given architecture realises robustly.

A labelling counts as realised where a trained network of the architecture is certified on all
balls. Others are unknown: training that fails proves nothing. A network for a labelling, negated,
serves the opposite labelling, so that only one of each such pair is trained.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from fractions import Fraction
from math import inf

import numpy as np
from numpy.typing import NDArray

from robustsize.simulate.certify.complete import Certificate, CertificateStatus
from robustsize.simulate.data.instance import Instance, Norm, Point
from robustsize.simulate.data.labellings import MOST_LABELLINGS, all_labellings, drawn, stream
from robustsize.simulate.networks.network import Network
from robustsize.simulate.search.race import race
from robustsize.simulate.search.reduce import too_close
from robustsize.simulate.search.rounding import proof_of
from robustsize.simulate.search.share import clopper_pearson
from robustsize.simulate.system.deadline import OutOfTimeError, until
from robustsize.simulate.train.plan import Plan

Progress = Callable[[float, str], None]

_MOST_CERTIFIED = 3


class Realised(Enum):
    """What is known of one labelling."""

    CERTIFIED = "certified"
    ATTACK_FOUND_NOTHING = "not certified, though an attack found nothing"
    UNKNOWN = "no network found"


@dataclass(frozen=True, eq=False)
class LabellingResult:
    """One labelling: its labels, what is known, a network and its certificate where certified."""

    labels: tuple[int, ...]
    realised: Realised
    network: Network | None
    certificate: Certificate | None


@dataclass(frozen=True, eq=False)
class Shattered:
    """All labellings tried at one architecture.

    total: 2^m. seeds: tried for each pair of opposite labellings, at most. shattered: every one of
    all labellings is certified. stopped: why the search ended early, or an empty string.
    """

    architecture: tuple[int, ...]
    total: int
    seeds: int
    results: tuple[LabellingResult, ...]
    stopped: str
    engine: str
    device: str

    @property
    def certified(self) -> int:
        """Labellings with a certified network."""
        return sum(r.realised is Realised.CERTIFIED for r in self.results)

    @property
    def share(self) -> float:
        """Share of the labellings tried that is certified: at least this is realisable."""
        return self.certified / len(self.results)

    @property
    def interval(self) -> tuple[float, float] | None:
        """95 % interval of the share over all labellings, None where all were tried."""
        if len(self.results) == self.total:
            return None
        return clopper_pearson(self.certified, len(self.results))

    @property
    def shattered(self) -> bool:
        """Whether all 2^m labellings are certified."""
        return self.certified == self.total


def shatter(
    points: Sequence[Point],
    radius: Fraction,
    p: Norm,
    architecture: tuple[int, ...],
    *,
    sample: int | None = None,
    seeds: int = 64,
    steps: int = 600,
    nodes: int = 200_000,
    seed: int = 0,
    device: str = "auto",
    budget_seconds: float = inf,
    progress: Progress = lambda share, doing: None,
) -> Shattered:
    """Train the architecture on all labellings of the points, or on a sample, and certify.

    points: m exact points. sample: so many labellings drawn uniformly and independently; None for
    all. seeds: tried for each labelling, in rounds of 8, 16, 32, ... on those still open.

    Raises ValueError where 2^m (or the sample) is out of reach, saying what would fit, or two
    points are within twice the radius, so that no network gives them opposite labels.
    """
    m, deadline = len(points), time.monotonic() + budget_seconds
    rows = all_labellings(m) if sample is None else _sample(m, sample, seed)
    _check_apart(points, radius, p)
    # One of each opposite pair: the one whose first label is +1.
    halves, back = np.unique(rows * rows[:, :1], axis=0, return_inverse=True)
    instances = [Instance(tuple(points), labels, radius, p) for labels in halves]
    run = _Run(instances, architecture, steps, nodes, seed, device)
    stopped, tried = "", 0
    with until(deadline):
        try:
            while tried < seeds and run.open:
                batch = min(max(8, tried), seeds - tried)
                doing = f"{len(run.open)} of {len(halves)} labellings open"
                run.round(tried, batch, _part(progress, tried / seeds, batch / seeds, doing))
                tried += batch
        except OutOfTimeError:
            stopped = f"the time budget ended after {tried} of {seeds} seeds"
    progress(1.0, "done")
    results = tuple(
        _signed(run.results[int(i)], int(row[0]), tuple(row.tolist()))
        for i, row in zip(np.ravel(back), rows, strict=True)
    )
    return Shattered(architecture, 2**m, tried, results, stopped, run.engine, run.device)


def _part(progress: Progress, start: float, length: float, doing: str) -> Callable[[float], None]:
    return lambda share: progress(start + share * length, doing)


def _sample(m: int, count: int, seed: int) -> NDArray[np.int8]:
    if not 1 <= count <= MOST_LABELLINGS:
        raise ValueError(f"a sample has 1 to {MOST_LABELLINGS} labellings, not {count}")
    return drawn(stream(seed, m), count, m)


def _check_apart(points: Sequence[Point], radius: Fraction, p: Norm) -> None:
    """Raises ValueError, naming the points, where two are within twice the radius."""
    pair = too_close(tuple(points), radius, p)
    if pair is not None:
        raise ValueError(
            f"points {pair[0]} and {pair[1]} are within twice the radius {float(radius):g}: no "
            "network gives them opposite labels robustly, so no architecture shatters these points"
        )


def _signed(one: LabellingResult, sign: int, labels: tuple[int, ...]) -> LabellingResult:
    """The result of the opposite labelling where sign is -1: the network negated."""
    if sign > 0 or one.network is None:
        return LabellingResult(labels, one.realised, one.network, one.certificate)
    weights, biases = one.network.weights, one.network.biases
    opposite = Network((*weights[:-1], -weights[-1]), (*biases[:-1], -biases[-1]))
    return LabellingResult(labels, one.realised, opposite, one.certificate)


class _Run:
    """Rounds of seeds over the labellings that are still open."""

    def __init__(
        self,
        instances: Sequence[Instance],
        architecture: tuple[int, ...],
        steps: int,
        nodes: int,
        seed: int,
        device: str,
    ) -> None:
        self.instances, self.architecture, self.nodes = instances, architecture, nodes
        self.results = [
            LabellingResult(tuple(i.labels.tolist()), Realised.UNKNOWN, None, None)
            for i in instances
        ]
        self.plan = Plan(
            radius=float(instances[0].radius),
            p=instances[0].p,
            steps=steps,
            pgd_steps=3,
            learning_rate=0.01,
            seed=seed,
        )
        self.engine, self.device = "none", device

    @property
    def open(self) -> list[int]:
        """Labellings not certified yet."""
        return [i for i, r in enumerate(self.results) if r.realised is not Realised.CERTIFIED]

    def round(self, first_seed: int, seeds: int, progress: Callable[[float], None]) -> None:
        """Train the open labellings from new seeds and certify the widest margins."""
        chosen = self.open
        ran = race(
            self.instances[0].floats(),
            np.stack([self.instances[i].labels for i in chosen]),
            [self.architecture],
            seeds,
            self.plan,
            first_seed=first_seed,
            device=self.device,
            progress=progress,
        )
        self.engine, self.device = ran.engine, ran.device
        for i, survivors in zip(chosen, ran.survivors, strict=True):
            best = sorted(survivors, key=lambda s: -s.margin)
            for one in best[:_MOST_CERTIFIED]:
                certificate = proof_of(one.network, self.instances[i], self.nodes)
                labels = self.results[i].labels
                if certificate.status is CertificateStatus.CERTIFIED:
                    self.results[i] = LabellingResult(
                        labels, Realised.CERTIFIED, one.network, certificate
                    )
                    break
                if certificate.status is CertificateStatus.UNDECIDED:
                    self.results[i] = LabellingResult(
                        labels, Realised.ATTACK_FOUND_NOTHING, None, None
                    )
