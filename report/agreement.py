"""The files that `robustsize agree` and `probe` leave in a folder: JSON, page and figures."""

from __future__ import annotations

from pathlib import Path

from robustsize.report import agreement_page
from robustsize.report.agreement_figure import figures, name_of_figure
from robustsize.report.agreement_json import result_json
from robustsize.report.figure_file import save_figure
from robustsize.simulate.experiment.run import Result
from robustsize.simulate.system.folder import write_json, write_text

RESULT = "agreement.json"
SUMMARY = "summary.md"


def write(found: Result, folder: Path) -> None:
    """Write them; a figure of an earlier run for which there is nothing to draw is removed."""
    result = result_json(found)
    write_json(folder / RESULT, result)
    drawn = figures(result)
    write_text(folder / SUMMARY, agreement_page.page(result, list(drawn)))
    for title in map(name_of_figure, result["settings"]):
        for ending in ("svg", "png"):
            path = folder / f"{title}.{ending}"
            if title in drawn:
                save_figure(drawn[title], path)
            else:
                path.unlink(missing_ok=True)
