"""The paper's claim in one experiment: fitting the sample robustly is cheap, being robust is not.

A labelling of K^k points is drawn at random. Networks of growing size are trained adversarially on
N of the points, and on all of them. With N points the robust training error reaches 0 at a size
that N d sets (Theorem 2.2); the robust test error stays above alpha for every network below a size
exponential in the dimension (Theorems 4.3 and 5.8), even for those trained on all points.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import inf

import numpy as np
import sympy as sp

from robustsize.bounds.symbols import BY_SYMBOL, InputError, N, alpha, c, d, delta, epsilon, k
from robustsize.simulate.certify.complete import CertificateStatus, certify
from robustsize.simulate.certify.guarantee import Guarantee, certificate
from robustsize.simulate.construct.result import constant_network
from robustsize.simulate.data.instance import (
    Grid,
    HardInstance,
    Instance,
    grid_axis,
    hard_instance,
    separating_hyperplane,
)
from robustsize.simulate.data.labellings import random_labelling, random_subset
from robustsize.simulate.experiment.claim import (
    Between,
    Evidence,
    Hypothesis,
    Limit,
    Prediction,
    at_most,
)
from robustsize.simulate.experiment.errors import (
    SPARE_BITS,
    Learned,
    error_rows,
    part_of,
    random_labelling_limit,
    tested,
    trained,
)
from robustsize.simulate.experiment.probe import Cell, Outcome, Probe, Row, Run, Setting, axes
from robustsize.simulate.experiment.robust_error import robust_error
from robustsize.simulate.experiment.sizes import explicit
from robustsize.simulate.networks.network import Network
from robustsize.simulate.theorems.candidates import constructions
from robustsize.simulate.theorems.thm4_3.construction import hard_instance_network

ARCHITECTURES = ((1,), (2,), (4,), (8,), (8, 8), (16, 16), (32, 32))
STEPS = 2000
MOST_POINTS = 3000
NODES = 20_000
"""Regions that the certificate of robust training error 0 may cost."""


def _hard(dimension: int, setting: Setting) -> tuple[Instance, int]:
    """The hard instance of Theorem 4.3, and on how many coordinates its forced points differ."""
    m = len(grid_axis(setting.one(epsilon), Grid.DENSE)) ** (dimension - 1)
    _check(m, d)
    labels = random_labelling(m, [setting.seed, m])
    whole = hard_instance(dimension, setting.one(epsilon), setting.one(c), setting.p, labels)
    return whole, dimension - 1


def _manifold(flat: int, dimension: int, setting: Setting) -> tuple[Instance, int]:
    """A random labelling of the grid points of the face [0,1]^k x {1/2}^(d-k)."""
    if flat > dimension:
        raise InputError(f"--k {flat}: k is at most d = {dimension}; for example --k {dimension}")
    axis = grid_axis(setting.one(epsilon), Grid.DENSE)
    _check(len(axis) ** flat, k)
    rows = np.indices((len(axis),) * flat).reshape(flat, -1).T
    rest = (Fraction(1, 2),) * (dimension - flat)
    points = tuple((*(axis[i] for i in row), *rest) for row in rows)
    radius = setting.one(c) * setting.one(epsilon)
    labels = random_labelling(len(points), [setting.seed, len(points)])
    return Instance(points, labels, radius, setting.p), flat


def _check(m: int, symbol: object) -> None:
    if m > MOST_POINTS:
        option = BY_SYMBOL[symbol].option
        raise InputError(
            f"{option}: {m} points at that --epsilon, at most {MOST_POINTS}; for example {option} 4"
        )


def _cells(setting: Setting) -> Iterator[Cell]:
    dimensions = [int(value) for value in setting.all(d)]
    for dimension in dimensions:
        whole, differing = _hard(dimension, setting)
        yield _Gap(f"d={dimension}", "thm4.3", whole, differing, setting).cell()
    for flat in map(int, setting.all(k)):
        whole, differing = _manifold(flat, max(dimensions), setting)
        yield _Gap(f"manifold k={flat}", "thm5.8", whole, differing, setting).cell()


@dataclass(frozen=True, eq=False)
class _Gap:
    """The experiment on one set of forced points.

    id: the theorem that bounds the test error. differing: coordinates on which the points differ.
    """

    name: str
    id: str
    whole: Instance
    differing: int
    setting: Setting

    def cell(self) -> Cell:
        """Its predictions and measurement."""
        predictions = [self._below(), *map(self._fit, self._samples())]
        if isinstance(self.whole, HardInstance):
            predictions.append(self._hyperplane())
        return Cell(self.name, tuple(predictions), self._measure, 1 + len(self.whole.points) / 60)

    def _samples(self) -> list[int]:
        return [int(count) for count in self.setting.all(N) if 1 < count < len(self.whole.points)]

    def _bound(self) -> Limit:
        m, allowed = len(self.whole.points), self.setting.one(alpha)
        return random_labelling_limit(m, self.differing, allowed)

    def _below(self) -> Prediction:
        bound, allowed = self._bound(), self.setting.one(alpha)
        return Prediction(
            id=self.id,
            name=f"test error below the bound, {self.name}",
            says=(
                f"networks with fewer than {bound.value} parameters have robust test error > "
                f"{allowed} on a random labelling, but for a chance of 2^-{SPARE_BITS}"
            ),
            quantity="least robust test error of a network below the bound",
            lower=Limit(allowed, bound.source, bound.vacuous),
            hypotheses=(
                Hypothesis("the labelling of the forced points is uniformly random", True),
            ),
        )

    def _fit(self, count: int) -> Prediction:
        dimension = Fraction(self.whole.dimension)
        at = {N: Fraction(count), d: dimension, **self._separation()}
        return Prediction(
            id="thm2.2",
            name=f"training error 0, N = {count}, {self.name}",
            says=f"{count} points are fitted robustly, whatever their labels",
            quantity="smallest size with robust training error 0",
            upper=explicit("thm2.2", at, self.setting.p),
        )

    def _separation(self) -> dict[sp.Symbol, Fraction]:
        gap = self.setting.one(epsilon)
        return {epsilon: gap, delta: self.setting.one(c) * gap}

    def _hyperplane(self) -> Prediction:
        return Prediction(
            id="thm4.4",
            name=f"hyperplane, {self.name}",
            says="the hyperplane x_d = 1/2 solves the clean problem with 2 parameters",
            quantity="standard error of the hyperplane",
            upper=Limit(0, "Theorem 4.3's instance is linearly separable"),
        )

    def _constructed(self, whole: HardInstance) -> Row:
        """The certified construction for the whole instance, as a place of the curve."""
        built = hard_instance_network(whole)
        checked = certificate(built.network, Guarantee.of(built))
        return Row(
            series=self.name,
            at={"samples": len(whole.points), "points": len(whole.points), "size": built.size},
            values=(0.0 if checked.status is CertificateStatus.CERTIFIED else None,),
            more={"construction": built.form, "certificate": checked.status.value},
        )

    def _measure(self, run: Run) -> Outcome:
        fits, fitted = self._fitted()
        largest = self._samples()[-1:]
        m, rows = len(self.whole.points), list(fitted)
        groups: list[list[Learned]] = []
        for part, count in enumerate((*largest, m)):
            seen = self._seen(count)
            networks = trained(seen, ARCHITECTURES, self.setting, steps=STEPS)
            found = tested(networks, seen, self.whole, run.part(part, len(largest) + 1))
            at = {"samples": float(count), "points": float(m)}
            rows += error_rows(self.name, at, found, needed=self._bound())
            groups += found
        evidence: dict[str, Evidence] = {**fits, self._below().name: self._least(groups)}
        if isinstance(self.whole, HardInstance):
            plane = separating_hyperplane(self.whole.dimension)
            clean = robust_error(plane, self.whole, radius=Fraction(0))
            evidence[self._hyperplane().name] = Between(clean.low, clean.high)
            rows.append(self._constructed(self.whole))
        return Outcome(evidence, tuple(rows))

    def _seen(self, count: int) -> Instance:
        m = len(self.whole.points)
        if count == m:
            return self.whole
        return part_of(self.whole, random_subset(m, count, [self.setting.seed, m, count]))

    def _fitted(self) -> tuple[dict[str, Evidence], list[Row]]:
        """The smallest size found with robust training error 0, for each number of samples."""
        evidence: dict[str, Evidence] = {}
        rows = []
        for count in self._samples():
            seen, claim = self._seen(count), self._fit(count)
            networks = trained(seen, ARCHITECTURES, self.setting, steps=STEPS)
            candidates = [one for group in networks for one in group]
            candidates += [built.network for built in constructions(seen)]
            smallest = _smallest_certified(candidates, seen)
            evidence[claim.name] = at_most(smallest, self._tried(networks))
            assert claim.upper is not None
            rows.append(
                Row(
                    series=f"robust training error 0, {self.name}",
                    at={"samples": float(count)},
                    values=(smallest,),
                    upper=claim.upper.above,
                )
            )
        return evidence, rows

    def _least(self, groups: Sequence[Sequence[Learned]]) -> Between:
        """The least test error of a network below the bound, constants among them."""
        constants = (constant_network(self.whole.dimension, label) for label in (1, -1))
        errors = [robust_error(network, self.whole) for network in constants]
        bound = self._bound().value
        small = [one for group in groups for one in group if one.network.size < bound]
        errors += [one.test for one in small]
        least = min(error.high for error in errors)
        return at_most(least, f"both constants, {self._tried([small])}")

    def _tried(self, groups: Sequence[Sequence[object]]) -> str:
        networks = sum(map(len, groups))
        return f"{networks} networks trained for {STEPS} steps, {self.setting.seeds} seeds a width"


def _smallest_certified(networks: Sequence[Network], instance: Instance) -> int | None:
    """The least size that is certified, tried from the smallest up."""
    for network in sorted(networks, key=lambda one: one.size):
        answer = certify(network, instance, budget_seconds=inf, max_nodes=NODES)
        if answer.status is CertificateStatus.CERTIFIED:
            return network.size
    return None


_WHERE = {epsilon: "1/4", c: "1/2", alpha: "1/10"}

PROBE = Probe(
    id="gap",
    covers=("gap",),
    measures="robust training error, robust test error and standard error against size and N",
    seeds_are="networks trained of each architecture on each sample",
    quick=Setting(axes=axes({**_WHERE, d: "4,5,7", k: "3", N: "4,8,16"}), seeds=2),
    full=Setting(axes=axes({**_WHERE, d: "4:7", k: "3,4", N: "4,8,16"}), seeds=8),
    quick_seconds=25,
    cells=lambda setting: list(_cells(setting)),
)
