"""The certifier's parts against others: CROWN in NumPy, linear programs by HiGHS, rationals."""

import itertools
from collections.abc import Callable
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from robustsize.simulate.certify.ball import ball_around
from robustsize.simulate.certify.branch import LOWER, node_parts, relaxed
from robustsize.simulate.certify.exact_value import exact_value
from robustsize.simulate.certify.polytope import (
    EMPTY,
    OPTIMAL,
    dual_simplex,
    least_under,
    least_value,
)
from robustsize.simulate.certify.relaxation import evaluate, flatten, workspace
from robustsize.simulate.checker.outward import float_above, float_below
from robustsize.simulate.data.instance import Norm
from robustsize.simulate.networks.network import Network

BOTH = pytest.mark.parametrize("p", list(Norm))
HALF = Fraction(1, 2)


def random_network(d: int, widths: tuple[int, ...], seed: int) -> Network:
    rng, sizes = np.random.default_rng(seed), (d, *widths, 1)
    return Network.of(
        [
            (rng.normal(size=(b, a)) * np.sqrt(2 / a), rng.normal(size=b) / 2)
            for a, b in itertools.pairwise(sizes)
        ]
    )


def crown(network: Network, centre: float, radius: float, p: Norm) -> list[np.ndarray]:
    """Bounds (low, high) of each layer's pre-activations: CROWN with adaptive slopes."""
    bounds: list[np.ndarray] = []
    for last in range(network.depth):
        ends = []
        for sign in (1.0, -1.0):
            a = sign * network.weights[last]
            constant = sign * network.biases[last]
            for i in range(last - 1, -1, -1):
                low, high = bounds[i]
                unstable = (low < 0) & (high > 0)
                steep = np.where(unstable, high / np.where(unstable, high - low, 1), low >= 0)
                shift = np.where(unstable, -steep * low, 0)
                flat = np.where(unstable, high > -low, low >= 0)
                constant = constant + np.minimum(a, 0) @ shift
                a = np.maximum(a, 0) * flat + np.minimum(a, 0) * steep
                constant = constant + a @ network.biases[i]
                a = a @ network.weights[i]
            dual = np.abs(a).sum(1) if p is Norm.INF else np.sqrt((a * a).sum(1))
            ends.append(sign * (a.sum(1) * centre + constant - radius * dual))
        bounds.append(np.array(ends))
    return bounds


@settings(max_examples=60)
@given(st.integers(1, 4), st.lists(st.integers(1, 9), max_size=3), st.integers(0, 10**6), st.data())
def test_root_bounds_are_crown(d: int, widths: list[int], seed: int, data: st.DataObject) -> None:
    network = random_network(d, tuple(widths), seed)
    radius = data.draw(st.fractions(Fraction(1, 100), 1, max_denominator=100))
    net = flatten(network)
    node = relaxed(net, ball_around(net, (HALF,) * d, radius, Norm.INF, 1))
    expected = crown(network, 0.5, float(radius), Norm.INF)
    assert node[LOWER] == pytest.approx(expected[-1][0, 0], abs=1e-9)
    _, _, zl, zu, _, _ = node_parts(node, d)
    start = 0
    for low, high in expected[:-1]:
        ours = zl[start : start + len(low)], zu[start : start + len(low)]
        start += len(low)
        unstable = (low < 0) & (high > 0)
        np.testing.assert_allclose(ours[0][unstable], low[unstable], atol=1e-9)
        np.testing.assert_allclose(ours[1][unstable], high[unstable], atol=1e-9)


def test_root_bound_on_the_sphere_is_at_least_crowns() -> None:
    """At p = 2 ours may be better, for the box around the ball is used as well."""
    for seed in range(20):
        network = random_network(3, (7, 6), seed)
        net = flatten(network)
        node = relaxed(net, ball_around(net, (HALF,) * 3, HALF, Norm.TWO, 1))
        assert node[LOWER] >= crown(network, 0.5, 0.5, Norm.TWO)[-1][0, 0] - 1e-9


@BOTH
@settings(max_examples=80)
@given(st.integers(1, 3), st.lists(st.integers(1, 5), max_size=3), st.integers(0, 10**6), st.data())
def test_float_values_are_within_the_error_established(
    p: Norm, d: int, widths: list[int], seed: int, data: st.DataObject
) -> None:
    """Weights over forty orders of magnitude, some cancelling; compared in rationals."""
    rng, sizes = np.random.default_rng(seed), (d, *widths, 1)
    span = data.draw(st.integers(0, 20))
    layers = []
    for a, b in itertools.pairwise(sizes):
        weight = rng.normal(size=(b, a)) * 10.0 ** rng.integers(-span, span + 1, (b, a))
        weight[:, rng.integers(a)] = 1e9
        layers.append((weight, rng.normal(size=b) * 10.0 ** rng.integers(-span, span + 1, b)))
    network = Network.of(layers)
    radius = data.draw(st.fractions(Fraction(1, 1000), 10, max_denominator=1000))
    centre = tuple(data.draw(st.lists(st.fractions(-2, 2), min_size=d, max_size=d)))
    net = flatten(network)
    ball = ball_around(net, centre, radius, p, 1)
    x = np.clip(ball.centre + rng.uniform(-1, 1, d) * float(radius) / d, ball.lower, ball.upper)
    value = evaluate(net, 1.0, x, workspace(net))
    exact = network.exact([Fraction(v) for v in x])
    assert abs(Fraction(value) - exact) <= Fraction(ball.error[-1])


def any_floats(rng: np.random.Generator, *shape: int) -> np.ndarray:
    """Random bits: every exponent and sign; some values made subnormal, some 0."""
    bits, chance = rng.integers(0, 2**64, shape, dtype=np.uint64), rng.uniform(size=shape)
    bits = np.where(chance < 0.2, bits & np.uint64(2**63 + 2**52 - 1), bits)
    values = bits.view(np.float64)
    return np.where(np.isfinite(values) & (chance < 0.8), values, 0.0)


