"""The certifier against planted flaws, HiGHS, sampling, exact values and itself."""

import itertools
import time
from collections.abc import Iterator
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse
from scipy.optimize import Bounds, LinearConstraint, milp

from robustsize.simulate.certify.complete import Certificate, CertificateStatus, certify, minimum
from robustsize.simulate.certify.exact_leaves import ExactBall
from robustsize.simulate.certify.frontier import Frontier, Task, _halves
from robustsize.simulate.certify.relaxation import flatten
from robustsize.simulate.checker.points import Bounds as FoundBounds
from robustsize.simulate.checker.points import PointsChecker, PointsProof
from robustsize.simulate.data.instance import Instance, Norm
from robustsize.simulate.networks.network import Network
from robustsize.simulate.system.deadline import OutOfTimeError, until

CERTIFIED, COUNTEREXAMPLE = CertificateStatus.CERTIFIED, CertificateStatus.COUNTEREXAMPLE
HALF, QUARTER = Fraction(1, 2), Fraction(1, 4)
BOTH = pytest.mark.parametrize("p", list(Norm))


def random_network(d: int, widths: tuple[int, ...], seed: int) -> Network:
    rng, sizes = np.random.default_rng(seed), (d, *widths, 1)
    return Network.of(
        [
            (rng.normal(size=(b, a)) * np.sqrt(2 / a), rng.normal(size=b) / 2)
            for a, b in itertools.pairwise(sizes)
        ]
    )


def one_point(x: tuple[Fraction, ...], radius: Fraction, p: Norm, label: int = 1) -> Instance:
    return Instance((x,), np.array([label], dtype=np.int8), radius, p)


def ball_points(d: int, count: int, p: Norm, seed: int) -> np.ndarray:
    """Points of the unit ball, half of them on its surface (p = 2) or at its corners."""
    rng = np.random.default_rng(seed)
    x = rng.uniform(-1, 1, (count, d))
    if p is Norm.INF:
        x[::2] = np.sign(x[::2])
        return x
    norm = np.linalg.norm(x, axis=1)
    norm[1::2] = np.maximum(norm[1::2], 1)
    return x / norm[:, None]


def replay(answer: Certificate, network: Network, instance: Instance) -> None:
    """The counterexample lies in the exact ball, where exactly f has not the label's sign."""
    assert answer.status is COUNTEREXAMPLE
    assert answer.counterexample is not None
    assert answer.point_index is not None
    centre = instance.points[answer.point_index]
    offsets = [abs(v - c) for v, c in zip(answer.counterexample, centre, strict=True)]
    if instance.p is Norm.INF:
        assert max(offsets) <= instance.radius
    else:
        assert sum(v * v for v in offsets) <= instance.radius**2
    assert int(instance.labels[answer.point_index]) * network.exact(answer.counterexample) <= 0


def ramp(
    direction: list[int], centre: Fraction, level: float, height: float, deep: bool
) -> Network:
    """1 - height * relu(u.(x - centre) - level), u the unit direction; `deep`: one layer more."""
    u = np.array(direction) / np.linalg.norm(direction)
    first = (u[None], [-level - float(centre) * u.sum()])
    if deep:
        middle = ([[1.0], [-1.0]], [0.0, 1.0])
        return Network.of([first, middle, ([[-height, 0.0]], [1.0])])
    return Network.of([first, ([[-height]], [1.0])])


@BOTH
@pytest.mark.parametrize("deep", [False, True])
@pytest.mark.parametrize("direction", [[1, 0, 0], [1, 2, -3], [1, 1, 1]])
def test_a_flaw_just_inside_is_refuted_and_one_just_outside_certified(
    p: Norm, deep: bool, direction: list[int]
) -> None:
    dual = np.linalg.norm(direction) if p is Norm.TWO else np.abs(direction).sum()
    reach = 0.25 * dual / np.linalg.norm(direction)
    instance = one_point((HALF,) * 3, QUARTER, p)
    inside = ramp(direction, HALF, reach - 1e-9, 2e9, deep)
    replay(certify(inside, instance), inside, instance)
    outside = certify(ramp(direction, HALF, reach + 1e-9, 2e9, deep), instance)
    assert outside.status is CERTIFIED
    assert 0 < outside.margin <= 1


