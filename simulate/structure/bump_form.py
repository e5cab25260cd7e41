"""What the structural arguments share: a layer's form, and sums of bumps rounded outwards."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from robustsize.simulate.network import Network

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]

UNIT_ROUNDOFF = 2.0**-53
PAIRS = 4_000_000
"""Floats of one array held in memory at a time."""


class OtherFormError(ValueError):
    """The network does not have the form that an argument is about; the message says where."""


def single_inputs(network: Network) -> tuple[Indices, Floats]:
    """Axis and weight of each first-layer unit.

    Raises OtherFormError where a unit does not read exactly one coordinate.
    """
    rows = sparse.csr_array(network.weights[0])
    rows.eliminate_zeros()
    count = np.diff(rows.indptr)
    if (count != 1).any():
        at = int(np.argmax(count != 1))
        raise OtherFormError(f"first-layer unit {at} reads {count[at]} coordinates, not one")
    return rows.indices.astype(np.int64), rows.data


def output_form(network: Network) -> tuple[int, float, Floats]:
    """The output sigma (sum_s c_s h_s - tau) as sigma, tau > 0 and c_s > 0.

    Raises OtherFormError where the signs are others.
    """
    weight = network.weights[-1]
    row = (weight if isinstance(weight, np.ndarray) else weight.toarray())[0]
    bias = float(network.biases[-1][0])
    sign = -1 if bias > 0 else 1
    wrong = row * sign <= 0
    if bias == 0 or wrong.any():
        at = f"bump {int(np.argmax(wrong))}" if wrong.any() else "the bias"
        raise OtherFormError(f"the output does not weigh the bumps against its bias: {at}")
    return sign, abs(bias), np.abs(row)


def add_bumps(totals: Floats, at: Indices, weight: Floats, value: Floats, outwards: int) -> None:
    """Add weight * relu(value) to totals[at], rounded up (outwards = 1) or down (-1).

    All terms are >= 0, so n additions lose at most n + 2 roundings of the sum, far below 1e-9 of
    it.
    """
    terms = weight * np.maximum(value, 0.0) * (1 + outwards * 1e-9)
    totals += np.bincount(at, weights=terms, minlength=len(totals))
