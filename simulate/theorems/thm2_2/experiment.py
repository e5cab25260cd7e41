"""Theorems 2.2 and 2.3: the size that robust training needs on N points, from below and above.

Random: N points of the unit l_p ball, pairwise 2 epsilon apart, with random labels. Any labels are
2 epsilon-separated there, so that the bound for random labellings holds of them. It knows of N
only: the sqrt(N d) of the lower bound is about the worst data sets at p = 2, which are the gadgets.
Two points of a gadget force the labels of q probes, so that N points carry floor(N/2) q bits.

Slopes: theory has smallest sizes between sqrt(N d) and N d. On random data the lower half is read
in N alone and the upper half in d alone: at few points one hyperplane does, so that over small N
even the explicit upper bound rises faster than N. Gadgets are read in d on both sides.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from functools import partial
from itertools import product
from math import inf
from pathlib import Path

from robustsize.bounds.statement import ON_BALL
from robustsize.bounds.symbols import InputError, N, Norm, d, delta, epsilon
from robustsize.simulate.certify.complete import certify
from robustsize.simulate.experiment.claim import Claim, Limit, Prediction
from robustsize.simulate.experiment.limits import SPARE_BITS, explicit, random_labelling_limit
from robustsize.simulate.experiment.model import Cell, Experiment, Row, Run, Setting, axes
from robustsize.simulate.experiment.sizes import Sizes, searched, settings_for
from robustsize.simulate.networks.network import Network
from robustsize.simulate.search.model import Found, Settings
from robustsize.simulate.search.prune import Effort, Origin
from robustsize.simulate.theorems.candidates import constructions
from robustsize.simulate.theorems.thm2_2.data_sets import (
    DataSets,
    Series,
    gadget_data_sets,
    random_data_sets,
)
from robustsize.simulate.theorems.thm2_2.slopes import Slopes, replicates

MOST_POINTS = 128
_NODES = 1000


def limits(sets: DataSets) -> tuple[Limit, Limit]:
    """The explicit forms: Theorem 2.3's at the labels forced here, and Theorem 2.2's."""
    first = sets.instances[0]
    values = {
        N: Fraction(len(first.points)),
        d: Fraction(first.dimension),
        epsilon: sets.epsilon,
        delta: first.radius,
    }
    lower = random_labelling_limit(
        sets.forced, first.dimension, Fraction(0), spare_bits=sets.spare_bits, trivial=ON_BALL
    )
    lower = replace(lower, source=f"thm2.3 explicit: {lower.source}")
    return lower, explicit("thm2.2", values, first.p)


def _size(sets: DataSets) -> Prediction:
    """The sandwich."""
    lower, upper = limits(sets)
    which = f"{len(sets.instances)} random data sets"
    chance = f", except with probability 2^-{SPARE_BITS} over the draw"
    if sets.stands_for is not None:
        total = sets.stands_for * len(sets.instances)
        which, chance = f"the {total} data sets that force all labels of {sets.forced}", ""
    return Prediction(
        id="thm2.3",
        name=f"size {sets.name}",
        says=(
            f"the worst of {which} needs at least the lower limit{chance}, and at most the "
            "upper limit of thm2.2"
        ),
        quantity="parameters of the smallest network that fits the worst data set robustly",
        lower=lower,
        upper=upper,
        hypotheses=sets.hypotheses,
    )


def _built(sets: DataSets) -> Prediction:
    return Prediction(
        id="thm2.2",
        name=f"constructions {sets.name}",
        says="the built network fits robustly, within the explicit size, each data set",
        quantity="data sets whose built network is refuted or larger",
        upper=Limit(0, "thm2.2 explicit"),
        hypotheses=sets.hypotheses,
    )


def _cell(sets: DataSets, slopes: Slopes, setting: Setting) -> Cell[Sizes]:
    """Claims and measurement."""
    most = int(limits(sets)[1].value)
    return Cell(
        name=sets.name.replace(" ", "-"),
        claims=(
            Claim(_size(sets), Sizes.worst),
            Claim(_built(sets), lambda sizes: sizes.faults(most)),
        ),
        places=tuple(slopes.places(sets)),
        work=partial(_searched, sets, setting),
        rows=lambda sizes: [_row(sets, sizes)],
        weight=len(sets.instances) * len(sets.instances[0].points) * sets.at["d"],
    )


def _searched(sets: DataSets, setting: Setting, run: Run) -> Sizes:
    name = f"thm2.2-{sets.name.replace(' ', '-')}"
    settings = _settings(sets, setting)
    sizes = searched(sets.instances, constructions, settings, run, setting, name)
    for i, found in enumerate(sizes.found):
        _offer_bisector(found, run.folder / f"{name}-{i}.npz")
    return sizes


def _row(sets: DataSets, sizes: Sizes) -> Row:
    lower, upper = limits(sets)
    return Row(
        series=sets.series.value,
        at=sets.at,
        values=replicates(sets, sizes),
        lower=lower.below,
        upper=upper.above,
        more={
            "epsilon": float(sets.epsilon),
            "forced": sets.forced,
            "every label": sets.stands_for is not None,
            "networks": sizes.json(),
        },
    )


def _settings(sets: DataSets, setting: Setting) -> Settings:
    """A search as for any points; a short one for gadgets: certificates at p = 2 are expensive."""
    settings = settings_for(sets.instances, setting)
    if sets.series is Series.RANDOM:
        return settings
    effort = Effort(rounds=12, tries=16)
    return replace(settings, ladder=settings.ladder[:2], chains=2, effort=effort, nodes=_NODES)


def _offer_bisector(found: Found, path: Path) -> None:
    """At p = 2 the hyperplane half way between two points fits them at every delta < epsilon.

    Where it is smaller than what was found it is kept in its place.
    """
    instance = found.instance
    if instance.p is Norm.TWO and len(instance.points) == 2:
        label, (x, y) = int(instance.labels[0]), instance.points
        weights = [float(label * (v - w)) for v, w in zip(x, y, strict=True)]
        bias = sum((w * w - v * v for v, w in zip(x, y, strict=True)), Fraction(0)) / 2
        plane = Network.of([([weights], [float(label * bias)])])
        found.offer(plane, certify(plane, instance, budget_seconds=inf), Origin.LINEAR)
        if found.network is plane:
            plane.save(path)


def _cells(setting: Setting) -> Iterator[Cell[Sizes]]:
    e = setting.one(epsilon)
    for points in setting.integers(N):
        if not 2 <= points <= MOST_POINTS:
            raise InputError(
                f"--samples {points}: 2 to {MOST_POINTS} points are searched; "
                "for example --samples 8"
            )
    radii = setting.all(delta)
    for radius in radii:
        if radius >= e:
            raise InputError(
                f"--delta {radius}: the radius must be below epsilon = {e}; "
                f"for example --delta {e / 2}"
            )
    slopes = {radius: Slopes.at(radius, setting) for radius in radii}
    for points, dimension, radius in product(setting.integers(N), setting.integers(d), radii):
        yield _cell(random_data_sets(points, dimension, radius, setting), slopes[radius], setting)
        gadgets = None if points % 2 else gadget_data_sets(points, dimension, radius, setting)
        if gadgets is not None:
            yield _cell(gadgets, slopes[radius], setting)


EXPERIMENT = Experiment(
    id="thm2.2",
    covers=("thm2.2", "thm2.3"),
    measures="smallest certified size that robustly fits N points, random and adversarial",
    seeds_are="starts of each architecture for each data set",
    quick=Setting(
        axes=axes({N: "2,4,8,16,32", d: "2,4", epsilon: "1/16", delta: "1/32,7/128"}), seeds=8
    ),
    full=Setting(
        axes=axes({N: "2,4,8,16,32,64", d: "2,4,8", epsilon: "1/16", delta: "1/32,7/128,63/1024"}),
        seeds=16,
    ),
    quick_seconds=18,
    cells=lambda setting: list(_cells(setting)),
)
