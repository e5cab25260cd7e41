"""Shattering: certified labellings, opposite pairs, samples with intervals, refusals."""

from fractions import Fraction

import numpy as np
import pytest

from robustsize.simulate.certify.complete import CertificateStatus, certify
from robustsize.simulate.data.instance import Instance, Norm
from robustsize.simulate.data.labellings import MOST_LABELLINGS, all_labellings
from robustsize.simulate.search.shatter import Realised, shatter

RADIUS = Fraction(1, 8)
SQUARE = tuple((Fraction(a), Fraction(b)) for a in (0, 1) for b in (0, 1))


def line(m):
    return tuple((Fraction(i, 2),) for i in range(m))


def test_two_units_shatter_three_points_and_one_does_not():
    two = shatter(line(3), RADIUS, Norm.INF, (2,), seeds=32)
    assert two.shattered
    assert (two.certified, two.total, two.share, two.interval) == (8, 8, 1.0, None)
    one = shatter(line(3), RADIUS, Norm.INF, (1,), seeds=32)
    assert not one.shattered
    unknown = {r.labels for r in one.results if r.realised is Realised.UNKNOWN}
    assert unknown == {(1, -1, 1), (-1, 1, -1)}


@pytest.mark.parametrize("p", [Norm.INF, Norm.TWO])
def test_every_certificate_holds_for_its_own_labels(p):
    found = shatter(SQUARE, RADIUS, p, (3,), seeds=16)
    assert len({r.labels for r in found.results}) == 16
    assert found.certified >= 14
    for one in found.results:
        if one.realised is Realised.CERTIFIED:
            labels = np.array(one.labels, dtype=np.int8)
            again = certify(one.network, Instance(SQUARE, labels, RADIUS, p))
            assert again.status is CertificateStatus.CERTIFIED


def test_a_sample_has_an_interval():
    found = shatter(line(6), RADIUS, Norm.INF, (8,), sample=10, seeds=8)
    assert len(found.results) == 10
    assert found.total == 64
    assert not found.shattered
    low, high = found.interval
    assert low <= found.share <= high


def test_out_of_reach_says_what_would_fit():
    with pytest.raises(ValueError, match=r"30 points have 2\^30 .* up to 14 points.* 16384"):
        shatter(line(30), RADIUS, Norm.INF, (4,))
    with pytest.raises(ValueError, match="a sample has 1 to"):
        shatter(line(3), RADIUS, Norm.INF, (4,), sample=MOST_LABELLINGS + 1)
    assert len(all_labellings(5)) == 32


def test_points_too_close_are_named():
    near = (*line(2), (Fraction(1, 4),))
    with pytest.raises(ValueError, match="points 0 and 2 are within twice the radius"):
        shatter(near, RADIUS, Norm.INF, (4,))


def test_a_spent_budget_is_said():
    found = shatter(line(3), RADIUS, Norm.INF, (2,), budget_seconds=-1.0)
    assert "time budget ended after 0" in found.stopped
    assert found.certified == 0
