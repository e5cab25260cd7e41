"""Network-steps a second of the CPU engine, beside other ways to run the same training.

    python benchmarks/training.py [--quick] [--json]

A step is PGD-5 in l_inf and Adam, in float32, on m random points with a random labelling for each
of B networks. Peers, all in PyTorch: a Python loop over networks (on few of them), batched matrix
products with a manual backward pass, the same through torch.compile (specialised to the case's
shapes, compilation not timed), and gradients by torch.func.vmap and grad. All start from the same
networks, and their results after two steps are compared; a disagreement ends the run. Pairs are
timed in turn; `ratio` is the median over the pairs of ours / peer against the best peer, `spread`
its least and largest. `gflops` counts the multiplications and additions of our matrix products;
`of_sgemm` is their share of a 1024 x 1024 product's speed in NumPy in the same run.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
import warnings
from collections.abc import Callable
from dataclasses import asdict, dataclass
from itertools import pairwise

import numpy as np
import torch

from robustsize.simulate.batch import Batch, Data, new_batch
from robustsize.simulate.plan import Plan
from robustsize.simulate.train_numba import NumbaEngine
from robustsize.simulate.train_torch import DECAY_FIRST, DECAY_SECOND, STABILISER, step

CASES = (
    (2, (4,), 16),
    (2, (8,), 64),
    (4, (16,), 64),
    (3, (8, 8), 16),
    (4, (16, 16), 64),
    (4, (32, 32), 64),
    (8, (32, 32), 256),
)
QUICK = (CASES[2], CASES[3])
PLAN = Plan(radius=0.02, steps=10_000)
LOOP_NETWORKS = 4

Run = Callable[[Batch, Data, int], None]
"""Takes that many steps from the start, in place."""


@dataclass(frozen=True)
class Row:
    """One case: network-steps a second, ours and the best peer's, and all peers'."""

    case: str
    ours: float
    peer: str
    peer_speed: float
    ratio: float
    spread: tuple[float, float]
    peers: dict[str, float]
    gflops: float
    of_sgemm: float


def tensors(batch: Batch, data: Data) -> tuple[list[torch.Tensor], ...]:
    points, labels = data.of(batch.task)
    state = [torch.from_numpy(a.copy()) for a in (batch.parameters, batch.first, batch.second)]
    rest = [batch.mask, np.ascontiguousarray(points.transpose(0, 2, 1)), labels]
    return state, [torch.from_numpy(a) for a in rest]


def corrections(t: int) -> tuple[torch.Tensor, torch.Tensor]:
    rate = PLAN.rates()[0] / (1 - DECAY_FIRST**t)
    return torch.tensor(rate).float(), torch.tensor(1 - DECAY_SECOND**t).float()


def bmm(function: Callable = step) -> Run:
    def run(batch: Batch, data: Data, steps: int) -> None:
        state, rest = tensors(batch, data)
        for t in range(1, steps + 1):
            state = function(batch.layout, PLAN, state, *rest, *corrections(t))
        batch.parameters[:] = state[0].numpy()

    return run


def loop(batch: Batch, data: Data, steps: int) -> None:
    """Network after network."""
    for b in range(len(batch)):
        one = batch.take(np.arange(len(batch)) == b)
        bmm()(one, data, steps)
        batch.parameters[b] = one.parameters[0]


def vmapped(batch: Batch, data: Data, steps: int) -> None:
    """Derivatives by torch.func."""
    layout = batch.layout

    def output(flat: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
        spans = [flat[a:b] for a, b in pairwise(layout.offsets)]
        parts = [v.reshape(s) for v, s in zip(spans, layout.shapes, strict=True)]
        for weight, bias in zip(parts[:-2:2], parts[1:-2:2], strict=True):
            x = torch.relu(weight @ x + bias[:, None])
        return (parts[-2] @ x)[0] + parts[-1]

    def loss(flat: torch.Tensor, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        return (torch.relu(1 - y * output(flat, x)) ** 2).mean()

    def margin(flat: torch.Tensor, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        return (y * output(flat, x)).sum()

    slope = torch.func.vmap(torch.func.grad(margin, argnums=1))
    gradient_of = torch.func.vmap(torch.func.grad(loss))
    (flat, first, second), (mask, points, labels) = tensors(batch, data)
    radius = PLAN.training_radius
    for t in range(1, steps + 1):
        rate, correction = corrections(t)
        x = points
        for _ in range(PLAN.pgd_steps):
            x = x - PLAN.pgd_step_size * torch.sign(slope(flat, x, labels))
            x = torch.minimum(torch.maximum(x, points - radius), points + radius)
        gradient = gradient_of(flat, x, labels)
        first = DECAY_FIRST * first + (1 - DECAY_FIRST) * gradient
        second = DECAY_SECOND * second + (1 - DECAY_SECOND) * gradient**2
        flat = flat - rate * mask * first / ((second / correction).sqrt() + STABILISER)
    batch.parameters[:] = flat.numpy()


def ours(batch: Batch, data: Data, steps: int) -> None:
    NumbaEngine().advance(batch, data, PLAN, 0, steps)


def peers(batch: Batch, data: Data) -> dict[str, Run]:
    """For one case: torch.compile specialises to its shapes. What does not work here is named."""
    torch.compiler.reset()
    field = {"python loop": loop, "torch bmm": bmm(), "torch.func vmap": vmapped}
    faster = bmm(torch.compile(step, dynamic=False))
    try:
        faster(batch.take(np.ones(len(batch), dtype=bool)), data, 1)
    except (RuntimeError, ImportError) as error:
        print(f"torch.compile left out: {str(error).splitlines()[0]}", file=sys.stderr)
    else:
        field["torch bmm compiled"] = faster
    return field


def instance(d: int, hidden: tuple[int, ...], m: int, count: int) -> tuple[Batch, Data]:
    random = np.random.default_rng(0)
    points = random.uniform(0, 1, (1, m, d)).astype(np.float32)
    labels = random.choice(np.array([-1, 1], np.float32), (count, m))
    data, ids = Data(points, labels), np.arange(count)
    return new_batch([hidden] * count, ids, ids, data, PLAN), data


def speed(run: Run, batch: Batch, data: Data, seconds: float) -> float:
    """Network-steps a second, over about that many seconds."""
    steps = 1
    while True:
        started = time.perf_counter()
        run(batch, data, steps)
        taken = time.perf_counter() - started
        if taken > seconds / 3:
            return len(batch) * steps / taken
        steps = max(2 * steps, int(steps * seconds / taken / 2))


def check(name: str, run: Run, batch: Batch, data: Data) -> None:
    """Raises SystemExit where two steps of a peer do not end where ours do."""
    one, two = (batch.take(np.ones(len(batch), dtype=bool)) for _ in range(2))
    ours(one, data, 2)
    run(two, data, 2)
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


def measured(case: tuple[int, tuple[int, ...], int], count: int, quick: bool) -> Row:
    d, hidden, m = case
    seconds, pairs = (0.4, 3) if quick else (1.5, 5)
    name = f"d={d} width={hidden[0]} hidden={len(hidden)} m={m} B={count}"
    batch, data = instance(d, hidden, m, count)
    few = batch.take(np.arange(count) < LOOP_NETWORKS)
    field, speeds = peers(batch, data), {}
    for peer, run in field.items():
        nets = few if run is loop else batch
        check(peer, run, nets, data)
        speeds[peer] = speed(run, nets, data, seconds)
    best = max(speeds, key=speeds.__getitem__)
    nets = few if best == "python loop" else batch
    mine, ratios = [], []
    for _ in range(pairs):
        mine.append(speed(ours, batch, data, seconds))
        ratios.append(mine[-1] / speed(field[best], nets, data, seconds))
    gflops = statistics.median(mine) * flops(*case) / 1e9
    return Row(
        name,
        statistics.median(mine),
        best,
        speeds[best],
        statistics.median(ratios),
        (min(ratios), max(ratios)),
        speeds,
        gflops,
        gflops / sgemm_gflops(),
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="two cases, B = 1000, within 50 s")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    warnings.simplefilter("ignore")  # torch.compile warns of its own deprecated parts
    counts = (1000,) if options.quick else (1000, 10_000)
    rows = []
    for case in QUICK if options.quick else CASES:
        for count in counts:
            rows.append(measured(case, count, options.quick))
            if not options.json:
                row = rows[-1]
                print(
                    f"{row.case}: {row.ours:,.0f} network-steps/s, {row.ratio:.1f} times "
                    f"{row.peer} ({row.spread[0]:.1f} to {row.spread[1]:.1f}), "
                    f"{row.gflops:.0f} GFLOP/s, {row.of_sgemm:.0%} of sgemm",
                    flush=True,
                )
    if options.json:
        print(json.dumps([asdict(row) for row in rows], indent=2))


if __name__ == "__main__":
    main()
