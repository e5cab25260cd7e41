"""Training time against the number of networks B, points m, width and threads, beside a cost model.

    python benchmarks/scaling.py [--quick] [--json]

Model: seconds = steps * B * (PGD steps + 1) * m * (4 weights + 16 units) / speed / threads: two
multiplications and additions forward and two back for each weight, and about 16 operations on each
unit and input. The speed is measured on the base case in the same run: what is shown is how time
grows. `ours` is the time measured, `peer` what the model says, `ratio` the median over the repeats
of model / time (above 1 is faster than the model says), `spread` its least and largest. Networks do
not end early here. Threads are set by CPU affinity, where the system has it.
"""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from _common import Row, middle_and_spread, run

from robustsize.simulate.train.adversarial import train
from robustsize.simulate.train.plan import Plan

STEPS = 100
# A margin that no network reaches, so that every one takes all steps.
PLAN = Plan(radius=0.01, steps=STEPS, check_every=STEPS, margin=1e9)


@dataclass(frozen=True)
class Case:
    """B networks of one hidden width on m points in d dimensions, on so many threads."""

    axis: str
    B: int = 512
    m: int = 64
    d: int = 4
    width: int = 16
    threads: int = 1

    @property
    def operations(self) -> float:
        """Operations of a run on one thread, by the model."""
        point = 4 * self.width * (self.d + 1) + 16 * (self.width + self.d)
        return STEPS * self.B * (PLAN.pgd_steps + 1) * self.m * point / self.threads

    @property
    def name(self) -> str:
        return f"{self.axis}: B={self.B} m={self.m} width={self.width} threads={self.threads}"


def cases(quick: bool) -> Iterator[Case]:
    """Each axis in turn, the others as in the base case."""
    base = Case("base")
    for B in (128, 2048) if quick else (32, 128, 2048, 8192):
        yield replace(base, axis="B", B=B)
    for m in (16, 256) if quick else (16, 256, 1024):
        yield replace(base, axis="m", m=m)
    for width in (4, 64) if quick else (4, 8, 32, 64):
        yield replace(base, axis="width", width=width)
    for threads in range(2, len(_cores()) + 1):
        yield replace(base, axis="threads", threads=threads)


def _cores() -> list[int]:
    return sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else [0]


def seconds(case: Case, cores: list[int]) -> float:
    """Time of one run of the case."""
    random = np.random.default_rng(0)
    points = random.uniform(size=(case.m, case.d))
    labels = 2 * random.integers(0, 2, case.m) - 1
    # Opposite labels must not be within twice the radius.
    points[:, 0] += 2 * labels
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, cores[: case.threads])
    try:
        start = time.perf_counter()
        train(points, labels, [(case.width,)] * case.B, PLAN, device="cpu")
        return time.perf_counter() - start
    finally:
        if hasattr(os, "sched_setaffinity"):
            os.sched_setaffinity(0, cores)


def measure(quick: bool) -> Iterator[Row]:
    """A row a case; the base case is timed beside each."""
    repeats, cores, base = 3 if quick else 7, _cores(), Case("base")
    seconds(replace(base, B=8), cores)
    for case in cases(quick):
        times, ratios = [], []
        for _ in range(repeats):
            unit = seconds(base, cores) / base.operations
            times.append(seconds(case, cores))
            ratios.append(unit * case.operations / times[-1])
        took, (ratio, spread) = statistics.median(times), middle_and_spread(ratios)
        yield Row(case=case.name, ours=took, peer=took * ratio, ratio=ratio, spread=spread)


if __name__ == "__main__":
    run(__doc__, measure)
