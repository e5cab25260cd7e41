"""The structural checker: sound at every magnitude, and no altered proof passes."""

import itertools
from dataclasses import replace
from fractions import Fraction
from math import floor, isqrt

import numpy as np
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from robustsize.simulate.certify.complete import CertificateStatus
from robustsize.simulate.certify.guarantee import Guarantee, read_guarantee
from robustsize.simulate.certify.structural import certify_structure
from robustsize.simulate.checker.bumps import OtherFormError
from robustsize.simulate.checker.forest import LEAF, Forest, ProofError
from robustsize.simulate.checker.layered import _affine
from robustsize.simulate.checker.outward import float_above
from robustsize.simulate.checker.structural import (
    FormName,
    Neighbourhood,
    StructuralProof,
    check_structural,
    read_form,
)
from robustsize.simulate.construct.quadratic import quadratic_network
from robustsize.simulate.data.exact import Rationals
from robustsize.simulate.data.instance import Norm
from robustsize.simulate.data.regions import Region, SeparatedPair
from robustsize.simulate.networks.network import Network
from robustsize.simulate.theorems.thm3_3.construction import Form, robust_classifier

CERTIFIED = CertificateStatus.CERTIFIED
SCALES = (1e-300, 1e-163, 1e-30, 1e-8, 1e-3, 1.0, 1e3, 1e8, 2.0**53, 1e150, 1e300)
PLACES = (0.0, 1e-163, 1e-8, 1.0, 1e8, 2.0**25, 2.0**53, 1e150)
RADII = (0.0, 1e-163, 1e-8, 1e-3, 1.0)


def one_bump(steep, penalty, height, weight, threshold):
    """weight relu(height + penalty relu(steep x)) + threshold."""
    layers = [([[steep]], [0.0]), ([[penalty]], [height]), ([[weight]], [threshold])]
    return Network.of(layers)


def at(value, radius, label, network):
    region = Region.points([[Fraction(value)]])
    sets = (region, None) if label > 0 else (None, region)
    return certify_structure(network, *sets, Fraction(radius), Norm.INF).status


def test_a_height_far_above_the_slopes_hides_no_bump():
    network = one_bump(
        765.8558675875075, -1472.396895898186, 37837446151526.5, 1.0, -7.379853122771022e-05
    )
    assert network.exact([Fraction(2**25 - 1)]) > 0
    assert at(2**25, 1, -1, network) is not CERTIFIED


def test_products_that_underflow_are_not_zero():
    network = one_bump(1e-200, -1e-200, 1e-310, 1e300, -1e-20)
    assert at(1e150, 1, 1, network) is not CERTIFIED
    layered = Network.of([([[1e-200]], [0.0]), ([[1e300]], [-1e-110])])
    assert at(1e-200, 1e-210, -1, layered) is not CERTIFIED
    # and what is true of such numbers is established
    assert at(1e-200, 1e-210, 1, layered) is CERTIFIED


@pytest.mark.parametrize("label", [1, -1])
def test_zero_has_neither_sign(label):
    assert at(1, 0, label, Network.of([([[0.0]], [0.0])])) is not CERTIFIED
    assert at(1, 0, label, Network.of([([[1.0]], [0.0]), ([[1.0]], [-1.0])])) is not CERTIFIED
    for network in (Network.of([([[0.0]], [0.0])]), Network.of([([[0.0]], [-1.0 * label])])):
        tree = Forest(1, np.array([LEAF]), np.zeros(1), np.array([LEAF]))
        trees = (tree, None) if label > 0 else (None, tree)
        region = Region.points([[Fraction(1)]])
        sets = (region, None) if label > 0 else (None, region)
        proof = StructuralProof(FormName.CONSTANT, False, *trees)
        with pytest.raises(ProofError):
            check_structural(network, *sets, Fraction(0), Norm.INF, proof)


def number(rng):
    return float(rng.uniform(0.5, 2) * rng.choice(SCALES))


