"""Hyperplanes, their errors in exact arithmetic, and how they are learned from a sample."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

EPOCHS = 1000


@dataclass(frozen=True)
class Hyperplane:
    """The classifier that says +1 where w.x + b > 0 and -1 elsewhere."""

    w: NDArray[np.float64]
    b: float

    def wrong(self, x: NDArray[np.float64], y: NDArray[np.int8]) -> int:
        """How many rows of x, shape (N, d), get another label than y, in exact arithmetic."""
        values = x @ self.w + self.b
        # Each of the d + 1 roundings of a dot product adds at most 2^-53 of its absolute terms.
        slack = 2.0**-50 * (len(self.w) + 2) * (np.abs(x) @ np.abs(self.w) + abs(self.b))
        positive = values > 0
        for i in np.flatnonzero(np.abs(values) <= slack):
            terms = zip(x[i].tolist(), self.w.tolist(), strict=True)
            positive[i] = sum((Fraction(a) * Fraction(w) for a, w in terms), Fraction(self.b)) > 0
        return int(np.count_nonzero(positive != (y > 0)))


Learner = Callable[[NDArray[np.float64], NDArray[np.int8], int], Hyperplane]


def perceptron(x: NDArray[np.float64], y: NDArray[np.int8], seed: int) -> Hyperplane:
    """The perceptron, run until it is consistent or `EPOCHS` have passed."""
    from sklearn.linear_model import Perceptron

    model = Perceptron(random_state=seed)
    for _ in range(EPOCHS):
        model.partial_fit(x, y, classes=[-1, 1])
        plane = Hyperplane(model.coef_[0].copy(), float(model.intercept_[0]))
        if plane.wrong(x, y) == 0:
            break
    return plane


def svm(x: NDArray[np.float64], y: NDArray[np.int8], seed: int) -> Hyperplane:
    """The hyperplane of largest margin; where all labels agree, one that says so everywhere."""
    from sklearn.svm import SVC

    if np.all(y == y[0]):
        return Hyperplane(np.zeros(x.shape[1]), float(y[0]))
    model = SVC(kernel="linear", C=1e6).fit(x / np.abs(x).max(), y)
    return Hyperplane(model.coef_[0] / np.abs(x).max(), float(model.intercept_[0]))


LEARNERS: dict[str, Learner] = {"perceptron": perceptron, "SVM": svm}
