"""Theorem 2.2, robust training: the printed construction from products of ReLU polynomials."""

from robustsize.bounds.prover import Derivation, Step, integer, real


def _reading(name: str, m: str, note: str, given: tuple[str, ...] = ()) -> Step:
    """Step 2.2c with the definitions written out for one choice of m."""
    tiny = f"((1/(33*N))*(R*(R**2+delta**2)/(R+delta))**({m}))"
    factor = f"(4*N/((R**2-e1)**({m}) - {tiny}))"
    claim = (
        f"{factor}*((delta**2+e1)**({m}) + {tiny}) <= 1/4 < 4*N"
        f" <= {factor}*((R**2-e1)**({m}) - {tiny})"
    )
    return Step(f"2.2c/{name}", claim, given, note=note)


DERIVATION = Derivation(
    id="thm2.2",
    source="Li et al. 2022, Theorem 2.2 and its proof",
    symbols={
        "a": real(),
        "b": real(),
        "N": integer(1),
        "P": integer(1, "N"),
        "R": real(0, 1, open="min"),
        "delta": real(0, "R", open=True),
        "m": integer(1),
        "lam": real(0, open="min"),
        "q": real(0, 1),
        "own": real("3/4", open=True),
        "high": real(None, "1/(2*N)", open=True),
        "low": real(None, "1/(2*N)", open=True),
        "d": integer(1),
        "t": real(-1, 1),
        "r": real(0, 1),
        "s": real(0, 1),
    },
    definitions={"e1": "R*delta*(R-delta)/(R+delta)"},
    steps=(
        Step("2.2a", "abs(a) == (1/2)*(max(a,0) + max(-a,0))", note="As printed."),
        Step(
            "2.2a/corrected",
            "abs(a) == max(a,0) + max(-a,0)",
            note="Without the factor 1/2. One absolute value still costs two ReLU units.",
        ),
        Step(
            "2.2b",
            "max(a,b) == (1/2)*(abs(a+b) + abs(a-b))",
            given=("a >= 0", "b >= 0"),
            note="On the domain where the proof uses it.",
        ),
        Step(
            "2.2b/all-reals",
            "max(a,b) == (1/2)*(abs(a+b) + abs(a-b))",
            note="The printed identity with no domain stated.",
        ),
        Step(
            "2.2b/corrected",
            "max(a,b) == (1/2)*(a + b + abs(a-b))",
            note="What holds for all reals.",
        ),
        _reading(
            "natural-log-ceil",
            "max(1, ceil(log(32*N*delta/R)))",
            "m rounded up, natural logarithm, 0 < delta < R <= 1.",
        ),
        _reading(
            "natural-log-ceil-half",
            "max(1, ceil(log(32*N*delta/R)))",
            "The same, with delta < R/2 as the theorem allows.",
            given=("delta < R/2",),
        ),
        _reading(
            "log2-ceil",
            "max(1, ceil(log2(32*N*delta/R)))",
            "m rounded up, binary logarithm.",
        ),
        _reading(
            "log2-ceil-half",
            "max(1, ceil(log2(32*N*delta/R)))",
            "The same, with delta < R/2.",
            given=("delta < R/2",),
        ),
        _reading(
            "log2-floor-half",
            "max(1, floor(log2(32*N*delta/R)))",
            "m rounded down, with delta < R/2.",
            given=("delta < R/2",),
        ),
        _reading(
            "base-R/delta-ceil-half",
            "max(1, ceil(log(32*N*delta/R)/log(R/delta)))",
            "Base R/delta, the one that step 2.2d suggests, rounded up, with delta < R/2.",
            given=("delta < R/2",),
        ),
        _reading(
            "log-of-32N-R/delta-half",
            "max(1, ceil(log(32*N*R/delta)))",
            "As if delta/R under the logarithm were a slip for R/delta, natural, rounded up; tried "
            "at delta = 9R/20.",
            given=("delta == 9*R/20",),
        ),
        Step(
            "2.2c/log2-of-32N-R/delta-half",
            "(log(32*N) + lam)*lam/log(2) >= log(33*N)",
            given=("lam >= log(2)",),
            note="The same slip with the binary logarithm and delta < R/2: with lam = log(R/delta) "
            "m = log2(32 N R/delta) is at least log(33 N)/lam, which 2.2c/corrected asks for. "
            "This reading holds.",
        ),
        Step(
            "2.2c/corrected",
            "4*N*(q + 1/(33*N))/(1 - 1/(33*N)) <= 1/4",
            given=("33*N*q <= 1",),
            note="Both sides divided by (R^2-e1)^m: with q = (delta/R)^m (2.2d) the chain holds "
            "for every m >= log(33 N)/log(R/delta), a number of order log N when delta < R/2.",
        ),
        Step(
            "2.2c/corrected-e2",
            "R*(R**2+delta**2)/(R+delta) == R**2 - e1",
            note="So e2 = (R^2-e1)^m / (33 N), which the step above uses.",
        ),
        Step(
            "2.2c/corrected-exponent",
            "m*lam >= log(33*N)",
            given=("m >= log(33*N)/lam",),
            note="With lam = log(R/delta): such an exponent makes q = exp(-m lam) at most 1/(33 "
            "N).",
        ),
        Step("2.2d", "(delta**2+e1)/(R**2-e1) == delta/R"),
        Step(
            "2.2e/nonnegative",
            "4*P*high - 5/2 < 0 < 4*(own + (P-1)*low) - 5/2",
            given=("low >= 0",),
            note="P of the N points carry a bump; high is the largest value elsewhere, low the "
            "smallest. Holds if psi >= 0.",
        ),
        Step(
            "2.2e/any-sign",
            "4*P*high - 5/2 < 0 < 4*(own + (P-1)*low) - 5/2",
            note="As printed, psi < 1/(2N) elsewhere and no lower bound.",
        ),
        Step(
            "2.2e/corrected",
            "4*P*high - 5/2 < 0 < 4*(own + (P-1)*low) - 5/2",
            given=("low >= -1/(8*N)",),
            note="How far below 0 an approximation of psi may fall.",
        ),
        Step(
            "2.2f",
            "d*t**2 <= 1",
            note="P(x) = norm(x - x0)^2 with every coordinate of x - x0 equal to t: the hypothesis "
            "abs(P) <= 1 on the cube.",
        ),
        Step(
            "2.2f/unit-ball",
            "(r + s)**2 <= 1",
            note="p = 2, x and x0 in the unit ball on opposite rays, at distances r and s from 0.",
        ),
        Step(
            "2.2f/corrected",
            "d*t**2/d <= 1",
            note="P/d is bounded by 1 on the cube; this costs a factor d inside a logarithm.",
        ),
        Step(
            "2.2f/corrected-ball",
            "(r + s)**2/4 <= 1",
            note="P/4 on the unit ball.",
        ),
    ),
)
