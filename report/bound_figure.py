"""Bounds against one parameter, as a figure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING

import sympy as sp

from robustsize.bounds.evaluate import bound_value
from robustsize.bounds.statement import Constant, Form, FormName, Theorem
from robustsize.bounds.symbols import InputError, Norm, Values

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def moving_parameter(values: Mapping[sp.Symbol, tuple[Fraction, ...]]) -> sp.Symbol:
    """The one parameter that has several values.

    Raises InputError where there is none or more than one.
    """
    moving = [symbol for symbol, given in values.items() if len(given) > 1]
    if len(moving) != 1:
        raise InputError(
            f"a plot needs one parameter as a range or list, here {len(moving)}; "
            "for example --d 2:40 --epsilon 0.1"
        )
    return moving[0]


def bound_figure(
    theorems: Sequence[Theorem],
    names: Sequence[FormName],
    moving: sp.Symbol,
    points: Sequence[Values],
    norm: Norm,
) -> Figure:
    """log10 of each form against the moving parameter.

    Forms with explicit constants share one panel, shapes with unspecified constants another: the
    two are not comparable.

    Raises InputError where no theorem has such a form, or a form lacks a parameter.
    """
    from matplotlib.figure import Figure
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    curves = [
        (theorem, form)
        for theorem in theorems
        for form in theorem.forms
        if form.name in names and norm in form.norms
    ]
    if not curves:
        ids, wanted = ", ".join(t.id for t in theorems), " or ".join(x.value for x in names)
        raise InputError(f"none of {ids} has a form {wanted} at --p {norm.value}")
    kinds = [k for k in Constant if any(form.constant is k for _, form in curves)]
    figure = Figure(figsize=(6.0 * len(kinds), 4.2), layout="constrained")
    for axes, kind in zip(figure.subplots(1, len(kinds), squeeze=False)[0], kinds, strict=True):
        for theorem, form in curves:
            if form.constant is kind:
                x, y = _curve(theorem, form, moving, points, norm)
                style = "--" if kind is Constant.UNSPECIFIED else "-"
                marker = "." if len(x) < 60 else None
                label = f"{theorem.id} {theorem.kind.value}, {form.label}"
                axes.plot(x, y, style, marker=marker, label=label)
        explicit = kind is Constant.EXPLICIT
        axes.set_title("constants explicit" if explicit else "shapes, up to a constant C")
        axes.set_xlabel(moving.name)
        axes.set_ylabel("bound" if explicit else "bound / C")
        axes.yaxis.set_major_locator(MaxNLocator(integer=True))
        axes.yaxis.set_major_formatter(FuncFormatter(lambda y, _: f"$10^{{{y:g}}}$"))
        axes.grid(alpha=0.3)
        axes.legend(fontsize="small")
    return figure


def _curve(
    theorem: Theorem, form: Form, moving: sp.Symbol, points: Sequence[Values], norm: Norm
) -> tuple[list[float], list[float]]:
    values = [(point, bound_value(theorem, form, point, norm)) for point in points]
    drawn = [(float(point[moving]), v.log10) for point, v in values if v.log10 is not None]
    return [x for x, _ in drawn], [y for _, y in drawn]
