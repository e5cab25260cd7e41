"""Decision trees with axis-aligned splits: exact robust errors, and the best tree on a grid.

A tree with l leaves has 3 l - 2 parameters: an axis and a threshold an inner node, a label a leaf.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from itertools import combinations_with_replacement
from math import inf

import numpy as np
from numpy.typing import NDArray

from robustsize.bounds.symbols import Norm
from robustsize.simulate.data.instance import HardInstance, Instance, Point
from robustsize.simulate.experiment.robust_error import RobustError
from robustsize.simulate.system.compile import compilers

compiled = compilers(__file__)[0]


@dataclass(frozen=True)
class Leaf:
    """The x with low_j < x_j <= high_j on each axis, and their label."""

    low: tuple[float, ...]
    high: tuple[float, ...]
    label: int


@dataclass(frozen=True)
class Tree:
    """A decision tree as its leaves, which partition R^d."""

    leaves: tuple[Leaf, ...]

    @property
    def size(self) -> int:
        """Number n of parameters: two an inner node, one a leaf."""
        return tree_size(len(self.leaves))


def tree_size(leaves: int) -> int:
    """Parameters of a tree with so many leaves."""
    return 3 * leaves - 2


def tree_vc(leaves: int, d: int) -> int:
    """A bound on the VC dimension of trees with at most so many leaves, by counting.

    There are at most 4^(l-1) shapes, 2^l labels of leaves, and on m points m + 1 splits an axis, so
    at most 4^(l-1) (d (m+1))^(l-1) 2^l patterns; no m points with fewer than 2^m are shattered.
    """
    m = 1
    while 2**m <= (4 * d * (m + 1)) ** (leaves - 1) * 2**leaves:
        m += 1
    return m - 1


def stump(dimension: int) -> Tree:
    """x_d <= 1/2 is -1, else +1: it meets every label of every hard instance."""
    free, low = (-inf,) * dimension, (inf,) * dimension
    return Tree(
        (
            Leaf(free, (*low[:-1], 0.5), -1),
            Leaf((*free[:-1], 0.5), low, 1),
        )
    )


def trained_tree(instance: HardInstance, leaves: int, seed: int) -> Tree:
    """scikit-learn's tree with at most that many leaves, learned on the labels of the centres."""
    from sklearn.tree import DecisionTreeClassifier

    centres = [[float(v) for v in x] for x in instance.centres()]
    model = DecisionTreeClassifier(max_leaf_nodes=max(leaves, 2), random_state=seed)
    nodes = model.fit(centres, instance.labels).tree_
    d = instance.dimension

    def below(node: int, low: tuple[float, ...], high: tuple[float, ...]) -> Iterator[Leaf]:
        axis, cut = int(nodes.feature[node]), float(nodes.threshold[node])
        if axis < 0:
            yield Leaf(low, high, int(model.classes_[int(np.argmax(nodes.value[node]))]))
            return
        yield from below(int(nodes.children_left[node]), low, _with(high, axis, cut))
        yield from below(int(nodes.children_right[node]), _with(low, axis, cut), high)

    return Tree(tuple(below(0, (-inf,) * d, (inf,) * d)))


def _with(corner: tuple[float, ...], axis: int, value: float) -> tuple[float, ...]:
    return (*corner[:axis], value, *corner[axis + 1 :])


def tree_robust_error(
    tree: Tree, instance: Instance, radius: Fraction | None = None
) -> RobustError:
    """Exactly: the points whose closed ball meets a leaf of the other label.

    radius: in place of the instance's; at 0 this is the standard error.
    """
    r = instance.radius if radius is None else radius
    wrong = np.zeros(len(instance.points), dtype=bool)
    reach = _Reach(instance.points, r)
    for leaf in tree.leaves:
        # In l_inf a ball meets a box where it does so on each axis; an l_2 ball lies inside.
        met = reach.of(leaf) & (instance.labels != leaf.label)
        if instance.p is Norm.TWO:
            for i in np.flatnonzero(met & ~wrong):
                wrong[i] = _meets_l2(instance.points[i], r, leaf)
        else:
            wrong |= met
    count = int(np.count_nonzero(wrong))
    return RobustError(count, count, len(wrong))


