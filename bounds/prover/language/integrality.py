"""Which expressions take only integer values."""

from __future__ import annotations

from itertools import product
from math import lcm, prod

import sympy as sp

_MOST_RESIDUES = 4096


def is_whole(expression: sp.Expr) -> bool:
    """Whether an expression is an integer wherever it is defined; False where that is not known.

    A polynomial with rational coefficients in integers, such as n*(n + 1)/2, is whole if it is so
    at every residue of its variables modulo the common denominator.
    """
    if expression.is_integer is not None:
        return bool(expression.is_integer)
    symbols = sorted(expression.free_symbols, key=str)
    if not symbols or not all(s.is_integer for s in symbols):
        return False
    if not expression.is_polynomial(*symbols):
        return False
    polynomial = sp.Poly(expression, *symbols)
    coefficients = polynomial.coeffs()
    if not all(isinstance(c, sp.Rational) for c in coefficients):
        return False
    modulus = lcm(*(int(c.q) for c in coefficients))
    if modulus ** len(symbols) > _MOST_RESIDUES:
        return False
    whole = [(powers, int(c * modulus)) for powers, c in polynomial.terms()]
    return all(
        sum(c * prod(map(pow, at, powers)) for powers, c in whole) % modulus == 0
        for at in product(range(modulus), repeat=len(symbols))
    )
