"""Networks and their certificates as JSON objects and as lines of text."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import ROUND_FLOOR, Context
from typing import Any

from robustsize.simulate.certify import Certificate
from robustsize.simulate.construct.result import Construction


def certificate_json(certificate: Certificate) -> dict[str, Any]:
    """The JSON object of a certificate; the counterexample's coordinates are exact, as text."""
    point = certificate.counterexample
    return {
        "status": certificate.status.value,
        "margin": _finite(certificate.margin),
        "point_index": certificate.point_index,
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


def certificate_lines(certificate: Certificate) -> Iterable[str]:
    """A certificate for a reader."""
    yield f"{certificate.status.value} ({certificate.method}, {certificate.seconds:.3g} s)"
    relation = "=" if certificate.counterexample else ">="
    yield f"  margin y f(x') {relation} {_rounded_down(certificate.margin)}"
    if certificate.counterexample is not None:
        point = ", ".join(f"{float(v):.6g}" for v in certificate.counterexample)
        yield f"  counterexample near data point {certificate.point_index}: ({point})"
    if certificate.reason:
        yield f"  reason: {certificate.reason}"


def construction_lines(construction: Construction, certificate: Certificate) -> Iterable[str]:
    """A built network for a reader."""
    yield f"{construction.id} ({construction.form}), depth {construction.depth}"
    yield f"  size {construction.size}, by its formula {construction.formula_size}"
    yield f"  the theorem's explicit form promises at most {construction.bound_size}"
    yield f"  robust within l_{construction.p.value} radius {construction.radius}"
    yield from certificate_lines(certificate)


def _rounded_down(value: float) -> str:
    return str(Context(prec=6, rounding=ROUND_FLOOR).create_decimal_from_float(value))


def _finite(value: float) -> float | None:
    return value if abs(value) < float("inf") else None
