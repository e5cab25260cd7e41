"""The builders of Theorems 2.2, 3.3 and 5.5: size against formula, certified over whole sets."""

from fractions import Fraction
from math import ceil, floor

import numpy as np
import pytest
import sympy as sp
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from robustsize.bounds.counting import construction_size as size_of
from robustsize.simulate.certify.complete import CertificateStatus
from robustsize.simulate.certify.structural import certify_construction
from robustsize.simulate.construct.grid import cells_meeting
from robustsize.simulate.data import manifolds
from robustsize.simulate.data.instance import Norm
from robustsize.simulate.data.random_sets import Kind, random_manifold_pair, random_pair
from robustsize.simulate.data.regions import Region, SeparatedPair
from robustsize.simulate.theorems.prop3_2.construction import robust_function, steepness
from robustsize.simulate.theorems.thm2_2.construction import robust_fit
from robustsize.simulate.theorems.thm3_3.construction import Form, robust_classifier
from robustsize.simulate.theorems.thm5_5.construction import manifold_classifier

S, d, g, P = sp.symbols("S d g P", positive=True, integer=True)


def is_sound(built):
    """Counted size is the formula's, at most the bound's; the certificate covers the whole sets."""
    assert built.network.size == built.formula_size <= built.form_size
    certificate = certify_construction(built)
    assert certificate.status is CertificateStatus.CERTIFIED, certificate.reason
    assert 0 < certificate.margin <= 0.5
    return True


def worst_sampled(built, seed, rounds=20):
    """The least y f over random points of the sets, moved by random and extreme steps."""
    rng, worst = np.random.default_rng(seed), np.inf
    for region, label in ((built.positive, 1), (built.negative, -1)):
        low, high = region.low.floats(), region.high.floats()
        reach = float(built.radius + region.fat)
        for _ in range(rounds):
            x = low + rng.choice((0, 1, rng.random()), size=low.shape) * (high - low)
            if built.p is Norm.INF:
                step = rng.choice((-1, 1, 0.3), size=low.shape)
            else:
                step = rng.standard_normal(low.shape)
                step /= np.linalg.norm(step, axis=1, keepdims=True)
            worst = min(worst, (label * built.network(x + reach * step)).min())
    return worst


def test_formulas_are_those_of_the_theory():
    assert sp.expand(size_of.shared_bump_size(S, d, g) - (S * (2 * d + 2) + 4 * d * g + 1)) == 0
    assert sp.expand(size_of.unshared_bump_size(S, d) - (S * (6 * d + 2) + 1)) == 0
    ours, theirs = size_of.quadratic_bump_size(S, d, P), S * (d + 3) + 3 * d * P + d + 2
    assert sp.expand(theirs - ours) == d + 1
    assert size_of.cells_an_axis(sp.Rational(1, 10), sp.Rational(1, 2)) == 11
    for epsilon, c in (("1/40", "1/5"), ("1/20", "3/5")):
        exact = size_of.cells_an_axis(sp.Rational(epsilon), sp.Rational(c))
        assert exact == floor(1 / (2 * (1 - Fraction(c)) * Fraction(epsilon))) + 1


@pytest.mark.parametrize("dimension", [1, 2, 3])
@pytest.mark.parametrize(("epsilon", "c"), [("1/4", "1/10"), ("1/10", "1/2"), ("1/40", "1/5")])
def test_a_full_grid_costs_what_the_formula_says(dimension, epsilon, c):
    epsilon, c = Fraction(epsilon), Fraction(c)
    cells = int(size_of.cells_an_axis(sp.Rational(epsilon), sp.Rational(c)))
    if cells**dimension > 3000:
        return
    # One class fills [0, 1/2 - epsilon] x ..., so it meets every cell on the other axes.
    half = ceil(cells * (Fraction(1, 2) - epsilon))
    A = Region.boxes([(0,) * dimension], [(Fraction(1, 2) - epsilon, *(1,) * (dimension - 1))])
    B = Region.boxes([(Fraction(1, 2) + epsilon, *(0,) * (dimension - 1))], [(1,) * dimension])
    pair = SeparatedPair(A, B, epsilon, Norm.INF)
    built = robust_classifier(pair, c, form=Form.EXPLICIT)
    count = half * cells ** (dimension - 1)
    zero = sum(not b for b in built.network.biases[0])
    used = dimension * 2 * cells - 2 * (cells - half)
    assert built.cells == count
    assert built.size == size_of.box_bump_size(count, 2 * dimension * count, used, zero)
    assert built.form_size == size_of.shared_bump_size(count, dimension, cells)
    assert is_sound(built)
    assert is_sound(robust_classifier(pair, c))


