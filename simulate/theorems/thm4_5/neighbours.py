"""The nearest-neighbour rule with few stored points on the hard instance, in exact integers.

It answers with the label of the nearest stored point in l_2, the one stored first where several
are nearest. A stored point has d + 1 parameters: its coordinates and its label.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from math import ceil, e, lcm, log2

import numpy as np
from numpy.typing import NDArray

from robustsize.bounds.symbols import Norm
from robustsize.simulate.data.instance import HardInstance
from robustsize.simulate.experiment.robust_error import RobustError

MOST_DENOMINATOR = 1 << 10
"""Of the coordinates, so that squares of squared distances stay exact in int64."""
_RIVALS = 8
"""Nearest stored points of the right label that are tried against each of the wrong label."""
_TEMPTERS = 4
_PASSES = 50
_CHUNK = 128
_FAR = np.int64(1) << 40


class CentreNeighbours:
    """1-NN rules that store some centres (grid point, 1/2) of one hard instance, each labelled.

    points, centres: shape (m, d), multiplied by a common denominator D, so that all is exact in
    int64. squared, between: squared l_2 distances of points from centres, and between centres.
    apart: the dual norm of the difference of two centres (l_1 for p = inf), for p = 2 its square.

    Raises ValueError where the denominators are too large for exact int64.
    """

    def __init__(self, instance: HardInstance) -> None:
        self.labels = np.asarray(instance.labels, dtype=np.int64)
        self.d, self.p = instance.dimension, instance.p
        D = lcm(instance.radius.denominator, *(v.denominator for x in instance.points for v in x))
        if D > MOST_DENOMINATOR:
            raise ValueError(
                f"common denominator {D} of the coordinates is above {MOST_DENOMINATOR}"
            )
        self.radius = int(instance.radius * D)
        self.points = _scaled(instance.points, D)
        self.centres = _scaled(instance.centres(), D)
        self.squared = _squared(self.points, self.centres)
        self.between = _squared(self.centres, self.centres)
        self.apart = self.between if self.p is Norm.TWO else _l1(self.centres)

    def size(self, stored: NDArray[np.int64]) -> int:
        """Number n of parameters of the rule that stores those centres."""
        return len(stored) * (self.d + 1)

    def certified(self, balls: NDArray[np.int64], stored: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Which balls get their label throughout; False where that is not shown.

        A stored q of the wrong label is out of the ball around x where some stored p of the right
        one is nearer throughout. |x'-p|^2 - |x'-q|^2 is affine in x', its maximum over the ball is
        its value at x plus 2 r times the dual norm of q - p.
        """
        result = np.zeros(len(balls), dtype=bool)
        for label in (-1, 1):
            of_label = np.flatnonzero(self.labels[balls] == label)
            x = balls[of_label]
            right, wrong = (stored[self.labels[stored] == s] for s in (label, -label))
            if len(x) == 0 or len(right) == 0:
                continue
            first = min(_RIVALS, len(right))
            near = np.argpartition(self.squared[np.ix_(x, right)], first - 1, axis=1)[:, :first]
            p = right[near]
            gap = self.squared[x[:, None], wrong][:, None] - self.squared[x[:, None], p][..., None]
            norm = self.apart[p][..., wrong]
            if self.p is Norm.INF:
                nearer = gap > 2 * self.radius * norm
            else:
                nearer = (gap > 0) & (gap**2 > 4 * self.radius**2 * norm)
            result[of_label] = nearer.any(axis=1).all(axis=1)
        return result

    def refuted(self, stored: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Which balls have a counterexample among the few points of `_tempting`."""
        wrong = np.zeros(len(self.labels), dtype=bool)
        for moved in self._tempting(stored):
            nearest = stored[np.argmin(_squared(moved, self.centres[stored]), axis=1)]
            wrong |= self.labels[nearest] != self.labels
        return wrong

    def _tempting(self, stored: NDArray[np.int64]) -> Iterator[NDArray[np.int64]]:
        """One point of each ball at a time: the centre, which robustness forces; for p = inf the
        corners towards the nearest stored points of the other label; for p = 2 the axes' ends.
        """
        yield self.centres
        if self.p is Norm.TWO:
            for step in self.radius * np.eye(self.d, dtype=np.int64):
                yield self.points + step
                yield self.points - step
            return
        other = self.labels[stored] != self.labels[:, None]
        order = np.argsort(np.where(other, self.between[:, stored], _FAR), axis=1)
        for near in stored[order[:, :_TEMPTERS]].T:
            yield self.points + self.radius * np.sign(self.centres[near] - self.centres)

    def robust_error(self, stored: NDArray[np.int64]) -> RobustError:
        """The bracket from `refuted` and `certified`."""
        m = len(self.labels)
        parts = np.array_split(np.arange(m), 1 + m // _CHUNK)
        safe = sum(int(np.count_nonzero(self.certified(part, stored))) for part in parts)
        return RobustError(int(np.count_nonzero(self.refuted(stored))), m - safe, m)

    def condensed(self, random: np.random.Generator) -> NDArray[np.int64]:
        """Centres in the order stored, a prefix of which is a rule with a budget; all: robust.

        Hart's condensing (1968) made robust: points are visited in random order, again and again,
        and the centre of each ball that is not certified is stored.
        """
        stored = np.empty(0, dtype=np.int64)
        for _ in range(_PASSES):
            before = len(stored)
            for i in random.permutation(len(self.labels)):
                if i not in stored and not self.certified(np.array([i]), stored)[0]:
                    stored = np.append(stored, i)
            if len(stored) == before:
                break
        return stored

    def reduced(self, stored: NDArray[np.int64]) -> NDArray[np.int64]:
        """Drop stored points in turn while all balls stay certified (Gates 1972)."""
        every = np.arange(len(self.labels))
        for i in stored:
            fewer = stored[stored != i]
            if self.certified(every, fewer).all():
                stored = fewer
        return stored


def _scaled(points: tuple[tuple[Fraction, ...], ...], D: int) -> NDArray[np.int64]:
    return np.array([[int(v * D) for v in x] for x in points], dtype=np.int64)


def _squared(a: NDArray[np.int64], b: NDArray[np.int64]) -> NDArray[np.int64]:
    norms = (a**2).sum(axis=1)[:, None] + (b**2).sum(axis=1)
    return np.asarray(norms - 2 * a @ b.T)


def _l1(a: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.asarray(sum(np.abs(column[:, None] - column) for column in a.T))


def neighbours_vc(stored: int, d: int) -> int:
    """A bound on the VC dimension of 1-NN rules with at most so many stored points of R^d.

    An answer depends on the labels and on the signs of |x-p|^2 - |x-q|^2 for the pairs p, q, each
    a polynomial of degree 2 in d s variables: at most 2^s 2 (2 e 2 (m s (s-1)/2) / (d s))^(d s)
    patterns of m points (Goldberg, Jerrum 1995; Anthony, Bartlett 1999, Theorem 8.3), where these
    polynomials are no fewer than the variables. No m points with fewer than 2^m are shattered.
    """
    if stored <= 1:
        return stored

    def bits(m: int) -> float:
        return stored + 1 + d * stored * log2(2 * e * m * (stored - 1) / d)

    m = ceil(2 * d / (stored - 1))
    # Rounding is far below the slack of one bit.
    while m <= bits(m) + 1:
        m *= 2
    return m - 1
