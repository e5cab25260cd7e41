"""The ladder of methods for one problem: search, exhaustion, proof engines, deeper search."""

from __future__ import annotations

from dataclasses import dataclass
from time import thread_time

import sympy as sp

from robustsize.bounds.prover.engines import (
    prove_box,
    prove_finite,
    prove_identity,
    prove_induction,
    prove_smt,
    refute,
)
from robustsize.bounds.prover.engines.decide import Point, holds, inside
from robustsize.bounds.prover.engines.region import Region, relaxed, substituted
from robustsize.bounds.prover.language.problem import Problem
from robustsize.bounds.prover.language.relations import Relation
from robustsize.bounds.prover.model import Counterexample, Method, Status

_QUICK_POINTS, _DEEP_POINTS = 128, 1 << 13
_FEW_POINTS = 5_000
"""Finite domains up to this size are tried point by point before anything else."""

_SMT_SECONDS = 4.0
_BRIEFLY = 0.06
"""The share of the time after which boxes wait for z3, which mostly ends at once, either way."""


@dataclass(frozen=True)
class Verdict:
    """A status with what it rests on."""

    status: Status
    method: Method
    reason: str = ""
    counterexample: Counterexample | None = None


@dataclass(frozen=True)
class Proof:
    """How a relation was proved, or a point of the original variables where it was not."""

    method: Method | None
    look_at: tuple[Point, ...] = ()


def decide(problem: Problem, deadline: float, seed: int) -> Verdict:
    """The verdict on a problem: everything the engines can say before the deadline."""
    size = prove_finite.count(problem)
    if size is not None and size <= _FEW_POINTS:
        verdict = _exhausted(problem, deadline)
        if verdict is not None:
            return verdict
    quick = _part(deadline, 0.25)
    found = refute.search(problem, points=_QUICK_POINTS, seed=seed, deadline=quick)
    if found.failing is not None:
        return refuted(problem, found.failing)
    witness = found.witness or _smt_witness(problem)
    if witness is None and _vacuous(problem, deadline):
        return Verdict(
            Status.UNDECIDED,
            Method.NONE,
            "vacuous: no point of the domain meets the hypotheses; mend the domain or `given`",
        )
    unproved, methods, look_at = _prove_simply(problem, deadline)
    if not unproved and witness is not None:
        return Verdict(Status.PROVED, methods[-1], _explained(methods))
    for point in look_at:
        if refute.violates(problem, point) is not None:
            return refuted(problem, point)
    if size is not None:
        verdict = _exhausted(problem, deadline)
        if verdict is not None:
            return verdict
    return _searched(problem, found, unproved, deadline, seed)


def refuted(problem: Problem, point: Point) -> Verdict:
    """REFUTED, with the counterexample made simple and replayed."""
    example = refute.shown(problem, refute.simplified(problem, point))
    return Verdict(Status.REFUTED, Method.REPLAY, f"fails at {example}", example)