class _Reach:
    """Which balls meet a leaf on each axis, compared once for each coordinate that occurs."""

    def __init__(self, points: tuple[Point, ...], radius: Fraction) -> None:
        self.radius = radius
        columns = list(zip(*points, strict=True))
        self.values = [sorted(set(column)) for column in columns]
        ranks = [{v: i for i, v in enumerate(values)} for values in self.values]
        self.rank = [
            np.array([rank[v] for v in column]) for rank, column in zip(ranks, columns, strict=True)
        ]

    def of(self, leaf: Leaf) -> NDArray[np.bool_]:
        met = np.ones(len(self.rank[0]), dtype=bool)
        for axis, (low, high) in enumerate(zip(leaf.low, leaf.high, strict=True)):
            if low >= high:
                return np.zeros_like(met)
            if (low, high) != (-inf, inf):
                met &= np.array([self._on_axis(v, low, high) for v in self.values[axis]])[
                    self.rank[axis]
                ]
        return met

    def _on_axis(self, v: Fraction, low: float, high: float) -> bool:
        # A Fraction and a finite float compare as rationals.
        return bool(low < v + self.radius and v - self.radius <= high)


def _meets_l2(x: Point, radius: Fraction, leaf: Leaf) -> bool:
    squared, open_side = Fraction(0), False
    for v, low, high in zip(x, leaf.low, leaf.high, strict=True):
        if v <= low:
            squared += (Fraction(low) - v) ** 2
            open_side = True
        elif v > high:
            squared += (v - Fraction(high)) ** 2
    return squared < radius**2 if open_side else squared <= radius**2


def least_tree_errors(labels: NDArray[np.int8], K: int) -> NDArray[np.int64]:
    """For l = 1..m the fewest of the m = K^q grid points that a tree with l leaves gets wrong.

    labels: shape (m,), the last axis varying fastest. On the hard instance these are also the
    fewest balls that such a tree gets wrong: no tree does better, because the centres lie in the
    balls and on the grid; and a tree that splits midway between neighbours of the grid, epsilon
    from either, gives the whole ball, of radius c epsilon, the label of its centre.
    """
    q = round(np.log(len(labels)) / np.log(K)) if K > 1 else 0
    if K**q != len(labels):
        raise ValueError(f"{len(labels)} labels are no power of K = {K}")
    intervals, cuts, starts = _intervals(K)
    return np.asarray(_least_errors(np.asarray(labels) > 0, q, K, intervals, cuts, starts))


def tree_work(K: int, axes: int) -> int:
    """About how many steps `least_tree_errors` takes."""
    lengths = sum((K + 1 - length) * length**2 for length in range(1, K + 1))
    return int(axes * lengths**axes)


@cache
def _intervals(K: int) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Runs (first, last) of an axis, shorter ones first, and how each is cut into two.

    cuts: the pairs of runs; those of run t are cuts[starts[t] : starts[t + 1]].
    """
    runs = sorted(combinations_with_replacement(range(K), 2), key=lambda run: run[1] - run[0])
    index = {run: t for t, run in enumerate(runs)}
    halves = [[(index[a, i], index[i + 1, b]) for i in range(a, b)] for a, b in runs]
    starts = np.cumsum([0, *map(len, halves)])
    flat = [pair for pairs in halves for pair in pairs]
    return np.array(runs), np.array(flat, dtype=np.int64).reshape(-1, 2), starts


@compiled
def _least_errors(positive, q, K, runs, cuts, starts):  # type: ignore[no-untyped-def]
    """Dynamic programme over the boxes of the grid; halves of a box have smaller codes."""
    T = len(runs)
    boxes = T**q
    volume = np.ones(boxes, dtype=np.int64)
    count = np.zeros(boxes, dtype=np.int64)
    offset = np.zeros(boxes + 1, dtype=np.int64)
    for box in range(boxes):
        code = box
        for _ in range(q):
            run = code % T
            volume[box] *= runs[run, 1] - runs[run, 0] + 1
            code //= T
        offset[box + 1] = offset[box] + volume[box]
    least = np.zeros(offset[boxes], dtype=np.int32)
    for box in range(boxes):
        code, step, counted = box, 1, False
        here = least[offset[box] : offset[box + 1]]
        if volume[box] == 1:
            cell, place = 0, 1
            for _ in range(q):
                cell += place * runs[code % T, 0]
                place *= K
                code //= T
            count[box] = positive[cell]
            continue
        here[:] = volume[box]
        for _ in range(q):
            run = code % T
            for i in range(starts[run], starts[run + 1]):
                a, b = box + (cuts[i, 0] - run) * step, box + (cuts[i, 1] - run) * step
                if not counted:
                    count[box] = count[a] + count[b]
                    here[0] = min(count[box], volume[box] - count[box])
                    counted = True
                left, right = least[offset[a] : offset[a + 1]], least[offset[b] : offset[b + 1]]
                for u in range(len(left)):
                    for v in range(len(right)):
                        here[u + v + 1] = min(here[u + v + 1], left[u] + right[v])
            code //= T
            step *= T
    return least[offset[boxes - 1] :].astype(np.int64)
