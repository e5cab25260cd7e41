"""The main job on tiny probes: the same numbers twice, complete files, resumable, honest."""

import json
import time
from dataclasses import asdict, replace
from fractions import Fraction
from pathlib import Path

import pytest
from click.testing import CliRunner

from robustsize.bounds.symbols import InputError, Norm, c, d
from robustsize.cli import cli
from robustsize.report.agreement import write
from robustsize.report.agreement_figure import figures
from robustsize.report.agreement_json import condensed, outcome_json, read_result
from robustsize.report.agreement_page import page
from robustsize.report.probes_page import page as probes_page
from robustsize.simulate.certify.complete import CertificateStatus, certify
from robustsize.simulate.data.exact import PrecisionError
from robustsize.simulate.data.instance import hard_instance
from robustsize.simulate.experiment import run as job
from robustsize.simulate.experiment.claim import Claim, Limit, Prediction
from robustsize.simulate.experiment.evidence import at_most, exactly
from robustsize.simulate.experiment.model import Cell, Experiment, Place, Row, Trend, axes, trends
from robustsize.simulate.experiment.verdict import Agreement
from robustsize.simulate.networks.network import Network
from robustsize.simulate.theorems import catalogue
from robustsize.simulate.theorems.catalogue import BY_ID, EXPERIMENTS, experiment_of
from robustsize.simulate.theorems.thm4_3 import experiment as thm4_3
from robustsize.simulate.theorems.thm4_3 import problem

QUICK = thm4_3.EXPERIMENT.quick
TINY = replace(QUICK, axes={**QUICK.axes, **axes({d: "2"})}, seeds=4, device="cpu")
TASK = job.Task(thm4_3.EXPERIMENT, TINY)


def agree(tasks, name, **options):
    """What `robustsize agree` finds and writes, as `--json` has it."""
    found = job.run(tasks, name, write=write, **options)
    outcomes = [outcome_json(one, found.seed) for one in found.outcomes]
    rows = {id: [asdict(row) for row in rows] for id, rows in found.rows.items()}
    return {**vars(found), "outcomes": outcomes, "rows": rows}


def strict(path):
    """Strict JSON."""

    def refuse(word):
        raise ValueError(word)

    return json.loads(path.read_text(), parse_constant=refuse)


def kept(folder):
    """The result that a folder holds."""
    return read_result((folder / "agreement.json").read_text())


def one_number(name, value, upper):
    """A cell that finds a number, and counts how often it is measured."""
    prediction = Prediction(
        id="thm2.2", name=name, says="small", quantity="a number", upper=Limit(upper, "here")
    )

    def work(run):
        measured.append(name)
        return value

    def rows(found):
        return [Row(series="s", at={"d": float(found)}, values=(found,), upper=float(upper))]

    measured = []
    return Cell(name=name, claims=(Claim(prediction, exactly),), work=work, rows=rows), measured


def stub(*cells):
    return job.Task(
        Experiment(
            id="stub",
            covers=("thm2.2",),
            measures="a number",
            seeds_are="nothing",
            quick=TINY,
            full=TINY,
            quick_seconds=1,
            cells=lambda setting: cells,
        ),
        TINY,
    )


@pytest.fixture(scope="module")
def result(tmp_path_factory):
    folder, shares = tmp_path_factory.mktemp("first"), []
    made = agree([TASK], "tiny", folder=folder, progress=lambda share, _: shares.append(share))
    assert shares == sorted(shares)
    assert 0 <= shares[0] <= shares[-1] <= 1
    return folder, made


def test_it_writes_its_files_and_nothing_else(result):
    folder, made = result
    names = {path.name for path in folder.iterdir()}
    assert names == {
        ".run", "agreement.json", "rows.json", "summary.md", "agreement.svg", "agreement.webp",
        "networks",
    }  # fmt: skip
    labellings = made["rows"]["thm4.3"][0]["more"]["labellings"]
    assert strict(folder / "rows.json")["thm4.3"][0]["more"]["labellings"] == labellings
    assert (folder / "summary.md").read_text() == page(kept(folder), ["agreement"])


def test_what_is_kept_gives_every_outcome_again(result):
    folder, made = result
    strict(folder / "agreement.json")
    again = kept(folder)
    outcomes = [outcome_json(one, again.seed) for one in again.outcomes]
    assert json.dumps(outcomes) == json.dumps(made["outcomes"])
    for name in vars(again).keys() - {"outcomes", "rows"}:
        assert getattr(again, name) == made[name]


