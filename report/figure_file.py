"""Figures as files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from robustsize.simulate.system.folder import complaints_about_output
from robustsize.simulate.system.whole_file import whole_file

if TYPE_CHECKING:
    from matplotlib.figure import Figure


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
