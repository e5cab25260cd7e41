"""Numba's compiler with a cache that notices changes in other modules of the same program.

Numba keys its file cache by the source file of the function compiled, not of those it calls, and
would run old code after a change in a callee's module. Here the cached name carries a digest of
all the source files of a program.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from numba import njit

Decorator = Callable[[Callable[..., Any]], Any]


def compilers(*sources: str | Path) -> tuple[Decorator, Decorator, Decorator]:
    """Decorators for the program in those source files: `compiled`, `inner` and `inlined`.

    All compile to machine code, cached, without the GIL, IEEE division, no fast-math. What is
    `inner` is called by compiled code alone, which saves compiling the way in from Python. Each
    caller compiles its `inner` callees again, so a deep nest compiles slowly: what only splits a
    long function into readable parts is better `inlined`.
    """
    files = [*sources, __file__]
    digest = hashlib.sha256(b"".join(Path(source).read_bytes() for source in files))

    def decorator(**options: bool | str) -> Decorator:
        def compile_it(function: Callable[..., Any]) -> Any:
            function.__qualname__ += f"_{digest.hexdigest()[:12]}"
            compiler: Any = njit
            common = {"cache": True, "nogil": True, "no_cfunc_wrapper": True}
            return compiler(**common, **options, error_model="numpy")(function)

        return compile_it

    return decorator(), decorator(no_cpython_wrapper=True), decorator(inline="always")
