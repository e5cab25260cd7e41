"""A second evaluator of claims, which must agree with the first before a verdict is given.

It is written apart on purpose: texts are parsed by Python's `ast` (never run), values are those of
`second_arithmetic`, and nothing is shared with the grammar or the engines but the conventions of
`docs/derivations.md`. It proves nothing over a domain; it looks at points.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache, partial
from math import ceil, floor
from random import Random

from mpmath import iv

from robustsize.bounds.prover.second_arithmetic import (
    FUNCTIONS,
    OPERATORS,
    Number,
    UndefinedHereError,
    UnsettledError,
    add,
    compare,
    ends,
)


class EffortError(ArithmeticError):
    """The value takes too many operations."""


class CheckerDisagreementError(RuntimeError):
    """The two evaluators contradict each other: one of them is wrong, and nothing is answered."""


Point = Mapping[str, Fraction]
_PRECISIONS = (80, 300, 1200)
_EFFORT, _SAMPLE_EFFORT = 50_000, 1_000
"""Operations at a point that is asked for, and at a sampled one, beyond which it is left."""

_SIMPLE = [Fraction(x) for x in (0, 1, 2, 3, -1, "1/2", "1/3", 4, 10, -2, "7/3", 5, "-1/2")]
_EXTREME = [Fraction(10) ** k for k in (3, 6, 40, -3, -9, -40)]
_WORD = r"[^\W\d]\w*"
_TOKEN = re.compile(rf"({_WORD})|((?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)")


@dataclass(frozen=True)
class Place:
    """The domain of a symbol, its ends as texts, None for none."""

    integer: bool
    low: str | None
    high: str | None
    low_open: bool
    high_open: bool


@dataclass(frozen=True)
class SecondOpinion:
    """What the second evaluator knows of a derivation: its symbols and definitions, as texts."""

    places: Mapping[str, Place]
    definitions: Mapping[str, str]

    def holds(self, claim: str, point: Point, effort: int = _EFFORT) -> bool | None:
        """Whether a chain of comparisons holds at a point; one without a value does not."""
        return self._ask(lambda look: look.chain(_tree(claim)), point, effort)

    def touches(self, claim: str, point: Point) -> bool:
        """Whether the sides have values at a point that no precision tells apart."""
        try:
            return _Look(self, point, _PRECISIONS[-1], _EFFORT).chain(_tree(claim)) is None
        except (ArithmeticError, LookupError, MemoryError, RecursionError, SyntaxError, ValueError):
            return False

    def inside(self, given: Sequence[str], point: Point, effort: int = _EFFORT) -> bool | None:
        """Whether a point lies in the domain and meets the hypotheses."""
        answer: bool | None = True
        for name in self.places:
            answer = _both(answer, self._ask(partial(_Look.member, name=name), point, effort))
        for text in given:
            answer = _both(answer, self.holds(text, point, effort))
        return answer

    def objection(
        self, claim: str, given: Sequence[str], symbols: Iterable[str], points: Iterable[Point] = ()
    ) -> Point | None:
        """A point of the domain where a claim certainly fails, among these and sampled ones."""
        for point in (*points, *self._samples(set(symbols))):
            if self.holds(claim, point, _SAMPLE_EFFORT) is False and self.inside(given, point):
                return point
        return None

    def completed(self, point: Point) -> Iterator[Point]:
        """A point with values for the symbols that it lacks, which SymPy may have cancelled."""
        yield point
        if missing := set(self.places) - set(point):
            yield from self._samples(missing, 20, point)

    def _samples(
        self, symbols: set[str], count: int = 60, known: Mapping[str, Fraction] | None = None
    ) -> Iterator[Point]:
        """Points between the bounds of some symbols: ends, simple and random numbers."""
        random = Random(7)
        names = [name for name in self._ordered() if name in symbols]
        for _ in range(count if names else 1):
            point = dict(known or {})
            for name in names:
                point[name] = _chosen(self.places[name], *self._ends(name, point), random)
            yield point

    def _ends(self, name: str, point: Point) -> tuple[Fraction | None, Fraction | None]:
        place = self.places[name]

        def end(text: str | None, side: int) -> Fraction | None:
            try:
                return (
                    None
                    if text is None
                    else ends(_Look(self, point, 80, _SAMPLE_EFFORT).text(text))[side]
                )
            except (ArithmeticError, SyntaxError, ValueError, LookupError, RecursionError):
                return None

        return end(place.low, 1), end(place.high, 0)

    def _ordered(self) -> list[str]:
        """The symbols, each after those that its bounds name."""
        waiting, ordered = dict(self.places), list[str]()
        while waiting:
            ready = [n for n, place in waiting.items() if not (_words(place) & set(waiting))]
            ordered += ready or waiting
            waiting = {n: p for n, p in waiting.items() if ready and n not in ready}
        return ordered

    def _ask(
        self, question: Callable[[_Look], bool | None], point: Point, effort: int
    ) -> bool | None:
        """The answer at the first precision that settles it."""
        for precision in _PRECISIONS:
            try:
                answer = question(_Look(self, point, precision, effort))
            except UndefinedHereError:
                return False
            except UnsettledError:
                continue
            except (ArithmeticError, LookupError, MemoryError, RecursionError, ValueError):
                return None
            except SyntaxError:
                return None
            if answer is not None:
                return answer
        return None


def _both(a: bool | None, b: bool | None) -> bool | None:
    return False if a is False or b is False else None if a is None or b is None else True


def _words(place: Place) -> set[str]:
    return {word for text in (place.low, place.high) if text for word in re.findall(_WORD, text)}


@lru_cache(maxsize=4096)
def _tree(text: str) -> ast.expr:
    """The syntax tree; names are marked, for some are keywords of Python, and numbers quoted."""

    def marked(token: re.Match[str]) -> str:
        return f"n_{token[1]}" if token[1] else f'("{token[2]}")'

    return ast.parse(f"({_TOKEN.sub(marked, text).replace('^', '**')})", mode="eval").body


def _chosen(place: Place, low: Fraction | None, high: Fraction | None, random: Random) -> Fraction:
    """A value for a symbol: an end, near an end, a simple number or a random one."""
    if low is not None and high is not None:
        width = high - low
        near = [low, high, low + width * random.choice(_EXTREME[3:]), (low + high) / 2]
        options = [*near, low + width * Fraction(random.randrange(1, 1000), 1000)]
    else:
        base = low if low is not None else high if high is not None else Fraction(0)
        away = -1 if low is None and high is not None else 1
        options = [base, base + away * random.choice(_EXTREME)]
        options += [base + away * Fraction(random.randrange(1, 1000), 100)]
    simple = random.sample(_SIMPLE, 4)
    if place.integer:
        options = [Fraction(round(x)) for x in options]
        simple = [Fraction(floor(x)) for x in simple]
        low, high = low and Fraction(ceil(low)), high and Fraction(floor(high))
        options += [low + 1] if low is not None else []
    kept = [
        x for x in options + simple if (low is None or x >= low) and (high is None or x <= high)
    ]
    return random.choice(kept or options)


@dataclass
class _Look:
    """One evaluation, at one point and precision."""

    opinion: SecondOpinion
    point: Point
    precision: int
    effort: int

    def chain(self, node: ast.expr) -> bool | None:
        if not isinstance(node, ast.Compare):
            raise SyntaxError("not a chain of comparisons")
        sides = [self.value(side, {}) for side in (node.left, *node.comparators)]
        answer: bool | None = True
        for a, op, b in zip(sides, node.ops, sides[1:], strict=False):
            answer = _both(answer, compare(a, type(op), b))
        return answer

    def member(self, name: str) -> bool | None:
        """Whether a symbol lies between its bounds, or can if the point does not name it."""
        place = self.opinion.places[name]
        known = _words(place) & set(self.opinion.places) <= set(self.point)
        if name not in self.point:
            return not known or self._occupied(place)
        value = self.point[name]
        if place.integer and value.denominator != 1:
            return False
        answer: bool | None = True
        if place.low is not None:
            op = ast.Lt if place.low_open else ast.LtE
            answer = _both(answer, compare(self.text(place.low), op, value))
        if place.high is not None:
            op = ast.Lt if place.high_open else ast.LtE
            answer = _both(answer, compare(value, op, self.text(place.high)))
        return answer

    def _occupied(self, place: Place) -> bool | None:
        values = [self.text(end) for end in (place.low, place.high) if end is not None]
        if len(values) < 2:
            return True
        low, high = values
        if not place.integer:
            return compare(low, ast.Lt if place.low_open or place.high_open else ast.LtE, high)
        first, last = FUNCTIONS["ceil"](low), FUNCTIONS["floor"](high)
        first += place.low_open and first == low
        last -= place.high_open and last == high
        return bool(first <= last)

    def text(self, text: str) -> Number:
        """The value of a text, which no index of a sum around it can reach."""
        return self.value(_tree(text), {})

    def value(self, node: ast.expr, bound: Mapping[str, Fraction]) -> Number:
        self.effort -= 1
        if self.effort < 0:
            raise EffortError("too many operations")
        iv.prec = self.precision
        match node:
            case ast.Constant(value=str(digits)):
                return Fraction(digits)
            case ast.Name(id=marked):
                return self._name(marked[2:], bound)
            case ast.UnaryOp(op=ast.USub(), operand=inner):
                return -self.value(inner, bound)
            case ast.UnaryOp(op=ast.UAdd(), operand=inner):
                return self.value(inner, bound)
            case ast.BinOp(left=left, op=op, right=right):
                return OPERATORS[type(op)](self.value(left, bound), self.value(right, bound))
            case ast.Call(func=ast.Name("n_Sum"), args=[term, ast.Name(i), *ends], keywords=[]):
                first, last = (self.value(end, bound) for end in ends)
                return self._sum(term, i[2:], first, last, bound)
            case ast.Call(func=ast.Name(marked), args=args, keywords=[]):
                return FUNCTIONS[marked[2:]](*(self.value(a, bound) for a in args))
        raise SyntaxError("this has no meaning")

    def _name(self, name: str, bound: Mapping[str, Fraction]) -> Number:
        for known in (bound, self.point):
            if name in known:
                return known[name]
        if name in self.opinion.definitions:
            return self.text(self.opinion.definitions[name])
        if name in ("pi", "e"):
            return +getattr(iv, name)
        raise UnsettledError(f"{name} has no value")

    def _sum(
        self,
        term: ast.expr,
        index: str,
        first: Number,
        last: Number,
        bound: Mapping[str, Fraction],
    ) -> Number:
        if not (isinstance(first, Fraction) and isinstance(last, Fraction)):
            raise UnsettledError("the limits of a sum are not settled")
        if first.denominator != 1 or last.denominator != 1:
            raise UndefinedHereError("the limits of a sum are integers")
        if last - first > self.effort:
            raise EffortError("a long sum")
        total: Number = Fraction(0)
        for i in range(int(first), int(last) + 1):
            total = add(total, self.value(term, {**bound, index: Fraction(i)}))
        return total
