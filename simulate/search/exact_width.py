"""The smallest width of one hidden layer that robustly realises a labelling, exactly.

f(x) = b_0 + sum_j s_j relu(w_j . x + b_j), s_j = +1 or -1 (a unit can be rescaled), is searched
for on a finite set P of points of the balls by branching on which units are active at which point:
under a full activation pattern of P the conditions y f >= 1 are linear. (y f > 0 on a finite set
becomes y f >= 1 by scaling f.) P starts as the centres and grows by counterexamples of the complete
certifier, until a network of the width is certified on the whole balls, or P is infeasible.

What is exact: "no network of this width" is the claim that no f as above has y f > 0 on the
rational points P of the balls. Each leaf of the search tree is a linear programme found infeasible
in floats; it is proved by Farkas multipliers, solved for and checked in rationals. Where a leaf's
multipliers cannot be made exact, the answer for that width is evidence only, and says so. "This
width suffices" is a network that `certify` certifies.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from fractions import Fraction
from math import inf
from typing import Any

import numpy as np
from flint import fmpq, fmpq_mat
from numpy.typing import NDArray
from scipy.optimize import linprog

from robustsize.simulate.certify.complete import CertificateStatus, certify
from robustsize.simulate.data.instance import Instance, Point
from robustsize.simulate.networks.network import Network

Pattern = tuple[bool, ...]

_FEASIBLE = 1e-7
_SUPPORT = 1e-10
_MOST_NODES = 20_000


class WidthStatus(Enum):
    """What is known of one width."""

    REALISED = "certified network"
    IMPOSSIBLE = "proved impossible in rationals"
    EVIDENCE = "infeasible in floating point only: evidence"
    UNDECIDED = "undecided"


@dataclass(frozen=True, eq=False)
class WidthAnswer:
    """The answer for one width.

    network: certified where REALISED. points: the finite set P on which it was decided. leaves:
    linear programmes closed as infeasible; proved: of them, with rational Farkas multipliers.
    """

    width: int
    status: WidthStatus
    network: Network | None
    points: int
    leaves: int
    proved: int
    reason: str = ""


@dataclass(frozen=True, eq=False)
class SmallestWidth:
    """Answers for width 0, 1, ...; `width` is exact where `exact`, else the smallest realised."""

    answers: tuple[WidthAnswer, ...]

    @property
    def width(self) -> int | None:
        """The smallest width realised; None where none was up to the last tried."""
        last = self.answers[-1]
        return last.width if last.status is WidthStatus.REALISED else None

    @property
    def lower_bound(self) -> int:
        """Every width below this one is proved impossible."""
        proved = itertools.takewhile(lambda a: a.status is WidthStatus.IMPOSSIBLE, self.answers)
        return sum(1 for _ in proved)

    @property
    def exact(self) -> bool:
        """Whether every smaller width is proved impossible."""
        return self.width == self.lower_bound


def smallest_width(
    instance: Instance, *, max_width: int = 4, max_nodes: int = _MOST_NODES
) -> SmallestWidth:
    """Decide widths 0, 1, ... in turn, up to the first that is realised, or max_width.

    max_nodes: linear programmes solved for one width, after which it is undecided.

    Raises ValueError where max_width is negative.
    """
    if max_width < 0:
        raise ValueError(f"max_width is at least 0, not {max_width}")
    samples = _Samples(instance)
    answers = []
    for width in range(max_width + 1):
        answers.append(_Width(instance, samples, width, max_nodes).answer())
        if answers[-1].status is WidthStatus.REALISED:
            break
    return SmallestWidth(tuple(answers))


class _Samples:
    """The finite set P: exact points of the balls with their labels."""

    def __init__(self, instance: Instance) -> None:
        self.exact: list[Point] = list(instance.points)
        self.labels: list[int] = [int(y) for y in instance.labels]
        self.rows: list[NDArray[np.float64]] = [np.array([*map(float, x), 1.0]) for x in self.exact]

    def add(self, x: Point, label: int) -> None:
        self.exact.append(x)
        self.labels.append(label)
        self.rows.append(np.array([*map(float, x), 1.0]))

    def __len__(self) -> int:
        return len(self.exact)


@dataclass(eq=False)
class _Width:
    """The search for one width on a growing set of points."""

    instance: Instance
    samples: _Samples
    width: int
    max_nodes: int
    nodes: int = 0
    leaves: int = 0
    proved: int = 0

    def answer(self) -> WidthAnswer:
        """Try every number of units with sign +1; up to renaming only that number matters."""
        for positive in range(self.width + 1):
            signs = (1,) * positive + (-1,) * (self.width - positive)
            network = self._realise(signs)
            if network is not None:
                return self._result(WidthStatus.REALISED, network)
            if self.nodes >= self.max_nodes:
                reason = f"the budget of {self.max_nodes} linear programmes ended"
                return self._result(WidthStatus.UNDECIDED, reason=reason)
        proved = self.proved == self.leaves
        return self._result(WidthStatus.IMPOSSIBLE if proved else WidthStatus.EVIDENCE)

    def _result(
        self, status: WidthStatus, network: Network | None = None, reason: str = ""
    ) -> WidthAnswer:
        return WidthAnswer(
            self.width, status, network, len(self.samples), self.leaves, self.proved, reason
        )

    def _realise(self, signs: tuple[int, ...]) -> Network | None:
        """A certified network with these signs, or None: infeasible on P, or the budget ended.

        Depth first; a node fixes the activation pattern at some points of P. Points that a
        certificate adds to P are branched on below the node that met them, and by later nodes.
        """
        stack: list[dict[int, Pattern]] = [{}]
        while stack and self.nodes < self.max_nodes:
            fixed = stack.pop()
            self.nodes += 1
            programme = _Programme(self.samples, signs, fixed, self.instance.dimension)
            solution = programme.solution()
            if solution is None:
                self.leaves += 1
                self.proved += programme.infeasible_in_rationals()
                continue
            network = _network(solution, signs, self.instance.dimension)
            at = self._violated(network, fixed)
            if at is None:
                return network
            stack += [fixed | {at: pattern} for pattern in self._patterns(signs, fixed)]
        return None

    def _violated(self, network: Network, fixed: dict[int, Pattern]) -> int | None:
        """A point to branch on, the worst of P or a counterexample; None where certified."""
        rows = np.array(self.samples.rows)[:, :-1]
        margins = np.array(self.samples.labels) * network(rows)
        margins[list(fixed)] = inf
        worst = int(np.argmin(margins))
        if margins[worst] < 1 - _FEASIBLE:
            return worst
        certificate = certify(network, self.instance, budget_seconds=inf, max_nodes=200_000)
        if certificate.status is CertificateStatus.CERTIFIED:
            return None
        if certificate.counterexample is None or certificate.point_index is None:
            self.nodes = self.max_nodes
            return worst
        label = int(self.instance.labels[certificate.point_index])
        self.samples.add(certificate.counterexample, label)
        return len(self.samples) - 1

    def _patterns(self, signs: tuple[int, ...], fixed: dict[int, Pattern]) -> Iterator[Pattern]:
        """Activation patterns of one point; at the first point units of one sign are sorted."""
        for pattern in itertools.product((False, True), repeat=len(signs)):
            groups = [[a for a, s in zip(pattern, signs, strict=True) if s == t] for t in (1, -1)]
            if fixed or all(group == sorted(group) for group in groups):
                yield pattern


class _Programme:
    """Conditions rows @ z >= bounds on z = (w_1, b_1, ..., w_W, b_W, b_0) at fixed patterns."""

    def __init__(
        self,
        samples: _Samples,
        signs: tuple[int, ...],
        fixed: dict[int, Pattern],
        d: int,
    ) -> None:
        self.samples, self.signs, self.d = samples, signs, d
        self.conditions = [
            (at, unit, pattern) for at, pattern in fixed.items() for unit in range(-1, len(signs))
        ]

    @property
    def variables(self) -> int:
        return len(self.signs) * (self.d + 1) + 1

    def solution(self) -> NDArray[np.float64] | None:
        """A feasible z with small entries, None where there is none; keeps multipliers of why."""
        rows, bounds = self._floats()
        n, count = self.variables, len(rows)
        if not count:
            return np.zeros(n)
        # Least violation t of all conditions: positive exactly where they are infeasible.
        elastic = np.hstack([rows, np.ones((count, 1))])
        cost = np.r_[np.zeros(n), 1.0]
        free = [(None, None)] * n + [(0.0, None)]
        found = linprog(cost, A_ub=-elastic, b_ub=-bounds, bounds=free, method="highs-ds")
        self.multipliers = -np.asarray(found.ineqlin.marginals)
        return None if found.x[-1] > _FEASIBLE else np.asarray(found.x[:n])

    def _floats(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        rows = np.zeros((len(self.conditions), self.variables))
        bounds = np.zeros(len(rows))
        for k, condition in enumerate(self.conditions):
            bounds[k] = self._fill(rows[k], condition, self.samples.rows[condition[0]], 1.0)
        return rows, bounds

    def _fill(self, row: Any, condition: tuple[int, int, Pattern], x: Any, one: Any) -> Any:
        """Write one condition into a row, over floats or rationals; returns its bound."""
        at, unit, pattern = condition
        width = self.d + 1
        label = self.samples.labels[at]
        if unit >= 0:
            for i in range(width):
                row[unit * width + i] = x[i] if pattern[unit] else -x[i]
            return 0 * one
        for j, sign in enumerate(self.signs):
            for i in range(width if pattern[j] else 0):
                row[j * width + i] = label * sign * x[i]
        row[len(self.signs) * width] = label * one
        return one

    def infeasible_in_rationals(self) -> bool:
        """Whether multipliers >= 0 with multipliers @ rows = 0 < multipliers @ bounds are found.

        The floats say which conditions carry weight; their multipliers solve a linear system in
        rationals, where it has one solution up to scale.
        """
        support = np.flatnonzero(self.multipliers > _SUPPORT)
        if not len(support):
            return False
        columns = []
        bounds = []
        for k in support:
            row = [Fraction(0)] * self.variables
            x = (*self.samples.exact[self.conditions[k][0]], Fraction(1))
            bounds.append(self._fill(row, self.conditions[k], x, Fraction(1)))
            columns.append(row)
        system = fmpq_mat(
            [[_flint(columns[k][i]) for k in range(len(support))] for i in range(self.variables)]
        )
        return _positive_kernel(system, [_flint(b) for b in bounds])


def _flint(value: Fraction) -> fmpq:
    return fmpq(value.numerator, value.denominator)


def _positive_kernel(system: fmpq_mat, bounds: list[fmpq]) -> bool:
    """Whether the kernel is a line through a vector v >= 0 with v . bounds > 0."""
    echelon, rank = system.rref()
    n = system.ncols()
    if rank != n - 1:
        return False
    pivots = [next(j for j in range(n) if echelon[i, j] != 0) for i in range(rank)]
    free = next(j for j in range(n) if j not in pivots)
    vector = [fmpq(0)] * n
    vector[free] = fmpq(1)
    for i, j in enumerate(pivots):
        vector[j] = -echelon[i, free]
    value = sum((v * b for v, b in zip(vector, bounds, strict=True)), fmpq(0))
    return all(v >= 0 for v in vector) and value > 0


def _network(z: NDArray[np.float64], signs: tuple[int, ...], d: int) -> Network:
    units = z[:-1].reshape(len(signs), d + 1)
    if not signs:
        return Network.of([(np.zeros((1, d)), [z[-1]])])
    return Network.of([(units[:, :d], units[:, d]), ([[float(s) for s in signs]], [z[-1]])])