def test_rows_are_kept_condensed():
    networks = [
        {"training": [1, 3, 9], "test": [0, 4, 9], "clean": [0, 0, 9], "size": 5},
        {"training": [2, 2, 9], "test": [0, 5, 9], "clean": [0, 1, 9], "size": 5},
    ]
    row = Row(
        series="s",
        at={"d": 2.0, "delta": 1 / 3},
        values=(1 / 3, None, 2.0, 1.0),
        lower=2 / 3,
        upper=1 / 3,
        more={"networks": networks, "needed": 4.0, "labels": ["+"]},
    )
    small = condensed(row)
    assert small.values == (0.333333, 2)
    assert (small.lower, small.upper) == (0.666666, 0.333334)
    assert small.at == {"d": 2, "delta": 0.333333}
    best = {"training": [2, 2, 9], "test": [0, 4, 9], "clean": [0, 0, 9]}
    assert small.more == {"needed": 4, **best, "replicates": 4, "found": 3}
    assert condensed(replace(row, values=(None,), more={})).values == ()


def test_a_verdict_that_the_evidence_does_not_give_is_refused(result):
    folder, _ = result
    text = (folder / "agreement.json").read_text()
    broken = text.replace('"verdict":"vacuous","evidence"', '"verdict":"agrees","evidence"', 1)
    assert broken != text
    with pytest.raises(ValueError, match="the evidence says vacuous"):
        read_result(broken)


def test_the_same_seed_gives_the_same_files(result, tmp_path):
    folder, _ = result
    agree([TASK], "tiny", folder=tmp_path)
    for path in filter(Path.is_file, folder.rglob("*")):
        path = path.relative_to(folder)
        assert (tmp_path / path).read_bytes() == (folder / path).read_bytes(), path


def test_every_number_of_the_hard_instance_is_in_its_place(result):
    folder, made = result
    by_name = {one["name"]: one for one in made["outcomes"]}
    size = by_name["size d=2"]
    # Three points: the lower limit is trivial, and a witness cannot contradict the upper one.
    assert size["verdict"] == "vacuous"
    assert size["sides"] == {"lower": "vacuous", "upper": "vacuous"}
    assert size["lower"]["value"] <= size["measured"] <= size["upper"]["value"]
    assert by_name["hyperplane's standard error d=2"]["interval"] == [0, 0]
    assert by_name["hyperplane's robust error d=2"]["interval"] == [1, 1]
    (row,) = made["rows"]["thm4.3"]
    assert len(row["more"]["labellings"]) == 8
    for i, one in enumerate(row["more"]["labellings"]):
        saved = Network.load(folder / "networks" / f"thm4.3-d2-{i}.npz")
        assert saved.size == one["size"] <= one["construction"]
        phi = [1 if sign == "+" else -1 for sign in one["labels"]]
        again = hard_instance(2, Fraction(1, 4), Fraction(1, 2), Norm.INF, phi)
        assert certify(saved, again).status is CertificateStatus.CERTIFIED


def test_an_interrupted_run_resumes_by_cell(tmp_path):
    first, counted = one_number("a", 1, 2)
    second, _ = one_number("b", 3, 2)

    def interrupted(run):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        agree([stub(first, replace(second, work=interrupted))], "x", folder=tmp_path)
    assert not (tmp_path / "agreement.json").exists()
    result = agree([stub(first, second)], "x", folder=tmp_path)
    assert counted == ["a"]
    assert [one["verdict"] for one in result["outcomes"]] == ["agrees", "contradicts"]


def test_cells_of_another_version_are_not_taken(tmp_path, monkeypatch):
    cell, counted = one_number("a", 1, 2)
    later, _ = one_number("b", 1, 2)
    task = stub(cell, replace(later, work=lambda run: 1 / 0))
    for number in "12":
        monkeypatch.setattr(job, "version", lambda package, number=number: number)
        with pytest.raises(ZeroDivisionError):
            agree([task], "x", folder=tmp_path)
    assert counted == ["a", "a"]


def test_cells_of_other_code_are_dropped_and_it_is_said(tmp_path, monkeypatch):
    cell, counted = one_number("a", 1, 2)
    later, _ = one_number("b", 1, 2)
    task = stub(cell, replace(later, work=lambda run: 1 / 0))
    with pytest.raises(ZeroDivisionError):
        agree([task], "x", folder=tmp_path)
    monkeypatch.setattr(job, "source_digest", lambda: "other code")
    result = agree([stub(cell, later)], "x", folder=tmp_path)
    assert counted == ["a", "a"]
    assert result["dropped_cells"] == 1
    assert "1 kept cell" in page(kept(tmp_path), [])


