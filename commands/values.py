"""The values that a command line gives to parameters, and the points that they make."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from math import ceil, prod

import sympy as sp

from robustsize.bounds.symbols import BY_SYMBOL, InputError, Values
from robustsize.commands.progress import Progress

MOST_POINTS = 1000
"""The most combinations of values that one command computes."""

Given = Mapping[sp.Symbol, tuple[Fraction, ...]]
"""The values that a command line gives to each symbol."""


def points(values: Given) -> list[Values]:
    """Every combination of the given values.

    Raises InputError, naming the longest range, where they are more than MOST_POINTS.
    """
    count = prod(len(given) for given in values.values())
    if count > MOST_POINTS:
        raise too_many(values, count, MOST_POINTS)
    return [dict(zip(values, one, strict=True)) for one in itertools.product(*values.values())]


def too_many(values: Given, count: int, most: int) -> InputError:
    """The complaint about a grid of points, with an example for its longest range."""
    symbol, given = max(values.items(), key=lambda entry: len(entry[1]))
    option, first, last = BY_SYMBOL[symbol].option, min(given), max(given)
    step = (last - first) / max(1, min(len(given) * most // count, 100) - 1)
    if BY_SYMBOL[symbol].integer:
        step = Fraction(ceil(step))
    return InputError(
        f"{option} {first}:{last} has {len(given)} values, in all {count} points; at most {most} "
        f"are taken; for example {option} {first}:{last}:{step}"
    )


def reported(points: Sequence[Values], show: Progress) -> Iterator[Values]:
    """The points one by one, each shown as progress."""
    for done, point in enumerate(points):
        show(done / len(points), f"point {done + 1} of {len(points)}")
        yield point


def one_point(values: Given) -> Values:
    """The values where each parameter has one.

    Raises InputError for a range or a list.
    """
    if any(len(given) > 1 for given in values.values()):
        raise InputError("a range or list has no meaning here; give each parameter one value")
    return points(values)[0]


def needed(point: Values, symbol: sp.Symbol) -> Fraction:
    """The value of a parameter.

    Raises InputError where it is missing.
    """
    if symbol not in point:
        option, example = BY_SYMBOL[symbol].option, BY_SYMBOL[symbol].example
        raise InputError(f"{option} is missing; for example {option} {example}")
    return point[symbol]


def refuse_unread(given: Values, read: Iterable[sp.Symbol], where: str) -> None:
    """Refuse a parameter that a command was given and would not read.

    Raises InputError, naming the first.
    """
    for symbol, value in given.items():
        if symbol not in set(read):
            option = BY_SYMBOL[symbol].option
            raise InputError(f"{option} {value}: it would not be used {where}; leave {option} out")
