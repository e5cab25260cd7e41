"""The Python interface of the bounds: it answers as the command line does."""

import json
import subprocess
import sys
from decimal import Decimal
from fractions import Fraction
from io import StringIO
from pathlib import Path

import numpy as np
import pytest
import sympy as sp
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

from robustsize import bounds
from robustsize.bounds.evaluate import IncomparableError
from robustsize.bounds.prover import DerivationError
from robustsize.cli import cli
from robustsize.report.bound_text import bound_json

EXAMPLES = Path(__file__).parent.parent.parent / "examples"
HEAVY = ("torch", "numba", "matplotlib", "scipy", "sympy", "z3", "pandas")


def printed(*args):
    done = CliRunner().invoke(cli, [*args, "--json"])
    assert done.exit_code == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("package", ["bounds", "simulate"])
def test_the_door_imports_nothing_heavy(package):
    code = f"import sys, robustsize.{package}; print({set(HEAVY)} & sys.modules.keys())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


def test_a_bound_imports_nothing_that_measures():
    code = (
        "import sys; from robustsize import bounds; bounds.bound('thm4.3', d=20, epsilon=0.1)\n"
        f"print({set(HEAVY) - {'sympy'}} & sys.modules.keys())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


@pytest.mark.parametrize(
    "tenth", ["1/10", "0.1", "1e-1", 0.1, Fraction(1, 10), Decimal("0.1"), sp.Rational(1, 10)]
)
@pytest.mark.parametrize("twenty", [20, "20", 20.0, np.int64(20), np.float64(20)])
def test_every_way_to_write_a_number_is_exact(tenth, twenty):
    value = bounds.bound("thm4.3", d=twenty, epsilon=tenth, c="1/2")
    assert value.value == 49370321
    assert value.parameters["epsilon"] == "1/10"
    assert (value.vacuous, value.kind.value) == (None, "lower")


@settings(max_examples=25)
@given(
    half=st.floats(1e-3, 0.499),
    ratio=st.floats(0.01, 0.99),
    dimension=st.integers(2, 30),
    id=st.sampled_from(["thm3.3", "thm4.3", "thm5.8"]),
)
def test_a_float_means_what_it_prints_as_here_and_on_the_command_line(half, ratio, dimension, id):
    ours = bounds.bound(id, d=dimension, k=2, epsilon=half, c=ratio)
    options = ["--d", str(dimension), "--k", "2", "--epsilon", repr(half), "--c", repr(ratio)]
    assert bound_json(ours) == printed("bound", id, *options)


@pytest.mark.parametrize("form", ["printed", "simple", "explicit"])
@pytest.mark.parametrize("p", ["2", "inf"])
def test_every_form_is_that_of_the_command_line(form, p):
    ours = bounds.bound("thm4.3", d=7, epsilon="1/8", c="1/2", alpha="0.01", form=form, p=p)
    options = ["--d", "7", "--epsilon", "1/8", "--c", "1/2", "--alpha", "0.01", "--form"]
    assert bound_json(ours) == printed("bound", "thm4.3", *options, form, "--p", p)


def test_the_norm_may_be_a_number():
    at = {"d": 20, "epsilon": 0.1}
    assert bounds.bound("thm4.3", p=2, **at) == bounds.bound("thm4.3", p="2", **at)
    assert bounds.bound("thm4.3", p=float("inf"), **at) == bounds.bound("thm4.3", **at)


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: bounds.bound("thm4.3", d=3), "needs epsilon"),
        (lambda: bounds.bound("thm4.3", d=0, epsilon=0.1), "d='0': the ambient dimension d must"),
        (lambda: bounds.bound("thm4.3", d=2.5, epsilon=0.1), "d='2.5': the ambient dimension"),
        (lambda: bounds.bound("thm4.3", d=2, epsilon=float("nan")), "epsilon='nan'"),
        (lambda: bounds.bound("thm4.3", d=True, epsilon=0.1), "d='True'"),
        (lambda: bounds.bound("thm4.3", d=10**301, epsilon=0.1), "is at most 1e300 here"),
        (lambda: bounds.bound("thm4.3", eps=0.1), "eps: no such parameter; did you mean epsilon?"),
        (lambda: bounds.bound("thm4.9", d=3), "unknown theorem 'thm4.9'"),
        (lambda: bounds.bound("thm4.3", form="deeper", d=3), "form='deeper' p='inf': thm4.3 has"),
        (lambda: bounds.bound("thm4.3", p=3, d=3), "p='3': the norm p must be 2 or inf"),
        (lambda: bounds.bound("thm5.8", d=2, k=3, epsilon=0.1), "d=2, k=3: thm5.8 needs"),
        (lambda: bounds.table(d=[3, 0], epsilon=0.1), "d='0'"),
        (lambda: bounds.table(d=[], epsilon=0.1), "d: no value is given; for example d=20"),
        (lambda: bounds.crossing("thm4.3", "q", 5, epsilon=0.1), "q: no such parameter"),
        (lambda: bounds.crossing("thm4.3", "d", 5.5, epsilon=0.1), "size=5.5: must be a whole"),
        (lambda: bounds.check("thm9"), "no derivation 'thm9'"),
        (lambda: bounds.check("no.derivation.toml"), "no.derivation.toml: cannot be read"),
    ],
)
def test_a_complaint_is_one_line_that_names_the_keyword(call, says):
    with pytest.raises(bounds.InputError) as caught:
        call()
    message = str(caught.value)
    assert message.startswith(says) or says in message
    assert "\n" not in message
    assert "--" not in message


