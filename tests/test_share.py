"""The one Clopper-Pearson interval, against beta quantiles and exact binomial tails."""

from fractions import Fraction
from math import comb

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import beta

from robustsize.simulate.search.share import clopper_pearson

COUNTS = st.integers(1, 60).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


def chance(at_least, trials, share):
    """Of so many successes, exactly."""
    p, n = Fraction(share), trials
    return sum(comb(n, k) * p**k * (1 - p) ** (n - k) for k in range(at_least, n + 1))


@given(COUNTS, st.sampled_from([0.5, 0.95, 0.9995]))
@settings(deadline=None, max_examples=60)
def test_the_tails_at_the_ends_are_no_larger_than_they_may_be(counts, confidence):
    hits, trials = counts
    low, high = clopper_pearson(hits, trials, confidence)
    tail = (1 - Fraction(confidence)) / 2
    assert low <= hits / trials <= high
    assert low == 0 or chance(hits, trials, low) <= tail
    assert high == 1 or 1 - chance(hits + 1, trials, high) <= tail
    assert (low == 0) == (hits == 0)
    assert (high == 1) == (hits == trials)


@pytest.mark.parametrize(("hits", "trials"), [(3, 10), (1, 500), (237, 240), (9999, 10_000)])
def test_the_ends_are_the_quantiles_of_beta_rounded_outwards(hits, trials):
    low, high = clopper_pearson(hits, trials, 0.99)
    below = beta.ppf(0.005, hits, trials - hits + 1)
    above = beta.ppf(0.995, hits + 1, trials - hits)
    assert below - 1e-10 < low < below
    assert above < high < above + 1e-10


@pytest.mark.parametrize("counts", [(11, 10), (-1, 10), (0, 0)])
def test_impossible_counts_are_refused(counts):
    with pytest.raises(ValueError, match="successes"):
        clopper_pearson(*counts)
