"""The catalogue held against itself: no lower bound above an upper bound of the same quantity."""

from fractions import Fraction
from itertools import product
from math import log10

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from robustsize.bounds.catalogue import theorem
from robustsize.bounds.counting.growth import SHARPEST
from robustsize.bounds.counting.packing import axis_points
from robustsize.bounds.counting.smallest_size import smallest_size
from robustsize.bounds.evaluate import bound_value
from robustsize.bounds.statement import Constant, FormName, SmallestSize
from robustsize.bounds.symbols import L, N, Norm, alpha, c, d, delta, epsilon, k

POINTS = {
    d: st.integers(1, 30) | st.integers(1, 10**6),
    epsilon: st.fractions(Fraction(1, 50), Fraction(49, 100), max_denominator=400)
    | st.sampled_from([Fraction(1, 10**12), Fraction(1, 4), Fraction(1, 3), Fraction(1, 186)]),
    c: st.fractions(Fraction(1, 100), Fraction(99, 100), max_denominator=100),
    alpha: st.just(Fraction(0)) | st.fractions(0, Fraction(49, 100), max_denominator=100),
    N: st.integers(1, 10**6),
}
PAIRS = [
    ("thm3.4", "thm3.3", Norm.INF, 3),
    ("thm3.4", "thm3.3", Norm.TWO, 4),
    ("thm4.3", "thm3.3", Norm.INF, 3),
    ("thm4.3", "thm3.3", Norm.TWO, 4),
    ("thm5.8", "thm5.5", Norm.INF, 3),
    ("thm2.3", "thm2.2", Norm.INF, 3),
    ("thm2.3", "thm2.2", Norm.TWO, 4),
]
"""Lower, upper, norm, and the depth of the construction behind the upper bound."""

LOWER_FORMS = (FormName.SIMPLE, FormName.EXPLICIT)


def _at(values):
    return {symbol: Fraction(value) for symbol, value in values.items()}


def _log10(id, name, norm, at):
    form = theorem(id).form(name, norm)
    value = bound_value(theorem(id), form, at, norm)
    assert value.log10 is not None
    return value.log10


def _explicit_uppers(id, norm, at):
    forms = [f for f in theorem(id).forms if f.constant is Constant.EXPLICIT and norm in f.norms]
    return [_log10(id, form.name, norm, at) for form in forms]


@pytest.mark.parametrize(("lower", "upper", "norm", "depth"), PAIRS)
@settings(max_examples=20, deadline=None)
@given(
    values=st.fixed_dictionaries(POINTS),
    face=st.floats(0, 1),
    share=st.fractions(0, Fraction(99, 100), max_denominator=200),
)
def test_no_lower_bound_exceeds_an_upper_bound(lower, upper, norm, depth, values, face, share):
    at = _at(values)
    at[k] = Fraction(max(1, int(face * at[d])))
    at[delta] = share * at[epsilon]
    for name in LOWER_FORMS:
        least = _log10(lower, name, norm, at)
        assert all(least <= most + 1e-9 for most in _explicit_uppers(upper, norm, at))
        shallow = {**at, L: Fraction(depth)}
        assert _log10(lower, name, norm, shallow) <= (
            _log10(upper, FormName.EXPLICIT, norm, shallow) + 1e-9
        )


@settings(max_examples=20, deadline=None)
@given(dimension=st.integers(2, 12), half=POINTS[epsilon], error=POINTS[alpha])
def test_the_hard_instance_is_a_data_set_of_thm2_2(dimension, half, error):
    """Theorem 2.2 with N = m fits every labelling of the m = K^(d-1) points of Theorem 4.3."""
    points = (1 / (2 * half)).__floor__() + 1
    at = {d: Fraction(dimension), epsilon: half, alpha: error}
    for depth in ({}, {L: Fraction(3)}):
        lower = _log10("thm4.3", FormName.EXPLICIT, Norm.INF, {**at, **depth})
        fitted = {**at, **depth, N: Fraction(points ** (dimension - 1))}
        assert lower <= _log10("thm2.2", FormName.EXPLICIT, Norm.INF, fitted) + 1e-9


EXTREMES = {
    d: st.sampled_from([1, 2, 3, 17, 10**4]) | st.integers(1, 60),
    epsilon: st.sampled_from(
        [Fraction(1, 10**15), Fraction("0.4999999999"), Fraction("0.200000002"), Fraction(1, 198)]
    )
    | st.fractions(Fraction(1, 1000), Fraction(49, 100), max_denominator=2000),
    c: st.sampled_from([Fraction(1, 10**9), 1 - Fraction(1, 10**9), Fraction(1, 2)]),
    N: st.sampled_from([1, 2, 3, 10**9]) | st.integers(1, 200),
}
SAME_PROBLEM = [
    ("thm3.4", "thm3.3", {}),
    ("thm4.3", "thm3.3", {}),
    ("thm5.8", "thm3.3", {}),  # a face of the cube lies in the cube
    ("thm5.8", "thm5.5", {}),
    ("thm3.4", "thm5.5", {k: d}),  # the face that is the whole cube
    ("thm4.3", "thm5.5", {k: d}),
    ("thm2.3", "thm2.2", {}),
]
"""Lower and upper bounds for one problem, and which parameters are then one and the same."""


