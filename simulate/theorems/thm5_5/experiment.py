"""Theorems 5.5 and 5.8: the size follows the manifold's dimension k, not the ambient d; p = inf.

On each manifold stands a packing of m points at l_inf distance >= 2 epsilon, labelled in all ways
where they are few, else at random. What is searched is robust on whole l_inf balls of R^d, which
hold more than the perturbations on the manifold that the theorems speak of: so a certified network
is a witness from above for theirs.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from itertools import product
from math import log

from robustsize.bounds.counting.construction_size import cells_an_axis
from robustsize.bounds.symbols import InputError, Norm, c, d, epsilon, k, require_joint
from robustsize.simulate.data.exact import PrecisionError
from robustsize.simulate.data.instance import Grid, grid_axis
from robustsize.simulate.data.regions import SeparatedPair
from robustsize.simulate.experiment.claim import Claim, Hypothesis, Limit, Prediction
from robustsize.simulate.experiment.constructions import Built, checked, faults
from robustsize.simulate.experiment.evidence import Between, at_most
from robustsize.simulate.experiment.model import (
    Cell,
    Experiment,
    Place,
    Row,
    Run,
    Setting,
    Trend,
    axes,
)
from robustsize.simulate.experiment.sizes import (
    Sizes,
    imprecise,
    searched,
    settings_for,
    size_trend,
)
from robustsize.simulate.theorems.candidates import constructions
from robustsize.simulate.theorems.thm5_5.construction import manifold_classifier
from robustsize.simulate.theorems.thm5_5.packings import BUILDERS, Packing


def _size(packing: Packing) -> Prediction:
    m, drawn = len(packing.points), len(packing.labellings)
    labellings = f"{drawn} random labellings of {m} points with both labels"
    chance = ", except with probability below 2^-9 over the draw"
    on = True if packing.manifold.name == "flat" else None
    if packing.every:
        labellings, chance = f"all labellings of {m} points with both labels", ""
    return Prediction(
        id="thm5.8",
        name=f"size {packing.name}",
        says=(
            f"on the {packing.manifold.name} manifold the worst of {labellings} needs at least the "
            f"lower limit of thm5.8{chance}, and at most the upper limit of thm5.5"
        ),
        quantity="parameters of the smallest network that is robust on the worst labelling",
        lower=packing.lower,
        upper=packing.upper,
        hypotheses=(
            packing.apart,
            Hypothesis("the points lie on the manifold, up to their rounding to 2^-30", on),
        ),
    )


def _construction(packing: Packing) -> Prediction:
    room, upper = (1 - packing.c) * packing.epsilon, packing.upper
    return Prediction(
        id="thm5.5",
        name=f"construction {packing.name}",
        says=(
            f"the network on the manifold's own covering of {len(packing.covering)} balls is "
            f"robust and has at most {upper.value} parameters, for each labelling"
        ),
        quantity="labellings whose built network is refuted or larger",
        upper=Limit(0, "thm5.5 explicit"),
        hypotheses=(
            packing.apart,
            Hypothesis("the covering's radius is below (1-c) epsilon", packing.covering.h < room),
        ),
    )


@dataclass(frozen=True, eq=False)
class _Measured:
    """What was found and built for each labelling."""

    sizes: Sizes
    built: tuple[Built, ...]

    def worst(self) -> Between:
        """Evidence on a size that serves every labelling on the manifold's own perturbations."""
        return at_most(self.sizes.serves_all, f"robust on balls of R^d; {self.sizes.tried}")


def _cell(packing: Packing, slopes: list[tuple[Trend, int]], setting: Setting) -> Cell[_Measured]:
    """Claims and measurement. slopes: trends with the x at which they have a place here."""
    weight = len(packing.labellings) * len(packing.points) * (1 + packing.moving)
    return Cell(
        name=packing.name.replace(" ", "-"),
        claims=(
            Claim(_size(packing), _Measured.worst),
            Claim(_construction(packing), lambda measured: faults(measured.built)),
        ),
        places=tuple(Place(trend, x, lambda m: m.sizes.values) for trend, x in slopes),
        work=partial(_measure, packing, setting),
        rows=lambda measured: [_row(packing, measured)],
        weight=float(weight),
    )


