"""The pages say what the program says today."""

import doctest
import importlib.util
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ROOMS = (
    *("bounds", "simulate", "report", "commands", "proofs"),
    *("docs", "examples", "tests", "benchmarks"),
)


def _load(path):
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


examples = _load(ROOT / "docs" / "fill_examples.py")


@pytest.mark.parametrize("page", examples.pages(), ids=lambda page: page.name)
def test_every_example_prints_what_the_page_says(page):
    text = page.read_text()
    assert examples.filled(text) == text


def test_the_readme_has_examples():
    assert (ROOT / "README.md").read_text().count("$ robustsize ") >= 4


@pytest.mark.parametrize("page", examples.pages(), ids=lambda page: page.name)
def test_links_lead_somewhere(page):
    for target in re.findall(r"\]\(([^)#]+)\)", page.read_text()):
        assert (page.parent / target).exists(), target


def test_the_layout_names_every_folder_with_code():
    text = (ROOT / "docs" / "layout.md").read_text()
    sources = [path for top in ROOMS for path in (ROOT / top).rglob("*.py")]
    for folder in {path.relative_to(ROOT).parent for path in sources}:
        of_one_theorem = folder.parent.name == "theorems" and folder.name != "lemmas"
        inside = folder.parts[0] in ("tests", "benchmarks")  # As the code is: named as a whole.
        named = folder.parent if of_one_theorem else Path(folder.parts[0]) if inside else folder
        last = f"`{named.name}/`"
        assert f"`{named}/`" in text or last in text, f"docs/layout.md does not name {named}/"


def test_the_rooms_are_all_there_is():
    assert {path.parent.name for path in ROOT.glob("[!.]*/*.py")} <= set(ROOMS) | {"out", "build"}


@pytest.mark.parametrize("page", [ROOT / "docs" / "python.md"], ids=lambda page: page.name)
def test_every_python_example_answers_what_the_page_says(page, monkeypatch):
    monkeypatch.chdir(ROOT)
    failed, tried = doctest.testfile(str(page), module_relative=False)
    assert tried > 10
    assert failed == 0
