"""Linear bounds of a ReLU network over a box cut by a ball, compiled, rounding errors bounded.

The bounds are those of CROWN (Zhang et al. 2018): each unstable ReLU is replaced by a line below
and a line above it, and coefficients are propagated back to the input.

Rounding. Let u = 2^-53, N the number of hidden units, L the depth, d the input dimension. Over the
root region write X_i = max abs(x_i) and let Z be the values of the network whose weights and biases
are replaced by their absolute values, at X, without ReLU. Whatever slopes in [0, 1] are chosen, the
coefficients a_k met on the way back from unit j satisfy sum_k abs(a_k) Z_k <= Z_j in each layer,
because that is the same recursion as Z. A coefficient is a sum of at most n_s products, off by
at most gamma_{n_s+2} relative to the sum of their absolute values; the constant is a sum of at most
2N+d+1 terms whose absolute values add up to at most (L+1) Z_j; the last step adds d+3 more. So the
computed bound of unit j is off by at most E_j = 8 u (L+1) (N+d+8) Z_j, wherever in the root region
the node lies and in whatever order the sums are taken. E_j is computed once, and taken off each
bound. Underflow, of squares too, adds at most 2^-500 (1 + sum X + sum Z); overflow is refused
beforehand. An upper line's intercept is rounded up on its own.
"""

from __future__ import annotations

from itertools import accumulate
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from robustsize.simulate.certify.compiled import compiled, inner
from robustsize.simulate.networks.network import Network

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

UNIT_ROUNDOFF = 2.0**-53
_ROUND_UP = 1.0 + 16.0 * UNIT_ROUNDOFF
_LARGEST = 1e150


class FlatNetwork(NamedTuple):
    """A network in flat arrays, so that one compiled program serves each depth.

    sizes: n_0..n_L. at[t], first[t]: where layer t's weights (row-major) and biases begin, t >= 1;
    first[t] + k is also the number of hidden unit k of layer t.
    """

    sizes: Integers
    at: Integers
    first: Integers
    weights: Floats
    biases: Floats


class Workspace(NamedTuple):
    """Buffers of a search: relaxation lines, back-propagated coefficients, units' linear bounds.

    transposed: the layers' weights column by column, at the same places as in the network.
    """

    transposed: Floats
    upper_slope: Floats
    upper_shift: Floats
    lower_slope: Floats
    coefficient: Floats
    below: Floats
    above: Floats
    current: Floats
    following: Floats
    rows: Integers
    vectors: Floats
    gradient: Floats
    point: Floats
    base: Floats
    values: Floats
    z: Floats
    kept: Floats


def flatten(network: Network) -> FlatNetwork:
    """Copy a network, sparse layers made dense."""
    dense = [w if isinstance(w, np.ndarray) else w.toarray() for w in network.weights]
    shape = [network.input_dim, *map(len, dense)]
    places = [0, *accumulate((w.size for w in dense[:-1]), initial=0)]
    sizes, at, first = np.array([shape, places, [0, *accumulate(shape[1:-1], initial=0)]])
    entries = np.concatenate([*(w.reshape(-1) for w in dense), *network.biases])
    count = len(entries) - int(first[-1]) - 1
    return FlatNetwork(sizes, at, first, entries[:count], entries[count:])


@inner
def _absolute_values(net, inputs, rate):  # type: ignore[no-untyped-def]
    """Values of all units, the output last, with absolute weights and no ReLU, rounded up."""
    last = len(net.sizes) - 1
    found = np.empty(net.first[last] + 1)
    before = inputs
    for t in range(1, last + 1):
        size, below, first = net.sizes[t], net.sizes[t - 1], net.first[t]
        for k in range(size):
            row, total = net.at[t] + k * below, abs(net.biases[first + k])
            for i in range(below):
                total += abs(net.weights[row + i]) * before[i]
            found[first + k] = total * (1.0 + rate)
        before = found[first : first + size]
    return found


