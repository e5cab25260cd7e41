"""A form of a theorem as a number: exact where it is small, by its logarithm where it is not."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum
from fractions import Fraction

import sympy as sp
from flint import arb, ctx

from robustsize.bounds import balls
from robustsize.bounds.smallest_size import INT64, smallest_size
from robustsize.bounds.statement import (
    Constant,
    Form,
    FormName,
    Kind,
    Quantity,
    SmallestSize,
    Theorem,
)
from robustsize.bounds.symbols import (
    BY_SYMBOL,
    DEFAULTS,
    InputError,
    L,
    Norm,
    Values,
    alpha,
    require_joint,
)

NON_CONSTANT = 2
"""One weight and one bias: what any classifier that takes both signs on [0,1]^d needs."""


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

    log10: of the value, or of its shape where the constant is unspecified; None where the value is
    zero or has no logarithm. value: exact integer below 2^63, else None. vacuous: why the bound
    says nothing here, None where it says something.
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

    def holds_against(self, size: int) -> Sufficiency:
        """What the bound says of networks with `size` parameters.

        Raises IncomparableError where the constant is unspecified or the bound is not on size.
        """
        require_comparable(self.id, self.form, self.constant, self.quantity, size)
        assert self.log10 is not None
        below = size < self.value if self.value is not None else math.log10(size) < self.log10
        if self.kind is Kind.LOWER:
            return Sufficiency.TOO_SMALL if below else Sufficiency.OPEN
        return Sufficiency.OPEN if below else Sufficiency.ENOUGH


def require_comparable(
    id: str, form: FormName, constant: Constant, quantity: Quantity, size: int
) -> None:
    """Check that a form can be held against a network size.

    Raises IncomparableError where its constant is unspecified or it bounds something else.
    """
    if constant is Constant.UNSPECIFIED:
        raise IncomparableError(
            f"{id} ({form.value}) is known up to an unspecified constant C and is not compared "
            f"with the number {size}; try --form explicit"
        )
    if quantity is not Quantity.SIZE:
        raise IncomparableError(f"{id} bounds the {quantity.value}, not a size")


def choose_form(theorem: Theorem, norm: Norm, name: FormName | None = None) -> Form:
    """The form of that name, or the explicit one where there is one, else the printed one.

    Raises InputError where the theorem has no such form for that norm.
    """
    names = [name] if name else [FormName.EXPLICIT, FormName.PRINTED]
    found = next((f for n in names if (f := theorem.form(n, norm))), None)
    if found is None:
        there = [f"--form {f.name.value} --p {q.value}" for f in theorem.forms for q in f.norms]
        wanted = f"--form {name.value} " if name else ""
        raise InputError(
            f"{wanted}--p {norm.value}: {theorem.id} has no such form; it has {', '.join(there)}"
        )
    return found


def bound_value(theorem: Theorem, form: Form, values: Values, norm: Norm) -> BoundValue:
    """The form's value at those parameters; defaults fill in alpha = 0 and mu_0 = 1.

    Raises InputError where a needed parameter is missing or a hypothesis on the parameters fails.
    """
    used = _used(theorem, form, values)
    notes = list(form.notes)
    value: int | None
    log10: float | None
    if isinstance(form.expression, SmallestSize):
        value, log10, exact = _smallest_size(form.expression, used)
        notes.insert(0, "any depth" if L not in used else f"depth <= {used[L]}")
        if value is not None and not exact:
            notes.append("rounded down where ball arithmetic or the entropy bound left room")
    else:
        value, log10 = _closed(form.expression, used)
    if form.constant is Constant.UNSPECIFIED:
        value = None
        if inner := _inner_constants(form.expression):
            notes.append(f"log10 is that of the shape at {', '.join(f'{s} = 1' for s in inner)}")
    return BoundValue(
        id=theorem.id,
        kind=theorem.kind,
        form=form.name,
        quantity=theorem.quantity,
        parameters={BY_SYMBOL[s].option[2:]: str(v) for s, v in used.items()} | {"p": norm.value},
        log10=log10,
        value=value,
        constant=form.constant,
        vacuous=_vacuous(theorem, form, used, value),
        regime=str(form.regime),
        source=form.source,
        expression=written(form),
        notes=tuple(notes),
    )


def written(form: Form) -> str:
    """The form as a line of text, with "C *" in front where the constant is unspecified."""
    if isinstance(form.expression, SmallestSize):
        points = sp.sstr(form.expression.points)
        names = ", ".join(growth.name for growth in form.expression.growths)
        growth = f"min({names})" if "," in names else f"{names}(n, L, m)"
        return f"smallest n with {growth} >= m - log2 Hamming(m, alpha), m = {points}"
    shape = sp.sstr(form.expression)
    if form.constant is Constant.EXPLICIT:
        return shape
    return f"C * ({shape})" if form.expression.is_Add else f"C * {shape}"


def _used(theorem: Theorem, form: Form, values: Values) -> dict[sp.Symbol, Fraction]:
    given = {**DEFAULTS, **values}
    if missing := [BY_SYMBOL[s] for s in form.needs if s not in given]:
        raise InputError(
            f"{theorem.id} ({form.name.value}) needs "
            + ", ".join(f"{q.option} ({q.meaning}; for example {q.example})" for q in missing)
        )
    require_joint(given)
    used = {s: given[s] for s in (*form.needs, *form.optional) if s in given}
    for hypothesis in (*theorem.hypotheses, *form.hypotheses):
        condition = hypothesis.condition
        if condition is None or not condition.free_symbols <= used.keys():
            continue
        if not balls.holds(condition, used):
            at = ", ".join(
                f"{BY_SYMBOL[s].option} {used[s]}"
                for s in sorted(condition.free_symbols, key=lambda s: s.name)
            )
            raise InputError(f"{at}: {theorem.id} needs {hypothesis.text}")
    return used


def _smallest_size(expression: SmallestSize, used: Values) -> tuple[int | None, float, bool]:
    points = balls.certain(expression.points, used)
    dimension = balls.certain(expression.dimension, used)
    assert isinstance(dimension, Fraction)
    depth = int(used[L]) if L in used else None
    error = used.get(alpha, Fraction(0))
    needed = smallest_size(points, int(dimension), depth, error, expression.growths)
    return needed.n, needed.log10, needed.exact


def _closed(expression: sp.Expr, used: Values) -> tuple[int | None, float | None]:
    inner = dict.fromkeys(_inner_constants(expression), Fraction(1))
    value = balls.certain(expression, {**used, **inner})
    if isinstance(value, Fraction) and value.denominator == 1 and abs(value) < INT64:
        return int(value), _log10(value)
    return None, _log10(value)


def _log10(value: balls.Value) -> float | None:
    with ctx.workprec(128):
        ball = balls.ball(value)
        return float((ball.log() / arb.const_log10()).mid()) if ball > 0 else None


def _inner_constants(expression: sp.Expr | SmallestSize) -> list[sp.Symbol]:
    if isinstance(expression, SmallestSize):
        return []
    return sorted(expression.free_symbols - BY_SYMBOL.keys(), key=lambda s: s.name)


def _vacuous(theorem: Theorem, form: Form, used: Values, value: int | None) -> str | None:
    if form.base is not None:
        base = balls.certain(form.base, used)
        if balls.is_less(base, Fraction(1)) is not True:
            return f"the base {sp.sstr(form.base)} of the power is >= 1 here"
    return too_small_to_say(value) if theorem.kind is Kind.LOWER and value is not None else None


def too_small_to_say(size: int) -> str | None:
    """Why a lower bound on the size of a classifier is vacuous, None where it is not."""
    if size > NON_CONSTANT:
        return None
    return f"any classifier that is not constant has at least {NON_CONSTANT} parameters"
