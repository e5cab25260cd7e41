"""The paths that options name: files that are read, files and folders that can be written."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from robustsize.bounds.symbols import InputError
from robustsize.simulate.system.folder import complaints_about_output, short

FIGURE_KINDS = (".svg", ".png", ".pdf")
NETWORK_KINDS = (".npz", ".onnx", ".pt")


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
    raise InputError(f"{option} {short(text)}: {why}; for example {option} {example}")


def input_file(option: str, text: str) -> Path:
    """The file that an option names.

    Raises InputError where there is no regular file of that name.
    """
    path = Path(text)
    with suppress(OSError, ValueError):  # A name too long, or one with a zero byte.
        if path.is_file():
            return path
    example = {"NETWORK": "net.npz", "PROOF": "net.proof.npz"}.get(option, f"{option} data.csv")
    raise InputError(f"{option} {short(text)}: no such file; for example {example}")


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
        why = "not writable" if there.is_dir() else f"{short(str(there))} is no folder"
        raise InputError(f"-o {short(text)}: {why}; for example -o out/report")
    return path


@contextmanager
def complaints_about(option: str, value: str) -> Iterator[None]:
    """Turn what the code below says of a user's value into the one line that names the option."""
    try:
        yield
    except InputError:
        raise
    except ValueError as error:
        # A short value is shown whole, and need not be named twice.
        said = str(error).removeprefix(f"{value}: ") if len(value) <= 60 else str(error)
        raise InputError(f"{option} {value[:60]!r}: {said}") from error
    except OSError as error:
        raise InputError(f"{option} {value[:60]!r}: {error.strerror or error}") from error
