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
from time import monotonic
from typing import Any, NoReturn

import click
import sympy as sp

from robustsize.bounds.catalogue import catalogue
from robustsize.bounds.statement import FormName, Theorem
from robustsize.bounds.symbols import (
    BY_OPTION,
    BY_SYMBOL,
    PARAMETERS,
    InputError,
    Norm,
    Values,
    c,
    d,
    epsilon,
    n,
)
from robustsize.report import progress
from robustsize.report.ending import EXIT_CODES, Exit, end_on_signals
from robustsize.report.files import (
    check_network_path,
    check_path,
    complaints_about_output,
    folder_of_run,
    input_file,
    output_folder,
)
from robustsize.report.options import (
    Commands,
    Given,
    MarginType,
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
    refuse_unread,
    reported,
    seed_option,
    theorem_argument,
    too_many,
)
from robustsize.report.progress import Progress

_SECONDS = NumberType("60", whole=False, low=0)
_COUNT = NumberType("64", high=10**6)
_DEFAULT = click.core.ParameterSource.DEFAULT
_MOST_DRAWN = 1000
"""Points of a curve."""


def _how_to_read(command: Any) -> Any:
    """Options on the files of a network and of an instance; four of them come as `reading`."""

    def gathered(**options: Any) -> Any:
        names = ("output", "margin", "relu_chain", "fold")
        return command(reading={name: options.pop(name) for name in names}, **options)

    gathered.__name__, gathered.__doc__ = command.__name__, command.__doc__
    gathered.__click_params__ = getattr(command, "__click_params__", [])  # type: ignore[attr-defined]
    number = NumberType("0.1", whole=False, low=0, closed=True)
    decorated: Any = gathered
    for option in (
        click.option("--fold", is_flag=True, help="fold what has no exact float64 form, rounded"),
        click.option("--relu-chain", is_flag=True, help="a .pt file: a ReLU between Linear layers"),
        click.option("--margin", type=MarginType(), help="i,j: output i less output j decides"),
        click.option("--output", type=NumberType("0", low=0), help="of several, the one to decide"),
        click.option("--p", "norm", type=NormType(), help="2 or inf, in place of the file's"),
        click.option("--radius", type=number, help="the adversary's, in place of the file's"),
    ):
        decorated = option(decorated)
    return decorated


def _read(
    network: str,
    option: str,
    instance: str,
    reading: dict[str, Any],
    radius: Fraction | None,
    norm: Norm | None,
) -> tuple[Any, Any]:
    """The network and the guarantee that files hold; `option` names the instance."""
    from robustsize.simulate.certify.guarantee import read_guarantee
    from robustsize.simulate.networks.export import Reading, read_network

    with complaints_about("NETWORK", network):
        read = read_network(input_file("NETWORK", network), Reading(**reading))
    with complaints_about(option, instance):
        wanted = read_guarantee(input_file(option, instance), radius, norm)
    return read, wanted


