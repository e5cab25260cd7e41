"""Steps with one thing changed, to see whether the checker notices.

A mutant of a step that holds differs from it in one constant, exponent, sign, direction, rounding
or in its domain. Some mutants are true all the same; `falsified` looks for a point where one is
not, by decimal evaluation at random points, which shares no code with the proof engines.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import islice, zip_longest
from random import Random

import sympy as sp

from robustsize.bounds.prover import Derivation, Step
from robustsize.bounds.prover.language.grammar import Claim
from robustsize.bounds.prover.language.problem import Language, Problem, Variable
from robustsize.bounds.prover.language.relations import Relation
from robustsize.bounds.theorems.expected import expectations
from robustsize.bounds.theorems.proofs import IDS, derivation

_SYMPY = {"==": sp.Eq, "<=": sp.Le, "<": sp.Lt, ">=": sp.Ge, ">": sp.Gt}
_TURNED = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}
_STRICT = {"<=": "<", ">=": ">"}
_EXCHANGED = {sp.floor: sp.ceiling, sp.ceiling: sp.floor, sp.Min: sp.Max, sp.Max: sp.Min}
_DIGITS, _CLEAR = 50, 1e-25
_SCALES = (Fraction(1, 10**6), Fraction(1, 100), Fraction(1), Fraction(10), Fraction(10**4))


@dataclass(frozen=True)
class Mutant:
    """A changed step over a (perhaps changed) derivation; `change` says what was done."""

    source: str
    kind: str
    change: str
    derivation: Derivation
    step: Step

    @property
    def problem(self) -> Problem:
        """The claim with its domain, ready to be evaluated."""
        language = Language(self.derivation)
        claim = language.claim(self.step.claim, self.step.id)
        assert isinstance(claim, Claim)
        return language.problem(self.step, claim)


def all_mutants(*, per_step: int = 8) -> Iterator[Mutant]:
    """Mutants of every step that is neither cited, asymptotic nor expected to be refuted."""
    for id in IDS:
        for step in derivation(id).steps:
            if not (step.cite or step.regime or step.id in expectations()):
                yield from islice(mutants(derivation(id), step), per_step)


def mutants(source: Derivation, step: Step) -> Iterator[Mutant]:
    """The mutants of a step, the kinds of change taken in turn."""
    claim = Language(source).claim(step.claim, step.id)
    assert isinstance(claim, Claim)
    relations: dict[str, list[Mutant]] = {}
    for relation in claim.relations:
        for kind, changed in _changed_relations(relation):
            if changed != relation:
                mutated = replace(step, claim=_relation(changed))
                change = f"{relation}  ->  {changed}"
                relations.setdefault(kind, []).append(
                    Mutant(step.id, kind, change, source, mutated)
                )
    domains = list(_changed_domains(source, step))
    for group in zip_longest(*relations.values(), domains):
        yield from (m for m in group if m is not None)


def _relation(relation: Relation) -> sp.Basic:
    return _SYMPY[relation.op](relation.left, relation.right, evaluate=False)


def _changed_relations(relation: Relation) -> Iterator[tuple[str, Relation]]:
    if relation.op in _TURNED:
        yield "direction", replace(relation, op=_TURNED[relation.op])
    if relation.op in _STRICT:
        yield "strictness", replace(relation, op=_STRICT[relation.op])
    for kind, left in _changes(relation.left):
        yield kind, replace(relation, left=left)
    for kind, right in _changes(relation.right):
        yield kind, replace(relation, right=right)


def _changes(node: sp.Expr) -> Iterator[tuple[str, sp.Expr]]:
    """The expression with one node changed."""
    yield from _here(node)
    if isinstance(node, (sp.Sum, sp.Rational, sp.Symbol)):
        return
    for i, argument in enumerate(node.args):
        for kind, changed in _changes(argument):
            kind = "exponent" if isinstance(node, sp.Pow) and i == 1 else kind
            rebuilt = node.func(*node.args[:i], changed, *node.args[i + 1 :])
            if not rebuilt.has(sp.zoo, sp.nan, sp.oo, sp.I):
                yield kind, rebuilt


def _here(node: sp.Expr) -> Iterator[tuple[str, sp.Expr]]:
    if isinstance(node, sp.Rational):
        yield "constant", node + 1
        yield "constant", node * sp.Rational(9, 10)
        yield "constant", node - 1
    elif isinstance(node, sp.Add):
        for i, term in enumerate(node.args):
            yield "sign", sp.Add(*node.args[:i], -term, *node.args[i + 1 :])
    elif type(node) in _EXCHANGED:
        yield "rounding", _EXCHANGED[type(node)](*node.args)
        if isinstance(node, (sp.floor, sp.ceiling)):
            yield "rounding", node.args[0]
    elif isinstance(node, sp.Pow):
        yield "exponent", node.base


def _changed_domains(source: Derivation, step: Step) -> Iterator[Mutant]:
    """The step for more points: a hypothesis or an end of a domain left out."""
    for i, given in enumerate(step.given):
        weaker = replace(step, given=(*step.given[:i], *step.given[i + 1 :]))
        yield Mutant(step.id, "quantifier", f"without the hypothesis {given}", source, weaker)
    used = Language(source).claim(step.claim, step.id)
    assert isinstance(used, Claim)
    names = {s.name for relation in used.relations for s in relation.symbols}
    for name, domain in source.symbols.items():
        if name not in names:
            continue
        wider = {"lower": replace(domain, min=None), "upper": replace(domain, max=None)}
        if domain.kind == "integer":
            wider["whole"] = replace(domain, kind="real")
        for what, changed in wider.items():
            if changed != domain:
                other = replace(source, symbols={**source.symbols, name: changed})
                yield Mutant(step.id, "quantifier", f"{name}: no {what} bound", other, step)


def falsified(mutant: Mutant, *, points: int = 300, seed: int = 0) -> str:
    """A point where the mutant plainly fails, as text, or "" if none was met."""
    problem, random = mutant.problem, Random(seed)
    for _ in range(points):
        point = _point(problem.variables, random)
        if point is None or not _inside(problem, point):
            continue
        if any(_margin(goal, point) is False for goal in problem.goals):
            return ", ".join(f"{s} = {v}" for s, v in point.items())
    return ""


def _inside(problem: Problem, point: Mapping[sp.Symbol, sp.Rational]) -> bool:
    membership = [r for v in problem.variables for r in v.membership()]
    return all(_margin(r, point) is True for r in (*membership, *problem.hypotheses))


def _margin(relation: Relation, point: Mapping[sp.Symbol, sp.Rational]) -> bool | None:
    """Whether a relation plainly holds or plainly fails at a point; ties go by rationals."""
    left, right = (side.xreplace(point).evalf(_DIGITS) for side in (relation.left, relation.right))
    if not (left.is_Float or left.is_Rational) or not (right.is_Float or right.is_Rational):
        return None
    gap = relation.margin.xreplace(point)
    exact = gap if gap.is_Rational else None
    value = (right - left) if relation.op[0] == "<" else (left - right)
    if exact is not None:
        value = exact
    elif abs(value) <= _CLEAR * (abs(left) + abs(right)):
        return None
    if relation.op in ("==", "!="):
        return bool(value == 0) == (relation.op == "==")
    return bool(value > 0 or (value == 0 and not relation.strict))


def _point(variables: tuple[Variable, ...], random: Random) -> dict[sp.Symbol, sp.Rational] | None:
    """A random point between the bounds, or None where they leave no room."""
    point: dict[sp.Symbol, sp.Rational] = {}
    for variable in variables:
        ends = [bound.xreplace(point) for bound in (variable.low, variable.high)]
        if not all(e.is_Rational or e in (sp.oo, -sp.oo) for e in ends):
            return None
        value = _between(ends[0], ends[1], random)
        if variable.integer:
            value = sp.floor(value + sp.Rational(1, 2))
        point[variable.symbol] = value
    return point


def _between(low: sp.Expr, high: sp.Expr, random: Random) -> sp.Rational:
    share = sp.Rational(
        random.choice((0, 1000, *(random.randint(0, 1000) for _ in range(4)))), 1000
    )
    if low.is_Rational and high.is_Rational:
        return low + (high - low) * share
    scale = random.choice(_SCALES)
    away = share * sp.Rational(scale.numerator, scale.denominator)
    if low.is_Rational:
        return low + away
    if high.is_Rational:
        return high - away
    return away if random.random() < 0.5 else -away
