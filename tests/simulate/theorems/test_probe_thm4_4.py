"""The probe of Theorem 4.4: exact test errors, the bound's N, shares that could disagree."""

import itertools
from dataclasses import replace
from fractions import Fraction
from math import ceil, log2

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest

from robustsize.bounds.symbols import InputError, beta, c, d, delta, epsilon
from robustsize.simulate.experiment.probe import Run, axes
from robustsize.simulate.theorems.thm4_4 import experiment as thm4_4
from robustsize.simulate.theorems.thm4_4.experiment import (
    LEARNERS,
    PROBE,
    CutCube,
    Hyperplane,
    hard_points,
    samples_needed,
)

TINY = replace(
    PROBE.quick,
    axes=axes({epsilon: "1/6", c: "1/2", delta: "1/20", d: "3", beta: "1/5"}),
    seeds=150,
)


@pytest.fixture(scope="module")
def outcome(tmp_path_factory):
    (cell,) = PROBE.cells(TINY)
    return cell, cell.measure(Run(tmp_path_factory.mktemp("tiny")))


def interval(share):
    """Clopper-Pearson, by another route than the verdict's."""
    low = binomtest(share.sure, share.trials).proportion_ci(0.999).low
    return low, binomtest(share.possible, share.trials).proportion_ci(0.999).high


def test_the_bound_holds_and_could_have_failed(outcome):
    cell, made = outcome
    assert {p.name for p in cell.predictions} == set(made.evidence)
    for prediction in cell.predictions:
        low, _ = interval(made.evidence[prediction.name])
        assert low >= prediction.lower.value == Fraction(19, 20)
        assert all(hypothesis.holds for hypothesis in prediction.hypotheses)


@pytest.mark.parametrize(("dimension", "error"), [(3, "1/5"), (5, "1/10"), (7, "1/50")])
def test_samples_needed_by_hand(dimension, error):
    b = float(Fraction(error))
    by_hand = ceil(max(4 / b * log2(40), 8 * (dimension + 1) / b * log2(13 / b)))
    assert samples_needed(dimension, Fraction(error), Fraction(1, 20), TINY) == by_hand


def test_a_planted_false_bound_is_seen(tmp_path, monkeypatch):
    monkeypatch.setattr(thm4_4, "samples_needed", lambda dimension, *rest: 2 * dimension)
    few = replace(TINY, axes={**TINY.axes, beta: (Fraction(1, 50),)})
    (cell,) = PROBE.cells(few)
    made = cell.measure(Run(tmp_path))
    for prediction in cell.predictions:
        _, high = interval(made.evidence[prediction.name])
        assert high < prediction.lower.value


def test_an_inconsistent_hyperplane_settles_nothing(tmp_path, monkeypatch):
    monkeypatch.setitem(LEARNERS, "SVM", lambda x, y, seed: Hyperplane(np.zeros(x.shape[1]), 1.0))
    (cell,) = PROBE.cells(replace(TINY, seeds=5))
    made = cell.measure(Run(tmp_path))
    share = made.evidence["SVM, hard instance, d=3, beta=1/5"]
    assert (share.sure, share.possible, share.trials) == (0, 5, 5)
    assert "5 without a consistent hyperplane" in share.tried


whole = st.integers(-4, 4)


@given(
    rows=st.lists(st.tuples(whole, whole, st.sampled_from([-1, 1])), min_size=1, max_size=8),
    w=st.tuples(*[st.sampled_from([0.0, 0.1, 0.3, 1 / 3, -0.7, 1e-17, 2.0])] * 2),
    b=st.sampled_from([0.0, -0.1, -0.4, 0.3, 1e-17]),
)
@settings(max_examples=300, deadline=None)
def test_wrong_points_are_counted_exactly(rows, w, b):
    x = np.array([row[:2] for row in rows], dtype=float)
    y = np.array([row[2] for row in rows], dtype=np.int8)
    by_hand = 0
    for u, v, label in rows:
        value = Fraction(w[0]) * u + Fraction(w[1]) * v + Fraction(b)
        by_hand += (1 if value > 0 else -1) != label
    assert Hyperplane(np.array(w), b).wrong(x, y) == by_hand


