"""Small networks of every magnitude with labelled points: case i of a seed is always the same.

A case is a base (random weights, the forms that structural certificates read, degenerate networks,
networks that once fooled a certifier), changed so that magnitudes are extreme while what the
network does near its points stays intricate, and then, in half of the cases, made critical: the
exact least value over the ball is put on 0, or next to it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from math import isqrt, ldexp, nextafter

import numpy as np
from _exact import Problem, failing_distance_squared, least_value
from numpy.typing import NDArray

from robustsize.simulate.data.instance import Instance, Norm, Point
from robustsize.simulate.networks.network import Network

Random = np.random.Generator
Floats = NDArray[np.float64]
MOST_UNITS, MOST_INPUTS = 9, 6
LARGEST = float(np.finfo(np.float64).max)
LEAST_EXPONENT, MOST_EXPONENT = -1074, 1023
RADII = tuple(map(Fraction, ("0", "5e-324", "1e-163", "1e-9", "0.1", "1/4", "1/3", "1", "3")))
PLACES = (1e8, 2.0**25, 2.0**53, 1e16, 1e150, 1e300, 1e-160, 5e-324, 1e5)


@dataclass
class Draft:
    """Layers (weight, bias), points, a radius, and a label or 0: mostly the network's own sign."""

    layers: list[tuple[Floats, Floats]]
    points: list[Point]
    radius: Fraction
    label: int = 0

    def network(self) -> Network:
        """The network, entries beyond the largest float made that."""
        return Network.of(
            [
                (np.clip(weight, -LARGEST, LARGEST), np.clip(bias, -LARGEST, LARGEST))
                for weight, bias in self.layers
            ]
        )


@dataclass(frozen=True)
class Case:
    """A question to a certifier, and the base and change it comes from."""

    index: int
    kind: str
    network: Network
    instance: Instance


