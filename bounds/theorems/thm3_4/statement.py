"""Theorem 3.4: exponentially many parameters are needed in the general case."""

import sympy as sp

from robustsize.bounds.counting.packing import grid, volume_l2
from robustsize.bounds.statement import (
    Constant,
    Form,
    FormName,
    Hypothesis,
    Kind,
    Quantity,
    Regime,
    Theorem,
)
from robustsize.bounds.symbols import Norm, alpha, d, epsilon
from robustsize.bounds.theorems.shared import PAPER, STANDARD_ERROR, lower_forms


def _forms(norm: Norm, points: sp.Expr, packing: str) -> tuple[Form, ...]:
    return lower_forms(
        points,
        packing=packing,
        regime="every d, epsilon, alpha, L",
        needs=(d, epsilon),
        norms=(norm,),
        optional=(alpha,),
        increasing=(d,),
        decreasing=(epsilon, alpha),
        notes=(STANDARD_ERROR,),
        derivations=("C3",),
    )


THEOREM = Theorem(
    id="thm3.4",
    title="General case, lower bound",
    statement=(
        "If the networks with at most n parameters reach zero standard test error on every pair "
        "of 2 epsilon-separated A, B in [0,1]^d, whatever the distribution on A u B, then n is at "
        "least of that order."
    ),
    hypotheses=(Hypothesis("one size must serve every 2 epsilon-separated pair A, B"),),
    kind=Kind.LOWER,
    quantity=Quantity.SIZE,
    forms=(
        Form(
            name=FormName.PRINTED,
            expression=(2 * epsilon) ** (-d / 2)
            * (d * sp.log(1 / (2 * epsilon))) ** sp.Rational(-1, 2),
            constant=Constant.UNSPECIFIED,
            regime=Regime(moves="d -> infinity or epsilon -> 0", fixed="the other"),
            source=f"{PAPER}, Theorem 3.4",
            needs=(d, epsilon),
            base=2 * epsilon,
        ),
        *_forms(Norm.INF, grid(d), "K^d grid points"),
        *_forms(
            Norm.TWO, sp.Max(grid(d), volume_l2(d)), "the larger of K^d and the l_2 volume bound"
        ),
    ),
    source=f"{PAPER}, Theorem 3.4",
    loose=(
        "p = 2: the printed proof shatters (2 epsilon)^(-d) points of the unit ball as a subset of "
        "[0,1]^d; the cube carries at least the grid's K^d points",
    ),
)
