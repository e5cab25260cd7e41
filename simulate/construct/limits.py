"""What is too large to be built, decided from formulas before any work is done."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from math import floor

from robustsize.bounds.counting.construction_size import unshared_bump_size
from robustsize.bounds.symbols import BY_SYMBOL, InputError, N, d
from robustsize.simulate.data.exact import OutOfReachError

MOST_PARAMETERS = 3_000_000
"""Of a network that is built: some 100 MB while it is laid out."""

MOST_GRID_POINTS = 1 << 14
"""Of a hard instance for which a network is built."""

MOST_AXIS_CELLS = 1 << 40
"""Of a grid on [0,1]^d: float64 tells their faces apart."""


def check_parameters(size: int) -> None:
    """Raises OutOfReachError where a network of so many parameters is not built."""
    if size > MOST_PARAMETERS:
        raise OutOfReachError(
            f"the network has {rounded(size)} parameters, at most {MOST_PARAMETERS} are built; a "
            "larger epsilon, or a radius further below it, needs fewer"
        )


def check_cells(g: int) -> None:
    """Raises OutOfReachError where a grid of g cells an axis is too fine for float64."""
    if g > MOST_AXIS_CELLS:
        raise OutOfReachError(
            f"the grid has {rounded(g)} cells an axis, at most {MOST_AXIS_CELLS}; a larger "
            "epsilon, or a c further below 1, has fewer"
        )


def check_bumps(dimension: int, points: int) -> None:
    """Check that boxes around half of so many random points can be built.

    Raises InputError, naming --d or --samples and the largest value that fits, where not.
    """

    def fits(dimension: int, points: int) -> bool:
        return bool(unshared_bump_size(-(-points // 2), dimension) <= MOST_PARAMETERS)

    if fits(dimension, points):
        return
    if fits(1, points):
        symbol, value = d, dimension
        largest = _largest(lambda number: fits(number, points))
    else:
        symbol, value = N, points
        largest = _largest(lambda number: fits(min(dimension, 10), number))
    size = int(unshared_bump_size(-(-points // 2), dimension))
    option = BY_SYMBOL[symbol].option
    raise InputError(
        f"{option} {value}: the network may have {rounded(size)} parameters, at most "
        f"{MOST_PARAMETERS} are built; for example {option} {largest}"
    )


def check_grid(gap: Fraction, dimension: int, most: int) -> None:
    """Check that the hard instance of Theorem 4.3 at epsilon = gap has at most so many points.

    Raises InputError, naming --d or --epsilon and what fits, where not.
    """
    K = floor(1 / (2 * gap)) + 1
    if dimension <= most.bit_length() and K ** (dimension - 1) <= most:
        return
    examples = []
    if most >= K:
        examples.append(f"--d {_largest(lambda number: K ** (number - 1) <= most)}")
    axis = _largest(lambda number: number ** (dimension - 1) <= most) if dimension < 100 else 1
    if axis > 1:
        # More than 1 / (2 axis), so that there are at most `axis` points on an axis.
        examples.append(f"--epsilon {(floor(Fraction(10**4, 2 * axis)) + 1) / 10**4:g}")
    raise InputError(
        f"--d {rounded(dimension)} --epsilon {float(gap):.6g}: the hard instance has "
        f"{rounded(K)}^{rounded(dimension - 1)} points, at most {most} fit; for example "
        f"{' or '.join(examples)}"
    )


def _largest(fits: Callable[[int], bool]) -> int:
    """The largest number from 1 on that fits, where no larger one than a misfit does."""
    high = 2
    while fits(high):
        high *= 2
    low = high // 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if fits(middle) else (low, middle)
    return low


def rounded(count: int) -> str:
    """A count as text, by its power of ten where it is long."""
    return str(count) if count < 10**12 else f"about 10^{(count.bit_length() - 1) * 0.30103:.0f}"
