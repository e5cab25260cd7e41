"""One door to the constructions: a theorem's id, its parameters, and where the sets come from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

import sympy as sp

from robustsize.bounds.catalogue import theorem
from robustsize.bounds.evaluate import BoundValue, bound_value, choose_form
from robustsize.bounds.statement import FormName
from robustsize.bounds.symbols import (
    BY_SYMBOL,
    InputError,
    N,
    Norm,
    Values,
    c,
    checked,
    d,
    delta,
    epsilon,
    k,
)
from robustsize.simulate.construct.limits import MOST_GRID_POINTS, check_bumps, check_grid
from robustsize.simulate.construct.result import Construction
from robustsize.simulate.data.instance import Grid, grid_axis, hard_instance
from robustsize.simulate.data.labellings import random_labelling
from robustsize.simulate.data.manifolds import flat_cube
from robustsize.simulate.data.random_sets import Kind, random_manifold_pair, random_pair
from robustsize.simulate.data.read_sets import LabelledPoints
from robustsize.simulate.data.regions import SeparatedPair
from robustsize.simulate.theorems.thm2_2.construction import robust_fit
from robustsize.simulate.theorems.thm3_3.construction import robust_classifier
from robustsize.simulate.theorems.thm4_3.construction import hard_instance_network
from robustsize.simulate.theorems.thm5_5.construction import manifold_classifier

POINTS = 20
"""Random points where --samples does not say how many."""


@dataclass(frozen=True)
class Request:
    """What to build. pair: the user's data, or None for a random instance from the seed.

    Raises InputError where a value is outside its domain.
    """

    values: Values
    norm: Norm
    pair: SeparatedPair | None
    seed: int

    def __post_init__(self) -> None:
        object.__setattr__(self, "values", checked(self.values))

    def __getitem__(self, symbol: sp.Symbol) -> Fraction:
        if symbol is d and self.pair is not None:
            return Fraction(self.pair.dimension)
        if symbol not in self.values:
            parameter = BY_SYMBOL[symbol]
            raise InputError(
                f"{parameter.option} is missing: {parameter.meaning}; "
                f"for example {parameter.option} {parameter.example}"
            )
        return self.values[symbol]

    @property
    def points(self) -> int:
        """How many points there are, the user's or random ones."""
        if self.pair is not None:
            return len(self.pair.A) + len(self.pair.B)
        return int(self.values.get(N, Fraction(POINTS)))


def build(id: str, request: Request) -> Construction:
    """The network of a theorem's upper bound for the requested sets.

    Raises InputError as `promise` does, ValueError where the sets do not fit the theorem.
    """
    promise(id, request)
    if request.pair is not None:
        return _BUILDERS[id](request)
    try:
        return _BUILDERS[id](request)
    except InputError:
        raise
    except ValueError as error:
        given = " ".join(f"{BY_SYMBOL[s].option} {value}" for s, value in request.values.items())
        raise InputError(f"{given[:200]}: {error}; for example {_EXAMPLES[id]}") from error


def promise(id: str, request: Request) -> BoundValue:
    """The explicit upper bound of the catalogue that the built network keeps.

    The hard instance of Theorem 4.3, which bounds sizes from below, is a pair for Theorem 3.3.

    Raises InputError for a theorem without a construction, a missing parameter, or parameters to
    which the bound does not apply.
    """
    _require_builder(id)
    bound = theorem("thm3.3" if id == "thm4.3" else id)
    form = choose_form(bound, request.norm, FormName.EXPLICIT)
    values = {symbol: request[symbol] for symbol in _TAKES[id]}
    return bound_value(bound, form, {**values, N: Fraction(request.points)}, request.norm)


def parameters_read(id: str, *, random: bool) -> frozenset[sp.Symbol]:
    """The parameters that a builder reads, on a random instance or on the user's data.

    Raises InputError for a theorem without a construction.
    """
    _require_builder(id)
    about_sets = {d, k, N} if id == "thm5.5" else {d} if id == "thm4.3" else {d, N}
    ratio = delta if id == "thm2.2" else c
    own_sets = random or id in ("thm4.3", "thm5.5")
    return frozenset({epsilon, ratio} | (about_sets if own_sets else set()))


