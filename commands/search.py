"""Search the smallest certified network."""

from __future__ import annotations

import sys
from fractions import Fraction
from time import monotonic
from typing import Any, NoReturn

import click

from robustsize.bounds.symbols import BY_SYMBOL, InputError, Norm, Values, c, d, epsilon
from robustsize.commands import progress
from robustsize.commands.ending import Exit
from robustsize.commands.options import (
    COUNT,
    SECONDS,
    WidthsType,
    device_option,
    json_option,
    parameter_options,
    seed_option,
)
from robustsize.commands.output import print_json, print_lines
from robustsize.commands.paths import complaints_about, input_file, output_folder
from robustsize.commands.values import Given, needed, one_point, refuse_unread
from robustsize.simulate.system.folder import complaints_about_output, folder_of_run

_DEFAULT = click.core.ParameterSource.DEFAULT


@click.command()
@click.option(
    "--instance", default="thm4.3", help="thm4.3 (its hard instance), or a file of points"
)
@parameter_options
@click.option("--labelling", default="checkerboard", help="checkerboard, random, or such as +-+")
@click.option("--budget", default="120", type=SECONDS, help="seconds")
@click.option("--seeds", default="64", type=COUNT, help="random starts of each architecture")
@click.option(
    "--architecture",
    type=WidthsType(),
    help="hidden widths such as 8,4: share of labellings they realise",
)
@click.option("--all", "all_labellings", is_flag=True, help="with --architecture: all labellings")
@click.option(
    "--sample", default="64", type=COUNT, help="with --architecture: so many random labellings"
)
@device_option
@seed_option
@click.option("-o", "--output", required=True, help="the folder for the result; resumes from it")
@json_option
def search(
    instance: str,
    values: Given,
    norm: Norm,
    labelling: str,
    budget: Fraction,
    seeds: int,
    architecture: tuple[int, ...] | None,
    all_labellings: bool,
    sample: int,
    device: str,
    seed: int,
    output: str,
    as_json: bool,
) -> None:
    """Search the smallest certified network for an instance; or, with --architecture, shatter it.

    Example: robustsize search --d 3 --epsilon 1/4 --c 0.5 --budget 30 -o out/search
    """
    deadline = monotonic() + float(budget)
    point = one_point(values)
    radii = {"epsilon": needed(point, epsilon), "c": needed(point, c)}
    if instance != "thm4.3":
        refuse_unread(point, (epsilon, c), "on the points of a file")
        if click.get_current_context().get_parameter_source("labelling") is not _DEFAULT:
            raise InputError(f"--labelling {labelling[:40]!r}: a file's points have their labels")
    else:
        refuse_unread(point, (epsilon, c, d), "by a search")
    options: dict[str, Any] = {
        "seeds": seeds,
        "seed": seed,
        "device": device,
    }
    folder = output_folder(output)
    drawn = None if all_labellings else sample
    run = _search_in_words(instance, point, norm, labelling, seeds, seed, architecture, drawn)
    with progress.shown() as show, complaints_about("--instance", instance):
        from robustsize.simulate.search.job import HARD, instance_of, run_search, run_shatter
        from robustsize.simulate.theorems.candidates import constructions

        if instance != HARD:
            input_file("--instance", instance)
        chosen = instance_of(
            instance,
            **radii,
            p=norm,
            d=int(point.get(d, 3)),
            labelling=labelling,
            seed=seed,
        )
        drawn = None if all_labellings else sample
        with folder_of_run(folder, run), complaints_about_output(folder):
            options["budget_seconds"] = deadline - monotonic()
            if architecture is None:
                options["constructions"] = constructions
                made = run_search(chosen, folder, progress=show, **options)
            else:
                made = run_shatter(
                    chosen, architecture, folder, sample=drawn, progress=show, **options
                )
    _finish_search(made, as_json, shattered=architecture is not None)


def _search_in_words(
    instance: str,
    point: Values,
    norm: Norm,
    labelling: str,
    seeds: int,
    seed: int,
    architecture: tuple[int, ...] | None,
    drawn: int | None,
) -> str:
    """All that a search's outcome depends on, in one line."""
    values = [f"{BY_SYMBOL[symbol].option} {value}" for symbol, value in point.items()]
    words = [f"search of {instance}", *values, f"--p {norm.value} --labelling {labelling}"]
    words.append(f"--seeds {seeds} --seed {seed}")
    if architecture is not None:
        widths = ",".join(map(str, architecture))
        words.append(f"--architecture {widths} " + (f"--sample {drawn}" if drawn else "--all"))
    return " ".join(" ".join(words).split())


def _finish_search(made: dict[str, Any], as_json: bool, *, shattered: bool) -> NoReturn:
    """Print what was found, and exit: UNDECIDED where nothing, or not all, is certified."""
    from robustsize.report.networks import search_lines, shatter_lines

    if as_json:
        print_json(made)
    else:
        print_lines(shatter_lines(made) if shattered else search_lines(made))
    if shattered:
        settled = made["certified"] == made["labellings_tried"]
    else:
        settled = made["smallest_certified"] is not None
    sys.exit(Exit.OK if settled else Exit.UNDECIDED)
