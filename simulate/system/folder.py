"""Folders of results: each belongs to one run, and its files are written whole or not at all."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from robustsize.bounds.symbols import InputError
from robustsize.simulate.system.whole_file import whole_file

RUN = ".run"
"""In a folder of results, what run they are of; locked while that run goes on."""


def check_folder(path: Path) -> Path:
    """The folder, made where it is missing.

    Raises InputError where it cannot be made or written.
    """
    with complaints_about_output(path):
        path.mkdir(parents=True, exist_ok=True)
    if not os.access(path, os.W_OK):
        raise InputError(f"-o {str(path)!r}: not writable; for example -o out/report")
    return path


@contextmanager
def folder_of_run(path: Path, run: str) -> Iterator[Path]:
    """The folder for the results of one run, made where it is missing, and meanwhile its alone.

    run: one line that tells it from every other run. The same run may come again and go on.

    Raises InputError where the folder holds another run's results, the same run is under way, or
    the folder cannot be made or written.
    """
    check_folder(path)
    with complaints_about_output(path), (path / RUN).open("a+", encoding="utf-8") as file:
        _lock(file, path)
        file.seek(0)
        held = file.read().strip()
        if held and held != run:
            raise InputError(
                f"-o {short(str(path))}: it holds the results of {short(held)}; "
                "give each run a folder of its own, for example -o out/other"
            )
        if not held:
            file.write(f"{run}\n")
            file.flush()
        yield path


def _lock(file: IO[str], path: Path) -> None:
    """Hold a file as long as it is open; the system frees it when the process ends, however."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise InputError(
            f"-o {short(str(path))}: another run is writing there; wait for its end, or give "
            "another folder, for example -o out/other"
        ) from error


def short(text: str) -> str:
    """A text as a complaint shows it."""
    return repr(text if len(text) <= 120 else text[:117] + "...")


@contextmanager
def complaints_about_output(path: Path) -> Iterator[None]:
    """Turn what the system says against writing into the one line that names -o."""
    try:
        yield
    except OSError as error:
        raise InputError(
            f"-o {short(str(path))}: {error.strerror or error}; for example -o out/report"
        ) from error


def write_text(path: Path, text: str) -> None:
    """Write a text file, whole or not at all.

    Raises InputError where the disk does not take it.
    """
    with complaints_about_output(path), whole_file(path) as partial:
        partial.write_text(text, encoding="utf-8")


def write_json(path: Path, value: Any) -> None:
    """Write a JSON file, whole or not at all; NaN and infinities are refused."""
    write_text(path, json.dumps(value, indent=2, allow_nan=False) + "\n")
