"""The plain engine: batched matrix products in PyTorch, on a CPU or a CUDA device.

Points are the last axis throughout: activations have shape (B, width, m). Every other engine is
held against this one. On a CUDA device the step goes through torch.compile, which fuses what lies
between the products; one compilation serves every number of networks.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from robustsize.simulate.data.instance import Norm
from robustsize.simulate.train.attack import ASCENT_STEPS, probes
from robustsize.simulate.train.batch import Array, Batch, Data, Layout
from robustsize.simulate.train.plan import Loss, Plan

DECAY_FIRST, DECAY_SECOND, STABILISER = 0.9, 0.999, 1e-8


class TorchEngine:
    """Training steps and attacks in PyTorch; `compiled`: the steps through torch.compile."""

    name = "torch"

    def __init__(self, device: str, *, compiled: bool = False) -> None:
        self.device = device
        self._step = torch.compile(step) if compiled else step

    @staticmethod
    def bytes_per_network(layout: Layout, m: int, itemsize: int) -> int:
        """Memory that one network in training takes, at most."""
        activations = 4 * sum(layout.widths) + 6 * layout.widths[0]
        return itemsize * (7 * layout.size + activations * m)

    def advance(self, batch: Batch, data: Data, plan: Plan, start: int, stop: int) -> None:
        """Take training steps start + 1 to stop, in place."""
        points, labels = self._data(batch, data)
        state = [self._tensor(a) for a in (batch.parameters, batch.first, batch.second)]
        mask, rates = self._tensor(batch.mask), plan.rates()
        for t in range(start + 1, stop + 1):
            # As tensors: a compiled step would be compiled anew for each number.
            rate = self._number(rates[t - 1] / (1 - DECAY_FIRST**t), plan)
            correction = self._number(1 - DECAY_SECOND**t, plan)
            state = self._step(batch.layout, plan, state, mask, points, labels, rate, correction)
        for array, tensor in zip((batch.parameters, batch.first, batch.second), state, strict=True):
            array[:] = tensor.cpu().numpy()

    def margin(self, batch: Batch, data: Data, plan: Plan) -> NDArray[np.float64]:
        """Smallest y f(x') that the attack of `attack.attack` finds for each network."""
        points, labels = self._data(batch, data)
        parameters = _blocks(batch.layout, self._tensor(batch.parameters))
        worst = labels * _forward(parameters, points)[0]
        x = points
        for _ in range(ASCENT_STEPS):
            x = _ascend(parameters, x, points, labels, plan.radius, plan.radius / 2, plan.p)
            worst = torch.minimum(worst, labels * _forward(parameters, x)[0])
        for offset in probes(points.shape[1], plan.radius, plan.p):
            shift = torch.as_tensor(offset, dtype=x.dtype, device=x.device)[:, None]
            worst = torch.minimum(worst, labels * _forward(parameters, points + shift)[0])
        return worst.amin(dim=1).cpu().numpy().astype(np.float64)

    def _number(self, value: float, plan: Plan) -> Tensor:
        return self._tensor(np.asarray(value, plan.dtype))

    def _tensor(self, array: Array) -> Tensor:
        return torch.tensor(array, device=self.device)

    def _data(self, batch: Batch, data: Data) -> tuple[Tensor, Tensor]:
        points, labels = data.of(batch.task)
        return self._tensor(points.transpose(0, 2, 1)), self._tensor(labels)


def step(
    layout: Layout,
    plan: Plan,
    state: list[Tensor],
    mask: Tensor,
    points: Tensor,
    labels: Tensor,
    rate: Tensor,
    correction: Tensor,
) -> list[Tensor]:
    """One training step: PGD on points (B, d, m), gradient, Adam.

    state: parameters, first and second moments, shape (B, layout.size). rate: the learning rate,
    corrected for the first moment's bias; correction: 1 - decay^t of the second.
    """
    flat, first, second = state
    parameters, x = _blocks(layout, flat), points
    for _ in range(plan.pgd_steps):
        x = _ascend(parameters, x, points, labels, plan.training_radius, plan.pgd_step_size, plan.p)
    output, values = _forward(parameters, x)
    gradient = _backward(parameters, values, _loss_slope(plan, output, labels))
    first = DECAY_FIRST * first + (1 - DECAY_FIRST) * gradient
    second = DECAY_SECOND * second + (1 - DECAY_SECOND) * gradient**2
    spread = (second / correction).sqrt() + STABILISER
    return [flat - rate * mask * first / spread, first, second]


def _blocks(layout: Layout, flat: Tensor) -> list[Tensor]:
    """Views of the weights (B, n, k) and biases (B, n) in a flat tensor (B, size)."""
    spans = zip(layout.offsets, layout.shapes, strict=False)
    return [flat.narrow(1, a, int(np.prod(s))).view(flat.shape[0], *s) for a, s in spans]


def _forward(parameters: list[Tensor], x: Tensor) -> tuple[Tensor, list[Tensor]]:
    """Outputs (B, m) at x (B, d, m), and what enters each layer, x first."""
    values = [x]
    for weight, bias in zip(parameters[:-2:2], parameters[1:-2:2], strict=True):
        values.append(torch.baddbmm(bias[:, :, None], weight, values[-1]).relu_())
    output = torch.baddbmm(parameters[-1][:, :, None], parameters[-2], values[-1])
    return output[:, 0], values


def _backward(parameters: list[Tensor], values: list[Tensor], slope: Tensor) -> Tensor:
    """sum_p slope_p * d f(x_p) / d parameters, flat, shape (B, size); slope has shape (B, m)."""
    upper = slope[:, None, :]
    gradient: list[Tensor] = []
    for i in range(len(values) - 1, -1, -1):
        weight = torch.bmm(upper, values[i].transpose(1, 2)).flatten(1)
        gradient = [weight, upper.sum(dim=2), *gradient]
        if i:
            upper = torch.bmm(parameters[2 * i].transpose(1, 2), upper) * (values[i] > 0)
    return torch.cat(gradient, dim=1)


def _ascend(
    parameters: list[Tensor],
    x: Tensor,
    centre: Tensor,
    labels: Tensor,
    radius: float,
    step: float,
    p: Norm,
) -> Tensor:
    """One projected step of length `step` in l_p that lowers y f, from x, shape (B, d, m)."""
    _, values = _forward(parameters, x)
    upper = parameters[-2].transpose(1, 2) * (values[-1] > 0)
    for i in range(len(values) - 2, 0, -1):
        upper = torch.bmm(parameters[2 * i].transpose(1, 2), upper) * (values[i] > 0)
    slope = torch.bmm(parameters[0].transpose(1, 2), upper)
    if p is Norm.INF:
        x = x - step * labels[:, None, :] * slope.sign_()
        return torch.minimum(torch.maximum(x, centre - radius), centre + radius)
    length = slope.norm(dim=1, keepdim=True)
    slope = slope / torch.where(length > 0, length, 1.0)
    offset = x - step * labels[:, None, :] * slope - centre
    length = offset.norm(dim=1, keepdim=True)
    return centre + offset * (radius / torch.where(length > 0, length, 1.0)).clamp_max(1.0)


def _loss_slope(plan: Plan, output: Tensor, labels: Tensor) -> Tensor:
    """Derivative of the mean loss over the points by the output, shape (B, m)."""
    margin = labels * output
    if plan.loss is Loss.LOGISTIC:
        pull = torch.sigmoid(-margin)
    elif plan.loss is Loss.HINGE:
        pull = (margin < 1).to(margin.dtype)
    else:
        pull = 2 * (1 - margin).clamp_min(0)
    return -labels * pull / labels.shape[1]
