"""The probe of growth functions: exact counts against Cover's, witnesses below them, plants."""

from dataclasses import replace
from fractions import Fraction
from itertools import combinations, pairwise, product
from math import comb, e, factorial, log2

import numpy as np
import pytest

from robustsize.bounds.symbols import InputError, N, d
from robustsize.simulate.experiment.probe import Run, axes
from robustsize.simulate.search.exact_width import SmallestWidth, WidthAnswer, WidthStatus
from robustsize.simulate.theorems.growth import experiment as growth
from robustsize.simulate.theorems.growth.experiment import (
    PROBE,
    count_patterns,
    cover,
    growth_limits,
    random_points,
    search_patterns,
)

TINY = replace(PROBE.quick, axes=axes({d: "1", N: "4,64"}), seeds=2)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return Run(tmp_path_factory.mktemp("growth"))


def philox():
    return np.random.Generator(np.random.Philox(key=[0, 0]))


@pytest.mark.parametrize(("dimension", "m"), [(1, 5), (1, 8), (2, 4), (2, 6), (3, 5)])
def test_one_unit_reaches_what_a_hyperplane_does(dimension, m, run):
    """relu(w.x + b) crosses one threshold on one hyperplane: Cover's number, by a formula."""
    counted = count_patterns(random_points(m, dimension, seed=1), 1, run)
    assert counted.points == m
    assert counted.sure == counted.possible == cover(m, dimension + 1)


@pytest.mark.parametrize(("width", "m"), [(0, 4), (1, 5), (2, 4)])
def test_on_a_line_the_patterns_are_those_with_few_changes(width, m, run):
    points = random_points(m, 1, seed=2)
    order = np.argsort([float(x) for (x,) in points])
    few = [
        labels
        for labels in product((1, -1), repeat=m)
        if sum(a != b for a, b in pairwise(np.array(labels)[order].tolist())) <= width
    ]
    counted = count_patterns(points, width, run)
    assert counted.sure == counted.possible == len(few)


@pytest.mark.parametrize("hidden", [(1,), (2,), (2, 2)])
def test_random_networks_show_no_more_than_there_are(hidden, run):
    points = random_points(6, 1, seed=3)
    found, drawn = search_patterns(points, hidden, 3000, run, philox())
    assert drawn == 3000
    units = sum(hidden)
    # On a line two layers of 2 have at most 2 + 2 * 3 kinks, one layer of w has w.
    changes = units if len(hidden) == 1 else 5
    there = cover(6, changes + 1)
    assert 2 < found <= there
    if len(hidden) == 1:
        assert found >= there - 2


def test_searched_values_are_those_of_networks():
    """Any sign pattern of one unit on a line changes its sign once at most."""
    x = np.sort(np.random.default_rng(0).random(40))[None]
    values = growth._random_values(x, (1,), philox())
    assert values.shape == (growth._BATCH, 40)
    clear = values[np.abs(values).min(axis=1) > growth._CLEAR]
    assert len(clear) > growth._BATCH / 4
    assert (np.diff(clear > 0, axis=1)).sum(axis=1).max() == 1