def test_the_digest_of_the_sources_reads_each_of_them(tmp_path, monkeypatch):
    from robustsize.simulate.experiment import sources

    for room in ("one", "two"):
        (tmp_path / room / "deep").mkdir(parents=True)
        (tmp_path / room / "deep" / "a.py").write_text("x = 1")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sources, "ROOMS", ("one", "two"))
    digests = set()
    for path, text in (("one/deep/a.py", "x = 1"), ("two/deep/a.py", "x = 2"), ("one/b.py", "")):
        (tmp_path / path).write_text(text)
        digests.add(sources.source_digest.__wrapped__())
    assert len(digests) == 3
    assert sources.source_digest() == sources.source_digest()


def test_vacuous_sides_are_counted_apart(tmp_path):
    witness = Prediction(id="thm3.3", name="w", says="", quantity="", upper=Limit(5, "here"))
    claim = Claim(witness, lambda size: at_most(size, "one search"))
    cell = Cell(name="w", claims=(claim,), work=lambda run: 3)
    result = agree([stub(cell)], "x", folder=tmp_path)
    (one,) = result["outcomes"]
    assert one["verdict"] == "vacuous"
    assert one["sides"] == {"lower": None, "upper": "vacuous"}
    assert "Of 1 upper limits: 1 vacuous." in (tmp_path / "summary.md").read_text()
    assert "5 (vacuous)" in (tmp_path / "summary.md").read_text()


RESULTS = Path(__file__).parents[2] / "docs" / "results"


def test_the_page_of_results_is_made_from_what_is_kept():
    strict(RESULTS / "agreement.json")
    saved = kept(RESULTS)
    drawn = figures(saved)
    assert (RESULTS / "summary.md").read_text() == page(saved, list(drawn))
    assert all((RESULTS / f"{name}.webp").exists() for name in drawn)


def test_a_construction_that_is_not_certified_is_left_out_of_the_figure():
    rows = kept(RESULTS).rows["gap"]
    without = [replace(row, values=()) if "construction" in row.more else row for row in rows]

    def stars(rows):
        (figure,) = figures(replace(kept(RESULTS), rows={"gap": rows})).values()
        lines = [line for axes in figure.axes for line in axes.lines]
        return sum(line.get_label() == "construction, certified on all" for line in lines)

    assert (stars(rows), stars(without)) == (4, 0)


def test_results_in_git_are_small():
    files = (RESULTS / "agreement.json", RESULTS / "summary.md", *RESULTS.glob("*.webp"))
    assert sum(path.stat().st_size for path in files) < 500_000


def test_float64_that_does_not_hold_an_instance_is_no_complaint_about_the_device(tmp_path):
    close = replace(TINY, axes={**TINY.axes, **axes({c: "0.9999999999999999999999"})})
    with pytest.raises(InputError) as caught:
        agree([job.Task(thm4_3.EXPERIMENT, close)], "tiny", folder=tmp_path)
    message = str(caught.value)
    assert message.startswith("--epsilon 1/4 --c 9999999999999999999999/")
    assert "device" not in message
    assert "for example --epsilon 1/4 --c 1/2" in message


def test_a_fault_inside_a_search_is_not_taken_for_bad_input(tmp_path, monkeypatch):
    from robustsize.simulate.experiment import sizes

    def broken(*args, **options):
        raise ValueError("a fault of ours")

    monkeypatch.setattr(sizes, "search", broken)
    with pytest.raises(ValueError, match="a fault of ours") as caught:
        agree([TASK], "tiny", folder=tmp_path)
    assert not isinstance(caught.value, InputError)


