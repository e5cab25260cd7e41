"""The packages named in pyproject.toml are those in the tree, and none can be imported astray."""

import doctest
import importlib
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
CODE = ("bounds", "simulate", "report", "commands")
MODULES = sorted(
    "robustsize." + ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
    for top in CODE
    for path in (ROOT / top).rglob("*.py")
)


def test_every_package_is_listed():
    listed = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"]
    inside = {
        "robustsize." + ".".join(path.parent.relative_to(ROOT).parts)
        for top in CODE
        for path in (ROOT / top).rglob("__init__.py")
    }
    assert set(listed) == inside | {"robustsize"}


@pytest.mark.parametrize("name", CODE)
def test_a_package_refuses_its_bare_name(name):
    done = subprocess.run(
        [sys.executable, "-c", f"import {name}"], cwd=ROOT, capture_output=True, text=True
    )
    assert f"import this package as robustsize.{name}" in done.stderr


@pytest.mark.parametrize("name", MODULES)
def test_doctests(name):
    assert doctest.testmod(importlib.import_module(name)).failed == 0


def test_no_module_evaluates_text_or_unpickles():
    for path in (*(p for top in CODE for p in (ROOT / top).rglob("*.py")), ROOT / "cli.py"):
        if path.name in ("isolated.py", "worker.py"):  # They talk to each other alone.
            continue
        text = path.read_text()
        for word in ("eval(", "exec(", "pickle.load", "sympify(text", "parse_expr("):
            assert f" {word}" not in text, path
            assert f"({word}" not in text, path
