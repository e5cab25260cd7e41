"""C5: samples that learn a halfspace, the explicit form of Theorem 4.4."""

from robustsize.bounds.prover import Derivation, Step, integer, real

DERIVATION = Derivation(
    id="C5",
    source="Blumer, Ehrenfeucht, Haussler, Warmuth, J. ACM 36(4), 1989, Theorem 2.1",
    symbols={
        "N": real(1),
        "v": integer(1),
        "d": integer(1),
        "beta": real(0, 1, open=True),
        "delta": real(0, 1, open=True),
        "x": real(0, open="min"),
        "y": real("37/10"),
    },
    steps=(
        Step(
            "C5.1",
            "2*(2*e*N/v)**v*2**(-beta*N/2) <= delta",
            given=(
                "N >= 4/beta*log2(2/delta)",
                "N >= 8*v/beta*log2(13/beta)",
                "v <= 30",
                "beta >= 1/1000",
                "delta >= 1/10**9",
            ),
            cite="Blumer, Ehrenfeucht, Haussler, Warmuth 1989, Theorem 2.1: some hypothesis that "
            "is consistent with N samples has error above beta with probability at most "
            "2 (2 e N / v)^v 2^(-beta N / 2)",
            note="The realisable case, v = d + 1 for halfspaces of R^d.",
        ),
        Step(
            "C5.2",
            "1 - log2(2/delta) == log2(delta)",
            note="Half of the exponent, beta N / 4 >= log2(2/delta), pays for delta.",
        ),
        Step(
            "C5.3",
            "log2(13/beta) >= 37/10",
            note="Write y = log2(13/beta).",
        ),
        Step(
            "C5.3/patterns",
            "16*e*y/13 <= 2**y",
            note="At N = (8 v / beta) y: log2(2 e N / v) = log2(16 e y / 13) + y <= 2 y = "
            "beta N / (4 v), so that the other half pays for the patterns.",
        ),
        Step(
            "C5.4",
            "1/(x*log(2)) <= beta/4",
            given=("x >= 8/beta*log2(13/beta)",),
            note="With x = N/v the slope of log2(2 e x) stays below that of beta x / 4, so it "
            "holds "
            "for every larger N.",
        ),
    ),
)
