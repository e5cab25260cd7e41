"""Structural certificates: they agree with the complete certifier and fall with a wrong weight."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from robustsize.simulate.certify.complete import CertificateStatus, certify
from robustsize.simulate.certify.structural import certify_construction, certify_structure
from robustsize.simulate.checker.bumps import BoxBumps, OtherFormError
from robustsize.simulate.checker.layered import Layered, _Axis
from robustsize.simulate.checker.outward import down, up
from robustsize.simulate.checker.square_bumps import SquareBumps
from robustsize.simulate.data.exact import Rationals
from robustsize.simulate.data.instance import Norm
from robustsize.simulate.data.random_sets import Kind, random_pair
from robustsize.simulate.data.regions import Region, SeparatedPair
from robustsize.simulate.networks.network import Network
from robustsize.simulate.theorems.thm2_2.construction import robust_fit
from robustsize.simulate.theorems.thm3_3.construction import Form, robust_classifier

CERTIFIED = CertificateStatus.CERTIFIED


def small(p, *, trim, seed=0):
    pair = random_pair(Kind.POINTS, 2, Fraction(1, 6), p, 7, seed=seed)
    return pair, robust_fit(pair, Fraction(1, 10), trim=trim)


def structurally(network, pair, radius):
    return certify_structure(network, pair.A, pair.B, radius, pair.p)


@pytest.mark.parametrize("p", Norm)
@pytest.mark.parametrize("trim", [True, False])
@pytest.mark.parametrize("seed", range(3))
def test_both_certifiers_agree(p, trim, seed):
    pair, built = small(p, trim=trim, seed=seed)
    for radius in (built.radius, 2 * built.radius):
        instance = pair.instance(radius)
        complete = certify(built.network, instance, budget_seconds=20)
        ours = structurally(built.network, pair, radius)
        assert complete.status is not CertificateStatus.UNDECIDED
        if complete.status is CertificateStatus.COUNTEREXAMPLE:
            assert ours.status is not CERTIFIED
        if ours.status is CERTIFIED:
            assert complete.status is CERTIFIED
        if radius == built.radius:
            assert ours.status is CERTIFIED
            # What is established is below what is seen.
            seen = [
                int(y) * built.network.exact(x)
                for x, y in zip(instance.points, instance.labels, strict=True)
            ]
            assert Fraction(ours.margin) <= min(seen)


def changed(network, layer, index, factor):
    """The network with one weight or bias, counted through the layer, multiplied by a factor."""
    weights = [w.copy() for w in network.weights]
    biases = [b.copy() for b in network.biases]
    where = np.argwhere(weights[layer])
    if index < len(where):
        weights[layer][tuple(where[index])] *= factor
    else:
        biases[layer][np.flatnonzero(biases[layer])[index - len(where)]] *= factor
    return Network(tuple(weights), tuple(biases))


@pytest.mark.parametrize("p", Norm)
def test_a_flipped_weight_is_never_certified_where_it_matters(p):
    pair, built = small(p, trim=p is Norm.TWO)
    instance = pair.instance(built.radius)
    refused = 0
    for layer in range(built.depth):
        count = int(np.count_nonzero(built.network.weights[layer]))
        count += int(np.count_nonzero(built.network.biases[layer]))
        for index in range(0, count, 1 if p is Norm.INF else 5):
            network = changed(built.network, layer, index, -1.0)
            ours = structurally(network, pair, built.radius)
            if ours.status is CERTIFIED:
                complete = certify(network, instance, budget_seconds=10)
                assert complete.status is CERTIFIED
            else:
                assert ours.reason
                refused += 1
    assert refused >= 8


@given(
    st.sampled_from(Norm),
    st.integers(0, 3),
    st.integers(0, 10**6),
    st.sampled_from((0.25, 0.5, 0.9, 1.1, 1.5, 3.0)),
)
@settings(max_examples=60, deadline=None)
def test_perturbed_networks_are_certified_only_where_no_point_refutes(p, layer, index, factor):
    pair, built = small(p, trim=False)
    layer %= built.depth
    count = int(np.count_nonzero(built.network.weights[layer]))
    count += int(np.count_nonzero(built.network.biases[layer]))
    network = changed(built.network, layer, index % count, factor)
    if structurally(network, pair, built.radius).status is CERTIFIED:
        rng = np.random.default_rng(index)
        for region, label in ((pair.A, 1), (pair.B, -1)):
            x = np.repeat(region.low.floats(), 200, axis=0)
            step = rng.choice((-1.0, 1.0, 0.0), size=x.shape)
            if p is Norm.TWO:
                step = rng.standard_normal(x.shape)
                step /= np.linalg.norm(step, axis=1, keepdims=True)
            assert (label * network(x + float(built.radius) * step) > -1e-9).all()


@pytest.mark.parametrize("p", Norm)
def test_a_flaw_just_inside_the_ball_is_seen(p):
    """A point of B moved so that its ball ends 1e-9 inside, then outside, a bump's half height."""
    radius = Fraction(1, 8)
    A = Region.points([[Fraction(1, 4)]])
    built = robust_fit(
        SeparatedPair(A, Region.points([[Fraction(3, 4)]]), Fraction(1, 4), p), radius
    )
    low, high = Fraction(1, 4), Fraction(3, 4)
    for _ in range(60):
        middle = (low + high) / 2
        if built.network.exact((middle,)) > 0:
            low = middle
        else:
            high = middle
    tiny = Fraction(1, 10**9)
    for shift, status in ((-tiny, CertificateStatus.UNDECIDED), (tiny, CERTIFIED)):
        B = Region.points([[low + radius + shift]])
        found = certify_structure(built.network, A, B, radius, p).status
        # At p = 2 the argument allows for the square's largest error everywhere.
        assert found is status or (p is Norm.TWO and found is CertificateStatus.UNDECIDED)


