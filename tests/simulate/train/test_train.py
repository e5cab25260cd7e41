"""Training: both engines against an independent gradient, each other, and their promises."""

import itertools
import os
import subprocess
import sys
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from robustsize.simulate.data.instance import Norm, hard_instance
from robustsize.simulate.data.labellings import random_labelling
from robustsize.simulate.networks.network import Network
from robustsize.simulate.system.compile import compilers
from robustsize.simulate.train.adversarial import Loss, Plan, Trained, train
from robustsize.simulate.train.attack import attack, probes
from robustsize.simulate.train.batch import Data, Layout, draw, flat_parameters, new_batch
from robustsize.simulate.train.numba_engine import NumbaEngine
from robustsize.simulate.train.torch_engine import TorchEngine

ENGINES = {"torch": TorchEngine("cpu"), "numba": NumbaEngine()}
TOLERANCE = {"float32": 2e-3, "float64": 1e-10}


def hard_sets(d: int, count: int, p: Norm = Norm.INF) -> tuple[np.ndarray, np.ndarray]:
    made = [
        hard_instance(d, Fraction(1, 4), Fraction(1, 2), p, random_labelling(3 ** (d - 1), seed))
        for seed in range(count)
    ]
    return np.array([i.floats() for i in made]), np.array([i.labels for i in made])


def advanced(engine: str, starts: list, points, labels, plan: Plan, steps: int):
    data = Data(points.astype(plan.dtype), labels.astype(plan.dtype))
    ids = np.arange(len(starts))
    batch = new_batch(starts, ids, ids % len(labels), data, plan)
    ENGINES[engine].advance(batch, data, plan, 0, steps)
    return batch, ENGINES[engine].margin(batch, data, plan)


# What one step must be: the gradient by autograd through a plainly written network.


def loss_gradient(network: Network, x: np.ndarray, y: np.ndarray, loss: Loss) -> np.ndarray:
    """Gradient of the mean loss by the flat parameters, by PyTorch's autograd."""
    parts = [
        torch.tensor(part, requires_grad=True)
        for pair in zip(network.weights, network.biases, strict=True)
        for part in pair
    ]
    h = torch.tensor(x)
    for weight, bias in zip(parts[:-2:2], parts[1:-2:2], strict=True):
        h = torch.relu(h @ weight.T + bias)
    z = torch.tensor(y) * (h @ parts[-2].T + parts[-1])[:, 0]
    losses = {
        Loss.LOGISTIC: torch.nn.functional.softplus(-z),
        Loss.HINGE: torch.relu(1 - z),
        Loss.SQUARED_HINGE: torch.relu(1 - z) ** 2,
    }
    losses[loss].mean().backward()
    return np.concatenate([part.grad.numpy().reshape(-1) for part in parts])


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("loss", Loss)
@pytest.mark.parametrize("hidden", [(5,), (6, 3), (4, 9, 2)])
def test_moments_after_a_step_are_those_of_the_gradient(engine, loss, hidden):
    """Adam's first moment is a tenth of the gradient at the training points, K = 0."""
    points, labels = hard_sets(3, 1)
    plan = Plan(radius=0.1, pgd_steps=0, loss=loss, precision="float64", seed=3)
    batch, _ = advanced(engine, [hidden], points, labels, plan, 1)
    layout = Layout((3, *hidden, 1))
    start = draw(layout, points[0], plan.training_radius, 3, 0)
    blocks = layout.blocks(start)
    network = Network.of(list(zip(blocks[::2], blocks[1::2], strict=True)))
    gradient = loss_gradient(network, points[0], labels[0].astype(float), loss)
    places = layout.positions_in(batch.layout)
    np.testing.assert_allclose(batch.first[0, places], 0.1 * gradient, atol=1e-14)
    np.testing.assert_allclose(batch.second[0, places], 0.001 * gradient**2, atol=1e-14)
    # After one step of Adam each parameter has moved by the learning rate against the gradient.
    moved = -plan.learning_rate * gradient / (np.abs(gradient) + 1e-8)
    np.testing.assert_allclose(batch.parameters[0, places] - start, moved, atol=1e-12)
    padding = np.setdiff1d(np.arange(batch.layout.size), places)
    assert not batch.parameters[0, padding].any()


