"""The files that `robustsize agree` and `probe` leave in a folder: JSON, page and figures."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from robustsize.report.agreement_figure import figures, name_of_figure
from robustsize.report.agreement_json import condensed, read_result, result_text, rows_text
from robustsize.report.agreement_page import FIGURES, page
from robustsize.report.figure_file import save_figure
from robustsize.simulate.experiment.run import Result
from robustsize.simulate.system.folder import write_text

RESULT = "agreement.json"
ROWS = "rows.json"
SUMMARY = "summary.md"


def write(result: Result, folder: Path) -> None:
    """Write them; a figure of an earlier run for which there is nothing to draw is removed."""
    rows = {id: [condensed(row) for row in of] for id, of in result.rows.items()}
    write_text(folder / ROWS, rows_text(result))
    write_text(folder / RESULT, result_text(replace(result, rows=rows)))
    write_pages(folder)


def write_pages(folder: Path) -> None:
    """Write the page and the figures of the results that a folder holds."""
    result = read_result((folder / RESULT).read_text(encoding="utf-8"))
    drawn = figures(result)
    write_text(folder / SUMMARY, page(result, list(drawn)))
    for title in map(name_of_figure, result.settings):
        for ending in FIGURES:
            path = folder / f"{title}.{ending}"
            if title in drawn:
                save_figure(drawn[title], path)
            else:
                path.unlink(missing_ok=True)
