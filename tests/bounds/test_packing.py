"""Packing and covering numbers, against packings and coverings that are built point by point."""

from fractions import Fraction
from itertools import product
from math import ceil, floor, sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from set_families import FAMILIES

from robustsize.bounds.arithmetic import balls
from robustsize.bounds.symbols import Norm, d, epsilon, k

IDS = [f"{family.name}-{family.norm.value}" for family in FAMILIES]
BY_ID = dict(zip(IDS, FAMILIES, strict=True))


def _value(expression, dimension, half):
    at = {d: Fraction(dimension), k: Fraction(dimension), epsilon: half}
    return float(balls.ball(balls.certain(expression, at)).mid())


def _points(family, dimension, count=6000):
    """A random cloud on the set, dense enough for greedy packings in small dimensions."""
    rng = np.random.default_rng(7)
    if family.name in ("cube", "flat"):
        return rng.random((count, dimension))
    if family.name == "sphere":
        raw = rng.standard_normal((count, dimension + 1))
        return raw / np.linalg.norm(raw, axis=1, keepdims=True) / 2
    angle = 2 * np.pi * rng.random((count, dimension))
    return np.stack([np.cos(angle), np.sin(angle)], axis=2).reshape(count, -1) / 2


def _distances(points, point, norm):
    apart = abs(points - point)
    return apart.max(axis=1) if norm is Norm.INF else np.linalg.norm(apart, axis=1)


def _greedy_packing(points, distance, norm):
    """Points pairwise at least `distance` apart, that no other point of the cloud can join."""
    chosen = 0
    while len(points):
        chosen += 1
        points = points[_distances(points, points[0], norm) >= distance]
    return chosen


@pytest.mark.parametrize("half", [Fraction(1, 12), Fraction(1, 6), Fraction(1, 5)])
@pytest.mark.parametrize("dimension", [1, 2, 3])
@pytest.mark.parametrize("id", IDS)
def test_numbers_have_both_sides_and_a_packing_stays_below(id, dimension, half):
    family = BY_ID[id]
    at = {d: Fraction(dimension), k: Fraction(dimension), epsilon: half}
    if not all(balls.holds(h.condition, at) for h in family.hypotheses):
        pytest.skip("outside the hypotheses")
    for numbers in (family.packing, family.covering):
        assert _value(numbers.lower, dimension, half) <= _value(numbers.upper, dimension, half)
    cloud = _points(family, dimension)
    # Any packing is below the upper bound, also one whose balls of twice the radius cover.
    packing = _greedy_packing(cloud, 2 * float(half), family.norm)
    assert packing <= _value(family.packing.upper, dimension, half) + 1e-9
    # A maximal packing at epsilon covers: no covering number is above it (up to the cloud).
    covering = _greedy_packing(cloud, float(half) * 0.97, family.norm)
    assert covering >= _value(family.covering.lower, dimension, half)


@pytest.mark.parametrize("id", ["sphere-2", "sphere-inf", "torus-inf"])
def test_the_lower_bound_is_reached_by_a_packing(id):
    family, half = BY_ID[id], Fraction(1, 10)
    at = {d: Fraction(2), k: Fraction(2), epsilon: half}
    if not all(balls.holds(h.condition, at) for h in family.hypotheses):
        pytest.fail("choose a smaller epsilon")
    packing = _greedy_packing(_points(family, 2, 20_000), 2 * float(half), family.norm)
    assert packing >= _value(family.packing.lower, 2, half)


@given(
    half=st.fractions(Fraction(1, 40), Fraction(49, 100), max_denominator=200),
    dimension=st.integers(1, 3),
)
def test_cubes_in_l_inf_are_exact(half, dimension):
    for id in ("cube-inf", "flat-inf"):
        family = BY_ID[id]
        assert family.packing.exact
        assert family.covering.exact
        on_axis = floor(1 / (2 * half)) + 1
        assert 2 * half * (on_axis - 1) <= 1 < 2 * half * on_axis
        assert _value(family.packing.upper, dimension, half) == on_axis**dimension
        cells = ceil(1 / (2 * half))
        assert 2 * half * (cells - 1) < 1 <= 2 * half * cells
        assert _value(family.covering.lower, dimension, half) == cells**dimension


def test_the_shares_of_caps_are_those_of_the_circle():
    """k = 1: a circle of length pi, on which n points are sin(pi/n) apart."""
    family = BY_ID["sphere-2"]
    for half in (Fraction(1, 100), Fraction(1, 10), Fraction(1, 4), Fraction(7, 20)):
        exact = floor(np.pi / np.arcsin(2 * float(half)) + 1e-12)
        assert _value(family.packing.lower, 1, half) <= exact
        assert exact <= _value(family.packing.upper, 1, half)


def test_a_covering_by_cells():
    """The l_2 covering of the cube, tried on a fine grid."""
    half = Fraction(1, 5)
    cells = round(sqrt(_value(BY_ID["cube-2"].covering.upper, 2, half)))
    centres = (np.array(list(product(range(cells), repeat=2))) + 0.5) / cells
    fine = np.array(list(product(np.linspace(0, 1, 80), repeat=2)))
    nearest = np.min([np.linalg.norm(fine - centre, axis=1) for centre in centres], axis=0)
    assert nearest.max() <= float(half)