@BOTH
@pytest.mark.parametrize("gap", [1e-9, -1e-9])
def test_a_flaw_hidden_in_a_larger_network_is_found(p: Norm, gap: float) -> None:
    """A random positive network, plus a spike at one corner or one pole of the ball."""
    base = random_network(3, (6, 6), 5)
    floor = minimum(base, (HALF,) * 3, QUARTER, p).lower
    direction = np.array([1.0, -1, 1]) if p is Norm.INF else np.array([3.0, 4, 0]) / 5
    reach = 0.75 if p is Norm.INF else 0.25
    first = np.vstack([base.weights[0], direction])
    first_bias = np.append(base.biases[0], -(reach - gap) - direction.sum() / 2)
    second = np.zeros((7, 7))
    second[:6, :6] = base.weights[1]
    second[6, 6] = 1
    second_bias = np.append(base.biases[1], 0)
    last = np.append(base.weights[2], -40 / abs(gap))[None]
    network = Network.of(
        [(first, first_bias), (second, second_bias), (last, base.biases[2] + 1 - floor)]
    )
    instance = one_point((HALF,) * 3, QUARTER, p)
    answer = certify(network, instance)
    if gap > 0:
        replay(answer, network, instance)
    else:
        assert answer.status is CERTIFIED
        assert answer.margin > 0


@BOTH
def test_zero_on_the_boundary_is_a_counterexample(p: Norm) -> None:
    instance = one_point((Fraction(0), Fraction(0)), QUARTER, p)
    tent = Network.of([([[1.0, 0], [-1, 0]], [0, 0]), ([[-4.0, -4]], [1.0])])
    replay(certify(tent, instance), tent, instance)
    smaller = one_point((Fraction(0), Fraction(0)), QUARTER - Fraction(1, 10**12), p)
    assert certify(tent, smaller).status is CERTIFIED


def test_zero_at_a_rational_point_of_the_sphere_is_found() -> None:
    network = Network.of([([[3.0, 4.0]], [0.0]), ([[-1.0]], [5.0])])
    instance = one_point((Fraction(0), Fraction(0)), Fraction(1), Norm.TWO)
    answer = certify(network, instance)
    assert answer.counterexample == (Fraction(3, 5), Fraction(4, 5))


def test_a_radius_that_no_float_holds_is_exact() -> None:
    network = Network.of([([[10.0]], [0.0]), ([[-1.0]], [1.0])])
    tenth = one_point((Fraction(0),), Fraction(1, 10), Norm.INF)
    answer = certify(network, tenth)
    assert answer.counterexample == (Fraction(1, 10),)
    below = one_point((Fraction(0),), Fraction(1, 10) - Fraction(1, 10**30), Norm.INF)
    assert certify(network, below).status is CERTIFIED


@BOTH
@pytest.mark.parametrize("constant", [1e-9, 0.0, -1e-9])
def test_cancelling_weights_of_1e8(p: Norm, constant: float) -> None:
    """f = constant, written as a difference of numbers near 1e16, which floats do not resolve."""
    network = Network.of([([[1e8], [1e8]], [1e8, 1e8]), ([[1e8, -1e8]], [constant])])
    answer = certify(network, one_point((Fraction(1, 3),), Fraction(1, 10), p))
    assert answer.status is (CERTIFIED if constant > 0 else COUNTEREXAMPLE)
    assert answer.margin == pytest.approx(constant, abs=1e-12)


@BOTH
def test_a_float_value_that_loses_its_constant_does_not_decide(p: Norm) -> None:
    """1e8 (1e8 x + 1) - 1e16 x - 1e8 + 2^-26 is 2^-26; float64 gets another number."""
    network = Network.of([([[1e8], [1e8]], [1.0, 0.0]), ([[1e8, -1e8]], [-1e8 + 2.0**-26])])
    x = (Fraction(3, 7),)
    assert network.exact(x) == Fraction(1, 2**26)
    assert float(network([[3 / 7]])[0]) != 2.0**-26
    answer = certify(network, one_point(x, Fraction(1, 7), p))
    assert answer.status is CERTIFIED
    assert answer.margin == 2.0**-26


