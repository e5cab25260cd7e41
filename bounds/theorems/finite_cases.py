"""Small finite cases by exhaustion: statements about sets rather than numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from itertools import combinations, product
from math import comb

Metric = Sequence[Sequence[int]]


@dataclass(frozen=True)
class FiniteCase:
    """A claim over finitely many cases: `cases` yields "" for each that holds, else what fails."""

    id: str
    claim: str
    cases: Callable[[], Iterator[str]]
    note: str = ""


def _classes() -> Iterator[str]:
    """Every class of subsets of four points, as a set of bit masks."""
    for size in (1, 2, 3, 4):
        for members in range(1, 1 << (1 << size)):
            patterns = [s for s in range(1 << size) if members >> s & 1]
            dimension = _vc_dimension(patterns, size)
            bound = sum(comb(size, i) for i in range(dimension + 1))
            yield "" if len(patterns) <= bound else f"{size} points, patterns {patterns}"


def _vc_dimension(patterns: list[int], size: int) -> int:
    """The size of the largest shattered subset of the points."""
    best = 0
    for subset in _subsets(size):
        count = subset.bit_count()
        if count > best and len({p & subset for p in patterns}) == 1 << count:
            best = count
    return best


@lru_cache
def _subsets(size: int) -> tuple[int, ...]:
    return tuple(range(1, 1 << size))


def _metrics(size: int, largest: int) -> Iterator[Metric]:
    """Every metric on `size` points with whole distances up to `largest`."""
    pairs = list(combinations(range(size), 2))
    for values in product(range(1, largest + 1), repeat=len(pairs)):
        distance = [[0] * size for _ in range(size)]
        for (i, j), value in zip(pairs, values, strict=True):
            distance[i][j] = distance[j][i] = value
        triples = product(range(size), repeat=3)
        if all(distance[i][k] <= distance[i][j] + distance[j][k] for i, j, k in triples):
            yield distance


def packing_number(metric: Metric, apart: int) -> int:
    """The most points with all distances above `apart`."""
    return max(
        len(chosen)
        for chosen in _choices(len(metric))
        if all(metric[i][j] > apart for i, j in combinations(chosen, 2))
    )


def covering_number(metric: Metric, radius: int) -> int:
    """The fewest closed balls of that radius, with centres in the space, that cover it."""
    points = range(len(metric))
    return min(
        len(centres)
        for centres in _choices(len(metric))
        if all(any(metric[i][c] <= radius for c in centres) for i in points)
    )


@lru_cache
def _choices(size: int) -> tuple[tuple[int, ...], ...]:
    return tuple(c for r in range(1, size + 1) for c in combinations(range(size), r))


def _packing_covers(spread: int) -> Iterator[str]:
    """Packings with distances above `spread` times the radius of the covering."""
    for size in (1, 2, 3, 4):
        for metric in _metrics(size, 4):
            for radius in (1, 2, 3):
                packing = packing_number(metric, spread * radius)
                covering = covering_number(metric, radius)
                fails = f"distances {metric}, delta = {radius}: {packing} < {covering}"
                yield "" if packing >= covering else fails


def _lipschitz() -> Iterator[str]:
    """f* on every metric of four points, with A and B the first point and the second."""
    for distance in _metrics(4, 4):
        eps = Fraction(distance[0][1], 2)
        f = [Fraction(row[1] - row[0], row[0] + row[1]) for row in distance]
        for i, j in combinations(range(4), 2):
            fine = abs(f[i] - f[j]) * eps <= distance[i][j]
            yield "" if fine else f"distances {distance}, points {i} and {j}"


def _double_count() -> Iterator[str]:
    """Four points, any class that meets every labelling up to one error: 4.3c on two-subsets."""
    ball = [sum(1 << (x ^ flip) for flip in (0, 1, 2, 4, 8)) for x in range(16)]
    everything = (1 << 16) - 1
    for members in range(1, 1 << 16):
        patterns = [s for s in range(16) if members >> s & 1]
        met = 0
        for pattern in patterns:
            met |= ball[pattern]
        if met != everything:
            continue
        richest = max(
            len({p & subset for p in patterns}) for subset in range(16) if subset.bit_count() == 2
        )
        bound = Fraction(comb(3, 2) * 2**2, comb(4, 2))
        yield "" if richest >= bound else f"patterns {patterns}: {richest} < {bound}"


FINITE_CASES = (
    FiniteCase(
        "A.4/core-classes",
        "A class of VC dimension v on m points has at most the sum of C(m,i), i <= v, patterns, "
        "for every class on m <= 4 points",
        _classes,
        "Sauer's lemma itself is cited (A.4/sauer).",
    ),
    FiniteCase(
        "A.9",
        "P(Theta, delta) >= C(Theta, delta), packing points more than delta apart, for every "
        "metric on at most 4 points with distances 1 to 4",
        lambda: _packing_covers(1),
        "In general: a maximal packing covers, or a point could be added.",
    ),
    FiniteCase(
        "A.9/disjoint-balls",
        "P(Theta, delta) >= C(Theta, delta), packing points more than 2 delta apart (disjoint "
        "balls), for the same metrics",
        lambda: _packing_covers(2),
        "The other usual definition of a packing: there the inequality fails.",
    ),
    FiniteCase(
        "3.2a/core-metrics",
        "f* is 1/eps-Lipschitz for every metric on 4 points with distances 1 to 4",
        _lipschitz,
        "A check of 3.2a that does not go through inequalities for distances to sets.",
    ),
    FiniteCase(
        "4.3c/core-double-count",
        "A class on 4 points that meets every labelling up to one error has at least "
        "2^2 C(3,2)/C(4,2) = 2 patterns on some two of them",
        _double_count,
        "The double count behind 4.3c, for all 65535 classes.",
    ),
)
