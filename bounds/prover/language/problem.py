"""A step made ready for the engines: ordered variables, hypotheses, goals, conditions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction

import sympy as sp

from robustsize.bounds.arithmetic.sums import renamed
from robustsize.bounds.prover.language.grammar import (
    FUNCTIONS,
    RESERVED,
    AsymptoticClaim,
    Claim,
    Parsed,
    is_name,
    parse_claim,
    parse_expression,
)
from robustsize.bounds.prover.language.relations import (
    SYMPY_OPERATORS,
    Condition,
    Relation,
    conditions_of,
)
from robustsize.bounds.prover.language.texts import text_of
from robustsize.bounds.prover.model import Bound, Derivation, DerivationError, Domain, Step
from robustsize.bounds.prover.second_opinion import Place, SecondOpinion

_KINDS = ("real", "integer")
_INFINITE = ("inf", "+inf", "-inf")
_OPEN = (True, False, "min", "max")
_ARITHMETIC = (sp.Symbol, sp.Rational, type(sp.E), type(sp.pi), sp.Add, sp.Mul, sp.Pow, sp.Tuple)
_FUNCTIONS = (sp.exp, sp.log, sp.Abs, sp.Max, sp.Min, sp.floor, sp.ceiling, sp.gamma)
_KNOWN_NODES = (*_ARITHMETIC, *_FUNCTIONS, sp.factorial, sp.binomial, sp.Sum)
_MEANINGLESS = (sp.zoo, sp.nan, sp.oo, -sp.oo, sp.I)


@dataclass(frozen=True)
class Variable:
    """A symbol with its bounds, which may name variables that come before it."""

    symbol: sp.Symbol
    integer: bool
    low: sp.Expr = -sp.oo
    high: sp.Expr = sp.oo
    low_open: bool = False
    high_open: bool = False

    def membership(self) -> list[Relation]:
        """The relations that say the symbol lies in its domain."""
        relations = []
        if self.low is not -sp.oo:
            relations.append(Relation(self.low, "<" if self.low_open else "<=", self.symbol))
        if self.high is not sp.oo:
            relations.append(Relation(self.symbol, "<" if self.high_open else "<=", self.high))
        return relations

    @property
    def named(self) -> set[sp.Symbol]:
        """The symbols that the bounds name."""
        symbols: set[sp.Symbol] = self.low.free_symbols | self.high.free_symbols
        return symbols

    def occupied(self) -> list[Relation]:
        """The relation that says the bounds leave room, unless that is plain."""
        if self.low is -sp.oo or self.high is sp.oo:
            return []
        low, high, op = self.low, self.high, "<" if self.low_open or self.high_open else "<="
        if self.integer:
            low = sp.floor(low) + 1 if self.low_open else sp.ceiling(low)
            high = sp.ceiling(high) - 1 if self.high_open else sp.floor(high)
            op = "<="
        room = high - low
        plain = room.is_positive or (op == "<=" and room.is_nonnegative)
        return [] if plain else [Relation(low, op, high)]


@dataclass(frozen=True)
class Problem:
    """For all variables in their domains with the hypotheses: conditions and goals hold.

    `presumed` are the conditions of bounds and hypotheses: where one fails, the point is outside.
    """

    variables: tuple[Variable, ...]
    hypotheses: tuple[Relation, ...]
    presumed: tuple[Condition, ...]
    goals: tuple[Relation, ...]
    conditions: tuple[Condition, ...]
    occupied: tuple[Relation, ...] = ()
    """What must hold for the symbols that are left out to have values."""

    @property
    def meaningless(self) -> bool:
        """Whether SymPy made an infinity, a nan or a complex number of some side of a goal."""
        return any(
            side.has(*_MEANINGLESS) for goal in self.goals for side in (goal.left, goal.right)
        )

    def with_room(self) -> Problem:
        """The same problem, that the other symbols have values among the hypotheses."""
        return replace(self, hypotheses=self.hypotheses + self.occupied)

    def narrowed(self) -> Problem | None:
        """The problem without the symbols that only make room; None if it has no such symbols.

        Its domain is no smaller, so what holds there holds here.
        """
        hypotheses = tuple(h for h in self.hypotheses if h not in self.occupied)
        needed: set[sp.Symbol] = set().union(
            *(r.symbols for r in (*self.goals, *hypotheses)), *(c.symbols for c in self.conditions)
        )
        for variable in reversed(self.variables):
            needed |= variable.named if variable.symbol in needed else set()
        kept = tuple(v for v in self.variables if v.symbol in needed)
        return (
            replace(self, variables=kept, hypotheses=hypotheses) if kept != self.variables else None
        )

    def for_goals(self, goals: Iterable[Relation]) -> Problem:
        """The same domain with other goals and no conditions."""
        return replace(self, goals=tuple(goals), conditions=())

    def for_condition(self, condition: Condition) -> tuple[Problem, ...]:
        """The same domain, the indices of sums as integer variables; each alternative a goal."""
        extra = tuple(
            Variable(symbol, True, first, last) for symbol, first, last in condition.indices
        )
        wider = replace(self, variables=(*self.variables, *extra))
        return tuple(wider.for_goals([relation]) for relation in condition.alternatives)


class Language:
    """The symbols and definitions of a derivation, by name."""

    def __init__(self, derivation: Derivation) -> None:
        self._id = derivation.id
        self._domains = dict(derivation.symbols)
        self._definitions = dict(derivation.definitions)
        self._names: dict[str, Parsed] = {}
        for name, domain in self._domains.items():
            self._check_name(name, f"symbols.{name}")
            self._check_domain(name, domain)
            self._names[name] = Parsed(_symbol(name, domain), ())
        self.variables = tuple(self._variable(name) for name in self._domains)
        self._bound_conditions = {
            v.symbol: self._conditions_of_bounds(v.symbol.name) for v in self.variables
        }
        for name, text in derivation.definitions.items():
            self._check_name(name, f"definitions.{name}")
            if name in self._names:
                raise self._error(f"definitions.{name}", "names are declared once only")
            self._names[name] = self.expression(text, f"definitions.{name}")
        self._ordered = self._order()
        self._inhabited: dict[tuple[Variable, ...], bool] = {}

    def expression(self, source: str | sp.Expr | int | Fraction, key: str) -> Parsed:
        """An expression given as text, number or SymPy. Raises DerivationError naming `key`."""
        if isinstance(source, str):
            try:
                return parse_expression(source, self._names)
            except DerivationError as error:
                raise self._error(key, str(error)) from None
        expression = self._canonical(sp.sympify(source), key)
        return Parsed(expression, conditions_of(expression))

    def claim(self, source: str | sp.Basic, key: str) -> Claim | AsymptoticClaim:
        """A claim given as text or as a SymPy relation. Raises DerivationError naming `key`."""
        if isinstance(source, str):
            try:
                return parse_claim(source, self._names)
            except DerivationError as error:
                raise self._error(key, str(error)) from None
        op = SYMPY_OPERATORS.get(type(source))
        if op is None:
            raise self._error(
                key, f"{source!r} is not a relation; give text such as 'a <= b' or sp.Le(a, b)"
            )
        left, right = (self.expression(side, key) for side in source.args)
        relation = Relation(left.expression, op, right.expression)
        return Claim((relation,), left.conditions + right.conditions)

    def hypotheses(self, step: Step) -> Claim:
        """All of a step's `given` as one conjunction."""
        relations: list[Relation] = []
        conditions: list[Condition] = []
        for i, source in enumerate(step.given):
            claim = self.claim(source, f"step {step.id}.given[{i}]")
            if isinstance(claim, AsymptoticClaim):
                raise self._error(f"step {step.id}.given[{i}]", "a hypothesis must be a comparison")
            if any(side.has(*_MEANINGLESS) for r in claim.relations for side in (r.left, r.right)):
                raise self._error(f"step {step.id}.given[{i}]", f"{source!r} has no value")
            relations += claim.relations
            conditions += claim.conditions
        return Claim(tuple(relations), tuple(conditions))

    def problem(self, step: Step, claim: Claim) -> Problem:
        """The variables that a claim and its hypotheses depend on, with everything known.

        `occupied` is left apart from the hypotheses.
        """
        given = self.hypotheses(step)
        relations = claim.relations + given.relations
        conditions = claim.conditions + given.conditions
        used: set[sp.Symbol] = set().union(
            *(r.symbols for r in relations), *(c.symbols for c in conditions)
        )
        chosen, bounded = self._domain_around(used)
        presumed = list(given.conditions)
        for variable in (*chosen, *bounded):
            presumed += self._bound_conditions[variable.symbol]
        return Problem(
            variables=chosen,
            hypotheses=given.relations,
            presumed=tuple(presumed),
            goals=claim.relations,
            conditions=claim.conditions,
            occupied=tuple(r for v in bounded for r in v.occupied()),
        )

    def _domain_around(
        self, used: set[sp.Symbol]
    ) -> tuple[tuple[Variable, ...], tuple[Variable, ...]]:
        """The variables that a problem needs, and those of which it only needs that they exist.

        A point of the domain gives every symbol a value. So a symbol that is not used still
        counts if its bounds name one that is: they must leave room for it.
        """
        while True:
            chosen = self._with_bounds(used)
            rest = [v for v in self._ordered if v.symbol not in chosen]
            bounding: set[sp.Symbol] = set().union(*(v.named for v in rest))
            bounded = [v for v in rest if v.named & chosen]
            inner = {v.symbol for v in bounded} & bounding
            used = chosen.union(inner, *(v.named for v in bounded))
            if used != chosen:
                continue
            apart = tuple(v for v in rest if v not in bounded)
            if self._is_inhabited(apart):
                break
            used |= {v.symbol for v in apart}
        return tuple(v for v in self._ordered if v.symbol in chosen), tuple(bounded)

    def _with_bounds(self, used: set[sp.Symbol]) -> set[sp.Symbol]:
        """The symbols with all that their bounds name."""
        chosen = set(used)
        for variable in reversed(self._ordered):
            if variable.symbol in chosen:
                chosen |= variable.named
        return chosen

    def _is_inhabited(self, variables: tuple[Variable, ...]) -> bool:
        """Whether a point is known that lies in the domain of these variables."""
        if not any(v.occupied() for v in variables):
            return True
        if variables not in self._inhabited:
            from robustsize.bounds.prover.engines.refute import sample

            presumed = tuple(c for v in variables for c in self._bound_conditions[v.symbol])
            domain = Problem(variables, (), presumed, (), ())
            self._inhabited[variables] = bool(sample(domain, count=1, seed=0))
        return self._inhabited[variables]

    def second_opinion(self) -> SecondOpinion:
        """The second evaluator over the same symbols and definitions."""
        places = {v.symbol.name: self._place(v.symbol.name) for v in self.variables}
        texts = {name: self.text(source) for name, source in self._definitions.items()}
        return SecondOpinion(places, texts)

    def text(self, source: str | sp.Basic | int | Fraction) -> str:
        """What was given, as text."""
        if isinstance(source, sp.Rel):
            sides = (text_of(self._canonical(side, "claim")) for side in source.args)
            return f" {SYMPY_OPERATORS[type(source)]} ".join(sides)
        return (
            text_of(self._canonical(source, "text"))
            if isinstance(source, sp.Basic)
            else str(source)
        )

    def _place(self, name: str) -> Place:
        domain = self._domains[name]
        low, high = (
            None if bound is None or str(bound).strip() in _INFINITE else self.text(bound)
            for bound in (domain.min, domain.max)
        )
        open_ = domain.open
        low_open, high_open = (open_ is True or open_ == side for side in ("min", "max"))
        return Place(domain.kind == "integer", low, high, low_open, high_open)

    def symbol(self, name: str, key: str) -> sp.Symbol:
        """The declared symbol of that name. Raises DerivationError."""
        known = self._names.get(name)
        if known is None or name not in self._domains:
            raise self._error(key, f"{name!r} is not a symbol; known: {', '.join(self._domains)}")
        return known.expression

    # domains

    def _variable(self, name: str) -> Variable:
        domain = self._domains[name]
        open_ = domain.open
        return Variable(
            symbol=self._names[name].expression,
            integer=domain.kind == "integer",
            low=self._bound(name, "min", domain.min, -sp.oo).expression,
            high=self._bound(name, "max", domain.max, sp.oo).expression,
            low_open=open_ is True or open_ == "min",
            high_open=open_ is True or open_ == "max",
        )

    def _bound(self, name: str, side: str, bound: Bound, missing: sp.Expr) -> Parsed:
        if bound is None or (isinstance(bound, str) and bound.strip() in _INFINITE):
            if isinstance(bound, str) and (bound.strip() == "-inf") != (missing is -sp.oo):
                raise self._error(f"symbols.{name}.{side}", f"{bound!r} leaves the domain empty")
            return Parsed(missing, ())
        parsed = self.expression(bound, f"symbols.{name}.{side}")
        if parsed.expression.has(*_MEANINGLESS):
            raise self._error(f"symbols.{name}.{side}", f'{bound!r} has no value; use "inf"')
        return parsed

    def _conditions_of_bounds(self, name: str) -> tuple[Condition, ...]:
        domain = self._domains[name]
        low = self._bound(name, "min", domain.min, -sp.oo)
        high = self._bound(name, "max", domain.max, sp.oo)
        return low.conditions + high.conditions

    def _order(self) -> tuple[Variable, ...]:
        ordered: list[Variable] = []
        placed: set[sp.Symbol] = set()
        waiting = list(self.variables)
        while waiting:
            free = [v for v in waiting if v.low.free_symbols | v.high.free_symbols <= placed]
            if not free:
                names = ", ".join(v.symbol.name for v in waiting)
                raise self._error(
                    "symbols", f"the bounds of {names} depend on each other in a circle"
                )
            ordered += free
            placed |= {v.symbol for v in free}
            waiting = [v for v in waiting if v not in free]
        return tuple(ordered)

    # input

    def _canonical(self, expression: sp.Basic, key: str) -> sp.Expr:
        """The same SymPy expression over this derivation's own symbols, matched by name."""
        for node in sp.preorder_traversal(expression):
            if not isinstance(node, _KNOWN_NODES):
                raise self._error(
                    key, f"{type(node).__name__} has no meaning; allowed: {', '.join(FUNCTIONS)}"
                )
        expression = renamed(expression)
        return expression.xreplace({s: self.symbol(s.name, key) for s in expression.free_symbols})

    def _check_name(self, name: str, key: str) -> None:
        if not is_name(name) or name in RESERVED:
            raise self._error(
                key, f"{name!r} is not a free name; letters, digits, _ are, say 'x_1'"
            )

    def _check_domain(self, name: str, domain: Domain) -> None:
        if domain.kind not in _KINDS:
            raise self._error(
                f"symbols.{name}.domain", f"{domain.kind!r} is not allowed; use 'real' or 'integer'"
            )
        if domain.open not in _OPEN:
            raise self._error(
                f"symbols.{name}.open", f"{domain.open!r} is not allowed; use true, 'min' or 'max'"
            )

    def _error(self, key: str, why: str) -> DerivationError:
        return DerivationError(f"{self._id}: {key}: {why}")


def _symbol(name: str, domain: Domain) -> sp.Symbol:
    """The symbol, known to SymPy as real or integer, and as non-negative where a number says so."""
    sign: Mapping[str, bool] = {}
    low = domain.min
    if isinstance(low, str):
        try:
            low = Fraction(low)
        except (ValueError, ZeroDivisionError):
            low = None
    if isinstance(low, (int, float, Fraction)) and low >= 0:
        positive = low > 0 or domain.open in (True, "min")
        sign = {"positive": True} if positive else {"nonnegative": True}
    return sp.Symbol(name, **{"integer" if domain.kind == "integer" else "real": True}, **sign)
