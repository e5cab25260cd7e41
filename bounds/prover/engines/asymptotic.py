"""Limits and asymptotic claims, as inequalities with witness constants.

"f = O(g) as n -> inf" is proved by finding C and X with abs(f) <= C abs(g) for all n >= X, a
statement of the ordinary kind; "f = o(g)" by abs(f) <= C h abs(g) with an h known to vanish, such
as 1/n or 1/log(n). It is refuted by proving the contrary in the same way, the fixed symbols
standing at one point. All symbols but the moving one are fixed: C may depend on them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from math import ceil, log2
from time import thread_time
from typing import Any

import sympy as sp
from flint import ctx

from robustsize.bounds.arithmetic.balls import ball, evaluate
from robustsize.bounds.prover.engines import ladder, refute
from robustsize.bounds.prover.engines.decide import Point, holds
from robustsize.bounds.prover.language.grammar import AsymptoticClaim, Claim
from robustsize.bounds.prover.language.problem import Language, Problem, Variable
from robustsize.bounds.prover.language.relations import Relation
from robustsize.bounds.prover.language.texts import text_of, text_of_relation
from robustsize.bounds.prover.model import Counterexample, DerivationError, Method, Status, Step
from robustsize.bounds.prover.second_opinion import CheckerDisagreementError, SecondOpinion

_REGIME = re.compile(r"\s*(\w+)\s*->\s*([-+]?inf|-?[0-9]+(?:\.[0-9]+|/[0-9]+)?)\s*([-+]?)\s*")
_STARTS = (2, 16, 1024, 10**6)
_ATTEMPT_SECONDS = 2.5
_FAR = 40
"""Ratios are looked at where the moving symbol is about 2**_FAR."""


@dataclass(frozen=True)
class Limit:
    """An asymptotic claim in its regime. `far` grows to infinity there, from 0 or more."""

    kind: str
    left: sp.Expr
    right: sp.Expr
    problem: Problem
    moving: sp.Symbol
    far: sp.Expr
    regime: str
    texts: tuple[str, str] = ("", "")

    def beyond(self, start: int) -> Problem:
        """The problem with the moving symbol so near its target that far >= start."""
        hypothesis = Relation(self.far, ">=", sp.Integer(start))
        top, bottom = sp.fraction(self.far)
        if bottom != 1:  # 1 / (v - p) >= start, without the division
            hypothesis = Relation(bottom * start, "<=", top)
            positive = Relation(bottom, ">", sp.S.Zero)
            return replace(
                self.problem, hypotheses=(*self.problem.hypotheses, hypothesis, positive)
            )
        return replace(self.problem, hypotheses=(*self.problem.hypotheses, hypothesis))


def read(language: Language, step: Step, claim: AsymptoticClaim) -> Limit:
    """The claim in its regime. Raises DerivationError if the regime is missing or unclear."""
    match = _REGIME.fullmatch(step.regime)
    if match is None:
        raise DerivationError(
            f"step {step.id}.regime = {step.regime!r}: an asymptotic claim needs the symbol that "
            "moves and where to, say 'n -> inf' or 'eps -> 0'"
        )
    name, target, side = match.groups()
    moving = language.symbol(name, f"step {step.id}.regime")
    if claim.kind == "limit" and moving in claim.right.free_symbols:
        raise DerivationError(
            f"step {step.id}.claim: the value of a limit must not hold {name}, which moves; "
            "say 'limit(1/n) == 0'"
        )
    relations = (Relation(claim.left, "==", claim.right), Relation(moving, "==", moving))
    problem = replace(language.problem(step, Claim(relations, claim.conditions)), goals=())
    variable = next(v for v in problem.variables if v.symbol == moving)
    at: sp.Expr
    if target.endswith("inf"):
        far, at = (-moving, -sp.oo) if target.startswith("-") else (moving, sp.oo)
    else:
        at = _target(step, target)
        if not side:
            side = "+" if variable.low == at else "-" if variable.high == at else ""
        if not side:
            raise DerivationError(
                f"step {step.id}.regime = {step.regime!r}: say from which side, '{name} -> "
                f"{target}+' or '{name} -> {target}-'"
            )
        far = 1 / (moving - at) if side == "+" else 1 / (at - moving)
    limit = Limit(
        claim.kind, claim.left, claim.right, problem, moving, far, step.regime, claim.texts
    )
    if _is_out_of_reach(variable, at, side):
        raise DerivationError(
            f"step {step.id}.regime = {step.regime!r}: the domain of {name} does not reach there; "
            'widen it, say with max = "inf", or state the claim as an inequality'
        )
    return limit


def _target(step: Step, text: str) -> sp.Rational:
    try:
        value = Fraction(text)
    except ZeroDivisionError:
        raise DerivationError(
            f"step {step.id}.regime = {step.regime!r}: {text} is no number; say 'x -> 1/2+'"
        ) from None
    return sp.Rational(value.numerator, value.denominator)


def _is_out_of_reach(moving: Variable, target: sp.Expr, side: str) -> bool:
    """Whether the moving symbol's own bounds keep it away from its target."""
    if target is sp.oo:
        return moving.high is not sp.oo and not moving.high.free_symbols
    if target is -sp.oo:
        return moving.low is not -sp.oo and not moving.low.free_symbols
    if moving.integer:
        return True
    low, high = ("<=", ">") if side == "+" else ("<", ">=")
    near = Relation(moving.low, low, target), Relation(moving.high, high, target)
    return any(not r.symbols and not _may_hold(r) for r in near)


