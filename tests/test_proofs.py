"""The kernel-checked theory is about the formulas of today; Coq itself is only needed for the slow
tests."""

import json
import os
import shutil
import subprocess
from fractions import Fraction
from pathlib import Path

import pytest
import sympy as sp

from robustsize.bounds.counting.growth import COUNTED
from robustsize.bounds.symbols import d, epsilon
from robustsize.proofs import generate, mutants, record

ROOT = Path(__file__).parent.parent
KNOWN = json.loads(record.RECORD.read_text())
STALE = "run `make proofs`"

needs_coq = pytest.mark.skipif(shutil.which("coqc") is None, reason="coqc is not installed")


def test_generated_definitions_are_those_of_the_program():
    assert generate.GENERATED.read_text() == generate.text(), STALE


def test_recorded_formulas_are_those_of_the_program():
    assert KNOWN["formulas"] == {f.name: f.digest for f in generate.formulas()}, STALE


def test_record_is_of_these_sources():
    assert KNOWN["sources"] == record.sources(), STALE


def test_recorded_statements_are_those_of_the_sources():
    names = [name for inside in record.THEOREMS.values() for name in inside]
    assert list(KNOWN["theorems"]) == names, STALE
    for name, entry in KNOWN["theorems"].items():
        assert entry["statement"] == record.statement(entry["file"].removesuffix(".v"), name), STALE
        assert entry["digest"] == generate.digest(entry["statement"])


def test_only_warren_is_assumed_beside_what_coq_s_reals_and_classical_logic_rest_on():
    allowed = {
        "ClassicalDedekindReals.sig_forall_dec",
        "ClassicalDedekindReals.sig_not_dec",
        "Classical_Prop.classic",
        "FunctionalExtensionality.functional_extensionality_dep",
        "Warren.Warren_1968",
    }
    for entry in KNOWN["theorems"].values():
        others = set(entry["axioms"]) - allowed
        # Numbers are computed with the kernel's 63-bit integers, whose arithmetic is specified.
        is_number = entry["file"] == "Numbers.v"
        assert all(is_number and a.startswith(("PrimInt63.", "Uint63.")) for a in others), others
    assert KNOWN["theorems"]["patterns_cover_labellings"]["axioms"] == []
    assert "Warren.Warren_1968" not in KNOWN["theorems"]["thm3_3"]["axioms"]


def test_nothing_is_admitted_and_one_axiom_is_stated():
    text = "".join(path.read_text() for path in sorted(generate.HERE.glob("*.v")))
    for word in ("Admitted", "admit.", "Abort", "Parameter ", "Conjecture"):
        assert word not in text
    assert text.count("\nAxiom ") == 1


def test_a_changed_constant_changes_the_digest():
    changed = generate.Formula("G", COUNTED.expression + 1, (*generate.formulas()[1].symbols,))
    kept = generate.Formula("G", COUNTED.expression, changed.symbols)
    assert changed.digest != kept.digest


@pytest.mark.parametrize(
    ("expression", "written"),
    [
        (sp.Rational(-1, 3) * d, "((-1) * (1 / 3) * d)"),
        (sp.floor(1 / epsilon) ** 2, "((floor (/ epsilon)) ^ 2)"),
        (epsilon**d, "(Rpower epsilon d)"),
        (epsilon**-2, "(/ (epsilon ^ 2))"),
        (sp.log(sp.E + d), "(ln (d + (exp 1)))"),
    ],
)
def test_printed_terms(expression, written):
    assert generate.coq(expression) == written


@pytest.mark.parametrize("expression", [sp.Max(d, epsilon), sp.gamma(d), sp.Float(0.5), sp.pi])
def test_what_the_printer_does_not_know_it_refuses(expression):
    with pytest.raises(ValueError, match="no Coq for"):
        generate.coq(expression)


def test_power_of_a_sum_keeps_its_parentheses():
    value = Fraction(7, 2)
    written = generate.coq((epsilon + 1) ** 2)
    assert eval(written.replace("^", "**"), {"epsilon": value}) == (value + 1) ** 2


def test_every_constant_has_a_mutant():
    texts = [changed for _, changed in mutants.mutants()]
    assert len(texts) == len(set(texts)) > 30
    assert generate.text() not in texts


def test_without_coq_make_says_what_to_install(tmp_path):
    for tool in ("make", "sh", "dirname", "env"):
        (tmp_path / tool).symlink_to(shutil.which(tool))
    done = subprocess.run(
        ["make", "proofs", "STAMP="],
        cwd=ROOT,
        env={**os.environ, "PATH": str(tmp_path), "MAKEFLAGS": ""},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2
    assert "apt-get install coq" in done.stderr


@pytest.mark.slow
@needs_coq
def test_every_mutant_of_a_formula_is_refused(tmp_path):
    built = ROOT / "out" / "proofs"
    if not (built / "Numbers.vo").exists():
        pytest.skip("run `make proofs` first")
    assert [name for name, text in mutants.mutants() if not mutants.is_refused(text, built)] == []


@pytest.mark.slow
@needs_coq
@pytest.mark.skipif(shutil.which("coqchk") is None, reason="coqchk is not installed")
def test_a_second_checker_finds_the_same_axioms():
    built = ROOT / "out" / "proofs"
    if not (built / "Theorems.vo").exists():
        pytest.skip("run `make proofs` first")
    done = subprocess.run(
        ["coqchk", "-silent", "-o", "-R", built, "robustsize", "robustsize.Theorems"],
        capture_output=True,
        text=True,
        check=True,
    )
    axioms = (done.stdout + done.stderr).split("* Axioms:")[1].split("*")[0].split()
    recorded = {a for name in ("thm3_3", "thm4_3") for a in KNOWN["theorems"][name]["axioms"]}
    assert {a.split(".")[-1] for a in axioms} == {a.split(".")[-1] for a in recorded}
