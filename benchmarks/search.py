"""The size search beside a simple one: time to the size that the simple one finds, and sizes.

    python benchmarks/search.py [--quick] [--json]

Peer: the simple search of the first release: train small dense architectures from eight seeds in
PyTorch, certify from the smallest up, else take the construction. Ours, first: `search` until it
holds a certified network at most as large as the peer's (where the peer ends with the construction,
ours may too, and then only certifies it). Ours, second: a whole search with fixed settings, for its
size. Pairs are timed in turn on the same instance; `ratio` is the median of peer / ours, `spread`
its least and largest. The rows "one engine, ..." give the simple search our engine, so that only
the searches differ; "size, ..." hold sizes instead of seconds. Compilation is not timed.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from math import inf

import numpy as np
from _common import Row, middle_and_spread, run
from numpy.typing import NDArray

from robustsize.simulate.certify.complete import CertificateStatus, certify
from robustsize.simulate.data.instance import HardInstance, Norm, hard_instance
from robustsize.simulate.data.labellings import checkerboard, random_labelling
from robustsize.simulate.search.model import Settings
from robustsize.simulate.search.prune import Effort
from robustsize.simulate.search.smallest import search
from robustsize.simulate.theorems.candidates import constructions
from robustsize.simulate.theorems.thm4_3.construction import hard_instance_network
from robustsize.simulate.train.adversarial import train
from robustsize.simulate.train.plan import Plan

PEER_ARCHITECTURES: dict[int, tuple[tuple[int, ...], ...]] = {
    2: ((1,), (2,), (3,), (4,)),
    3: ((2,), (3,), (4,), (6,), (8,), (2, 2), (4, 2)),
    4: ((4,), (8,), (12,), (16,), (4, 4), (8, 4)),
}
"""By dimension, as the first release tried them."""
PEER_SEEDS, PEER_STEPS, PEER_TRIED = 8, 1000, 12
TO_TARGET = Settings(
    ladder=((3,), (8,), (12, 6)),
    seeds=320,
    cycles=10,
    race_steps=300,
    steps=200,
    chains=2,
    effort=Effort(rounds=8, tries=24),
)
WHOLE = Settings(
    ladder=((4,), (8,), (8, 4), (12, 6)),
    seeds=24,
    cycles=1,
    steps=300,
    chains=4,
    effort=Effort(rounds=24),
)


QUICK_SECONDS = 35.0
"""With --quick no instance is begun after this."""


def instances() -> dict[str, HardInstance]:
    """Ten labellings of the hard instance at epsilon = 1/4, c = 1/2, p = inf."""
    labellings: dict[str, tuple[int, list[int] | NDArray[np.int8]]] = {
        "d=2 +-+": (2, [1, -1, 1]),
        "d=3 checkerboard": (3, checkerboard(3, 2)),
    }
    labellings |= {f"d=3 random {s}": (3, random_labelling(9, s)) for s in (1, 2, 3, 4, 5, 6)}
    labellings |= {f"d=4 random {s}": (4, random_labelling(27, s)) for s in (0, 1)}
    return {
        name: hard_instance(d, Fraction(1, 4), Fraction(1, 2), Norm.INF, phi)
        for name, (d, phi) in labellings.items()
    }


def peer_size(instance: HardInstance, engine: str) -> int:
    """The smallest certified size of the simple search."""
    plan = Plan(radius=float(instance.radius), p=instance.p, steps=PEER_STEPS)
    starts = list(PEER_ARCHITECTURES[instance.dimension]) * PEER_SEEDS
    points, labels = instance.floats(), instance.labels
    trained = train(points, labels, starts, plan, engine=engine, device="cpu")
    built = hard_instance_network(instance).network
    holds = certify(built, instance).status is CertificateStatus.CERTIFIED
    best = built.size if holds else inf
    survivors = [trained.network(i) for i in range(len(trained)) if trained.attack_margin[i] > 0]
    for network in sorted(survivors, key=lambda n: n.size)[:PEER_TRIED]:
        if network.size >= best:
            break
        if certify(network, instance).status is CertificateStatus.CERTIFIED:
            best = network.size
            break
    return int(best)


def our_size(instance: HardInstance, settings: Settings) -> int:
    """The smallest certified size of `search`."""
    network = search([instance], settings, constructions=constructions).found[0].network
    if network is None:
        raise SystemExit("ours certified nothing")
    return network.size


def measured(name: str, instance: HardInstance, repeats: int, whole: Settings) -> Iterator[Row]:
    """The rows of times, for both engines of the peer, and the row of sizes."""
    for what, engine in (("time", "torch"), ("one engine", "numba")):
        times = []
        for _ in range(repeats):
            start = time.perf_counter()
            target = peer_size(instance, engine)
            middle = time.perf_counter()
            reached = our_size(instance, replace(TO_TARGET, enough=target))
            end = time.perf_counter()
            if reached > target:
                raise SystemExit(f"{name}: ours ended at {reached}, the peer at {target}")
            times.append((end - middle, middle - start))
        ratio, spread = middle_and_spread(peer / ours for ours, peer in times)
        yield Row(
            case=f"{what}, {name}",
            ours=statistics.median(ours for ours, _ in times),
            peer=statistics.median(peer for _, peer in times),
            ratio=ratio,
            spread=spread,
        )
    size = our_size(instance, whole)
    gain = target / size
    yield Row(case=f"size, {name}", ours=size, peer=target, ratio=gain, spread=(gain, gain))


def measure(quick: bool) -> Iterator[Row]:
    """Times and sizes of every instance, each a row."""
    cases = instances()
    first = next(iter(cases.values()))
    peer_size(first, "numba")
    our_size(first, replace(TO_TARGET, cycles=1))
    whole = replace(WHOLE, chains=2, effort=Effort(rounds=12)) if quick else WHOLE
    start = time.perf_counter()
    for name, instance in cases.items():
        if quick and time.perf_counter() - start > QUICK_SECONDS:
            return
        yield from measured(name, instance, 1 if quick else 5, whole)


if __name__ == "__main__":
    run(__doc__, measure)
