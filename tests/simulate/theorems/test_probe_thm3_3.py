"""Theorems 3.3 and 3.4 on grid labellings."""

from dataclasses import replace
from fractions import Fraction
from itertools import permutations, product
from math import log

import numpy as np
import pytest

from robustsize.bounds.symbols import InputError, Norm, c, d, epsilon
from robustsize.simulate.certify.complete import CertificateStatus, certify
from robustsize.simulate.data.instance import Instance
from robustsize.simulate.data.labellings import up_to_symmetry
from robustsize.simulate.experiment.claim import Between, Limit, Slope
from robustsize.simulate.experiment.probe import Row, Run, axes
from robustsize.simulate.experiment.sizes import explicit
from robustsize.simulate.experiment.verdict import Agreement, judge
from robustsize.simulate.networks.network import Network
from robustsize.simulate.search.exact_width import smallest_width
from robustsize.simulate.theorems.thm3_3.experiment import PROBE
from robustsize.simulate.theorems.thm3_3.experiment import _Grid as GridPlace

QUARTER = {epsilon: "1/4", c: "1/2"}


def setting(dimensions, **given):
    chosen = {**QUARTER, d: dimensions, **given}
    return replace(PROBE.quick, axes=axes(chosen), seeds=8)


@pytest.fixture(scope="module")
def line(tmp_path_factory):
    """The cell d = 1 (all 8 labellings of 3 points), its outcome and folder."""
    folder = tmp_path_factory.mktemp("networks")
    (cell,) = PROBE.cells(setting("1"))
    return cell, cell.measure(Run(folder)), folder


@pytest.mark.parametrize(("K", "d_"), [(2, 2), (3, 2), (2, 3), (5, 1)])
def test_classes_cover_every_mixed_labelling_once(K, d_):
    labels, counts = up_to_symmetry(K, d_)
    assert counts.sum() == 2 ** (K**d_) - 2
    seen = set()
    for row, count in zip(labels, counts, strict=True):
        cube = row.reshape((K,) * d_)
        orbit = {
            tuple((s * cube.transpose(order)).reshape(-1).tolist())
            for order in permutations(range(d_))
            for s in (1, -1)
        }
        assert len(orbit) == count
        assert not orbit & seen
        seen |= orbit
    expected = {y for y in product((-1, 1), repeat=K**d_) if len(set(y)) == 2}
    assert seen == expected


def test_every_labelling_is_bracketed_and_exact_widths_agree(line):
    cell, outcome, _ = line
    size, built = cell.predictions
    found = outcome.evidence[size.name]
    # On a line the lower limit is trivial, and a witness cannot contradict the upper one.
    assert judge(size, found, 0.99).agreement is Agreement.VACUOUS
    assert found.high <= size.upper.value
    assert outcome.evidence[built.name] == Between(0, 0, outcome.evidence[built.name].tried)
    (row,) = outcome.rows
    assert len(row.values) == 6
    # By another route: the alternating labelling needs two units, proved; they cost at least two
    # weights in and two out.
    points = tuple((Fraction(i, 2),) for i in range(3))
    alternating = Instance(points, np.array([1, -1, 1], dtype=np.int8), Fraction(1, 8), Norm.INF)
    width = smallest_width(alternating)
    assert width.exact
    assert width.width == 2
    assert 4 <= found.high == max(row.values) <= 7


def test_kept_networks_are_certified_at_their_size(line):
    _, outcome, folder = line
    networks = outcome.rows[0].more["networks"]
    points = tuple((Fraction(i, 2),) for i in range(3))
    for i, one in enumerate(networks):
        network = Network.load(folder / f"thm3.3-d1-{i}.npz")
        labels = np.array([1 if s == "+" else -1 for s in one["labels"]], dtype=np.int8)
        instance = Instance(points, labels, Fraction(1, 8), Norm.INF)
        assert network.size == one["size"]
        assert certify(network, instance).status is CertificateStatus.CERTIFIED


def test_one_architecture_shatters_the_line(line):
    _, outcome, _ = line
    architecture = outcome.rows[0].more["architecture"]
    assert architecture == {
        "hidden": [2],
        "certified labellings": 8,
        "labellings": 8,
        "shattered": True,
    }


def test_a_planted_lower_bound_is_contradicted(line):
    cell, outcome, _ = line
    size = cell.predictions[0]
    false = replace(size, lower=Limit(100 * size.lower.value, "planted"))
    verdict = judge(false, outcome.evidence[size.name], 0.99)
    assert verdict.agreement is Agreement.CONTRADICTS


def test_a_refuted_construction_shows(monkeypatch, line):
    def flawed(pair, ratio, *, form):
        from robustsize.simulate.theorems.thm3_3.construction import robust_classifier

        good = robust_classifier(pair, ratio, form=form)
        biases = (*good.network.biases[:-1], good.network.biases[-1] - 10)
        return replace(good, network=Network(good.network.weights, biases))

    monkeypatch.setattr("robustsize.simulate.theorems.thm3_3.experiment.robust_classifier", flawed)
    place = GridPlace(1, setting("1"))
    evidence = place._built(place.labellings[0])
    assert evidence.high == len(place.labellings[0])


def test_limits_are_the_theorems_own():
    values = {d: Fraction(2), epsilon: Fraction(1, 4), c: Fraction(1, 2)}
    lower, upper = GridPlace(2, setting("2")).limits()
    assert lower.value == explicit("thm3.4", values, Norm.INF).value
    assert upper == explicit("thm3.3", values, Norm.INF)
    # A drawn labelling may be easier than the worst, never harder.
    drawn = GridPlace(3, setting("3"))
    whole = explicit("thm3.4", {**values, d: Fraction(3)}, Norm.INF)
    assert not drawn.exhaustive
    assert 2 < drawn.limits()[0].value <= whole.value


def test_drawn_labellings_repeat_and_differ_by_seed():
    first, again = (GridPlace(3, setting("3")).labellings[0] for _ in range(2))
    other = GridPlace(3, replace(setting("3"), seed=1)).labellings[0]
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_trends_read_the_bases_of_the_explicit_forms():
    below, above = PROBE.trends(setting("1:3"))
    assert below.prediction.lower.value == pytest.approx(log(3) / 2)
    assert above.prediction.upper.value == pytest.approx(log(5))
    flat = [Row(series="labelling", at={"d": float(x)}, values=(9, 9, 9)) for x in (1, 2, 3)]
    steep = [Row(series="labelling", at={"d": float(x)}, values=(6**x,) * 3) for x in (1, 2, 3)]
    for trend, rows in ((below, flat), (above, steep)):
        slope = trend.slope(rows)
        assert isinstance(slope, Slope)
        assert judge(trend.prediction, slope, 0.99).agreement is Agreement.CONTRADICTS


def test_too_many_points_are_refused():
    with pytest.raises(InputError, match="--d 5 --epsilon 1/4: 243 grid points"):
        PROBE.cells(setting("5"))
