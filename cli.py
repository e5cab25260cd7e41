"""The command line: parse, call, print. Everything heavy is imported where it is used."""

from __future__ import annotations

import itertools
import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import Any, NoReturn

import click
from click.shell_completion import CompletionItem

from robustsize.bounds.catalogue import IDS, catalogue, theorem
from robustsize.bounds.statement import FormName, Theorem
from robustsize.bounds.symbols import (
    BY_OPTION,
    BY_SYMBOL,
    PARAMETERS,
    InputError,
    Norm,
    Parameter,
    Values,
    c,
    d,
    epsilon,
    n,
    rational,
    read_norm,
)

CONTRADICTED = 1
BAD_INPUT = 2
INTERRUPTED = 130


class _Cli(click.Group):
    """A group whose every complaint is one line and exit code 2."""

    def main(  # type: ignore[override]
        self, args: Sequence[str] | None = None, standalone_mode: bool = True, **extra: Any
    ) -> Any:
        """Run a command; exit code 2 after a complaint, 130 after Ctrl-C."""
        try:
            code = super().main(args, standalone_mode=False, **extra)
        except InputError as error:
            _stop(str(error), BAD_INPUT)
        except click.ClickException as error:
            _stop(error.format_message(), BAD_INPUT)
        except OSError as error:
            _stop(f"{error.filename or 'output'}: {error.strerror or error}", BAD_INPUT)
        except (click.Abort, KeyboardInterrupt):
            _stop("interrupted", INTERRUPTED)
        if standalone_mode:
            sys.exit(code or 0)
        return code


def _stop(message: str, code: int) -> NoReturn:
    line = " ".join(message.split()).encode("utf-8", "backslashreplace").decode()
    click.echo(f"robustsize: {line}", err=True)
    sys.exit(code)


class _TheoremType(click.ParamType):
    name = "theorem"

    def convert(self, value: Any, param: Any, ctx: Any) -> Theorem:
        return value if isinstance(value, Theorem) else theorem(value)

    def shell_complete(self, ctx: Any, param: Any, incomplete: str) -> list[CompletionItem]:
        return [CompletionItem(id) for id in IDS if id.startswith(incomplete)]


class _ValuesType(click.ParamType):
    """The values of one parameter: one, a list, or a range."""

    def __init__(self, parameter: Parameter) -> None:
        self.name = "values"
        self.parameter = parameter

    def convert(self, value: Any, param: Any, ctx: Any) -> tuple[Fraction, ...]:
        return value if isinstance(value, tuple) else self.parameter.read_all(value)


class _NormType(click.ParamType):
    name = "norm"

    def convert(self, value: Any, param: Any, ctx: Any) -> Norm:
        return value if isinstance(value, Norm) else read_norm(value)

    def shell_complete(self, ctx: Any, param: Any, incomplete: str) -> list[CompletionItem]:
        return [CompletionItem(norm.value) for norm in Norm]


Command = Callable[..., Any]


def _parameter_options(command: Command) -> Command:
    """One option for each symbol, gathered into `values`: symbol -> tuple of values."""

    def gathered(*args: Any, **options: Any) -> Any:
        values = {
            q.symbol: given for q in PARAMETERS if (given := options.pop(q.option[2:])) is not None
        }
        return command(*args, values=values, **options)

    gathered.__name__, gathered.__doc__ = command.__name__, command.__doc__
    gathered.__click_params__ = getattr(command, "__click_params__", [])  # type: ignore[attr-defined]
    decorated: Command = gathered
    for q in reversed(PARAMETERS):
        help = f"{q.meaning}: {q.domain}, for example {q.example}"
        decorated = click.option(q.option, q.option[2:], type=_ValuesType(q), help=help)(decorated)
    norm_help = "the norm p of separation and adversary: 2 or inf"
    return click.option("--p", "norm", type=_NormType(), default="inf", help=norm_help)(decorated)


_device_option = click.option(
    "--device", default="auto", type=click.Choice(["auto", "cpu", "cuda"]), help="where to train"
)
_seed_option = click.option("--seed", default="0", help="a whole number >= 0")
_theorem_argument = click.argument("theorem", type=_TheoremType())
_json_option = click.option("--json", "as_json", is_flag=True, help="print JSON")
_form_option = click.option(
    "--form",
    "form_name",
    type=click.Choice([name.value for name in FormName]),
    help="default: explicit where there is one, else printed",
)


