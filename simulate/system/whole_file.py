"""Files that are written whole or not at all, whatever ends the program."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_partial: set[Path] = set()


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """A path to write to, which takes the place of `path` at the end, or goes where that fails."""
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    _partial.add(partial)
    try:
        yield partial
        partial.replace(path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise
    finally:
        _partial.discard(partial)


def remove_partial_files() -> None:
    """Remove what is being written, for a program that ends without leaving its functions."""
    for partial in tuple(_partial):
        partial.unlink(missing_ok=True)
