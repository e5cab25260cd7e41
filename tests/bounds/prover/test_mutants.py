"""A sample of the mutation self-test; `make mutants` runs it whole."""

import pytest
import sympy as sp

from robustsize.bounds.prover import Derivation, Status, Step, check_step, real
from robustsize.bounds.prover.mutants import all_mutants, falsified, mutants
from robustsize.bounds.theorems.proofs import derivation

SQUARE = Derivation(
    id="square",
    symbols={"x": real(0, 1)},
    steps=(Step("s", "x**2 <= x", given=("x >= 1/4",)),),
)


def test_each_kind_of_change_occurs():
    missing = {
        "constant",
        "exponent",
        "sign",
        "direction",
        "strictness",
        "rounding",
        "quantifier",
    }
    for mutant in all_mutants(per_step=12):
        missing.discard(mutant.kind)
        if not missing:
            break
    assert not missing


def test_a_false_mutant_is_falsified_and_a_true_one_is_not():
    found = {m.change: falsified(m) for m in mutants(SQUARE, SQUARE.steps[0])}
    assert found["x**2 <= x  ->  x**2 >= x"]
    assert found["x: no upper bound"]
    assert not found["without the hypothesis x >= 1/4"]
    assert not found["x**2 <= x  ->  x**3 <= x"]


def test_mutants_differ_from_their_step():
    for mutant in mutants(SQUARE, SQUARE.steps[0]):
        same = mutant.derivation == SQUARE and mutant.step == SQUARE.steps[0]
        assert not same
        assert isinstance(mutant.step.claim, (str, sp.Basic))


@pytest.mark.parametrize(
    ("name", "step"),
    [("thm2.2", "2.2b/corrected"), ("thm4.3", "4.3b/corrected"), ("thm4.3", "4.3d")],
)
def test_no_false_mutant_is_proved(name, step):
    source = derivation(name)
    original = next(s for s in source.steps if s.id == step)
    caught = 0
    for mutant in list(mutants(source, original))[:6]:
        found = check_step(mutant.derivation, mutant.step, budget_seconds_per_step=2)
        caught += found.status is Status.REFUTED
        if found.status is Status.PROVED:
            assert not falsified(mutant), mutant.change
    assert caught > 0
