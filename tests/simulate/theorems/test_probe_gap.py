"""Bracketed robust errors, the bound for random labellings, and the gap on a tiny instance."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from robustsize.bounds.counting.growth import SHARPEST
from robustsize.bounds.counting.hamming import labelling_bits
from robustsize.bounds.counting.smallest_size import smallest_size
from robustsize.bounds.symbols import InputError, N, Norm, alpha, d, k
from robustsize.simulate.certify.complete import CertificateStatus, certify
from robustsize.simulate.data.instance import Instance, hard_instance, separating_hyperplane
from robustsize.simulate.experiment.claim import Limit
from robustsize.simulate.experiment.errors import SPARE_BITS, random_labelling_limit
from robustsize.simulate.experiment.probe import Run, axes
from robustsize.simulate.experiment.robust_error import robust_error
from robustsize.simulate.experiment.verdict import Agreement, judge
from robustsize.simulate.networks.network import Network
from robustsize.simulate.theorems.gap import experiment as gap

TINY = replace(
    gap.PROBE.quick,
    axes={**gap.PROBE.quick.axes, **axes({d: "3", k: "2", N: "3", alpha: "1/10"})},
    seeds=1,
    device="cpu",
)


def test_the_hyperplane_is_right_at_every_point_and_wrong_in_every_ball():
    whole = hard_instance(3, Fraction(1, 4), Fraction(1, 2), Norm.INF, [1, -1, 1] * 3)
    plane = separating_hyperplane(3)
    robust = robust_error(plane, whole)
    assert (robust.low, robust.high) == (1, 1)
    clean = robust_error(plane, whole, radius=Fraction(0))
    assert (clean.low, clean.high) == (0, 0)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6))
def test_the_bracket_holds_what_a_fine_grid_sees_in_one_dimension(seed):
    random = np.random.default_rng(seed)
    network = Network.of(
        [
            (random.normal(size=(4, 1)), random.normal(size=4)),
            (random.normal(size=(1, 4)), random.normal(size=1)),
        ]
    )
    points = tuple((Fraction(i, 4),) for i in range(5))
    labels = random.choice(np.array([-1, 1], dtype=np.int8), 5)
    instance = Instance(points, labels, Fraction(1, 10), Norm.INF)
    error = robust_error(network, instance)
    seen = 0
    for (x,), y in zip(points, labels, strict=True):
        ball = np.linspace(float(x) - 0.1, float(x) + 0.1, 400)[:, None]
        seen += bool((y * network(ball) <= -1e-9).any())
    assert seen <= error.possible
    assert error.sure == error.possible == seen


def test_what_is_not_settled_counts_as_a_possible_error_only():
    whole = hard_instance(3, Fraction(1, 4), Fraction(1, 2), Norm.INF, [1] * 9)
    random = np.random.default_rng(0)
    first, last = random.normal(size=(16, 3)), random.normal(size=(1, 16))
    network = Network.of([(first, np.zeros(16)), (last, [30.0])])
    settled, cut = robust_error(network, whole), robust_error(network, whole, nodes=0)
    assert (settled.sure, settled.possible) == (0, 0)
    assert (cut.sure, cut.possible) == (0, cut.total)


@pytest.mark.parametrize("share", [Fraction(0), Fraction(1, 10)])
def test_the_bound_for_random_labellings_is_the_last_size_that_leaves_ten_bits(share):
    m, dimension = 729, 6
    limit = random_labelling_limit(m, dimension, share)
    needed = float(labelling_bits(Fraction(m), share)) - SPARE_BITS

    def bits(n):
        known = (g.bits(Fraction(n), Fraction(m), dimension, None) for g in SHARPEST)
        return min(float(one) for one in known if one is not None)

    assert bits(limit.value - 1) < needed <= bits(limit.value)
    worst = smallest_size(Fraction(m), dimension, None, share, SHARPEST).n
    assert limit.value <= worst


def test_the_gap_is_measured_as_it_was_predicted(tmp_path):
    for cell in gap.PROBE.cells(TINY):
        outcome = cell.measure(Run(tmp_path))
        assert {p.name for p in cell.predictions} == set(outcome.evidence)
        for prediction in cell.predictions:
            verdict = judge(prediction, outcome.evidence[prediction.name], 0.99)
            assert verdict.agreement in (Agreement.AGREES, Agreement.VACUOUS), verdict
        for row in outcome.rows:
            for one in row.more.get("networks", []):
                assert one["test"][0] <= one["test"][1] <= one["test"][2]


def test_a_planted_bound_on_the_error_is_seen_through(tmp_path):
    cell = gap.PROBE.cells(TINY)[0]
    claim = cell.predictions[0]
    planted = replace(claim, lower=Limit(Fraction(3, 4), "planted"))
    found = cell.measure(Run(tmp_path)).evidence[claim.name]
    assert judge(planted, found, 0.99).agreement is Agreement.CONTRADICTS


def test_the_smallest_certified_is_certified_and_smallest():
    flat = np.zeros((1, 2))
    wrong, right = (Network.of([(flat, [sign])]) for sign in (-1.0, 1.0))
    larger = Network.of([(np.array([[1.0, 0.0]]), [1.0])])
    points = ((Fraction(0), Fraction(0)), (Fraction(1), Fraction(0)))
    instance = Instance(points, np.array([1, 1], dtype=np.int8), Fraction(1, 8), Norm.INF)
    assert certify(wrong, instance).status is CertificateStatus.COUNTEREXAMPLE
    assert gap._smallest_certified([larger, wrong, right], instance) == 1
    assert gap._smallest_certified([larger, wrong], instance) == 2
    assert gap._smallest_certified([wrong], instance) is None


@pytest.mark.parametrize(("symbol", "text", "words"), [(d, "40", "points"), (k, "5", "at most d")])
def test_settings_out_of_reach_are_refused(symbol, text, words):
    with pytest.raises(InputError, match=words):
        gap.PROBE.cells(replace(TINY, axes={**TINY.axes, **axes({symbol: text})}))
