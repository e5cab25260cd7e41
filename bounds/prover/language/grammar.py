"""The language of derivation files: arithmetic, functions, comparisons, asymptotic claims.

    expression   a + b, a - b, a * b, a / b, a ** b (or a ^ b), -a, (a), f(a, b)
    number       12, 0.1 (read as 1/10), 1e-12; constants pi and e
    function     abs min max floor ceil exp log log2 sqrt gamma factorial binomial,
                 Sum(expression, index, first, last)
    claim        a < b, and chains such as a <= b < c; operators == <= < >= >
    asymptotic   f == O(g), f == o(g), f == Omega(g), f == Theta(g), f ~ g, limit(f) == value

`log` is the natural logarithm; 0 ** 0 is 1; a sum whose last index is below its first is 0.
Text is tokenised and parsed by hand, all of it or nothing: nothing in a file is ever run.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction

import sympy as sp

from robustsize.bounds.arithmetic.sums import bound
from robustsize.bounds.prover.language.integrality import is_whole
from robustsize.bounds.prover.language.relations import Condition, Relation, conditions_of_node
from robustsize.bounds.prover.model import DerivationError

LONGEST, DEEPEST = 20_000, 100
BITS = 1 << 15
"""Constants of more bits than this are refused: they would take for ever to write out."""

_SPACE = " \t\r\n"
_TOKEN = re.compile(
    r"(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?|[^\W\d]\w*|\*\*|<=|>=|==|!=|[-+*/^()<>,~]"
)
_COMPARISONS = ("==", "!=", "<=", "<", ">=", ">")
_ORDERS = ("O", "o", "Omega", "Theta")
_ARITY = {"abs": 1, "floor": 1, "ceil": 1, "exp": 1, "log": 1, "log2": 1, "sqrt": 1, "gamma": 1}
_ARITY |= {"factorial": 1, "binomial": 2, "Sum": 4}
FUNCTIONS = (*_ARITY, "min", "max")
CONSTANTS = {"pi": sp.pi, "e": sp.E}
RESERVED = {*FUNCTIONS, *CONSTANTS, *_ORDERS, "limit", "inf"}


@dataclass(frozen=True)
class Parsed:
    """An expression and the conditions under which it is defined as written."""

    expression: sp.Expr
    conditions: tuple[Condition, ...]


@dataclass(frozen=True)
class Claim:
    """A chain of relations that must all hold, with the conditions of both sides."""

    relations: tuple[Relation, ...]
    conditions: tuple[Condition, ...]


@dataclass(frozen=True)
class AsymptoticClaim:
    """left == kind(right), where kind is O, o, Omega, Theta, ~ or limit; `texts` as written."""

    kind: str
    left: sp.Expr
    right: sp.Expr
    conditions: tuple[Condition, ...]
    texts: tuple[str, str] = ("", "")


def parse_expression(text: str, names: Mapping[str, Parsed]) -> Parsed:
    """One expression over the given names.

    Raises DerivationError with the place where the text leaves the grammar.
    """
    parser = _Parser(text, names)
    expression = parser.expression()
    parser.end()
    return Parsed(expression, parser.conditions)


def parse_claim(text: str, names: Mapping[str, Parsed]) -> Claim | AsymptoticClaim:
    """A chain of comparisons or an asymptotic claim. Raises DerivationError."""
    parser = _Parser(text, names)
    claim = parser.claim()
    parser.end()
    return claim


class _Parser:
    def __init__(self, text: str, names: Mapping[str, Parsed]) -> None:
        if len(text) > LONGEST:
            raise DerivationError(f"text of {len(text)} characters; at most {LONGEST} are read")
        self._text = text
        self._names = dict(names)
        self._tokens = list(_tokenise(text))
        self._at = 0
        self._depth = 0
        self._conditions: dict[Condition, None] = {}

    @property
    def conditions(self) -> tuple[Condition, ...]:
        return tuple(self._conditions)

    # claims

    def claim(self) -> Claim | AsymptoticClaim:
        if self._accept("limit"):
            left = self._bracketed()
            self._expect("==")
            return self._asymptotic("limit", left, self._written())
        first = self._written()
        if self._accept("~"):
            return self._asymptotic("~", first, self._written())
        sides, ops = [first[0]], []
        while self._peek() in _COMPARISONS:
            ops.append(self._take())
            if ops == ["=="] and self._peek() in _ORDERS:
                return self._asymptotic(self._take(), first, self._bracketed())
            sides.append(self.expression())
        if not ops:
            raise self._error("a comparison such as a <= b was expected")
        pairs = zip(sides, ops, sides[1:], strict=False)
        return Claim(tuple(Relation(a, op, b) for a, op, b in pairs), self.conditions)

    def _asymptotic(
        self, kind: str, left: tuple[sp.Expr, str], right: tuple[sp.Expr, str]
    ) -> AsymptoticClaim:
        return AsymptoticClaim(kind, left[0], right[0], self.conditions, (left[1], right[1]))

    def _bracketed(self) -> tuple[sp.Expr, str]:
        self._expect("(")
        side = self._written()
        self._expect(")")
        return side

    def _written(self) -> tuple[sp.Expr, str]:
        """An expression and its text."""
        start = self._place
        expression = self.expression()
        return expression, self._text[start : self._place].strip(_SPACE)

    # expressions, by falling precedence

    def expression(self) -> sp.Expr:
        total = self._term()
        while self._peek() in ("+", "-"):
            sign = self._take()
            term = self._term()
            total = total + term if sign == "+" else total - term
        return total

    def _term(self) -> sp.Expr:
        product = self._signed()
        while self._peek() in ("*", "/"):
            op = self._take()
            factor = self._signed()
            product *= factor if op == "*" else self._make(sp.Pow, factor, sp.Integer(-1))
        return product

    def _signed(self) -> sp.Expr:
        sign = 1
        while self._peek() in ("+", "-"):
            sign = -sign if self._take() == "-" else sign
        return sign * self._power()

    def _power(self) -> sp.Expr:
        base = self._atom()
        if self._peek() not in ("**", "^"):
            return base
        self._take()
        self._deeper(1)
        exponent = self._signed()
        self._deeper(-1)
        return self._make(sp.Pow, base, exponent)

    def _atom(self) -> sp.Expr:
        token = self._peek()
        if token is None:
            raise self._error("an expression was expected")
        if self._accept("("):
            self._deeper(1)
            inner = self.expression()
            self._deeper(-1)
            self._expect(")")
            return inner
        if token[0] in ".0123456789":
            return self._number(self._take())
        if token.isidentifier():
            return self._name(self._take())
        raise self._error(f"{token!r} cannot start an expression")

    def _number(self, token: str) -> sp.Rational:
        exponent = token.lower().partition("e")[2]
        if len(exponent) > 5 or abs(int(exponent or 0)) > 5000 or len(token) > 5000:
            why = f"{token[:40]} is too large a number; at most 5000 digits are read"
            raise self._error(why, back=1)
        exact = Fraction(token)
        return sp.Rational(exact.numerator, exact.denominator)

    def _name(self, name: str) -> sp.Expr:
        if self._peek() == "(":
            return self._call(name)
        if name in self._names:
            known = self._names[name]
            self._conditions |= dict.fromkeys(known.conditions)
            return known.expression
        if name in CONSTANTS:
            return CONSTANTS[name]
        known_names = ", ".join(sorted({*self._names, *CONSTANTS}))
        raise self._error(f"{name!r} is not declared; known names: {known_names}", back=1)

    def _call(self, name: str) -> sp.Expr:
        if name not in FUNCTIONS:
            why = f"{name!r} is not a function; allowed: {', '.join(FUNCTIONS)}"
            raise self._error(why, back=1)
        self._expect("(")
        self._deeper(1)
        if name == "Sum":
            value = self._sum()
        else:
            args = [self.expression()]
            while self._accept(","):
                args.append(self.expression())
            wanted = _ARITY.get(name)
            if wanted is not None and len(args) != wanted:
                raise self._error(f"{name} takes {wanted} argument(s), {len(args)} given")
            value = self._make_function(name, args)
        self._deeper(-1)
        self._expect(")")
        return value

    def _sum(self) -> sp.Expr:
        """Sum(term, i, first, last): the index is looked up first, for the term needs it."""
        name = self._index_name()
        index = sp.Dummy(name, integer=True)
        outer, self._conditions = self._conditions, {}
        self._names[name] = Parsed(index, ())
        term = self.expression()
        del self._names[name]
        inner, self._conditions = self._conditions, outer
        self._expect(",")
        self._take()
        ends = []
        for _ in range(2):
            self._expect(",")
            ends.append(self.expression())
            if not is_whole(ends[-1]):
                raise self._error(
                    f"the limit {ends[-1]} of a Sum must be an integer; use floor(...)"
                )
        above = max((condition.height for condition in self._conditions | inner), default=0)
        total, symbol = bound(term, index, *ends, above=above)
        for condition in inner:
            named = condition.replace({index: symbol}).within((symbol, *ends))
            self._conditions[named] = None
        return total

    def _index_name(self) -> str:
        """The name after the first argument from here."""
        start, depth = self._at, 0
        while (token := self._peek()) is not None and (depth or token not in (",", ")")):
            depth += (token == "(") - (token == ")")
            self._at += 1
        self._expect(",")
        name = self._take()
        if not name.isidentifier() or name in {*self._names, *RESERVED}:
            why = f"the index of a Sum must be a new name, {name!r} is not"
            raise self._error(why, back=1)
        self._at = start
        return name

    # construction, with conditions noted and absurd sizes refused

    def _make_function(self, name: str, args: list[sp.Expr]) -> sp.Expr:
        if name == "sqrt":
            return self._make(sp.Pow, args[0], sp.Rational(1, 2))
        if name == "log2":
            return _log2(args[0], self._make(sp.log, args[0]))
        if name in ("min", "max", "floor", "ceil"):
            for argument in args:
                self._refuse_if(_huge(argument), f"{name} of so large a constant")
        makers: dict[str, Callable[..., sp.Expr]] = {
            "abs": sp.Abs,
            "min": sp.Min,
            "max": sp.Max,
            "floor": sp.floor,
            "ceil": sp.ceiling,
            "exp": sp.exp,
            "log": sp.log,
            "gamma": sp.gamma,
            "factorial": sp.factorial,
            "binomial": sp.binomial,
        }
        return self._make(makers[name], *args)

    def _make(self, kind: Callable[..., sp.Expr], *args: sp.Expr) -> sp.Expr:
        self._refuse_if(too_large(kind, args), f"the constant {kind.__name__}{args} is too large")
        if isinstance(kind, type):
            self._conditions |= dict.fromkeys(conditions_of_node(kind, args))
        try:
            return kind(*args)
        except (ArithmeticError, TypeError, ValueError) as error:
            raise self._error(f"{kind.__name__}{args} has no value: {error}"[:200]) from error

    def _refuse_if(self, wrong: bool, why: str) -> None:
        if wrong:
            raise self._error(why[:200] + f"; constants may have at most {BITS} bits")

    # tokens

    def _deeper(self, by: int) -> None:
        self._depth += by
        if self._depth > DEEPEST:
            raise self._error(f"nested more than {DEEPEST} deep")

    def _peek(self) -> str | None:
        return self._tokens[self._at][1] if self._at < len(self._tokens) else None

    @property
    def _place(self) -> int:
        """Where the next token starts in the text."""
        return self._tokens[self._at][0] if self._at < len(self._tokens) else len(self._text)

    def _take(self) -> str:
        token = self._peek()
        if token is None:
            raise self._error("the text ends too early")
        self._at += 1
        return token

    def _accept(self, token: str) -> bool:
        found = self._peek() == token
        self._at += found
        return found

    def _expect(self, token: str) -> None:
        if not self._accept(token):
            raise self._error(f"{token!r} was expected")

    def end(self) -> None:
        if self._peek() is not None:
            raise self._error("nothing more was expected")

    def _error(self, why: str, *, back: int = 0) -> DerivationError:
        """An error at the next token, or so many tokens before it."""
        self._at -= back
        return _unreadable(self._text, self._place, why)


def _tokenise(text: str) -> Iterator[tuple[int, str]]:
    """The tokens, each with the place where it starts."""
    at = 0
    while at < len(text):
        if text[at] in _SPACE:
            at += 1
            continue
        match = _TOKEN.match(text, at)
        token = match.group() if match else ""
        if not token or (token[0].isalpha() and not is_name(token)):
            raise _unreadable(text, at, f"{token or text[at]!r} has no meaning")
        if re.match("0[0-9]", token):
            raise _unreadable(text, at, f"{token[:40]!r} starts with 0; write {token[1:40]}")
        yield at, token
        at += len(token)


def is_name(text: str) -> bool:
    """Whether a text is a name: letters, digits and _, in the form that Unicode prefers."""
    return text.isidentifier() and unicodedata.normalize("NFKC", text) == text


def _unreadable(text: str, place: int, why: str) -> DerivationError:
    return DerivationError(f"in {_short(text)!r}, column {place + 1}: {why}")


def _short(text: str) -> str:
    return text if len(text) <= 120 else text[:117] + "..."


def _log2(argument: sp.Expr, natural: sp.Expr) -> sp.Expr:
    """log2 of a power of two is an integer, which log(x)/log(2) would hide."""
    if isinstance(argument, sp.Rational) and argument > 0:
        up, down = int(argument.p), int(argument.q)
        if up & (up - 1) == 0 and down & (down - 1) == 0:
            return sp.Integer(up.bit_length() - down.bit_length())
    return natural / sp.log(2)


def _bits(x: sp.Rational) -> int:
    return max(abs(int(x.p)).bit_length(), int(x.q).bit_length())


def too_large(kind: object, args: tuple[sp.Expr, ...]) -> bool:
    """Whether SymPy would write out an absurdly long number for kind(*args)."""
    if not all(isinstance(a, sp.Rational) for a in args):
        return False
    if kind is sp.Pow:
        base, exponent = args
        if exponent.q != 1 and _bits(base) > 512:
            return True
        return base not in (0, 1, -1) and (
            _bits(exponent) > 20 or _bits(base) * abs(exponent) > BITS
        )
    if kind in (sp.factorial, sp.gamma):
        return bool(args[0] > 2000)
    if kind is sp.binomial:
        return bool(abs(args[0]) > BITS or abs(args[1]) > BITS)
    return kind is sp.exp and bool(abs(args[0]) > 1 << 64)


def _huge(argument: sp.Expr) -> bool:
    """Whether rounding or comparing a constant would need absurd precision."""
    if argument.free_symbols or isinstance(argument, sp.Rational):
        return False
    from flint import ctx

    from robustsize.bounds.arithmetic.balls import ball, evaluate

    with ctx.workprec(64):
        try:
            value = ball(evaluate(argument, {}))
        except TypeError:  # an infinity or a complex number has no value at all
            return False
    return not bool(abs(value) < 2**1024)
