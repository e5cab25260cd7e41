"""The command line: what it prints, and that bad input is one line and exit code 2."""

import json
import re
import subprocess
import sys

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from robustsize.bounds.catalogue import IDS, PAPER_IDS
from robustsize.bounds.symbols import PARAMETERS
from robustsize.cli import cli


def run(*args):
    return CliRunner().invoke(cli, list(map(str, args)))


def ok(*args):
    result = run(*args)
    assert result.exit_code == 0, result.stderr
    return result.stdout


def complaint(*args):
    result = run(*args)
    assert result.exit_code == 2, result.output
    assert result.stdout == ""
    # On a slow machine the time so far is said before the complaint.
    lines = [line for line in result.stderr.splitlines() if not re.match(r" *\d+%  ", line)]
    assert len(lines) == 1
    return lines[0]


def test_list_and_show_know_every_theorem():
    listed = json.loads(ok("list", "--json"))
    assert [t["id"] for t in listed] == list(IDS)
    text = ok("list")
    for id in IDS:
        assert id in text
        shown = json.loads(ok("show", id, "--json"))
        assert {"statement", "hypotheses", "kind", "forms", "source", "loose"} <= shown.keys()
        assert shown["statement"] in ok("show", id)
        assert "\\" in ok("show", id, "--latex")


def test_a_bound_as_json():
    row = json.loads(
        ok("bound", "thm4.3", "--d", 20, "--epsilon", "0.1", "--c", "0.5", "--p", "inf",
           "--form", "explicit", "--depth", 3, "--alpha", "0.1", "--json")
    )  # fmt: skip
    assert {
        "id", "kind", "form", "quantity", "parameters", "log10", "value", "constant", "vacuous",
        "regime", "source", "notes",
    } <= row.keys()  # fmt: skip
    assert (row["id"], row["kind"], row["form"]) == ("thm4.3", "lower", "explicit")
    assert row["constant"] == "explicit"
    assert row["vacuous"] is False
    assert row["parameters"]["d"] == 20
    assert row["parameters"]["epsilon"] == "1/10"
    assert abs(row["log10"] - len(str(row["value"])) + 1) < 1


def test_an_unspecified_constant_prints_its_shape():
    text = ok("bound", "thm4.3", "--d", 20, "--epsilon", "0.1", "--form", "printed")
    assert ">= C * " in text
    row = json.loads(
        ok("bound", "thm4.3", "--d", 20, "--epsilon", "0.1", "--form", "printed", "--json")
    )
    assert (row["constant"], row["value"]) == ("unspecified", None)
    refused = complaint("bound", "thm4.3", "--d", 20, "--epsilon", "0.1", "--form", "printed",
                        "--n", 100)  # fmt: skip
    assert "unspecified constant" in refused


def test_a_size_held_against_a_bound():
    text = ok("bound", "thm4.3", "--d", 20, "--epsilon", "0.1", "--n", "100")
    assert "too small" in text


def test_ranges_give_one_value_each():
    rows = json.loads(ok("bound", "thm4.3", "--d", "2:5", "--epsilon", "0.1,0.2", "--json"))
    assert len(rows) == 8


def test_fractions_and_decimals_are_the_same_number():
    asked = [
        ok("bound", "thm3.4", "--d", 9, "--epsilon", text, "--json") for text in ("0.25", "1/4")
    ]
    assert asked[0] == asked[1]


def test_table_1_has_every_theorem_of_it():
    rows = json.loads(
        ok("table", "--d", 20, "--epsilon", "0.1", "--c", "0.5", "--k", 3, "--samples", 1000,
           "--delta", "0.01", "--beta", "0.05", "--json")
    )  # fmt: skip
    assert {row["id"] for row in rows} == set(PAPER_IDS) - {"prop3.2", "lem5.6"}
    assert not [row for row in rows if "missing" in row]
    partial = ok("table", "--d", 20, "--epsilon", "0.1")
    assert "needs --samples" in partial


def test_solve_goes_the_other_way_round():
    found = json.loads(
        ok("solve", "thm4.3", "--for", "d", "--size", "25e6", "--epsilon", "0.1", "--json")
    )
    values = [
        json.loads(ok("bound", "thm4.3", "--d", found[at], "--epsilon", "0.1", "--json"))["value"]
        for at in ("last", "first")
    ]
    assert values[0] <= 25_000_000 < values[1]


@pytest.mark.parametrize("ending", ["svg", "png", "pdf"])
def test_plot_writes_the_same_file_twice(tmp_path, ending):
    files = [tmp_path / f"{i}.{ending}" for i in (1, 2)]
    for file in files:
        ok("plot", "thm4.3", "thm3.3", "--d", "2:9", "--epsilon", "0.1", "--c", "0.5", "-o", file)
    assert files[0].read_bytes() == files[1].read_bytes()
    assert list(tmp_path.iterdir()) == files or set(tmp_path.iterdir()) == set(files)


