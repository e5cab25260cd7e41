"""Limits that theory sets to sizes: explicit forms, and the bound for random labellings."""

from __future__ import annotations

from fractions import Fraction

from robustsize.bounds.catalogue import theorem
from robustsize.bounds.counting.growth import SHARPEST
from robustsize.bounds.counting.smallest_size import smallest_size
from robustsize.bounds.evaluate import bound_value, choose_form, says_nothing
from robustsize.bounds.statement import ON_CUBE, FormName, Trivial
from robustsize.bounds.symbols import Norm, Values
from robustsize.simulate.experiment.claim import Limit

SPARE_BITS = 10
"""A random labelling escapes the bound for random labellings with probability at most 2^-10."""


def explicit(id: str, values: Values, p: Norm) -> Limit:
    """The limit that a theorem's explicit form sets.

    Raises InputError where the form needs another parameter or does not hold there.
    """
    form = choose_form(theorem(id), p, FormName.EXPLICIT)
    return Limit.of(bound_value(theorem(id), form, values, p))


def random_labelling_limit(
    m: int,
    dimension: int,
    alpha: Fraction,
    *,
    spare_bits: int = SPARE_BITS,
    trivial: Trivial = ON_CUBE,
) -> Limit:
    """A size that all labellings of m points but a share 2^-spare_bits need for robust error alpha.

    A class with at most n parameters meets at most a share 2^-t of the labellings of m forced
    points up to a share alpha of errors while log2 Pi(m) < m - log2 Hamming(m, alpha) - t; at t = 0
    it does not meet them all. trivial: what every classifier needs where the points lie. Source:
    `bounds.theorems.lemmas.labellings_to_size`, with the growth bounds of `bounds.counting.growth`.
    """
    needed = smallest_size(Fraction(m), dimension, None, alpha, SHARPEST, spare_bits)
    if needed.n is None:
        raise ValueError(f"no size is known to suffice for all labellings of {m} points")
    which = f"all labellings but a share 2^-{spare_bits}" if spare_bits else "the worst labelling"
    return Limit(needed.n, f"growth bound, {m} points, {which}", says_nothing(needed.n, trivial))
