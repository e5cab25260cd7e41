"""Theorem 5.8, lower bound on manifolds: packing by volume comparison."""

from robustsize.bounds.prover import Derivation, Step, integer, real

DERIVATION = Derivation(
    id="thm5.8",
    source="Li et al. 2022, Theorem 5.8 and its proof",
    symbols={
        "tau": real(0, open="min"),
        "r": real(0, "tau/2"),
        "geodesic": real(0, "tau/2"),
        "arc": real(0, "pi"),
        "n": integer(1),
        "volume": real(0, open="min"),
        "ball": real(0, open="min"),
        "part": real(0, "ball", open="min"),
        "eps": real(0, open="min"),
        "d": integer(1),
        "k": integer(1),
        "dist": real(0),
        "N": integer(1, 40),
        "l": integer(0, "N"),
        "x": real(0, "1/2", open=True),
        "i": real(0),
        "m": integer(1),
        "C": real(1),
    },
    definitions={
        "chord": "geodesic - geodesic**3/(24*tau**2)",
    },
    steps=(
        Step(
            "5.8a/cited",
            "geodesic <= tau - tau*sqrt(1 - 2*chord/tau)",
            cite="Niyogi, Smale, Weinberger 2008, Proposition 6.3",
            note="Spot check: a circle of radius tau, whose chord is at least "
            "g - g^3/(24 tau^2) at arc length g.",
        ),
        Step("5.8a", "tau - tau*sqrt(1 - 2*r/tau) <= 2*r", note="The second inequality."),
        Step(
            "5.8b/cited",
            "2*pi*(arc**2/2 - arc**4/24 + arc**6/720) <= pi*arc**2",
            cite="Bishop, Gromov: with non-negative Ricci curvature a geodesic ball of radius r "
            "has volume at most r^k V_k",
            note="Spot check: the unit 2-sphere, where the ball of radius r has area "
            "2 pi (1 - cos r), with three terms of the series as an upper bound.",
        ),
        Step(
            "5.8b",
            "n >= volume/ball",
            given=("n*part >= volume",),
            note="n geodesic balls of radius 2r cover M, each of volume at most "
            "ball = (2r)^k V_k. That a maximal packing covers is A.9 with 5.8a.",
        ),
        Step(
            "5.8c/separation",
            "dist >= 2*eps",
            given=("sqrt(d)*dist >= 2*eps*sqrt(d)",),
            note="l_2 distance at least r = 2 eps sqrt(d), and l_2 <= sqrt(d) l_inf; strict if the "
            "packing is strict.",
        ),
        Step(
            "5.8c/eps-moves",
            "2*(2*eps*sqrt(d)) == (2*sqrt(k))*(2*eps*sqrt(d/k))",
            note="2r as a multiple of the printed base: vol(M)/((2r)^k V_k) is the printed number "
            "times vol(M)/((2 sqrt(k))^k V_k), a constant in eps and d: at fixed k the step holds.",
        ),
        Step(
            "5.8c/k-moves",
            "C*sqrt(pi*k) >= (8*pi*e)**(k/2)",
            given=("C <= 2**k",),
            note="That constant is about sqrt(pi k) (8 pi e)^(-k/2) vol(M), by Stirling "
            "(5.8c/core-constant gives the upper half). With k it falls exponentially, so no C, "
            "even one that grows, makes it universal.",
        ),
        Step("5.8c/core-every-constant", "2**k*sqrt(pi*k) < (8*pi*e)**(k/2)"),
        Step(
            "5.8c/core-constant",
            "factorial(m) <= e*sqrt(m)*(m/e)**m",
            cite="Stirling's formula, Robbins 1955",
            given=("m <= 1000",),
            note="With k = 2m: so the constant Gamma(k/2+1)/(2 sqrt(pi k))^k is at most "
            "e sqrt(k/2) (8 pi e)^(-k/2).",
        ),
        Step(
            "5.8d",
            "l > N/10",
            given=("2**N <= Sum(binomial(N,j), j, 0, floor(N/10))*Sum(binomial(N,j), j, 0, l)",),
            note="a = 1/10, for N <= 40.",
        ),
        Step(
            "5.8d/core-term",
            "i*log(x) + (m-i)*log(1-x) - x*m*log(x) - (1-x)*m*log(1-x)"
            " == (x*m - i)*(log(1-x) - log(x))",
            note="The logarithm of x^i (1-x)^(m-i) against that at i = x m, which is -H(x) m ln 2.",
        ),
        Step(
            "5.8d/core-sign",
            "log(1-x) >= log(x)",
            note="Hence that difference is >= 0 for i <= x m: each term of (x + (1-x))^m = 1 "
            "up to i = x m is at least C(m,i) 2^(-H(x) m), and the sum of C(m,i) for i <= x m is "
            "at most 2^(H(x) m).",
        ),
        Step(
            "5.8d/core-entropy",
            "-(log2(1/10)/10 + (9/10)*log2(9/10)) < 1/2",
            note="H(1/10) < 1/2: two such sums at a = 1/10 multiply to less than 2^m, "
            "so l > m/10 for every m.",
        ),
    ),
)
