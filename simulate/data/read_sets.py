"""A user's labelled points: .npz (arrays) or .csv (decimal numbers), read exactly or refused.

npz: arrays `points` (m, d) and `labels` (m,), or `A` and `B`; numbers are taken as they are.
csv: UTF-8, one point a line, the label in the last column. The first line is a header where all of
its cells are names. Decimals and fractions (1/3) are read exactly. Labels are -1 and +1, or 0 and
1; or classes, 0 to K - 1.
"""

from __future__ import annotations

import csv
import io
import itertools
import re
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import isqrt
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from robustsize.bounds.symbols import rational
from robustsize.simulate.data.exact import Rationals
from robustsize.simulate.data.instance import Norm
from robustsize.simulate.data.regions import LARGEST, Region, SeparatedPair, first_closer_than
from robustsize.simulate.system import files
from robustsize.simulate.system.files import Arrays, exact_float64

LEAST_INDEX = 3
"""So many points, or more, make a column of consecutive integers look like an index."""

_MOST_SHOWN = 10
"""Classes whose numbers of points are shown one by one."""


@dataclass(frozen=True)
class _Labels:
    """The labels that a file may hold, and how a complaint says that."""

    allowed: frozenset[int]
    said: str


_SIGNS = _Labels(frozenset((-1, 0, 1)), "labels are -1 and +1, or 0 and 1")


def _classes(outputs: int) -> _Labels:
    said = f"labels are the classes 0 to {outputs - 1}, one for each output of the network"
    return _Labels(frozenset(range(outputs)), said)


