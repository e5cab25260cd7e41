"""What is known of a network near labelled points: established here, from a certificate.

A certificate divides each point's ball into leaves (`forest`) and gives each leaf multipliers, from
which `dual` bounds y f from below. A counterexample is evaluated in rationals.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from math import inf

import numpy as np
from numpy.typing import NDArray

from robustsize.simulate.checker.dual import (
    LARGEST,
    Balls,
    Layers,
    Multipliers,
    fractions,
    lower_bounds,
)
from robustsize.simulate.checker.forest import Forest, Leaves, ProofError
from robustsize.simulate.checker.outward import float_above, float_below, require_subnormals
from robustsize.simulate.data.instance import Instance, Point
from robustsize.simulate.networks.network import Network

ENTRIES = 1 << 17
"""Numbers of one array held in memory at a time."""


@dataclass(frozen=True, eq=False)
class PointsProof:
    """A tree for each point of an instance, in order, and the multipliers of its leaves.

    node, unit, beta: the multipliers of units that are not 0, in any order. ball, empty: of each
    node (see `dual.Multipliers`). exact: the leaves that are settled in rationals, and the
    multipliers of their units.
    """

    forest: Forest
    node: NDArray[np.int64]
    unit: NDArray[np.int64]
    beta: NDArray[np.float64]
    ball: NDArray[np.float64]
    empty: NDArray[np.bool_]
    exact: Mapping[int, Mapping[int, Fraction]] = field(default_factory=dict)

    @classmethod
    def joined(cls, proofs: Sequence[PointsProof]) -> PointsProof:
        """The proof of several instances' points, one instance after the other."""
        if len(proofs) == 1:
            return proofs[0]
        forest, names = Forest.joined([proof.forest for proof in proofs])
        exact = {
            int(new[node]): beta
            for new, proof in zip(names, proofs, strict=True)
            for node, beta in proof.exact.items()
        }
        ball, empty = np.zeros(len(forest.branch)), np.zeros(len(forest.branch), dtype=bool)
        for new, proof in zip(names, proofs, strict=True):
            ball[new], empty[new] = proof.ball, proof.empty
        node = np.concatenate([new[p.node] for new, p in zip(names, proofs, strict=True)])
        unit, beta = (np.concatenate([getattr(p, k) for p in proofs]) for k in ("unit", "beta"))
        return cls(forest, node, unit, beta, ball, empty, exact)


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
    def _balls(self) -> Balls | None:
        """The balls in floats; None where values come near the largest float."""
        with suppress(OverflowError):
            return self._layers.balls(self.instance)
        return None

    @property
    def in_floats(self) -> bool:
        """Whether floats can do anything here: no value comes near the largest of them."""
        return self._balls is not None

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
        leaves, place = self._leaves(proof)
        units = self._layers.units
        if only is not None:
            wanted = np.flatnonzero(only[leaves.node])
            leaves, place = leaves.take(wanted), np.full(len(place), -1)
            place[leaves.node] = np.arange(len(wanted))
        none = np.zeros(len(leaves.node), dtype=bool)
        exact = np.isin(leaves.node, [*proof.exact]) if proof.exact else none
        if self._balls is None:
            rest = leaves.take(~exact)
            none = np.full(len(rest.node), -inf)
            yield Bounds(rest, none, none > 0)
        else:
            row = place[proof.node]
            widest = max(1, *(w.shape[0] for w in self._layers.weights))
            block = max(1, ENTRIES // (2 * widest**2))
            for start in range(0, len(exact), block):
                at = np.arange(start, min(start + block, len(exact)))
                some = leaves.take(at)
                beta = np.zeros((len(at), units))
                here = (row >= start) & (row < start + block)
                beta[row[here] - start, proof.unit[here]] = proof.beta[here]
                given = Multipliers(beta, proof.ball[some.node], proof.empty[some.node])
                with np.errstate(all="ignore"):  # multipliers may be anything
                    found = lower_bounds(self._layers, self._balls, some, given)
                if proof.exact:
                    keep = ~exact[at]
                    some, found = some.take(keep), found[keep]
                yield Bounds(some, found, found > 0)
        for i in np.flatnonzero(exact):
            some = leaves.take(np.array([i]))
            yield self._exact_bound(some, proof.exact[int(some.node[0])], proof.empty[some.node])

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

    def _exact_bound(
        self, leaf: Leaves, given: Mapping[int, Fraction], empty: NDArray[np.bool_]
    ) -> Bounds:
        beta = fractions(np.zeros((1, self._layers.units)))
        for unit, value in given.items():
            beta[0, unit] = value
        layers, balls = self.exact_layers, self.exact_ball(int(leaf.root[0]))
        found = lower_bounds(layers, balls, leaf, Multipliers(beta, fractions([0]), empty))[0]
        bound = float_below(found) if isinstance(found, Fraction) else float(found)
        return Bounds(leaf, np.array([bound]), np.array([found > 0]))

    def exact_ball(self, index: int) -> Balls:
        """The ball of point `index` in Fractions."""
        return self.exact_layers.balls(self.instance.part(index, index + 1))

    def _leaves(self, proof: PointsProof) -> tuple[Leaves, NDArray[np.int64]]:
        """The leaves of a proof and where each node stands among them.

        Raises ProofError where the proof is not well-formed.
        """
        roots, nodes, units = len(self.instance.points), proof.forest.branch, self._layers.units
        low = np.full((roots, self.instance.dimension), -inf)
        high = -low
        if self._balls is not None:
            low, high = self._balls.low, self._balls.high
        leaves = proof.forest.leaves(low, high, units)
        place = np.full(len(nodes), -1)
        place[leaves.node] = np.arange(len(leaves.node))
        if (
            not len(proof.ball) == len(proof.empty) == len(nodes)
            or not len(proof.node) == len(proof.unit) == len(proof.beta)
            or ((proof.node < 0) | (proof.node >= len(nodes))).any()
            or ((proof.unit < 0) | (proof.unit >= units)).any()
            or not ((proof.beta >= 0) & (proof.beta < LARGEST)).all()
            or not ((proof.ball >= 0) & (proof.ball < LARGEST)).all()
            or any(
                not 0 <= unit < units or value < 0
                for given in proof.exact.values()
                for unit, value in given.items()
            )
        ):
            raise ProofError("the multipliers do not fit the network or the trees")
        return leaves, place

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
