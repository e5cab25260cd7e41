"""The printed proofs: which steps there are, which hold, and that the counterexamples are real."""

from fractions import Fraction
from itertools import pairwise
from math import ceil, comb, e, log

import pytest

from robustsize.bounds.prover import Status, check_step
from robustsize.bounds.theorems.expected import expectations
from robustsize.bounds.theorems.finite_cases import FINITE_CASES, covering_number, packing_number
from robustsize.bounds.theorems.proofs import IDS, derivation, is_printed

PRINTED = (
    *("2.2a", "2.2b", "2.2c", "2.2d", "2.2e", "2.2f", "2.3a", "A.3", "A.4", "A.7", "A.9", "3.2a"),
    *("3.3a", "3.4a", "3.4b", "4.3a", "4.3b", "4.3c", "4.3d", "4.3e", "5.5a", "5.5b", "5.8a"),
    *("5.8b", "5.8c", "5.8d", "4.4a", "D.1", "D.2", "D.3", "D.4", "D.5", "D.6", "D.7"),
)


def all_steps():
    steps = [(id, step.id) for id in IDS for step in derivation(id).steps]
    return steps + [("finite", case.id) for case in FINITE_CASES]


def outcome(step_id):
    owner = next(d for d, s in all_steps() if s == step_id)
    return check_step(derivation(owner), step_id)


def test_every_printed_step_is_there_and_ids_are_unique():
    ids = [step for _, step in all_steps()]
    assert len(ids) == len(set(ids))
    for printed in PRINTED:
        assert any(id == printed or id.startswith(f"{printed}/") for id in ids), printed


def test_expected_refutations_name_printed_steps_and_corrections_that_hold():
    owners = {step: d for d, step in all_steps()}
    for step, expected in expectations().items():
        assert is_printed(owners[step], step), step
        assert expected.why
        if expected.corrected:
            assert expected.corrected in owners, expected.corrected
            assert expected.corrected not in expectations(), expected.corrected


def test_every_printed_step_that_is_refuted_has_a_correction_in_its_derivation_or_a_reason():
    for step, expected in expectations().items():
        if expected.survives:
            assert expected.corrected, f"{step}: what makes the theorem survive?"


@pytest.mark.parametrize(
    "step", ["2.2a", "2.2f", "4.3b", "A.7", "3.2a/zero-error-at-eps", "2.2c/natural-log-ceil"]
)
def test_refuted(step):
    found = outcome(step)
    assert found.status is Status.REFUTED
    assert found.counterexample is not None
    assert step in expectations()


@pytest.mark.parametrize(
    "step", ["2.2d", "2.2b/corrected", "4.3d", "4.3c", "A.4", "5.8d/core-entropy"]
)
def test_proved(step):
    assert outcome(step).status is Status.PROVED


def chain(n, radius, delta, m):
    """The two sides of step 2.2c by hand: C((delta^2+e1)^m + e2) against 1/4."""
    e1 = radius * delta * (radius - delta) / (radius + delta)
    e2 = (radius * (radius**2 + delta**2) / (radius + delta)) ** m / (33 * n)
    factor = 4 * n / ((radius**2 - e1) ** m - e2)
    return factor * ((delta**2 + e1) ** m + e2)


def test_the_counterexample_to_step_2_2c_replays_by_hand():
    point = outcome("2.2c/natural-log-ceil").counterexample.point
    n, radius, delta = (Fraction(point[name]) for name in ("N", "R", "delta"))
    m = max(1, ceil(log(32 * n * delta / radius)))
    assert chain(n, radius, delta, m) > Fraction(1, 4)


@pytest.mark.parametrize("n", [1, 2, 10, 1000])
def test_the_corrected_power_of_step_2_2c_is_enough_and_two_less_is_not(n):
    radius, delta = Fraction(1), Fraction(1, 2)
    m = ceil(log(33 * n) / log(2))
    assert chain(n, radius, delta, m) <= Fraction(1, 4)
    assert chain(n, radius, delta, m - 2) > Fraction(1, 4)


def test_sauers_estimate_by_hand():
    for m in range(1, 41):
        for v in range(1, m + 1):
            assert sum(comb(m, i) for i in range(v + 1)) <= (e * m / v) ** v


def test_the_double_count_by_hand():
    for half in range(1, 41):
        for wrong in range(half + 1):
            left = Fraction(comb(2 * half - wrong, half) * 2**half, comb(2 * half, half))
            assert left >= Fraction(2 * (half - wrong), half) ** half


def test_the_parameter_count_of_step_4_3b_by_hand():
    for m in range(2, 20):
        for d in range(1, 30):
            widths = [d] + [m] * (m - 1) + [1]
            size = sum(a * b + b for a, b in pairwise(widths))
            assert size == d * m + m + (m - 2) * (m**2 + m) + m + 1
            assert (size <= m**3) == (d * m + 1 <= m**2)


def test_packing_and_covering_of_a_path():
    path = [[abs(i - j) for j in range(5)] for i in range(5)]
    assert packing_number(path, 1) == 3
    assert covering_number(path, 1) == 2


@pytest.mark.parametrize("case", FINITE_CASES, ids=lambda case: case.id)
def test_finite_cases_fail_where_expected(case):
    failures = (failure for failure in case.cases() if failure)
    assert bool(next(failures, "")) == (case.id in expectations())
