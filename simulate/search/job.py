"""The search and the shattering mode from a description of an instance to files in a folder."""

from __future__ import annotations

import json
from dataclasses import asdict
from fractions import Fraction
from math import inf
from pathlib import Path
from typing import Any

import numpy as np

from robustsize.simulate.construct.limits import check_grid
from robustsize.simulate.data.instance import Grid, Instance, Norm, grid_axis, hard_instance
from robustsize.simulate.data.labellings import checkerboard, random_labelling
from robustsize.simulate.data.read_sets import read_pair
from robustsize.simulate.search.model import Found, Settings, Starts
from robustsize.simulate.search.shatter import Shattered, shatter
from robustsize.simulate.search.smallest import Progress, default_ladder, search
from robustsize.simulate.system.files import write_bytes

RESULT = "search.json"
SHATTER_RESULT = "shatter.json"
HARD = "thm4.3"
MOST_POINTS = 4096
"""Of a labelled set that is searched: training holds the distance of every two."""


def instance_of(
    source: str,
    *,
    epsilon: Fraction,
    c: Fraction,
    p: Norm,
    d: int = 3,
    labelling: str = "checkerboard",
    seed: int = 0,
) -> Instance:
    """The hard instance of Theorem 4.3 (source "thm4.3"), or the data of an .npz or .csv file.

    The radius is c * epsilon. labelling, of the hard instance: checkerboard, random (by seed), or a
    string of + and -.

    Raises ValueError where parameters or the file do not make an instance, OSError where there is
    no such file.
    """
    if source != HARD:
        instance = read_pair(Path(source), epsilon, p).instance(c * epsilon)
        if len(instance.points) > MOST_POINTS:
            raise ValueError(f"{len(instance.points)} points; a search takes at most {MOST_POINTS}")
        return instance
    if d < 1:
        raise ValueError(f"the dimension d is at least 1, not {d}")
    check_grid(epsilon, d, MOST_POINTS)
    K = len(grid_axis(epsilon, Grid.DENSE))
    if labelling == "checkerboard":
        phi = checkerboard(K, d - 1)
    elif labelling == "random":
        phi = random_labelling(K ** (d - 1), seed)
    elif labelling and set(labelling) <= set("+-"):
        phi = np.array([1 if sign == "+" else -1 for sign in labelling], dtype=np.int8)
    else:
        raise ValueError(f"labelling {labelling[:40]!r}: checkerboard, random, or + and -")
    return hard_instance(d, epsilon, c, p, phi)


def run_search(
    instance: Instance,
    folder: Path,
    *,
    constructions: Starts = lambda instance: (),
    seeds: int = 64,
    cycles: int = 4,
    budget_seconds: float = inf,
    seed: int = 0,
    device: str = "auto",
    progress: Progress = lambda share, doing: None,
) -> dict[str, Any]:
    """Search the smallest certified network, resuming what the folder holds of the same search.

    constructions: those of the instance to start from.

    Writes search.json and smallest.npz; returns the JSON object.

    Raises ValueError where the instance cannot be robust or the folder's state is damaged.
    """
    settings = Settings(
        ladder=default_ladder(instance.dimension, len(instance.points)),
        seeds=seeds,
        cycles=cycles,
        seed=seed,
    )
    result = search(
        [instance],
        settings,
        constructions=constructions,
        device=device,
        folder=folder,
        budget_seconds=budget_seconds,
        progress=progress,
    )
    found = result.found[0]
    made = {
        **found_json(found),
        "cycles": result.cycles,
        "stopped": result.stopped,
        "settings": asdict(settings),
        "engine": result.engine,
        "device": result.device,
    }
    smallest = folder / "smallest.npz"
    if found.network is not None:
        found.network.save(smallest)
    else:
        smallest.unlink(missing_ok=True)
    _write(folder / RESULT, made)
    return made


def found_json(found: Found) -> dict[str, Any]:
    """What a search found for one instance, as JSON."""
    network, proof, built = found.network, found.certificate, found.construction
    return {
        "points": len(found.instance.points),
        "dimension": found.instance.dimension,
        "radius": str(found.instance.radius),
        "p": found.instance.p.value,
        "smallest_certified": network.size if network else None,
        "widths": list(network.widths) if network else None,
        "origin": found.origin.value if found.origin else None,
        "bits": found.bits,
        "certificate": proof
        and {"status": proof.status.value, "margin": proof.margin, "nodes": proof.nodes},
        "smallest_survivor": found.smallest_survivor,
        "construction": built and {"id": built.id, "form": built.form, "size": built.size},
        "tried": [{**asdict(t), "interval": list(t.interval)} for t in found.tried],
        "pruning": {"networks": found.pruning_tried, "steps": found.pruning_steps},
    }


def run_shatter(
    instance: Instance,
    architecture: tuple[int, ...],
    folder: Path,
    *,
    sample: int | None = None,
    seeds: int = 64,
    budget_seconds: float = inf,
    seed: int = 0,
    device: str = "auto",
    progress: Progress = lambda share, doing: None,
) -> dict[str, Any]:
    """Try all labellings of the instance's points, or a sample, at one architecture.

    The hard instance moves a point with its label; here the points stay as they are given. Writes
    shatter.json and the networks of certified labellings; returns the JSON object.

    Raises ValueError where 2^m is out of reach or two points are too close (see `shatter`).
    """
    result = shatter(
        instance.points,
        instance.radius,
        instance.p,
        architecture,
        sample=sample,
        seeds=seeds,
        seed=seed,
        device=device,
        budget_seconds=budget_seconds,
        progress=progress,
    )
    made = shattered_json(result)
    networks = folder / "networks"
    networks.mkdir(parents=True, exist_ok=True)
    for path in networks.glob("*.npz"):
        path.unlink()
    for i, one in enumerate(result.results):
        if one.network is not None:
            one.network.save(networks / f"{i}.npz")
    _write(folder / SHATTER_RESULT, made)
    return made


def shattered_json(result: Shattered) -> dict[str, Any]:
    """A shattering result as JSON; `interval` is null where all labellings were tried."""
    return {
        "architecture": list(result.architecture),
        "labellings_total": result.total,
        "labellings_tried": len(result.results),
        "certified": result.certified,
        "share": result.share,
        "interval": list(result.interval) if result.interval else None,
        "shattered": result.shattered,
        "seeds": result.seeds,
        "stopped": result.stopped,
        "engine": result.engine,
        "device": result.device,
        "labellings": [
            {
                "labels": "".join("+" if y > 0 else "-" for y in one.labels),
                "realised": one.realised.value,
                "margin": one.certificate.margin if one.certificate else None,
            }
            for one in result.results
        ],
    }


def _write(path: Path, value: dict[str, Any]) -> None:
    text = json.dumps(value, indent=2, allow_nan=False) + "\n"
    path.parent.mkdir(parents=True, exist_ok=True)
    write_bytes(path, text.encode())
