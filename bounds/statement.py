"""What a theorem of the catalogue is: its kind, its quantity, its forms and their needs."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import sympy as sp

from robustsize.bounds.counting.growth import SHARPEST, Growth
from robustsize.bounds.symbols import InputError, L, Norm, alpha, d


class Kind(Enum):
    """What a theorem says of its quantity."""

    UPPER = "upper"
    LOWER = "lower"
    SAMPLES = "samples"
    EXISTENCE = "existence"

    @property
    def rounds_up(self) -> bool:
        """Whether a number of this kind is rounded up: all but lower bounds are."""
        return self is not Kind.LOWER


class Quantity(Enum):
    """What is bounded. Size is the number of non-zero weights and biases."""

    SIZE = "network size (non-zero weights and biases)"
    SAMPLES = "number of training samples"
    LIPSCHITZ = "Lipschitz constant"
    WIDTH = "width of the first hidden layer"


class FormName(Enum):
    """PRINTED as in Table 1, APPENDIX as in the appendix, EXPLICIT with every constant.

    SIMPLE: explicit by a shorter argument than EXPLICIT, to show what the sharper one gains.
    DEEPER: explicit, smaller than EXPLICIT, where more layers are allowed.
    """

    PRINTED = "printed"
    APPENDIX = "appendix"
    SIMPLE = "simple"
    EXPLICIT = "explicit"
    DEEPER = "deeper"


class Constant(Enum):
    """Whether a form is a number, or a number up to a factor that nobody has stated."""

    EXPLICIT = "explicit"
    UNSPECIFIED = "unspecified"


@dataclass(frozen=True)
class Regime:
    """Where an asymptotic claim is made: which variables move, and which stay fixed."""

    moves: str
    fixed: str

    def __str__(self) -> str:
        return f"{self.moves}; {self.fixed} fixed" if self.fixed else self.moves


@dataclass(frozen=True)
class Hypothesis:
    """A hypothesis in words and, where parameters alone decide it, as a relation."""

    text: str
    condition: sp.Rel | None = None


@dataclass(frozen=True)
class Trivial:
    """What each classifier needs anyway; a lower bound of at most that `value` is vacuous.

    reason: why, in words. A label y counts as met where y f(x) > 0: the value 0 meets neither.
    """

    value: int
    reason: str


ON_CUBE = Trivial(
    2,
    "a network that is positive somewhere on [0,1]^d and negative elsewhere has at least 2 "
    "parameters (the value 0 meets neither label, so -x_1 meets only one)",
)
ON_BALL = Trivial(
    1,
    "a network that is positive somewhere on the unit ball and negative elsewhere has at least 1 "
    "parameter, as x_1 has",
)
ANY_FAMILY = Trivial(1, "a classifier with a parameter has at least 1")
ANY_LAYER = Trivial(1, "a hidden layer has at least 1 unit")


@dataclass(frozen=True)
class SmallestSize:
    """An explicit lower bound: the smallest n for which F_{n,L} has room for the labellings.

    The condition is that each growth bound G(n, L, m) >= m - log2 Hamming(m, alpha), m = `points`,
    for networks on `dimension` inputs (bounds.counting.growth, bounds.counting.smallest_size).
    """

    points: sp.Expr
    growths: tuple[Growth, ...] = SHARPEST
    dimension: sp.Expr = d

    @property
    def formula(self) -> sp.Expr:
        """An expression in all the symbols that the bound depends on, without its meaning."""
        depths = [L] if any(L in g.expression.free_symbols for g in self.growths) else []
        return sp.Tuple(self.points, self.dimension, alpha, *depths)


@dataclass(frozen=True)
class Form:
    """One way a theorem is written as a formula.

    needs: the symbols without which it has no value. norms: the p it holds for. scope: the sets it
    holds for, in a few words, where the theorem is stated for more; its hypotheses say it in full.
    base: for exponential forms the base of the power; the form is vacuous where it is >= 1.
    increasing, decreasing: the symbols in which the form is monotone, a lower bound at alpha = 0.
    trivial: a lower bound of at most that is vacuous. derivations: the ids of the checked
    derivations that an explicit form stands on (bounds.theorems.proofs).
    """

    name: FormName
    expression: sp.Expr | SmallestSize
    constant: Constant
    regime: Regime
    source: str
    needs: tuple[sp.Symbol, ...]
    norms: tuple[Norm, ...] = (Norm.TWO, Norm.INF)
    optional: tuple[sp.Symbol, ...] = ()
    scope: str = ""
    hypotheses: tuple[Hypothesis, ...] = ()
    trivial: Trivial | None = None
    base: sp.Expr | None = None
    increasing: tuple[sp.Symbol, ...] = ()
    decreasing: tuple[sp.Symbol, ...] = ()
    notes: tuple[str, ...] = ()
    derivations: tuple[str, ...] = ()

    @property
    def symbols(self) -> frozenset[sp.Symbol]:
        """The symbols on which its value depends."""
        expression = self.expression
        whole = expression.formula if isinstance(expression, SmallestSize) else expression
        return frozenset(whole.free_symbols & {*self.needs, *self.optional})

    @property
    def label(self) -> str:
        """Its name, with its scope where it has one."""
        return f"{self.name.value}, {self.scope}" if self.scope else self.name.value


@dataclass(frozen=True)
class Theorem:
    """One row of the catalogue, always in this order."""

    id: str
    title: str
    statement: str
    hypotheses: tuple[Hypothesis, ...]
    kind: Kind
    quantity: Quantity
    forms: tuple[Form, ...]
    source: str
    loose: tuple[str, ...] = ()

    def form(self, name: FormName | str | None = None, norm: Norm | str = Norm.INF) -> Form:
        """The form of that name for that norm; None: the explicit form, else the printed one.

        Raises InputError where the theorem has no such form.
        """
        names = (FormName.EXPLICIT, FormName.PRINTED) if name is None else (name,)
        for wanted in names:
            for form in self.forms:
                norms = {key for p in form.norms for key in (p, p.value)}
                if wanted in (form.name, form.name.value) and norm in norms:
                    return form
        text = name.value if isinstance(name, FormName) else name
        wanted = f"--form {str(text)[:40]} " if name is not None else ""
        p = norm.value if isinstance(norm, Norm) else str(norm)[:40]
        there = [f"--form {f.name.value} --p {q.value}" for f in self.forms for q in f.norms]
        raise InputError(f"{wanted}--p {p}: {self.id} has no such form; it has {', '.join(there)}")