@pytest.mark.parametrize("norm", Norm)
@pytest.mark.parametrize(("lower", "upper", "same"), SAME_PROBLEM)
@settings(max_examples=12, deadline=None)
@given(
    values=st.fixed_dictionaries(EXTREMES),
    face=st.fractions(0, 1),
    share=st.sampled_from([Fraction(0), 1 - Fraction(1, 10**9), Fraction(7, 10)]),
    error=st.sampled_from([Fraction(0), Fraction(1, 10), Fraction(49, 100)]),
    depth=st.sampled_from([None, 5, 40]),
)
def test_no_lower_bound_exceeds_an_upper_bound_at_the_edges(
    lower, upper, same, norm, values, face, share, error, depth
):
    """Every explicit form against every other, as exact integers where both are."""
    at = {**_at(values), alpha: error}
    at[k] = Fraction(max(1, int(face * at[d])))
    at[delta] = share * at[epsilon]
    at |= {symbol: at[other] for symbol, other in same.items()}
    at |= {} if depth is None else {L: Fraction(depth)}
    for low_form, high_form in product(_explicit(lower, norm), _explicit(upper, norm)):
        low = bound_value(theorem(lower), low_form, at, norm)
        high = bound_value(theorem(upper), high_form, at, norm)
        if low.value is not None and high.value is not None:
            assert low.value <= high.value
        else:
            assert low.log10 <= high.log10


def _explicit(id, norm):
    forms = theorem(id).forms
    return [f for f in forms if f.constant is Constant.EXPLICIT and norm in f.norms]


MONOTONE = [
    ("thm3.4", Norm.INF, epsilon, -1),
    ("thm3.4", Norm.TWO, epsilon, -1),
    ("thm3.4", Norm.INF, alpha, -1),
    ("thm3.4", Norm.INF, L, -1),
    ("thm3.4", Norm.INF, d, 1),
    ("thm3.4", Norm.TWO, d, 1),
    ("thm4.3", Norm.INF, epsilon, -1),
    ("thm4.3", Norm.INF, d, 1),
    ("thm5.8", Norm.INF, k, 1),
    ("thm3.3", Norm.INF, epsilon, -1),
    ("thm3.3", Norm.INF, c, 1),
    ("thm5.5", Norm.INF, epsilon, -1),
    ("thm5.5", Norm.INF, c, 1),
    ("thm2.2", Norm.TWO, delta, 1),
    ("thm2.2", Norm.TWO, epsilon, -1),
]


@pytest.mark.parametrize(("id", "norm", "symbol", "sign"), MONOTONE)
@settings(max_examples=20, deadline=None)
@given(
    values=st.fixed_dictionaries({**POINTS, L: st.integers(1, 12)}),
    factor=st.fractions(Fraction(1, 10), 1, max_denominator=40),
)
def test_bounds_are_monotone(id, norm, symbol, sign, values, factor):
    at = _at(values)
    if symbol is not alpha:
        at[alpha] = Fraction(0)  # the floors of alpha m leave no more than that
    at[k], at[delta] = Fraction(min(int(at[d]), 7)), at[epsilon] / 3
    if id in ("thm3.3", "thm5.5", "thm2.2"):
        at.pop(L)
    less = max(1, int(factor * at[symbol])) if symbol in (d, k, L) else factor * at[symbol]
    fewer = {**at, symbol: Fraction(less)}
    if symbol is d:
        at[k] = fewer[k] = Fraction(1)
    if symbol is epsilon:
        at[delta] = fewer[delta] = fewer[epsilon] / 3
    low, high = (_log10(id, FormName.EXPLICIT, norm, point) for point in (fewer, at))
    # Logarithms of sizes beyond 2^63 are known to 12 digits.
    assert sign * (high - low) >= -1e-11 * abs(high) - 1e-12


@settings(max_examples=15, deadline=None)
@given(dimension=st.integers(1, 400), half=POINTS[epsilon], error=POINTS[alpha])
def test_a_face_of_the_cube_is_a_cube(dimension, half, error):
    """Theorem 5.8 on a k-face is Theorem 3.4 at d = k; so is Theorem 4.3 at d = k + 1."""
    at = {d: Fraction(dimension), epsilon: half, alpha: error}
    for name in LOWER_FORMS:
        cube = _log10("thm3.4", name, Norm.INF, at)
        face = {**at, k: at[d], d: at[d] + 5}
        assert _log10("thm5.8", name, Norm.INF, face) == cube
        assert _log10("thm4.3", name, Norm.INF, {**at, d: at[d] + 1}) == cube


