"""Theorem 4.5: the lower bound of Theorem 4.3 for any family of polynomial VC dimension."""

import sympy as sp

from robustsize.bounds.counting.growth import SQUARED_VC
from robustsize.bounds.counting.packing import grid
from robustsize.bounds.statement import (
    ANY_FAMILY,
    Constant,
    Form,
    FormName,
    Hypothesis,
    Kind,
    Quantity,
    Regime,
    SmallestSize,
    Theorem,
)
from robustsize.bounds.symbols import alpha, c, d, epsilon, mu
from robustsize.bounds.theorems.shared import BALANCED, C_2, PAPER, ROBUST_ERROR

THEOREM = Theorem(
    id="thm4.5",
    title="Linearly separable case, any family of polynomial VC dimension",
    statement=(
        "As Theorem 4.3, for any family of classifiers whose VC dimension is at most a polynomial "
        "in its number n of parameters: that many parameters are needed."
    ),
    hypotheses=(
        Hypothesis("VC(F_n) <= poly(n)"),
        Hypothesis("A, B are the hard instance of one labelling of the grid"),
        BALANCED,
    ),
    kind=Kind.LOWER,
    quantity=Quantity.SIZE,
    forms=(
        Form(
            name=FormName.PRINTED,
            expression=sp.exp(C_2 * d),
            constant=Constant.UNSPECIFIED,
            regime=Regime(moves="d -> infinity", fixed="epsilon, c, the degree of poly"),
            source=f"{PAPER}, Theorem 4.5",
            needs=(d,),
            optional=(epsilon, c, mu),
            increasing=(d,),
        ),
        Form(
            name=FormName.EXPLICIT,
            expression=SmallestSize(grid(d - 1), (SQUARED_VC,), d - 1),
            constant=Constant.EXPLICIT,
            regime=Regime(moves="every d, epsilon, c, alpha", fixed=""),
            source="Sauer's lemma on the K^(d-1) forced points",
            needs=(d, epsilon),
            optional=(c, alpha, mu),
            hypotheses=(Hypothesis("VC(F_n) <= n^2, the polynomial that is taken here"),),
            trivial=ANY_FAMILY,
            increasing=(d,),
            decreasing=(epsilon, alpha),
            notes=(
                ROBUST_ERROR,
                f"{SQUARED_VC.name}: {SQUARED_VC.meaning}",
            ),
            derivations=("C2", "C3"),
        ),
    ),
    source=f"{PAPER}, Theorem 4.5",
    loose=("the rate in the exponent depends on epsilon and on the degree of the polynomial",),
)
