"""Theorem 2.3: the size that robust training needs at least."""

import sympy as sp

from robustsize.bounds.counting.packing import ball_packing
from robustsize.bounds.statement import (
    ON_BALL,
    Constant,
    Form,
    FormName,
    Hypothesis,
    Kind,
    Quantity,
    Regime,
    Theorem,
)
from robustsize.bounds.symbols import N, Norm, d, delta, epsilon
from robustsize.bounds.theorems.shared import PAPER, lower_forms

PROBES = sp.Min(d, sp.floor(1 / (1 - (delta / epsilon) ** 2)))
"""q, the probes whose labels one pair of points forces: the largest with 1 - 1/q <= rho^2."""

ROOM = ball_packing(sp.Integer(1), 2 * epsilon, d)
"""Points of the unit ball that are 2 epsilon apart."""

GADGET_ROOM = sp.Max(
    ball_packing(1 - epsilon, 4 * epsilon, d),
    ball_packing(sp.sqrt(1 - epsilon**2), 2 * epsilon, d - PROBES),
)
"""Gadgets, of radius epsilon, that fit: centres 4 epsilon apart, or 2 epsilon apart across them."""

THEOREM = Theorem(
    id="thm2.3",
    title="Robust training, lower bound",
    statement=(
        "If the networks with at most n parameters robustly fit any 2 epsilon-separated data set "
        "of N points, which may repeat, in the unit l_p ball at radius delta, then n is at least "
        "of that order."
    ),
    hypotheses=(
        Hypothesis("one size must serve every 2 epsilon-separated data set of N points"),
        Hypothesis("delta < epsilon", sp.Lt(delta, epsilon, evaluate=False)),
    ),
    kind=Kind.LOWER,
    quantity=Quantity.SIZE,
    forms=(
        Form(
            name=FormName.PRINTED,
            expression=sp.sqrt(N * d),
            constant=Constant.UNSPECIFIED,
            regime=Regime(moves="N, d -> infinity", fixed="epsilon, delta"),
            source=f"{PAPER}, Theorem 2.3",
            needs=(N, d),
            optional=(epsilon, delta),
            increasing=(N, d),
        ),
        *lower_forms(
            sp.Max(sp.Min(N, ROOM), sp.Min(sp.floor(N / 2), GADGET_ROOM) * PROBES),
            packing="the probes of floor(N/2) gadgets, or the N points",
            regime="every N, d, epsilon, delta, L",
            needs=(N, d, epsilon, delta),
            norms=(Norm.TWO,),
            trivial=ON_BALL,
            increasing=(N,),
            notes=("gadgets and points are counted as far as the unit ball has room for them",),
            derivations=("C3",),
        ),
        *lower_forms(
            sp.Min(N, (sp.floor(1 / epsilon) + 1) ** d),
            packing="the N points, as far as the unit ball has room for them",
            regime="every N, d, epsilon, delta, L",
            needs=(N, d, epsilon),
            norms=(Norm.INF,),
            optional=(delta,),
            trivial=ON_BALL,
            increasing=(N,),
            decreasing=(epsilon,),
            derivations=("C3",),
        ),
    ),
    source=f"{PAPER}, Theorem 2.3",
    loose=(
        "p = inf: two points at l_inf distance >= 2 epsilon differ by 2 epsilon in one coordinate, "
        "so at N = 2 one threshold on it is robust for every d and every delta < epsilon; no "
        "Omega(sqrt(N d)) as d grows",
        "p = 2: the same holds while delta < epsilon/sqrt(d); the statement needs delta near "
        "epsilon and p = 2",
    ),
)
