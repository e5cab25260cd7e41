"""What to train: the adversary, the loss, the optimiser and when a network is done."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from math import isfinite

import numpy as np
from numpy.typing import NDArray

from robustsize.simulate.data.instance import Norm


class Loss(Enum):
    """The loss of a margin z = y f(x'): log(1 + exp(-z)), max(0, 1 - z), or its square."""

    LOGISTIC = "logistic"
    HINGE = "hinge"
    SQUARED_HINGE = "squared_hinge"


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Adversarial training with K-step projected gradient descent (PGD) and Adam.

    radius, p: the closed l_p ball in which each point must keep its label.
    stretch: training attacks at stretch * radius, so that a strict margin is left at radius.
    pgd_steps: K >= 0; PGD starts at the point itself, and K = 0 trains on the points.
    pgd_step: length of one step as a share of the training radius; 2.5/K where it is None.
    learning_rate, final_share: Adam's rate falls along a cosine to final_share of itself.
    margin, patience, check_every: a network is done when the attack of `attack` at
        radius finds no y f(x') below margin at `patience` checks in a row.
    keep_last: keep a network's last finite state, not the one with the largest attack margin, which
        says little where no state reaches a positive one.
    precision: "float32" or "float64". seed: of all random numbers, together with a network's id.

    Raises ValueError where a value is outside its domain.
    """

    radius: float
    p: Norm = Norm.INF
    stretch: float = 1.1
    steps: int = 1500
    pgd_steps: int = 5
    pgd_step: float | None = None
    learning_rate: float = 0.02
    final_share: float = 0.3
    loss: Loss = Loss.SQUARED_HINGE
    margin: float = 0.05
    patience: int = 1
    check_every: int = 50
    keep_last: bool = False
    precision: str = "float32"
    seed: int = 0

    def __post_init__(self) -> None:
        at_least = {"radius": 0, "stretch": 1, "steps": 0, "pgd_steps": 0, "margin": 0, "seed": 0}
        at_least |= {"patience": 1, "check_every": 1}
        for name, least in at_least.items():
            value = getattr(self, name)
            if not isfinite(value) or value < least:
                raise ValueError(f"{name} = {value} is not a number from {least} on")
        positive = {"learning_rate": self.learning_rate, "final_share": self.final_share}
        if self.pgd_step is not None:
            positive["pgd_step"] = self.pgd_step
        for name, value in positive.items():
            if not isfinite(value) or value <= 0:
                raise ValueError(f"{name} = {value} is not a positive number")
        if self.precision not in ("float32", "float64"):
            raise ValueError(f"precision {self.precision!r} is not 'float32' or 'float64'")

    @property
    def dtype(self) -> np.dtype:
        """The NumPy type of the training precision."""
        return np.dtype(self.precision)

    @property
    def training_radius(self) -> float:
        """Radius of the training attack."""
        return self.stretch * self.radius

    @property
    def pgd_step_size(self) -> float:
        """Length of one PGD step."""
        share = 2.5 / max(self.pgd_steps, 1) if self.pgd_step is None else self.pgd_step
        return share * self.training_radius

    def rates(self) -> NDArray[np.float64]:
        """Adam's learning rate at each step, shape (steps,)."""
        fall = (1 + np.cos(np.pi * np.arange(self.steps) / max(self.steps, 1))) / 2
        return self.learning_rate * (self.final_share + (1 - self.final_share) * fall)
