"""Check derivations."""

from __future__ import annotations

import sys

import click

from robustsize.commands import progress
from robustsize.commands.options import json_option, seed_option
from robustsize.commands.output import print_json, print_lines


@click.command()
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
        print_lines(explained(explain))
        return
    with progress.shown() as show:
        report = run(targets, strict=strict, seed=seed, progress=show)
    if as_json:
        print_json(report.json())
    else:
        print_lines(report.lines())
    for line in report.unreadable:
        click.echo(f"robustsize: {line}", err=True)
    sys.exit(report.exit_code)
