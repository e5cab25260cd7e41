"""Theorem 4.4, samples for linearly separable data without robustness."""

from robustsize.bounds.prover import Derivation, Step, integer, real

DERIVATION = Derivation(
    id="thm4.4",
    source="Li et al. 2022, Theorem 4.4 and its proof",
    symbols={
        "d": integer(1),
        "v": integer(1),
        "N": integer(1),
        "C": integer(1),
        "beta": real(0, 1, open="min"),
        "delta": real(0, 1, open="min"),
    },
    steps=(
        Step(
            "4.4a",
            "sqrt(2*v*log(e*N/v)/N) + sqrt(log(1/delta)/(2*N)) >= min(1, v/N)",
            cite="Mohri, Rostamizadeh, Talwalkar 2018, Corollary 3.19",
            given=("N >= v",),
            note="Cited for N >= v. Spot check: it must exceed what a shattered set makes "
            "unavoidable, and be at least 1 at N = v.",
        ),
        Step(
            "4.4a/any-N",
            "2*v*log(e*N/v)/N >= 0",
            note="As printed, with no word on N >= v: the root must exist.",
        ),
        Step(
            "4.4a/sample-size",
            "2*log(e*C/beta**2) <= C",
            given=("beta <= exp(-C)",),
            note="With L_T = 0 and N = C v/beta^2 the first root is beta sqrt(2 log(e "
            "C/beta^2)/C), which should be at most beta for the printed N = Omega(d/beta^2) to do: "
            "it is not for any C once beta is small.",
        ),
        Step(
            "4.4a/corrected",
            "log2(13/beta)/beta <= 4/beta**2",
            note="The realizable bound N >= max((4/beta) log2(2/delta), (8(d+1)/beta) "
            "log2(13/beta)) is at most 32 (d+1)/beta^2 in its second part: the theorem survives "
            "in d and beta.",
        ),
        Step(
            "4.4a/corrected-confidence",
            "(4/beta)*log2(2/delta) <= (4/beta**2)*log2(2/delta)",
            note="Its first part, the log(1/delta) that the printed form leaves out (D.5).",
        ),
    ),
)
