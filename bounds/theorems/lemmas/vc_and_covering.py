"""The auxiliary lemmas: VC dimension, Sauer's lemma, covering and packing numbers."""

from robustsize.bounds.prover import Derivation, Step, integer, real

DERIVATION = Derivation(
    id="growth",
    source="Li et al. 2022, Appendix A",
    symbols={
        "m": integer(1),
        "v": integer(1),
        "i": integer(0, "v"),
        "u": integer(1, 40),
        "w": integer(1, "u"),
        "x": real(0, 1, open="min"),
        "s": real(0, open="min"),
        "W": integer(2),
        "L": integer(1),
        "C": real(1),
        "k": integer(1),
        "d": integer(1),
        "delta": real(0, open="min"),
        "length": real(0, open="min"),
        "V": real(0, open="min"),
        "ball": real(0, open="min"),
        "cover": integer(1),
    },
    definitions={"unit_ball": "pi**(d/2)/gamma(d/2+1)"},
    steps=(
        Step(
            "A.3",
            "W**2 <= C*W*log(W)",
            given=("C <= sqrt(W)",),
            note="Bartlett et al. 2019, Theorem 11 with r = 1 (cited): networks of L = 5k+3 layers "
            "and W = 64k+2 parameters with VC dimension at least 32 k^2, of order W^2; the printed "
            "O(W log(W L)) is at most of order W log W, since L <= W.",
        ),
        Step(
            "A.3/core-every-constant",
            "sqrt(W) > log(W)",
            note="No constant C helps: C W log(W) < W^2 for all W >= C^2.",
        ),
        Step(
            "A.3/core-order",
            "32*k**2 >= (64*k+2)**2/144",
            note="The lower bound of that theorem in terms of W.",
        ),
        Step(
            "A.3/fixed-depth",
            "W*L*log(W) <= L*(W*log(W*L))",
            note="At a fixed depth the printed form and the true O(W L log W) agree, up to L.",
        ),
        Step(
            "A.3/corrected",
            "32*k**2 <= (5*k+3) + (5*k+3)*(64*k+2)*log2(4*e*(64*k+2)*log2(2*e*(64*k+2)))",
            cite="Bartlett, Harvey, Liaw, Mehrabian 2019, Theorem 7: "
            "VC <= L + L W log2(4 e U log2(2 e U))",
            note="O(W L log W) is what is proved there. Spot check: against the lower bound of "
            "their Theorem 11.",
        ),
        Step(
            "A.4/sauer",
            "Sum(binomial(m,j), j, 0, v) <= 2**m",
            cite="Sauer 1972, Shelah 1972: Pi(m) <= sum of C(m,i) for i <= v",
            given=("v <= m", "m <= 30"),
            note="Known theorem; all classes on at most 4 points are tried in A.4/core-classes. "
            "Spot check: the bound is at most 2^m.",
        ),
        Step(
            "A.4",
            "Sum(binomial(u,j), j, 0, w) <= (e*u/w)**w",
            note="For 1 <= v <= m <= 40, every pair.",
        ),
        Step(
            "A.4/any-v",
            "Sum(binomial(m,j), j, 0, v) <= (e*m/v)**v",
            note="As printed, with no word on v <= m.",
        ),
        Step(
            "A.4/core-power",
            "x**v <= x**i",
            note="With x = v/m <= 1: (v/m)^v sum_{i<=v} C(m,i) <= sum_{i<=v} C(m,i) (v/m)^i, which "
            "the binomial theorem bounds by (1 + v/m)^m.",
        ),
        Step(
            "A.4/core-exponential",
            "(1 + s/m)**m <= exp(s)",
            note="With s = v: hence the bound (e m / v)^v for all 1 <= v <= m.",
        ),
        Step(
            "A.7",
            "ceil(length/(2*delta)) >= 2*delta**(-1)*length",
            note="An interval, whose covering number is known: d = 1, v_1 = 2.",
        ),
        Step(
            "A.7/unit-ball",
            "1 >= unit_ball*1*unit_ball",
            note="The unit ball itself, covered by one ball of radius 1: v_d delta^(-d) V = v_d^2.",
        ),
        Step(
            "A.7/unit-ball-high-dimension",
            "1 >= unit_ball*1*unit_ball",
            given=("d >= 13",),
            note="From d = 13 on v_d < 1, and the printed form is weaker than the true one.",
        ),
        Step(
            "A.7/corrected",
            "cover >= V/ball",
            given=("cover*ball >= V",),
            note="C(Theta, delta) >= V/(v_d delta^d): the volumes of the covering balls, "
            "v_d delta^d each, sum to at least V. So v_d belongs in the denominator.",
        ),
        Step(
            "A.7/corrected-interval",
            "ceil(length/(2*delta)) >= length/(2*delta)",
            note="The corrected form on an interval.",
        ),
    ),
)
