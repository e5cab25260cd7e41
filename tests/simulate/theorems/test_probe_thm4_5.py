"""The probe of Theorem 4.5: best trees, nearest neighbours, sigmoid networks, and their bounds."""

import itertools
from dataclasses import replace
from fractions import Fraction
from math import inf

import numpy as np
import pytest
from flint import arb
from hypothesis import given, settings
from hypothesis import strategies as st

from robustsize.bounds.symbols import InputError, Norm, alpha, c, d, epsilon
from robustsize.simulate.data.instance import Instance, hard_instance
from robustsize.simulate.data.labellings import random_labelling
from robustsize.simulate.experiment.probe import Run, axes
from robustsize.simulate.theorems.thm4_5 import experiment as thm4_5
from robustsize.simulate.theorems.thm4_5 import families
from robustsize.simulate.theorems.thm4_5.experiment import PROBE
from robustsize.simulate.theorems.thm4_5.families import NEIGHBOURS, SIGMOID, TREES, Place
from robustsize.simulate.theorems.thm4_5.neighbours import CentreNeighbours, neighbours_vc
from robustsize.simulate.theorems.thm4_5.sigmoid import (
    SigmoidNetwork,
    sigmoid_robust_error,
    trained_sigmoid,
)
from robustsize.simulate.theorems.thm4_5.trees import (
    Leaf,
    Tree,
    least_tree_errors,
    stump,
    trained_tree,
    tree_robust_error,
    tree_size,
    tree_vc,
)

QUARTER, HALF = Fraction(1, 4), Fraction(1, 2)
TINY = replace(PROBE.quick, axes=axes({epsilon: "1/4", c: "1/2", alpha: "1/20", d: "3,4"}), seeds=3)


def hard(dimension, labels, p=Norm.INF):
    return hard_instance(dimension, QUARTER, HALF, p, labels)


