"""C4: the constructions behind the explicit upper bounds, and their sizes."""

from robustsize.bounds.prover import Derivation, Step, integer, real

DERIVATION = Derivation(
    id="C4",
    source="one bump on each cell that meets the smaller class",
    symbols={
        "eps": real(0, "1/2", open=True),
        "c": real(0, 1, open=True),
        "d": integer(1),
        "h": real(0, "(1-c)*eps", open="max"),
        "t": real(0),
        "s": real(0),
        "y": real(0),
        "r": real(0),
        "ramp": real(0, open="min"),
        "delta": real(0, "eps", open="max"),
        "S": integer(0),
        "g": integer(1),
        "P": integer(1),
        "a": integer(0),
        "b": integer(0),
        "M": integer(1),
        "lack": integer(),
        "u": real(),
        "v": real("u"),
        "x": real("u", "v"),
        "length": real(0, open="min"),
        "gap": real(0, open="min"),
        "near": real(0),
        "far": real("near", open=True),
        "w": real(0, "far - near", open="max"),
        "error": real(0, "w"),
        "square": real(0),
    },
    definitions={
        "cells": "floor(1/(2*(1-c)*eps)) + 1",
        "cells_l2": "floor(sqrt(d)/(2*(1-c)*eps)) + 1",
        "pieces": "floor(length*sqrt(d)/(2*sqrt(gap))) + 1",
    },
    steps=(
        Step(
            "C4.1",
            "1/(2*cells) < (1-c)*eps",
            note="g = floor(1/(2(1-c) eps)) + 1 cells an axis have half side h < (1-c) eps.",
        ),
        Step("C4.2", "2*((1-c)*eps - h) > 0", note="The ramp of a box bump is positive."),
        Step(
            "C4.3",
            "max(t - r, 0) == 0",
            given=("t <= r",),
            note="t = |x_j - z_j| <= r = h + c eps within c eps of a point of the cell: no side is "
            "active, and its bump is relu(1 - 0) = 1.",
        ),
        Step(
            "C4.4",
            "(2 - c)*eps - h == (h + c*eps) + 2*((1-c)*eps - h)",
            note="Within c eps of a point of B some |x_j - z_j| is at least (2 - c) eps - h = r + "
            "ramp, z the middle of a cell that meets A.",
        ),
        Step(
            "C4.5",
            "max(1 - (max(t - r, 0) + y)/ramp, 0) == 0",
            given=("t >= r + ramp",),
            note="Then the bump of that cell is 0, whatever the other sides y >= 0 add.",
        ),
        Step(
            "C4.6",
            "1 + s - 1/2 >= 1/2",
            note="Near A one bump is 1 and the others add s >= 0; near B the sum is 0 and f = "
            "-1/2.",
        ),
        Step(
            "C4.7",
            "a <= floor(M/2)",
            given=("a + b <= M", "a <= b"),
            note="No cell meets both classes, so one of them meets at most half of the cells.",
        ),
        Step(
            "C4.7/one-class",
            "2*h < 2*eps",
            note="Two points of a cell are at most 2 h apart.",
        ),
        Step(
            "C4.8",
            "2*(2*d*g) + 2*d*S + 2*S + 1 == S*(2*d + 2) + 4*d*g + 1",
            note="Shared first layer: 2 d g one-sided units of a weight and a bias, 2 d weights, a "
            "bias and an output weight a bump, the output's bias. Depth 3.",
        ),
        Step(
            "C4.8/own-sides",
            "2*(2*d*S) + 2*d*S + 2*S + 1 == S*(6*d + 2) + 1",
            note="Each bump with its own 2 d units.",
        ),
        Step(
            "C4.9",
            "2*eps - delta == delta + 2*(eps - delta)",
            note="Theorem 2.2: a centre is a data point, h = 0, r = delta, ramp = 2(eps - delta), "
            "for every delta < eps.",
        ),
        Step(
            "C4.9/pairs-even",
            "S*(2*g - S) <= g*g",
            note="N = 2g points, S of one class: at most floor(N/2) ceil(N/2) pairs.",
        ),
        Step(
            "C4.9/pairs-odd",
            "g*(g + 1) - S*(2*g + 1 - S) == (g - S)*(g - S + 1)",
            note="The same at N = 2g + 1. One side for each pair of a centre and a point of the "
            "other class: 2 S(N-S) + "
            "S(N-S) + 2 S + 1 parameters, whatever d.",
        ),
        Step(
            "C4.9/consecutive",
            "lack*(lack + 1) >= 0",
            note="A product of consecutive integers, here g - S and g - S + 1.",
        ),
        Step(
            "C4.10",
            "(u + v)*x - u*v - x**2 == (x - u)*(v - x)",
            note="p = 2: the chord of t^2 over [u, v], less t^2.",
        ),
        Step("C4.11", "(x - u)*(v - x) >= 0"),
        Step(
            "C4.12",
            "(x - u)*(v - x) <= (v - u)**2/4",
            note="With eta = v - u: 0 <= q(t) - t^2 <= eta^2/4.",
        ),
        Step(
            "C4.13",
            "d*(length/pieces)**2/4 < gap",
            note="P = floor(length sqrt(d) / (2 sqrt(gap))) + 1 pieces an axis keep the error of "
            "Q = sum_j q(x_j) strictly below the gap.",
        ),
        Step(
            "C4.14",
            "(2*eps - delta)**2 - delta**2 == 4*eps*(eps - delta)",
            note="The gap of Theorem 2.2, positive for every delta < eps.",
        ),
        Step("C4.14/positive", "4*eps*(eps - delta) > 0"),
        Step(
            "C4.15",
            "(2*eps - h - c*eps)**2 - (h + c*eps)**2 == 4*eps*((1-c)*eps - h)",
            note="The gap of Theorem 3.3 with centres within h of A.",
        ),
        Step("C4.15/positive", "4*eps*((1-c)*eps - h) > 0"),
        Step(
            "C4.15/centres-in-A",
            "(2*eps - c*eps)**2 - (t + c*eps)**2 > 0",
            given=("t < 2*(1-c)*eps",),
            note="Centres in A and covering radius t may be twice as wide.",
        ),
        Step(
            "C4.16",
            "sqrt(d)/(2*cells_l2) < (1-c)*eps",
            note="Cells whose half diagonal is below (1-c) eps.",
        ),
        Step(
            "C4.17",
            "(far - square - error)/(far - near - w) >= 1",
            given=("square <= near",),
            note="A ball bump relu(scale (far - Q)) with error in [0, w], w < far - near, is at "
            "least 1 where the squared distance is at most near.",
        ),
        Step(
            "C4.18",
            "(far - square - error)/(far - near - w) <= 0",
            given=("square >= far",),
            note="And 0 from far on.",
        ),
        Step(
            "C4.19",
            "2*d*P + d*(P - 1) + d + S*(d + 1) + S + S + 1 == S*(d + 3) + 3*d*P + 1",
            note="Units of the interpolant, their weights into Q and into the coordinates passed "
            "on, bumps with d + 1 weights, a bias and an output weight, the output's bias. Depth "
            "4.",
        ),
    ),
)
