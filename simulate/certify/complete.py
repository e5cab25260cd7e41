"""Robustness certified over whole balls: complete branch and bound, sound on the weights as given.

A network is robust on an instance when y f(x') > 0 for each data point x with label y and each
x' in the closed l_p ball around x, centre and radius exact rationals.

Why the answers can be trusted. The search bounds f from below by linear relaxations in float64, and
takes off each bound a rounding error established beforehand (`relaxation`); halfspaces and the
ball enter by weak duality, where any multiplier is valid (`polytope`). Boxes are rounded
outwards. So a region is closed only where y f > 0 holds on all of it for the weights as given. What
floats cannot close ends in leaves, on which f is linear, settled in rationals (`exact_leaves`). A
counterexample is a rational point of the exact ball at which the network, evaluated in rationals,
does not have the sign of y. What is neither is undecided, and says why.
"""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from enum import Enum
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from robustsize.simulate.certify.ball import ball_around, box_around
from robustsize.simulate.certify.branch import NUMBER, afresh
from robustsize.simulate.certify.exact_leaves import ExactBall
from robustsize.simulate.certify.exact_search import Divided, ExactLeaf, ExactRegion, decide
from robustsize.simulate.certify.exact_value import exact_value
from robustsize.simulate.certify.frontier import MEMORY, Frontier, Search, Task
from robustsize.simulate.certify.relaxation import FlatNetwork, Floats, flatten
from robustsize.simulate.certify.tree import Tree, joined, place_of, proof_of, since
from robustsize.simulate.checker.forest import Leaves
from robustsize.simulate.checker.outward import float_above
from robustsize.simulate.checker.points import PointsChecker, PointsProof
from robustsize.simulate.checker.structural import StructuralProof
from robustsize.simulate.data.instance import BoxInstance, Instance, Norm, Point
from robustsize.simulate.networks.network import Network
from robustsize.simulate.system.deadline import OutOfTimeError, check_time, until

Progress = Callable[[float, str], None]
"""Called with the share done, 0 to 1, and what is being done."""

METHOD = "branch and bound, linear relaxation"

_BLOCK, _POINTS = 1 << 20, 1 << 12
"""Units, one for each point, and points, searched together: a round looks at every open one."""
_ROUNDS = 20
"""Times that a region is searched afresh before it is settled in rationals."""
_SEARCH_SHARE = 0.7
"""Of the budget, after which a search that is not through ends: the checker needs the rest."""
_FEW_UNITS, _FEW_NODES = 14, 2000
"""Networks of so few hidden units are settled in rationals from the start where so many regions a
point do not settle them in floats."""
_EXACT_SIZE = 5_000
"""Parameters up to which regions are settled in rationals."""
_EXACT_NODES = 500
"""Regions bounded in floats that one settled in rationals counts as."""


def silent(share: float, doing: str) -> None:
    """Show nothing."""


class CertificateStatus(Enum):
    """What is known of robustness on an instance."""

    CERTIFIED = "certified"
    COUNTEREXAMPLE = "counterexample"
    UNDECIDED = "undecided"


@dataclass(frozen=True)
class Certificate:
    """The answer of `certify`.

    margin: established by the checker: y f >= margin on all balls, where certified; y f <= margin
    at the counterexample; -infinity where undecided. point_index: the data point that has the
    counterexample, or the least lower bound. reason: why undecided, else empty. nodes: regions
    bounded. proof: what `robustsize recheck` takes, where certified.
    """

    status: CertificateStatus
    margin: float
    point_index: int | None
    counterexample: Point | None
    method: str
    reason: str
    seconds: float
    nodes: int
    proof: PointsProof | StructuralProof | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Enclosure:
    """Bounds lower <= min of sign * f over a ball <= upper, upper taken near `point`.

    complete: whether upper - lower came below the tolerance; else `reason` says why not.
    """

    lower: float
    upper: float
    point: Floats
    complete: bool
    reason: str
    seconds: float
    nodes: int


def _too_large(network: Network) -> str:
    """Why a network does not fit the dense search, or an empty string."""
    widest = max(w.shape[0] for w in network.weights)
    entries = sum(w.shape[0] * w.shape[1] for w in network.weights) + 4 * widest**2
    if 8 * entries > MEMORY:
        return f"a network of widths {network.widths} is too large for the complete search"
    return ""


