"""Jobs in processes of their own, within limits: a job that exceeds one is stopped, the rest go on.

A worker process, with the checker loaded, does one job after another. Each job has limits of its
own and starts from the same caches and seeds, whatever ran before it in the process. A process that
dies costs the answer of its job only: another one takes its place, as for one that met a limit or
kept much memory. Workers are started by name, not from the caller's main module, so that a script
needs no guard, and end with their caller, however that ends.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing import Pipe
from multiprocessing.connection import wait
from pathlib import Path
from signal import SIGABRT, SIGALRM, SIGPROF, Signals
from typing import Any, Self

MEMORY_BYTES = 1 << 30
"""The memory of a job; the steps of this project need less than a quarter of it."""


@dataclass(frozen=True)
class Limits:
    """What a job may use. Processor time is the limit; wall time only stops a job that sleeps."""

    processor_seconds: float
    memory_bytes: int = MEMORY_BYTES

    @property
    def wall_seconds(self) -> float:
        """Long enough for a machine that is shared with many others."""
        return 30 + 20 * self.processor_seconds

    @property
    def memory_reached(self) -> str:
        """The reason that a job gives which met the limit of memory."""
        return f"memory limit of {self.memory_bytes >> 20} MiB reached"


@dataclass(frozen=True)
class Job:
    """A call, of a function that can be imported by name."""

    call: Callable[[], Any]
    limits: Limits


@dataclass(frozen=True)
class Done:
    """The job returned a value."""

    value: Any


@dataclass(frozen=True)
class Refused:
    """The job found bad input."""

    message: str


@dataclass(frozen=True)
class Stopped:
    """The job has no answer; the reason says which limit it met or how it failed."""

    reason: str


Answer = Done | Refused | Stopped


class Workers:
    """Up to `count` processes, started when there is work for them; a context manager."""

    def __init__(self, count: int) -> None:
        self._count = max(1, count)
        self._workers: list[_Worker] = []

    def __enter__(self) -> Self:
        self._workers.append(_Worker())  # it loads while the caller still prepares the jobs
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End all processes, whatever they do."""
        while self._workers:
            self._workers.pop().kill()

    def answers(self, jobs: Sequence[Job]) -> Iterator[Answer]:
        """The answers, in the order of the jobs."""
        waiting = deque(enumerate(jobs))
        found: dict[int, Answer] = {}
        for i in range(len(jobs)):
            while i not in found:
                self._give(waiting)
                found |= self._collected()
            yield found.pop(i)

    def _give(self, waiting: deque[tuple[int, Job]]) -> None:
        for worker in self._workers:
            if worker.number is None and waiting:
                worker.give(*waiting.popleft())
        while waiting and len(self._workers) < self._count:
            self._workers.append(_Worker())
            self._workers[-1].give(*waiting.popleft())

    def _collected(self) -> dict[int, Answer]:
        busy = {w.connection: w for w in self._workers if w.number is not None}
        found: dict[int, Answer] = {}
        for connection in wait(list(busy)):
            worker = busy[connection]  # type: ignore[index]
            number, answer = worker.answer()
            found[number] = answer
            if worker.ended:
                self._workers.remove(worker)
        return found


class _Worker:
    """The caller's end of a process that does jobs."""

    def __init__(self) -> None:
        self.connection, theirs = Pipe()
        self.number: int | None = None
        self.ended = False
        self._limits = Limits(0)
        self._ready = False
        self._process = subprocess.Popen(
            [sys.executable, "-m", f"{__package__}.worker", str(theirs.fileno()), str(os.getpid())],
            pass_fds=(theirs.fileno(),),
            stdin=subprocess.DEVNULL,
            env=_environment(),
            start_new_session=True,  # the terminal's Ctrl-C is for the caller, who kills us all
        )
        theirs.close()

    def give(self, number: int, job: Job) -> None:
        """Send a job; a process that is gone shows when its answer is asked for."""
        self.number, self._limits = number, job.limits
        with suppress(OSError):
            self.connection.send(job.limits)
            self.connection.send(job.call)

    def answer(self) -> tuple[int, Answer]:
        """The number of the job and its answer, which has arrived or will not.

        Raises RuntimeError if the process never started.
        """
        assert self.number is not None
        number, self.number = self.number, None
        try:
            if not self._ready:
                self._ready = self.connection.recv()
            answer, self.ended = self.connection.recv()
        except (EOFError, OSError):
            self.ended = True
            if not self._ready:
                self.kill()
                raise RuntimeError("the checker's worker process cannot start") from None
            answer = _end_of(self._process.wait(), self._limits)
        if self.ended:
            self.kill()
        return number, answer

    def kill(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.wait()
        self.connection.close()


def _end_of(code: int, limits: Limits) -> Stopped:
    """Why a process ended without an answer."""
    if code >= 0:
        return Stopped(f"its process ended with code {code}")
    if -code == SIGPROF:
        return Stopped(f"time limit of {limits.processor_seconds:g} s of processor time reached")
    if -code == SIGALRM:
        return Stopped(f"wall-clock limit of {limits.wall_seconds:g} s reached")
    name = Signals(-code).name
    if -code == SIGABRT:  # how GMP and FLINT answer a refused allocation
        return Stopped(f"{limits.memory_reached} (its process ended by {name})")
    return Stopped(f"its process ended by {name}")


def _environment() -> dict[str, str]:
    """The caller's, with what it can import; one thread, and the same order of sets every time."""
    path = os.pathsep.join(p or str(Path.cwd()) for p in sys.path)
    single = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
    return {**os.environ, **single, "PYTHONHASHSEED": "0", "PYTHONPATH": path}
