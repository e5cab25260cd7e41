"""The checker of certificates near points: it alone decides what is certified."""

from __future__ import annotations

import itertools
import subprocess
import sys
from contextlib import suppress
from dataclasses import replace
from fractions import Fraction
from functools import cache
from math import inf

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from robustsize.simulate.certify.complete import CertificateStatus, certify
from robustsize.simulate.certify.guarantee import Guarantee, certificate, recheck
from robustsize.simulate.certify.tree import joined
from robustsize.simulate.checker.dual import Layers, Multipliers, fractions, lower_bounds
from robustsize.simulate.checker.forest import Forest, Leaves, ProofError
from robustsize.simulate.checker.points import PointsChecker, PointsProof
from robustsize.simulate.checker.proof_file import load_proof, save_proof
from robustsize.simulate.data.instance import BoxInstance, Instance, Norm
from robustsize.simulate.data.regions import Region
from robustsize.simulate.networks.network import Network

CERTIFIED, REFUTED = CertificateStatus.CERTIFIED, CertificateStatus.COUNTEREXAMPLE
BOTH = pytest.mark.parametrize("p", list(Norm))
HALF = Fraction(1, 2)


def random_network(sizes: list[int], seed: int, scale: float = 1.0) -> Network:
    rng = np.random.default_rng(seed)
    layers = [
        (rng.normal(size=(b, a)) * scale, rng.normal(size=b) * scale)
        for a, b in itertools.pairwise(sizes)
    ]
    return Network.of(layers)


def around(centre: tuple[Fraction, ...], radius: Fraction, p: Norm, label: int = 1) -> Instance:
    return Instance((centre,), np.array([label], np.int8), radius, p)


def guarantee(instance: Instance) -> Guarantee:
    sides = (Region.of_class(instance, label) for label in (1, -1))
    return Guarantee(*sides, instance.radius, instance.p)


def shifted(network: Network, by: float) -> Network:
    return Network(network.weights, (*network.biases[:-1], network.biases[-1] + by))


