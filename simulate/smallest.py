"""The smallest network found that is certified robust, for several labellings of one instance.

What is found is an upper witness of the smallest size for its labelling: that no smaller network
was found is evidence about training, not a proof that there is none.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from robustsize.simulate.certify import Certificate, CertificateStatus, certify
from robustsize.simulate.construct.result import Construction
from robustsize.simulate.construct.thm4_3 import hard_instance_network
from robustsize.simulate.instance import HardInstance
from robustsize.simulate.network import Network
from robustsize.simulate.train import Plan, Trained, train

CONSTRUCTED = "construction"
TRAINED = "training"

Progress = Callable[[float, str], None]

_TRAINING_SHARE = 0.7
_MOST_TRIED = 12


@dataclass(frozen=True)
class Tried:
    """What became of the networks of one architecture: seeds tried, no attack found, certified.

    Networks are certified in order of size until one holds, so `certified` is not a success rate.
    """

    hidden: tuple[int, ...]
    networks: int
    diverged: int
    survived: int
    certified: int


@dataclass(frozen=True, eq=False)
class Smallest:
    """The search's outcome for one labelling.

    network, certificate, origin: the smallest certified network and whether training or the
    construction gave it; all None where nothing was certified. smallest_survivor: size of the
    smallest trained network on which the attack found nothing, certified or not.
    """

    instance: HardInstance
    network: Network | None
    certificate: Certificate | None
    origin: str | None
    construction: Construction
    construction_certificate: Certificate
    smallest_survivor: int | None
    tried: tuple[Tried, ...]


def smallest_certified(
    instances: Sequence[HardInstance],
    architectures: Sequence[tuple[int, ...]],
    seeds: int,
    plan: Plan,
    *,
    device: str = "auto",
    budget_seconds: float = 10.0,
    progress: Progress = lambda share, doing: None,
) -> tuple[list[Smallest], Trained]:
    """Train every architecture from every seed on every instance, certify from the smallest up.

    instances: labellings of one grid, so that they train together. budget_seconds: of one
    certificate.

    Raises ValueError where training refuses its input (see `train`).
    """
    starts = list(architectures) * (seeds * len(instances))
    task = np.repeat(np.arange(len(instances)), len(architectures) * seeds)
    trained = train(
        np.stack([instance.floats() for instance in instances]),
        np.stack([instance.labels for instance in instances]),
        starts,
        plan,
        task=task,
        device=device,
        progress=lambda done, total: progress(_TRAINING_SHARE * done / total, "training"),
    )
    outcomes = []
    for i, instance in enumerate(instances):
        share = _TRAINING_SHARE + (1 - _TRAINING_SHARE) * i / len(instances)
        progress(share, "certifying")
        outcomes.append(_certified(instance, trained, np.flatnonzero(task == i), budget_seconds))
    return outcomes, trained


def _certified(
    instance: HardInstance, trained: Trained, members: np.ndarray, budget_seconds: float
) -> Smallest:
    construction = hard_instance_network(instance)
    built = certify(construction.network, instance, budget_seconds=budget_seconds)
    holds = built.status is CertificateStatus.CERTIFIED
    best: tuple[Network, Certificate, str] | None = (
        (construction.network, built, CONSTRUCTED) if holds else None
    )
    survivors = [int(i) for i in members if trained.attack_margin[i] > 0]
    networks = sorted(((trained.network(i), i) for i in survivors), key=lambda pair: pair[0].size)
    certified = None
    for network, i in networks[:_MOST_TRIED]:
        if best is not None and network.size >= best[0].size:
            break
        certificate = certify(network, instance, budget_seconds=budget_seconds)
        if certificate.status is CertificateStatus.CERTIFIED:
            best, certified = (network, certificate, TRAINED), i
            break
    return Smallest(
        instance,
        *(best or (None, None, None)),
        construction,
        built,
        networks[0][0].size if networks else None,
        _tried(trained, members, certified),
    )


def _tried(trained: Trained, members: np.ndarray, certified: int | None) -> tuple[Tried, ...]:
    groups: dict[tuple[int, ...], list[int]] = {}
    for i in members:
        groups.setdefault(trained.layouts[i].widths[1:-1], []).append(int(i))
    return tuple(
        Tried(
            hidden,
            len(group),
            int(trained.diverged[group].sum()),
            int((trained.attack_margin[group] > 0).sum()),
            int(certified in group),
        )
        for hidden, group in groups.items()
    )
