"""What is built never exceeds the bound that is shown, and a bound's constants are as they must be.

The constants are held against geometry worked out here, from the definitions: mutating one of them
(4 to 8 in a gap, 1 + 2c epsilon to 1 + c epsilon, 2(1 + delta) to 2 + delta, 4 epsilon to 2 epsilon
or 2 epsilon to epsilon in a packing) fails a test.
"""

from fractions import Fraction
from math import pi, sqrt

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from robustsize.bounds.arithmetic import balls
from robustsize.bounds.counting.construction_size import SLACK
from robustsize.bounds.symbols import N, Norm, c, d, delta, epsilon, k
from robustsize.bounds.theorems.thm2_2 import statement as thm2_2
from robustsize.bounds.theorems.thm2_3 import statement as thm2_3
from robustsize.bounds.theorems.thm3_3 import statement as thm3_3
from robustsize.simulate.certify.complete import CertificateStatus
from robustsize.simulate.certify.structural import certify_construction
from robustsize.simulate.construct.request import Request
from robustsize.simulate.data.instance import Norm as P
from robustsize.simulate.data.manifolds import flat_cube
from robustsize.simulate.data.regions import Region, SeparatedPair
from robustsize.simulate.theorems.build import build, promise
from robustsize.simulate.theorems.thm2_2.construction import robust_fit
from robustsize.simulate.theorems.thm3_3.construction import robust_classifier

AWKWARD = st.sampled_from(
    [
        Fraction("0.200000002"),
        Fraction("0.199999999"),
        Fraction(1, 186),
        Fraction(1, 6) + Fraction(1, 10**10),
        Fraction(1, 4) - Fraction(1, 10**11),
        Fraction("0.025"),
    ]
)
HALVES = AWKWARD | st.fractions(Fraction(1, 60), Fraction(9, 20), max_denominator=400)
SHARES = st.sampled_from([Fraction(1, 5), Fraction(1, 2), Fraction(3, 5)]) | st.fractions(
    Fraction(1, 100), Fraction(19, 20), max_denominator=100
)


@settings(max_examples=60, deadline=None)
@given(
    id=st.sampled_from(["thm2.2", "thm3.3", "thm4.3", "thm5.5"]),
    norm=st.sampled_from(Norm),
    dimension=st.integers(1, 3),
    face=st.integers(1, 2),
    points=st.integers(2, 8),
    half=HALVES,
    share=SHARES,
    seed=st.integers(0, 5),
)
@example("thm2.2", Norm.TWO, 4, 1, 2, Fraction("0.200000002"), Fraction(0), 0)
@example("thm5.5", Norm.INF, 3, 2, 4, Fraction("0.2500000001"), Fraction(1, 2), 0)
def test_what_is_built_never_exceeds_the_bound(
    id, norm, dimension, face, points, half, share, seed
):
    """Whatever the parameters, both norms: or it is not built at all."""
    if id == "thm5.5":
        norm = Norm.INF
    at = {d: dimension, k: min(face, dimension), epsilon: half, c: share or Fraction(1, 2),
          delta: share * half, N: points}  # fmt: skip
    if id in ("thm3.3", "thm4.3") and (dimension / half) ** dimension > 10**4:
        dimension = at[d] = at[k] = 1
    request = Request(at, norm, None, seed)
    bound = promise(id, request)
    try:
        built = build(id, request)
    except ValueError:
        assume(False)
    assert built.size == built.formula_size <= built.form_size
    assert bound.value is None or built.size <= bound.value
    assert bound.kind.value == "upper"


def test_the_command_prints_the_bound_of_the_catalogue(tmp_path):
    from click.testing import CliRunner

    from robustsize.cli import cli

    def ask(*args):
        import json

        done = CliRunner().invoke(cli, [*args, "--json"])
        assert done.exit_code == 0, done.stderr
        return json.loads(done.stdout)

    net = str(tmp_path / "net.npz")
    for id, bounding, options in (
        ("thm2.2", "thm2.2", "--d 5 --epsilon 0.2 --delta 0.19 --samples 4"),
        ("thm2.2", "thm2.2", "--d 4 --epsilon 0.200000002 --delta 0 --samples 2 --p 2"),
        ("thm3.3", "thm3.3", "--d 2 --epsilon 0.2 --c 0.5 --samples 6"),
        ("thm4.3", "thm3.3", "--d 3 --epsilon 1/4 --c 0.5"),
        ("thm5.5", "thm5.5", "--d 5 --k 2 --epsilon 0.2 --c 0.5"),
    ):
        built = ask("build", id, *options.split(), "-o", net)
        bound = ask("bound", bounding, *options.split())
        assert built["bound_size"] == bound["value"] >= built["size"]
        assert built["bound"].startswith(f"{bounding} explicit")


# Interpolating the square: d eta^2 / 4 stays below the gap, with as few pieces as that takes.


def is_tight(pieces, length, dimension, gap):
    """Exactly: `pieces` leave room for the float weights, and one fewer would not."""

    def fits(count):
        eta = (1 + Fraction(int(SLACK.p), int(SLACK.q))) * length / count
        return dimension * eta**2 / 4 <= gap

    return pieces >= 2 and fits(pieces) and (pieces == 2 or not fits(pieces - 1))


