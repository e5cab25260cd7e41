"""What is known of a network near labelled points: established here, from a certificate.

A certificate divides each point's ball into leaves (`forest`) and gives each leaf multipliers, from
which `dual` bounds y f from below. A counterexample is evaluated in rationals.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from math import inf
from typing import Any

import numpy as np
from numpy.typing import NDArray

from robustsize.simulate.checker.dual import (
    LARGEST,
    Balls,
    Layers,
    Multipliers,
    fractions,
    lower_bounds,
    signs,
)
from robustsize.simulate.checker.forest import Forest, Leaves, Paths, ProofError
from robustsize.simulate.checker.outward import (
    Floats,
    float_above,
    float_below,
    require_subnormals,
)
from robustsize.simulate.data.instance import Instance, Point
from robustsize.simulate.networks.network import Network

ENTRIES = 1 << 16
"""Numbers of one array held in memory at a time: larger ones leave the processor's caches."""


@dataclass(frozen=True, eq=False)
class PointsProof:
    """A tree for each point of an instance, in order, and the multipliers of its leaves.

    The trees divide boxes of states (see `dual`). node, column, beta: the multipliers that are not
    0, in any order. ball, empty: of each node (see `dual.Multipliers`). exact: the leaves that are
    settled in rationals, and their multipliers.
    """

    forest: Forest
    node: NDArray[np.int64]
    column: NDArray[np.int64]
    beta: NDArray[np.float64]
    ball: NDArray[np.float64]
    empty: NDArray[np.bool_]
    exact: Mapping[int, Mapping[int, Fraction]] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Bounds:
    """Lower bounds of y f on some leaves, whose roots are the points; floats, rounded down.

    positive: whether y f > 0 is established; a positive rational may be below all positive floats.
    """

    leaves: Leaves
    bound: NDArray[np.float64]
    positive: NDArray[np.bool_]


