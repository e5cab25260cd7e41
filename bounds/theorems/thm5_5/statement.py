"""Theorem 5.5: on a k-dimensional manifold the exponent is about k, not d."""

import sympy as sp

from robustsize.bounds.counting.construction_size import cells_an_axis, covered_size
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
from robustsize.bounds.theorems.shared import (
    C_2,
    EXPLICIT_SIZE,
    FLAT,
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
            expression=covered_size(cells_an_axis(epsilon, c) ** k, d),
            constant=Constant.EXPLICIT,
            regime=Regime(moves="every k, d, epsilon, c", fixed=""),
            source="one box bump on each ball of a covering that meets the smaller class, depth 3",
            needs=(d, k, epsilon, c),
            norms=(Norm.INF,),
            optional=(L,),
            scope=FLAT,
            hypotheses=(
                Hypothesis(
                    "M lies in a k-dimensional face of [0,1]^d (a flat k-cube), or in so many "
                    "closed l_inf balls of radius below (1-c) epsilon: g^k, "
                    "g = floor(1/(2 (1-c) epsilon)) + 1"
                ),
                depth_at_least(3),
            ),
            increasing=(d, k, c),
            decreasing=(epsilon,),
            notes=(
                "not for every k-dimensional M: a closed curve through all points of a grid has "
                "k = 1 and needs as many parameters as the grid (thm3.4); another M has its own "
                "covering number in place of g^k",
                "the exponent is k, and the size linear in d; the network is robust on whole l_inf "
                "balls, not only on M",
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
