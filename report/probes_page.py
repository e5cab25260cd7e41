"""The page docs/probes.md, made from the probes.

`python -m robustsize.report.probes_page` prints it.
"""

from __future__ import annotations

from collections.abc import Iterator

from robustsize.simulate.experiment.probe import Probe, Setting
from robustsize.simulate.theorems.catalogue import PROBES

_HEAD = """# The probes

Made from `simulate/theorems/` by `make docs`; the tests compare the two. `robustsize probe ID` takes
the parameters named here; what is not given is that of the quick preset. `robustsize agree` runs
them all, `make results` with the full preset, whose outcome is in [results](results/summary.md)."""


def page() -> str:
    """The whole page in Markdown."""
    return "\n".join([_HEAD, *(line for probe in PROBES for line in _lines(probe))]) + "\n"


def _lines(probe: Probe) -> Iterator[str]:
    yield ""
    yield f"## {probe.id}"
    yield ""
    yield f"* Covers {', '.join(probe.covers)}: {probe.measures}."
    yield f"* `--seeds`: {probe.seeds_are}."
    yield f"* Quick: {_written(probe.quick)}. Full: {_written(probe.full)}."
    yield "* Predicts, at the quick preset:"
    cells, trends = probe.cells(probe.quick), probe.trends(probe.quick)
    predictions = [p for cell in cells for p in cell.predictions] + [t.prediction for t in trends]
    yield from dict.fromkeys(f"  * {p.id}: {p.quantity}" for p in predictions)


def _written(setting: Setting) -> str:
    values = setting.json()
    del values["seed"], values["device"]
    lists = {n: ",".join(v) if isinstance(v, list) else v for n, v in values.items()}
    return "`" + " ".join(f"--{name} {value}" for name, value in lists.items()) + "`"


if __name__ == "__main__":
    print(page(), end="")
