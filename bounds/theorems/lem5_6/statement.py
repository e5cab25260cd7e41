"""Lemma 5.6: approximating a Lipschitz function on a manifold."""

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
from robustsize.bounds.symbols import d, delta, epsilon, k
from robustsize.bounds.theorems.shared import C_2, K_AT_MOST_D, PAPER

THEOREM = Theorem(
    id="lem5.6",
    title="Lipschitz approximation on a manifold",
    statement=(
        "A network of that size approximates an L-Lipschitz function on M within delta; here "
        "L = 1/epsilon, the Lipschitz constant of f* in Proposition 3.2."
    ),
    hypotheses=(
        Hypothesis("M is compact, poly-partitionable, with condition number tau > 0"),
        K_AT_MOST_D,
        Hypothesis("delta > 0", sp.Gt(delta, 0, evaluate=False)),
    ),
    kind=Kind.UPPER,
    quantity=Quantity.SIZE,
    forms=(
        Form(
            name=FormName.PRINTED,
            expression=(sp.sqrt(d) / (epsilon * delta)) ** (-C_2 * k * sp.log(d)),
            constant=Constant.UNSPECIFIED,
            regime=Regime(moves="delta -> 0", fixed="d, k, M"),
            source=f"{PAPER}, Lemma 5.6",
            needs=(d, k, epsilon, delta),
            notes=(
                "as printed, sign and all",
                "k~ = O(k log d) is written C_2 k log d",
            ),
        ),
    ),
    source=f"{PAPER}, Lemma 5.6",
    loose=(
        "with the printed sign fewer parameters suffice for a better approximation; the proof "
        "of Theorem 5.5 uses the power +k~",
    ),
)
