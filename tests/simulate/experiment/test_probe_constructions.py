"""One judge of constructions for every probe: an undecided certificate is never a pass."""

from dataclasses import replace
from types import SimpleNamespace

import pytest

from robustsize.simulate.certify.complete import Certificate, CertificateStatus
from robustsize.simulate.experiment.claim import Limit, Prediction
from robustsize.simulate.experiment.constructions import Built, faults, faults_found
from robustsize.simulate.experiment.verdict import Agreement, judge
from robustsize.simulate.theorems.thm2_2 import experiment as thm2_2
from robustsize.simulate.theorems.thm3_3 import experiment as thm3_3
from robustsize.simulate.theorems.thm4_3 import experiment as thm4_3

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
    found = [SimpleNamespace(construction=network, construction_certificate=CERTIFIED)]
    assert faults_found(found).high == faults_found(found, 5).high == 0
    assert faults_found(found, 4).low == 1


def test_an_undecided_certificate_leaves_the_probe_of_thm4_3_inconclusive(monkeypatch, tmp_path):
    from robustsize.bounds.symbols import d
    from robustsize.simulate.experiment.probe import Run, axes

    quick = thm4_3.PROBE.quick
    setting = replace(quick, axes={**quick.axes, **axes({d: "1"})}, seeds=2, device="cpu")
    (cell,) = thm4_3.PROBE.cells(setting)
    (built,) = [p for p in cell.predictions if p.name.startswith("constructions")]
    real = thm4_3.smallest_sizes

    def undecided(*args):
        found = real(*args)
        for one in found:
            one.construction_certificate = UNDECIDED
        return found

    monkeypatch.setattr(thm4_3, "smallest_sizes", undecided)
    evidence = cell.measure(Run(tmp_path)).evidence[built.name]
    assert judge(built, evidence, 0.99).agreement is Agreement.INCONCLUSIVE


def test_no_probe_judges_constructions_by_itself():
    for probe in (thm2_2, thm4_3):
        assert probe.faults_found is faults_found
    assert thm3_3.faults is faults
