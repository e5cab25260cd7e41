"""C1: the growth function of sparse networks of unknown architecture, layer by layer."""

from robustsize.bounds.prover import Derivation, Step, integer, real

DERIVATION = Derivation(
    id="C1",
    source="Bartlett, Harvey, Liaw, Mehrabian, JMLR 20(63), 2019, Theorem 7, made explicit",
    symbols={
        "m": integer(1),
        "n": integer(1),
        "d": integer(1),
        "L": integer(1),
        "i": integer(1, "L"),
        "W": integer(1, "n"),
        "k": integer(1, "W"),
        "U": integer(1, "n"),
        "first": integer(0, "U"),
        "odd": real(0),
        "even": real(0),
        "s": integer(1, 12),
        "v": integer(1, "s"),
        "D": integer(1, 4),
        "x": real(0),
        "slots": integer(1),
        "q": real(0, 1, open="min"),
        "j": integer(0, "n"),
        "z": real(0, open="min"),
    },
    steps=(
        Step(
            "C1.1",
            "Sum(binomial(s,h), h, 0, v) <= 2*(2*e*s*D/v)**v",
            cite="Warren 1968; Anthony, Bartlett 1999, Theorem 8.3: s >= v polynomials of degree "
            "<= D in v variables have at most 2 (2 e s D / v)^v sign vectors",
            note="Spot check: s hyperplanes in general position in R^v have sum_{i<=v} C(s,i) "
            "cells, so at least that many sign vectors.",
        ),
        Step(
            "C1.2",
            "1 + W*log2(2*e*m*k*i/W) <= 1 + W*log2(2*e*m*i)",
            note="On a cell where the activations of the layers below are fixed, the m k "
            "pre-activations of layer i are polynomials of degree <= i in W parameters, at least "
            "one for each of its k units, so k <= W.",
        ),
        Step(
            "C1.2/parameters",
            "1 + W*x <= 1 + n*x",
            note="With x = log2(2 e m i), which is positive: layer i has at most n parameters "
            "below it.",
        ),
        Step("C1.2/positive", "log2(2*e*m*i) > 2"),
        Step(
            "C1.3",
            "m*k <= 1 + W*log2(2*e*m*i)",
            given=("m*k <= W",),
            note="Where m k < W the formula of C1.1 does not hold; the trivial 2^(m k) patterns "
            "are no more.",
        ),
        Step(
            "C1.4/compositions",
            "Sum(2**(h-1), h, 1, n) == 2**n - 1",
            note="Sequences of layer widths, all units and the output counted, that sum to at "
            "most n.",
        ),
        Step(
            "C1.4/layers",
            "odd*even <= (odd + even)**2/4",
            note="Weights join consecutive layers only: at most the units of odd layers times "
            "those "
            "of even ones.",
        ),
        Step(
            "C1.4/slots",
            "U**2/4 + d*first + U <= n*(n/4 + d + 1)",
            note="Weights between units, weights from the d inputs to the first layer, biases: the "
            "places of parameters. Live units have a parameter each, so U <= n.",
        ),
        Step(
            "C1.4/wide",
            "n*(n/4 + d + 1) <= n*(n + d + 1)",
            note="The simpler count of C1.5.",
        ),
        Step(
            "C1.4/supports-power",
            "q**n <= q**j",
            note="With q = n/slots <= 1: (n/slots)^n sum_{j<=n} C(slots,j) <= sum_j C(slots,j) "
            "q^j <= (1 + n/slots)^slots.",
        ),
        Step(
            "C1.4/supports-exponential",
            "(1 + z/slots)**slots <= exp(z)",
            note="With z = n: at most (e slots / n)^n supports of at most n of the slots, where "
            "n <= slots.",
        ),
        Step(
            "C1.4/few-slots",
            "slots*log(2) <= n*log(e*(n/4 + d + 1))",
            given=("slots <= n",),
            note="Where n > slots all 2^slots supports are no more than that.",
        ),
        Step(
            "C1.5",
            "1 + n*log2(2*e*m*i) <= 1 + n*log2(2*e*m*L)",
            note="L such terms sum to L + n L log2(2 e m L); with the architectures of C1.4 "
            "G(n, L, m) = L + n L log2(2 e m L) + n + n log2(e (n + d + 1)).",
        ),
        Step(
            "C1.5/rises",
            "L + n*x + n + n*log2(e*(n+d+1)) <= L + (n+1)*x + (n+1) + (n+1)*log2(e*(n+1+d+1))",
            note="G rises with n, so that the smallest n that passes is a lower bound.",
        ),
    ),
)
