"""The CPU engine: one network an iteration of a parallel loop, everything it needs in cache.

Each block of points goes through all its PGD steps while it is there, for all training steps of a
call; a block that a step leaves where it was would stay there, so it takes no more. A padding
point has label 0: then it neither moves nor weighs. Same algorithm and same result, to float
tolerance, as the engine in PyTorch; independent of the number of threads and networks.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from robustsize.simulate.data.instance import Norm
from robustsize.simulate.system.compile import compilers
from robustsize.simulate.train.attack import ASCENT_STEPS, probes
from robustsize.simulate.train.attack_kernels import (
    MAX_FUSED_INPUTS,
    ascend,
    ball_step,
    box_step,
    lower,
    pull,
    shift,
)
from robustsize.simulate.train.batch import Batch, Data, Layout
from robustsize.simulate.train.kernels import PLAIN, RELU, SELECT, backward, forward, outer
from robustsize.simulate.train.numba_layout import blocks, shape
from robustsize.simulate.train.plan import Loss, Plan
from robustsize.simulate.train.update_kernels import (
    HINGE,
    LOGISTIC,
    SQUARED_HINGE,
    adam,
    loss_slope,
)
from robustsize.simulate.train.vectors import VECTOR_BYTES

DECAY_FIRST, DECAY_SECOND, STABILISER = 0.9, 0.999, 1e-8
SLICES_PER_THREAD = 4
"""Parts that the networks of a call are dealt in, so that no thread waits long for another."""

_LOSSES = {Loss.LOGISTIC: LOGISTIC, Loss.HINGE: HINGE, Loss.SQUARED_HINGE: SQUARED_HINGE}
_ONE = np.int64(1)
_INPUTS, _OUTPUTS, _WEIGHTS, _VALUES, _SLOPES = range(5)
"""Columns of Shape.layers."""

_SOURCES = ("kernels.py", "attack_kernels.py", "update_kernels.py", "vectors.py")
_compiled, _inner, _inlined = compilers(
    __file__, *(Path(__file__).with_name(name) for name in _SOURCES)
)


class NumbaEngine:
    """Training steps and attacks in compiled code on the CPU."""

    name = "numba"
    device = "cpu"

    @staticmethod
    def bytes_per_network(layout: Layout, m: int, itemsize: int) -> int:
        """Memory that one network in training takes, at most."""
        return 6 * itemsize * layout.size + 64

    def advance(self, batch: Batch, data: Data, plan: Plan, start: int, stop: int) -> None:
        """Take training steps start + 1 to stop, in place."""
        t = np.arange(start + 1, stop + 1)
        rates = plan.rates()[start:stop] / (1 - DECAY_FIRST**t)
        scales = 1 / (1 - DECAY_SECOND**t)
        sets = blocks(data)
        _parallel(
            _advance,
            len(batch),
            (batch.parameters, batch.mask, batch.first, batch.second),
            batch.task,
            sets,
            shape(batch.layout, sets),
            _pgd(plan, plan.pgd_steps, plan.pgd_step_size, plan.training_radius),
            _LOSSES[plan.loss],
            plan.dtype.type(1 / data.points.shape[1]),
            rates.astype(plan.dtype),
            scales.astype(plan.dtype),
        )

    def margin(self, batch: Batch, data: Data, plan: Plan) -> NDArray[np.float64]:
        """Smallest y f(x') that the attack of `attack.attack` finds for each network."""
        worst = np.empty(len(batch), plan.dtype)
        sets = blocks(data)
        _parallel(
            _margins,
            len(batch),
            worst,
            batch.parameters,
            batch.task,
            sets,
            shape(batch.layout, sets),
            _pgd(plan, ASCENT_STEPS, plan.radius / 2, plan.radius),
            probes(data.points.shape[2], plan.radius, plan.p).astype(plan.dtype),
        )
        return worst.astype(np.float64)


def _parallel(kernel: Callable[..., None], count: int, *arguments: object) -> None:
    """Run kernel(start, stop, *arguments) on slices of 0..count, which threads take in turn."""
    threads = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    length = max(1, count // (SLICES_PER_THREAD * (threads or 1)))
    slices = range(0, count, length)
    if threads == 1 or len(slices) == 1:
        kernel(0, count, *arguments)
        return
    pool = _pool(threads or 1, os.getpid())
    for done in [pool.submit(kernel, a, min(a + length, count), *arguments) for a in slices]:
        done.result()


@cache
def _pool(threads: int, process: int) -> ThreadPoolExecutor:
    """The threads of this process: those of a parent do not run in its fork."""
    return ThreadPoolExecutor(threads)


class _Pgd(NamedTuple):
    """Number and length of the steps, and the ball: a box (p = inf) or not (p = 2), its radius."""

    steps: int
    length: np.floating
    box: int
    radius: np.floating


def _pgd(plan: Plan, steps: int, length: float, radius: float) -> _Pgd:
    real = plan.dtype.type
    return _Pgd(steps, real(length), int(plan.p is Norm.INF), real(radius))


_NET, _MASK, _FIRST, _SECOND, _GRADIENT, _PULLS, _ZEROS = range(7)
"""Rows of a workspace's `nets`: vectors of the length of a network, see `Shape.places`."""


@_inner
def _aligned(rows, vectors, like):  # type: ignore[no-untyped-def]
    """Zeros of the type of `like`: rows of that many vectors, aligned to them."""
    lanes = VECTOR_BYTES // like.itemsize
    flat = np.zeros((rows * vectors + 1) * lanes, like.dtype)
    first = (-np.int64(flat.ctypes.data) % VECTOR_BYTES) // like.itemsize
    return flat[first : first + rows * vectors * lanes].reshape(rows, vectors * lanes)


@_inner
def _workspace(shape, sets):  # type: ignore[no-untyped-def]
    """Buffers for one network: `nets`, and the rows of a block with ones for the biases."""
    points = sets.points
    nets = _aligned(7, shape.length, points)
    rows = _aligned(shape.rows, points.shape[3] * points.itemsize // VECTOR_BYTES, points)
    bottom = 0
    for i in range(len(shape.layers)):
        bottom += shape.layers[i, _INPUTS] + 1
        rows[bottom - 1] = 1
    return nets, rows


@_inner
def _forward(one, kind, weight, x, chosen, out, outputs, inputs, count, stride):  # type: ignore[no-untyped-def]
    """The kernel, compiled once for all its calls."""
    forward(one, kind, weight, x, chosen, out, outputs, inputs, count, stride)


@_inner
def _backward(one, masked, weight, slopes, values, out, outputs, inputs, count, stride):  # type: ignore[no-untyped-def]
    """The kernel, compiled once for all its calls."""
    backward(one, masked, weight, slopes, values, out, outputs, inputs, count, stride)


@_inlined
def _hidden(one, layers, net, rows, last, top, count, stride):  # type: ignore[no-untyped-def]
    """Fill what enters each layer after the first.

    last: RELU; or SELECT, which fills, instead of what enters the last layer, the slopes of the
    output by the top hidden sums.
    """
    for i in range(top):
        inputs, outputs = layers[i, _INPUTS], layers[i, _OUTPUTS]
        weight, x = net + layers[i, _WEIGHTS], rows + layers[i, _VALUES]
        kind, out = RELU, rows + layers[i + 1, _VALUES]
        if i == top - 1 and last == SELECT:
            kind, out = SELECT, rows + layers[i, _SLOPES]
        chosen = net + layers[top, _WEIGHTS]
        _forward(one, kind, weight, x, chosen, out, outputs, inputs, count, stride)


@_inlined
def _output(one, layers, net, rows, count, stride):  # type: ignore[no-untyped-def]
    """Fill what enters each layer, and the output, in the row of its slope."""
    top = len(layers) - 1
    _hidden(one, layers, net, rows, RELU, top, count, stride)
    weight, x = net + layers[top, _WEIGHTS], rows + layers[top, _VALUES]
    out, inputs = rows + layers[top, _SLOPES], layers[top, _INPUTS]
    _forward(one, PLAIN, weight, x, weight, out, _ONE, inputs, count, stride)


@_inlined
def _climb(one, layers, net, rows, centre, labels, pgd, count, stride):  # type: ignore[no-untyped-def]
    """One PGD step of a block, in place; whether a point moved."""
    top = len(layers) - 1
    _hidden(one, layers, net, rows, SELECT, top, count, stride)
    slopes = rows + layers[top - 1, _SLOPES]
    for i in range(top - 1, 0, -1):
        inputs, outputs = layers[i, _INPUTS], layers[i, _OUTPUTS]
        # The slopes take the place of the values, which no one needs again.
        x, weight = rows + layers[i, _VALUES], net + layers[i, _WEIGHTS]
        _backward(one, 1, weight, slopes, x, x, outputs, inputs, count, stride)
        slopes = x
    inputs, out = layers[0, _INPUTS], rows + layers[top, _SLOPES] + stride
    _backward(one, 0, net, slopes, rows, out, layers[0, _OUTPUTS], inputs, count, stride)
    length, radius = pgd.length, pgd.radius
    moved = 1
    if pgd.box:
        moved = box_step(one, out, centre, labels, rows, inputs, length, radius, count, stride)
    else:
        ball_step(one, out, centre, labels, rows, inputs, length, radius, count, stride)
    return moved


@_inlined
def _attack(one, layers, net, pulls, rows, centre, labels, pgd, zeros, count, stride):  # type: ignore[no-untyped-def]
    """The points of a block after all their PGD steps, in the rows of the input."""
    inputs, length, radius = layers[0, _INPUTS], pgd.length, pgd.radius
    if pgd.box and len(layers) == 2 and inputs <= MAX_FUSED_INPUTS and pgd.steps > 0:
        units, steps = layers[0, _OUTPUTS], pgd.steps
        ascend(
            one, net, pulls, centre, labels, rows, inputs, units, steps, length, radius, count,
            stride,
        )  # fmt: skip
    else:
        shift(one, centre, zeros, rows, inputs, count, stride)
        for _ in range(pgd.steps):
            if not _climb(one, layers, net, rows, centre, labels, pgd, count, stride):
                break


@_inlined
def _accumulate(one, layers, net, gradient, rows, count, stride):  # type: ignore[no-untyped-def]
    """Add a block's share to the gradient, from what enters each layer and the output's slope."""
    for i in range(len(layers) - 1, -1, -1):
        inputs, outputs = layers[i, _INPUTS], layers[i, _OUTPUTS]
        values, slopes = rows + layers[i, _VALUES], rows + layers[i, _SLOPES]
        at = layers[i, _WEIGHTS]
        outer(one, slopes, values, gradient + at, outputs, inputs + 1, count, stride)
        if i > 0:
            below = rows + layers[i - 1, _SLOPES]
            _backward(one, 1, net + at, slopes, values, below, outputs, inputs, count, stride)


@_inlined
def _pull(one, layers, net, pulls):  # type: ignore[no-untyped-def]
    """Make ready what `ascend` takes, for a network of one hidden layer."""
    above = net + layers[1, _WEIGHTS]
    pull(one, net, above, pulls, layers[0, _INPUTS], layers[0, _OUTPUTS])


@_inlined
def _train(nets, block, centres, labels, vectors, shape, pgd, loss, weight, rates, scales):  # type: ignore[no-untyped-def]
    """All the training steps of a call for one network, in place."""
    one, layers, top = weight, shape.layers, len(shape.layers) - 1
    length, stride = nets.shape[1] * nets.itemsize, block.shape[1] * nets.itemsize
    net, rows = np.int64(nets.ctypes.data), np.int64(block.ctypes.data)
    gradient, pulls, zeros = net + _GRADIENT * length, net + _PULLS * length, net + _ZEROS * length
    most, output = stride // VECTOR_BYTES, rows + layers[top, _SLOPES]
    first_centre, first_label = np.int64(centres.ctypes.data), np.int64(labels.ctypes.data)
    for t in range(len(rates)):
        if top == 1:
            _pull(one, layers, net, pulls)
        for b in range(len(labels)):
            centre, y = first_centre + b * layers[0, _INPUTS] * stride, first_label + b * stride
            count = min(most, vectors - b * most)
            _attack(one, layers, net, pulls, rows, centre, y, pgd, zeros, count, stride)
            _output(one, layers, net, rows, count, stride)
            loss_slope(one, loss, output, y, weight, count)
            _accumulate(one, layers, net, gradient, rows, count, stride)
        adam(
            one, net, net + _MASK * length, gradient, net + _FIRST * length,
            net + _SECOND * length, shape.length, DECAY_FIRST, 1 - DECAY_FIRST, DECAY_SECOND,
            1 - DECAY_SECOND, rates[t], scales[t], STABILISER,
        )  # fmt: skip


@_inlined
def _least_margin(nets, block, centres, labels, vectors, shape, pgd, offsets, least):  # type: ignore[no-untyped-def]
    """The smallest y f(x') that the attack finds for one network; `least` is a vector's room."""
    one, layers, top = pgd.radius, shape.layers, len(shape.layers) - 1
    d, stride = layers[0, _INPUTS], block.shape[1] * nets.itemsize
    net, rows = np.int64(nets.ctypes.data), np.int64(block.ctypes.data)
    length = nets.shape[1] * nets.itemsize
    zeros = net + _ZEROS * length
    most, output = stride // VECTOR_BYTES, rows + layers[top, _SLOPES]
    first_centre, first_label = np.int64(centres.ctypes.data), np.int64(labels.ctypes.data)
    first_offset, worst = np.int64(offsets.ctypes.data), np.int64(least.ctypes.data)
    least[:] = np.inf
    for b in range(len(labels)):
        centre, y = first_centre + b * d * stride, first_label + b * stride
        count = min(most, vectors - b * most)
        for attempt in range(1 + pgd.steps + len(offsets)):
            if attempt == 0:
                shift(one, centre, zeros, rows, d, count, stride)
            elif attempt <= pgd.steps:
                _climb(one, layers, net, rows, centre, y, pgd, count, stride)
            else:
                offset = first_offset + (attempt - pgd.steps - 1) * d * nets.itemsize
                shift(one, centre, offset, rows, d, count, stride)
            _output(one, layers, net, rows, count, stride)
            lower(one, output, y, worst, count)
    return least.min()


@_compiled
def _advance(start, stop, states, task, sets, shape, pgd, loss, weight, rates, scales):  # type: ignore[no-untyped-def]
    """`_train` for the networks from start to stop."""
    nets, rows = _workspace(shape, sets)
    parameters, masks, moments1, moments2 = states
    for b in range(start, stop):
        for i in range(len(shape.places)):
            at = shape.places[i]
            nets[_NET, at], nets[_MASK, at] = parameters[b, i], masks[b, i]
            nets[_FIRST, at], nets[_SECOND, at] = moments1[b, i], moments2[b, i]
        centres = sets.points[task[b] if len(sets.points) > 1 else 0]
        labels = sets.labels[task[b] if len(sets.labels) > 1 else 0]
        _train(nets, rows, centres, labels, sets.vectors, shape, pgd, loss, weight, rates, scales)
        for i in range(len(shape.places)):
            at = shape.places[i]
            parameters[b, i] = nets[_NET, at]
            moments1[b, i], moments2[b, i] = nets[_FIRST, at], nets[_SECOND, at]


@_compiled
def _margins(start, stop, worst, parameters, task, sets, shape, pgd, offsets):  # type: ignore[no-untyped-def]
    """`_least_margin` for the networks from start to stop, into worst."""
    nets, rows = _workspace(shape, sets)
    least = _aligned(1, 1, sets.points)
    for b in range(start, stop):
        for i in range(len(shape.places)):
            nets[_NET, shape.places[i]] = parameters[b, i]
        centres = sets.points[task[b] if len(sets.points) > 1 else 0]
        labels = sets.labels[task[b] if len(sets.labels) > 1 else 0]
        worst[b] = _least_margin(
            nets, rows, centres, labels, sets.vectors, shape, pgd, offsets, least
        )
