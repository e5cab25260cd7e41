"""A user's labelled data as a pair of sets: .npz (arrays) or .csv (decimal numbers).

npz: arrays `points` (m, d) and `labels` (m,), or `A` and `B`; floats are taken as they are.
csv: one point a line, the label in the last column, an optional header line; decimals and fractions
(1/3) are read exactly. Labels are -1 and +1, or 0 and 1.
"""

from __future__ import annotations

import csv
import zipfile
from fractions import Fraction
from pathlib import Path

import numpy as np

from robustsize.simulate.instance import Norm
from robustsize.simulate.sets.exact import Rationals
from robustsize.simulate.sets.regions import Region, SeparatedPair


def read_pair(path: Path, epsilon: Fraction, p: Norm) -> SeparatedPair:
    """The data of a file as sets A (label +1) and B.

    Raises ValueError, naming the file, where it cannot be read as such, and naming the two points
    where the classes are closer than 2 epsilon; OSError where there is no such file.
    """
    try:
        A, B = _read_npz(path) if path.suffix == ".npz" else _read_csv(path)
    except (ValueError, KeyError, EOFError, zipfile.BadZipFile, ZeroDivisionError) as error:
        raise ValueError(f"{path}: {error}") from error
    return SeparatedPair(Region.points(A), Region.points(B), epsilon, p)


def _read_npz(path: Path) -> tuple[Rationals, Rationals]:
    with path.open("rb") as stream, np.load(stream, allow_pickle=False) as file:
        if {"A", "B"} <= set(file):
            return Rationals.of_floats(_matrix(file["A"])), Rationals.of_floats(_matrix(file["B"]))
        if not {"points", "labels"} <= set(file):
            raise ValueError("it holds neither points and labels nor A and B")
        points, labels = _matrix(file["points"]), np.asarray(file["labels"]).ravel()
    if len(labels) != len(points):
        raise ValueError(f"{len(labels)} labels for {len(points)} points")
    positive = np.array([_is_positive(str(v)) for v in labels.tolist()], dtype=bool)
    return Rationals.of_floats(points[positive]), Rationals.of_floats(points[~positive])


def _matrix(array: np.ndarray) -> np.ndarray:
    values = np.asarray(array, dtype=np.float64)
    if values.ndim != 2 or 0 in values.shape:
        raise ValueError(f"an array of points has shape (m, d); got {values.shape}")
    return values


def _read_csv(path: Path) -> tuple[Rationals, Rationals]:
    classes: dict[bool, list[list[Fraction]]] = {True: [], False: []}
    with path.open(newline="") as file:
        for number, row in enumerate(csv.reader(file), start=1):
            cells = [cell.strip() for cell in row if cell.strip()]
            if not cells or (number == 1 and not _is_number(cells[0])):
                continue
            try:
                classes[_is_positive(cells[-1])].append([Fraction(cell) for cell in cells[:-1]])
            except (ValueError, ZeroDivisionError) as error:
                raise ValueError(f"line {number}: {error}") from error
    if not (classes[True] or classes[False]):
        raise ValueError("the file holds no data; a line is x_1,...,x_d,label")
    if not (classes[True] and classes[False]):
        raise ValueError("the data hold one label only: nothing is to be separated")
    return Rationals.of(classes[True]), Rationals.of(classes[False])


def _is_number(text: str) -> bool:
    try:
        Fraction(text)
    except (ValueError, ZeroDivisionError):
        return False
    return True


def _is_positive(label: str) -> bool:
    value = Fraction(label)
    if value not in (-1, 0, 1):
        raise ValueError(f"labels are -1 and +1, or 0 and 1; got {label}")
    return value == 1
