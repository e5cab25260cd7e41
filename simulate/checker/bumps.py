"""Sums of bumps, read off a network's weights, bounded over boxes; box bumps, p = inf, depth 3.

The form: f = sigma (sum_s c_s relu(g_s) - tau), sigma = +1 or -1, c_s, tau > 0. A bump counts only
near a box that may meet its support, a box outside which g_s <= 0.

Box bumps: g_s = beta_s - pen_s, where pen_s(x) is a sum of one-sided penalties w relu(a x_j + b),
w > 0, at most one for each axis and sign of a. Each is monotone, so its extremes are at box ends.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from robustsize.simulate.checker.forest import ProofError
from robustsize.simulate.checker.outward import UNIT_ROUNDOFF, Floats, down, sum_down, sum_up, up
from robustsize.simulate.networks.network import Network, Weight

Indices = NDArray[np.int64]

PAIRS = 2_000_000
"""Floats of one array held in memory at a time."""


class OtherFormError(ProofError):
    """The network does not have the form that an argument is about; the message says where."""


def entries(weight: Weight) -> sparse.csr_array:
    """The non-zero entries."""
    rows = sparse.csr_array(weight, copy=True)
    rows.eliminate_zeros()
    return rows


def single_inputs(network: Network) -> tuple[Indices, Floats]:
    """Axis and weight of each first-layer unit.

    Raises OtherFormError where a unit does not read exactly one coordinate.
    """
    rows = entries(network.weights[0])
    count = np.diff(rows.indptr)
    if (count != 1).any():
        at = int(np.argmax(count != 1))
        raise OtherFormError(f"first-layer unit {at} reads {count[at]} coordinates, not one")
    return rows.indices.astype(np.int64), rows.data


@dataclass(frozen=True, eq=False)
class Output:
    """The last layer, sigma (sum_s c_s h_s - tau): sigma, tau > 0 and c_s > 0."""

    sign: int
    threshold: float
    weight: Floats

    @classmethod
    def read(cls, network: Network) -> Output:
        """Raises OtherFormError where the signs are others."""
        row = entries(network.weights[-1]).toarray()[0]
        bias = float(network.biases[-1][0])
        sign = -1 if bias > 0 else 1
        wrong = row * sign <= 0
        if bias == 0 or wrong.any():
            at = f"bump {int(np.argmax(wrong))}" if wrong.any() else "the bias"
            raise OtherFormError(f"the output does not weigh the bumps against its bias: {at}")
        return cls(sign, abs(bias), np.abs(row))

    def least(
        self,
        label: int,
        boxes: tuple[Floats, Floats],
        supports: tuple[Floats, Floats],
        argument: Callable[[Indices, Indices, bool], Floats],
    ) -> Floats:
        """A lower bound on label * f over each box.

        argument(s, i, upper): an upper or lower bound on g_s over box i, for each pair.
        """
        upper = label != self.sign
        total = np.zeros(len(boxes[0]))
        for s, i in _meeting(*supports, *boxes):
            value = argument(s, i, upper)
            s, i, value = s[value > 0], i[value > 0], value[value > 0]
            terms = self.weight[s] * value
            terms = up(terms) if upper else np.maximum(down(terms), 0)
            # n terms >= 0 added up one by one lose at most n roundings of the sum.
            added: Floats = np.bincount(i, terms, minlength=len(total)).astype(np.float64)
            lost = up(4 * np.bincount(i, minlength=len(total)) * UNIT_ROUNDOFF * added)
            total = up(total + up(added + lost)) if upper else down(total + down(added - lost))
        return down(self.threshold - total) if upper else down(total - self.threshold)


def _meeting(
    low: Floats, high: Floats, other_low: Floats, other_high: Floats
) -> Iterator[tuple[Indices, Indices]]:
    """Blocks of pairs (i, j), among which are all whose boxes meet; a pair is in one block only.

    Both lists are halved, in any order, until the pairs fit a block; only what a comparison of ends
    shows to be apart is left out.
    """
    d = low.shape[1]
    stack = [(np.arange(len(low)), np.arange(len(other_low)), 0)]
    while stack:
        i, j, axis = stack.pop()
        if not (len(i) and len(j)):
            continue
        near = _meet(low[i], high[i], other_low[j].min(axis=0), other_high[j].max(axis=0))
        i = i[near.all(axis=1)]
        if not len(i):
            continue
        near = _meet(other_low[j], other_high[j], low[i].min(axis=0), high[i].max(axis=0))
        j = j[near.all(axis=1)]
        if 2 * d * len(i) * len(j) > PAIRS and max(len(i), len(j)) > 1:
            larger, ends = (i, low) if len(i) > len(j) else (j, other_low)
            halves = np.array_split(larger[np.argsort(ends[larger, axis], kind="stable")], 2)
            pairs = ((h, j) if larger is i else (i, h) for h in halves)
            stack += [(*pair, (axis + 1) % d) for pair in pairs]
        elif len(j):
            near = _meet(low[i, :1], high[i, :1], other_low[j, 0], other_high[j, 0])
            first, second = (part[at] for part, at in zip((i, j), np.nonzero(near), strict=True))
            for k in range(1, d):
                near = _meet(
                    low[first, k], high[first, k], other_low[second, k], other_high[second, k]
                )
                first, second = first[near], second[near]
            yield first, second


def _meet(low: Floats, high: Floats, other_low: Floats, other_high: Floats) -> NDArray[np.bool_]:
    """Whether the insides of intervals meet."""
    return np.asarray((low < other_high) & (high > other_low))


@dataclass(frozen=True, eq=False)
class BoxBumps:
    """The form above: beta of shape (S,), w, a and b of shape (2, S, d).

    [0] holds the penalties that rise (a > 0), [1] those that fall; w = 0 where there is none.
    """

    output: Output
    height: Floats
    penalty: Floats
    slope: Floats
    offset: Floats

    method = "structural: box bumps"

    @classmethod
    def read(cls, network: Network) -> BoxBumps:
        """Read the form off a network.

        Raises OtherFormError where it has another.
        """
        if network.depth != 3:
            raise OtherFormError(f"box bumps have depth 3, this network {network.depth}")
        axis, steep = single_inputs(network)
        output = Output.read(network)
        bumps = entries(network.weights[1]).tocoo()
        s, u = (index.astype(np.int64) for index in bumps.coords)
        if (bumps.data > 0).any():
            at = int(np.argmax(bumps.data > 0))
            raise OtherFormError(f"bump {s[at]} grows with one-sided unit {u[at]}")
        shape = (2, len(output.weight), network.input_dim)
        flat = np.ravel_multi_index(((steep[u] < 0).astype(np.int64), s, axis[u]), shape)
        if len(np.unique(flat)) < len(flat):
            raise OtherFormError("a bump has two sides in one direction")
        arrays = np.zeros((3, *shape))
        for array, values in zip(
            arrays, (-bumps.data, steep[u], network.biases[0][u]), strict=True
        ):
            array.ravel()[flat] = values
        return cls(output, network.biases[1], *arrays)

    def least(self, low: Floats, high: Floats, reach: Floats, label: int) -> Floats:
        """A lower bound on label * f over boxes widened by the l_2 ball of radius reach.

        The ball is taken as the box around it.
        """
        low, high = widened(low, high, reach)

        def argument(s: Indices, i: Indices, upper: bool) -> Floats:
            return self._argument(s, low[i], high[i], upper)

        return self.output.least(label, (low, high), self._supports(), argument)

    def _argument(self, s: Indices, low: Floats, high: Floats, upper: bool) -> Floats:
        """An upper or lower bound on g_s over each box, so a lower or upper one on pen_s."""
        outward, total = (down, sum_down) if upper else (up, sum_up)
        penalties = []
        for side, x in enumerate((low, high) if upper else (high, low)):
            z = outward(outward(self.slope[side, s] * x) + self.offset[side, s])
            penalties.append(outward(self.penalty[side, s] * np.maximum(z, 0)))
        penalty = total(np.concatenate(penalties, axis=1), axis=1)
        return up(self.height[s] - penalty) if upper else down(self.height[s] - penalty)

    def _supports(self) -> tuple[Floats, Floats]:
        """Ends, shape (S, d), from which on one penalty alone reaches beta; infinite for none."""
        room = up(np.maximum(self.height, 0.0)[:, None] / self.penalty)
        low = down(up(room[1] - self.offset[1]) / self.slope[1])
        high = up(up(room[0] - self.offset[0]) / self.slope[0])
        absent = self.penalty == 0
        low[absent[1]], high[absent[0]] = -np.inf, np.inf
        return low, high


def widened(low: Floats, high: Floats, reach: Floats) -> tuple[Floats, Floats]:
    """Boxes of shape (n, d) with reach, shape (n,), added on every side."""
    if not reach.any():
        return low, high
    return down(low - reach[:, None]), up(high + reach[:, None])
