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
from robustsize.simulate.experiment import constructions
from robustsize.simulate.experiment.claim import Limit, Reading
from robustsize.simulate.experiment.limits import explicit
from robustsize.simulate.experiment.model import Outcome, Run, axes, slope, trends
from robustsize.simulate.experiment.verdict import Agreement, judge
from robustsize.simulate.networks.network import Network
from robustsize.simulate.theorems.thm5_5 import packings
from robustsize.simulate.theorems.thm5_5.experiment import EXPERIMENT
from robustsize.simulate.theorems.thm5_5.packings import Packing, packing

QUARTER, HALF = Fraction(1, 4), Fraction(1, 2)
MANIFOLDS = [flat_cube(2, 4), rotated_cube(2, 5), sphere(1, 3), sphere(2, 4), flat_torus(2, 4)]


def setting(ks="1", ds="2", e="1/4", **more):
    given = axes({k: ks, d: ds, epsilon: e, c: "1/2"})
    return replace(EXPERIMENT.quick, axes=given, **{"seeds": 3, **more})


@pytest.fixture(scope="module")
def measured(tmp_path_factory):
    """Cell and outcome of the flat line in the plane, and of the circle."""
    folder = tmp_path_factory.mktemp("tiny")
    cells = [one for one in EXPERIMENT.cells(setting()) if one.name[:4] in ("flat", "toru")]
    return folder, [(cell, cell.measure(Run(folder))) for cell in cells]


def test_each_prediction_is_met_by_its_evidence(measured):
    _, cells = measured
    assert [cell.name for cell, _ in cells] == ["flat-k=1-d=2", "torus-k=1-d=2"]
    for cell, outcome in cells:
        size, _ = cell.predictions
        found, built = outcome.evidence
        assert found.low is None
        assert size.lower.value <= found.high <= size.upper.value
        assert (built.low, built.high) == (0, 0)
        assert all(h.holds is not False for p in cell.predictions for h in p.hypotheses)
        (row,) = outcome.rows
        assert max(row.values) == found.high
        assert max(row.more["built"]) <= row.upper == size.upper.value


def test_the_kept_networks_are_robust_by_a_certificate_of_their_own(measured):
    folder, cells = measured
    place = Packing.of("torus", 1, 2, setting())
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
    place = Packing.of("flat", dimension, ambient, setting())
    values = {k: Fraction(dimension), d: Fraction(ambient), epsilon: QUARTER, c: HALF}
    assert place.upper.value == explicit("thm5.5", values, Norm.INF).value
    lower = explicit("thm5.8", values, Norm.INF)
    # Drawn labellings leave 10 bits less; all labellings leave none.
    every = replace(place, every=True)
    assert every.lower.value == lower.value >= place.lower.value
    assert every.lower.vacuous == lower.vacuous
    assert place.moving == dimension


def test_all_labellings_or_random_ones():
    few = Packing.of("flat", 1, 3, setting())
    assert few.every
    assert {tuple(y) for y in few.labellings.tolist()} == {(1, -1, -1), (-1, 1, -1), (1, 1, -1)}
    many = [Packing.of("flat", 2, ambient, setting(seeds=9)) for ambient in (2, 2, 3)]
    assert not any(place.every for place in many)
    assert np.array_equal(many[0].labellings, many[1].labellings)
    assert not np.array_equal(many[0].labellings, many[2].labellings)
    assert all(len(set(y)) == 2 for y in many[0].labellings.tolist())


STATUSES = {
    CertificateStatus.COUNTEREXAMPLE: Agreement.CONTRADICTS,
    CertificateStatus.UNDECIDED: Agreement.INCONCLUSIVE,
}


def flat_line():
    return EXPERIMENT.cells(setting())[0]


@pytest.mark.parametrize(("status", "agreement"), STATUSES.items())
def test_a_certificate_that_is_no_pass_shows_in_the_verdict(
    status, agreement, monkeypatch, tmp_path
):
    planted = Certificate(status, -1.0, 1.0, None, None, "planted", "", 0.0, 1)
    monkeypatch.setattr(constructions, "certify_construction", lambda built: planted)
    cell = flat_line()
    _, evidence = cell.measure(Run(tmp_path)).evidence
    count = len(Packing.of("flat", 1, 2, setting()).labellings)
    refuted = status is CertificateStatus.COUNTEREXAMPLE
    assert (evidence.low, evidence.high) == (count * refuted, count)
    assert judge(cell.predictions[1], evidence, 0.99).agreement is agreement


@pytest.mark.parametrize("status", [*STATUSES, CertificateStatus.CERTIFIED])
def test_a_network_larger_than_promised_contradicts_and_counts_once(status, monkeypatch, tmp_path):
    """A false formula: one parameter, whatever the covering and the certificate."""
    planted = Certificate(status, -1.0, 1.0, None, None, "planted", "", 0.0, 1)
    monkeypatch.setattr(constructions, "certify_construction", lambda built: planted)
    monkeypatch.setattr(packings, "covered_size", lambda cells, d: sp.Integer(1))
    cell = flat_line()
    _, evidence = cell.measure(Run(tmp_path)).evidence
    count = len(Packing.of("flat", 1, 2, setting()).labellings)
    assert (evidence.low, evidence.high) == (count, count)
    assert judge(cell.predictions[1], evidence, 0.99).agreement is Agreement.CONTRADICTS


def test_a_planted_lower_bound_contradicts_from_one_above_what_was_found(measured):
    _, cells = measured
    cell, outcome = cells[0]
    size, (found, _) = cell.predictions[0], outcome.evidence
    for value, expected in (
        (found.high, Agreement.AGREES),
        (found.high + 1, Agreement.CONTRADICTS),
    ):
        planted = replace(size, lower=Limit(value, "planted"))
        assert judge(planted, found, 0.99).agreement is expected


def test_slopes_use_the_limits_of_both_theorems():
    cells = EXPERIMENT.cells(setting("1,2", "2,4"))
    named = {trend.prediction.name: trend for trend in trends(cells)}
    assert {"slope in k, flat d=2", "slope in k, flat d=4", "slope in d, flat k=2"} <= set(named)
    assert not any("torus" in name or "sphere" in name for name in named)
    rise = named["slope in k, flat d=2"].prediction
    assert rise.reading is Reading.TREND
    # K = 3 grid points and g = 5 cells an axis.
    assert rise.lower.value == pytest.approx(np.log(3) / 2)
    assert rise.upper.value == pytest.approx(np.log(5))
    outcomes = [(one, Outcome((), ((len(one.name), 9),) * len(one.places))) for one in cells]
    in_d = slope(named["slope in d, flat k=1"], outcomes)
    assert in_d.x == (2, 4)
    assert in_d.y == ((12, 9), (12, 9))
    assert in_d.log_x
    in_k = slope(named["slope in k, flat d=4"], outcomes)
    assert in_k.x == (1, 2)
    assert not in_k.log_x


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
        EXPERIMENT.cells(given)
    assert len(str(caught.value).splitlines()) == 1
