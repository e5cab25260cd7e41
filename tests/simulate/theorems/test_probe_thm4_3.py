"""The experiment of Theorem 4.3: its limits, its labellings, and plants that must contradict."""

from dataclasses import replace
from fractions import Fraction
from itertools import product
from math import log

import numpy as np
import pytest

from robustsize.bounds.symbols import InputError, Norm, c, d, epsilon
from robustsize.simulate.certify.complete import CertificateStatus, certify
from robustsize.simulate.data.instance import hard_instance
from robustsize.simulate.data.labellings import checkerboard
from robustsize.simulate.experiment.claim import Limit
from robustsize.simulate.experiment.limits import explicit
from robustsize.simulate.experiment.model import Outcome, Run, axes, slope, trends
from robustsize.simulate.experiment.verdict import Agreement, judge
from robustsize.simulate.networks.network import Network
from robustsize.simulate.theorems.thm4_3 import experiment as thm4_3
from robustsize.simulate.theorems.thm4_3.experiment import EXPERIMENT
from robustsize.simulate.theorems.thm4_3.problem import RANDOM, Problem

QUARTER, HALF = Fraction(1, 4), Fraction(1, 2)


def setting(dimensions, **more):
    given = axes({epsilon: "1/4", c: "1/2", d: dimensions})
    return replace(EXPERIMENT.quick, axes=given, **{"seeds": 4, "device": "cpu", **more})


@pytest.fixture(scope="module")
def plane(tmp_path_factory):
    """The cell d = 2, all 8 labellings of 3 points, with its outcome and its folder."""
    folder = tmp_path_factory.mktemp("plane")
    (cell,) = EXPERIMENT.cells(setting("2"))
    return cell, cell.measure(Run(folder)), folder


@pytest.fixture(scope="module")
def space(tmp_path_factory):
    """The cell d = 3, the checkerboard and random labellings of 9 points, searched briefly."""
    (cell,) = EXPERIMENT.cells(setting("3", seeds=1))
    return cell, cell.measure(Run(tmp_path_factory.mktemp("space")))


def agreements(cell, outcome):
    pairs = zip(cell.predictions, outcome.evidence, strict=True)
    return [judge(prediction, evidence, 0.99).agreement for prediction, evidence in pairs]


def test_all_labellings_are_measured_where_they_are_few():
    names = [name for name, _ in Problem(2, setting("2")).labellings]
    assert sorted(names) == sorted("".join(signs) for signs in product("+-", repeat=3))
    assert [phi.tolist() for _, phi in Problem(1, setting("1")).labellings] == [[-1], [1]]


def test_else_the_checkerboard_comes_before_labellings_drawn_by_the_seed():
    (first, board), *drawn = Problem(3, setting("3")).labellings
    assert first == "checkerboard"
    assert np.array_equal(board, checkerboard(3, 2))
    assert [name for name, _ in drawn] == [f"random {i}" for i in range(RANDOM)]
    again, other = (Problem(3, setting("3", seed=seed)).labellings[1:] for seed in (0, 1))
    for (_, one), (_, same), (_, another) in zip(drawn, again, other, strict=True):
        assert np.array_equal(one, same)
        assert not np.array_equal(one, another)


def test_the_limits_are_those_of_the_theorems():
    values = {d: Fraction(3), epsilon: QUARTER, c: HALF}
    lower, upper = Problem(3, setting("3")).limits
    assert lower == explicit("thm4.3", values, Norm.INF)
    assert upper == explicit("thm3.3", values, Norm.INF)


def test_where_all_are_measured_each_verdict_is_as_it_should_be(plane):
    cell, outcome, _ = plane
    # Three points: the lower limit is trivial, and a witness cannot contradict the upper one.
    assert agreements(cell, outcome) == [Agreement.VACUOUS, *[Agreement.AGREES] * 3]
    size, faulty, standard, robust = outcome.evidence
    assert size.high == max(outcome.rows[0].values)
    assert (faulty.low, faulty.high) == (0, 0)
    assert (standard.low, standard.high) == (0, 0)
    assert (robust.low, robust.high) == (1, 1)


def test_the_networks_kept_have_the_sizes_told_and_are_certified(plane):
    _, outcome, folder = plane
    (row,) = outcome.rows
    for i, one in enumerate(row.more["labellings"]):
        network = Network.load(folder / f"thm4.3-d2-{i}.npz")
        phi = [1 if sign == "+" else -1 for sign in one["name"]]
        instance = hard_instance(2, QUARTER, HALF, Norm.INF, phi)
        assert network.size == one["size"] == row.values[i]
        assert certify(network, instance).status is CertificateStatus.CERTIFIED


def test_the_easiest_and_the_worst_labelling_are_held_apart(space):
    cell, outcome = space
    easiest, worst, *_ = outcome.evidence
    whole, drawn = outcome.rows
    assert worst.high == max(whole.values)
    assert easiest.high == min(drawn.values)
    assert drawn.values == whole.values[1:]
    assert Agreement.CONTRADICTS not in agreements(cell, outcome)


def test_a_lower_limit_contradicts_from_one_above_what_was_found(plane, space):
    for cell, outcome in (plane[:2], space):
        prediction, evidence = cell.predictions[0], outcome.evidence[0]
        for value, expected in (
            (evidence.high, Agreement.AGREES),
            (evidence.high + 1, Agreement.CONTRADICTS),
        ):
            planted = replace(prediction, lower=Limit(value, "planted"), upper=None)
            assert judge(planted, evidence, 0.99).agreement is expected


def test_a_hyperplane_that_does_not_separate_contradicts(monkeypatch, tmp_path):
    flipped = Network.of([([[0.0, -1.0]], [0.5])])
    monkeypatch.setattr(thm4_3, "separating_hyperplane", lambda d: flipped)
    (cell,) = EXPERIMENT.cells(setting("2", seeds=1))
    *_, standard, robust = agreements(cell, cell.measure(Run(tmp_path)))
    assert (standard, robust) == (Agreement.CONTRADICTS, Agreement.AGREES)


def test_the_slope_is_read_on_random_labellings_between_both_theorems():
    cells = EXPERIMENT.cells(setting("2:4"))
    (trend,) = trends(cells)
    assert trend.prediction.lower.value == pytest.approx(log(3) / 2)
    assert trend.prediction.upper.value == pytest.approx(log(5))
    assert [len(cell.places) for cell in cells] == [0, 1, 1]
    for base, expected in (
        (1.5, Agreement.CONTRADICTS),
        (3, Agreement.AGREES),
        (6, Agreement.CONTRADICTS),
    ):
        values = [tuple((base**place.x,) * 4 for place in cell.places) for cell in cells]
        measured = [(cell, Outcome((), v)) for cell, v in zip(cells, values, strict=True)]
        evidence = slope(trend, measured)
        assert evidence.x == (3, 4)
        assert judge(trend.prediction, evidence, 0.99).agreement is expected
    assert trends(EXPERIMENT.cells(setting("2,3"))) == []


def test_too_many_points_are_refused():
    with pytest.raises(InputError, match="--d 7: 729 points to be searched, at most 250"):
        EXPERIMENT.cells(setting("7"))
