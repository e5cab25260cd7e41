"""Robustness certified over whole balls: complete branch and bound, sound on the float weights as given.

A network is robust on an instance when y f(x') > 0 for each data point x with label y and each x' in
the closed l_p ball around x, centre and radius exact rationals.

Why the answers can be trusted. The search bounds f from below by linear relaxations in float64, and
takes off each bound a rounding error established beforehand (`_relaxation`); halfspaces and the
ball enter by weak duality, where any multiplier is valid (`_polytope`). Boxes are rounded
outwards. So a region is closed only where y f > 0 holds on all of it for the weights as given. What
floats cannot close ends in leaves, on which f is linear; these are settled in rationals (`_exact`). A
counterexample is a rational point of the exact ball at which the network, evaluated in rationals,
does not have the sign of y. What is neither is undecided, and says why.
"""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from enum import Enum
from fractions import Fraction

import numpy as np

from robustsize.simulate._ball import ball_around, rounded_up
from robustsize.simulate._exact import ExactBall, leaf_verdict
from robustsize.simulate._relaxation import Ball, FlatNetwork, Floats, flatten
from robustsize.simulate._search import LOWER, node_parts, node_size, open_root, run_stack
from robustsize.simulate.instance import Instance, Norm, Point
from robustsize.simulate.network import Network

METHOD = "branch and bound, linear relaxation"
_TASKS = 16
_STACK = 64
_LEAVES = 64
_ROUND_WORK = 4e7
_MEMORY = 2**30


class CertificateStatus(Enum):
    """What is known of robustness on an instance."""

    CERTIFIED = "certified"
    COUNTEREXAMPLE = "counterexample"
    UNDECIDED = "undecided"


@dataclass(frozen=True)
class Certificate:
    """The answer of `certify`.

    margin: a rigorous lower bound on the least y f(x') over all balls (as far as the search went,
    which ends once it is positive); for a counterexample the value there. upper: the least
    y f(x') seen at a point of a ball. point_index: the data point that has the counterexample, or
    the least lower bound. reason: why undecided, else empty. nodes: regions bounded.
    """

    status: CertificateStatus
    margin: float
    upper: float
    point_index: int | None
    counterexample: Point | None
    method: str
    reason: str
    seconds: float
    nodes: int


@dataclass(frozen=True)
class Enclosure:
    """Rigorous bounds lower <= min of sign * f over a ball <= upper, upper taken near `point`.

    complete: whether upper - lower came below the tolerance; else `reason` says why not.
    """

    lower: float
    upper: float
    point: Floats
    complete: bool
    reason: str
    seconds: float
    nodes: int


@dataclass(eq=False)
class _Search:
    """One ball's search: the incumbent, the least bound of closed regions, and unsettled leaves.

    Open regions are closed above min(goal, best - tolerance); best[0] <= stop_at halts the search.
    """

    ball: Ball
    goal: float
    tolerance: float
    stop_at: float
    best: Floats
    closed: float = math.inf
    leaves: list[Floats] = field(default_factory=list)

    @classmethod
    def over(cls, ball: Ball, goal: float, tolerance: float, stop_at: float) -> _Search:
        best = np.concatenate([[math.inf], ball.centre])
        return cls(ball, goal, tolerance, stop_at, best)


@dataclass(frozen=True, eq=False)
class _Task:
    """Part of a search: nodes still open, or None where the whole ball is still to be bounded."""

    search: _Search
    nodes: Floats | None


@dataclass(frozen=True, eq=False)
class _Outcome:
    task: _Task
    best: Floats
    closed: float
    leaves: Floats
    left: Floats
    bounded: int


def _node_budget(net: FlatNetwork) -> int:
    """Nodes a task bounds in one round: about equal work for each network."""
    hidden = net.sizes[1:-1]
    cost = sum(int(n) * int(net.at[t + 1] + 1) for t, n in enumerate(hidden, start=1)) + 1000
    return int(min(max(_ROUND_WORK / cost, 8), 4096))


def _advance(net: FlatNetwork, task: _Task, budget: int) -> _Outcome:
    """Take one task through at most `budget` nodes; touches nothing shared."""
    search, nodes, opened = task.search, task.nodes, 0
    best = search.best.copy()
    if nodes is None:
        nodes = np.empty((1, node_size(net.sizes[0], net.first[-1])))
        open_root(net, search.ball, nodes[0], best, search.goal, search.tolerance)
        opened = 1
    stack = np.empty((len(nodes) + _STACK, nodes.shape[1]))
    stack[: len(nodes)] = nodes
    leaves = np.empty((_LEAVES, nodes.shape[1]))
    left, found, bounded, closed = run_stack(
        net,
        search.ball,
        stack,
        len(nodes),
        leaves,
        best,
        search.goal,
        search.tolerance,
        search.stop_at,
        budget,
    )
    return _Outcome(
        task, best, closed, leaves[:found].copy(), stack[:left].copy(), bounded + opened
    )


