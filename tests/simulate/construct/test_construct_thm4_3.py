"""Networks for the hard instance: counted size against formula, labels kept over whole balls."""

import itertools
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from robustsize.simulate.certify.complete import CertificateStatus
from robustsize.simulate.certify.structural import certify_construction, certify_structure
from robustsize.simulate.construct.bit_table import bit_table
from robustsize.simulate.data.instance import Grid, Norm, hard_instance
from robustsize.simulate.data.labellings import checkerboard, random_labelling
from robustsize.simulate.networks.network import Network
from robustsize.simulate.theorems.thm4_3.construction import Form, hard_instance_network

CASES = [
    (d, Fraction(eps), Fraction(c), grid)
    for d in (1, 2, 3)
    for eps, c in (("1/4", "1/2"), ("1/5", "1/3"), ("1/7", "9/10"), ("1/4", "999/1000"))
    for grid in Grid
]


def corners(instance, point):
    """Exact corners, centre and axis ends of the l_inf ball of one data point."""
    r = instance.radius
    for signs in itertools.product((-1, 0, 1), repeat=len(point)):
        yield tuple(v + s * r for v, s in zip(point, signs, strict=True))


@pytest.mark.parametrize(("d", "eps", "c", "grid"), CASES)
@pytest.mark.parametrize("form", [Form.BUMPS, Form.STAIRCASE, Form.SMALLEST])
def test_size_is_the_formula_and_corners_keep_their_label(d, eps, c, grid, form):
    axis = int(1 / (2 * eps)) + (grid is Grid.DENSE)
    for seed in range(2):
        labels = random_labelling(axis ** (d - 1), seed)
        instance = hard_instance(d, eps, c, Norm.INF, labels, grid)
        built = hard_instance_network(instance, form=form)
        assert built.network.size == built.formula_size <= built.form_size
        for point, label in list(zip(instance.points, labels, strict=True))[:9]:
            assert all(label * built.network.exact(x) > 0 for x in corners(instance, point))


@given(
    st.integers(2, 5),
    st.integers(0, 10**6),
    st.fractions(Fraction(1, 12), Fraction(49, 100), max_denominator=100),
    st.fractions(Fraction(1, 50), Fraction(49, 50), max_denominator=100),
    st.sampled_from((Form.BUMPS, Form.STAIRCASE, Form.SMALLEST)),
)
@settings(max_examples=60, deadline=None)
def test_every_ball_keeps_its_label_in_floats(d, seed, eps, c, form):
    K = int(1 / (2 * eps)) + 1
    if K ** (d - 1) > 400:
        d = 2
    labels = random_labelling(K ** (d - 1), seed)
    instance = hard_instance(d, eps, c, Norm.INF, labels)
    built = hard_instance_network(instance, form=form)
    assert built.size == built.formula_size <= built.form_size
    rng = np.random.default_rng(seed)
    for _ in range(20):
        moved = rng.choice((-1.0, 0.0, 1.0, 0.3), size=(len(labels), d)) * float(instance.radius)
        assert (labels * built.network(instance.floats() + moved) > 0.4).all()


def test_parity_of_many_coordinates_needs_one_sum():
    instance = hard_instance(
        7, Fraction(1, 4), Fraction(1, 2), Norm.TWO, checkerboard(3, 6), Grid.DENSE
    )
    built = hard_instance_network(instance)
    assert built.form == "staircase"
    assert built.size == 6 * 6 * 2 + 3 * 12


def test_equal_labels_need_one_parameter():
    instance = hard_instance(3, Fraction(1, 4), Fraction(1, 2), Norm.INF, np.ones(9))
    built = hard_instance_network(instance)
    assert (built.size, built.formula_size, built.form) == (1, 1, "constant")


def test_no_float_between_touching_balls_is_one_line():
    c = 1 - Fraction(1, 10**40)
    instance = hard_instance(2, Fraction(1, 5), c, Norm.INF, [1, -1, 1])
    with pytest.raises(ValueError, match="no float64 lies"):
        hard_instance_network(instance)


def test_a_staircase_in_four_dimensions_is_exact_on_corners():
    instance = hard_instance(4, Fraction(1, 5), Fraction(2, 3), Norm.INF, random_labelling(27, 3))
    built = hard_instance_network(instance, form=Form.STAIRCASE)
    for point, label in zip(instance.points[:6], instance.labels, strict=False):
        assert all(
            label * built.network.exact(x) >= Fraction(1, 2) for x in corners(instance, point)
        )


@pytest.mark.parametrize("form", [Form.BUMPS, Form.STAIRCASE, Form.BITS])
@pytest.mark.parametrize("p", Norm)
@pytest.mark.parametrize(("d", "eps"), [(3, "1/4"), (4, "1/6"), (7, "1/4")])
def test_every_form_is_certified_over_all_balls(form, p, d, eps):
    eps, c = Fraction(eps), Fraction(9, 10)
    K = int(1 / (2 * eps)) + 1
    instance = hard_instance(d, eps, c, p, random_labelling(K ** (d - 1), 11))
    built = hard_instance_network(instance, form=form)
    assert built.size == built.formula_size <= built.form_size
    certificate = certify_construction(built)
    assert certificate.status is CertificateStatus.CERTIFIED, certificate.reason
    wrong = certify_structure(built.network, built.negative, built.positive, built.radius, built.p)
    assert wrong.status is CertificateStatus.COUNTEREXAMPLE
    assert built.network.exact(wrong.counterexample) < 0


def test_bits_beat_the_exponent():
    """2187 points, 857 parameters; a staircase needs three for each change of label."""
    instance = hard_instance(
        8, Fraction(1, 4), Fraction(9, 10), Norm.INF, random_labelling(2187, 0)
    )
    built = hard_instance_network(instance, form=Form.BITS)
    staircase = hard_instance_network(instance, form=Form.STAIRCASE)
    assert built.size == built.formula_size < staircase.size / 3
    assert (instance.labels * built.network(instance.floats()) > 0.4).all()
    x = instance.points[17]
    assert instance.labels[17] * built.network.exact(x) == Fraction(1, 2)


@given(st.integers(2, 9), st.integers(2, 12), st.integers(0, 10**6))
@settings(max_examples=40, deadline=None)
def test_bit_tables_read_every_label(M1, M2, seed):
    labels = random_labelling(M1 * M2, seed).reshape(M1, M2)
    table = bit_table(labels)
    network = Network.of(table.layers)
    y, b = np.indices((M1, M2)).reshape(2, -1)
    values = network(np.stack([y, b + 1], axis=1))
    assert np.array_equal(values, labels.ravel() / 2)


@pytest.mark.parametrize("shape", [(1, 3), (2, 1), (2, 41)])
def test_tables_of_other_shapes_are_refused(shape):
    with pytest.raises(ValueError, match="a table has"):
        bit_table(np.ones(shape, dtype=np.int8))
