"""What is found and built for the labellings of a grid."""

from __future__ import annotations

from dataclasses import dataclass, replace

from robustsize.bounds.symbols import Norm, c, epsilon
from robustsize.simulate.data.exact import PrecisionError
from robustsize.simulate.data.labellings import Labels, checkerboard
from robustsize.simulate.data.regions import SeparatedPair
from robustsize.simulate.experiment.constructions import Built, checked
from robustsize.simulate.experiment.evidence import Between, at_most
from robustsize.simulate.experiment.model import Run
from robustsize.simulate.experiment.sizes import Sizes, imprecise, searched, settings_for
from robustsize.simulate.search.shatter import Shattered, shatter
from robustsize.simulate.theorems.candidates import constructions
from robustsize.simulate.theorems.thm3_3.construction import Form, robust_classifier
from robustsize.simulate.theorems.thm3_3.labelled_grid import LabelledGrid

_SHATTER_SEEDS = 64
_NODES = 20_000


@dataclass(frozen=True, eq=False)
class Measured:
    """What was found and built for the labellings.

    Beside all labellings one architecture is trained on each; beside those drawn the checkerboard
    is searched.
    """

    sizes: Sizes
    built: tuple[Built, ...]
    shattered: Shattered | None
    board: Sizes | None

    def worst(self) -> Between:
        """Evidence on a size that serves every labelling."""
        one = self.shattered
        if one is None:
            return self.sizes.worst()
        hidden = "x".join(map(str, one.architecture))
        tried = (
            f"{self.sizes.tried}; width {hidden} certified on {one.certified} of {one.total} "
            f"labellings, {one.seeds} starts at most"
        )
        known = [self.sizes.serves_all]
        if one.shattered:
            known.append(max(r.network.size for r in one.results if r.network is not None))
        return at_most(min((size for size in known if size is not None), default=None), tried)

    def checkerboard(self) -> Between:
        """Evidence on the size that serves the checkerboard."""
        return self.board.worst() if self.board is not None else at_most(None, "not searched")


def measure(grid: LabelledGrid, run: Run) -> Measured:
    """Search, build, and shatter or search the checkerboard."""
    labels, _ = grid.labellings
    first, second = run.part(0, 2), run.part(1, 2)
    sizes = _searched(grid, labels, first, f"thm3.3-d{grid.d}")
    shattered = board = None
    if grid.exhaustive:
        shattered = _shattered(grid, second)
    else:
        chess = checkerboard(len(grid.axis), grid.d)[None]
        board = _searched(grid, chess, second, f"thm3.3-d{grid.d}-checkerboard")
    return Measured(sizes, build(grid, labels), shattered, board)


def _searched(grid: LabelledGrid, labels: Labels, run: Run, name: str) -> Sizes:
    instances = grid.instances(labels)
    settings = settings_for(instances, grid.setting)
    if grid.exhaustive:
        # Many small searches: one hidden layer, and few of everything.
        ladder = tuple((width,) for width in sorted({-(-(grid.m - 1) // 2), grid.m - 1}))
        seeds = -(-grid.setting.seeds // 2)
        settings = replace(settings, ladder=ladder, chains=2, seeds=seeds)
    return searched(instances, constructions, settings, run, grid.setting, name)


def _shattered(grid: LabelledGrid, run: Run) -> Shattered:
    """All labellings at one hidden layer of a unit fewer than there are points."""
    given = grid.setting
    return shatter(
        grid.points,
        given.one(c) * given.one(epsilon),
        given.p,
        (grid.m - 1,),
        seeds=_SHATTER_SEEDS,
        steps=300,
        nodes=_NODES,
        seed=given.seed,
        device=given.device,
        budget_seconds=run.seconds_left,
        progress=run.progress,
    )


def build(grid: LabelledGrid, labels: Labels) -> tuple[Built, ...]:
    """Theorem 3.3's network for each labelling, checked."""
    form = Form.EXPLICIT if grid.setting.p is Norm.INF else Form.BALLS
    most = int(grid.limits[1].value)
    pairs = [
        SeparatedPair.of_instance(x, grid.setting.one(epsilon)) for x in grid.instances(labels)
    ]
    try:
        networks = [robust_classifier(pair, grid.setting.one(c), form=form) for pair in pairs]
    except PrecisionError as error:
        raise imprecise(grid.setting, error) from error
    return tuple(checked(network, most) for network in networks)
