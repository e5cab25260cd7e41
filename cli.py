"""The command line: parse, call, print. Everything heavy is imported where it is used."""

from __future__ import annotations

import itertools
import json
import os
import sys
from collections.abc import Iterable
from fractions import Fraction
from math import inf
from pathlib import Path
from typing import Any

import click

from robustsize.bounds.catalogue import catalogue
from robustsize.bounds.statement import FormName, Theorem
from robustsize.bounds.symbols import (
    BY_OPTION,
    BY_SYMBOL,
    PARAMETERS,
    InputError,
    Norm,
    c,
    d,
    epsilon,
    n,
)
from robustsize.report.options import (
    Commands,
    Given,
    NormType,
    NumberType,
    TheoremType,
    WidthsType,
    complaints_about,
    device_option,
    form_option,
    json_option,
    one_point,
    parameter_options,
    points,
    seed_option,
    theorem_argument,
)

CONTRADICTED = 1

_SECONDS = NumberType("60", whole=False, low=0)
_COUNT = NumberType("64", high=10**6)


@click.group(
    cls=Commands,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog='Shell completion: eval "$(_ROBUSTSIZE_COMPLETE=bash_source robustsize)", or zsh, fish.',
)
@click.version_option(package_name="robustsize")
@click.pass_context
def cli(context: click.Context) -> None:
    """How large must a robust network be? Bounds as numbers, and small cases measured."""
    if context.invoked_subcommand is None:
        click.echo(context.get_help())


@cli.command("list")
@json_option
def list_(as_json: bool) -> None:
    """List the theorems of the catalogue."""
    from robustsize.report.bound_text import catalogue_table, theorem_json

    if as_json:
        _print_json([theorem_json(t) for t in catalogue()])
    else:
        _print_table(catalogue_table(catalogue()))


@cli.command()
@theorem_argument
@click.option("--latex", "as_latex", is_flag=True, help="print the forms in LaTeX")
@json_option
def show(theorem: Theorem, as_latex: bool, as_json: bool) -> None:
    """Show a theorem: statement, hypotheses, forms, source, and where it is loose."""
    from robustsize.report.bound_text import theorem_json, theorem_lines

    if as_json:
        _print_json(theorem_json(theorem))
    else:
        _print_lines(theorem_lines(theorem, as_latex=as_latex))


@cli.command()
@theorem_argument
@form_option
@parameter_options
@json_option
def bound(
    theorem: Theorem,
    form_name: str | None,
    values: Given,
    norm: Norm,
    as_json: bool,
) -> None:
    """Print the value of a bound. With --n, say what the bound says of that size.

    Example: robustsize bound thm4.3 --d 20 --epsilon 0.1 --form explicit
    """
    from robustsize.bounds.value import bound_value, choose_form
    from robustsize.report.bound_text import bound_json, bound_lines

    form = choose_form(theorem, norm, FormName(form_name) if form_name else None)
    rows = []
    for point in points(values):
        value = bound_value(theorem, form, point, norm)
        size = int(point[n]) if n in point else None
        rows.append((value, (size, value.holds_against(size)) if size is not None else None))
    if as_json:
        objects = [bound_json(*row) for row in rows]
        _print_json(objects[0] if len(objects) == 1 else objects)
    else:
        _print_lines(itertools.chain.from_iterable(bound_lines(*row) for row in rows))


@cli.command()
@parameter_options
@json_option
def table(values: Given, norm: Norm, as_json: bool) -> None:
    """Print the paper's Table 1 with numbers at your parameters.

    Example: robustsize table --d 20 --epsilon 0.1 --c 0.5 --k 3 --samples 1000 --delta 0.01
    """
    from robustsize.report.table1 import table1, table1_json

    columns = list(points(values))
    if as_json:
        _print_json(table1_json(columns, norm))
    else:
        _print_table(table1(columns, norm))


