"""Theorems 5.5 and 5.8: the size follows the manifold's dimension k, not the ambient d; p = inf.

On each manifold stands a packing of m points at l_inf distance >= 2 epsilon, labelled in all ways
where they are few, else at random. What is searched is robust on whole l_inf balls of R^d, which
hold more than the perturbations on the manifold that the theorems speak of: so a certified network
is a witness from above for theirs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from itertools import product
from math import ceil, log

import numpy as np
from numpy.typing import NDArray

from robustsize.bounds.counting.construction_size import cells_an_axis, covered_size
from robustsize.bounds.symbols import BY_SYMBOL, InputError, Norm, c, d, epsilon, k, require_joint
from robustsize.simulate.certify.structural import certify_construction
from robustsize.simulate.construct.result import Construction, as_int
from robustsize.simulate.data.exact import PrecisionError, Rationals
from robustsize.simulate.data.instance import Grid, Instance, Point, grid_axis
from robustsize.simulate.data.labellings import drawn_mixed, stream, up_to_sign
from robustsize.simulate.data.manifolds import (
    BITS,
    Covering,
    Manifold,
    flat_cube,
    flat_torus,
    rotated_cube,
    sphere,
)
from robustsize.simulate.data.regions import Region, SeparatedPair, closer_than
from robustsize.simulate.experiment.claim import Hypothesis, Limit, Prediction, at_most
from robustsize.simulate.experiment.constructions import Built, faults
from robustsize.simulate.experiment.errors import SPARE_BITS, random_labelling_limit
from robustsize.simulate.experiment.probe import (
    Cell,
    Outcome,
    Probe,
    Row,
    Run,
    Setting,
    Trend,
    axes,
)
from robustsize.simulate.experiment.sizes import (
    found_json,
    imprecise,
    settings_for,
    size_of,
    size_trend,
    smallest_sizes,
    tried,
    worst,
)
from robustsize.simulate.theorems.candidates import constructions
from robustsize.simulate.theorems.thm5_5.construction import manifold_classifier

MOST_POINTS = 128
"""The largest packing that is searched."""

_CANDIDATES = 4096
_FEW_LABELLINGS = 7

_BUILDERS: dict[str, tuple[Callable[[int, int], Manifold], Callable[[int], int]]] = {
    "flat": (flat_cube, lambda k: k),
    "rotated": (rotated_cube, lambda k: k + 1),
    "sphere": (sphere, lambda k: k + 1),
    "torus": (flat_torus, lambda k: 2 * k),
}
"""Each manifold's builder from (k, d), and the fewest d it is measured in."""


@dataclass(frozen=True, eq=False)
class Place:
    """A manifold with a packing at 2 epsilon, a covering below (1-c) epsilon, and labellings.

    every: whether the labellings are all there are with both labels, one of each opposite pair (a
    network for the other is its negative); else they were drawn.
    """

    manifold: Manifold
    epsilon: Fraction
    c: Fraction
    points: tuple[Point, ...]
    covering: Covering
    labellings: NDArray[np.int8]
    every: bool

    @classmethod
    def of(cls, name: str, dimension: int, ambient: int, setting: Setting) -> Place:
        """The place of a manifold by its name, with k = dimension and d = ambient.

        Raises InputError where the packing is too large, or has too few points for two labels.
        """
        e, ratio = setting.one(epsilon), setting.one(c)
        if name == "flat" and len(grid_axis(e, Grid.DENSE)) ** dimension > MOST_POINTS:
            raise _complaint(f"more than {MOST_POINTS} points", dimension, e)
        manifold = _BUILDERS[name][0](dimension, ambient)
        points = packing(manifold, e, setting.seed)
        if len(points) < 2:
            raise _complaint(f"{len(points)} points on the {name} manifold", dimension, e)
        labellings, every = _labellings(len(points), setting, (dimension << 32) + ambient)
        covering = manifold.covering((1 - ratio) * e)
        return cls(manifold, e, ratio, points, covering, labellings, every)

    @property
    def name(self) -> str:
        """For predictions and files."""
        return f"{self.manifold.name} k={self.manifold.k} d={self.manifold.d}"

    @property
    def moving(self) -> int:
        """Number of coordinates in which points differ; the others are biases to a network."""
        return sum(len(set(values)) > 1 for values in zip(*self.points, strict=True))

    def instances(self) -> list[Instance]:
        """Each labelling, at radius c epsilon in the whole of R^d."""
        radius = self.c * self.epsilon
        return [Instance(self.points, y, radius, Norm.INF) for y in self.labellings]

    def separated(self) -> bool:
        """Whether all points are pairwise at l_inf distance >= 2 epsilon, in exact arithmetic."""
        region = Region.points(self.points)
        near, _ = closer_than(region, region, 2 * self.epsilon, Norm.INF)
        return len(near) == len(self.points)  # each is near itself

    def lower(self) -> Limit:
        """Theorem 5.8's explicit form at this packing: for the worst of all labellings, or such
        that a uniform labelling needs as much except with probability 2^-10.
        """
        spare = 0 if self.every else SPARE_BITS
        m = len(self.points)
        return random_labelling_limit(m, self.moving, Fraction(0), spare_bits=spare)

    def upper(self) -> Limit:
        """Theorem 5.5's explicit form at the manifold's own covering.

        h < epsilon: no ball of the covering meets both classes, the smaller has at most half.
        """
        size = as_int(covered_size(len(self.covering), self.manifold.d))
        return Limit(
            size, f"thm5.5 explicit with half of the covering's {len(self.covering)} balls"
        )


