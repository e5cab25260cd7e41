"""Layered ReLU networks: their size, their float and exact values, their file.

Source: Li et al. 2022, Section 2. Size counts non-zero weights and non-zero biases.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse

from robustsize.simulate.whole_file import whole_file

Weight: TypeAlias = NDArray[np.float64] | sparse.csr_array


@dataclass(frozen=True, eq=False)
class Network:
    """A ReLU network R^d -> R, affine maps with a ReLU between each two; its sign is the label.

    weights[i] has shape (n_i, n_{i-1}), dense or CSR; biases[i] has shape (n_i,); n_0 = d and the
    last n_i is 1. All float64 and finite.

    Raises ValueError where shapes do not chain or an entry is not finite.
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
            entries = weight.data if sparse.issparse(weight) else weight
            if not (np.isfinite(entries).all() and np.isfinite(bias).all()):
                raise ValueError(f"layer {i} holds a weight or bias that is not a finite number")
            width = weight.shape[0]
        if width != 1:
            raise ValueError(f"the last layer has {width} outputs; a classifier has 1")

    @classmethod
    def of(cls, layers: Sequence[tuple[ArrayLike | sparse.sparray, ArrayLike]]) -> Network:
        """Build a network from (weight, bias) pairs, first layer first; copies the arrays."""
        weights = tuple(
            sparse.csr_array(w, dtype=np.float64)
            if sparse.issparse(w)
            else np.array(w, dtype=np.float64)
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
        return np.asarray(self.weights[-1] @ h + self.biases[-1][:, None])[0]

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
        arrays: dict[str, NDArray] = {"depth": np.array(self.depth)}
        for i, (weight, bias) in enumerate(zip(self.weights, self.biases, strict=True)):
            rows = sparse.csr_array(weight)
            arrays |= {
                f"shape{i}": np.array(weight.shape),
                f"data{i}": rows.data,
                f"indices{i}": rows.indices,
                f"indptr{i}": rows.indptr,
                f"bias{i}": bias,
            }
        buffer = io.BytesIO()
        np.savez_compressed(buffer, **arrays)  # type: ignore[arg-type]
        with whole_file(path) as partial:
            partial.write_bytes(buffer.getvalue())

    @classmethod
    def load(cls, path: Path) -> Network:
        """Read what `save` wrote.

        Raises ValueError, naming the file, where it is not such a file.
        """
        try:
            with path.open("rb") as file, np.load(file, allow_pickle=False) as f:
                layers = [
                    (
                        sparse.csr_array(
                            (f[f"data{i}"], f[f"indices{i}"], f[f"indptr{i}"]),
                            shape=tuple(f[f"shape{i}"]),
                        ),
                        f[f"bias{i}"],
                    )
                    for i in range(int(f["depth"]))
                ]
        except (KeyError, ValueError, EOFError, zipfile.BadZipFile, IndexError) as error:
            raise ValueError(f"{path} is not a network file: {error}") from error
        dense = all(w.shape[0] * w.shape[1] <= DENSE_ENTRIES for w, _ in layers)
        return cls.of([(w.toarray() if dense else w, b) for w, b in layers])


DENSE_ENTRIES = 1_000_000
"""Layers with more entries than this stay sparse when a file is read."""
