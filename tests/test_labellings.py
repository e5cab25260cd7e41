"""One source of labellings: what a seed draws never changes, since kept results rest on it."""

import numpy as np
import pytest

from robustsize.simulate.data.labellings import (
    all_labellings,
    drawn,
    drawn_mixed,
    random_labelling,
    random_subset,
    stream,
    up_to_sign,
)


def signs(labels):
    return "".join("+" if y > 0 else "-" for y in labels)


def test_what_a_seed_draws_is_what_it_drew_before():
    first, second = drawn(stream(0, 27), 2, 27)
    assert [signs(first), signs(second)] == [
        "--++++---++++--+-+-+--+---+",
        "++---+++-+-+--+----+-++-++-",
    ]
    assert signs(drawn(stream(3, "labels 8"), 1, 8)[0]) == "-++-+-+-"
    assert signs(random_labelling(9, 1001)) == "+++-+-++-"
    assert signs(random_labelling(9, [0, 9])) == "-+-+---++"
    assert random_subset(27, 4, [0, 27, 4]) == [0, 4, 18, 21]


def test_labellings_drawn_together_are_those_drawn_in_turn():
    together, one = stream(5, 7), stream(5, 7)
    rows = drawn(together, 4, 13)
    assert np.array_equal(rows, np.vstack([drawn(one, 1, 13) for _ in range(4)]))


def test_mixed_labellings_are_the_draws_that_have_both_labels():
    rows = drawn(stream(0, 1), 64, 3)
    mixed = [y for y in rows.tolist() if len(set(y)) == 2]
    assert drawn_mixed(stream(0, 1), 5, 3).tolist() == mixed[:5]


@pytest.mark.parametrize("m", [1, 2, 5])
def test_up_to_sign_is_one_of_each_opposite_pair(m):
    half = {tuple(y) for y in up_to_sign(m).tolist()}
    opposite = {tuple(-v for v in y) for y in half}
    mixed = {tuple(y) for y in all_labellings(m).tolist() if len(set(y)) == 2}
    assert half | opposite == mixed
    assert not half & opposite


def test_streams_of_other_seeds_and_keys_differ():
    first = {stream(*at).integers(1 << 62) for at in ((0, 0), (0, 1), (1, 0), (0, "a"), (0, "b"))}
    assert len(first) == 5
