"""Where printed statements are loose: a counterexample or a regime for each."""

from robustsize.bounds.prover import Derivation, Step, integer, real

DERIVATION = Derivation(
    id="loose",
    source="Li et al. 2022, the printed theorems in regimes that they do not exclude",
    symbols={
        "d": integer(1),
        "half": integer(300),
        "C": real(1),
        "k": integer(1),
        "dim": integer(1, 40_000),
        "intrinsic": integer(1, "dim"),
        "eps": real(0, "1/2", open=True),
        "c": real(0, 1, open=True),
        "delta": real(0, "eps", open="max"),
        "gap": real("2*eps"),
        "x": real(),
        "a": real(0),
        "b": real(0),
        "r": real(0, "eps", open="max"),
        "radius": real(0, "eps", open=True),
        "beta": real(0, 1, open=True),
        "fail": real(0, "1/2", open="min"),
        "distortion": real(0, 1, open="min"),
        "tau": real(0, 1, open="min"),
        "bits": real(0),
        "scale": real(1),
    },
    definitions={
        "baraniuk_wakin": "(676*intrinsic/distortion**2)*log(3100**4*intrinsic*dim**3"
        "/(distortion**6*tau**2))",
    },
    steps=(
        Step(
            "D.1",
            "2 == Omega(sqrt(2*d))",
            regime="d -> inf",
            note="thm2.3 at p = inf, N = 2: one weight and one bias are robust "
            "(D.1/core-threshold), against the printed Omega(sqrt(N d)).",
        ),
        Step(
            "D.1/core-threshold",
            "x + gap - delta > x + gap/2 > x + delta",
            note="The coordinate in which the two points differ by gap >= 2 eps, and the threshold "
            "half way: every point within delta keeps its side.",
        ),
        Step(
            "D.1/core-l2",
            "eps/sqrt(d) <= gap/(2*sqrt(d))",
            note="p = 2: some coordinate differs by at least 2 eps/sqrt(d), so the same threshold "
            "is robust for every delta < eps/sqrt(d). The statement needs delta near eps and p = "
            "2.",
        ),
        Step(
            "D.2",
            "(b - a)/(a + b) > 0",
            given=("a == eps", "b == eps"),
            note="prop3.2 at radius exactly eps: half way between A and B, f* = 0.",
        ),
        Step(
            "D.2/corrected",
            "(b - a)/(a + b) > 0",
            given=("a <= r", "a + b >= 2*eps"),
            note="Every radius r < eps is fine.",
        ),
        Step(
            "D.3/d-moves",
            "factorial(half)*(4/pi)**half <= C*64**half",
            given=("C <= 2**half",),
            note="thm3.3 at p = 2, eps = 1/4, c = 1/2, d = 2 half: the l_2 packing of the cube, "
            "whose root bounds the size from below, against C times the square of "
            "((1-c) eps)^(-d) = 8^d, where C may even grow.",
        ),
        Step("D.3/core-start", "factorial(300) >= (32*pi)**300"),
        Step(
            "D.3/core-growth",
            "half + 1 >= 32*pi",
            note="With D.3/core-start: from d = 600 on the packing exceeds 2^half times the square "
            "of the printed form, by induction.",
        ),
        Step(
            "D.3/eps-moves",
            "(2*eps)**(-d) <= ((1-c)*eps)**(-d)",
            note="At fixed d the factor Gamma(d/2+1)/pi^(d/2) is a constant and the printed form "
            "is right: it is for eps -> 0.",
        ),
        Step(
            "D.4/small-manifold",
            "1 >= (2*eps*sqrt(d/k))**(-k)",
            given=("k < d",),
            note="thm5.8 on M of diameter below 2 eps: one point is the largest packing, the "
            "printed number of points grows without bound.",
        ),
        Step(
            "D.4/core-diameter",
            "2*radius < 2*eps",
            note="On a sphere of radius < eps no two points are 2 eps apart.",
        ),
        Step(
            "D.4/constant",
            "C*sqrt(pi*k) >= (8*pi*e)**(k/2)",
            given=("C <= 2**k",),
            note="The constant vol(M) sqrt(pi k) (8 pi e)^(-k/2) that the printed chain leaves is "
            "not universal, at vol(M) = 1: see 5.8c/core-every-constant.",
        ),
        Step(
            "D.5",
            "log(1/fail) == O(1)",
            regime="fail -> 0",
            note="thm4.4 without log(1/delta). A region of mass beta stays unseen with probability "
            "(1-beta)^N, so any learner needs N >= log(1/delta)/log(1/(1-beta)) in the worst case: "
            "more than any d/beta^2 at fixed d and beta.",
        ),
        Step(
            "D.5/corrected",
            "(4/beta)*(1 + bits) <= 32*(d + 1 + bits)/beta**2",
            note="The explicit realizable bound, with bits = log2(1/delta) left in, is "
            "O((d + log(1/delta))/beta^2): this is its first part, 4.4a/corrected its second.",
        ),
        Step(
            "D.6/baraniuk-wakin",
            "baraniuk_wakin <= dim",
            note="thm5.5 with the explicit constants: k~ <= d, the case V = 1, r = 1, R = 1 that "
            "is the most favourable.",
        ),
        Step(
            "D.6/corrected",
            "676*log(3100**4*dim**3) > dim",
            note="It fails for all k <= d <= 40000, every distortion and every reach up to 1.",
        ),
        Step(
            "D.6/core-smallest",
            "log(3100**4*scale*dim**3) >= log(3100**4*dim**3)",
            note="With scale = k/(distortion^6 tau^2) >= 1; the factor k/distortion^2 >= 1 in "
            "front only adds.",
        ),
        Step(
            "D.6/eftekhari-wakin",
            "18*max(24*13 + 2*13*log(sqrt(13)), log(8)) <= 784",
            note="Eftekhari, Wakin 2015 at distortion 1, the easiest: MNIST, k = 13, d = 784.",
        ),
        Step(
            "D.6/eftekhari-wakin-cifar",
            "18*max(24*26 + 2*26*log(sqrt(26)), log(8)) <= 3072",
            note="The same for CIFAR-10, k = 26, d = 3072.",
        ),
        Step(
            "D.6/eftekhari-wakin-imagenet",
            "18*4*max(24*43 + 2*43*log(4*sqrt(43)) + log(2), log(8)) <= 150528",
            note="ImageNet at 224 x 224, k = 43, with reach 1, unit volume and distortion 1/2: "
            "here there is room, so the claim k~ > d is not for every (k, d).",
        ),
        Step(
            "D.7/eps-moves",
            "(2*eps)**(-d) == 2**(-d)*eps**(-d)",
            note="A claim without a regime is not checkable: the same two functions are of one "
            "order when eps moves and d is fixed ...",
        ),
        Step(
            "D.7/d-moves",
            "eps**(-d) <= C*(2*eps)**(-d)",
            given=("C <= d",),
            note="... and not when d moves, for any constant (D.7/core-every-constant). The files "
            "of this tool refuse an asymptotic claim with no regime.",
        ),
        Step("D.7/core-every-constant", "2**d > d"),
    ),
)
