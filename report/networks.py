"""Networks and their certificates as JSON objects and as lines of text."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import ROUND_FLOOR, Context
from typing import Any

from robustsize.simulate.certify import Certificate
from robustsize.simulate.construct.result import Construction

Place = Callable[[int], str]
"""Where the user's file has a point: "line 4"."""


def certificate_json(certificate: Certificate, place: Place | None = None) -> dict[str, Any]:
    """The JSON object of a certificate; the counterexample's coordinates are exact, as text.

    point_index is the point's row in the user's file, from 0; point says its place in words.
    """
    index = certificate.point_index
    point = certificate.counterexample
    return {
        "status": certificate.status.value,
        "margin": _finite(certificate.margin),
        "point_index": index,
        "point": place(index) if place and index is not None else None,
        "counterexample": [str(v) for v in point] if point else None,
        "method": certificate.method,
        "reason": certificate.reason,
        "seconds": certificate.seconds,
    }


def construction_json(construction: Construction, certificate: Certificate) -> dict[str, Any]:
    """The JSON object of a built network."""
    return {
        "id": construction.id,
        "form": construction.form,
        "size": construction.size,
        "formula_size": construction.formula_size,
        "bound_size": construction.bound_size,
        "depth": construction.depth,
        "cells": construction.cells,
        "p": construction.p.value,
        "radius": str(construction.radius),
        "certificate": certificate_json(certificate),
    }


def certificate_lines(certificate: Certificate, place: Place | None = None) -> Iterable[str]:
    """A certificate for a reader."""
    yield f"{certificate.status.value} ({certificate.method}, {certificate.seconds:.3g} s)"
    relation = "=" if certificate.counterexample else ">="
    yield f"  margin y f(x') {relation} {_rounded_down(certificate.margin)}"
    if certificate.counterexample is not None:
        point = ", ".join(f"{float(v):.6g}" for v in certificate.counterexample)
        index = certificate.point_index
        near = "" if index is None else f" near data point {index}"
        where = f" ({place(index)})" if place and index is not None else ""
        yield f"  counterexample{near}{where}: ({point})"
    if certificate.reason:
        yield f"  reason: {certificate.reason}"


def construction_lines(construction: Construction, certificate: Certificate) -> Iterable[str]:
    """A built network for a reader."""
    yield f"{construction.id} ({construction.form}), depth {construction.depth}"
    yield f"  size {construction.size}, by its formula {construction.formula_size}"
    yield f"  the theorem's explicit form promises at most {construction.bound_size}"
    yield f"  robust within l_{construction.p.value} radius {construction.radius}"
    yield from certificate_lines(certificate)


def search_lines(made: dict[str, Any]) -> Iterable[str]:
    """What a search found, for a reader."""
    built, size = made["construction"], made["smallest_certified"]
    yield f"{made['points']} points, d = {made['dimension']}, l_{made['p']} radius {made['radius']}"
    yield f"  smallest certified network: {size if size is not None else 'none found'}" + (
        f" ({made['origin']}, hidden widths {made['widths']})" if size is not None else ""
    )
    if built:
        yield f"  construction: {built['size']} ({built['id']}, {built['form']})"
    yield f"  smallest network on which the attack found nothing: {made['smallest_survivor']}"
    for row in made["tried"]:
        low, high = row["interval"]
        yield (
            f"  hidden {row['hidden']}: attack found nothing on {row['survived']} of "
            f"{row['networks']} (95 % interval {low:.3f} to {high:.3f})"
        )
    if made["stopped"]:
        yield f"  stopped: {made['stopped']}"
    yield "  no smaller one was found, which is not a proof that there is none"


def shatter_lines(made: dict[str, Any]) -> Iterable[str]:
    """What a shattering run found, for a reader."""
    tried, total = made["labellings_tried"], made["labellings_total"]
    share = f"{made['certified']} of {tried} labellings certified"
    yield f"hidden widths {made['architecture']}: {share}"
    if made["interval"] is None:
        verdict = "shattered" if made["shattered"] else "not all certified, which refutes nothing"
        yield f"  all {total} labellings tried: {verdict}"
    else:
        low, high = made["interval"]
        yield f"  a sample of {total}: share certified in [{low:.3f}, {high:.3f}] at 95 %"
    if made["stopped"]:
        yield f"  stopped: {made['stopped']}"


def _rounded_down(value: float) -> str:
    return str(Context(prec=6, rounding=ROUND_FLOOR).create_decimal_from_float(value))


def _finite(value: float) -> float | None:
    return value if abs(value) < float("inf") else None