def test_bases_are_equal_as_c_falls_to_zero():
    for half in (Fraction(1, 4), Fraction(1, 7), Fraction(3, 20)):
        on_axis = axis_points().subs(epsilon, half)
        for share in (Fraction(1, 1000), 1 - 1 / (2 * half * on_axis) - Fraction(1, 10**6)):
            upper = [
                _log10("thm3.3", FormName.EXPLICIT, Norm.INF, {d: Fraction(x), epsilon: half,
                                                               c: Fraction(share)})
                for x in (10**5, 2 * 10**5)
            ]  # fmt: skip
            assert abs((upper[1] - upper[0]) / 10**5 - log10(on_axis)) < 1e-4


@pytest.mark.parametrize("half", [Fraction(1, 10), Fraction(1, 4), Fraction(9, 20)])
def test_printed_forms_conflict_at_p_2_for_every_constant(half):
    """Fixed epsilon, d to infinity: how far log of thm3.4 is above log of thm3.3's printed form.

    The difference grows faster than linearly in d, so that neither C nor a constant inside the
    power (C_2^d) mends it: the printed upper bound is meant for epsilon to 0 at fixed d.
    """
    for name in (FormName.PRINTED, FormName.APPENDIX):
        excess = []
        for dimension in (10**4, 10**6, 10**8):
            at = {d: Fraction(dimension), epsilon: half, c: Fraction(1, 2)}
            lower = _log10("thm3.4", FormName.EXPLICIT, Norm.TWO, at)
            excess.append((lower - _log10("thm3.3", name, Norm.TWO, at)) / dimension)
        # The excess an axis grows as (1/4) log10 d: by 1/2 from each d to the next.
        assert excess[1] - excess[0] == pytest.approx(0.5, abs=0.01)
        assert excess[2] - excess[1] == pytest.approx(0.5, abs=0.01)


def test_printed_thm2_3_conflicts_at_p_inf_for_every_constant():
    """N = 2, d to infinity: a network of bounded size, and sqrt(N d) without bound."""
    at = {N: Fraction(2), epsilon: Fraction(1, 4), delta: Fraction(1, 5)}
    dimensions = [Fraction(10**e) for e in (1, 3, 6)]
    sizes = [
        _log10("thm2.2", FormName.EXPLICIT, Norm.INF, {**at, d: dimension})
        for dimension in dimensions
    ]
    printed = [
        _log10("thm2.3", FormName.PRINTED, Norm.INF, {**at, d: dimension})
        for dimension in dimensions
    ]
    assert sizes[0] == sizes[1] == sizes[2] == pytest.approx(log10(6))
    assert printed[2] - printed[0] == pytest.approx(2.5)


def test_printed_thm2_2_falls_in_delta_though_the_task_gets_harder():
    at = {N: Fraction(100), d: Fraction(10), epsilon: Fraction(2, 5)}
    steps = [{**at, delta: Fraction(i, 50)} for i in (1, 5, 9)]
    printed = [_log10("thm2.2", FormName.PRINTED, Norm.TWO, point) for point in steps]
    explicit = [_log10("thm2.2", FormName.EXPLICIT, Norm.TWO, point) for point in steps]
    assert printed == sorted(printed, reverse=True)
    assert explicit == sorted(explicit)


@pytest.mark.parametrize("scale", [1, 3, 10, 100, 10**4])
def test_known_networks_stay_above_the_growth_bounds(scale):
    """Bartlett et al. 2019, Theorem 11, r = 1: 64k + 2 parameters shatter 32 k^2 points of R^(33k).

    And the bounds give up to a factor what the theorem does: VC is at most about W^2 / 4.
    """
    found = smallest_size(Fraction(32 * scale**2), 33 * scale, None, Fraction(0), SHARPEST)
    layered = smallest_size(
        Fraction(32 * scale**2), 33 * scale, 5 * scale + 3, Fraction(0), SHARPEST
    )
    assert found.n <= layered.n <= 64 * scale + 2
    if scale >= 100:
        assert found.n**2 >= 2 * 32 * scale**2


@settings(max_examples=20, deadline=None)
@given(
    count=st.integers(1, 10**5),
    dimension=st.integers(1, 50),
    half=st.fractions(Fraction(1, 100), Fraction(1, 10), max_denominator=200),
    share=st.fractions(0, Fraction(99, 100), max_denominator=100),
)
def test_thm2_3_forces_at_least_the_points_there_is_room_for(count, dimension, half, share):
    at = {N: Fraction(count), d: Fraction(dimension), epsilon: half, delta: share * half}
    form = theorem("thm2.3").form(FormName.EXPLICIT, Norm.TWO)
    assert isinstance(form.expression, SmallestSize)
    points = form.expression.points.subs(at)
    room = (1 / (2 * half)) ** dimension
    assert points >= min(count, room)