@pytest.mark.parametrize("p", Norm)
@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize(("dimension", "epsilon", "pieces"), [(1, "1/20", 8), (3, "1/7", 16)])
@pytest.mark.parametrize("c", ["1/100", "1/2", "3/4"])
def test_general_classifier(p, kind, dimension, epsilon, pieces, c):
    pair = random_pair(kind, dimension, Fraction(epsilon), p, pieces, seed=pieces)
    # BITS has tests of its own, test_construct_bits.py.
    forms = set(Form) - {Form.BALLS, Form.BITS} if p is Norm.INF else {Form.BALLS, Form.SMALLEST}
    forms -= {Form.DEPTH_4, Form.DEPTH_5} if dimension == 1 else set()
    built = {form: robust_classifier(pair, Fraction(c), form=form) for form in forms}
    for each in built.values():
        assert is_sound(each)
        assert worst_sampled(each, 0) > 0.49
        assert built[Form.SMALLEST].size <= each.size


@given(
    st.sampled_from(Norm),
    st.integers(1, 20),
    st.integers(2, 40),
    st.integers(0, 10**6),
    st.fractions(0, Fraction(999, 1000), max_denominator=1000),
)
@settings(max_examples=40, deadline=None)
def test_robust_fit(p, dimension, count, seed, rho):
    assume(p is Norm.INF or rho < Fraction(199, 200))
    epsilon = Fraction(1, 30) if dimension == 1 else Fraction(1, 12)
    count = min(count, 6) if dimension == 1 else count
    pair = random_pair(Kind.POINTS, dimension, epsilon, p, count, seed=seed)
    plain = robust_fit(pair, rho * epsilon, trim=False)
    trimmed = robust_fit(pair, rho * epsilon)
    assert is_sound(plain)
    assert is_sound(trimmed)
    assert trimmed.size <= plain.size


def test_robust_fit_beyond_the_printed_radius_in_fifty_dimensions():
    pair = random_pair(Kind.POINTS, 50, Fraction(1, 5), Norm.INF, 200, seed=0)
    for pair_p in (pair, SeparatedPair(pair.A, pair.B, Fraction(1, 2), Norm.TWO)):
        built = robust_fit(pair_p, Fraction(99, 100) * pair_p.epsilon, trim=False)
        assert is_sound(built)
        assert built.cells == min(len(pair.A), len(pair.B))


MANIFOLDS = [
    manifolds.flat_cube(2, 4),
    manifolds.rotated_cube(2, 4, seed=3),
    manifolds.sphere(1, 3),
    manifolds.sphere(2, 4),
    manifolds.flat_torus(1, 3),
    manifolds.flat_torus(2, 5),
]


@pytest.mark.parametrize("manifold", MANIFOLDS, ids=lambda m: f"{m.name}{m.k}")
def test_manifold_classifier(manifold):
    epsilon, c = Fraction(1, 10), Fraction(1, 3)
    pair = random_manifold_pair(manifold, epsilon, 10, radius=Fraction(1, 40), seed=5)
    covering = manifold.covering((1 - c) * epsilon)
    plain = manifold_classifier(pair, covering, c, trim=False)
    assert is_sound(plain)
    assert plain.form_size == size_of.unshared_bump_size(plain.cells, manifold.d)
    assert is_sound(manifold_classifier(pair, covering, c))


@pytest.mark.parametrize("manifold", MANIFOLDS, ids=lambda m: f"{m.name}{m.k}")
def test_coverings_cover(manifold):
    covering = manifold.covering(Fraction(1, 8))
    assert covering.h < Fraction(1, 8)
    points = manifold.points(300, seed=9).floats()
    assert ((points >= 0) & (points <= 1)).all()
    nearest = np.abs(points[:, None] - covering.centres.floats()).max(axis=2).min(axis=1)
    assert nearest.max() <= float(covering.h)
    assert nearest.max() > 0.3 * float(covering.h)