def highs_minimum(network: Network, centre: float, radius: float) -> float:
    """Least value over an l_inf ball by mixed-integer programming, big-M from interval bounds."""
    d, units = network.input_dim, sum(network.widths)
    size = d + 2 * units  # inputs, outputs of units, whether they are on
    low, high = np.full(d, centre - radius), np.full(d, centre + radius)
    lower, upper, rows, limits = [low], [high], [], []
    inputs, h = slice(0, d), d
    for weight, bias in zip(network.weights[:-1], network.biases[:-1], strict=True):
        least = np.minimum(np.maximum(weight, 0) @ low + np.minimum(weight, 0) @ high + bias, 0)
        most = np.maximum(np.maximum(weight, 0) @ high + np.minimum(weight, 0) @ low + bias, 0)
        first = h
        for k, b in enumerate(bias):
            above, below, off = np.zeros((3, size))
            above[inputs] = below[inputs] = weight[k]
            above[h] = below[h] = off[h] = -1
            below[h + units], off[h + units] = least[k], most[k]
            rows += [above, below, off]
            limits += [(-np.inf, -b), (least[k] - b, np.inf), (0, np.inf)]
            h += 1
        low, high = np.zeros(len(bias)), most
        lower.append(low)
        upper.append(high)
        inputs = slice(first, h)
    cost = np.zeros(size)
    cost[inputs] = network.weights[-1][0]
    bounds = Bounds(
        np.concatenate([*lower, np.zeros(units)]), np.concatenate([*upper, np.ones(units)])
    )
    found = milp(
        cost,
        constraints=LinearConstraint(np.array(rows), *np.array(limits).T),
        integrality=np.repeat([0, 1], [d + units, units]),
        bounds=bounds,
        options={"mip_rel_gap": 0.0},
    )
    assert found.status == 0
    return float(found.fun + network.biases[-1][0])


@pytest.mark.parametrize(
    ("d", "widths"), [(1, (6,)), (2, (8, 8)), (3, (6, 5, 4)), (4, (8, 8)), (6, (10,))]
)
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_minimum_agrees_with_highs(d: int, widths: tuple[int, ...], seed: int) -> None:
    network = random_network(d, widths, seed)
    found = minimum(network, (HALF,) * d, Fraction(3, 10), Norm.INF)
    assert found.complete
    assert found.upper - found.lower <= 1.01e-6
    assert highs_minimum(network, 0.5, 0.3) == pytest.approx(found.upper, abs=2e-6)


@BOTH
@settings(max_examples=60)
@given(st.integers(1, 4), st.lists(st.integers(1, 7), max_size=3), st.integers(0, 10**6), st.data())
def test_minimum_encloses_what_sampling_finds(
    p: Norm, d: int, widths: list[int], seed: int, data: st.DataObject
) -> None:
    network = random_network(d, tuple(widths), seed)
    radius = data.draw(st.fractions(0, 2, max_denominator=50))
    sign = data.draw(st.sampled_from([-1, 1]))
    found = minimum(network, (HALF,) * d, radius, p, sign=sign)
    assert found.complete
    values = sign * network(0.5 + float(radius) * ball_points(d, 2000, p, seed))
    assert found.lower - 1e-9 <= values.min()
    at = sign * network(found.point[None])[0]
    assert found.lower <= at <= found.upper + 1e-9
    assert found.upper - found.lower <= 1.01e-6


@BOTH
@settings(max_examples=40)
@given(st.integers(1, 3), st.integers(1, 8), st.integers(0, 10**6), st.floats(1e-6, 1e-2))
def test_thresholds_close_to_the_minimum_are_decided(
    p: Norm, d: int, w: int, seed: int, gap: float
) -> None:
    network = random_network(d, (w, w), seed)
    found = minimum(network, (HALF,) * d, QUARTER, p, tolerance=1e-8)
    instance = one_point((HALF,) * d, QUARTER, p)
    for shift, robust in ((gap, True), (-gap, False)):
        moved = Network(
            network.weights, (*network.biases[:-1], network.biases[-1] - found.lower + shift)
        )
        answer = certify(moved, instance)
        if robust:
            assert answer.status is CERTIFIED
            assert 0 < answer.margin <= gap + 1e-7
        else:
            replay(answer, moved, instance)


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 3), st.lists(st.integers(1, 4), max_size=2), st.integers(0, 10**6))
def test_integer_networks_that_touch_zero(d: int, widths: list[int], seed: int) -> None:
    """With small integer weights the least value is exact, and so is the verdict at it."""
    rng, sizes = np.random.default_rng(seed), (d, *widths, 1)
    layers = [
        (rng.integers(-2, 3, (b, a)), rng.integers(-2, 3, b)) for a, b in itertools.pairwise(sizes)
    ]
    network = Network.of(layers)
    found = minimum(network, (Fraction(0),) * d, Fraction(1), Norm.INF, tolerance=1e-9)
    least = Fraction(found.upper).limit_denominator(10**4)
    assert abs(float(least) - found.upper) < 1e-9
    instance = one_point((Fraction(0),) * d, Fraction(1), Norm.INF)
    for shift, robust in ((Fraction(0), False), (Fraction(1, 2**40), True)):
        bias = float(Fraction(float(network.biases[-1][0])) - least + shift)
        moved = Network(network.weights, (*network.biases[:-1], np.array([bias])))
        exact_least = least + Fraction(bias) - Fraction(float(network.biases[-1][0]))
        answer = certify(moved, instance)
        assert (answer.status is CERTIFIED) == (exact_least > 0)
        assert robust or abs(exact_least) < Fraction(1, 2**45)
        if answer.status is not CERTIFIED:
            replay(answer, moved, instance)


