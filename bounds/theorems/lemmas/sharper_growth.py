"""C6: sharper growth bounds, and deeper constructions with fewer parameters a cell."""

from robustsize.bounds.prover import Derivation, Step, integer, real

DERIVATION = Derivation(
    id="C6",
    source="Goldberg, Jerrum 1995; Bartlett, Harvey, Liaw, Mehrabian 2019; rescaling of ReLU units",
    symbols={
        "n": integer(2),
        "m": integer("n"),
        "U": integer(1, "n - 1"),
        "d": integer(1),
        "L": integer(2),
        "i": integer(1, "L"),
        "units": real("L", "n - 1"),
        "widths": real(1),
        "other": real(1),
        "layer": real(0, open="min"),
        "free": real(0, "m", open="min"),
        "x": real(),
        "scale": real(0, open="min"),
        "y": real(0, 1),
        "z": real(0),
        "ramp": real(0, open="min"),
        "t": real(0),
        "r": real(0),
        "S": integer(0),
        "count": integer(1),
        "share": real(0, 1, open=True),
        "g": integer(1),
        "d1": integer(1),
        "d2": integer(1),
    },
    steps=(
        Step(
            "C6.1",
            "scale*max(x, 0) == max(scale*x, 0)",
            note="Weights into a hidden unit divided by scale > 0 and weights out of it multiplied "
            "leave the network as it is; so one weight or bias into each unit is +1 or -1, and n - "
            "U are free.",
        ),
        Step(
            "C6.2",
            "U + (n - 1) <= 2*n - 1",
            note="Bits for those U signs and for the at most 2^(n-1) sequences of hidden widths.",
        ),
        Step(
            "C6.3",
            "Sum(2**(h-1), h, 1, count) == 2**count - 1",
            note="Computation tree: the j-th unit has at most one polynomial for each activation "
            "pattern of the units before it, 2^(j-1) an input.",
        ),
        Step(
            "C6.4",
            "m*(2**U - 1) >= n - U",
            note="So many polynomials of degree <= U in n - U variables: C1.1 applies, since m >= "
            "n.",
        ),
        Step(
            "C6.5",
            "log2(1 - share) <= 0",
            note="With share = 2^-U: log2(2^U - 1) <= U, so log2 Pi <= 1 + (n-U)(U + log2(2 e m U "
            "/ (n-U))) for one architecture.",
        ),
        Step(
            "C6.6",
            "U + log2(2*m*U/free) > 0",
            note="The slope of free (U + log2(2 e m U / free)) in free: the bound rises with n, "
            "and networks with fewer parameters are covered.",
        ),
        Step(
            "C6.7",
            "-2 - (1/units + n/units**2 + 1/(n - units))/log(2) < 0",
            note="The second derivative in real U of the tree's term: it is concave, so that a "
            "number of units that neither neighbour exceeds is the best.",
        ),
        Step(
            "C6.8",
            "widths*other <= ((widths + other)/2)**2",
            note="Layered: the sum of log k_i over the L - 1 hidden layers is largest at equal "
            "widths (U-1)/(L-1). Two layers here; any number by Jensen's inequality.",
        ),
        Step(
            "C6.9",
            "L*log2(2*m/free) >= 0",
            given=("free <= m",),
            note="The slope in free of free (L log2(2 e m / free) + const), const >= 0: the "
            "layered "
            "bound rises with n.",
        ),
        Step(
            "C6.10",
            "layer*(n - U) <= 2*m*(U - 1)",
            given=("layer <= U - 1",),
            note="So the slope log2(2 m (U-1) / (layer (n-U))) in the number of hidden layers is "
            "not negative: fewer layers have a smaller bound, up "
            "to "
            "one layer a unit.",
        ),
        Step(
            "C6.11",
            "(n - U - 1)*(U + 1) - (n - U)*U >= 0",
            given=("2*U + 1 <= n",),
            note="Where U < L the depth is at most U. One more unit and layer then change the "
            "bound "
            "by at least log2(2 e m / (n-U)) times this, and by C6.12: as n >= 2 L the bound is "
            "largest at U = L.",
        ),
        Step(
            "C6.12",
            "log(1 + z) >= 0",
            note="With 1 + z = (U + 1)/i, i <= U: log U!, a sum of U logarithms log i, is at most "
            "(n-U-1) log(U + 1), which the unit adds.",
        ),
        Step(
            "C6.12/terms",
            "U <= n - U - 1",
            given=("2*U + 1 <= n",),
        ),
        Step(
            "C6.13",
            "max(1 - (max(t - r, 0) + z)/ramp, 0) <= 1",
            note="Deeper constructions: a half-cell's bump y lies in [0, 1], as every bump.",
        ),
        Step(
            "C6.14",
            "max(1 - (max(t - r, 0) + z)/ramp, 0) == 0",
            given=("t >= r + ramp",),
            note="Depth 4: near B some side of one of the two half-cells of a cell has t >= r + "
            "ramp, so the bump relu(1 - penalty_1 - penalty_2) is 0; near A both penalties are 0.",
        ),
        Step(
            "C6.15",
            "max(1 - max(1 - (1 + z), 0) - 0, 0) == 1",
            note="Depth 5, near A: y_a = 1 and some z_b = 1 with (a, b) in S, so that c_a = "
            "relu(1 - sum z_b) = 0 and relu(y_a - c_a) = 1.",
        ),
        Step(
            "C6.16",
            "max(y - max(1 - 0, 0), 0) == 0",
            note="Depth 5, near B: where y_a > 0 every partner has z_b = 0, as no cell of S is "
            "within r + ramp; so c_a = 1 and relu(y_a - c_a) = 0 for y_a <= 1.",
        ),
        Step(
            "C6.17",
            "2*(2*(d1 + d2)*g) + 2*d1*g**d1 + 2*d2*g**d2 + 2*S + S + S + 1"
            " == 4*S + 2*d1*g**d1 + 2*d2*g**d2 + 4*(d1 + d2)*g + 1",
            note="Depth 4: sides, penalties of the half-cells, two weights, a bias and an output "
            "weight a cell, the output's bias.",
        ),
        Step(
            "C6.18",
            "2*(2*(d1 + d2)*g) + g**d1*(2*d1 + 1) + g**d2*(2*d2 + 1) + S + g**d1*(1 + 1 + 2 + 1) "
            "+ 1"
            " == S + g**d1*(2*d1 + 6) + g**d2*(2*d2 + 1) + 4*(d1 + d2)*g + 1",
            note="Depth 5: sides, bumps of the half-cells, a weight a cell, and for each first "
            "half-cell its pass, a bias, two weights that compare and an output weight.",
        ),
    ),
)
