"""What trials say of a share: the Clopper-Pearson interval."""

from __future__ import annotations

_ROOT_ERROR = 1e-11
"""SciPy finds the ends of an interval with an absolute error of 2e-12."""


def clopper_pearson(hits: int, trials: int, confidence: float = 0.95) -> tuple[float, float]:
    """Exact confidence interval of a share from `hits` successes in `trials` independent trials.

    Its ends are rounded outwards.

    Raises ValueError where hits is not between 0 and trials, or there is no trial.
    """
    from scipy.stats import binomtest

    if not 0 <= hits <= trials or trials < 1:
        raise ValueError(f"{hits} successes in {trials} trials")
    found = binomtest(hits, trials).proportion_ci(confidence, method="exact")
    return max(0.0, float(found.low) - _ROOT_ERROR), min(1.0, float(found.high) + _ROOT_ERROR)
