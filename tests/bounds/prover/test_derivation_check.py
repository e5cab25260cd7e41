"""Verdicts: their status, their reason, their counterexample; examples, limits, the plugin."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from robustsize.bounds.prover import (
    Derivation,
    Method,
    Status,
    Step,
    check,
    check_step,
    integer,
    load,
    real,
)

EXAMPLES = sorted((Path(__file__).parents[3] / "examples").glob("*.derivation.toml"))
LEMMA = Derivation(
    "t",
    {
        "a": real(),
        "b": real(),
        "x": real(0),
        "n": integer(1),
        "d": integer(1),
        "eps": real(0, 1, open="min"),
        "m": integer(1, 12),
        "v": integer(1, "m"),
    },
    [],
)


def _check(claim: str, *, given=(), seconds: float = 6, **options: str):
    return check_step(LEMMA, Step("s", claim, given, **options), budget_seconds_per_step=seconds)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda p: p.name)
def test_the_examples_hold(path: Path) -> None:
    report = check(load(path), budget_seconds_per_step=4)
    wanted = {o.id: Status.PROVED for o in report.outcomes} | {"bartlett": Status.CITED}
    assert {o.id: o.status for o in report.outcomes} == {
        o.id: wanted[o.id] for o in report.outcomes
    }
    json.dumps(report.to_json())


def test_there_are_three_examples() -> None:
    assert len(EXAMPLES) == 3


def test_a_derivation_has_the_status_of_its_weakest_step() -> None:
    steps = [
        Step("good", "a**2 >= 0"),
        Step("known", "log(1 + x) <= x", cite="textbook"),
        Step("bad", "a**2 > 0"),
        Step("worse", "a > 0"),
    ]
    seen: list[str] = []
    report = check(
        Derivation("t", LEMMA.symbols, steps), progress=lambda outcome: seen.append(outcome.id)
    )
    assert seen == ["good", "known", "bad", "worse"]
    assert [o.status for o in report.outcomes[:2]] == [Status.PROVED, Status.CITED]
    assert report.status is Status.REFUTED
    failure = report.outcomes[seen.index("bad")]
    assert failure.status is Status.REFUTED
    example = failure.counterexample
    assert example is not None
    assert dict(example.point) == {"a": "0"}
    assert "exact" in example.arithmetic


def test_each_engine_has_its_method() -> None:
    methods = {
        "(a + b)**2 == a**2 + 2*a*b + b**2": Method.SYMBOLIC,
        "1 + a <= exp(a)": Method.BALLS,
        "binomial(m, v) <= 2**m": Method.EXHAUSTION,
        "floor(a) + floor(b) <= floor(a + b)": Method.SMT,
        "Sum(i, i, 1, n) == n*(n + 1)/2": Method.INDUCTION,
    }
    for claim, method in methods.items():
        outcome = _check(claim)
        assert (outcome.status, outcome.method) == (Status.PROVED, method), outcome


@pytest.mark.parametrize(
    "given", [["a > 1", "a < 1"], ["a**2 < 0"], ["exp(a) < 0"], ["n < 1"], ["m > v", "m < v"]]
)
def test_vacuous_hypotheses_prove_nothing(given: list[str]) -> None:
    outcome = _check("1 < 2", given=given)
    assert outcome.status is Status.UNDECIDED
    assert "vacuous" in outcome.reason


def test_an_empty_domain_proves_nothing() -> None:
    for domain in (real(1, 0), real(1, 1, open=True), integer("1/3", "2/3")):
        empty = Derivation("t", {"q": domain}, [Step("s", "q < q + 1")])
        assert check(empty).status is Status.UNDECIDED


def test_equations_among_the_hypotheses_are_used() -> None:
    assert _check("a == 1", given=["a + b == 1", "b == 0"]).status is Status.PROVED
    assert _check("a*b <= 1/4", given=["a + b == 1"]).status is Status.PROVED
    assert _check("a*b < 1/4", given=["a + b == 1"]).status is Status.REFUTED


def test_a_citation_is_spot_checked() -> None:
    assert _check("log(1 + x) <= x", cite="textbook").status is Status.CITED
    assert _check("log(1 + x) < x", cite="textbook").status is Status.REFUTED


@pytest.mark.parametrize(
    ("claim", "regime", "status"),
    [
        ("n*log(n) == O(n**2)", "n -> inf", Status.PROVED),
        ("n*d == O(n)", "n -> inf", Status.PROVED),
        ("log(n) == o(n)", "n -> inf", Status.PROVED),
        ("n**2 == Omega(n)", "n -> inf", Status.PROVED),
        ("3*n + 5 == Theta(n)", "n -> inf", Status.PROVED),
        ("n + d ~ n", "n -> inf", Status.PROVED),
        ("limit(1/n) == 0", "n -> inf", Status.PROVED),
        ("limit(x*log(x)) == 0", "x -> 0", Status.PROVED),
        ("1/eps == O(1/eps**2)", "eps -> 0", Status.PROVED),
        ("n**2 == O(n)", "n -> inf", Status.REFUTED),
        ("n*d + n ~ n", "n -> inf", Status.REFUTED),
        ("limit(1/n) == 1", "n -> inf", Status.REFUTED),
        ("n == o(n)", "n -> inf", Status.REFUTED),
        ("n == Omega(n**2)", "n -> inf", Status.REFUTED),
    ],
)
def test_asymptotic_claims(claim: str, regime: str, status: Status) -> None:
    assert _check(claim, regime=regime, seconds=15).status is status


def test_symbols_with_bounds_in_n_do_not_stand_in_the_way_of_induction() -> None:
    symbols = {"n": integer(1), "k": integer(1, "n")}
    step = Step("s", "Sum(2**(i - 1), i, 1, n) == 2**n - 1")
    found = check_step(Derivation("t", symbols, [step]), "s", budget_seconds_per_step=2)
    assert found.status is Status.PROVED


@pytest.mark.parametrize(
    ("claim", "point"),
    [
        ("(Sum(2**i, i, 1, n) - 510)**2 + (d - 3)**2 > 0", {"n": "8", "d": "3"}),
        ("(Sum(i**2, i, d, n) - 50)**2 > 0", {"n": "5", "d": "3"}),
        ("Sum(i, i, 1, n) == n*(n - 1)/2", {"n": "1"}),
    ],
)
def test_what_fails_at_small_integers_is_refuted_there(claim: str, point: dict) -> None:
    outcome = _check(claim, seconds=5)
    assert outcome.status is Status.REFUTED
    assert outcome.counterexample is not None
    assert dict(outcome.counterexample.point) == point


def test_a_run_is_repeatable() -> None:
    first, second = (_check("a**3 - a + 0.384 > 0", given=["a >= 0"]) for _ in range(2))
    assert first.status is Status.REFUTED
    assert first.counterexample == second.counterexample


def test_the_plugin_costs_a_run_without_derivation_files_nothing() -> None:
    code = (
        "import sys, pytest; before = set(sys.modules); import robustsize.bounds.pytest_hooks\n"
        "print(sorted(set(sys.modules) - before))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = ("", ".bounds", ".bounds.lazy", ".bounds.pytest_hooks")
    assert run.stdout.strip() == str([f"robustsize{module}" for module in loaded])


def test_pytest_collects_derivation_files(tmp_path: Path) -> None:
    path = tmp_path / "mine.derivation.toml"
    path.write_text(
        '[derivation]\nid = "mine"\n[symbols]\na = { domain = "real" }\n'
        '[[step]]\nid = "good"\nclaim = "a**2 >= 0"\n'
        '[[step]]\nid = "bad"\nclaim = "a**2 > 0"\n'
    )
    (tmp_path / "broken.derivation.toml").write_text("[derivation]\n")
    command = [sys.executable, "-m", "pytest", "-p", "robustsize.bounds.pytest_hooks"]
    command += ["-q", "--continue-on-collection-errors", "-p", "no:cacheprovider", str(tmp_path)]
    run = subprocess.run(
        command,
        cwd=tmp_path,
        env={**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "1 failed, 1 passed, 1 error" in run.stdout, run.stdout + run.stderr
    assert "mine, step bad: a**2 > 0" in run.stdout
    assert "a = 0" in run.stdout
    assert "at least one [[step]]" in run.stdout
