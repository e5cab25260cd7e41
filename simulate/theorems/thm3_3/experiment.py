"""Theorems 3.3 and 3.4: the size that every labelling of a grid of (floor(1/(2 epsilon)) + 1)^d
points needs at radius c epsilon, from below and from above.

The lower bound speaks of the worst labelling. Where the points are few every labelling with both
labels is searched, one of each class that swapping coordinates or labels makes, which changes no
size; and one architecture is trained on all labellings: where it realises them all, its networks
serve the worst one too. Where the points are many labellings are drawn, and the bound for random
labellings takes the other's place.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from itertools import product
from math import log

import numpy as np
from numpy.typing import NDArray

from robustsize.bounds.counting.construction_size import cells_an_axis
from robustsize.bounds.symbols import InputError, Norm, c, d, epsilon
from robustsize.simulate.certify.structural import certify_construction
from robustsize.simulate.data.exact import PrecisionError
from robustsize.simulate.data.instance import Grid, Instance, Point, grid_axis
from robustsize.simulate.data.labellings import checkerboard, drawn, stream, up_to_symmetry
from robustsize.simulate.data.regions import SeparatedPair
from robustsize.simulate.experiment.claim import (
    Between,
    Evidence,
    Hypothesis,
    Limit,
    Prediction,
    at_most,
)
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
    explicit,
    found_json,
    imprecise,
    settings_for,
    size_of,
    size_trend,
    smallest_sizes,
    tried,
    worst,
)
from robustsize.simulate.search.model import Found
from robustsize.simulate.search.shatter import Shattered, shatter
from robustsize.simulate.theorems.candidates import constructions
from robustsize.simulate.theorems.thm3_3.construction import Form, robust_classifier

EXHAUSTED = 9
"""All labellings of so many points are measured."""
MOST_POINTS = 128
RANDOM = 8
"""Labellings drawn where there are more points; the checkerboard comes beside them."""

_SHATTER_SEEDS = 64
_NODES = 20_000


@dataclass(frozen=True, eq=False)
class _Grid:
    """The grid of one dimension, and the labellings to be measured."""

    d: int
    setting: Setting

    @cached_property
    def axis(self) -> tuple[Fraction, ...]:
        """The K values 2 epsilon j that each coordinate takes."""
        return grid_axis(self.setting.one(epsilon), Grid.DENSE)

    @cached_property
    def points(self) -> tuple[Point, ...]:
        """The grid's points, the last coordinate varying fastest."""
        return tuple(product(self.axis, repeat=self.d))

    @property
    def exhaustive(self) -> bool:
        """Whether all labellings are measured."""
        return len(self.points) <= EXHAUSTED

    @cached_property
    def labellings(self) -> tuple[NDArray[np.int8], NDArray[np.int64]]:
        """Labellings, shape (count, m), and how many each stands for."""
        if self.exhaustive:
            return up_to_symmetry(len(self.axis), self.d)
        m = len(self.points)
        return drawn(stream(self.setting.seed, m), RANDOM, m), np.ones(RANDOM, dtype=np.int64)

    def limits(self) -> tuple[Limit, Limit]:
        """Theorem 3.4's explicit form at the grid's points, or such that the worst of the
        labellings drawn needs as much except with probability 2^-10; and Theorem 3.3's.
        """
        given = self.setting
        values = {d: Fraction(self.d), epsilon: given.one(epsilon), c: given.one(c)}
        # Each of those drawn escapes with probability 2^-t, independently.
        spare = 0 if self.exhaustive else -(-SPARE_BITS // RANDOM)
        m = len(self.points)
        lower = random_labelling_limit(m, self.d, Fraction(0), spare_bits=spare)
        lower = replace(lower, source=f"thm3.4 explicit: {lower.source}")
        return lower, explicit("thm3.3", values, given.p)

    def predictions(self) -> tuple[Prediction, ...]:
        """The sandwich, the constructions, and the checkerboard where it is not one of all."""
        lower, upper = self.limits()
        m, e = len(self.points), self.setting.one(epsilon)
        which = f"{RANDOM} random labellings"
        chance = f", except with probability 2^-{SPARE_BITS} over the draw"
        if self.exhaustive:
            which, chance = f"all {2**m} labellings", ""
        apart = Hypothesis(f"the {m} points are pairwise 2 epsilon apart: spacing {2 * e}", True)
        size = Prediction(
            id="thm3.4",
            name=f"size d={self.d}",
            says=(
                f"the worst of {which} of the grid needs at least the lower limit{chance}, and at "
                "most the upper limit of thm3.3"
            ),
            quantity=f"parameters of the smallest network for the worst of {which}",
            lower=lower,
            upper=upper,
            hypotheses=(apart,),
        )
        built = Prediction(
            id="thm3.3",
            name=f"constructions d={self.d}",
            says="the built network is robust and within the explicit size, for each labelling",
            quantity="labellings whose built network is refuted or larger",
            upper=Limit(0, "thm3.3 explicit"),
            hypotheses=(apart,),
        )
        board = Prediction(
            id="thm3.3",
            name=f"checkerboard d={self.d}",
            says="the upper bound's size serves the checkerboard",
            quantity="parameters of the smallest network for the checkerboard",
            upper=upper,
            hypotheses=(apart,),
        )
        return (size, built) if self.exhaustive else (size, built, board)

    def cell(self) -> Cell:
        """Predictions and measurement.

        Raises InputError where the grid has too many points.
        """
        m = len(self.axis) ** self.d
        if m > MOST_POINTS:
            raise InputError(
                f"--d {self.d} --epsilon {self.setting.one(epsilon)}: {m} grid points, at most "
                f"{MOST_POINTS} are searched; for example --d 2 --epsilon 1/4"
            )
        weight = float(m * len(self.labellings[0]))
        return Cell(f"d={self.d}", self.predictions(), self._measure, weight)

    def _measure(self, run: Run) -> Outcome:
        size, built, *board = self.predictions()
        labels, counts = self.labellings
        first, second = run.part(0, 2), run.part(1, 2)
        found = self._searched(labels, first, f"thm3.3-d{self.d}")
        evidence: dict[str, Evidence] = {built.name: self._built(labels)}
        more: dict[str, object] = {"networks": [found_json(one) for one in found]}
        rows = []
        if board:
            evidence[size.name] = at_most(worst(found), tried(found))
            chess = checkerboard(len(self.axis), self.d)[None]
            (one,) = self._searched(chess, second, f"thm3.3-d{self.d}-checkerboard")
            evidence[board[0].name] = at_most(size_of(one), tried([one]))
            rows.append(self._row("checkerboard", (size_of(one),), {"network": found_json(one)}))
        else:
            shattered = self._shattered(second)
            evidence[size.name] = at_most(_least(found, shattered), _both(found, shattered))
            more["architecture"] = {
                "hidden": list(shattered.architecture),
                "certified labellings": shattered.certified,
                "labellings": shattered.total,
                "shattered": shattered.shattered,
            }
        pairs = zip(found, counts, strict=True)
        values = tuple(size_of(one) for one, count in pairs for _ in range(count))
        return Outcome(evidence, (self._row("labelling", values, more), *rows))

    def _instances(self, labels: NDArray[np.int8]) -> list[Instance]:
        given = self.setting
        radius = given.one(c) * given.one(epsilon)
        return [Instance(self.points, y, radius, given.p) for y in labels]

    def _searched(self, labels: NDArray[np.int8], run: Run, name: str) -> list[Found]:
        instances = self._instances(labels)
        settings = settings_for(instances, self.setting)
        if self.exhaustive:
            # Many small searches: one hidden layer, and few of everything.
            m = len(self.points)
            ladder = tuple((width,) for width in sorted({-(-(m - 1) // 2), m - 1}))
            seeds = -(-self.setting.seeds // 2)
            settings = replace(settings, ladder=ladder, chains=2, seeds=seeds)
        return smallest_sizes(instances, constructions, settings, run, self.setting, name)

    def _shattered(self, run: Run) -> Shattered:
        """All labellings at one hidden layer of a unit fewer than there are points."""
        given = self.setting
        return shatter(
            self.points,
            given.one(c) * given.one(epsilon),
            given.p,
            (len(self.points) - 1,),
            seeds=_SHATTER_SEEDS,
            steps=300,
            nodes=_NODES,
            seed=given.seed,
            device=given.device,
            budget_seconds=run.seconds_left,
            progress=run.progress,
        )

    def _built(self, labels: NDArray[np.int8]) -> Between:
        """Labellings with a faulty construction, and those where the certifier left it open."""
        form = Form.EXPLICIT if self.setting.p is Norm.INF else Form.BALLS
        most, built = int(self.limits()[1].value), []
        for instance in self._instances(labels):
            pair = SeparatedPair.of_instance(instance, self.setting.one(epsilon))
            try:
                network = robust_classifier(pair, self.setting.one(c), form=form)
            except PrecisionError as error:
                raise imprecise(self.setting, error) from error
            built.append(Built(network.size, most, certify_construction(network)))
        return faults(built)

    def _row(self, series: str, values: tuple[int | None, ...], more: dict[str, object]) -> Row:
        lower, upper = self.limits()
        return Row(
            series=series,
            at={"d": float(self.d)},
            values=values,
            lower=lower.below,
            upper=upper.above,
            more={"points": len(self.points), "all labellings": self.exhaustive, **more},
        )


def _least(found: Sequence[Found], shattered: Shattered) -> int | None:
    """A size that serves every labelling: as searched, or of the architecture that shatters."""
    known = [worst(found)]
    if shattered.shattered:
        known.append(max(one.network.size for one in shattered.results if one.network is not None))
    return min((size for size in known if size is not None), default=None)


def _both(found: Sequence[Found], shattered: Shattered) -> str:
    hidden = "x".join(map(str, shattered.architecture))
    return (
        f"{tried(found)}; width {hidden} certified on {shattered.certified} of {shattered.total} "
        f"labellings, {shattered.seeds} starts at most"
    )


def _trends(setting: Setting) -> Sequence[Trend]:
    """The bases that the explicit forms really have: K and g, where the paper has 1/(2 epsilon)."""
    if len(setting.all(d)) < 2:
        return ()
    e, ratio = setting.one(epsilon), setting.one(c)
    K = len(grid_axis(e, Grid.DENSE))
    trends = [
        size_trend(
            "thm3.4",
            "slope in d",
            "labelling",
            "d",
            f"on almost every labelling of the grid the size grows at least like K^(d/2), K = {K}",
            lower=Limit(log(K) / 2, "thm3.4 explicit, d -> infinity"),
        )
    ]
    if setting.p is Norm.INF:
        g = int(cells_an_axis(e, ratio))
        above = size_trend(
            "thm3.3",
            "slope in d from above",
            "labelling",
            "d",
            f"the size grows at most like g^d, g = {g} cells an axis",
            upper=Limit(log(g), "thm3.3 explicit, d -> infinity"),
            also=(Hypothesis("factors polynomial in d do not show on this range", None),),
        )
        trends.append(above)
    return trends


_WHERE = {epsilon: "1/4", c: "1/2"}

PROBE = Probe(
    id="thm3.3",
    covers=("thm3.3", "thm3.4"),
    measures="smallest certified size for the labellings of a grid against d",
    seeds_are="starts of each architecture for each labelling",
    quick=Setting(axes=axes({**_WHERE, d: "1:3"}), seeds=16),
    full=Setting(axes=axes({**_WHERE, d: "1:4"}), seeds=64),
    quick_seconds=20,
    cells=lambda setting: [_Grid(int(at), setting).cell() for at in setting.all(d)],
    trends=_trends,
)
