"""The exact oracles agree with hand-made cases and with each other; lies to them are noticed."""

import signal
import subprocess
import sys
import time
from dataclasses import replace
from fractions import Fraction
from math import inf, nextafter
from pathlib import Path

import numpy as np
import pytest
from _exact import (
    Problem,
    failing_distance_squared,
    failing_point,
    least_on_interval,
    least_value,
    z3_answer,
)
from _small_networks import BASES, CHANGES, FOOLED, MOST_INPUTS, MOST_UNITS, Case, case
from oracle import NoAnswerError, flaw, is_robust, outcomes

from robustsize.simulate.certify.complete import Certificate, CertificateStatus
from robustsize.simulate.data.instance import Instance, Norm
from robustsize.simulate.networks.network import Network

TINY = Fraction(1, 2**2000)
PLANE = Network.of([([[-3.0, -4.0]], [5.0])])
TENT = Network.of([([[1.0], [-1.0]], [0.0, 0.0]), ([[-1.0, -1.0]], [1.0])])  # 1 - abs(x)
SUM = Network.of([([[1.0, 0.0], [0.0, 1.0]], [0.0, 0.0]), ([[-1.0, -1.0]], [1.0])])
SCRIPT = Path(__file__).parents[3] / "benchmarks" / "oracle.py"


def problem(network, radius, p, sign=1):
    origin = (Fraction(0),) * network.input_dim
    return Problem(network, origin, Fraction(radius), p, sign)


@pytest.mark.parametrize(
    ("network", "p", "touching"),
    [
        (PLANE, Norm.TWO, 1),
        (PLANE, Norm.INF, Fraction(5, 7)),
        (TENT, Norm.TWO, 1),
        (TENT, Norm.INF, 1),
        (SUM, Norm.INF, Fraction(1, 2)),
    ],
)
def test_a_ball_that_just_touches_is_told_from_one_that_does_not(network, p, touching):
    point = failing_point(problem(network, touching, p))
    assert network.exact(point) == 0
    assert failing_point(problem(network, touching - TINY, p)) is None
    assert z3_answer(problem(network, touching, p), 5000) is False
    assert z3_answer(problem(network, touching - TINY, p), 5000) is True


def test_distances_and_least_values_are_exact():
    assert failing_distance_squared(problem(PLANE, 0, Norm.TWO)) == 1
    assert failing_distance_squared(problem(SUM, 0, Norm.TWO)) == Fraction(1, 2)
    assert failing_distance_squared(problem(SUM, 0, Norm.TWO, sign=-1)) == 0
    assert least_value(problem(SUM, 3, Norm.INF)) == -5
    assert least_value(problem(SUM, 3, Norm.INF, sign=-1)) == -1
    assert least_value(problem(TENT, 2, Norm.INF)) == -1
    assert least_on_interval(problem(TENT, 2, Norm.INF)) == -1
    assert least_on_interval(problem(TENT, 2, Norm.INF, sign=-1)) == -1


def test_a_network_that_is_positive_everywhere_has_no_failing_point():
    network = Network.of([([[1.0, 2.0]], [-1.0]), ([[1.0]], [5e-324])])
    assert failing_distance_squared(problem(network, 0, Norm.TWO)) is None
    for p in Norm:
        assert failing_point(problem(network, 1e300, p)) is None
        assert failing_point(problem(network, 1e300, p), Fraction(5e-324)) is not None


@pytest.mark.parametrize("number", range(len(FOOLED)))
def test_networks_that_fooled_a_certifier_are_not_robust(number):
    layers, point, radius, sign = FOOLED[number]
    network = Network.of(layers)
    centre = tuple(map(Fraction, point))
    found = failing_point(Problem(network, centre, radius, Norm.TWO, sign))
    assert sign * network.exact(found) <= 0
    assert sum((v - c) ** 2 for v, c in zip(found, centre, strict=True)) <= radius**2


def test_the_oracles_agree_and_answers_are_of_both_kinds():
    robust = [is_robust(case(7, index)) for index in range(300)]
    assert 0.3 < np.mean(robust) < 0.7


