"""Theorem 5.8: on a k-dimensional manifold exponentially many parameters in k are needed."""

import sympy as sp

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
from robustsize.bounds.symbols import Norm, alpha, c, d, epsilon, k, mu
from robustsize.bounds.theorems.shared import (
    BALANCED,
    FLAT,
    K_AT_MOST_D,
    PAPER,
    ROBUST_ERROR,
    lower_forms,
)

_BASE = 2 * epsilon * sp.sqrt(d / k)

THEOREM = Theorem(
    id="thm5.8",
    title="Manifold case, lower bound",
    statement=(
        "On a k-dimensional manifold M there are 2 epsilon-separated A, B such that every ReLU "
        "network with at most N_k parameters has robust test error at least C_1 mu_0."
    ),
    hypotheses=(
        Hypothesis("M is complete and compact with non-negative Ricci curvature"),
        BALANCED,
        K_AT_MOST_D,
    ),
    kind=Kind.LOWER,
    quantity=Quantity.SIZE,
    forms=(
        Form(
            name=FormName.PRINTED,
            expression=_BASE ** (-k / 2),
            constant=Constant.UNSPECIFIED,
            regime=Regime(moves="k -> infinity", fixed="epsilon, d/k"),
            source=f"{PAPER}, Theorem 5.8",
            needs=(d, k, epsilon),
            norms=(Norm.INF,),
            optional=(c, mu),
            base=_BASE,
            notes=("C_1 is a universal constant that the paper does not state",),
        ),
        *lower_forms(
            grid(k),
            packing="K^k grid points of the face",
            regime="every k, d, epsilon, c, alpha, L",
            needs=(d, k, epsilon),
            norms=(Norm.INF,),
            dimension=k,
            optional=(c, alpha, mu),
            increasing=(k,),
            decreasing=(epsilon, alpha),
            scope=FLAT,
            hypotheses=(
                Hypothesis(
                    "M holds a k-dimensional face of [0,1]^d (a flat k-cube), or as many points "
                    "2 epsilon apart in l_inf: K^k, K = floor(1/(2 epsilon)) + 1"
                ),
            ),
            notes=(
                "not for every k-dimensional M: a small one has no two points 2 epsilon apart; "
                "another M has its own packing number in place of K^k",
                ROBUST_ERROR,
            ),
            derivations=("C3",),
        ),
    ),
    source=f"{PAPER}, Theorem 5.8",
    loose=(
        "M may have diameter below 2 epsilon, and then no 2 epsilon-separated pair exists on it",
        "the constant that the printed chain leaves, vol(M) sqrt(pi k) (8 pi e)^(-k/2), is not "
        "universal; the hypothesis that matters is the packing number of M",
    ),
)