def _may_hold(relation: Relation) -> bool:
    return relation.left in (sp.oo, -sp.oo) or holds(relation, {}) is not False


def decide(
    limit: Limit, cite: str, opinion: SecondOpinion, *, deadline: float, seed: int
) -> ladder.Verdict:
    """The verdict on an asymptotic claim.

    Raises CheckerDisagreementError where the second evaluator contradicts a proof.
    """
    if tie := _tie(limit):
        reason = f"{tie} ties a fixed symbol to {limit.moving}, which moves; substitute it"
        return ladder.Verdict(Status.UNDECIDED, Method.NONE, reason)
    if not _is_reached(limit, deadline, seed):
        reason = f"{limit.regime} is not known to be reached: `given` may keep {limit.moving} away"
        return ladder.Verdict(Status.UNDECIDED, Method.NONE, reason)
    if cite:
        return ladder.Verdict(*_cited_or_undecided(limit, cite, seed))
    for attempt in _attempts(limit, seed):
        if thread_time() > deadline:
            break
        verdict = attempt.run(deadline, seed)
        if verdict is not None:
            _confirm(limit, attempt, opinion)
            return verdict
    return ladder.Verdict(
        Status.UNDECIDED,
        Method.NONE,
        f"no witness constants found for {limit.regime}; state the inequality with its constant",
    )


def _is_reached(limit: Limit, deadline: float, seed: int) -> bool:
    """Whether the hypotheses on the moving symbol are proved to hold from some point on."""
    moving = [h for h in _hypotheses(limit) if limit.moving in h.symbols]
    presumed = [c for c in limit.problem.presumed if limit.moving in c.symbols]
    if not moving and not presumed:
        return True
    rest = tuple(h for h in limit.problem.hypotheses if limit.moving not in h.symbols)
    for start in _STARTS:
        free = replace(limit, problem=replace(limit.problem, hypotheses=rest, presumed=()))
        task = replace(free.beyond(start), goals=tuple(moving), conditions=tuple(presumed))
        until = min(deadline, thread_time() + _ATTEMPT_SECONDS)
        if ladder.decide(task, until, seed).status is Status.PROVED:
            return True
    return False


def _hypotheses(limit: Limit) -> list[Relation]:
    """The hypotheses, and that the symbols left out have room; s <= n holds at last as n -> inf."""
    room = [
        r
        for r in limit.problem.occupied
        if not (limit.far == limit.moving == r.right and limit.moving not in r.left.free_symbols)
    ]
    return [*limit.problem.hypotheses, *room]


def _confirm(limit: Limit, attempt: _Attempt, opinion: SecondOpinion) -> None:
    """Sample the inequality that settles the claim, and that both evaluators read it alike.

    Raises CheckerDisagreementError.
    """
    given = [text_of_relation(h) for h in attempt.problem.hypotheses]
    names = [v.symbol.name for v in attempt.problem.variables]
    sides = zip(limit.texts, (limit.left, limit.right), strict=True)
    reading = [f"({text}) == {text_of(side)}" for text, side in sides if text]
    for text in (*reading, *map(text_of_relation, attempt.goals)):
        found = opinion.objection(text, given, names)
        if found is not None:
            where = ", ".join(f"{name} = {value}" for name, value in found.items())
            raise CheckerDisagreementError(f"{text} is proved, but fails at {where}")


