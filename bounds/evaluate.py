"""A form of a theorem as a number: exact where it is small, by its logarithm where it is not."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from fractions import Fraction

import sympy as sp
from flint import arb, ctx

from robustsize.bounds.arithmetic import balls
from robustsize.bounds.counting.smallest_size import INT64, smallest_size
from robustsize.bounds.statement import (
    Constant,
    Form,
    FormName,
    Kind,
    Quantity,
    SmallestSize,
    Theorem,
    Trivial,
)
from robustsize.bounds.symbols import (
    BY_SYMBOL,
    DEFAULTS,
    InputError,
    L,
    Norm,
    Values,
    alpha,
    checked,
)


class IncomparableError(InputError):
    """A number was to be held against a bound whose constant nobody has stated."""


class Sufficiency(Enum):
    """What a bound says of one network size."""

    TOO_SMALL = "too small: no network of this size does it"
    ENOUGH = "enough: a network of this size does it"
    OPEN = "open: the bound does not settle this size"


@dataclass(frozen=True)
class BoundValue:
    """The value of one form at one point.

    log10: of the value, or of its shape where the constant is unspecified, rounded down for a lower
    bound and up for every other kind; None where the value is zero or has no logarithm. value:
    exact integer below 2^63, else None. exact: the rational number that the value is, as far as
    known and below 2^63. scope, hypotheses: of the form alone, those of its theorem
    hold besides. vacuous: why the bound is vacuous
    here, None where it says something.
    """

    id: str
    kind: Kind
    form: FormName
    quantity: Quantity
    parameters: dict[str, str]
    log10: float | None
    value: int | None
    constant: Constant
    vacuous: str | None
    regime: str
    source: str
    expression: str
    notes: tuple[str, ...]
    scope: str = ""
    hypotheses: tuple[str, ...] = ()
    exact: Fraction | None = None

    @property
    def label(self) -> str:
        """The form's name, with its scope where it has one."""
        return f"{self.form.value}, {self.scope}" if self.scope else self.form.value

    def holds_against(self, size: int) -> Sufficiency:
        """What the bound says of networks with `size` parameters.

        Raises IncomparableError where the constant is unspecified or the bound is not on size.
        """
        require_comparable(self.id, self.form, self.constant, self.quantity, size)
        assert self.log10 is not None
        # Where there are only logarithms both are rounded so that the answer is certain.
        lower = self.kind is Kind.LOWER
        if self.value is not None:
            below = size < self.value
        else:
            ours = _log10(size, up=lower)
            below = ours is None or ours < self.log10
        if lower:
            return Sufficiency.TOO_SMALL if below else Sufficiency.OPEN
        return Sufficiency.OPEN if below else Sufficiency.ENOUGH


def require_comparable(
    id: str, form: FormName, constant: Constant, quantity: Quantity, size: int | None = None
) -> None:
    """Check that a form can be held against a network size.

    Raises IncomparableError where its constant is unspecified or it bounds something else.
    """
    if constant is Constant.UNSPECIFIED:
        number = f"the number {size}" if size is not None else "a number"
        raise IncomparableError(
            f"{id} ({form.value}) is known up to an unspecified constant C and is not compared "
            f"with {number}; {_comparable_forms(id)}"
        )
    if quantity is not Quantity.SIZE:
        raise IncomparableError(f"{id} bounds the {quantity.value}, not a size")


def _comparable_forms(id: str) -> str:
    """Which forms of a theorem are numbers, as advice."""
    from robustsize.bounds.catalogue import theorem

    names = [f.name.value for f in theorem(id).forms if f.constant is Constant.EXPLICIT]
    if not names:
        return f"{id} has no form without such a constant"
    return f"for example --form {'explicit' if 'explicit' in names else names[0]}"


def choose_form(theorem: Theorem, norm: Norm, name: FormName | None = None) -> Form:
    """The form of that name, or the explicit one where there is one, else the printed one.

    Raises InputError where the theorem has no such form for that norm.
    """
    return theorem.form(name, norm)


