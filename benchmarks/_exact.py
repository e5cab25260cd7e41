"""Exact oracles for small networks, written apart from the certifier: rationals only.

`failing_point` walks the activation patterns of a network. For each of them f is affine on a
polyhedron, and the part of it where y f <= 0 is another polyhedron. That one meets the ball where
its point nearest to the centre lies in the ball (p = 2), or where it has a point at all (p = inf,
the faces of the ball being halfspaces). One exact algorithm answers both, `Region.cut`: halfspaces
are added one by one, and where the nearest point so far is outside, the following one lies on the
plane just added (Seidel 1991). The nearest point of a rational polyhedron is rational, so that no
square root is taken.

`least_on_interval` (d = 1) follows the breakpoints, `z3_answer` asks an SMT solver: neither shares
code with the first.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import pairwise

import numpy as np
import z3
from flint import fmpq

from robustsize.simulate.data.instance import Norm
from robustsize.simulate.networks.network import Network

Vector = tuple[fmpq, ...]
Layers = list[tuple[list[Vector], Vector]]
Columns = tuple[Vector, ...]
"""A point: one vector; or two, (far, near), for near + M far with M larger than any number."""
Directions = tuple[tuple[Vector, fmpq], ...]
"""Orthogonal vectors with their squared lengths."""
ZERO = fmpq(0)


@dataclass(frozen=True)
class Problem:
    """Is sign * f > 0 on the closed l_p ball of `radius` around `centre`?"""

    network: Network
    centre: tuple[Fraction, ...]
    radius: Fraction
    p: Norm
    sign: int


@dataclass(frozen=True)
class Affine:
    """The function normal . u + offset of the offset u from the centre; also where it is >= 0."""

    normal: Vector
    offset: fmpq

    def at(self, point: Columns) -> tuple[fmpq, ...]:
        """The value in each column, to be compared from the first on."""
        *far, near = (_dot(self.normal, column) for column in point)
        return (*far, near + self.offset)

    def times(self, factor: int) -> Affine:
        """factor times the function."""
        return Affine(tuple(factor * v for v in self.normal), factor * self.offset)


@dataclass(frozen=True)
class Region:
    """A polyhedron and its point nearest to `target`; empty beyond the square of a distance."""

    target: Columns
    halfspaces: tuple[Affine, ...]
    point: Columns
    reach: fmpq | None

    @classmethod
    def around(cls, problem: Problem, *, limited: bool = True) -> Region:
        """The ball; at p = 2 the whole space unless limited, with the distance as its limit."""
        d, radius = len(problem.centre), exact(problem.radius)
        origin = ((ZERO,) * d,)
        if problem.p is Norm.TWO:
            return cls(origin, (), origin, radius**2 if limited else None)
        faces = (Affine(tuple(-side * v for v in _unit(i, d)), radius)
                 for i in range(d) for side in (1, -1))  # fmt: skip
        return cls(origin, tuple(faces), origin, None)

    def cut(self, halfspace: Affine) -> Region | None:
        """The part in a halfspace; None where there is none."""
        point = _cut(self.target, self.halfspaces, self.point, halfspace, ())
        if point is None or (self.reach is not None and _dot(point[-1], point[-1]) > self.reach):
            return None
        return replace(self, halfspaces=(*self.halfspaces, halfspace), point=point)

    def least(self, function: Affine) -> fmpq:
        """The least value of a function on the region, which is bounded."""
        target = (tuple(-v for v in function.normal), self.target[0])
        point = _nearest(target, self.halfspaces, ())
        assert point is not None
        assert not any(point[0])
        return function.at(point)[-1]


def _cut(
    target: Columns,
    halfspaces: Sequence[Affine],
    point: Columns,
    new: Affine,
    directions: Directions,
) -> Columns | None:
    """The nearest point to `target` in the halfspaces and a new one; `point` is it without that.

    All in the space through the target that is orthogonal to `directions`.
    """
    if new.at(point) >= (ZERO,) * len(point):
        return point
    free = new.normal
    for direction, square in directions:
        free = _moved(free, -_dot(new.normal, direction) / square, direction)
    square = _dot(free, free)
    if not square:
        return None
    steps = (-value / square for value in new.at(target))
    on_plane = tuple(_moved(c, step, free) for c, step in zip(target, steps, strict=True))
    return _nearest(on_plane, halfspaces, (*directions, (free, square)))


def _nearest(
    target: Columns, halfspaces: Sequence[Affine], directions: Directions
) -> Columns | None:
    point: Columns | None = target
    for i, halfspace in enumerate(halfspaces):
        if point is not None:
            point = _cut(target, halfspaces[:i], point, halfspace, directions)
    return point


def failing_point(problem: Problem, level: Fraction = Fraction(0)) -> tuple[Fraction, ...] | None:
    """A point of the closed ball where sign * f <= level; None where there is none."""
    for region, output in _pieces(problem, Region.around(problem)):
        below = output.times(-problem.sign)
        wrong = region.cut(replace(below, offset=below.offset + exact(level)))
        if wrong is not None:
            return tuple(
                c + Fraction(int(v.p), int(v.q))
                for c, v in zip(problem.centre, wrong.point[-1], strict=True)
            )
    return None


def failing_distance_squared(problem: Problem) -> Fraction | None:
    """The square of the centre's l_2 distance to where sign * f <= 0; None where that is nowhere.

    The radius does not matter.
    """
    found = []
    for region, output in _pieces(problem, Region.around(problem, limited=False)):
        wrong = region.cut(output.times(-problem.sign))
        if wrong is not None:
            found.append(_dot(wrong.point[-1], wrong.point[-1]))
    return Fraction(int(min(found).p), int(min(found).q)) if found else None


def least_value(problem: Problem) -> Fraction:
    """The least value of sign * f on the ball, p = inf."""
    pieces = _pieces(problem, Region.around(problem))
    least = min(region.least(output.times(problem.sign)) for region, output in pieces)
    return Fraction(int(least.p), int(least.q))


def _pieces(problem: Problem, ball: Region) -> Iterator[tuple[Region, Affine]]:
    """Polyhedra that cover the ball, and the affine function that f is on each."""
    d = len(problem.centre)
    inputs = [Affine(_unit(i, d), exact(c)) for i, c in enumerate(problem.centre)]
    return _through(_layers(problem.network), inputs, ball)


def _through(
    layers: Layers, inputs: list[Affine], region: Region
) -> Iterator[tuple[Region, Affine]]:
    (weights, biases), *rest = layers
    units = [_sum(row, inputs, bias) for row, bias in zip(weights, biases, strict=True)]
    if not rest:
        yield region, units[0]
        return
    for part, outputs in _signs(units, region):
        yield from _through(rest, outputs, part)


def _signs(units: list[Affine], region: Region) -> Iterator[tuple[Region, list[Affine]]]:
    """The parts of a region by the units' signs, and what the units hand on there."""
    if not units:
        yield region, []
        return
    first, *rest = units
    off = first.times(0)
    for halfspace, output in ((first, first), (first.times(-1), off)):
        part = region.cut(halfspace)
        if part is not None:
            for smaller, outputs in _signs(rest, part):
                yield smaller, [output, *outputs]


