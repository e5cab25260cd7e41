"""Sigmoid networks with one hidden layer: trained by scikit-learn, certified in ball arithmetic."""

from __future__ import annotations

import itertools
import warnings
from dataclasses import dataclass
from fractions import Fraction
from math import log2

import numpy as np
from flint import arb
from numpy.typing import NDArray

from robustsize.bounds.arithmetic.balls import ball
from robustsize.bounds.symbols import Norm
from robustsize.simulate.data.instance import Instance, Point
from robustsize.simulate.experiment.robust_error import RobustError

_BOXES = 400
"""Boxes that one ball may be cut into; what is not settled by then may or may not be an error."""
_STEPS = 300


@dataclass(frozen=True, eq=False)
class SigmoidNetwork:
    """f(x) = v . s(W x + b) + a with the logistic function s; its sign is the label.

    W: shape (w, d). b, v: shape (w,).
    """

    W: NDArray[np.float64]
    b: NDArray[np.float64]
    v: NDArray[np.float64]
    a: float

    @property
    def size(self) -> int:
        """Number n of non-zero weights and biases."""
        return sum(int(np.count_nonzero(part)) for part in (self.W, self.b, self.v, self.a))

    def enclosure(self, x: list[arb]) -> arb:
        """A ball that holds f of the box x, one ball an axis: s is monotone."""
        total = arb(self.a)
        for weights, bias, out in zip(
            self.W.tolist(), self.b.tolist(), self.v.tolist(), strict=True
        ):
            inner = sum((w * t for w, t in zip(map(arb, weights), x, strict=True)), arb(bias))
            total += out * _logistic(inner.lower()).union(_logistic(inner.upper()))
        return total


def _logistic(t: arb) -> arb:
    return 1 / (1 + (-t).exp())


def sigmoid_vc(parameters: int) -> float:
    """The known bound on the VC dimension, with as many units as parameters.

    Source: Anthony, Bartlett 1999, Theorem 8.13: (W k)^2 + 11 W k log2(18 W k^2) for W parameters
    and k units.
    """
    squared = parameters**2
    return squared**2 + 11 * squared * log2(18 * parameters**3)


def trained_sigmoid(instance: Instance, width: int, seed: int) -> SigmoidNetwork:
    """Train on the extreme points of each ball and its middle; one label needs one bias alone."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.neural_network import MLPClassifier
    from threadpoolctl import threadpool_limits

    y, d = instance.labels, instance.dimension
    if np.all(y == y[0]):
        return SigmoidNetwork(np.empty((0, d)), np.empty(0), np.empty(0), float(y[0]))
    steps = _extremes(d, float(instance.radius), instance.p)
    x = (instance.floats()[:, None] + steps).reshape(-1, d)
    model = MLPClassifier(
        hidden_layer_sizes=(width,),
        activation="logistic",
        solver="lbfgs",
        alpha=1e-6,
        max_iter=_STEPS,
        random_state=seed,
    )
    # One thread, because sums split among threads are rounded in another order.
    with warnings.catch_warnings(), threadpool_limits(limits=1):
        # The certificate judges the network, not the optimiser's own view of its progress.
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(x, np.repeat(y, len(steps)))
    W, v = model.coefs_[0].T.copy(), model.coefs_[1][:, 0].copy()
    return SigmoidNetwork(W, model.intercepts_[0].copy(), v, float(model.intercepts_[1][0]))


def _extremes(d: int, radius: float, p: Norm) -> NDArray[np.float64]:
    if p is Norm.INF:
        ends = np.array(list(itertools.product((-radius, radius), repeat=d)))
    else:
        ends = radius * np.concatenate([np.eye(d), -np.eye(d)])
    return np.concatenate([ends, np.zeros((1, d))])


def sigmoid_robust_error(network: SigmoidNetwork, instance: Instance) -> RobustError:
    """Bracket the share of closed balls that hold some x' with y f(x') <= 0."""
    says = [
        _is_error(network, x, int(y), instance.radius, instance.p)
        for x, y in zip(instance.points, instance.labels, strict=True)
    ]
    return RobustError(says.count(True), len(says) - says.count(False), len(says))


def _is_error(
    network: SigmoidNetwork, x: Point, label: int, radius: Fraction, p: Norm
) -> bool | None:
    """Whether the ball has a counterexample; None where `_BOXES` boxes do not settle it."""
    whole = tuple((v - radius, v + radius) for v in x)
    queue: list[Box] = [whole]
    for _ in range(_BOXES):
        if not queue:
            break
        box = queue.pop(0)
        if p is Norm.TWO and _distance(x, box) > radius**2:
            continue
        if label * network.enclosure([ball(a).union(ball(b)) for a, b in box]) > 0:
            continue
        middle = tuple((a + b) / 2 for a, b in box)
        in_ball = p is Norm.INF or _distance(x, tuple((v, v) for v in middle)) <= radius**2
        if in_ball and label * network.enclosure([ball(v) for v in middle]) < 0:
            return True
        queue += _halves(box, middle)
    return None if queue else False


Box = tuple[tuple[Fraction, Fraction], ...]


def _halves(box: Box, middle: Point) -> list[Box]:
    axis = max(range(len(box)), key=lambda j: box[j][1] - box[j][0])
    (low, high), cut = box[axis], middle[axis]
    return [(*box[:axis], side, *box[axis + 1 :]) for side in ((low, cut), (cut, high))]


def _distance(x: Point, box: Box) -> Fraction:
    """The squared l_2 distance of a point from a box."""
    gaps = (max(a - v, v - b, Fraction(0)) for v, (a, b) in zip(x, box, strict=True))
    return sum((gap**2 for gap in gaps), Fraction(0))