def test_cells_cover_and_meet_the_set():
    rng = np.random.default_rng(1)
    low = rng.integers(0, 90, (30, 2))
    boxes = [[Fraction(int(v), 100) for v in row] for row in low]
    tops = [
        [v + Fraction(int(w), 100) for v, w in zip(r, rng.integers(0, 10, 2), strict=True)]
        for r in boxes
    ]
    for count in (3, 7, 10, 100):
        cells = cells_meeting(Region.boxes(boxes, tops), count)
        ends = {tuple(c) for c in cells.tolist()}
        for box, top in zip(boxes, tops, strict=True):
            for x in (box, top):
                around = [
                    {min(floor(v * count), count - 1), max(ceil(v * count) - 1, 0)} for v in x
                ]
                assert any((i, j) in ends for i in around[0] for j in around[1])
        met = [
            all(
                a * count <= i + 1 and b * count >= i
                for a, b, i in zip(box, top, cell, strict=True)
            )
            for cell in ends
            for box, top in zip(boxes, tops, strict=True)
        ]
        assert np.array(met).reshape(len(ends), -1).any(axis=1).all()


def test_cells_of_l2_balls_leave_the_corners_out():
    ball = Region.balls([[Fraction(1, 2)] * 3], Fraction(1, 4), Norm.TWO)
    inside = cells_meeting(ball, 20)
    hull = cells_meeting(Region.balls([[Fraction(1, 2)] * 3], Fraction(1, 4), Norm.INF), 20)
    nearest = np.abs((inside + 0.5) / 20 - 0.5) - 0.025
    assert (np.linalg.norm(np.maximum(nearest, 0), axis=1) <= 0.25 + 1e-12).all()
    assert len(inside) < 0.8 * len(hull)


@pytest.mark.parametrize("p", Norm)
@pytest.mark.parametrize("kind", Kind)
def test_the_function_of_proposition_3_2(p, kind):
    pair = random_pair(kind, 3, Fraction(1, 8), p, 14, seed=2)
    steep = steepness(pair, samples=500)
    assert 0.5 * steep.bound < steep.measured <= steep.bound * (1 + 1e-9)
    for region, label in ((pair.A, 1), (pair.B, -1)):
        x = (region.low.floats() + region.high.floats()) / 2
        assert (label * robust_function(pair, x) == 1).all()


def test_the_slope_is_reached_between_touching_pairs():
    A, B = Region.points([[Fraction(1, 4)]]), Region.points([[Fraction(3, 4)]])
    pair = SeparatedPair(A, B, Fraction(1, 4), Norm.INF)
    assert steepness(pair).measured == pytest.approx(4)
    assert robust_function(pair, [[0.5]]) == 0


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda pair: robust_fit(pair, pair.epsilon), "delta is in"),
        (lambda pair: robust_fit(pair, -pair.epsilon), "delta is in"),
        (lambda pair: robust_classifier(pair, Fraction(1)), "c is in"),
        (lambda pair: robust_classifier(pair, Fraction(0)), "c is in"),
    ],
)
@pytest.mark.parametrize("p", Norm)
def test_parameters_outside_their_domain(build, message, p):
    pair = random_pair(Kind.POINTS, 2, Fraction(1, 8), p, 6, seed=0)
    with pytest.raises(ValueError, match=message):
        build(pair)


@pytest.mark.parametrize(
    ("p", "d", "form", "message"),
    [
        (Norm.INF, 2, Form.BALLS, "is not for l_inf"),
        (Norm.TWO, 2, Form.DEPTH_4, "is not for l_2"),
        (Norm.INF, 1, Form.DEPTH_5, "d >= 2"),
    ],
)
def test_forms_that_do_not_exist(p, d, form, message):
    pair = random_pair(Kind.POINTS, d, Fraction(1, 8), p, 4, seed=0)
    with pytest.raises(ValueError, match=message):
        robust_classifier(pair, Fraction(1, 2), form=form)


def test_sets_outside_the_domain():
    outside = SeparatedPair(
        Region.points([[2, 0]]), Region.points([[0, 0]]), Fraction(1, 4), Norm.TWO
    )
    with pytest.raises(ValueError, match=r"outside \[-1,1\]\^d"):
        robust_fit(outside, Fraction(1, 8))
    with pytest.raises(ValueError, match="leaves the cube"):
        robust_classifier(outside, Fraction(1, 8))
    boxes = random_pair(Kind.BOXES, 2, Fraction(1, 8), Norm.INF, 6, seed=0)
    with pytest.raises(ValueError, match="finite sets"):
        robust_fit(boxes, Fraction(1, 16))
