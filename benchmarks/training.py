"""Network-steps a second of the CPU engine, beside other ways to run the same training.

    python benchmarks/training.py [--quick] [--json]

A step is PGD-5 in l_inf and Adam, in float32, on m random points with a random labelling for each
of B networks. Peers: see `training_peers.py`; the Python loop runs on few networks, and compilation
is not timed. All start from the same networks, and their results after two steps are compared with
ours; a disagreement ends the run. In each round ours and every peer are timed in turn. `ratios` are
medians over the rounds of ours / peer, `peer` names the one with the least, `ratio` is its own and
`spread` its least and largest. `gflops` counts the multiplications and additions of our matrix
products; `of_sgemm` is their share of a 1024 x 1024 product's speed in NumPy in the same run.
"""

from __future__ import annotations

import statistics
import time
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from _common import Row, middle_and_spread, run
from training_peers import PLAN, Run, copied, left_out, loop, peers

from robustsize.simulate.train.batch import Batch, Data, new_batch
from robustsize.simulate.train.numba_engine import NumbaEngine

Case = tuple[int, tuple[int, ...], int]
"""d, hidden widths, m."""
CASES: tuple[Case, ...] = (
    (2, (4,), 16),
    (2, (8,), 64),
    (4, (16,), 64),
    (3, (8, 8), 16),
    (4, (16, 16), 64),
    (4, (32, 32), 64),
    (8, (32, 32), 256),
)
QUICK = (CASES[2], CASES[3])
QUICK_SECONDS = 20
"""No case of --quick starts later."""
LOOP_NETWORKS = 4


@dataclass(frozen=True, kw_only=True)
class Speeds(Row):
    """One case: network-steps a second, ours and every peer's, and ours / peer."""

    peer: str
    ratio: float
    spread: tuple[float, float]
    speeds: dict[str, float]
    ratios: dict[str, float]
    gflops: float
    of_sgemm: float


def ours(batch: Batch, data: Data, steps: int) -> None:
    NumbaEngine().advance(batch, data, PLAN, 0, steps)


def instance(d: int, hidden: tuple[int, ...], m: int, count: int) -> tuple[Batch, Data]:
    random = np.random.default_rng(0)
    points = random.uniform(0, 1, (1, m, d)).astype(np.float32)
    labels = random.choice(np.array([-1, 1], np.float32), (count, m))
    data, ids = Data(points, labels), np.arange(count)
    return new_batch([hidden] * count, ids, ids, data, PLAN), data


def speed(way: Run, batch: Batch, data: Data, seconds: float) -> float:
    """Network-steps a second, over about that many seconds."""
    steps = 1
    while True:
        started = time.perf_counter()
        way(batch, data, steps)
        taken = time.perf_counter() - started
        if taken > seconds / 3 or steps == PLAN.steps:
            return len(batch) * steps / taken
        steps = min(max(2 * steps, int(steps * seconds / taken / 2)), PLAN.steps)


def check(name: str, way: Run, batch: Batch, data: Data) -> None:
    """Raises SystemExit where two steps of a peer do not end where ours do."""
    one, two = copied(batch), copied(batch)
    ours(one, data, 2)
    way(two, data, 2)
    # Adam moves by the sign of a gradient, so a gradient of rounding size may end elsewhere.
    if np.mean(np.abs(one.parameters - two.parameters) > 1e-3) > 0.01:
        raise SystemExit(f"{name} disagrees on {batch.layout}")


def flops(d: int, hidden: tuple[int, ...], m: int) -> float:
    """Of a network-step: forward and input gradient K times, forward and gradient once."""
    products = [2 * m * a * b for a, b in pairwise((d, *hidden, 1))]
    ascent = 2 * sum(products) - products[-1]
    return PLAN.pgd_steps * ascent + 3 * sum(products) - products[0]


def sgemm_gflops() -> float:
    a = np.ones((1024, 1024), np.float32)
    times = []
    for _ in range(7):
        started = time.perf_counter()
        a @ a
        times.append(time.perf_counter() - started)
    return 2 * 1024**3 / min(times) / 1e9


def measured(case: Case, count: int, seconds: float, rounds: int) -> Speeds:
    d, hidden, m = case
    batch, data = instance(d, hidden, m, count)
    few = batch.take(np.arange(count) < LOOP_NETWORKS)
    field = {name: (way, few if way is loop else batch) for name, way in peers(batch, data)}
    for name, (way, networks) in field.items():
        check(name, way, networks, data)
    entries = {"ours": (ours, batch), **field}
    times = [
        {name: speed(way, networks, data, seconds) for name, (way, networks) in entries.items()}
        for _ in range(rounds)
    ]
    speeds = {name: statistics.median(row[name] for row in times) for name in times[0]}
    spreads = {name: middle_and_spread(row["ours"] / row[name] for row in times) for name in field}
    best = min(spreads, key=lambda name: spreads[name][0])
    mine = speeds.pop("ours")
    gflops = mine * flops(*case) / 1e9
    return Speeds(
        case=f"d={d} width={hidden[0]} hidden={len(hidden)} m={m} B={count}",
        ours=mine,
        peer=best,
        ratio=spreads[best][0],
        spread=spreads[best][1],
        speeds=speeds,
        ratios={name: ratio for name, (ratio, _) in spreads.items()},
        gflops=gflops,
        of_sgemm=gflops / sgemm_gflops(),
    )


def measure(quick: bool) -> Iterator[Speeds]:
    """All rows; --quick: B = 1000, and a second case only if compilers left time for it."""
    warnings.simplefilter("ignore")  # torch.compile warns of its own deprecated parts
    seconds, rounds = (0.4, 3) if quick else (1.5, 5)
    started = time.perf_counter()
    for case in QUICK if quick else CASES:
        if quick and time.perf_counter() - started > QUICK_SECONDS:
            left_out(f"case {case}", "compiling took too long; run again, it is cached now")
            continue
        for count in (1000,) if quick else (1000, 10_000):
            yield measured(case, count, seconds, rounds)


def text(row: Speeds) -> str:
    lines = [
        f"{row.case}: {row.ours:,.0f} network-steps/s, {row.ratio:.1f} times {row.peer} "
        f"({row.spread[0]:.1f} to {row.spread[1]:.1f}), "
        f"{row.gflops:.0f} GFLOP/s, {row.of_sgemm:.0%} of sgemm"
    ]
    for name in sorted(row.ratios, key=row.ratios.__getitem__):
        lines.append(f"    {row.ratios[name]:8.1f} times {name}, {row.speeds[name]:,.0f}")
    return "\n".join(lines)


if __name__ == "__main__":
    run(__doc__, measure, text)
