"""Theorem 5.5: on a k-dimensional manifold the exponent is about k, not d."""

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
from robustsize.bounds.symbols import Norm, c, d, epsilon, k
from robustsize.bounds.theorems._common import C_2, K_AT_MOST_D, PAPER

THEOREM = Theorem(
    id="thm5.5",
    title="Manifold case, upper bound",
    statement=(
        "For 2 epsilon-separated A, B on a k-dimensional manifold M in [0,1]^d a ReLU network of "
        "that size has zero robust test error at radius c epsilon, the adversary staying on M."
    ),
    hypotheses=(
        Hypothesis("M is compact, poly-partitionable, with condition number tau > 0"),
        Hypothesis("A, B on M are 2 epsilon-separated in l_inf; the adversary stays on M"),
        K_AT_MOST_D,
    ),
    kind=Kind.UPPER,
    quantity=Quantity.SIZE,
    forms=(
        Form(
            name=FormName.PRINTED,
            expression=((1 - c) * epsilon / sp.sqrt(d)) ** (-C_2 * k * sp.log(d)),
            constant=Constant.UNSPECIFIED,
            regime=Regime(moves="epsilon -> 0", fixed="d, k, c, M"),
            source=f"{PAPER}, Theorem 5.5",
            needs=(d, k, epsilon, c),
            norms=(Norm.INF,),
            base=(1 - c) * epsilon / sp.sqrt(d),
            increasing=(d, k, c),
            decreasing=(epsilon,),
            notes=(
                "k~ = O(k log d) is written C_2 k log d",
                "O~ hides a polylogarithmic factor as well as a constant",
            ),
        ),
    ),
    source=f"{PAPER}, Theorem 5.5",
    loose=(
        "with the known constants of random projections k~ exceeds d at every practical (k, d), "
        "where its lemma does not apply",
    ),
)