class PointsChecker:
    """Establishes bounds on y f near the points of an instance."""

    def __init__(self, network: Network, instance: Instance) -> None:
        if network.input_dim != instance.dimension:
            raise ProofError("network and instance differ in dimension")
        require_subnormals()
        self.network, self.instance = network, instance
        self._layers = Layers(network, exact=False)

    @cached_property
    def balls(self) -> Balls | None:
        """The balls in floats; None where values come near the largest float."""
        with suppress(OverflowError), np.errstate(all="ignore"):
            return self._layers.balls(self.instance)
        return None

    @cached_property
    def exact_layers(self) -> Layers:
        """The layers in Fractions."""
        return Layers(self.network, exact=True)

    def bounds(self, proof: PointsProof, only: NDArray[np.bool_] | None = None) -> Iterator[Bounds]:
        """Lower bounds of y f on all leaves of the proof, some at a time; -infinity: none known.

        Leaves with exact multipliers are settled in rationals, all others in floats alone. only:
        of each node whether it is wanted, if not all are.

        Raises ProofError where the proof is not well-formed.
        """
        paths = self._checked(proof)
        nodes = paths.leaves
        if only is not None:
            nodes = nodes[only[nodes]]
        if proof.exact:
            exact = np.isin(nodes, [*proof.exact])
            for node in nodes[exact].tolist():
                yield self._exact_bound(paths, node, proof)
            nodes = nodes[~exact]
        row = np.full(len(proof.empty) if len(proof.node) else 0, -1)
        for start in range(0, len(nodes), self._block):
            some = nodes[start : start + self._block]
            leaves = paths.regions(some, *self._roots)
            if self.balls is None:
                yield Bounds(leaves, np.full(len(some), -inf), some < 0)
                continue
            beta = np.zeros_like(leaves.low)
            if len(proof.node):
                row[some] = np.arange(len(some))
                here = row[proof.node] >= 0
                beta[row[proof.node[here]], proof.column[here]] = proof.beta[here]
                row[some] = -1
            given = Multipliers(beta, proof.ball[some], proof.empty[some])
            with np.errstate(all="ignore"):  # multipliers may be anything
                found = lower_bounds(self._layers, self.balls, leaves, given)
            yield Bounds(leaves, found, found > 0)

    def margin(self, proof: PointsProof) -> float:
        """A lower bound on y f near all points, positive but for rounding down to a float.

        Raises ProofError where the proof does not establish that y f > 0.
        """
        least = inf
        for found in self.bounds(proof):
            if not found.positive.all():
                i = int(np.argmin(found.positive))
                raise ProofError(
                    f"near point {found.leaves.root[i]} only y f >= {found.bound[i]:.3g} is shown"
                )
            least = min(least, float(found.bound.min(initial=inf)))
        return least

    @property
    def columns(self) -> NDArray[np.int64]:
        """Where in a state the inputs are and then the units."""
        return self._layers.columns

    def signs(self, leaf: Leaves) -> NDArray[np.int8]:
        """The signs of the units on a leaf, -1, 0 or +1, a row a leaf."""
        units = self.columns[self.instance.dimension :]
        return signs(leaf.low[:, units], leaf.high[:, units])

    def exact_ball(self, index: int) -> Balls:
        """The ball of point `index` in Fractions."""
        return self.exact_layers.balls(self.instance.part(index, index + 1))

    @property
    def _roots(self) -> tuple[Floats, Floats]:
        """The boxes that trees divide, as far as floats know them."""
        if self.balls is not None:
            return self.balls.low, self.balls.high
        every = np.full((len(self.instance.points), self._layers.length), inf)
        return -every, every

    @cached_property
    def _block(self) -> int:
        """How many leaves are bounded at a time."""
        return max(1, ENTRIES // max((m.size for m in self._layers.both), default=1))

    def _exact_bound(self, paths: Paths, node: int, proof: PointsProof) -> Bounds:
        layers, every = self.exact_layers, np.full((paths.roots, self._layers.length), inf)
        leaf = paths.regions(np.array([node]), -every, every)
        beta = fractions(np.zeros((1, layers.length)))
        for column, value in proof.exact[node].items():
            beta[0, column] = Fraction(value)
        given = Multipliers(beta, fractions([0]), proof.empty[leaf.node])
        found = lower_bounds(layers, self.exact_ball(int(leaf.root[0])), leaf, given)[0]
        bound = float_below(found) if isinstance(found, Fraction) else float(found)
        return Bounds(leaf, np.array([bound]), np.array([found > 0]))

    def _checked(self, proof: PointsProof) -> Paths:
        """The trees of a proof.

        Raises ProofError where the proof is not well-formed.
        """
        nodes, length = len(proof.forest.branch), self._layers.length
        if (
            proof.forest.roots != len(self.instance.points)
            or not len(proof.ball) == len(proof.empty) == nodes
            or not len(proof.node) == len(proof.column) == len(proof.beta)
            or not _within(proof.node, 0, nodes)
            or not _within(proof.column, 0, length)
            or not _within(proof.beta, 0, LARGEST)
            or any(
                not 0 <= column < length or value < 0
                for given in proof.exact.values()
                for column, value in given.items()
            )
        ):
            raise ProofError("the proof does not fit the network or the points")
        return proof.forest.paths(length)

    def refuted(self, index: int, x: Point) -> float | None:
        """An upper bound <= 0 of y f(x), where x is in the ball of point `index` and there is one.

        In floats where these suffice, else in rationals.
        """
        if not self.instance.contains(index, x):
            return None
        sign = int(self.instance.labels[index])
        above = self._layers.value_above(x, sign)
        if above <= 0:
            return above
        value = sign * self.network.exact(x)
        return float_above(value) if value <= 0 else None


def _within(values: NDArray[Any], least: float, end: float) -> bool:
    """Whether least <= v < end for all values v, none of them NaN."""
    return not len(values) or bool(least <= values.min() and values.max() < end)
