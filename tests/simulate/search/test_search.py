"""The search: certified anew, never above its start, repeatable, resumable, refusing."""

import json
from dataclasses import replace
from fractions import Fraction
from functools import partial

import numpy as np
import pytest

from robustsize.simulate.certify.complete import CertificateStatus, certify
from robustsize.simulate.data.instance import Instance, Norm, hard_instance
from robustsize.simulate.data.labellings import checkerboard, random_labelling
from robustsize.simulate.networks.network import Network
from robustsize.simulate.search import smallest as module
from robustsize.simulate.search.job import instance_of, run_search, run_shatter
from robustsize.simulate.search.model import Settings
from robustsize.simulate.search.prune import Effort, Origin
from robustsize.simulate.search.reduce import reduced, smallest_linear
from robustsize.simulate.search.rounding import rounded
from robustsize.simulate.theorems.candidates import constructions

QUARTER, HALF = Fraction(1, 4), Fraction(1, 2)
SMALL = Settings(
    ladder=((6,), (8,)),
    seeds=16,
    cycles=2,
    race_steps=300,
    steps=200,
    chains=3,
    effort=Effort(rounds=12, tries=24),
)

search = partial(module.search, constructions=constructions)


def hard(d, phi, p=Norm.INF):
    return hard_instance(d, QUARTER, HALF, p, phi)


@pytest.fixture(scope="module")
def found():
    instances = [hard(3, random_labelling(9, seed)) for seed in (1, 2)]
    return search(instances, SMALL, device="cpu")


def test_what_is_found_is_certified_and_smaller_than_the_constructions(found):
    for one in found.found:
        assert certify(one.network, one.instance).status is CertificateStatus.CERTIFIED
        assert one.network.size < one.construction.size
        assert one.origin in (Origin.TRAINING, Origin.PRUNED_CONSTRUCTION)
        assert one.smallest_survivor <= one.network.size
        assert [t.hidden for t in one.tried] == [(6,), (8,)]
        assert all(t.networks == 16 and t.steps > 0 for t in one.tried)
        assert one.pruning_tried > 0
        assert one.pruning_steps > 0
        scaled = [w * 2.0**one.bits for w in (*one.network.weights, *one.network.biases)]
        assert all((w == np.round(w)).all() for w in scaled)


def test_the_same_seed_gives_the_same_networks(found):
    again = search([one.instance for one in found.found], SMALL, device="cpu")
    for a, b in zip(found.found, again.found, strict=True):
        assert a.network.size == b.network.size
        assert a.tried == b.tried
        for v, w in zip(a.network.weights, b.network.weights, strict=True):
            np.testing.assert_array_equal(v, w)


def test_an_interrupted_search_resumes_to_the_same_result(found, tmp_path, monkeypatch):
    instances = [one.instance for one in found.found]
    real, cycles = module._Run.cycle, []

    def interrupted(run, state):
        if len(cycles) == 1:
            cycles.append("stopped")
            raise KeyboardInterrupt
        cycles.append(state.cycle)
        real(run, state)

    monkeypatch.setattr(module._Run, "cycle", interrupted)
    with pytest.raises(KeyboardInterrupt):
        search(instances, SMALL, device="cpu", folder=tmp_path)
    resumed = search(instances, SMALL, device="cpu", folder=tmp_path)
    assert cycles == [0, "stopped", 1]
    for a, b in zip(found.found, resumed.found, strict=True):
        assert (a.network.size, a.tried, a.bits) == (b.network.size, b.tried, b.bits)
    names = {path.name for path in tmp_path.iterdir()}
    assert "state.json" in names
    assert all(name.startswith("cycle2-") for name in names - {"state.json"})


def test_another_search_does_not_take_up_the_state(tmp_path):
    tiny = replace(SMALL, seeds=2, cycles=1, effort=Effort(rounds=1, tries=2))
    search([hard(2, [1, -1, 1])], tiny, folder=tmp_path)
    key = json.loads((tmp_path / "state.json").read_text())["made_by"]
    search([hard(2, [-1, 1, -1])], tiny, folder=tmp_path)
    assert json.loads((tmp_path / "state.json").read_text())["made_by"] != key
    (tmp_path / "state.json").write_text("{")
    with pytest.raises(ValueError, match=r"state\.json is damaged"):
        search([hard(2, [-1, 1, -1])], tiny, folder=tmp_path)


def test_a_spent_budget_is_said():
    result = search([hard(3, checkerboard(3, 2))], SMALL, budget_seconds=0.0)
    assert "time budget" in result.stopped
    assert result.found[0].network.size == result.found[0].construction.size


def test_progress_rises_to_one():
    shares = []
    tiny = replace(SMALL, seeds=4, cycles=1, effort=Effort(rounds=2, tries=4))
    search([hard(2, [1, -1, 1])], tiny, progress=lambda share, doing: shares.append(share))
    assert shares == sorted(shares)
    assert shares[-1] == 1


