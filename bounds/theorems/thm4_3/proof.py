"""Theorem 4.3, lower bound for linearly separable data: instance, double count, exponent."""

from robustsize.bounds.prover import Derivation, Step, integer, real

DERIVATION = Derivation(
    id="thm4.3",
    source="Li et al. 2022, Theorem 4.3 and its proof",
    symbols={
        "eps": real(0, "1/2", open="min"),
        "c": real(0, 1, open=True),
        "i": integer(1, "floor(1/(2*eps))"),
        "j": integer(1, "floor(1/(2*eps))"),
        "M": integer(2),
        "d": integer(1),
        "a": real(0, "1/2", open="max"),
        "share": real(0, "1/10"),
        "V": integer(1),
        "errors": integer(0, "V"),
        "k": integer(0, "V-1"),
        "v": integer(1, 40),
        "wrong": integer(0, "v"),
        "ratio": real(0, "1/10", open=True),
        "C": real(0, open="min"),
        "w": real(0, open="min"),
        "y": real(0),
        "b": integer(1),
    },
    definitions={"K": "floor(1/(2*eps))"},
    steps=(
        Step(
            "4.3a/separation",
            "abs(i/K - j/K) >= 2*eps",
            given=("i != j",),
            note="Different multi-indices differ on some axis; each index carries one label, so "
            "all cross pairs are of this kind. In l_2 distances are larger still.",
        ),
        Step(
            "4.3a/in-cube",
            "0 <= 1/2 - c*eps < 1/2 < 1/2 + c*eps <= 1",
            note="And the two classes lie on the two sides of x_d = 1/2.",
        ),
        Step("4.3a/in-cube-axes", "0 <= i/K <= 1"),
        Step(
            "4.3a/forces",
            "abs((1/2 - c*eps) - 1/2) <= c*eps >= abs((1/2 + c*eps) - 1/2)",
            note="(i/K, 1/2) lies in the closed ball of radius c eps round its point, so it must "
            "carry its label.",
        ),
        Step(
            "4.3b",
            "d*M + M + (M-2)*(M**2 + M) + M + 1 <= M**3",
            note="Weights and biases of the full network: d inputs, M-1 hidden layers of M units.",
        ),
        Step(
            "4.3b/weights-only",
            "d*M + (M-2)*M**2 + M <= M**3",
            note="Connections only, as the paper counts.",
        ),
        Step(
            "4.3b/corrected",
            "d*M + M + (M-2)*(M**2 + M) + M + 1 <= M**3",
            given=("d <= M - 1",),
            note="It needs M > d. The theorem survives: its bound is far above d, and a network "
            "with fewer parameters is one with at most d + 1.",
        ),
        Step(
            "4.3b/corrected-weights-only",
            "d*M + (M-2)*M**2 + M <= M**3",
            given=("d <= 2*M - 1",),
        ),
        Step(
            "4.3c",
            "binomial(2*v - wrong, v)*2**v/binomial(2*v, v) >= (2*(2*v - wrong - v)/(2*v - v))**v",
            note="With m = 2V points of which a m are wrong, for V <= 40 and every a m <= V.",
        ),
        Step(
            "4.3c/core-factor",
            "(2*V - errors - k)/(2*V - k) >= (2*V - errors - V)/(2*V - V)",
            note="The quotient of binomials is a product of V such factors, k < V: so 4.3c holds "
            "for every V.",
        ),
        Step(
            "4.3c/power",
            "2*((1-a)*(2*V) - V)/(2*V - V) == 2*(1-2*a)",
            note="The base of the power; V = m/2.",
        ),
        Step("4.3d", "2*(1 - 2*share) > (10*e)**(1/10)"),
        Step(
            "4.3d/conclusion",
            "ratio*(1 - log(ratio)) < log(2*(1 - 2*share))",
            note="v = ratio V with ratio < 1/10 would give Pi(V) <= (e V/v)^v < (2(1-2a))^V, in "
            "logarithms divided by V. Hence v >= V/10.",
        ),
        Step(
            "4.3e/vc-quadratic",
            "32*b**2 <= (64*b+2)**2/4",
            cite="Goldberg, Jerrum 1995: the VC dimension is O(W^2)",
            note="Spot check: the networks of Bartlett et al. 2019, Theorem 11 with r = 1.",
        ),
        Step(
            "4.3e",
            "M >= y**(1/6)",
            given=("M**6 >= y",),
            note="From K^(d-1)/20 <= C W^2 and W = M^3, with y = K^(d-1)/(20 C).",
        ),
        Step(
            "4.3e/eps-moves",
            "2*K >= 1/(2*eps)",
            note="The theorem is stated with 1/(2 eps) for K. At fixed d, eps -> 0 the rounding of "
            "K costs at most the constant 2^(d-1).",
        ),
        Step(
            "4.3e/d-moves",
            "floor(1/(2*3/10))**(d-1) == Omega((2*3/10)**(-(d-1)))",
            regime="d -> inf",
            note="At fixed eps, d -> inf the rounding costs a factor exponential in d: at eps = "
            "3/10 K is 1 and one point is left.",
        ),
        Step(
            "4.3e/corrected",
            "K + 1 > 1/(2*eps)",
            note="The grid i/K with i from 0 to K is as well separated and has K+1 points an axis: "
            "the theorem survives in both regimes.",
        ),
    ),
)