@cli.command()
@theorem_argument
@form_option
@click.option("--for", "wanted", required=True, help="the parameter to solve for, such as d")
@click.option("--size", required=True, type=NumberType("25e6"), help="such as 25e6")
@parameter_options
@json_option
def solve(
    theorem: Theorem,
    form_name: str | None,
    wanted: str,
    size: int,
    values: Given,
    norm: Norm,
    as_json: bool,
) -> None:
    """Find where a network size stops sufficing as one parameter gets harder.

    Example: robustsize solve thm4.3 --for d --size 25e6 --epsilon 0.1
    """
    from robustsize.bounds.solve import solve as solve_for
    from robustsize.bounds.value import choose_form
    from robustsize.report.bound_text import crossing_json, crossing_lines

    parameter = BY_OPTION.get(f"--{wanted.removeprefix('--')}")
    if parameter is None:
        names = ", ".join(q.option[2:] for q in PARAMETERS)
        raise InputError(f"--for {wanted[:40]!r}: must be one of {names}; for example --for d")
    form = choose_form(theorem, norm, FormName(form_name) if form_name else None)
    crossing = solve_for(theorem, form, parameter.symbol, size, one_point(values), norm)
    if as_json:
        _print_json(crossing_json(theorem, form, crossing))
    else:
        _print_lines(crossing_lines(theorem, form, crossing))


@cli.command()
@click.argument("theorems", type=TheoremType(), nargs=-1, required=True)
@form_option
@parameter_options
@click.option("-o", "--output", required=True, help="FILE.svg, FILE.png or FILE.pdf")
def plot(
    theorems: tuple[Theorem, ...],
    form_name: str | None,
    values: Given,
    norm: Norm,
    output: str,
) -> None:
    """Plot bounds against the one parameter that is given as a range or list.

    Example: robustsize plot thm4.3 thm3.3 --d 2:40 --epsilon 0.1 --c 0.5 -o bounds.svg
    """
    from robustsize.report.bound_figure import bound_figure, moving_parameter
    from robustsize.report.files import check_figure_path, save_figure

    path = check_figure_path(Path(output))
    moving = moving_parameter(values)
    names = [FormName(form_name)] if form_name else list(FormName)
    save_figure(bound_figure(theorems, names, moving, list(points(values)), norm), path)
    click.echo(f"wrote {path}")


@cli.command()
@click.option("--preset", default="quick", help="quick, or full (larger and longer)")
@click.option("--only", default="", help="ids of theorems or probes, such as thm4.3,gap")
@device_option
@seed_option
@click.option("-o", "--output", required=True, help="the folder for summary, JSON and figures")
@json_option
def agree(preset: str, only: str, device: str, seed: int, output: str, as_json: bool) -> None:
    """Measure small cases of every theorem of the paper's Table 1 and hold them against its bounds.

    Exit code 1 where a measurement contradicts theory.

    Example: robustsize agree --preset quick -o out/report
    """
    from robustsize.report.agree import preset_tasks

    tasks = preset_tasks(preset, [id for id in only.split(",") if id], seed, device)
    _agree(tasks, f"preset {preset}", output, inf, as_json)


