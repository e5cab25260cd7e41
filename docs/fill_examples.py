"""Run every console example of the README and the docs, and write down what it prints.

`python docs/fill_examples.py` rewrites the pages, as `make docs` does.
"""

from __future__ import annotations

import re
import shlex
from contextlib import chdir
from pathlib import Path

from click.testing import CliRunner

from robustsize.cli import cli

ROOT = Path(__file__).parent.parent
_BLOCK = re.compile(r"```console\n(.*?)```", flags=re.DOTALL)
_SESSION = re.compile(r"^\$ robustsize (.*)$", flags=re.MULTILINE)


def pages() -> list[Path]:
    """The pages that may hold examples."""
    return [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def filled(text: str) -> str:
    """The text with the output of each example as it is today."""
    return _BLOCK.sub(lambda block: f"```console\n{_sessions(block[1])}```", text)


def _sessions(block: str) -> str:
    return "\n".join(_session(command) for command in _SESSION.findall(block))


def _session(command: str) -> str:
    with chdir(ROOT):
        done = CliRunner().invoke(cli, shlex.split(command))
    shown = done.stdout or done.stderr  # Beside an answer, standard error holds progress alone.
    lines = (line.rstrip() for line in shown.rstrip().splitlines())
    return "\n".join([f"$ robustsize {command}", *lines]) + "\n"


if __name__ == "__main__":
    for page in pages():
        page.write_text(filled(page.read_text()))