@pytest.mark.parametrize("precision", TOLERANCE)
@pytest.mark.parametrize("p", Norm)
@pytest.mark.parametrize(
    ("d", "hidden", "K"),
    [(1, (3,), 2), (2, (3,), 5), (4, (12, 9, 7), 2), (5, (20,), 0), (3, (5, 4), 3)],
)
def test_engines_agree_after_two_steps(precision, p, d, hidden, K):
    points, labels = hard_sets(d, 3, p)
    for loss in Loss:
        plan = Plan(radius=0.125, p=p, loss=loss, pgd_steps=K, precision=precision)
        (one, margin1), (two, margin2) = (
            advanced(engine, [hidden] * 4, points, labels, plan, 2) for engine in ENGINES
        )
        near = TOLERANCE[precision]
        np.testing.assert_allclose(one.first, two.first, atol=near)
        # Adam moves a parameter by the sign of its gradient, however small: leave those out that
        # had a small one at either step.
        early, _ = advanced("torch", [hidden] * 4, points, labels, plan, 1)
        clear = (np.abs(one.first) > 1e-4) & (np.abs(early.first) > 1e-6)
        np.testing.assert_allclose(one.parameters[clear], two.parameters[clear], atol=near)
        np.testing.assert_allclose(margin1, margin2, atol=20 * near)


@settings(max_examples=10, deadline=None)
@given(st.integers(1, 16), st.integers(1, 90), st.data())
def test_engines_agree_on_any_shape(d, m, data):
    """Whatever falls short of a whole vector, tile or block."""
    hidden = tuple(data.draw(st.lists(st.integers(1, 40), min_size=1, max_size=3)))
    random = np.random.default_rng(d * 1000 + m)
    points, labels = random.uniform(0, 1, (1, m, d)), random.choice([-1, 1], (1, m))
    plan = Plan(radius=0.01, pgd_steps=2, precision="float64", p=data.draw(st.sampled_from(Norm)))
    (one, margin1), (two, margin2) = (
        advanced(engine, [hidden], points, labels, plan, 1) for engine in ENGINES
    )
    np.testing.assert_allclose(one.first, two.first, atol=1e-11)
    np.testing.assert_allclose(margin1, margin2, atol=1e-6)


NARROW = """
import numpy as np
import robustsize.simulate.train.vectors as vectors
vectors.VECTOR_BYTES = 32
import test_train
for p in test_train.Norm:
    for precision in test_train.TOLERANCE:
        for d, hidden, K in ((2, (3,), 5), (3, (5, 4), 3), (4, (12, 9, 7), 2), (9, (6,), 2)):
            test_train.test_engines_agree_after_two_steps(precision, p, d, hidden, K)
"""


@pytest.mark.slow
def test_engines_agree_on_a_machine_with_narrow_vectors(tmp_path):
    """In a process and with a cache of its own: the width is fixed when kernels are compiled."""
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path)}
    subprocess.run(
        [sys.executable, "-c", NARROW], check=True, env=environment, cwd=Path(__file__).parent
    )


@pytest.mark.parametrize("hidden", [(7,), (5, 4)])
def test_a_block_that_no_longer_moves_ends_its_ascent_without_a_difference(hidden):
    """Steps as long as the ball is wide: most points stay in a corner after the second."""
    points, labels = hard_sets(3, 2)
    plan = Plan(radius=0.05, pgd_steps=40, pgd_step=2.0, precision="float64")
    (one, _), (two, _) = (advanced(e, [hidden] * 4, points, labels, plan, 3) for e in ENGINES)
    np.testing.assert_allclose(one.first, two.first, atol=1e-10)


def test_a_change_in_any_source_gives_another_name_to_cache_by(tmp_path):
    source = tmp_path / "kernel.py"
    names = set()
    for text in ("a = 1", "a = 2"):
        source.write_text(text)
        for decorator in compilers(source):
            names.add(decorator(lambda x: x).__qualname__)
    assert len(names) == 2


# The attack.


@pytest.mark.parametrize("p", Norm)
def test_attack_margin_of_the_engines_is_the_plain_attack(p):
    points, labels = hard_sets(3, 2, p)
    plan = Plan(radius=0.125, p=p, steps=100, precision="float64")
    for engine in ENGINES:
        result = train(points, labels, [(6, 4), (9, 3)], plan, engine=engine, device="cpu")
        for i in range(2):
            margins, worst = attack(result.network(i), points[i], labels[i], 0.125, p)
            np.testing.assert_allclose(result.attack_margin[i], margins.min(), atol=1e-9)
            np.testing.assert_allclose(labels[i] * result.network(i)(worst), margins)


@pytest.mark.parametrize("p", Norm)
def test_attack_on_a_linear_function_is_exact_and_stays_in_the_ball(p):
    random = np.random.default_rng(5)
    w, points = random.standard_normal(4), random.uniform(0, 1, (7, 4))
    labels = random.choice([-1, 1], 7)
    network = Network.of([([w, -w], [0, 0]), ([[1, -1]], [0.3])])
    margins, worst = attack(network, points, labels, 0.2, p)
    dual = np.abs(w).sum() if p is Norm.INF else np.linalg.norm(w)
    np.testing.assert_allclose(margins, labels * (points @ w + 0.3) - 0.2 * dual, atol=1e-12)
    order = np.inf if p is Norm.INF else 2
    assert np.linalg.norm(worst - points, ord=order, axis=1).max() <= 0.2 + 1e-12


