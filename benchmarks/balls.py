"""Ball arithmetic (python-flint) against mpmath's iv on the same inequalities, as a ratio.

    python benchmarks/balls.py [--quick] [--json]

All bisect the same boxes with plain interval evaluation until every box has its sign, at the same
working precision; only the arithmetic differs: balls, the prover's intervals with ends that may be
open or infinite, and mpmath's iv, the peer. Seconds; a ratio above 1 says how many times faster
than iv, the median over runs in turn.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from statistics import median
from time import perf_counter
from typing import Any

import sympy as sp
from _common import Row, middle_and_spread, run
from flint import arb, ctx
from mpmath import iv

from robustsize.bounds.arithmetic.balls import ball, evaluate
from robustsize.bounds.arithmetic.intervals import Interval
from robustsize.bounds.prover.engines.enclose import Box, natural

BITS = 128
x, y = sp.symbols("x y", real=True)
CASES = {
    "cubic": x**3 - x + sp.Rational(4, 10),
    "exp": sp.exp(x) - 1 - x - x**2 / 3 + sp.Rational(1, 100),
    "entropy": sp.log(2) + x * sp.log(x) + (1 - x) * sp.log(1 - x) + sp.Rational(1, 50),
    "two": sp.exp(-(x**2)) * sp.log(2 + y) - x * y / 4 + sp.Rational(1, 20) - (x - y) ** 2 / 4,
}
LOW, HIGH = Fraction(1, 64), Fraction(63, 64)

Sign = Callable[[tuple[tuple[Fraction, Fraction], ...]], bool]


def with_balls(expression: sp.Expr) -> Sign:
    """A box as one ball an axis, evaluated by `robustsize.bounds.arithmetic.balls`."""
    symbols = sorted(expression.free_symbols, key=str)

    def positive(sides: tuple[tuple[Fraction, Fraction], ...]) -> bool:
        at = {}
        for symbol, (low, high) in zip(symbols, sides, strict=True):
            at[symbol] = arb(ball((low + high) / 2), ball((high - low) / 2))
        return bool(ball(evaluate(expression, at)) > 0)

    return positive


def with_ends(expression: sp.Expr) -> Sign:
    """A box as intervals with exact or ball ends: what the prover of inequalities uses."""
    symbols = sorted(expression.free_symbols, key=str)

    def positive(sides: tuple[tuple[Fraction, Fraction], ...]) -> bool:
        box = Box({s: Interval(*side) for s, side in zip(symbols, sides, strict=True)})
        return natural(expression, box).positive()

    return positive


def with_mpmath(expression: sp.Expr) -> Sign:
    symbols = sorted(expression.free_symbols, key=str)

    def value(node: sp.Basic, at: dict[sp.Basic, Any]) -> Any:
        if isinstance(node, sp.Symbol):
            return at[node]
        if isinstance(node, sp.Rational):
            return iv.mpf(int(node.p)) / int(node.q)
        parts = [value(a, at) for a in node.args]
        if isinstance(node, sp.Add):
            return sum(parts[1:], parts[0])
        if isinstance(node, sp.Mul):
            product = parts[0]
            for part in parts[1:]:
                product = product * part
            return product
        if isinstance(node, sp.Pow):
            return parts[0] ** int(node.exp)
        return iv.exp(parts[0]) if isinstance(node, sp.exp) else iv.log(parts[0])

    def positive(sides: tuple[tuple[Fraction, Fraction], ...]) -> bool:
        at = {}
        for symbol, (low, high) in zip(symbols, sides, strict=True):
            ends = [iv.mpf(e.numerator) / e.denominator for e in (low, high)]
            at[symbol] = iv.mpf([ends[0].a, ends[1].b])
        return bool(value(expression, at).a > 0)

    return positive


def bisect(positive: Sign, dimension: int) -> int:
    """How many boxes it takes to settle the sign over the whole box."""
    stack, boxes = [((LOW, HIGH),) * dimension], 0
    while stack:
        sides = stack.pop()
        boxes += 1
        if positive(sides):
            continue
        widest = max(range(dimension), key=lambda i: sides[i][1] - sides[i][0])
        low, high = sides[widest]
        for half in ((low, (low + high) / 2), ((low + high) / 2, high)):
            stack.append((*sides[:widest], half, *sides[widest + 1 :]))
    return boxes


@dataclass(frozen=True, kw_only=True)
class Bisection(Row):
    """One arithmetic on one inequality, and the number of boxes that it and the peer took."""

    boxes: int
    peer_boxes: int


def seconds(positive: Sign, dimension: int) -> tuple[float, int]:
    """Time of one bisection, and its boxes."""
    start = perf_counter()
    boxes = bisect(positive, dimension)
    return perf_counter() - start, boxes


def measure(quick: bool) -> Iterator[Bisection]:
    """Two rows an inequality; --quick: three runs instead of seven. One more, first, warms up."""
    iv.prec = BITS
    for name, expression in CASES.items():
        ways = {
            "peer": with_mpmath(expression),
            "balls": with_balls(expression),
            "interval ends": with_ends(expression),
        }
        dimension = len(expression.free_symbols)
        with ctx.workprec(BITS):
            rounds = [
                {way: seconds(positive, dimension) for way, positive in ways.items()}
                for _ in range(4 if quick else 8)
            ][1:]
        boxes = {way: count for way, (_, count) in rounds[0].items()}
        times = {way: [each[way][0] for each in rounds] for way in ways}
        for way in ("balls", "interval ends"):
            pairs = zip(times["peer"], times[way], strict=True)
            ratio, spread = middle_and_spread(peer / ours for peer, ours in pairs)
            yield Bisection(
                case=f"{name}, {way}",
                ours=median(times[way]),
                peer=median(times["peer"]),
                ratio=ratio,
                spread=spread,
                boxes=boxes[way],
                peer_boxes=boxes["peer"],
            )


if __name__ == "__main__":
    run(__doc__, measure)
