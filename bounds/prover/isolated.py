"""Jobs in processes of their own, within limits: a job that exceeds one is stopped, the rest go on.

A server process is started once, with the checker loaded, and forks a child for each job. So every
job starts from the same state, whatever ran before it; its memory goes with it; and a child that
dies takes nothing along. Servers are started by name, not from the caller's main module, so that a
script needs no guard, and end with their caller, however that ends.
"""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing import Pipe
from multiprocessing.connection import wait
from pathlib import Path
from signal import SIGKILL
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
    """Up to `count` servers, started when there is work for them; a context manager.

    `modules` are loaded beside the checker before the first job: worth it for many jobs.
    """

    def __init__(self, count: int, modules: Sequence[str] = ()) -> None:
        self._count = max(1, count)
        self._modules = tuple(modules)
        self._servers: list[_Server] = []

    def __enter__(self) -> Self:
        self._add(1)  # it loads while the caller still prepares the jobs
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End all processes, whatever they do."""
        while self._servers:
            self._servers.pop().kill()

    def answers(self, jobs: Sequence[Job]) -> Iterator[Answer]:
        """The answers, in the order of the jobs."""
        waiting = deque(enumerate(jobs))
        found: dict[int, Answer] = {}
        self._add(min(self._count, len(jobs)) - len(self._servers))
        for i in range(len(jobs)):
            while i not in found:
                for server in self._servers:
                    if server.job is None and waiting:
                        server.give(*waiting.popleft())
                self._collect(found)
            yield found.pop(i)

    def _add(self, count: int) -> None:
        self._servers += [_Server(self._modules) for _ in range(count)]

    def _collect(self, found: dict[int, Answer]) -> None:
        busy = {server.connection: server for server in self._servers if server.job is not None}
        for connection in wait(list(busy)):
            server = busy[connection]  # type: ignore[index]
            assert server.job is not None
            job = server.job
            answer = server.answer()
            if answer is None:
                self._servers[self._servers.index(server)] = _Server(self._modules)
                answer = Stopped("its worker was killed")
            found[job] = answer


class _Server:
    """The caller's end of a server process."""

    def __init__(self, modules: Sequence[str]) -> None:
        self.connection, theirs = Pipe()
        self.job: int | None = None
        ends = str(theirs.fileno()), str(os.getpid())
        self._process = subprocess.Popen(
            [sys.executable, "-m", f"{__package__}.worker", *ends, *modules],
            pass_fds=(theirs.fileno(),),
            stdin=subprocess.DEVNULL,
            env=_environment(),
            start_new_session=True,  # the terminal's Ctrl-C is for the caller, who kills us all
        )
        theirs.close()
        self._ready = False

    def give(self, number: int, job: Job) -> None:
        """Send a job; a server that is gone shows when its answer is asked for."""
        self.job = number
        with suppress(OSError):
            self.connection.send(job)

    def answer(self) -> Answer | None:
        """The answer that has arrived; None if the process died.

        Raises RuntimeError if it never started.
        """
        try:
            if not self._ready:
                self._ready = self.connection.recv()
            answer: Answer = pickle.loads(self.connection.recv_bytes())
        except (EOFError, OSError):
            self.kill()
            if not self._ready:
                raise RuntimeError("the checker's worker process cannot start") from None
            return None
        self.job = None
        return answer

    def kill(self) -> None:
        """End the server and the child that it may have."""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, SIGKILL)
        self._process.wait()
        self.connection.close()


def _environment() -> dict[str, str]:
    """The caller's, with what it can import, and one thread, for a process that forks."""
    path = os.pathsep.join(p or str(Path.cwd()) for p in sys.path)
    single = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
    return {**os.environ, **single, "PYTHONPATH": path}