def test_probes_are_all_corners_in_low_dimension_and_lie_on_the_sphere():
    assert len({tuple(x) for x in probes(5, 0.25, Norm.INF)}) == 32
    assert (np.abs(probes(9, 0.25, Norm.INF)) == 0.25).all()
    np.testing.assert_allclose(np.linalg.norm(probes(9, 0.25, Norm.TWO), axis=1), 0.25)


# What training promises.


@pytest.mark.parametrize("d", [2, 3, 4])
def test_small_networks_reach_a_robust_margin(d):
    hidden = {2: (3,), 3: (8, 6), 4: (24, 24)}[d]
    points, labels = hard_sets(d, 2)
    plan = Plan(radius=0.125)
    result = train(points, labels, [hidden] * 16, plan, task=np.arange(16) % 2, device="cpu")
    assert result.engine == "numba"
    assert result.done.any()
    i = int(np.argmax(result.attack_margin))
    margins, _ = attack(result.network(i), points[i % 2], labels[i % 2], 0.125, Norm.INF)
    assert margins.min() > plan.margin / 2
    assert (result.steps_used[result.done] < plan.steps).all()


def parameters_of(result: Trained) -> list[np.ndarray]:
    return list(result.parameters)


def test_numba_result_depends_on_neither_batch_order_budget_nor_padding():
    """Bitwise: networks trained together, apart, reversed, in small chunks."""
    points, labels = hard_sets(3, 4)
    starts = [(3,), (8, 6), (5, 5), (3,), (8, 5), (2, 2, 2)]
    task, ids = np.array([0, 1, 2, 3, 0, 1]), np.array([5, 0, 9, 2, 7, 1])
    plan = Plan(radius=0.125, steps=120)
    whole = train(points, labels, starts, plan, task=task, ids=ids, device="cpu")
    back = train(points, labels, starts[::-1], plan, task=task[::-1], ids=ids[::-1], device="cpu")
    tight = train(points, labels, starts, plan, task=task, ids=ids, device="cpu", budget_bytes=4000)
    for i, one in enumerate(whole.parameters):
        alone = train(
            points[task[i]], labels[task[i]], [starts[i]], plan, ids=[ids[i]], device="cpu"
        )
        for other in (alone.parameters[0], back.parameters[len(starts) - 1 - i]):
            np.testing.assert_array_equal(one, other)
        np.testing.assert_array_equal(one, tight.parameters[i])


def test_shared_points_with_a_labelling_each_are_the_same_as_spelt_out():
    points = np.array(list(itertools.product((0.0, 1.0), repeat=2)))
    labels = np.array(list(itertools.product((-1, 1), repeat=4)))
    plan = Plan(radius=0.2, steps=60)
    for engine in ENGINES:
        one = train(points, labels, [(4,)] * 16, plan, engine=engine, device="cpu")
        spelt = np.broadcast_to(points, (16, 4, 2))
        two = train(spelt, labels, [(4,)] * 16, plan, engine=engine, device="cpu")
        for a, b in zip(one.parameters, two.parameters, strict=True):
            np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_network_to_start_from_keeps_its_zeros(engine):
    points, labels = hard_sets(2, 1)
    pruned = Network.of([([[1.0, 0.0], [2.0, 3.0]], [0.0, -1.0]), ([[1.0, -2.0]], [0.5])])
    still = train(
        points, labels, [pruned], Plan(radius=0.125, steps=0), engine=engine, device="cpu"
    )
    np.testing.assert_array_equal(still.parameters[0], flat_parameters(pruned))
    plan = Plan(radius=0.125, steps=50, margin=100)
    moved = train(points, labels, [pruned], plan, engine=engine, device="cpu").parameters[0]
    np.testing.assert_array_equal(moved == 0, flat_parameters(pruned) == 0)
    assert (moved != flat_parameters(pruned)).sum() == 7


@pytest.mark.parametrize("engine", ENGINES)
def test_the_last_state_is_kept_where_that_is_asked_for(engine):
    points, labels = hard_sets(3, 1)
    plan = Plan(radius=0.125, steps=60, margin=100, keep_last=True)
    kept = train(points, labels, [(3,)] * 4, plan, engine=engine, device="cpu")
    last, _ = advanced(engine, [(3,)] * 4, points, labels, plan, 60)
    for one, padded in zip(kept.parameters, last.parameters, strict=True):
        np.testing.assert_allclose(one, padded[padded != 0], atol=1e-6)
    best = train(points, labels, [(3,)] * 4, replace(plan, keep_last=False), engine=engine)
    assert (best.attack_margin >= kept.attack_margin).all()


