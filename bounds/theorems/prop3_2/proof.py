"""Proposition 3.2: the Lipschitz classifier f* = (d(x,B) - d(x,A)) / (d(x,A) + d(x,B))."""

from robustsize.bounds.prover import Derivation, Step, real

_SUMS = ("a + b >= 2*eps", "u + v >= 2*eps")

DERIVATION = Derivation(
    id="prop3.2",
    source="Li et al. 2022, Proposition 3.2",
    symbols={
        "eps": real(0, open="min"),
        "a": real(0),
        "b": real(0),
        "u": real(0),
        "v": real(0),
        "t": real(0),
        "r": real(0, "eps", open="max"),
    },
    definitions={"f": "(b - a)/(a + b)", "g": "(v - u)/(u + v)"},
    note="a = d(x,A), b = d(x,B) and u, v the same at x'; t = norm(x - x').",
    steps=(
        Step(
            "3.2a/lipschitz",
            "eps*abs(f - g) <= t",
            given=("abs(a - u) <= t", "abs(b - v) <= t", *_SUMS),
            note="Distances to sets are 1-Lipschitz, and d(x,A) + d(x,B) >= 2 eps everywhere.",
        ),
        Step(
            "3.2a/near-A",
            "f >= 0",
            given=("a <= eps", "a + b >= 2*eps"),
            note="Within eps of A.",
        ),
        Step("3.2a/near-B", "f <= 0", given=("b <= eps", "a + b >= 2*eps")),
        Step(
            "3.2a/zero-error-at-eps",
            "f > 0",
            given=("a <= eps", "a + b >= 2*eps"),
            note="Zero robust error at radius exactly eps asks for a strict sign (closed balls).",
        ),
        Step(
            "3.2a/corrected",
            "b - a >= (1 - r/eps)*(a + b)",
            given=("a <= r", "a + b >= 2*eps"),
            note="At every radius r < eps the sign is right, with margin f* >= 1 - r/eps > 0.",
        ),
    ),
)