def _tie(limit: Limit) -> str | None:
    """A hypothesis or bound under which the other symbols could not stay fixed in the regime.

    Witness constants may depend on the fixed symbols, so one that follows the moving symbol would
    make any claim true. An upper bound s <= n is no tie as n -> inf: it ends up satisfied.
    """
    for hypothesis in _hypotheses(limit):
        if limit.moving in hypothesis.symbols and len(hypothesis.symbols) > 1:
            return str(hypothesis)
    grows = limit.far == limit.moving
    for v in limit.problem.variables:
        if v.symbol == limit.moving:
            reached = (
                (v.high,) if grows else (v.low,) if limit.far == -v.symbol else (v.low, v.high)
            )
            if any(bound.free_symbols for bound in reached):
                return f"the domain of {v.symbol}"
        elif limit.moving in v.low.free_symbols or (
            limit.moving in v.high.free_symbols and not (grows and v.high == limit.moving)
        ):
            return f"the domain of {v.symbol}"
    return None


def _cited_or_undecided(limit: Limit, cite: str, seed: int) -> tuple[Status, Method, str]:
    ratios = [r for point in _places(limit, seed) for r in _ratios(limit, point)]
    if not ratios:
        return Status.UNDECIDED, Method.NONE, f"{cite}: no sample point could be tried"
    seen = ", ".join(f"{r:.3g}" for r in ratios[:3])
    return Status.CITED, Method.CITATION, f"{cite}; ratios of the two sides far out: {seen}"


@dataclass(frozen=True)
class _Attempt:
    """An inequality beyond some start that settles the claim, one way or the other."""

    problem: Problem
    goals: tuple[Relation, ...]
    holds: bool
    text: str
    place: Point

    def run(self, deadline: float, seed: int) -> ladder.Verdict | None:
        until = min(deadline, thread_time() + _ATTEMPT_SECONDS)
        task = replace(self.problem, goals=self.goals)
        verdict = ladder.decide(task, until, seed)
        if verdict.status is not Status.PROVED:
            return None
        if self.holds:
            return ladder.Verdict(Status.PROVED, Method.WITNESS, self.text)
        point = {s.name: str(x) for s, x in self.place.items()}
        example = Counterexample(point, self.text, "proved in ball arithmetic")
        return ladder.Verdict(Status.REFUTED, Method.WITNESS, f"fails: {example}", example)


def _attempts(limit: Limit, seed: int) -> Iterator[_Attempt]:
    """Proofs of the claim first, then proofs of the contrary at fixed places."""
    places = list(_places(limit, seed))
    constant = _constant([r for p in places for r in _ratios(limit, p)])
    others = [v.symbol for v in limit.problem.variables if v.symbol != limit.moving]
    factors = [sp.S.One]
    if others:
        factors += [sp.Mul(*(1 + sp.Abs(s) for s in others)) ** k for k in (1, 2)]
    for start in _STARTS:
        for factor in factors:
            for goals, text in _claims(limit, constant * factor):
                where = f"{text} once {limit.far} >= {start}"
                yield _Attempt(limit.beyond(start), goals, True, where, {})
        for place in places[:2]:
            for goals, text in _contraries(limit, _constant(_ratios(limit, place))):
                yield _contrary(limit, start, place, goals, text)


def _contrary(
    limit: Limit, start: int, place: Point, goals: tuple[Relation, ...], text: str
) -> _Attempt:
    fixed = {s: sp.Rational(x.numerator, x.denominator) for s, x in place.items()}
    return _Attempt(
        _fix(limit.beyond(start), place, fixed),
        tuple(goal.replace(fixed) for goal in goals),
        False,
        f"{text} for all {limit.far} >= {start}",
        place,
    )


def _fix(problem: Problem, place: Point, fixed: dict[Any, Any]) -> Problem:
    """The problem with all symbols but the moving one at one place."""
    return replace(
        problem,
        variables=tuple(
            replace(v, low=v.low.xreplace(fixed), high=v.high.xreplace(fixed))
            for v in problem.variables
            if v.symbol not in place
        ),
        hypotheses=tuple(h.replace(fixed) for h in problem.hypotheses),
        presumed=(),
        conditions=tuple(c.replace(fixed) for c in problem.conditions),
    )