def box_bumps(rng, x, room):
    """Hidden layers of box bumps that begin and end near x."""
    d, S = len(x), int(rng.integers(1, 3))
    first, biases, second = [], [], []
    for s in range(S):
        for j, sign in itertools.product(range(d), (1.0, -1.0)):
            if rng.random() < 0.8:
                steep = sign * number(rng)
                first.append([steep if i == j else 0.0 for i in range(d)])
                biases.append(-steep * (x[j] + sign * rng.uniform(-2, 2) * room))
                second.append([-number(rng) if i == s else 0.0 for i in range(S)])
    assume(first)
    sizes = np.abs(np.array(second)).max(axis=1) * np.abs(np.array(first)).max(axis=1)
    # As high as one penalty is somewhere around, as the point is far, or of any height.
    around = sizes.max() * rng.choice((room, max(map(abs, x)), 1.0))
    height = [rng.choice((around * rng.uniform(0, 3), number(rng))) for _ in range(S)]
    return [(first, biases), (np.array(second).T, height)]


def interpolated(centres, near, far, domain):
    """The network of l_2 bumps with few pieces on each axis, yet enough."""
    d, length = centres.numerators.shape[1], domain[1] - domain[0]
    pieces = isqrt(floor(d * length**2 / (4 * (far - near)))) + 2
    return quadratic_network(centres, near, far, domain, pieces, 1)[0]


def l2_bumps(rng, x, room):
    """Hidden layers of l_2 bumps around x, whose units are scaled up and down."""
    R = Fraction(max(room, 1e-100))
    start = [Fraction(v) for v in x]
    assume(max(start) - min(start) < 100 * R and abs(start[0]) < 10**12 * R)
    centres = Rationals.of([[v + R * int(rng.integers(-2, 3)) / 4 for v in start]])
    domain = min(start) - 8 * R, max(start) + 8 * R
    try:
        network = interpolated(centres, (2 * R) ** 2, (5 * R) ** 2, domain)
    except ValueError:  # more than float64 holds
        assume(False)
    weights, biases = [w.copy() for w in network.weights], [b.copy() for b in network.biases]
    for layer in (0, 1):
        factor = 2.0 ** int(rng.integers(-300, 301) * rng.integers(0, 2))
        weights[layer] *= factor
        biases[layer] *= factor
        weights[layer + 1] /= factor
    return list(zip(weights[:-1], biases[:-1], strict=True))


def layers(rng, x, room):
    """Hidden layers whose units start near x."""
    widths = [len(x), *rng.integers(1, 4, int(rng.integers(1, 4)))]
    h, hidden = np.array(x), []
    for k, (below, width) in enumerate(itertools.pairwise(widths)):
        weight = rng.choice((-1.0, 1.0), (width, below)) * rng.choice(SCALES)
        weight *= rng.uniform(0.5, 2, (width, below))
        if k == 0:
            weight *= np.eye(below)[rng.integers(0, below, width)]
        move = np.abs(weight).max(axis=1) * room * rng.uniform(-2, 2, width)
        bias = -(weight @ h) + (move if k == 0 else rng.uniform(-1, 1) * np.abs(weight @ h))
        hidden.append((weight, bias))
        h = np.maximum(weight @ h + bias, 0)
    return hidden


def task(build, seed, p):
    """Hidden layers and output weights around a point x, a set around x, and the radius."""
    rng = np.random.default_rng(seed)
    d = int(rng.integers(1, 3))
    place, radius = rng.choice(PLACES), rng.choice(RADII)
    x = [float(place * rng.uniform(0.5, 2)) if j == 0 else float(place) for j in range(d)]
    room = max(radius, abs(place) * 2.0**-51) or 1.0
    with np.errstate(all="ignore"):
        hidden = build(rng, x, room)
        width = len(hidden[-1][1])
        weight = [number(rng) for _ in range(width)]
    assume(all(np.isfinite(np.array(part)).all() for layer in hidden for part in layer))
    fat = Fraction(float(rng.choice((0.0, radius))))
    region = replace(
        Region.points([list(map(Fraction, x))]), fat=fat, p=Norm(rng.choice(["inf", "2"]))
    )
    return hidden, weight, region, Fraction(float(radius))


def reached(region, radius, p, hidden):
    """Points, exactly within the radius of the region; on a line also where first units start."""
    (x,) = [region.low.row(0)]
    if len(x) == 1:
        for weight, bias in zip(*hidden[0], strict=True):
            at = -Fraction(float(bias)) / Fraction(float(weight[0]))
            if abs(at - x[0]) <= region.fat + radius:
                yield [at]
    directions = {
        Norm.INF: list(itertools.product((-1, 0, 1), repeat=len(x))),
        Norm.TWO: [(1,), (0,), (-1,)]
        if len(x) == 1
        else [
            (Fraction(a * u, 5), Fraction(b * v, 5))
            for a, b in ((3, 4), (4, 3), (5, 0), (0, 5))
            for u, v in itertools.product((-1, 1), repeat=2)
        ],
    }
    for own, other in itertools.product(directions[region.p], directions[p]):
        yield [v + region.fat * s + radius * t for v, s, t in zip(x, own, other, strict=True)]


