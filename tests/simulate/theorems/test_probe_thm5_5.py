"""The probe of Theorems 5.5 and 5.8: exact packings, limits by another route, plants that show."""

import itertools
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
import sympy as sp
from set_families import FAMILIES

from robustsize.bounds.arithmetic import balls
from robustsize.bounds.symbols import InputError, Norm, c, d, epsilon, k
from robustsize.simulate.certify.complete import Certificate, CertificateStatus, certify
from robustsize.simulate.data.manifolds import flat_cube, flat_torus, rotated_cube, sphere
from robustsize.simulate.experiment.claim import Limit, Reading
from robustsize.simulate.experiment.probe import Run, axes
from robustsize.simulate.experiment.sizes import explicit
from robustsize.simulate.experiment.verdict import Agreement, judge
from robustsize.simulate.networks.network import Network
from robustsize.simulate.theorems.thm5_5 import experiment as thm5_5
from robustsize.simulate.theorems.thm5_5.experiment import PROBE, Place, packing

QUARTER, HALF = Fraction(1, 4), Fraction(1, 2)
MANIFOLDS = [flat_cube(2, 4), rotated_cube(2, 5), sphere(1, 3), sphere(2, 4), flat_torus(2, 4)]


def setting(ks="1", ds="2", e="1/4", **more):
    given = axes({k: ks, d: ds, epsilon: e, c: "1/2"})
    return replace(PROBE.quick, axes=given, **{"seeds": 3, **more})


@pytest.fixture(scope="module")
def measured(tmp_path_factory):
    """Cell and outcome of the flat line in the plane, and of the circle."""
    folder = tmp_path_factory.mktemp("tiny")
    cells = [one for one in PROBE.cells(setting()) if one.name[:4] in ("flat", "toru")]
    return folder, [(cell, cell.measure(Run(folder))) for cell in cells]


def test_each_prediction_is_met_by_its_evidence(measured):
    _, cells = measured
    assert [cell.name for cell, _ in cells] == ["flat-k=1-d=2", "torus-k=1-d=2"]
    for cell, outcome in cells:
        size, construction = cell.predictions
        assert set(outcome.evidence) == {size.name, construction.name}
        found, built = (outcome.evidence[p.name] for p in cell.predictions)
        assert found.low is None
        assert size.lower.value <= found.high <= size.upper.value
        assert (built.low, built.high) == (0, 0)
        assert all(h.holds is not False for p in cell.predictions for h in p.hypotheses)
        (row,) = outcome.rows
        assert max(row.values) == found.high
        assert max(row.more["built"]) <= row.upper == size.upper.value


def test_the_kept_networks_are_robust_by_a_certificate_of_their_own(measured):
    folder, cells = measured
    place = Place.of("torus", 1, 2, setting())
    assert place.every
    sizes = cells[1][1].rows[0].values
    for i, (instance, size) in enumerate(zip(place.instances(), sizes, strict=True)):
        network = Network.load(folder / f"thm5.5-torus-k=1-d=2-{i}.npz")
        assert network.size == size
        assert certify(network, instance).status is CertificateStatus.CERTIFIED


@pytest.mark.parametrize("manifold", MANIFOLDS, ids=lambda m: f"{m.name}-{m.k}")
@pytest.mark.parametrize("e", [QUARTER, Fraction(1, 5)])
def test_packings_are_apart_no_larger_than_can_be_and_on_the_manifold(manifold, e):
    points = packing(manifold, e, seed=0)
    gaps = [
        max(abs(v - w) for v, w in zip(x, y, strict=True))
        for x, y in itertools.combinations(points, 2)
    ]
    assert min(gaps) >= 2 * e
    family = next((f for f in FAMILIES if f.name == manifold.name and f.norm is Norm.INF), None)
    if family is not None:
        most = balls.certain(family.packing.upper, {k: Fraction(manifold.k), epsilon: e})
        assert balls.is_less(Fraction(len(points)), most, or_equal=True)
    covering = manifold.covering(e / 2)
    centres = covering.centres.floats()
    for x in points:
        near = np.abs(centres - np.array([float(v) for v in x])).max(axis=1).min()
        assert near <= float(covering.h)


@pytest.mark.parametrize(("dimension", "ambient"), [(1, 2), (2, 2), (3, 5)])
def test_on_the_flat_cube_the_limits_are_the_theorems_own_forms(dimension, ambient):
    place = Place.of("flat", dimension, ambient, setting())
    values = {k: Fraction(dimension), d: Fraction(ambient), epsilon: QUARTER, c: HALF}
    assert place.upper().value == explicit("thm5.5", values, Norm.INF).value
    lower = explicit("thm5.8", values, Norm.INF)
    # Drawn labellings leave 10 bits less; all labellings leave none.
    every = replace(place, every=True)
    assert every.lower().value == lower.value >= place.lower().value
    assert every.lower().vacuous == lower.vacuous
    assert place.moving == dimension


