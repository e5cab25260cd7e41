"""Layered ReLU networks: their size, their float and exact values, their file.

Source: Li et al. 2022, Section 2. Size counts non-zero weights and non-zero biases.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse

from robustsize.simulate.system import files
from robustsize.simulate.system.files import Arrays, exact_float64

Weight: TypeAlias = NDArray[np.float64] | sparse.csr_array


@dataclass(frozen=True, eq=False)
class Network:
    """A ReLU network R^d -> R, affine maps with a ReLU between each two; its sign is the label.

    weights[i] has shape (n_i, n_{i-1}), dense or CSR; biases[i] has shape (n_i,); n_0 = d and the
    last n_i is 1. All float64 and finite; each entry of a CSR matrix is stored once.

    Raises ValueError where shapes do not chain, an entry is not finite or a CSR matrix is not one.
    """

    weights: tuple[Weight, ...]
    biases: tuple[NDArray[np.float64], ...]

    def __post_init__(self) -> None:
        if not self.weights or len(self.weights) != len(self.biases):
            raise ValueError("a network needs one bias vector for each weight matrix, at least one")
        width = self.weights[0].shape[1]
        for i, (weight, bias) in enumerate(zip(self.weights, self.biases, strict=True), start=1):
            if weight.ndim != 2 or weight.shape[1] != width or bias.shape != (weight.shape[0],):
                raise ValueError(
                    f"layer {i}: weight {weight.shape} and bias {bias.shape} do not follow a layer "
                    f"of width {width}"
                )
            if sparse.issparse(weight):
                _check_sparse(weight, f"layer {i}")
            entries = weight.data if sparse.issparse(weight) else weight
            if np.asarray(entries).dtype != np.float64 or bias.dtype != np.float64:
                raise ValueError(f"layer {i}: weights and biases are float64; see Network.of")
            if not (np.isfinite(entries).all() and np.isfinite(bias).all()):
                raise ValueError(f"layer {i} holds a weight or bias that is not a finite number")
            width = weight.shape[0]
        if width != 1:
            raise ValueError(f"the last layer has {width} outputs; a classifier has 1")

    @classmethod
    def of(cls, layers: Sequence[tuple[ArrayLike | sparse.sparray, ArrayLike]]) -> Network:
        """Build a network from (weight, bias) pairs, first layer first; copies the arrays."""
        weights = tuple(
            _sorted_copy(w) if sparse.issparse(w) else np.array(w, dtype=np.float64)
            for w, _ in layers
        )
        return cls(weights, tuple(np.array(b, dtype=np.float64) for _, b in layers))

    @property
    def input_dim(self) -> int:
        """Dimension d of the input."""
        return int(self.weights[0].shape[1])

    @property
    def depth(self) -> int:
        """Number L of affine layers."""
        return len(self.weights)

    @property
    def widths(self) -> tuple[int, ...]:
        """Units in each hidden layer."""
        return tuple(int(w.shape[0]) for w in self.weights[:-1])

    @property
    def size(self) -> int:
        """Number n of non-zero weights and non-zero biases."""
        entries = [w if isinstance(w, np.ndarray) else w.data for w in self.weights]
        return sum(int(np.count_nonzero(part)) for part in (*entries, *self.biases))

    def __call__(self, x: ArrayLike) -> NDArray[np.float64]:
        """Values in float64 at the rows of x, shape (m, d); returns shape (m,)."""
        h = np.asarray(x, dtype=np.float64).T
        for weight, bias in zip(self.weights[:-1], self.biases[:-1], strict=True):
            h = np.maximum(weight @ h + bias[:, None], 0.0)
        return np.asarray((self.weights[-1] @ h + self.biases[-1][:, None])[0])

    def exact(self, x: Sequence[Fraction]) -> Fraction:
        """The value at one point in rational arithmetic, the float weights taken as they are."""
        h = list(x)
        for i, (weight, bias) in enumerate(zip(self.weights, self.biases, strict=True)):
            rows = sparse.csr_array(weight)
            out = [Fraction(float(b)) for b in bias]
            for j in range(len(out)):
                for at in range(rows.indptr[j], rows.indptr[j + 1]):
                    out[j] += Fraction(float(rows.data[at])) * h[rows.indices[at]]
            h = out if i == self.depth - 1 else [max(v, Fraction(0)) for v in out]
        return h[0]

    def without_dead_parts(self) -> Network:
        """The same function less the units that no input can make matter.

        A hidden unit goes when all its outgoing weights are zero, or when it is a constant (no
        incoming weight), its constant moving to the next layer's bias.
        """
        weights = [w.copy() if isinstance(w, np.ndarray) else w.toarray() for w in self.weights]
        biases = [b.copy() for b in self.biases]
        for _ in range(self.depth):
            for i in range(self.depth - 1):
                constant = ~weights[i].any(axis=1)
                moved = weights[i + 1][:, constant] @ np.maximum(biases[i][constant], 0.0)
                biases[i + 1] += moved
                keep = ~constant & weights[i + 1].any(axis=0)
                if keep.all():
                    continue
                weights[i], biases[i] = weights[i][keep], biases[i][keep]
                weights[i + 1] = weights[i + 1][:, keep]
        return Network(tuple(weights), tuple(biases))

    def save(self, path: Path) -> None:
        """Write an .npz file (arrays only, no pickle), complete or not at all."""
        arrays: dict[str, NDArray[Any]] = {"depth": np.array(self.depth)}
        for i, (weight, bias) in enumerate(zip(self.weights, self.biases, strict=True)):
            rows = sparse.csr_array(weight)
            parts = (np.array(weight.shape), rows.data, rows.indices, rows.indptr, bias)
            arrays |= dict(zip(_names(i), parts, strict=True))
        files.write_bytes(path, files.pack_arrays(arrays))

    @classmethod
    def load(cls, path: Path) -> Network:
        """Read what `save` wrote.

        Raises ValueError, naming the file, where it is not such a file; OSError where there is no
        such file.
        """
        try:
            return cls.of(_layers(files.unpack_arrays(files.read_bytes(path))))
        except ValueError as error:
            raise ValueError(f"{path} is not a network file: {error}") from error


DENSE_ENTRIES = 1_000_000
"""Layers with more entries than this stay sparse when a file is read."""

MOST_UNITS = 1 << 31
"""A layer of a file has at most so many inputs and outputs."""


def _sorted_copy(weight: sparse.sparray) -> sparse.csr_array:
    rows = sparse.csr_array(weight, dtype=np.float64, copy=True)
    rows.sort_indices()
    return rows


_PARTS = ("shape", "data", "indices", "indptr", "bias")


def _names(i: int) -> list[str]:
    """The names under which a file holds layer i."""
    return [f"{part}{i}" for part in _PARTS]


def _layers(arrays: Arrays) -> list[tuple[Weight, NDArray[np.float64]]]:
    """The layers of a file's arrays, large ones sparse.

    Raises ValueError where the arrays are not exactly those of a network.
    """
    depth, rest = divmod(len(arrays) - 1, len(_PARTS))
    expected = {"depth", *(name for i in range(depth) for name in _names(i))}
    if rest or depth < 1 or set(arrays) != expected:
        raise ValueError("it does not hold depth and the five arrays of each layer")
    if arrays["depth"].shape or arrays["depth"].dtype.kind not in "iu" or arrays["depth"] != depth:
        raise ValueError(f"depth is not {depth}, the number of layers it holds")
    layers = [_layer([arrays[n] for n in _names(i)], f"layer {i + 1}") for i in range(depth)]
    if all(weight.shape[0] * weight.shape[1] <= DENSE_ENTRIES for weight, _ in layers):
        return [(weight.toarray(), bias) for weight, bias in layers]
    return list(layers)


def _layer(parts: list[NDArray[Any]], layer: str) -> tuple[sparse.csr_array, NDArray[np.float64]]:
    """The weight and the bias in the five arrays of a layer, in the order of _PARTS."""
    shape, data, indices, indptr, bias = parts
    if any(part.ndim != 1 for part in parts):
        raise ValueError(f"{layer}: its arrays do not have one dimension each")
    if any(part.dtype.kind not in "iu" for part in (shape, indices, indptr)):
        raise ValueError(f"{layer}: shape, indices and indptr are not integers")
    if len(shape) != 2 or not all(1 <= int(side) <= MOST_UNITS for side in shape):
        raise ValueError(f"{layer}: no layer has the shape {shape.tolist()[:4]}")
    rows, columns = map(int, shape)
    if len(indptr) != rows + 1 or len(indices) != len(data):
        raise ValueError(f"{layer}: indptr or indices do not have the length of its matrix")
    if int(indptr[0]) != 0 or int(indptr[-1]) != len(data) or (indptr[1:] < indptr[:-1]).any():
        raise ValueError(f"{layer}: indptr does not rise from 0 to the number of entries")
    if len(indices) and not 0 <= int(indices.min()) <= int(indices.max()) < columns:
        raise ValueError(f"{layer}: a column index is outside 0..{columns - 1}")
    entries = exact_float64(data, layer), indices.astype(np.int64), indptr.astype(np.int64)
    weight = sparse.csr_array(entries, shape=(rows, columns))
    _check_sparse(weight, layer)
    return weight, exact_float64(bias, layer)


def _check_sparse(weight: sparse.csr_array, layer: str) -> None:
    """Raise ValueError where the indices of a CSR matrix are out of range, unsorted or repeated."""
    if weight.format != "csr":
        raise ValueError(f"{layer}: a sparse weight matrix is CSR, not {weight.format}")
    try:
        weight.check_format(full_check=True)
    except ValueError as error:
        raise ValueError(f"{layer}: {error}") from error
    if not sparse.csr_array(
        (weight.data, weight.indices, weight.indptr), shape=weight.shape
    ).has_canonical_format:
        raise ValueError(f"{layer}: column indices are unsorted or repeated within a row")
