"""Theorem 2.2: mild over-parametrisation suffices for zero robust training error."""

import sympy as sp

from robustsize.bounds.counting.construction_size import (
    box_bump_size,
    centres_inside_gap,
    pieces_an_axis,
    quadratic_bump_size,
    unshared_bump_size,
)
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
from robustsize.bounds.symbols import L, N, Norm, d, delta, epsilon
from robustsize.bounds.theorems.shared import C_2, EXPLICIT_SIZE, PAPER, depth_at_least

_SMALLER = sp.floor(N / 2)
"""At most that many points are in the smaller class."""

_PAIRS = _SMALLER * sp.ceiling(N / 2)
"""At most that many pairs of points have different labels."""

PIECES_L2 = pieces_an_axis(2 * (1 + delta), d, centres_inside_gap(epsilon, delta))
"""Pieces an axis of the square on [-1 - delta, 1 + delta], p = 2."""

_DELTA_BELOW = Hypothesis("delta < epsilon", sp.Lt(delta, epsilon, evaluate=False))

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
            hypotheses=(
                Hypothesis("delta < epsilon/2", sp.Lt(delta, epsilon / 2, evaluate=False)),
                Hypothesis("delta > 0", sp.Gt(delta, 0, evaluate=False)),
            ),
            increasing=(N, d),
            decreasing=(delta,),
            notes=("polylog(N/delta) is written log(N/delta)^C_2, its degree is not stated",),
        ),
        Form(
            name=FormName.EXPLICIT,
            expression=sp.Min(
                unshared_bump_size(_SMALLER, d),
                box_bump_size(_SMALLER, _PAIRS, _PAIRS),
            ),
            constant=Constant.EXPLICIT,
            regime=Regime(moves="every N, d, epsilon, delta", fixed=""),
            source="one box bump on each point of the smaller class, depth 3",
            needs=(N, d),
            norms=(Norm.INF,),
            optional=(epsilon, delta, L),
            hypotheses=(_DELTA_BELOW, depth_at_least(3)),
            increasing=(N, d),
            notes=(
                "a bump needs one side at most for each point of the other class, so that the size "
                "stays bounded as d grows",
                EXPLICIT_SIZE,
            ),
            derivations=("C4",),
        ),
        Form(
            name=FormName.EXPLICIT,
            expression=quadratic_bump_size(_SMALLER, d, PIECES_L2),
            constant=Constant.EXPLICIT,
            regime=Regime(moves="every N, d, epsilon, delta", fixed=""),
            source="one ball bump on each point of the smaller class, depth 4",
            needs=(N, d, epsilon, delta),
            norms=(Norm.TWO,),
            optional=(L,),
            hypotheses=(_DELTA_BELOW, depth_at_least(4)),
            increasing=(N, d, delta),
            decreasing=(epsilon,),
            notes=(EXPLICIT_SIZE,),
            derivations=("C4",),
        ),
    ),
    source=f"{PAPER}, Theorem 2.2",
    loose=(
        "as printed it decreases in delta, though a larger delta is the harder task",
        "delta < epsilon suffices; the printed proof needs delta < epsilon/2",
    ),
)
