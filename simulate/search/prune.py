"""Prune and retrain: fewer and fewer parameters, for many labelled sets at once.

A local search over which parameters are non-zero. Each round proposes neighbours of the networks
kept so far (parameters or units deleted, two units merged, a parameter exchanged for another),
retrains all neighbours of all labelled sets in one batch, and keeps the smallest networks on which
the attack finds nothing. That is evidence of robustness; `simulate.certify.complete` decides.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from robustsize.simulate.data.labellings import stream
from robustsize.simulate.networks.network import Network
from robustsize.simulate.system.deadline import check_time
from robustsize.simulate.train.adversarial import MAX_HIDDEN, train
from robustsize.simulate.train.batch import Layout, flat_parameters, layout_of
from robustsize.simulate.train.plan import Plan

Flat = NDArray[np.float64]

_SCREEN_SHARE = 0.3
"""Share of the steps after which candidates are screened, and of them the share that goes on."""
_UNIT_SHARE, _EXCHANGE_SHARE = 0.2, 0.35


class Origin(Enum):
    """Where a network comes from."""

    TRAINING = "training"
    PRUNED_CONSTRUCTION = "pruned construction"
    CONSTRUCTION = "construction"
    LINEAR = "linear programme"


@dataclass(frozen=True, kw_only=True)
class Effort:
    """How long to prune, in counts, so that the result does not depend on the machine's speed.

    rounds: of proposals for each labelled set. tries: candidates a round for each labelled set.
    beam: networks kept for each. patience: a labelled set is given up after so many rounds in turn
    that find nothing smaller.
    """

    rounds: int = 60
    tries: int = 48
    beam: int = 1
    patience: int = 40

    def __post_init__(self) -> None:
        for name in ("tries", "beam", "patience"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} is at least 1, not {getattr(self, name)}")
        if self.rounds < 0:
            raise ValueError(f"rounds is at least 0, not {self.rounds}")


@dataclass(frozen=True, eq=False)
class Survivor:
    """A network on which the attack finds no y f(x') below `margin` > 0.

    hidden: the architecture it was trained from, empty where it was not.
    """

    network: Network
    margin: float
    origin: Origin
    hidden: tuple[int, ...] = ()


@dataclass(eq=False)
class Pool:
    """What pruning holds of one labelled set: the survivors kept, and how the search goes.

    group: parameters that the boldest proposal deletes at once; it doubles with success.
    """

    points: Flat
    labels: Flat
    survivors: list[Survivor] = field(default_factory=list)
    group: int = 8
    idle: int = 0
    tried: int = 0
    steps: int = 0
    seen: set[bytes] = field(default_factory=set)

    @property
    def smallest(self) -> int | None:
        """Size of the smallest survivor."""
        return min((s.network.size for s in self.survivors), default=None)

    def keep(self, found: Sequence[Survivor], beam: int) -> None:
        """Take in survivors; keep the `beam` smallest with different zeros, newcomers first."""
        before = self.smallest
        kept: dict[bytes, Survivor] = {}
        for one in sorted([*found, *self.survivors], key=lambda s: s.network.size):
            kept.setdefault(_pattern(one.network), one)
        self.survivors = list(kept.values())[:beam]
        if before is None or (self.smallest or 0) < before:
            self.idle, self.group = 0, min(2 * self.group, max((self.smallest or 0) // 3, 1))
        else:
            self.idle, self.group = self.idle + 1, max(self.group // 2, 1)


def prune(
    pools: Sequence[Pool],
    plan: Plan,
    effort: Effort,
    *,
    device: str = "auto",
    seed: int = 0,
    progress: Callable[[float], None] = lambda share: None,
) -> None:
    """Shrink the survivors of every pool, in place; pools of one number of points and dimension.

    plan: of one retraining.

    Raises ValueError where training refuses its input (see `train`), OutOfTimeError past the time
    limit: then the pools are as the last whole round left them.
    """
    for round in range(effort.rounds):
        active = [
            i for i, pool in enumerate(pools) if pool.idle < effort.patience and pool.survivors
        ]
        check_time()
        if not active:
            break
        proposed = []
        for i in active:
            random = stream(seed, (round << 20) + i)
            proposed += [(i, *one) for one in _proposals(pools[i], effort.tries, random)]
        found = retrain(pools, proposed, plan, device=device)
        for i in active:
            pools[i].keep(found.get(i, []), effort.beam)
        progress((round + 1) / effort.rounds)
    progress(1.0)


def retrain(
    pools: Sequence[Pool],
    proposed: Sequence[tuple[int, Origin, Network]],
    plan: Plan,
    *,
    device: str = "auto",
) -> dict[int, list[Survivor]]:
    """Train each proposed network on its pool's labelled set; the survivors of each pool.

    A race: after a share of the steps only the networks with the best attack margins go on.
    """
    found: dict[int, list[Survivor]] = {}
    short = replace(plan, steps=max(int(plan.steps * _SCREEN_SHARE), 1))
    for stage in (short, plan):
        if not proposed:
            break
        trained = train(
            np.stack([pool.points for pool in pools]),
            np.stack([pool.labels for pool in pools]),
            [network for _, _, network in proposed],
            stage,
            task=[i for i, _, _ in proposed],
            device=device,
        )
        unsettled: dict[int, list[int]] = {}
        for k, (i, origin, _) in enumerate(proposed):
            pools[i].tried += stage is short
            pools[i].steps += int(trained.steps_used[k])
            if trained.done[k]:
                survivor = Survivor(trained.network(k), float(trained.attack_margin[k]), origin)
                found.setdefault(i, []).append(survivor)
            else:
                unsettled.setdefault(i, []).append(k)
        going = []
        for i, rest in unsettled.items():
            best = sorted(rest, key=lambda k: -trained.attack_margin[k])
            for k in best[: max(int(len(best) * _SCREEN_SHARE), 1)]:
                going.append((i, proposed[k][1], trained.network(k)))
        proposed = [entry for entry in going if trainable(entry[2])]
    return found


def balanced(network: Network) -> Network:
    """The same function, up to rounding, with a unit's weights in and out of one length."""
    weights = [w.copy() if isinstance(w, np.ndarray) else w.toarray() for w in network.weights]
    biases = [b.copy() for b in network.biases]
    for _ in range(4):
        for i in range(len(weights) - 1):
            into = np.hypot(np.linalg.norm(weights[i], axis=1), biases[i])
            out = np.linalg.norm(weights[i + 1], axis=0)
            scale = np.where((into > 0) & (out > 0), np.sqrt(out / np.where(into > 0, into, 1)), 1)
            scale = np.where(scale > 0, scale, 1.0)
            weights[i] *= scale[:, None]
            biases[i] *= scale
            weights[i + 1] /= scale
    return Network(tuple(weights), tuple(biases))


def _pattern(network: Network) -> bytes:
    shape = np.array([network.depth, *network.widths]).tobytes()
    return shape + np.packbits(flat_parameters(network) != 0).tobytes()


def trainable(network: Network) -> bool:
    """Whether every hidden layer has a unit, and there are one to three such layers."""
    return 1 <= len(network.widths) <= MAX_HIDDEN and min(network.widths) > 0


def _proposals(
    pool: Pool, tries: int, random: np.random.Generator
) -> Iterator[tuple[Origin, Network]]:
    """Neighbours of the survivors not proposed before, about `tries` in all."""
    share = -(-tries // len(pool.survivors))
    for one in filter(lambda s: trainable(s.network), pool.survivors):
        network = balanced(one.network)
        order = _by_damage(network, pool)
        layout = layout_of(network, network.input_dim)
        flat = flat_parameters(network)
        for _ in range(share):
            draw = random.uniform()
            if draw < _UNIT_SHARE:
                changed = _without_unit(layout, flat, random)
            elif draw < _UNIT_SHARE + _EXCHANGE_SHARE:
                changed = _exchanged(flat, order, random)
            else:
                changed = _deleted(flat, order, pool.group, random)
            smaller = _network(layout, changed)
            mark = _pattern(smaller) if trainable(smaller) else b""
            if mark and (mark not in pool.seen or random.uniform() < 0.1):
                pool.seen.add(mark)
                origin = one.origin
                if origin is Origin.CONSTRUCTION:
                    origin = Origin.PRUNED_CONSTRUCTION
                yield origin, smaller


def _network(layout: Layout, flat: Flat) -> Network:
    blocks = layout.blocks(flat)
    return Network.of(list(zip(blocks[::2], blocks[1::2], strict=True))).without_dead_parts()


def _by_damage(network: Network, pool: Pool) -> NDArray[np.intp]:
    """The non-zero parameters, first those whose deletion hurts the margins least."""
    layout, flat = layout_of(network, network.input_dim), flat_parameters(network)
    x, y = pool.points, pool.labels
    scale = max(float(np.median(np.abs(network(x)))), 1e-9)
    indices = np.flatnonzero(flat)
    damage = np.empty(len(indices))
    for k, at in enumerate(indices):
        check_time()
        changed = flat.copy()
        changed[at] = 0.0
        blocks = layout.blocks(changed)
        h = x.T
        for i in range(0, len(blocks) - 2, 2):
            h = np.maximum(blocks[i] @ h + blocks[i + 1][:, None], 0.0)
        value = (blocks[-2] @ h + blocks[-1][:, None])[0]
        damage[k] = np.maximum(scale - y * value, 0.0).sum()
    return indices[np.argsort(damage, kind="stable")]


def _early(order: NDArray[np.intp], count: int, random: np.random.Generator) -> NDArray[np.intp]:
    """`count` different entries of `order`, early ones more often."""
    n = len(order)
    odds = np.exp(-3.0 * np.arange(n) / n)
    return random.choice(order, size=min(count, n), replace=False, p=odds / odds.sum())


def _deleted(flat: Flat, order: NDArray[np.intp], group: int, random: np.random.Generator) -> Flat:
    count = int(random.integers(1, max(group, 1) + 1))
    changed = flat.copy()
    changed[_early(order, count, random)] = 0.0
    return changed


def _exchanged(flat: Flat, order: NDArray[np.intp], random: np.random.Generator) -> Flat:
    """One or two absent parameters set to small values, as many or one more deleted."""
    changed, absent = flat.copy(), np.flatnonzero(flat == 0)
    new = random.choice(absent, size=min(int(random.integers(1, 3)), len(absent)), replace=False)
    size = float(np.median(np.abs(flat[order])))
    changed[new] = 0.3 * size * random.choice((-1.0, 1.0), size=len(new))
    changed[_early(order, len(new) + int(random.integers(0, 2)), random)] = 0.0
    return changed


def _without_unit(layout: Layout, flat: Flat, random: np.random.Generator) -> Flat:
    """A hidden unit deleted, or its outgoing weights given to another unit of its layer."""
    changed = flat.copy()
    blocks = layout.blocks(changed)
    layer = int(random.integers(0, len(layout.widths) - 2))
    width = layout.widths[layer + 1]
    gone = int(random.integers(0, width))
    out = blocks[2 * layer + 2]
    if width > 1 and random.uniform() < 0.5:
        heir = (gone + 1 + int(random.integers(0, width - 1))) % width
        out[:, heir] += out[:, gone]
    out[:, gone] = 0.0
    return changed
