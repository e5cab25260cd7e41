"""Sets, their exact separation, random and user data."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from robustsize.simulate.data.exact import (
    Rationals,
    dyadics_above,
    power_of_two_above,
    shortest_dyadic,
)
from robustsize.simulate.data.instance import Norm, hard_instance
from robustsize.simulate.data.labellings import random_labelling
from robustsize.simulate.data.random_sets import Kind, random_pair
from robustsize.simulate.data.read_sets import read_pair, read_points
from robustsize.simulate.data.regions import (
    Region,
    SeparatedPair,
    closer_than,
    first_closer_than,
    half_diagonal_above,
)

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
    points = read_points(path)
    assert points.names == ("x", "y", "label")
    assert points.labels.tolist() == [1, -1, 1]
    assert list(points.places) == ["line 2", "line 3", "line 5"]


@pytest.mark.parametrize(
    ("p", "other", "said"),
    [
        (Norm.INF, "0.3,0.3", "l_inf distance 0.2, closer than 2 epsilon = 0.8"),
        (Norm.TWO, "0.2,0.25", "l_2 distance 0.1, closer than 2 epsilon = 0.8"),
        (Norm.TWO, "0.25,0.3", "l_2 distance sqrt(1/40) (about 0.158113883), closer than"),
        (Norm.INF, "1/3,0.25", "l_inf distance 7/30 (about 0.233333333), closer than"),
    ],
)
def test_points_too_close_are_named_with_their_distance(tmp_path, p, other, said):
    path = tmp_path / "data.csv"
    path.write_text(f"5,5,1\n0.1,0.25,1\n{other},0\n")
    with pytest.raises(ValueError, match="closer than 2 epsilon") as caught:
        read_pair(path, Fraction(4, 10), p)
    assert f"line 2 (label +1) and line 3 (label -1) are at {said}" in str(caught.value)


@pytest.mark.parametrize("scale", [1, 10**8, 10**300, Fraction(1, 10**163), Fraction(1, 10**310)])
@pytest.mark.parametrize("p", Norm)
def test_separation_is_exact_at_every_magnitude(scale, p):
    far = Fraction(3, 10) * scale
    A, B = Region.points([[scale, 0 * scale]]), Region.points([[scale + far, 0 * scale]])
    assert first_closer_than(A, B, far, p) is None
    assert first_closer_than(A, B, far * (1 + Fraction(1, 10**30)), p) == (0, 0)


@pytest.mark.parametrize("p", Norm)
def test_many_close_pairs_are_refused_without_listing_them(p):
    x = np.arange(200_000, dtype=np.int64).reshape(-1, 1)
    A, B = (Region.points(Rationals.from_integers(rows, 10**9)) for rows in (x[::2], x[1::2]))
    assert first_closer_than(A, B, Fraction(1, 10), p) is not None
    assert first_closer_than(A, B, Fraction(1, 10**9), p) is None


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


BAD_CSV = [
    ("", "the file is empty"),
    ("\n\n", "holds no data"),
    ("x,y,label\n", "holds no data"),
    ("1,2,1\n1,2\n", "line 2: 2 cells, where the first line has 3"),
    ("1,1\n1,2,1\n", "line 2: 3 cells, where the first line has 2"),
    ("x,label\n1,2,1\n", "line 2: 3 cells, where the header has 2"),
    ("0,0,1\n1,x,-1\n", "line 2, column 2: 'x' is no number"),
    ("0,0,1\n1,1,5\n", "line 2, column 3: labels are"),
    ("0,,3,1\n1,2,3,0\n", "line 1, column 2: an empty cell"),
    ("0,1,\n1,2,\n", "line 1, column 3: an empty cell"),
    (",x,label\n0,1,1\n1,2,0\n", "line 1, column 1: an empty cell"),
    ("1,1\n,\n2,0\n", "line 2: all cells are empty"),
    ("nan,1\n2,1\n-2,-1\n", "line 1, column 1: 'nan' is no number"),
    ("NaN,NA\n2,1\n", "line 1, column 1: 'NaN' is no number"),
    ("inf,1\n2,1\n", "line 1, column 1: 'inf' is no number"),
    ("O.5,1\n2,1\n-2,-1\n", "line 1, column 1: 'O.5' is no number"),
    ("O.5,l\n2,1\n", "line 1, column 1: 'O.5' is no number"),
    ("1,1\n2.O,1\n", "line 2, column 1: '2.O' is no number"),
    ("0,1,2,label\n1,2,3,1\n", "line 1, column 4: 'label' is no number"),
    ("1;2;1\n3;4;0\n", "line 1: one column"),
    ("0,5;1\n", "line 1, column 2: '5;1' is no number"),
    ("1 2 1\n", "line 1: one column"),
    ("1,1_0,1\n", "'1_0' is no number"),
    ("１,1\n", "is no number"),
    ("−1,1\n", "is no number"),
    ("1/0,1\n", "'1/0' is no number"),
    ("1e400,1\n", "is 2^1000 or more in size"),
    ("1\n0\n", "line 1: one column"),
    ("1,0\n2,-1\n3,1\n", "line 1 has label 0 and line 2 label -1"),
    ('1,1\n"2,0\n', "line 2"),
    ("1,1\n\0,0\n", "it is no text"),
]


@pytest.mark.parametrize(("content", "message"), BAD_CSV)
def test_bad_csv_files_are_one_line_with_line_and_column(tmp_path, content, message):
    path = tmp_path / "a.csv"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(ValueError, match=r"a\.csv") as caught:
        read_points(path)
    assert message in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_a_byte_order_mark_and_newlines_lose_no_point(tmp_path, newline, encoding):
    path = tmp_path / "a.csv"
    path.write_bytes(newline.join(["-3,1", "2,1", "-2,-1", ""]).encode(encoding))
    points = read_points(path)
    assert [points.points.row(i) for i in range(3)] == [(-3,), (2,), (-2,)]
    assert points.labels.tolist() == [1, 1, -1]


@given(st.lists(st.tuples(rationals, rationals, st.sampled_from([-1, 1])), min_size=1, max_size=8))
@settings(deadline=None, max_examples=50)
def test_every_line_of_a_csv_file_is_a_point(tmp_path_factory, rows):
    path = tmp_path_factory.mktemp("csv") / "a.csv"
    path.write_text("".join(f"{x}, {y} ,{label}\n" for x, y, label in rows))
    points = read_points(path)
    read = [(*points.points.row(i), int(points.labels[i])) for i in range(len(points))]
    assert read == rows


@pytest.mark.parametrize(
    ("column", "looks"),
    [
        ([0, 1, 2], True),
        ([1, 2, 3], True),
        ([7, 5, 6], True),
        ([0, 2, 4], False),
        ([0, 0, 1], False),
        ([0.5, 1.5, 2.5], False),
    ],
)
def test_a_column_that_looks_like_an_index_is_said(tmp_path, column, looks):
    path = tmp_path / "a.npz"
    values = np.array([[0.5, v] for v in column], dtype=float)
    np.savez(path, points=values, labels=[1, 0, 1])
    points = read_points(path)
    assert points.index_column == (1 if looks else None)
    assert len(list(points.warnings())) == looks
    assert points.json()["points"] == 3
    assert points.json()["labels"] == {"+1": 2, "-1": 1}


BAD_ARRAYS = [
    ({"points": np.zeros((2, 1)), "labels": [1, 2]}, "labels row 1"),
    ({"points": np.zeros((2, 1)), "labels": [0, -1]}, "row 0 has label 0 and row 1 label -1"),
    ({"points": np.zeros((2, 1)), "labels": ["1", "0"]}, "not numbers"),
    ({"points": np.zeros((2, 1)), "labels": [1.0, np.nan]}, "labels row 1"),
    ({"points": np.zeros((2, 1)), "labels": [1]}, "1 labels for 2 points"),
    ({"points": np.zeros((2, 1)), "labels": np.ones((2, 2))}, "labels has shape"),
    ({"points": np.zeros((2, 1), complex), "labels": [1, 0]}, "complex128"),
    ({"points": np.zeros((2, 1), bool), "labels": [1, 0]}, "bool"),
    ({"points": np.zeros((2, 1), object), "labels": [1, 0]}, "holds object"),
    ({"points": np.array([["1"], ["2"]]), "labels": [1, 0]}, "not real numbers"),
    ({"points": np.array([[2**53 + 1], [0]]), "labels": [1, 0]}, "float64 cannot hold"),
    ({"points": np.zeros((2, 0)), "labels": [1, 0]}, "points has shape (2, 0)"),
    ({"points": np.zeros((0, 2)), "labels": []}, "points is empty"),
    ({"points": np.zeros(2), "labels": [1, 0]}, "points has shape (2,)"),
    ({"A": np.zeros((1, 2)), "B": np.zeros((1, 3))}, "A lies in R^2, B in R^3"),
    ({"A": [[1.0, np.inf]], "B": [[1.0, 0.0]]}, "A row 0, column 1: inf"),
    ({"A": [[1.0]], "B": [[0.0]], "C": [[2.0]]}, "nothing else"),
    ({}, "no array"),
]


@pytest.mark.parametrize(("arrays", "message"), BAD_ARRAYS)
def test_bad_npz_files_are_one_line(tmp_path, arrays, message):
    path = tmp_path / "a.npz"
    np.savez(path, **arrays)
    with pytest.raises(ValueError, match=r"a\.npz") as caught:
        read_points(path)
    assert message in str(caught.value)
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