def test_the_checker_imports_nothing_that_searches() -> None:
    code = (
        "import sys\n"
        "import robustsize.simulate.checker.points, robustsize.simulate.checker.proof_file\n"
        "rooms = 'checker', 'data', 'networks', 'system'\n"
        "known = {f'robustsize.simulate.{room}' for room in rooms} | {'robustsize.simulate.' + m\n"
        "  for m in ('data.instance', 'data.exact', 'data.regions', 'networks.network',\n"
        "            'system.files', 'system.whole_file')}\n"
        "print([m for m in sys.modules if m.split('.')[0] in ('numba', 'torch')\n"
        "  or m.startswith('robustsize.simulate.') and m not in known\n"
        "  and not m.startswith('robustsize.simulate.checker.')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


# --- false certificates that were once given -----------------------------------------------------

F = Fraction
WRONG = {
    # a bump's height hides that its support reaches further than a relative pad allows for
    "pad": (
        [
            ([[765.8558675875075]], [0.0]),
            ([[-1472.396895898186]], [37837446151526.5]),
            ([[1.0]], [-7.379853122771022e-05]),
        ],
        around((F(2**25),), F(1), Norm.INF, -1),
    ),
    # the square of the radius underflows
    "tiny radius": (
        [([[1.0, 1.0], [1.0, 1.0]], [-5e-164, 2e-163]), ([[-1e145, 1e141]], [9.8e-21])],
        around((F(0), F(0)), F(1, 10**163), Norm.TWO),
    ),
    # products of weights and inputs underflow
    "layers": (
        [([[1e-200]], [0.0]), ([[1e300]], [-1e-110])],
        around((F(1e-200),), F(1, 10**203), Norm.INF, -1),
    ),
    # a bump's penalty underflows
    "penalty": (
        [([[1e-200]], [0.0]), ([[-1e-200]], [1e-310]), ([[1e300]], [-1e-20])],
        around((F(1e150),), F(1), Norm.INF),
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_was_once_certified_is_refuted(name: str) -> None:
    layers, instance = WRONG[name]
    network = Network.of(layers)
    for found in (certify(network, instance), certificate(network, guarantee(instance))):
        assert found.status is REFUTED
        point = found.counterexample
        assert point is not None
        assert instance.contains(0, point)
        assert int(instance.labels[0]) * network.exact(point) <= 0


def test_the_adversary_does_not_change_a_set_that_is_fattened() -> None:
    network = Network.of(
        [
            ([[1.0, 0.0], [-1.0, 0.0], [0.0, 1.0], [0.0, -1.0]], [-0.0625] * 4),
            ([[-8.0] * 4], [1.0]),
            ([[1.0]], [-0.25]),
        ]
    )
    fat = replace(Region.points([(F(0), F(0))]), fat=F(1, 8), p=Norm.INF)
    for p in Norm:
        found = certificate(network, Guarantee(fat, None, F(1, 256), p))
        assert found.status is REFUTED
        assert found.counterexample is not None
        assert network.exact(found.counterexample) <= 0


@pytest.mark.parametrize("power", [-1070, -540, -300, 0, 300, 900])
@BOTH
def test_certificates_hold_at_every_magnitude(power: int, p: Norm) -> None:
    """One problem, its output scaled by powers of two: the same answer, exactly at the edge."""
    scale = 2.0**power
    for excess, status in ((0.0, REFUTED), (0.25, CERTIFIED)):
        network = Network.of([([[1.0], [-1.0]], [0.0, 0.0]), ([[-scale, -scale]], [scale])])
        inside = around((F(0),), F(1) - F(excess), p)
        found = certify(network, inside)
        assert found.status is status
        if status is CERTIFIED:
            assert 0 <= found.margin <= 0.25 * scale


# --- bounds ---------------------------------------------------------------------------------------


@st.composite
def leaves(draw: st.DrawFn) -> tuple[Network, Instance, np.ndarray, np.ndarray, np.ndarray]:
    """A network, a ball, and a leaf of it, its box and signs, with multipliers of any kind."""
    seed = draw(st.integers(0, 10**6))
    d = draw(st.integers(1, 3))
    widths = draw(st.lists(st.integers(1, 4), min_size=0, max_size=3))
    magnitude = draw(st.sampled_from((1.0, 1e-8, 1e8, 1e25)))
    far = draw(st.sampled_from((0, 1, 10**8)))
    network = random_network([d, *widths, 1], seed, magnitude)
    rng = np.random.default_rng(seed + 1)
    centre = tuple(F(float(v)) + far for v in rng.normal(size=d))
    instance = around(
        centre, F(1, 2), draw(st.sampled_from(list(Norm))), draw(st.sampled_from((1, -1)))
    )
    ends = np.sort(np.array([[float(c) for c in centre]] * 2) + rng.uniform(-0.6, 0.6, (2, d)), 0)
    units = sum(widths)
    split = rng.integers(-1, 2, units).astype(np.int8)
    beta = np.where(rng.random(units) < 0.5, rng.exponential(size=units) * magnitude, 0.0)
    return network, instance, ends, split, np.append(beta, abs(rng.normal()) / magnitude)


def bounds_of(
    network: Network,
    instance: Instance,
    ends: np.ndarray,
    split: np.ndarray,
    multipliers: np.ndarray,
    exact: bool,
) -> float | Fraction:
    """The bound on a leaf, whose box is given by its ends; the ball's multiplier is the last."""
    layers = Layers(network, exact=exact)
    convert, balls = fractions if exact else np.asarray, layers.balls(instance)
    low, high = np.full((2, 1, layers.length), inf) * [[[-1]], [[1]]]
    if not exact:
        low, high = balls.low.copy(), balls.high.copy()
    d = instance.dimension
    low[0, :d], high[0, :d] = np.maximum(ends[0], low[0, :d]), np.minimum(ends[1], high[0, :d])
    units = layers.columns[d:]
    low[0, units[split > 0]] = high[0, units[split < 0]] = 0.0
    beta = np.zeros((1, layers.length))
    beta[0, units] = multipliers[:-1]
    zero = np.zeros(1, dtype=np.int64)
    given = Multipliers(convert(beta), convert(multipliers[-1:]), zero > 0)
    with np.errstate(all="ignore"):
        return lower_bounds(layers, balls, Leaves(zero, zero, low, high), given)[0]


@settings(max_examples=80, deadline=None)
@given(leaves(), st.integers(0, 10**6))
def test_bounds_lie_below_every_value_of_the_leaf(given_leaf: tuple, seed: int) -> None:
    network, instance, ends, split, _ = given_leaf
    below = [bounds_of(*given_leaf, exact) for exact in (False, True)]
    rng, sign = np.random.default_rng(seed), int(instance.labels[0])
    for _ in range(40):
        x = tuple(
            F(float(v))
            for v in np.where(
                rng.random(ends.shape[1]) < 0.4,
                np.where(rng.random(ends.shape[1]) < 0.5, ends[0], ends[1]),
                rng.uniform(ends[0], ends[1]),
            )
        )
        if instance.contains(0, x) and _signs_hold(network, x, split):
            value = sign * network.exact(x)
            assert all(bound <= value for bound in below)


def _signs_hold(network: Network, x: tuple[Fraction, ...], split: np.ndarray) -> bool:
    h, first = np.array(x, dtype=object), 0
    for weight, bias in zip(network.weights[:-1], network.biases[:-1], strict=True):
        z = fractions(weight) @ h + fractions(bias)
        signs = split[first : first + len(z)]
        if any(s * v < 0 for s, v in zip(signs.tolist(), z, strict=True)):
            return False
        h, first = np.maximum(z, 0), first + len(z)
    return True


def test_the_error_of_floats_is_taken_off() -> None:
    """Terms of 10^16 cancel: what floats make of them is off by more than the least value."""
    network = Network.of([([[1e16, -1e16]], [0.5]), ([[1.0]], [0.0])])
    instance = around((F(1), F(1)), F(0), Norm.INF)
    given_leaf = np.ones((2, 2)), np.zeros(1, np.int8), np.zeros(2)
    bound, exact = (bounds_of(network, instance, *given_leaf, kind) for kind in (False, True))
    assert exact == HALF
    assert -(10**5) < bound < 0


# --- certificates that are not as the search made them --------------------------------------------


@cache
def certified(p: Norm) -> tuple[Network, Instance, PointsProof]:
    """A network whose least value is just above 0, and a proof of some leaves."""
    instance = around((HALF, HALF), F(3, 10), p)
    for seed in range(20):
        network = random_network([2, 6, 5, 1], seed)
        low, step = 0.0, 64.0
        while step > 1e-4:  # nearly the least shift that is certified
            step /= 2
            robust = certify(shifted(network, low), instance).status is CERTIFIED
            low += -step if robust else step
        network = shifted(network, low + 5e-4)
        proof = certify(network, instance).proof
        assert isinstance(proof, PointsProof)
        if len(proof.forest.branch) > 5 and len(proof.beta):
            return network, instance, proof
    raise AssertionError


def refused(network: Network, instance: Instance, proof: PointsProof) -> bool:
    try:
        recheck(network, guarantee(instance), proof)
    except ProofError:
        return True
    return False


@BOTH
def test_a_proof_is_of_one_network_and_one_instance(p: Norm) -> None:
    network, instance, proof = certified(p)
    assert recheck(network, guarantee(instance), proof) > 0
    assert refused(shifted(network, -2e-3), instance, proof)
    assert refused(network, replace(instance, radius=F(31, 100)), proof)
    assert refused(network, replace(instance, labels=-instance.labels), proof)
    assert refused(random_network([2, 6, 5, 1], 4), instance, proof)
    assert refused(random_network([2, 5, 1], 3), instance, proof)
    assert refused(random_network([3, 6, 5, 1], 3), instance, proof)
    twice = Instance(instance.points * 2, np.repeat(instance.labels, 2), instance.radius, p)
    assert refused(network, twice, proof)


def mutants(proof: PointsProof, seed: int) -> dict[str, PointsProof]:
    """Changes of every part of a proof."""
    rng, f = np.random.default_rng(seed), proof.forest
    inner = np.flatnonzero(f.branch >= 0)
    node = int(rng.choice(inner))
    leaf = int(rng.choice(np.flatnonzero(f.branch < 0)))

    def forest(name: str, at: int, value: float) -> PointsProof:
        array = getattr(f, name).copy()
        array[at] = value
        return replace(proof, forest=replace(f, **{name: array}))

    def part(name: str, value: float, at: object = slice(None)) -> PointsProof:
        array = getattr(proof, name).copy()
        array[at] = value
        return replace(proof, **{name: array})

    return {
        "a cut off": forest("branch", node, -1),
        "another input or unit": forest("branch", node, rng.integers(0, 16)),
        "a unit that is none": forest("branch", node, 16),
        "a kind that is none": forest("branch", node, -2),
        "a cut elsewhere": forest("cut", node, rng.normal()),
        "a cut far away": forest("cut", node, 1e308),
        "a cut nowhere": forest("cut", node, np.nan),
        "a circle": forest("child", node, 0),
        "itself": forest("child", node, node),
        "another's child": forest("child", node, int(f.child[inner[-1]])),
        "a child outside": forest("child", node, len(f.branch) - 1),
        "a negative child": forest("child", node, -5),
        "no tree": replace(proof, forest=Forest(1, np.array([-1]), np.zeros(1), np.zeros(1, int))),
        "shorter": replace(proof, forest=replace(f, cut=f.cut[:-1])),
        "no roots": replace(proof, forest=replace(f, roots=0)),
        "all empty": part("empty", True),
        "a leaf empty": part("empty", True, leaf),
        "huge multipliers": part("beta", 1e300),
        "infinite multipliers": part("beta", inf),
        "no number": part("beta", np.nan),
        "negative multipliers": replace(proof, beta=-1 - np.abs(proof.beta)),
        "zero multipliers": part("beta", 0.0),
        "of a column that is none": part("column", 16),
        "of a negative column": part("column", -1),
        "of a node that is none": part("node", len(f.branch)),
        "a huge ball": part("ball", 1e100),
        "a tiny ball": part("ball", 5e-324),
        "a negative ball": part("ball", -1.0),
        "no ball": part("ball", np.nan),
        "exact, not known": replace(proof, exact={leaf: {}}),
        "exact, negative": replace(proof, exact={leaf: {0: F(-1)}}),
        "exact, of a column that is none": replace(proof, exact={leaf: {16: F(1)}}),
        "exact, huge": replace(proof, exact={leaf: dict.fromkeys(range(16), F(10) ** 400)}),
    }


MUTANTS = tuple(
    mutants(
        PointsProof(
            Forest(1, np.array([0, -1, -1]), np.zeros(3), np.array([1, 0, 0])),
            np.array([1]),
            np.array([0]),
            np.ones(1),
            np.zeros(3),
            np.zeros(3, dtype=bool),
        ),
        0,
    )
)


@pytest.mark.parametrize("name", MUTANTS)
@BOTH
def test_no_change_of_a_proof_certifies_what_does_not_hold(name: str, p: Norm) -> None:
    """The network is off by less than the proof's margin allows for: only just not robust."""
    network, instance, proof = certified(p)
    lowest = certify(shifted(network, -2e-3), instance)
    assert lowest.status is REFUTED
    point = lowest.counterexample
    assert point is not None
    wrong = shifted(network, -2e-3)
    assert refused(wrong, instance, proof)
    for seed in range(6):
        assert refused(wrong, instance, mutants(proof, seed)[name])


def test_leaves_that_leave_something_out_are_refused() -> None:
    network, instance, proof = certified(Norm.INF)
    for name in ("a cut off", "zero multipliers", "no tree", "exact, not known"):
        assert any(refused(network, instance, mutants(proof, seed)[name]) for seed in range(6)), (
            name
        )


def test_a_child_past_all_nodes_is_refused() -> None:
    low, high = -np.ones((1, 1)), np.ones((1, 1))
    for child in (0, 2, 3, 2**63 - 1, -(2**63)):
        branch, children = np.array([0, -1, -1]), np.array([child, 0, 0])
        with pytest.raises(ProofError, match="do not describe trees"):
            Forest(1, branch, np.zeros(3), children).leaves(low, high)


def one_leaf(**changes: object) -> PointsProof:
    """The proof of one point that divides nothing."""
    none, zero = np.zeros(0, dtype=np.int64), np.zeros(1)
    forest = Forest(1, np.array([-1]), zero, np.zeros(1, dtype=np.int64))
    plain = PointsProof(forest, none, none, np.zeros(0), zero, zero > 0)
    return replace(plain, **changes)  # type: ignore[arg-type]


def test_negative_multipliers_are_refused() -> None:
    """On z >= 0 the value 1/2 - z is not positive, though 1/2 - z + 2 z is."""
    network = Network.of([([[1.0]], [0.0]), ([[-1.0]], [0.5])])
    forest = Forest(1, np.array([2, -1, -1]), np.zeros(3), np.array([1, 0, 0]))
    proof = one_leaf(
        forest=forest,
        node=np.array([2]),
        column=np.array([2]),
        beta=np.array([-2.0]),
        ball=np.zeros(3),
        empty=np.zeros(3, dtype=bool),
    )
    instance = around((F(0),), F(1), Norm.INF)
    assert refused(network, instance, proof)
    assert refused(network, instance, replace(proof, beta=np.array([2.0])))
    exact = replace(proof, beta=np.zeros(1), exact={2: {2: F(-2)}})
    assert refused(network, instance, exact)


@pytest.mark.parametrize("ball", [0.0, 1e270, 1e100])
def test_slopes_whose_squares_underflow_still_fall(ball: float) -> None:
    network = Network.of([([[1e-170, 1e-170]], [1e-71])])
    instance = around((F(0), F(0)), F(10) ** 100, Norm.TWO)
    assert refused(network, instance, one_leaf(ball=np.array([ball])))


def test_a_value_whose_rounding_a_huge_weight_carries_on_is_exact() -> None:
    """A hidden unit is subnormal, so rounded by 2^-1075, and weighed by 2^973."""
    first = [
        [6.406665904585923e-145, 6.406665904585923e-145],
        [8.580997075100827e155, 1.0474849945267654e152],
    ]
    biases = [-9.77579636317e-313, 1.7161994150326523e-07]
    last = [[-6.393341031047152e292, 1.1653657392500323e-15]]
    network = Network.of([(first, biases), (last, [9.799999999999999e-21])])
    instance = around((F(0), F(0)), F(1, 10**163), Norm.TWO)
    checker = PointsChecker(network, instance)
    found = certify(network, instance)
    assert found.status is REFUTED
    assert found.counterexample is not None
    assert network.exact(found.counterexample) <= found.margin
    for share in range(1, 200):
        x = tuple(v * share / 200 for v in found.counterexample)
        above = checker.refuted(0, x)
        assert above is None or network.exact(x) <= above <= 0


@BOTH
def test_a_point_outside_the_ball_refutes_nothing(p: Norm) -> None:
    network = Network.of([([[1.0, 1.0]], [0.0])])
    checker = PointsChecker(network, around((F(1), F(1)), HALF, p))
    assert checker.refuted(0, (F(0), F(0))) is None
    assert checker.refuted(0, (HALF, HALF - F(1, 10**40))) is None
    corner = PointsChecker(network, around((F(1), F(1)), F(2), p)).refuted(0, (F(0), F(0)))
    assert corner == 0.0


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 3), st.integers(1, 4))
def test_leaves_are_what_their_cuts_leave_of_the_roots(seed: int, d: int, roots: int) -> None:
    rng = np.random.default_rng(seed)
    branch, cut, child, leaves = [-1] * roots, [0.0] * roots, [0] * roots, [*range(roots)]
    low = rng.normal(size=(roots, d))
    high = low + rng.exponential(size=(roots, d))
    regions = {i: (i, low[i], high[i]) for i in leaves}
    for _ in range(int(rng.integers(0, 12))):
        node = leaves.pop(int(rng.integers(len(leaves))))
        axis, at = int(rng.integers(d)), float(rng.normal())
        branch[node], cut[node], child[node] = axis, at, len(branch)
        root, least, most = regions[node]
        halves = (least, most.copy()), (least.copy(), most)
        halves[0][1][axis] = min(most[axis], at)
        halves[1][0][axis] = max(least[axis], at)
        for half in halves:
            regions[len(branch)] = (root, *half)
            leaves.append(len(branch))
            branch, cut, child = [*branch, -1], [*cut, 0.0], [*child, 0]
    forest = Forest(roots, np.array(branch), np.array(cut), np.array(child))
    found = forest.leaves(low, high)
    assert found.node.tolist() == sorted(leaves)
    for node, root, a, b in zip(*found, strict=True):
        whole, least, most = regions[node]
        assert root == whole
        assert (a <= b).all()
        full = least <= most
        assert (a[full] == least[full]).all()
        assert (b[full] == most[full]).all()


# --- files ----------------------------------------------------------------------------------------


@BOTH
def test_a_proof_survives_its_file(p: Norm, tmp_path) -> None:
    network, instance, proof = certified(p)
    path = tmp_path / "proof.npz"
    save_proof(path, proof)
    again = load_proof(path)
    assert isinstance(again, PointsProof)
    margins = [recheck(network, guarantee(instance), one) for one in (proof, again)]
    assert margins[0] == margins[1] > 0


def test_exact_multipliers_survive_their_file(tmp_path) -> None:
    network = Network.of([([[1e200, 1.0]], [0.0]), ([[1e-200]], [1e-300])])
    instance = around((HALF, HALF), F(1, 4), Norm.TWO)
    proof = certify(network, instance).proof
    assert isinstance(proof, PointsProof)
    assert proof.exact
    huge = {node: {3: F(3) ** 20000} for node in proof.exact}
    for one in (proof, replace(proof, exact=huge)):
        save_proof(tmp_path / "proof.npz", one)
        again = load_proof(tmp_path / "proof.npz")
        assert isinstance(again, PointsProof)
        assert again.exact == one.exact


def test_a_damaged_file_is_refused(tmp_path) -> None:
    _, _, proof = certified(Norm.INF)
    path = tmp_path / "proof.npz"
    save_proof(path, proof)
    data = path.read_bytes()
    rng = np.random.default_rng(0)
    for at in rng.integers(0, len(data), 60).tolist():
        path.write_bytes(data[:at] + bytes([data[at] ^ 4]) + data[at + 1 :])
        again = None
        with suppress(ValueError):
            again = load_proof(path)
        if again is None:
            continue
        assert isinstance(again, PointsProof)
        assert (again.forest.cut == proof.forest.cut).all()
        assert (again.beta == proof.beta).all()


# --- what is asked -------------------------------------------------------------------------------


def test_boxes_are_decided_as_such() -> None:
    network = Network.of([([[1.0, 1.0]], [0.0]), ([[-1.0]], [2.0])])
    labels = np.array([1], np.int8)
    corner = (F(3, 4), F(5, 4))
    for high, status in ((corner, REFUTED), ((F(3, 4), F(6, 5)), CERTIFIED)):
        found = certify(network, BoxInstance.of([(F(0), F(0))], [high], labels))
        assert found.status is status
    assert found.margin == pytest.approx(0.05)
    assert found.proof is not None


@BOTH
def test_many_points_share_one_proof(p: Norm) -> None:
    network = random_network([2, 5, 1], 7)
    rng = np.random.default_rng(0)
    points = tuple(tuple(F(int(v), 16) for v in row) for row in rng.integers(0, 17, (300, 2)))
    labels = np.array([1 if network.exact(x) > 0 else -1 for x in points], np.int8)
    instance = Instance(points, labels, F(1, 10**6), p)
    found = certify(network, instance)
    assert found.status is CERTIFIED
    assert isinstance(found.proof, PointsProof)
    checker = PointsChecker(network, instance)
    assert checker.margin(found.proof) == found.margin
    assert checker.margin(
        joined(
            [
                proof
                for start in (0, 100, 200)
                if isinstance(
                    proof := certify(network, instance.part(start, start + 100)).proof, PointsProof
                )
            ]
        )
    ) == pytest.approx(found.margin)


def test_halves_cover_whatever_the_type_of_the_columns() -> None:
    """x_0 - x_1 + 3/2 is -1/2 at a corner; no type of a column's number hides it."""
    network = Network.of([([[1.0, -1.0]], [1.5])])
    leaf, none = np.array([-1, -1]), np.array([], np.int64)
    forest = Forest(1, np.array([0.5, *leaf]), np.zeros(3), np.array([1, 0, 0]))
    proof = PointsProof(forest, none, none, np.array([]), np.zeros(3), np.zeros(3, bool))
    with pytest.raises(ProofError):
        PointsChecker(network, around((F(0), F(0)), F(1), Norm.INF)).margin(proof)
