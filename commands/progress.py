"""Progress of long work, with the time left: a bar on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TextIO

Progress = Callable[[float, str], None]
"""Called with the share done, 0 to 1, and what is being done."""

SECONDS_TO_FIRST_LINE = 1.5
SECONDS_BETWEEN_LINES = 10.0


def silent(share: float, doing: str) -> None:
    """Show nothing."""


@contextmanager
def shown() -> Iterator[Progress]:
    """Progress on standard error, with an estimate of the time left.

    It is shown from the start and in time, also while the work reports nothing. Work that ends
    before the first line is due shows none.
    """
    if not sys.stderr.isatty():
        with _Lines(sys.stderr) as lines:
            yield lines
        return
    from rich.console import Console
    from rich.progress import BarColumn, TaskProgressColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn())
    with Bar(*columns, TimeRemainingColumn(), console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("starting", total=1.0)
        yield lambda share, doing: bar.update(task, completed=share, description=doing)


class _Lines:
    """Lines about what was reported last, written by a thread of their own."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._start = time.monotonic()
        self._latest = (0.0, "starting")
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._write, name="progress", daemon=True)

    def __enter__(self) -> _Lines:
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._over.set()
        self._thread.join()

    def __call__(self, share: float, doing: str) -> None:
        self._latest = share, doing

    def _write(self) -> None:
        wait = SECONDS_TO_FIRST_LINE
        with suppress(OSError, ValueError):  # The reader has gone: the work goes on.
            while not self._over.wait(wait):
                self._stream.write(f"{self._line()}\n")
                self._stream.flush()
                wait = SECONDS_BETWEEN_LINES

    def _line(self) -> str:
        share, doing = self._latest
        elapsed = time.monotonic() - self._start
        if share > 0.02:
            return f"{share:4.0%}  {doing}, about {elapsed * (1 - share) / share:.0f} s left"
        return f"{share:4.0%}  {doing}, {elapsed:.0f} s so far"