def test_an_unspecified_constant_is_not_compared_with_a_number():
    printed_form = bounds.bound("thm4.3", d=20, epsilon=0.1, form="printed")
    with pytest.raises(IncomparableError, match="for example form='explicit'"):
        printed_form.holds_against(5000)


def test_a_form_is_a_sympy_expression():
    theorem = bounds.theorem("thm4.3")
    d, epsilon = sp.Symbol("d", integer=True, positive=True), sp.Symbol("epsilon", positive=True)
    assert theorem.form("printed").expression == (2 * epsilon) ** (-(d - 1) / 6)
    assert theorem.form() == theorem.form("explicit", "2")
    with pytest.raises(bounds.InputError, match="no such form"):
        theorem.form("deeper")


def test_a_bound_shows_itself():
    value = bounds.bound("thm4.3", d=20, epsilon="1/10", c="1/2")
    assert "49370321" in str(value)
    assert value._repr_latex_().startswith(r"$\text{network size} \ge \min\{n : ")
    assert value._repr_latex_().endswith("= 49370321$")
    large = bounds.bound("thm3.3", d=20, epsilon="1/10", c="1/2")
    assert large._repr_latex_().endswith(r"\approx 1.413 \cdot 10^{22}$")
    text = StringIO()
    Console(file=text, width=200).print(value)
    assert all(word in text.getvalue() for word in ("49370321", "d = 20", *value.rests_on))


def test_what_a_bound_rests_on_can_be_checked():
    from robustsize.bounds.theorems.proofs import IDS

    value = bounds.bound("thm4.3", d=20, epsilon="1/10")
    assert value.rests_on
    assert set(value.rests_on) <= set(IDS)


def test_the_table_is_that_of_the_command_line():
    records = bounds.table(d=[3, 5], epsilon="1/8", c=0.5, frame=False)
    rows = printed("table", "--d", "3,5", "--epsilon", "1/8", "--c", "0.5")
    assert len(records) == len(rows)
    for ours, theirs in zip(records, rows, strict=True):
        assert (ours["setting"], ours["id"], ours["form"]) == (
            theirs["setting"],
            theirs["id"],
            theirs["form"],
        )
        assert ours["value"] == theirs.get("value")
        assert ours["log10"] == theirs.get("log10")
        assert ours["missing"] == (
            theirs["missing"].replace("--", "") if "missing" in theirs else None
        )
        assert ours["d"] in (3, 5)
        assert ours["epsilon"] == Fraction(1, 8)


def test_the_table_is_a_frame_with_exact_integers_where_pandas_is_installed():
    pandas = pytest.importorskip("pandas")
    at = {"d": range(2, 25), "epsilon": "1/10", "c": "1/2"}
    frame, records = bounds.table(**at), bounds.table(frame=False, **at)
    assert isinstance(frame, pandas.DataFrame)
    values = [None if value is pandas.NA else int(value) for value in frame["value"]]
    assert values == [record["value"] for record in records]
    assert max(value for value in values if value) > 2**53


def test_the_table_is_records_where_pandas_is_not_installed(monkeypatch):
    monkeypatch.setattr("robustsize.bounds.api.find_spec", lambda name: None)
    monkeypatch.setitem(sys.modules, "pandas", None)
    assert isinstance(bounds.table(d=3, epsilon=0.1), list)
    with pytest.raises(bounds.InputError, match="pandas is not installed"):
        bounds.table(d=3, epsilon=0.1, frame=True)


def test_a_crossing_is_that_of_the_command_line():
    ours = bounds.crossing("thm4.3", "d", "25e6", epsilon=0.1)
    theirs = printed("solve", "thm4.3", "--for", "d", "--size", "25e6", "--epsilon", "0.1")
    assert (ours.last, ours.first) == (theirs["last"], theirs["first"])


def test_check_goes_through_a_file_and_through_ours():
    report = bounds.check(EXAMPLES / "counting.derivation.toml")
    assert report.status.value == "cited"
    assert {one.status.value for one in report.outcomes} == {"proved", "cited"}
    ours = bounds.check("thm4.3")
    refuted = {one.id for one in ours.outcomes if one.status.value == "refuted"}
    theirs = CliRunner().invoke(cli, ["check", "thm4.3", "--json"])
    assert refuted == {one["id"] for one in json.loads(theirs.stdout) if one["status"] == "refuted"}


def test_a_step_that_cannot_be_read_is_refused(tmp_path):
    path = tmp_path / "bad.derivation.toml"
    path.write_text('[derivation]\nid = "x"\n[[step]]\nid = "s"\nclaim = "y > 0"\n')
    with pytest.raises(DerivationError, match="y"):
        bounds.check(path)
