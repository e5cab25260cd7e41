"""Other ways to run the training of `benchmarks/training.py`: PGD-5 in l_inf and Adam.

All take the same steps from the same networks. PyTorch: network after network; batched matrix
products with a manual backward pass; derivatives by torch.func; the last two through torch.compile,
or as they are where it does not work. JAX, if installed: the training of one network through vmap
and jit, with the points first, which is the faster of the two orders there.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from importlib import import_module
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from torch import Tensor

from robustsize.simulate.train.batch import Batch, Data, Layout
from robustsize.simulate.train.plan import Plan
from robustsize.simulate.train.torch_engine import DECAY_FIRST, DECAY_SECOND, STABILISER, step

PLAN = Plan(radius=0.02, steps=10_000)
STEPS = np.arange(1, PLAN.steps + 1)
RATES = (PLAN.rates() / (1 - DECAY_FIRST**STEPS)).astype(np.float32)
CORRECTIONS = (1 - DECAY_SECOND**STEPS).astype(np.float32)

Run = Callable[[Batch, Data, int], None]
"""Takes that many steps from the start; the parameters change in place."""
State = list[Tensor]
"""Parameters and Adam's two moments."""


def peers(batch: Batch, data: Data) -> Iterator[tuple[str, Run]]:
    """Names and ways for one case: compilers specialise to its shapes. What is left out is named.

    Those of PyTorch are compiled here, JAX's by its first call.
    """
    yield "python loop", loop
    torch.compiler.reset()
    for name, function in {"torch bmm": step, "torch.func vmap": vmap_step}.items():
        faster = batched(torch.compile(function, dynamic=False))
        try:
            faster(copied(batch), data, 1)
        except (RuntimeError, ImportError) as error:
            left_out("torch.compile", str(error).splitlines()[0])
            yield name, batched(function)
        else:
            yield f"{name} compiled", faster
    jax = installed_jax()
    if jax is not None:
        yield "jax vmap jit", jax_run(jax, batch.layout)


@cache
def left_out(what: str, why: str) -> None:
    """Say so, once."""
    print(f"{what} left out: {why}", file=sys.stderr)


def copied(batch: Batch) -> Batch:
    return batch.take(np.ones(len(batch), dtype=bool))


def batched(function: Callable[..., State]) -> Run:
    """Steps of all networks together; function has the arguments of `train_torch.step`."""

    def run(batch: Batch, data: Data, steps: int) -> None:
        points, labels = data.of(batch.task)
        state = [torch.from_numpy(a.copy()) for a in (batch.parameters, batch.first, batch.second)]
        arrays = batch.mask, np.ascontiguousarray(points.transpose(0, 2, 1)), labels
        rest = [torch.from_numpy(a) for a in arrays]
        for t in range(steps):
            factors = torch.tensor(RATES[t]), torch.tensor(CORRECTIONS[t])
            state = function(batch.layout, PLAN, state, *rest, *factors)
        batch.parameters[:] = state[0].numpy()

    return run


def loop(batch: Batch, data: Data, steps: int) -> None:
    """Network after network."""
    one_by_one = batched(step)
    for b in range(len(batch)):
        one = batch.take(np.arange(len(batch)) == b)
        one_by_one(one, data, steps)
        batch.parameters[b] = one.parameters[0]


def split(layout: Layout, flat: Any) -> list[Any]:
    """Weights and biases of one network, of a flat tensor or JAX array (size,)."""
    spans = zip(pairwise(layout.offsets), layout.shapes, strict=True)
    return [flat[a:b].reshape(shape) for (a, b), shape in spans]


