"""What Theorem 4.5 predicts of families of polynomial VC dimension on the hard instance."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor, log2
from typing import Any

from robustsize.bounds.counting.growth import SQUARED_VC
from robustsize.bounds.counting.smallest_size import smallest_size
from robustsize.bounds.evaluate import says_nothing
from robustsize.bounds.statement import ANY_FAMILY
from robustsize.bounds.symbols import alpha, c, epsilon
from robustsize.simulate.data.instance import Grid, HardInstance, grid_axis, hard_instance
from robustsize.simulate.data.labellings import Labels, all_labellings, drawn, stream
from robustsize.simulate.experiment.claim import Claim, Hypothesis, Limit, Prediction
from robustsize.simulate.experiment.evidence import Between
from robustsize.simulate.experiment.limits import SPARE_BITS
from robustsize.simulate.experiment.model import Cell, Place, Row, Run, Setting, Trend
from robustsize.simulate.theorems.thm4_5.neighbours import neighbours_vc
from robustsize.simulate.theorems.thm4_5.sigmoid import sigmoid_vc
from robustsize.simulate.theorems.thm4_5.trees import tree_vc


def points_of(dimension: int, setting: Setting) -> int:
    """Points m = K^(d-1) of the hard instance."""
    return int(axis_points(setting) ** (dimension - 1))


def axis_points(setting: Setting) -> int:
    """Grid points K an axis."""
    return len(grid_axis(setting.one(epsilon), Grid.DENSE))


@dataclass(frozen=True, eq=False)
class Problem:
    """The hard instance in one dimension, and the labellings that are measured.

    complete: whether these are all; else they are drawn uniformly and independently.
    """

    dimension: int
    setting: Setting
    labellings: tuple[Labels, ...]
    complete: bool

    @classmethod
    def of(cls, dimension: int, setting: Setting, most: int) -> Problem:
        """With all labellings where there are at most `most` points, else `setting.seeds` drawn."""
        m = points_of(dimension, setting)
        if m <= most:
            return cls(dimension, setting, tuple(all_labellings(m)), complete=True)
        streams = (stream(setting.seed, (dimension << 32) + i) for i in range(setting.seeds))
        labellings = tuple(drawn(random, 1, m)[0] for random in streams)
        return cls(dimension, setting, labellings, complete=False)

    @property
    def m(self) -> int:
        """Points of the instance."""
        return len(self.labellings[0])

    @property
    def extreme(self) -> str:
        """Which labelling the bound speaks of: the worst of all, or each of those drawn."""
        count = len(self.labellings)
        if self.complete:
            return f"largest over all {count} labellings"
        return f"least over {count} random labellings"

    def instance(self, labels: Labels) -> HardInstance:
        """The hard instance of one labelling."""
        s = self.setting
        return hard_instance(self.dimension, s.one(epsilon), s.one(c), s.p, labels)

    def bound(self, error: Fraction) -> Limit:
        """The explicit bound of Theorem 4.5, or its version for random labellings.

        But for a chance of 2^-SPARE_BITS in all, each of the labellings drawn needs that size.
        """
        spare = 0 if self.complete else SPARE_BITS + ceil(log2(len(self.labellings)))
        forced = self.dimension - 1
        needed = smallest_size(Fraction(self.m), forced, None, error, (SQUARED_VC,), spare).n
        assert needed is not None
        chance = "" if self.complete else f", but for a chance of 2^-{SPARE_BITS}"
        source = f"thm4.5 explicit, m = {self.m}{chance}"
        return Limit(needed, source, says_nothing(needed, ANY_FAMILY))

    def below(self) -> int:
        """The largest size below the bound at robust error alpha."""
        return int(self.bound(self.setting.one(alpha)).value) - 1

    def error_limit(self, size: int) -> Limit:
        """The least robust error above alpha, where `size` is below the bound."""
        allowed = self.setting.one(alpha)
        bound = self.bound(allowed)
        vacuous = None if size < bound.value else f"{size} is not below the bound {bound.value}"
        return Limit(Fraction(floor(allowed * self.m) + 1, self.m), bound.source, vacuous)


@dataclass(frozen=True)
class Family:
    """A family of classifiers.

    vc: a bound on the VC dimension of the members with at most n parameters in dimension d.
    known: where that bound comes from.
    """

    name: str
    vc: Callable[[int, int], float]
    known: str

    def size(self, problem: Problem) -> Prediction:
        """No member below the bound is robust."""
        bound = problem.bound(Fraction(0))
        return Prediction(
            id="thm4.5",
            name=f"{self.name}: size, d={problem.dimension}",
            says=f"robust error 0 takes at least {bound.value} parameters",
            quantity=f"smallest robust size, {problem.extreme}",
            lower=bound,
            hypotheses=self._hypotheses(problem, int(bound.value)),
        )

    def error(self, problem: Problem) -> Prediction:
        """Members below the bound have robust error above alpha."""
        size = problem.below()
        return Prediction(
            id="thm4.5",
            name=f"{self.name}: error, d={problem.dimension}",
            says=(
                f"robust error is above {problem.setting.one(alpha)} with at most {size} parameters"
            ),
            quantity=f"least robust error with so few parameters, {problem.extreme}",
            lower=problem.error_limit(size),
            hypotheses=self._hypotheses(problem, size + 1),
        )

    def _hypotheses(self, problem: Problem, bound: int) -> tuple[Hypothesis, ...]:
        holds = all(self.vc(size, problem.dimension) <= size**2 for size in range(1, max(bound, 2)))
        chosen = "every labelling is measured" if problem.complete else "the labellings are random"
        return (
            Hypothesis(f"VC <= n^2 for each n below the bound; {self.known}", holds),
            Hypothesis(chosen, True),
        )

    def size_row(self, problem: Problem, sizes: Sequence[int | None]) -> Row:
        """The sizes found, one for each labelling."""
        return Row(
            series=f"{self.name}: size" + (", all labellings" if problem.complete else ""),
            at={"d": problem.dimension},
            values=tuple(sizes),
            lower=problem.bound(Fraction(0)).below,
        )


TREES = Family(
    "trees",
    lambda size, dimension: tree_vc((size + 2) // 3, dimension),
    "counted: l leaves have 3 l - 2 parameters",
)
NEIGHBOURS = Family(
    "neighbours",
    lambda size, dimension: neighbours_vc(size // (dimension + 1), dimension),
    "counted by signs of polynomials: a stored point has d + 1 parameters",
)
SIGMOID = Family(
    "sigmoid",
    lambda size, dimension: sigmoid_vc(size),
    "not known of them: the known bound is n^4 + 11 n^2 log2(18 n^3) (Anthony, Bartlett 1999)",
)


def hardest(problem: Problem, values: Sequence[Any]) -> Any:
    """Of one value a labelling, that of which the bound speaks; None where one is missing."""
    if problem.complete:
        return None if None in values else max(values)
    return min((value for value in values if value is not None), default=None)


@dataclass(frozen=True, eq=False)
class FamilyErrors:
    """Of each labelling the smallest robust size found, and the least robust error found below the
    bound; rows of errors against size.
    """

    sizes: tuple[int | None, ...]
    errors: tuple[Fraction | None, ...] = ()
    curves: tuple[Row, ...] = ()


def family_cell(
    family: Family,
    problem: Problem,
    evidence: Callable[[Any], Between],
    work: Callable[[Run], FamilyErrors],
    *,
    below: bool,
    slope: Trend | None = None,
    weight: float,
) -> Cell[FamilyErrors]:
    """What is claimed of a family's sizes and, where some member lies below the bound, of errors.

    evidence: what a size or an error found says. slope: a trend of sizes for random labellings.
    """
    claims: list[Claim[FamilyErrors]] = [
        Claim(family.size(problem), lambda m: evidence(hardest(problem, m.sizes)))
    ]
    if below:
        claims.append(Claim(family.error(problem), lambda m: evidence(hardest(problem, m.errors))))
    places: list[Place[FamilyErrors]] = []
    if slope is not None and not problem.complete:
        places.append(Place(slope, problem.dimension, lambda m: m.sizes))
    return Cell(
        name=f"{family.name}-d={problem.dimension}",
        claims=tuple(claims),
        places=tuple(places),
        work=work,
        rows=lambda m: [family.size_row(problem, m.sizes), *m.curves],
        weight=weight,
    )
