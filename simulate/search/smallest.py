"""The search for the smallest robust network: race, prune, certify, for many labelled sets at once.

Each cycle races dense networks of a ladder of architectures from new seeds, prunes the survivors
beside what earlier cycles kept (in the first cycle also beside the constructions), merges them, and
certifies from the smallest up. The smallest certified size never rises. What is found is an upper
witness: that nothing smaller was found is evidence about the search, not a proof.

Everything that decides the outcome is counted in steps, rounds and nodes; a budget in seconds only
stops the whole search early, and then the result says so.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from math import inf, isinf
from pathlib import Path

import numpy as np

from robustsize.simulate.certify.complete import CertificateStatus
from robustsize.simulate.data.instance import Instance
from robustsize.simulate.search.model import Found, SearchResult, Settings, Starts, State
from robustsize.simulate.search.prune import Origin, Pool, Survivor, balanced, prune, trainable
from robustsize.simulate.search.race import Tried, race
from robustsize.simulate.search.reduce import Reduced, reduced, smallest_linear
from robustsize.simulate.search.rounding import proof_of, proof_of_built, rounded
from robustsize.simulate.search.state import load_state, save_state
from robustsize.simulate.system.deadline import OutOfTimeError, check_time, until
from robustsize.simulate.train.plan import Plan

Progress = Callable[[float, str], None]

_RACE_SHARE = 0.3
_PRUNING_SHARE = 0.6
_PRUNE_SHARES = (0.25, 0.25, 0.5)
_KEPT = 4
_KEPT_FOR_PROOFS = 0.1
_SMALL = 1000
_CERTIFY_SHARE = 0.1
_MOST_CERTIFIED = 12
_LADDER_NODES = 2000


def search(
    instances: Sequence[Instance],
    settings: Settings,
    *,
    constructions: Starts = lambda instance: (),
    device: str = "auto",
    folder: Path | None = None,
    budget_seconds: float = inf,
    progress: Progress = lambda share, doing: None,
) -> SearchResult:
    """Search the smallest certified network of each instance.

    instances: of one number of points, dimension, radius and p, searched side by side.
    constructions: those of an instance to start from. folder: where the state is kept after each
    cycle, and taken up again by a search of the same instances and settings.

    Raises ValueError where the instances do not go together or training refuses them (see `train`).
    """
    _check(instances)
    deadline = time.monotonic() + budget_seconds
    with until(deadline):
        progress(0.0, "looking for coordinates that can go")
        run = _Run(reduced(list(instances)), settings, device, deadline, budget_seconds, progress)
        state = run.start(instances)
        if folder is not None:
            load_state(folder, instances, settings, state)
    progress(0.0, "building known constructions")
    stopped = ""
    # Small constructions take no time to speak of: they are known however short the budget is.
    small = len(instances[0].points) * instances[0].dimension <= _SMALL
    with until(inf if small else deadline), suppress(OutOfTimeError):
        _construct(state, run.views, settings, constructions)
    with until(deadline):
        try:
            _start_linear(state, run.views, settings)
            while state.cycle < settings.cycles and run.unfinished(state):
                check_time()
                run.cycle(state)
                state.cycle += 1
                if folder is not None:
                    save_state(folder, instances, settings, state)
        except OutOfTimeError:
            stopped = f"the time budget ended after {state.cycle} of {settings.cycles} cycles"
        if not stopped and time.monotonic() > deadline:
            stopped = "the time budget ended in the last cycle"
        with suppress(OutOfTimeError):
            _round(state, settings, progress)
    progress(1.0, "done")
    return SearchResult(tuple(state.found), state.cycle, stopped, state.engine, state.device)


def _round(state: State, settings: Settings, progress: Progress) -> None:
    """Weights of few binary places, where the time suffices."""
    for i, found in enumerate(state.found):
        progress(1 - _CERTIFY_SHARE * (1 - i / len(state.found)), "rounding")
        if found.network is not None:
            short = rounded(found.network, found.instance, settings.nodes)
            if short is not None:
                found.network, found.certificate, found.bits = short


def default_ladder(d: int, m: int) -> tuple[tuple[int, ...], ...]:
    """Architectures for m points in d dimensions: one and two hidden layers, wider for more."""
    w = max(4, min(32, 4 * round(m / 9)))
    one = tuple((k,) for k in (w // 2, w, 2 * w))
    return (*one, (w, w // 2), (2 * w, w))


def _check(instances: Sequence[Instance]) -> None:
    if not instances:
        raise ValueError("there is no instance to search")
    first = instances[0]
    for one in instances:
        if (one.dimension, len(one.points)) != (first.dimension, len(first.points)):
            raise ValueError("the instances differ in dimension or number of points")
        if (one.radius, one.p) != (first.radius, first.p):
            raise ValueError("the instances differ in radius or norm")


def _open(found: Found, settings: Settings) -> bool:
    """Whether a smaller network is to be searched."""
    return found.network is None or found.network.size > settings.enough


def _construct(
    state: State, views: Sequence[Reduced], settings: Settings, constructions: Starts
) -> None:
    """Constructions, certified; pools of their own for each."""
    for i, (view, found) in enumerate(zip(views, state.found, strict=True)):
        check_time()
        built = constructions(found.instance)
        smallest = min(built, key=lambda one: one.size, default=None)
        if smallest is not None:
            proof = proof_of_built(smallest, found.instance, settings.nodes)
            found.construction, found.construction_certificate = smallest, proof
            found.offer(smallest.network, proof, Origin.CONSTRUCTION)
        for one in built:
            lowered = view.lowered(one.network)
            if lowered is not None and trainable(lowered):
                start = Survivor(balanced(lowered), 0.0, Origin.CONSTRUCTION)
                copies = -(-settings.chains // 2)
                state.extra += [(i, _pool(view, [start])) for _ in range(copies)]


def _start_linear(state: State, views: Sequence[Reduced], settings: Settings) -> None:
    """Linear classifiers, certified."""
    for view, found in zip(views, state.found, strict=True):
        check_time()
        linear = smallest_linear(view.instance) if _open(found, settings) else None
        if linear is not None:
            lifted = view.lifted(linear)
            proof = proof_of(lifted, found.instance, settings.nodes)
            found.offer(lifted, proof, Origin.LINEAR)


def _pool(view: Reduced, survivors: Sequence[Survivor] = ()) -> Pool:
    pool = Pool(view.instance.floats(), view.instance.labels.astype(np.float64))
    pool.survivors = list(survivors)
    pool.group = max((pool.smallest or 0) // 8, 1)
    return pool


@dataclass(frozen=True)
class _Run:
    """The cycles of one search."""

    views: Sequence[Reduced]
    settings: Settings
    device: str
    deadline: float
    budget_seconds: float
    progress: Progress

    @property
    def pruning_ends(self) -> float:
        """When pruning stops, so that there is time to certify what it left."""
        kept = 0.0 if isinf(self.budget_seconds) else _KEPT_FOR_PROOFS * self.budget_seconds
        return self.deadline - kept

    def start(self, instances: Sequence[Instance]) -> State:
        """Nothing found, nothing in the pools."""
        found = [Found(instance, None) for instance in instances]
        return State(found, [_pool(view) for view in self.views])

    def cycle(self, state: State) -> None:
        """One race, one pruning of everything in pools of its own, one certification."""
        plan, fresh = self._race(state, self.unfinished(state))
        chosen = self.unfinished(state)
        if not chosen:
            return
        groups = [(i, state.pools[i]) for i in chosen]
        groups += [(i, pool) for i, pool in fresh if i in chosen]
        if state.cycle == 0:
            groups += [(i, pool) for i, pool in state.extra if i in chosen]
        groups = self._halving(state, groups, replace(plan, steps=self.settings.steps))
        for i, pool in groups:
            if pool is not state.pools[i]:
                state.pools[i].keep(pool.survivors, _KEPT)
        self._show(state, 0.9, "certifying")
        for i in chosen:
            self._certify(state.found[i], state.pools[i], self.views[i])

    def unfinished(self, state: State) -> list[int]:
        """The instances for which a smaller network is to be searched."""
        return [i for i, found in enumerate(state.found) if _open(found, self.settings)]

    def _halving(
        self, state: State, groups: list[tuple[int, Pool]], plan: Plan
    ) -> list[tuple[int, Pool]]:
        """Prune all pools, keep the better half for each instance, prune on, twice.

        Main pools stay in any case. Chains that start alike end far apart, so that several cut
        short early are better than one.
        """
        settings, done = self.settings, 0.0
        for stage, share in enumerate(_PRUNE_SHARES):
            for _, pool in groups:
                pool.idle = 0
            with until(self.pruning_ends), suppress(OutOfTimeError):
                prune(
                    [pool for _, pool in groups],
                    plan,
                    replace(settings.effort, rounds=round(share * settings.effort.rounds)),
                    device=self.device,
                    seed=settings.seed + ((state.cycle * len(_PRUNE_SHARES) + stage) << 32),
                    progress=self._part(state, done, share),
                )
            done += share
            for i, pool in groups:
                state.found[i].pruning_tried += pool.tried
                state.found[i].pruning_steps += pool.steps
                pool.tried = pool.steps = 0
            if share != _PRUNE_SHARES[-1]:
                groups = self._better_half(state, groups)
        return groups

    def _better_half(
        self, state: State, groups: Sequence[tuple[int, Pool]]
    ) -> list[tuple[int, Pool]]:
        kept: list[tuple[int, Pool]] = []
        for i in dict.fromkeys(i for i, _ in groups):
            mine = [pool for k, pool in groups if k == i]
            chains = sorted(
                (pool for pool in mine if pool is not state.pools[i] and pool.survivors),
                key=lambda pool: pool.smallest or 0,
            )
            kept += [(i, pool) for pool in mine if pool is state.pools[i]]
            kept += [(i, pool) for pool in chains[: -(-len(chains) // 2)]]
        return kept

    def _part(self, state: State, done: float, share: float) -> Callable[[float], None]:
        start = _RACE_SHARE + _PRUNING_SHARE * done
        return lambda part: self._show(state, start + _PRUNING_SHARE * share * part, "pruning")

    def _show(self, state: State, share: float, doing: str) -> None:
        cycles = self.settings.cycles
        at = (state.cycle + share) / cycles
        self.progress(at * (1 - _CERTIFY_SHARE), f"cycle {state.cycle + 1} of {cycles}, {doing}")

    def _race(self, state: State, chosen: Sequence[int]) -> tuple[Plan, list[tuple[int, Pool]]]:
        settings, first = self.settings, self.views[0].instance
        seeds = -(-settings.seeds // settings.cycles)
        plan = Plan(
            radius=float(first.radius),
            p=first.p,
            steps=settings.race_steps,
            pgd_steps=3,
            learning_rate=0.01,
            seed=settings.seed,
        )
        ran = race(
            np.stack([self.views[i].instance.floats() for i in chosen]),
            np.stack([self.views[i].instance.labels for i in chosen]),
            settings.ladder,
            seeds,
            plan,
            first_seed=state.cycle * seeds,
            device=self.device,
            progress=lambda share: self._show(state, share * _RACE_SHARE, "training"),
        )
        state.engine, state.device = ran.engine, ran.device
        fresh = []
        for i, survivors, tried in zip(chosen, ran.survivors, ran.tried, strict=True):
            checked = self._checked(state, i, survivors, tried)
            state.found[i].tried = _merged(state.found[i].tried, checked)
            by_rung = _one_of_each_in_turn(survivors)
            fresh += [(i, _pool(self.views[i], [one])) for one in by_rung[: settings.chains]]
        return replace(plan, learning_rate=0.03), fresh

    def _checked(
        self, state: State, i: int, survivors: Sequence[Survivor], tried: Sequence[Tried]
    ) -> list[Tried]:
        """Tried, with the certificate of the best survivor of each architecture, which is kept."""
        view, found, checked = self.views[i], state.found[i], []
        for one in tried:
            mine = [s for s in survivors if s.hidden == one.hidden]
            best = max(mine, key=lambda s: s.margin, default=None)
            if best is not None:
                network = view.lifted(best.network)
                proof = proof_of(network, found.instance, _LADDER_NODES)
                found.offer(network, proof, best.origin)
                one = replace(one, certified=int(proof.status is CertificateStatus.CERTIFIED))
            checked.append(one)
        return checked

    def _certify(self, found: Found, pool: Pool, view: Reduced) -> None:
        """Certify the pool from the smallest up; what has a counterexample leaves the pool."""
        sizes = [found.smallest_survivor, pool.smallest]
        found.smallest_survivor = min((s for s in sizes if s is not None), default=None)
        for one in list(pool.survivors)[:_MOST_CERTIFIED]:
            if found.network is not None and one.network.size >= found.network.size:
                break
            network = view.lifted(one.network)
            certificate = proof_of(network, found.instance, self.settings.nodes)
            found.offer(network, certificate, one.origin)
            if certificate.status is CertificateStatus.CERTIFIED:
                break
            pool.survivors.remove(one)


def _one_of_each_in_turn(survivors: Sequence[Survivor]) -> list[Survivor]:
    """The widest margins of each architecture, an architecture at a time, small ones first."""
    groups: dict[tuple[int, ...], list[Survivor]] = {}
    for one in sorted(survivors, key=lambda s: (s.network.size, -s.margin)):
        groups.setdefault(one.network.widths, []).append(one)
    turns = itertools.zip_longest(*groups.values())
    return [one for turn in turns for one in turn if one is not None]


def _merged(before: Sequence[Tried], now: Sequence[Tried]) -> tuple[Tried, ...]:
    if not before:
        return tuple(now)
    return tuple(a.plus(b) for a, b in zip(before, now, strict=True))
