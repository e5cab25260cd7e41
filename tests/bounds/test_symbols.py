"""Exact reading of parameters: decimals, fractions, ranges, and one clear line for the rest."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from robustsize.bounds import symbols
from robustsize.bounds.symbols import BY_OPTION, InputError, rational


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0.1", Fraction(1, 10)),
        ("1/4", Fraction(1, 4)),
        ("1e-12", Fraction(1, 10**12)),
        ("25e6", Fraction(25_000_000)),
        (".5", Fraction(1, 2)),
        ("2.", Fraction(2)),
    ],
)
def test_numbers_are_read_exactly(text, value):
    assert rational(text) == value


@pytest.mark.parametrize(
    "text", ["", "nan", "inf", "1/0", "1e99999", "0x10", "1_000", "1/2/3", "--1", "٣", "1 2"]
)
def test_other_texts_are_no_numbers(text):
    assert rational(text) is None


@given(st.fractions())
def test_every_fraction_survives_being_written(value):
    assert rational(str(value)) == value


@pytest.mark.parametrize(
    ("option", "text"),
    [
        ("--epsilon", "0"),
        ("--epsilon", "0.5"),
        ("--epsilon", "-0.1"),
        ("--c", "0"),
        ("--c", "1"),
        ("--d", "0"),
        ("--d", "2.5"),
        ("--alpha", "1/2"),
        ("--mu", "0"),
        ("--depth", "0"),
        ("--samples", "1e400"),
    ],
)
def test_a_value_outside_the_domain_is_refused_in_one_line(option, text):
    parameter = BY_OPTION[option]
    with pytest.raises(InputError) as caught:
        parameter.read(text if text != "1e400" else "-1")
    message = str(caught.value)
    assert "\n" not in message
    assert option in message
    assert parameter.domain in message
    assert parameter.example in message


@pytest.mark.parametrize("parameter", symbols.PARAMETERS, ids=lambda q: q.option)
def test_the_example_of_every_option_works(parameter):
    assert parameter.read(parameter.example) in parameter


def test_ranges_and_lists():
    d, epsilon = BY_OPTION["--d"], BY_OPTION["--epsilon"]
    assert d.read_all("2:5") == (2, 3, 4, 5)
    assert d.read_all("2:9:3") == (2, 5, 8)
    assert d.read_all("7,3") == (7, 3)
    assert epsilon.read_all("0.1:0.3:0.1") == (Fraction(1, 10), Fraction(1, 5), Fraction(3, 10))
    assert len(epsilon.read_all("0.1:0.2")) == 26


@pytest.mark.parametrize("text", ["5:2", "3:3", "2:9:0", "2:9:-1", "2:9:1:1", "2:", "1:1e6:1/2"])
def test_bad_ranges_are_refused_with_an_example_that_works(text):
    d = BY_OPTION["--d"]
    with pytest.raises(InputError) as caught:
        d.read_all(text)
    example = str(caught.value).rsplit("--d ", 1)[1]
    assert d.read_all(example)


def test_a_range_of_too_many_values_is_refused_with_an_example_that_works():
    d = BY_OPTION["--d"]
    with pytest.raises(InputError, match="at most") as caught:
        d.read_all("1:1000000")
    assert len(d.read_all(str(caught.value).rsplit("--d ", 1)[1])) <= symbols.MOST_VALUES


def test_joint_domains():
    symbols.require_joint({symbols.k: Fraction(3), symbols.d: Fraction(3)})
    with pytest.raises(InputError, match="--k 4"):
        symbols.require_joint({symbols.k: Fraction(4), symbols.d: Fraction(3)})
    with pytest.raises(InputError, match="--depth 4"):
        symbols.require_joint({symbols.L: Fraction(4), symbols.n: Fraction(3)})
