"""The open regions of one or more searches, advanced in rounds by threads, the same for any number.

Compiled code releases the interpreter's lock, so that threads suffice; between rounds a search can
be interrupted, refuted, or found to have used up its budget.
"""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass, field
from functools import partial

import numpy as np

from robustsize.simulate.certify.ball import Ball
from robustsize.simulate.certify.branch import LOWER, STACK, run_stack, whole_ball
from robustsize.simulate.certify.relaxation import FlatNetwork, Floats
from robustsize.simulate.certify.tree import Tree

MEMORY = 2**30
_TASKS = 16
_NONE = np.array([math.inf])
_ROUND_WORK = 4e7


@dataclass(eq=False)
class Search:
    """One ball's search: the incumbent, its tree of regions, and unsettled leaves.

    Open regions are closed above min(goal, best - tolerance); best[0] <= stop_at halts the search.
    """

    ball: Ball
    goal: float
    tolerance: float
    stop_at: float
    best: Floats
    tree: Tree
    leaves: list[Floats] = field(default_factory=list)
    least: float = math.inf
    """Of the lower bounds of closed regions."""

    @classmethod
    def over(cls, ball: Ball, goal: float, tolerance: float, stop_at: float) -> Search:
        """A search over one ball that has found nothing yet."""
        best = np.concatenate([_NONE, ball.centre])
        return cls(ball, goal, tolerance, stop_at, best, Tree(len(ball.centre), len(ball.reach)))


@dataclass(frozen=True, eq=False)
class Task:
    """Part of a search: nodes still open."""

    search: Search
    nodes: Floats

    @classmethod
    def whole(cls, search: Search) -> Task:
        """The task that a search begins with: its whole ball."""
        return cls(search, whole_ball(search.ball))


@dataclass(frozen=True, eq=False)
class _Outcome:
    task: Task
    best: Floats
    leaves: Floats
    left: Floats
    bounded: int
    divided: Floats
    closed: Floats


def _node_budget(net: FlatNetwork) -> int:
    """Nodes a task bounds in one round: about equal work for each network."""
    hidden, below = net.sizes.tolist()[1:-1], net.at.tolist()[2:]
    cost = sum(n * (weights + 1) for n, weights in zip(hidden, below, strict=True)) + 1000
    return int(min(max(_ROUND_WORK / cost, 8), 4096))


def _advance(net: FlatNetwork, budget: int, task: Task) -> _Outcome:
    """Take one task through at most `budget` nodes; touches nothing shared."""
    search = task.search
    best = search.best.copy()
    left, leaves, bounded, divided, closed = run_stack(
        net,
        search.ball,
        task.nodes,
        best,
        search.goal,
        search.tolerance,
        search.stop_at,
        budget,
    )
    return _Outcome(task, best, leaves, left, bounded, divided, closed)


def _halves(task: Task) -> list[Task]:
    parts = (task.nodes[0::2].copy(), task.nodes[1::2].copy())  # one layout, compiled once
    return [Task(task.search, part) for part in parts if len(part)]


@dataclass(eq=False)
class Frontier:
    """The open tasks of one or more searches on one network, advanced a round at a time.

    A round takes a fixed number of tasks, whatever the number of workers, and merges what they
    found in their order: what is found depends neither on workers nor on timing.
    """

    net: FlatNetwork
    tasks: deque[Task]
    workers: int
    deadline: float
    max_nodes: int
    nodes: int = 0
    held: int = 0
    """Bytes of open, closed and unsettled regions."""

    def rounds(self) -> Iterable[list[Search]]:
        """Advance until nothing is open; yields after each round the searches it advanced."""
        budget = _node_budget(self.net)
        with ThreadPoolExecutor(self.workers) if self.workers > 1 else nullcontext() as pool:
            run = pool.map if pool else map
            while self.tasks and not self.exhausted():
                taken = [self.tasks.popleft() for _ in range(min(_TASKS, len(self.tasks)))]
                self.held -= sum(task.nodes.nbytes for task in taken)
                outcomes = list(run(partial(_advance, self.net, budget), taken))
                for outcome in outcomes:
                    self._merge(outcome)
                yield [outcome.task.search for outcome in outcomes]

    def _merge(self, outcome: _Outcome) -> None:
        search = outcome.task.search
        self.nodes += outcome.bounded
        kept = (outcome.divided, outcome.closed, outcome.leaves, outcome.left)
        self.held += sum(rows.nbytes for rows in kept)
        search.tree.grow(outcome.divided, outcome.closed, outcome.left, outcome.leaves)
        search.leaves.extend(outcome.leaves)
        if len(outcome.closed):
            search.least = min(search.least, float(outcome.closed[:, LOWER].min()))
        if outcome.best[0] < search.best[0]:
            search.best = outcome.best
        if len(outcome.left):
            rest = Task(search, outcome.left)
            crowded = len(self.tasks) >= _TASKS and len(outcome.left) <= STACK
            self.tasks.extend([rest] if crowded else _halves(rest))

    def exhausted(self) -> str:
        """Why the search must end though regions are open; empty where it need not."""
        if time.monotonic() > self.deadline:
            return "the time budget ended"
        if self.nodes >= self.max_nodes:
            return f"the budget of {self.max_nodes} regions ended"
        if self.held > MEMORY:
            return "the memory budget ended"
        return ""

    def open_bound(self, search: Search) -> float:
        """Least lower bound among the closed, the open and the unsettled regions of a search."""
        found = [search.least, *(float(leaf[LOWER]) for leaf in search.leaves)]
        waiting = (float(t.nodes[:, LOWER].min()) for t in self.tasks if t.search is search)
        return min([*found, *waiting])
