"""Progress of long work, with the time left: a bar on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Progress = Callable[[float, str], None]
"""Called with the share done, 0 to 1, and what is being done."""

SECONDS_BETWEEN_LINES = 10.0


def silent(share: float, doing: str) -> None:
    """Show nothing."""


@contextmanager
def shown() -> Iterator[Progress]:
    """Progress on standard error, with an estimate of the time left."""
    from rich.console import Console
    from rich.progress import BarColumn, TaskProgressColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    console = Console(stderr=True)
    if not console.is_terminal:
        yield _lines(console.print)
        return
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn())
    with Bar(*columns, TimeRemainingColumn(), console=console, transient=True) as bar:
        task = bar.add_task("starting", total=1.0)
        yield lambda share, doing: bar.update(task, completed=share, description=doing)


def _lines(write: Callable[[str], None]) -> Progress:
    start = last = time.monotonic()

    def show(share: float, doing: str) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last >= SECONDS_BETWEEN_LINES:
            last = now
            left = f"about {(now - start) * (1 - share) / share:.0f} s left" if share > 0.02 else ""
            write(f"{share:4.0%}  {doing}, {left or 'compiling at first'}")

    return show