@pytest.fixture(scope="module")
def measured(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tiny")
    cells = [cell for cell in PROBE.cells(TINY) if not cell.name.startswith("sigmoid")]
    return [(cell, cell.measure(Run(folder))) for cell in cells]


def best_tree(cells, leaves, low, high):
    """By trying every split of every set of cells: fewest errors, and leaves that reach them.

    cells: {grid point: label}.
    """
    labels = list(cells.values())
    majority = 1 if labels.count(1) >= labels.count(-1) else -1
    best = (len(labels) - labels.count(majority), (Leaf(low, high, majority),))
    if leaves == 1 or best[0] == 0:
        return best
    for axis in range(len(low) - 1):
        for cut in (0.25, 0.75):
            left = {x: y for x, y in cells.items() if x[axis] <= cut}
            right = {x: y for x, y in cells.items() if x[axis] > cut}
            if not left or not right:
                continue
            middle = (*high[:axis], cut, *high[axis + 1 :])
            from_cut = (*low[:axis], cut, *low[axis + 1 :])
            for some in range(1, leaves):
                a, few = best_tree(left, some, low, middle)
                b, rest = best_tree(right, leaves - some, from_cut, high)
                if a + b < best[0]:
                    best = (a + b, few + rest)
    return best


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("p", list(Norm))
def test_the_best_tree_by_exhaustion_and_its_exact_certificate(seed, p):
    labels = random_labelling(9, seed)
    instance = hard(3, labels, p)
    cells = {x[:-1]: int(y) for x, y in zip(instance.points, labels, strict=True)}
    least = least_tree_errors(labels, 3)
    for leaves in range(1, 7):
        errors, parts = best_tree(cells, leaves, (-inf,) * 3, (inf,) * 3)
        assert least[leaves - 1] == errors
        assert len(parts) <= leaves
        assert tree_robust_error(Tree(parts), instance).possible == errors


def test_trained_trees_are_no_better_than_the_best():
    labels = random_labelling(27, 1)
    instance, least = hard(4, labels), least_tree_errors(labels, 3)
    for leaves in (2, 5, 12, 27):
        tree = trained_tree(instance, leaves, 0)
        error = tree_robust_error(tree, instance)
        assert len(tree.leaves) <= leaves
        assert error.sure == error.possible >= least[leaves - 1]
        assert tree_robust_error(tree, instance, Fraction(0)).sure <= error.sure
    assert error.sure == 0


def test_a_stump_is_clean_and_gives_all_centres_one_label():
    for labels in itertools.product((-1, 1), repeat=3):
        instance = hard(2, labels)
        tree = stump(2)
        assert tree.size == tree_size(2) == 4
        assert tree_robust_error(tree, instance, Fraction(0)).sure == 0
        assert tree_robust_error(tree, instance).sure == labels.count(1)


def test_a_leaf_that_a_closed_ball_touches():
    point = Instance(((HALF, HALF),), np.array([1], dtype=np.int8), QUARTER, Norm.INF)
    touches = Leaf((-inf, -inf), (0.25, inf), -1)
    rest = Leaf((0.25, -inf), (inf, inf), 1)
    assert tree_robust_error(Tree((touches, rest)), point).sure == 1
    touched = Leaf((0.75, -inf), (inf, inf), -1)
    rest = Leaf((-inf, -inf), (0.75, inf), 1)
    assert tree_robust_error(Tree((rest, touched)), point).sure == 0
    corner = Leaf((-inf, -inf), (0.3, 0.3), -1)
    for p, sure in ((Norm.INF, 1), (Norm.TWO, 0)):
        one = Instance(point.points, point.labels, QUARTER, p)
        assert tree_robust_error(Tree((corner,)), one).sure == sure


@given(seed=st.integers(0, 10**6), p=st.sampled_from(list(Norm)))
@settings(max_examples=200, deadline=None)
def test_nearest_neighbours_against_a_lattice_in_each_ball(seed, p):
    random = np.random.default_rng(seed)
    labels = 2 * random.integers(0, 2, 9) - 1
    instance = hard(3, labels, p)
    rule = CentreNeighbours(instance)
    stored = random.permutation(9)[: random.integers(1, 6)]
    error = rule.robust_error(stored)
    assert error.sure <= error.possible
    steps = np.array(list(itertools.product(range(-4, 5), repeat=3)))
    if p is Norm.TWO:
        steps = steps[(steps**2).sum(axis=1) <= 16]
    points = np.array([[int(32 * v) for v in x] for x in instance.points])
    centres = np.array([[int(32 * v) for v in x] for x in instance.centres()])[stored]
    certified = rule.certified(np.arange(9), stored)
    refuted = rule.refuted(stored)
    for i in range(9):
        ball = points[i] + steps
        distance = ((ball[:, None] - centres) ** 2).sum(axis=2)
        wrong = (labels[stored[np.argmin(distance, axis=1)]] != labels[i]).any()
        assert not (wrong and certified[i])
        # The refuting points are corners, ends of axes and centres, all on this lattice.
        assert wrong or not refuted[i]


@pytest.mark.parametrize("p", list(Norm))
def test_condensed_rules_are_certified(p):
    rule = CentreNeighbours(hard(4, random_labelling(27, 3), p))
    stored = rule.condensed(np.random.default_rng(0))
    fewer = rule.reduced(stored)
    assert set(fewer) <= set(stored)
    assert rule.robust_error(stored).possible == rule.robust_error(fewer).possible == 0
    assert rule.robust_error(stored[:2]).sure > 0
    assert rule.size(fewer) == 5 * len(fewer)


def test_vc_bounds_are_above_what_is_known_exactly():
    assert tree_vc(1, 5) == neighbours_vc(1, 5) == 1
    # Stumps shatter 2 points of the line; halfspaces, d + 1 points of R^d.
    assert 2 <= tree_vc(2, 1) <= 10
    for dimension in (2, 5, 10):
        assert dimension + 1 <= neighbours_vc(2, dimension) <= (2 * (dimension + 1)) ** 2
        # A tree with l leaves tells l points of the line apart, whatever their labels.
        assert all(tree_vc(leaves, dimension) >= leaves for leaves in range(1, 30))


def test_a_sigmoid_enclosure_holds_the_values_in_its_box():
    random = np.random.default_rng(0)
    network = SigmoidNetwork(
        random.normal(size=(3, 2)), random.normal(size=3), random.normal(size=3), 0.1
    )
    enclosure = network.enclosure([arb(0, 1), arb(2, 1)])
    x = random.uniform((-1, 1), (1, 3), (300, 2))
    values = 1 / (1 + np.exp(-(x @ network.W.T + network.b))) @ network.v + network.a
    assert float(enclosure.lower()) <= values.min()
    assert values.max() <= float(enclosure.upper())


def test_sigmoid_certificates_against_samples():
    labels = np.array([1, -1, 1])
    for p in Norm:
        instance = hard(2, labels, p)
        network = trained_sigmoid(instance, 6, 0)
        assert network.size == 6 * 4 + 1
        assert sigmoid_robust_error(network, instance).possible == 0
        upside_down = SigmoidNetwork(network.W, network.b, -network.v, -network.a)
        assert sigmoid_robust_error(upside_down, instance).sure == 3
        random = np.random.default_rng(0)
        for x, y in zip(instance.floats(), labels, strict=True):
            steps = random.uniform(-1, 1, (500, 2)) * float(instance.radius)
            if p is Norm.TWO:
                steps = steps[(steps**2).sum(axis=1) <= float(instance.radius) ** 2]
            hidden = 1 / (1 + np.exp(-((x + steps) @ network.W.T + network.b)))
            assert (y * (hidden @ network.v + network.a) > 0).all()
    assert trained_sigmoid(hard(2, (1, 1, 1)), 6, 0).size == 1


def test_every_prediction_has_evidence_that_keeps_its_limits(measured):
    for cell, made in measured:
        assert {p.name for p in cell.predictions} == set(made.evidence)
        for prediction in cell.predictions:
            evidence = made.evidence[prediction.name]
            assert evidence.high is not None
            if prediction.lower is not None and prediction.lower.vacuous is None:
                assert evidence.high >= prediction.lower.value
            if prediction.upper is not None:
                assert evidence.high <= prediction.upper.value
            assert all(hypothesis.holds for hypothesis in prediction.hypotheses)


def test_exhaustive_numbers(measured):
    evidence = {name: e for _, made in measured for name, e in made.evidence.items()}
    # The checkerboard of 3 x 3 takes a leaf a point.
    assert evidence["trees: size, d=3"].low == evidence["trees: size, d=3"].high == tree_size(9)
    # Of 9 labels a constant gets at most 4 wrong.
    assert evidence["trees: error, d=3"].low == Fraction(4, 9)
    assert evidence["stump: standard error, d=4"].high == 0


def test_a_planted_false_bound_is_seen(monkeypatch, tmp_path):
    real = families.smallest_size

    def planted(*given):
        needed = real(*given)
        return replace(needed, n=100 * needed.n)

    monkeypatch.setattr(families, "smallest_size", planted)
    place = Place.of(3, TINY, thm4_5.ALL_MEASURED)
    for cell in (thm4_5._trees(place), thm4_5._neighbours(place)):
        size = cell.predictions[0]
        evidence = cell.measure(Run(tmp_path)).evidence[size.name]
        assert evidence.high < size.lower.value


def test_a_flawed_certificate_is_seen(monkeypatch, tmp_path):
    def flawed(self, balls, stored):
        return np.full(len(balls), len(stored) > 0)

    monkeypatch.setattr(CentreNeighbours, "certified", flawed)
    place = Place.of(7, TINY, thm4_5.ALL_MEASURED)
    evidence = thm4_5._neighbours(place).measure(Run(tmp_path)).evidence
    for prediction in (NEIGHBOURS.size(place), NEIGHBOURS.error(place)):
        assert prediction.lower.vacuous is None
        assert evidence[prediction.name].high < prediction.lower.value


def test_which_hypotheses_hold():
    place = Place.of(6, TINY, thm4_5.ALL_MEASURED)
    assert TREES.size(place).hypotheses[0].holds
    assert NEIGHBOURS.size(place).hypotheses[0].holds
    assert not SIGMOID.size(place).hypotheses[0].holds


def test_random_labellings_need_no_more_than_the_worst():
    place = Place.of(6, TINY, thm4_5.ALL_MEASURED)
    assert not place.complete
    whole = replace(place, complete=True)
    assert place.bound(Fraction(0)).value <= whole.bound(Fraction(0)).value
    again = Place.of(6, TINY, thm4_5.ALL_MEASURED)
    assert all((a == b).all() for a, b in zip(place.labellings, again.labellings, strict=True))
    assert len({phi.tobytes() for phi in place.labellings}) == 3


def test_the_sigmoid_cell(tmp_path):
    setting = replace(TINY, axes={**TINY.axes, d: (Fraction(2),)})
    cell = next(one for one in PROBE.cells(setting) if one.name == "sigmoid-d=2")
    made = cell.measure(Run(tmp_path))
    (size,) = made.evidence.values()
    assert size.low is None
    assert 5 <= size.high <= 12 * 4 + 1
    assert "2 starts" in size.tried
    stopped = cell.measure(Run(tmp_path, deadline=0.0))
    assert next(iter(stopped.evidence.values())).high is None


@pytest.mark.parametrize(
    "change",
    [
        {d: (Fraction(1),)},
        {d: (Fraction(12),)},
        {epsilon: (Fraction(1, 80),)},
        {c: (Fraction(1, 1009),)},
    ],
)
def test_what_cannot_be_measured_is_refused(change):
    with pytest.raises(InputError, match=r"^--.*for example --"):
        PROBE.cells(replace(TINY, axes={**TINY.axes, **change}))
