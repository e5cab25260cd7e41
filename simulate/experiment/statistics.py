"""Intervals for evidence: what the experiment knows of a quantity, at a stated confidence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import log
from typing import Any

import numpy as np
from numpy.typing import NDArray

from robustsize.simulate.experiment.claim import Between, Evidence, Number, Share, Slope
from robustsize.simulate.search.share import clopper_pearson

LEVEL = 0.05
"""Chance that any interval of a whole run misses its quantity, at most."""
RESAMPLES = 9999
FEWEST_REPLICATES = 3
"""At each place of a slope; with fewer, a bootstrap interval means nothing."""


@dataclass(frozen=True)
class Interval:
    """Where the quantity lies; None: unknown on that side. confidence: 1 where it is certain."""

    low: Number | None
    high: Number | None
    confidence: float

    @property
    def known(self) -> bool:
        """Whether anything is known."""
        return self.low is not None or self.high is not None


UNKNOWN = Interval(None, None, 1.0)


def corrected_confidence(verdicts: int) -> float:
    """The confidence of each of so many intervals that keeps LEVEL for all (Bonferroni)."""
    return 1 - LEVEL / max(verdicts, 1)


def is_statistical(evidence: Evidence | None) -> bool:
    """Whether the evidence's interval can miss."""
    return isinstance(evidence, Share | Slope)


def interval(evidence: Evidence, confidence: float) -> Interval:
    """Certain for bounds and exact values, Clopper-Pearson for a share, bootstrap for a slope."""
    if isinstance(evidence, Between):
        return Interval(evidence.low, evidence.high, 1.0)
    if isinstance(evidence, Share):
        low, _ = clopper_pearson(evidence.sure, evidence.trials, confidence)
        _, high = clopper_pearson(evidence.possible, evidence.trials, confidence)
        return Interval(low, high, confidence)
    if min(len(group) for group in evidence.y) < FEWEST_REPLICATES:
        return UNKNOWN
    return Interval(*_bootstrapped(evidence, confidence), confidence)


def point(evidence: Evidence) -> Number | None:
    """The one number to print: the value known, the witness, the share, the fitted slope."""
    if isinstance(evidence, Between):
        return evidence.high if evidence.high is not None else evidence.low
    if isinstance(evidence, Share):
        return evidence.sure / evidence.trials
    logs = [np.log(np.asarray(group)) for group in evidence.y]
    return float(_fitted(_places(evidence), [row.mean(keepdims=True) for row in logs]))


def _places(slope: Slope) -> NDArray[np.float64]:
    return np.array([log(x) if slope.log_x else x for x in slope.x])


def _fitted(x: NDArray[np.float64], groups: Sequence[NDArray[np.float64]]) -> Any:
    """Least-squares slope through the means of the groups, along their last axis."""
    means = np.stack([group.mean(axis=-1) for group in groups], axis=-1)
    centred = x - x.mean()
    return (means * centred).sum(axis=-1) / (centred**2).sum()


def _bootstrapped(slope: Slope, confidence: float) -> tuple[float, float]:
    """Percentile bootstrap over the replicates at each place."""
    from scipy.stats import bootstrap

    x, groups = _places(slope), [np.log(np.asarray(group)) for group in slope.y]
    drawn = bootstrap(
        groups,
        lambda *samples, axis: _fitted(x, samples),
        n_resamples=RESAMPLES,
        confidence_level=confidence,
        method="percentile",
        vectorized=True,
        rng=np.random.default_rng(0),
    ).confidence_interval
    return float(drawn.low), float(drawn.high)
