"""Files that are written whole or not at all."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from robustsize.bounds.symbols import InputError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FIGURE_KINDS = (".svg", ".png", ".pdf")
NETWORK_KINDS = (".npz", ".onnx", ".pt")


def check_figure_path(path: Path) -> Path:
    """The path, if a figure can be written there.

    Raises InputError for another ending, a folder that is missing or one that cannot be written.
    """
    return _check_path(path, FIGURE_KINDS, "bounds.svg")


def check_network_path(path: Path) -> Path:
    """The path, if a network can be written there.

    Raises InputError for another ending, a folder that is missing or one that cannot be written.
    """
    return _check_path(path, NETWORK_KINDS, "net.npz")


def _check_path(path: Path, kinds: tuple[str, ...], example: str) -> Path:
    if path.suffix not in kinds:
        raise InputError(
            f"-o {str(path)!r}: the ending must be one of {', '.join(kinds)}; "
            f"for example -o {example}"
        )
    if not path.parent.is_dir() or path.is_dir() or not os.access(path.parent, os.W_OK):
        raise InputError(
            f"-o {str(path)!r}: no file can be written there; for example -o {example}"
        )
    return path


def check_folder(path: Path) -> Path:
    """The folder, made where it is missing.

    Raises InputError where it cannot be made or written.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(
            f"-o {str(path)!r}: {error.strerror}; for example -o out/report"
        ) from error
    if not os.access(path, os.W_OK):
        raise InputError(f"-o {str(path)!r}: not writable; for example -o out/report")
    return path


def write_text(path: Path, text: str) -> None:
    """Write a text file, whole or not at all.

    Raises InputError where the disk does not take it.
    """
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        partial.write_text(text, encoding="utf-8")
        partial.replace(path)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise InputError(f"-o {str(path)!r}: {error.strerror}") from error


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
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with mpl.rc_context({"svg.hashsalt": "robustsize"}):
            figure.savefig(partial, format=kind, metadata=undated, dpi=144)
        partial.replace(path)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise InputError(f"-o {str(path)!r}: {error.strerror}") from error