@BOTH
def test_results_do_not_depend_on_workers(p: Norm) -> None:
    network = random_network(4, (16, 16), 1)
    points = tuple(itertools.product((QUARTER, HALF), repeat=4))
    x = np.array(points, dtype=float)
    instance = Instance(points, np.sign(network(x)).astype(np.int8), Fraction(1, 20), p)
    one, two = (certify(network, instance, workers=k) for k in (1, 2))
    assert (one.status, one.margin, one.counterexample, one.nodes, one.point_index) == (
        two.status,
        two.margin,
        two.counterexample,
        two.nodes,
        two.point_index,
    )
    ends = [minimum(network, points[0], HALF, p, workers=k) for k in (1, 2)]
    assert ends[0].nodes == ends[1].nodes > 100
    assert (ends[0].lower, ends[0].upper) == (ends[1].lower, ends[1].upper)


def test_the_worst_point_of_several_is_named() -> None:
    network = Network.of([([[1.0, 0.0]], [-0.5])])
    points = tuple((Fraction(v, 10), HALF) for v in (1, 4, 9))
    labels = np.array([-1, -1, 1], dtype=np.int8)
    answer = certify(network, Instance(points, labels, Fraction(1, 20), Norm.INF))
    assert answer.status is CERTIFIED
    assert answer.point_index == 1
    assert answer.margin == pytest.approx(0.05, abs=1e-12)
    wide = certify(network, Instance(points, labels, Fraction(1, 10), Norm.TWO))
    assert wide.counterexample == (HALF, HALF)
    assert (wide.point_index, wide.margin) == (1, 0.0)


@BOTH
def test_dead_layers_and_sparse_weights(p: Norm) -> None:
    instance = one_point((HALF, HALF), QUARTER, p)
    empty = Network.of([(np.zeros((0, 2)), np.zeros(0)), (np.zeros((1, 0)), [1.0])])
    assert certify(empty, instance).margin == pytest.approx(1.0)
    barely = Network.of([(np.zeros((0, 2)), np.zeros(0)), (np.zeros((1, 0)), [1e-300])])
    assert certify(barely, instance).margin == 1e-300
    zero = Network.of([(np.zeros((3, 2)), np.zeros(3)), (np.zeros((1, 3)), [0.0])])
    replay(certify(zero, instance), zero, instance)
    dense = random_network(2, (8, 8), 3)
    csr = Network.of(
        [(sparse.csr_array(w), b) for w, b in zip(dense.weights, dense.biases, strict=True)]
    )
    ends = [minimum(n, instance.points[0], QUARTER, p) for n in (dense, csr)]
    assert ends[0].lower == ends[1].lower


@BOTH
@pytest.mark.parametrize("value", [-1, 0, 1])
def test_radius_zero_is_the_point_itself(p: Norm, value: int) -> None:
    network = Network.of([([[3.0]], [-1.0]), ([[1.0]], [float(value)])])
    answer = certify(network, one_point((Fraction(1, 3),), Fraction(0), p))
    assert answer.status is (CERTIFIED if value > 0 else COUNTEREXAMPLE)


