"""Change every constant of every generated formula, one at a time: Coq must refuse each.

Takes the folder with the compiled theory. A constant k becomes k + 1; what no theorem uses would
survive, and is reported.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from robustsize.proofs.generate import formulas, text

_NUMBER = re.compile(r"(?<![\w.])\d+")


def mutants() -> Iterator[tuple[str, str]]:
    """A description of each mutant and the whole of Generated.v with it."""
    whole = text()
    for formula in formulas():
        head, body = formula.coq.split(":=")
        for found in _NUMBER.finditer(body):
            changed = f"{body[: found.start()]}{int(found[0]) + 1}{body[found.end() :]}"
            mutant = f"{head}:={changed}"
            yield (
                f"{formula.name}: {found[0]} at {found.start()}",
                whole.replace(formula.coq, mutant),
            )


def is_refused(generated: str, built: Path) -> bool:
    """Whether the theory no longer compiles with this Generated.v."""
    with tempfile.TemporaryDirectory() as folder:
        copy = shutil.copytree(built, Path(folder) / "proofs")
        (copy / "Generated.v").write_text(generated)
        return subprocess.run(["make", "-s"], cwd=copy, capture_output=True).returncode != 0


def main() -> None:
    """Print each mutant that survives, and a summary; exit 1 if one does."""
    built = Path(sys.argv[1])
    if is_refused(text(), built):
        sys.exit("the unchanged theory does not compile: run `make proofs`")
    refused = [(name, is_refused(generated, built)) for name, generated in mutants()]
    for name, was_refused in refused:
        if not was_refused:
            print(f"survives: {name}")
    print(f"{sum(ok for _, ok in refused)} of {len(refused)} mutants refused")
    sys.exit(any(not ok for _, ok in refused))


if __name__ == "__main__":
    main()
