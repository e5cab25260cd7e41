"""The exact smallest width: known cases, certified and proved, and never above the searched one."""

import itertools
from fractions import Fraction

import numpy as np
import pytest
from flint import fmpq, fmpq_mat

from robustsize.simulate.certify.complete import CertificateStatus, certify
from robustsize.simulate.data.instance import Instance, Norm
from robustsize.simulate.data.labellings import all_labellings
from robustsize.simulate.search.exact_width import WidthStatus, _positive_kernel, smallest_width
from robustsize.simulate.search.shatter import shatter

RADIUS = Fraction(1, 8)


def line(labels, p=Norm.INF):
    points = tuple((Fraction(i, 2),) for i in range(len(labels)))
    return Instance(points, np.array(labels, dtype=np.int8), RADIUS, p)


@pytest.mark.parametrize("labels", all_labellings(3).tolist())
def test_on_a_line_the_width_is_the_number_of_label_changes(labels):
    found = smallest_width(line(labels))
    changes = sum(a != b for a, b in itertools.pairwise(labels))
    assert found.exact
    assert found.width == found.lower_bound == changes
    for answer in found.answers[:-1]:
        assert answer.status is WidthStatus.IMPOSSIBLE
        assert answer.proved == answer.leaves > 0
    network = found.answers[-1].network
    assert network.widths == ((found.width,) if found.width else ())
    assert certify(network, line(labels)).status is CertificateStatus.CERTIFIED


def test_xor_needs_two_units():
    points = tuple((Fraction(a), Fraction(b)) for a, b in ((0, 0), (1, 1), (0, 1), (1, 0)))
    xor = Instance(points, np.array([1, 1, -1, -1], dtype=np.int8), RADIUS, Norm.TWO)
    found = smallest_width(xor)
    assert (found.width, found.exact) == (2, True)


def test_the_radius_can_cost_width():
    """Collinear at radius 0, not separable by a line once the balls are there."""
    points = tuple((Fraction(a), Fraction(b)) for a, b in ((0, 0), (2, 2), (1, 1), (3, 0)))
    labels = np.array([1, 1, -1, -1], dtype=np.int8)
    bent = tuple((x, y + (Fraction(1, 10) if i == 2 else 0)) for i, (x, y) in enumerate(points))
    widths = []
    for radius in (Fraction(0), Fraction(2, 5)):
        found = smallest_width(Instance(bent, labels, radius, Norm.INF), max_width=2)
        assert found.exact
        widths.append(found.width)
    assert widths[0] <= widths[1]


def test_the_search_never_beats_the_exact_width():
    points = tuple((Fraction(i, 2),) for i in range(3))
    for width in (1, 2):
        found = shatter(points, RADIUS, Norm.INF, (width,), seeds=32)
        for one in found.results:
            exact = smallest_width(line(one.labels))
            assert exact.exact
            if one.network is not None:
                assert exact.width <= width
        if width == 2:
            assert found.shattered


def test_a_budget_too_small_is_undecided_not_impossible():
    found = smallest_width(line([1, -1, 1, -1]), max_width=2, max_nodes=3)
    assert found.width is None
    assert not found.exact
    assert found.answers[-1].status is WidthStatus.UNDECIDED
    assert "3 linear programmes" in found.answers[-1].reason
    with pytest.raises(ValueError, match="max_width"):
        smallest_width(line([1, -1]), max_width=-1)


def test_farkas_multipliers_are_checked_exactly():
    def system(*columns):
        return fmpq_mat([[fmpq(c[i]) for c in columns] for i in range(len(columns[0]))])

    one = [fmpq(1), fmpq(1)]
    assert _positive_kernel(system((1, 2), (-1, -2)), one)
    assert not _positive_kernel(system((1, 2), (1, 2)), one)
    assert not _positive_kernel(system((1, 2), (-1, -3)), one)
    assert not _positive_kernel(system((1, 2), (-1, -2)), [fmpq(1), fmpq(-1)])
