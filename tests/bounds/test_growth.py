"""Growth functions and the smallest n, against plain searches in high precision."""

import itertools
from dataclasses import replace
from fractions import Fraction
from math import comb, floor, pi

import mpmath
import pytest
from flint import arb, ctx
from hypothesis import given, settings
from hypothesis import strategies as st
from sympy import lambdify

from robustsize.bounds.arithmetic import balls
from robustsize.bounds.counting import hamming, packing
from robustsize.bounds.counting.growth import COUNTED, LAYERED, SHARPEST, SQUARED_VC, TREE, U
from robustsize.bounds.counting.smallest_size import smallest_size
from robustsize.bounds.symbols import L, d, epsilon, m, n

EXACT_BITS = 200


def _log2(x):
    return mpmath.log(x, 2)


def _counted(n: int, layers: int, m: int, d: int):
    e = mpmath.e
    return layers + n * layers * _log2(2 * e * m * layers) + n + n * _log2(e * (n + d + 1))


def _architectures(n: int, d: int):
    return n * _log2(mpmath.e * (mpmath.mpf(n) / 4 + d + 1))


def _tree(n: int, m: int, d: int):
    """Every number of units tried."""
    n = max(n, 2)
    if n > m:
        return None
    most = max(1 + (n - U) * (U + _log2(2 * mpmath.e * m * U / (n - U))) for U in range(1, n))
    return most + 2 * n - 1 + _architectures(n, d)


def _layered(n: int, L: int, m: int, d: int):
    L = max(L, 2)
    n = max(n, 2 * L)
    if n > m:
        return None

    def bits(U, v):
        layers = [_log2(2 * mpmath.e * m * i * (U - 1) / ((L - 1) * v)) for i in range(1, L)]
        return U + L + v * (sum(layers) + _log2(2 * mpmath.e * m * L / v))

    most = max(bits(U, mpmath.mpf(n - U)) for U in range(L, n))
    return most + n - 1 + _architectures(n, d)


def _plain_bits(m: int, error: Fraction):
    return m - _log2(sum(comb(m, i) for i in range(floor(error * m) + 1)))


def _plain_smallest(m: int, dimension: int, depth: int | None, error: Fraction, growths) -> int:
    """The smallest n by trying 1, 2, 3, ... in mpmath."""
    with mpmath.workprec(EXACT_BITS):
        bits = _plain_bits(m, error)
        n = 1
        while True:
            rooms = {
                COUNTED: _counted(n, n if depth is None else min(n, depth), m, dimension),
                LAYERED: None if depth is None else _layered(n, depth, m, dimension),
                TREE: _tree(n, m, dimension),
            }
            if all(rooms[g] is None or rooms[g] >= bits for g in growths):
                return n
            n += 1


QUESTION = {
    "dimension": st.integers(1, 200),
    "depth": st.none() | st.integers(1, 8),
    "error": st.fractions(min_value=0, max_value=Fraction(12, 25), max_denominator=50),
}


@given(m=st.integers(1, 6000), **QUESTION)
def test_the_smallest_size_is_that_of_a_plain_search(m, dimension, depth, error):
    found = smallest_size(Fraction(m), dimension, depth, error, [COUNTED])
    assert found.exact
    assert found.n == _plain_smallest(m, dimension, depth, error, [COUNTED])


@settings(max_examples=60, deadline=None)
@given(m=st.integers(1, 2500), **QUESTION)
def test_the_sharpest_size_is_that_of_a_plain_search(m, dimension, depth, error):
    found = smallest_size(Fraction(m), dimension, depth, error, SHARPEST)
    assert found.exact
    assert found.n == _plain_smallest(m, dimension, depth, error, SHARPEST)


@pytest.mark.parametrize(("growth", "depth"), [(TREE, None), (LAYERED, 2), (LAYERED, 5)])
@given(m=st.integers(31, 10**7), n=st.integers(1, 30))
def test_more_parameters_have_more_patterns(growth, depth, m, n):
    with ctx.workprec(128):
        bits = [growth.bits(Fraction(size), Fraction(m), 9, depth) for size in (n, n + 1)]
    assert not bits[0] > bits[1]
    assert bits[1] > bits[0] or n < 2 * (depth or 1)


