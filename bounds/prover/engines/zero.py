"""Zero, recognised exactly where balls can only say that it is possible."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

import sympy as sp

_GROWING = (sp.gamma, sp.factorial, sp.binomial)


def exactly_zero(expression: sp.Expr, point: Mapping[sp.Symbol, Fraction]) -> bool:
    """Whether SymPy finds an expression to be 0 at a rational point; False where that is not known.

    Only rewritings that hold for all real numbers are used: the automatic ones, expansion, and
    the logarithm of a product of positive numbers. Points at which numbers would grow too long
    are left alone.
    """
    if expression.has(sp.Sum, sp.polygamma, sp.sign, sp.Heaviside):
        return False
    size = max((_size(x) for x in point.values()), default=0)
    if size > 10**6 or (size > 200 and expression.has(*_GROWING)):
        return False
    if size > 2000 and any(p.exp.free_symbols for p in expression.atoms(sp.Pow)):
        return False
    values = {s: sp.Rational(x.numerator, x.denominator) for s, x in point.items()}
    value = expression.xreplace(values)
    if value != 0:
        value = sp.expand(sp.expand_log(sp.expand(value), factor=True))
    return bool(value == 0)


def _size(x: Fraction) -> int:
    return max(abs(x.numerator), x.denominator)