@given(
    st.sampled_from((box_bumps, l2_bumps, layers)),
    st.integers(0, 10**9),
    st.sampled_from(Norm),
    st.sampled_from((1, -1)),
    st.sampled_from((1, -1)),
)
@example(box_bumps, 1278, Norm.TWO, 1, -1)
@example(box_bumps, 1491, Norm.INF, -1, 1)
@example(box_bumps, 1836, Norm.TWO, 1, -1)
@example(layers, 1478, Norm.INF, 1, -1)
@example(layers, 1862, Norm.TWO, -1, 1)
@settings(max_examples=100, deadline=None)
def test_no_threshold_that_a_point_refutes_is_certified(build, seed, p, sign, y):
    """The threshold is the float at or just beyond the least value that is reached."""
    hidden, weight, region, radius = task(build, seed, p)
    without = Network.of([*hidden, ([[sign * v for v in weight]], [0.0])])
    least = min(y * without.exact(point) for point in reached(region, radius, p, hidden))
    bias = y * -float_above(least)
    assume(np.isfinite(bias))
    network = Network.of([*hidden, ([[sign * v for v in weight]], [bias])])
    sets = (region, None) if y > 0 else (None, region)
    assert certify_structure(network, *sets, radius, p).status is not CERTIFIED


@given(st.sampled_from((box_bumps, l2_bumps, layers)), st.integers(0, 10**9), st.sampled_from(Norm))
@settings(max_examples=100, deadline=None)
def test_bounds_are_below_every_value_reached(build, seed, p):
    """In every form that the network has, in floats alone too, and of both signs, exactly."""
    hidden, weight, region, radius = task(build, seed, p)
    bias = number(np.random.default_rng(seed))
    network = Network.of([*hidden, ([weight], [-bias])])
    values = [network.exact(point) for point in reached(region, radius, p, hidden)]
    near, one = Neighbourhood.of(region, radius, p, whole=False), np.zeros(1, dtype=np.int64)
    for name in FormName:
        try:
            form = read_form(network, name)
        except OtherFormError:
            continue
        forms = [form, replace(form, exact=0)] if name is FormName.LAYERED else [form]
        for each, y in itertools.product(forms, (1, -1)):
            with np.errstate(all="ignore"):
                (bound,) = near.least(each, y, *near.roots, one, one == 0)
            assert bound == -np.inf or Fraction(float(bound)) <= min(y * v for v in values)


@given(st.integers(0, 10**9))
@settings(max_examples=60, deadline=None)
def test_products_with_a_layer_are_enclosed(seed):
    """Sums of many terms of mixed signs and magnitudes, among them the least floats."""
    rng = np.random.default_rng(seed)
    scale = rng.choice((5e-324, 1e-308, 1e-160, 1.0, 1e150))
    W = rng.standard_normal((2, 40)) * rng.choice((scale, 1.0), (2, 40))
    h = np.abs(rng.standard_normal((40, 3))) * rng.choice((scale, 1.0), (40, 3))
    with np.errstate(all="ignore"):
        lower, upper = _affine(W, h, h)
    exact = np.vectorize(Fraction, otypes=[object])(W) @ np.vectorize(Fraction, otypes=[object])(h)
    for at in np.ndindex(exact.shape):
        assert lower[at] == -np.inf or Fraction(float(lower[at])) <= exact[at]
        assert upper[at] == np.inf or Fraction(float(upper[at])) >= exact[at]


def test_left_of_where_the_square_begins_nothing_is_known_of_it():
    """The units that pass coordinates on are 0 there, and every bump is what it is at the start."""
    centre, domain = Rationals.of([[Fraction(0)] * 2]), (Fraction(-1, 4), Fraction(2))
    network = interpolated(centre, Fraction(1), Fraction(2), domain)
    left = (Fraction(-5), Fraction(-5))
    assert network.exact(left) > 0
    for radius in (0, 6):
        found = certify_structure(network, None, Region.points([left]), Fraction(radius), Norm.TWO)
        assert found.status is not CERTIFIED


# What a certificate consists of, altered.

