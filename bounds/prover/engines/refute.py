"""The search for a counterexample. Nothing counts before it is replayed in certain arithmetic.

Corners, points close to ends, simple fractions and powers of ten come first, then a Sobol
sequence in two scales (even, and logarithmic towards the ends), then a descent on the margin from
the best points. The order is the same on every run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from itertools import islice, product
from math import ceil, floor, inf, isfinite
from time import thread_time
from typing import Any

import sympy as sp
from flint import arb, ctx

from robustsize.bounds.arithmetic.balls import Value, ball, certain, evaluate, rational
from robustsize.bounds.prover.engines.decide import (
    QUICK,
    SEARCHING,
    THOROUGH,
    Point,
    holds,
    inside,
    met,
)
from robustsize.bounds.prover.engines.region import pinned
from robustsize.bounds.prover.engines.slopes import slope_of
from robustsize.bounds.prover.language.problem import Problem, Variable
from robustsize.bounds.prover.language.relations import Condition, Relation
from robustsize.bounds.prover.model import Counterexample

_CORNERS, _EDGE_POINTS = 600, 100
_NUMBERS = [
    Fraction(n) for n in (0, 1, -1, 2, "1/2", 3, 10, -2, "-1/2", "1/3", 5, 100, -10, "1/10")
]
_NUMBERS += [Fraction(1, 10), Fraction(1000), Fraction(10**6)]
_NUMBERS += [Fraction(10) ** 12, Fraction(1, 10**9), Fraction(10) ** 30, -(Fraction(10) ** 6)]
_NUMBERS += [Fraction(10) ** 100, -(Fraction(10) ** 30)]
_TINY = [Fraction(1, 10**k) for k in (2, 6, 12, 30, 100)]


@dataclass
class Search:
    """What a search saw: a failure if any, a point of the domain, how many points held."""

    failing: Point | None = None
    witness: Point | None = None
    tested: int = 0
    unsettled: Point | None = None
    near: Point | None = None


def search(problem: Problem, *, points: int, seed: int, deadline: float) -> Search:
    """Look for a point of the domain where a condition or a goal certainly fails."""
    found = Search()
    best: list[tuple[float, Point]] = []
    for candidate in _candidates(problem, points, seed):
        if thread_time() > deadline:
            break
        if _try(problem, candidate, found):
            return found
        if candidate is found.near:
            best = sorted([*best, (_margin(problem, candidate), candidate)], key=lambda b: b[0])[:4]
    for margin, start in best:
        if margin == inf:
            break
        _descend(problem, start, found, deadline)
        if found.failing is not None:
            break
    return found


def sample(problem: Problem, *, count: int, seed: int) -> list[Point]:
    """A few points of the domain that meet the hypotheses."""
    candidates = islice(_candidates(problem, 256, seed), 2_000)
    return list(islice((p for p in candidates if inside(problem, p)), count))


def violates(
    problem: Problem, point: Point, *, precisions: Sequence[int] = THOROUGH
) -> Condition | Relation | None:
    """The condition or goal that certainly fails at a point certainly inside the domain."""
    if inside(problem, point, precisions=precisions) is not True:
        return None
    for condition in problem.conditions:
        if met(condition, point, precisions=precisions) is False:
            return condition
    for goal in problem.goals:
        if holds(goal, point, precisions=precisions) is False:
            return goal
    return None


def _try(problem: Problem, point: Point, found: Search) -> bool:
    """Test one point; whether it is a certain counterexample."""
    if inside(problem, point, precisions=SEARCHING) is not True:
        return False
    found.near = point
    found.witness = found.witness or point
    truths = [met(c, point, precisions=QUICK) for c in problem.conditions]
    truths += [holds(g, point, precisions=QUICK) for g in problem.goals]
    if all(t is True for t in truths):
        found.tested += 1
        return False
    if violates(problem, point, precisions=SEARCHING) is not None:
        found.failing = point
        return True
    found.unsettled = found.unsettled or point
    return False


# points


def _candidates(problem: Problem, points: int, seed: int) -> Iterator[Point]:
    solved = pinned(problem)
    free = [v for v in problem.variables if v.symbol not in solved]

    def build(
        choose: Callable[[int, Variable, Value | None, Value | None], Fraction],
    ) -> Point | None:
        point: dict[sp.Symbol, Fraction] = {}
        for i, variable in enumerate(free):
            low, high = (_bound(b, point) for b in (variable.low, variable.high))
            point[variable.symbol] = choose(i, variable, low, high)
        for symbol, expression in solved.items():
            value = _exact(expression, point)
            if value is None:
                return None
            point[symbol] = value
        return point

    if not free:
        start = build(lambda *_: Fraction(0))
        yield from () if start is None else (start,)
        return
    yield from _filtered(build(choose) for choose in _small(free))
    edges = list(_edges(problem, {v.symbol for v in free}))
    for i, indices in enumerate(_corner_choices(len(free))):
        corner = build(_picked(indices))
        if corner is None:
            continue
        yield corner
        if i < _EDGE_POINTS:
            for symbol, expression in edges:
                value = _exact(expression, corner)
                if value is not None:
                    yield {**corner, symbol: value}
    for i, unit in enumerate(_sobol(len(free), points, seed)):
        yield from _filtered([build(_spread(unit, logarithmic=i % 2 == 1))])


def _edges(problem: Problem, free: set[sp.Symbol]) -> Iterator[tuple[sp.Symbol, sp.Expr]]:
    """Symbols with the value at which a hypothesis that allows equality just holds."""
    for hypothesis in problem.hypotheses:
        if hypothesis.op not in ("<=", ">="):
            continue
        for symbol in sorted(hypothesis.symbols & free, key=str):
            slope = slope_of(sp.expand(hypothesis.margin), symbol)
            if slope is not None and slope != 0 and symbol not in slope.free_symbols:
                yield symbol, sp.cancel(symbol - hypothesis.margin / slope)


def _filtered(points: Iterable[Point | None]) -> Iterator[Point]:
    yield from (p for p in points if p is not None)


def _corner_choices(dimension: int) -> Iterator[tuple[int, ...]]:
    """Index tuples into each symbol's special values: those with small indices first."""
    wide = {1: 60, 2: 24, 3: 9, 4: 5}.get(dimension, 3)
    total = sorted(
        islice(product(range(wide), repeat=dimension), 20_000), key=lambda t: (sum(t), t)
    )
    yield from total[:_CORNERS]


