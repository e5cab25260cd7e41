"""Packages as doors: their names load where they are first used (PEP 562)."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType
from typing import Any


def exports(
    package: str, where: Mapping[str, Sequence[str]]
) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """The `__getattr__` and the `__dir__` of a package.

    where: modules, relative to the package, and the names that each holds. Where a function has the
    name of a module of the package, that module is what the package offers, and calling it calls
    the function: `certify(...)` beside `certify.complete`, whichever was imported first.
    """
    modules = {name: module for module, names in where.items() for name in names}

    def load(name: str) -> Any:
        return getattr(import_module(f"{package}.{modules[name]}"), name)

    def get(name: str) -> Any:
        if name not in modules:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        room = f"{package}.{name}"
        return import_module(room) if find_spec(room) is not None else load(name)

    class Door(ModuleType):
        def __setattr__(self, name: str, value: object) -> None:
            if name in modules and isinstance(value, ModuleType):
                _make_callable(value, lambda: load(name))
            super().__setattr__(name, value)

    sys.modules[package].__class__ = Door
    return get, lambda: sorted({*vars(sys.modules[package]), *modules})


def _make_callable(module: ModuleType, function: Callable[[], Callable[..., Any]]) -> None:
    class Room(type(module)):  # type: ignore[misc]
        def __call__(self, *args: Any, **options: Any) -> Any:
            return function()(*args, **options)

        @property
        def __signature__(self) -> inspect.Signature:
            return inspect.signature(function())

    module.__class__ = Room
