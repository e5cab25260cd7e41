"""A time limit that deep loops look at without being handed it.

Only such loops end early, at places where nothing is half done; what they cannot finish raises
OutOfTimeError, and whoever set the limit says what is left undecided.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from math import inf
from time import monotonic

_limit: ContextVar[float] = ContextVar("limit", default=inf)


class OutOfTimeError(Exception):
    """The time limit has passed."""


@contextmanager
def until(moment: float) -> Iterator[None]:
    """Limit the work inside to a moment of `time.monotonic`, or to an earlier limit around it."""
    token = _limit.set(min(moment, _limit.get()))
    try:
        yield
    finally:
        _limit.reset(token)


def seconds_left() -> float:
    """Until the limit, at least 0; infinite where there is none."""
    return max(0.0, _limit.get() - monotonic())


def check_time() -> None:
    """Raise OutOfTimeError where the limit has passed."""
    if monotonic() > _limit.get():
        raise OutOfTimeError
