"""Dense networks from many seeds: the radius grows in stages, and after each the better ones go on.

Small networks trained at the full radius from the start often collapse to a constant. Trained first
at a part of the radius, they find the labels, then make room.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from robustsize.simulate.search.prune import Origin, Survivor, trainable
from robustsize.simulate.search.share import clopper_pearson
from robustsize.simulate.train.adversarial import Start, train
from robustsize.simulate.train.plan import Plan

STAGES = (0.25, 0.5, 0.75, 1.0)
"""Shares of the radius, in turn."""
_GO_ON = 0.6
_STAGE_MARGIN = 0.3


@dataclass(frozen=True)
class Tried:
    """What became of the networks of one architecture on one labelled set.

    networks: seeds tried. steps: training steps of all. diverged: networks that left the finite
    numbers. survived: networks in which the attack finds no error at the full radius; those that
    the race dropped earlier count as failures. certified: 1 where the survivor with the widest
    margin is certified as it was trained, before pruning; only that one is tried.
    """

    hidden: tuple[int, ...]
    networks: int
    steps: int
    diverged: int
    survived: int
    certified: int = 0

    @property
    def interval(self) -> tuple[float, float]:
        """95 % Clopper-Pearson interval of the share that survives."""
        return clopper_pearson(self.survived, self.networks)

    def plus(self, other: Tried) -> Tried:
        """Both together, of one architecture."""
        names = ("networks", "steps", "diverged", "survived", "certified")
        return replace(self, **{n: getattr(self, n) + getattr(other, n) for n in names})


@dataclass(frozen=True, eq=False)
class Race:
    """Survivors and what was tried of each labelled set; which engine ran, on which device."""

    survivors: tuple[tuple[Survivor, ...], ...]
    tried: tuple[tuple[Tried, ...], ...]
    engine: str
    device: str


def race(
    points: NDArray[np.float64],
    labels: NDArray[np.int8],
    ladder: Sequence[tuple[int, ...]],
    seeds: int,
    plan: Plan,
    *,
    first_seed: int = 0,
    device: str = "auto",
    progress: Callable[[float], None] = lambda share: None,
) -> Race:
    """Train `seeds` networks of every architecture of the ladder on every labelled set.

    points: shape (m, d), or (S, m, d). labels: shape (S, m). plan: of one stage, at the full
    radius. first_seed: the seeds are first_seed, first_seed + 1, ...

    Raises ValueError where training refuses its input (see `train`).
    """
    count = len(labels)
    lanes = [(i, hidden) for i in range(count) for hidden in ladder]
    entries: list[tuple[int, int, Start]] = [
        (lane, first_seed + k, hidden)
        for lane, (_, hidden) in enumerate(lanes)
        for k in range(seeds)
    ]
    steps, diverged = np.zeros(len(lanes), dtype=int), np.zeros(len(lanes), dtype=int)
    done: list[list[Survivor]] = [[] for _ in lanes]
    engine = ran_on = ""
    for stage, share in enumerate(STAGES):
        last = share == STAGES[-1]
        trained = train(
            points,
            labels,
            [start for _, _, start in entries],
            plan if last else replace(plan, radius=share * plan.radius, margin=_STAGE_MARGIN),
            task=[lanes[lane][0] for lane, _, _ in entries],
            ids=[key for _, key, _ in entries],
            device=device,
            progress=_stage_progress(progress, stage),
        )
        engine, ran_on = trained.engine, trained.device
        ranked: list[list[tuple[float, int, Start]]] = [[] for _ in lanes]
        for k, (lane, key, _) in enumerate(entries):
            steps[lane] += int(trained.steps_used[k])
            diverged[lane] += bool(trained.diverged[k])
            network, margin = trained.network(k), float(trained.attack_margin[k])
            if last and margin > 0:
                done[lane].append(Survivor(network, margin, Origin.TRAINING, lanes[lane][1]))
            elif not last and trainable(network):
                ranked[lane].append((margin, key, network))
        entries = []
        for lane, group in enumerate(ranked):
            best = sorted(group, key=lambda entry: (-entry[0], entry[1]))
            kept = best[: int(np.ceil(_GO_ON * len(best)))]
            entries += [(lane, key, network) for _, key, network in kept]
        if not entries:
            break
    tried = [
        Tried(hidden, seeds, int(steps[lane]), int(diverged[lane]), len(done[lane]))
        for lane, (_, hidden) in enumerate(lanes)
    ]
    rungs = len(ladder)
    return Race(
        tuple(
            tuple(s for lane in done[i * rungs : (i + 1) * rungs] for s in lane)
            for i in range(count)
        ),
        tuple(tuple(tried[i * rungs : (i + 1) * rungs]) for i in range(count)),
        engine,
        ran_on,
    )


def _stage_progress(progress: Callable[[float], None], stage: int) -> Callable[[int, int], None]:
    return lambda done, total: progress((stage + done / total) / len(STAGES))
