"""The derivations that the catalogue rests on, step by step, by id in a fixed order.

A module holds one `DERIVATION`. A step's id says what it is:

    2.2c              the statement as printed, under its id in the list of proof steps
    2.2c/<reading>    one reading of a statement that can be read in several ways
    2.2c/corrected    ours: what holds instead, or the explicit form that is meant
    2.2c/core         ours: the part of an argument that is a relation between numbers

After "/corrected" and "/core" a further word may follow ("/core-upper"). All steps of the explicit
bounds (ids C1, C2, ...) are ours. Only printed steps may be refuted, and only those that
`expectations.toml` lists.
"""

from __future__ import annotations

from importlib import import_module

from robustsize.bounds.prover import Derivation, DerivationError

_MODULES = {
    "thm2.2": "thm2_2.proof",
    "thm2.3": "thm2_3.proof",
    "growth": "lemmas.vc_and_covering",
    "prop3.2": "prop3_2.proof",
    "thm3.3": "thm3_3.proof",
    "thm3.4": "thm3_4.proof",
    "thm4.3": "thm4_3.proof",
    "thm4.4": "thm4_4.proof",
    "thm5.5": "thm5_5.proof",
    "thm5.8": "thm5_8.proof",
    "C1": "lemmas.layer_growth",
    "C2": "lemmas.labellings_to_size",
    "C3": "lemmas.forced_labels",
    "C4": "lemmas.construction_sizes",
    "C5": "lemmas.halfspace_samples",
    "C6": "lemmas.sharper_growth",
    "loose": "lemmas.loose_statements",
}
"""Derivation id to module of this package; the order is the order of every report."""

_OUR_DERIVATIONS = "C"
_OUR_STEPS = ("corrected", "core")

IDS = tuple(_MODULES)
"""The ids of all derivations, in order."""


def derivation(id: str) -> Derivation:
    """The derivation of that id, loaded when asked for.

    Raises DerivationError if there is none.
    """
    if id not in _MODULES:
        raise DerivationError(f"no derivation {id!r}; derivations: {', '.join(IDS)}")
    loaded: Derivation = import_module(f"{__package__}.{_MODULES[id]}").DERIVATION
    return loaded


def is_printed(derivation_id: str, step_id: str) -> bool:
    """Whether a step is what the paper prints, or a reading of it, rather than ours."""
    if derivation_id.startswith(_OUR_DERIVATIONS):
        return False
    return not step_id.partition("/")[2].startswith(_OUR_STEPS)
