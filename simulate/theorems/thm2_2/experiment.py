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

from collections.abc import Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from functools import partial
from itertools import product
from math import inf, log
from pathlib import Path

import sympy as sp

from robustsize.bounds.statement import ON_BALL
from robustsize.bounds.symbols import InputError, N, Norm, d, delta, epsilon
from robustsize.simulate.certify.complete import certify
from robustsize.simulate.experiment.claim import Limit, Prediction, at_most
from robustsize.simulate.experiment.constructions import faults_found
from robustsize.simulate.experiment.errors import SPARE_BITS, random_labelling_limit
from robustsize.simulate.experiment.fits import Place, gadget_place, random_place
from robustsize.simulate.experiment.gadgets import Gadgets
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
    explicit,
    found_json,
    settings_for,
    size_of,
    size_trend,
    smallest_sizes,
    tried,
    worst,
)
from robustsize.simulate.networks.network import Network
from robustsize.simulate.search.model import Found, Settings
from robustsize.simulate.search.prune import Effort, Origin
from robustsize.simulate.theorems.candidates import constructions

MOST_POINTS = 128
SHOWN = 4
"""Data sets of one class of gadgets that are shown as replicates: all have one size."""

_NODES = 1000


def _limits(place: Place) -> tuple[Limit, Limit]:
    """The explicit forms: Theorem 2.3's at the labels forced here, and Theorem 2.2's."""
    first = place.instances[0]
    values = {
        N: Fraction(len(first.points)),
        d: Fraction(first.dimension),
        epsilon: place.epsilon,
        delta: first.radius,
    }
    lower = random_labelling_limit(
        place.forced,
        first.dimension,
        Fraction(0),
        spare_bits=place.spare_bits,
        trivial=ON_BALL,
    )
    lower = replace(lower, source=f"thm2.3 explicit: {lower.source}")
    return lower, explicit("thm2.2", values, first.p)


def _predictions(place: Place) -> tuple[Prediction, Prediction]:
    """The sandwich, and the constructions."""
    lower, upper = _limits(place)
    which = f"{len(place.instances)} random data sets"
    chance = f", except with probability 2^-{SPARE_BITS} over the draw"
    if place.stands_for is not None:
        total = place.stands_for * len(place.instances)
        which, chance = f"the {total} data sets that force all labels of {place.forced}", ""
    size = Prediction(
        id="thm2.3",
        name=f"size {place.name}",
        says=(
            f"the worst of {which} needs at least the lower limit{chance}, and at most the "
            "upper limit of thm2.2"
        ),
        quantity="parameters of the smallest network that fits the worst data set robustly",
        lower=lower,
        upper=upper,
        hypotheses=place.hypotheses,
    )
    built = Prediction(
        id="thm2.2",
        name=f"constructions {place.name}",
        says="the built network fits robustly, within the explicit size, each data set",
        quantity="data sets whose built network is refuted or larger",
        upper=Limit(0, "thm2.2 explicit"),
        hypotheses=place.hypotheses,
    )
    return size, built


def _cell(place: Place, setting: Setting) -> Cell:
    """Predictions and measurement."""
    weight = len(place.instances) * len(place.instances[0].points) * place.at["d"]
    measure = partial(_measure, place, setting)
    return Cell(place.name.replace(" ", "-"), _predictions(place), measure, weight)


def _measure(place: Place, setting: Setting, run: Run) -> Outcome:
    size, built = _predictions(place)
    lower, upper = _limits(place)
    instances = place.instances
    name = f"thm2.2-{place.name.replace(' ', '-')}"
    found = smallest_sizes(instances, constructions, _settings(place, setting), run, setting, name)
    for i, one in enumerate(found):
        _offer_bisector(one, run.folder / f"{name}-{i}.npz")
    evidence = {
        size.name: at_most(worst(found), tried(found)),
        built.name: faults_found(found, int(upper.value)),
    }
    copies = min(place.stands_for or 1, SHOWN)
    row = Row(
        series=place.series,
        at=place.at,
        values=tuple(size_of(one) for one in found for _ in range(copies)),
        lower=lower.below,
        upper=upper.above,
        more={
            "epsilon": float(place.epsilon),
            "forced": place.forced,
            "every label": place.stands_for is not None,
            "networks": [found_json(one) for one in found],
        },
    )
    return Outcome(evidence, (row,))


def _settings(place: Place, setting: Setting) -> Settings:
    """A search as for any points; a short one for gadgets, whose certificates at p = 2 are dear."""
    settings = settings_for(place.instances, setting)
    if place.series == "random":
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


def _whole(symbol: sp.Symbol, setting: Setting) -> list[int]:
    return [int(value) for value in setting.all(symbol)]


def _places(setting: Setting) -> Iterator[Place]:
    e = setting.one(epsilon)
    for points in _whole(N, setting):
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
    for points, dimension, radius in product(_whole(N, setting), _whole(d, setting), radii):
        yield random_place(points, dimension, radius, setting)
        gadgets = None if points % 2 else gadget_place(points, dimension, radius, setting)
        if gadgets is not None:
            yield gadgets


def _trends(setting: Setting) -> Sequence[Trend]:
    return [trend for radius in setting.all(delta) for trend in _slopes(radius, setting)]


def _slopes(radius: Fraction, setting: Setting) -> Iterator[Trend]:
    """In N at the largest d; for delta > 0 in d at the largest N, and of one gadget where q = d."""
    points, spaces = _whole(N, setting), _whole(d, setting)
    lower = Limit(0.5, "thm2.3 printed, sqrt(N d)")
    where = {"delta": float(radius)}
    if len(points) > 1:
        says = "on random data the size rises at least like sqrt(N)"
        fixed = {**where, "d": float(max(spaces))}
        yield _slope("thm2.3", "random", "samples", says, fixed, lower=lower)
    if len(spaces) == 1 or not radius:
        return
    upper = Limit(_printed_slope(spaces, radius), "thm2.2 printed, d log(d/delta) over this range")
    says = "on random data the size rises at most like d log(d/delta)"
    fixed = {**where, "samples": float(max(points))}
    yield _slope("thm2.2", "random", "d", says, fixed, upper=upper)
    gadgets = [Gadgets.largest(space, setting.one(epsilon), radius, 1) for space in spaces]
    full = all(g is not None and g.q == g.d for g in gadgets)
    if full and 2 in points:
        says = "on gadgets with q = d probes the size rises between sqrt(d) and d log(d/delta)"
        fixed = {**where, "samples": 2.0}
        yield _slope("thm2.3", "gadgets", "d", says, fixed, lower=lower, upper=upper)


def _printed_slope(spaces: Sequence[int], radius: Fraction) -> float:
    """The log-log slope of d log(d/delta) from the smallest to the largest d."""
    low, high = (log(x * log(x / radius)) for x in (min(spaces), max(spaces)))
    return (high - low) / log(max(spaces) / min(spaces))


def _slope(
    id: str,
    series: str,
    x: str,
    says: str,
    where: dict[str, float],
    *,
    lower: Limit | None = None,
    upper: Limit | None = None,
) -> Trend:
    name = f"{series} slope in {x} delta={where['delta']:g}"
    return size_trend(id, name, series, x, says, log_x=True, lower=lower, upper=upper, where=where)


PROBE = Probe(
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
    cells=lambda setting: [_cell(place, setting) for place in _places(setting)],
    trends=_trends,
)
