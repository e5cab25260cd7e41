"""Explicit lower bounds: the smallest n, against a plain search in high precision."""

import itertools
from fractions import Fraction
from math import comb, floor

import mpmath
import pytest
from flint import arb, ctx
from hypothesis import given
from hypothesis import strategies as st

from robustsize.bounds import balls, growth, packing
from robustsize.bounds.symbols import d, epsilon

EXACT_BITS = 200


def _plain_smallest(m: int, dimension: int, depth: int | None, error: Fraction) -> int:
    """The smallest n by trying 1, 2, 3, ... in mpmath."""
    with mpmath.workprec(EXACT_BITS):
        patterns = sum(comb(m, i) for i in range(floor(error * m) + 1))
        bits = m - mpmath.log(patterns, 2)
        n = 1
        while True:
            layers = n if depth is None else min(n, depth)
            e = mpmath.e
            right = (
                layers
                + n * layers * mpmath.log(2 * e * m * layers, 2)
                + n
                + n * mpmath.log(e * (n + dimension + 1), 2)
            )
            if right >= bits:
                return n
            n += 1


@given(
    m=st.integers(1, 6000),
    dimension=st.integers(1, 200),
    depth=st.none() | st.integers(1, 8),
    error=st.fractions(min_value=0, max_value=Fraction(12, 25), max_denominator=50),
)
def test_the_smallest_size_is_that_of_a_plain_search(m, dimension, depth, error):
    found = growth.smallest_size(Fraction(m), dimension, depth, error)
    assert found.exact
    assert found.n == _plain_smallest(m, dimension, depth, error)


@pytest.mark.parametrize("errors", [0, 1, 7, 1000, 2400, 4999])
def test_the_hamming_series_is_the_exact_sum(errors):
    m = 10_000
    exact = sum(comb(m, i) for i in range(errors + 1))
    with ctx.workprec(128):
        ball = growth._log2_hamming(m, errors)
        assert ball.overlaps(growth._log2_ball(balls.ball(exact)))
        assert ball.rad() < arb(2) ** -60


def test_the_entropy_bound_is_on_the_safe_side():
    m, error = 500, Fraction(29, 100)
    with ctx.workprec(128):
        exact = growth._labelling_bits(Fraction(m), error)
        assert balls.ball(m) * (1 - growth._entropy(error)) < exact


def test_floor_of_alpha_m_is_exact():
    with ctx.workprec(128):
        bits = growth._labelling_bits(Fraction(100), Fraction(29, 100))
        sum_29 = sum(comb(100, i) for i in range(30))
        assert bits.overlaps(100 - growth._log2_ball(balls.ball(sum_29)))


@given(st.integers(2, 60), st.integers(1, 6))
def test_a_larger_depth_asks_for_no_more(dimension, depth):
    m = Fraction(3) ** (dimension - 1)
    sizes = [growth.smallest_size(m, dimension, L, Fraction(0)).log10 for L in (depth, depth + 1)]
    any_depth = growth.smallest_size(m, dimension, None, Fraction(0)).log10
    assert sizes[0] >= sizes[1] >= any_depth


def test_exact_integers_and_logarithms_meet_at_2_to_the_63():
    sizes = []
    for dimension in range(36, 56):
        found = growth.smallest_size(Fraction(3) ** dimension, dimension, 3, Fraction(0))
        sizes.append((found.log10, found.n))
    logs = [log for log, _ in sizes]
    assert logs == sorted(logs)
    steps = [b - a for a, b in itertools.pairwise(logs)]
    assert max(steps) - min(steps) < 0.01
    assert {n is None for _, n in sizes} == {True, False}


def test_packing_numbers():
    at = {d: Fraction(3), epsilon: Fraction(1, 4)}
    assert balls.certain(packing.grid(d), at) == 27
    assert balls.certain(packing.grid(d - 1), at) == 9
    # Volume of the ball of radius 1/2 in dimension 3 is pi/6: 1.9 balls, so 2 points.
    assert balls.certain(packing.volume_l2(d), at) == 2
    low, high = ({d: Fraction(dim), epsilon: Fraction(1, 4)} for dim in (10, 60))
    assert balls.certain(packing.volume_l2(d), low) < balls.certain(packing.grid(d), low)
    assert balls.certain(packing.volume_l2(d), high) > balls.certain(packing.grid(d), high)
