"""Theorem 3.4, lower bound for general data: how many separated points there are."""

from robustsize.bounds.prover import Derivation, Step, integer, real

DERIVATION = Derivation(
    id="thm3.4",
    source="Li et al. 2022, Theorem 3.4 and its proof",
    symbols={
        "eps": real(0, "1/2", open=True),
        "d": integer(1),
        "i": integer(0, "floor(1/(2*eps))"),
        "j": integer(0, "floor(1/(2*eps))"),
        "z": real(0, 1),
        "u": real(),
        "x": real(0, open="min"),
        "y": real(0, "x", open="min"),
        "points": integer(1),
        "share": real(0, open="min"),
    },
    definitions={"K": "floor(1/(2*eps)) + 1"},
    steps=(
        Step(
            "3.4a/in-cube",
            "0 <= 2*eps*i <= 1",
            note="On an axis; the points of the cube are the d-fold products.",
        ),
        Step(
            "3.4a/separation",
            "abs(2*eps*i - 2*eps*j) >= 2*eps",
            given=("i != j",),
            note="Two different points differ on some axis, and there by at least 2 eps.",
        ),
        Step(
            "3.4b/count",
            "points >= 1/share",
            given=("points*share >= 1",),
            note="The balls of radius 2 eps round a maximal 2eps-separated subset of the unit ball "
            "cover it, and each holds a share of at most (2 eps)^d of its volume.",
        ),
        Step(
            "3.4b/subset-of-cube",
            "0 <= u <= 1",
            given=("abs(u - z) <= 1",),
            note="The unit ball, wherever its centre z in the cube: it leaves the cube on an axis.",
        ),
        Step(
            "3.4b/corrected",
            "K > 1/(2*eps)",
            note="The points of 3.4a are 2eps-separated in l_2 as well, lie in the cube, and are "
            "K on an axis, so more than (2 eps)^(-d).",
        ),
        Step(
            "3.4b/corrected-power",
            "x**d >= y**d",
            note="So K^d >= (2 eps)^(-d), with x = K and y = 1/(2 eps).",
        ),
    ),
)
