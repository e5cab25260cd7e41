"""The probe of Proposition 3.2: exact values of f*, an attack that can find, plants that show."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from robustsize.bounds.symbols import InputError, N, Norm, d, epsilon
from robustsize.simulate.data.random_sets import Kind, random_pair
from robustsize.simulate.data.regions import Region, SeparatedPair
from robustsize.simulate.experiment.probe import Run, axes
from robustsize.simulate.theorems.prop3_2 import experiment as prop3_2
from robustsize.simulate.theorems.prop3_2.construction import robust_function
from robustsize.simulate.theorems.prop3_2.experiment import (
    PROBE,
    attack,
    exact_slopes,
    exact_value,
    measure,
    tight_pair,
)

EIGHTH = Fraction(1, 8)
TINY = replace(PROBE.quick, axes=axes({d: "2,3", N: "10", epsilon: "1/8"}), seeds=2)


def philox(seed=0):
    return np.random.Generator(np.random.Philox(key=[seed, 0]))


def two_points(gap, p=Norm.INF):
    """A at the origin, B at (gap, 0)."""
    A, B = Region.points([[Fraction(0)] * 2]), Region.points([[gap, Fraction(0)]])
    return SeparatedPair(A, B, gap / 2, p)


@pytest.mark.parametrize("p", Norm)
def test_quick_in_little_meets_every_prediction(p, tmp_path):
    names = []
    for cell in PROBE.cells(replace(TINY, p=p)):
        outcome = cell.measure(Run(tmp_path))
        assert set(outcome.evidence) == {one.name for one in cell.predictions}
        for prediction in cell.predictions:
            evidence = outcome.evidence[prediction.name]
            assert evidence.low <= prediction.upper.value
            names.append(prediction.name)
            if not prediction.name.startswith("steepness"):
                assert evidence.low == evidence.high == 0
            else:
                # The steepest segments come close to the limit: the probe could have broken it.
                assert evidence.low > Fraction(1, 2) * prediction.upper.value
    assert len(set(names)) == len(names) == 2 * (3 * 3 + 2)


@given(
    st.sampled_from(Norm),
    st.lists(st.fractions(0, 1, max_denominator=64), min_size=2, max_size=2),
    st.integers(0, 20),
)
@settings(deadline=None, max_examples=40)
def test_exact_and_float_values_of_f_agree(p, x, seed):
    pair = random_pair(Kind.POINTS, 2, EIGHTH, p, 6, seed=seed)
    at = tuple(x)
    float_value = robust_function(pair, [[float(v) for v in at]])[0]
    exact = exact_value(pair, at)
    if exact is not None:
        assert float(exact) == pytest.approx(float_value, abs=1e-12)
    else:
        assert p is Norm.TWO
    if abs(float_value) > 1e-9:
        assert (measure(at, pair.B, p) > measure(at, pair.A, p)) == (float_value > 0)


@pytest.mark.parametrize("p", Norm)
def test_f_by_hand_between_two_points(p):
    pair = two_points(Fraction(1, 4), p)
    a, b = (Fraction(0), Fraction(0)), (Fraction(1, 4), Fraction(0))
    assert (exact_value(pair, a), exact_value(pair, b)) == (1, -1)
    assert exact_value(pair, (Fraction(1, 16), Fraction(0))) == Fraction(1, 2)
    assert exact_slopes(pair, a, b) == (-8,) * prop3_2._STEPS


def test_an_irrational_distance_is_no_value():
    pair = two_points(Fraction(1, 4), Norm.TWO)
    assert exact_value(pair, (Fraction(1, 8), Fraction(1, 16))) is None


@pytest.mark.parametrize("p", Norm)
@pytest.mark.parametrize("dimension", [1, 3])
def test_tight_pairs_touch_and_tie(p, dimension):
    pair, a, b = tight_pair(dimension, EIGHTH, p, 6, seed=4)
    gaps = [abs(v - w) for v, w in zip(a, b, strict=True)]
    assert sorted(gaps)[-1] == 2 * EIGHTH
    assert sum(gap > 0 for gap in gaps) == 1
    middle = tuple((v + w) / 2 for v, w in zip(a, b, strict=True))
    assert measure(middle, pair.A, p) == measure(middle, pair.B, p)
    at, below = attack(pair, EIGHTH, philox()), attack(pair, EIGHTH * 63 / 64, philox())
    assert at.tied >= 2
    assert at.wrong == 0
    assert below.tied == below.wrong == 0


@pytest.mark.parametrize("p", Norm)
@pytest.mark.parametrize("kind", prop3_2.KINDS)
def test_the_attack_finds_what_is_there_beyond_epsilon(p, kind):
    """At radius 2 epsilon the closest pieces of some pair lie within reach of each other."""
    found = 0
    for seed in range(4):
        pair = random_pair(kind, 2, EIGHTH, p, 16, seed=seed)
        found += attack(pair, 2 * EIGHTH, philox(seed)).wrong
    assert found > 0


@pytest.mark.parametrize("p", Norm)
def test_only_points_within_the_radius_count(p):
    """A at 0 and B at 1/4 on an axis: beyond the middle the sign is wrong, midway there is none."""
    pair = two_points(Fraction(1, 4), p)

    def sign(x, radius):
        return prop3_2._sign(pair, 1, radius, np.array([x, 0.0]))

    assert [sign(x, Fraction(1, 5)) for x in (1 / 16, 1 / 8, 3 / 16)] == [1, 0, -1]
    assert [sign(x, Fraction(3, 16)) for x in (3 / 16, 13 / 64)] == [-1, 1]


def test_a_set_that_is_closer_than_it_says_shows(tmp_path, monkeypatch):
    """A false separation, planted past the check: f* loses the sign and is too steep."""

    def too_close(kind, dimension, e, p, pieces, *, seed):
        pair = random_pair(kind, dimension, e, p, pieces, seed=seed)
        flawed = SeparatedPair(pair.A, pair.B, e, p)
        object.__setattr__(flawed, "epsilon", 4 * e)
        return flawed

    monkeypatch.setattr(prop3_2, "random_pair", too_close)
    cell = prop3_2._random_cell(Kind.POINTS, 2, TINY)
    evidence = cell.measure(Run(tmp_path)).evidence
    _, below, at = cell.predictions
    assert evidence[below.name].low > below.upper.value
    assert evidence[at.name].low > at.upper.value


def test_another_function_has_other_slopes(monkeypatch):
    """d(x,B) - d(x,A) over epsilon is twice as steep on the segment: an exact slope shows it."""
    pair, a, b = tight_pair(2, EIGHTH, Norm.INF, 6, seed=1)
    monkeypatch.setattr(
        prop3_2,
        "exact_value",
        lambda pair, x: (measure(x, pair.B, pair.p) - measure(x, pair.A, pair.p)) / pair.epsilon,
    )
    assert set(exact_slopes(pair, a, b)) == {-2 / EIGHTH}


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({d: "1", N: "30", epsilon: "0.49"}, "--epsilon 49/100, --samples 30: "),
        ({d: "2", N: "2000", epsilon: "1/8"}, "--samples 2000: a pair has"),
        ({d: "2", N: "9,10", epsilon: "1/8"}, "--samples takes one value"),
    ],
)
def test_what_cannot_be_measured_is_one_line(given, message):
    with pytest.raises(InputError, match=message) as caught:
        PROBE.cells(replace(TINY, axes=axes(given)))
    assert len(str(caught.value).splitlines()) == 1