def packing(manifold: Manifold, epsilon: Fraction, seed: int) -> tuple[Point, ...]:
    """Points of a manifold, pairwise at l_inf distance >= 2 epsilon, exact.

    Flat: the grid 2 epsilon j, a largest packing. Others: at most MOST_POINTS, taken greedily from
    images of a grid of parameters, then of random ones; rounded to 2^-30, so as far off.
    """
    if manifold.name == "flat":
        rest = (Fraction(1, 2),) * (manifold.d - manifold.k)
        axis = grid_axis(epsilon, Grid.DENSE)
        return tuple((*x, *rest) for x in product(axis, repeat=manifold.k))
    steps = 1 << (_CANDIDATES.bit_length() - 1) // manifold.k
    grid = np.indices((steps + 1,) * manifold.k).reshape(manifold.k, -1).T / steps
    images = np.vstack([manifold.chart(i, grid) for i in range(manifold.charts)])
    numerators = np.rint(images * (1 << BITS)).astype(np.int64)
    anywhere = manifold.points(_CANDIDATES, seed).numerators.astype(np.int64)
    return _greedy(np.vstack([numerators, anywhere]), ceil(2 * epsilon * (1 << BITS)))


def _greedy(numerators: NDArray[np.int64], apart: int) -> tuple[Point, ...]:
    """Each row in turn that is `apart` from those taken before."""
    kept: list[NDArray[np.int64]] = []
    while len(numerators) and len(kept) < MOST_POINTS:
        kept.append(numerators[0])
        numerators = numerators[np.abs(numerators - kept[-1]).max(axis=1) >= apart]
    rows = Rationals.from_integers(np.array(kept), 1 << BITS)
    return tuple(rows.row(i) for i in range(len(rows)))


def _labellings(m: int, setting: Setting, key: int) -> tuple[NDArray[np.int8], bool]:
    """Labellings of m points with both labels, and whether these are all up to sign."""
    opposite_pairs = (1 << (m - 1)) - 1
    if opposite_pairs <= max(setting.seeds, _FEW_LABELLINGS):
        return up_to_sign(m), True
    return drawn_mixed(stream(setting.seed, key), setting.seeds, m), False


def _complaint(what: str, dimension: int, e: Fraction) -> InputError:
    options = [(k, Fraction(dimension)), (epsilon, e)]
    given = ", ".join(f"{BY_SYMBOL[symbol].option} {value}" for symbol, value in options)
    return InputError(
        f"{given}: {what}; 2 to {MOST_POINTS} are measured, for example --k 2 --epsilon 1/4"
    )


def _cell(place: Place, setting: Setting) -> Cell:
    predictions = (_size(place), _construction(place))
    weight = len(place.labellings) * len(place.points) * (1 + place.moving)
    measure = partial(_measure, place, predictions, setting)
    return Cell(place.name.replace(" ", "-"), predictions, measure, float(weight))


def _apart(place: Place) -> Hypothesis:
    m = len(place.points)
    return Hypothesis(f"the {m} points are pairwise 2 epsilon apart in l_inf", place.separated())


def _size(place: Place) -> Prediction:
    m, drawn = len(place.points), len(place.labellings)
    labellings = f"{drawn} random labellings of {m} points with both labels"
    chance = ", except with probability below 2^-9 over the draw"
    on = True if place.manifold.name == "flat" else None
    if place.every:
        labellings, chance = f"all labellings of {m} points with both labels", ""
    return Prediction(
        id="thm5.8",
        name=f"size {place.name}",
        says=(
            f"on the {place.manifold.name} manifold the worst of {labellings} needs at least the "
            f"lower limit of thm5.8{chance}, and at most the upper limit of thm5.5"
        ),
        quantity="parameters of the smallest network that is robust on the worst labelling",
        lower=place.lower(),
        upper=place.upper(),
        hypotheses=(
            _apart(place),
            Hypothesis("the points lie on the manifold, up to their rounding to 2^-30", on),
        ),
    )


def _construction(place: Place) -> Prediction:
    room, upper = (1 - place.c) * place.epsilon, place.upper()
    return Prediction(
        id="thm5.5",
        name=f"construction {place.name}",
        says=(
            f"the network on the manifold's own covering of {len(place.covering)} balls is robust "
            f"and has at most {upper.value} parameters, for each labelling"
        ),
        quantity="labellings whose built network is refuted or larger",
        upper=Limit(0, "thm5.5 explicit"),
        hypotheses=(
            _apart(place),
            Hypothesis("the covering's radius is below (1-c) epsilon", place.covering.h < room),
        ),
    )