def _halves(task: _Task) -> list[_Task]:
    assert task.nodes is not None
    parts = (task.nodes[0::2], task.nodes[1::2])
    return [_Task(task.search, part) for part in parts if len(part)]


@dataclass(eq=False)
class _Frontier:
    """The open tasks of one or more searches on one network, advanced a round at a time.

    A round takes a fixed number of tasks, whatever the number of workers, and merges what they found
    in their order; so does not depend on workers or timing what is found.
    """

    net: FlatNetwork
    tasks: deque[_Task]
    workers: int
    deadline: float
    max_nodes: int
    nodes: int = 0

    def rounds(self) -> Iterable[list[_Search]]:
        """Advance until nothing is open; yields after each round the searches it advanced."""
        budget = _node_budget(self.net)
        with ThreadPoolExecutor(self.workers) as pool:
            while self.tasks and not self.exhausted():
                taken = [self.tasks.popleft() for _ in range(min(_TASKS, len(self.tasks)))]
                run = map if self.workers == 1 else pool.map
                outcomes = list(run(lambda task: _advance(self.net, task, budget), taken))
                for outcome in outcomes:
                    self._merge(outcome)
                yield [outcome.task.search for outcome in outcomes]

    def _merge(self, outcome: _Outcome) -> None:
        search = outcome.task.search
        self.nodes += outcome.bounded
        search.closed = min(search.closed, outcome.closed)
        search.leaves.extend(outcome.leaves)
        if outcome.best[0] < search.best[0]:
            search.best = outcome.best
        if len(outcome.left):
            rest = _Task(search, outcome.left)
            crowded = len(self.tasks) >= _TASKS and len(outcome.left) <= _STACK
            self.tasks.extend([rest] if crowded else _halves(rest))

    def exhausted(self) -> str:
        """Why the search must end though regions are open; empty where it need not."""
        if time.monotonic() > self.deadline:
            return "the time budget ended"
        if self.nodes >= self.max_nodes:
            return f"the budget of {self.max_nodes} regions ended"
        held = sum(task.nodes.nbytes for task in self.tasks if task.nodes is not None)
        held += sum(leaf.nbytes for task in self.tasks for leaf in task.search.leaves)
        if held > _MEMORY:
            return "the memory budget ended"
        return ""

    def open_bound(self, search: _Search) -> float:
        """Least lower bound among the closed, the open and the unsettled regions of a search."""
        bound = search.closed
        for leaf in search.leaves:
            bound = min(bound, leaf[LOWER])
        for task in self.tasks:
            if task.search is search:
                bound = min(bound, -math.inf if task.nodes is None else task.nodes[:, LOWER].min())
        return float(bound)


def _too_large(network: Network) -> str:
    """Why a network does not fit the dense search, or an empty string."""
    widest = max(w.shape[0] for w in network.weights)
    entries = sum(w.shape[0] * w.shape[1] for w in network.weights) + 4 * widest**2
    if 8 * entries > _MEMORY:
        return f"a network of widths {network.widths} is too large for the complete search"
    return ""


def certify(
    network: Network,
    instance: Instance,
    *,
    budget_seconds: float = 60.0,
    max_nodes: int = 50_000_000,
    workers: int = 1,
) -> Certificate:
    """Decide whether y f(x') > 0 on the closed l_p ball of instance.radius around each data point.

    The result does not depend on `workers`; only where the time budget ends the search it depends
    on speed. The budget is looked at between rounds, so that it may be passed by a fraction of a
    second, on wide networks more.

    Raises ValueError where the dimensions of network and instance differ.
    """
    if network.input_dim != instance.dimension:
        raise ValueError(
            f"the network takes {network.input_dim} inputs, the points have {instance.dimension}"
        )
    return _Certification(network, instance, workers, max_nodes, budget_seconds).run()


