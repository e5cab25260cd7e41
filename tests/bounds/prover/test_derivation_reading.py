"""Derivation files and the grammar: what is read, and one clear line for what is not."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from time import monotonic

import pytest
import sympy as sp

from robustsize.bounds.prover import (
    Derivation,
    DerivationError,
    Status,
    Step,
    check,
    check_step,
    integer,
    load,
    loads,
    real,
)
from robustsize.bounds.prover.language.grammar import Claim, parse_claim, parse_expression

HEAD = '[derivation]\nid = "t"\n[symbols]\na = { domain = "real" }\n'
STEP = '[[step]]\nid = "s1"\nclaim = "a**2 >= 0"\n'
ISSUE = """
[derivation]
id = "my-lemma"
source = "where it comes from"
[symbols]
a = { domain = "real" }
N = { domain = "integer", min = 1 }
delta = { domain = "real", min = 0, max = "R", open = true }
R = { domain = "real", min = 0, max = 1, open = true }
[[step]]
id = "s1"
given = ["delta < R/2"]
claim = "R*R - delta**2 > 0"
"""


def _value(text: str) -> sp.Expr:
    return parse_expression(text, {}).expression


def test_the_file_of_the_documentation_is_proved() -> None:
    report = check(loads(ISSUE))
    assert report.status is Status.PROVED
    assert report.to_json()[0]["id"] == "my-lemma:s1"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0.1", sp.Rational(1, 10)),
        ("1e-12", sp.Rational(1, 10**12)),
        ("-2**2", sp.Integer(-4)),
        ("2^-1", sp.Rational(1, 2)),
        ("2**3**2", sp.Integer(512)),
        ("7/2/7", sp.Rational(1, 2)),
        ("8 - 3 - 2", sp.Integer(3)),
        ("log2(8)", sp.Integer(3)),
        ("floor(7/2) + ceil(7/2)", sp.Integer(7)),
        ("max(1, 2, 3) - min(1, 2, 3)", sp.Integer(2)),
        ("binomial(5, 2) + factorial(3) + gamma(4)", sp.Integer(22)),
        ("abs(-3)*sqrt(4)", sp.Integer(6)),
    ],
)
def test_expressions_have_their_value(text: str, value: sp.Expr) -> None:
    assert _value(text) == value


def test_a_chain_is_a_conjunction() -> None:
    claim = parse_claim("1 < 2 <= 3", {})
    assert isinstance(claim, Claim)
    assert [r.op for r in claim.relations] == ["<", "<="]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("10**10**10 > 1", "too large"),
        ("factorial(10**9) > 1", "too large"),
        ("binomial(10**9, 10**8) > 1", "too large"),
        ("exp(1e30) > 1", "too large"),
        ("1e99999999 > 1", "too large"),
        ("floor(exp(10**9)) > 1", "so large"),
        ("(" * 5000 + "1", "nested"),
        ("1 +" * 10_000 + "1 > 1", "characters"),
        ("1", "comparison"),
        ("1 <", "expression was expected"),
        ("f(1) > 0", "not a function"),
        ("b > 0", "not declared"),
        ("1 < 2 $", "no meaning"),
        ("binomial(3) > 0", "takes 2"),
        ("Sum(i, i, 1, 1/2) > 0", "integer"),
        ("(1 < 2", "')' was expected"),
        ("__import__('os') > 1", "no meaning"),
    ],
)
def test_bad_claims_are_refused_at_once(text: str, words: str) -> None:
    start = monotonic()
    with pytest.raises(DerivationError) as caught:
        parse_claim(text, {})
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 600
    assert monotonic() - start < 2


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "[derivation]"),
        ("a = ", "not valid TOML"),
        (HEAD, "[[step]]"),
        ('[derivation]\nid = 3\n[[step]]\nid="s"\nclaim="1<2"\n', "derivation.id = 3"),
        (HEAD + '[[step]]\nid = "s1"\n', "step[0].claim"),
        (HEAD + STEP + 'gives = ["a"]\n', "'gives' is not known"),
        (HEAD + STEP + 'given = "a > 1"\n', "list of texts"),
        (HEAD + "b = 3\n" + STEP, "symbols.b = 3"),
        (HEAD + 'b = { domain = "real", min = [1] }\n' + STEP, "symbols.b.min"),
        (HEAD + 'b = { domain = "real", min = nan }\n' + STEP, "symbols.b.min = nan"),
        (HEAD + 'b = { domain = "real", open = "left" }\n' + STEP, "'min' or 'max'"),
        (HEAD + 'b = { domain = "real", min = 1e-99999 }\n' + STEP, "5000"),
    ],
)
def test_bad_files_are_refused_in_one_line(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "bad.derivation.toml"
    path.write_text(text)
    with pytest.raises(DerivationError) as caught:
        load(path)
    message = str(caught.value)
    assert message.startswith(str(path))
    assert words in message
    assert "\n" not in message


@pytest.mark.parametrize(
    ("symbols", "words"),
    [
        ({"a": real("b"), "b": real("a")}, "circle"),
        ({"e": real()}, "not a free name"),
        ({"a": real(max="-inf")}, "empty"),
        ({"a": real(max="q")}, "not declared"),
    ],
)
def test_bad_symbols_are_refused(symbols: dict, words: str) -> None:
    with pytest.raises(DerivationError, match=words):
        check(Derivation("t", symbols, [Step("s", "1 < 2")]))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DerivationError, match="nowhere"):
        load(tmp_path / "nowhere.toml")


def test_bounds_are_read_as_exact_numbers() -> None:
    text = HEAD + 'x = { domain = "real", min = 0.1, max = "1/2" }\n' + STEP
    symbols = loads(text).symbols
    assert symbols["x"].min == Fraction(1, 10)
    assert symbols["x"].max == "1/2"
    edge = Derivation("t", symbols, [Step("low", "x >= 1/10"), Step("below", "x > 1/10")])
    assert [o.status for o in check(edge).outcomes] == [Status.PROVED, Status.REFUTED]


def test_sympy_relations_are_claims_too() -> None:
    x = sp.Symbol("x")
    lemma = Derivation("t", {"x": real(0)}, [Step("s", sp.Le(sp.log(1 + x), x, evaluate=False))])
    assert check(lemma).status is Status.PROVED
    with pytest.raises(DerivationError, match="sin has no meaning"):
        check_step(lemma, Step("t", sp.Le(sp.sin(x), x, evaluate=False)))


def test_definitions_may_use_earlier_ones() -> None:
    lemma = Derivation(
        "t",
        {"x": real(1), "n": integer(1)},
        [Step("s", "square >= x"), Step("t", "1/shifted > 0")],
        definitions={"square": "x**2", "shifted": "square - 1"},
    )
    first, second = check(lemma).outcomes
    assert first.status is Status.PROVED
    assert second.status is Status.REFUTED
    assert second.counterexample is not None
    assert second.counterexample.point["x"] == "1"


def test_steps_are_named_once() -> None:
    with pytest.raises(DerivationError, match="twice"):
        check(Derivation("t", {}, [Step("s", "1 < 2"), Step("s", "1 < 3")]))
    with pytest.raises(DerivationError, match="steps: s"):
        check_step(Derivation("t", {}, [Step("s", "1 < 2")]), "u")
