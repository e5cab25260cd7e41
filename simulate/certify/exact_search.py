"""The decision in rational arithmetic, by splits on hidden units alone: what floats cannot settle.

With the signs of all units known f is linear, and whether sign * f > 0 holds where the units have
these signs is a linear program on the box, or the projection of the centre on a polyhedron for the
l_2 ball: rational both times. So every leaf is decided, and splits go on only where a sign is
open: small networks are settled whatever their magnitudes. Rationals are FLINT's here, for speed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import numpy as np
from flint import fmpq
from numpy.typing import NDArray

from robustsize.simulate.certify.polytope import EMPTY, OPTIMAL, dual_simplex
from robustsize.simulate.checker.dual import exactly_inside
from robustsize.simulate.checker.forest import Leaves
from robustsize.simulate.checker.points import PointsChecker
from robustsize.simulate.data.instance import Norm, Point

_ZERO, _ONE = fmpq(0), fmpq(1)


@dataclass(frozen=True, eq=False)
class ExactRegion:
    """The part of a closed ball in a box where sign * f > 0 is to be decided; all exact.

    The box matters for p = inf only; for p = 2 the ball is taken whole.
    """

    weights: tuple[NDArray[Any], ...]
    biases: tuple[NDArray[Any], ...]
    centre: NDArray[Any]
    radius: fmpq
    p: Norm
    low: NDArray[Any]
    high: NDArray[Any]

    @classmethod
    def of(cls, checker: PointsChecker, leaf: Leaves) -> ExactRegion:
        """The ball of a leaf's point and the leaf's box; the leaf is the only one given."""
        whole = cls.whole(checker, int(leaf.root[0]))
        ball, d = checker.exact_ball(int(leaf.root[0])), checker.instance.dimension
        low = _rationals(exactly_inside(leaf.low[0, :d], ball.low[0, :d], 1))
        high = _rationals(exactly_inside(leaf.high[0, :d], ball.high[0, :d], -1))
        return replace(whole, low=low, high=high)

    @classmethod
    def whole(cls, checker: PointsChecker, index: int) -> ExactRegion:
        """The whole ball of a point."""
        ball, layers = checker.exact_ball(index), checker.exact_layers
        sign = int(ball.sign[0, 0])
        *hidden, last = layers.matrices
        matrices = [*(matrix[:-1] for matrix in hidden), sign * last]
        weights, biases = zip(*((m[:, :-1], m[:, -1]) for m in matrices), strict=True)
        d = checker.instance.dimension
        centre, low, high = (_rationals(v[0, :d]) for v in (ball.centre, ball.low, ball.high))
        radius = _rationals(np.array([ball.radius]))[0]
        network = tuple(map(_rationals, weights)), tuple(map(_rationals, biases))
        return cls(*network, centre, radius, checker.instance.p, low, high)


@dataclass(frozen=True)
class ExactLeaf:
    """A leaf settled: multipliers of the signs of units, and whether it is empty."""

    beta: Mapping[int, Fraction]
    empty: bool


@dataclass(frozen=True)
class Divided:
    """A region to be divided by the sign of a unit."""

    unit: int


def decide(region: ExactRegion, split: Sequence[int]) -> ExactLeaf | Divided | Point | None:
    """What is known of the region where units have the signs of `split` (0: not chosen).

    A point is one of the region where sign * f <= 0. None: the linear program did not end.
    """
    forms, unit = _forms(region, split)
    signed = {k: s * forms[k] for k, s in enumerate(split) if s and k < len(forms)}
    output = forms[-1] if unit is None else None
    found = (_on_box if region.p is Norm.INF else _on_ball)(region, signed, output)
    return Divided(unit) if found is None and unit is not None else found


def _forms(region: ExactRegion, split: Sequence[int]) -> tuple[list[NDArray[Any]], int | None]:
    """The units' arguments as linear functions of x, as far as signs are known.

    Each has d coefficients and a constant. Comes with the first unit of open sign, whose form is
    the last one then; without one the output's form is last.
    """
    d = len(region.centre)
    current = np.full((d, d + 1), _ZERO, dtype=object)
    current[np.arange(d), np.arange(d)] = _ONE
    forms: list[NDArray[Any]] = []
    *hidden, last = zip(region.weights, region.biases, strict=True)
    for weight, bias in hidden:
        layer = weight @ current
        layer[:, d] += bias
        following = np.full_like(layer, _ZERO)
        for k, form in enumerate(layer):
            sign = split[len(forms)] or _sign(region, form)
            forms.append(form)
            if not sign:
                return forms, len(forms) - 1
            if sign > 0:
                following[k] = form
        current = following
    form = last[0] @ current
    form[:, d] += last[1]
    return [*forms, form[0]], None


def _rationals(values: NDArray[Any]) -> NDArray[Any]:
    """Fractions as FLINT's rationals."""
    found = np.empty(values.shape, dtype=object)
    found.reshape(-1)[:] = [fmpq(v.numerator, v.denominator) for v in values.reshape(-1).tolist()]
    return found


def _fraction(value: fmpq) -> Fraction:
    return Fraction(int(value.p), int(value.q))