def vmap_step(
    layout: Layout,
    plan: Plan,
    state: State,
    mask: Tensor,
    points: Tensor,
    labels: Tensor,
    rate: Tensor,
    correction: Tensor,
) -> State:
    """As `train_torch.step`, with derivatives by torch.func."""

    def output(flat: Tensor, x: Tensor) -> Tensor:
        *hidden, weight, bias = split(layout, flat)
        for w, b in zip(hidden[::2], hidden[1::2], strict=True):
            x = torch.relu(w @ x + b[:, None])
        value: Tensor = (weight @ x)[0] + bias
        return value

    def loss(flat: Tensor, x: Tensor, y: Tensor) -> Tensor:
        return (torch.relu(1 - y * output(flat, x)) ** 2).mean()

    def margin(flat: Tensor, x: Tensor, y: Tensor) -> Tensor:
        return (y * output(flat, x)).sum()

    slope = torch.func.vmap(torch.func.grad(margin, argnums=1))
    flat, first, second = state
    x, radius = points, plan.training_radius
    for _ in range(plan.pgd_steps):
        x = x - plan.pgd_step_size * torch.sign(slope(flat, x, labels))
        x = torch.minimum(torch.maximum(x, points - radius), points + radius)
    gradient = torch.func.vmap(torch.func.grad(loss))(flat, x, labels)
    first = DECAY_FIRST * first + (1 - DECAY_FIRST) * gradient
    second = DECAY_SECOND * second + (1 - DECAY_SECOND) * gradient**2
    spread = (second / correction).sqrt() + STABILISER
    return [flat - rate * mask * first / spread, first, second]


@cache
def installed_jax() -> Any:
    """The package, set to the CPU, or None where it is not installed."""
    try:
        jax = import_module("jax")
    except ImportError as error:
        left_out("JAX", str(error))
        return None
    jax.config.update("jax_platforms", "cpu")
    return jax


def jax_run(jax: Any, layout: Layout) -> Run:
    """Steps through vmap and jit: one call a step, its state's memory used again."""
    advance = jax.jit(
        jax.vmap(jax_step(jax, layout), in_axes=(0, 0, 0, None, None)), donate_argnums=0
    )

    def run(batch: Batch, data: Data, steps: int) -> None:
        arrays = batch.parameters, batch.first, batch.second
        state = tuple(jax.numpy.array(a, copy=True) for a in arrays)
        mask, *task = map(jax.numpy.asarray, (batch.mask, *data.of(batch.task)))
        for t in range(steps):
            state = advance(state, mask, task, RATES[t], CORRECTIONS[t])
        batch.parameters[:] = state[0]

    return run


def jax_step(jax: Any, layout: Layout) -> Callable[..., Any]:
    """A step of one network: (state, mask, (points, labels), rate, correction) -> state."""
    numpy, relu = jax.numpy, jax.nn.relu
    radius, length = PLAN.training_radius, PLAN.pgd_step_size

    def output(flat: Any, x: Any) -> Any:
        *hidden, weight, bias = split(layout, flat)
        for w, b in zip(hidden[::2], hidden[1::2], strict=True):
            x = relu(x @ w.T + b)
        return x @ weight[0] + bias

    def loss(flat: Any, x: Any, y: Any) -> Any:
        return (relu(1 - y * output(flat, x)) ** 2).mean()

    def margin(flat: Any, x: Any, y: Any) -> Any:
        return (y * output(flat, x)).sum()

    def one(
        state: Sequence[Any], mask: Any, task: Sequence[Any], rate: Any, correction: Any
    ) -> Any:
        (flat, first, second), (points, y) = state, task

        def lower(_: int, x: Any) -> Any:
            x = x - length * numpy.sign(jax.grad(margin, argnums=1)(flat, x, y))
            return numpy.clip(x, points - radius, points + radius)

        x = jax.lax.fori_loop(0, PLAN.pgd_steps, lower, points)
        gradient = jax.grad(loss)(flat, x, y)
        first = DECAY_FIRST * first + (1 - DECAY_FIRST) * gradient
        second = DECAY_SECOND * second + (1 - DECAY_SECOND) * gradient**2
        spread = numpy.sqrt(second / correction) + STABILISER
        return flat - rate * mask * first / spread, first, second

    return one