A = Region.boxes([[0, 0]], [[Fraction(2, 5), 1]])
B = Region.boxes([[Fraction(3, 5), 0]], [[1, 1]])


def classifier(p, form):
    return robust_classifier(SeparatedPair(A, B, Fraction(1, 10), p), Fraction(1, 3), form=form)


PROVED = [
    pytest.param(Norm.INF, Form.EXPLICIT, FormName.BOX_BUMPS, id="boxes"),
    pytest.param(Norm.TWO, Form.BALLS, FormName.SQUARE_BUMPS, id="balls"),
    pytest.param(Norm.INF, Form.BITS, FormName.LAYERED, id="bits"),
]


def proved(p, form):
    built = classifier(p, form)
    certificate = certify_structure(built.network, A, B, built.radius, p)
    proof = certificate.proof
    assert certificate.status is CERTIFIED
    return built, proof


@pytest.mark.parametrize(("p", "form", "name"), PROVED)
def test_a_proof_holds_for_what_it_is_about_only(p, form, name):
    built, proof = proved(p, form)
    network, radius = built.network, built.radius
    assert proof.form is name
    assert check_structural(network, A, B, radius, p, proof) > 0

    def refused(network, positive, negative, radius, p, proof):
        with pytest.raises(ProofError):
            check_structural(network, positive, negative, radius, p, proof)

    refused(network, B, A, radius, p, proof)
    refused(network, A, None, radius, p, proof)
    refused(network, A, Region.points([[0]]), radius, p, proof)
    refused(network, A, B, 5 * radius, p, proof)
    if name is not FormName.LAYERED:  # bits need no division that depends on the class
        refused(network, A, B, radius, p, replace(proof, positive=proof.negative))
    refused(
        network, Region.boxes([[Fraction(1, 5), 0]], [[Fraction(3, 5), 1]]), B, radius, p, proof
    )
    refused(Network.of([([[0.0, 0.0]], [-1.0])]), A, B, radius, p, proof)
    for other in set(FormName) - {name, FormName.LAYERED}:
        refused(network, A, B, radius, p, replace(proof, form=other))


def altered(forest, i, kind):
    """The trees with one entry changed, so that they are none, or do not suffice."""
    branch, cut, child = forest.branch.copy(), forest.cut.copy(), forest.child.copy()
    inner = np.flatnonzero(branch != LEAF)
    at = inner[i % len(inner)]
    if kind == "leaf dropped":
        branch, cut, child = branch[:-1], cut[:-1], child[:-1]
    elif kind == "child shared":
        child[at] = child[inner[(i + 1) % len(inner)]]
    elif kind == "child before":
        child[at] = 0
    elif kind == "no cut":
        cut[at] = np.nan
    elif kind == "other axis":
        branch[at] = 2
    elif kind == "not divided":
        branch[at] = LEAF
    elif kind == "cut moved":
        cut[at] = -7.0
    return Forest(forest.roots, branch, cut, child)


@pytest.mark.parametrize(("p", "form", "name"), PROVED[:2])
@pytest.mark.parametrize(
    "kind",
    [
        "leaf dropped",
        "child shared",
        "child before",
        "no cut",
        "other axis",
        "not divided",
        "cut moved",
    ],
)
def test_altered_trees_are_refused(p, form, name, kind):
    """Bumps stand on both sides of every cut, so that none is for nothing."""
    built, proof = proved(p, form)
    bumps = "positive" if built.network.biases[-1][0] < 0 else "negative"
    forest = getattr(proof, bumps)
    for i in range(0, int((forest.branch != LEAF).sum()) - 1, 3):
        wrong = replace(proof, **{bumps: altered(forest, i, kind)})
        with pytest.raises(ProofError):
            check_structural(built.network, A, B, built.radius, p, wrong)


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_no_trees_prove_what_is_false(data):
    """A bump is taken away; trees of all kinds are tried on the hole."""
    p, form, _ = data.draw(st.sampled_from([param.values for param in PROVED[:2]]))
    built, proof = proved(p, form)
    layers = [
        (w.copy(), b) for w, b in zip(built.network.weights, built.network.biases, strict=True)
    ]
    (third, bias), (last, end) = layers[-2:]
    keep = np.arange(len(bias)) != data.draw(st.integers(0, len(bias) - 1))
    network = Network.of([*layers[:-2], (third[keep], bias[keep]), (last[:, keep], end)])
    forests = {}
    for name in ("positive", "negative"):
        forest = getattr(proof, name)
        cut = forest.cut + data.draw(st.sampled_from((0.0, 1e-3, 0.1))) * np.sin(
            np.arange(len(forest.cut)) * data.draw(st.integers(1, 9))
        )
        branch = forest.branch.copy()
        turned = data.draw(st.integers(0, len(branch) - 1))
        branch[turned] = LEAF if branch[turned] == LEAF else 1 - branch[turned]
        forests[name] = replace(forest, cut=cut, branch=branch)
    whole = data.draw(st.booleans())
    with pytest.raises(ProofError):
        check_structural(
            network, A, B, built.radius, p, StructuralProof(proof.form, whole, **forests)
        )


