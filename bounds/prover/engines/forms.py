"""Other ways to write a margin, in which interval arithmetic sees more of its sign."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import sympy as sp

from robustsize.bounds.prover.language.relations import Relation

_LARGEST = 150
_HIGHEST = 24


@dataclass(frozen=True)
class Form:
    """An expression with the sign of the margin wherever all the guards are positive."""

    expression: sp.Expr
    guards: tuple[sp.Expr, ...] = ()


def forms(relation: Relation) -> Iterator[Form]:
    """The margin of a relation (not ==) as it is, factored, and with its logarithms paired."""
    yield Form(relation.margin)
    yield from _rewritten(relation.margin, ())
    growing = any(_grows(side) for side in (relation.left, relation.right))
    if growing and relation.op != "!=" and 0 not in (relation.left, relation.right):
        yield from log_forms(relation)


def exchanged(ways: Iterable[Form], exchange: Mapping[sp.Basic, sp.Basic]) -> Iterator[Form]:
    """The same forms over other symbols, each also factored anew."""
    for way in ways:
        expression = way.expression.xreplace(exchange)
        guards = tuple(guard.xreplace(exchange) for guard in way.guards)
        yield Form(expression, guards)
        factored = _factored(expression)
        if factored is not None and factored != expression:
            yield Form(factored, guards)


def log_forms(relation: Relation) -> Iterator[Form]:
    """log(larger side) - log(smaller side), where both sides are positive."""
    larger, smaller = sides(relation)
    logs = sp.expand_log(sp.log(larger) - sp.log(smaller), force=True)
    yield Form(logs, (larger, smaller))
    yield from _rewritten(logs, (larger, smaller))


def sides(relation: Relation) -> tuple[sp.Expr, sp.Expr]:
    """The side that is claimed to be larger, then the other."""
    if relation.op[0] == "<":
        return relation.right, relation.left
    return relation.left, relation.right


def _rewritten(margin: sp.Expr, guards: tuple[sp.Expr, ...]) -> Iterator[Form]:
    factored = _factored(margin)
    if factored is not None and factored != margin:
        yield Form(factored, guards)
    paired = _paired_logs(margin)
    if paired is not None:
        yield Form(paired, guards)


def _grows(side: sp.Expr) -> bool:
    powers = any(p.exp.free_symbols for p in side.atoms(sp.Pow))
    return powers or side.has(sp.exp, sp.factorial, sp.gamma)


def _factored(margin: sp.Expr) -> sp.Expr | None:
    """The margin as a quotient of factored polynomials in its non-rational parts."""
    atoms = sorted(margin.atoms(sp.Function, sp.Sum), key=str)
    names = {atom: sp.Dummy(f"u{i}", real=True) for i, atom in enumerate(atoms)}
    plain = margin.xreplace(names)
    roots = _roots(plain)
    plain = plain.xreplace(roots)
    if plain.count_ops() > _LARGEST or _degree(plain) > _HIGHEST:
        return None
    top, bottom = sp.fraction(sp.together(plain))
    if top.count_ops() > 4 * _LARGEST:
        return None
    quotient = sp.factor(top) / sp.factor(bottom)
    back = {name: atom for atom, name in names.items()}
    back |= {next(iter(power.free_symbols)): _inverse(x, power) for x, power in roots.items()}
    while quotient.has(*back):  # an atom may hold others
        quotient = quotient.xreplace(back)
    return quotient


def _roots(expression: sp.Expr) -> dict[sp.Basic, sp.Basic]:
    """x as the q-th power of a new symbol, for each x >= 0 of which q-th roots occur."""
    degrees: dict[sp.Basic, int] = {}
    for power in expression.atoms(sp.Pow):
        base, exponent = power.args
        if base.is_Symbol and base.is_nonnegative and exponent.is_Rational:
            degrees[base] = int(sp.ilcm(degrees.get(base, 1), exponent.q))
    return {
        x: sp.Dummy("r", nonnegative=True) ** degree for x, degree in degrees.items() if degree > 1
    }


def _inverse(x: sp.Basic, power: sp.Basic) -> sp.Basic:
    return x ** (1 / power.exp)


def _degree(expression: sp.Expr) -> int:
    """The largest whole exponent that occurs."""
    return max((abs(int(p.exp)) for p in expression.atoms(sp.Pow) if p.exp.is_Integer), default=1)


def _paired_logs(margin: sp.Expr) -> sp.Expr | None:
    """c log(a) - d log(b) as (c - d) log(a) + d log(1 + (a - b)/b), for each pair.

    The difference of the logarithms of two large numbers becomes one that is plainly small.
    """
    expanded = sp.expand_log(margin, force=True)
    logs = sorted((a for a in expanded.atoms(sp.log) if a.free_symbols), key=str)
    if len(logs) < 2 or margin.count_ops() > _LARGEST:
        return None
    names = {log: sp.Dummy(f"l{i}", real=True) for i, log in enumerate(logs)}
    plain = sp.expand(expanded.xreplace(names))
    factors = {log: plain.coeff(name) for log, name in names.items()}
    rest = plain.xreplace(dict.fromkeys(names.values(), sp.S.Zero))
    if sp.expand(plain - rest - sum(f * names[log] for log, f in factors.items())) != 0:
        return None
    total = rest
    waiting = [log for log in factors if factors[log] != 0]
    while waiting:
        log = waiting.pop(0)
        factor = factors[log]
        partner = next((o for o in waiting if _opposite(factor, factors[o])), None)
        if partner is None:
            total += sp.factor(factor) * log
            continue
        waiting.remove(partner)
        (a, c), (b, d) = (log, factor), (partner, -factors[partner])
        if factor.could_extract_minus_sign():
            (a, c), (b, d) = (b, -d), (a, -c)
        total += sp.factor(d) * _log_ratio(a.args[0], b.args[0]) + sp.factor(sp.expand(c - d)) * a
    if total.has(*names.values()):
        return None
    return total


def _log_ratio(a: sp.Expr, b: sp.Expr) -> sp.Expr:
    """log(a/b) as the logarithm of 1 and something, positive if that can be seen."""
    change = sp.factor(sp.cancel((a - b) / b))
    if change.could_extract_minus_sign():
        return -sp.log(1 + sp.factor(sp.cancel((b - a) / a)))
    return sp.log(1 + change)


def _opposite(a: sp.Expr, b: sp.Expr) -> bool:
    """Whether some terms of a and b cancel in a + b."""
    return len(_terms(a + b)) < len(_terms(a)) + len(_terms(b)) - 1


def _terms(expression: sp.Expr) -> tuple[sp.Expr, ...]:
    expanded = sp.expand(expression)
    return () if expanded == 0 else sp.Add.make_args(expanded)
