"""Claims whose truth is known by construction, put to the derivation checker: `make claims`, or

    python benchmarks/claims.py [--count 2000] [--first 0] [--seed 0] [--seconds 0.5] [--json]

A true claim is a theorem with a known proof under a random instantiation: its variables are
replaced by expressions in range, both sides are scaled, slack is added. A false one lies close to a
true one and comes with a witness, a point of its domain where it fails or has no meaning. Some have
no truth: nothing meets their hypotheses, their regime is never reached, or their text leaves the
grammar; the checker may neither prove nor refute them. The truth never comes from the checker: at
the witness both sides are evaluated here, in Fractions or in 600 bits, whatever the claim's family.

Runs over parts of a seed (`--first 5000 --count 5000`) add up to one run over all of it.

Exit 1 if a verdict is wrong, or if the checker fails on a claim.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import partial, reduce
from itertools import islice
from math import ceil, comb, factorial, floor
from random import Random
from time import monotonic
from typing import Any

import mpmath

from robustsize.bounds.prover import Status, check_step, loads
from robustsize.bounds.prover.isolated import Answer, Done, Job, Limits, Refused, Workers
from robustsize.commands.progress import shown

MEMORY_BYTES = 1 << 29
GRACE_SECONDS = 2.0
"""Processor time beyond a claim's limit before its process is stopped."""

BATCH = 500
mpmath.mp.prec = 600
_CLEAR = mpmath.mpf(2) ** -400
"""Differences below this, relative to the sides, are not taken as certain in 600 bits."""

Number = Any
Env = Mapping[str, Number]


# expressions with their values


@dataclass(frozen=True)
class Expr:
    """The text of an expression, and its value at a point, exact where it is rational."""

    text: str
    value: Callable[[Env], Number]

    def __add__(self, other: ExprLike) -> Expr:
        return _binary("+", self, other, lambda a, b: a + b)

    def __sub__(self, other: ExprLike) -> Expr:
        return _binary("-", self, other, lambda a, b: a - b)

    def __mul__(self, other: ExprLike) -> Expr:
        return _binary("*", self, other, lambda a, b: a * b)

    def __truediv__(self, other: ExprLike) -> Expr:
        return _binary("/", self, other, lambda a, b: a / b)

    def __pow__(self, other: ExprLike) -> Expr:
        return _binary("**", self, other, _power)


ExprLike = Expr | int | Fraction


def const(x: ExprLike) -> Expr:
    """A number, as a reader would write it."""
    if isinstance(x, Expr):
        return x
    exact = Fraction(x)
    text = str(exact.numerator) if exact.denominator == 1 else f"{exact}"
    return Expr(f"({text})" if exact < 0 or exact.denominator > 1 else text, lambda _: exact)


def _binary(sign: str, a: ExprLike, b: ExprLike, rule: Callable[[Any, Any], Any]) -> Expr:
    left, right = const(a), const(b)

    def value(env: Env) -> Number:
        x, y = left.value(env), right.value(env)
        if isinstance(x, Fraction) and isinstance(y, Fraction):
            return rule(x, y)
        return rule(_real(x), _real(y))

    return Expr(f"({left.text} {sign} {right.text})", value)


def _real(x: Number) -> Any:
    return mpmath.mpf(x.numerator) / x.denominator if isinstance(x, Fraction) else x


def _power(base: Number, exponent: Number) -> Number:
    if exponent == 0:
        return Fraction(1)
    if isinstance(exponent, Fraction) and exponent.denominator == 1:
        return base ** int(exponent)
    return Fraction(0) if base == 0 and exponent > 0 else mpmath.power(_real(base), _real(exponent))


def call(name: str, *args: ExprLike) -> Expr:
    """A function of the grammar."""
    parts = [const(a) for a in args]
    rule = _FUNCTIONS[name]
    text = f"{name}({', '.join(p.text for p in parts)})"
    return Expr(text, lambda env: rule(*(p.value(env) for p in parts)))


def total(index: str, first: ExprLike, last: ExprLike, term: Callable[[Expr], Expr]) -> Expr:
    """Sum(term, index, first, last)."""
    low, high = const(first), const(last)
    body = term(Expr(index, lambda env: env[index]))

    def value(env: Env) -> Number:
        span = range(int(low.value(env)), int(high.value(env)) + 1)
        return sum((body.value({**env, index: Fraction(i)}) for i in span), Fraction(0))

    return Expr(f"Sum({body.text}, {index}, {low.text}, {high.text})", value)


def _root(x: Number) -> Number:
    return mpmath.sqrt(_real(x))