@pytest.mark.parametrize("p", Norm)
def test_no_point_of_a_robust_ball_refutes(p):
    rng = np.random.default_rng(0)
    for index in range(p is Norm.INF, 200, 2):
        asked = case(8, index)
        given = asked.instance
        assert given.p is p
        if not is_robust(asked):
            continue
        for x, y in zip(given.points, given.labels, strict=True):
            for _ in range(5):
                step = [Fraction(int(v), 100) for v in rng.integers(-100, 101, len(x))]
                if p is Norm.TWO and sum(s * s for s in step) > 1:
                    continue
                at = [v + given.radius * s for v, s in zip(x, step, strict=True)]
                assert int(y) * asked.network.exact(at) > 0


def test_a_case_depends_on_seed_and_index_alone():
    kinds = set()
    for index in range(200):
        asked, again = case(3, index), case(3, index)
        assert asked.instance.points == again.instance.points
        assert asked.instance.radius == again.instance.radius
        for ours, theirs in zip(asked.network.weights, again.network.weights, strict=True):
            np.testing.assert_array_equal(ours, theirs)
        assert sum(asked.network.widths) <= MOST_UNITS
        assert asked.network.input_dim <= MOST_INPUTS
        kinds.add((asked.instance.p, *asked.kind.split(", ")[:2]))
    assert {base for _, base, _ in kinds} == set(BASES)
    assert {change for _, _, change in kinds} == set(CHANGES)


def certificate(status, margin=None, point=None):
    if margin is None:
        margin = 0.0 if status is CertificateStatus.COUNTEREXAMPLE else -inf
    return Certificate(status, margin, None, point, "", "", 0.0, 0)


def asked(network, radius, labels=(1,)):
    points = ((Fraction(0),) * network.input_dim,) * len(labels)
    instance = Instance(points, np.array(labels, np.int8), Fraction(radius), Norm.INF)
    return Case(0, "by hand", network, instance)


CERTIFIED, REFUTED = CertificateStatus.CERTIFIED, CertificateStatus.COUNTEREXAMPLE
UNDECIDED = CertificateStatus.UNDECIDED


@pytest.mark.parametrize(
    ("radius", "found", "word"),
    [
        (1, certificate(CERTIFIED, 0.0), "not robust"),
        (0.5, certificate(CERTIFIED, nextafter(0.5, 1) + 1e-9), "margin"),
        (0.5, certificate(CERTIFIED, inf), "margin"),
        (0.5, certificate(UNDECIDED, 0.75), "margin"),
        (0.5, certificate(REFUTED, point=(Fraction(1),)), "none"),
        (1, certificate(REFUTED, point=(Fraction(1) + TINY,)), "none"),
        (1, certificate(REFUTED, point=(Fraction(1) - TINY,)), "none"),
        (1, certificate(REFUTED), "none"),
        (1, certificate(REFUTED, point=(Fraction(1),)), ""),
        (0.5, certificate(CERTIFIED, 0.5), ""),
        (0.5, certificate(UNDECIDED), ""),
        (1, certificate(UNDECIDED), ""),
    ],
)
def test_a_wrong_answer_is_noticed(radius, found, word):
    given = asked(TENT, radius)
    answer = flaw(given, found, is_robust(given))
    assert (word in answer) if word else not answer


def test_a_counterexample_of_another_point_is_noticed():
    given = asked(TENT, 0, labels=(1, -1))
    for index, answer in ((0, "a counterexample that is none"), (1, "")):
        found = replace(certificate(REFUTED, point=(Fraction(0),)), point_index=index)
        assert flaw(given, found, False) == answer


def test_an_exception_is_a_wrong_answer(monkeypatch):
    def failing(case, budget):
        raise OverflowError("too large")

    monkeypatch.setattr("oracle.DOORS", {"certify": failing})
    (found,) = outcomes(0, 1, 5.0)
    assert found.wrong == "OverflowError: too large"
    assert not replace(found, wrong="").undecided


def test_a_certifier_that_does_not_stop_gives_a_wrong_answer(monkeypatch):
    def waiting(case, budget):
        while True:
            time.sleep(0.01)

    def interrupt(number, frame):
        raise NoAnswerError("no answer in time")

    monkeypatch.setattr("oracle.DOORS", {"certify": waiting})
    before = signal.signal(signal.SIGALRM, interrupt)
    try:
        (found,) = outcomes(0, 1, 0.02)
    finally:
        signal.signal(signal.SIGALRM, before)
    assert found.wrong == "NoAnswerError: no answer in time"


@pytest.mark.slow
def test_no_answer_is_wrong_in_an_hour():
    command = [sys.executable, str(SCRIPT), "--seconds", "3600", "--seed", "1"]
    command += ["--most-undecided", "0.2"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr[-10_000:]
