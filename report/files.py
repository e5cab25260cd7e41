"""Where results may be written, and files that are written whole or not at all."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from robustsize.bounds.symbols import InputError
from robustsize.simulate.system.whole_file import whole_file

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FIGURE_KINDS = (".svg", ".png", ".pdf")
NETWORK_KINDS = (".npz", ".onnx", ".pt")
RUN = ".run"
"""In a folder of results, what run they are of; locked while that run goes on."""


def check_figure_path(text: str) -> Path:
    """The path of a text, if a figure can be written there.

    Raises InputError for another ending, a folder that is missing or one that cannot be written.
    """
    return check_path("-o", text, FIGURE_KINDS, "bounds.svg")


def check_network_path(text: str) -> Path:
    """The path of a text, if a network can be written there.

    Raises InputError for another ending, a folder that is missing or one that cannot be written.
    """
    return check_path("-o", text, NETWORK_KINDS, "net.npz")


def check_path(option: str, text: str, kinds: tuple[str, ...], example: str) -> Path:
    """The path of a text, if a file of one of the kinds can be written there.

    Raises InputError for another ending, a folder that is missing or one that cannot be written.
    """
    path, why = Path(text), "no file can be written there"
    if path.suffix not in kinds:
        why = f"the ending must be one of {', '.join(kinds)}"
    else:
        with suppress(OSError, ValueError):  # A name too long, or one with a zero byte.
            if not path.is_dir() and path.parent.is_dir() and os.access(path.parent, os.W_OK):
                return path
    raise InputError(f"{option} {_short(text)}: {why}; for example {option} {example}")


def input_file(option: str, text: str) -> Path:
    """The file that an option names.

    Raises InputError where there is no regular file of that name.
    """
    path = Path(text)
    with suppress(OSError, ValueError):  # A name too long, or one with a zero byte.
        if path.is_file():
            return path
    example = {"NETWORK": "net.npz", "PROOF": "net.proof.npz"}.get(option, f"{option} data.csv")
    raise InputError(f"{option} {_short(text)}: no such file; for example {example}")


def output_folder(text: str) -> Path:
    """The folder that -o names, which need not be there yet.

    Raises InputError for an empty name, which would be the current folder, and where no folder can
    be made or written.
    """
    if not text.strip() or "\0" in text:
        raise InputError(f"-o {text!r}: the name of a folder is needed; for example -o out/report")
    path = Path(text)
    with complaints_about_output(path):
        there = next(one for one in (path, *path.absolute().parents) if one.exists())
    if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
        why = "not writable" if there.is_dir() else f"{_short(str(there))} is no folder"
        raise InputError(f"-o {_short(text)}: {why}; for example -o out/report")
    return path


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
                f"-o {_short(str(path))}: it holds the results of {_short(held)}; "
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
            f"-o {_short(str(path))}: another run is writing there; wait for its end, or give "
            "another folder, for example -o out/other"
        ) from error


def _short(text: str) -> str:
    return repr(text if len(text) <= 120 else text[:117] + "...")


@contextmanager
def complaints_about_output(path: Path) -> Iterator[None]:
    """Turn what the system says against writing into the one line that names -o."""
    try:
        yield
    except OSError as error:
        raise InputError(
            f"-o {_short(str(path))}: {error.strerror or error}; for example -o out/report"
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


def save_figure(figure: Figure, path: Path) -> None:
    """Write a figure, whole or not at all; the same figure gives the same file.

    Raises InputError where the disk does not take it.
    """
    import matplotlib as mpl

    kind = path.suffix[1:]
    undated = {"svg": {"Date": None}, "pdf": {"CreationDate": None}}.get(kind, {})
    with (
        complaints_about_output(path),
        whole_file(path) as partial,
        mpl.rc_context({"svg.hashsalt": "robustsize"}),
    ):
        figure.savefig(partial, format=kind, metadata=undated, dpi=144)