_FUNCTIONS: dict[str, Callable[..., Number]] = {
    "abs": abs,
    "min": lambda *xs: min(xs),
    "max": lambda *xs: max(xs),
    "floor": lambda x: Fraction(floor(x)),
    "ceil": lambda x: Fraction(ceil(x)),
    "exp": lambda x: mpmath.exp(_real(x)),
    "log": lambda x: mpmath.log(_real(x)),
    "log2": lambda x: mpmath.log(_real(x), 2),
    "sqrt": _root,
    "factorial": lambda n: Fraction(factorial(int(n))),
    "gamma": lambda n: Fraction(factorial(int(n) - 1)),
    "binomial": lambda n, k: Fraction(comb(int(n), int(k)) if k >= 0 else 0),
}


# claims


@dataclass(frozen=True)
class Claim:
    """A derivation of one step. `truth` is None where the checker may neither prove nor refute."""

    family: str
    text: str
    symbols: Mapping[str, str]
    truth: bool | None
    why: str
    given: tuple[str, ...] = ()
    definitions: Mapping[str, str] = field(default_factory=dict)
    regime: str = ""

    @property
    def toml(self) -> str:
        """The derivation file."""
        lines = ["[derivation]", f'id = "{self.family}"', "[symbols]"]
        lines += [f"{name} = {{ {domain} }}" for name, domain in self.symbols.items()]
        lines += ["[definitions]", *(f'{k} = "{v}"' for k, v in self.definitions.items())]
        lines += ["[[step]]", 'id = "s"', f"claim = {json.dumps(self.text)}"]
        lines += [f"given = {json.dumps(self.given)}"] if self.given else []
        lines += [f'regime = "{self.regime}"'] if self.regime else []
        return "\n".join(lines) + "\n"


@dataclass
class Maker:
    """Symbols with domains and a point in them, drawn while a claim is put together."""

    random: Random
    symbols: dict[str, str] = field(default_factory=dict)
    point: dict[str, Fraction] = field(default_factory=dict)

    def real(self, low: ExprLike | None = None, high: ExprLike | None = None) -> Expr:
        """A new real symbol between two bounds, ends taken."""
        a, b = (None if e is None else const(e).value(self.point) for e in (low, high))
        r = self.random
        unit = r.choice([Fraction(0), Fraction(1), Fraction(1, 2), Fraction(r.randint(0, 20), 20)])
        if a is not None and b is not None:
            value = a + unit * (b - a)
        else:
            sizes: list[int | Fraction] = [1, 1, 3, 10, 1000, Fraction(1, 10**6)]
            size = unit * r.choice(sizes)
            value = a + size if a is not None else b - size if b is not None else size * self.sign()
        return self._new("real", low, high, value)

    def whole(self, low: ExprLike | None = 1, high: ExprLike | None = None) -> Expr:
        """A new integer symbol between two bounds."""
        a, b = (None if e is None else const(e).value(self.point) for e in (low, high))
        start = ceil(a) if a is not None else self.random.choice([-3, -1, 0, 2])
        value = start + self.random.choice([0, 0, 1, 1, 2, 3, 5, 8])
        return self._new(
            "integer", low, high, Fraction(value if b is None else min(value, floor(b)))
        )

    def sign(self) -> int:
        return self.random.choice([1, -1])

    def number(self) -> Fraction:
        """A rational number of any size."""
        r = self.random
        plain = Fraction(r.randint(-9, 9), r.randint(1, 9))
        return r.choice([plain, plain, Fraction(r.randint(-30, 30), 10), plain / 10**30])

    def positive(self) -> Fraction:
        """A positive rational number of any size."""
        r = self.random
        plain = Fraction(r.randint(1, 9), r.randint(1, 9))
        return r.choice([plain, plain, plain, plain / 10**9, plain / 10**60, plain * 10**20])

    def _new(self, kind: str, low: Any, high: Any, value: Fraction) -> Expr:
        name = f"{'x' if kind == 'real' else 'n'}{len(self.symbols)}"
        bounds = [
            f'{side} = "{const(end).text}"'
            for side, end in (("min", low), ("max", high))
            if end is not None
        ]
        self.symbols[name] = ", ".join([f'domain = "{kind}"', *bounds])
        self.point[name] = value
        return Expr(name, lambda env: env[name])

    # expressions in range

    def any_real(self) -> Expr:
        """An expression that takes real values."""
        x = self.real()
        return self.random.choice([x, x, x * self.number() + self.number(), x - self.real()])

    def nonnegative(self) -> Expr:
        """An expression that is never negative."""
        x = self.real(0)
        return self.random.choice([x, x, x**2, x + self.positive(), call("abs", self.any_real())])

    def unit(self) -> Expr:
        """An expression between 0 and 1."""
        x = self.real(0, 1)
        return self.random.choice([x, x, x**2, const(1) - x])

    def counting(self) -> Expr:
        """An expression that takes values in 1, 2, 3, ..."""
        n = self.whole(1)
        return self.random.choice([n, n, n, n + 1, n * 2, n + self.random.randint(0, 40)])