@pytest.mark.parametrize(
    ("hidden", "dimension", "m"), [((1,), 1, 12), ((2,), 3, 40), ((3, 2), 2, 300)]
)
def test_limits_by_another_route(hidden, dimension, m):
    """The formulas of C1 and C6 in floats, the maximum over U by trying every U."""
    limits = growth_limits(hidden, dimension, m)
    widths = [dimension, *hidden, 1]
    layers = [(a + 1) * b for a, b in pairwise(widths)]
    n, L = sum(layers), len(layers)
    architectures = n * log2(e * (n / 4 + dimension + 1))
    expected = {
        "G": L + n * L * log2(2 * e * m * L) + n + n * log2(e * (n + dimension + 1)),
        "Warren": sum(
            m * k if m * k < W else 1 + W * log2(2 * e * m * k * i / W)
            for i, (k, W) in enumerate(zip(widths[1:], np.cumsum(layers), strict=True), start=1)
        ),
    }
    if m >= n:
        expected["G_tree"] = (
            2 * n
            - 1
            + architectures
            + max(1 + (n - U) * (U + log2(2 * e * m * U / (n - U))) for U in range(1, n))
        )
        expected["G_layers"] = (
            n
            - 1
            + architectures
            + max(
                U
                + L
                + (n - U)
                * (
                    L * log2(2 * e * m / (n - U))
                    + log2(factorial(L))
                    + (L - 1) * log2((U - 1) / (L - 1))
                )
                for U in range(L, n)
            )
        )
    if len(hidden) == 1:
        w = hidden[0]
        phi = 2 * sum(comb(m - 1, i) for i in range(dimension + 1))
        linear = 2 * sum(comb(m - 1, i) for i in range(w * (dimension + 1) + 1))
        expected["Cover"] = w * log2(phi) + log2(linear)
    assert limits.keys() == expected.keys()
    for name, bits in limits.items():
        assert bits == pytest.approx(expected[name], rel=1e-9)


def test_the_least_limit_is_stated_and_met(run):
    spoke = 0
    for cell in PROBE.cells(TINY):
        (prediction,) = cell.predictions
        outcome = cell.measure(run)
        evidence, (row,) = outcome.evidence[prediction.name], outcome.rows
        m = int(row.at["samples"])
        assert prediction.upper.value == min(row.more["limits"].values()) == row.upper
        assert (prediction.upper.vacuous is not None) == (prediction.upper.value >= m)
        assert 1 <= evidence.low <= prediction.upper.value
        exact = evidence.high is not None
        assert exact == row.series.endswith("exact")
        assert not exact or 0 <= evidence.high - evidence.low < 1e-13
        spoke += prediction.upper.vacuous is None
    assert spoke >= 2


def test_a_planted_wrong_exponent_shows(run, monkeypatch):
    """One unit in the plane: log2 m bits, as if d were 1 and half the patterns were missing."""
    monkeypatch.setattr(growth, "growth_limits", lambda hidden, d, m: {"planted": log2(m)})
    cells = PROBE.cells(replace(TINY, axes=axes({d: "2", N: "6"})))
    cell = next(one for one in cells if one.name == "width=1-d=2-m=6")
    (prediction,) = cell.predictions
    assert cell.measure(run).evidence[prediction.name].low > prediction.upper.value


def test_undecided_labellings_leave_room(monkeypatch, run):
    """Where no width is settled nothing is sure and everything is possible: never a false count."""
    open_ = SmallestWidth((WidthAnswer(0, WidthStatus.UNDECIDED, None, 1, 0, 0, "planted"),))
    monkeypatch.setattr(growth, "smallest_width", lambda instance, *, max_width: open_)
    counted = count_patterns(random_points(4, 1, seed=0), 1, run)
    assert (counted.sure, counted.possible) == (0, 16)


def test_a_deadline_leaves_a_lower_witness(tmp_path):
    cell = next(one for one in PROBE.cells(TINY) if one.name == "width=1-d=1-m=4")
    evidence = cell.measure(Run(tmp_path, deadline=0.0)).evidence[cell.predictions[0].name]
    assert evidence.high is None


def test_points_are_seeded_and_differ():
    points = random_points(200, 2, seed=5)
    assert points == random_points(200, 2, seed=5) != random_points(200, 2, seed=6)
    assert all(x != y for x, y in combinations(points, 2))
    assert all(0 <= v <= 1 and isinstance(v, Fraction) for x in points for v in x)


@pytest.mark.parametrize("m", ["1", "5000"])
def test_what_cannot_be_counted_is_one_line(m):
    with pytest.raises(InputError, match=f"--samples {m}: patterns") as caught:
        PROBE.cells(replace(TINY, axes=axes({d: "1", N: m})))
    assert len(str(caught.value).splitlines()) == 1