def _vanishing(limit: Limit) -> list[sp.Expr]:
    """Functions known to go to 0, the fastest first."""
    w = limit.far
    return [1 / w, 1 / sp.sqrt(w), 1 / sp.log(w), w ** sp.Rational(-1, 4)]


def _below(size: sp.Expr, bound: sp.Expr) -> tuple[Relation, ...]:
    """abs(size) <= bound, without the absolute value."""
    return Relation(size, "<=", bound), Relation(-size, "<=", bound)


def _claims(limit: Limit, constant: sp.Expr) -> Iterator[tuple[tuple[Relation, ...], str]]:
    f, g = limit.left, limit.right
    upper, lower = _below(f, constant * sp.Abs(g)), _below(g, constant * sp.Abs(f))
    if limit.kind in ("O", "Omega", "Theta"):
        goals = {"O": upper, "Omega": lower, "Theta": upper + lower}[limit.kind]
        said = {
            "O": f"abs({f}) <= {constant}*abs({g})",
            "Omega": f"abs({g}) <= {constant}*abs({f})",
        }
        yield goals, said.get(limit.kind, " and ".join(said.values()))
        return
    size = f if limit.kind == "o" else f - g
    scale = sp.S.One if limit.kind == "limit" else sp.Abs(g)
    for h in _vanishing(limit):
        yield _below(size, constant * h * scale), f"abs({size}) <= {constant * h * scale}"


def _contraries(limit: Limit, constant: sp.Expr) -> Iterator[tuple[tuple[Relation, ...], str]]:
    f, g = limit.left, limit.right
    nonzero = Relation(g, "!=", sp.S.Zero)
    if limit.kind in ("o", "~", "limit"):
        size = f if limit.kind == "o" else f - g
        scale = sp.S.One if limit.kind == "limit" else sp.Abs(g)
        for small in (constant, 1 / constant, sp.Rational(1, 100)):
            for side in (size, -size):
                goal = Relation(side, ">=", scale * small)
                yield (goal, *(() if limit.kind == "limit" else (nonzero,))), str(goal)
        return
    for h in _vanishing(limit):
        if limit.kind in ("O", "Theta"):
            yield (
                (*_below(g, constant * h * sp.Abs(f)), nonzero),
                f"abs({g}) <= {constant * h}*abs({f})",
            )
        if limit.kind in ("Omega", "Theta"):
            yield (
                (*_below(f, constant * h * sp.Abs(g)), nonzero),
                f"abs({f}) <= {constant * h}*abs({g})",
            )


# ratios far out, to guess constants from


def _places(limit: Limit, seed: int) -> Iterator[Point]:
    """A few points for the fixed symbols."""
    others = tuple(v for v in limit.problem.variables if v.symbol != limit.moving)
    if not others:
        yield {}
        return
    known = {v.symbol for v in others}
    if any((v.low.free_symbols | v.high.free_symbols) - known for v in others):
        return
    kept = tuple(h for h in limit.problem.hypotheses if h.symbols <= known)
    yield from refute.sample(Problem(others, kept, (), (), ()), count=3, seed=seed)


def _ratios(limit: Limit, place: Point) -> list[float]:
    """left / right (or its deviation) where the moving symbol is far out."""
    found = []
    target = sp.solve(limit.far - sp.Symbol("w"), limit.moving)[0]
    for power in (4, 10, _FAR):
        at = target.subs(sp.Symbol("w"), 2**power)
        point = {**place, limit.moving: Fraction(int(at.p), int(at.q))}
        with ctx.workprec(256):
            try:
                left, right = ball(evaluate(limit.left, point)), ball(evaluate(limit.right, point))
            except (TypeError, ValueError, OverflowError):
                continue
            ratio = abs(left / right)
            value = float(ratio.mid()) if ratio.is_finite() else 0.0
        if 1e-30 < value < 1e30:
            found.append(value)
    return found


def _constant(ratios: list[float]) -> sp.Expr:
    """A power of two above all ratios and their inverses."""
    largest = max((max(r, 1 / r) for r in ratios), default=1.0)
    return sp.Integer(2) ** min(60, ceil(log2(largest)) + 1)