@given(dimension=st.integers(1, 40), half=HALVES, share=SHARES)
def test_pieces_for_robust_training_are_as_few_as_the_geometry_allows(dimension, half, share):
    """A point within delta of its class, at least 2 epsilon - delta from the other, on the cube
    [-1 - delta, 1 + delta]^d that holds the unit ball's perturbations."""
    radius = share * half
    gap = (2 * half - radius) ** 2 - radius**2
    at = {d: Fraction(dimension), epsilon: half, delta: radius}
    pieces = balls.certain(thm2_2.PIECES_L2, at)
    assert is_tight(pieces, (1 + radius) - (-1 - radius), dimension, gap)


@given(side=st.integers(1, 6), half=HALVES, share=SHARES)
def test_pieces_for_robust_tests_are_as_few_as_the_geometry_allows(side, half, share):
    """A cell's centre is within h of its class; d is a square, so that h is rational."""
    dimension, radius = side**2, share * half
    at = {d: Fraction(dimension), epsilon: half, c: share}
    cells = balls.certain(thm3_3.G_L2, at)
    h = Fraction(side, 2 * int(cells))
    near, far = h + radius, 2 * half - h - radius
    assert near < far
    assert Fraction(side, 2 * max(int(cells) - 1, 1)) >= (1 - share) * half or cells == 1
    pieces = balls.certain(thm3_3.PIECES_L2, at)
    assert is_tight(pieces, (1 + radius) + radius, dimension, far**2 - near**2)


@pytest.mark.parametrize("share", ["1/2", "9/10"])
@pytest.mark.parametrize("dimension", [1, 2, 4])
def test_the_tight_number_of_pieces_is_certified(dimension, share):
    half, radius = Fraction(1, 5), Fraction(share) / 5
    x = [Fraction(0)] * dimension
    y = [2 * half, *x[1:]]
    pair = SeparatedPair(Region.points([x]), Region.points([y]), half, P.TWO)
    for built in (robust_fit(pair, radius), robust_classifier(pair, Fraction(share))):
        assert certify_construction(built).status is CertificateStatus.CERTIFIED


@pytest.mark.parametrize("share", [Fraction(1, 5), Fraction(2, 5), Fraction("0.5000000001")])
def test_the_covering_of_a_flat_cube_has_as_many_balls_as_the_bound_says(share):
    """No ball more for rounding, however little room is left."""
    half = Fraction(1, 4)
    room = (1 - share) * half
    covering = flat_cube(2, 3).covering(room)
    cells = (1 / (2 * room)).__floor__() + 1
    assert len(covering) == cells**2
    assert covering.h == Fraction(1, 2 * cells) < room
    assert covering.centres.row(0) == (covering.h, covering.h, Fraction(1, 2))


# Packings: at most what there is room for.


@given(st.fractions(Fraction(1, 400), Fraction(1, 20)))
def test_points_of_the_unit_disc_are_at_most_what_oler_allows(half):
    """Oler 1961: a convex set of area A and perimeter Q holds at most 2A/(sqrt 3 t^2) + Q/(2t) + 1
    points t apart."""
    t = 2 * float(half)
    most = 2 * pi / (sqrt(3) * t**2) + 2 * pi / (2 * t) + 1
    assert balls.certain(thm2_3.ROOM, {d: Fraction(2), epsilon: half}) <= most


@pytest.mark.parametrize("count", [3, 8, 40])
@pytest.mark.parametrize("q", [1, 4, 9])
def test_gadgets_as_close_as_they_are_counted_stay_apart(count, q):
    """Room for count^d gadgets by volume: their centres may be (1 - epsilon)/count apart, in the
    direction of their own signs s, where the point z + a s of one meets z' - a s of the next."""
    half = Fraction(1, 4 * count + 1)
    # Only the first of the two rooms, where all coordinates carry probes.
    at = {d: Fraction(q), epsilon: half, delta: half - Fraction(1, 10**9)}
    room = balls.certain(thm2_3.GADGET_ROOM, at)
    apart = (1 - half) / whole_root(room, q)
    # Both data points lie epsilon from their centres, on the line between them.
    assert apart - 2 * half >= 2 * half


def whole_root(value, degree):
    """The whole degree-th root of a perfect power."""
    root = round(float(value) ** (1 / degree))
    assert root**degree == value
    return root


@pytest.mark.parametrize("half", [Fraction(1, 3), Fraction(1, 7), Fraction(2, 19)])
def test_points_and_gadgets_of_a_line_are_at_most_what_fits(half):
    """d = 1: floor(1/epsilon) + 1 points of [-1, 1]; gadgets in [-1 + epsilon, 1 - epsilon]."""
    at = {d: Fraction(1), epsilon: half, delta: Fraction(0)}
    assert balls.certain(thm2_3.ROOM, at) <= 1 / half + 1
    fits = ((2 - 2 * half) / (4 * half)).__floor__() + 1
    assert balls.certain(thm2_3.GADGET_ROOM, at) <= fits
