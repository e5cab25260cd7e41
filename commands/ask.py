"""Ask of theory: list, show, bound, table, solve, plot."""

from __future__ import annotations

import itertools

import click

from robustsize.bounds.catalogue import catalogue
from robustsize.bounds.statement import FormName, Theorem
from robustsize.bounds.symbols import BY_OPTION, PARAMETERS, InputError, Norm, n
from robustsize.commands import progress
from robustsize.commands.options import (
    NumberType,
    TheoremType,
    form_option,
    json_option,
    parameter_options,
    theorem_argument,
)
from robustsize.commands.output import print_json, print_lines, print_table
from robustsize.commands.values import Given, one_point, points, reported, too_many

_MOST_DRAWN = 1000
"""Points of a curve."""


@click.command("list")
@json_option
def list_(as_json: bool) -> None:
    """List the theorems of the catalogue."""
    from robustsize.report.bound_text import catalogue_table, theorem_json

    if as_json:
        print_json([theorem_json(t) for t in catalogue()])
    else:
        print_table(catalogue_table(catalogue()))


@click.command()
@theorem_argument
@click.option("--latex", "as_latex", is_flag=True, help="print the forms in LaTeX")
@json_option
def show(theorem: Theorem, as_latex: bool, as_json: bool) -> None:
    """Show a theorem: statement, hypotheses, forms, source, and where it is loose."""
    from robustsize.report.bound_text import theorem_json, theorem_lines

    if as_json:
        print_json(theorem_json(theorem))
    else:
        print_lines(theorem_lines(theorem, as_latex=as_latex))


@click.command()
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
        print_json(objects[0] if len(objects) == 1 else objects)
    else:
        print_lines(itertools.chain.from_iterable(bound_lines(*row) for row in rows))


@click.command()
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
        print_json(made)
    else:
        print_table(made)


@click.command()
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
        print_json(crossing_json(theorem, form, crossing))
    else:
        print_lines(crossing_lines(theorem, form, crossing))


@click.command()
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
    from robustsize.commands.paths import check_figure_path
    from robustsize.report.bound_figure import bound_figure, moving_parameter
    from robustsize.report.figure_file import save_figure

    path = check_figure_path(output)
    moving = moving_parameter(values)
    if len(values[moving]) > _MOST_DRAWN:
        raise too_many(values, len(values[moving]), _MOST_DRAWN)
    names = [FormName(form_name)] if form_name else list(FormName)
    with progress.shown():
        save_figure(bound_figure(theorems, names, moving, points(values), norm), path)
    click.echo(f"wrote {path}")
