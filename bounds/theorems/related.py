"""Bounds of other papers on the same quantities.

Each source says how it was read: "primary" in the paper itself, "secondary" as another paper
quotes it, "recalled" where it was not read again for this catalogue.
"""

from __future__ import annotations

from collections.abc import Mapping

import sympy as sp

from robustsize.bounds.statement import (
    ANY_LAYER,
    Constant,
    Form,
    FormName,
    Hypothesis,
    Kind,
    Quantity,
    Regime,
    Theorem,
    Trivial,
)
from robustsize.bounds.symbols import N, Norm, d, delta, epsilon
from robustsize.bounds.theorems.shared import C_2

_RHO = delta / epsilon
_KIM = "Kim, Moon, Yun, NeurIPS 2025 (arXiv 2510.24643)"
_BELOW = Hypothesis("delta < epsilon", sp.Lt(delta, epsilon, evaluate=False))
_SEPARATED = Hypothesis("N points, differently labelled ones at least 2 epsilon apart")


def _row(
    id: str,
    title: str,
    statement: str,
    source: str,
    expression: sp.Expr,
    *,
    kind: Kind,
    needs: tuple[sp.Symbol, ...],
    norms: tuple[Norm, ...] = (Norm.TWO,),
    regime: str = "N, d -> infinity",
    constant: Constant = Constant.UNSPECIFIED,
    quantity: Quantity = Quantity.SIZE,
    hypotheses: tuple[Hypothesis, ...] = (_SEPARATED, _BELOW),
    notes: tuple[str, ...] = (),
    trivial: Trivial | None = None,
) -> Theorem:
    form = Form(
        name=FormName.EXPLICIT if constant is Constant.EXPLICIT else FormName.PRINTED,
        expression=expression,
        constant=constant,
        regime=Regime(moves=regime, fixed=""),
        source=source,
        needs=needs,
        norms=norms,
        optional=tuple(s for s in (epsilon, delta) if s not in needs),
        notes=notes,
        trivial=trivial,
    )
    return Theorem(id, title, statement, hypotheses, kind, quantity, (form,), source)


def _kim_upper(part: str, radius: str, expression: sp.Expr, *conditions: sp.Rel) -> Theorem:
    return _row(
        f"kim2025.4.2{part}",
        f"Robust memorisation, upper bound, {radius}",
        f"A ReLU network of that size fits any N points robustly at radius delta, {radius}.",
        f"{_KIM}, Theorem 4.2 (recalled)",
        expression,
        kind=Kind.UPPER,
        needs=(N, d, epsilon, delta),
        hypotheses=(_SEPARATED, _BELOW, *(Hypothesis(radius, x) for x in conditions)),
        notes=("O~ hides polylogarithms as well as a constant", "non-zero parameters"),
    )


_MEDIUM = 1 / (5 * sp.sqrt(d))
_SMALL = _MEDIUM / N

_ROWS = (
    _row(
        "kim2025.3.1",
        "Robust memorisation, lower bound",
        "If networks with P parameters robustly fit any such N points at radius delta, then P is "
        "at least of that order.",
        f"{_KIM}, Theorem 3.1 (recalled)",
        (_RHO**2 * sp.Min(N, d) + 1) * d
        + sp.Min(1 / sp.sqrt(1 - _RHO**2), sp.sqrt(d)) * sp.sqrt(N),
        kind=Kind.LOWER,
        needs=(N, d, epsilon, delta),
        notes=("P counts all entries of the matrices, zeros too: not the size of this catalogue",),
    ),
    _row(
        "kim2025.3.2",
        "Robust memorisation, width of the first layer",
        "Some N points need that many units in the first hidden layer.",
        f"{_KIM}, Proposition 3.2 (recalled)",
        _RHO**2 * sp.Min(N - 1, d),
        kind=Kind.LOWER,
        needs=(N, d, epsilon, delta),
        constant=Constant.EXPLICIT,
        quantity=Quantity.WIDTH,
        trivial=ANY_LAYER,
        regime="every N, d, rho",
    ),
    _kim_upper(
        "a",
        "rho <= 1/(5 N sqrt(d))",
        sp.sqrt(N) + d,
        sp.Le(_RHO, _SMALL, evaluate=False),
    ),
    _kim_upper(
        "b",
        "1/(5 N sqrt(d)) <= rho <= 1/(5 sqrt(d))",
        N * d ** sp.Rational(1, 4) * sp.sqrt(_RHO) + d,
        sp.Ge(_RHO, _SMALL, evaluate=False),
        sp.Le(_RHO, _MEDIUM, evaluate=False),
    ),
    _kim_upper(
        "c",
        "rho >= 1/(5 sqrt(d))",
        N * d * _RHO**2 + d,
        sp.Ge(_RHO, _MEDIUM, evaluate=False),
    ),
    _row(
        "yu2024",
        "Robust memorisation in l_inf",
        "Width 3d + 1 and depth 2N + 1 with that many non-zero weights fit any N points robustly.",
        "Yu, Gao, Zhang, ICLR 2024 (secondary)",
        N * d,
        kind=Kind.UPPER,
        needs=(N, d),
        norms=(Norm.INF,),
    ),
    _row(
        "vardi2021",
        "Memorisation without robustness",
        "That many parameters, at width 12, fit N separated points.",
        "Vardi, Yehudai, Shamir 2021 (secondary)",
        sp.sqrt(N),
        kind=Kind.UPPER,
        needs=(N,),
        norms=(Norm.TWO, Norm.INF),
        hypotheses=(_SEPARATED,),
        notes=("O~ hides polylogarithms as well as a constant", "delta = 0"),
    ),
    _row(
        "bartlett2019.11",
        "Networks that shatter",
        "Networks of that size and of 5k + 3 layers, k = ceil(sqrt(N/32)), shatter some N points.",
        "Bartlett, Harvey, Liaw, Mehrabian, JMLR 20(63), 2019, Theorem 11 with r = 1 (recalled)",
        64 * sp.ceiling(sp.sqrt(N / 32)) + 2,
        kind=Kind.UPPER,
        needs=(N,),
        norms=(Norm.TWO, Norm.INF),
        constant=Constant.EXPLICIT,
        regime="every N",
        hypotheses=(),
        notes=("so a growth bound for every network cannot ask for more on those points",),
    ),
    _row(
        "li2025",
        "Robust overfitting: clean generalisation and robust training",
        "That many parameters fit the clean distribution and the robust training data.",
        "Li, Li, ICML 2025 (arXiv 2306.01271) (secondary: its abstract)",
        d**C_2 + N * d,
        kind=Kind.UPPER,
        needs=(N, d),
        norms=(Norm.TWO, Norm.INF),
        notes=("a robust classifier needs exp(Omega(d)) there",),
    ),
)

THEOREMS: Mapping[str, Theorem] = {row.id: row for row in _ROWS}
"""The bounds, by id."""
