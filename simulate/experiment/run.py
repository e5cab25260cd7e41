"""Run probes cell by cell within a time budget, keep what is measured, and judge it."""

from __future__ import annotations

import json
import platform
import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from importlib.metadata import version
from math import inf
from pathlib import Path
from typing import Any

from robustsize.bounds.symbols import BY_SYMBOL, InputError, Norm, d
from robustsize.simulate.data.exact import OutOfReachError
from robustsize.simulate.experiment.claim import Prediction
from robustsize.simulate.experiment.evidence import Evidence
from robustsize.simulate.experiment.model import (
    Axes,
    Cell,
    Experiment,
    Outcome,
    Progress,
    Row,
    Run,
    Setting,
    slope,
    trends,
)
from robustsize.simulate.experiment.sources import source_digest
from robustsize.simulate.experiment.statistics import corrected_confidence, is_statistical
from robustsize.simulate.experiment.verdict import Verdict, judge
from robustsize.simulate.system.deadline import OutOfTimeError, until
from robustsize.simulate.system.folder import check_folder, folder_of_run, write_json
from robustsize.simulate.train.adversarial import engine_for

NETWORKS = "networks"
CELLS = ".cells"
MOST_DIMENSIONS = 64
"""Probes search and certify small cases."""
_WRITING_SHARE, _MOST_WRITING_SECONDS = 0.1, 3.0
"""What of a time budget is kept for the page and the figures."""
_GRACE = 0.05
"""Share of the time left by which a cell may pass the deadline to tell what it has so far."""
_SOFTWARE = ("robustsize", "numpy", "numba", "scipy", "scikit-learn", "torch")


@dataclass(frozen=True)
class Task:
    """A probe and where it measures."""

    probe: Experiment
    setting: Setting


@dataclass(frozen=True)
class Judged:
    """A prediction of a probe, the evidence where there is any, and the verdict."""

    probe: str
    prediction: Prediction
    evidence: Evidence | None
    verdict: Verdict


@dataclass(frozen=True, kw_only=True)
class Result:
    """All that a run found.

    seed, engine, device, versions, sources, machine: what it depends on; sources is a digest of
    the code. dropped_cells: how many kept ones of other code were measured again. settings, rows:
    of each probe. cut_short: cells that the time budget ended, or ended before. intervals:
    statistical ones, each at `confidence`.
    """

    name: str
    seed: int
    engine: str
    device: str
    versions: Mapping[str, str]
    sources: str
    dropped_cells: int
    machine: str
    settings: Mapping[str, dict[str, Any]]
    cut_short: Sequence[str]
    intervals: int
    confidence: float
    outcomes: Sequence[Judged]
    rows: Mapping[str, Sequence[Row]]


def probe_task(probe: Experiment, given: Axes, p: Norm, seeds: int, seed: int, device: str) -> Task:
    """A probe at the user's parameters, the others as in its quick preset.

    Raises InputError for a parameter that the probe does not take, or too large a dimension.
    """
    if (largest := max(given.get(d, (Fraction(1),)))) > MOST_DIMENSIONS:
        raise InputError(f"--d {largest}: at most {MOST_DIMENSIONS} is measured; for example --d 4")
    for symbol in given:
        if symbol not in probe.quick.axes:
            taken = ", ".join(BY_SYMBOL[s].option for s in probe.quick.axes)
            raise InputError(f"{BY_SYMBOL[symbol].option}: the probe {probe.id} takes {taken}")
    axes = {**probe.quick.axes, **given}
    return Task(probe, Setting(axes=axes, p=p, seeds=seeds, seed=seed, device=device))


def run(
    tasks: Sequence[Task],
    name: str,
    *,
    folder: Path,
    write: Callable[[Result, Path], None],
    budget_seconds: float = inf,
    progress: Progress = lambda share, doing: None,
) -> Result:
    """Measure every cell, judge every prediction, and have the result written to the folder.

    tasks: of one seed and device. name: of the whole. Cells that an interrupted run with the same
    settings, versions and sources measured are taken from its files; others are dropped, and the
    result says how many. Networks worth keeping are written to the folder too.

    Raises InputError where the device is not there, a setting cannot be measured or the folder
    cannot be written.
    """
    device = tasks[0].setting.device
    try:
        engine = engine_for("auto", device)
    except ValueError as error:
        raise InputError(f"--device {device}: {error}; for example --device cpu") from error
    cells = [(task, cell) for task in tasks for cell in _in_seconds(task)]
    settings = {task.probe.id: task.setting.json() for task in tasks}
    versions = {package: version(package) for package in _SOFTWARE}
    writing = min(_WRITING_SHARE * budget_seconds, _MOST_WRITING_SECONDS)
    deadline = time.monotonic() + budget_seconds - writing
    with folder_of_run(folder, f"{name} {json.dumps(settings)}"):
        measured, dropped = _measured(cells, folder, deadline, versions, progress)
        result = Result(
            name=name,
            seed=tasks[0].setting.seed,
            engine=engine.name,
            device=engine.device,
            versions=versions,
            sources=source_digest(),
            dropped_cells=dropped,
            machine=f"{platform.machine()} {platform.system()}, Python {platform.python_version()}",
            settings=settings,
            cut_short=[key for key, one in measured.items() if one is None or one.cut_short],
            **_judged(tasks, cells, measured),
        )
        write(result, folder)
        if not result.cut_short:
            shutil.rmtree(folder / CELLS, ignore_errors=True)
    return result