def _sum(row: Vector, inputs: list[Affine], bias: fmpq) -> Affine:
    normal, offset = inputs[0].times(0).normal, bias
    for weight, function in zip(row, inputs, strict=True):
        if weight:
            normal = _moved(normal, weight, function.normal)
            offset += weight * function.offset
    return Affine(normal, offset)


def exact(value: Fraction | float) -> fmpq:
    """The number as it is."""
    return fmpq(*value.as_integer_ratio())


def _layers(network: Network) -> Layers:
    return [
        ([tuple(exact(float(w)) for w in row) for row in weight],
         tuple(exact(float(b)) for b in bias))
        for weight, bias in zip(dense(network), network.biases, strict=True)
    ]  # fmt: skip


def dense(network: Network) -> list[np.ndarray]:
    """The weights as plain arrays."""
    return [w if isinstance(w, np.ndarray) else w.toarray() for w in network.weights]


def _unit(i: int, d: int) -> Vector:
    return tuple(fmpq(int(i == j)) for j in range(d))


def _dot(a: Vector, b: Vector) -> fmpq:
    return sum((v * w for v, w in zip(a, b, strict=True)), ZERO)


def _moved(a: Vector, step: fmpq, b: Vector) -> Vector:
    return tuple(v + step * w for v, w in zip(a, b, strict=True))