@compiled
def rounded(low, high):  # type: ignore[no-untyped-def]
    """A box outwards and inwards, by what its ends may be off, and whether the latter is empty.

    They were found by a subtraction of rounded numbers at most as large as the larger end.
    """
    lower, upper = np.empty_like(low), np.empty_like(low)
    inner_lower, inner_upper = np.empty_like(low), np.empty_like(low)
    hollow = False
    for i in range(len(low)):
        off = 4.0 * UNIT_ROUNDOFF * max(abs(low[i]), abs(high[i])) + 2.0**-1070
        lower[i], inner_lower[i] = low[i] - off, low[i] + off
        upper[i], inner_upper[i] = high[i] + off, high[i] - off
        hollow = hollow or inner_lower[i] > inner_upper[i]
    return lower, upper, inner_lower, inner_upper, hollow


@compiled
def magnitudes(net, lower, upper):  # type: ignore[no-untyped-def]
    """X of a box, Z of the hidden units, and E of the hidden units and the output.

    E is infinite where the values come near the largest float.
    """
    largest_input = np.maximum(np.abs(lower), np.abs(upper))
    last = len(net.sizes) - 1
    total = net.first[last] + net.sizes[0] + 8
    rate = 8.0 * UNIT_ROUNDOFF * (last + 1) * total
    # inputs of at least 1 make this a bound on the coefficients too
    largest = _absolute_values(net, np.maximum(largest_input, 1.0), rate).sum()
    every = _absolute_values(net, largest_input * (1.0 + rate), rate)
    tiny = 2.0**-500 * (1.0 + every.sum() + largest_input.sum())
    error = (every * rate + tiny) * (1.0 + rate)
    if not largest + largest_input.sum() < _LARGEST or rate > 1e-3:
        error[:] = np.inf
    return largest_input, every[:-1], error


@compiled
def workspace(net):  # type: ignore[no-untyped-def]
    """Allocate the buffers for one network."""
    d = net.sizes[0]
    units = net.first[len(net.sizes) - 1]
    widest = net.sizes.max()
    transposed = np.empty_like(net.weights)
    for t in range(1, len(net.sizes)):
        size, below = net.sizes[t], net.sizes[t - 1]
        for k in range(size):
            for i in range(below):
                transposed[net.at[t] + i * size + k] = net.weights[net.at[t] + k * below + i]
    return Workspace(
        transposed,
        np.empty(units),
        np.empty(units),
        np.empty(units),
        np.empty(units),
        np.empty((units, d + 1)),
        np.empty((units, d + 1)),
        np.empty((widest, 2 * widest)),
        np.empty((widest, 2 * widest)),
        np.empty(widest, np.int64),
        np.empty((4, 2 * widest)),
        np.empty(d + 1),
        np.empty(d),
        np.empty(d),
        np.empty((2, widest)),
        np.empty(units),
        np.empty(units + 1),
    )


@inner
def _set_lines(zl, zu, start, stop, work):  # type: ignore[no-untyped-def]
    """Lines below and above the ReLU of each unit on [zl, zu]."""
    for unit in range(start, stop):
        low, high = zl[unit], zu[unit]
        work.upper_shift[unit] = 0.0
        if low >= 0.0 or high <= 0.0:
            slope = 0.0 if high <= 0.0 else 1.0
            work.upper_slope[unit] = slope
            work.lower_slope[unit] = slope
        else:
            slope = min(high / (high - low), 1.0)
            work.upper_slope[unit] = slope
            # the line must lie above (low, 0) and (high, high), whatever the slope was rounded to
            work.upper_shift[unit] = max(-slope * low, (1.0 - slope) * high) * _ROUND_UP
            work.lower_slope[unit] = 1.0 if high > -low else 0.0


