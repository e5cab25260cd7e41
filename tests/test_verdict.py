"""Verdicts: planted false bounds and false measurements must come out as contradictions."""

from dataclasses import replace
from fractions import Fraction

import pytest

from robustsize.bounds.catalogue import theorem
from robustsize.bounds.statement import FormName
from robustsize.bounds.symbols import Norm, c, d, epsilon
from robustsize.bounds.value import IncomparableError, bound_value, choose_form
from robustsize.report.verdict import Agreement, MeasuredSizes, judge

AT = {d: Fraction(10), epsilon: Fraction(1, 4), c: Fraction(1, 2)}


def explicit(id):
    t = theorem(id)
    return bound_value(t, choose_form(t, Norm.INF, FormName.EXPLICIT), AT, Norm.INF)


LOWER, UPPER = explicit("thm4.3"), explicit("thm3.3")


def sizes(smallest=500, construction=800, bound=900, refuted=False, labelling="a"):
    return MeasuredSizes(labelling, smallest, construction, bound, refuted)


def test_between_the_bounds_agrees():
    verdict = judge(LOWER, UPPER, [sizes(), sizes(LOWER.value)], labellings=4)
    assert verdict.agreement is Agreement.AGREES
    assert str(LOWER.value) in verdict.reason


def test_every_labelling_below_the_lower_bound_contradicts():
    few = sizes(LOWER.value - 1)
    assert judge(LOWER, UPPER, [few, few], labellings=2).agreement is Agreement.CONTRADICTS


def test_some_labellings_below_the_lower_bound_do_not():
    verdict = judge(LOWER, UPPER, [sizes(LOWER.value - 1)], labellings=2)
    assert verdict.agreement is Agreement.INCONCLUSIVE
    assert "worst of all 2 labellings" in verdict.reason


def test_a_planted_false_lower_bound_is_caught():
    false = replace(LOWER, value=LOWER.value * 100, log10=LOWER.log10 + 2)
    measured = [sizes(LOWER.value * 50)] * 4
    assert judge(LOWER, UPPER, measured, labellings=4).agreement is Agreement.AGREES
    assert judge(false, UPPER, measured, labellings=4).agreement is Agreement.CONTRADICTS


@pytest.mark.parametrize("broken", [sizes(refuted=True), sizes(construction=901)])
def test_a_construction_that_fails_contradicts(broken):
    verdict = judge(LOWER, UPPER, [sizes(), broken], labellings=4)
    assert verdict.agreement is Agreement.CONTRADICTS


def test_nothing_certified_is_inconclusive_and_says_for_which():
    verdict = judge(LOWER, UPPER, [sizes(), sizes(None, labelling="hard")], labellings=4)
    assert verdict.agreement is Agreement.INCONCLUSIVE
    assert "hard" in verdict.reason
    assert judge(LOWER, UPPER, [], labellings=4).agreement is Agreement.INCONCLUSIVE


def test_training_that_stays_above_the_upper_bound_is_inconclusive():
    verdict = judge(LOWER, UPPER, [sizes(UPPER.value + 1)], labellings=1)
    assert verdict.agreement is Agreement.INCONCLUSIVE


def test_an_unspecified_constant_gives_no_verdict():
    t = theorem("thm4.3")
    printed = bound_value(t, choose_form(t, Norm.INF, FormName.PRINTED), AT, Norm.INF)
    with pytest.raises(IncomparableError):
        judge(printed, UPPER, [sizes()], labellings=1)
