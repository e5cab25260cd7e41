"""Bit extraction on general sets: size against formula, certified over whole sets, exact bounds."""

import itertools
from fractions import Fraction

import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from robustsize.bounds.counting.construction_size import (
    bit_families_size,
    cells_an_axis,
    depth_five_size,
    intervals_an_axis,
)
from robustsize.simulate.certify.complete import CertificateStatus, certify
from robustsize.simulate.certify.structural import certify_construction, certify_structure
from robustsize.simulate.checker.exact_layers import ExactLayer, exact_bounds
from robustsize.simulate.construct.bit_families import BitFamilies, Ladder
from robustsize.simulate.data.exact import Rationals
from robustsize.simulate.data.instance import Norm
from robustsize.simulate.data.random_sets import Kind, random_pair
from robustsize.simulate.data.regions import Region, SeparatedPair
from robustsize.simulate.networks.network import Network
from robustsize.simulate.theorems.thm3_3.construction import Form, robust_classifier

CERTIFIED = CertificateStatus.CERTIFIED
CASES = [
    (1, "1/20", "1/2", 8),
    (1, "1/5", "1/100", 3),
    (2, "1/4", "1/100", 5),
    (2, "1/10", "1/3", 12),
    (2, "1/20", "3/10", 40),
    (3, "1/4", "1/100", 10),
    (3, "1/5", "1/10", 20),
    (4, "1/4", "1/100", 12),
]


def bits(d, epsilon, c, pieces, kind=Kind.POINTS, seed=3):
    pair = random_pair(kind, d, Fraction(epsilon), Norm.INF, pieces, seed=seed)
    return pair, robust_classifier(pair, Fraction(c), form=Form.BITS)


def worst_sampled(built, rounds=40):
    rng, worst = np.random.default_rng(0), np.inf
    for region, label in ((built.positive, 1), (built.negative, -1)):
        low, high = region.low.floats(), region.high.floats()
        for _ in range(rounds):
            x = low + rng.random(low.shape) * (high - low)
            step = rng.choice((-1.0, 1.0, rng.uniform(-1, 1)), size=low.shape)
            moved = x + float(built.radius + region.fat) * step
            worst = min(worst, (label * built.network(moved)).min())
    return worst


@pytest.mark.parametrize(("d", "epsilon", "c", "pieces"), CASES)
def test_size_is_the_formula_and_whole_sets_are_certified(d, epsilon, c, pieces):
    _, built = bits(d, epsilon, c, pieces)
    assert built.network.size == built.formula_size <= built.form_size
    certificate = certify_construction(built)
    assert certificate.status is CERTIFIED, certificate.reason
    assert 0 < certificate.margin <= 0.5
    assert worst_sampled(built) > 0.499
    other = certify_structure(built.network, built.negative, built.positive, built.radius, built.p)
    assert other.status is CertificateStatus.COUNTEREXAMPLE


@pytest.mark.parametrize("kind", [Kind.BOXES, Kind.VOXELS, Kind.BALLS])
def test_sets_with_an_inside_are_certified(kind):
    _, built = bits(2, "1/8", "1/4", 6, kind)
    assert built.network.size == built.formula_size <= built.form_size
    assert certify_construction(built).status is CERTIFIED


def test_the_complete_certifier_agrees():
    pair, built = bits(1, "1/8", "1/2", 5)
    complete = certify(built.network, pair.instance(built.radius), budget_seconds=20)
    ours = certify_construction(built)
    assert complete.status is ours.status is CERTIFIED
    assert 0 < ours.margin <= 1 / 2


