"""Sets, their exact separation, random and user data."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from robustsize.simulate.instance import Norm, hard_instance, random_labelling
from robustsize.simulate.sets.exact import (
    Rationals,
    dyadics_above,
    power_of_two_above,
    shortest_dyadic,
)
from robustsize.simulate.sets.random_sets import Kind, random_pair
from robustsize.simulate.sets.read_sets import read_pair
from robustsize.simulate.sets.regions import Region, SeparatedPair, closer_than, half_diagonal_above

rationals = st.fractions(-2, 2, max_denominator=10**6)


def exact_gap(a, b, p):
    """The l_p distance of two boxes (p = 2: squared), from first principles."""
    gaps = [max(Fraction(0), bl - ah, al - bh) for al, ah, bl, bh in zip(*a, *b, strict=True)]
    return max(gaps) if p is Norm.INF else sum(v * v for v in gaps)


@given(rationals, st.fractions(Fraction(1, 10**9), 1, max_denominator=10**9))
@settings(deadline=None)
def test_dyadic_numbers_lie_where_they_should(low, room):
    short = shortest_dyadic(low, low + room)
    assert low <= Fraction(short) <= low + room
    shift = Fraction(1, 3)
    (value,) = dyadics_above(Rationals.of([[low]]), shift, room).ravel()
    assert low + shift <= Fraction(float(value)) <= low + shift + room
    power = power_of_two_above(room)
    assert power >= room > power / 2


@given(
    st.sampled_from(Norm),
    st.lists(st.tuples(rationals, rationals), min_size=1, max_size=6),
    st.lists(st.tuples(rationals, rationals), min_size=1, max_size=6),
    rationals,
)
@settings(deadline=None, max_examples=100)
def test_close_pairs_are_exact(p, first, second, side):
    side = abs(side) / 4

    def region(rows):
        return Region.boxes(rows, [[v + side for v in row] for row in rows])

    A, B = region(first), region(second)
    boxes = [[(x, tuple(v + side for v in x)) for x in rows] for rows in (first, second)]
    gaps = [[exact_gap(a, b, p) for b in boxes[1]] for a in boxes[0]]
    # The distance itself is the hardest threshold; squared distances need one whose root is known.
    limit = gaps[0][0] if p is Norm.INF else abs(side)
    reached = limit if p is Norm.INF else limit**2
    for or_equal in (False, True):
        found = set(
            zip(*(x.tolist() for x in closer_than(A, B, limit, p, or_equal=or_equal)), strict=True)
        )
        expected = {
            (i, j)
            for i, row in enumerate(gaps)
            for j, gap in enumerate(row)
            if gap < reached or (or_equal and gap == reached)
        }
        assert found == expected


@pytest.mark.parametrize("denominator", [186, 198, 7, 3])
def test_separation_of_exactly_two_epsilon_is_allowed(denominator):
    epsilon = Fraction(1, denominator)
    points = [[2 * epsilon * j] for j in range(denominator // 2 + 1)]
    pair = SeparatedPair(Region.points(points[::2]), Region.points(points[1::2]), epsilon, Norm.INF)
    assert pair.dimension == 1
    tiny = Fraction(1, 10**30)
    with pytest.raises(ValueError, match=r"A's piece \d+ and B's piece \d+ are closer"):
        SeparatedPair(pair.A, pair.B, epsilon + tiny, Norm.INF)


def test_balls_need_room_for_their_radii():
    centres = [[[Fraction(0), Fraction(0)]], [[Fraction(3, 10), Fraction(4, 10)]]]
    A, B = (Region.balls(c, Fraction(1, 10), Norm.TWO) for c in centres)
    SeparatedPair(A, B, Fraction(15, 100), Norm.TWO)
    with pytest.raises(ValueError, match="closer"):
        SeparatedPair(A, B, Fraction(15, 100) + Fraction(1, 10**20), Norm.TWO)
    with pytest.raises(ValueError, match="balls in l_2"):
        SeparatedPair(A, B, Fraction(1, 10), Norm.INF)


@pytest.mark.parametrize("p", Norm)
@pytest.mark.parametrize("kind", Kind)
def test_random_pairs_are_seeded_and_of_their_kind(p, kind):
    first, again, other = (
        random_pair(kind, 3, Fraction(1, 8), p, 20, seed=seed) for seed in (1, 1, 2)
    )
    assert len(first.A) + len(first.B) == 20
    assert np.array_equal(first.A.low.floats(), again.A.low.floats())
    assert not np.array_equal(first.A.low.floats(), other.A.low.floats())
    assert first.A.is_finite_set is (kind is Kind.POINTS)
    assert (first.A.fat > 0) is (kind is Kind.BALLS)
    low, high = first.A.hull()
    assert (low >= 0).all()
    assert (high <= 1).all()


def test_no_room_is_one_line():
    with pytest.raises(ValueError, match="were wanted") as caught:
        random_pair(Kind.POINTS, 1, Fraction(49, 100), Norm.INF, 300, seed=0)
    assert len(str(caught.value).splitlines()) == 1


def test_instances_and_pairs_agree():
    instance = hard_instance(3, Fraction(1, 5), Fraction(1, 2), Norm.INF, random_labelling(9, 0))
    pair = SeparatedPair.of_instance(instance, instance.epsilon)
    back = pair.instance(instance.radius)
    assert sorted(zip(back.points, back.labels.tolist(), strict=True)) == sorted(
        zip(instance.points, instance.labels.tolist(), strict=True)
    )
    with pytest.raises(ValueError, match="one label"):
        SeparatedPair.of_instance(
            hard_instance(2, Fraction(1, 5), Fraction(1, 2), Norm.INF, [1, 1, 1]), Fraction(1, 5)
        )


def test_csv_is_read_exactly(tmp_path):
    path = tmp_path / "data.csv"
    path.write_text("x,y,label\n0.1,1/3,1\n0.3,0.3,0\n\n0.9,0.8,1\n")
    pair = read_pair(path, Fraction(1, 10), Norm.INF)
    assert pair.A.low.row(0) == (Fraction(1, 10), Fraction(1, 3))
    assert (len(pair.A), len(pair.B)) == (2, 1)
    with pytest.raises(ValueError, match="A's piece 0 and B's piece 0 are closer"):
        read_pair(path, Fraction(1, 10) + Fraction(1, 10**12), Norm.INF)


@pytest.mark.parametrize("arrays", ["A and B", "points and labels"])
def test_npz_is_read_as_it_is(tmp_path, arrays):
    path = tmp_path / "data.npz"
    A, B = np.array([[0.1, 0.2], [0.9, 0.1]]), np.array([[0.5, 0.9]])
    if arrays == "A and B":
        np.savez(path, A=A, B=B)
    else:
        np.savez(path, points=np.vstack([A, B]), labels=np.array([1.0, 1.0, -1.0]))
    pair = read_pair(path, Fraction(1, 10), Norm.TWO)
    assert pair.A.low.row(0) == (Fraction(0.1), Fraction(0.2))
    assert len(pair.B) == 1


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.csv", "1,2,1\n1,2\n", "line 2: labels are"),
        ("a.csv", "0,0,1\n1,1,1\n", "one label only"),
        ("a.csv", "0,0,1\n1,x,-1\n", "line 2"),
        ("a.csv", "0,0,1\n1,1,5\n", "labels are"),
        ("a.csv", "", "holds no data"),
        ("a.npz", "not a zip", "a.npz"),
    ],
)
def test_bad_files_are_one_line(tmp_path, name, content, message):
    path = tmp_path / name
    path.write_text(content)
    with pytest.raises(ValueError, match=message) as caught:
        read_pair(path, Fraction(1, 10), Norm.INF)
    assert len(str(caught.value).splitlines()) == 1


def test_nan_in_npz_is_one_line(tmp_path):
    path = tmp_path / "data.npz"
    np.savez(path, A=np.array([[np.nan]]), B=np.array([[1.0]]))
    with pytest.raises(ValueError, match="not a finite number"):
        read_pair(path, Fraction(1, 10), Norm.INF)


@pytest.mark.parametrize("d", [1, 2, 3, 4, 100])
def test_half_diagonal_is_rounded_up(d):
    h = half_diagonal_above(d, Fraction(1, 7))
    assert 0 <= h**2 - Fraction(d, 4 * 49) < Fraction(1, 10**15)


@pytest.mark.parametrize(
    ("low", "high", "message"),
    [([[0, 0]], [[1]], "one shape"), ([[1]], [[0]], "above its high"), ([], [[0]], "at least one")],
)
def test_bad_boxes(low, high, message):
    with pytest.raises(ValueError, match=message):
        Region.boxes(low, high)
