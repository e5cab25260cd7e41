"""Pytest collects `*.derivation.toml`; nothing else is loaded until there is such a file.

Pytest imports this module in every run of an environment in which the package is installed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

SUFFIX = ".derivation.toml"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Options of the plugin."""
    group = parser.getgroup("derivations")
    group.addoption(
        "--derivation-strict",
        action="store_true",
        help="steps of derivation files that are only sampled fail too",
    )
    group.addoption(
        "--derivation-seconds",
        type=float,
        default=10.0,
        help="time limit for a step of a derivation file (default: 10)",
    )


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.File | None:
    """One collector for each derivation file."""
    if file_path.name.endswith(SUFFIX):
        from robustsize.bounds.prover.pytest_plugin import DerivationFile

        return DerivationFile.from_parent(parent, path=file_path)
    return None
