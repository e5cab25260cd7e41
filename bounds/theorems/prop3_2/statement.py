"""Proposition 3.2: separated sets have a Lipschitz robust classifier."""

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
from robustsize.bounds.symbols import epsilon
from robustsize.bounds.theorems.shared import PAPER, SEPARATED

THEOREM = Theorem(
    id="prop3.2",
    title="A Lipschitz robust classifier exists",
    statement=(
        "f* = (d(x,B) - d(x,A)) / (d(x,A) + d(x,B)) is 1/epsilon-Lipschitz in l_p and has zero "
        "robust test error at every radius below epsilon."
    ),
    hypotheses=(SEPARATED, Hypothesis("A and B are not empty")),
    kind=Kind.EXISTENCE,
    quantity=Quantity.LIPSCHITZ,
    forms=(
        Form(
            name=FormName.PRINTED,
            expression=1 / epsilon,
            constant=Constant.EXPLICIT,
            regime=Regime(moves="every epsilon in (0, 1/2)", fixed=""),
            source=f"{PAPER}, Proposition 3.2",
            needs=(epsilon,),
            decreasing=(epsilon,),
        ),
    ),
    source=f"{PAPER}, Proposition 3.2",
    loose=(
        "printed for radius epsilon itself, where the closed balls around A and B can meet and "
        "f* = 0",
    ),
)