def test_another_run_does_not_write_into_the_folder_of_one(tmp_path):
    cell, _ = one_number("a", 1, 2)
    task = stub(cell)
    agree([task], "x", folder=tmp_path)
    before = {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    other = replace(task, setting=replace(task.setting, seed=1))
    for tasks, name in (([other], "x"), ([task], "y")):
        with pytest.raises(InputError, match="holds the results of"):
            agree(tasks, name, folder=tmp_path)
    assert {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()} == before


def test_what_cannot_be_measured_is_bad_input(tmp_path):
    def refuse(run):
        raise PrecisionError("no float64 lies there")

    cell, _ = one_number("a", 1, 2)
    with pytest.raises(InputError, match="a cannot be measured: no float64"):
        agree([stub(replace(cell, work=refuse))], "x", folder=tmp_path)


def test_what_the_budget_left_out_is_inconclusive_and_kept_for_later(tmp_path):
    cell, counted = one_number("a", 1, 2)
    result = agree([stub(cell)], "x", folder=tmp_path, budget_seconds=-1.0)
    assert counted == []
    assert result["outcomes"][0]["verdict"] == "inconclusive"
    assert "budget" in result["outcomes"][0]["reason"]
    assert agree([stub(cell)], "x", folder=tmp_path)["outcomes"][0]["verdict"] == "agrees"


def test_what_the_budget_cut_short_says_so_and_is_measured_again(tmp_path):
    cell, counted = one_number("a", 1, 2)

    def slow(run):
        time.sleep(max(0.0, run.seconds_left) + 0.01)
        return cell.work(run)

    task = stub(replace(cell, work=slow))
    (one,) = agree([task], "x", folder=tmp_path, budget_seconds=0.3)["outcomes"]
    assert one["verdict"] == "agrees"
    assert "time budget ended" in one["evidence"]["tried"]
    (again,) = agree([stub(cell)], "x", folder=tmp_path)["outcomes"]
    assert "time budget" not in again["evidence"]["tried"]
    assert counted == ["a", "a"]


def test_claims_of_one_name_keep_their_own_evidence(tmp_path):
    """Evidence is a claim's by its place, whatever two predictions are called."""
    one, _ = one_number("a", 1, 2)
    claims = [replace(one.claims[0], measure=lambda found, i=i: exactly(i)) for i in (1, 3)]
    cell = replace(one, claims=tuple(claims))
    (tmp_path / "kept").mkdir()
    for folder in (tmp_path / "new", tmp_path / "kept"):
        result = agree([stub(cell)], "x", folder=folder)
        assert [outcome["measured"] for outcome in result["outcomes"]] == [1, 3]
        assert [outcome["verdict"] for outcome in result["outcomes"]] == ["agrees", "contradicts"]


def rising(trend, x, values, **more):
    """A cell that measures a trend at one x."""
    cell, _ = one_number(f"at {x}", 1, 2)
    return replace(cell, places=(Place(trend, x, lambda found: values),), **more)


def test_a_trend_is_judged_from_the_places_that_are_its_own(tmp_path):
    claim = Prediction(id="thm2.2", name="slope", says="", quantity="slope", upper=Limit(1, "here"))
    steep, flat = Trend(claim, log_x=True), Trend(claim, log_x=True)
    cells = [rising(steep, x, (x**2,) * 4) for x in (1, 2, 4)]
    cells += [rising(flat, x, (7, None, 7, 7), name=f"flat {x}") for x in (1, 2)]
    result = agree([stub(*cells)], "x", folder=tmp_path)
    slopes = [one for one in result["outcomes"] if one["name"] == "slope"]
    assert [one["verdict"] for one in slopes] == ["contradicts", "agrees"]
    assert [one["measured"] for one in slopes] == [pytest.approx(2), pytest.approx(0)]
    assert slopes[1]["evidence"]["y"] == ((7, 7, 7),) * 2
    assert trends(cells[:1]) == []


def test_a_trend_of_which_the_budget_left_out_a_place_is_not_judged(tmp_path):
    """Without the last place the slope is 0, and would contradict."""
    claim = Prediction(id="thm2.2", name="slope", says="", quantity="slope", lower=Limit(1, "here"))
    trend = Trend(claim)

    def slow(run):
        time.sleep(run.seconds_left + 0.01)
        return 1

    cells = [rising(trend, x, (3, 3, 3)) for x in (1, 2)]
    for late in ({"work": slow}, {"work": slow, "weight": 2.0}):
        cells.append(rising(trend, len(cells) + 1, (100, 100, 100), **late))
    result = agree([stub(*cells)], "x", folder=tmp_path, budget_seconds=0.5)
    assert len(result["cut_short"]) == 2
    (slope,) = [one for one in result["outcomes"] if one["name"] == "slope"]
    assert slope["verdict"] == "inconclusive"
    assert "budget" in slope["reason"]


def test_values_at_one_place_alone_give_no_slope(tmp_path):
    claim = Prediction(id="thm2.2", name="slope", says="", quantity="slope", upper=Limit(1, "here"))
    trend = Trend(claim)
    cells = [rising(trend, 1, (3, 3, 3)), rising(trend, 2, (None, None, None))]
    result = agree([stub(*cells)], "x", folder=tmp_path)
    (slope,) = [one for one in result["outcomes"] if one["name"] == "slope"]
    assert slope["verdict"] == "inconclusive"
    assert "fewer than two places" in slope["reason"]
    assert "budget" not in slope["reason"]


def test_a_planted_false_bound_gives_exit_code_1(tmp_path, monkeypatch):
    real = problem.explicit

    def planted(id, values, p):
        limit = real(id, values, p)
        return replace(limit, value=100 * limit.value, vacuous=None) if id == "thm4.3" else limit

    monkeypatch.setattr(problem, "explicit", planted)
    probe = replace(thm4_3.EXPERIMENT, quick=TINY)
    monkeypatch.setattr(catalogue, "EXPERIMENTS", (probe,))
    done = CliRunner().invoke(cli, ["agree", "-o", str(tmp_path), "--json"])
    assert done.exit_code == 1
    outcomes = json.loads(done.stdout)
    (size,) = [one for one in outcomes if one["name"] == "size d=2"]
    assert size["verdict"] == Agreement.CONTRADICTS.value
    keys = {
        "id",
        "prediction",
        "measured",
        "interval",
        "lower",
        "upper",
        "verdict",
        "reason",
        "seed",
    }
    assert keys <= size.keys()


def test_a_device_that_is_not_there_is_named(tmp_path):
    import torch

    if torch.cuda.is_available():
        pytest.skip("this machine has a GPU")
    there = replace(TASK, setting=replace(TINY, device="cuda"))
    with pytest.raises(InputError, match=r"--device cuda: .* cpu"):
        agree([there], "tiny", folder=tmp_path)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["agree", "--preset", "slow"], "'slow' is not one of 'quick', 'full'"),
        (["agree", "--only", "thm9.9"], "--only 'thm9.9': one of"),
        (["probe", "thm9.9"], "ID 'thm9.9': one of"),
        (["probe", "thm4.3", "--k", "2"], "--k: the probe thm4.3 takes"),
        (["probe", "thm4.3", "--d", "40"], "--d 40"),
        (["probe", "thm2.2", "--d", "1000000"], "--d 1000000: at most 64"),
        (["probe", "thm4.3", "--epsilon", "0"], "--epsilon '0'"),
        (["probe", "gap", "--epsilon", "1e-12"], "--epsilon 1e-12: more than"),
        (["probe", "thm4.3", "--epsilon", "0.1,0.2"], "--epsilon takes one value"),
        (["probe", "thm4.3", "--seeds", "0"], "--seeds '0'"),
    ],
)
def test_bad_input_gets_one_line(arguments, words, tmp_path):
    done = CliRunner().invoke(cli, [*arguments, "-o", str(tmp_path / "out")])
    assert done.exit_code == 2
    assert words in done.stderr
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_the_page_of_the_probes_is_that_of_today():
    saved = Path(__file__).parents[2] / "docs" / "probes.md"
    assert saved.read_text() == probes_page()


