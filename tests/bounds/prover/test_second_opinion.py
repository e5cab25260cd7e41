"""The second evaluator: its values, and what becomes of a verdict that it contradicts."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from robustsize.bounds.prover import (
    Derivation,
    Method,
    Status,
    Step,
    check,
    check_step,
    integer,
    real,
)
from robustsize.bounds.prover.engines import ladder, refute
from robustsize.bounds.prover.engines.decide import holds
from robustsize.bounds.prover.language.grammar import Claim, parse_claim
from robustsize.bounds.prover.language.problem import Language
from robustsize.bounds.prover.second_opinion import SecondOpinion

NOTHING = SecondOpinion({}, {})
LEMMA = Derivation("t", {"a": real(), "n": integer(1), "k": integer("n/2", "n")}, [])


@pytest.mark.parametrize(
    ("claim", "truth"),
    [
        ("0.1 + 0.2 == 0.3", True),
        ("-2**2 == -4", True),
        ("2^3**2 == 512", True),
        ("0**0 == 1", True),
        ("0**(1/2) == 0", True),
        ("0**pi == 0", True),
        ("0**(-1) == 0", False),
        ("(-8)**(1/3) == -2", False),
        ("(-1)**(3*4/2) == 1", True),
        ("0/0 == 0/0", False),
        ("0*log(0) == 0", False),
        ("gamma(-1/2) == gamma(-1/2)", False),
        ("gamma(1/2)**2 > 3.14159265358979323846", True),
        ("binomial(5, 7) == 0 == binomial(5, -1)", True),
        ("binomial(-1, 1) == -1", False),
        ("binomial(5/2, 1) <= 2.5", None),
        ("Sum(i, i, 3, 1) == 0", True),
        ("Sum(Sum(i*j, j, 1, i), i, 1, 3) == 25", True),
        ("Sum(1/(i - 2), i, 1, 3) == 0", False),
        ("floor(log2(2**100)) == 100 == log2(2**100)", True),
        ("floor(exp(pi*sqrt(163))) == 262537412640768743", True),
        ("sqrt(4/9) == 2/3", True),
        ("sqrt(2)**2 == 2", None),
        ("max(pi, 22/7) == 22/7", True),
        ("1 < 2 > 1 != 3", True),
        ("1 + 1e-300 > 1", True),
        ("factorial(10**9) > 1", None),
        ("2**(2**(2**100)) > 1", None),
        ("Sum(1, i, 1, 10**12) > 1", None),
    ],
)
def test_values(claim: str, truth: bool | None) -> None:
    assert NOTHING.holds(claim, {}) is truth


def test_a_definition_cannot_see_the_index_of_a_sum_around_it() -> None:
    opinion = SecondOpinion({}, {"S": "Sum(i, i, 1, 3)", "T": "i + 0"})
    assert opinion.holds("Sum(S*i, i, 1, 2) == 18", {}) is True
    assert opinion.holds("Sum(T, i, 1, 2) == 3", {}) is None


def test_membership_asks_that_the_other_symbols_have_room() -> None:
    opinion = Language(LEMMA).second_opinion()
    assert opinion.inside([], {"n": Fraction(1)}) is True
    assert opinion.inside([], {"n": Fraction(1, 2)}) is False
    narrow = Language(
        Derivation("t", {"n": integer(), "k": integer("n + 1/4", "n + 1/2")}, [])
    ).second_opinion()
    assert narrow.inside([], {"n": Fraction(3)}) is False


numbers = st.fractions(-3, 3, max_denominator=4).map(lambda q: f"({q})")
texts = st.recursive(
    numbers,
    lambda parts: st.one_of(
        st.tuples(parts, st.sampled_from("+-*/^"), parts).map(" ".join).map("({})".format),
        st.tuples(st.sampled_from(["abs", "floor", "sqrt", "exp", "log", "ceil"]), parts).map(
            lambda p: f"{p[0]}({p[1]})"
        ),
        st.tuples(st.sampled_from(["min", "max", "binomial"]), parts, parts).map(
            lambda p: f"{p[0]}({p[1]}, {p[2]})"
        ),
    ),
    max_leaves=5,
)


@given(texts, texts, st.sampled_from(["<", "<=", "==", "!=", ">", ">="]))
def test_the_two_evaluators_agree(left: str, right: str, op: str) -> None:
    text = f"{left} {op} {right}"
    try:
        claim = parse_claim(text, {})
    except ValueError:
        return
    assert isinstance(claim, Claim)
    conditions = [[holds(r, {}) for r in c.alternatives] for c in claim.conditions]
    undefined = any(not any(truth is not False for truth in c) for c in conditions)
    defined = all(any(truth is True for truth in c) for c in conditions)
    first = False if undefined else holds(claim.relations[0], {}) if defined else None
    second = NOTHING.holds(text, {})
    assert None in (first, second) or first == second


def test_a_proof_that_the_second_evaluator_contradicts_is_no_answer(monkeypatch, caplog) -> None:
    proved = ladder.Verdict(Status.PROVED, Method.BALLS)
    monkeypatch.setattr(ladder, "decide", lambda *_: proved)
    outcome = check_step(LEMMA, Step("s", "a**2 > 0"))
    assert outcome.status is Status.UNDECIDED
    assert "evaluators disagree" in outcome.reason
    assert "evaluators disagree" in caplog.text
    assert check_step(LEMMA, Step("s", "a**2 >= 0")).status is Status.PROVED


def test_a_refutation_that_the_second_evaluator_contradicts_is_no_answer(monkeypatch) -> None:
    refuted = check_step(LEMMA, Step("s", "a**2 > 0"))
    verdict = ladder.Verdict(refuted.status, refuted.method, "", refuted.counterexample)
    monkeypatch.setattr(ladder, "decide", lambda *_: verdict)
    outcome = check_step(LEMMA, Step("s", "a**2 >= 0"))
    assert outcome.status is Status.UNDECIDED
    assert "evaluators disagree" in outcome.reason


def test_an_engine_that_fails_leaves_its_step_undecided(monkeypatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise IndexError("planted")

    monkeypatch.setattr(refute, "search", broken)
    report = check(replace(LEMMA, steps=[Step("s", "a**2 >= 0"), Step("t", "1 < 2")]))
    assert [o.status for o in report.outcomes] == [Status.UNDECIDED, Status.PROVED]
    assert "failed: IndexError: planted" in report.outcomes[0].reason
