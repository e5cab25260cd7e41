"""One judge of constructions for every probe: an undecided certificate is never a pass."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from robustsize.bounds.symbols import N, d, delta, k
from robustsize.simulate.certify.complete import Certificate, CertificateStatus
from robustsize.simulate.experiment import constructions
from robustsize.simulate.experiment.claim import Limit, Prediction
from robustsize.simulate.experiment.constructions import Built, Soundness, checked, faults
from robustsize.simulate.experiment.model import Run, axes
from robustsize.simulate.experiment.sizes import Sizes
from robustsize.simulate.experiment.verdict import Agreement, judge
from robustsize.simulate.search import rounding
from robustsize.simulate.theorems.gap import experiment as gap
from robustsize.simulate.theorems.thm2_2 import experiment as thm2_2
from robustsize.simulate.theorems.thm3_3 import experiment as thm3_3
from robustsize.simulate.theorems.thm4_3 import experiment as thm4_3
from robustsize.simulate.theorems.thm5_5 import experiment as thm5_5

CLAIM = Prediction(id="thm3.3", name="built", says="", quantity="", upper=Limit(0, "here"))


def proof(status):
    return Certificate(status, 0.0, 0.0, None, None, "planted", "", 0.0, 1)


CERTIFIED, UNDECIDED, REFUTED = (
    proof(status)
    for status in (
        CertificateStatus.CERTIFIED,
        CertificateStatus.UNDECIDED,
        CertificateStatus.COUNTEREXAMPLE,
    )
)


@pytest.mark.parametrize(
    ("built", "low", "high", "verdict"),
    [
        (Built(3, 3, CERTIFIED), 0, 0, Agreement.AGREES),
        (Built(4, 3, CERTIFIED), 1, 1, Agreement.CONTRADICTS),
        (Built(3, 3, UNDECIDED), 0, 1, Agreement.INCONCLUSIVE),
        (Built(4, 3, UNDECIDED), 1, 1, Agreement.CONTRADICTS),
        (Built(3, 3, REFUTED), 1, 1, Agreement.CONTRADICTS),
        (Built(4, 3, REFUTED), 1, 1, Agreement.CONTRADICTS),
        (Built(3, 3, None), 0, 1, Agreement.INCONCLUSIVE),
        (None, 0, 1, Agreement.INCONCLUSIVE),
    ],
)
def test_only_a_certified_network_of_the_promised_size_holds(built, low, high, verdict):
    found = faults([Built(1, 1, CERTIFIED), built])
    assert (found.low, found.high) == (low, high)
    assert judge(CLAIM, found, 0.99).agreement is verdict


def test_constructions_of_searches_are_held_against_a_size():
    network = SimpleNamespace(size=5, form_size=6)
    found = SimpleNamespace(construction=network, construction_certificate=CERTIFIED)
    sizes = Sizes((found,))
    assert sizes.faults().high == sizes.faults(5).high == 0
    assert sizes.faults(4).low == 1


@pytest.mark.parametrize(
    ("status", "soundness"),
    [
        (CERTIFIED, Soundness.SOUND),
        (UNDECIDED, Soundness.OPEN),
        (REFUTED, Soundness.FAULTY),
    ],
)
def test_a_construction_is_as_sound_as_its_certificate(status, soundness, monkeypatch):
    monkeypatch.setattr(constructions, "certify_construction", lambda built: status)
    network = SimpleNamespace(size=5)
    assert checked(network, 5).soundness is soundness
    assert checked(network, 4).soundness is Soundness.FAULTY


BUILDING = {
    thm2_2: {N: "2", d: "1", delta: "1/32"},
    thm3_3: {d: "1"},
    thm4_3: {d: "1"},
    thm5_5: {d: "2", k: "1"},
}


@pytest.mark.parametrize("experiment", BUILDING, ids=lambda module: module.EXPERIMENT.id)
def test_an_undecided_certificate_leaves_every_experiment_inconclusive(
    experiment, monkeypatch, tmp_path
):
    quick = experiment.EXPERIMENT.quick
    given = {**quick.axes, **axes(BUILDING[experiment])}
    cell = experiment.EXPERIMENT.cells(replace(quick, axes=given, seeds=2, device="cpu"))[0]
    for module in (constructions, rounding):
        monkeypatch.setattr(module, "certify_construction", lambda built: UNDECIDED)
    monkeypatch.setattr(rounding, "proof_of", lambda network, instance, nodes: UNDECIDED)
    outcome = cell.measure(Run(tmp_path))
    (claimed,) = [
        (prediction, evidence)
        for prediction, evidence in zip(cell.predictions, outcome.evidence, strict=True)
        if prediction.name.startswith("construction")
    ]
    assert judge(*claimed, 0.99).agreement is Agreement.INCONCLUSIVE


def test_no_experiment_judges_certificates_by_itself():
    """The gap's curve shows its construction where the same check holds it for sound."""
    for module in (*BUILDING, gap):
        source = Path(module.__file__).read_text()
        assert "certify_construction" not in source
        assert ".is_faulty" not in source