def _measure(
    place: Place, predictions: tuple[Prediction, Prediction], setting: Setting, run: Run
) -> Outcome:
    size, construction = predictions
    lower, upper = place.lower(), place.upper()
    instances = place.instances()
    name = f"thm5.5-{place.name.replace(' ', '-')}"
    found = smallest_sizes(
        instances, constructions, settings_for(instances, setting), run, setting, name
    )
    try:
        built = [_build(place, instance) for instance in instances]
    except PrecisionError as error:
        raise imprecise(setting, error) from error
    certificates = [certify_construction(one) for one in built]
    judged = [
        Built(one.size, int(upper.value), proof)
        for one, proof in zip(built, certificates, strict=True)
    ]
    evidence = {
        size.name: at_most(worst(found), f"robust on balls of R^d; {tried(found)}"),
        construction.name: faults(judged),
    }
    row = Row(
        series=place.manifold.name,
        at={"k": float(place.manifold.k), "d": float(place.manifold.d)},
        values=tuple(size_of(one) for one in found),
        lower=lower.below,
        upper=upper.above,
        more={
            "packing": len(place.points),
            "covering": len(place.covering),
            "every labelling": place.every,
            "networks": [found_json(one) for one in found],
            "built": [one.size for one in built],
            "structural": [proof.status.value for proof in certificates],
        },
    )
    return Outcome(evidence, (row,))


def _build(place: Place, instance: Instance) -> Construction:
    pair = SeparatedPair.of_instance(instance, place.epsilon)
    return manifold_classifier(pair, place.covering, place.c)


def _places(setting: Setting) -> Iterator[tuple[str, int, int]]:
    """Manifold, k and d; sphere and torus at the largest d, as other coordinates are constant."""
    for name, (_, fewest) in _BUILDERS.items():
        ambient = setting.all(d) if name in ("flat", "rotated") else (max(setting.all(d)),)
        for dimension, space in product(setting.all(k), ambient):
            if fewest(int(dimension)) <= space:
                yield name, int(dimension), int(space)


def _cells(setting: Setting) -> Sequence[Cell]:
    if setting.p is not Norm.INF:
        raise InputError("--p 2: Theorems 5.5 and 5.8 are about l_inf; for example --p inf")
    require_joint({k: min(setting.all(k)), d: max(setting.all(d))})
    return [_cell(Place.of(*place, setting), setting) for place in _places(setting)]


def _trends(setting: Setting) -> Sequence[Trend]:
    places = list(_places(setting))
    in_k = [_slope_in_k(space, setting) for space in sorted({p[2] for p in places})]
    in_d = [_slope_in_d(name, low) for name, low in sorted({p[:2] for p in places})]
    return [trend for trend in (*in_k, *in_d) if _measured(trend, places)]


def _measured(trend: Trend, places: Sequence[tuple[str, int, int]]) -> bool:
    """Whether the trend has two places or more."""
    at = [{"k": float(k), "d": float(d)} for name, k, d in places if name == trend.series]
    return len({one[trend.x] for one in at if trend.where.items() <= one.items()}) >= 2


def _slope_in_k(space: int, setting: Setting) -> Trend:
    e, ratio = setting.one(epsilon), setting.one(c)
    K, g = len(grid_axis(e, Grid.DENSE)), int(cells_an_axis(e, ratio))
    return size_trend(
        "thm5.8",
        f"slope in k, flat d={space}",
        "flat",
        "k",
        (
            f"for large k the size grows at least by the factor sqrt(K) = sqrt({K}) for each k "
            f"(any depth) and at most by g = {g}, the covering's cells an axis; by K at most on "
            "this grid, whose points are all that is to be fitted. At a few small k the limits on "
            "size themselves allow other slopes"
        ),
        lower=Limit(log(K) / 2, "half of log K, thm5.8 explicit"),
        upper=Limit(log(g), "log g, thm5.5 explicit"),
        where={"d": float(space)},
    )


def _slope_in_d(name: str, dimension: int) -> Trend:
    return size_trend(
        "thm5.5",
        f"slope in d, {name} k={dimension}",
        name,
        "d",
        "at fixed k the upper limit is linear in d, so the size rises no faster",
        log_x=True,
        upper=Limit(1, "thm5.5 explicit, linear in d"),
        where={"k": float(dimension)},
    )


PROBE = Probe(
    id="thm5.5",
    covers=("thm5.5", "thm5.8"),
    measures="smallest certified size on packings of manifolds, against k and against d",
    seeds_are="random labellings of each packing, and starts of each architecture",
    quick=Setting(axes=axes({k: "1:3", d: "2,4,6", epsilon: "1/4", c: "1/2"}), seeds=6),
    full=Setting(axes=axes({k: "1:4", d: "4,8", epsilon: "1/4", c: "1/2"}), seeds=12),
    quick_seconds=60,
    cells=_cells,
    trends=_trends,
)
