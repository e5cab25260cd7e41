"""Theorem 2.2: mild over-parametrisation suffices for zero robust training error."""

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
from robustsize.bounds.theorems._common import C_2, PAPER

THEOREM = Theorem(
    id="thm2.2",
    title="Robust training, upper bound",
    statement=(
        "For any N points in the unit l_p ball whose classes are 2 epsilon-separated, a ReLU "
        "network of that size has zero robust training error at radius delta."
    ),
    hypotheses=(
        Hypothesis("the N points lie in the unit l_p ball"),
        Hypothesis("the classes are 2 epsilon-separated in l_p, epsilon in (0, 1/2) constant"),
        Hypothesis("delta < epsilon/2", sp.Lt(delta, epsilon / 2, evaluate=False)),
    ),
    kind=Kind.UPPER,
    quantity=Quantity.SIZE,
    forms=(
        Form(
            name=FormName.PRINTED,
            expression=N * d * sp.log(d / delta) + N * sp.log(N / delta) ** C_2,
            constant=Constant.UNSPECIFIED,
            regime=Regime(moves="N, d -> infinity, delta -> 0", fixed="epsilon"),
            source=f"{PAPER}, Theorem 2.2",
            needs=(N, d, delta),
            optional=(epsilon,),
            hypotheses=(Hypothesis("delta > 0", sp.Gt(delta, 0, evaluate=False)),),
            increasing=(N, d),
            decreasing=(delta,),
            notes=("polylog(N/delta) is written log(N/delta)^C_2, its degree is not stated",),
        ),
    ),
    source=f"{PAPER}, Theorem 2.2",
    loose=("as printed it decreases in delta, though a larger delta is the harder task",),
)
