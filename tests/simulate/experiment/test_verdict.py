"""Verdicts: planted false bounds and false measurements must come out as contradictions."""

from dataclasses import replace
from fractions import Fraction
from math import exp

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from robustsize.bounds.catalogue import theorem
from robustsize.bounds.evaluate import IncomparableError, bound_value, choose_form
from robustsize.bounds.statement import FormName
from robustsize.bounds.symbols import Norm, c, d, epsilon
from robustsize.simulate.experiment.claim import (
    Between,
    Hypothesis,
    Limit,
    Prediction,
    Reading,
    Share,
    Slope,
    at_least,
    at_most,
    evidence_json,
    evidence_of,
    exactly,
)
from robustsize.simulate.experiment.statistics import LEVEL, corrected_confidence, interval
from robustsize.simulate.experiment.verdict import Agreement, judge

AT = {d: Fraction(10), epsilon: Fraction(1, 4), c: Fraction(1, 2)}


def bound(id, name=FormName.EXPLICIT):
    t = theorem(id)
    return bound_value(t, choose_form(t, Norm.INF, name), AT, Norm.INF)


LOWER, UPPER = Limit.of(bound("thm4.3")), Limit.of(bound("thm3.3"))
SIZE = Prediction(
    id="thm4.3", name="size", says="a sandwich", quantity="size", lower=LOWER, upper=UPPER
)


def verdict(evidence, prediction=SIZE, confidence=0.999):
    return judge(prediction, evidence, confidence).agreement


def test_a_witness_between_the_bounds_agrees_and_says_what_it_could_have_seen():
    judged = judge(SIZE, at_most(LOWER.value, "64 seeds"), 0.99)
    assert judged.agreement is Agreement.AGREES
    assert "64 seeds" in judged.reason
    assert judged.power == f"would have contradicted a lower bound above {LOWER.value}"


def test_a_witness_below_the_lower_bound_contradicts():
    assert verdict(at_most(LOWER.value - 1, "")) is Agreement.CONTRADICTS


def test_a_lower_bound_a_hundred_times_too_large_contradicts():
    planted = replace(SIZE, lower=Limit(100 * LOWER.value, "planted"))
    assert verdict(at_most(50 * LOWER.value, "")) is Agreement.AGREES
    assert verdict(at_most(50 * LOWER.value, ""), planted) is Agreement.CONTRADICTS


def test_a_search_that_stays_above_the_upper_bound_is_inconclusive():
    assert verdict(at_most(UPPER.value + 1, "")) is Agreement.INCONCLUSIVE


def test_nothing_found_is_inconclusive_and_proves_nothing():
    judged = judge(SIZE, at_most(None, "12 seeds"), 0.99)
    assert judged.agreement is Agreement.INCONCLUSIVE
    assert "12 seeds" in judged.reason
    assert verdict(None) is Agreement.INCONCLUSIVE


def test_a_certificate_of_a_flawed_network_contradicts():
    faults = Prediction(id="thm3.3", name="f", says="", quantity="", upper=Limit(0, "C4"))
    assert verdict(exactly(0), faults) is Agreement.AGREES
    assert verdict(exactly(1), faults) is Agreement.CONTRADICTS


def test_a_failed_hypothesis_is_out_of_scope_and_named():
    there = replace(SIZE, hypotheses=(Hypothesis("2 epsilon-separated", False),))
    judged = judge(there, at_most(1, ""), 0.99)
    assert judged.agreement is Agreement.OUT_OF_SCOPE
    assert "2 epsilon-separated" in judged.reason


def test_a_vacuous_limit_says_nothing():
    nothing = Limit(1, "thm4.3", "any classifier that is not constant has 2 parameters")
    assert verdict(at_most(9, ""), replace(SIZE, lower=nothing, upper=None)) is Agreement.VACUOUS
    half = replace(SIZE, lower=replace(nothing, value=10**9))
    assert verdict(exactly(9), half) is Agreement.AGREES
    assert judge(half, exactly(9), 0.99).lower is Agreement.VACUOUS


def test_a_side_that_could_not_have_disagreed_carries_no_verdict():
    """A witness from above cannot exceed an upper bound, nor one from below undercut a lower."""
    judged = judge(replace(SIZE, lower=None), at_most(9, ""), 0.99)
    assert (judged.agreement, judged.lower, judged.upper) == (
        Agreement.VACUOUS,
        None,
        Agreement.VACUOUS,
    )
    assert judged.power == "none"
    judged = judge(SIZE, at_most(LOWER.value, ""), 0.99)
    assert (judged.lower, judged.upper) == (Agreement.AGREES, Agreement.VACUOUS)
    assert verdict(at_least(LOWER.value, ""), replace(SIZE, upper=None)) is Agreement.VACUOUS
    mute = replace(SIZE, lower=replace(LOWER, vacuous="too small"))
    assert verdict(at_most(9, ""), mute) is Agreement.VACUOUS
    assert verdict(at_most(UPPER.value + 1, ""), mute) is Agreement.INCONCLUSIVE


