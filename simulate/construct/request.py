"""What is asked of a construction, and what a theorem's folder offers: its `BUILDER`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

import sympy as sp

from robustsize.bounds.symbols import BY_SYMBOL, InputError, N, Norm, Values, checked, d, epsilon, k
from robustsize.simulate.construct.limits import check_bumps
from robustsize.simulate.construct.result import Construction
from robustsize.simulate.data.random_sets import Kind, random_pair
from robustsize.simulate.data.regions import SeparatedPair

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

    def sets(self) -> SeparatedPair:
        """The user's, or random points.

        Raises InputError where there would be too many.
        """
        if self.pair is not None:
            return self.pair
        dimension = int(self[d])
        check_bumps(dimension, self.points)
        return random_pair(
            Kind.POINTS, dimension, self[epsilon], self.norm, self.points, seed=self.seed
        )


@dataclass(frozen=True, kw_only=True)
class Builder:
    """How the network of a theorem's upper bound is built.

    takes: the parameters of that bound, without the number of points. example: options that it can
    be built at. bound: the theorem that promises it; None for the theorem itself. sampled: whether
    random sets have a number of points. own_sets: it is built for sets of its own, never a user's.
    """

    build: Callable[[Request], Construction]
    takes: tuple[sp.Symbol, ...]
    example: str
    bound: str | None = None
    sampled: bool = True
    own_sets: bool = False

    def reads(self, *, random: bool) -> frozenset[sp.Symbol]:
        """The parameters that are read, on random sets or on the user's."""
        if random or self.own_sets:
            return frozenset(self.takes) | ({N} if self.sampled else set())
        return frozenset(self.takes) - {d, k}
