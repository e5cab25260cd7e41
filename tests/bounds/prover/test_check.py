"""`robustsize check`: targets, exit codes, JSON, explanations."""

import json

import pytest

from robustsize.bounds.prover import DerivationError
from robustsize.bounds.theorems import expected
from robustsize.report import check
from robustsize.report.check_text import explain

LEMMA = """
[derivation]
id = "my-lemma"
[symbols]
x = { domain = "real", min = 0 }
[[step]]
id = "s1"
claim = "x + 1 > 0"
[[step]]
id = "s2"
claim = "x > 1"
"""


def test_a_step_stands_for_its_readings():
    report = check.run(["2.2a"], processes=1)
    assert [c.outcome.id for c in report.checked] == ["2.2a", "2.2a/corrected"]
    assert [c.origin for c in report.checked] == ["printed", "ours"]
    assert report.exit_code == 0


def test_json_has_the_promised_keys():
    rows = json.loads(json.dumps(check.run(["2.2d", "2.2a"], processes=1).json()))
    for row in rows:
        assert {"id", "claim", "status", "method", "counterexample", "seconds"} <= row.keys()
    by_id = {row["id"]: row for row in rows}
    assert by_id["2.2a"]["counterexample"]["point"] == {"a": "1"}
    assert by_id["2.2a"]["expected"]["corrected"] == "2.2a/corrected"


def test_two_processes_and_one_agree_in_content_and_order():
    one, two = (check.run(["2.2f", "A.7"], processes=n) for n in (1, 2))
    assert one.lines() == two.lines()


def test_a_users_refuted_step_fails_the_run(tmp_path):
    file = tmp_path / "lemma.derivation.toml"
    file.write_text(LEMMA)
    report = check.run([str(file)])
    assert report.exit_code == 1
    assert report.problems == ("s2: refuted",)
    assert [c.outcome.status for c in report.checked] == ["proved", "refuted"]


def test_a_refutation_that_is_not_expected_fails_the_run(monkeypatch):
    monkeypatch.setattr(check, "expectations", dict)
    report = check.run(["2.2a"], processes=1)
    assert report.exit_code == 1
    assert report.problems[0].startswith("2.2a: a printed step is refuted")


def test_an_expected_refutation_that_does_not_come_fails_the_run(monkeypatch):
    known = {"2.2d": expected.Expectation("2.2d", "said to fail", True)}
    monkeypatch.setattr(check, "expectations", lambda: known)
    report = check.run(["2.2d"], processes=1)
    assert report.problems == ("2.2d: expectations.toml lists it as refuted, it is proved",)


def test_strict_fails_on_what_is_only_tested(tmp_path):
    file = tmp_path / "hard.toml"
    file.write_text(LEMMA.replace("x > 1", "gamma(x+2)**(x+3) >= gamma(x+3)**(x+1)/9**9"))
    loose, strict = (
        check.run([str(file)], strict=s, budget_seconds_per_step=0.2) for s in (False, True)
    )
    weakest = loose.checked[-1].outcome.status
    assert weakest in ("tested", "undecided")
    assert (loose.exit_code, strict.exit_code) == (0, 3)


@pytest.mark.parametrize("target", ["nonsense", "2.2z", "missing.toml"])
def test_an_unknown_target_is_refused(target):
    with pytest.raises(DerivationError):
        check.run([target])


def test_explain_says_what_fails_and_what_holds_instead():
    text = "\n".join(explain("2.2a"))
    for part in ("as the paper prints it", "refuted", "a = 1", "2.2a/corrected", "survives"):
        assert part in text
    assert "maximal packing covers" in " ".join(explain("A.9"))


@pytest.mark.slow
def test_all_derivations_are_as_expected():
    report = check.run(["all"])
    assert report.problems == ()