class _Certification:
    """One call of `certify`: its searches and the clock."""

    def __init__(
        self,
        network: Network,
        instance: Instance,
        workers: int,
        max_nodes: int,
        budget_seconds: float,
    ) -> None:
        self.started = time.monotonic()
        self.network, self.instance = network, instance
        self.workers, self.max_nodes = workers, max_nodes
        self.deadline = self.started + budget_seconds
        self.nodes = 0
        self.upper = math.inf

    def run(self) -> Certificate:
        reason = _too_large(self.network)
        if reason:
            return self._undecided(reason)
        try:
            searches = [self._search(i) for i in range(len(self.instance.points))]
        except OverflowError as error:
            return self._undecided(str(error))
        number = {id(search): i for i, search in enumerate(searches)}
        tasks = deque(_Task(search, None) for search in searches)
        frontier = _Frontier(
            flatten(self.network), tasks, self.workers, self.deadline, self.max_nodes
        )
        for advanced in frontier.rounds():
            self.nodes = frontier.nodes
            for search in advanced:
                self._see(search)
                if search.best[0] <= search.stop_at:
                    i = number[id(search)]
                    point = self._exact(i).refuting(search.best[1:])
                    if point is not None:
                        return self._counterexample(i, point)
                    search.stop_at = math.nextafter(search.best[0], -math.inf)
        reason = frontier.exhausted() if frontier.tasks else ""
        bounds = [frontier.open_bound(search) for search in searches]
        for i, search in enumerate(searches):
            if reason or not search.leaves:
                continue
            bounds[i] = search.closed
            for leaf in search.leaves:
                verdict = self._settle(i, leaf)
                if isinstance(verdict, tuple):
                    return self._counterexample(i, verdict)
                if verdict is None:
                    reason = "a linear piece touches 0 closer than its exact check could tell"
                    verdict = float(leaf[LOWER])
                if time.monotonic() > self.deadline:
                    reason = "the time budget ended"
                bounds[i] = min(bounds[i], verdict)
        worst = int(np.argmin(bounds))
        if reason:
            return self._undecided(reason, bounds[worst], worst)
        return self._answer(CertificateStatus.CERTIFIED, bounds[worst], worst)

    def _exact(self, i: int) -> ExactBall:
        instance = self.instance
        sign = int(instance.labels[i])
        return ExactBall(self.network, instance.points[i], instance.radius, instance.p, sign)

    def _search(self, i: int) -> _Search:
        exact = self._exact(i)
        ball = ball_around(self.network, exact.centre, exact.radius, exact.p, exact.sign)
        # below its error a float value may be 0: worth a look in rationals
        return _Search.over(ball, goal=0.0, tolerance=-math.inf, stop_at=float(ball.error[-1]))

    def _see(self, search: _Search) -> None:
        self.upper = min(self.upper, float(search.best[0] + search.ball.error[-1]))

    def _settle(self, i: int, leaf: Floats) -> float | Point | None:
        lo, hi, zl, _, split, _ = node_parts(leaf, self.network.input_dim)
        return leaf_verdict(self._exact(i), lo, hi, zl >= 0, split)

    def _counterexample(self, i: int, point: Point) -> Certificate:
        value = float(self._exact(i).value(point))
        self.upper = min(self.upper, value)
        return self._answer(CertificateStatus.COUNTEREXAMPLE, value, i, point)

    def _undecided(
        self, reason: str, margin: float = -math.inf, worst: int | None = None
    ) -> Certificate:
        return self._answer(CertificateStatus.UNDECIDED, margin, worst, None, reason)

    def _answer(
        self,
        status: CertificateStatus,
        margin: float,
        worst: int | None,
        point: Point | None = None,
        reason: str = "",
    ) -> Certificate:
        seconds = time.monotonic() - self.started
        return Certificate(
            status, margin, self.upper, worst, point, METHOD, reason, seconds, self.nodes
        )


def minimum(
    network: Network,
    centre: Point,
    radius: Fraction,
    p: Norm,
    *,
    sign: int = 1,
    tolerance: float = 1e-6,
    budget_seconds: float = 60.0,
    max_nodes: int = 50_000_000,
    workers: int = 1,
) -> Enclosure:
    """Enclose the least value of sign * f over the closed l_p ball of `radius` around `centre`.

    Raises ValueError where the dimensions differ, OverflowError where values of the network come
    near the largest float.
    """
    if network.input_dim != len(centre):
        raise ValueError(f"the network takes {network.input_dim} inputs, the centre {len(centre)}")
    started = time.monotonic()
    ball = ball_around(network, centre, radius, p, sign)
    search = _Search.over(ball, goal=math.inf, tolerance=tolerance, stop_at=-math.inf)
    tasks = deque([_Task(search, None)])
    frontier = _Frontier(flatten(network), tasks, workers, started + budget_seconds, max_nodes)
    for _ in frontier.rounds():
        pass
    error = float(ball.error[-1])
    lower, upper = frontier.open_bound(search), math.nextafter(search.best[0] + error, math.inf)
    if not math.isfinite(upper):
        at_centre = ExactBall(network, centre, radius, p, sign).value(centre)
        upper = rounded_up(at_centre)
    complete = upper - lower <= tolerance + 4 * error
    reason = "" if complete else frontier.exhausted() or "rounding errors exceed the tolerance"
    seconds = time.monotonic() - started
    return Enclosure(
        min(lower, upper), upper, search.best[1:].copy(), complete, reason, seconds, frontier.nodes
    )
