"""Certificates and counterexamples in rational arithmetic, where floats cannot decide."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise, repeat
from math import isqrt, lcm
from operator import lshift, mul
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from robustsize.simulate.certifier.ball import rounded_down
from robustsize.simulate.certifier.polytope import EMPTY, dual_simplex
from robustsize.simulate.instance import Norm, Point
from robustsize.simulate.network import Network

_DESCENTS = 8
_CUTS = 30
_ROOT_BITS = 120


def _integers(values: NDArray[np.float64]) -> tuple[list[int], int]:
    """values * 2^bits, which are integers, and bits."""
    mantissas, exponents = np.frexp(values)
    bits = 53 - int(exponents.min(initial=53))
    whole, shifts = (mantissas * 2.0**53).astype(np.int64), exponents + (bits - 53)
    return list(map(lshift, whole.tolist(), shifts.tolist())), bits


def _over(denominator: int, values: Iterable[Fraction]) -> list[int]:
    """Numerators of the values over a common denominator."""
    return [v.numerator * (denominator // v.denominator) for v in values]


def scaled_value(network: Network, x: Point) -> Fraction:
    """`Network.exact` in integers over one denominator a layer: no gcd, nothing for units at 0."""
    scale = lcm(*(v.denominator for v in x))
    z, on = _over(scale, x), list(range(len(x)))
    for weight, bias in zip(network.weights, network.biases, strict=True):
        h = [*(z[k] for k in on), scale]
        inputs: Iterable[list[int]]
        if isinstance(weight, np.ndarray):
            entries = np.concatenate([weight[:, on], bias[:, None]], axis=1).reshape(-1)
            cuts = list(pairwise(range(0, entries.size + 1, len(h))))
            inputs = repeat(h)
        else:
            rows = sparse.hstack([weight[:, on], sparse.csr_array(bias[:, None])], format="csr")
            entries, columns = rows.data, rows.indices.tolist()
            cuts = list(pairwise(rows.indptr.tolist()))
            inputs = ([h[k] for k in columns[a:b]] for a, b in cuts)
        factors, bits = _integers(entries)
        z = [sum(map(mul, factors[a:b], v)) for (a, b), v in zip(cuts, inputs, strict=False)]
        scale <<= bits
        on = [k for k, v in enumerate(z) if v > 0]
    return Fraction(z[0], scale)


class Refutation(NamedTuple):
    """A point of the ball, and the value of sign * f there, at most 0."""

    value: Fraction
    point: Point


@dataclass(frozen=True)
class ExactBall:
    """sign * f is to be positive on the closed l_p ball of `radius` around `centre`."""

    network: Network
    centre: Point
    radius: Fraction
    p: Norm
    sign: int

    def value(self, x: Point) -> Fraction:
        """Sign times f, exactly."""
        return self.sign * scaled_value(self.network, x)

    def contains(self, x: Point) -> bool:
        """Whether x lies in the closed ball."""
        scale = lcm(*(v.denominator for v in (*x, *self.centre, self.radius)))
        at, centre = _over(scale, x), _over(scale, self.centre)
        offsets = [v - c for v, c in zip(at, centre, strict=True)]
        (radius,) = _over(scale, (self.radius,))
        if self.p is Norm.INF:
            return max(map(abs, offsets)) <= radius
        return sum(v * v for v in offsets) <= radius**2

    def tangent(self, x: Point) -> NDArray:
        """Coefficients and constant of a function >= 0 on the l_2 ball and < 0 at x far outside."""
        normal = [Fraction(float(v - c)) for v, c in zip(x, self.centre, strict=True)]
        length = _root_above(sum((n * n for n in normal), Fraction(0)))
        middle = sum((n * c for n, c in zip(normal, self.centre, strict=True)), Fraction(0))
        return np.array([*(-n for n in normal), middle + self.radius * length], dtype=object)

    def refuting(self, candidate: Iterable[float | Fraction]) -> Refutation | None:
        """A point of the ball where sign * f <= 0, sought from a candidate; None if not found.

        The candidate as it is comes first. Then, starting from it put on the ball's surface, where
        it nearly is there, and from itself, the least point over the ball of the linear piece at
        the best point so far is tried.
        """
        x = tuple(Fraction(v) for v in candidate)
        inside = self.contains(x)
        if inside:
            value = self.value(x)
            if value <= 0:
                return Refutation(value, x)
        for at in (self._to_surface(x), x):
            if (inside and at is x) or self.contains(at):
                found = self._descend(at)
                if found:
                    return found
        return None

    def _descend(self, at: Point) -> Refutation | None:
        best = self.value(at)
        for _ in range(_DESCENTS):
            if best <= 0:
                return Refutation(best, at)
            following = self._least_of_piece(at, best)
            value = self.value(following)
            if value >= best:
                return None
            best, at = value, following
        return Refutation(best, at) if best <= 0 else None

    def _to_surface(self, x: Point) -> Point:
        """p = inf: coordinates near a face or outside put on it. p = 2: pulled back if outside."""
        steps = [v - c for v, c in zip(x, self.centre, strict=True)]
        if self.p is Norm.INF:
            near = self.radius * (1 - Fraction(1, 2**40))
            steps = [s if abs(s) < near else self.radius * (1 if s > 0 else -1) for s in steps]
        elif not self.contains(x):
            scale = self.radius / _root_above(sum((s * s for s in steps), Fraction(0)))
            steps = [s * scale for s in steps]
        return tuple(c + s for c, s in zip(self.centre, steps, strict=True))

    def _least_of_piece(self, x: Point, value: Fraction) -> Point:
        """Where the linear piece of sign * f at x is least on the ball (nearly, if p = 2)."""
        slope = [self.sign * g for g in _gradient(self.network, x)]
        if self.p is Norm.INF:
            steps = [self.radius if g > 0 else -self.radius for g in slope]
            return tuple(
                c if g == 0 else c - step
                for c, g, step in zip(self.centre, slope, steps, strict=True)
            )
        square = sum((g * g for g in slope), Fraction(0))
        if square == 0:
            return x
        offset = sum(
            (g * (c - v) for g, c, v in zip(slope, self.centre, x, strict=True)), Fraction(0)
        )
        at_centre = value + offset
        # where the piece is 0 exactly at its least point, that point is rational
        share = at_centre / square
        if share <= 0 or share**2 * square != self.radius**2:
            share = self.radius / _root_above(square)
        return tuple(c - share * g for c, g in zip(self.centre, slope, strict=True))


def _root_above(square: Fraction) -> Fraction:
    """A rational just above the square root."""
    scaled = square.numerator * 4**_ROOT_BITS * square.denominator
    return Fraction(isqrt(scaled) + 1, square.denominator * 2**_ROOT_BITS)


def _rows(network: Network, layer: int) -> sparse.csr_array:
    return sparse.csr_array(network.weights[layer])


def _gradient(network: Network, x: Point) -> list[Fraction]:
    """Slope of the linear piece of f at x; a unit at 0 counts as off."""
    h, active = list(x), []
    layers = [_rows(network, i) for i in range(network.depth)]
    for rows, bias in zip(layers[:-1], network.biases[:-1], strict=True):
        h = [max(v, Fraction(0)) for v in _affine(rows, bias, h)]
        active.append([v > 0 for v in h])
    back = [Fraction(1)]
    for i in range(network.depth - 1, -1, -1):
        into = [Fraction(0)] * layers[i].shape[1]
        for j, b in enumerate(back):
            if b:
                for at in range(layers[i].indptr[j], layers[i].indptr[j + 1]):
                    into[layers[i].indices[at]] += b * Fraction(float(layers[i].data[at]))
        back = (
            [v if on else Fraction(0) for v, on in zip(into, active[i - 1], strict=True)]
            if i
            else into
        )
    return back


def _affine(rows: sparse.csr_array, bias: NDArray[np.float64], h: list[Fraction]) -> list[Fraction]:
    out = [Fraction(float(b)) for b in bias]
    for j in range(len(out)):
        for at in range(rows.indptr[j], rows.indptr[j + 1]):
            out[j] += Fraction(float(rows.data[at])) * h[rows.indices[at]]
    return out


def leaf_verdict(
    ball: ExactBall,
    lo: NDArray[np.float64],
    hi: NDArray[np.float64],
    active: NDArray[np.bool_],
    split: NDArray[np.float64],
) -> float | Refutation | None:
    """Settle sign * f > 0 on a leaf, where each hidden unit's sign is known, in rationals.

    The leaf is the part of the ball in the box lo..hi where the units with split != 0 have that
    sign; the other units have, proved elsewhere, the sign `active` says.

    Returns a positive lower bound (+inf where the leaf is empty), or a refutation, or None where
    neither was found (possible at p = 2 only).
    """
    forms = _linear_forms(ball.network, active)
    output = ball.sign * forms[-1][0]
    units = np.concatenate(forms[:-1]) if len(forms) > 1 else output[None][:0]
    chosen = np.flatnonzero(split)
    rows = np.array([units[k] * (1 if split[k] > 0 else -1) for k in chosen], dtype=object)
    rows = rows.reshape(len(chosen), len(output))
    low = [max(Fraction(float(v)), c - ball.radius) for v, c in zip(lo, ball.centre, strict=True)]
    high = [min(Fraction(float(v)), c + ball.radius) for v, c in zip(hi, ball.centre, strict=True)]
    if any(a > b for a, b in zip(low, high, strict=True)):
        return np.inf
    for _ in range(_CUTS if ball.p is Norm.TWO else 1):
        status, beta, x = _solve(output, low, high, rows)
        mixed = -(beta @ rows) if status == EMPTY else output - beta @ rows
        terms = (min(a * v, a * w) for a, v, w in zip(mixed[:-1], low, high, strict=True))
        bound = mixed[-1] + sum(terms, Fraction(0))
        if bound > 0:
            return np.inf if status == EMPTY else rounded_down(bound)
        if ball.contains(x):
            break
        rows = np.vstack([rows, ball.tangent(x)])
    return ball.refuting(x)


def _linear_forms(network: Network, active: NDArray[np.bool_]) -> list[NDArray]:
    """Each layer's pre-activations as linear functions of x under a pattern: shape (n_i, d+1)."""
    d, start = network.input_dim, 0
    current = np.array([[Fraction(int(i == j)) for j in range(d + 1)] for i in range(d)], object)
    forms = []
    for i, bias in enumerate(network.biases):
        rows = _rows(network, i)
        out = np.full((len(bias), d + 1), Fraction(0), dtype=object)
        for j in range(len(bias)):
            out[j, d] = Fraction(float(bias[j]))
            for at in range(rows.indptr[j], rows.indptr[j + 1]):
                out[j] += Fraction(float(rows.data[at])) * current[rows.indices[at]]
        forms.append(out)
        if i < network.depth - 1:
            on = active[start : start + len(bias)]
            current = out.copy()
            current[~on] = Fraction(0)
            start += len(bias)
    return forms


def _solve(
    cost: NDArray, low: list[Fraction], high: list[Fraction], rows: NDArray
) -> tuple[int, NDArray, Point]:
    """The dual simplex of `polytope` on rationals: status, beta, x."""
    count, d = len(rows), len(low)

    def empty(*shape: int) -> NDArray:
        return np.full(shape, Fraction(0), dtype=object)

    work = (empty(count, d), empty(d), empty(d), empty(count), empty(d))
    status = dual_simplex.py_func(cost, low, high, rows, count, Fraction(0), work)
    return status, work[3], tuple(work[4])