@cli.command()
@click.argument("theorem", metavar="ID")
@parameter_options
@click.option("--seeds", type=_COUNT, help="random instances, starts or trials of each cell")
@click.option("--budget", default="300", type=_SECONDS, help="seconds; what is left out is said")
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

    Exit code 1 where a measurement contradicts theory.

    Example: robustsize probe thm5.5 --d 6 --k 1:2 --epsilon 1/4 --c 1/2 --seeds 8 -o out/probe
    """
    from robustsize.report.agree import probe_task
    from robustsize.simulate.probes.catalogue import probe_of

    chosen = probe_of(theorem, "ID")
    task = probe_task(chosen, values, norm, seeds or chosen.quick.seeds, seed, device)
    _agree([task], f"probe {chosen.id}", output, float(budget), as_json)


def _agree(tasks: Any, name: str, output: str, budget: float, as_json: bool) -> None:
    """Run probes, print an overview or the outcomes, and exit."""
    from robustsize.report import progress
    from robustsize.report.agree import SUMMARY, contradicted
    from robustsize.report.agree import agree as measure
    from robustsize.report.agreement_page import overview

    folder = Path(output)
    with progress.shown() as show:
        result = measure(tasks, name, folder=folder, budget_seconds=budget, progress=show)
    if as_json:
        _print_json(result["outcomes"])
    else:
        _print_lines(overview(result))
        click.echo(f"wrote {folder / SUMMARY} with every prediction, and figures")
    sys.exit(CONTRADICTED if contradicted(result) else 0)


@cli.command()
@click.argument("targets", nargs=-1, metavar="[ID|FILE|all]...")
@click.option("--strict", is_flag=True, help="also fail on steps only tested or undecided")
@click.option("--explain", metavar="STEP", help="print one step in full, and how it was decided")
@seed_option
@json_option
def check(
    targets: tuple[str, ...], strict: bool, explain: str | None, seed: int, as_json: bool
) -> None:
    """Check derivations step by step: the paper's, ours, or your own in a TOML file.

    Exit code 1 where a step of ours or yours is refuted, or the refuted steps of the paper are not
    the expected ones; 2 where a file or a step cannot be read; 3 where --strict finds a step that
    is only tested or undecided. Each step has 10 s of processor time and 1 GiB of memory.

    Example: robustsize check thm2.2
    """
    from robustsize.report import progress
    from robustsize.report.check import run
    from robustsize.report.check_text import explain as explained

    if explain is not None:
        _print_lines(explained(explain))
        return
    with progress.shown() as show:
        report = run(targets, strict=strict, seed=seed, progress=show)
    if as_json:
        _print_json(report.json())
    else:
        _print_lines(report.lines())
    for line in report.unreadable:
        click.echo(f"robustsize: {line}", err=True)
    sys.exit(report.exit_code)


@cli.command()
@theorem_argument
@parameter_options
@click.option("--instance", default="random", help="random, or a file of labelled points")
@seed_option
@click.option("-o", "--output", required=True, help="NET.npz, NET.onnx or NET.pt")
@json_option
def build(
    theorem: Theorem,
    values: Given,
    norm: Norm,
    instance: str,
    seed: int,
    output: str,
    as_json: bool,
) -> None:
    """Build the network that an upper bound promises, count it, certify it.

    What it guarantees is written beside it, as NET.instance.npz.

    Example: robustsize build thm3.3 --d 3 --epsilon 0.2 --c 0.5 -o net.npz
    """
    from robustsize.report.files import check_network_path
    from robustsize.report.networks import construction_json, construction_lines
    from robustsize.simulate.construct.build import Request
    from robustsize.simulate.construct.build import build as construct
    from robustsize.simulate.export import save_network
    from robustsize.simulate.guarantee import Guarantee, certificate
    from robustsize.simulate.sets.read_sets import read_pair

    path = check_network_path(Path(output))
    point = one_point(values)
    with complaints_about("--instance", instance):
        pair = None
        if instance != "random":
            if epsilon not in point:
                raise InputError("--epsilon is missing: data need it; for example --epsilon 0.1")
            pair = read_pair(Path(instance), point[epsilon], norm)
        built = construct(theorem.id, Request(point, norm, pair, seed))
    promised = Guarantee.of(built)
    checked = certificate(built.network, promised)
    with complaints_about("-o", output):
        save_network(built.network, path)
        promised.save(path.with_suffix(".instance.npz"))
    if as_json:
        _print_json(construction_json(built, checked))
    else:
        _print_lines(construction_lines(built, checked))
    sys.exit(_certificate_code(checked))


@cli.command()
@click.argument("network")
@click.option("--instance", required=True, help="what `build` wrote, or labelled points")
@click.option(
    "--radius",
    type=NumberType("0.1", whole=False, low=0),
    help="the adversary's radius, in place of the file's",
)
@click.option("--p", "norm", type=NormType(), help="2 or inf, in place of the file's")
@click.option("--budget", default="60", type=_SECONDS, help="seconds for the search")
@json_option
def certify(
    network: str,
    instance: str,
    radius: Fraction | None,
    norm: Norm | None,
    budget: Fraction,
    as_json: bool,
) -> None:
    """Certify or refute a network on all of the balls around an instance.

    Exit code 1 where there is a counterexample.

    Example: robustsize certify net.npz --instance net.instance.npz
    """
    from robustsize.report.networks import certificate_json, certificate_lines
    from robustsize.simulate.export import load_network
    from robustsize.simulate.guarantee import certificate, read_guarantee

    with complaints_about("NETWORK", network):
        net = load_network(Path(network))
    with complaints_about("--instance", instance):
        wanted = read_guarantee(Path(instance), radius, norm)
        checked = certificate(net, wanted, budget_seconds=float(budget))
    if as_json:
        _print_json(certificate_json(checked))
    else:
        _print_lines(certificate_lines(checked))
    sys.exit(_certificate_code(checked))


@cli.command()
@click.option(
    "--instance", default="thm4.3", help="thm4.3 (its hard instance), or a file of points"
)
@parameter_options
@click.option("--labelling", default="checkerboard", help="checkerboard, random, or such as +-+")
@click.option("--budget", default="120", type=_SECONDS, help="seconds")
@click.option("--seeds", default="64", type=_COUNT, help="random starts of each architecture")
@click.option(
    "--architecture",
    type=WidthsType(),
    help="hidden widths such as 8,4: share of labellings they realise",
)
@click.option("--all", "all_labellings", is_flag=True, help="with --architecture: all labellings")
@click.option(
    "--sample", default="64", type=_COUNT, help="with --architecture: so many random labellings"
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
    from robustsize.report import progress
    from robustsize.report.files import check_folder
    from robustsize.report.networks import search_lines, shatter_lines
    from robustsize.simulate.search_job import instance_of, run_search, run_shatter

    point = one_point(values)
    for needed in (epsilon, c):
        if needed not in point:
            option, example = BY_SYMBOL[needed].option, BY_SYMBOL[needed].example
            raise InputError(f"{option} is missing; for example {option} {example}")
    options: dict[str, Any] = {
        "seeds": seeds,
        "seed": seed,
        "budget_seconds": float(budget),
        "device": device,
    }
    drawn = None if all_labellings else sample
    with complaints_about("--instance", instance), progress.shown() as show:
        chosen = instance_of(
            instance,
            epsilon=point[epsilon],
            c=point[c],
            p=norm,
            d=int(point.get(d, 3)),
            labelling=labelling,
            seed=seed,
        )
        folder = check_folder(Path(output))
        if architecture is None:
            made = run_search(chosen, folder, progress=show, **options)
        else:
            made = run_shatter(chosen, architecture, folder, sample=drawn, progress=show, **options)
    if as_json:
        _print_json(made)
    else:
        _print_lines(search_lines(made) if architecture is None else shatter_lines(made))


def _certificate_code(checked: Any) -> int:
    return CONTRADICTED if checked.counterexample is not None else 0


def _print_json(value: Any) -> None:
    click.echo(json.dumps(value, indent=2, allow_nan=False))


def _print_lines(lines: Iterable[str]) -> None:
    click.echo("\n".join(lines))


def _print_table(table: Any) -> None:
    from rich.console import Console

    # Away from a terminal nothing is folded: a reader pipes the table on.
    Console(width=None if sys.stdout.isatty() else 240).print(table)


def main() -> None:
    """Run the command line."""
    os.environ.setdefault("MPLBACKEND", "agg")
    cli()


if __name__ == "__main__":
    main()
