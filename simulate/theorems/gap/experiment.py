"""The paper's claim in one experiment: fitting the sample robustly is cheap, being robust is not.

A labelling of K^k points is drawn at random. Networks of growing size are trained adversarially on
N of the points, and on all of them. With N points the robust training error reaches 0 at a size
that N d sets (Theorem 2.2); the robust test error stays above alpha for every network below a size
exponential in the dimension (Theorems 4.3 and 5.8), even for those trained on all points.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from math import inf

from robustsize.bounds.symbols import N, alpha, c, d, epsilon, k
from robustsize.simulate.certify.complete import CertificateStatus, certify
from robustsize.simulate.construct.result import constant_network
from robustsize.simulate.data.instance import HardInstance, Instance, separating_hyperplane
from robustsize.simulate.experiment.claim import Claim, Hypothesis, Limit, Prediction
from robustsize.simulate.experiment.constructions import Built, Soundness, checked
from robustsize.simulate.experiment.evidence import Between, at_most
from robustsize.simulate.experiment.limits import SPARE_BITS
from robustsize.simulate.experiment.model import Cell, Experiment, Row, Run, Setting, axes
from robustsize.simulate.experiment.robust_error import RobustError, robust_error
from robustsize.simulate.networks.network import Network
from robustsize.simulate.theorems.candidates import constructions
from robustsize.simulate.theorems.gap.learned import Learned, error_rows, tested, trained
from robustsize.simulate.theorems.gap.problem import STEPS, Problem, hard_problem, manifold_problem
from robustsize.simulate.theorems.thm4_3.construction import hard_instance_network

ARCHITECTURES = ((1,), (2,), (4,), (8,), (8, 8), (16, 16), (32, 32))
NODES = 20_000
"""Regions that the certificate of robust training error 0 may cost."""


def _test_error(problem: Problem) -> Prediction:
    bound, allowed = problem.bound, problem.setting.one(alpha)
    return Prediction(
        id=problem.id,
        name=f"test error below the bound, {problem.name}",
        says=(
            f"networks with fewer than {bound.value} parameters have robust test error > "
            f"{allowed} on a random labelling, but for a chance of 2^-{SPARE_BITS}"
        ),
        quantity="least robust test error of a network below the bound",
        lower=Limit(allowed, bound.source, bound.vacuous),
        hypotheses=(Hypothesis("the labelling of the forced points is uniformly random", True),),
    )


def _training_error(problem: Problem, count: int) -> Prediction:
    return Prediction(
        id="thm2.2",
        name=f"training error 0, N = {count}, {problem.name}",
        says=f"{count} points are fitted robustly, whatever their labels",
        quantity="smallest size with robust training error 0",
        upper=problem.enough(count),
    )


def _hyperplane(problem: Problem) -> Prediction:
    return Prediction(
        id="thm4.4",
        name=f"hyperplane, {problem.name}",
        says="the hyperplane x_d = 1/2 solves the clean problem with 2 parameters",
        quantity="standard error of the hyperplane",
        upper=Limit(0, "Theorem 4.3's instance is linearly separable"),
    )


@dataclass(frozen=True, eq=False)
class Fit:
    """The smallest size with robust training error 0 that was certified on `count` points."""

    count: int
    size: int | None
    tried: str


@dataclass(frozen=True, eq=False)
class Curve:
    """Networks of each architecture, trained on `count` points, with their errors."""

    count: int
    groups: tuple[tuple[Learned, ...], ...]


@dataclass(frozen=True, eq=False)
class Known:
    """The hyperplane's standard error, and a construction with its form."""

    clean: RobustError
    form: str
    built: Built

    @classmethod
    def of(cls, whole: HardInstance) -> Known:
        """Of the hard instance."""
        plane = separating_hyperplane(whole.dimension)
        construction = hard_instance_network(whole)
        built = checked(construction, construction.form_size)
        return cls(robust_error(plane, whole, radius=Fraction(0)), construction.form, built)

    def row(self, problem: Problem) -> Row:
        """The construction as a place of the curve, where it is certified."""
        certificate = self.built.certificate
        return Row(
            series=problem.name,
            at={"samples": problem.m, "points": problem.m, "size": self.built.size},
            values=(0.0 if self.built.soundness is Soundness.SOUND else None,),
            more={
                "construction": self.form,
                "certificate": certificate and certificate.status.value,
            },
        )


