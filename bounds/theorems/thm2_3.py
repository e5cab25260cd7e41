"""Theorem 2.3: the size that robust training needs at least."""

import sympy as sp

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
from robustsize.bounds.symbols import N, d, delta, epsilon
from robustsize.bounds.theorems._common import PAPER

THEOREM = Theorem(
    id="thm2.3",
    title="Robust training, lower bound",
    statement=(
        "If the networks with at most n parameters robustly fit any 2 epsilon-separated data set "
        "of N points in the unit l_p ball at radius delta, then n is at least of that order."
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
