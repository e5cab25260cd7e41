"""Polynomial arithmetic, by the SMT solver z3.

The negation of a goal is handed over with the domain and the hypotheses; "unsat" is the
certificate. What z3 has no theory for (exp, log, gamma, long sums) becomes a real number of which
only an enclosure is known: a relaxation, so that unsat still proves the goal.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import sympy as sp
from flint import ctx

from robustsize.bounds.arithmetic.balls import rational
from robustsize.bounds.arithmetic.intervals import (
    End,
    Interval,
    UndefinedError,
    is_infinite,
    number,
)
from robustsize.bounds.prover.engines.decide import Point
from robustsize.bounds.prover.engines.enclose import Box, natural
from robustsize.bounds.prover.engines.region import relaxed
from robustsize.bounds.prover.language.problem import Problem
from robustsize.bounds.prover.language.relations import Relation

_LARGEST_EXPONENT = 60
_LONGEST_BITS = 1 << 13
_MEMORY_MB = 700


@dataclass(frozen=True)
class SmtAnswer:
    """True with a certificate, False with a point to replay, None when z3 gave up."""

    proved: bool | None
    point: Point | None = None


def prove(problem: Problem, goals: list[Relation], seconds: float) -> SmtAnswer:
    """Whether z3 refutes that all hypotheses hold and some goal fails."""
    import z3

    translation = _Translation(problem)
    solver = z3.Solver(ctx=translation.context)
    solver.set("timeout", max(1, int(1000 * seconds)), "random_seed", 0)
    solver.set("max_memory", _MEMORY_MB)
    negations = [z3.Not(translation.relation(goal)) for goal in goals]
    known = [r for v in problem.variables for r in v.membership()] + list(problem.hypotheses)
    assertions = [translation.relation(r) for r in known]
    solver.add(*assertions, *translation.sides, z3.Or(*negations) if negations else True)
    answer = solver.check()
    if answer == z3.unsat:
        return SmtAnswer(True)
    if answer == z3.sat:
        return SmtAnswer(False, translation.point(solver.model()))
    return SmtAnswer(None)


def witness(problem: Problem, seconds: float) -> SmtAnswer:
    """True if z3 finds the hypotheses contradictory; otherwise a point that may meet them."""
    return prove(problem, [Relation(sp.S.Zero, "==", sp.S.One)], seconds)


@dataclass
class _Translation:
    """SymPy to z3, with the extra facts about roots, floors and unknown functions on the side."""

    problem: Problem
    sides: list[Any] = field(default_factory=list)
    known: dict[sp.Basic, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        import z3

        self._z3 = z3
        self.context = z3.Context()  # z3 names and orders terms by what its context has seen
        for variable in self.problem.variables:
            make = z3.Int if variable.integer else z3.Real
            self.known[variable.symbol] = make(variable.symbol.name, self.context)
        region = relaxed(self.problem)
        self._box: Box = region.box()
        self._values: Mapping[sp.Basic, sp.Basic] = region.values

    def relation(self, relation: Relation) -> Any:
        """A z3 formula."""
        left, right = self._real(relation.left), self._real(relation.right)
        return {
            "<": left < right,
            "<=": left <= right,
            ">": left > right,
            ">=": left >= right,
            "==": left == right,
            "!=": left != right,
        }[relation.op]

    def point(self, model: Any) -> Point:
        """The values of the variables in a model, irrational ones rounded."""
        point = {}
        for variable in self.problem.variables:
            value = model.eval(self.known[variable.symbol], model_completion=True)
            if not (self._z3.is_rational_value(value) or self._z3.is_int_value(value)):
                value = value.approx(20)
            point[variable.symbol] = Fraction(str(value).replace(" ", ""))
        return point

    def _real(self, node: sp.Basic) -> Any:
        term = self.term(node)
        return self._z3.ToReal(term) if self._z3.is_int(term) else term

    def term(self, node: sp.Basic) -> Any:
        """A z3 term, remembered, so that equal parts stay equal."""
        if node not in self.known:
            self.known[node] = self._term(node)
        return self.known[node]

    def _term(self, node: sp.Basic) -> Any:
        z3 = self._z3
        if isinstance(node, sp.Rational):
            return z3.RealVal(f"{node.p}/{node.q}", self.context)
        if isinstance(node, sp.Add):
            return z3.Sum([self._real(a) for a in node.args])
        if isinstance(node, sp.Mul):
            return z3.Product([self._real(a) for a in node.args])
        if isinstance(node, sp.Pow) and isinstance(node.exp, sp.Rational):
            return self._power(self._real(node.base), node)
        if isinstance(node, sp.Abs):
            x = self._real(node.args[0])
            return z3.If(x >= 0, x, -x)
        if isinstance(node, (sp.Max, sp.Min)):
            best, *rest = (self._real(a) for a in node.args)
            for x in rest:
                best = z3.If(x >= best if isinstance(node, sp.Max) else x <= best, x, best)
            return best
        if isinstance(node, sp.floor):
            return z3.ToReal(z3.ToInt(self._real(node.args[0])))
        if isinstance(node, sp.ceiling):
            return -z3.ToReal(z3.ToInt(-self._real(node.args[0])))
        return self._unknown(node)

    def _power(self, base: Any, node: sp.Pow) -> Any:
        top, bottom = int(node.exp.p), int(node.exp.q)
        if max(abs(top), bottom) > _LARGEST_EXPONENT:
            return self._unknown(node)
        root = base
        if bottom > 1:
            root = self._z3.FreshReal("root", self.context)
            self.sides += [root >= 0, self._z3.Product([root] * bottom) == base]
        power = self._z3.Product([root] * abs(top))
        return power if top > 0 else 1 / power

    def _unknown(self, node: sp.Basic) -> Any:
        """A real number of which only the enclosure over the domain is known."""
        term = self._z3.FreshReal("u", self.context)
        try:
            with ctx.workprec(128):
                enclosure = natural(node.xreplace(self._values), self._box)
        except UndefinedError:
            return term
        self.sides += _bounds(term, enclosure)
        return term


def _bounds(term: Any, enclosure: Interval) -> list[Any]:
    """The ends of an enclosure as facts about a term; an end too long to write out is left out."""
    import z3

    found = []
    low, high = _outward(enclosure.low, up=False), _outward(enclosure.high, up=True)
    if low is not None:
        strict = enclosure.low_open and isinstance(enclosure.low, Fraction)
        end = z3.RealVal(f"{low.numerator}/{low.denominator}", term.ctx)
        found.append(term > end if strict else term >= end)
    if high is not None:
        strict = enclosure.high_open and isinstance(enclosure.high, Fraction)
        end = z3.RealVal(f"{high.numerator}/{high.denominator}", term.ctx)
        found.append(term < end if strict else term <= end)
    return found


def _outward(end: End, *, up: bool) -> Fraction | None:
    if is_infinite(end):
        return None
    value = number(end)
    if not isinstance(value, Fraction):
        edge = rational((value.upper() if up else value.lower()).mid())
        if edge is None:
            return None
        value = edge
    bits = max(abs(value.numerator), value.denominator).bit_length()
    return value if bits <= _LONGEST_BITS else None