# Fattened sets.


def box_of_half_side(half):
    """One bump, 1 on the square [-half, half]^2 and 0 from 1/8 further on."""
    first = np.repeat(np.eye(2), 2, axis=0) * np.array([[1.0], [-1.0], [1.0], [-1.0]])
    layers = [(first, np.full(4, -half)), (np.full((1, 4), -8.0), [1.0]), ([[1.0]], [-0.25])]
    return Network.of(layers)


def fattened(fat, p):
    return replace(Region.points([[0, 0]]), fat=Fraction(fat), p=p)


def test_another_norm_of_the_adversary_leaves_the_set_as_it_is(tmp_path):
    """The corner (1/8, 1/8) belongs to the set in l_inf, whatever the adversary."""
    network, corner = box_of_half_side(1 / 16), (Fraction(1, 8), Fraction(1, 8))
    assert network.exact(corner) < 0
    path = tmp_path / "set.npz"
    Guarantee(fattened("1/8", Norm.INF), None, Fraction(1, 256), Norm.INF).save(path)
    read = read_guarantee(path, None, Norm.TWO)
    assert (read.p, read.positive.p, read.positive.fat) == (Norm.TWO, Norm.INF, Fraction(1, 8))
    found = certify_structure(network, read.positive, None, read.radius, read.p)
    assert found.status is not CERTIFIED


def test_a_saved_set_keeps_its_norm(tmp_path):
    path = tmp_path / "set.npz"
    Guarantee(fattened("1/8", Norm.TWO), None, Fraction(1, 256), Norm.INF).save(path)
    assert read_guarantee(path, None, None).positive.p is Norm.TWO


@pytest.mark.parametrize("whole", [True, False])
def test_trees_divide_the_set_with_its_fattening(whole):
    """The middle of a ball of radius 1/2, cut in two, says nothing of the rest."""
    tree = Forest(1, np.array([0, LEAF, LEAF]), np.zeros(3), np.array([1, LEAF, LEAF]))
    proof = StructuralProof(FormName.BOX_BUMPS, whole, tree, None)
    for fat, p in itertools.product((Fraction(1, 2), Fraction(1, 16)), Norm):
        region, task_ = fattened(fat, p), (Fraction(1, 256), Norm.TWO, proof)
        if fat == Fraction(1, 2):
            with pytest.raises(ProofError, match="is established"):
                check_structural(box_of_half_side(1 / 8), region, None, *task_)
        else:
            assert check_structural(box_of_half_side(1 / 8), region, None, *task_) > 0


@pytest.mark.parametrize(("fat_p", "p"), list(itertools.product(Norm, repeat=2)))
def test_a_fattened_set_reaches_as_far_as_both_balls_together(fat_p, p):
    """In l_inf both reach 1/8 + 1/16 along the axes; the corners decide between the norms."""
    network, region = box_of_half_side(3 / 16), fattened("1/8", fat_p)
    for radius, status in (("1/16", CERTIFIED), ("1/4", CertificateStatus.UNDECIDED)):
        found = certify_structure(network, region, None, Fraction(radius), p)
        assert found.status is status
    # l_2 bumps tell the norms apart: squared distance 9/256 along an axis, 2 * 9/256 at a corner.
    centre = Rationals.of([[Fraction(0)] * 2])
    wide = Fraction(1)
    for near, holds in (("10/256", fat_p is p is Norm.TWO), ("19/256", True)):
        balls = interpolated(
            centre, Fraction(near), Fraction(near) + Fraction(1, 100), (-wide, wide)
        )
        found = certify_structure(balls, region, None, Fraction(1, 16), p)
        assert (found.status is CERTIFIED) == holds
