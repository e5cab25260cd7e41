"""Theorem 5.5: on a k-dimensional manifold the exponent is about k, not d."""

import sympy as sp

from robustsize.bounds.construction_size import cells_an_axis, unshared_bump_size
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
from robustsize.bounds.symbols import L, Norm, c, d, epsilon, k
from robustsize.bounds.theorems._common import (
    C_2,
    EXPLICIT_SIZE,
    K_AT_MOST_D,
    PAPER,
    depth_at_least,
)

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
        Form(
            name=FormName.EXPLICIT,
            expression=unshared_bump_size(sp.floor(cells_an_axis(epsilon, c) ** k / 2), d),
            constant=Constant.EXPLICIT,
            regime=Regime(moves="every k, d, epsilon, c", fixed=""),
            source="one box bump on each ball of a covering that meets the smaller class, depth 3",
            needs=(d, k, epsilon, c),
            norms=(Norm.INF,),
            optional=(L,),
            hypotheses=(depth_at_least(3),),
            increasing=(d, k, c),
            decreasing=(epsilon,),
            notes=(
                "M is a flat k-cube, a face of [0,1]^d, or any set that as many l_inf balls of "
                "radius below (1-c) epsilon cover; the exponent is k, and the size linear in d",
                EXPLICIT_SIZE,
            ),
            derivations=("C4",),
        ),
    ),
    source=f"{PAPER}, Theorem 5.5",
    loose=(
        "with the known constants of random projections k~ exceeds d at every practical (k, d), "
        "where its lemma does not apply",
    ),
)
