"""Theorem 2.3, lower bound for robust training: from VC dimension to size."""

from robustsize.bounds.prover import Derivation, Step, integer, real

DERIVATION = Derivation(
    id="thm2.3",
    source="Li et al. 2022, Theorem 2.3 and its proof",
    symbols={
        "N": integer(2),
        "d": integer(1),
        "n": integer(2),
        "L": integer(1),
        "m": integer(1),
        "x": real(0),
        "rho": real(0, 1, open="max"),
        "eps": real(0, open="min"),
        "q": integer(1),
    },
    steps=(
        Step(
            "2.3a/vc-lower",
            "floor(N/2)*min(d, floor(1/(1-rho**2))) >= N*d/3",
            cite="Gao et al. 2019, Theorem 6.1: VC(F_n) = Omega(N d)",
            given=("rho**2 >= 1 - 1/d",),
            note="Cited for the VC dimension. Spot check at p = 2: the number of probes whose "
            "labels a data set of N points can force, for rho^2 >= 1 - 1/d. Not for every delta "
            "and p: see D.1.",
        ),
        Step(
            "2.3a/core-probe",
            "eps**2*(1 - 1/q) <= rho**2*eps**2",
            given=("q <= 1/(1-rho**2)",),
            note="A probe z + (eps/sqrt(q)) e_j lies within delta = rho eps of the data point "
            "z + (eps/sqrt(q)) s with s_j = 1, at squared distance eps^2 (q-1)/q.",
        ),
        Step(
            "2.3a/core-data-points",
            "q*(2*eps/sqrt(q))**2 == (2*eps)**2",
            note="The two data points of a gadget are 2 eps apart.",
        ),
        Step(
            "2.3a/core-count",
            "floor(N/2)*d >= N*d/3",
            note="rho^2 >= 1 - 1/d allows q = d; the gadgets then force at least N d/3 labels.",
        ),
        Step(
            "2.3a/vc-upper",
            "n*n*log(n*n) == O(n**2)",
            regime="n -> inf",
            note="The printed O(n L log(n L)) = O(n^2) at L = n, which any depth allows.",
        ),
        Step(
            "2.3a/vc-upper-fixed-depth",
            "n*L*log(n*L) <= L*(1 + log(L))*n**2",
            note="At a fixed depth L it holds, with the constant L (1 + log(L)).",
        ),
        Step(
            "2.3a/corrected",
            "32*m**2 <= (64*m+2)**2/4",
            cite="Goldberg, Jerrum 1995: VC(F_n) = O(n^2) for every depth",
            note="O(n^2) holds by another route. Spot check: the networks of Bartlett et al. 2019, "
            "Theorem 11 with r = 1, 64 m + 2 parameters and VC >= 32 m^2.",
        ),
        Step(
            "2.3a/conclusion",
            "n >= sqrt(x)",
            given=("n**2 >= x",),
            note="From N d / C_1 <= VC(F_n) <= C_2 n^2, with x = N d / (C_1 C_2).",
        ),
    ),
)
