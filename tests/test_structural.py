"""Structural certificates: they agree with the complete certifier and fall with a wrong weight."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from robustsize.simulate.certify import CertificateStatus, certify
from robustsize.simulate.construct.thm2_2 import robust_fit
from robustsize.simulate.construct.thm3_3 import robust_classifier
from robustsize.simulate.exact import Rationals
from robustsize.simulate.instance import Norm
from robustsize.simulate.network import Network
from robustsize.simulate.random_sets import Kind, random_pair
from robustsize.simulate.sets import Region, SeparatedPair
from robustsize.simulate.structural import certify_construction, certify_structure

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
            assert ours.margin <= complete.upper + 1e-12


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
    assert refused > 10


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
    for p in Norm:
        pair = SeparatedPair(A, B, Fraction(1, 10), p)
        built = robust_classifier(pair, Fraction(1, 3), trim=False)
        certificate = certify_construction(built)
        assert certificate.status is CERTIFIED, certificate.reason
        assert certificate.nodes > built.cells / 2
        # A hole: one bump less.
        weights = [w.copy() for w in built.network.weights]
        weights[-1][0, built.cells // 2] = 0.0
        holed = Network(tuple(weights), built.network.biases)
        keep = weights[-1][0] != 0
        layers = list(zip(weights, built.network.biases, strict=True))
        layers[-2] = (layers[-2][0][keep], layers[-2][1][keep])
        layers[-1] = (layers[-1][0][:, keep], layers[-1][1])
        assert certify_structure(Network.of(layers), A, B, built.radius, p).reason
        assert certify_structure(holed, A, B, built.radius, p).reason


@pytest.mark.parametrize(
    ("layers", "reason"),
    [
        ([(np.ones((1, 2)), [1.0])], "depth 3"),
        (
            [(np.ones((2, 2)), [0, 0]), (np.ones((2, 2)), [0, 0]), (np.ones((1, 2)), [-1])],
            "reads 2",
        ),
        ([(np.eye(2), [0, 0]), (np.eye(2), [0, 0]), (np.ones((1, 2)), [-1])], "grows with"),
        ([(np.eye(2), [0, 0]), (-np.eye(2), [0, 0]), (np.ones((1, 2)), [1])], "weigh the bumps"),
        (
            [(np.eye(2), [0, 0])] + [(np.eye(2), [0, 0])] * 2 + [(np.ones((1, 2)), [-1])],
            "beside one",
        ),
    ],
)
def test_other_networks_are_undecided_with_a_reason(layers, reason):
    region = Region.points([[Fraction(1, 2), Fraction(1, 2)]])
    certificate = certify_structure(Network.of(layers), region, None, Fraction(0), Norm.INF)
    assert certificate.status is CertificateStatus.UNDECIDED
    assert reason in certificate.reason


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
    assert built.size == built.formula_size <= built.bound_size
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
