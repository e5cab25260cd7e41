"""Growth functions: upper bounds on log2 of the number of sign patterns on m points.

F_{n,L} is the class of signs of layered ReLU networks with at most n non-zero weights and biases
and at most L affine layers. A `Growth` bounds log2 Pi(m) of that class; L = n at any depth.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from math import floor

import sympy as sp
from flint import arb

from robustsize.bounds.arithmetic import balls
from robustsize.bounds.counting.hamming import entropy
from robustsize.bounds.symbols import L, d, m, n

U = sp.Symbol("U", integer=True, positive=True)
"""Units of a network, the output among them."""

Environment = dict[sp.Symbol, balls.Value]


def _log2(x: sp.Expr) -> sp.Expr:
    return sp.log(x) / sp.log(2)


@dataclass(frozen=True)
class Growth:
    """An upper bound on log2 Pi(m), as a formula in n, L, m and d.

    name: as it is written. derivation: the id of what it stands on.
    """

    name: str
    meaning: str
    derivation: str
    expression: sp.Expr

    @property
    def formula(self) -> sp.Expr:
        """The whole bound, to be read."""
        return self.expression

    def bits(
        self, size: balls.Value, points: balls.Value, dimension: int, depth: int | None
    ) -> arb | None:
        """The bound at n = size and m = points, at the working precision of `flint.ctx`.

        depth: L, None for any depth. None where the bound does not apply.
        """
        return balls.ball(balls.evaluate(self.expression, _at(size, points, dimension, depth)))


@dataclass(frozen=True)
class SauerGrowth(Growth):
    """The growth of any class whose VC dimension is at most n^2."""

    def bits(
        self, size: balls.Value, points: balls.Value, dimension: int, depth: int | None
    ) -> arb | None:
        """The bound at n = size and m = points, whatever the dimension and the depth."""
        share = balls.ball(size) ** 2 / balls.ball(points)
        return balls.ball(points) * (entropy(share) if share < arb(1) / 2 else 1)


@dataclass(frozen=True)
class UnitGrowth(Growth):
    """A bound that is a maximum over the number of units U, valid for m >= n.

    per_units: the part under the maximum, concave in real U from fewest_units to n; expression is
    the rest. least_size: fewer parameters have no more patterns, so n counts as at least that.
    near: about where the maximum is, given n, m and L; it decides how fast, not what is found.
    """

    per_units: sp.Expr
    fewest_units: sp.Expr
    least_size: sp.Expr
    near: Callable[[Environment], arb]

    @property
    def formula(self) -> sp.Expr:
        """The whole bound, to be read, with the maximum over U as a function of that name."""
        return self.expression + sp.Function("Max_U")(self.per_units)

    def bits(
        self, size: balls.Value, points: balls.Value, dimension: int, depth: int | None
    ) -> arb | None:
        """The bound at n = size and m = points; None where m < n, or without the depth it needs.

        Fewer layers have no more patterns, so L counts as at least 2.
        """
        if depth is None and L in self.per_units.free_symbols:
            return None
        at = _at(size, points, dimension, depth)
        if depth is not None:
            at[L] = Fraction(max(depth, 2))
        at[n] = balls.greatest(at[n], balls.evaluate(self.least_size, at))
        if balls.is_less(at[n], points, or_equal=True) is not True:
            return None
        return balls.ball(balls.evaluate(self.expression, at)) + self._peak(at)

    def _peak(self, at: Environment) -> arb:
        """A ball that holds the largest value over all numbers of units.

        Climbs from about where it is. Where neither neighbour is higher no other place is, because
        the term is concave. Neighbours that are integers leave nothing between them; between
        others the term stays below the lines through them.
        """

        def value(units: arb) -> arb:
            return balls.ball(balls.evaluate(self.per_units, {**at, U: units}))

        low = balls.ball(balls.evaluate(self.fewest_units, at))
        high = balls.ball(balls.evaluate(_MOST_UNITS, at))
        units, step = _start(self.near(at), low, high)
        for _ in range(_CLIMBS):
            here = value(units)
            beside = [u for u in (units - step, units + step) if low <= u <= high]
            values = [value(u) for u in beside]
            if all(v <= here for v in values):
                # A step of 1 leaves no number of units out.
                return here if step == 1 else here.union(here + max(here - v for v in values))
            higher = [u for u, v in zip(beside, values, strict=True) if v > here]
            if not higher:
                break
            units = higher[0]
        return here.union(arb("inf"))


_MOST_UNITS = n - 1
_CLIMBS = 60
_ROUNDS = 40
_CLOSE = arb(2) ** -48
_INTEGERS = 1 << 40


def _at(size: balls.Value, points: balls.Value, dimension: int, depth: int | None) -> Environment:
    layers = size if depth is None else balls.least(size, Fraction(depth))
    return {n: size, m: balls.ball(points), L: layers, d: Fraction(dimension)}


def _start(units: arb, low: arb, high: arb) -> tuple[arb, arb]:
    """Where to climb from and the step: by integers below 2^40 and at the ends, finer elsewhere."""
    if low < units < high and units > _INTEGERS:
        return units, (units / _INTEGERS).mid()
    if low < units < high:
        return arb(floor(float(units))), arb(1)
    return (high if units >= high else low), arb(1)


def _near_tree(at: Environment) -> arb:
    """Where the slope n + n/(U ln 2) - 2U - log2(2 e m U/(n - U)) of the tree term is zero."""
    size, points, log_2 = balls.ball(at[n]), balls.ball(at[m]), arb.const_log2()

    def closer(units: arb) -> arb:
        spare = size - (2 * arb.const_e() * points * units / (size - units)).log() / log_2
        return (spare + (spare**2 + 8 * size / log_2).sqrt()) / 4

    return _fixed_point(closer, size / 2)


def _near_layered(at: Environment) -> arb:
    """Where the slope in U of the layered term is zero: (n-U)(L-1)/((U-1) ln 2) = its factor."""
    size, points, layers = balls.ball(at[n]), balls.ball(at[m]), balls.ball(at[L])

    def closer(units: arb) -> arb:
        bits = layers * (2 * points / (size - units)).log() + (layers + 1).lgamma()
        bits += (layers - 1) * ((units - 1) / (layers - 1)).log() - arb.const_log2()
        share = (layers - 1) / bits
        return (1 + share * size) / (1 + share)

    return _fixed_point(closer, size / 2)


def _fixed_point(closer: Callable[[arb], arb], value: arb) -> arb:
    for _ in range(_ROUNDS):
        last, value = value, closer(value).mid()
        if abs(value - last) < _CLOSE * value:
            break
    return value


_ARCHITECTURES = n * _log2(sp.E * (n / 4 + d + 1))

COUNTED = Growth(
    name="G",
    meaning=(
        "layer i contributes at most 1 + n log2(2 e m i) bits (Bartlett, Harvey, Liaw, Mehrabian "
        "2019, Theorem 7), over at most 2^n (e (n + d + 1))^n architectures"
    ),
    derivation="C1",
    expression=L + n * L * _log2(2 * sp.E * m * L) + n + n * _log2(sp.E * (n + d + 1)),
)

LAYERED = UnitGrowth(
    name="G_layers",
    meaning="as G, with U units in L layers and the n - U parameters that rescaling leaves",
    derivation="C6",
    expression=n - 1 + _ARCHITECTURES,
    per_units=U
    + L
    + (n - U)
    * (
        L * _log2(2 * sp.E * m / (n - U))
        + _log2(sp.factorial(L))
        + (L - 1) * _log2((U - 1) / (L - 1))
    ),
    fewest_units=L,
    least_size=2 * L,
    near=_near_layered,
)

TREE = UnitGrowth(
    name="G_tree",
    meaning=(
        "a computation tree of U units has at most 2^U - 1 polynomials of degree <= U an input "
        "(Goldberg, Jerrum 1995), so that depth costs nothing"
    ),
    derivation="C6",
    expression=2 * n - 1 + _ARCHITECTURES,
    per_units=1 + (n - U) * (U + _log2(2 * sp.E * m * U / (n - U))),
    fewest_units=sp.Integer(1),
    least_size=sp.Integer(2),
    near=_near_tree,
)

SQUARED_VC = SauerGrowth(
    name="G_vc",
    meaning="VC dimension at most n^2, by Sauer's lemma",
    derivation="C2",
    expression=m * sp.Function("H")(sp.Min(sp.S.Half, n**2 / m)),
)

SHARPEST = (COUNTED, LAYERED, TREE)
"""All that bound F_{n,L}: the least of them counts."""