def test_what_a_search_could_not_have_reached_is_vacuous():
    """8 random networks and their negatives show at most 4 bits of patterns."""
    patterns = replace(SIZE, lower=None, upper=Limit(5.0, "growth"))
    assert verdict(at_least(3.0, "8 networks", reach=4.0), patterns) is Agreement.VACUOUS
    assert verdict(at_least(3.0, "64 networks", reach=7.0), patterns) is Agreement.AGREES
    assert verdict(at_least(6.0, "64 networks", reach=7.0), patterns) is Agreement.CONTRADICTS
    size = replace(SIZE, upper=None)
    assert verdict(at_most(LOWER.value, "", reach=LOWER.value), size) is Agreement.VACUOUS


def test_numbers_of_a_verdict_are_rounded_outwards():
    third = replace(SIZE, lower=Limit(Fraction(1, 3), "a"), upper=Limit(Fraction(2, 3), "b"))
    reason = judge(third, Between(Fraction(3, 7), Fraction(3, 7) + Fraction(1, 9)), 0.99).reason
    assert reason == "lower 0.3333 <= measured [0.4285, 0.5397] <= upper 0.6667"


def test_an_unspecified_constant_sets_no_limit():
    with pytest.raises(IncomparableError):
        Limit.of(bound("thm4.3", FormName.PRINTED))


def slopes(true_slope, *, noise, x=(1, 2, 3, 4)):
    random = np.random.default_rng(0)
    rows = [tuple(exp(true_slope * at + noise * random.normal()) for _ in range(8)) for at in x]
    return Slope(tuple(map(float, x)), tuple(rows), log_x=False)


def test_a_wrong_exponent_contradicts_and_a_noisy_slope_does_not_settle():
    right = replace(SIZE, lower=Limit(0.9, "rate"), upper=Limit(1.1, "rate"), reading=Reading.TREND)
    wrong = replace(right, lower=Limit(2.0, "planted"), upper=Limit(3.0, "planted"))
    assert verdict(slopes(1.0, noise=0.02), right) is Agreement.AGREES
    assert verdict(slopes(1.0, noise=0.02), wrong) is Agreement.CONTRADICTS
    assert verdict(slopes(1.0, noise=2.0), right) is Agreement.INCONCLUSIVE


def test_too_few_replicates_give_no_interval():
    few = Slope((1.0, 2.0), ((1.0,), (2.0, 2.0, 2.0)), log_x=False)
    assert not interval(few, 0.95).known


def test_the_bootstrap_interval_covers_the_true_slope_about_as_often_as_it_says():
    random, hits = np.random.default_rng(1), 0
    for _ in range(60):
        rows = tuple(tuple(np.exp(at + 0.3 * random.normal(size=12))) for at in (1, 2, 3))
        found = interval(Slope((1.0, 2.0, 3.0), rows, log_x=False), 0.9)
        hits += found.low <= 1 <= found.high
    assert hits >= 46  # 54 expected; below 46 has a chance of about 1 in 1000


def test_a_share_is_held_by_its_interval():
    often = replace(SIZE, lower=Limit(0.9, "thm4.4"), upper=None)
    assert verdict(Share(300, 300, 300), often) is Agreement.AGREES
    assert verdict(Share(200, 200, 300), often) is Agreement.CONTRADICTS
    assert verdict(Share(276, 276, 300), often) is Agreement.INCONCLUSIVE
    assert verdict(Share(200, 300, 300), often) is Agreement.INCONCLUSIVE


def test_the_correction_widens_every_interval():
    assert corrected_confidence(1) == 1 - LEVEL
    one, many = (interval(Share(9, 9, 10), corrected_confidence(n)) for n in (1, 50))
    assert many.low < one.low
    assert one.high <= many.high


numbers = st.none() | st.integers(-50, 50) | st.fractions(-50, 50, max_denominator=9)


@given(numbers, numbers, st.integers(-50, 50), st.integers(-50, 50))
def test_verdicts_follow_the_interval(low, high, lower, upper):
    if low is not None and high is not None and low > high:
        low, high = high, low
    prediction = replace(SIZE, lower=Limit(lower, "a"), upper=Limit(upper, "b"))
    found = verdict(Between(low, high), prediction)
    broken = (high is not None and high < lower) or (low is not None and low > upper)
    assert (found is Agreement.CONTRADICTS) == broken
    judged = judge(prediction, Between(low, high), 0.999)
    if low is None:
        assert judged.upper in (Agreement.VACUOUS, Agreement.INCONCLUSIVE)
    if high is None:
        assert judged.lower in (Agreement.VACUOUS, Agreement.INCONCLUSIVE)
    if found is Agreement.AGREES:
        assert high is None or high <= upper
        assert low is None or low >= lower


@pytest.mark.parametrize(
    "evidence",
    [
        exactly(Fraction(1, 3)),
        at_most(None, "1/2 of the seeds"),
        at_least(7, "x", reach=Fraction(15, 2)),
        Share(1, 2, 3, "t"),
        Slope((1.0, 2.0), ((1.0,), (2.0, 3.0)), log_x=True),
    ],
)
def test_evidence_comes_back_from_its_json_as_it_was(evidence):
    assert evidence_of(evidence_json(evidence)) == evidence


@pytest.mark.parametrize("counts", [(2, 1, 3), (0, 4, 3), (0, 0, 0), (-1, 0, 1)])
def test_impossible_counts_are_refused(counts):
    with pytest.raises(ValueError, match="of"):
        Share(*counts)