@inner
def _first_layer(net, ball, lo, hi, zl, zu, split, work):  # type: ignore[no-untyped-def]
    """Bounds of the first layer's undecided units; False where the region is empty."""
    d = net.sizes[0]
    if len(net.sizes) == 2:
        return True
    for k in range(net.sizes[1]):
        if split[k] == 0.0 and (zl[k] >= 0.0 or zu[k] <= 0.0):
            continue
        low = high = net.biases[k]
        middle, norm = low, 0.0
        for i in range(d):
            a = net.weights[k * d + i]
            work.below[k, i] = a
            work.above[k, i] = a
            low += a * (lo[i] if a > 0.0 else hi[i])
            high += a * (hi[i] if a > 0.0 else lo[i])
            if ball.euclidean:
                middle += a * ball.centre[i]
                norm += a * a
        work.below[k, d] = net.biases[k]
        work.above[k, d] = net.biases[k]
        if ball.euclidean:
            spread = ball.radius * np.sqrt(norm)
            low, high = max(low, middle - spread), min(high, middle + spread)
        zl[k] = max(zl[k], low - ball.error[k])
        zu[k] = min(zu[k], high + ball.error[k])
        if zl[k] > zu[k]:
            return False
    _set_lines(zl, zu, 0, net.sizes[1], work)
    return True


@inner
def _relax_back(net, s, count, zl, zu, current, following, work):  # type: ignore[no-untyped-def]
    """Take the coefficients of `count` rows from the outputs of layer s to those of layer s-1.

    Column j of `current` is a row, a function of the layer's outputs; what becomes of it is below.
    """
    below = net.sizes[s - 1]
    constants, taken = work.vectors[0], work.vectors[1]
    following[:below, :count] = 0.0
    for k in range(net.sizes[s]):
        unit = net.first[s] + k
        if zu[unit] <= 0.0:
            continue
        bias, row = net.biases[unit], current[k]
        if zl[unit] >= 0.0:
            for j in range(count):
                taken[j] = row[j]
                constants[j] += row[j] * bias
        else:
            steep, flat = work.upper_slope[unit], work.lower_slope[unit]
            shift = work.upper_shift[unit]
            for j in range(count):
                a = row[j]
                g = a * (flat if a > 0.0 else steep)
                taken[j] = g
                constants[j] += g * bias + min(a, 0.0) * shift
        start = net.at[s] + k * below
        for i in range(below):
            w = net.weights[start + i]
            if w != 0.0:
                into = following[i]
                for j in range(count):
                    into[j] += taken[j] * w


@inner
def _concretise(ball, count, lo, hi, rows, work):  # type: ignore[no-untyped-def]
    """Least values of the rows' linear functions over box and ball, into work.vectors[2]."""
    constants, least = work.vectors[0], work.vectors[2]
    middle, square = work.vectors[1], work.vectors[3]
    least[:count] = constants[:count]
    for i in range(len(lo)):
        row, low, high = rows[i], lo[i], hi[i]
        for j in range(count):
            a = row[j]
            least[j] += a * (low if a > 0.0 else high)
    if ball.euclidean:
        middle[:count] = constants[:count]
        square[:count] = 0.0
        for i in range(len(lo)):
            row, centre = rows[i], ball.centre[i]
            for j in range(count):
                square[j] += row[j] * row[j]
                middle[j] += row[j] * centre
        for j in range(count):
            least[j] = max(least[j], middle[j] - ball.radius * np.sqrt(square[j]))


