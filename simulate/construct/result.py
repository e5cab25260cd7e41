"""What every builder returns, and what they share in laying out layers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import sympy as sp
from scipy import sparse

from robustsize.bounds.arithmetic import balls
from robustsize.bounds.symbols import Values
from robustsize.simulate.data.instance import Norm
from robustsize.simulate.data.regions import Region
from robustsize.simulate.networks.network import DENSE_ENTRIES, Network, Weight


@dataclass(frozen=True, eq=False)
class Construction:
    """A network built for a guarantee, with its size by formula.

    id: the theorem. network: the network. formula_size: the exact formula of
    `bounds.counting.construction_size` at this network's numbers, equal to network.size.
    form_size: at most
    what this form costs on sets of as many cells, points or balls, at least that. cells: bumps, or
    a staircase's label changes. p, radius: the guarantee, a perturbation of l_p norm at most radius
    keeps the label +1 on all of `positive` and -1 on all of `negative` (None: the empty set). form:
    which of the theorem's constructions this is.
    """

    id: str
    form: str
    network: Network
    formula_size: int
    form_size: int
    cells: int
    p: Norm
    radius: Fraction
    positive: Region | None
    negative: Region | None

    @property
    def depth(self) -> int:
        """Number L of affine layers."""
        return self.network.depth

    @property
    def size(self) -> int:
        """Non-zero weights and biases, counted on the network."""
        return self.network.size


def as_int(size: sp.Expr) -> int:
    """The value of a size formula at numbers.

    Raises ValueError where symbols are left in it.
    """
    if not size.is_Integer:
        raise ValueError(f"{size} is not an integer")
    return int(size)


def whole(formula: sp.Expr, values: Values) -> int:
    """The exact value of a formula of the theory at parameters.

    Raises ValueError where it is too large to be held exactly.
    """
    value = balls.certain(formula, values)
    if not isinstance(value, Fraction) or value.denominator != 1:
        raise ValueError(f"{sp.sstr(formula)} has no exact whole value at these parameters")
    return int(value)


def matrix(
    shape: tuple[int, int], entries: Iterable[tuple[int, int, float]] | tuple[np.ndarray, ...]
) -> Weight:
    """A weight matrix from (row, column, value) triples or three arrays; CSR where large."""
    if isinstance(entries, tuple):
        rows, columns, values = entries
    else:
        triples = list(entries)
        rows = np.array([t[0] for t in triples], dtype=np.int64)
        columns = np.array([t[1] for t in triples], dtype=np.int64)
        values = np.array([t[2] for t in triples], dtype=np.float64)
    weight = sparse.csr_array((values, (rows, columns)), shape=shape, dtype=np.float64)
    return weight if shape[0] * shape[1] > DENSE_ENTRIES else weight.toarray()


def constant_network(d: int, label: int) -> Network:
    """The constant +1 or -1 on R^d, one parameter."""
    return Network.of([(np.zeros((1, d)), [float(label)])])
