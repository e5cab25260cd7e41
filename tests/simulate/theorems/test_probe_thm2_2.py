"""Theorems 2.2 and 2.3 on random points and on gadgets."""

from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from math import isclose

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from robustsize.bounds.symbols import InputError, N, Norm, d, delta, epsilon
from robustsize.simulate.certify.complete import CertificateStatus, certify
from robustsize.simulate.data.instance import Instance
from robustsize.simulate.experiment.claim import Limit
from robustsize.simulate.experiment.fits import gadget_place, random_place
from robustsize.simulate.experiment.gadgets import Gadgets
from robustsize.simulate.experiment.probe import Row, Run, axes
from robustsize.simulate.experiment.sizes import explicit
from robustsize.simulate.experiment.verdict import Agreement, judge
from robustsize.simulate.networks.network import Network
from robustsize.simulate.theorems.thm2_2.experiment import PROBE, _limits

EIGHTH = Fraction(1, 8)


def setting(p=Norm.INF, **given):
    chosen = {N: "2", d: "2", epsilon: "1/8", delta: "7/64"}
    chosen |= {symbol: given[name] for symbol, name in ((N, "N"), (d, "d")) if name in given}
    if "delta" in given:
        chosen[delta] = given["delta"]
    return replace(PROBE.quick, axes=axes(chosen), seeds=4, p=p)


@pytest.fixture(scope="module")
def measured(tmp_path_factory):
    """Cells and outcomes at N = 2, d = 2: random at p = inf, gadgets at p = 2."""
    cells = PROBE.cells(setting())
    folders = [tmp_path_factory.mktemp("networks") for _ in cells]
    outcomes = [cell.measure(Run(folder)) for cell, folder in zip(cells, folders, strict=True)]
    for outcome, folder in zip(outcomes, folders, strict=True):
        saved = [Network.load(path).size for path in sorted(folder.iterdir())]
        assert saved == [one["size"] for one in outcome.rows[0].more["networks"]]
    return list(zip(cells, outcomes, strict=True))


@given(
    st.integers(2, 9),
    st.integers(1, 3),
    st.fractions(Fraction(1, 20), Fraction(1, 4), max_denominator=40),
    st.fractions(Fraction(1, 2), Fraction(99, 100), max_denominator=100),
)
def test_gadgets_force_their_probes_and_nothing_else_is_closer(dimension, pairs, e, rho):
    gadgets = Gadgets.largest(dimension, e, rho * e, pairs)
    most = min(dimension, int(1 / (1 - rho**2)))
    if gadgets is None:
        # Only where 1/(1 - rho^2) is an integer can an irrational side be needed.
        assert most < 2 or (1 / (1 - rho**2)).denominator == 1
        return
    assert gadgets.q == most or (1 / (1 - rho**2)).denominator == 1
    signs = np.random.default_rng(0).choice([-1, 1], gadgets.m).astype(np.int8)
    instance = gadgets.instance(signs)
    assert gadgets.forces(instance, signs)
    assert not gadgets.forces(instance, -signs)
    for i, x in enumerate(instance.points):
        for j, y in enumerate(instance.points):
            if instance.labels[i] != instance.labels[j]:
                assert sum((v - w) ** 2 for v, w in zip(x, y, strict=True)) >= (2 * e) ** 2


def test_one_radius_less_no_longer_forces():
    gadgets = Gadgets.largest(4, EIGHTH, Fraction(7, 64), 1)
    signs = np.ones(4, dtype=np.int8)
    # The probe is at distance a sqrt(q - 1) = sqrt(3)/16 of its point.
    assert isclose(float(gadgets.a), 1 / 16)
    smaller = replace(gadgets, delta=Fraction(1082, 10000))
    larger = replace(gadgets, delta=Fraction(1083, 10000))
    assert not smaller.forces(smaller.instance(signs), signs)
    assert larger.forces(larger.instance(signs), signs)


def test_representatives_reach_every_sign_by_reflection():
    gadgets = Gadgets.largest(2, EIGHTH, Fraction(7, 64), 2)
    signs, each = gadgets.representatives()
    assert len(signs) == gadgets.classes == 8
    flips = ((1, 1), (-1, 1))  # only the first coordinate is 0 in every centre
    reached = {tuple((s.reshape(2, 2) * f).reshape(-1).tolist()) for s in signs for f in flips}
    assert len(reached) == each * len(signs) == 2**gadgets.m


def test_random_points_are_apart_in_the_ball_and_repeat():
    for p in Norm:
        place = random_place(8, 3, EIGHTH / 2, setting(p))
        assert all(h.holds for h in place.hypotheses)
        again = random_place(8, 3, EIGHTH / 2, setting(p))
        for one, two in zip(place.instances, again.instances, strict=True):
            assert one.points == two.points
            assert np.array_equal(one.labels, two.labels)
            x = one.floats()
            gaps = np.linalg.norm(x[:, None] - x, ord=float(p.value), axis=2)
            assert gaps[~np.eye(8, dtype=bool)].min() >= 0.25 - 1e-12
            assert np.linalg.norm(x, ord=float(p.value), axis=1).max() <= 1 + 1e-12
        assert len({one.points for one in place.instances}) == len(place.instances)


