"""Theorem 4.4: without robustness, few samples learn a linearly separable problem."""

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
from robustsize.bounds.symbols import beta, d, delta
from robustsize.bounds.theorems.shared import PAPER

THEOREM = Theorem(
    id="thm4.4",
    title="Linearly separable case, samples without robustness",
    statement=(
        "From that many samples a polynomial-time hyperplane learner has standard test error at "
        "most beta with probability 1 - delta."
    ),
    hypotheses=(
        Hypothesis("A, B are linearly separable"),
        Hypothesis("delta, the failure probability, is in (0, 1)", sp.Gt(delta, 0, evaluate=False)),
    ),
    kind=Kind.SAMPLES,
    quantity=Quantity.SAMPLES,
    forms=(
        Form(
            name=FormName.PRINTED,
            expression=d / beta**2,
            constant=Constant.UNSPECIFIED,
            regime=Regime(moves="d -> infinity, beta -> 0", fixed="delta"),
            source=f"{PAPER}, Theorem 4.4",
            needs=(d, beta),
            optional=(delta,),
            increasing=(d,),
            decreasing=(beta,),
        ),
        Form(
            name=FormName.EXPLICIT,
            expression=sp.Max(
                4 / beta * sp.log(2 / delta) / sp.log(2),
                8 * (d + 1) / beta * sp.log(13 / beta) / sp.log(2),
            ),
            constant=Constant.EXPLICIT,
            regime=Regime(moves="every d, beta, delta", fixed=""),
            source=(
                "Blumer, Ehrenfeucht, Haussler, Warmuth 1989, Theorem 2.1: a consistent learner of "
                "VC dimension d + 1"
            ),
            needs=(d, beta, delta),
            increasing=(d,),
            decreasing=(beta, delta),
            notes=("A, B are separable, so linear programming finds a consistent hyperplane",),
            derivations=("C5",),
        ),
    ),
    source=f"{PAPER}, Theorem 4.4",
    loose=("log(1/delta) is left out: no constant serves every delta",),
)