@dataclass(frozen=True, eq=False)
class _FilePoints(ABC):
    """The points of a file in the file's order.

    points: shape (m, d). labels: integers, shape (m,). places: where each point stands in the
    file, such as "line 4", "row 3" or "A row 2"; rows count from 0, lines from 1. names: the
    columns' names where the file has a header.
    """

    points: Rationals
    labels: NDArray[Any]
    places: Sequence[str]
    names: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def dimension(self) -> int:
        """Dimension d."""
        return int(self.points.numerators.shape[1])

    @property
    def index_column(self) -> int | None:
        """The first column, from 0, that holds consecutive integers, in any order; or None."""
        q = self.points.denominator
        for j, column in enumerate(self.points.numerators.T):
            if len(self) < LEAST_INDEX or (column % q).any():
                continue
            values = np.sort(column // q)
            if (values[1:] - values[:-1] == 1).all():
                return j
        return None

    def rows_of(self, label: int) -> NDArray[np.int64]:
        """The rows, in the file's order, with this label."""
        return np.flatnonzero(self.labels == label)

    def side(self, label: int) -> Region | None:
        """The points with this label, None where there is none."""
        rows = self.rows_of(label)
        if not len(rows):
            return None
        kept = Rationals.from_integers(self.points.numerators[rows], self.points.denominator)
        return Region.points(kept)

    def require_apart(self, distance: Fraction, p: Norm, name: str) -> None:
        """Check that points of different labels are at l_p distance >= `distance`.

        Raises ValueError, with the two points' places and distance, where two are not.
        """
        for two in itertools.combinations(sorted(set(self.labels.tolist()), reverse=True), 2):
            first, second = map(self.side, two)
            assert first is not None
            assert second is not None
            close = first_closer_than(first, second, distance, p)
            if close is None:
                continue
            i, j = (int(rows[at]) for rows, at in zip(map(self.rows_of, two), close, strict=True))
            raise ValueError(
                f"{self.places[i]} ({self._word(two[0])}) and {self.places[j]} "
                f"({self._word(two[1])}) are at l_{p.value} distance "
                f"{_distance(self.points.row(i), self.points.row(j), p)}, closer than "
                f"{name} = {_shown(distance)}"
            )

    def json(self) -> dict[str, Any]:
        """What was read, as a JSON object."""
        return {
            "points": len(self),
            "dimension": self.dimension,
            "labels": self._counts(),
            "header": list(self.names) or None,
            "warnings": list(self.warnings()),
        }

    def lines(self) -> Iterator[str]:
        """What was read, for a reader."""
        header = f", header {', '.join(self.names)}" if self.names else ""
        yield (
            f"{len(self)} points in R^{self.dimension}, {self._shares()}"
            f"{header if len(header) < 200 else ', a header'}"
        )
        yield from (f"warning: {warning}" for warning in self.warnings())

    def warnings(self) -> Iterator[str]:
        """What a reader should look at before believing an answer about these points."""
        column = self.index_column
        if column is not None:
            name = f" ({self.names[column]})" if self.names else ""
            yield (
                f"column {column + 1}{name} holds consecutive integers, as an index does; "
                "it was read as a coordinate"
            )

    @staticmethod
    @abstractmethod
    def _word(label: int) -> str:
        """A label for a reader."""

    @abstractmethod
    def _counts(self) -> dict[str, int]:
        """How many points have each label."""

    @abstractmethod
    def _shares(self) -> str:
        """The same in words."""


class LabelledPoints(_FilePoints):
    """The points of a file, each with the label -1 or +1."""

    def pair(self, epsilon: Fraction, p: Norm) -> SeparatedPair:
        """The points as sets A (label +1) and B.

        Raises ValueError where there is one label only, and naming the two points where the
        classes are closer than 2 epsilon.
        """
        A, B = self.side(1), self.side(-1)
        if A is None or B is None:
            raise ValueError("the data hold one label only: nothing is to be separated")
        self.require_apart(2 * epsilon, p, "2 epsilon")
        return SeparatedPair(A, B, epsilon, p)

    @staticmethod
    def _word(label: int) -> str:
        return f"label {label:+d}"

    def _counts(self) -> dict[str, int]:
        return {"+1": int((self.labels > 0).sum()), "-1": int((self.labels < 0).sum())}

    def _shares(self) -> str:
        return " and ".join(f"{n} with label {label}" for label, n in self._counts().items())


class ClassPoints(_FilePoints):
    """The points of a file, each with its class, an integer from 0."""

    @property
    def classes(self) -> tuple[int, ...]:
        """The classes that occur, in order."""
        return tuple(np.unique(self.labels).tolist())

    def of_class(self, label: int) -> LabelledPoints:
        """The points of a class, in the file's order, each with label +1."""
        rows = self.rows_of(label)
        kept = Rationals.from_integers(self.points.numerators[rows], self.points.denominator)
        places = [self.places[i] for i in rows.tolist()]
        return LabelledPoints(kept, np.ones(len(rows), dtype=np.int8), places, self.names)

    @staticmethod
    def _word(label: int) -> str:
        return f"class {label}"

    def _counts(self) -> dict[str, int]:
        labels, counts = np.unique(self.labels, return_counts=True)
        return dict(zip(map(str, labels.tolist()), counts.tolist(), strict=True))

    def _shares(self) -> str:
        counts = self._counts()
        if len(counts) > _MOST_SHOWN:
            return f"of {len(counts)} classes"
        return ", ".join(f"{n} of class {label}" for label, n in counts.items())


def read_points(path: Path) -> LabelledPoints:
    """The labelled points of an .npz or .csv file.

    Raises ValueError, naming the file and the line and column or array, where it cannot be read as
    such; OSError where there is no such file.
    """
    try:
        points, labels, places, names = _read(path, _SIGNS)
        return LabelledPoints(points, _signs(labels, places), places, names)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error


def read_classes(path: Path, outputs: int) -> ClassPoints:
    """The points of an .npz or .csv file whose labels are classes, 0 to outputs - 1.

    Raises ValueError, naming the file and the line and column or array, where it cannot be read as
    such; OSError where there is no such file.
    """
    try:
        return ClassPoints(*_read(path, _classes(outputs)))
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error


_Table = tuple[Rationals, NDArray[np.int64], Sequence[str], tuple[str, ...]]
"""The points, their labels as the file has them, their places and the columns' names."""


def _read(path: Path, labels: _Labels) -> _Table:
    data = files.read_bytes(path)
    if path.suffix == ".npz":
        return _of_arrays(files.unpack_arrays(data), labels)
    return _read_csv(data, labels)


def read_pair(path: Path, epsilon: Fraction, p: Norm) -> SeparatedPair:
    """The points of a file as sets A (label +1) and B.

    Raises ValueError, naming the file, where it cannot be read as such, and naming the two points
    where the classes are closer than 2 epsilon; OSError where there is no such file.
    """
    points = read_points(path)
    try:
        return points.pair(epsilon, p)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error


def _of_arrays(arrays: Arrays, allowed: _Labels) -> _Table:
    """The labelled points in a file's arrays.

    Raises ValueError, naming the array, where they are not labelled points.
    """
    if set(arrays) == {"A", "B"}:
        if allowed != _SIGNS:
            raise ValueError(f"A and B have the labels +1 and -1; {allowed.said}")
        A, B = _matrix(arrays, "A"), _matrix(arrays, "B")
        if A.shape[1] != B.shape[1]:
            raise ValueError(f"A lies in R^{A.shape[1]}, B in R^{B.shape[1]}")
        if not len(A) + len(B):
            raise ValueError("A and B are empty")
        labels = np.repeat(np.array([1, -1]), [len(A), len(B)])
        places = [*_Numbered("A row", range(len(A))), *_Numbered("B row", range(len(B)))]
        return Rationals.of_floats(np.vstack([A, B])), labels, places, ()
    if set(arrays) != {"points", "labels"}:
        raise ValueError(
            "it holds neither points and labels nor A and B, and nothing else; it holds "
            f"{', '.join(arrays)[:80] or 'no array'}"
        )
    points = _matrix(arrays, "points")
    if not len(points):
        raise ValueError("points is empty")
    labels = _labels(arrays["labels"], allowed)
    if len(labels) != len(points):
        raise ValueError(f"{len(labels)} labels for {len(points)} points")
    return Rationals.of_floats(points), labels, _Numbered("row", range(len(points))), ()


@dataclass(frozen=True)
class _Numbered(Sequence[str]):
    """The texts "row 0", "row 1" ..., made when they are asked for."""

    word: str
    numbers: Sequence[int]

    def __len__(self) -> int:
        return len(self.numbers)

    def __getitem__(self, i: Any) -> Any:
        return f"{self.word} {self.numbers[i]}"


def _matrix(arrays: Arrays, name: str) -> NDArray[np.float64]:
    array = arrays[name]
    if array.ndim != 2 or not array.shape[1]:
        raise ValueError(f"{name} has shape {array.shape}; points have shape (m, d), d >= 1")
    values = exact_float64(array, name)
    wrong = np.argwhere(~np.isfinite(values))
    if len(wrong):
        row, column = wrong[0].tolist()
        raise ValueError(
            f"{name} row {row}, column {column}: {values[row, column]} is not a finite number"
        )
    return values


def _labels(array: NDArray[Any], allowed: _Labels) -> NDArray[np.int64]:
    if array.ndim != 1 and not (array.ndim == 2 and 1 in array.shape):
        raise ValueError(f"labels has shape {array.shape}; labels have shape (m,)")
    values = array.ravel()
    if values.dtype.kind not in "biuf":
        raise ValueError(f"labels has entries of type {values.dtype}, not numbers")
    for row in np.flatnonzero(~np.isin(values, sorted(allowed.allowed)))[:1]:
        raise ValueError(f"labels row {row}: {allowed.said}; got {values[row]}")
    return values.astype(np.int64)


def _signs(values: NDArray[Any], places: Sequence[str]) -> NDArray[np.int8]:
    """The labels -1 and +1 of values among -1, 0 and 1.

    Raises ValueError where both -1 and 0 occur, which would be two names of one label.
    """
    zeros, minus = np.flatnonzero(values == 0), np.flatnonzero(values == -1)
    if len(zeros) and len(minus):
        raise ValueError(
            f"{places[int(zeros[0])]} has label 0 and {places[int(minus[0])]} label -1; "
            f"{_SIGNS.said}"
        )
    return np.where(values == 1, 1, -1).astype(np.int8)


def _read_csv(data: bytes, allowed: _Labels) -> _Table:
    """The points of a CSV file; a cell that is not what it should be is an error, never skipped."""
    rows = list(_csv_rows(data))
    names: tuple[str, ...] = ()
    if rows and all(_is_name(cell) for cell in rows[0][1]):
        names = tuple(rows.pop(0)[1])
    if not rows:
        raise ValueError("the file holds no data; a line is x_1,...,x_d,label")
    width = len(names) or len(rows[0][1])
    if width < 2:
        raise ValueError(
            f"line {rows[0][0]}: one column; a line is x_1,...,x_d,label, parted by commas"
        )
    read = [_csv_point(line, cells, width, names) for line, cells in rows]
    for (line, cells), (*_, label) in zip(rows, read, strict=True):
        if label not in allowed.allowed:
            raise ValueError(f"line {line}, column {width}: {allowed.said}; got {cells[-1][:40]}")
    places = _Numbered("line", [line for line, _ in rows])
    labels = np.array([int(label) for *_, label in read])
    return Rationals.of([point for *point, _ in read]), labels, places, names


def _csv_rows(data: bytes) -> Iterator[tuple[int, list[str]]]:
    """The number and the stripped cells of each line that is not blank."""
    if b"\0" in data:
        raise ValueError("it is no text; data are .csv or .npz files")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise ValueError(f"line {line}: not UTF-8 text; data are .csv or .npz files") from error
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        for row in reader:
            if any(cell.strip() for cell in row):
                yield reader.line_num, [cell.strip() for cell in row]
            elif len(row) > 1:
                raise ValueError(f"line {reader.line_num}: all cells are empty")
    except csv.Error as error:
        raise ValueError(f"line {reader.line_num}: {error}") from error


def _csv_point(line: int, cells: list[str], width: int, names: tuple[str, ...]) -> list[Fraction]:
    if len(cells) != width:
        before = "the header" if names else "the first line"
        raise ValueError(f"line {line}: {len(cells)} cells, where {before} has {width}")
    values = []
    for column, cell in enumerate(cells, start=1):
        place = f"line {line}, column {column}"
        value = rational(cell)
        if not cell:
            raise ValueError(f"{place}: an empty cell")
        if value is None:
            raise ValueError(f"{place}: {cell[:40]!r} is no number")
        if abs(value) >= LARGEST:
            raise ValueError(f"{place}: {cell[:40]!r} is 2^1000 or more in size")
        values.append(value)
    return values


_MISSING = frozenset(("na", "n/a", "#n/a", "nan", "null", "nil", "none", "missing"))
_INFINITE = re.compile(r"[+-]?inf(inity)?", flags=re.IGNORECASE)
_NUMBER_LIKE = re.compile(r"[0-9+\-.,;:/\s_eEdDOolI]+")


def _is_name(cell: str) -> bool:
    """Whether a cell is a column's name: neither a number, nor a mistyped or a missing one."""
    mistyped = _NUMBER_LIKE.fullmatch(cell) and (len(cell) == 1 or re.search(r"[0-9+\-.]", cell))
    no_number = cell.lower() in _MISSING or _INFINITE.fullmatch(cell)
    return any(map(str.isalpha, cell)) and not mistyped and not no_number


def _distance(x: Sequence[Fraction], y: Sequence[Fraction], p: Norm) -> str:
    """The exact l_p distance in words."""
    gaps = [abs(a - b) for a, b in zip(x, y, strict=True)]
    if p is Norm.INF:
        return _shown(max(gaps))
    square = sum((gap * gap for gap in gaps), Fraction(0))
    root = Fraction(isqrt(square.numerator), isqrt(square.denominator))
    if root * root == square:
        return _shown(root)
    scale = 1 << max(0, 64 + square.denominator.bit_length() - square.numerator.bit_length())
    near = f"about {float(Fraction(isqrt(int(square * scale * scale)), scale)):.9g}"
    return f"sqrt({square}) ({near})" if len(str(square)) <= 40 else near


def _shown(value: Fraction) -> str:
    """A number exactly where that is short, else rounded and said to be."""
    near = f"{float(value):.9g}"
    if rational(near) == value:
        return near
    return f"{value} (about {near})" if len(str(value)) <= 40 else f"about {near}"