def bound_value(theorem: Theorem, form: Form, values: Values, norm: Norm) -> BoundValue:
    """The form's value at those parameters; defaults fill in alpha = 0 and mu_0 = 1.

    values: rational numbers; a float means its decimal text, 0.1 being 1/10. Parameters that the
    form does not take are left aside.

    Raises InputError where a value is no number of its domain, a needed parameter is missing, a
    hypothesis on the parameters fails, or the form is not for that norm.
    """
    if norm not in form.norms:
        there = " or ".join(f"--p {q.value}" for q in form.norms)
        raise InputError(f"{theorem.id} ({form.label}) is for {there}")
    used = used_values(theorem, form, values)
    notes = list(form.notes)
    number: Fraction | None
    log10: float | None
    if isinstance(form.expression, SmallestSize):
        size, log10, exact = _smallest_size(form.expression, used)
        number = Fraction(size) if size is not None else None
        notes.insert(0, "any depth" if L not in used else f"depth <= {used[L]}")
        if size is not None and not exact:
            notes.append("rounded down where ball arithmetic or the entropy bound left room")
    else:
        number, log10 = _closed(form.expression, used, up=theorem.kind is not Kind.LOWER)
    if form.constant is Constant.UNSPECIFIED:
        number = None
        if inner := _inner_constants(form.expression):
            notes.append(f"log10 is that of the shape at {', '.join(f'{s} = 1' for s in inner)}")
    value = int(number) if number is not None and number.denominator == 1 else None
    return BoundValue(
        id=theorem.id,
        kind=theorem.kind,
        form=form.name,
        quantity=theorem.quantity,
        parameters={BY_SYMBOL[s].option[2:]: str(v) for s, v in used.items()} | {"p": norm.value},
        log10=log10,
        value=value,
        constant=form.constant,
        vacuous=_vacuous(form, used, value, log10),
        regime=str(form.regime),
        source=form.source,
        expression=written(form),
        notes=tuple(notes),
        scope=form.scope,
        hypotheses=tuple(h.text for h in form.hypotheses),
        exact=number,
    )


def written(form: Form) -> str:
    """The form as a line of text, with "C *" in front where the constant is unspecified."""
    if isinstance(form.expression, SmallestSize):
        points = sp.sstr(form.expression.points)
        names = ", ".join(growth.name for growth in form.expression.growths)
        growth = f"min({names})" if "," in names else f"{names}(n, L, m)"
        return f"smallest n with {growth} >= m - log2 Hamming(m, alpha), m = {points}"
    shape: str = sp.sstr(form.expression)
    if form.constant is Constant.EXPLICIT:
        return shape
    return f"C * ({shape})" if form.expression.is_Add else f"C * {shape}"


def used_values(theorem: Theorem, form: Form, values: Values) -> dict[sp.Symbol, Fraction]:
    """The parameters that the form takes, with defaults, checked against domains and hypotheses.

    Raises InputError as `bound_value` does.
    """
    given = {**DEFAULTS, **checked(values)}
    if missing := [BY_SYMBOL[s] for s in form.needs if s not in given]:
        raise InputError(
            f"{theorem.id} ({form.name.value}) needs "
            + ", ".join(f"{q.option} ({q.meaning}; for example {q.example})" for q in missing)
        )
    used = {s: given[s] for s in (*form.needs, *form.optional) if s in given}
    for hypothesis in (*theorem.hypotheses, *form.hypotheses):
        condition = hypothesis.condition
        if condition is None or not condition.free_symbols <= used.keys():
            continue
        if not balls.holds(condition, used):
            tied = [BY_SYMBOL[s] for s in sorted(condition.free_symbols, key=lambda s: s.name)]
            at = ", ".join(f"{q.option} {used[q.symbol]}" for q in tied)
            example = " ".join(f"{q.option} {q.example}" for q in tied)
            raise InputError(f"{at}: {theorem.id} needs {hypothesis.text}; for example {example}")
    return used


def _smallest_size(expression: SmallestSize, used: Values) -> tuple[int | None, float, bool]:
    points = balls.certain(expression.points, used)
    dimension = balls.certain(expression.dimension, used)
    assert isinstance(dimension, Fraction)
    depth = int(used[L]) if L in used else None
    error = used.get(alpha, Fraction(0))
    needed = smallest_size(points, int(dimension), depth, error, expression.growths)
    return needed.n, needed.log10, needed.exact


def _closed(expression: sp.Expr, used: Values, *, up: bool) -> tuple[Fraction | None, float | None]:
    inner = dict.fromkeys(_inner_constants(expression), Fraction(1))
    value = balls.certain(expression, {**used, **inner})
    exact = value if isinstance(value, Fraction) and abs(value) < INT64 else None
    return exact, _log10(value, up=up)


def _log10(value: balls.Value | int, *, up: bool) -> float | None:
    """The logarithm rounded up or down, None for what is not positive."""
    with ctx.workprec(128):
        ball = balls.ball(value)
        if not ball > 0:
            return None
        log = ball.log() / arb.const_log10()
        return balls.float_above(log) if up else balls.float_below(log)


def _inner_constants(expression: sp.Expr | SmallestSize) -> list[sp.Symbol]:
    if isinstance(expression, SmallestSize):
        return []
    return sorted(expression.free_symbols - BY_SYMBOL.keys(), key=lambda s: s.name)


def _vacuous(form: Form, used: Values, value: int | None, log10: float | None) -> str | None:
    if form.base is not None:
        base = balls.certain(form.base, used)
        if balls.is_less(base, Fraction(1)) is not True:
            return f"the base {sp.sstr(form.base)} of the power is >= 1 here"
    if form.trivial is None:
        return None
    small = value if value is not None else 0 if log10 is None or log10 <= 0 else None
    return says_nothing(small, form.trivial) if small is not None else None


def says_nothing(bound: int, trivial: Trivial) -> str | None:
    """Why a lower bound is vacuous, None where it is not."""
    return trivial.reason if bound <= trivial.value else None