def least_on_interval(problem: Problem) -> Fraction:
    """The least value of sign * f on the ball in dimension 1, at the ends and the breakpoints."""
    (centre,), radius = problem.centre, problem.radius
    knots = [centre - radius, centre + radius]
    rows = [list(knots)]
    for t, (weight, bias) in enumerate(zip(dense(problem.network), problem.network.biases,
                                           strict=True)):  # fmt: skip
        units = [
            [sum((Fraction(float(w)) * h for w, h in zip(row, column, strict=True)),
                 Fraction(float(b))) for column in zip(*rows, strict=True)]
            for row, b in zip(weight, bias, strict=True)
        ]  # fmt: skip
        if t == problem.network.depth - 1:
            return min(problem.sign * v for v in units[0])
        crossings = {
            x - z * (y - x) / (w - z)
            for unit in units
            for (x, z), (y, w) in pairwise(zip(knots, unit, strict=True))
            if z * w < 0
        }
        finer = sorted({*knots, *crossings})
        rows = [[max(_between(x, knots, unit), Fraction(0)) for x in finer] for unit in units]
        knots = finer
    raise AssertionError("a network has a last layer")


def _between(x: Fraction, knots: list[Fraction], values: list[Fraction]) -> Fraction:
    """Linear interpolation."""
    if x in knots:
        return values[knots.index(x)]
    for (a, v), (b, w) in pairwise(zip(knots, values, strict=True)):
        if a < x < b:
            return v + (w - v) * (x - a) / (b - a)
    raise AssertionError("x lies between the first knot and the last")


def z3_answer(problem: Problem, milliseconds: int) -> bool | None:
    """Whether sign * f > 0 on the ball, by an SMT solver; None where it does not say in time."""
    solver = z3.Solver()
    solver.set("timeout", milliseconds)
    steps = [z3.Real(f"u{i}") for i in range(len(problem.centre))]
    radius = z3.RealVal(str(problem.radius))
    if problem.p is Norm.INF:
        solver.add(*(z3.And(-radius <= u, u <= radius) for u in steps))
    else:
        solver.add(z3.Sum([u * u for u in steps]) <= radius * radius)
    values = [u + z3.RealVal(str(c)) for u, c in zip(steps, problem.centre, strict=True)]
    for t, (weight, bias) in enumerate(zip(dense(problem.network), problem.network.biases,
                                           strict=True)):  # fmt: skip
        units = [_z3_sum(row, values, b) for row, b in zip(weight, bias, strict=True)]
        if t == problem.network.depth - 1:
            solver.add(problem.sign * units[0] <= 0)
            break
        values = [z3.Real(f"h{t}_{k}") for k in range(len(units))]
        for h, z in zip(values, units, strict=True):
            solver.add(z3.Or(z3.And(z >= 0, h == z), z3.And(z <= 0, h == 0)))
    answer = solver.check()
    return None if answer == z3.unknown else answer == z3.unsat


def _z3_sum(row: np.ndarray, values: list[z3.ArithRef], bias: float) -> z3.ArithRef:
    terms = [z3.RealVal(str(Fraction(float(w)))) * v for w, v in zip(row, values, strict=True) if w]
    return z3.Sum([z3.RealVal(str(Fraction(float(bias)))), *terms])
