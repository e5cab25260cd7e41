"""Figures as files."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from robustsize.simulate.system.folder import complaints_about_output
from robustsize.simulate.system.whole_file import whole_file

if TYPE_CHECKING:
    from matplotlib.figure import Figure


_COLOURS = 32
"""Of a figure on a page; lines and text need no more."""


def save_figure(figure: Figure, path: Path) -> None:
    """Write a figure, whole or not at all; the same figure gives the same file.

    A .webp file is a small picture for a page, the others are for print.

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
        if kind == "webp":
            _save_picture(figure, partial)
        else:
            figure.savefig(partial, format=kind, metadata=undated, dpi=144)


def _save_picture(figure: Figure, path: Path) -> None:
    """A palette of few colours, packed without loss, takes a tenth of the room."""
    from PIL import Image

    drawn = BytesIO()
    figure.savefig(drawn, format="png", dpi=72)
    few = Image.open(drawn).convert("RGB").quantize(_COLOURS, Image.Quantize.MAXCOVERAGE)
    few.convert("RGB").save(path, "webp", lossless=True, quality=100, method=6)
