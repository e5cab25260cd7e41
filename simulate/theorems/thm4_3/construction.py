"""Robust networks for the hard instance of Theorem 4.3: what its lower bound is held against.

Every grid index carries one data point, so x_d says nothing that the other coordinates do not.
The networks are robust at every c < 1 in l_inf, and so in l_2, whose balls are smaller.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from enum import Enum
from fractions import Fraction
from math import factorial, prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from robustsize.bounds import symbols
from robustsize.bounds.counting.construction_size import (
    bit_table_size,
    hard_bump_size,
    staircase_size,
    zigzag_size,
)
from robustsize.bounds.symbols import InputError
from robustsize.simulate.construct.bit_table import MOST_BITS, bit_table
from robustsize.simulate.construct.boxes import box_network, cover_pieces
from robustsize.simulate.construct.limits import MOST_GRID_POINTS, check_grid
from robustsize.simulate.construct.request import Builder, Request
from robustsize.simulate.construct.result import Construction, as_int, constant_network, matrix
from robustsize.simulate.data.exact import power_of_two_above, shortest_dyadic
from robustsize.simulate.data.instance import Grid, HardInstance, grid_axis, hard_instance
from robustsize.simulate.data.labellings import random_labelling
from robustsize.simulate.data.regions import Region
from robustsize.simulate.networks.network import Network, Weight

ORDERS = 120
"""The most orders of the axes that the staircase tries."""


class Form(Enum):
    """BUMPS: boxes over one class, depth 3. STAIRCASE: the grid index as one integer, whose label
    changes are counted, depth 4 (depth 2 where the grid has one axis). BITS: as two integers, by
    bit extraction, any depth, d >= 3. SMALLEST: the smallest of these.
    """

    BUMPS = "bumps"
    STAIRCASE = "staircase"
    BITS = "bits"
    SMALLEST = "smallest"


def hard_instance_network(instance: HardInstance, *, form: Form = Form.SMALLEST) -> Construction:
    """A network that keeps every label of the instance within its radius, p = 2 or inf.

    Raises ValueError where float64 cannot hold a breakpoint between two balls (c too close to 1),
    or for BITS where d < 3 (or more than MOST_BITS points an axis).
    """
    if len(set(instance.labels.tolist())) == 1:
        network = constant_network(instance.dimension, int(instance.labels[0]))
        return _construction(instance, "constant", network, 1, 1, 0)
    options = []
    if form in (Form.BUMPS, Form.SMALLEST):
        options += [_bumps(instance, label) for label in (-1, 1)]
    if form in (Form.STAIRCASE, Form.SMALLEST):
        options.append(_staircase(instance) if instance.dimension > 2 else _zigzag(instance))
    if form in (Form.BITS, Form.SMALLEST):
        axes = range(1, instance.dimension - 1)
        splits = [a for a in axes if instance.K ** (instance.dimension - 1 - a) <= MOST_BITS]
        options += [_bits(instance, a) for a in splits]
    if not options:
        raise ValueError("bits are for a grid of two axes or more")
    return min(options, key=lambda option: option.size)


def _construction(
    instance: HardInstance, form: str, network: Network, size: int, bound: int, cells: int
) -> Construction:
    positive, negative = (Region.of_class(instance, label) for label in (1, -1))
    return Construction(
        "thm4.3",
        form,
        network,
        size,
        bound,
        cells,
        instance.p,
        instance.radius,
        positive,
        negative,
    )


def _bumps(instance: HardInstance, label: int) -> Construction:
    """Boxes around the points of one label, in the first d-1 coordinates."""
    sides = instance.labels == label
    inside, outside = (
        Region.points([x[:-1] for x, side in zip(instance.points, sides, strict=True) if side is s])
        for s in (np.True_, np.False_)
    )
    cover = cover_pieces(inside, outside, 2 * instance.epsilon)
    gamma = 2 * (1 - instance.c) * instance.epsilon
    network, size = box_network(cover, instance.radius, gamma, instance.dimension, label)
    d, K, S = instance.dimension, instance.K, int(sides.sum())
    bound = as_int(hard_bump_size(S, d, K))
    return _construction(instance, "bumps", network, size, bound, len(cover))


def _steps(instance: HardInstance) -> list[tuple[float, Fraction]]:
    """For each gap of the axis the start of a rise and its power-of-two length, inside the gap."""
    steps = []
    for a, b in itertools.pairwise(instance.axis):
        low, high = a + instance.radius, b - instance.radius
        length = 1 / power_of_two_above(2 / (high - low))
        steps.append((shortest_dyadic(low, high - length), length))
    return steps


def _staircases(
    instance: HardInstance, places: Sequence[int]
) -> tuple[tuple[Weight, NDArray[Any]], NDArray[Any]]:
    """First layer, and weights that sum it to sum_j places[j] * (grid index on axis j)."""
    units: list[tuple[int, int, float]] = []
    weights, biases = [], []
    for j, (start, length) in itertools.product(range(len(places)), _steps(instance)):
        for end, sign in ((start, 1), (start + float(length), -1)):
            weights.append(sign * float(places[j] / length))
            units.append((len(units), j, 1.0))
            biases.append(-end)
    layer = matrix((len(units), instance.dimension), units), np.array(biases)
    return layer, np.array(weights)


def _staircase(instance: HardInstance) -> Construction:
    """Staircases over the first d-1 axes summed to an integer, then one zigzag over it."""
    d, K, axes = instance.dimension, instance.K, instance.dimension - 1
    table = instance.labels.reshape((K,) * axes)
    codes, sequence = min(_codings(table), key=lambda coding: len(_changes(coding[1])))
    first, weights = _staircases(instance, codes)
    signs = _changes(sequence)
    hinges = _kinks(signs)
    layers = [
        first,
        (weights[None], np.zeros(1)),
        (np.ones((len(hinges), 1)), -np.array(hinges)),
        _output(signs, float(sequence[0])),
    ]
    size = as_int(staircase_size(len(signs), d, K))
    bound = as_int(staircase_size(K**axes - 1, d, K))
    return _construction(instance, "staircase", Network.of(layers), size, bound, len(signs))


def _bits(instance: HardInstance, a: int) -> Construction:
    """The first a axes as the table's entry, the others as the number of the bit."""
    d, K, axes = instance.dimension, instance.K, instance.dimension - 1
    places = [K ** (a - 1 - j) for j in range(a)] + [K ** (axes - 1 - j) for j in range(a, axes)]
    first, weights = _staircases(instance, places)
    second = np.zeros((2, len(weights)))
    half = 2 * (K - 1) * a
    second[0, :half], second[1, half:] = weights[:half], weights[half:]
    table = bit_table(instance.labels.reshape(K**a, -1))
    network = Network.of([first, (second, [0.0, 1.0]), *table.layers])
    bits = K ** (axes - a)
    size = as_int(bit_table_size(table.kinks, bits, d, K, table.first, table.start))
    bound = as_int(bit_table_size(K**a - 2, bits, d, K))
    return _construction(instance, "bits", network, size, bound, bits)


