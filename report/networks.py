"""Networks and their certificates as JSON objects and as lines of text."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from math import inf
from typing import Any

from robustsize.bounds.arithmetic.decimals import number as rounded
from robustsize.bounds.evaluate import BoundValue
from robustsize.bounds.symbols import Norm
from robustsize.bounds.text import number
from robustsize.simulate.certify.complete import Certificate, CertificateStatus
from robustsize.simulate.certify.guarantee import MarginAnswer, worst
from robustsize.simulate.construct.result import Construction
from robustsize.simulate.data.read_sets import ClassPoints

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


def construction_json(
    construction: Construction, promised: BoundValue, certificate: Certificate
) -> dict[str, Any]:
    """The JSON object of a built network; bound_size is null where it is 2^63 or more."""
    return {
        "id": construction.id,
        "form": construction.form,
        "size": construction.size,
        "formula_size": construction.formula_size,
        "form_size": construction.form_size,
        "bound": f"{promised.id} {promised.label}",
        "bound_size": promised.value,
        "bound_log10": promised.log10,
        "depth": construction.depth,
        "cells": construction.cells,
        "p": construction.p.value,
        "radius": str(construction.radius),
        "certificate": certificate_json(certificate),
    }


def certificate_lines(
    certificate: Certificate, place: Place | None = None, value: str = "y f(x')"
) -> Iterable[str]:
    """A certificate for a reader; value: what its margin bounds."""
    yield f"{certificate.status.value} ({certificate.method}, {certificate.seconds:.3g} s)"
    refuted = certificate.counterexample is not None
    if refuted or certificate.margin > -inf:
        margin = rounded(certificate.margin, up=refuted, digits=6)
        yield f"  margin {value} {'<=' if refuted else '>='} {margin}"
    if certificate.counterexample is not None:
        point = ", ".join(f"{float(v):.6g}" for v in certificate.counterexample)
        index = certificate.point_index
        near = "" if index is None else f" near data point {index}"
        where = f" ({place(index)})" if place and index is not None else ""
        yield f"  counterexample{near}{where}: ({point})"
    if certificate.reason:
        yield f"  reason: {certificate.reason}"


def certificates_lines(found: Sequence[Certificate], place: Place) -> Iterable[str]:
    """The answers for the points one by one: their counts, then every point not certified."""
    counts = Counter(one.status for one in found)
    yield f"{len(found)} points: " + ", ".join(f"{counts[s]} {s.value}" for s in CertificateStatus)
    if counts[CertificateStatus.CERTIFIED] == len(found):
        least = rounded(min(one.margin for one in found), up=False, digits=6)
        yield f"  margin y f(x') >= {least}"
    for one in found:
        if one.status is not CertificateStatus.CERTIFIED and one.point_index is not None:
            yield f"{place(one.point_index)}:"
            yield from certificate_lines(one)


def margins_json(
    answers: Sequence[MarginAnswer], radius: Fraction, p: Norm, place: Place
) -> dict[str, Any]:
    """The JSON object of the margins of a classifier, every one of them."""
    certified = _status(answers) is CertificateStatus.CERTIFIED
    return {
        "status": _status(answers).value,
        "margin": _least(answers) if certified else None,
        "radius": str(radius),
        "p": p.value,
        "margins": [
            {"label": one.label, "against": one.against} | certificate_json(one.certificate, place)
            for one in answers
        ],
    }


def margins_lines(
    answers: Sequence[MarginAnswer], points: ClassPoints, radius: Fraction, p: Norm
) -> Iterable[str]:
    """The margins of a classifier: what is known of all, then every one not certified."""
    status, counts = _status(answers), Counter(one.certificate.status for one in answers)
    within = f"within l_{p.value} radius {radius}"
    of = f"{_count(len(points), 'point')}, {_count(len(points.classes), 'class', 'es')}"
    margins = _count(len(answers), "margin")
    if status is CertificateStatus.CERTIFIED:
        least = rounded(_least(answers), up=False, digits=6)
        yield f"{_CLAIMS[status]} {within}: {of}, {margins}, least margin {least}"
        return
    shares = ", ".join(f"{counts[s]} {s.value}" for s in CertificateStatus)
    yield f"{_CLAIMS[status]} {within}: {of}, {margins} ({shares})"
    for one in answers:
        if one.certificate.status is not CertificateStatus.CERTIFIED:
            first, *rest = certificate_lines(
                one.certificate,
                points.places.__getitem__,
                f"f_{one.label}(x') - f_{one.against}(x')",
            )
            yield f"class {one.label} over {one.against}: {first}"
            yield from rest


_CLAIMS = {
    CertificateStatus.CERTIFIED: "certified: every point keeps its class",
    CertificateStatus.COUNTEREXAMPLE: "counterexample: some point does not keep its class",
    CertificateStatus.UNDECIDED: "undecided: whether every point keeps its class",
}


def _status(answers: Sequence[MarginAnswer]) -> CertificateStatus:
    return worst(one.certificate.status for one in answers)


def _least(answers: Sequence[MarginAnswer]) -> float:
    return min(one.certificate.margin for one in answers)


def _count(n: int, thing: str, plural: str = "s") -> str:
    return f"{n} {thing}{'' if n == 1 else plural}"


POINT_COLUMNS = ("point_index", "point", "status", "margin", "counterexample", "reason")


def certificates_csv(found: Sequence[Certificate], place: Place) -> str:
    """The same as a table, one point a row; a counterexample's coordinates are exact."""
    text = io.StringIO()
    writer = csv.DictWriter(text, POINT_COLUMNS, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    for one in found:
        row = certificate_json(one, place)
        writer.writerow(row | {"counterexample": " ".join(row["counterexample"] or ())})
    return text.getvalue()


def construction_lines(
    construction: Construction, promised: BoundValue, certificate: Certificate
) -> Iterable[str]:
    """A built network for a reader."""
    yield f"{construction.id} ({construction.form}), depth {construction.depth}"
    yield f"  size {construction.size}, by its formula {construction.formula_size}"
    at = ", ".join(f"{name} = {v}" for name, v in promised.parameters.items())
    yield f"  {promised.id} ({promised.label}) promises at most {number(promised)} at {at}"
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
        yield (
            f"  hidden {row['hidden']}: attack found nothing on {row['survived']} of "
            f"{row['networks']} (95 % interval {_interval(row['interval'])})"
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
        yield f"  a sample of {total}: share certified {_interval(made['interval'])} at 95 %"
    if made["stopped"]:
        yield f"  stopped: {made['stopped']}"


def _interval(ends: Sequence[float]) -> str:
    """An interval rounded outwards."""
    low, high = ends
    return f"{rounded(low, up=False, digits=3)} to {rounded(high, up=True, digits=3)}"


def _finite(value: float) -> float | None:
    return value if abs(value) < float("inf") else None