@inner
def hidden_bounds(net, ball, lo, hi, zl, zu, split, work):  # type: ignore[no-untyped-def]
    """Tighten zl, zu, rigorous bounds of each pre-activation over a node's region.

    Only undecided units and those with a split are computed; of these work.below and work.above
    receive linear bounds in x (d coefficients and a constant), each off by at most ball.error.
    An upper bound is a lower one of the negated row. Returns False where the region is proved
    empty.
    """
    if not _first_layer(net, ball, lo, hi, zl, zu, split, work):
        return False
    d = net.sizes[0]
    for t in range(2, len(net.sizes) - 1):
        start, count = net.first[t], 0
        for k in range(net.sizes[t]):
            unit = start + k
            if split[unit] != 0.0 or (zl[unit] < 0.0 and zu[unit] > 0.0):
                work.rows[count] = k
                count += 1
        if count:
            current, following, constants = work.current, work.following, work.vectors[0]
            previous = net.sizes[t - 1]
            for j in range(count):
                row = net.at[t] + work.rows[j] * previous
                constants[j] = net.biases[start + work.rows[j]]
                constants[count + j] = -constants[j]
                for k in range(previous):
                    current[k, j] = net.weights[row + k]
                    current[k, count + j] = -current[k, j]
            for s in range(t - 1, 0, -1):
                _relax_back(net, s, 2 * count, zl, zu, current, following, work)
                current, following = following, current
            _concretise(ball, 2 * count, lo, hi, current, work)
            for j in range(count):
                unit = start + work.rows[j]
                for i in range(d):
                    work.below[unit, i] = current[i, j]
                    work.above[unit, i] = -current[i, count + j]
                work.below[unit, d] = constants[j]
                work.above[unit, d] = -constants[count + j]
                zl[unit] = max(zl[unit], work.vectors[2, j] - ball.error[unit])
                zu[unit] = min(zu[unit], ball.error[unit] - work.vectors[2, count + j])
                if zl[unit] > zu[unit]:
                    return False
        _set_lines(zl, zu, start, start + net.sizes[t], work)
    return True


@inner
def output_bound(net, ball, zl, zu, work):  # type: ignore[no-untyped-def]
    """A linear function of x below sign * f, into work.gradient (d coefficients and a constant).

    Off by at most the last ball.error. work.coefficient receives the coefficients met at each
    hidden unit.
    """
    last = len(net.sizes) - 1
    current, following = work.values[0], work.values[1]
    for k in range(net.sizes[last - 1]):
        current[k] = ball.sign * net.weights[net.at[last] + k]
    constant = ball.sign * net.biases[net.first[last]]
    for s in range(last - 1, 0, -1):
        below = net.sizes[s - 1]
        following[:below] = 0.0
        for k in range(net.sizes[s]):
            unit = net.first[s] + k
            a = current[k]
            work.coefficient[unit] = a
            if zu[unit] <= 0.0 or a == 0.0:
                continue
            if zl[unit] >= 0.0:
                g = a
            elif a > 0.0:
                g = a * work.lower_slope[unit]
            else:
                g = a * work.upper_slope[unit]
                constant += a * work.upper_shift[unit]
            constant += g * net.biases[unit]
            start = net.at[s] + k * below
            for i in range(below):
                following[i] += g * net.weights[start + i]
        current, following = following, current
    d = net.sizes[0]
    work.gradient[:d] = current[:d]
    work.gradient[d] = constant


@inner
def _affine(net, t, current, following, work):  # type: ignore[no-untyped-def]
    """Layer t's pre-activations from the layer's inputs."""
    size = net.sizes[t]
    for k in range(size):
        following[k] = net.biases[net.first[t] + k]
    for i in range(net.sizes[t - 1]):
        h = current[i]
        if h != 0.0:
            start = net.at[t] + i * size
            for k in range(size):
                following[k] += work.transposed[start + k] * h


@compiled
def evaluate(net, sign, x, work):  # type: ignore[no-untyped-def]
    """The float value of sign * f at x; work.z receives the hidden pre-activations."""
    current, following = work.values[0], work.values[1]
    current[: len(x)] = x
    last = len(net.sizes) - 1
    for t in range(1, last + 1):
        _affine(net, t, current, following, work)
        if t < last:
            for k in range(net.sizes[t]):
                work.z[net.first[t] + k] = following[k]
                following[k] = max(following[k], 0.0)
        current, following = following, current
    return sign * current[0]


@inner
def affine_piece(net, ball, work):  # type: ignore[no-untyped-def]
    """The linear piece of sign * f where `evaluate` was last called, into work.gradient."""
    output_bound(net, ball, work.z, work.z, work)
