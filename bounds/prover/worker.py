"""The process behind `isolated.Workers`: it does one job after another, each within its limits."""

from __future__ import annotations

import ctypes
import gc
import os
import pickle
import random
import resource
import signal
import sys
from contextlib import suppress
from importlib import import_module
from multiprocessing.connection import Connection
from pathlib import Path

import sympy.core.random
from sympy.core.cache import clear_cache

from robustsize.bounds.prover.isolated import Answer, Done, Limits, Refused, Stopped
from robustsize.bounds.symbols import InputError

_PR_SET_PDEATHSIG = 1
_LOADED = ("robustsize.bounds.prover", "z3", "scipy.stats.qmc")
"""What most jobs need, so that no job pays for loading it."""

_MOST_JOBS = 1000
_KEPT_BYTES = 1 << 28
"""The memory that jobs may leave behind before another process takes over."""


def serve(caller: Connection, parent: int) -> None:
    """Do jobs until the caller is gone, or until another process should go on."""
    _end_with(parent)
    _prepare()
    at_first = _data_bytes()
    caller.send(True)
    for done in range(1, _MOST_JOBS + 1):
        try:
            limits, call = caller.recv(), caller.recv_bytes()
        except EOFError:
            return
        answer = _answer(call, limits)
        kept = _data_bytes() - at_first
        last = isinstance(answer, Stopped) or kept > _KEPT_BYTES or done == _MOST_JOBS
        caller.send((answer, last))


def _answer(call: bytes, limits: Limits) -> Answer:
    _forget()
    _limit(limits)
    try:
        value = pickle.loads(call)()
        pickle.dumps(value)
        return Done(value)
    except InputError as error:
        return Refused(str(error))
    except MemoryError:
        return Stopped(limits.memory_reached)
    except RecursionError:
        return Stopped("an expression is nested too deeply")
    except Exception as error:
        where = f"{type(error).__name__}: {error}"
        return Stopped(f"the checker failed, please report it: {where[:300]}")
    finally:
        _unlimit()


def _forget() -> None:
    """Leave nothing of the jobs before that could change an answer or take memory."""
    clear_cache()
    sympy.core.random.seed(0)
    random.seed(0)


def _limit(limits: Limits) -> None:
    """The memory is what the job adds to what the process has."""
    _at_most(_data_bytes() + limits.memory_bytes)
    signal.setitimer(signal.ITIMER_REAL, limits.wall_seconds)
    signal.setitimer(signal.ITIMER_PROF, limits.processor_seconds)


def _unlimit() -> None:
    signal.setitimer(signal.ITIMER_PROF, 0)
    signal.setitimer(signal.ITIMER_REAL, 0)
    _at_most(resource.RLIM_INFINITY)


def _at_most(data_bytes: int) -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    if hard != resource.RLIM_INFINITY:
        data_bytes = hard if data_bytes == resource.RLIM_INFINITY else min(data_bytes, hard)
    with suppress(ValueError, OSError):  # not every system limits memory
        resource.setrlimit(resource.RLIMIT_DATA, (data_bytes, hard))


def _data_bytes() -> int:
    """What RLIMIT_DATA counts; 0 where the system does not say."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[5])
    except OSError:
        return 0
    return pages * resource.getpagesize()


def _prepare() -> None:
    for name in _LOADED:
        with suppress(ImportError):  # z3 is optional
            import_module(name)
    sys.set_int_max_str_digits(0)  # time is limited otherwise
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    for number in (signal.SIGPROF, signal.SIGALRM):
        signal.signal(number, signal.SIG_DFL)
    silence = os.open(os.devnull, os.O_WRONLY)  # libraries print before they abort
    os.dup2(silence, 1)
    os.dup2(silence, 2)
    gc.freeze()  # the collector leaves what all jobs need alone


def _end_with(parent: int) -> None:
    """End this process when its parent ends, also when that is killed."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


if __name__ == "__main__":
    serve(Connection(int(sys.argv[1])), int(sys.argv[2]))
