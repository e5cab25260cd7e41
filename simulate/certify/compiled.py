"""Numba's compiler with a cache that notices changes in other modules of the same program.

Numba keys its file cache by the source file of the function compiled, not of those it calls, and
would run old code after a change in a callee's module. Here the cached name carries a digest of
all the certifier's kernels.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from numba import njit

_KERNELS = ("compiled.py", "relaxation.py", "polytope.py", "branch.py", "exact_value.py", "tree.py")
_DIGEST = hashlib.sha256(
    b"".join(Path(__file__).with_name(name).read_bytes() for name in _KERNELS)
).hexdigest()[:12]


def compiled(function: Callable[..., Any]) -> Any:
    """Compile to machine code, cached, without the GIL, IEEE division, no fast-math."""
    return _compile(function, {})


def inner(function: Callable[..., Any]) -> Any:
    """As `compiled`, called by compiled code alone: saves compiling the way in from Python."""
    return _compile(function, {"no_cpython_wrapper": True})


def _compile(function: Callable[..., Any], options: dict[str, Any]) -> Any:
    function.__qualname__ += f"_{_DIGEST}"
    options |= {"cache": True, "nogil": True, "no_cfunc_wrapper": True}
    return njit(**options, error_model="numpy")(function)
