"""C3: points whose labels are forced: the grid, the hard instance, the gadget of Theorem 2.3."""

from robustsize.bounds.prover import Derivation, Step, integer, real

DERIVATION = Derivation(
    id="C3",
    source="packings of the cube and of the ball; the gadget also in Kim, Moon, Yun 2025, Prop. "
    "3.3",
    symbols={
        "eps": real(0, "1/2", open=True),
        "c": real(0, 1, open=True),
        "i": integer(0),
        "j": integer(0),
        "d": integer(1),
        "q": integer(1),
        "rho": real(0, 1, open="max"),
        "delta": real(0, "eps", open="max"),
        "apart": real(0),
        "across": real(0),
        "centre": real(0, 1),
        "N": integer(1),
        "volume": real(0, open="min"),
        "ball": real(0, open="min"),
    },
    definitions={
        "K": "floor(1/(2*eps)) + 1",
        "probes": "min(d, floor(1/(1 - rho**2)))",
    },
    steps=(
        Step(
            "C3.1",
            "2*eps*i <= 1",
            given=("i <= K - 1",),
            note="The K^d points 2 eps i lie in the cube.",
        ),
        Step(
            "C3.2",
            "2*eps*i - 2*eps*j >= 2*eps",
            given=("i > j",),
            note="Two of them differ by 2 eps in a coordinate, so every labelling is 2 "
            "eps-separated.",
        ),
        Step(
            "C3.3",
            "max(2*eps*i - 2*eps*j, abs((1/2 + c*eps) - (1/2 - c*eps))) >= 2*eps",
            given=("i > j",),
            note="Theorem 4.3: the points (2 eps i, 1/2 + c eps) and (2 eps j, 1/2 - c eps) of A "
            "and B stay 2 eps apart, and x_d = 1/2 separates the classes.",
        ),
        Step(
            "C3.4",
            "abs((1/2 + c*eps) - 1/2) <= c*eps",
            note="The centre (z, 1/2) lies in the adversary's ball of the point above or below it, "
            "so that robustness forces its label: m = K^(d-1).",
        ),
        Step(
            "C3.5",
            "N >= volume/ball",
            given=("N*ball >= volume",),
            note="Balls of radius 2 eps around a maximal packing cover the set, so their volumes "
            "sum to its volume at least: the l_2 packing number from below.",
        ),
        Step(
            "C3.6",
            "q*(2*eps/sqrt(q))**2 == (2*eps)**2",
            note="Gadget: x_plus and x_minus = z +- (eps/sqrt(q)) s are 2 eps apart.",
        ),
        Step(
            "C3.7",
            "(q-1)*(eps/sqrt(q))**2 == eps**2*(1 - 1/q)",
            note="The probe z + (eps/sqrt(q)) e_j and the data point on its side differ in the "
            "other q - 1 coordinates.",
        ),
        Step(
            "C3.8",
            "eps**2*(1 - 1/q) <= delta**2",
            given=("q*(eps**2 - delta**2) <= eps**2",),
            note="So the probe lies within delta of it when q <= 1/(1 - rho^2).",
        ),
        Step(
            "C3.8/converse",
            "q*(eps**2 - delta**2) <= eps**2",
            given=("eps**2*(1 - 1/q) <= delta**2",),
        ),
        Step(
            "C3.9",
            "probes*(1 - rho**2) <= 1",
            note="q = min(d, floor(1/(1 - rho^2))) probes are allowed; q >= 1.",
        ),
        Step(
            "C3.10",
            "apart - 2*eps >= 2*eps",
            given=("apart >= 4*eps",),
            note="Gadgets with centres 4 eps apart: their data stay 2 eps apart.",
        ),
        Step(
            "C3.11",
            "sqrt(apart**2 + across**2) >= 2*eps",
            given=("apart >= 2*eps",),
            note="Gadgets on q shared coordinates, centres 2 eps apart in the others.",
        ),
        Step(
            "C3.12",
            "centre + eps <= 1",
            given=("centre <= 1 - eps",),
            note="The data of a gadget stay in the unit ball.",
        ),
        Step(
            "C3.12/orthogonal",
            "sqrt(centre**2 + eps**2) <= 1",
            given=("centre <= sqrt(1 - eps**2)",),
        ),
        Step(
            "C3.13",
            "2*eps*j - 1 <= 1",
            given=("j <= floor(1/eps)",),
            note="p = inf: the (floor(1/eps) + 1)^d points of [-1,1]^d.",
        ),
    ),
)
