"""Hold theory against measurement: probe, agree."""

from __future__ import annotations

import sys
from fractions import Fraction
from math import inf
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any, NoReturn

import click

from robustsize.bounds.symbols import Norm
from robustsize.commands import progress
from robustsize.commands.ending import Exit
from robustsize.commands.options import (
    COUNT,
    SECONDS,
    device_option,
    json_option,
    parameter_options,
    seed_option,
)
from robustsize.commands.output import print_json, print_lines
from robustsize.commands.paths import output_folder
from robustsize.commands.progress import Progress
from robustsize.commands.values import Given

if TYPE_CHECKING:
    from robustsize.simulate.experiment.verdict import Agreement


@click.command()
@click.option(
    "--preset",
    default="quick",
    type=click.Choice(["quick", "full"]),
    help="full is larger and takes longer",
)
@click.option("--only", default="", help="ids of theorems or probes, such as thm4.3,gap")
@device_option
@seed_option
@click.option("-o", "--output", required=True, help="the folder for summary, JSON and figures")
@json_option
def agree(preset: str, only: str, device: str, seed: int, output: str, as_json: bool) -> None:
    """Measure small cases of every theorem of the paper's Table 1 and hold them against its bounds.

    Exit code 1 where a measurement contradicts theory, 3 where nothing agrees or the time ended.

    Example: robustsize agree --preset quick -o out/report
    """
    folder = output_folder(output)
    with progress.shown() as show:
        from robustsize.simulate.theorems.catalogue import preset_tasks

        ids = [id for id in only.split(",") if id]
        name = f"preset {preset}" + (f", only {', '.join(ids)}" if ids else "")
        result = _run(preset_tasks(preset, ids, seed, device), name, folder, inf, show)
    _finish(result, folder, as_json)


@click.command()
@click.argument("theorem", metavar="ID")
@parameter_options
@click.option("--seeds", type=COUNT, help="random instances, starts or trials of each cell")
@click.option("--budget", default="300", type=SECONDS, help="seconds; what is left out is said")
@device_option
@seed_option
@click.option("-o", "--output", required=True, help="the folder for summary, JSON and figures")
@json_option
def probe(
    theorem: str,
    values: Given,
    norm: Norm,
    seeds: int | None,
    budget: Fraction,
    device: str,
    seed: int,
    output: str,
    as_json: bool,
) -> None:
    """Measure one theorem at parameters of your own; parameters not given are the quick preset's.

    docs/probes.md lists the probes, what each takes and what it predicts.

    Exit code 1 where a measurement contradicts theory, 3 where nothing agrees or the time ended.

    Example: robustsize probe thm5.5 --d 6 --k 1:2 --epsilon 1/4 --c 1/2 --seeds 8 -o out/probe
    """
    deadline = monotonic() + float(budget)
    folder = output_folder(output)
    with progress.shown() as show:
        from robustsize.simulate.experiment.run import probe_task
        from robustsize.simulate.theorems.catalogue import experiment_of

        chosen = experiment_of(theorem, "ID")
        task = probe_task(chosen, values, norm, seeds or chosen.quick.seeds, seed, device)
        result = _run([task], f"probe {chosen.id}", folder, deadline, show)
    _finish(result, folder, as_json)


def _run(tasks: Any, name: str, folder: Path, deadline: float, show: Progress) -> Any:
    from robustsize.report.agreement import write
    from robustsize.simulate.experiment.run import run

    left = deadline - monotonic()
    return run(tasks, name, folder=folder, write=write, budget_seconds=left, progress=show)


def _finish(result: Any, folder: Path, as_json: bool) -> NoReturn:
    """Print the outcomes or an overview of them, and exit."""
    from robustsize.report.agreement import SUMMARY
    from robustsize.report.agreement_json import outcome_json
    from robustsize.report.agreement_page import overview

    if as_json:
        print_json([outcome_json(one, result.seed) for one in result.outcomes])
    else:
        print_lines(overview(result))
        click.echo(f"wrote {folder / SUMMARY} with every prediction, and figures")
    agreements = {one.verdict.agreement for one in result.outcomes}
    sys.exit(exit_code(agreements, whole=not result.cut_short))


def exit_code(agreements: set[Agreement], *, whole: bool) -> Exit:
    """REFUTED where a measurement contradicts theory, UNDECIDED where nothing agrees or time ended.

    Beside what agrees, outcomes that are inconclusive, vacuous or out of scope are ordinary.
    """
    from robustsize.simulate.experiment.verdict import Agreement

    if Agreement.CONTRADICTS in agreements:
        return Exit.REFUTED
    return Exit.OK if whole and Agreement.AGREES in agreements else Exit.UNDECIDED