@click.group(
    cls=Commands,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog=f"{EXIT_CODES}\n\nShell completion: "
    'eval "$(_ROBUSTSIZE_COMPLETE=bash_source robustsize)", or zsh, fish.',
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
    from robustsize.bounds.evaluate import bound_value, choose_form
    from robustsize.report.bound_text import bound_json, bound_lines

    form = choose_form(theorem, norm, FormName(form_name) if form_name else None)
    rows = []
    with progress.shown() as show:
        for point in reported(points(values), show):
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

    columns = points(values)
    with progress.shown():
        made = table1_json(columns, norm) if as_json else table1(columns, norm)
    if as_json:
        _print_json(made)
    else:
        _print_table(made)


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
    from robustsize.bounds.evaluate import choose_form
    from robustsize.bounds.solve import solve as solve_for
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

    path = check_figure_path(output)
    moving = moving_parameter(values)
    if len(values[moving]) > _MOST_DRAWN:
        raise too_many(values, len(values[moving]), _MOST_DRAWN)
    names = [FormName(form_name)] if form_name else list(FormName)
    with progress.shown():
        save_figure(bound_figure(theorems, names, moving, points(values), norm), path)
    click.echo(f"wrote {path}")


@cli.command()
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
        from robustsize.report.agree import preset_tasks

        ids = [id for id in only.split(",") if id]
        name = f"preset {preset}" + (f", only {', '.join(ids)}" if ids else "")
        result = _agree(preset_tasks(preset, ids, seed, device), name, folder, inf, show)
    _finish_agree(result, folder, as_json)


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

    Exit code 1 where a measurement contradicts theory, 3 where nothing agrees or the time ended.

    Example: robustsize probe thm5.5 --d 6 --k 1:2 --epsilon 1/4 --c 1/2 --seeds 8 -o out/probe
    """
    deadline = monotonic() + float(budget)
    folder = output_folder(output)
    with progress.shown() as show:
        from robustsize.report.agree import probe_task
        from robustsize.simulate.theorems.catalogue import probe_of

        chosen = probe_of(theorem, "ID")
        task = probe_task(chosen, values, norm, seeds or chosen.quick.seeds, seed, device)
        result = _agree([task], f"probe {chosen.id}", folder, deadline, show)
    _finish_agree(result, folder, as_json)


def _agree(tasks: Any, name: str, folder: Path, deadline: float, show: Progress) -> dict[str, Any]:
    from robustsize.report.agree import agree as measure

    left = deadline - monotonic()
    return measure(tasks, name, folder=folder, budget_seconds=left, progress=show)


def _finish_agree(result: dict[str, Any], folder: Path, as_json: bool) -> NoReturn:
    """Print the outcomes or an overview of them, and exit."""
    from robustsize.report.agree import SUMMARY, exit_code
    from robustsize.report.agreement_page import overview

    if as_json:
        _print_json(result["outcomes"])
    else:
        _print_lines(overview(result))
        click.echo(f"wrote {folder / SUMMARY} with every prediction, and figures")
    sys.exit(exit_code(result))


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
    path = check_network_path(output)
    point, random = one_point(values), instance == "random"
    with progress.shown() as show:
        from robustsize.simulate.certify.guarantee import Guarantee, certificate
        from robustsize.simulate.data.read_sets import read_points
        from robustsize.simulate.networks.export import save_network
        from robustsize.simulate.theorems.build import (
            Request,
            notes_on_domain,
            parameters_read,
            promise,
        )
        from robustsize.simulate.theorems.build import build as construct

        where = f"by {theorem.id}" + ("" if random else " on the points of a file")
        refuse_unread(point, parameters_read(theorem.id, random=random), where)
        show(0.0, "building")
        with complaints_about("--instance", instance):
            pair, data, notes = None, None, []
            if not random:
                file, gap = input_file("--instance", instance), _needed(point, epsilon)
                data = read_points(file)
                notes = notes_on_domain(theorem.id, data, norm)
                pair = data.pair(gap, norm)
            request = Request(point, norm, pair, seed)
            bound = promise(theorem.id, request)
            built = construct(theorem.id, request)
        show(0.3, f"certifying {built.size} parameters")
        guarantee = Guarantee.of(built)
        checked = certificate(built.network, guarantee)
        with complaints_about("-o", output):
            save_network(built.network, path)
            guarantee.save(path.with_suffix(".instance.npz"))
    from robustsize.report.networks import construction_json, construction_lines

    if as_json:
        read = data and data.json() | {"notes": notes}
        _print_json(construction_json(built, bound, checked) | {"read": read})
    else:
        what_lines = [*(data.lines() if data else ()), *(f"note: {note}" for note in notes)]
        _print_lines([*what_lines, *construction_lines(built, bound, checked)])
    sys.exit(_certificate_code(checked))


@cli.command()
@click.argument("network")
@click.option("--instance", required=True, help="what `build` wrote, or labelled points")
@_how_to_read
@click.option("--budget", default="60", type=_SECONDS, help="seconds for the search")
@click.option("--workers", type=_COUNT, help="threads; default: one a core")
@click.option("--all", "every", is_flag=True, help="an answer for each point, not the first found")
@click.option("--csv", "table_file", help="FILE.csv: with --all, the answers as a table")
@click.option("--proof", "proof_file", help="FILE.npz: the proof, for `robustsize recheck`")
@click.option("--argmax", is_flag=True, help="labels are classes: the largest output decides")
@json_option
def certify(
    network: str,
    instance: str,
    reading: dict[str, Any],
    radius: Fraction | None,
    norm: Norm | None,
    budget: Fraction,
    workers: int | None,
    every: bool,
    table_file: str | None,
    proof_file: str | None,
    argmax: bool,
    as_json: bool,
) -> None:
    """Certify or refute a network on all of the balls around an instance.

    Exit code 1 where there is a counterexample, 3 where it is not known.

    Example: robustsize certify net.npz --instance net.instance.npz --proof net.proof.npz
    """
    if argmax:
        others = {"--all": every or None, "--csv": table_file, "--proof": proof_file}
        _refuse_beside_argmax(
            {"--output": reading["output"], "--margin": reading["margin"]} | others
        )
        search = {"budget_seconds": float(budget), "workers": workers or os.cpu_count() or 1}
        _certify_classes(network, instance, reading, radius, norm or Norm.INF, search, as_json)
    proof_path = table_path = None
    if proof_file is not None:
        proof_path = check_path("--proof", proof_file, (".npz",), "net.proof.npz")
    if table_file is not None:
        table_path = check_path("--csv", table_file, (".csv",), "points.csv")
        if not every:
            raise InputError(f"--csv {table_file!r}: a table of points goes with --all; add --all")
    with progress.shown() as show:
        from robustsize.simulate.certify.guarantee import certificate, certificates, joined

        read, wanted = _read(network, "--instance", instance, reading, radius, norm)
        settings: dict[str, Any] = {
            "budget_seconds": float(budget),
            "workers": workers or os.cpu_count() or 1,
            "progress": show,
        }
        with complaints_about("--instance", instance):
            found = list(certificates(read.network, wanted, **settings)) if every else []
            checked = joined(found) if every else certificate(read.network, wanted, **settings)
    from robustsize.report.networks import (
        certificate_json,
        certificate_lines,
        certificates_csv,
        certificates_lines,
    )

    if table_path:
        from robustsize.simulate.system.files import write_bytes

        with complaints_about("--csv", str(table_path)):
            write_bytes(table_path, certificates_csv(found, wanted.place).encode())
    if proof_path and checked.proof is not None:
        from robustsize.simulate.checker.proof_file import save_proof

        with complaints_about("--proof", str(proof_path)):
            save_proof(proof_path, checked.proof)
    if as_json:
        made = certificate_json(checked, wanted.place)
        made |= {"read": {"network": read.json(), "data": wanted.json()}}
        if every:
            made["points"] = [certificate_json(one, wanted.place) for one in found]
        _print_json(made)
    else:
        lines = certificates_lines(found, wanted.place) if every else ()
        answer = certificate_lines(checked, wanted.place) if not every else ()
        _print_lines([*read.lines(), *wanted.lines(), *lines, *answer])
        if proof_path:
            wrote = f"wrote {proof_path}; robustsize recheck checks it without a search"
            _print_lines([wrote if checked.proof else "no proof is written: not all is certified"])
    sys.exit(_certificate_code(checked))


def _refuse_beside_argmax(options: dict[str, Any]) -> None:
    for option, given in options.items():
        if given is not None:
            raise InputError(f"{option}: it does not go with --argmax; leave one of the two out")


def _certify_classes(
    network: str,
    instance: str,
    reading: dict[str, Any],
    radius: Fraction | None,
    norm: Norm,
    search: dict[str, Any],
    as_json: bool,
) -> NoReturn:
    """Certify or refute every margin of a classifier, and leave with the answer's exit code."""
    with progress.shown() as show:
        from robustsize.simulate.certify.guarantee import margins, read_classified
        from robustsize.simulate.networks.export import Reading, read_network

        def read_as(**which: Any) -> Any:
            with complaints_about("NETWORK", network):
                file = input_file("NETWORK", network)
                return read_network(file, Reading(**(reading | which)))

        read = read_as(output=0)
        if read.outputs < 2:
            raise InputError(
                f"NETWORK {network[:60]!r}: it has one output; --argmax takes a network with 2 or "
                "more, one for each class; leave --argmax out"
            )
        with complaints_about("--instance", instance):
            file = input_file("--instance", instance)
            points = read_classified(file, read.outputs, radius, norm)
            assert radius is not None
            answers = margins(
                lambda i, j: read_as(margin=(i, j)).network,
                read.outputs,
                points,
                radius,
                norm,
                progress=show,
                **search,
            )
    from robustsize.report.networks import margins_json, margins_lines

    if as_json:
        made = margins_json(answers, radius, norm, points.places.__getitem__)
        _print_json(made | {"read": {"network": read.json(argmax=True), "data": points.json()}})
    else:
        lines = margins_lines(answers, points, radius, norm)
        _print_lines([*read.lines(argmax=True), *points.lines(), *lines])
    sys.exit(_margins_code(answers))


@cli.command()
@click.argument("network")
@click.argument("instance")
@click.argument("proof")
@_how_to_read
@json_option
def recheck(
    network: str,
    instance: str,
    proof: str,
    reading: dict[str, Any],
    radius: Fraction | None,
    norm: Norm | None,
    as_json: bool,
) -> None:
    """Check a proof that `certify --proof` wrote, by the checker alone: nothing is searched.

    Exit code 3 where the proof does not establish that the network is robust on the instance.

    Example: robustsize recheck net.npz net.instance.npz net.proof.npz
    """
    with progress.shown():
        from robustsize.simulate.certify.guarantee import recheck as establish
        from robustsize.simulate.checker.forest import ProofError
        from robustsize.simulate.checker.proof_file import load_proof

        read, wanted = _read(network, "INSTANCE", instance, reading, radius, norm)
        with complaints_about("PROOF", proof):
            given = load_proof(input_file("PROOF", proof))
        margin, reason = None, ""
        try:
            margin = establish(read.network, wanted, given)
        except ProofError as error:
            reason = str(error)
    from robustsize.bounds.arithmetic.decimals import number

    if as_json:
        _print_json({"established": margin is not None, "margin": margin, "reason": reason})
    elif margin is not None:
        _print_lines([f"established: y f(x') >= {number(margin, up=False, digits=6)}"])
    else:
        _print_lines(["not established", f"  reason: {reason}"])
    sys.exit(Exit.OK if margin is not None else Exit.UNDECIDED)


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
    deadline = monotonic() + float(budget)
    point = one_point(values)
    radii = {"epsilon": _needed(point, epsilon), "c": _needed(point, c)}
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


def _needed(point: Values, symbol: sp.Symbol) -> Fraction:
    """The value of a parameter.

    Raises InputError where it is missing.
    """
    if symbol not in point:
        option, example = BY_SYMBOL[symbol].option, BY_SYMBOL[symbol].example
        raise InputError(f"{option} is missing; for example {option} {example}")
    return point[symbol]


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
        _print_json(made)
    else:
        _print_lines(shatter_lines(made) if shattered else search_lines(made))
    if shattered:
        settled = made["certified"] == made["labellings_tried"]
    else:
        settled = made["smallest_certified"] is not None
    sys.exit(Exit.OK if settled else Exit.UNDECIDED)


def _certificate_code(checked: Any) -> Exit:
    from robustsize.simulate.certify.complete import CertificateStatus

    if checked.counterexample is not None:
        return Exit.REFUTED
    certified = checked.status is CertificateStatus.CERTIFIED
    return Exit.OK if certified else Exit.UNDECIDED


def _margins_code(answers: Any) -> Exit:
    codes = {_certificate_code(one.certificate) for one in answers}
    return next(code for code in (Exit.REFUTED, Exit.UNDECIDED, Exit.OK) if code in codes)


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
    end_on_signals()
    os.environ.setdefault("MPLBACKEND", "agg")
    cli()


if __name__ == "__main__":
    main()