def _small(free: Sequence[Variable]) -> Iterator[Callable[..., Fraction]]:
    """Every integer small at the same time, reals at simple numbers: sums are short there."""
    places = {v.symbol: at for at, v in enumerate(v for v in free if v.integer)}
    if not places:
        return
    number = min(len(places), 6)
    furthest = {1: 30, 2: 11, 3: 6, 4: 4}.get(number, 2)
    offsets = (t for t in product(range(furthest + 1), repeat=number) if sum(t) <= furthest)
    for count, steps in enumerate(sorted(offsets, key=lambda t: (sum(t), t))):

        def choose(
            i: int,
            variable: Variable,
            low: Fraction | None,
            high: Fraction | None,
            *,
            count: int = count,
            steps: tuple[int, ...] = steps,
        ) -> Fraction:
            if not variable.integer:
                special = _special(variable.integer, low, high)
                return special[count % min(len(special), 6)]
            step = steps[places[variable.symbol] % len(steps)]
            return _stepped(step, low, high)

        yield choose


def _stepped(step: int, low: Fraction | None, high: Fraction | None) -> Fraction:
    """The integer so many steps from the low end, from the high end, or from 0 to both sides."""
    if low is not None:
        up = Fraction(ceil(low) + step)
        return up if high is None else min(up, Fraction(floor(high)))
    if high is not None:
        return Fraction(floor(high) - step)
    return Fraction((step + 1) // 2 * (1 if step % 2 else -1))


def _picked(indices: tuple[int, ...]) -> Callable[..., Fraction]:
    def choose(i: int, variable: Variable, low: Fraction | None, high: Fraction | None) -> Fraction:
        special = _special(variable.integer, low, high)
        return special[indices[i] % len(special)]

    return choose


@lru_cache(maxsize=256)
def _special(integer: bool, low: Fraction | None, high: Fraction | None) -> tuple[Fraction, ...]:
    """Ends, points near ends, middles, simple numbers; those inside the bounds."""
    values: list[Fraction] = []
    width = high - low if low is not None and high is not None else Fraction(1)
    if low is not None:
        values.append(low)
    if high is not None:
        values.append(high)
    if low is not None and high is not None:
        values.append((low + high) / 2)
    values += _NUMBERS[:3]
    if integer:
        values += [x + i for x in (low, high) if x is not None for i in (1, -1, 2, -2)]
    for tiny in _TINY:
        values += [] if low is None else [low + width * tiny]
        values += [] if high is None else [high - width * tiny]
    values += _NUMBERS[3:]
    values += [low + n for n in _NUMBERS[3:] if low is not None and high is None]
    if integer:
        values = [Fraction(floor(v + Fraction(1, 2))) for v in values]
    kept = tuple(
        v
        for v in dict.fromkeys(values)
        if (low is None or v >= low) and (high is None or v <= high)
    )
    return kept or (low if low is not None else high if high is not None else Fraction(0),)


def _sobol(dimension: int, count: int, seed: int) -> Iterator[list[float]]:
    from scipy.stats import qmc

    engine = qmc.Sobol(d=min(dimension, 21201), scramble=True, rng=seed)
    done = 0
    while done < count:
        batch = 1 << max(0, min(8, (count - done).bit_length() - 1))
        yield from engine.random(batch).tolist()
        done += batch


def _spread(unit: list[float], *, logarithmic: bool) -> Callable[..., Fraction]:
    def choose(i: int, variable: Variable, low: Fraction | None, high: Fraction | None) -> Fraction:
        value = _stretched(unit[i], low, high, logarithmic)
        return Fraction(_whole_inside(value, low, high)) if variable.integer else value

    return choose


def _whole_inside(value: Fraction, low: Fraction | None, high: Fraction | None) -> int:
    whole = floor(value + Fraction(1, 2))
    if low is not None:
        whole = max(whole, ceil(low))
    return whole if high is None else min(whole, floor(high))


def _stretched(
    u: float, low: Fraction | None, high: Fraction | None, logarithmic: bool
) -> Fraction:
    """A point of the unit interval carried to [low, high], which may be unbounded."""
    if low is not None and high is not None:
        share = _decimal(u)
        if logarithmic:
            near = _decimal(10 ** (-24 * (2 * u if u < 0.5 else 2 * u - 1)))
            share = near if u < 0.5 else 1 - near
        return low + (high - low) * share
    if low is None and high is None:
        half = _away(abs(2 * u - 1), logarithmic)
        return half if u > 0.5 else -half
    away = _away(u, logarithmic)
    return low + away if low is not None else (high or Fraction(0)) - away


def _away(u: float, logarithmic: bool) -> Fraction:
    return _decimal(10 ** (30 * u - 14) if logarithmic else 3 * u / (1.0001 - u))


def _decimal(x: float) -> Fraction:
    """A float as a decimal of six digits, which a reader can copy."""
    return Fraction(f"{x:.5e}")


def _bound(bound: sp.Expr, point: Point) -> Fraction | None:
    return None if bound in (sp.oo, -sp.oo) else _near(bound, point)


def _near(expression: sp.Expr, point: Point) -> Fraction | None:
    """A rational close to the value, the value itself where it is rational."""
    with ctx.workprec(64):
        value = evaluate(expression, point)
    if isinstance(value, Fraction):
        return value
    return rational(value.mid())


def _exact(expression: sp.Expr, point: Point) -> Fraction | None:
    with ctx.workprec(64):
        value = evaluate(expression, point)
    return value if isinstance(value, Fraction) else None


# descent


def _margin(problem: Problem, point: Point) -> float:
    """The smallest relative margin of the goals: negative where one fails."""
    worst = inf
    relations = [
        c.alternatives[0] for c in problem.conditions if not c.indices and len(c.alternatives) == 1
    ]
    for relation in (*relations, *problem.goals):
        with ctx.workprec(64):
            try:
                left, right = (
                    ball(evaluate(relation.left, point)),
                    ball(evaluate(relation.right, point)),
                )
            except (TypeError, OverflowError, ValueError):
                continue
            gap = right - left if relation.op[0] == "<" else left - right
            scale = abs(left) + abs(right)
            value = float(gap.mid()) if not scale > 0 else float((gap / scale).mid())
        if relation.op != "==" and isfinite(value):
            worst = min(worst, value)
    return worst


def _descend(problem: Problem, start: Point, found: Search, deadline: float) -> None:
    """Coordinate steps of shrinking size that lower the margin, replaying where it turns <= 0."""
    free = [v for v in problem.variables if v.symbol not in pinned(problem)]
    here, value = dict(start), _margin(problem, start)
    step = Fraction(1, 2)
    while step > Fraction(1, 10**9) and thread_time() < deadline:
        moved = False
        for variable in free:
            for sign in (1, -1):
                there = _moved(problem, here, variable, sign * step)
                if inside(problem, there, precisions=QUICK) is not True:
                    continue
                new = _margin(problem, there)
                if new <= 0 and _try(problem, there, found):
                    return
                if new < value:
                    here, value, moved = there, new, True
        step = step if moved else step / 4
    for bound in (1, 3, 10, 100, 1000):
        rounded = {
            s: x if x.denominator == 1 else x.limit_denominator(bound) for s, x in here.items()
        }
        if _try(problem, rounded, found):
            return


def _moved(problem: Problem, point: Point, variable: Variable, share: Fraction) -> dict[Any, Any]:
    old = point[variable.symbol]
    scale = abs(old) if old else Fraction(1)
    new = old + scale * share
    new = Fraction(round(new)) if variable.integer else new.limit_denominator(10**15)
    if variable.integer and new == old:
        new += 1 if share > 0 else -1
    return {**point, variable.symbol: new}


# what is shown


def simplified(problem: Problem, point: Point) -> Point:
    """A counterexample with simpler coordinates, if rounding leaves it one."""
    current = dict(point)
    for symbol in current:
        for bound in (1, 2, 4, 10, 100, 1000, 10**6):
            simpler = current[symbol].limit_denominator(bound)
            if simpler == current[symbol]:
                break
            trial = {**current, symbol: simpler}
            if violates(problem, trial) is not None:
                current = trial
                break
    return current


def shown(problem: Problem, point: Point) -> Counterexample:
    """The counterexample as text, with both sides of the relation that fails."""
    broken = violates(problem, point)
    assert broken is not None, "only certain counterexamples are shown"
    coordinates = {s.name: str(v) for s, v in point.items()}
    if isinstance(broken, Condition):
        return Counterexample(coordinates, f"undefined, since {broken} fails", "exact arithmetic")
    values = [_certain(side, point) for side in (broken.left, broken.right)]
    exact = all(isinstance(v, Fraction) for v in values)
    left, right = (_text(v) for v in values)
    return Counterexample(
        coordinates,
        f"{broken.left} {broken.op} {broken.right} fails: left {left}, right {right}",
        "exact rational arithmetic" if exact else "ball arithmetic",
    )


def _certain(side: sp.Expr, point: Point) -> Value:
    try:
        return certain(side, point)
    except ArithmeticError:
        return ball(evaluate(side, point))


def _text(value: Value) -> str:
    if isinstance(value, arb):
        return value.str(15, radius=False)
    short = max(abs(value.numerator), value.denominator).bit_length() <= 128
    return str(value) if short else ball(value).str(15, radius=False)
