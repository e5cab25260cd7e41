"""Theorem 3.3, upper bound for general data: why an approximation of f* is robust."""

from robustsize.bounds.prover import Derivation, Step, real

DERIVATION = Derivation(
    id="thm3.3",
    source="Li et al. 2022, Theorem 3.3 and its proof",
    symbols={
        "eps": real(0, open="min"),
        "c": real(0, 1, open=True),
        "a": real(0),
        "b": real(0),
        "f": real(),
        "g": real(),
    },
    note="At x': a = d(x',A), b = d(x',B), g = f*(x') = (b - a)/(a + b), f = f(x').",
    steps=(
        Step(
            "3.3a/approximation",
            "g < 1 - c",
            given=("abs(f - g) <= 1 - c", "f < 0"),
            note="A wrong sign at x' makes f* small there.",
        ),
        Step(
            "3.3a/ratio",
            "b < a*(2-c)/c",
            given=("(b - a)/(a + b) < 1 - c", "a + b >= 2*eps"),
        ),
        Step(
            "3.3a/distance",
            "a > c*eps",
            given=("b < a*(2-c)/c", "a + b >= 2*eps"),
            note="Against norm(x' - x) <= c eps with x in A.",
        ),
        Step(
            "3.3a/core",
            "(b - a)/(a + b) >= 1 - c",
            given=("a <= c*eps", "a + b >= 2*eps"),
            note="The same in one line: f* >= 1 - c within c eps of A.",
        ),
        Step(
            "3.3a/sign-zero",
            "f > 0",
            given=("abs(f - g) <= 1 - c", "g >= 1 - c"),
            note="If a network value of 0 counts as an error the approximation must be strict.",
        ),
        Step(
            "3.3a/corrected",
            "f > 0",
            given=("abs(f - g) < 1 - c", "g >= 1 - c"),
            note="With abs(f - f*) < 1 - c every sign convention is safe.",
        ),
    ),
)
