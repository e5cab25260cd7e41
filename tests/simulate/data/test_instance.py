"""The hard instance proves its properties when built; brute force agrees."""

import itertools
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from robustsize.bounds import symbols
from robustsize.bounds.arithmetic import balls
from robustsize.bounds.counting import packing
from robustsize.simulate.data.instance import (
    Grid,
    Instance,
    Norm,
    grid_axis,
    hard_instance,
    separating_hyperplane,
)
from robustsize.simulate.data.labellings import checkerboard, random_labelling

EPSILONS = st.fractions(Fraction(1, 12), Fraction(12, 25), max_denominator=25)
RATIOS = st.fractions(Fraction(1, 20), Fraction(19, 20), max_denominator=20)


@given(st.integers(1, 3), EPSILONS, RATIOS, st.sampled_from(Norm), st.sampled_from(Grid), st.data())
def test_the_properties_hold_by_brute_force(d, epsilon, c, p, grid, data):
    m = len(grid_axis(epsilon, grid)) ** (d - 1)
    labels = data.draw(st.lists(st.sampled_from([-1, 1]), min_size=m, max_size=m))
    instance = hard_instance(d, epsilon, c, p, labels, grid)
    for (x, a), (y, b) in itertools.combinations(
        zip(instance.points, instance.labels, strict=True), 2
    ):
        if a != b:
            assert max(abs(u - v) for u, v in zip(x, y, strict=True)) >= 2 * epsilon
    plane = separating_hyperplane(d)
    for x, centre, y in zip(instance.points, instance.centres(), instance.labels, strict=True):
        assert int(y) * plane.exact(x) > 0
        assert sum((u - v) ** 2 for u, v in zip(x, centre, strict=True)) <= instance.radius**2
        assert plane.exact(centre) == 0
    assert len(set(instance.centres())) == m


@given(EPSILONS)
def test_the_dense_grid_has_the_points_that_the_bound_counts(epsilon):
    K = balls.certain(packing.axis_points(), {symbols.epsilon: epsilon})
    assert len(grid_axis(epsilon, Grid.DENSE)) == K
    assert len(grid_axis(epsilon, Grid.PRINTED)) == K - 1


def test_checkerboard_neighbours_differ():
    table = checkerboard(3, 2).reshape(3, 3)
    assert (table[1:] == -table[:-1]).all()
    assert (table[:, 1:] == -table[:, :-1]).all()


def test_random_labellings_follow_their_seed():
    np.testing.assert_array_equal(random_labelling(64, 5), random_labelling(64, 5))
    assert (random_labelling(64, 5) != random_labelling(64, 6)).any()


def test_a_broken_instance_is_refused():
    good = hard_instance(2, Fraction(1, 4), Fraction(1, 2), Norm.INF, [1, -1, 1])
    with pytest.raises(ValueError, match="does not separate"):
        replace(good, labels=np.array([1, 1, 1], dtype=np.int8))
    with pytest.raises(ValueError, match="outside the closed balls"):
        replace(good, radius=Fraction(1, 9))
    with pytest.raises(ValueError, match="share a grid index"):
        replace(good, points=(good.points[0],) * 3, labels=np.ones(3, dtype=np.int8))
    with pytest.raises(ValueError, match="below 2 epsilon"):
        replace(good, epsilon=Fraction(1, 3))


@pytest.mark.parametrize(
    ("d", "epsilon", "c"), [(0, "1/4", "1/2"), (2, "1/2", "1/2"), (2, "0", "1/2"), (2, "1/4", "1")]
)
def test_parameters_that_break_it_are_refused(d, epsilon, c):
    with pytest.raises(ValueError, match="epsilon"):
        hard_instance(d, Fraction(epsilon), Fraction(c), Norm.INF, [1, 1, 1])


def test_the_number_of_labels_must_fit():
    with pytest.raises(ValueError, match=r"2 labels for 3\^1"):
        hard_instance(2, Fraction(1, 4), Fraction(1, 2), Norm.INF, [1, 1])


@pytest.mark.parametrize(
    ("points", "labels", "radius"),
    [((), [], 0), (((Fraction(0),),), [2], 0), (((Fraction(0),),), [1], -1), (((),), [1], 0)],
)
def test_an_instance_refuses_what_is_none(points, labels, radius):
    with pytest.raises(ValueError):  # noqa: PT011
        Instance(points, np.array(labels, dtype=np.int8), Fraction(radius), Norm.INF)
