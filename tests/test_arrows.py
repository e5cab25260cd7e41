"""Imports inside simulate/ go one way, and never in a circle."""

import ast
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
UPWARDS = ("search", "experiment", "theorems")
"""Of the rooms that experiments go through, each may import those before it."""


def imports(path):
    """Modules of simulate/ that a file imports, also inside functions and for type checkers."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(
            "robustsize.simulate."
        ):
            target = node.module.removeprefix("robustsize.")
            if not (ROOT / f"{target.replace('.', '/')}.py").exists():
                yield from (f"{target}.{alias.name}" for alias in node.names)
            yield target


GRAPH = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts): set(imports(path))
    for path in (ROOT / "simulate").rglob("*.py")
}


@pytest.mark.parametrize("room", UPWARDS)
def test_no_room_imports_a_later_one(room):
    later = UPWARDS[UPWARDS.index(room) + 1 :]
    for module, targets in GRAPH.items():
        if module.split(".")[1] == room:
            found = {target for target in targets if target.split(".")[1] in later}
            assert not found, module


def test_no_module_imports_itself_by_way_of_others():
    TopologicalSorter(GRAPH).prepare()