def single_floats(rng: np.random.Generator, *shape: int) -> np.ndarray:
    return rng.normal(size=shape).astype(np.float32)


def ordinary_floats(rng: np.random.Generator, *shape: int) -> np.ndarray:
    return rng.normal(size=shape)


@pytest.mark.parametrize("floats", [any_floats, single_floats, ordinary_floats])
@settings(max_examples=60)
@given(st.integers(1, 3), st.lists(st.integers(0, 5), max_size=3), st.integers(0, 10**6), st.data())
def test_integers_of_fixed_width_give_the_exact_value(
    floats: Callable[..., np.ndarray], d: int, widths: list[int], seed: int, data: st.DataObject
) -> None:
    rng, sizes = np.random.default_rng(seed), (d, *widths, 1)
    network = Network.of(
        [(floats(rng, b, a), floats(rng, b)) for a, b in itertools.pairwise(sizes)]
    )
    x = tuple(data.draw(st.lists(st.fractions(), min_size=d, max_size=d)))
    assert exact_value(flatten(network), x) == network.exact(x)


@pytest.mark.parametrize("sign", [-1.0, 1.0])
def test_long_sums_of_the_largest_limbs_do_not_overflow(sign: float) -> None:
    """Hidden values 2^270 - 1 and weights 1 - 2^-53 have ones in all their places."""
    width = 700
    last = np.full((1, width), sign * np.nextafter(1.0, 0.0))
    network = Network.of([(np.ones((width, 1)), np.zeros(width)), (last, [0.25])])
    x = Fraction(2**270 - 1)
    expected = Fraction(1, 4) + width * x * Fraction(last[0, 0])
    assert exact_value(flatten(network), (x,)) == expected


@given(st.fractions())
def test_rounding_is_directed(value: Fraction) -> None:
    low, high = float_below(value), float_above(value)
    assert Fraction(low) <= value <= Fraction(high)
    assert low == high or high == np.nextafter(low, np.inf)


@settings(max_examples=100)
@given(st.integers(1, 5), st.integers(0, 6), st.integers(0, 10**6))
def test_dual_simplex_agrees_with_highs_in_floats_and_rationals(d: int, m: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    cost, rows = rng.integers(-4, 5, d), rng.integers(-4, 5, (m, d + 1))
    lo, hi = -rng.integers(0, 4, d), rng.integers(0, 4, d)
    expected = linprog(cost, -rows[:, :d], rows[:, d], bounds=np.stack([lo, hi], 1))
    floats = tuple(np.zeros(s) for s in ((m, d), d, d, m, d))
    status = dual_simplex(*(v.astype(float) for v in (cost, lo, hi, rows)), m, 1e-12, floats)
    zero = np.vectorize(Fraction, otypes=[object])
    exact = tuple(zero(np.zeros(s, int)) for s in ((m, d), d, d, m, d))
    low, high = list(zero(lo)), list(zero(hi))
    assert status == dual_simplex.py_func(
        zero(cost), low, high, zero(rows).reshape(m, d + 1), m, Fraction(0), exact
    )
    if expected.status == 2:
        assert status == EMPTY
        assert (exact[3] >= 0).all()
        mixed = exact[3] @ zero(rows).reshape(m, d + 1)
        assert (
            mixed[d] + sum(max(q * u, q * v) for q, u, v in zip(mixed[:d], low, high, strict=True))
            < 0
        )
    else:
        assert status == OPTIMAL
        assert cost @ floats[4] == pytest.approx(expected.fun, abs=1e-9)
        assert float(cost @ exact[4]) == pytest.approx(expected.fun, abs=1e-9)
        assert (rows[:, :d] @ exact[4] + rows[:, d] >= 0).all()


@BOTH
@settings(max_examples=60)
@given(st.integers(1, 5), st.integers(0, 4), st.integers(0, 10**6))
def test_least_values_lie_below_every_feasible_point(p: Norm, d: int, m: int, seed: int) -> None:
    """And close to the point found, where that is feasible."""
    rng = np.random.default_rng(seed)
    ball = ball_around(flatten(random_network(d, (1,), seed)), (HALF,) * d, HALF, p, 1)
    lo = 0.5 - 0.5 * rng.uniform(0, 1, d)
    hi = 0.5 + 0.5 * rng.uniform(-0.1, 1, d)
    hi = np.maximum(lo, hi)
    q, rows, x = rng.normal(size=d + 1), rng.normal(size=(m, d + 1)), np.empty(d)
    rows[:, d] += 0.2
    points = rng.uniform(lo, hi, (4000, d))
    if p is Norm.TWO:
        points = points[np.square(points - 0.5).sum(1) <= 0.25]
    alone, off, _ = least_value(ball, q, lo, hi, x)
    values = points @ q[:d] + q[d]
    if len(values):
        assert alone - off <= values.min() + 1e-12
        assert q[:d] @ x + q[d] == pytest.approx(alone, abs=1e-6)
    points = points[(points @ rows[:, :d].T + rows[:, d] >= 0).all(1)]
    off, kept = np.full(m, 1e-300), np.empty(m + 1)
    bound = least_under(ball, q, lo, hi, rows, m, off, 60, x, -np.inf, kept)
    if len(points):
        assert bound <= (points @ q[:d] + q[d]).min() + 1e-12
        inside = (rows[:, :d] @ x + rows[:, d] >= -1e-9).all()
        if inside and (p is Norm.INF or np.square(x - 0.5).sum() <= 0.25 + 1e-9):
            assert bound == pytest.approx(q[:d] @ x + q[d], abs=1e-5)
