"""Theorem 4.3: linear separability does not make robustness cheap."""

from robustsize.bounds.counting.packing import grid
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
from robustsize.bounds.symbols import alpha, c, d, epsilon, mu
from robustsize.bounds.theorems.shared import BALANCED, PAPER, ROBUST_ERROR, lower_forms

THEOREM = Theorem(
    id="thm4.3",
    title="Linearly separable case, lower bound",
    statement=(
        "For every c there are linearly separable, 2 epsilon-separated A, B in [0,1]^d such that "
        "every ReLU network with at most N_d parameters has robust test error at least C_1 mu_0 at "
        "radius c epsilon, for every mu_0-balanced P."
    ),
    hypotheses=(
        Hypothesis("A, B are the hard instance of one labelling of the grid"),
        BALANCED,
        Hypothesis("c > 0: at c = 0 the separating hyperplane suffices"),
    ),
    kind=Kind.LOWER,
    quantity=Quantity.SIZE,
    forms=(
        Form(
            name=FormName.PRINTED,
            expression=(2 * epsilon) ** (-(d - 1) / 6),
            constant=Constant.UNSPECIFIED,
            regime=Regime(moves="d -> infinity", fixed="epsilon, c"),
            source=f"{PAPER}, Theorem 4.3",
            needs=(d, epsilon),
            optional=(c, mu),
            base=2 * epsilon,
            increasing=(d,),
            decreasing=(epsilon,),
            notes=("C_1 is a universal constant that the paper does not state",),
        ),
        *lower_forms(
            grid(d - 1),
            packing="K^(d-1) grid points",
            regime="every d, epsilon, c, alpha, L",
            needs=(d, epsilon),
            dimension=d - 1,
            optional=(c, alpha, mu),
            increasing=(d,),
            decreasing=(epsilon, alpha),
            notes=(ROBUST_ERROR,),
            derivations=("C3",),
        ),
    ),
    source=f"{PAPER}, Theorem 4.3",
    loose=(
        "the printed exponent (d-1)/6 comes from an enveloping network with M^3 parameters; "
        "counting architectures gives (d-1)/2 at any depth and d-1 at fixed depth",
        "the bound does not depend on c, yet at c = 0 at most d+1 parameters suffice",
    ),
)