def cited(problem: Problem, source: str, deadline: float, seed: int) -> Verdict:
    """CITED if sample points hold, REFUTED if one fails."""
    found = refute.search(problem, points=_DEEP_POINTS // 8, seed=seed, deadline=deadline)
    if found.failing is not None:
        return refuted(problem, found.failing)
    if not found.tested:
        return Verdict(Status.UNDECIDED, Method.NONE, f"{source}: no sample point could be tried")
    reason = f"{source}; holds at {found.tested} sample points"
    return Verdict(Status.CITED, Method.CITATION, reason)


def prove(problem: Problem, relation: Relation, deadline: float) -> Proof:
    """Prove one relation over a problem's domain, its conditions left aside."""
    if not relation.symbols and holds(relation, {}) is True:
        return Proof(Method.BALLS)
    region = substituted(problem)
    goal = region.translate(relation)
    if relation.op == "==":
        return Proof(_equation(problem, relation, region, deadline))
    steps_simply = goal.margin.has(sp.Sum, sp.factorial)
    for ground in (region, relaxed(problem)) if steps_simply else ():
        until = _part(deadline, 0.3)
        if prove_induction.prove(ground.translate(relation), ground, until):
            return Proof(Method.INDUCTION)
    if prove_box.prove(goal, region, _part(deadline, _BRIEFLY)).proved:
        return Proof(Method.BALLS)
    if (method := _by_smt(problem, relation, deadline)) is not None:
        return Proof(method)
    if prove_box.prove(goal, region, _part(deadline, 0.3)).proved:
        return Proof(Method.BALLS)
    turned = region.inverted()
    if turned is not None and prove_box.prove(goal, turned, _part(deadline, 0.3)).proved:
        return Proof(Method.BALLS)
    if not steps_simply and prove_induction.prove(goal, region, _part(deadline, 0.5)):
        return Proof(Method.INDUCTION)
    plain = relaxed(problem)
    last = prove_box.prove(plain.translate(relation), plain, deadline)
    if last.proved:
        return Proof(Method.BALLS)
    names = {new: old for old, new in plain.values.items()}
    return Proof(None, tuple({names[s]: x for s, x in p.items()} for p in last.unsettled))


def _equation(
    problem: Problem, relation: Relation, region: Region, deadline: float
) -> Method | None:
    if prove_identity.is_identity(relation, region):
        return Method.SYMBOLIC
    if (method := _by_smt(problem, relation, deadline)) is not None:
        return method
    for ground in (region, relaxed(problem)):  # in the second n keeps its own first value
        until = _part(deadline, 0.5)
        if prove_induction.prove(ground.translate(relation), ground, until):
            return Method.INDUCTION
    return None


def _part(deadline: float, share: float) -> float:
    now = thread_time()
    return now + share * (deadline - now)


def _by_smt(problem: Problem, relation: Relation, deadline: float) -> Method | None:
    seconds = min(_SMT_SECONDS, deadline - thread_time())
    if seconds <= 0:
        return None
    return Method.SMT if prove_smt.prove(problem, [relation], seconds).proved else None


def _prove_all(problem: Problem, deadline: float) -> tuple[list[str], list[Method], list[Point]]:
    """What could not be proved, the methods of what could, and points worth a look."""
    unproved: list[str] = []
    methods: list[Method] = []
    look_at: list[Point] = []
    tasks = [(str(c), problem.for_condition(c)) for c in problem.conditions]
    tasks += [(str(g), (problem.for_goals([g]),)) for g in problem.goals]
    for i, (text, alternatives) in enumerate(tasks):
        share = (deadline - thread_time()) * 0.7 / (len(tasks) - i)
        if problem.meaningless or share <= 0:
            unproved.append(text)
            continue
        proof = _prove_one(alternatives, thread_time() + share)
        if proof.method is None:
            unproved.append(text)
            look_at += [p for p in proof.look_at if set(p) == {v.symbol for v in problem.variables}]
        else:
            methods.append(proof.method)
    return unproved, methods, look_at


def _prove_simply(problem: Problem, deadline: float) -> tuple[list[str], list[Method], list[Point]]:
    """The proof over the fewest symbols, or else over all."""
    narrow = problem.narrowed()
    if narrow is not None:
        proof = _prove_all(narrow, _part(deadline, 0.6))
        if not proof[0]:
            return proof
    return _prove_all(problem, deadline)


def _prove_one(alternatives: tuple[Problem, ...], deadline: float) -> Proof:
    """The proof of the first alternative that has one; all of them share the time."""
    proof = Proof(None)
    for i, task in enumerate(alternatives):
        proof = prove(task, task.goals[0], _part(deadline, 1 / (len(alternatives) - i)))
        if proof.method is not None:
            return proof
    return proof if len(alternatives) == 1 else Proof(None)


def _explained(methods: list[Method]) -> str:
    return "by " + ", ".join(dict.fromkeys(str(m) for m in reversed(methods)))


def _exhausted(problem: Problem, deadline: float) -> Verdict | None:
    try:
        truth, point, feasible = prove_finite.exhaust(problem, deadline)
    except prove_finite.TooManyError:
        return None
    if truth is False and point is not None:
        return refuted(problem, point)
    if truth is None:
        return None
    if not feasible:
        return Verdict(
            Status.UNDECIDED, Method.NONE, "vacuous: no point of the domain meets the hypotheses"
        )
    return Verdict(Status.PROVED, Method.EXHAUSTION, f"all {feasible} points of the domain hold")


def _smt_witness(problem: Problem) -> Point | None:
    answer = prove_smt.witness(problem, _SMT_SECONDS)
    if answer.point is not None and inside(problem, answer.point):
        return answer.point
    return None


def _vacuous(problem: Problem, deadline: float) -> bool:
    """Whether the hypotheses certainly contradict each other or the domain."""
    if prove_smt.witness(problem, _SMT_SECONDS).proved:
        return True
    never = Relation(sp.S.Zero, "!=", sp.S.Zero)
    region = relaxed(problem)
    return prove_box.prove(region.translate(never), region, min(deadline, thread_time() + 2)).proved


def _searched(
    problem: Problem, found: refute.Search, unproved: list[str], deadline: float, seed: int
) -> Verdict:
    deep = refute.search(problem, points=_DEEP_POINTS, seed=seed, deadline=deadline)
    if deep.failing is not None:
        return refuted(problem, deep.failing)
    tested = max(deep.tested, found.tested)
    missing = "; ".join(unproved) or "a point that meets the hypotheses"
    if not tested:
        why = f"no sample point could be settled; not proved: {missing}"
        return Verdict(Status.UNDECIDED, Method.NONE, why + "; a narrower domain may settle it")
    if deep.unsettled is not None:
        where = ", ".join(f"{s} = {v}" for s, v in deep.unsettled.items())
        return Verdict(
            Status.UNDECIDED,
            Method.SAMPLES,
            f"not settled at {where}, at the highest precision; not proved: {missing}",
        )
    why = f"{tested} sample points hold, not proved: {missing}"
    return Verdict(Status.TESTED, Method.SAMPLES, why + "; split the step or narrow the domain")