@pytest.mark.parametrize("engine", ENGINES)
def test_divergence_is_marked_and_what_is_kept_is_finite(engine):
    points, labels = hard_sets(2, 1)
    plan = Plan(radius=0.125, learning_rate=1e30, steps=100, margin=1e30)
    result = train(points, labels, [(4, 4)] * 3, plan, engine=engine, device="cpu")
    assert result.diverged.all()
    assert np.isfinite(result.attack_margin).all()
    assert all(np.isfinite(result.network(i)(points[0])).all() for i in range(3))


def test_progress_rises_to_the_total():
    points, labels = hard_sets(2, 1)
    seen = []
    plan = Plan(radius=0.125, steps=130)
    train(
        points, labels, [(1,), (3,), (9,)], plan, device="cpu", progress=lambda *a: seen.append(a)
    )
    assert seen == sorted(seen)
    assert seen[-1] == (390, 390)


SQUARE = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
GOOD = {"points": SQUARE, "labels": [1, -1, 1], "starts": [(2,)], "plan": Plan(radius=0.1)}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"starts": []}, "no network"),
        ({"starts": [()]}, "hidden layers"),
        ({"starts": [(1, 1, 1, 1)]}, "hidden layers"),
        ({"starts": [(2, 0)]}, "hidden layers"),
        ({"starts": [Network.of([([[1.0]], [0.0]), ([[1.0]], [0.0])])]}, "1 inputs"),
        ({"points": SQUARE * np.nan}, "not a finite"),
        ({"points": SQUARE * 0}, "all the same"),
        ({"points": SQUARE[0]}, "shape"),
        ({"points": SQUARE[[0, 0, 1]]}, "points 0 and 1 of labelled set 0"),
        ({"plan": Plan(radius=0.6)}, "points 0 and 1"),
        ({"plan": Plan(radius=0.6, p=Norm.TWO)}, "no classifier is robust"),
        ({"labels": [1, 0, 1]}, "-1 and"),
        ({"labels": [1, -1]}, "do not fit"),
        ({"labels": [[1, -1, 1]] * 2, "starts": [(2,)] * 3}, "which learns which"),
        ({"task": [1]}, "task"),
        ({"ids": [-1]}, "ids"),
        ({"budget_bytes": 10}, "budget"),
        ({"device": "tpu"}, "device 'tpu'"),
        ({"engine": "jax"}, "engine 'jax'"),
        ({"engine": "numba", "device": "cuda"}, "cpu only"),
    ],
)
def test_bad_input_is_refused_in_words(change, message):
    arguments = {"device": "cpu", **GOOD, **change}
    with pytest.raises(ValueError, match=message):
        train(**arguments)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device")
def test_a_missing_device_is_named_with_those_present():
    with pytest.raises(ValueError, match="cuda is not there; this machine has: cpu"):
        train(**GOOD, device="cuda")


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_cuda_agrees_with_the_cpu_engine():
    points, labels = hard_sets(3, 4)
    plan = Plan(radius=0.125, steps=2, check_every=1)
    cpu, cuda = (train(points, labels, [(8, 6)] * 4, plan, device=d) for d in ("cpu", "cuda"))
    assert cuda.engine == "torch"
    for a, b in zip(cpu.parameters, cuda.parameters, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-3)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # torch.compile warns of its own deprecated parts
def test_the_compiled_step_of_a_gpu_is_the_plain_one():
    points, labels = hard_sets(3, 4)
    plan = Plan(radius=0.125, steps=3)
    data = Data(points.astype(np.float32), labels.astype(np.float32))
    for count in (4, 7, 5):  # the number of networks falls as they are done
        ids = np.arange(count)
        task = ids % len(labels)
        plain, compiled = (new_batch([(8, 6)] * count, ids, task, data, plan) for _ in range(2))
        TorchEngine("cpu").advance(plain, data, plan, 0, 3)
        TorchEngine("cpu", compiled=True).advance(compiled, data, plan, 0, 3)
        np.testing.assert_allclose(plain.parameters, compiled.parameters, atol=1e-5)


@pytest.mark.parametrize(
    "change",
    [
        {"radius": -1},
        {"radius": float("nan")},
        {"stretch": 0.9},
        {"patience": 0},
        {"learning_rate": 0},
        {"pgd_step": -0.5},
        {"precision": "float16"},
    ],
)
def test_a_plan_refuses_what_it_cannot_do(change):
    with pytest.raises(ValueError, match=next(iter(change))):
        Plan(**{"radius": 0.1, **change})