def test_sets_with_an_inside_are_cut_into_cells():
    A = Region.boxes([[0, 0]], [[Fraction(2, 5), 1]])
    B = Region.boxes([[Fraction(3, 5), 0]], [[1, 1]])
    for p, form in ((Norm.INF, Form.EXPLICIT), (Norm.TWO, Form.BALLS)):
        pair = SeparatedPair(A, B, Fraction(1, 10), p)
        built = robust_classifier(pair, Fraction(1, 3), form=form)
        certificate = certify_construction(built)
        assert certificate.status is CERTIFIED, certificate.reason
        assert certificate.nodes > built.cells / 2
        # A hole: one bump less.
        weights = [w.copy() for w in built.network.weights]
        weights[-1][0, built.cells // 2] = 0.0
        keep = weights[-1][0] != 0
        layers = list(zip(weights, built.network.biases, strict=True))
        layers[-2] = (layers[-2][0][keep], layers[-2][1][keep])
        layers[-1] = (layers[-1][0][:, keep], layers[-1][1])
        assert certify_structure(Network.of(layers), A, B, built.radius, p).reason


@pytest.mark.parametrize(
    ("form", "layers", "reason"),
    [
        (BoxBumps, [(np.ones((1, 2)), [1.0])], "depth 3"),
        (SquareBumps, [(np.ones((1, 2)), [1.0])], "depth 4"),
        (Layered, [(np.ones((1, 2)), [1.0])], "no hidden layer"),
        (Layered, [(np.ones((2, 2)), [0, 0]), (np.ones((1, 2)), [-1])], "reads 2"),
        (BoxBumps, [(np.eye(2), [0, 0])] * 2 + [(np.ones((1, 2)), [-1])], "grows with"),
        (BoxBumps, [(np.eye(2), [0, 0]), (-np.eye(2), [0, 0]), (np.ones((1, 2)), [1])], "weigh"),
        (SquareBumps, [(np.eye(2), [0, 0])] * 3 + [(np.ones((1, 2)), [-1])], "beside one"),
        (SquareBumps, [(-np.eye(2), [0, 0])] * 3 + [(np.ones((1, 2)), [-1])], "falls"),
    ],
)
def test_other_forms_are_refused_with_a_reason(form, layers, reason):
    with pytest.raises(OtherFormError, match=reason):
        form.read(Network.of(layers))


def test_a_network_of_no_known_form_is_undecided_with_every_reason():
    region = Region.points([[Fraction(1, 2), Fraction(1, 2)]])
    network = Network.of([(np.ones((1, 2)), [1.0])])
    certificate = certify_structure(network, region, None, Fraction(0), Norm.INF)
    assert certificate.status is CertificateStatus.UNDECIDED
    assert "depth 3" in certificate.reason
    assert "no hidden layer" in certificate.reason


def test_a_hundred_thousand_units_in_fifty_dimensions_take_seconds():
    rng = np.random.default_rng(0)
    A, B = (
        Region.points(Rationals.from_integers(rng.integers(0, (1 << 20) + 1, (1000, 50)), 1 << 20))
        for _ in range(2)
    )
    pair = SeparatedPair(A, B, Fraction(1, 5), Norm.INF)
    built = robust_fit(pair, Fraction(19, 100), trim=False)
    assert sum(built.network.widths) > 100_000
    assert sparse.issparse(built.network.weights[0])
    assert built.size == built.formula_size <= built.form_size
    certificate = certify_construction(built)
    assert certificate.status is CERTIFIED
    assert certificate.seconds < 5
    assert (built.network(A.low.floats()[:50]) > 0.49).all()
    assert (built.network(B.low.floats()[:50]) < -0.49).all()
    # One weight of a hundred thousand, turned.
    weights = list(built.network.weights)
    weights[1] = weights[1].copy()
    weights[1].data[54321] *= -1
    wrong = certify_structure(
        Network(tuple(weights), built.network.biases), A, B, built.radius, Norm.INF
    )
    assert wrong.status is CertificateStatus.UNDECIDED
    assert "grows with" in wrong.reason


def moved(low, high, reach, p, targets, rng):
    """Points of the boxes, moved by `reach` towards some of the targets."""
    x = np.where(rng.random(low.shape) < 0.5, low, high)
    step = targets[rng.integers(0, len(targets), len(x))] - x + 1e-9 * rng.standard_normal(x.shape)
    if p is Norm.INF:
        return x + reach * np.sign(step)
    return x + reach * step / np.linalg.norm(step, axis=1, keepdims=True)


@pytest.mark.parametrize(
    ("read", "p", "build"),
    [
        (BoxBumps, Norm.INF, lambda pair: robust_fit(pair, pair.epsilon / 2, trim=False)),
        (SquareBumps, Norm.TWO, lambda pair: robust_fit(pair, 19 * pair.epsilon / 20)),
        (SquareBumps, Norm.INF, lambda pair: robust_fit(two(pair), pair.epsilon / 4)),
        (Layered, Norm.INF, lambda pair: robust_fit(pair, pair.epsilon / 2)),
        (Layered, Norm.INF, lambda pair: depth_five(pair, Form.DEPTH_5)),
        (Layered, Norm.INF, lambda pair: depth_five(pair, Form.DEPTH_4)),
    ],
)
def test_bounds_enclose_what_the_network_takes(read, p, build):
    """At radii from nothing to far beyond the guarantee, where bounds are of both signs."""
    pair = random_pair(Kind.BOXES, 2, Fraction(1, 7), p, 8, seed=3)
    points = random_pair(Kind.POINTS, 2, Fraction(1, 7), p, 8, seed=3)
    network = build(points).network
    form, rng = read.read(network), np.random.default_rng(0)
    targets = np.vstack([points.A.low.floats(), points.B.low.floats()])
    seen = set()
    for reach in (0.0, 0.02, 0.06, 0.1, 0.13, 0.16):
        for region in (points.A, points.B, pair.A, pair.B):
            low, high = region.low.floats(), region.high.floats()
            side, ball = (reach, 0.0) if p is Norm.INF else (0.0, reach)
            boxes = down(low - side), up(high + side), np.full(len(low), ball)
            bounds = {y: form.least(*boxes, y) for y in (1, -1)}
            for _ in range(60):
                value = network(moved(low, high, reach, p, targets, rng))
                for y in (1, -1):
                    assert (bounds[y] <= y * value + 1e-12).all()
            seen |= {bool(v) for v in np.concatenate([bounds[1], bounds[-1]]) > 0}
    assert seen == {True, False}


def two(pair):
    """The same points as an l_2 pair: their l_2 distances are no smaller."""
    return SeparatedPair(pair.A, pair.B, pair.epsilon, Norm.TWO)


def depth_five(pair, form):
    return robust_classifier(pair, Fraction(1, 2), form=form)


def test_ranges_on_an_axis_are_those_of_a_dense_grid():
    rng = np.random.default_rng(4)
    steep, bias = rng.choice((-1.0, 1.0), 9), rng.uniform(-1, 1, 9)
    axis = _Axis(rng.standard_normal((5, 9)), steep, bias)
    low = rng.uniform(-1, 0, 7)
    knots = np.sort(-bias / steep)
    least, most = axis.ranges(low, low + 0.8, down(knots), up(knots))
    for i, start in enumerate(low):
        x = np.linspace(start, start + 0.8, 20_001)
        values = axis.weight @ np.maximum(np.outer(steep, x) + bias[:, None], 0)
        np.testing.assert_allclose(values.min(axis=1), least[:, i], atol=1e-3)
        np.testing.assert_allclose(values.max(axis=1), most[:, i], atol=1e-3)


@given(st.integers(0, 10**6))
@settings(max_examples=40, deadline=None)
def test_rational_and_float_bounds_agree_on_random_networks(seed):
    rng = np.random.default_rng(seed)
    first = np.eye(2)[rng.integers(0, 2, 6)] * rng.choice((-1.0, 1.0, 2.0, 0.5), (6, 1))
    shapes = ((4, 6), (3, 4), (1, 3))
    layers = [(first, rng.standard_normal(6))]
    layers += [(rng.standard_normal(s), rng.standard_normal(s[0])) for s in shapes]
    network = Network.of(layers)
    form = Layered.read(network)
    low = rng.random((5, 2))
    high = low + rng.random((5, 2)) / 5
    floats, rationals = form.in_floats(low, high), form.in_integers(low, high)
    np.testing.assert_allclose(floats, rationals, rtol=1e-9, atol=1e-9)
    assert (floats[0] <= rationals[0]).all()
    assert (floats[1] >= rationals[1]).all()
    x = rng.uniform(low, high, (50, 5, 2))
    values = np.array([network(rows) for rows in x])
    assert (rationals[0] - 1e-12 <= values).all()
    assert (values <= rationals[1] + 1e-12).all()
