"""The main job: bounds, constructions and measured sizes on the hard instance of Theorem 4.3."""

from __future__ import annotations

import json
import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from fractions import Fraction
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from robustsize.bounds import symbols
from robustsize.bounds.catalogue import theorem
from robustsize.bounds.statement import FormName
from robustsize.bounds.symbols import InputError, Norm
from robustsize.bounds.value import BoundValue, bound_value, choose_form
from robustsize.report import agreement_page
from robustsize.report.agreement_figure import agreement_figure
from robustsize.report.bound_text import bound_json
from robustsize.report.files import check_folder, save_figure, write_json, write_text
from robustsize.report.progress import Progress, silent
from robustsize.report.verdict import Agreement, MeasuredSizes, judge
from robustsize.simulate.certify import Certificate, CertificateStatus
from robustsize.simulate.instance import (
    Grid,
    HardInstance,
    checkerboard,
    grid_axis,
    hard_instance,
    random_labelling,
    separating_hyperplane,
)
from robustsize.simulate.search import Settings
from robustsize.simulate.searching.prune import Effort
from robustsize.simulate.smallest import Smallest, smallest_certified

RESULT = "agreement.json"
SUMMARY = "summary.md"
NETWORKS = "networks"
_EXHAUSTED = 3
"""All labellings of so many points are measured."""


@dataclass(frozen=True)
class Cell:
    """One dimension of a preset: what the search tries there, and the share of the work."""

    d: int
    search: Settings
    random_labellings: int
    share: float


@dataclass(frozen=True)
class Preset:
    """What `agree` measures."""

    name: str
    epsilon: Fraction
    c: Fraction
    p: Norm
    cells: tuple[Cell, ...]


_SHORT = Effort(rounds=12, tries=16)

PRESETS = {
    "quick": Preset(
        name="quick",
        epsilon=Fraction(1, 4),
        c=Fraction(1, 2),
        p=Norm.INF,
        cells=(
            Cell(2, Settings(ladder=((2,), (4,)), seeds=16, cycles=1, effort=_SHORT), 0, 0.04),
            Cell(
                3,
                Settings(
                    ladder=((4,), (8,), (8, 4), (12, 6)),
                    seeds=32,
                    cycles=2,
                    steps=300,
                    effort=Effort(rounds=20, beam=2),
                ),
                3,
                0.3,
            ),
            Cell(
                4,
                Settings(
                    ladder=((16, 8), (24, 12), (32, 16)),
                    seeds=32,
                    cycles=1,
                    chains=6,
                    effort=Effort(rounds=24),
                ),
                2,
                0.4,
            ),
            Cell(
                5,
                Settings(
                    ladder=((64, 32),),
                    seeds=4,
                    cycles=1,
                    chains=8,
                    steps=300,
                    effort=Effort(rounds=12, tries=64),
                ),
                1,
                0.26,
            ),
        ),
    )
}


def agree(
    preset: Preset, *, device: str, seed: int, folder: Path, progress: Progress = silent
) -> dict[str, Any]:
    """Measure, judge, and write the JSON of every number, the summary and the figures to `folder`.

    Cells already measured by an interrupted run of the same preset, seed and versions are taken
    from its files. Returns the JSON object.

    Raises InputError where the device is not there or the folder cannot be written.
    """
    check_folder(folder / NETWORKS)
    versions = {name: version(name) for name in ("robustsize", "numpy", "numba", "torch")}
    made_by = {"preset": preset.name, "seed": seed, "device": device, "versions": versions}
    cells, done = [], 0.0
    for cell in preset.cells:
        at = done

        def show(share: float, doing: str, at: float = at, cell: Cell = cell) -> None:
            progress(at + share * cell.share, f"d = {cell.d}: {doing}")

        partial = folder / f".d{cell.d}.partial.json"
        kept = _resumed(partial, made_by)
        if kept is None:
            kept = _measured(preset, cell, device, seed, folder / NETWORKS, show)
            write_json(partial, {"made_by": made_by, "cell": kept})
        cells.append(kept)
        done += cell.share
    result = {
        **made_by,
        "device": cells[0]["device"],
        "engine": cells[0]["engine"],
        "machine": f"{platform.machine()} {platform.system()}, Python {platform.python_version()}",
        "cells": cells,
    }
    write_json(folder / RESULT, result)
    write_text(folder / SUMMARY, agreement_page.page(result))
    for ending in ("svg", "png"):
        save_figure(agreement_figure(cells), folder / f"{agreement_page.FIGURE}.{ending}")
    for cell in preset.cells:
        (folder / f".d{cell.d}.partial.json").unlink(missing_ok=True)
    return result


def contradicted(result: dict[str, Any]) -> bool:
    """Whether any verdict of the result says that measurement contradicts theory."""
    verdicts = {cell["verdict"]["agreement"] for cell in result["cells"]}
    return Agreement.CONTRADICTS.value in verdicts


