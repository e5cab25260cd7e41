"""The tests on every Python that is installed, the checks, what the source archive holds.

`nox` runs all of it; `nox -s lint` one part. `pip install nox` first.
"""

import shutil
import tarfile
from pathlib import Path

import nox

PYTHONS = ("3.11", "3.12", "3.13", "3.14")
SHIPPED = ("tests/conftest.py", "docs/python.md", "examples/", "benchmarks/", "proofs/", "py.typed")

nox.options.error_on_missing_interpreters = False
nox.options.default_venv_backend = "venv"


@nox.session(python=PYTHONS)
def tests(session: nox.Session) -> None:
    """The tests, with the newest releases that fit; arguments after -- go to pytest."""
    session.install("-e", ".[test]")
    session.run("pytest", *session.posargs)


@nox.session
def lint(session: nox.Session) -> None:
    """Lint, format and types, as `make check` has them."""
    session.install("-c", "constraints.txt", "-e", ".[test]")
    session.run("make", "check", f"BIN={session.bin}", "STAMP=pyproject.toml", external=True)


@nox.session
def sdist(session: nox.Session) -> None:
    """A source archive holds all that the tests and the pages need."""
    session.install("build")
    folder = Path(session.create_tmp())
    shutil.rmtree(folder / "dist", ignore_errors=True)
    session.run("python", "-m", "build", "--sdist", "--wheel", "--outdir", str(folder / "dist"))
    (archive,) = (folder / "dist").glob("*.tar.gz")
    with tarfile.open(archive) as packed:
        names = [name.partition("/")[2] for name in packed.getnames()]
    missing = [part for part in SHIPPED if not any(name.startswith(part) for name in names)]
    if missing:
        session.error(f"{archive.name} lacks {', '.join(missing)}")
