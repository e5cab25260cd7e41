"""The server process behind `isolated.Workers`: a child is forked for each job, under limits."""

from __future__ import annotations

import ctypes
import gc
import os
import pickle
import resource
import signal
import sys
from collections import deque
from contextlib import suppress
from importlib import import_module
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from time import monotonic
from typing import NoReturn

from robustsize.bounds.prover import Derivation, Step, check_step, integer, real
from robustsize.bounds.prover.isolated import Answer, Done, Job, Limits, Refused, Stopped
from robustsize.bounds.symbols import InputError

_SAMPLE = Derivation(
    "sample",
    {"x": real(0), "n": integer(1, 3)},
    [Step("s", "1 + x + n + x/(x + n) + sqrt(n*x + 1) <= exp(n*x) + exp(x) + n + 3")],
)
"""A step whose checking fills the caches that the others share."""

_PR_SET_PDEATHSIG = 1
_USED_BY_MANY = ("z3", "scipy.stats.qmc")
_SHORT_SECONDS = 1.5
"""A job that takes longer leaves time to load what the next ones may need."""

_LOOK_SECONDS = 1.0
"""How often a server looks whether its caller still lives, where the system does not tell it."""


def serve(caller: Connection, parent: int, modules: tuple[str, ...]) -> None:
    """Answer jobs until the caller is gone."""
    _end_with(parent)
    caller.send(True)
    waiting = deque(["", *_USED_BY_MANY])
    if modules:  # there are many jobs to come
        for name in (*modules, *_USED_BY_MANY, ""):
            _load(name)
        waiting.clear()
    while True:
        try:
            job = caller.recv()
        except EOFError:
            return
        caller.send_bytes(_answered(job, parent, waiting))


def _answered(job: Job, parent: int, waiting: deque[str]) -> bytes:
    ours, theirs = Pipe(duplex=False)
    server = os.getpid()
    child = os.fork()
    if child == 0:
        _run(job, theirs, server)
    theirs.close()
    if waiting and not ours.poll(_SHORT_SECONDS):
        while waiting and not ours.poll():  # the next children start with it
            _load(waiting.popleft())
    in_time = _ends(ours, job.limits, parent)
    answer = _received(ours) if in_time else None
    ours.close()
    if not in_time or answer is not None:
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    if answer is not None:
        return answer
    late = Stopped(f"wall-clock limit of {job.limits.wall_seconds:g} s reached")
    return pickle.dumps(_end_of(status, job.limits) if in_time else late)


def _ends(child: Connection, limits: Limits, parent: int) -> bool:
    """Wait until the child answers or dies; whether it does so within the wall-clock limit."""
    until = monotonic() + limits.wall_seconds
    while not child.poll(_LOOK_SECONDS):
        if os.getppid() != parent:
            os.killpg(os.getpid(), signal.SIGKILL)
        if monotonic() > until:
            return False
    return True


def _received(child: Connection) -> bytes | None:
    try:
        return child.recv_bytes()
    except (EOFError, OSError):
        return None


def _run(job: Job, answer: Connection, server: int) -> NoReturn:
    """In the child: one job, then the end of the process."""
    try:
        _end_with(server)
        _limit(job.limits)
        answer.send_bytes(pickle.dumps(_outcome(job)))
    finally:
        os._exit(0)


def _outcome(job: Job) -> Answer:
    try:
        return Done(job.call())
    except InputError as error:
        return Refused(str(error))
    except MemoryError:
        return Stopped(_memory(job.limits))
    except RecursionError:
        return Stopped("an expression is nested too deeply")
    except Exception as error:
        where = f"{type(error).__name__}: {error}"
        return Stopped(f"the checker failed, please report it: {where[:300]}")


def _limit(limits: Limits) -> None:
    sys.set_int_max_str_digits(0)  # time is limited otherwise
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with suppress(ValueError, OSError):  # not every system limits memory
        resource.setrlimit(resource.RLIMIT_DATA, (limits.memory_bytes, limits.memory_bytes))
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_PROF, limits.processor_seconds)
    silence = os.open(os.devnull, os.O_WRONLY)  # libraries print before they abort
    os.dup2(silence, 1)
    os.dup2(silence, 2)


def _end_of(status: int, limits: Limits) -> Stopped:
    """Why a child ended without an answer."""
    if not os.WIFSIGNALED(status):
        return Stopped(f"its process ended with code {os.waitstatus_to_exitcode(status)}")
    number = os.WTERMSIG(status)
    if number in (signal.SIGPROF, signal.SIGXCPU):
        return Stopped(f"time limit of {limits.processor_seconds:g} s of processor time reached")
    name = signal.Signals(number).name
    if number == signal.SIGABRT:  # how GMP and FLINT answer a refused allocation
        return Stopped(f"{_memory(limits)} (its process ended by {name})")
    return Stopped(f"its process ended by {name}")


def _memory(limits: Limits) -> str:
    return f"memory limit of {limits.memory_bytes >> 20} MiB reached"


def _end_with(parent: int) -> None:
    """End this process when its parent ends, also when that is killed."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def _load(name: str) -> None:
    """Load what many jobs need, or with no name fill the caches that they share."""
    if name:
        with suppress(ImportError):
            import_module(name)
    else:
        check_step(_SAMPLE, "s")
        gc.freeze()  # the collector of a child leaves the pages that it shares alone


if __name__ == "__main__":
    serve(Connection(int(sys.argv[1])), int(sys.argv[2]), tuple(sys.argv[3:]))
