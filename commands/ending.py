"""How a command ends: its exit code, and an end in good order whenever a signal comes.

This module is imported before everything else, so it imports nothing but the standard library.
"""

from __future__ import annotations

import atexit
import os
import signal
import sys
import threading
from enum import IntEnum
from typing import Any

from robustsize.simulate.system.whole_file import remove_partial_files


class Exit(IntEnum):
    """The exit codes of all commands.

    OK: certified, agrees, proved, or done. REFUTED: a counterexample, or a measurement or step that
    contradicts a claim. UNDECIDED: neither was established. INTERNAL: a defect of the program, of
    which nothing follows. CLOSED_PIPE: whoever read the output stopped reading.
    """

    OK = 0
    REFUTED = 1
    BAD_INPUT = 2
    UNDECIDED = 3
    INTERNAL = 70
    INTERRUPTED = 130
    CLOSED_PIPE = 141
    TERMINATED = 143


EXIT_CODES = (
    "Exit codes: 0 certified, agrees, proved or done; 1 refuted (a counterexample, a "
    "contradiction); 2 bad input; 3 undecided; 70 internal error; 130 interrupted; 143 terminated."
)

_SAID = {
    signal.SIGINT: (Exit.INTERRUPTED, b"robustsize: interrupted\n"),
    signal.SIGTERM: (Exit.TERMINATED, b"robustsize: terminated\n"),
}
_SHOW_CURSOR = b"\r\x1b[2K\x1b[?25h"
_ending = threading.Lock()


def end_on_signals() -> None:
    """From here on Ctrl-C and SIGTERM end the program at once, with one line and their exit code.

    Whatever code runs: a thread waits for the signals, so that neither an import, a compiler nor a
    library that catches KeyboardInterrupt delays or swallows them. Ctrl-C is blocked in the calling
    thread, and so in all threads and processes that it starts: only this program answers it.
    When all is done and the interpreter takes itself down, signals are too late to be answered.
    """
    if any(thread.name == _WATCHER for thread in threading.enumerate()):
        return
    read, write = os.pipe()
    os.set_blocking(write, False)
    watched = [s for s in _SAID if signal.getsignal(s) is not signal.SIG_IGN]
    for number in watched:
        signal.signal(number, _end)
    atexit.register(_ignore, watched)  # the first to be registered runs last
    signal.set_wakeup_fd(write, warn_on_full_buffer=False)
    threading.Thread(target=_watch, args=(read, watched), name=_WATCHER, daemon=True).start()
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})


_WATCHER = "signals"


def _ignore(watched: list[signal.Signals]) -> None:
    for number in watched:
        signal.signal(number, signal.SIG_IGN)


def _watch(read: int, watched: list[signal.Signals]) -> None:
    signal.pthread_sigmask(signal.SIG_UNBLOCK, watched)
    while True:
        for number in os.read(read, 64):
            if number in watched:
                _end(number)


def _end(number: int, frame: Any = None) -> None:
    """End the process; only the first of several signals does."""
    if not _ending.acquire(blocking=False):
        return
    code, line = _SAID[signal.Signals(number)]
    if multiprocessing := sys.modules.get("multiprocessing"):
        for child in multiprocessing.active_children():
            child.kill()
    remove_partial_files()
    on_terminal = os.isatty(2)
    os.write(2, (_SHOW_CURSOR if on_terminal else b"") + line)
    os._exit(code)
