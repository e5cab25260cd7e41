"""Theorem 5.5, upper bound on manifolds: random projections."""

from robustsize.bounds.prover import Derivation, Step, integer, real

DERIVATION = Derivation(
    id="thm5.5",
    source="Li et al. 2022, Theorem 5.5 and its proof",
    symbols={
        "d": integer(1),
        "k": integer(1),
        "kt": integer(1, "d"),
        "L": real(0, open="min"),
        "delta": real(0, 1, open="max"),
        "dist": real(0),
        "dist2": real(0),
        "image": real(0),
        "image2": real(0),
        "root": real(1),
        "volume": real(1),
        "tau": real(0, 1, open="min"),
        "eta": real(0, "1/2", open="min"),
        "distortion": real(0, 1, open="min"),
    },
    definitions={
        "kt_explicit": "(676*k/distortion**2)*(log(volume**2/eta)/k"
        " + log(3100**4*k*d**3/(distortion**6*tau**2)))",
    },
    note="dist, image: l_inf distances before and after the projection, dist2, image2 in l_2; "
    "root = sqrt(d/k~).",
    steps=(
        Step(
            "5.5a/core-to-l2",
            "L*dist <= L*image2*root/(1 - delta)",
            given=("dist <= dist2", "(1 - delta)*dist2 <= image2*root"),
            note="l_inf is at most l_2, and the projection shrinks l_2 distances by at most "
            "(1 - delta) sqrt(k~/d).",
        ),
        Step(
            "5.5a/core-to-linf",
            "image2*sqrt(d/kt) <= sqrt(d)*image",
            given=("image2 <= sqrt(kt)*image",),
            note="In k~ dimensions l_2 is at most sqrt(k~) l_inf; d/k~ times k~ is d.",
        ),
        Step(
            "5.5a",
            "L*sqrt(d)*image/(1 - delta) <= 2*L*sqrt(d)*image/(1 - delta)",
            note="The printed constant has a factor 2 to spare.",
        ),
        Step(
            "5.5b",
            "kt_explicit == O(k*log(d*volume/(tau*distortion))*log(1/eta)/distortion**2)",
            cite="Baraniuk, Wakin 2009, Theorem 3.1",
            regime="d -> inf",
            note="Cited. Spot check: the explicit form with R = 1 against the printed order.",
        ),
        Step(
            "5.5b/fits",
            "kt_explicit <= d",
            given=("k <= d",),
            note="The side condition k~ <= d with those constants, at unit volume, reach and "
            "radius or worse: see D.6 for where it fails.",
        ),
    ),
)
