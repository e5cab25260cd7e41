"""What several theorem files share: the paper's name and the hypotheses that recur in it."""

from __future__ import annotations

import sympy as sp

from robustsize.bounds.counting.growth import COUNTED, SHARPEST
from robustsize.bounds.statement import (
    ON_CUBE,
    Constant,
    Form,
    FormName,
    Hypothesis,
    Regime,
    SmallestSize,
    Trivial,
)
from robustsize.bounds.symbols import L, Norm, d, k

PAPER = "Li, Jin, Zhong, Hopcroft, Wang, NeurIPS 2022 (arXiv 2205.13863)"

C_2 = sp.Symbol("C_2", positive=True)
"""An unspecified constant inside a form, where no factor in front can stand for it."""

SEPARATED = Hypothesis("A, B in [0,1]^d are 2 epsilon-separated in l_p")
K_AT_MOST_D = Hypothesis("1 <= k <= d", sp.Le(k, d, evaluate=False))
BALANCED = Hypothesis("P is mu_0-balanced on A u B (Definition 4.1)")
FLAT = "flat k-cube"
"""The scope of explicit forms on a face of the cube."""

EVERY_LABELLING = "the class F_{n,L} shatters the forced points up to a share alpha of errors"
STANDARD_ERROR = (
    "alpha > 0: the standard error, under the uniform distribution on the forced points, is at "
    "most alpha"
)
ROBUST_ERROR = "below it some labelling has robust test error > alpha mu_0"
EXPLICIT_SIZE = "size counts non-zero weights and biases; the paper counts non-zero connections"


def depth_at_least(layers: int) -> Hypothesis:
    """The hypothesis that a construction of that many affine layers fits the depth asked for."""
    return Hypothesis(f"depth >= {layers}", sp.Ge(L, layers, evaluate=False))


def lower_forms(
    points: sp.Expr,
    *,
    packing: str,
    regime: str,
    needs: tuple[sp.Symbol, ...],
    norms: tuple[Norm, ...] = (Norm.TWO, Norm.INF),
    dimension: sp.Expr = d,
    optional: tuple[sp.Symbol, ...] = (),
    trivial: Trivial = ON_CUBE,
    scope: str = "",
    hypotheses: tuple[Hypothesis, ...] = (),
    increasing: tuple[sp.Symbol, ...] = (),
    decreasing: tuple[sp.Symbol, ...] = (),
    notes: tuple[str, ...] = (),
    derivations: tuple[str, ...] = (),
) -> tuple[Form, ...]:
    """The simple and the explicit form of a lower bound that comes from m = `points` forced points.

    packing: what the points are. dimension: the inputs on which the points differ. trivial: what
    every classifier of the setting needs. scope, hypotheses: where they do not hold for all that
    the theorem is stated for. derivations: what is needed beside those of the growth bounds and of
    the step from labellings to size.
    """
    return tuple(
        Form(
            name=name,
            expression=SmallestSize(points, growths, dimension),
            constant=Constant.EXPLICIT,
            regime=Regime(moves=regime, fixed=""),
            source=f"{EVERY_LABELLING}; m = {packing}",
            needs=needs,
            norms=norms,
            optional=(*optional, L),
            scope=scope,
            hypotheses=hypotheses,
            trivial=trivial,
            increasing=increasing,
            decreasing=(*decreasing, L),
            notes=(*notes, *(f"{g.name}: {g.meaning}" for g in growths), EXPLICIT_SIZE),
            derivations=tuple(
                dict.fromkeys((*(growth.derivation for growth in growths), "C2", *derivations))
            ),
        )
        for name, growths in ((FormName.SIMPLE, (COUNTED,)), (FormName.EXPLICIT, SHARPEST))
    )
