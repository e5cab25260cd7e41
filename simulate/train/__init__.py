"""Adversarial training of many networks at once.

>>> from robustsize.simulate.train import Plan, train
>>> trained = train([[0.25], [0.75]], [1, -1], [(4,)], Plan(radius=0.1, steps=200, seed=1))
>>> len(trained), trained.network(0).input_dim
(1, 1)
"""

from typing import TYPE_CHECKING

from robustsize.bounds.lazy import exports

if TYPE_CHECKING:
    from robustsize.simulate.train.adversarial import DEVICES, ENGINES, Start, Trained, train
    from robustsize.simulate.train.attack import attack
    from robustsize.simulate.train.plan import Loss, Plan

__all__ = [
    "DEVICES",
    "ENGINES",
    "Loss",
    "Plan",
    "Start",
    "Trained",
    "attack",
    "train",
]

if not TYPE_CHECKING:
    __getattr__, __dir__ = exports(
        __name__,
        {
            "adversarial": ["DEVICES", "ENGINES", "Start", "Trained", "train"],
            "attack": ["attack"],
            "plan": ["Loss", "Plan"],
        },
    )
