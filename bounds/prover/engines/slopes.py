"""Derivatives, built node by node.

SymPy's own `diff` asks many questions about signs on the way, which can take minutes for large
numbers. Outside kinks the result is the derivative; at a kink of abs, min or max its sign and
Heaviside factors, enclosed over a box, contain the slopes of both sides.
"""

from __future__ import annotations

from functools import lru_cache

import sympy as sp

from robustsize.bounds.arithmetic.sums import taken_apart

_JUMPS = (sp.floor, sp.ceiling, sp.sign, sp.Heaviside, sp.binomial, sp.factorial)

_SMALL, _LARGEST = 40, 200
"""Slopes of few operations are factored; those of too many are not worth their evaluation."""


@lru_cache(maxsize=4096)
def slope_of(expression: sp.Basic, symbol: sp.Symbol) -> sp.Expr | None:
    """The derivative by a symbol; None where the expression may jump or has no rule."""
    if symbol not in expression.free_symbols:
        return sp.S.Zero
    if expression == symbol:
        return sp.S.One
    if isinstance(expression, _JUMPS):
        return None
    if isinstance(expression, sp.Sum):
        return _sum(expression, symbol)
    slopes = [slope_of(a, symbol) for a in expression.args]
    if any(s is None for s in slopes):
        return None
    if isinstance(expression, sp.Add):
        return sp.Add(*slopes)
    if isinstance(expression, sp.Mul):
        return _product(expression.args, slopes)
    if isinstance(expression, sp.Pow):
        return _power(expression, *slopes)
    if isinstance(expression, (sp.Max, sp.Min)):
        return _extremum(expression, symbol)
    return _chain(expression, slopes)


def _product(factors: tuple[sp.Expr, ...], slopes: list[sp.Expr | None]) -> sp.Expr | None:
    terms = []
    for i, slope in enumerate(slopes):
        if slope != 0:
            terms.append(sp.Mul(*factors[:i], slope, *factors[i + 1 :]))
    total = sp.Add(*terms)
    size = total.count_ops()
    if size > _LARGEST:
        return None
    return sp.factor_terms(total) if size <= _SMALL else total


def _power(power: sp.Pow, base_slope: sp.Expr, exponent_slope: sp.Expr) -> sp.Expr:
    base, exponent = power.args
    slope = exponent * base ** (exponent - 1) * base_slope if base_slope != 0 else sp.S.Zero
    return slope if exponent_slope == 0 else slope + power * sp.log(base) * exponent_slope


def _chain(expression: sp.Expr, slopes: list[sp.Expr | None]) -> sp.Expr | None:
    argument, slope = expression.args[-1], slopes[-1]
    if isinstance(expression, sp.exp):
        return expression * slope
    if isinstance(expression, sp.log):
        return slope / argument
    if isinstance(expression, sp.Abs):
        return sp.sign(argument) * slope
    if isinstance(expression, sp.gamma):
        return expression * sp.polygamma(0, argument) * slope
    if isinstance(expression, sp.polygamma) and expression.args[0] == 0:
        return sp.polygamma(1, argument) * slope
    return None


def _extremum(expression: sp.Expr, symbol: sp.Symbol) -> sp.Expr | None:
    first, *others = expression.args
    rest = expression.func(*others)
    ahead = first - rest if isinstance(expression, sp.Max) else rest - first
    slopes = slope_of(first, symbol), slope_of(rest, symbol)
    if slopes[0] is None or slopes[1] is None:
        return None
    return sp.Heaviside(ahead) * slopes[0] + sp.Heaviside(-ahead) * slopes[1]


def _sum(expression: sp.Sum, symbol: sp.Symbol) -> sp.Expr | None:
    index, first, last, term = taken_apart(expression)
    if any(symbol in end.free_symbols for end in (first, last)):
        return None
    slope = slope_of(term, symbol)
    return None if slope is None else sp.Sum(slope, (index, first, last))
