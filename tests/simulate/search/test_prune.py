"""Pruning: fewer parameters, the attack still finds nothing, absent parameters may come back."""

import itertools
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from robustsize.simulate.data.instance import Norm, hard_instance
from robustsize.simulate.data.labellings import random_labelling
from robustsize.simulate.networks.network import Network
from robustsize.simulate.search.prune import (
    Effort,
    Origin,
    Pool,
    Survivor,
    balanced,
    prune,
    retrain,
)
from robustsize.simulate.search.race import race
from robustsize.simulate.train.attack import attack
from robustsize.simulate.train.plan import Plan

PLAN = Plan(radius=0.125, steps=200, pgd_steps=3, learning_rate=0.02)
LABELS = random_labelling(9, 1)
POINTS = hard_instance(3, Fraction(1, 4), Fraction(1, 2), Norm.INF, LABELS).floats()[:, :2]


@pytest.fixture(scope="module")
def dense():
    return race(POINTS, LABELS[None], [(8,)], 24, PLAN)


def pool_of(*survivors):
    return Pool(POINTS, LABELS.astype(float), list(survivors))


def test_the_race_counts_what_it_tried(dense):
    ((tried,),) = dense.tried
    assert (tried.hidden, tried.networks) == ((8,), 24)
    assert tried.survived == len(dense.survivors[0]) > 0
    assert 0 < tried.steps <= 24 * 4 * PLAN.steps
    low, high = tried.interval
    assert low < tried.survived / tried.networks < high


def test_pruning_shrinks_and_the_attack_still_finds_nothing(dense):
    start = dense.survivors[0][0]
    pool = pool_of(start)
    prune([pool], PLAN, Effort(rounds=15, tries=32, beam=2))
    assert pool.smallest <= start.network.size - 8
    assert len(pool.survivors) <= 2
    for one in pool.survivors:
        margins, _ = attack(one.network, POINTS, LABELS, 0.125, Norm.INF)
        assert margins.min() == pytest.approx(one.margin, abs=1e-4)
        assert margins.min() >= PLAN.margin - 1e-4


def test_pruning_twice_gives_the_same(dense):
    sizes = []
    for _ in range(2):
        pool = pool_of(dense.survivors[0][0])
        prune([pool], PLAN, Effort(rounds=5, tries=16), seed=3)
        sizes.append((pool.smallest, pool.tried, pool.steps, pool.survivors[0].margin))
    assert sizes[0] == sizes[1]


def test_a_pool_keeps_the_smallest_with_different_zeros():
    def network(zero):
        weight = np.ones((3, 2))
        weight.reshape(-1)[zero] = 0
        return Network.of([(weight, np.ones(3)), (np.ones((1, 3)), [1.0])])

    one, same, other = (Survivor(network(z), 0.1, Origin.TRAINING) for z in (0, 0, 1))
    whole = Survivor(network([]), 0.5, Origin.TRAINING)
    pool = pool_of(whole)
    pool.group = 4
    pool.keep([one, same, other], beam=3)
    assert [s.network.size for s in pool.survivors] == [12, 12, 13]
    assert (pool.idle, pool.group) == (0, 4)
    pool.keep([], beam=3)
    assert (pool.idle, pool.group) == (1, 2)


def test_what_cannot_be_learned_does_not_survive():
    one_unit = Network.of([(np.ones((1, 2)), [0.1]), ([[1.0]], [0.1])])
    xor = Pool(np.array([[0.0, 0], [1, 1], [0, 1], [1, 0]]), np.array([1.0, 1, -1, -1]))
    assert retrain([xor], [(0, Origin.TRAINING, one_unit)], PLAN) == {}
    assert xor.tried == 1
    assert xor.steps > 0


@given(st.integers(0, 2**32 - 1), st.integers(1, 3), st.integers(1, 3))
def test_balancing_keeps_the_function_and_the_zeros(seed, width, layers):
    random = np.random.default_rng(seed)
    widths = [2, *[width] * layers, 1]
    network = Network.of(
        [
            (
                random.normal(size=(n, k)) * random.integers(0, 2, (n, k)) * 8.0,
                random.normal(size=n),
            )
            for k, n in itertools.pairwise(widths)
        ]
    )
    even = balanced(network)
    assert even.size == network.size
    x = random.normal(size=(10, 2))
    np.testing.assert_allclose(even(x), network(x), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("name", ["tries", "beam", "patience"])
def test_an_effort_of_nothing_is_refused(name):
    with pytest.raises(ValueError, match=name):
        Effort(**{name: 0})
