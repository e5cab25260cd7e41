"""What commands print, and the exit code of a certificate."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from typing import Any

import click

from robustsize.commands.ending import Exit


def print_json(value: Any) -> None:
    """Print strict JSON."""
    click.echo(json.dumps(value, indent=2, allow_nan=False))


def print_lines(lines: Iterable[str]) -> None:
    """Print a text."""
    click.echo("\n".join(lines))


def print_table(table: Any) -> None:
    """Print a table of rich."""
    from rich.console import Console

    # Away from a terminal nothing is folded: a reader pipes the table on.
    Console(width=None if sys.stdout.isatty() else 240).print(table)


def certificate_code(checked: Any) -> Exit:
    """The exit code of a certificate."""
    from robustsize.simulate.certify.complete import CertificateStatus

    if checked.counterexample is not None:
        return Exit.REFUTED
    certified = checked.status is CertificateStatus.CERTIFIED
    return Exit.OK if certified else Exit.UNDECIDED
