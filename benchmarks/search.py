"""The size search beside a simple one: time to the size that the simple one finds, and sizes.

    python benchmarks/search.py [--quick] [--json]

Peer: train seven small dense architectures from eight seeds, certify from the smallest up, else
take the construction. Ours, first: `search` until it holds a certified network at most as large as
the peer's (where the peer ends with the construction, ours may too, and then only certifies it).
Ours, second: a whole search with fixed settings, for its size. Pairs are timed in turn on the same
instance; `ratio` is the median of peer / ours, `spread` its least and largest. The rows "size, ..."
hold sizes instead of seconds. Compilation is not timed.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from fractions import Fraction
from math import inf

from robustsize.simulate.certify import CertificateStatus, certify
from robustsize.simulate.construct.thm4_3 import hard_instance_network
from robustsize.simulate.instance import (
    HardInstance,
    Norm,
    checkerboard,
    hard_instance,
    random_labelling,
)
from robustsize.simulate.plan import Plan
from robustsize.simulate.prune import Effort
from robustsize.simulate.search import Settings, search
from robustsize.simulate.train import train

PEER_ARCHITECTURES = ((2,), (3,), (4,), (6,), (8,), (2, 2), (4, 2))
PEER_SEEDS, PEER_STEPS, PEER_TRIED = 8, 1000, 12
TO_TARGET = Settings(
    ladder=((8,), (12, 6)),
    seeds=80,
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


@dataclass(frozen=True)
class Row:
    """One instance: seconds (or sizes) of ours and of the peer."""

    case: str
    ours: float
    peer: float
    ratio: float
    spread: tuple[float, float]


def instances() -> dict[str, HardInstance]:
    """Ten labellings of the hard instance at epsilon = 1/4, c = 1/2, p = inf."""
    labellings = {"d=2 +-+": (2, [1, -1, 1]), "d=3 checkerboard": (3, checkerboard(3, 2))}
    labellings |= {f"d=3 random {s}": (3, random_labelling(9, s)) for s in (1, 2, 3, 4, 5, 6)}
    labellings |= {f"d=4 random {s}": (4, random_labelling(27, s)) for s in (0, 1)}
    return {
        name: hard_instance(d, Fraction(1, 4), Fraction(1, 2), Norm.INF, phi)
        for name, (d, phi) in labellings.items()
    }


def peer_size(instance: HardInstance, architectures: Sequence[tuple[int, ...]]) -> int:
    """The smallest certified size of the simple search."""
    plan = Plan(radius=float(instance.radius), p=instance.p, steps=PEER_STEPS)
    starts = list(architectures) * PEER_SEEDS
    trained = train(instance.floats(), instance.labels, starts, plan)
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
    network = search([instance], settings).found[0].network
    if network is None:
        raise SystemExit("ours certified nothing")
    return network.size


def measured(name: str, instance: HardInstance, repeats: int, whole: Settings) -> tuple[Row, Row]:
    """The row of times and the row of sizes."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        target = peer_size(instance, PEER_ARCHITECTURES)
        middle = time.perf_counter()
        reached = our_size(instance, replace(TO_TARGET, enough=target))
        end = time.perf_counter()
        if reached > target:
            raise SystemExit(f"{name}: ours ended at {reached}, the peer at {target}")
        times.append((end - middle, middle - start))
    ratios = [peer / ours for ours, peer in times]
    speed = Row(
        f"time, {name}",
        statistics.median(ours for ours, _ in times),
        statistics.median(peer for _, peer in times),
        statistics.median(ratios),
        (min(ratios), max(ratios)),
    )
    size = our_size(instance, whole)
    return speed, Row(f"size, {name}", size, target, target / size, (target / size,) * 2)


def main() -> None:
    parser = argparse.ArgumentParser(description="The size search beside a simple one.")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    cases = instances()
    first = next(iter(cases.values()))
    peer_size(first, PEER_ARCHITECTURES)
    our_size(first, replace(TO_TARGET, cycles=1))
    repeats = 1 if options.quick else 5
    whole = replace(WHOLE, chains=2, effort=Effort(rounds=12)) if options.quick else WHOLE
    rows: list[Row] = []
    for name, instance in cases.items():
        rows += measured(name, instance, repeats, whole)
        if not options.json:
            for row in rows[-2:]:
                print(
                    f"{row.case:24} ours {row.ours:8.3g} peer {row.peer:8.3g} "
                    f"ratio {row.ratio:6.2f} ({row.spread[0]:.2f} to {row.spread[1]:.2f})",
                    flush=True,
                )
    if options.json:
        print(json.dumps([asdict(row) for row in rows], indent=2))


if __name__ == "__main__":
    main()