@pytest.mark.parametrize("exponent", [30, 50, 70])
@pytest.mark.parametrize(("growth", "depth"), [(TREE, None), (LAYERED, 3), (LAYERED, 50)])
def test_the_maximum_over_units_is_found(growth, depth, exponent):
    """Against a coarse search over the whole range, by another route."""
    size, points = Fraction(2**exponent + 12345), Fraction(3) ** 90
    with ctx.workprec(256):
        low = depth or 1
        at = {"n": size, "m": points, "L": Fraction(depth or 1)}
        env = {s: at[s.name] for s in growth.per_units.free_symbols if s.name in at}
        (units,) = growth.per_units.free_symbols - env.keys()
        tried = [low + (size - 1 - low) * i // 4000 for i in range(4001)]
        values = [balls.evaluate(growth.per_units, {**env, units: Fraction(u)}) for u in tried]
        found = growth.bits(size, points, 9, depth)
        rest = balls.evaluate(growth.expression, {**env, d: Fraction(9)})
        best = max(float(v.log().mid()) for v in values)
        peak = (found - rest).log()
    assert found.rel_accuracy_bits() > 60
    assert not any(v > found - rest for v in values)
    assert float(peak.mid()) - best < 1e-5


@pytest.mark.parametrize("start", [2, 3, 40, 700, 990, 10**6])
@pytest.mark.parametrize(("growth", "depth"), [(TREE, None), (LAYERED, 3)])
def test_a_poor_start_never_lowers_the_maximum(growth, depth, start):
    """The place to climb from decides how fast the maximum is found, not what is found."""
    elsewhere = replace(growth, near=lambda at: arb(start))
    with ctx.workprec(128):
        for size in (1000, 2**50):
            good = growth.bits(Fraction(size), Fraction(10) ** 40, 9, depth)
            poor = elsewhere.bits(Fraction(size), Fraction(10) ** 40, 9, depth)
            assert not poor < good


@pytest.mark.parametrize("growth", [TREE, LAYERED])
@given(share=st.floats(0.01, 0.99), size=st.integers(50, 10**6), layers=st.integers(2, 9))
def test_the_term_is_concave_in_the_units(growth, share, size, layers):
    """Second differences of the formula, for the climb's argument."""
    units = layers + 1 + share * (size - layers - 3)
    with mpmath.workprec(EXACT_BITS):
        term = lambdify([m, n, L, d, U], growth.per_units, "mpmath")
        left, here, right = (
            term(mpmath.mpf(10) ** 30, size, layers, 9, mpmath.mpf(units) + i) for i in (-1, 0, 1)
        )
        assert left + right < 2 * here


@pytest.mark.parametrize(
    ("exponent", "depth", "log10"), [(5, None, 15), (10, None, 449), (100, None, 1.4e24),
                                     (100, 3, 1.1e45)]
)  # fmt: skip
def test_theory_figures_of_thm3_4(exponent, depth, log10):
    found = smallest_size(Fraction(3) ** exponent, exponent, depth, Fraction(0), SHARPEST)
    digits = 2 if log10 > 1000 else 6
    assert f"{10**found.log10:.{digits}g}" == f"{log10:.{digits}g}"


@given(m=st.integers(1, 2000), error=QUESTION["error"])
def test_a_squared_vc_dimension(m, error):
    found = smallest_size(Fraction(m), 3, None, error, [SQUARED_VC])
    with mpmath.workprec(EXACT_BITS):
        bits = _plain_bits(m, error)
        n = found.n
        # One parameter less has too few patterns even by the exact sum of Sauer's lemma.
        assert n == 1 or _log2(sum(comb(m, i) for i in range((n - 1) ** 2 + 1))) < bits
    assert 2 * n**2 < m + 4 * n + 4


@pytest.mark.parametrize("errors", [0, 1, 7, 1000, 2400, 4999])
def test_the_hamming_series_is_the_exact_sum(errors):
    m = 10_000
    exact = term = 1
    for i in range(errors):
        term = term * (m - i) // (i + 1)
        exact += term
    with ctx.workprec(128):
        ball = hamming.log2_hamming(m, errors)
        assert ball.overlaps(hamming.log2(balls.ball(exact)))
        assert ball.rad() < arb(2) ** -60


def test_the_entropy_bound_is_on_the_safe_side():
    m, error = 500, Fraction(29, 100)
    with ctx.workprec(128):
        exact = hamming.labelling_bits(Fraction(m), error)
        assert balls.ball(m) * (1 - hamming.entropy(balls.ball(error))) < exact


def test_floor_of_alpha_m_is_exact():
    with ctx.workprec(128):
        bits = hamming.labelling_bits(Fraction(100), Fraction(29, 100))
        sum_29 = sum(comb(100, i) for i in range(30))
        assert bits.overlaps(100 - hamming.log2(balls.ball(sum_29)))


@settings(max_examples=30, deadline=None)
@given(st.integers(2, 60), st.integers(1, 6))
def test_a_larger_depth_asks_for_no_more(dimension, depth):
    m = Fraction(3) ** (dimension - 1)
    depths = (depth, depth + 1, None)
    sizes = [smallest_size(m, dimension, L, Fraction(0), SHARPEST).log10 for L in depths]
    assert sizes == sorted(sizes, reverse=True)


def test_exact_integers_and_logarithms_meet_at_2_to_the_63():
    sizes = []
    for dimension in range(36, 56):
        found = smallest_size(Fraction(3) ** dimension, dimension, 3, Fraction(0), SHARPEST)
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
    # The volume of the ball of radius 1/2 in dimension 3 is pi/6.
    assert abs(float(balls.certain(packing.volume_l2(d), at)) - 6 / pi) < 1e-12
    low, high = ({d: Fraction(dim), epsilon: Fraction(1, 4)} for dim in (10, 60))
    assert balls.holds(packing.volume_l2(d) < packing.grid(d), low)
    assert balls.holds(packing.volume_l2(d) > packing.grid(d), high)
