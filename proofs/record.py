"""Write proofs/record.json: what was proved and from which axioms, for those who have no Coq.

Takes the folder with the compiled theory. Digests of each statement, of the formulas and of all
sources let a quick test tell when the record is stale.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

from robustsize.proofs.generate import HERE, digest, formulas

RECORD = HERE / "record.json"
THEOREMS = {
    "Theorems": ("thm3_3", "thm3_4", "thm4_3", "thm5_8", "packing_lower_bound"),
    "HammingCount": ("patterns_cover_labellings",),
    "GrowthByLayers": ("growth_counted_bounds",),
    "GrowthByTree": ("growth_tree_bounds",),
    "Numbers": ("thm3_4_at_10", "thm4_3_at_11", "thm3_3_at_5", "thm3_4_at_100"),
}
"""The theorems that are recorded, by the file that they are in."""


def sources() -> str:
    """A digest of everything that Coq checks."""
    return digest("".join(path.name + path.read_text() for path in sorted(HERE.glob("*.v"))))


def statement(module: str, name: str) -> str:
    """The statement of a theorem as its file writes it."""
    text = (HERE / f"{module}.v").read_text()
    found = re.search(rf"^Theorem {name}\b.*?\.\n(?=Proof\.)", text, re.DOTALL | re.MULTILINE)
    assert found is not None, f"{module}.v states no theorem {name}"
    return found[0].strip()


def axioms(built: Path) -> list[list[str]]:
    """What Coq's `Print Assumptions` names for each theorem, in order."""
    names = [f"{module}.{name}" for module, inside in THEOREMS.items() for name in inside]
    commands = [f"Require {' '.join(THEOREMS)}.", *(f"Print Assumptions {name}." for name in names)]
    question = built / "Assumptions.v"
    question.write_text("\n".join(commands))
    said = subprocess.run(
        ["coqc", "-q", "-w", "none", "-R", built, "robustsize", question],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    answers = re.split(r"^Axioms:\n|^Closed under the global context\n", said, flags=re.MULTILINE)
    assert len(answers) == len(names) + 1
    return [sorted(re.findall(r"^([\w.]+)\s*:", answer, re.MULTILINE)) for answer in answers[1:]]


def record(built: Path) -> dict[str, object]:
    """The whole record."""
    assumed = iter(axioms(built))
    theorems = {}
    for module, inside in THEOREMS.items():
        for name in inside:
            text = statement(module, name)
            theorems[name] = {
                "file": f"{module}.v",
                "statement": text,
                "digest": digest(text),
                "axioms": next(assumed),
            }
    return {
        "sources": sources(),
        "formulas": {formula.name: formula.digest for formula in formulas()},
        "theorems": theorems,
    }


if __name__ == "__main__":
    RECORD.write_text(json.dumps(record(Path(sys.argv[1]).resolve()), indent=2) + "\n")
