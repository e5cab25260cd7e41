"""Packages as doors: names that load where they are first used (PEP 562), and packages to call."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from types import ModuleType
from typing import Any


def exports(
    package: str, where: Mapping[str, Sequence[str]]
) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """The `__getattr__` and the `__dir__` of a package.

    where: modules or packages, relative to this one, with the names that they hold; a name that is
    a package of this one stands under "".
    """
    modules = {name: module for module, names in where.items() for name in names}

    def get(name: str) -> Any:
        if name not in modules:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        if not modules[name]:
            return import_module(f"{package}.{name}")
        return getattr(import_module(f"{package}.{modules[name]}"), name)

    return get, lambda: sorted({*vars(sys.modules[package]), *modules})


def call(package: str, name: str) -> None:
    """Let calling a package call what it exports under a name: `certify(...)` beside `certify.x`.

    A package whose name is a verb is so both the room and the function that its door opens with.
    """

    class Verb(ModuleType):
        def __call__(self, *args: Any, **options: Any) -> Any:
            return getattr(self, name)(*args, **options)

    sys.modules[package].__class__ = Verb