BAD = [
    ("bound", "thm4.3", "--d", "0", "--epsilon", "0.1"),
    ("bound", "thm4.3", "--d", "2.5", "--epsilon", "0.1"),
    ("bound", "thm4.3", "--d", "3", "--epsilon", "0"),
    ("bound", "thm4.3", "--d", "3", "--epsilon", "0.5"),
    ("bound", "thm4.3", "--d", "3", "--epsilon", "nan"),
    ("bound", "thm3.3", "--d", "3", "--epsilon", "0.1", "--c", "1"),
    ("bound", "thm3.3", "--d", "3", "--epsilon", "0.1", "--c", "0"),
    ("bound", "thm5.8", "--d", "3", "--k", "4", "--epsilon", "0.1"),
    ("bound", "thm4.3", "--p", "3"),
    ("bound", "thm4.3"),
    ("bound", "thm4.4", "--d", "3", "--beta", "0.1", "--form", "explicit"),
    ("bound", "thm33"),
    ("plot", "thm4.3", "--d", "9:2", "--epsilon", "0.1", "-o", "x.svg"),
    ("plot", "thm4.3", "--d", "2", "--epsilon", "0.1", "-o", "x.svg"),
    ("plot", "thm4.3", "--d", "2:9", "--epsilon", "0.1", "-o", "x.txt"),
    ("plot", "thm4.3", "--d", "2:9", "--epsilon", "0.1", "-o", "/nowhere/x.svg"),
    ("solve", "thm4.3", "--for", "x", "--size", "10"),
    ("solve", "thm4.3", "--for", "d", "--size", "-1", "--epsilon", "0.1"),
    ("solve", "thm4.3", "--for", "d", "--size", "10", "--epsilon", "0.1,0.2"),
    ("solve", "thm4.3", "--for", "d", "--size", "10", "--epsilon", "0.1", "--form", "printed"),
    ("agree",),
    ("agree", "-o", "/proc/nowhere"),
    ("agree", "-o", "x", "--preset", "none"),
    ("nothing",),
]


@pytest.mark.parametrize("args", BAD, ids=" ".join)
def test_bad_input_is_one_line_and_exit_code_2(args):
    complaint(*args)


@pytest.mark.parametrize("args", [a for a in BAD if "--p" in a or ("--d" in a and a[0] == "bound")])
def test_a_bad_value_is_answered_with_an_example(args):
    if "explicit" not in args:
        assert "for example" in complaint(*args)


def test_an_unknown_theorem_gets_the_nearest():
    assert "thm4.3" in complaint("show", "thm43")


TEXTS = st.one_of(
    st.sampled_from(
        [
            "0.1",
            "1/4",
            "20",
            "2:9",
            "1,2",
            "-1",
            "0",
            "1/0",
            "1e9999",
            "nan",
            "inf",
            ":",
            ",",
            "9:2",
            "1:2:0",
            "0.5",
            "1e400:1e401",
            "0x1",
            "",
            "é",
            "\udc80",
            "3\n4",
            "9" * 5000,
        ]
    ),
    st.text(max_size=8),
)


@settings(max_examples=3000)
@given(
    command=st.sampled_from(["bound", "table", "solve", "show"]),
    id=st.sampled_from([*IDS, "thm", "", "thm9.9"]),
    options=st.lists(
        st.tuples(
            st.sampled_from([q.option for q in PARAMETERS] + ["--p", "--form", "--for", "--size"]),
            TEXTS,
        ),
        max_size=6,
    ),
    as_json=st.booleans(),
)
def test_no_command_line_ends_in_a_traceback(command, id, options, as_json):
    args = [command] + ([] if command == "table" else [id])
    args += [text for pair in options for text in pair] + (["--json"] if as_json else [])
    result = run(*args)
    assert result.exit_code in (0, 2), (args, result.exception)
    if result.exit_code == 2:
        assert result.stdout == ""
        assert result.stderr.count("\n") == 1
    elif as_json:
        assert not re.search(r"\b(NaN|Infinity)\b", result.stdout)


def test_a_query_imports_nothing_heavy():
    code = (
        "import sys; from robustsize.cli import cli\n"
        "try: cli(['bound', 'thm4.3', '--d', '20', '--epsilon', '0.1', '--json'])\n"
        "except SystemExit: pass\n"
        "print({'torch', 'numba', 'matplotlib', 'scipy', 'z3'} & sys.modules.keys())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.endswith("set()\n")


def test_help_and_version():
    for args in ([], ["-h"], ["--help"]):
        assert "Usage" in ok(*args)
    assert re.search(r"\d+\.\d+", ok("--version"))
    for command in cli.commands:
        assert "Usage" in ok(command, "-h")


def test_shell_completion_offers_the_theorems():
    from click.shell_completion import ShellComplete

    complete = ShellComplete(cli, {}, "robustsize", "_ROBUSTSIZE_COMPLETE")
    offered = {item.value for item in complete.get_completions(["bound"], "thm4")}
    assert offered == {"thm4.3", "thm4.4", "thm4.5"}