@pytest.mark.parametrize("w", list(itertools.permutations([1e16, 1.0, -1e16])))
def test_rounding_does_not_decide(w):
    # The sum is 1; in floats some orders of summation give 0.
    plane, x = Hyperplane(np.array(w), 0.0), np.ones((1, 3))
    assert plane.wrong(x, np.array([1])) == 0
    assert plane.wrong(x, np.array([-1])) == 1


def test_the_hard_points_are_the_instances_and_separable():
    hard = hard_points(3, Fraction(1, 6), Fraction(1, 2), TINY)
    assert hard.x.shape == (16, 3)
    assert (hard.x == np.round(hard.x)).all()
    assert len(np.unique(hard.x[:, :-1], axis=0)) == 16
    assert Hyperplane(np.array([0.0, 0.0, 1.0]), 0.0).wrong(hard.x, hard.y) == 0
    assert hard.is_at_most(Fraction(3, 16), 3, 16)
    assert not hard.is_at_most(Fraction(3, 17), 3, 16)


def test_the_cube_is_cut_where_it_says_and_its_test_is_three_valued():
    cube = CutCube(3)
    x, y = cube.draw(np.random.default_rng(0), 2000)
    assert np.abs(x).max() <= 0.5
    assert (np.abs(x.mean(axis=1)) > thm4_4.BAND).all()
    right = Hyperplane(np.ones(3), 0.0)
    assert right.wrong(x, y) == 0
    # By symmetry x_1 = 0 errs on less than half of the cube, and never on none of it.
    wrong, total = cube.errors(Hyperplane(np.eye(3)[0], 0.0), np.random.default_rng(1))
    assert 0.2 < wrong / total < 0.4
    assert cube.is_at_most(Fraction(1, 10), 0, 4000) is True
    assert cube.is_at_most(Fraction(1, 10), 4000, 4000) is False
    assert cube.is_at_most(Fraction(1, 10), 400, 4000) is None


@pytest.mark.parametrize("name", LEARNERS)
def test_learners_are_consistent_on_separable_samples(name):
    cube = CutCube(5)
    for seed in range(5):
        x, y = cube.draw(np.random.default_rng(seed), 12)
        assert LEARNERS[name](x, y, seed).wrong(x, y) == 0
    one_label = np.ones(12, dtype=np.int8)
    assert LEARNERS[name](x, one_label, 0).wrong(x, one_label) == 0


def test_same_seed_same_numbers(outcome, tmp_path):
    _, made = outcome
    short = replace(TINY, seeds=3)
    (again,) = PROBE.cells(short)
    rows = again.measure(Run(tmp_path)).rows
    for one, other in zip(made.rows, rows, strict=True):
        assert one.values[:3] == other.values[:3]


def test_the_learning_curve_falls_and_has_a_slope(outcome):
    _, made = outcome
    (trend,) = PROBE.trends(TINY)
    slope = trend.slope(made.rows)
    assert slope is not None
    assert slope.x == (4.0, 8.0, 16.0, 32.0, 64.0)
    means = [np.mean(np.log(group)) for group in slope.y]
    assert np.polyfit(np.log(slope.x), means, 1)[0] < -0.5


@pytest.mark.parametrize(
    "change",
    [
        {d: (Fraction(30),)},
        {delta: (Fraction(0),)},
        {beta: (Fraction(1, 10**6),)},
        {c: (Fraction(123456789, 10**10),)},
        {epsilon: (Fraction(1, 4), Fraction(1, 8))},
    ],
)
def test_what_cannot_be_measured_is_refused(change):
    with pytest.raises(InputError, match=r"^--.*for example --"):
        PROBE.cells(replace(TINY, axes={**TINY.axes, **change}))
