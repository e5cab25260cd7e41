"""Where the CPU engine keeps networks and points: what its compiled code reads and writes."""

from __future__ import annotations

from itertools import accumulate, pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import DTypeLike, NDArray

from robustsize.simulate.train.batch import Array, Data, Layout
from robustsize.simulate.train.kernels import MAX_VECTORS
from robustsize.simulate.train.vectors import VECTOR_BYTES


class Blocks(NamedTuple):
    """Labelled sets in blocks of points, padded with points 0 of label 0, aligned to vectors.

    points: shape (S, blocks, d, n), n points in a block. labels: shape (S, blocks, n). vectors:
    how many hold the points; the last block may need fewer of them than the others.
    """

    points: Array
    labels: Array
    vectors: int


class Shape(NamedTuple):
    """How the compiled code lays out a network and a block.

    layers: shape (layers, 5): a layer's inputs and outputs, and in bytes where its parameters,
        what enters it, and the slopes of its sums start.
    places: shape (layout.size,), where each parameter lies: layer after layer, output after
        output, the weights and then the bias.
    length: vectors that the parameters take. rows: rows of a block: what enters each layer, over
        a row of ones; the slopes of each layer's sums, of which the last is the output's; the
        slopes by the input.
    """

    layers: NDArray[np.int64]
    places: NDArray[np.int64]
    length: int
    rows: int


def blocks(data: Data) -> Blocks:
    """The sets in as few blocks as hold them, of equal length."""
    sets, m, d = data.points.shape
    lanes = VECTOR_BYTES // data.points.itemsize
    vectors = -(-m // lanes)
    count = -(-vectors // MAX_VECTORS)
    length = lanes * -(-vectors // count)
    padded = np.zeros((sets, count * length, d), data.points.dtype)
    padded[:, :m] = data.points
    points = _aligned((sets, count, d, length), data.points.dtype)
    points[:] = padded.reshape(sets, count, length, d).transpose(0, 1, 3, 2)
    labels = _aligned((len(data.labels), count, length), data.labels.dtype)
    labels.reshape(len(labels), -1)[:, :m] = data.labels
    return Blocks(points, labels, vectors)


def shape(layout: Layout, data: Blocks) -> Shape:
    """The shape of networks of a layout on those blocks."""
    size, stride = data.points.itemsize, data.points.shape[-1] * data.points.itemsize
    pairs = list(pairwise(layout.widths))
    starts = list(accumulate((n * (k + 1) for k, n in pairs), initial=0))
    values = list(accumulate((k + 1 for k, _ in pairs), initial=0))
    slopes = list(accumulate((n for _, n in pairs), initial=values[-1]))
    layers = [
        (k, n, size * starts[i], stride * values[i], stride * slopes[i])
        for i, (k, n) in enumerate(pairs)
    ]
    inner = np.arange(starts[-1])
    places = []
    for i, (k, n) in enumerate(pairs):
        rows = inner[starts[i] : starts[i + 1]].reshape(n, k + 1)
        places += [rows[:, :k].reshape(-1), rows[:, k]]
    return Shape(
        np.array(layers, dtype=np.int64),
        np.concatenate(places).astype(np.int64),
        -(-starts[-1] * size // VECTOR_BYTES),
        slopes[-1] + layout.widths[0],
    )


def _aligned(dimensions: tuple[int, ...], dtype: DTypeLike) -> Array:
    """Zeros that start at a multiple of VECTOR_BYTES."""
    count, kind = int(np.prod(dimensions)), np.dtype(dtype)
    flat = np.zeros(count + VECTOR_BYTES // kind.itemsize, kind)
    first = -flat.ctypes.data % VECTOR_BYTES // kind.itemsize
    return flat[first : first + count].reshape(dimensions)
