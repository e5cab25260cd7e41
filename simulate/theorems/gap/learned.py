"""Networks of growing size, trained, with bracketed errors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from robustsize.simulate.data.exact import PrecisionError
from robustsize.simulate.data.instance import Instance
from robustsize.simulate.experiment.claim import Limit
from robustsize.simulate.experiment.model import Row, Run, Setting
from robustsize.simulate.experiment.robust_error import RobustError, robust_error
from robustsize.simulate.experiment.sizes import imprecise
from robustsize.simulate.networks.network import Network
from robustsize.simulate.search.race import STAGES
from robustsize.simulate.train.adversarial import Start, train
from robustsize.simulate.train.plan import Plan


@dataclass(frozen=True, eq=False)
class Learned:
    """A trained network with its robust and its standard error on all points."""

    network: Network
    training: RobustError
    test: RobustError
    clean: RobustError

    def json(self) -> dict[str, Any]:
        """The counts, as JSON."""
        errors = {"training": self.training, "test": self.test, "clean": self.clean}
        counts = {name: [e.sure, e.possible, e.total] for name, e in errors.items()}
        return {"size": self.network.size, "widths": list(self.network.widths), **counts}


def part_of(whole: Instance, known: Sequence[int]) -> Instance:
    """The instance of some of the points."""
    points = tuple(whole.points[i] for i in known)
    return Instance(points, whole.labels[list(known)], whole.radius, whole.p)


def trained(
    instance: Instance,
    architectures: Sequence[tuple[int, ...]],
    setting: Setting,
    *,
    steps: int,
) -> list[list[Network]]:
    """For each architecture `setting.seeds` networks, the radius growing in stages.

    Raises InputError where float64 does not hold the instance.
    """
    starts: list[Start] = [hidden for hidden in architectures for _ in range(setting.seeds)]
    for share in STAGES:
        plan = Plan(
            radius=share * float(instance.radius),
            p=instance.p,
            steps=steps // len(STAGES),
            pgd_steps=3,
            keep_last=True,
            seed=setting.seed,
        )
        try:
            made = train(instance.floats(), instance.labels, starts, plan, device=setting.device)
        except PrecisionError as error:
            raise imprecise(setting, error) from error
        starts = [made.network(i) for i in range(len(starts))]
    networks = [made.network(i) for i in range(len(starts))]
    return [networks[a : a + setting.seeds] for a in range(0, len(networks), setting.seeds)]


def tested(
    groups: Sequence[Sequence[Network]], seen: Instance, whole: Instance, run: Run
) -> list[list[Learned]]:
    """The errors of trained networks, on the training points and on all points alike likely."""
    total = sum(len(group) for group in groups)
    found: list[list[Learned]] = []
    for group in groups:
        found.append([])
        for network in group:
            done = sum(len(group) for group in found) / total
            run.progress(done, f"certifying {network.size} parameters")
            training = robust_error(network, seen)
            test = training if seen is whole else robust_error(network, whole)
            clean = robust_error(network, whole, radius=Fraction(0))
            found[-1].append(Learned(network, training, test, clean))
    return found


def error_rows(
    series: str, at: dict[str, float], groups: Sequence[Sequence[Learned]], needed: Limit
) -> list[Row]:
    """For each architecture a row of test errors that are certain, with everything else beside.

    needed: the size below which theory keeps the test error up.
    """
    return [
        Row(
            series=series,
            at={**at, "size": float(np.median([one.network.size for one in group]))},
            values=tuple(float(one.test.low) for one in group),
            more={"networks": [one.json() for one in group], "needed": needed.below},
        )
        for group in groups
    ]