def _sign(region: ExactRegion, form: NDArray[Any]) -> int:
    """The sign of a linear function on box and ball, 0 where it is open, as the checker sees it."""
    slope, constant = form[:-1], form[-1]
    rising = np.where(slope > 0, slope, 0)
    falling = slope - rising
    if constant + rising @ region.low + falling @ region.high >= 0:
        return 1
    if constant + rising @ region.high + falling @ region.low <= 0:
        return -1
    if region.p is Norm.TWO:
        middle = constant + slope @ region.centre
        if middle * middle > region.radius**2 * (slope @ slope):
            return 1 if middle > 0 else -1
    return 0


def _on_box(
    region: ExactRegion, signed: dict[int, NDArray[Any]], output: NDArray[Any] | None
) -> ExactLeaf | Point | None:
    """By linear programming: the least output, or without one whether the region is empty."""
    d, units = len(region.centre), list(signed)
    cost = np.full(d + 1, _ZERO, dtype=object) if output is None else output
    rows = np.array([signed[k] for k in units], dtype=object).reshape(len(units), d + 1)
    work = tuple(
        np.full(shape, _ZERO, dtype=object)
        for shape in ((len(units), d), (d,), (d,), (len(units),), (d,))
    )
    if any(region.low > region.high):
        return ExactLeaf({}, empty=True)
    status = dual_simplex.py_func(
        cost, list(region.low), list(region.high), rows, len(units), _ZERO, work
    )
    beta = {k: _fraction(b) for k, b in zip(units, work[3], strict=True) if b > 0}
    if status == EMPTY:
        return ExactLeaf(beta, empty=True)
    if output is None or status != OPTIMAL:
        return None
    value = output[d] + output[:d] @ work[4]
    return tuple(map(_fraction, work[4])) if value <= 0 else ExactLeaf(beta, empty=False)


def _on_ball(
    region: ExactRegion, signed: dict[int, NDArray[Any]], output: NDArray[Any] | None
) -> ExactLeaf | Point | None:
    """By the point nearest to the centre that has the signs and sign * f <= 0.

    Where it lies outside the ball, its multipliers separate the two.
    """
    rows = [*signed.values()] + ([] if output is None else [-output])
    step, multipliers = _nearest(region, rows)
    if step is not None and step @ step <= region.radius**2:
        return None if output is None else tuple(map(_fraction, region.centre + step))
    share = _ZERO if output is None else multipliers.pop(len(rows) - 1, _ZERO)
    units = list(signed)
    beta = {units[i]: _fraction(m / (share or _ONE)) for i, m in multipliers.items()}
    return ExactLeaf(beta, empty=not share)


def _nearest(
    region: ExactRegion, rows: list[NDArray[Any]]
) -> tuple[NDArray[Any] | None, dict[int, fmpq]]:
    """The step u from the centre to the nearest point with all rows >= 0, and its multipliers.

    Goldfarb and Idnani's dual method (1983): u = sum of multipliers times normals throughout, and
    |u| rises, so that it ends early once u leaves the ball. u is None where no point has all rows
    >= 0: there the multipliers sum the normals to 0 and the rows to a negative number.
    """
    centre = np.array([*region.centre, _ONE], dtype=object)
    normals, levels = [row[:-1] for row in rows], [row @ centre for row in rows]
    u, active = np.full(len(region.centre), _ZERO, dtype=object), dict[int, fmpq]()
    while u @ u <= region.radius**2:
        broken = [k for k in range(len(rows)) if k not in active and normals[k] @ u + levels[k] < 0]
        if not broken:
            break
        k, gained = broken[0], _ZERO
        while k not in active:
            held = list(active)
            shares = _projection([normals[j] for j in held], normals[k])
            pairs = list(zip(shares, held, strict=True))
            free = normals[k] - sum((s * normals[j] for s, j in pairs), _ZERO)
            limits = [(active[j] / s, j) for s, j in pairs if s > 0]
            room = free @ free
            full = -(normals[k] @ u + levels[k]) / room if room else None
            if full is None and not limits:
                return None, {k: _ONE, **{j: -s for s, j in pairs if s}}
            first = min(limits)[0] if limits else None
            size = full if first is None or (full is not None and full <= first) else first
            assert size is not None
            u, gained = u + size * free, gained + size
            for s, j in pairs:
                active[j] -= size * s
            if size == full:
                active[k] = gained
            else:
                del active[min(limits)[1]]
    return u, {j: m for j, m in active.items() if m}


def _projection(normals: list[NDArray[Any]], onto: NDArray[Any]) -> list[fmpq]:
    """Shares of linearly independent normals whose sum is nearest to `onto`: Gram's equations."""
    size = len(normals)
    table = [[a @ b for b in normals] + [a @ onto] for a in normals]
    for i in range(size):
        pivot = next(j for j in range(i, size) if table[j][i])
        table[i], table[pivot] = table[pivot], table[i]
        table[i] = [v / table[i][i] for v in table[i]]
        for j in range(size):
            if j != i and table[j][i]:
                factor = table[j][i]
                table[j] = [a - factor * b for a, b in zip(table[j], table[i], strict=True)]
    return [row[size] for row in table]
