"""Parameters as Python takes them: keywords named as the command line's options.

Integers, fractions and texts such as "0.1" or "1/4" are exact; a float is the decimal that it
prints as, so that 0.1 is 1/10, as it is on the command line.
"""

from __future__ import annotations

import difflib
import itertools
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from fractions import Fraction
from typing import TypeAlias, TypedDict

import sympy as sp

from robustsize.bounds.symbols import (
    BY_OPTION,
    BY_SYMBOL,
    InputError,
    Norm,
    Parameter,
    Values,
    read_norm,
)

Number: TypeAlias = int | Fraction | Decimal | float | str
"""A value of a parameter; a float means its decimal text."""


class Parameters(TypedDict, total=False):
    """The parameters of the theory, one value each."""

    d: Number
    k: Number
    n: Number
    epsilon: Number
    c: Number
    samples: Number
    delta: Number
    alpha: Number
    mu: Number
    beta: Number
    depth: Number


class Ranges(TypedDict, total=False):
    """The parameters of the theory, one value or several each."""

    d: Number | Iterable[Number]
    k: Number | Iterable[Number]
    n: Number | Iterable[Number]
    epsilon: Number | Iterable[Number]
    c: Number | Iterable[Number]
    samples: Number | Iterable[Number]
    delta: Number | Iterable[Number]
    alpha: Number | Iterable[Number]
    mu: Number | Iterable[Number]
    beta: Number | Iterable[Number]
    depth: Number | Iterable[Number]


def parameter(name: str) -> Parameter:
    """The parameter of a keyword.

    Raises InputError, suggesting the nearest, where there is none.
    """
    if f"--{name}" not in BY_OPTION:
        names = [option[2:] for option in BY_OPTION]
        near = difflib.get_close_matches(str(name), names, n=1, cutoff=0.0)[0]
        raise InputError(
            f"{str(name)[:40]}: no such parameter; did you mean {near}? "
            f"The parameters are {', '.join(names)}"
        )
    return BY_OPTION[f"--{name}"]


def keyword(symbol: sp.Symbol) -> str:
    """The keyword of a symbol."""
    return BY_SYMBOL[symbol].option[2:]


def point(given: Parameters) -> Values:
    """The exact value of each parameter.

    Raises InputError, naming the keyword, where one is no number of its domain.
    """
    return {(q := parameter(name)).symbol: q.exact(value) for name, value in given.items()}


def axes(given: Ranges) -> dict[sp.Symbol, tuple[Fraction, ...]]:
    """The exact values of each parameter.

    Raises InputError, naming the keyword, where one is no number of its domain.
    """
    exact: dict[sp.Symbol, tuple[Fraction, ...]] = {}
    for name, value in given.items():
        q = parameter(name)
        several = value if isinstance(value, Iterable) and not isinstance(value, str) else [value]
        exact[q.symbol] = tuple(q.exact(one) for one in several)
        if not exact[q.symbol]:
            raise InputError(f"{name}: no value is given; for example {name}={q.example}")
    return exact


def points(given: Ranges) -> Iterator[Values]:
    """Every combination of the values.

    Raises InputError as `axes` does.
    """
    several = axes(given)
    for values in itertools.product(*several.values()):
        yield dict(zip(several, values, strict=True))


def norm(p: Norm | str | float) -> Norm:
    """The norm p of a number or a text, 2 or inf.

    Raises InputError for anything else.
    """
    return p if isinstance(p, Norm) else read_norm(f"{p:g}" if isinstance(p, float) else str(p))


_OPTION = re.compile(r"--([a-z0-9]+)(?: ('[^']*'|[^\s;:()]*[^\s,;:()]))?")
_WORDS = ("form", "p", "instance", "device", "labelling")


@contextmanager
def complaints_in_keywords() -> Iterator[None]:
    """Let a complaint name keywords, d=20, where it names options of the command line, --d 20."""
    try:
        yield
    except InputError as error:
        raise type(error)(_OPTION.sub(_as_keyword, str(error))) from None


def _as_keyword(option: re.Match[str]) -> str:
    name, value = option.groups()
    if value is None:
        return str(name)
    if re.fullmatch(r"'.*'|[+-]?\d+|\d*\.\d+", value):
        return f"{name}={value}"
    if value[0].isdigit() or name in _WORDS:
        return f"{name}={value!r}"
    return f"{name} {value}"
