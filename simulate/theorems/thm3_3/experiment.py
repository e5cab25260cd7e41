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
from functools import partial
from math import log

from robustsize.bounds.counting.construction_size import cells_an_axis
from robustsize.bounds.symbols import InputError, Norm, c, d, epsilon
from robustsize.simulate.data.instance import Grid, grid_axis
from robustsize.simulate.experiment.claim import Claim, Hypothesis, Limit, Prediction
from robustsize.simulate.experiment.constructions import faults
from robustsize.simulate.experiment.limits import SPARE_BITS
from robustsize.simulate.experiment.model import Cell, Experiment, Place, Row, Setting, Trend, axes
from robustsize.simulate.experiment.sizes import Sizes, size_trend
from robustsize.simulate.theorems.thm3_3.labelled_grid import RANDOM, LabelledGrid
from robustsize.simulate.theorems.thm3_3.measurement import Measured, measure

MOST_POINTS = 128


def _size(grid: LabelledGrid) -> Prediction:
    """The sandwich."""
    lower, upper = grid.limits
    which = f"{RANDOM} random labellings"
    chance = f", except with probability 2^-{SPARE_BITS} over the draw"
    if grid.exhaustive:
        which, chance = f"all {2**grid.m} labellings", ""
    return Prediction(
        id="thm3.4",
        name=f"size d={grid.d}",
        says=(
            f"the worst of {which} of the grid needs at least the lower limit{chance}, and at "
            "most the upper limit of thm3.3"
        ),
        quantity=f"parameters of the smallest network for the worst of {which}",
        lower=lower,
        upper=upper,
        hypotheses=(grid.apart,),
    )


def _construction(grid: LabelledGrid) -> Prediction:
    return Prediction(
        id="thm3.3",
        name=f"constructions d={grid.d}",
        says="the built network is robust and within the explicit size, for each labelling",
        quantity="labellings whose built network is refuted or larger",
        upper=Limit(0, "thm3.3 explicit"),
        hypotheses=(grid.apart,),
    )


def _checkerboard(grid: LabelledGrid) -> Prediction:
    return Prediction(
        id="thm3.3",
        name=f"checkerboard d={grid.d}",
        says="the upper bound's size serves the checkerboard",
        quantity="parameters of the smallest network for the checkerboard",
        upper=grid.limits[1],
        hypotheses=(grid.apart,),
    )


def _cell(grid: LabelledGrid, slopes: Sequence[Trend]) -> Cell[Measured]:
    """Claims and measurement.

    Raises InputError where the grid has too many points.
    """
    if grid.m > MOST_POINTS:
        raise InputError(
            f"--d {grid.d} --epsilon {grid.setting.one(epsilon)}: {grid.m} grid points, at most "
            f"{MOST_POINTS} are searched; for example --d 2 --epsilon 1/4"
        )
    claims = [
        Claim(_size(grid), Measured.worst),
        Claim(_construction(grid), lambda measured: faults(measured.built)),
    ]
    if not grid.exhaustive:
        claims.append(Claim(_checkerboard(grid), Measured.checkerboard))
    return Cell(
        name=f"d={grid.d}",
        claims=tuple(claims),
        places=tuple(Place(one, grid.d, lambda m: _values(grid, m.sizes)) for one in slopes),
        work=partial(measure, grid),
        rows=partial(_rows, grid),
        weight=float(grid.m * len(grid.labellings[0])),
    )


def _values(grid: LabelledGrid, sizes: Sizes) -> tuple[int | None, ...]:
    """The size of each labelling that was measured or that another stands for."""
    pairs = zip(sizes.values, grid.labellings[1], strict=True)
    return tuple(size for size, count in pairs for _ in range(count))


def _rows(grid: LabelledGrid, measured: Measured) -> list[Row]:
    more: dict[str, object] = {"networks": measured.sizes.json()}
    one, board = measured.shattered, measured.board
    if one is not None:
        more["architecture"] = {
            "hidden": list(one.architecture),
            "certified labellings": one.certified,
            "labellings": one.total,
            "shattered": one.shattered,
        }
    rows = [_row(grid, "labelling", _values(grid, measured.sizes), more)]
    if board is not None:
        rows.append(_row(grid, "checkerboard", board.values, {"network": board.json()[0]}))
    return rows


def _row(
    grid: LabelledGrid, series: str, values: tuple[int | None, ...], more: dict[str, object]
) -> Row:
    lower, upper = grid.limits
    return Row(
        series=series,
        at={"d": float(grid.d)},
        values=values,
        lower=lower.below,
        upper=upper.above,
        more={"points": grid.m, "all labellings": grid.exhaustive, **more},
    )


def _trends(setting: Setting) -> list[Trend]:
    """The bases that the explicit forms really have: K and g, where the paper has 1/(2 epsilon)."""
    e, ratio = setting.one(epsilon), setting.one(c)
    K = len(grid_axis(e, Grid.DENSE))
    trends = [
        size_trend(
            "thm3.4",
            "slope in d",
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
            "d",
            f"the size grows at most like g^d, g = {g} cells an axis",
            upper=Limit(log(g), "thm3.3 explicit, d -> infinity"),
            also=(Hypothesis("factors polynomial in d do not show on this range", None),),
        )
        trends.append(above)
    return trends


def _cells(setting: Setting) -> list[Cell[Measured]]:
    slopes = _trends(setting)
    return [_cell(LabelledGrid(at, setting), slopes) for at in setting.integers(d)]


_WHERE = {epsilon: "1/4", c: "1/2"}

EXPERIMENT = Experiment(
    id="thm3.3",
    covers=("thm3.3", "thm3.4"),
    measures="smallest certified size for the labellings of a grid against d",
    seeds_are="starts of each architecture for each labelling",
    quick=Setting(axes=axes({**_WHERE, d: "1:3"}), seeds=16),
    full=Setting(axes=axes({**_WHERE, d: "1:4"}), seeds=64),
    quick_seconds=20,
    cells=_cells,
)