def _measured(
    cells: Sequence[tuple[Task, Cell[Any]]],
    folder: Path,
    deadline: float,
    versions: dict[str, str],
    progress: Progress,
) -> tuple[dict[str, Outcome | None], int]:
    """What each cell measured, by probe and cell, None where the budget ended before; and how many
    kept cells were dropped.
    """
    check_folder(folder / NETWORKS)
    check_folder(folder / CELLS)
    code = source_digest()
    total = sum(cell.weight for _, cell in cells)
    measured: dict[str, Outcome | None] = {}
    done, dropped = 0.0, 0
    for task, cell in cells:
        key = f"{task.probe.id}-{cell.name}"

        def show(
            share: float, doing: str, at: float = done, key: str = key, cell: Cell[Any] = cell
        ) -> None:
            progress((at + share * cell.weight) / total, f"{key}: {doing}")

        run = Run(folder / NETWORKS, deadline, show)
        made_by = {"setting": task.setting.json(), "versions": versions, "sources": code}
        path = folder / CELLS / f"{key}.json"
        kept = _resumed(path, made_by)
        if kept is None and path.exists():
            dropped += 1
            show(0.0, "what an earlier run kept is from other code or settings: measured again")
        try:
            measured[key] = kept or _cell(path, made_by, cell, run)
        except OutOfReachError as error:
            raise InputError(
                f"{_in_words(task)}: {cell.name} cannot be measured: {error}; for example "
                f"robustsize probe {task.probe.id} -o out/probe, at parameters that can"
            ) from error
        done += cell.weight
    return measured, dropped


def _in_words(task: Task) -> str:
    """A probe's parameters as options."""
    axes = task.setting.axes.items()
    given = [f"{BY_SYMBOL[s].option} {','.join(map(str, values))}" for s, values in axes]
    return " ".join([task.probe.id, *given, f"--seeds {task.setting.seeds}"])[:300]


def _in_seconds(task: Task) -> list[Cell[Any]]:
    """The probe's cells, weighed by about the seconds that they take in its quick preset."""
    cells = task.probe.cells(task.setting)
    unit = task.probe.quick_seconds / sum(cell.weight for cell in cells)
    return [replace(cell, weight=unit * cell.weight) for cell in cells]


def _cell(path: Path, made_by: dict[str, Any], cell: Cell[Any], run: Run) -> Outcome | None:
    """Measured; None where the budget ended before."""
    if time.monotonic() > run.deadline:
        return None
    try:
        with until(run.deadline + _GRACE * run.seconds_left):
            outcome = cell.measure(run)
    except OutOfTimeError:
        return None
    if time.monotonic() > run.deadline:
        return _cut_short(outcome)
    write_json(path, {"made_by": made_by, **outcome.json()})
    return outcome


def _cut_short(outcome: Outcome) -> Outcome:
    """The outcome, its evidence saying so; it is not kept, so a run with more time measures it."""
    evidence = tuple(
        replace(one, tried=f"{one.tried}; the time budget ended meanwhile".lstrip("; "))
        for one in outcome.evidence
    )
    return replace(outcome, evidence=evidence, cut_short=True)


def _resumed(path: Path, made_by: dict[str, Any]) -> Outcome | None:
    try:
        saved = json.loads(path.read_text())
        if saved["made_by"] != made_by:
            return None
        return Outcome.of(saved)
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _judged(
    tasks: Sequence[Task],
    cells: Sequence[tuple[Task, Cell[Any]]],
    measured: Mapping[str, Outcome | None],
) -> dict[str, Any]:
    """Outcomes and rows; the confidence of each interval depends on how many there are."""
    judgements: list[tuple[Task, Prediction, Evidence | None]] = []
    rows: dict[str, list[Row]] = {task.probe.id: [] for task in tasks}
    outcomes = [measured[f"{task.probe.id}-{cell.name}"] for task, cell in cells]
    for (task, cell), outcome in zip(cells, outcomes, strict=True):
        rows[task.probe.id] += outcome.rows if outcome else ()
        found = outcome.evidence if outcome else (None,) * len(cell.claims)
        for claim, evidence in zip(cell.claims, found, strict=True):
            judgements.append((task, claim.prediction, evidence))
    for task in tasks:
        mine = [(cell, o) for (of, cell), o in zip(cells, outcomes, strict=True) if of is task]
        for trend in trends([cell for cell, _ in mine]):
            judgements.append((task, trend.prediction, slope(trend, mine)))
    intervals = sum(is_statistical(evidence) for _, _, evidence in judgements)
    confidence = corrected_confidence(intervals)
    judged = [
        Judged(task.probe.id, prediction, evidence, judge(prediction, evidence, confidence))
        for task, prediction, evidence in judgements
    ]
    return {
        "intervals": intervals,
        "confidence": confidence,
        "outcomes": judged,
        "rows": rows,
    }