@pytest.mark.parametrize("p", [Norm.INF, Norm.TWO])
def test_the_last_coordinate_of_the_hard_instance_goes(p):
    instance = hard(3, checkerboard(3, 2), p)
    (view,) = reduced([instance])
    assert view.kept == (0, 1)
    network = Network.of([(np.ones((2, 2)), np.ones(2)), (np.ones((1, 2)), [1.0])])
    lifted = view.lifted(network)
    assert lifted.size == network.size
    x = instance.floats()
    np.testing.assert_array_equal(lifted(x), network(x[:, :2]))
    np.testing.assert_array_equal(view.lowered(lifted).weights[0], network.weights[0])
    uses_last = Network.of([(np.array([[0.0, 0.0, 1.0]]), [0.0])])
    assert view.lowered(uses_last) is None


def test_a_coordinate_that_labels_need_stays():
    points = tuple((Fraction(a), Fraction(b)) for a, b in ((0, 0), (1, 0), (0, 1), (1, 1)))
    xor = Instance(points, np.array([1, -1, -1, 1], dtype=np.int8), Fraction(1, 8), Norm.INF)
    assert reduced([xor])[0].kept == (0, 1)
    assert smallest_linear(xor) is None


def test_the_smallest_linear_classifier_uses_the_fewest_parameters():
    points = tuple((Fraction(a), Fraction(b, 4)) for a, b in ((-1, 0), (1, 1), (-1, 2), (1, 3)))
    labels = np.array([-1, 1, -1, 1], dtype=np.int8)
    network = smallest_linear(Instance(points, labels, Fraction(1, 4), Norm.INF))
    assert network.size == 1
    instance = hard(2, [1, -1, -1])
    assert smallest_linear(instance).size == 2
    assert certify(smallest_linear(instance), instance).status is CertificateStatus.CERTIFIED


def test_p_two_and_general_points():
    points = tuple((Fraction(a, 4), Fraction(b, 4)) for a in (0, 2, 4) for b in (0, 2))
    labels = np.array([1, -1, -1, 1, 1, -1], dtype=np.int8)
    instance = Instance(points, labels, Fraction(1, 8), Norm.TWO)
    assert [one.id for one in constructions(instance)] == ["thm2.2"]
    one = search([instance], replace(SMALL, cycles=1), device="cpu").found[0]
    assert one.origin is Origin.TRAINING
    assert certify(one.network, one.instance).status is CertificateStatus.CERTIFIED
    assert one.network.size < 30


def test_rounding_keeps_the_certificate_and_gives_up_where_it_cannot():
    instance = hard(2, [1, -1, 1])
    network = constructions(instance)[-1].network
    short, certificate, bits = rounded(network, instance, 10_000)
    assert certificate.status is CertificateStatus.CERTIFIED
    assert short.size <= network.size
    assert bits <= 4
    wrong = hard(2, [-1, 1, -1])
    assert rounded(network, wrong, 10_000) is None


def test_instances_that_do_not_go_together_are_refused():
    with pytest.raises(ValueError, match="no instance"):
        search([], SMALL)
    with pytest.raises(ValueError, match="differ in dimension"):
        search([hard(2, [1, 1, -1]), hard(3, checkerboard(3, 2))], SMALL)
    with pytest.raises(ValueError, match="at least one architecture"):
        Settings(ladder=())
    with pytest.raises(ValueError, match="seeds is at least 1"):
        replace(SMALL, seeds=0)


def test_the_job_writes_its_files(tmp_path):
    instance = instance_of("thm4.3", epsilon=QUARTER, c=HALF, p=Norm.INF, d=2, labelling="+-+")
    made = run_search(instance, tmp_path, constructions=constructions, seeds=4, cycles=1)
    assert json.loads(json.dumps(made)) == json.loads((tmp_path / "search.json").read_text())
    assert Network.load(tmp_path / "smallest.npz").size == made["smallest_certified"] == 6
    assert made["tried"][0]["interval"][0] <= made["tried"][0]["interval"][1]


def test_a_file_is_an_instance_too(tmp_path):
    path = tmp_path / "line.csv"
    path.write_text("0,1\n1,0\n2,1\n")
    instance = instance_of(str(path), epsilon=HALF, c=HALF, p=Norm.INF)
    assert instance.radius == QUARTER
    assert len(instance.points) == 3
    made = run_shatter(instance, (2,), tmp_path, seeds=32)
    assert made["shattered"]
    assert len(list((tmp_path / "networks").iterdir())) == made["labellings_total"] == 8
    with pytest.raises(ValueError, match="checkerboard, random"):
        instance_of("thm4.3", epsilon=QUARTER, c=HALF, p=Norm.INF, labelling="zebra")
