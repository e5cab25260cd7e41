"""C2: from labellings to size, with a share alpha of errors."""

from robustsize.bounds.prover import Derivation, Step, integer, real

DERIVATION = Derivation(
    id="C2",
    source="each sign pattern serves at most a Hamming ball of labellings; Li et al. 2022, 5.8d",
    symbols={
        "m": integer(1),
        "M": integer(1, 24),
        "i": integer(0, "m"),
        "errors": integer(0, "m"),
        "alpha": real(0, "1/2", open="max"),
        "a": real(0, "1/2", open="min"),
        "lack": real(),
        "t": real(0),
        "spare": real(0),
        "r": integer(1, "M/2"),
        "mu": real(0, 1, open="min"),
        "share": real(0, 1),
        "mass": real(0, 1),
        "x": real(0, 1, open="min"),
        "u": real(0),
        "w": real("u"),
    },
    steps=(
        Step(
            "C2.1",
            "errors <= floor(alpha*m)",
            given=("errors <= alpha*m",),
            note="A share of at most alpha of m points is at most floor(alpha m) points.",
        ),
        Step(
            "C2.2",
            "2**lack < 1",
            given=("lack < 0",),
            note="2^p patterns, each within Hamming distance floor(alpha m) of at most 2^h "
            "labellings, with lack = p + h - m < 0 do not reach all 2^m: so m - h <= p is needed.",
        ),
        Step(
            "C2.3",
            "2**(-t - spare) <= 2**(-t)",
            note="Where the inequality fails by t bits, all but a share 2^-t of the labellings are "
            "hard.",
        ),
        Step(
            "C2.4",
            "mass > mu*alpha",
            given=("mass >= mu*share", "share > alpha"),
            note="More than a share alpha of the points wrong, under a mu_0-balanced P: robust "
            "test error above alpha mu_0.",
        ),
        Step(
            "C2.5",
            "Sum(binomial(M,l), l, 0, r) <= 2**(-r*log2(r/M) - (M-r)*log2(1-r/M))",
            note="Hamming(m, alpha) <= 2^(m H(alpha)), for all m <= 24 and r = alpha m <= m/2.",
        ),
        Step(
            "C2.5/core-share",
            "a/(1-a) <= 1",
            note="For a <= 1/2.",
        ),
        Step(
            "C2.5/core-power",
            "x**w <= x**u",
            note="With x = a/(1-a), u = i <= w = a m: a^(am) (1-a)^((1-a)m) <= a^i (1-a)^(m-i), "
            "and "
            "the terms C(m,i) a^i (1-a)^(m-i) sum to 1. So sum_{i<=am} C(m,i) <= 2^(m H(a)) for "
            "every m; with am = v = n^2 it is Sauer's bound for a squared VC dimension.",
        ),
    ),
)