@pytest.mark.parametrize(("d", "epsilon", "c"), [(2, "1/10", "1/3"), (1, "1/20", "1/2")])
def test_flipped_weights_that_a_point_refutes_are_never_certified(d, epsilon, c):
    """One weight or bias of each layer in turn; points of the balls in rationals are the judge."""
    pair, built = bits(d, epsilon, c, 8)
    refused = 0
    for layer, weight in enumerate(built.network.weights):
        for row, column in np.argwhere(weight)[:: max(1, np.count_nonzero(weight) // 3)]:
            weights = [w.copy() for w in built.network.weights]
            weights[layer][row, column] *= -1
            broken = Network(tuple(weights), built.network.biases)
            wrong = any(
                label * broken.exact([v + s * built.radius for v, s in zip(x, step, strict=True)])
                <= 0
                for label in (1, -1)
                for x in (pair.side(label).low.row(i) for i in range(len(pair.side(label))))
                for step in itertools.product((-1, 0, 1), repeat=d)
            )
            found = certify_structure(broken, pair.A, pair.B, built.radius, pair.p)
            refused += found.status is not CERTIFIED
            assert not (wrong and found.status is CERTIFIED)
    assert refused >= 5


@given(
    st.integers(1, 4),
    st.fractions(Fraction(1, 50), Fraction(49, 100), max_denominator=200),
    st.fractions(Fraction(1, 100), Fraction(9, 10), max_denominator=100),
    st.integers(0, 10**6),
)
@settings(max_examples=60, deadline=None)
def test_formula_on_random_marks(d, epsilon, c, seed):
    """Any marks cost what the formula says, at most the bound, with every split float64 allows."""
    try:
        ladder = Ladder.of(d, 2 * (1 - c) * epsilon)
    except ValueError as error:
        assert "no float64" in str(error)  # noqa: PT017
        return
    n = len(ladder.ends) - 1
    assert n == intervals_an_axis(sp.Rational(epsilon), sp.Rational(c), d)
    rng = np.random.default_rng(seed)
    shapes = [(len(ladder.gaps(t)) + 1,) * d for t in range(d + 1)]
    assert sum(shape[0] for shape in shapes) == n - 2 + d + 1
    if max(np.prod(shape) for shape in shapes) > 3000:
        return
    marks = [rng.random(shape) < rng.choice((0.02, 0.5, 1.0)) for shape in shapes]
    marks[0].flat[0] = True
    for a in range(d + 1):
        families = BitFamilies.of(ladder, marks, a)
        if families is not None:
            size = families.network(1).size
            assert size == families.size <= bit_families_size(d, n, a)


@pytest.mark.parametrize(("d", "room"), [(1, "1/3"), (2, "2/7"), (3, "1/5"), (4, "3/10")])
def test_cores_cover_the_cube_and_are_short_enough(d, room):
    room = Fraction(room)
    ladder = Ladder.of(d, room)
    ends = ladder.ends
    assert (ends[0], ends[-1]) == (0, 1)
    for t in range(d + 1):
        masked = set(ladder.gaps(t))
        masked |= {j for j, face in zip((0, len(ends) - 2), ladder.faces(t), strict=True) if face}
        assert masked == set(range(t, len(ends) - 1, d + 1))
        cuts = sorted(masked | {-1, len(ends) - 1})
        for i, j in itertools.pairwise(cuts):
            assert ends[j] - ends[i + 1] + ladder.ramp < room
    for low, high in itertools.pairwise(ends):
        start = (low + high) / 2 - ladder.length
        assert min(start - low, (high - low) / 2) >= ladder.ramp
        assert Fraction(float(start)) == start


def test_what_float64_does_not_hold_is_refused():
    A, B = Region.points([[Fraction(0)] * 6]), Region.points([[Fraction(1)] * 6])
    pair = SeparatedPair(A, B, Fraction(1, 50), Norm.INF)
    with pytest.raises(ValueError, match="the most is"):
        robust_classifier(pair, Fraction(1, 2), form=Form.BITS)
    room = Fraction(1, 2) + Fraction(1, 10**30)
    with pytest.raises(ValueError, match="no float64"):
        Ladder.of(1, room)


@pytest.mark.slow
def test_bits_win_where_both_classes_are_everywhere():
    """A random colouring of 31^3 points: other forms pay for each cell, bits for its square root.

    The certificate is for the first points of each class; there are too many for all.
    """
    points, epsilon, c = 31, Fraction(1, 61), Fraction(1, 100)
    labels = np.random.default_rng(0).random((points,) * 3) < 0.5
    A, B = (
        Region.points(Rationals.from_integers(np.argwhere(side), points - 1))
        for side in (labels, ~labels)
    )
    pair = SeparatedPair(A, B, epsilon, Norm.INF)
    built = robust_classifier(pair, c, form=Form.BITS)
    assert built.size == built.formula_size <= built.form_size
    assert robust_classifier(pair, c).size == built.size
    assert built.size < robust_classifier(pair, c, form=Form.DEPTH_5).size
    assert worst_sampled(built, rounds=2) > 0.49
    few = [
        Region.points(Rationals.from_integers(side.low.numerators[:4], points - 1))
        for side in (A, B)
    ]
    found = certify_structure(built.network, *few, built.radius, built.p)
    assert found.status is CERTIFIED, found.reason


def test_figures_beside_the_other_forms():
    """epsilon = 1/4, c = 0.01: below depth 5 from d = 10 on (36,206 there)."""
    epsilon, c = sp.Rational(1, 4), sp.Rational(1, 100)

    def smallest(d):
        n = intervals_an_axis(epsilon, c, d)
        return min(bit_families_size(d, n, a) for a in range(d + 1))

    def depth_five(d):
        g = cells_an_axis(epsilon, c)
        return min(depth_five_size(g**d // 2, g, a, d - a) for a in range(1, d))

    assert smallest(10) == 34_631 < depth_five(10)
    assert smallest(100) < Fraction(12, 10) * 10**27 < depth_five(100)
    assert smallest(9) > depth_five(9)


@given(st.integers(0, 10**6))
@settings(max_examples=40, deadline=None)
def test_exact_layers_enclose_what_the_network_takes(seed):
    """Random layers, most of whose first units read one input: never too narrow."""
    rng = np.random.default_rng(seed)
    lone = np.eye(2)[rng.integers(0, 2, 7)] * rng.integers(-3, 4, (7, 1)) / 2
    shapes = ((7, None), (3, 7), (1, 3))
    arrays = [(lone, rng.integers(-4, 5, 7) / 4)]
    arrays += [
        (rng.integers(-3, 4, s).astype(float), rng.integers(-3, 4, s[0]) / 2) for s in shapes[1:]
    ]
    ends = np.sort(rng.integers(-8, 9, (2, 2, 4)), axis=0).astype(object)
    layers = [ExactLayer.of(w, b) for w, b in arrays]
    lower, upper = exact_bounds(ends, 8, layers)
    tail = Network.of([(np.eye(2), np.zeros(2)), *arrays])
    for box in range(4):
        inside = rng.uniform(*(ends[:, :, box].astype(float) / 8), size=(200, 2))
        values = tail(inside)
        assert lower[box] - 1e-9 <= values.min()
        assert values.max() <= upper[box] + 1e-9


def test_a_digit_stays_between_zero_and_one():
    gap = 2.0**-30
    layers = [
        ExactLayer.of(np.array([[2.0], [2.0]]), np.array([gap - 1, -1.0])),
        ExactLayer.of(np.array([[1 / gap, -1 / gap]]), np.zeros(1)),
    ]
    ends = np.array([[[0, 0, 3]], [[4, 1, 4]]], dtype=object)
    lower, upper = exact_bounds(ends, 4, layers)
    np.testing.assert_allclose(lower, [0, 0, 1], atol=1e-12)
    np.testing.assert_allclose(upper, [1, 0, 1], atol=1e-12)
