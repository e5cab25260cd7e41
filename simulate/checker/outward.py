"""Float64 arithmetic rounded outwards: bounds that hold at every magnitude.

IEEE operations round to nearest, so the exact result of one lies between the neighbours of the
float returned: also among subnormal numbers, and past the largest float, where the neighbour below
infinity is finite. `down` and `up` after every single operation are therefore all the error
analysis there is. NaN (infinity - infinity, 0 * infinity) means that nothing is known: `down` makes
it -infinity, `up` +infinity, so that it proves nothing.
"""

from __future__ import annotations

from fractions import Fraction
from math import inf, nextafter

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

UNIT_ROUNDOFF = 2.0**-53
_SMALLEST = (2.0**-1074, 2.0**-1022, 0.5)


def require_subnormals() -> None:
    """Raises RuntimeError where this process flushes subnormal floats to 0, as some libraries ask.

    All of the above would be wrong then.
    """
    smallest, normal, half = _SMALLEST
    if not (smallest * 1.0 > 0 and normal * half > 0 and smallest + 0.0 > 0):
        raise RuntimeError("this process flushes subnormal floats to 0; nothing can be certified")


def down(x: Floats) -> Floats:
    """The floats just below the results of one operation."""
    below: Floats = np.nextafter(x, -inf)
    return np.where(np.isnan(below), -inf, below)


def up(x: Floats) -> Floats:
    """The floats just above the results of one operation."""
    above: Floats = np.nextafter(x, inf)
    return np.where(np.isnan(above), inf, above)


def sum_up(x: Floats, axis: int) -> Floats:
    """An upper bound on the sums along an axis.

    n floats summed in any order lose at most n - 1 roundings of the sum of their absolute values
    (additions do not underflow), which itself is summed to within a factor of 2.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        lost = 4 * x.shape[axis] * UNIT_ROUNDOFF * np.abs(x).sum(axis=axis)
        return up(x.sum(axis=axis) + up(lost))


def sum_down(x: Floats, axis: int) -> Floats:
    """A lower bound on the sums along an axis."""
    return -sum_up(-x, axis)


def float_below(value: Fraction) -> float:
    """The largest float at most `value`; -infinity below all floats."""
    return -float_above(-value)


def float_above(value: Fraction) -> float:
    """The smallest float at least `value`; infinity above all floats."""
    try:
        near = value.numerator / value.denominator
    except OverflowError:
        return inf if value > 0 else -float(np.finfo(np.float64).max)
    return near if Fraction(near) >= value else nextafter(near, inf)
