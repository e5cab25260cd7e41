"""Robust error of a network on a finite set: counterexamples below, certificates above."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import inf

from robustsize.simulate.certify.complete import CertificateStatus, certify
from robustsize.simulate.data.instance import Instance
from robustsize.simulate.experiment.evidence import Between
from robustsize.simulate.networks.network import Network

NODES = 200
"""Regions that one ball may cost; what is not settled by then may or may not be an error."""


@dataclass(frozen=True)
class RobustError:
    """Of `total` points `sure` have a counterexample, all but `possible` are certified.

    Source: Definition 2.1 (training points) and 3.1 (P uniform on finitely many points).
    """

    sure: int
    possible: int
    total: int

    @property
    def low(self) -> Fraction:
        """The robust error is at least this."""
        return Fraction(self.sure, self.total)

    @property
    def high(self) -> Fraction:
        """The robust error is at most this."""
        return Fraction(self.possible, self.total)

    @property
    def bracket(self) -> Between:
        """The error as evidence."""
        return Between(self.low, self.high)

    @classmethod
    def pooled(cls, errors: Sequence[RobustError]) -> RobustError:
        """The error over the points of all together."""
        return cls(
            sum(e.sure for e in errors),
            sum(e.possible for e in errors),
            sum(e.total for e in errors),
        )


def robust_error(
    network: Network, instance: Instance, *, radius: Fraction | None = None, nodes: int = NODES
) -> RobustError:
    """Count the points whose closed ball holds some x' with y f(x') <= 0.

    radius: in place of the instance's; at 0 this is the standard error.

    Raises ValueError where the dimensions differ.
    """
    at = instance.radius if radius is None else radius
    sure = certified = 0
    for i, x in enumerate(instance.points):
        one = Instance((x,), instance.labels[i : i + 1], at, instance.p)
        status = certify(network, one, budget_seconds=inf, max_nodes=nodes).status
        sure += status is CertificateStatus.COUNTEREXAMPLE
        certified += status is CertificateStatus.CERTIFIED
    total = len(instance.points)
    return RobustError(sure, total - certified, total)