def _resumed(path: Path, made_by: dict[str, Any]) -> dict[str, Any] | None:
    try:
        saved = json.loads(path.read_text())
        return saved["cell"] if saved["made_by"] == made_by else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _measured(
    preset: Preset, cell: Cell, device: str, seed: int, networks: Path, progress: Progress
) -> dict[str, Any]:
    labellings = _labellings(preset, cell, seed)
    instances = [
        hard_instance(cell.d, preset.epsilon, preset.c, preset.p, phi)
        for phi in labellings.values()
    ]
    settings = replace(cell.search, seed=seed)
    try:
        found, searched = smallest_certified(instances, settings, device=device, progress=progress)
    except ValueError as error:
        raise InputError(f"--device {device}: {error}; for example --device cpu") from error
    lower, upper = (_bound(id, preset, cell.d) for id in ("thm4.3", "thm3.3"))
    measured = [_sizes(name, one) for name, one in zip(labellings, found, strict=True)]
    m = len(instances[0].points)
    verdict = judge(lower, upper, measured, labellings=2**m)
    return {
        "d": cell.d,
        "epsilon": str(preset.epsilon),
        "c": str(preset.c),
        "p": preset.p.value,
        "K": instances[0].K,
        "m": m,
        "labellings_total": 2**m,
        "lower": bound_json(lower),
        "upper": bound_json(upper),
        "linear": _linear(instances),
        "labellings": [
            _row(sizes, one, networks / f"d{cell.d}-{i}.npz")
            for i, (sizes, one) in enumerate(zip(measured, found, strict=True))
        ],
        "verdict": {"agreement": verdict.agreement.value, "reason": verdict.reason},
        "search": asdict(settings),
        "engine": searched.engine,
        "device": searched.device,
    }


def _labellings(preset: Preset, cell: Cell, seed: int) -> dict[str, NDArray[np.int8]]:
    """Every labelling where they are few, else the checkerboard and random ones."""
    K = len(grid_axis(preset.epsilon, Grid.DENSE))
    m = K ** (cell.d - 1)
    if m <= _EXHAUSTED:
        codes = (2 * ((np.arange(2**m)[:, None] >> np.arange(m)) & 1) - 1).astype(np.int8)
        return {"".join("+" if v > 0 else "-" for v in phi): phi for phi in codes}
    rows = {"checkerboard": checkerboard(K, cell.d - 1)}
    for i in range(cell.random_labellings):
        rows[f"random {i}"] = random_labelling(m, seed=1000 * seed + i)
    return rows


def _bound(id: str, preset: Preset, d: int) -> BoundValue:
    values = {symbols.d: Fraction(d), symbols.epsilon: preset.epsilon, symbols.c: preset.c}
    form = choose_form(theorem(id), preset.p, FormName.EXPLICIT)
    return bound_value(theorem(id), form, values, preset.p)


def _sizes(name: str, found: Smallest) -> MeasuredSizes:
    status = found.construction_certificate.status
    return MeasuredSizes(
        labelling=name,
        smallest_certified=found.network.size if found.network else None,
        construction=(found.construction.size if status is CertificateStatus.CERTIFIED else None),
        construction_bound=found.construction.bound_size,
        construction_refuted=status is CertificateStatus.COUNTEREXAMPLE,
    )


def _row(sizes: MeasuredSizes, found: Smallest, path: Path) -> dict[str, Any]:
    """One labelling as JSON; its smallest certified network goes to a file."""
    if found.network is not None:
        found.network.save(path)
    return {
        "labelling": sizes.labelling,
        "labels": "".join("+" if y > 0 else "-" for y in found.instance.labels),
        "network": path.name if found.network else None,
        "smallest_certified": sizes.smallest_certified,
        "origin": found.origin,
        "depth": found.network.depth if found.network else None,
        "certificate": _certificate(found.certificate),
        "smallest_survivor": found.smallest_survivor,
        "construction": {
            "form": found.construction.form,
            "size": found.construction.size,
            "formula_size": found.construction.formula_size,
            "bound_size": found.construction.bound_size,
            "depth": found.construction.depth,
            "certificate": _certificate(found.construction_certificate),
        },
        "pruning_tried": found.pruning_tried,
        "tried": [asdict(tried) for tried in found.tried],
    }


def _certificate(certificate: Certificate | None) -> dict[str, Any] | None:
    if certificate is None:
        return None
    return {
        "status": certificate.status.value,
        "margin": certificate.margin,
        "method": certificate.method,
        "reason": certificate.reason,
    }


def _linear(instances: Sequence[HardInstance]) -> dict[str, Any]:
    """The hyperplane x_d = 1/2: its size, and its exact errors over all measured labellings."""
    plane = separating_hyperplane(instances[0].dimension)
    clean = robust = total = 0
    for instance in instances:
        labels = [int(y) for y in instance.labels]
        centres = instance.centres()
        for x, centre, y in zip(instance.points, centres, labels, strict=True):
            clean += y * plane.exact(x) <= 0
            robust += y * plane.exact(centre) <= 0
            total += 1
    return {
        "size": plane.size,
        "clean_error": str(Fraction(clean, total)),
        "robust_error": str(Fraction(robust, total)),
    }
