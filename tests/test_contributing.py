"""What CONTRIBUTING.md tells a contributor to do, done to a copy of the tree."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
TEXT = (ROOT / "CONTRIBUTING.md").read_text()
FILES = re.findall(r"```python\n# (\S+)\n(.*?)```", TEXT, flags=re.DOTALL)
CHANGES = re.findall(r"```diff\n--- (\S+)\n(.*?)```", TEXT, flags=re.DOTALL)
COPIED = ("bounds", "simulate", "report", "commands", "cli.py", "entry.py", "pyproject.toml")


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    """A folder with the package as a contributor leaves it."""
    folder = tmp_path_factory.mktemp("contribution")
    for name in COPIED:
        source, target = ROOT / name, folder / "robustsize" / name
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            target.parent.mkdir(exist_ok=True)
            shutil.copy(source, target)
    for name, text in FILES:
        path = folder / "robustsize" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    for name, change in CHANGES:
        path = folder / "robustsize" / name
        path.write_text(_changed(path.read_text(), change))
    return folder


def _changed(text, change):
    lines = change.splitlines(keepends=True)
    before = "".join(line[1:] for line in lines if line[0] == " ")
    assert text.count(before) == 1, f"the page shows no line of the file: {before}"
    return text.replace(before, "".join(line[1:] for line in lines))


def _run(copy, *command):
    path = ["-c", "from robustsize.entry import main; main()", *command]
    if command[0] == "-c":
        path = list(command)
    done = subprocess.run(
        [sys.executable, *path],
        cwd=copy,
        env={"PYTHONPATH": str(copy), "PATH": "", "HOME": str(copy)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_a_registry_costs_a_line_and_a_theorem_two_folders():
    added = {
        name: sum(line.startswith("+") for line in text.splitlines()) for name, text in CHANGES
    }
    assert added.pop("pyproject.toml") == 2
    assert set(added.values()) == {1}
    assert {str(Path(name).parent) for name, _ in FILES} == {
        "bounds/theorems/one_point",
        "simulate/theorems/one_point",
    }


def test_the_theorem_is_found(copy):
    assert "one_point" in _run(copy, "list")
    assert "<= 123" in _run(copy, "bound", "one_point", "--d", "20")


def test_the_lemma_is_proved(copy):
    assert "one_point: proved" in _run(copy, "check", "one_point")


def test_the_construction_is_built_and_certified(copy):
    parameters = ("--d", "3", "--epsilon", "0.1", "--c", "0.5")
    said = _run(copy, "build", "one_point", *parameters, "-o", "net.npz")
    assert "size 21, by its formula 21" in said
    assert "\ncertified" in said


def test_the_experiment_agrees(copy):
    said = _run(
        copy,
        "-c",
        "from robustsize import simulate\n"
        "result = simulate.experiment('one_point', d=[2, 3])\n"
        "print(*(one.verdict.agreement.value for one in result.outcomes))",
    )
    assert said.split() == ["agrees"] * 4


def test_the_packages_are_those_of_the_copy(copy):
    listed = (copy / "robustsize" / "pyproject.toml").read_text()
    for path in (copy / "robustsize").rglob("__init__.py"):
        assert f'"{".".join(path.parent.relative_to(copy).parts)}"' in listed