def _zigzag(instance: HardInstance) -> Construction:
    """d = 2: the changes along x_1 itself, in the gaps between the balls."""
    steps = _steps(instance)
    turns = np.flatnonzero(np.diff(instance.labels))
    signs = [Fraction(steps[i][0]) + steps[i][1] / 2 for i in turns]
    hinges = _kinks(signs)
    first = matrix((len(hinges), 2), [(i, 0, 1.0) for i in range(len(hinges))])
    # Each ball ends at least half a step's length from the change: scaled, |f| is at least 1/2.
    scale = float(max(1 / length for _, length in steps))
    layers = [(first, -np.array(hinges)), _output(signs, scale * int(instance.labels[0]))]
    bound = as_int(zigzag_size(instance.K - 1))
    size = as_int(zigzag_size(len(signs)))
    return _construction(instance, "zigzag", Network.of(layers), size, bound, len(signs))


def _codings(table: NDArray[np.int8]) -> Iterator[tuple[tuple[int, ...], NDArray[np.int8]]]:
    """Integer weights of the grid's axes with the labels along the code they give.

    Tries the sum of all indices, where the label depends on it alone, and the mixed-radix codes of
    every order of the axes (the first ORDERS of them).
    """
    K, axes = table.shape[0], table.ndim
    totals = np.indices(table.shape).sum(axis=0)
    labels = np.array([table[totals == t][0] for t in range(axes * (K - 1) + 1)])
    if (labels[totals] == table).all():
        yield (1,) * axes, labels
    orders = itertools.permutations(range(axes))
    for order in itertools.islice(orders, min(ORDERS, factorial(axes))):
        codes = [0] * axes
        for place, axis in enumerate(order):
            codes[axis] = K ** (axes - 1 - place)
        yield tuple(codes), np.transpose(table, order).reshape(prod(table.shape))


def _changes(sequence: NDArray[np.int8]) -> list[Fraction]:
    """The half integers at which the label changes."""
    return [Fraction(2 * int(i) + 1, 2) for i in np.flatnonzero(np.diff(sequence))]


def _kinks(changes: list[Fraction]) -> list[float]:
    """Starts of the zigzag's pieces: 0, then the middle between each two changes."""
    return [0.0, *(float((a + b) / 2) for a, b in itertools.pairwise(changes))]


def _output(changes: list[Fraction], height: float) -> tuple[NDArray[Any], NDArray[Any]]:
    """f = height (a_1 - t + 2 relu(t - m_1) - ...), up to sign the distance to the changes a_i."""
    weights = [height * (-1.0 if i == 0 else 2.0 * (-1) ** (i + 1)) for i in range(len(changes))]
    return np.array([weights]), np.array([height * float(changes[0])])


def _build(request: Request) -> Construction:
    if request.pair is not None:
        raise InputError("thm4.3 is built for its own hard instance; give --instance random")
    dimension, gap = int(request[symbols.d]), request[symbols.epsilon]
    check_grid(gap, dimension, MOST_GRID_POINTS)
    m = len(grid_axis(gap, Grid.DENSE)) ** (dimension - 1)
    labels = random_labelling(m, request.seed)
    return hard_instance_network(
        hard_instance(dimension, gap, request[symbols.c], request.norm, labels)
    )


BUILDER = Builder(
    build=_build,
    takes=(symbols.d, symbols.epsilon, symbols.c),
    example="--d 3 --epsilon 0.25 --c 0.5",
    bound="thm3.3",  # Theorem 4.3 bounds sizes from below; its instance is a pair for Theorem 3.3.
    sampled=False,
    own_sets=True,
)