def test_every_row_of_table_1_has_an_experiment():
    wanted = {"thm2.2", "thm2.3", "prop3.2", "thm3.3", "thm3.4", "thm4.3", "thm4.4", "thm4.5"}
    assert wanted | {"thm5.5", "thm5.8", "growth", "gap"} <= BY_ID.keys()
    for first, second in (("thm2.2", "thm2.3"), ("thm3.3", "thm3.4"), ("thm5.5", "thm5.8")):
        assert experiment_of(second, "ID") is experiment_of(first, "ID")


@pytest.mark.parametrize("experiment", EXPERIMENTS, ids=lambda one: one.id)
@pytest.mark.parametrize("preset", ["quick", pytest.param("full", marks=pytest.mark.slow)])
def test_predictions_are_stated_before_anything_is_measured(experiment, preset):
    setting = experiment.quick if preset == "quick" else experiment.full
    cells = experiment.cells(setting)
    predictions = [p for cell in cells for p in cell.predictions]
    predictions += [trend.prediction for trend in trends(cells)]
    names = [prediction.name for prediction in predictions]
    assert len(names) == len(set(names))
    assert len({cell.name for cell in cells}) == len(cells)
    assert all(cell.claims for cell in cells)
    for prediction in predictions:
        assert prediction.lower is not None or prediction.upper is not None
    # The gap is no theorem of its own: it holds others against each other.
    predicted = {prediction.id for prediction in predictions}
    assert set(experiment.covers) - {"gap"} <= predicted <= BY_ID.keys()
