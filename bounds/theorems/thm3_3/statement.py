"""Theorem 3.3: exponentially many parameters suffice for zero robust test error."""

import sympy as sp

from robustsize.bounds.counting.construction_size import (
    cells_an_axis,
    cells_an_axis_l2,
    centres_outside_gap,
    depth_five_size,
    depth_four_size,
    pieces_an_axis,
    quadratic_bump_size,
    shared_bump_size,
)
from robustsize.bounds.statement import Constant, Form, FormName, Kind, Quantity, Regime, Theorem
from robustsize.bounds.symbols import L, Norm, c, d, epsilon
from robustsize.bounds.theorems.shared import C_2, EXPLICIT_SIZE, PAPER, SEPARATED, depth_at_least

G = cells_an_axis(epsilon, c)
"""Cells an axis; the half side 1/(2G) is strictly below (1-c) epsilon."""

_HALVES = sp.floor(d / 2), sp.ceiling(d / 2)
"""Coordinates of the two halves of a cell."""

G_L2 = cells_an_axis_l2(epsilon, c, d)
"""Cells an axis at p = 2; half their diagonal is strictly below (1-c) epsilon."""

PIECES_L2 = pieces_an_axis(
    1 + 2 * c * epsilon, d, centres_outside_gap(epsilon, c, sp.sqrt(d) / (2 * G_L2))
)
"""Pieces an axis of the square on [-c epsilon, 1 + c epsilon]."""

CELLS = sp.floor(G**d / 2)
"""The class that meets fewer cells meets at most half of them."""

THEOREM = Theorem(
    id="thm3.3",
    title="General case, upper bound",
    statement=(
        "For 2 epsilon-separated A, B in [0,1]^d a ReLU network of that size has zero robust test "
        "error at radius c epsilon, for every distribution on A u B."
    ),
    hypotheses=(SEPARATED,),
    kind=Kind.UPPER,
    quantity=Quantity.SIZE,
    forms=(
        Form(
            name=FormName.PRINTED,
            expression=((1 - c) * epsilon) ** (-d),
            constant=Constant.UNSPECIFIED,
            regime=Regime(moves="epsilon -> 0", fixed="d, c"),
            source=f"{PAPER}, Theorem 3.3",
            needs=(d, epsilon, c),
            base=(1 - c) * epsilon,
            increasing=(d, c),
            decreasing=(epsilon,),
            notes=("O~ hides a polylogarithmic factor as well as a constant",),
        ),
        Form(
            name=FormName.APPENDIX,
            expression=(C_2 * (1 - c) * epsilon) ** (-d)
            * (d**2 + d * sp.log(d) + d * sp.log(1 / (1 - c))),
            constant=Constant.UNSPECIFIED,
            regime=Regime(moves="epsilon -> 0", fixed="d, c"),
            source=f"{PAPER}, appendix to Theorem 3.3",
            needs=(d, epsilon, c),
            base=(1 - c) * epsilon,
            increasing=(d, c),
            decreasing=(epsilon,),
        ),
        Form(
            name=FormName.EXPLICIT,
            expression=shared_bump_size(CELLS, d, G),
            constant=Constant.EXPLICIT,
            regime=Regime(moves="every d, epsilon, c", fixed=""),
            source="one bump on each cell that meets the smaller class, depth 3",
            needs=(d, epsilon, c),
            norms=(Norm.INF,),
            optional=(L,),
            hypotheses=(depth_at_least(3),),
            increasing=(d, c),
            decreasing=(epsilon,),
            notes=(EXPLICIT_SIZE,),
            derivations=("C4",),
        ),
        Form(
            name=FormName.DEEPER,
            expression=sp.Min(
                shared_bump_size(CELLS, d, G),
                depth_four_size(CELLS, G, *_HALVES),
                depth_five_size(CELLS, G, *_HALVES),
            ),
            constant=Constant.EXPLICIT,
            regime=Regime(moves="every d, epsilon, c", fixed=""),
            source="bumps over half of the coordinates each, shared by the cells, depth <= 5",
            needs=(d, epsilon, c),
            norms=(Norm.INF,),
            optional=(L,),
            hypotheses=(depth_at_least(5),),
            increasing=(d, c),
            decreasing=(epsilon,),
            notes=(EXPLICIT_SIZE,),
            derivations=("C4", "C6"),
        ),
        Form(
            name=FormName.EXPLICIT,
            expression=quadratic_bump_size(sp.floor(G_L2**d / 2), d, PIECES_L2),
            constant=Constant.EXPLICIT,
            regime=Regime(moves="every d, epsilon, c", fixed=""),
            source="one ball bump on each cell that meets the smaller class, depth 4",
            needs=(d, epsilon, c),
            norms=(Norm.TWO,),
            optional=(L,),
            hypotheses=(depth_at_least(4),),
            notes=(
                "not monotone: where half a cell's diagonal is just below (1-c) epsilon the square "
                "must be interpolated finely",
                EXPLICIT_SIZE,
            ),
            derivations=("C4",),
        ),
    ),
    source=f"{PAPER}, Theorem 3.3",
    loose=(
        "p = 2: l_2 packings of [0,1]^d grow like (d/(2 pi e))^(d/2) (2 epsilon)^(-d), so at fixed "
        "epsilon and d -> infinity a lower bound of order exp(d log d) contradicts the printed "
        "form; it is meant for epsilon -> 0 at fixed d",
    ),
)