def case(seed: int, index: int) -> Case:
    """Case `index` of a seed."""
    rng = np.random.default_rng([seed, index])
    p = list(Norm)[index % 2]
    base = list(BASES)[index // 2 % len(BASES)]
    draft = BASES[base](rng)
    change = str(rng.choice(list(CHANGES)))
    CHANGES[change](draft, rng)
    network = draft.network()
    labels = [draft.label or _label(network, x, rng) for x in draft.points]
    critical = bool(rng.random() < 0.5)
    if critical:
        network = _critical(network, draft, p, labels, rng)
    # +1 first, so that a point has the same number as in a pair of sets
    order = sorted(range(len(labels)), key=lambda i: -labels[i])
    points = tuple(draft.points[i] for i in order)
    instance = Instance(points, np.array(sorted(labels)[::-1], np.int8), draft.radius, p)
    return Case(index, f"{base}, {change}{', critical' if critical else ''}", network, instance)


def problems(case: Case) -> list[Problem]:
    """One for each point of the case."""
    given = case.instance
    return [
        Problem(case.network, x, given.radius, given.p, int(y))
        for x, y in zip(given.points, given.labels, strict=True)
    ]


def _label(network: Network, x: Point, rng: Random) -> int:
    """Mostly the network's own sign."""
    value = network.exact(x)
    if value == 0 or rng.random() < 0.3:
        return int(rng.choice((-1, 1)))
    return 1 if value > 0 else -1


# Bases


def _numbers(rng: Random, *shape: int) -> Floats:
    """Weights of one of several kinds."""
    kind = rng.integers(5)
    if kind == 0:
        return rng.integers(-3, 4, shape).astype(float)
    if kind == 1:
        return rng.integers(-12, 13, shape) / 4
    normal = rng.standard_normal(shape)
    if kind == 2:
        return normal * (rng.random(shape) < 0.5)
    return normal.astype(np.float32).astype(float) if kind == 3 else normal


def _places(rng: Random, d: int) -> list[Point]:
    """One to three points, now and then twice the same."""
    points: list[Point] = []
    for _ in range(rng.choice((1, 2, 3), p=(0.7, 0.2, 0.1))):
        if points and rng.random() < 0.2:
            points.append(points[0])
            continue
        kind = rng.integers(4)
        if kind == 0:
            row = [Fraction(int(v), 4) for v in rng.integers(-4, 5, d)]
        elif kind == 1:
            row = [Fraction(float(v)) for v in rng.standard_normal(d)]
        elif kind == 2:
            row = [Fraction(int(v), 10) for v in rng.integers(-10, 11, d)]
        else:
            row = [Fraction(0)] * d
        points.append(tuple(row))
    return points


def _radius(rng: Random) -> Fraction:
    return RADII[rng.integers(len(RADII))] * (1 if rng.random() < 0.7 else Fraction(1, 7))


def _shape(rng: Random) -> list[int]:
    hidden: list[int] = []
    for _ in range(rng.integers(0, 4)):
        hidden.append(int(rng.integers(1, 5)))
    while sum(hidden) > MOST_UNITS:
        hidden.pop()
    return [int(rng.integers(1, MOST_INPUTS + 1)), *hidden, 1]


def _random(rng: Random) -> Draft:
    shape = _shape(rng)
    layers = [(_numbers(rng, b, a), _numbers(rng, b))
              for a, b in pairwise(shape)]  # fmt: skip
    return Draft(layers, _places(rng, shape[0]), _radius(rng))


def _separable(rng: Random) -> Draft:
    """First-layer units that read one coordinate each."""
    shape = _shape(rng)
    if len(shape) == 2:
        shape = [shape[0], int(rng.integers(1, 5)), 1]
    draft = _random(rng)
    draft.layers = [(_numbers(rng, b, a), _numbers(rng, b))
                    for a, b in pairwise(shape)]  # fmt: skip
    first = np.zeros((shape[1], shape[0]))
    steep = rng.choice((-1.0, 1.0, 2.0, 0.5, 765.8558675875075), shape[1])
    first[np.arange(shape[1]), rng.integers(0, shape[0], shape[1])] = steep
    draft.layers[0] = first, draft.layers[0][1]
    draft.points = _places(rng, shape[0])
    return draft


def _box_bumps(rng: Random) -> Draft:
    """sigma (sum_s c_s relu(height_s - penalties outside a box) - tau), depth 3."""
    d = int(rng.integers(1, 5))
    bumps = int(rng.integers(1, max(1, MOST_UNITS // (2 * d + 1)) + 1))
    centres = rng.integers(-4, 5, (bumps, d)) / 4
    half, height = rng.choice((0.0625, 0.125, 0.3)), rng.choice((1.0, 1.0, 1e6, 3e13))
    first, offsets = np.zeros((2 * d * bumps, d)), np.zeros(2 * d * bumps)
    second = np.zeros((bumps, 2 * d * bumps))
    for s in range(bumps):
        for j in range(d):
            for side, sign in enumerate((1.0, -1.0)):
                unit = 2 * (s * d + j) + side
                first[unit, j] = sign
                offsets[unit] = -sign * centres[s, j] - half
                second[s, unit] = -height / half * (1 if rng.random() < 0.8 else 0.5)
    sigma = float(rng.choice((-1, 1)))
    last = np.full((1, bumps), sigma / height)
    layers = [(first, offsets), (second, np.full(bumps, height)), (last, np.array([-sigma / 2]))]
    points = [tuple(Fraction(v) for v in row) for row in centres]
    points += _places(rng, d) if rng.random() < 0.5 else []
    return Draft(layers, points[:3], Fraction(half) * int(rng.integers(0, 9)) / 8)


def _l2_bumps(rng: Random) -> Draft:
    """l_2 bumps over an interpolated square, depth 4."""
    d = int(rng.integers(1, 3))
    bumps = 1 if d == 2 and rng.random() < 0.5 else 2
    size = float(rng.choice((1.0, 16.0, 1e6, 3e13)))
    # On each axis relu(t) / 2 + relu(t - 1/2), which agrees with the square at 0, 1/2 and 1.
    first, offsets = np.repeat(np.eye(d), 2, axis=0), np.tile((0.0, -0.5), d)
    second = np.zeros((d + 1, 2 * d))
    second[np.arange(d), 2 * np.arange(d)] = 1.0
    second[d] = np.tile((0.5, 1.0), d)
    centres = rng.integers(1, 8, (bumps, d)) / 8
    reach = float(rng.choice((0.25, 0.3, 0.5)))
    third = np.hstack([2 * size * centres, np.full((bumps, 1), -size)])
    heights = size * (reach**2 - (centres**2).sum(axis=1))
    sigma = float(rng.choice((-1, 1)))
    last = np.full((1, bumps), sigma / (size * reach**2))
    layers = [(first, offsets), (second, np.zeros(d + 1)), (third, heights),
              (last, np.array([-sigma / 4]))]  # fmt: skip
    points = [tuple(Fraction(v) for v in row) for row in centres]
    return Draft(layers, points, Fraction(int(rng.integers(0, 17)), 64))


def _degenerate(rng: Random) -> Draft:
    """Zero weights, dead and equal units, constants, both labels in one place."""
    draft = _random(rng)
    if rng.random() < 0.5:
        draft = _separable(rng)
    for weight, bias in draft.layers:
        kind = rng.integers(6)
        if kind == 0:
            weight[:] = 0.0
        elif kind == 1:
            bias[:] = 0.0
        elif kind == 2:
            weight[rng.integers(len(weight))], bias[-1] = 0.0, 0.0
        elif kind == 3:
            weight[-1], bias[-1] = -weight[0], -bias[0]
        elif kind == 4:
            weight[-1], bias[-1] = weight[0], bias[0]
    if rng.random() < 0.2:
        draft.points *= 2
    if rng.random() < 0.2:
        draft.radius = Fraction(0)
    return draft


FOOLED = (
    ([([[765.8558675875075]], [0.0]), ([[-1472.396895898186]], [37837446151526.5]),
      ([[1.0]], [-7.379853122771022e-05])], (2.0**25,), Fraction(1), -1),
    ([([[1.0, 1.0], [1.0, 1.0]], [-5e-164, 2e-163]), ([[-1e145, 1e141]], [9.799999999999999e-21])],
     (0.0, 0.0), Fraction("1e-163"), 1),
    ([([[1e-200]], [0.0]), ([[1e300]], [-1e-110])], (1e-200,), Fraction("1e-202"), -1),
    ([([[1e-200]], [0.0]), ([[-1e-200]], [1e-310]), ([[1e300]], [-1e-20])],
     (1e150,), Fraction(1), 1),
)  # fmt: skip
"""Networks that a certifier wrongly calls robust if its error terms underflow or are too small."""


def _fooled(rng: Random) -> Draft:
    """One of the above, as it is or with a few entries changed a little or much."""
    layers, point, radius, label = FOOLED[rng.integers(len(FOOLED))]
    arrays = [(np.array(w), np.array(b)) for w, b in layers]
    for pair in arrays if rng.random() < 0.75 else []:
        for array in pair:
            near = 1 + rng.choice((-1, 1), array.shape) * np.exp2(-rng.integers(1, 53, array.shape))
            far = np.exp2(rng.integers(-20, 21, array.shape))
            kind = rng.integers(0, 8, array.shape)
            array *= np.select([kind == 0, kind == 1], [near, far], 1.0)
    return Draft(arrays, [tuple(map(Fraction, point))], radius, label)


BASES: dict[str, Callable[[Random], Draft]] = {
    "random": _random,
    "separable": _separable,
    "box bumps": _box_bumps,
    "l_2 bumps": _l2_bumps,
    "degenerate": _degenerate,
    "fooled": _fooled,
}


# Changes


def _plain(draft: Draft, rng: Random) -> None:
    """No change."""


def _scaled(draft: Draft, rng: Random) -> None:
    """Units, layers, the input or the output times powers of two that cancel: the same function."""
    most = int(rng.choice((20, 300, 600, 1000)))

    def exponent() -> int:
        return int(rng.integers(-most, most + 1))

    kind = rng.integers(5)
    (first, _), (last, end) = draft.layers[0], draft.layers[-1]
    if kind == 0:
        last[:], end[:] = _powered(last, e := exponent()), _powered(end, e)
    elif kind == 1:
        e = exponent() * (2 if rng.random() < 0.05 else 1)  # now and then beyond all floats
        first[:] = _powered(first, -e)
        draft.points = [tuple(v * Fraction(2) ** e for v in x) for x in draft.points]
        draft.radius *= Fraction(2) ** e
    for (weight, bias), (following, _) in pairwise(draft.layers):
        shift = exponent()
        for unit in range(len(bias)):
            e = shift if kind < 3 else exponent()
            weight[unit], bias[unit] = _powered(weight[unit], e), _powered(bias[unit], e)
            following[:, unit] = _powered(following[:, unit], -e)


def _shrunk(draft: Draft, rng: Random) -> None:
    """All lengths times a power of two, so f too; then the output, or one layer, times another."""
    e = int(rng.integers(-1000, 1001)) if rng.random() < 0.3 else -int(rng.integers(300, 800))
    draft.points = [tuple(v * Fraction(2) ** e for v in x) for x in draft.points]
    draft.radius *= Fraction(2) ** e
    back = int(rng.integers(0, abs(e) + 1)) * (1 if e < 0 else -1)
    at = int(rng.integers(len(draft.layers))) if rng.random() < 0.5 else len(draft.layers) - 1
    for number, (weight, bias) in enumerate(draft.layers):
        if number == at:
            weight[:] = _powered(weight, back)
        bias[:] = _powered(bias, e + (back if number >= at else 0))


def _powered(values: Floats, exponent: int) -> Floats:
    with np.errstate(over="ignore", under="ignore"):
        return np.clip(np.ldexp(values, exponent), -LARGEST, LARGEST)


def _far(draft: Draft, rng: Random) -> None:
    """Points far out or very near, the biases such that kinks stay near them."""
    far = float(rng.choice(PLACES))
    draft.points = [tuple(v + Fraction(int(rng.choice((-1, 1))) * far) for v in x)
                    for x in draft.points[:1]]  # fmt: skip
    _tune(draft, rng)


def _entries(draft: Draft, rng: Random) -> None:
    """Single entries, or all, of any magnitude that floats have."""
    share = rng.choice((0.15, 0.5, 1.0))
    middle, width = (0, 1074) if rng.random() < 0.5 else (int(rng.integers(-800, 801)), 60)
    for pair in draft.layers:
        for array in pair:
            for at in np.ndindex(array.shape):
                if array[at] and rng.random() < share:
                    e = int(rng.integers(middle - width, middle + width + 1))
                    e = min(max(e, LEAST_EXPONENT), MOST_EXPONENT)
                    array[at] = np.sign(array[at]) * ldexp(rng.uniform(1, 2), e)
    draft.points = draft.points[:1]
    if rng.random() < 0.3:
        e = int(rng.integers(LEAST_EXPONENT, MOST_EXPONENT))
        draft.radius = Fraction(2) ** e
    if rng.random() < 0.8:
        _tune(draft, rng)


def _tune(draft: Draft, rng: Random) -> None:
    """Biases that put each unit's kink in or near the ball, as far as floats can tell."""
    keep_zeros = rng.random() < 0.5
    values = list(draft.points[0])
    spreads = [draft.radius] * len(values)
    for weight, bias in draft.layers:
        weight[:] = np.clip(weight, -LARGEST, LARGEST)
        rows = [[Fraction(float(w)) for w in row] for row in weight]
        sums = [sum((w * v for w, v in zip(row, values, strict=True)), Fraction(0)) for row in rows]
        wide = [sum((abs(w) * v for w, v in zip(row, spreads, strict=True)), Fraction(0))
                for row in rows]  # fmt: skip
        for unit, (total, spread) in enumerate(zip(sums, wide, strict=True)):
            if bias[unit] or not keep_zeros:
                aside = Fraction(float(rng.choice((0.0, 0.5, rng.uniform(-1, 2)))))
                bias[unit] = _rounded(aside * spread - total)
        sums = [z + Fraction(float(b)) for z, b in zip(sums, bias, strict=True)]
        values = [max(z, Fraction(0)) for z in sums]
        spreads = wide


CHANGES: dict[str, Callable[[Draft, Random], None]] = {
    "plain": _plain,
    "scaled": _scaled,
    "shrunk": _shrunk,
    "far": _far,
    "entries": _entries,
}


# Critical cases


def _critical(network: Network, draft: Draft, p: Norm, labels: list[int], rng: Random) -> Network:
    """Put the exact least value on 0 or next to it: by the radius at p = 2, else by the bias."""
    if len(labels) > 1 and rng.random() < 0.7:
        del draft.points[1:], labels[1:]
    asked = Problem(network, draft.points[0], draft.radius, p, labels[0])
    if p is Norm.TWO:
        square = failing_distance_squared(asked)
        if square:
            draft.radius = _root(square, rng)
        return network
    least, bias = least_value(asked), Fraction(float(network.biases[-1][0]))
    aside = rng.choice((0.0, 0.0, 5e-324, 1e-300, float(ldexp(1.0, -int(rng.integers(1, 80))))))
    wanted = Fraction(float(aside)) * int(rng.choice((-1, 1)))
    if rng.random() < 0.5:
        wanted *= abs(least)
    moved = _rounded(bias - labels[0] * (least - wanted))
    for _ in range(int(rng.choice((0, 0, 0, 1, 2)))):
        moved = nextafter(moved, float(rng.choice((-LARGEST, LARGEST))))
    return Network(network.weights, (*network.biases[:-1], np.array([moved])))


def _root(square: Fraction, rng: Random) -> Fraction:
    """A rational near the square root, on either side: exact where that is rational."""
    bits = int(rng.choice((4, 30, 60, 200)))
    exponent = (square.numerator.bit_length() - square.denominator.bit_length()) // 2 - bits
    unit = Fraction(2) ** exponent
    root = Fraction(isqrt(square.numerator), isqrt(square.denominator))
    if root**2 != square:
        root = isqrt(int(square / unit**2)) * unit
    return root + unit * int(rng.choice((0, 0, 1, -1)))


def _rounded(value: Fraction) -> float:
    """The nearest float, the largest where it is beyond."""
    try:
        return float(value)
    except OverflowError:
        return LARGEST if value > 0 else -LARGEST
