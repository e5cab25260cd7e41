"""The main job on a tiny preset: the same numbers twice, complete files, resumable, honest."""

import json
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest
from click.testing import CliRunner

from robustsize.bounds.symbols import InputError
from robustsize.cli import cli
from robustsize.report import agree as job
from robustsize.report.agreement_page import page
from robustsize.simulate.certify import CertificateStatus, certify
from robustsize.simulate.instance import Norm, hard_instance
from robustsize.simulate.network import Network
from robustsize.simulate.search import Settings
from robustsize.simulate.searching.prune import Effort

TINY_SEARCH = Settings(
    ladder=((3,), (6,)),
    seeds=4,
    cycles=1,
    race_steps=100,
    steps=60,
    effort=Effort(rounds=4, tries=8),
)
TINY = replace(
    job.PRESETS["quick"],
    name="tiny",
    cells=(job.Cell(2, TINY_SEARCH, 0, 0.5), job.Cell(3, TINY_SEARCH, 1, 0.5)),
)


@pytest.fixture(scope="module")
def result(tmp_path_factory):
    folder = tmp_path_factory.mktemp("first")
    shares = []
    made = job.agree(
        TINY, device="cpu", seed=0, folder=folder, progress=lambda share, _: shares.append(share)
    )
    assert shares == sorted(shares)
    assert 0 <= shares[0] <= shares[-1] <= 1
    return folder, made


def test_it_writes_its_files_and_nothing_else(result):
    folder, made = result
    names = {path.name for path in folder.iterdir()}
    assert names == {
        "agreement.json", "summary.md", "agreement.svg", "agreement.png", "networks"
    }  # fmt: skip
    assert json.loads((folder / "agreement.json").read_text()) == json.loads(json.dumps(made))
    assert (folder / "summary.md").read_text() == page(made)


def test_the_same_seed_gives_the_same_files(result, tmp_path):
    folder, _ = result
    job.agree(TINY, device="cpu", seed=0, folder=tmp_path)
    for path in filter(Path.is_file, folder.rglob("*")):
        path = path.relative_to(folder)
        assert (tmp_path / path).read_bytes() == (folder / path).read_bytes(), path


def test_every_number_is_in_its_place(result):
    folder, made = result
    two, three = made["cells"]
    assert (two["m"], len(two["labellings"]), two["labellings_total"]) == (3, 8, 8)
    assert (three["m"], three["labellings_total"]) == (9, 512)
    for cell in made["cells"]:
        assert cell["linear"] == {"size": 2, "clean_error": "0", "robust_error": "1"}
        assert cell["verdict"]["agreement"] == "agrees"
        for row in cell["labellings"]:
            assert row["certificate"]["status"] == "certified"
            assert row["smallest_certified"] <= row["construction"]["size"]
            saved = Network.load(folder / "networks" / row["network"])
            assert saved.size == row["smallest_certified"]
            phi = [1 if sign == "+" else -1 for sign in row["labels"]]
            again = hard_instance(cell["d"], Fraction(1, 4), Fraction(1, 2), Norm.INF, phi)
            assert certify(saved, again).status is CertificateStatus.CERTIFIED
            assert row["construction"]["size"] <= row["construction"]["bound_size"]
            assert cell["lower"]["value"] <= cell["upper"]["value"]


def test_an_interrupted_run_resumes(result, tmp_path, monkeypatch):
    folder, _ = result
    measured = []
    real = job._measured

    def interrupted(preset, cell, *rest):
        if measured and len(measured) == 1:
            measured.append(None)
            raise KeyboardInterrupt
        measured.append(cell.d)
        return real(preset, cell, *rest)

    monkeypatch.setattr(job, "_measured", interrupted)
    with pytest.raises(KeyboardInterrupt):
        job.agree(TINY, device="cpu", seed=0, folder=tmp_path)
    job.agree(TINY, device="cpu", seed=0, folder=tmp_path)
    assert measured == [2, None, 3]
    assert (tmp_path / "agreement.json").read_bytes() == (folder / "agreement.json").read_bytes()


def test_a_planted_false_bound_gives_exit_code_1(tmp_path, monkeypatch):
    real = job._bound

    def planted(id, preset, d):
        value = real(id, preset, d)
        return replace(value, value=value.value * 100, log10=value.log10 + 2)

    monkeypatch.setattr(
        job, "_bound", lambda id, p, d: (planted if id == "thm4.3" else real)(id, p, d)
    )
    monkeypatch.setitem(job.PRESETS, "quick", replace(TINY, cells=TINY.cells[:1]))
    done = CliRunner().invoke(cli, ["agree", "-o", str(tmp_path), "--json"])
    assert done.exit_code == 1
    assert json.loads(done.stdout)["cells"][0]["verdict"]["agreement"] == "contradicts"


def test_a_device_that_is_not_there_is_named(tmp_path):
    import torch

    if torch.cuda.is_available():
        pytest.skip("this machine has a GPU")
    with pytest.raises(InputError, match=r"--device cuda: .* cpu"):
        job.agree(TINY, device="cuda", seed=0, folder=tmp_path)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_the_quick_preset_is_the_one_promised():
    quick = job.PRESETS["quick"]
    assert quick.epsilon == Fraction(1, 4)
    assert [cell.d for cell in quick.cells] == [2, 3, 4, 5]
    assert sum(cell.share for cell in quick.cells) == pytest.approx(1)
