"""Many networks side by side: flat padded parameters, masks, random initialisation.

A network's parameters lie in one vector: layer after layer, weight (row-major) before bias. Those
of one batch share a padded layout; a padded parameter is masked to zero, so it neither counts nor
changes any value.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from math import prod

import numpy as np
from numpy.typing import NDArray

from robustsize.simulate.networks.network import Network
from robustsize.simulate.train.plan import Plan

Array = NDArray[np.floating]

TILE = 4
"""Hidden widths are padded to a multiple of this, the height of a kernel's register tile."""


@dataclass(frozen=True)
class Layout:
    """Where the parameters of a network with the given layer widths lie in its flat vector.

    widths: d, the hidden widths, 1.
    """

    widths: tuple[int, ...]

    @cached_property
    def shapes(self) -> tuple[tuple[int, ...], ...]:
        """Shapes of the blocks: weight and bias of layer 1, weight and bias of layer 2, ..."""
        return tuple(s for k, n in pairwise(self.widths) for s in ((n, k), (n,)))

    @cached_property
    def offsets(self) -> tuple[int, ...]:
        """Where each block starts; the last entry is the length of the vector."""
        return tuple(np.cumsum([0, *(prod(s) for s in self.shapes)]).tolist())

    @property
    def size(self) -> int:
        """Length of the flat vector."""
        return self.offsets[-1]

    def blocks(self, flat: Array) -> list[Array]:
        """Views of the blocks of `flat`, shape (..., size), as arrays (..., *block shape)."""
        return [
            flat[..., a:b].reshape(*flat.shape[:-1], *shape)
            for (a, b), shape in zip(pairwise(self.offsets), self.shapes, strict=True)
        ]

    def padded(self) -> Layout:
        """The layout with every hidden width rounded up to a multiple of TILE."""
        d, *hidden, _ = self.widths
        return Layout((d, *(-(-n // TILE) * TILE for n in hidden), 1))

    def positions_in(self, padded: Layout) -> NDArray[np.intp]:
        """Where in a vector of layout `padded` each parameter of this one goes, (size,)."""
        index = padded.blocks(np.arange(padded.size, dtype=np.float64))
        kept = [
            block[tuple(map(slice, shape))].reshape(-1)
            for block, shape in zip(index, self.shapes, strict=True)
        ]
        return np.concatenate(kept).astype(np.intp)


@dataclass(frozen=True)
class Data:
    """The labelled sets that networks learn.

    points: shape (S, m, d) or (1, m, d), shared. labels: shape (S, m) or (1, m), each -1 or +1.
    """

    points: Array
    labels: Array

    def of(self, task: NDArray[np.intp]) -> tuple[Array, Array]:
        """Points (B, m, d) and labels (B, m) of the sets that the rows of task (B,) name."""
        return (
            self.points[task if len(self.points) > 1 else np.zeros_like(task)],
            self.labels[task if len(self.labels) > 1 else np.zeros_like(task)],
        )


@dataclass(frozen=True)
class Batch:
    """B networks of one padded layout in training, with Adam's moments; arrays change in place.

    parameters, mask, first, second: shape (B, layout.size), of the training precision.
    task: shape (B,), the labelled set that each network learns.
    """

    layout: Layout
    parameters: Array
    mask: Array
    first: Array
    second: Array
    task: NDArray[np.intp]

    def __len__(self) -> int:
        return len(self.parameters)

    def take(self, rows: NDArray[np.bool_]) -> Batch:
        """The networks of the chosen rows, copied."""
        names = ("parameters", "mask", "first", "second", "task")
        return replace(self, **{name: getattr(self, name)[rows] for name in names})


def new_batch(
    starts: Sequence[tuple[int, ...] | Network],
    ids: NDArray[np.integer],
    task: NDArray[np.intp],
    data: Data,
    plan: Plan,
) -> Batch:
    """A batch of networks whose layouts share one padding.

    A tuple of hidden widths is drawn at random (see `draw`); a Network starts as it is and its
    zero weights stay zero.
    """
    d = data.points.shape[-1]
    layouts = [layout_of(start, d) for start in starts]
    padded = layouts[0].padded()
    positions = {layout: layout.positions_in(padded) for layout in set(layouts)}
    parameters = np.zeros((len(starts), padded.size))
    mask = np.zeros_like(parameters)
    for i, (start, layout) in enumerate(zip(starts, layouts, strict=True)):
        if isinstance(start, Network):
            values = flat_parameters(start)
            kept: Array = (values != 0).astype(np.float64)
        else:
            points, _ = data.of(task[i : i + 1])
            values = draw(layout, points[0], plan.training_radius, plan.seed, int(ids[i]))
            kept = np.ones(layout.size)
        parameters[i, positions[layout]] = values
        mask[i, positions[layout]] = kept
    parameters, mask = parameters.astype(plan.dtype), mask.astype(plan.dtype)
    return Batch(
        padded, parameters, mask, np.zeros_like(parameters), np.zeros_like(parameters), task
    )


def layout_of(start: tuple[int, ...] | Network, d: int) -> Layout:
    """The unpadded layout of a network with d inputs, or of hidden widths."""
    return Layout((d, *(start.widths if isinstance(start, Network) else start), 1))


def flat_parameters(network: Network) -> NDArray[np.float64]:
    """The parameters of a network as one vector, in the order of its layout."""
    weights = [w if isinstance(w, np.ndarray) else w.toarray() for w in network.weights]
    pairs = zip(weights, network.biases, strict=True)
    return np.concatenate([part.reshape(-1) for pair in pairs for part in pair])


def draw(
    layout: Layout, points: Array, radius: float, seed: int, identity: int
) -> NDArray[np.float64]:
    """Random parameters of one network, shape (layout.size,).

    They depend on (seed, identity), the layout, points and radius only: Philox, a counter-based
    generator, with that key. Weights are uniform with He's variance, four times it in the first
    layer and a tenth of 1/width in the last; the bias of a hidden unit puts its kink through a
    random point of the bounding box of the points' balls, so that few units start dead or linear.
    """
    random = np.random.Generator(np.random.Philox(key=[seed, identity]))
    low, high = points.min(axis=0) - radius, points.max(axis=0) + radius
    layers: list[tuple[NDArray[np.float64], NDArray[np.float64]]] = []
    *hidden, last = pairwise(layout.widths)
    for i, (k, n) in enumerate(hidden):
        weight = random.uniform(-1, 1, (n, k)) * np.sqrt(3 * (2 if i else 8) / k)
        anchor = low + (high - low) * random.uniform(0, 1, (n, len(low)))
        for below, bias in layers:
            anchor = np.maximum(anchor @ below.T + bias, 0.0)
        layers.append((weight, -(weight * anchor).sum(axis=1)))
    layers.append((random.uniform(-1, 1, last[::-1]) * np.sqrt(0.3 / last[0]), np.zeros(1)))
    return np.concatenate([part.reshape(-1) for layer in layers for part in layer])
