"""Proofs as files: plain arrays, rationals as text, nothing that is executed."""

from __future__ import annotations

import re
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from robustsize.simulate.checker.forest import Forest, ProofError
from robustsize.simulate.checker.points import PointsProof
from robustsize.simulate.checker.structural import FormName, StructuralProof
from robustsize.simulate.system import files
from robustsize.simulate.system.files import Arrays

Proof = PointsProof | StructuralProof

_POINTS, _STRUCTURAL = "robustsize proof, points", "robustsize proof, structural"


def save_proof(path: Path, proof: Proof) -> None:
    """Write a proof as an .npz file, whole or not at all.

    Raises OSError where the disk does not take it.
    """
    arrays: dict[str, NDArray[Any]]
    if isinstance(proof, PointsProof):
        arrays = {"kind": np.array(_POINTS), **_forest_arrays("", proof.forest)}
        arrays |= {
            name: getattr(proof, name) for name in ("node", "column", "beta", "ball", "empty")
        }
        entries = [(n, k, _text(v)) for n, beta in proof.exact.items() for k, v in beta.items()]
        arrays["exact"] = np.array([*proof.exact], dtype=np.int64)
        arrays["exact_node"] = np.array([n for n, _, _ in entries], dtype=np.int64)
        arrays["exact_column"] = np.array([k for _, k, _ in entries], dtype=np.int64)
        arrays["exact_beta"] = np.array([v for _, _, v in entries], dtype=np.str_)
    else:
        arrays = {
            "kind": np.array(_STRUCTURAL),
            "form": np.array(proof.form.value),
            "whole": np.array(proof.whole),
        }
        for name, forest in (("positive", proof.positive), ("negative", proof.negative)):
            if forest is not None:
                arrays |= _forest_arrays(f"{name}_", forest)
    files.write_bytes(path, files.pack_arrays(arrays))


def load_proof(path: Path) -> Proof:
    """What `save_proof` wrote.

    Raises ValueError where the file is something else; OSError where it cannot be read.
    """
    arrays = files.unpack_arrays(files.read_bytes(path))
    kind = _word(arrays, "kind")
    if kind == _STRUCTURAL:
        forms = {form.value: form for form in FormName}
        form = forms.get(_word(arrays, "form"))
        if form is None:
            raise ProofError("the proof names a form that is not known")
        whole = bool(_array(arrays, "whole", "b", 0))
        sides = [
            _forest(arrays, f"{side}_") if f"{side}_roots" in arrays else None
            for side in ("positive", "negative")
        ]
        return StructuralProof(form, whole, *sides)
    if kind != _POINTS:
        raise ProofError("the file holds no proof")
    node, column = (_array(arrays, name, "i") for name in ("node", "column"))
    beta, ball = (_array(arrays, name, "f") for name in ("beta", "ball"))
    exact: dict[int, dict[int, Fraction]] = {int(n): {} for n in _array(arrays, "exact", "i")}
    entries = [_array(arrays, f"exact_{name}", kind) for name, kind in _EXACT]
    if len({len(entry) for entry in entries}) != 1:
        raise ProofError("the exact multipliers do not fit each other")
    for n, k, text in zip(*(entry.tolist() for entry in entries), strict=True):
        if n not in exact:
            raise ProofError("an exact multiplier is of no leaf")
        exact[n][k] = _number(text)
    empty = _array(arrays, "empty", "b")
    return PointsProof(_forest(arrays, ""), node, column, beta, ball, empty, exact)


_EXACT = (("node", "i"), ("column", "i"), ("beta", "U"))


def _text(value: Fraction) -> str:
    """Numerator and denominator in hexadecimal, which has no limit of digits."""
    return f"{value.numerator:x}/{value.denominator:x}"


def _number(text: str) -> Fraction:
    if not re.fullmatch(r"[0-9a-f]+/[1-9a-f][0-9a-f]*", text):
        raise ProofError("an exact multiplier is no non-negative number")
    numerator, denominator = text.split("/")
    return Fraction(int(numerator, 16), int(denominator, 16))


def _forest_arrays(prefix: str, forest: Forest) -> dict[str, NDArray[Any]]:
    return {
        f"{prefix}roots": np.array(forest.roots),
        f"{prefix}branch": forest.branch,
        f"{prefix}cut": forest.cut,
        f"{prefix}child": forest.child,
    }


def _forest(arrays: Arrays, prefix: str) -> Forest:
    roots = int(_array(arrays, f"{prefix}roots", "i", 0))
    branch, child = (_array(arrays, prefix + name, "i") for name in ("branch", "child"))
    return Forest(roots, branch, _array(arrays, f"{prefix}cut", "f"), child)


def _array(arrays: Arrays, name: str, kind: str, dimensions: int = 1) -> NDArray[Any]:
    """The array of that name, in the one type of its kind."""
    wanted = {"i": np.int64, "f": np.float64, "b": np.bool_, "U": None}[kind]
    found = arrays.get(name)
    if found is None or found.dtype.kind != kind or found.ndim != dimensions:
        raise ProofError(f"{name} is missing or of another type")
    if wanted is not None and found.dtype != wanted:
        raise ProofError(f"{name} is of another type")
    return found


def _word(arrays: Arrays, name: str) -> str:
    return str(_array(arrays, name, "U", 0))
