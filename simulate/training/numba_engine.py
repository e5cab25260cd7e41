"""The CPU engine: one network an iteration of a parallel loop, everything it needs in cache.

Each block of points goes through all its PGD steps while it is there, for all training steps of a
call. A padding point has label 0: then it neither moves nor weighs. Same algorithm and same result,
to float tolerance, as the engine in PyTorch; independent of the number of threads and networks.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from robustsize.simulate.instance import Norm
from robustsize.simulate.training.attack import ASCENT_STEPS, probes
from robustsize.simulate.training.batch import Array, Batch, Data, Layout
from robustsize.simulate.training.kernels import (
    MASK,
    PLAIN,
    RELU,
    SELECT,
    VECTOR_BYTES,
    address,
    outer,
    product,
)
from robustsize.simulate.training.plan import Loss, Plan

DECAY_FIRST, DECAY_SECOND, STABILISER = 0.9, 0.999, 1e-8
BLOCK_BYTES = 24 * 1024
"""Activations of one block of points take about this much, so that they stay in the first cache."""
MAX_VECTORS = 8
"""Most vectors of points in a block."""
SLICES_PER_THREAD = 4
"""Parts that the networks of a call are dealt in, so that no thread waits long for another."""

_LOGISTIC, _HINGE, _SQUARED = 0, 1, 2
_LOSSES = {Loss.LOGISTIC: _LOGISTIC, Loss.HINGE: _HINGE, Loss.SQUARED_HINGE: _SQUARED}
_REORDER = {"contract", "reassoc", "nsz", "arcp"}


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
        _parallel(
            _advance,
            len(batch),
            (batch.parameters, batch.mask, batch.first, batch.second),
            batch.task,
            _sets(data),
            _shape(batch.layout, data),
            _pgd(plan, plan.pgd_steps, plan.pgd_step_size, plan.training_radius),
            _LOSSES[plan.loss],
            plan.dtype.type(1 / data.points.shape[1]),
            rates.astype(plan.dtype),
            scales.astype(plan.dtype),
            np.zeros(0, np.int32 if plan.dtype.itemsize == 4 else np.int64),
        )

    def margin(self, batch: Batch, data: Data, plan: Plan) -> NDArray[np.float64]:
        """Smallest y f(x') that the attack of `attack.attack` finds for each network."""
        worst = np.empty(len(batch), plan.dtype)
        _parallel(
            _margins,
            len(batch),
            worst,
            batch.parameters,
            batch.task,
            _sets(data),
            _shape(batch.layout, data),
            _pgd(plan, ASCENT_STEPS, plan.radius / 2, plan.radius),
            probes(data.points.shape[2], plan.radius, plan.p).astype(plan.dtype),
        )
        return worst.astype(np.float64)


def _parallel(kernel: Callable[..., None], count: int, *arguments: object) -> None:
    """Run kernel(start, stop, *arguments) on slices of 0..count, which threads take in turn."""
    threads = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    length = max(1, count // (SLICES_PER_THREAD * (threads or 1)))
    with ThreadPoolExecutor(threads) as pool:
        slices = range(0, count, length)
        work = [pool.submit(kernel, a, min(a + length, count), *arguments) for a in slices]
        for done in work:
            done.result()


class _Sets(NamedTuple):
    """Labelled sets: points (S, d, M) and labels (S, M); padding to whole vectors has label 0."""

    points: Array
    labels: Array


class _Shape(NamedTuple):
    """Widths d, n_1, ..., 1 of the layers, where each one's weight starts, points in a block."""

    widths: NDArray[np.int64]
    starts: NDArray[np.int64]
    block: int


class _Pgd(NamedTuple):
    """Number and length of the steps, and the ball: a box (p = inf) or not (p = 2), its radius."""

    steps: int
    length: np.floating
    box: bool
    radius: np.floating


class _Work(NamedTuple):
    """Buffers of one network: rows of a block of points, and zeros that stand for a missing bias.

    With w the sum of the widths without the output's, rows 0..w-1 are what enters each layer, the
    input first; rows w..2w are the slopes of the loss (or output) by it, then by the output; row
    2w+1 the output.
    """

    rows: Array
    zeros: Array


def _pgd(plan: Plan, steps: int, length: float, radius: float) -> _Pgd:
    real = plan.dtype.type
    return _Pgd(steps, real(length), plan.p is Norm.INF, real(radius))


def _sets(data: Data) -> _Sets:
    lanes = VECTOR_BYTES // data.points.itemsize
    spare = -data.points.shape[1] % lanes
    points = np.pad(data.points.transpose(0, 2, 1), ((0, 0), (0, 0), (0, spare)), mode="edge")
    return _Sets(np.ascontiguousarray(points), np.pad(data.labels, ((0, 0), (0, spare))))


def _shape(layout: Layout, data: Data) -> _Shape:
    lanes = VECTOR_BYTES // data.points.itemsize
    row_bytes = 2 * VECTOR_BYTES * sum(layout.widths)
    vectors = max(2, min(MAX_VECTORS, BLOCK_BYTES // row_bytes // 2 * 2))
    needed = -(-data.points.shape[1] // lanes)
    blocks = -(-needed // vectors)
    return _Shape(
        np.array(layout.widths), np.array(layout.offsets[:-1:2]), lanes * -(-needed // blocks)
    )


@njit(cache=True, error_model="numpy")
def _workspace(parameters, shape):  # type: ignore[no-untyped-def]
    """Buffers of the parameters' type, rows aligned to vectors."""
    rows = 2 * shape.widths.sum()
    flat = np.zeros(rows * shape.block + VECTOR_BYTES, parameters.dtype)
    first = (-address(flat) % VECTOR_BYTES) // flat.itemsize
    aligned = flat[first : first + rows * shape.block].reshape(rows, shape.block)
    return _Work(aligned, np.zeros(shape.widths.max(), parameters.dtype))


@njit(cache=True, error_model="numpy")
def _forward(net, shape, work, size, epilogue):  # type: ignore[no-untyped-def]
    """Fill what enters each layer after the first, and the output if epilogue is PLAIN.

    With SELECT, of the last hidden layer only the slopes of the output by its sums, in their rows.
    """
    number, row = net.itemsize, shape.block * net.itemsize
    depth, total, one = len(shape.widths) - 1, shape.widths[:-1].sum(), np.int64(1)
    x = base = address(work.rows)
    for i in range(depth if epilogue == PLAIN else depth - 1):
        k, n = shape.widths[i], shape.widths[i + 1]
        weight = address(net) + shape.starts[i] * number
        bias = weight + n * k * number
        kind, out, other = RELU, x + k * row, bias
        if i == depth - 1:
            kind, out = PLAIN, base + (2 * total + 1) * row
        elif i == depth - 2 and epilogue == SELECT:
            kind, out = SELECT, base + (2 * total - n) * row
            other = address(net) + shape.starts[i + 1] * number
        product(net, kind, weight, k, one, x, bias, other, out, n, k, size, shape.block)
        x += k * row


@njit(cache=True, error_model="numpy")
def _backward(net, shape, work, size, top, bottom):  # type: ignore[no-untyped-def]
    """From the slopes by the sums of layer `top` those of the layers below it, down to `bottom`."""
    number, row = net.itemsize, shape.block * net.itemsize
    values = address(work.rows) + shape.widths[:top].sum() * row
    slopes, one = values + shape.widths[:-1].sum() * row, np.int64(1)
    for i in range(top - 1, bottom - 1, -1):
        k, n = shape.widths[i], shape.widths[i + 1]
        above = slopes
        values -= k * row
        slopes -= k * row
        kind = MASK if i > 0 else PLAIN
        weight, zeros = address(net) + shape.starts[i] * number, address(work.zeros)
        product(net, kind, weight, one, k, above, zeros, values, slopes, k, n, size, shape.block)


@njit(cache=True, error_model="numpy", fastmath=_REORDER)
def _move(x, slope, centre, labels, first, size, pgd):  # type: ignore[no-untyped-def]
    """One projected step that lowers y f, in place; x and slope are rows of a block."""
    d, none, one = len(centre), x.dtype.type(0), x.dtype.type(1)
    if pgd.box:
        for i in range(d):
            for p in range(size):
                c, g = centre[i, first + p], slope[i, p]
                way = one if g > 0 else -one if g < 0 else none
                moved = x[i, p] - pgd.length * labels[first + p] * way
                x[i, p] = min(max(moved, c - pgd.radius), c + pgd.radius)
        return
    for p in range(size):
        square = none
        for i in range(d):
            square += slope[i, p] * slope[i, p]
        share = pgd.length * labels[first + p] / np.sqrt(square) if square > 0 else none
        square = none
        for i in range(d):
            slope[i, p] = x[i, p] - share * slope[i, p] - centre[i, first + p]
            square += slope[i, p] * slope[i, p]
        shrink = min(pgd.radius / np.sqrt(square), one) if square > 0 else one
        for i in range(d):
            x[i, p] = centre[i, first + p] + slope[i, p] * shrink


@njit(cache=True, error_model="numpy")
def _ascend(net, shape, work, centre, labels, first, size, pgd):  # type: ignore[no-untyped-def]
    """One PGD step of a block, in place."""
    d, total = shape.widths[0], shape.widths[:-1].sum()
    _forward(net, shape, work, size, SELECT)
    _backward(net, shape, work, size, len(shape.widths) - 2, np.int64(0))
    _move(work.rows[:d], work.rows[total : total + d], centre, labels, first, size, pgd)


@njit(cache=True, error_model="numpy", fastmath=_REORDER)
def _exponential(z, bits, size):  # type: ignore[no-untyped-def]
    """z = exp(z) in place, for |z| <= 80, to rounding: 2^n exp(r) with r in [-ln2/2, ln2/2].

    bits: integers of the same width, as workspace; 2^n is built as the bits of a float.
    """
    real = z.dtype.type
    mantissa, bias = (23, 127) if z.itemsize == 4 else (52, 1023)
    high, low = real(0.693359375), real(-2.121944400546905827679e-4)
    for p in range(size):
        n = np.floor(z[p] * real(1.4426950408889634) + real(0.5))
        bits[p] = (bits.dtype.type(n) + bits.dtype.type(bias)) << bits.dtype.type(mantissa)
        r = z[p] - n * high - n * low
        e = real(1)
        for k in range(12, 0, -1):
            e = real(1) + e * r / real(k)
        z[p] = e
    powers = bits.view(z.dtype)
    for p in range(size):
        z[p] *= powers[p]


@njit(cache=True, error_model="numpy", fastmath=_REORDER)
def _loss_slope(output, labels, first, size, slope, bits, loss, weight):  # type: ignore[no-untyped-def]
    """slope = derivative of the mean loss by the output, for a block's points."""
    real = output.dtype.type
    if loss == _LOGISTIC:
        for p in range(size):
            slope[p] = min(max(labels[first + p] * output[p], real(-80)), real(80))
        _exponential(slope, bits, size)
        for p in range(size):
            slope[p] = -labels[first + p] * weight / (real(1) + slope[p])
        return
    for p in range(size):
        gap = real(1) - labels[first + p] * output[p]
        pull = max(real(2) * gap, real(0))
        if loss == _HINGE:
            pull = real(1) if gap > 0 else real(0)
        slope[p] = -labels[first + p] * weight * pull


@njit(cache=True, error_model="numpy", fastmath=_REORDER)
def _adam(net, mask, gradient, first, second, rate, scale):  # type: ignore[no-untyped-def]
    """One step of Adam; rate and scale hold the corrections of the moments' bias."""
    real = net.dtype.type
    keep1, keep2 = real(DECAY_FIRST), real(DECAY_SECOND)
    new1, new2 = real(1 - DECAY_FIRST), real(1 - DECAY_SECOND)
    for i in range(len(net)):
        g = gradient[i]
        a = keep1 * first[i] + new1 * g
        b = keep2 * second[i] + new2 * g * g
        first[i], second[i] = a, b
        net[i] -= rate * mask[i] * a / (np.sqrt(b * scale) + real(STABILISER))


@njit(cache=True, error_model="numpy", fastmath=_REORDER)
def _accumulate(net, shape, work, size, gradient):  # type: ignore[no-untyped-def]
    """Add a block's share to the gradient, from what enters and the slopes of each layer."""
    number, row, base = net.itemsize, shape.block * net.itemsize, address(work.rows)
    enters, leaves = 0, shape.widths[:-1].sum() + shape.widths[0]
    for i in range(len(shape.widths) - 1):
        k, n = shape.widths[i], shape.widths[i + 1]
        out = address(gradient) + shape.starts[i] * number
        outer(net, base + leaves * row, base + enters * row, out, n, k, size, shape.block)
        for j in range(n):
            total = net.dtype.type(0)
            for p in range(size):
                total += work.rows[leaves + j, p]
            gradient[shape.starts[i] + n * k + j] += total
        enters += k
        leaves += n


@njit(cache=True, error_model="numpy")
def _train(state, centre, labels, shape, pgd, loss, weight, rates, scales, bits_type):  # type: ignore[no-untyped-def]
    """All the training steps of a call for one network, in place."""
    net, mask, moment1, moment2 = state
    work, bits = _workspace(net, shape), np.zeros(shape.block, bits_type.dtype)
    gradient = np.zeros_like(net)
    d, depth, total = shape.widths[0], len(shape.widths) - 1, shape.widths[:-1].sum()
    slope, output = work.rows[2 * total], work.rows[2 * total + 1]
    for t in range(len(rates)):
        gradient[:] = 0
        for first in range(0, len(labels), shape.block):
            size = min(shape.block, len(labels) - first)
            work.rows[:d, :size] = centre[:, first : first + size]
            for _ in range(pgd.steps):
                _ascend(net, shape, work, centre, labels, first, size, pgd)
            _forward(net, shape, work, size, PLAIN)
            _loss_slope(output, labels, first, size, slope, bits, loss, weight)
            _backward(net, shape, work, size, depth, np.int64(1))
            _accumulate(net, shape, work, size, gradient)
        _adam(net, mask, gradient, moment1, moment2, rates[t], scales[t])


@njit(cache=True, error_model="numpy")
def _least_margin(net, centre, labels, shape, pgd, offsets):  # type: ignore[no-untyped-def]
    """The smallest y f(x') that the attack finds for one network."""
    work, d = _workspace(net, shape), shape.widths[0]
    output, least = work.rows[-1], net.dtype.type(np.inf)
    for first in range(0, len(labels), shape.block):
        size = min(shape.block, len(labels) - first)
        work.rows[:d, :size] = centre[:, first : first + size]
        for attempt in range(1 + pgd.steps + len(offsets)):
            if 0 < attempt <= pgd.steps:
                _ascend(net, shape, work, centre, labels, first, size, pgd)
            elif attempt > pgd.steps:
                for i in range(d):
                    offset = offsets[attempt - pgd.steps - 1, i]
                    for p in range(size):
                        work.rows[i, p] = centre[i, first + p] + offset
            _forward(net, shape, work, size, PLAIN)
            for p in range(size):
                margin = labels[first + p] * output[p]
                if labels[first + p] != 0 and not margin >= least:
                    least = margin
    return least


@njit(cache=True, error_model="numpy", nogil=True)
def _advance(start, stop, states, task, sets, *plan):  # type: ignore[no-untyped-def]
    """`_train` for the networks from start to stop."""
    parameters, masks, moments1, moments2 = states
    for b in range(start, stop):
        state = (parameters[b], masks[b], moments1[b], moments2[b])
        centre = sets.points[task[b] if len(sets.points) > 1 else 0]
        labels = sets.labels[task[b] if len(sets.labels) > 1 else 0]
        _train(state, centre, labels, *plan)


@njit(cache=True, error_model="numpy", nogil=True)
def _margins(start, stop, worst, parameters, task, sets, *attack):  # type: ignore[no-untyped-def]
    """`_least_margin` for the networks from start to stop, into worst."""
    for b in range(start, stop):
        centre = sets.points[task[b] if len(sets.points) > 1 else 0]
        labels = sets.labels[task[b] if len(sets.labels) > 1 else 0]
        worst[b] = _least_margin(parameters[b], centre, labels, *attack)
