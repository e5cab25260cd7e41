"""The constructions that fit an instance, for a search to start from."""

from __future__ import annotations

from fractions import Fraction
from math import isqrt

from robustsize.simulate.construct.result import Construction
from robustsize.simulate.data.instance import HardInstance, Instance, Norm
from robustsize.simulate.data.regions import SeparatedPair
from robustsize.simulate.search.reduce import closest_opposite
from robustsize.simulate.theorems.thm2_2.construction import robust_fit
from robustsize.simulate.theorems.thm4_3.construction import Form, hard_instance_network

_ROOT_SCALE = 1 << 40


def constructions(instance: Instance) -> list[Construction]:
    """The constructions that fit an instance; an empty list where none does.

    Theorem 4.3's forms for its hard instance; else Theorem 2.2's, where opposite labels are more
    than twice the radius apart (and, at p = 2, the points lie in [-1, 1]^d).
    """
    if isinstance(instance, HardInstance):
        built: list[Construction] = []
        for form in (Form.BUMPS, Form.STAIRCASE, Form.SMALLEST):
            one = hard_instance_network(instance, form=form)
            if all(one.form != other.form for other in built):
                built.append(one)
        return built
    far = closest_opposite(instance)
    if not isinstance(far, Fraction):
        return []
    epsilon = far / 2 if instance.p is Norm.INF else _root_below(far) / 2
    outside = any(abs(v) > 1 for x in instance.points for v in x)
    if epsilon <= instance.radius or (instance.p is Norm.TWO and outside):
        return []
    return [robust_fit(SeparatedPair.of_instance(instance, epsilon), instance.radius)]


def _root_below(square: Fraction) -> Fraction:
    """A rational at or just below the square root."""
    return Fraction(isqrt(int(square * _ROOT_SCALE**2)), _ROOT_SCALE)