def _require_builder(id: str) -> None:
    if id not in _BUILDERS:
        raise InputError(f"{id} has no construction; build one of {', '.join(_BUILDERS)}")


def notes_on_domain(id: str, data: LabelledPoints, norm: Norm) -> list[str]:
    """What to say of data outside the domain of a theorem whose construction takes it all the same.

    Raises ValueError, naming the point, where the construction cannot take it.
    """
    if id == "thm3.3":
        _require_inside(data, 0)
    if id != "thm2.2":
        return []
    if norm is Norm.TWO:
        _require_inside(data, -1)
    q = data.points.denominator
    n = abs(data.points.numerators.astype(object))
    far = n.max(axis=1) > q if norm is Norm.INF else (n * n).sum(axis=1) > q * q
    count = int(far.sum())
    if not count:
        return []
    return [
        f"{count} of the points lie outside the unit l_{norm.value} ball, in which Theorem 2.2 is "
        "stated; the explicit form and the certificate do not need that"
    ]


def _require_inside(data: LabelledPoints, low: int) -> None:
    q, n = data.points.denominator, data.points.numerators
    outside = ((n < low * q) | (n > q)).astype(bool).any(axis=1)
    if outside.any():
        raise ValueError(
            f"{data.places[int(outside.argmax())]} lies outside [{low},1]^d, where this is built; "
            "scale the data"
        )


def _pair(request: Request) -> SeparatedPair:
    if request.pair is not None:
        return request.pair
    dimension, gap = int(request[d]), request[epsilon]
    check_bumps(dimension, request.points)
    return random_pair(Kind.POINTS, dimension, gap, request.norm, request.points, seed=request.seed)


def _thm2_2(request: Request) -> Construction:
    if request[delta] >= request[epsilon]:
        raise InputError(
            f"--delta {request[delta]}: must be below --epsilon {request[epsilon]}; "
            f"for example --delta {request[epsilon] / 2}"
        )
    return robust_fit(_pair(request), request[delta])


def _thm3_3(request: Request) -> Construction:
    return robust_classifier(_pair(request), request[c])


def _thm4_3(request: Request) -> Construction:
    if request.pair is not None:
        raise InputError("thm4.3 is built for its own hard instance; give --instance random")
    dimension, gap = int(request[d]), request[epsilon]
    check_grid(gap, dimension, MOST_GRID_POINTS)
    m = len(grid_axis(gap, Grid.DENSE)) ** (dimension - 1)
    labels = random_labelling(m, request.seed)
    return hard_instance_network(hard_instance(dimension, gap, request[c], request.norm, labels))


def _thm5_5(request: Request) -> Construction:
    if request.pair is not None:
        raise InputError("thm5.5 is built on the flat k-cube; give --instance random")
    check_bumps(int(request[d]), request.points)
    manifold = flat_cube(int(request[k]), int(request[d]))
    gap, ratio = request[epsilon], request[c]
    pair = random_manifold_pair(manifold, gap, request.points, radius=gap / 8, seed=request.seed)
    return manifold_classifier(pair, manifold.covering((1 - ratio) * gap), ratio)


_TAKES: dict[str, tuple[sp.Symbol, ...]] = {
    "thm2.2": (d, epsilon, delta),
    "thm3.3": (d, epsilon, c),
    "thm4.3": (d, epsilon, c),
    "thm5.5": (d, k, epsilon, c),
}
_EXAMPLES = {
    "thm2.2": "--d 3 --epsilon 0.1 --delta 0.05 --samples 20",
    "thm3.3": "--d 3 --epsilon 0.1 --c 0.5 --samples 20",
    "thm4.3": "--d 3 --epsilon 0.25 --c 0.5",
    "thm5.5": "--d 3 --k 1 --epsilon 0.1 --c 0.5",
}
_BUILDERS: dict[str, Callable[[Request], Construction]] = {
    "thm2.2": _thm2_2,
    "thm3.3": _thm3_3,
    "thm4.3": _thm4_3,
    "thm5.5": _thm5_5,
}
