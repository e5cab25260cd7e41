"""One door to the constructions: a theorem's id, its parameters, and where the sets come from."""

from __future__ import annotations

from fractions import Fraction
from importlib import import_module

import sympy as sp

from robustsize.bounds.catalogue import theorem
from robustsize.bounds.evaluate import BoundValue, bound_value, choose_form
from robustsize.bounds.statement import FormName
from robustsize.bounds.symbols import BY_SYMBOL, InputError, N, Norm
from robustsize.simulate.construct.request import Builder, Request
from robustsize.simulate.construct.result import Construction
from robustsize.simulate.data.read_sets import LabelledPoints

IDS = (
    "thm2.2",
    "thm3.3",
    "thm4.3",
    "thm5.5",
)
"""The theorems with a construction; `construction.py` in the folder of each has its `BUILDER`."""


def builder(id: str) -> Builder:
    """The builder of a theorem.

    Raises InputError for a theorem without a construction.
    """
    if id not in IDS:
        raise InputError(f"{id} has no construction; build one of {', '.join(IDS)}")
    folder = f"{__package__}.{id.replace('.', '_')}"
    found: Builder = import_module(f"{folder}.construction").BUILDER
    return found


def build(id: str, request: Request) -> Construction:
    """The network of a theorem's upper bound for the requested sets.

    Raises InputError as `promise` does, ValueError where the sets do not fit the theorem.
    """
    promise(id, request)
    found = builder(id)
    if request.pair is not None:
        return found.build(request)
    try:
        return found.build(request)
    except InputError:
        raise
    except ValueError as error:
        given = " ".join(f"{BY_SYMBOL[s].option} {value}" for s, value in request.values.items())
        raise InputError(f"{given[:200]}: {error}; for example {found.example}") from error


def promise(id: str, request: Request) -> BoundValue:
    """The explicit upper bound of the catalogue that the built network keeps.

    Raises InputError for a theorem without a construction, a missing parameter, or parameters to
    which the bound does not apply.
    """
    found = builder(id)
    bound = theorem(found.bound or id)
    form = choose_form(bound, request.norm, FormName.EXPLICIT)
    values = {symbol: request[symbol] for symbol in found.takes}
    return bound_value(bound, form, {**values, N: Fraction(request.points)}, request.norm)


def parameters_read(id: str, *, random: bool) -> frozenset[sp.Symbol]:
    """The parameters that a builder reads, on a random instance or on the user's data.

    Raises InputError for a theorem without a construction.
    """
    return builder(id).reads(random=random)


def notes_on_domain(id: str, data: LabelledPoints, norm: Norm) -> list[str]:
    """What to say of data outside the domain of a theorem whose construction takes it all the same.

    Raises ValueError, naming the point, where the construction cannot take it.
    """
    if id == "thm3.3":
        _require_inside(data, 0)
    if id != "thm2.2":
        return []
    if norm is Norm.TWO:
        _require_inside(data, -1)
    q = data.points.denominator
    n = abs(data.points.numerators.astype(object))
    far = n.max(axis=1) > q if norm is Norm.INF else (n * n).sum(axis=1) > q * q
    count = int(far.sum())
    if not count:
        return []
    return [
        f"{count} of the points lie outside the unit l_{norm.value} ball, in which Theorem 2.2 is "
        "stated; the explicit form and the certificate do not need that"
    ]


def _require_inside(data: LabelledPoints, low: int) -> None:
    q, n = data.points.denominator, data.points.numerators
    outside = ((n < low * q) | (n > q)).astype(bool).any(axis=1)
    if outside.any():
        raise ValueError(
            f"{data.places[int(outside.argmax())]} lies outside [{low},1]^d, where this is built; "
            "scale the data"
        )
