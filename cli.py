"""The command line: the group of the commands."""

from __future__ import annotations

import os

import click

from robustsize.commands.ending import EXIT_CODES, end_on_signals
from robustsize.commands.group import Commands, Families

COMMANDS = Families(
    **dict.fromkeys(("bound", "list", "plot", "show", "solve", "table"), "ask"),
    **dict.fromkeys(("agree", "probe"), "measure"),
    **dict.fromkeys(("certify", "recheck"), "certify"),
    build="build",
    check="check",
    search="search",
)


@click.group(
    cls=Commands,
    commands=COMMANDS,
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


def main() -> None:
    """Run the command line."""
    end_on_signals()
    os.environ.setdefault("MPLBACKEND", "agg")
    cli()


if __name__ == "__main__":
    main()
