"""Adversarial training of many independent ReLU networks at once.

One call trains networks of any widths on any labelled sets of one shape; the engine that ran is in
the result. Random numbers are Philox's, keyed by (seed, id) of a network, so what a network starts
from does not depend on the others.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.spatial.distance import cdist

from robustsize.simulate.data.exact import PrecisionError
from robustsize.simulate.data.instance import Norm
from robustsize.simulate.networks.network import Network
from robustsize.simulate.system.deadline import check_time
from robustsize.simulate.train.batch import Array, Batch, Data, Layout, layout_of, new_batch
from robustsize.simulate.train.plan import Loss, Plan

__all__ = ["Loss", "Plan", "Start", "Trained", "train"]

Start = tuple[int, ...] | Network
"""Where a network starts: hidden widths (drawn at random), or a network whose zeros stay zero."""

ENGINES = ("auto", "numba", "torch")
DEVICES = ("auto", "cpu", "cuda")
MAX_HIDDEN = 3
DEFAULT_BUDGET = 2**30


class Engine(Protocol):
    """What runs the steps of a batch; the loop around it is the same for every engine."""

    name: str
    device: str

    @staticmethod
    def bytes_per_network(layout: Layout, m: int, itemsize: int) -> int:
        """Memory that one network in training takes, at most."""

    def advance(self, batch: Batch, data: Data, plan: Plan, start: int, stop: int) -> None:
        """Take training steps start + 1 to stop of the plan, changing the batch in place."""

    def margin(self, batch: Batch, data: Data, plan: Plan) -> NDArray[np.float64]:
        """Smallest y f(x') that the attack at plan.radius finds for each network, shape (B,)."""


@dataclass(frozen=True, eq=False)
class Trained:
    """B trained networks: of each the state with the largest attack margin seen, or the last.

    attack_margin: shape (B,), the smallest y f(x') found by the attack; positive is no certificate.
    steps_used: shape (B,), steps until the network was done, diverged, or the plan ended.
    diverged: shape (B,), whether training left the finite numbers (the state kept is finite).
    layouts, parameters: of each network, without padding. ids: shape (B,), the random keys.
    """

    layouts: tuple[Layout, ...]
    parameters: tuple[Array, ...]
    attack_margin: NDArray[np.float64]
    steps_used: NDArray[np.int64]
    diverged: NDArray[np.bool_]
    ids: NDArray[np.int64]
    plan: Plan
    engine: str
    device: str
    versions: dict[str, str]

    def __len__(self) -> int:
        return len(self.layouts)

    @property
    def done(self) -> NDArray[np.bool_]:
        """Whether each network reached the plan's attack margin, shape (B,)."""
        return self.attack_margin >= self.plan.margin

    def network(self, i: int) -> Network:
        """The i-th network in float64, with the units that cannot matter left out."""
        blocks = self.layouts[i].blocks(self.parameters[i])
        return Network.of(list(zip(blocks[::2], blocks[1::2], strict=True))).without_dead_parts()


def train(
    points: ArrayLike,
    labels: ArrayLike,
    starts: Sequence[Start],
    plan: Plan,
    *,
    task: ArrayLike | None = None,
    ids: ArrayLike | None = None,
    device: str = "auto",
    engine: str = "auto",
    progress: Callable[[int, int], None] = lambda done, total: None,
    budget_bytes: int = DEFAULT_BUDGET,
) -> Trained:
    """Train B = len(starts) networks, network i on the labelled set task[i].

    points: shape (m, d), or (S, m, d), one a labelled set. labels: shape (m,) or (S, m), -1 or +1.
    starts: one to three hidden widths each, or a Network. task: shape (B,), in 0..S-1; by default
    i where S = B, and 0 where S = 1. ids: shape (B,), random keys, by default 0..B-1.
    device: auto (cuda where it is there), cpu or cuda. engine: auto (numba on cpu, torch on cuda),
    numba, or torch. progress is called with network-steps done
    and their number; a network that is done early counts in full. budget_bytes bounds the memory
    of the batch in training; more networks than fit are trained in turn.

    Raises ValueError, saying what is wrong, where the arguments do not fit together, a number is
    not finite, points are all the same, two points of opposite labels are within 2 radius (no
    classifier is robust there), the device is not there, or the budget holds not one network;
    OutOfTimeError past the time limit.
    """
    data = _checked_data(points, labels, plan)
    count, m, d = len(starts), data.points.shape[1], data.points.shape[2]
    if count == 0:
        raise ValueError("there is no network to train: starts is empty")
    rows = _checked_task(task, count, max(len(data.points), len(data.labels)))
    keys = np.arange(count) if ids is None else np.asarray(ids, dtype=np.int64)
    if keys.shape != (count,) or (keys < 0).any():
        raise ValueError(f"ids are {count} numbers from 0 on, one a network")
    layouts = [_checked_layout(start, d) for start in starts]
    runner = engine_for(engine, device)

    parameters: list[Array] = [np.empty(0)] * count
    margin, steps = np.empty(count), np.empty(count, dtype=np.int64)
    diverged, total, finished = np.zeros(count, dtype=bool), count * plan.steps, 0
    for padded, members in _groups(layouts).items():
        each = runner.bytes_per_network(padded, m, plan.dtype.itemsize)
        if each > budget_bytes:
            raise ValueError(f"one network takes {each} bytes, the budget is {budget_bytes}")
        positions = {layouts[i]: layouts[i].positions_in(padded) for i in members}
        fit = budget_bytes // each
        for chunk in (np.array(members[a : a + fit]) for a in range(0, len(members), fit)):
            chosen = [starts[i] for i in chunk]
            batch = new_batch(chosen, keys[chunk], rows[chunk], data, plan)
            run = _run(runner, batch, data, plan, partial(_report, progress, finished, total))
            finished += len(chunk) * plan.steps
            margin[chunk], steps[chunk], diverged[chunk] = run[1:]
            for i, row in zip(chunk, run[0], strict=True):
                parameters[i] = row[positions[layouts[i]]]
    versions = {name: version(name) for name in ("robustsize", "numpy", runner.name)}
    return Trained(
        tuple(layouts),
        tuple(parameters),
        margin,
        steps,
        diverged,
        keys,
        plan,
        runner.name,
        runner.device,
        versions,
    )


def _run(
    engine: Engine, batch: Batch, data: Data, plan: Plan, progress: Callable[[int], None]
) -> tuple[Array, NDArray[np.float64], NDArray[np.int64], NDArray[np.bool_]]:
    """Train one batch to its end: best parameters, their attack margins, steps, diverged."""
    count = len(batch)
    best, margin = batch.parameters.copy(), engine.margin(batch, data, plan)
    steps, diverged = np.zeros(count, dtype=np.int64), np.zeros(count, dtype=bool)
    active, streak = np.arange(count), np.zeros(count, dtype=np.int64)
    at = 0
    while at < plan.steps and len(active):
        check_time()
        until = min(at + plan.check_every, plan.steps)
        engine.advance(batch, data, plan, at, until)
        found, at = engine.margin(batch, data, plan), until
        finite = np.isfinite(batch.parameters).all(axis=1) & np.isfinite(found)
        better = finite & (plan.keep_last | (found > margin[active]))
        best[active[better]] = batch.parameters[better]
        margin[active[better]] = found[better]
        steps[active], diverged[active] = at, ~finite
        streak = np.where(found >= plan.margin, streak + 1, 0)
        going = finite & (streak < plan.patience)
        if not going.all():
            batch, active, streak = batch.take(going), active[going], streak[going]
        progress(len(active) * at + (count - len(active)) * plan.steps)
    return best, margin, steps, diverged


def _report(progress: Callable[[int, int], None], before: int, total: int, done: int) -> None:
    progress(before + done, total)


def _groups(layouts: Sequence[Layout]) -> dict[Layout, list[int]]:
    """The networks of each padded layout."""
    groups: dict[Layout, list[int]] = {}
    for i, layout in enumerate(layouts):
        groups.setdefault(layout.padded(), []).append(i)
    return groups


def engine_for(engine: str, device: str) -> Engine:
    """The engine for a device. Raises ValueError where there is none."""
    if engine not in ENGINES:
        raise ValueError(f"engine {engine!r} is not one of {', '.join(ENGINES)}")
    if device not in DEVICES:
        raise ValueError(f"device {device!r} is not one of {', '.join(DEVICES)}")
    if engine == "numba" and device == "cuda":
        raise ValueError("engine numba runs on device cpu only")
    cuda = device != "cpu" and engine != "numba" and _cuda_is_there()
    if device == "cuda" and not cuda:
        raise ValueError("device cuda is not there; this machine has: cpu")
    if cuda or engine == "torch":
        from robustsize.simulate.train.torch_engine import TorchEngine

        return TorchEngine("cuda" if cuda else "cpu", compiled=cuda)
    from robustsize.simulate.train.numba_engine import NumbaEngine

    return NumbaEngine()


def _cuda_is_there() -> bool:
    import torch

    return torch.cuda.is_available()


def _checked_layout(start: Start, d: int) -> Layout:
    """The layout of a start. Raises ValueError where it does not fit d inputs."""
    hidden = layout_of(start, d).widths[1:-1]
    if isinstance(start, Network) and start.input_dim != d:
        raise ValueError(f"a network takes {start.input_dim} inputs, the points have {d}")
    if not 1 <= len(hidden) <= MAX_HIDDEN or min(hidden) < 1:
        raise ValueError(f"one to {MAX_HIDDEN} hidden layers of at least one unit, not {hidden}")
    return layout_of(start, d)


def _checked_task(task: ArrayLike | None, count: int, sets: int) -> NDArray[np.intp]:
    """Which labelled set each network learns. Raises ValueError where that is not said."""
    if task is None:
        if sets not in (1, count):
            raise ValueError(f"{count} networks and {sets} labelled sets: say which learns which")
        return np.arange(count) if sets > 1 else np.zeros(count, dtype=np.intp)
    rows = np.asarray(task, dtype=np.intp)
    if rows.shape != (count,) or (rows < 0).any() or (rows >= sets).any():
        raise ValueError(f"task is {count} numbers in 0..{sets - 1}, one a network")
    return rows


def _checked_data(points: ArrayLike, labels: ArrayLike, plan: Plan) -> Data:
    """The labelled sets in the training precision. Raises ValueError where none can be robust."""
    x, y = np.asarray(points, dtype=np.float64), np.asarray(labels)
    if x.ndim not in (2, 3) or 0 in x.shape:
        raise ValueError(f"points have shape (m, d) or (S, m, d), not {x.shape}")
    x, y = x.reshape(-1, *x.shape[-2:]), y.reshape(-1, y.shape[-1]) if y.ndim else y
    if y.ndim != 2 or y.shape[1] != x.shape[1] or (len(y) != len(x) and 1 not in (len(x), len(y))):
        raise ValueError(f"labels of shape {np.shape(labels)} do not fit points of {x.shape}")
    if not np.isfinite(x).all():
        raise ValueError("the points hold a value that is not a finite number")
    if not np.isin(y, (-1, 1)).all():
        raise ValueError("labels are -1 and +1")
    if x.shape[1] > 1 and (x == x[:, :1]).all():
        raise PrecisionError("the points are all the same in float64")
    for s, one in enumerate(x):
        distances = cdist(one, one, "chebyshev" if plan.p is Norm.INF else "euclidean")
        # Float distances: a gap of exactly 2 radius may fall on either side, so refuse below it.
        least = 2 * plan.radius * (1 - 1e-12) - 2.0**-50 * np.abs(one).max()
        i, j = np.nonzero(np.triu(distances < least, 1) | (distances == 0))
        rows = y if len(x) == 1 else y[min(s, len(y) - 1)][None]
        row, pair = np.nonzero(rows[:, i] != rows[:, j])
        if len(row):
            a, b = int(i[pair[0]]), int(j[pair[0]])
            which = f"points {a} and {b} of labelled set {s if len(x) > 1 else row[0]}"
            if distances[a, b] == 0:
                raise PrecisionError(f"{which} have opposite labels and one place in float64")
            raise ValueError(
                f"{which} have opposite labels at distance {distances[a, b]:g}: no classifier is "
                "robust there"
            )
    return Data(x.astype(plan.dtype), y.astype(plan.dtype))