Fact = tuple[list[Expr], list[str]]
"""A chain: sides and the operators between them, true over the maker's symbols."""


def fact(*chain: ExprLike | str) -> Fact:
    """A chain of sides and operators, in turn."""
    return [const(s) for s in chain[::2]], list(chain[1::2])  # type: ignore[arg-type]


# theorems


def squares(m: Maker) -> Fact:
    x, y = m.any_real(), m.any_real()
    return fact(x * y * 2, "<=", x**2 + y**2)


def arithmetic_geometric(m: Maker) -> Fact:
    x, y = m.nonnegative(), m.nonnegative()
    return fact(call("sqrt", x * y), "<=", (x + y) / 2)


def sum_of_squares(m: Maker) -> Fact:
    x, y = m.real(), m.real()
    parts = [(x * m.number() + y * m.number() + m.number()) ** 2 for _ in range(2)]
    return fact(0, "<=", parts[0] + parts[1])


def bernoulli(m: Maker) -> Fact:
    x, n = m.real(-1), m.counting()
    return fact(const(1) + n * x, "<=", (const(1) + x) ** n)


def exponential(m: Maker) -> Fact:
    x = m.any_real()
    return fact(const(1) + x, "<=", call("exp", x))


def logarithm(m: Maker) -> Fact:
    x = m.nonnegative() + m.positive()
    return fact(const(1) - const(1) / x, "<=", call("log", x), "<=", x - 1)


def product_of_factors(m: Maker) -> Fact:
    """A product of linear factors is the polynomial that multiplying out gives."""
    x = m.any_real()
    roots = [m.number() for _ in range(m.random.randint(2, 4))]
    coefficients = [Fraction(1)]
    for root in roots:
        shifted, scaled = [Fraction(0), *coefficients], [c * root for c in coefficients]
        coefficients = [a - b for a, b in zip(shifted, [*scaled, Fraction(0)], strict=True)]
    polynomial = reduce(lambda a, b: a + b, (x**k * c for k, c in enumerate(coefficients)))
    return fact(reduce(lambda a, b: a * b, (x - root for root in roots)), "==", polynomial)


def triangle(m: Maker) -> Fact:
    x, y = m.any_real(), m.any_real()
    return fact(call("abs", x + y), "<=", call("abs", x) + call("abs", y))


def largest_and_smallest(m: Maker) -> Fact:
    x, y = m.any_real(), m.any_real()
    return m.random.choice(
        [
            fact(call("max", x, y) + call("min", x, y), "==", x + y),
            fact(call("max", x, y) * 2, "==", x + y + call("abs", x - y)),
            fact(call("min", x, y), "<=", x, "<=", call("max", x, y)),
        ]
    )


def rounding(m: Maker) -> Fact:
    x, k = m.any_real(), m.whole(None)
    n = m.counting()
    return m.random.choice(
        [
            fact(call("floor", x), "<=", x, "<", call("floor", x) + 1),
            fact(call("ceil", x) - 1, "<", x, "<=", call("ceil", x)),
            fact(call("floor", x + k), "==", call("floor", x) + k),
            fact(call("ceil", x), "==", const(0) - call("floor", const(0) - x)),
            fact(call("floor", n / 2) + call("ceil", n / 2), "==", n),
            fact(call("floor", x * 2), "==", call("floor", x) + call("floor", x + Fraction(1, 2))),
        ]
    )


def parity(m: Maker) -> Fact:
    n, minus = m.counting(), const(-1)
    return m.random.choice(
        [
            fact(minus ** (n * (n + 1)), "==", 1),
            fact(minus ** (n * 2 + 1), "==", -1),
            fact(minus**n * minus**n, "==", 1),
            fact(minus**n, "==", const(1) - (n - call("floor", n / 2) * 2) * 2),
        ]
    )