def certify(
    network: Network,
    instance: Instance,
    *,
    budget_seconds: float = 60.0,
    max_nodes: int = 50_000_000,
    workers: int = 1,
    progress: Progress = silent,
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
    started, deadline = time.monotonic(), time.monotonic() + budget_seconds
    block = max(1, min(_POINTS, _BLOCK // (sum(network.widths) + 1)))
    answers: list[Certificate] = []
    nodes = 0
    for start in range(0, len(instance.points), block):
        part = instance if len(instance.points) <= block else instance.part(start, start + block)
        answer = _Certification(network, part, workers, max_nodes - nodes, deadline).run()
        nodes += answer.nodes
        if answer.status is CertificateStatus.COUNTEREXAMPLE:
            return _timed(answer, start, nodes, started)
        answers.append(answer)
        progress((start + len(part.points)) / len(instance.points), "certifying")
    worst = min(range(len(answers)), key=lambda k: answers[k].margin)
    proofs = [a.proof for a in answers if isinstance(a.proof, PointsProof)]
    proof = joined(proofs) if len(proofs) == len(answers) else None
    return _timed(replace(answers[worst], proof=proof), worst * block, nodes, started)


def certify_each(
    network: Network,
    instance: Instance,
    *,
    budget_seconds: float = 60.0,
    max_nodes: int = 50_000_000,
    workers: int = 1,
    progress: Progress = silent,
) -> Iterator[Certificate]:
    """The answer of `certify` for each data point alone, in order; the budget is for all."""
    deadline, count = time.monotonic() + budget_seconds, len(instance.points)
    for i in range(count):
        one = instance.part(i, i + 1)
        left = max(deadline - time.monotonic(), 0.0)
        answer = certify(network, one, budget_seconds=left, max_nodes=max_nodes, workers=workers)
        yield replace(answer, point_index=i)
        progress((i + 1) / count, "certifying")


def _timed(answer: Certificate, first: int, nodes: int, started: float) -> Certificate:
    """The answer of a part as that of the whole, whose point `first` is the part's first."""
    index = None if answer.point_index is None else first + answer.point_index
    seconds = time.monotonic() - started
    return replace(answer, point_index=index, nodes=nodes, seconds=seconds)


class _Certification:
    """Some points of a call of `certify`: their searches and the clock."""

    def __init__(
        self,
        network: Network,
        instance: Instance,
        workers: int,
        max_nodes: int,
        deadline: float,
    ) -> None:
        self.started = time.monotonic()
        self.network, self.instance = network, instance
        self.workers, self.max_nodes = workers, max_nodes
        self.deadline = deadline
        self.search_until = self.started + _SEARCH_SHARE * (deadline - self.started)
        self.proof: PointsProof | None = None
        self.few = sum(network.widths) <= _FEW_UNITS
        few = _FEW_NODES * len(instance.points)
        self.most = min(max_nodes, few) if self.few else max_nodes
        self.nodes = 0

    def run(self) -> Certificate:
        reason = _too_large(self.network)
        if reason:
            return self._undecided(reason)
        self.checker = PointsChecker(self.network, self.instance)
        try:
            with until(self.deadline):
                return self._answered()
        except OutOfTimeError:
            return self._undecided("the time budget ended")

    def _answered(self) -> Certificate:
        """The answer.

        Raises OutOfTimeError where time ends while the checker or rational arithmetic is at work.
        """
        try:
            found = self._in_floats()
        except OverflowError:
            shape = self.instance.dimension, sum(self.network.widths)
            found = [Tree(*shape) for _ in self.instance.points]
            self.bounds, self.open = self._checked(proof_of(found, self.checker.columns))
        if isinstance(found, Certificate):
            return found
        return self._established(found)

    def _in_floats(self) -> Certificate | list[Tree]:
        """Search in floats: a tree a point, or an answer.

        What the checker does not establish, because the search knew bounds from larger regions, is
        searched afresh; what is linear then, or closer to 0 than floats can tell, stays open.

        Raises OverflowError where the network's values come near the largest float.
        """
        net = flatten(self.network)
        places: list[tuple[int, int]] = []
        searches = [self._start(net, i) for i in range(len(self.instance.points))]
        trees = [search.tree for search in searches]
        tasks, only = deque(map(Task.whole, searches)), None
        for attempt in range(_ROUNDS):
            before = [tree.nodes for tree in trees]
            answer = self._search(net, searches, tasks)
            if answer is not None:
                return answer
            if self.checker.balls is None:
                raise OverflowError
            proof = proof_of(trees, self.checker.columns)
            if attempt:
                only = since(trees, before, places)
            self.bounds, self.open = self._checked(proof, only)
            if self.few and self.nodes >= self.most:
                break
            linear = [{int(leaf[NUMBER]) for leaf in search.leaves} for search in searches]
            tasks, places = deque(), []
            for leaf in self.open:
                i, number = place_of(trees, int(leaf.node[0]))
                if number not in linear[i]:
                    ball, d = searches[i].ball, self.instance.dimension
                    split = self.checker.signs(leaf)[0].astype(np.float64)
                    node = afresh(ball, number, leaf.low[0, :d], leaf.high[0, :d], split)
                    tasks.append(Task(searches[i], node[None]))
                    places.append((i, number))
            if not tasks:
                break
            for search in searches:
                search.goal = 2 * search.goal + float(search.ball.error[-1])
        if attempt:
            self.bounds, self.open = self._checked(proof_of(trees, self.checker.columns))
        return trees

    def _search(
        self, net: FlatNetwork, searches: list[Search], tasks: deque[Task]
    ) -> Certificate | None:
        """Carry out the tasks; an answer where one is found or the budget ends."""
        number = {id(search): i for i, search in enumerate(searches)}
        moment = self.deadline if self.nodes else self.search_until
        frontier = Frontier(net, tasks, self.workers, moment, self.most, self.nodes)
        for advanced in frontier.rounds():
            self.nodes = frontier.nodes
            for search in advanced:
                if search.best[0] <= search.stop_at:
                    i = number[id(search)]
                    answer = self._refuting(net, i, search)
                    if answer is not None:
                        return answer
                    search.stop_at = math.nextafter(search.best[0], -math.inf)
        if not frontier.tasks or (self.few and self.nodes < self.max_nodes):
            return None
        return self._undecided(frontier.exhausted())

    def _established(self, trees: list[Tree]) -> Certificate:
        """The answer that the checker gives to the trees; what floats leave open is settled."""
        if self.open:
            answer = self._settle(trees, self.open)
            if answer is not None:
                return answer
            self.bounds, self.open = self._checked(proof_of(trees, self.checker.columns))
        if self.open:
            return self._undecided("the checker does not establish what the search found")
        worst = int(np.argmin(self.bounds))
        return self._answer(CertificateStatus.CERTIFIED, float(self.bounds[worst]), worst)

    def _checked(
        self, proof: PointsProof, only: NDArray[np.bool_] | None = None
    ) -> tuple[Floats, list[Leaves]]:
        """The least bound near each point, and the leaves that are not established.

        Of those leaves alone that are wanted, if not all are.
        """
        self.proof = proof
        least, open_ = np.full(len(self.instance.points), math.inf), []
        for found in self.checker.bounds(proof, only):
            check_time()
            np.minimum.at(least, found.leaves.root, found.bound)
            rows = np.flatnonzero(~found.positive)
            open_ += [found.leaves.take(rows[i : i + 1]) for i in range(len(rows))]
        return least, open_

    def _settle(self, trees: list[Tree], open_: list[Leaves]) -> Certificate | None:
        """Settle leaves in rationals and complete the trees; an answer where there is none."""
        if self.network.size > _EXACT_SIZE:
            return self._undecided(
                "floats leave a region open, and the network is too large for rationals"
            )
        for i, number, region, signs in self._regions(trees, open_):
            stack = [(number, signs)]
            while stack:
                self.nodes += _EXACT_NODES
                check_time()
                if self.nodes > self.max_nodes:
                    return self._undecided(f"the budget of {self.max_nodes} regions ended")
                node, split = stack.pop()
                found = decide(region, split)
                if isinstance(found, ExactLeaf):
                    trees[i].close(node, found.beta, empty=found.empty)
                elif isinstance(found, Divided):
                    child = trees[i].divide(node, found.unit)
                    for side in (0, 1):
                        signs = [*split]
                        signs[found.unit] = 2 * side - 1
                        stack.append((child + side, signs))
                else:
                    answer = None if found is None else self._counterexample(i, found)
                    return answer or self._undecided("a linear program did not end")
        return None

    def _regions(
        self, trees: list[Tree], open_: list[Leaves]
    ) -> Iterator[tuple[int, int, ExactRegion, list[int]]]:
        """What is to be settled: point, node, region, signs of units.

        Where few units make few regions, those of the whole ball, the tree begun anew.
        """
        if self.few:
            for i in sorted({int(leaf.root[0]) for leaf in open_}):
                trees[i] = Tree(self.instance.dimension, sum(self.network.widths))
                yield i, 0, ExactRegion.whole(self.checker, i), [0] * sum(self.network.widths)
            return
        for leaf in open_:
            i, number = place_of(trees, int(leaf.node[0]))
            yield (
                i,
                number,
                ExactRegion.of(self.checker, leaf),
                self.checker.signs(leaf)[0].tolist(),
            )

    def _start(self, net: FlatNetwork, i: int) -> Search:
        given = self.instance
        sign = int(given.labels[i])
        if isinstance(given, BoxInstance):
            ball = box_around(net, *given.ends(i), sign)
        else:
            ball = ball_around(net, given.points[i], given.radius, given.p, sign)
        # below its error a float value may be 0: worth a look in rationals
        return Search.over(ball, goal=0.0, tolerance=-math.inf, stop_at=float(ball.error[-1]))

    def _refuting(self, net: FlatNetwork, i: int, search: Search) -> Certificate | None:
        """The counterexample that the best point of a search is, or leads to."""
        x = tuple(map(Fraction, search.best[1:].tolist()))
        if search.best[0] < -search.stop_at:
            answer = self._counterexample(i, x)
            if answer is not None:
                return answer
        found = ExactBall(net, self.instance, i).refuting(x)
        return self._counterexample(i, found.point) if found else None

    def _counterexample(self, i: int, x: Point) -> Certificate | None:
        """The answer that x is a counterexample, if the checker finds that it is."""
        value = self.checker.refuted(i, x)
        if value is None:
            return None
        return self._answer(CertificateStatus.COUNTEREXAMPLE, value, i, x)

    def _undecided(self, reason: str) -> Certificate:
        return self._answer(CertificateStatus.UNDECIDED, -math.inf, None, None, reason)

    def _answer(
        self,
        status: CertificateStatus,
        margin: float,
        worst: int | None,
        point: Point | None = None,
        reason: str = "",
    ) -> Certificate:
        seconds = time.monotonic() - self.started
        proof = self.proof if status is CertificateStatus.CERTIFIED else None
        return Certificate(status, margin, worst, point, METHOD, reason, seconds, self.nodes, proof)


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

    By the search alone, to measure it: no checker establishes the bounds, and no answer rests on
    them.

    Raises ValueError where the dimensions differ, OverflowError where values of the network come
    near the largest float.
    """
    if network.input_dim != len(centre):
        raise ValueError(f"the network takes {network.input_dim} inputs, the centre {len(centre)}")
    started = time.monotonic()
    net = flatten(network)
    ball = ball_around(net, centre, radius, p, sign)
    search = Search.over(ball, goal=math.inf, tolerance=tolerance, stop_at=-math.inf)
    tasks = deque([Task.whole(search)])
    frontier = Frontier(net, tasks, workers, started + budget_seconds, max_nodes)
    for _ in frontier.rounds():
        pass
    error = float(ball.error[-1])
    lower, upper = frontier.open_bound(search), math.nextafter(search.best[0] + error, math.inf)
    if not math.isfinite(upper):
        upper = float_above(sign * exact_value(net, centre))
    complete = upper - lower <= tolerance + 4 * error
    reason = "" if complete else frontier.exhausted() or "rounding errors exceed the tolerance"
    seconds = time.monotonic() - started
    return Enclosure(
        min(lower, upper), upper, search.best[1:].copy(), complete, reason, seconds, frontier.nodes
    )
