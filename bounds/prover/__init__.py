"""Derivations that check themselves: every step proved, cited, tested, refuted or undecided.

from robustsize.bounds.prover import Derivation, Step, check, integer, real

lemma = Derivation(
    id="my-lemma",
    symbols={"R": real(0, 1, open=True), "delta": real(0, "R", open=True)},
    steps=[Step("s1", "R*R - delta**2 > 0", given=["delta < R/2"])],
)
report = check(lemma)
report.status, report.outcomes[0].reason
"""

from robustsize.bounds.prover.check import check, check_step
from robustsize.bounds.prover.language.toml_file import load, loads
from robustsize.bounds.prover.model import (
    Counterexample,
    Derivation,
    DerivationError,
    DerivationReport,
    Domain,
    Method,
    Outcome,
    Status,
    Step,
    integer,
    real,
)

__all__ = [
    "Counterexample",
    "Derivation",
    "DerivationError",
    "DerivationReport",
    "Domain",
    "Method",
    "Outcome",
    "Status",
    "Step",
    "check",
    "check_step",
    "integer",
    "load",
    "loads",
    "real",
]