def power_sums(m: Maker) -> Fact:
    n = m.counting()
    i = m.random.choice("ijk")
    a = m.number()
    return m.random.choice(
        [
            fact(total(i, 1, n, lambda i: i * a), "==", n * (n + 1) * a / 2),
            fact(total(i, 1, n, lambda i: i**2), "==", n * (n + 1) * (n * 2 + 1) / 6),
            fact(total(i, 1, n, lambda i: i**3), "==", (n * (n + 1) / 2) ** 2),
            fact(total(i, 1, n, lambda i: i * 2 - 1), "==", n**2),
            fact(total(i, n, n * 2, lambda i: i), "==", n * (n + 1) * 3 / 2),
            fact(total(i, 1, n, lambda i: const(1) / (i * (i + 1))), "==", n / (n + 1)),
            fact(total(i, 0, n - 1, lambda i: const(2) ** i), "==", const(2) ** n - 1),
            fact(total(i, 1, n, lambda i: i**2), "<=", n**3),
            fact(total(i, n + 1, n, lambda i: i * a), "==", 0),
            fact(total(i, 1, n, lambda i: const(1) / i), "<=", call("log", n) + 1),
        ]
    )


def nested_sums(m: Maker) -> Fact:
    n, k, a = m.whole(1), m.whole(1), m.random.randint(1, 4)
    x = m.number()
    return m.random.choice(
        [
            fact(total("i", 1, n, lambda i: total("j", 1, a, lambda j: const(1))), "==", n * a),
            fact(
                total("i", 1, n, lambda i: total("j", 1, i, lambda j: const(x))),
                "==",
                n * (n + 1) * x / 2,
            ),
            fact(
                total("i", 1, n, lambda i: total("j", 1, k, lambda j: i * j)),
                "==",
                n * (n + 1) * k * (k + 1) / 4,
            ),
            fact(
                total("i", 1, n, lambda i: total("j", i, n, lambda j: j)),
                "==",
                n * (n + 1) * (n * 2 + 1) / 6,
            ),
            fact(
                total("i", 1, n, lambda i: total("j", 1, a, lambda j: j) + i),
                "==",
                n * Fraction(a * (a + 1), 2) + n * (n + 1) / 2,
            ),
        ]
    )


def binomials(m: Maker) -> Fact:
    n = m.whole(1)
    k = m.whole(1, n)
    return m.random.choice(
        [
            fact(call("binomial", n, k), "==", call("binomial", n, n - k)),
            fact(k * call("binomial", n, k), "==", n * call("binomial", n - 1, k - 1)),
            fact(
                call("binomial", n + 1, k),
                "==",
                call("binomial", n, k) + call("binomial", n, k - 1),
            ),
            fact(call("binomial", n, 2), "==", n * (n - 1) / 2),
            fact(1, "<=", call("binomial", n, k), "<=", const(2) ** n),
            fact(total("j", 0, n, lambda j: call("binomial", n, j)), "==", const(2) ** n),
            fact(call("binomial", n * (n + 1) / 2, 1), "==", n * (n + 1) / 2),
        ]
    )


def factorials(m: Maker) -> Fact:
    n = m.whole(1)
    return m.random.choice(
        [
            fact(call("factorial", n), "<=", n**n),
            fact(call("factorial", n + 1), "==", (n + 1) * call("factorial", n)),
            fact(call("gamma", n + 1), "==", call("factorial", n)),
            fact(const(2) ** (n - 1), "<=", call("factorial", n)),
        ]
    )


def powers_at_zero(m: Maker) -> Fact:
    x, n = m.unit(), m.counting()
    return m.random.choice(
        [
            fact(x ** (n - n), "==", 1),
            fact(const(0) ** n, "==", 0),
            fact(x**n, "<=", x),
            fact(0, "<=", x**n, "<=", 1),
            fact(x**n * (const(1) - x) ** n, "<=", const(Fraction(1, 4)) ** n),
        ]
    )


def dependent_domains(m: Maker) -> Fact:
    x = m.real(0)
    y = m.real(const(0) - x, x)
    n = m.whole(1)
    k = m.whole(1, n)
    return m.random.choice(
        [
            fact(y**2, "<=", x**2),
            fact(const(0) - x, "<=", y, "<=", x),
            fact(k * (n - k), "<=", n**2 / 4),
            fact(k, "<=", n),
            fact(n / k, ">=", 1),
        ]
    )


def partly_empty_domains(m: Maker) -> Fact:
    """For some values of one symbol the other has no values: such points are not in the domain."""
    x = m.real(-2, 2)
    m.point[x.text] = abs(m.point[x.text])
    y = m.real(const(0) - x, x)
    n = m.whole(-3)
    m.point[n.text] = abs(m.point[n.text]) + 1
    k = m.whole(1, n)
    return m.random.choice(
        [fact(x + y * 0, ">=", 0), fact(y**2, "<=", x**2), fact(n + k * 0, ">=", 1)]
    )