def _measure(packing: Packing, setting: Setting, run: Run) -> _Measured:
    instances = packing.instances()
    settings = settings_for(instances, setting)
    name = f"thm5.5-{packing.name.replace(' ', '-')}"
    sizes = searched(instances, constructions, settings, run, setting, name)
    pairs = [SeparatedPair.of_instance(one, packing.epsilon) for one in instances]
    try:
        networks = [manifold_classifier(pair, packing.covering, packing.c) for pair in pairs]
    except PrecisionError as error:
        raise imprecise(setting, error) from error
    most = int(packing.upper.value)
    return _Measured(sizes, tuple(checked(network, most) for network in networks))


def _row(packing: Packing, measured: _Measured) -> Row:
    return Row(
        series=packing.manifold.name,
        at={"k": float(packing.manifold.k), "d": float(packing.manifold.d)},
        values=measured.sizes.values,
        lower=packing.lower.below,
        upper=packing.upper.above,
        more={
            "packing": len(packing.points),
            "covering": len(packing.covering),
            "every labelling": packing.every,
            "networks": measured.sizes.json(),
            "built": [one.size for one in measured.built],
            "structural": [
                one.certificate.status.value for one in measured.built if one.certificate
            ],
        },
    )


def _cells(setting: Setting) -> Iterator[Cell[_Measured]]:
    """Sphere and torus at the largest d, as other coordinates are constant."""
    if setting.p is not Norm.INF:
        raise InputError("--p 2: Theorems 5.5 and 5.8 are about l_inf; for example --p inf")
    require_joint({k: min(setting.all(k)), d: max(setting.all(d))})
    in_k = {space: _slope_in_k(space, setting) for space in setting.integers(d)}
    for name, (_, fewest) in BUILDERS.items():
        ambient = setting.integers(d)
        in_d = {dimension: _slope_in_d(name, dimension) for dimension in setting.integers(k)}
        if name not in ("flat", "rotated"):
            ambient = [max(ambient)]
        for dimension, space in product(setting.integers(k), ambient):
            if fewest(dimension) <= space:
                slopes = [(in_d[dimension], space)]
                if name == "flat":
                    slopes.append((in_k[space], dimension))
                yield _cell(Packing.of(name, dimension, space, setting), slopes, setting)


def _slope_in_k(space: int, setting: Setting) -> Trend:
    e, ratio = setting.one(epsilon), setting.one(c)
    K, g = len(grid_axis(e, Grid.DENSE)), int(cells_an_axis(e, ratio))
    return size_trend(
        "thm5.8",
        f"slope in k, flat d={space}",
        "k",
        (
            f"for large k the size grows at least by the factor sqrt(K) = sqrt({K}) for each k "
            f"(any depth) and at most by g = {g}, the covering's cells an axis; by K at most on "
            "this grid, whose points are all that is to be fitted. At a few small k the limits on "
            "size themselves allow other slopes"
        ),
        lower=Limit(log(K) / 2, "half of log K, thm5.8 explicit"),
        upper=Limit(log(g), "log g, thm5.5 explicit"),
    )


def _slope_in_d(name: str, dimension: int) -> Trend:
    return size_trend(
        "thm5.5",
        f"slope in d, {name} k={dimension}",
        "d",
        "at fixed k the upper limit is linear in d, so the size rises no faster",
        log_x=True,
        upper=Limit(1, "thm5.5 explicit, linear in d"),
    )


EXPERIMENT = Experiment(
    id="thm5.5",
    covers=("thm5.5", "thm5.8"),
    measures="smallest certified size on packings of manifolds, against k and against d",
    seeds_are="random labellings of each packing, and starts of each architecture",
    quick=Setting(axes=axes({k: "1:3", d: "2,4,6", epsilon: "1/4", c: "1/2"}), seeds=6),
    full=Setting(axes=axes({k: "1:4", d: "4,8", epsilon: "1/4", c: "1/2"}), seeds=12),
    quick_seconds=60,
    cells=lambda setting: list(_cells(setting)),
)