def test_all_labellings_or_random_ones():
    few = Place.of("flat", 1, 3, setting())
    assert few.every
    assert {tuple(y) for y in few.labellings.tolist()} == {(1, -1, -1), (-1, 1, -1), (1, 1, -1)}
    many = [Place.of("flat", 2, ambient, setting(seeds=9)) for ambient in (2, 2, 3)]
    assert not any(place.every for place in many)
    assert np.array_equal(many[0].labellings, many[1].labellings)
    assert not np.array_equal(many[0].labellings, many[2].labellings)
    assert all(len(set(y)) == 2 for y in many[0].labellings.tolist())


def test_a_flawed_certificate_and_an_oversized_network_show(measured, monkeypatch, tmp_path):
    _, cells = measured
    flat = cells[0][0]
    refuted = Certificate(
        CertificateStatus.COUNTEREXAMPLE, -1.0, -1.0, 0, None, "planted", "", 0.0, 1
    )
    monkeypatch.setattr(thm5_5, "certify_construction", lambda built: refuted)
    evidence = flat.measure(Run(tmp_path)).evidence[flat.predictions[1].name]
    assert evidence.low > flat.predictions[1].upper.value
    monkeypatch.undo()
    # A false formula: one parameter, whatever the covering.
    monkeypatch.setattr(thm5_5, "covered_size", lambda cells, d: sp.Integer(1))
    evidence = flat.measure(Run(tmp_path)).evidence[flat.predictions[1].name]
    assert evidence.low > flat.predictions[1].upper.value


def test_a_planted_lower_bound_shows(measured):
    """It contradicts from one above the smallest size found on, and not before."""
    _, cells = measured
    cell, outcome = cells[0]
    size = cell.predictions[0]
    found = outcome.evidence[size.name]
    for value, expected in (
        (found.high, Agreement.AGREES),
        (found.high + 1, Agreement.CONTRADICTS),
        (100 * found.high, Agreement.CONTRADICTS),
    ):
        planted = replace(size, lower=Limit(value, "planted"))
        assert judge(planted, found, 0.99).agreement is expected


def test_an_undecided_certificate_is_no_pass_and_an_oversized_one_counts_once(
    measured, monkeypatch, tmp_path
):
    _, cells = measured
    flat = cells[0][0]
    construction = flat.predictions[1]
    count = len(cells[0][1].rows[0].more["built"])
    undecided = Certificate(
        CertificateStatus.UNDECIDED, -1.0, 1.0, None, None, "planted", "", 0.0, 1
    )
    monkeypatch.setattr(thm5_5, "certify_construction", lambda built: undecided)
    evidence = flat.measure(Run(tmp_path)).evidence[construction.name]
    assert (evidence.low, evidence.high) == (0, count)
    assert judge(construction, evidence, 0.99).agreement is Agreement.INCONCLUSIVE
    monkeypatch.setattr(thm5_5, "covered_size", lambda cells, d: sp.Integer(1))
    evidence = flat.measure(Run(tmp_path)).evidence[construction.name]
    assert (evidence.low, evidence.high) == (count, count)
    assert judge(construction, evidence, 0.99).agreement is Agreement.CONTRADICTS


def test_slopes_use_the_limits_of_both_theorems(measured):
    given = setting("1,2", "2,4")
    trends = {trend.prediction.name: trend for trend in PROBE.trends(given)}
    assert {"slope in k, flat d=2", "slope in k, flat d=4", "slope in d, flat k=2"} <= set(trends)
    assert not any("torus" in name or "sphere" in name for name in trends)
    rise = trends["slope in k, flat d=2"].prediction
    assert rise.reading is Reading.TREND
    # K = 3 grid points and g = 5 cells an axis.
    assert rise.lower.value == pytest.approx(np.log(3) / 2)
    assert rise.upper.value == pytest.approx(np.log(5))
    flat = measured[1][0][1].rows[0]
    wider = replace(flat, at={**flat.at, "d": 4.0})
    slope = trends["slope in d, flat k=1"].slope([flat, wider])
    assert slope.x == (2.0, 4.0)
    assert slope.y[0] == flat.values
    assert slope.log_x


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (setting("6", "6", "1/8"), "--k 6, --epsilon 1/8"),
        (setting(p=Norm.TWO), "--p 2"),
        (setting("3", "2"), "--k 3"),
    ],
)
def test_what_cannot_be_measured_is_one_line(given, message):
    with pytest.raises(InputError, match=message) as caught:
        PROBE.cells(given)
    assert len(str(caught.value).splitlines()) == 1