def magnitudes(m: Maker) -> Fact:
    e = m.random.choice([20, 100, 300])
    x, tiny, huge = m.real(0, Fraction(1, 10**e)), Fraction(1, 10**e), Fraction(10**e)
    n = m.whole(10 ** (e // 3))
    return m.random.choice(
        [
            fact(x**2, "<=", x * tiny),
            fact(const(huge) + 1, ">", huge),
            fact((x + 1) * huge, "<=", huge + 1),
            fact(n**2, ">=", n * 10 ** (e // 3)),
            fact((n + 1) / n, "<=", const(1) + Fraction(1, 10 ** (e // 3))),
        ]
    )


def decimals(m: Maker) -> Fact:
    r = m.random
    a, b = (Fraction(r.randint(1, 999), 10 ** r.randint(1, 20)) for _ in range(2))
    x = m.unit()
    return r.choice(
        [
            fact(_decimal(a) + _decimal(b), "==", _decimal(a + b)),
            fact(x * _decimal(a) * _decimal(b), "==", x * (a * b)),
            fact(x * _decimal(b), "<=", b),
        ]
    )


def _decimal(x: Fraction) -> Expr:
    """A number of at most 20 decimals, written with a point."""
    whole, rest = divmod(int(x * 10**20), 10**20)
    return Expr(f"{whole}.{rest:020d}", lambda _: x)


THEOREMS: tuple[Callable[[Maker], Fact], ...] = (
    squares,
    arithmetic_geometric,
    sum_of_squares,
    bernoulli,
    exponential,
    logarithm,
    product_of_factors,
    triangle,
    largest_and_smallest,
    rounding,
    parity,
    power_sums,
    nested_sums,
    binomials,
    factorials,
    powers_at_zero,
    dependent_domains,
    partly_empty_domains,
    magnitudes,
    decimals,
)


# instances of theorems, true and false


def instance(random: Random) -> Claim:
    """A theorem's instance, or a false claim near one."""
    theorem = random.choice(THEOREMS)
    m = Maker(random)
    sides, ops = theorem(m)
    _require_true(sides, ops, m.point, theorem.__name__)
    sides = _scaled(m, sides)
    if random.random() < 0.5:
        sides = _slackened(m, sides, ops)
        _require_true(sides, ops, m.point, theorem.__name__)
        claim = Claim(theorem.__name__, _chain(sides, ops), m.symbols, True, "a theorem")
    else:
        broken = _broken(m, sides, ops)
        if broken is None:
            return instance(random)
        sides, witness = broken
        claim = Claim(theorem.__name__, _chain(sides, ops), m.symbols, False, witness)
    claim = replace(claim, symbols=_used(claim.text, m.symbols))
    return _with_definitions(random, claim, sides, ops)


def _chain(sides: list[Expr], ops: list[str]) -> str:
    text = sides[0].text
    for op, side in zip(ops, sides[1:], strict=True):
        text += f" {op} {side.text}"
    return text


def _margin(a: Expr, b: Expr, op: str, point: Env) -> Number:
    """right - left for < and <=, left - right otherwise."""
    left, right = (a, b) if op[0] == "<" else (b, a)
    return (right - left).value(point)


def _truth(a: Expr, op: str, b: Expr, point: Env) -> bool | None:
    """Whether a op b at a point; None where 600 bits do not tell."""
    margin = _margin(a, b, op, point)
    if not isinstance(margin, Fraction):
        scale = max(abs(_real(a.value(point))), abs(_real(b.value(point))), 1)
        if abs(margin) <= _CLEAR * scale:
            return None
    return bool({"==": margin == 0, "<": margin > 0, ">": margin > 0}.get(op, margin >= 0))


def _require_true(sides: list[Expr], ops: list[str], point: Env, name: str) -> None:
    """A guard for the generator itself."""
    for a, op, b in zip(sides, ops, sides[1:], strict=False):
        if _truth(a, op, b, point) is False:
            raise AssertionError(f"{name} is no theorem: {a.text} {op} {b.text} at {dict(point)}")


def _scaled(m: Maker, sides: list[Expr]) -> list[Expr]:
    """All sides times a positive number, plus the same number."""
    if m.random.random() < 0.6:
        return sides
    factor, shift = m.positive(), m.number()
    return [s * factor + shift for s in sides]


def _slackened(m: Maker, sides: list[Expr], ops: list[str]) -> list[Expr]:
    """Positive slack on the larger side of one inequality at an end of the chain."""
    if ops[-1] == "==" or m.random.random() < 0.5:
        return sides
    slack = m.positive()
    return [*sides[:-1], sides[-1] + (slack if ops[-1][0] == "<" else -slack)]


def _broken(m: Maker, sides: list[Expr], ops: list[str]) -> tuple[list[Expr], str] | None:
    """The last relation moved until it fails at the maker's point, by little or by much."""
    *_, a, b = sides
    op = ops[-1]
    margin = _margin(a, b, op, m.point)
    if not isinstance(margin, Fraction):
        margin = _rounded_up(margin)
    move = margin + m.positive()
    if op == "==":
        move *= m.sign()
    moved = b + (-move if op[0] in "<=" else move)
    if _truth(a, op, moved, m.point) is not False:
        return None  # 600 bits do not tell
    where = ", ".join(f"{name} = {value}" for name, value in m.point.items())
    return [*sides[:-1], moved], where or "everywhere"


def _rounded_up(margin: Any) -> Fraction:
    """A number of seven digits that is no smaller than a positive one."""
    if margin <= 0:
        return Fraction(0)
    shift = 6 - int(mpmath.floor(mpmath.log10(margin)))
    return (int(mpmath.ceil(margin * mpmath.mpf(10) ** shift)) + 1) * Fraction(10) ** -shift


def _used(text: str, symbols: Mapping[str, str]) -> dict[str, str]:
    """The symbols that a text names, and those that their bounds name."""
    used = {name: domain for name, domain in symbols.items() if re.search(rf"\b{name}\b", text)}
    bounds = " ".join(used.values())
    return (
        used
        if set(re.findall(r"\b[nx]\d+\b", bounds)) <= set(used)
        else _used(f"{text} {bounds}", symbols)
    )


def _with_definitions(random: Random, claim: Claim, sides: list[Expr], ops: list[str]) -> Claim:
    """The same claim with a side behind a name, whose bound variables may be bound outside too."""
    if random.random() < 0.7:
        return claim
    names = [f"side{i}" for i in range(len(sides))]
    definitions = dict(zip(names, (s.text for s in sides), strict=True))
    text = " ".join(x for pair in zip(names, [*ops, ""], strict=True) for x in pair).strip()
    if random.random() < 0.5:  # adds 0 to the first side, inside a sum over an index in use
        text = f"Sum({names[0]}*j, j, 1, 1) {text.partition(' ')[2]}"
    return replace(claim, text=text, definitions=definitions)


# asymptotic claims, undefined and meaningless ones


def asymptotic(random: Random) -> Claim:
    """Polynomials and logarithms compared as n -> inf or x -> 0."""
    p, q, c = random.randint(0, 4), random.randint(0, 4), random.randint(1, 50)
    n, x = 'domain = "integer", min = 2', 'domain = "real", min = 0, max = 1, open = true'
    claims = [
        (f"{c}*n**{p} + n == O(n**{q})", max(p, 1) <= q, "n"),
        (f"n**{p} == o({c}*n**{q})", p < q, "n"),
        (f"n**{p} + {c} == Omega(n**{q})", p >= q, "n"),
        (f"n**{p} == Theta({c}*n**{q})", p == q, "n"),
        (f"limit(({c}*n + 1)/(n + {p})) == {c + q % 2}", q % 2 == 0, "n"),
        (f"n**{p} + n**{q} ~ n**{max(p, q)}", p != q, "n"),
        (f"log(n) == o(n**{q})", q > 0, "n"),
        (f"1/x**{p} == O(1/x**{q})", p <= q, "x"),
        (f"limit({c}*x**{p}) == 0", p > 0, "x"),
    ]
    text, truth, symbol = random.choice(claims)
    regime = "n -> inf" if symbol == "n" else "x -> 0+"
    symbols = {"n": n} if symbol == "n" else {"x": x}
    return Claim("asymptotic", text, symbols, truth, "compared by degree", regime=regime)


def unreachable(random: Random) -> Claim:
    """Asymptotic claims whose regime the domain or the hypotheses never reach."""
    p, q, top = random.randint(0, 3), random.randint(0, 3), random.randint(2, 200)
    kind = random.choice(["O", "o", "Omega", "Theta"])
    wide, narrow = 'domain = "integer", min = 1', f'domain = "integer", min = 1, max = {top}'
    away = f'domain = "real", min = "1/{top}", max = 1'
    claims = [
        (f"n**{p} == {kind}(n**{q})", {"n": narrow}, (), "n -> inf"),
        (f"2**n == {kind}(n**{q})", {"n": wide}, (f"n <= {top}",), "n -> inf"),
        (f"2**n == {kind}(1)", {"n": wide}, (f"n == {top}",), "n -> inf"),
        (f"exp(1/x) == {kind}(x**{q})", {"x": away}, (), "x -> 0+"),
        (f"limit(1/x**{p}) == {q}", {"x": away}, (), "x -> 0+"),
    ]
    text, symbols, given, regime = random.choice(claims)
    return Claim("unreachable", text, symbols, None, "never reached", given, regime=regime)


def vacuous(random: Random) -> Claim:
    """Claims over hypotheses that nothing meets."""
    a = random.randint(1, 9)
    x = 'domain = "real"'
    claims = [
        (f"x > {a}", {"x": x}, (f"x < {a}", f"x > {a}")),
        ("1 < 2*x", {"x": x}, (f"x**2 < -{a}",)),
        (
            f"n == {a}",
            {"n": f'domain = "integer", min = "{3 * a + 1}/3", max = "{3 * a + 2}/3"'},
            (),
        ),
        (f"x <= {a}", {"x": f'domain = "real", min = {a}, max = {a}, open = true'}, ()),
        ("x < 0", {"x": f'domain = "real", min = {a + 1}, max = {a}'}, ()),
    ]
    text, symbols, given = random.choice(claims)
    return Claim("vacuous", text, symbols, None, "nothing meets the hypotheses", given)


def undefined(random: Random) -> Claim:
    """Claims with a side that has no meaning at a point of the domain."""
    a, b = random.randint(1, 9), random.randint(1, 9)
    unit, real = 'domain = "real", min = 0, max = 1', 'domain = "real"'
    wide = 'domain = "real", min = "-9/10", max = 9'
    claims = [
        (f"{a}/x + {b} > 0", {"x": unit}, "x = 0"),
        (f"({a}*x - {a}*x)/(x - 1/2) == 0", {"x": unit}, "x = 1/2"),
        (f"log(x)**2 >= -{a}", {"x": unit}, "x = 0"),
        (f"sqrt(x - 1/{b + 1})**2 >= -{a}", {"x": unit}, "x = 0"),
        (
            f"log(log(x + 1) + 1/{b + 1})**2 >= 0",
            {"x": wide},
            "x = -9/10",
        ),
        (f"x**({a}/{a}) * x**(-{b}) * x**{b} == x", {"x": real}, "x = 0"),
        (f"Sum(1/(i - {a}), i, 1, n)**2 >= 0", {"n": f'domain = "integer", min = {a}'}, f"n = {a}"),
        (f"0**(n - {a}) >= 0", {"n": 'domain = "integer", min = 0'}, "n = 0"),
        (f"Sum(i + S - S, i, 1, {b}) == {b * (b + 1) // 2}", {}, "S has the term 1/0"),
    ]
    text, symbols, why = random.choice(claims)
    definitions = {"S": f"Sum(1/(i - {a + 20}), i, 1, {a + 30})"} if "S -" in text else {}
    return Claim("undefined", text, symbols, False, why, definitions=definitions)


def malformed(random: Random) -> Claim:
    """Texts that leave the grammar, though a careless reader may make sense of them."""
    a = random.randint(2, 9)
    texts = [
        f"Sum({a} i, i, 1, n) == {a}*n",
        f"Sum({a} i, i, 1, n) == {a}*n*(n + 1)/2",
        "Sum((i)(i), i, 1, n) == n*(n+1)/2",
        f"Sum(1 ~ {a} == 3, i, 1, n) == n",
        f"Sum(1 <= {a}, i, 1, n) == n",
        f"n >= 1, n >= {a}",
        f"n² >= {a}",
        "n >= 1 >=",
        f"(n >= 1) == (n >= {a})",
        f"{a}n >= {a}",
        "n! >= 1",
        f"Sum(i, i, 1, n, 2) >= {a}",
        f"Sum(i, n, 1, n) >= {a - a}",
        f"n >= 1 or n >= {a}",
    ]
    return Claim("malformed", random.choice(texts), {"n": 'domain = "integer", min = 1'}, None, "")


def claims(count: int, seed: int, first: int = 0) -> Iterator[Claim]:
    """The claims of a seed from number `first` on; more are an extension of fewer."""
    random = Random(seed)
    makers = [instance] * 8 + [asymptotic, unreachable, vacuous, undefined, malformed]
    return islice((random.choice(makers)(random) for _ in iter(int, 1)), first, first + count)


# verdicts


@dataclass(frozen=True)
class Verdict:
    """What the checker said of a claim: a status, "refused", or why there was none."""

    claim: Claim
    said: str
    reason: str

    @property
    def wrong(self) -> str:
        """In which way it is wrong; "" if it is not."""
        if self.said == Status.PROVED and self.claim.truth is not True:
            return "false proved"
        if self.said == Status.REFUTED and self.claim.truth is not False:
            return "true refuted"
        if self.said == "refused" and self.claim.truth is not None:
            return "refused"
        if "failed" in self.reason or "disagree" in self.reason:
            return "traceback"
        return "death" if "process ended" in self.reason else ""


def judged(claim: Claim, answer: Answer) -> Verdict:
    """The verdict on a claim."""
    if isinstance(answer, Done):
        return Verdict(claim, str(answer.value.status), answer.value.reason)
    if isinstance(answer, Refused):
        return Verdict(claim, "refused", answer.message)
    return Verdict(claim, str(Status.UNDECIDED), answer.reason)


def verdicts(all_claims: Iterator[Claim], seconds: float, processes: int = 2) -> Iterator[Verdict]:
    """The checker's verdicts, in order."""
    limits = Limits(seconds + GRACE_SECONDS, MEMORY_BYTES)
    with Workers(processes) as workers:
        while batch := list(islice(all_claims, BATCH)):
            calls = (
                partial(check_step, loads(c.toml), "s", budget_seconds_per_step=seconds)
                for c in batch
            )
            yield from map(judged, batch, workers.answers([Job(c, limits) for c in calls]))


def report(found: list[Verdict], seconds: float) -> dict[str, Any]:
    """Counts of what is wrong, and the shares decided, in all and by family."""
    wrong = [v for v in found if v.wrong]
    families: dict[str, Counter[str]] = {}
    for v in found:
        kind = {True: "true", False: "false", None: "neither"}[v.claim.truth]
        decided = v.said in (Status.PROVED, Status.REFUTED)
        families.setdefault(v.claim.family, Counter()).update(
            [kind] + [f"{kind} decided"] * decided
        )
    totals = sum(families.values(), Counter())
    return {
        "claims": len(found),
        "seconds": round(seconds, 1),
        "wrong": dict(Counter(v.wrong for v in wrong)),
        "true decided": _share(totals, "true"),
        "false decided": _share(totals, "false"),
        "families": {name: dict(counts) for name, counts in sorted(families.items())},
        "examples": [
            {"wrong": v.wrong, "why": v.claim.why, "reason": v.reason, "toml": v.claim.toml}
            for v in wrong
        ],
    }


def _share(counts: Counter[str], kind: str) -> float:
    return round(counts[f"{kind} decided"] / max(1, counts[kind]), 3)


def lines(result: dict[str, Any]) -> Iterator[str]:
    """The report as text."""
    yield f"{'family':<24}{'true':>6}{'proved':>8}{'false':>7}{'refuted':>9}{'neither':>9}"
    for name, counts in result["families"].items():
        kinds = "true", "true decided", "false", "false decided", "neither"
        a, b, c, d, e = (counts.get(k, 0) for k in kinds)
        yield f"{name:<24}{a:>6}{b:>8}{c:>7}{d:>9}{e:>9}"
    for example in result["examples"]:
        yield f"\n{example['wrong']} ({example['why']}): {example['reason'][:300]}"
        yield example["toml"]
    wrong = ", ".join(f"{n} {kind}" for kind, n in result["wrong"].items()) or "none wrong"
    true, false = result["true decided"], result["false decided"]
    shares = f"{true:.1%} of the true and {false:.1%} of the false"
    yield f"{result['claims']} claims in {result['seconds']} s: {wrong}; {shares} decided"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=2000, help="how many claims")
    parser.add_argument("--first", type=int, default=0, help="the number of the first, from 0")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--seconds", type=float, default=0.5, help="processor time for each claim")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    start = monotonic()
    found: list[Verdict] = []
    chosen = claims(options.count, options.seed, options.first)
    with shown() as progress:
        for verdict in verdicts(chosen, options.seconds):
            found.append(verdict)
            progress(len(found) / options.count, f"claim {len(found)}")
    result = report(found, monotonic() - start)
    print(json.dumps(result, indent=2) if options.json else "\n".join(lines(result)))
    sys.exit(1 if result["wrong"] else 0)


if __name__ == "__main__":
    main()