def test_budgets_end_in_undecided_with_a_reason() -> None:
    network = random_network(8, (32, 32), 1)
    found = minimum(network, (HALF,) * 8, HALF, Norm.INF)
    level = found.lower - 1e-5 if found.complete else found.lower
    hard = Network(network.weights, (*network.biases[:-1], network.biases[-1] - level))
    instance = one_point((HALF,) * 8, HALF, Norm.INF)
    answer = certify(hard, instance, max_nodes=100)
    assert answer.status is CertificateStatus.UNDECIDED
    assert "100 regions" in answer.reason
    assert answer.margin == -np.inf
    timed = certify(hard, instance, budget_seconds=0.0)
    assert (timed.status, timed.reason) == (CertificateStatus.UNDECIDED, "the time budget ended")
    huge = Network.of([(np.full((3, 8), 1e300), np.zeros(3)), (np.full((1, 3), 1e300), [1.0])])
    assert certify(huge, instance).margin == 1.0
    wide = sparse.csr_array((np.ones(1), ([0], [0])), shape=(20000, 8))
    last = sparse.csr_array((np.ones(1), ([0], [0])), shape=(1, 20000))
    assert (
        "too large"
        in certify(Network.of([(wide, np.zeros(20000)), (last, [1.0])]), instance).reason
    )


def test_the_budget_holds_while_the_checker_is_at_work(monkeypatch: pytest.MonkeyPatch) -> None:
    bounds = PointsChecker.bounds

    def slow(checker: PointsChecker, proof: PointsProof, only: object) -> Iterator[FoundBounds]:
        for _ in range(100):
            time.sleep(0.05)
            yield from bounds(checker, proof)

    monkeypatch.setattr(PointsChecker, "bounds", slow)
    instance = one_point((HALF,), QUARTER, Norm.TWO)
    answer = certify(Network.of([([[1.0]], [1.0])]), instance, budget_seconds=0.2)
    assert (answer.status, answer.reason) == (CertificateStatus.UNDECIDED, "the time budget ended")
    assert answer.proof is None
    assert answer.seconds < 3


def test_the_budget_holds_while_a_counterexample_is_sought_in_rationals() -> None:
    net = flatten(Network.of([([[1.0, 1.0], [1.0, -1.0]], [0.0, 0.0]), ([[1.0, 1.0]], [1.0])]))
    ball = ExactBall(net, one_point((HALF, HALF), QUARTER, Norm.INF), 0)
    with until(time.monotonic() - 1), pytest.raises(OutOfTimeError):
        ball.refuting([0.5, 0.5])


def test_dimensions_must_agree() -> None:
    network = random_network(3, (4,), 0)
    with pytest.raises(ValueError, match="3 inputs, the points have 2"):
        certify(network, one_point((HALF, HALF), QUARTER, Norm.INF))


def test_the_exact_side_finds_the_tangent_point() -> None:
    """Least point of 7 - 2x - 3y - 6z on the sphere of radius 1 around 0 is (2, 3, 6) / 7."""
    network = Network.of([([[-2.0, -3.0, -6.0]], [7.0])])
    instance = one_point((Fraction(0),) * 3, Fraction(1), Norm.TWO)
    ball = ExactBall(flatten(network), instance, 0)
    found = ball.refuting([0.3, 0.4, 0.86])
    assert found == (0, (Fraction(2, 7), Fraction(3, 7), Fraction(6, 7)))


def test_the_cost_is_linear_in_points(monkeypatch: pytest.MonkeyPatch) -> None:
    looked = 0
    exhausted = Frontier.exhausted

    def counted(frontier: Frontier) -> str:
        nonlocal looked
        looked += len(frontier.tasks)
        return exhausted(frontier)

    monkeypatch.setattr(Frontier, "exhausted", counted)
    costs = []
    for count in (4096, 8192):
        looked, points = 0, ((HALF,),) * count
        instance = Instance(points, np.ones(count, dtype=np.int8), QUARTER, Norm.INF)
        assert certify(Network.of([([[1.0]], [1.0])]), instance).status is CERTIFIED
        costs.append(looked)
    assert costs[1] < 2.5 * costs[0]


def test_regions_are_handed_on_in_one_layout() -> None:
    """Another layout would be compiled again, in the middle of a search and of its budget."""
    parts = _halves(Task(None, np.zeros((5, 3))))  # type: ignore[arg-type]
    assert [len(part.nodes) for part in parts] == [3, 2]
    assert all(part.nodes.flags.c_contiguous for part in parts)
