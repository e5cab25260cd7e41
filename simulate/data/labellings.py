"""Labellings, and the random streams that they are drawn from.

Their values are -1 and +1, their shape (m,) or (count, m). What is drawn depends on the seed and
the key that are given, on nothing else.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from itertools import permutations

import numpy as np
from numpy.typing import NDArray

Labels = NDArray[np.int8]

MOST_LABELLINGS = 1 << 14
"""More labellings than this are not listed."""


def stream(seed: int, key: int | str) -> np.random.Generator:
    """Random numbers of a seed and a key; other keys give independent ones."""
    number = zlib.crc32(key.encode()) if isinstance(key, str) else key
    return np.random.Generator(np.random.Philox(key=[seed, number]))


def drawn(random: np.random.Generator, count: int, m: int) -> Labels:
    """Uniform and independent labellings of m points."""
    return (2 * random.integers(0, 2, (count, m)) - 1).astype(np.int8)


def drawn_mixed(random: np.random.Generator, count: int, m: int) -> Labels:
    """The same under the condition that each has both labels."""
    kept: list[Labels] = []
    while len(kept) < count:
        (labels,) = drawn(random, 1, m)
        if abs(int(labels.sum())) < m:
            kept.append(labels)
    return np.stack(kept)


def random_labelling(m: int, seed: int | Sequence[int]) -> Labels:
    """A uniform labelling of m points."""
    return np.asarray(drawn(np.random.default_rng(seed), 1, m)[0])


def random_subset(m: int, count: int, seed: int | Sequence[int]) -> list[int]:
    """Increasing indices of `count` of m points, every such set alike likely."""
    return sorted(np.random.default_rng(seed).choice(m, count, replace=False).tolist())


def checkerboard(K: int, axes: int) -> Labels:
    """The labelling (-1)^(i_1 + ... + i_axes) of a grid with K points an axis, m = K^axes."""
    parity = np.indices((K,) * axes).sum(axis=0).reshape(-1) % 2
    return np.asarray(1 - 2 * parity, dtype=np.int8)


def all_labellings(m: int) -> Labels:
    """All 2^m labellings of m points.

    Raises ValueError where they are more than MOST_LABELLINGS, saying what would fit.
    """
    fits = MOST_LABELLINGS.bit_length() - 1
    if m > fits:
        raise ValueError(
            f"{m} points have 2^{m} labellings; all of them fit up to {fits} points, "
            f"here a sample of up to {MOST_LABELLINGS} does"
        )
    return _of_codes(0, 1 << m, m)


def up_to_sign(m: int) -> Labels:
    """Of the labellings with both labels, one of each opposite pair."""
    return _of_codes(1, 1 << (m - 1), m)


def _of_codes(start: int, stop: int, m: int) -> Labels:
    """The binary digits of start, ..., stop - 1, lowest first, as labels."""
    codes = np.arange(start, stop)[:, None] >> np.arange(m)
    return (2 * (codes & 1) - 1).astype(np.int8)


def up_to_symmetry(K: int, d: int) -> tuple[Labels, NDArray[np.int64]]:
    """One of each class of labellings of the m = K^d grid points with both labels, and its size.

    Two are of one class where swapping coordinates, or all labels, takes one to the other: a
    network for one then gives one of the same size for the other. Shapes (classes, m), (classes,).

    Raises ValueError where 2^m is out of reach.
    """
    m = K**d
    labels = all_labellings(m)
    bits, powers = (labels > 0).astype(np.int64), 1 << np.arange(m)
    codes = []
    for order in _orders(K, d):
        code = bits[:, order] @ powers
        codes += [code, (1 << m) - 1 - code]
    least, first, counts = np.unique(np.min(codes, axis=0), return_index=True, return_counts=True)
    mixed = least > 0
    return labels[first[mixed]], counts[mixed]


def _orders(K: int, d: int) -> Iterator[NDArray[np.int64]]:
    """The permutations of the grid's points that swapping coordinates makes."""
    grid = np.arange(K**d).reshape((K,) * d)
    return (grid.transpose(axes).reshape(-1) for axes in permutations(range(d)))
