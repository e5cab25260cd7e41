"""Intervals through the layers of a narrow network in integers, pairs of layers taken together.

Plain intervals lose that units of one layer read the same input. Where several units read one
input h alone, what they add to a row of the following layer is a piecewise linear function of h,
whose range is found exactly at the ends and the kinks. So a digit, (relu(h + gap) - relu(h)) / gap,
is known to lie in [0, 1] wherever h does.

Values are integers over one denominator a layer; each array holds lower and upper ends, shape
(2, units, boxes).
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import reduce
from math import ceil, floor, gcd, inf, lcm
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from robustsize.simulate.networks.network import Weight

_Row = list[tuple[int, Fraction]]


@dataclass(frozen=True, eq=False)
class ExactLayer:
    """An affine layer: for each row the columns and values of its weights, and its bias."""

    rows: list[_Row]
    bias: list[Fraction]
    denominator: int
    """Of all weights."""

    @classmethod
    def of(cls, weight: Weight, bias: NDArray[np.float64]) -> ExactLayer:
        """The float entries as they are."""
        W = sparse.csr_array(weight)
        values = [Fraction(float(v)) for v in W.data]
        rows = [
            [(int(W.indices[i]), values[i]) for i in range(start, stop) if values[i]]
            for start, stop in zip(W.indptr[:-1], W.indptr[1:], strict=True)
        ]
        q = lcm(*{v.denominator for v in values})
        return cls(rows, [Fraction(float(b)) for b in bias], q)

    def lone_readers(self) -> dict[int, list[int]]:
        """For each input the rows that read it and nothing else, if these are two or more."""
        readers: dict[int, list[int]] = {}
        for i, row in enumerate(self.rows):
            if len(row) == 1:
                readers.setdefault(row[0][0], []).append(i)
        return {j: units for j, units in readers.items() if len(units) > 1}


def exact_bounds(
    ends: NDArray[Any], q: int, layers: list[ExactLayer]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Bounds on the network's value, rounded outwards, from the arguments of one hidden layer.

    ends: integers over q, the arguments' lower and upper ends. layers: the affine layers after it.
    """
    before: tuple[NDArray[Any], int, ExactLayer] | None = None
    for layer in layers:
        h = np.maximum(ends, 0)
        ends, following = _plain(h, q, layer)
        if before is not None:
            _tighten(ends, following, h, q, layer, *before)
        before = h, q, layer
        ends, q = _shortened(ends, following)
    lower, upper = (np.array([_quotient(v, q) for v in row]) for row in ends[:, 0].tolist())
    return np.nextafter(lower, -np.inf), np.nextafter(upper, np.inf)


def _plain(h: NDArray[Any], q: int, layer: ExactLayer) -> tuple[NDArray[Any], int]:
    """Interval arithmetic row by row."""
    following = lcm(q * layer.denominator, *{b.denominator for b in layer.bias})
    scale = following // q
    out = np.empty((2, len(layer.rows), h.shape[2]), dtype=object)
    for i, (row, bias) in enumerate(zip(layer.rows, layer.bias, strict=True)):
        out[:, i] = int(bias * following)
        for j, weight in row:
            out[:, i] += _product(h[:, j], int(weight * scale))
    return out, following


def _product(interval: NDArray[Any], factor: int) -> NDArray[Any]:
    """factor * interval, shape (2, boxes)."""
    return interval * factor if factor >= 0 else interval[::-1] * factor


def _tighten(
    ends: NDArray[Any],
    q: int,
    middle: NDArray[Any],
    q_middle: int,
    layer: ExactLayer,
    inputs: NDArray[Any],
    q_inputs: int,
    first: ExactLayer,
) -> None:
    """Replace in `ends` what lone readers of one input add plainly by that function's range.

    inputs -> first -> middle -> layer -> ends; inputs and middle after the ReLU.
    """
    for j, units in first.lone_readers().items():
        # Few different intervals arrive at one unit; each is bounded once.
        distinct, which = _distinct(inputs[:, j])
        hinges = {u: (first.rows[u][0][1], first.bias[u]) for u in units}
        for i, row in enumerate(layer.rows):
            terms = [(weight, *hinges[u]) for u, weight in row if u in hinges]
            if len(terms) < 2:
                continue
            ranges = [
                _range(terms, Fraction(a, q_inputs), Fraction(b, q_inputs), q) for a, b in distinct
            ]
            ends[:, i] += np.array(ranges, dtype=object).T[:, which]
            for u, weight in row:
                if u in hinges:
                    ends[:, i] -= _product(middle[:, u], int(weight * (q // q_middle)))


def _distinct(intervals: NDArray[Any]) -> tuple[list[tuple[int, int]], NDArray[np.int64]]:
    """The different columns of a (2, boxes) array, and which of them each box has."""
    number: dict[tuple[int, int], int] = {}
    which = [number.setdefault(pair, len(number)) for pair in zip(*intervals.tolist(), strict=True)]
    return list(number), np.array(which)


def _range(
    terms: list[tuple[Fraction, Fraction, Fraction]], low: Fraction, high: Fraction, q: int
) -> tuple[int, int]:
    """Least and greatest sum of w relu(s h + b) over h in [low, high], outwards over q."""
    knots = {-b / s for _, s, b in terms}
    places = [low, *({h for h in knots if low < h < high}), *([high] if high > low else [])]
    values = [sum(w * max(s * h + b, Fraction(0)) for w, s, b in terms) for h in places]
    return floor(min(values) * q), ceil(max(values) * q)


def _shortened(ends: NDArray[Any], q: int) -> tuple[NDArray[Any], int]:
    """The same with common factors of all numerators and the denominator taken out."""
    shared = reduce(gcd, ends.ravel().tolist(), q)
    return (ends // shared, q // shared) if shared > 1 else (ends, q)


def _quotient(v: int, q: int) -> float:
    """v / q rounded to nearest, infinite where it is too large."""
    try:
        return v / q
    except OverflowError:
        return inf if v > 0 else -inf
