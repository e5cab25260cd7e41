"""The generator of claims with known truth, and the checker's verdicts on a sample of them."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.util import module_from_spec, spec_from_file_location
from itertools import islice
from pathlib import Path
from types import ModuleType

import pytest

from robustsize.bounds.prover import loads

SCRIPT = Path(__file__).parents[3] / "benchmarks" / "claims.py"


@pytest.fixture(scope="module")
def claims() -> ModuleType:
    spec = spec_from_file_location("claims", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    sys.modules["claims"] = module
    spec.loader.exec_module(module)
    return module


def test_the_generator_holds_its_own_claims_true_at_its_points(claims: ModuleType) -> None:
    """It raises AssertionError for a "theorem" that fails at the point where it evaluates it."""
    made = list(claims.claims(1500, 3))
    assert {c.family for c in made} >= {t.__name__ for t in claims.THEOREMS}
    for claim in made:
        loads(claim.toml)


def test_claims_are_the_same_for_a_seed(claims: ModuleType) -> None:
    assert list(claims.claims(50, 1)) == list(islice(claims.claims(80, 1), 50))
    assert list(claims.claims(50, 1)) != list(claims.claims(50, 2))


def test_parts_of_a_seed_add_up(claims: ModuleType) -> None:
    texts = [c.toml for c in claims.claims(50, 1)]
    parts = [c.toml for first in (0, 30) for c in claims.claims(30 - first // 3, 1, first)]
    assert parts == texts


def test_a_false_theorem_is_noticed(claims: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    def wrong(m):
        return claims.fact(m.counting(), "==", 0)

    monkeypatch.setattr(claims, "THEOREMS", (wrong,))
    with pytest.raises(AssertionError, match="wrong is no theorem"):
        list(claims.claims(20, 0))


def test_wrong_verdicts_are_counted(claims: ModuleType) -> None:
    def said(truth: bool | None, status: str, reason: str = "") -> str:
        claim = claims.Claim("f", "1 < 2", {}, truth, "")
        return claims.Verdict(claim, status, reason).wrong

    assert [said(t, "proved") for t in (True, False, None)] == ["", "false proved", "false proved"]
    assert [said(t, "refuted") for t in (True, False, None)] == ["true refuted", "", "true refuted"]
    assert [said(t, "refused") for t in (True, False, None)] == ["refused", "refused", ""]
    assert said(True, "undecided", "its process ended by SIGSEGV") == "death"
    assert said(True, "undecided", "the engine balls failed: IndexError") == "traceback"
    assert said(True, "undecided", "time limit of 1 s of processor time reached") == ""


def test_no_verdict_on_a_sample_is_wrong(claims: ModuleType) -> None:
    found = list(claims.verdicts(claims.claims(60, 11), seconds=0.5))
    assert len(found) == 60
    assert [v for v in found if v.wrong] == []


@pytest.mark.slow
def test_no_verdict_on_many_claims_is_wrong() -> None:
    run = subprocess.run(
        [sys.executable, SCRIPT, "--count", "100000", "--seed", "1", "--json"],
        capture_output=True,
        text=True,
        check=False,
    )
    result = json.loads(run.stdout)
    assert result["wrong"] == {}, result["examples"][:10]
    assert result["claims"] == 100_000