@click.group(
    cls=_Cli,
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
@_json_option
def list_(as_json: bool) -> None:
    """List the theorems of the catalogue."""
    from robustsize.report.bound_text import catalogue_table, theorem_json

    if as_json:
        _print_json([theorem_json(t) for t in catalogue()])
    else:
        _print_table(catalogue_table(catalogue()))


@cli.command()
@_theorem_argument
@click.option("--latex", "as_latex", is_flag=True, help="print the forms in LaTeX")
@_json_option
def show(theorem: Theorem, as_latex: bool, as_json: bool) -> None:
    """Show a theorem: statement, hypotheses, forms, source, and where it is loose."""
    from robustsize.report.bound_text import theorem_json, theorem_lines

    if as_json:
        _print_json(theorem_json(theorem))
    else:
        _print_lines(theorem_lines(theorem, as_latex=as_latex))


@cli.command()
@_theorem_argument
@_form_option
@_parameter_options
@_json_option
def bound(
    theorem: Theorem,
    form_name: str | None,
    values: dict[Any, tuple[Fraction, ...]],
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
    for point in _points(values):
        value = bound_value(theorem, form, point, norm)
        size = int(point[n]) if n in point else None
        rows.append((value, (size, value.holds_against(size)) if size is not None else None))
    if as_json:
        objects = [bound_json(*row) for row in rows]
        _print_json(objects[0] if len(objects) == 1 else objects)
    else:
        _print_lines(itertools.chain.from_iterable(bound_lines(*row) for row in rows))


@cli.command()
@_parameter_options
@_json_option
def table(values: dict[Any, tuple[Fraction, ...]], norm: Norm, as_json: bool) -> None:
    """Print the paper's Table 1 with numbers at your parameters.

    Example: robustsize table --d 20 --epsilon 0.1 --c 0.5 --k 3 --samples 1000 --delta 0.01
    """
    from robustsize.report.table1 import table1, table1_json

    points = list(_points(values))
    if as_json:
        _print_json(table1_json(points, norm))
    else:
        _print_table(table1(points, norm))


@cli.command()
@_theorem_argument
@_form_option
@click.option("--for", "wanted", required=True, help="the parameter to solve for, such as d")
@click.option("--size", required=True, help="the network size, such as 25e6")
@_parameter_options
@_json_option
def solve(
    theorem: Theorem,
    form_name: str | None,
    wanted: str,
    size: str,
    values: dict[Any, tuple[Fraction, ...]],
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
    crossing = solve_for(theorem, form, parameter.symbol, _size(size), _one_point(values), norm)
    if as_json:
        _print_json(crossing_json(theorem, form, crossing))
    else:
        _print_lines(crossing_lines(theorem, form, crossing))


@cli.command()
@click.argument("theorems", type=_TheoremType(), nargs=-1, required=True)
@_form_option
@_parameter_options
@click.option("-o", "--output", required=True, help="FILE.svg, FILE.png or FILE.pdf")
def plot(
    theorems: tuple[Theorem, ...],
    form_name: str | None,
    values: dict[Any, tuple[Fraction, ...]],
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
    save_figure(bound_figure(theorems, names, moving, list(_points(values)), norm), path)
    click.echo(f"wrote {path}")


@cli.command()
@click.option("--preset", default="quick", help="what to measure: quick")
@_device_option
@_seed_option
@click.option("-o", "--output", required=True, help="the folder for summary, JSON and figures")
@_json_option
def agree(preset: str, device: str, seed: str, output: str, as_json: bool) -> None:
    """Measure the hard instance of Theorem 4.3 and hold it against the bounds.

    Exit code 1 where a certified measurement contradicts theory.

    Example: robustsize agree --preset quick -o out/report
    """
    from robustsize.report import progress
    from robustsize.report.agree import PRESETS, SUMMARY, contradicted
    from robustsize.report.agree import agree as measure

    if preset not in PRESETS:
        names = ", ".join(PRESETS)
        raise InputError(f"--preset {preset[:40]!r}: one of {names}; for example --preset quick")
    folder = Path(output)
    with progress.shown() as show:
        result = measure(
            PRESETS[preset], device=device, seed=_seed(seed), folder=folder, progress=show
        )
    if as_json:
        _print_json(result)
    else:
        click.echo((folder / SUMMARY).read_text())
        click.echo(f"wrote {folder}")
    sys.exit(CONTRADICTED if contradicted(result) else 0)


@cli.command()
@click.argument("targets", nargs=-1, metavar="[ID|FILE|all]...")
@click.option("--strict", is_flag=True, help="also fail on steps only tested or undecided")
@click.option("--explain", metavar="STEP", help="print one step in full, and how it was decided")
@_seed_option
@_json_option
def check(
    targets: tuple[str, ...], strict: bool, explain: str | None, seed: str, as_json: bool
) -> None:
    """Check derivations step by step: the paper's, ours, or your own in a TOML file.

    Exit code 1 where a step of ours or yours is refuted, or the refuted steps of the paper are not
    the expected ones.

    Example: robustsize check thm2.2
    """
    from robustsize.report import progress
    from robustsize.report.check import run
    from robustsize.report.check_text import explain as explained

    if explain is not None:
        _print_lines(explained(explain))
        return
    with progress.shown() as show:
        report = run(targets, strict=strict, seed=_seed(seed), progress=show)
    if as_json:
        _print_json(report.json())
    else:
        _print_lines(report.lines())
    sys.exit(report.exit_code)


@cli.command()
@_theorem_argument
@_parameter_options
@click.option("--instance", default="random", help="random, or a file of labelled points")
@_seed_option
@click.option("-o", "--output", required=True, help="NET.npz, NET.onnx or NET.pt")
@_json_option
def build(
    theorem: Theorem,
    values: dict[Any, tuple[Fraction, ...]],
    norm: Norm,
    instance: str,
    seed: str,
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
    from robustsize.simulate.read_sets import read_pair

    path = check_network_path(Path(output))
    point = _one_point(values)
    with _complaints_about("--instance", instance):
        pair = None
        if instance != "random":
            if epsilon not in point:
                raise InputError("--epsilon is missing: data need it; for example --epsilon 0.1")
            pair = read_pair(Path(instance), point[epsilon], norm)
        built = construct(theorem.id, Request(point, norm, pair, _seed(seed)))
    promised = Guarantee.of(built)
    checked = certificate(built.network, promised)
    with _complaints_about("-o", output):
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
@click.option("--radius", help="the adversary's radius, in place of the file's")
@click.option("--p", "norm", type=_NormType(), help="2 or inf, in place of the file's")
@click.option("--budget", default="60", help="seconds for the search")
@_json_option
def certify(
    network: str, instance: str, radius: str | None, norm: Norm | None, budget: str, as_json: bool
) -> None:
    """Certify or refute a network on all of the balls around an instance.

    Exit code 1 where there is a counterexample.

    Example: robustsize certify net.npz --instance net.instance.npz
    """
    from robustsize.report.networks import certificate_json, certificate_lines
    from robustsize.simulate.export import load_network
    from robustsize.simulate.guarantee import certificate, read_guarantee

    limit = float(_positive("--budget", budget, "60"))
    reach = _positive("--radius", radius, "0.1") if radius is not None else None
    with _complaints_about("NETWORK", network):
        net = load_network(Path(network))
    with _complaints_about("--instance", instance):
        wanted = read_guarantee(Path(instance), reach, norm)
        checked = certificate(net, wanted, budget_seconds=limit)
    if as_json:
        _print_json(certificate_json(checked))
    else:
        _print_lines(certificate_lines(checked))
    sys.exit(_certificate_code(checked))


@cli.command()
@click.option(
    "--instance", default="thm4.3", help="thm4.3 (its hard instance), or a file of points"
)
@_parameter_options
@click.option("--labelling", default="checkerboard", help="checkerboard, random, or such as +-+")
@click.option("--budget", default="120", help="seconds")
@click.option("--seeds", default="64", help="random starts of each architecture")
@click.option("--architecture", help="hidden widths such as 8,4: share of labellings they realise")
@click.option("--all", "all_labellings", is_flag=True, help="with --architecture: all labellings")
@click.option("--sample", default="64", help="with --architecture: so many random labellings")
@_device_option
@_seed_option
@click.option("-o", "--output", required=True, help="the folder for the result; resumes from it")
@_json_option
def search(
    instance: str,
    values: dict[Any, tuple[Fraction, ...]],
    norm: Norm,
    labelling: str,
    budget: str,
    seeds: str,
    architecture: str | None,
    all_labellings: bool,
    sample: str,
    device: str,
    seed: str,
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

    point = _one_point(values)
    for needed in (epsilon, c):
        if needed not in point:
            option, example = BY_SYMBOL[needed].option, BY_SYMBOL[needed].example
            raise InputError(f"{option} is missing; for example {option} {example}")
    options: dict[str, Any] = {
        "seeds": _count("--seeds", seeds),
        "seed": _seed(seed),
        "budget_seconds": float(_positive("--budget", budget, "120")),
        "device": device,
    }
    widths = _widths(architecture) if architecture is not None else None
    drawn = None if all_labellings else _count("--sample", sample)
    with _complaints_about("--instance", instance), progress.shown() as show:
        chosen = instance_of(
            instance,
            epsilon=point[epsilon],
            c=point[c],
            p=norm,
            d=int(point.get(d, 3)),
            labelling=labelling,
            seed=_seed(seed),
        )
        folder = check_folder(Path(output))
        if widths is None:
            made = run_search(chosen, folder, progress=show, **options)
        else:
            made = run_shatter(chosen, widths, folder, sample=drawn, progress=show, **options)
    if as_json:
        _print_json(made)
    else:
        _print_lines(search_lines(made) if widths is None else shatter_lines(made))


@contextmanager
def _complaints_about(option: str, value: str) -> Iterator[None]:
    """Turn what the code below says of a user's value into the one line that names the option."""
    try:
        yield
    except InputError:
        raise
    except ValueError as error:
        raise InputError(f"{option} {value[:60]!r}: {error}") from error
    except OSError as error:
        raise InputError(f"{option} {value[:60]!r}: {error.strerror or error}") from error


def _certificate_code(checked: Any) -> int:
    return CONTRADICTED if checked.counterexample is not None else 0


def _count(option: str, text: str) -> int:
    value = rational(text)
    if value is None or not 1 <= value <= 10**6 or value.denominator != 1:
        raise InputError(
            f"{option} {text[:40]!r}: a whole number in [1, 10^6]; for example {option} 64"
        )
    return int(value)


def _widths(text: str) -> tuple[int, ...]:
    parts = [rational(part) for part in text.split(",")]
    widths = [int(w) for w in parts if w is not None and w.denominator == 1 and 1 <= w <= 1000]
    if len(widths) != len(parts) or len(widths) > 3:
        example = "for example --architecture 8,4"
        raise InputError(f"--architecture {text[:40]!r}: one to three hidden widths; {example}")
    return tuple(widths)


def _positive(option: str, text: str, example: str) -> Fraction:
    value = rational(text)
    if value is None or value <= 0:
        raise InputError(f"{option} {text[:40]!r}: a number > 0; for example {option} {example}")
    return value


def _points(values: dict[Any, tuple[Fraction, ...]]) -> Iterable[Values]:
    """Every combination of the given values."""
    for combination in itertools.product(*values.values()):
        yield dict(zip(values, combination, strict=True))


def _one_point(values: dict[Any, tuple[Fraction, ...]]) -> Values:
    points = list(_points(values))
    if len(points) > 1:
        raise InputError("a range or list has no meaning here; give each parameter one value")
    return points[0]


def _size(text: str) -> int:
    value = rational(text)
    if value is None or value < 1 or value.denominator != 1:
        raise InputError(f"--size {text[:40]!r}: a whole number >= 1; for example --size 25e6")
    return int(value)


def _seed(text: str) -> int:
    value = rational(text)
    if value is None or value < 0 or value.denominator != 1 or value >= 2**32:
        raise InputError(f"--seed {text[:40]!r}: a whole number in [0, 2^32); for example --seed 0")
    return int(value)


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