def test_quick_cells_agree_and_constructions_hold(measured):
    names = [cell.name for cell, _ in measured]
    assert names == [
        "random-p=inf-samples=2-d=2-delta=0.109375",
        "gadgets-p=2-samples=2-d=2-delta=0.109375",
    ]
    for cell, outcome in measured:
        size, built = cell.predictions
        # Two points: the lower limit is trivial, and a witness cannot contradict the upper one.
        assert judge(size, outcome.evidence[size.name], 0.99).agreement is Agreement.VACUOUS
        assert outcome.evidence[size.name].high <= size.upper.value
        assert outcome.evidence[built.name].high == 0


def test_random_pair_of_points_needs_one_coordinate(measured):
    # Part D of the theory: at p = inf a threshold on one coordinate does, for every d.
    _, outcome = measured[0]
    assert max(outcome.rows[0].values) <= 2


def test_a_gadget_is_served_by_its_hyperplane(measured):
    cell, outcome = measured[1]
    assert outcome.evidence[cell.predictions[0].name].high == 2
    gadgets = Gadgets.largest(2, EIGHTH, Fraction(7, 64), 1)
    for signs in ((1, 1), (1, -1), (-1, 1), (-1, -1)):
        plane = Network.of([([list(map(float, signs))], [0.0])])
        instance = gadgets.instance(np.array(signs, dtype=np.int8))
        assert certify(plane, instance).status is CertificateStatus.CERTIFIED
        flipped = Instance(instance.points, -instance.labels, instance.radius, instance.p)
        assert certify(plane, flipped).status is CertificateStatus.COUNTEREXAMPLE


def test_a_planted_lower_bound_is_contradicted(measured):
    for cell, outcome in measured:
        size = cell.predictions[0]
        false = replace(size, lower=Limit(100, "planted"))
        evidence = outcome.evidence[size.name]
        assert judge(false, evidence, 0.99).agreement is Agreement.CONTRADICTS


def test_limits_are_the_theorems_own():
    values = {N: Fraction(2), d: Fraction(40), epsilon: Fraction(1, 16), delta: Fraction(79, 1280)}
    radius = values[delta]
    chosen = replace(PROBE.quick, axes={**PROBE.quick.axes, epsilon: (values[epsilon],)})
    place = gadget_place(2, 40, radius, chosen)
    assert place is not None
    lower, upper = _limits(place)
    assert lower.value == explicit("thm2.3", values, Norm.TWO).value > 2
    assert upper == explicit("thm2.2", values, Norm.TWO)
    drawn = random_place(64, 4, EIGHTH / 2, setting())
    values = {N: Fraction(64), d: Fraction(4), epsilon: EIGHTH, delta: EIGHTH / 2}
    assert 2 < _limits(drawn)[0].value <= explicit("thm2.3", values, Norm.INF).value


def test_trends_state_only_what_holds_of_their_data():
    trends = PROBE.trends(setting(N="2,4", d="2,4"))
    limits = {
        (t.series, t.x): (t.prediction.lower is not None, t.prediction.upper is not None)
        for t in trends
    }
    assert limits == {
        ("random", "samples"): (True, False),
        ("random", "d"): (False, True),
        ("gadgets", "d"): (True, True),
    }
    gadgets = trends[-1]
    for power, agreement in (
        (1, Agreement.AGREES),
        (0.4, Agreement.CONTRADICTS),
        (3, Agreement.CONTRADICTS),
    ):
        rows = [
            Row(series="gadgets", at={"d": x, **gadgets.where}, values=(x**power,) * 4)
            for x in (2.0, 4.0)
        ]
        assert judge(gadgets.prediction, gadgets.slope(rows), 0.99).agreement is agreement


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"N": "1"}, "--samples 1: 2 to 128"),
        ({"delta": "1/8"}, "--delta 1/8: the radius must be below epsilon = 1/8"),
        ({"N": "100", "d": "1"}, "--samples 100 --d 1 --epsilon 1/8: 20000 draws placed only"),
    ],
)
def test_what_cannot_be_measured_is_refused(given, message):
    with pytest.raises(InputError, match=message):
        PROBE.cells(setting(**given))


def test_quick_names_are_unique():
    cells = PROBE.cells(PROBE.quick)
    names = sorted(p.name for cell in cells for p in cell.predictions)
    assert all(a != b for a, b in pairwise(names))
    assert all(set(cell.name) <= set("abcdefghijklmnopqrstuvwxyz0123456789=.-") for cell in cells)
