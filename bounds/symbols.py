"""The symbols of the theory, their domains, and the reading of their values as exact rationals.

Every option of the command line is one of these parameters; nothing else checks a domain.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from fractions import Fraction
from numbers import Rational

import sympy as sp

d = sp.Symbol("d", integer=True, positive=True)
k = sp.Symbol("k", integer=True, positive=True)
n = sp.Symbol("n", integer=True, positive=True)
N = sp.Symbol("N", integer=True, positive=True)
L = sp.Symbol("L", integer=True, positive=True)
m = sp.Symbol("m", integer=True, positive=True)
epsilon = sp.Symbol("epsilon", positive=True)
c = sp.Symbol("c", positive=True)
delta = sp.Symbol("delta", nonnegative=True)
alpha = sp.Symbol("alpha", nonnegative=True)
mu = sp.Symbol("mu_0", positive=True)
beta = sp.Symbol("beta", positive=True)

Values = Mapping[sp.Symbol, Fraction]


class Norm(Enum):
    """The norm p of the separation and of the adversary."""

    TWO = "2"
    INF = "inf"


class InputError(ValueError):
    """A value that a user gave and that cannot be used; the message is one clear line."""


@dataclass(frozen=True)
class Parameter:
    """A symbol as a user meets it: its option, its domain, an example that works."""

    symbol: sp.Symbol
    option: str
    meaning: str
    example: str
    integer: bool = False
    low: Fraction = Fraction(0)
    high: Fraction | None = None
    low_open: bool = False
    high_open: bool = True

    @property
    def domain(self) -> str:
        """The domain in words, such as "a number in (0, 1/2)"."""
        kind = "an integer" if self.integer else "a number"
        if self.high is None:
            return f"{kind} {'>' if self.low_open else '>='} {self.low}"
        left, right = "(" if self.low_open else "[", ")" if self.high_open else "]"
        return f"{kind} in {left}{self.low}, {self.high}{right}"

    def __contains__(self, value: Fraction) -> bool:
        if self.integer and value.denominator != 1:
            return False
        if value < self.low or (self.low_open and value == self.low):
            return False
        return self.high is None or value < self.high or (value == self.high and not self.high_open)

    def read(self, text: str) -> Fraction:
        """The exact value of a text such as "0.1", "1/4" or "1e-12".

        Raises InputError, naming option, value, domain and an example, outside the domain.
        """
        return self._inside(rational(text), text)

    def exact(self, value: object) -> Fraction:
        """The exact value of a number as Python code gives it; a float means its decimal text.

        Raises InputError, naming option, value, domain and an example, for any other object and
        outside the domain.
        """
        return self._inside(exact(value), str(value))

    def _inside(self, value: Fraction | None, text: str) -> Fraction:
        if value is None or value not in self:
            raise InputError(self.complaint(text))
        if value > LARGEST:
            raise InputError(
                f"{self.option} {_short(text)}: {self.meaning} is at most 1e300 here; "
                f"for example {self.option} {self.example}"
            )
        return value

    def read_all(self, text: str) -> tuple[Fraction, ...]:
        """The values of "a", of a list "a,b,c" or of a range "a:b[:step]", b included.

        The step is 1 for integers; without one a range of numbers is cut into 25 equal steps.

        Raises InputError where a value is outside the domain or the range is empty or too long.
        """
        if ":" not in text:
            return tuple(self.read(part) for part in text.split(","))
        low, high, *steps = text.split(":")
        first, last = self.read(low), self.read(high)
        default = Fraction(1) if self.integer else (last - first) / 25
        step = rational(steps[0]) if len(steps) == 1 else None if steps else default
        if step is None or (self.integer and step.denominator != 1) or (step <= 0 and first < last):
            raise InputError(
                f"{self.option} {_short(text)}: a range is a:b or a:b:step with step > 0; "
                f"for example {self.option} {self.example}:{self.read(self.example) * 2}"
            )
        if first >= last:
            raise InputError(
                f"{self.option} {_short(text)}: the range is empty, its end must be above its "
                f"start; for example {self.option} {last}:{first if first > last else last + step}"
            )
        count = (last - first) // step + 1
        if count > MOST_VALUES:
            wider = -((first - last) // 100) if self.integer else (last - first) / 100
            raise InputError(
                f"{self.option} {_short(text)}: {count} values, at most {MOST_VALUES}; "
                f"for example {self.option} {first}:{last}:{wider}"
            )
        return tuple(first + i * step for i in range(count))

    def complaint(self, text: str) -> str:
        """One line that says why a text is no value of this parameter."""
        return (
            f"{self.option} {_short(text)}: {self.meaning} must be {self.domain}; "
            f"for example {self.option} {self.example}"
        )


def _short(text: str) -> str:
    return repr(text if len(text) <= 40 else text[:37] + "...")


MOST_VALUES = 10_000
"""The most values that one range may hold."""

LARGEST = Fraction(10**300)
"""Larger numbers are not read: they are typing errors, and beyond float64."""

_HALF, _ONE = Fraction(1, 2), Fraction(1)

PARAMETERS: tuple[Parameter, ...] = (
    Parameter(d, "--d", "the ambient dimension d", "20", integer=True, low=_ONE),
    Parameter(k, "--k", "the intrinsic dimension k", "3", integer=True, low=_ONE),
    Parameter(n, "--n", "the network size n", "5000", integer=True, low=_ONE),
    Parameter(
        epsilon, "--epsilon", "the half separation epsilon", "0.1", high=_HALF, low_open=True
    ),
    Parameter(c, "--c", "the robustness ratio c", "0.5", high=_ONE, low_open=True),
    Parameter(N, "--samples", "the number N of training points", "1000", integer=True, low=_ONE),
    Parameter(delta, "--delta", "delta", "0.01", high=_ONE),
    Parameter(alpha, "--alpha", "the allowed robust test error alpha", "0.1", high=_HALF),
    Parameter(mu, "--mu", "the balance mu_0", "1", high=_ONE, low_open=True, high_open=False),
    Parameter(beta, "--beta", "the test error beta", "0.05", high=_ONE, low_open=True),
    Parameter(L, "--depth", "the depth L (affine layers)", "3", integer=True, low=_ONE),
)

BY_SYMBOL: Mapping[sp.Symbol, Parameter] = {q.symbol: q for q in PARAMETERS}
BY_OPTION: Mapping[str, Parameter] = {q.option: q for q in PARAMETERS}

DEFAULTS: Values = {alpha: Fraction(0), mu: Fraction(1)}

_RATIONAL = re.compile(r"[+-]?(?:\d+/\d+|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,4})?)", flags=re.ASCII)
_LONGEST = 4000


def rational(text: str) -> Fraction | None:
    """The exact value of a decimal, a scientific number or a fraction; None for any other text."""
    text = text.strip()
    if len(text) > _LONGEST or not _RATIONAL.fullmatch(text):
        return None
    try:
        return Fraction(text)
    except ZeroDivisionError:
        return None


def exact(value: object) -> Fraction | None:
    """The exact value of a rational number, a text, or a float as it is written: 0.1 is 1/10.

    None for anything else, such as NaN.
    """
    if isinstance(value, bool):
        return None
    if isinstance(value, sp.Rational):
        return Fraction(int(value.p), int(value.q))
    if isinstance(value, Rational):
        return Fraction(int(value.numerator), int(value.denominator))
    if isinstance(value, float):
        return rational(repr(float(value)))
    return rational(str(value)) if isinstance(value, str | Decimal) else None


def checked(values: Mapping[sp.Symbol, object]) -> dict[sp.Symbol, Fraction]:
    """Values of parameters as exact numbers of their domains.

    Raises InputError for a key that is no parameter, or a value that is not in its domain.
    """
    unknown = [symbol for symbol in values if symbol not in BY_SYMBOL]
    if unknown:
        names = ", ".join(q.symbol.name for q in PARAMETERS)
        raise InputError(
            f"{str(unknown[0])[:40]!r} is no parameter: the keys are the symbols {names} of "
            "robustsize.bounds.symbols"
        )
    return {symbol: BY_SYMBOL[symbol].exact(value) for symbol, value in values.items()}


def read_norm(text: str) -> Norm:
    """The norm p of a text, "2" or "inf".

    Raises InputError for any other text.
    """
    try:
        return Norm(text)
    except ValueError:
        raise InputError(
            f"--p {text!r}: the norm p must be 2 or inf; for example --p inf"
        ) from None


def require_joint(values: Values) -> None:
    """Check the domains that tie two parameters together.

    Raises InputError where k > d, or L > n.
    """
    for low, high in ((k, d), (L, n)):
        if low in values and high in values and values[low] > values[high]:
            a, b = BY_SYMBOL[low], BY_SYMBOL[high]
            raise InputError(
                f"{a.option} {values[low]}: {a.meaning} must be at most {b.meaning}, here "
                f"{values[high]}; for example {a.option} {values[high]}"
            )