@dataclass(frozen=True, eq=False)
class _Measured:
    """Fits of growing samples; learning curves; the least test error of a network below the bound.

    known: of the hard instance.
    """

    fits: tuple[Fit, ...]
    curves: tuple[Curve, ...]
    least: Between
    known: Known | None

    def hyperplane(self) -> Between:
        """Evidence on the hyperplane's standard error."""
        known = self.known
        return known.clean.bracket if known is not None else at_most(None, "there is none")


def _cell(problem: Problem) -> Cell[_Measured]:
    def fit(i: int) -> Callable[[_Measured], Between]:
        return lambda measured: at_most(measured.fits[i].size, measured.fits[i].tried)

    claims: list[Claim[_Measured]] = [Claim(_test_error(problem), lambda m: m.least)]
    for i, count in enumerate(problem.samples):
        claims.append(Claim(_training_error(problem, count), fit(i)))
    if isinstance(problem.whole, HardInstance):
        claims.append(Claim(_hyperplane(problem), _Measured.hyperplane))
    return Cell(
        name=problem.name,
        claims=tuple(claims),
        work=partial(_measure, problem),
        rows=partial(_rows, problem),
        weight=1 + problem.m / 60,
    )


def _measure(problem: Problem, run: Run) -> _Measured:
    fits = tuple(_fit(problem, count) for count in problem.samples)
    counts, curves = (*problem.samples[-1:], problem.m), []
    for part, count in enumerate(counts):
        seen = problem.seen(count)
        networks = trained(seen, ARCHITECTURES, problem.setting, steps=STEPS)
        groups = tested(networks, seen, problem.whole, run.part(part, len(counts)))
        curves.append(Curve(count, tuple(map(tuple, groups))))
    known = Known.of(problem.whole) if isinstance(problem.whole, HardInstance) else None
    return _Measured(fits, tuple(curves), _least(problem, curves), known)


def _fit(problem: Problem, count: int) -> Fit:
    seen = problem.seen(count)
    groups = trained(seen, ARCHITECTURES, problem.setting, steps=STEPS)
    networks = [one for group in groups for one in group]
    candidates = networks + [built.network for built in constructions(seen)]
    return Fit(count, smallest_certified(candidates, seen), problem.tried(networks))


def smallest_certified(networks: Sequence[Network], instance: Instance) -> int | None:
    """The least size that is certified, tried from the smallest up."""
    for network in sorted(networks, key=lambda one: one.size):
        answer = certify(network, instance, budget_seconds=inf, max_nodes=NODES)
        if answer.status is CertificateStatus.CERTIFIED:
            return network.size
    return None


def _least(problem: Problem, curves: Sequence[Curve]) -> Between:
    """The least test error of a network below the bound, constants among them."""
    constants = (constant_network(problem.whole.dimension, label) for label in (1, -1))
    errors = [robust_error(network, problem.whole) for network in constants]
    learned = [one for curve in curves for group in curve.groups for one in group]
    small = [one for one in learned if one.network.size < problem.bound.value]
    errors += [one.test for one in small]
    least = min(error.high for error in errors)
    return at_most(least, f"both constants, {problem.tried(small)}")


def _rows(problem: Problem, measured: _Measured) -> list[Row]:
    rows = [
        Row(
            series=f"robust training error 0, {problem.name}",
            at={"samples": float(fit.count)},
            values=(fit.size,),
            upper=problem.enough(fit.count).above,
        )
        for fit in measured.fits
    ]
    for curve in measured.curves:
        at = {"samples": float(curve.count), "points": float(problem.m)}
        rows += error_rows(problem.name, at, curve.groups, problem.bound)
    return rows if measured.known is None else [*rows, measured.known.row(problem)]


def _cells(setting: Setting) -> Iterator[Cell[_Measured]]:
    dimensions = setting.integers(d)
    for dimension in dimensions:
        yield _cell(hard_problem(dimension, setting))
    for flat in setting.integers(k):
        yield _cell(manifold_problem(flat, max(dimensions), setting))


_WHERE = {epsilon: "1/4", c: "1/2", alpha: "1/10"}

EXPERIMENT = Experiment(
    id="gap",
    covers=("gap",),
    measures="robust training error, robust test error and standard error against size and N",
    seeds_are="networks trained of each architecture on each sample",
    quick=Setting(axes=axes({**_WHERE, d: "4,5,7", k: "3", N: "4,8,16"}), seeds=2),
    full=Setting(axes=axes({**_WHERE, d: "4:7", k: "3,4", N: "4,8,16"}), seeds=8),
    quick_seconds=25,
    cells=lambda setting: list(_cells(setting)),
)
