"""What a network is to guarantee, as a file, and its certificate by the certifier that can."""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from robustsize.bounds.symbols import rational
from robustsize.simulate.certify import Certificate, CertificateStatus, certify
from robustsize.simulate.construct.result import Construction
from robustsize.simulate.instance import Instance, Norm
from robustsize.simulate.network import Network
from robustsize.simulate.sets.exact import Rationals
from robustsize.simulate.sets.read_sets import read_pair
from robustsize.simulate.sets.regions import Region
from robustsize.simulate.structural import certify_structure
from robustsize.simulate.whole_file import whole_file

COMPLETE_UNITS = 600
"""Networks with more hidden units go to the structural certifier alone."""


@dataclass(frozen=True, eq=False)
class Guarantee:
    """Label +1 within l_p distance `radius` of `positive`, -1 within it of `negative`.

    The whole sets are meant; one is None where no point has its label.
    """

    positive: Region | None
    negative: Region | None
    radius: Fraction
    p: Norm

    @classmethod
    def of(cls, construction: Construction) -> Guarantee:
        """What a construction promises."""
        return cls(
            construction.positive, construction.negative, construction.radius, construction.p
        )

    @property
    def dimension(self) -> int:
        """Dimension d."""
        return next(region.dimension for region in (self.positive, self.negative) if region)

    def instance(self) -> Instance | None:
        """The same as labelled points, None where a set is not finite."""
        labelled = [(r, y) for r, y in ((self.positive, 1), (self.negative, -1)) if r is not None]
        if not all(region.is_finite_set for region, _ in labelled):
            return None
        points = [(region.low.row(i), y) for region, y in labelled for i in range(len(region))]
        labels = np.array([y for _, y in points], dtype=np.int8)
        return Instance(tuple(x for x, _ in points), labels, self.radius, self.p)

    def save(self, path: Path) -> None:
        """Write an .npz file of exact numbers as text, complete or not at all."""
        arrays = {"radius": np.array(str(self.radius)), "p": np.array(self.p.value)}
        for name, region in (("positive", self.positive), ("negative", self.negative)):
            if region is not None:
                arrays[f"{name}_low"] = _text(region.low)
                arrays[f"{name}_high"] = _text(region.high)
                arrays[f"{name}_fat"] = np.array(str(region.fat))
        buffer = io.BytesIO()
        np.savez_compressed(buffer, **arrays)  # type: ignore[arg-type]
        with whole_file(path) as partial:
            partial.write_bytes(buffer.getvalue())


def read_guarantee(path: Path, radius: Fraction | None, p: Norm | None) -> Guarantee:
    """What `Guarantee.save` wrote, or a user's labelled points (see `read_sets`) with a radius.

    radius, p: in place of the file's; p is inf where nobody says.

    Raises ValueError, naming the file, where it cannot be read, has no radius, or two points of
    opposite labels are closer than twice the radius; OSError where there is no such file.
    """
    saved = _saved(path)
    if saved is not None:
        return Guarantee(saved.positive, saved.negative, radius or saved.radius, p or saved.p)
    if radius is None:
        raise ValueError(f"{path} states no radius; give one, for example --radius 0.1")
    pair = read_pair(path, radius, p or Norm.INF)
    return Guarantee(pair.A, pair.B, radius, pair.p)


def certificate(
    network: Network, guarantee: Guarantee, *, budget_seconds: float = 60.0
) -> Certificate:
    """The structural certificate where it can be given, else the complete search's answer.

    Raises ValueError where the dimensions differ.
    """
    if network.input_dim != guarantee.dimension:
        raise ValueError(
            f"the network takes {network.input_dim} inputs, the instance lies in "
            f"R^{guarantee.dimension}"
        )
    structural = certify_structure(
        network, guarantee.positive, guarantee.negative, guarantee.radius, guarantee.p
    )
    instance = guarantee.instance()
    if structural.status is CertificateStatus.CERTIFIED or instance is None:
        return structural
    if sum(network.widths) > COMPLETE_UNITS:
        return structural
    return certify(network, instance, budget_seconds=budget_seconds)


def _saved(path: Path) -> Guarantee | None:
    """What `save` wrote, None where the file is something else."""
    if path.suffix != ".npz":
        return None
    try:
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as file:
            if not {"radius", "p"} <= set(file):
                return None
            positive, negative = (_region(file, name) for name in ("positive", "negative"))
            return Guarantee(positive, negative, _number(file["radius"]), Norm(str(file["p"])))
    except (ValueError, EOFError, KeyError, zipfile.BadZipFile) as error:
        raise ValueError(f"{path}: {error}") from error


def _region(file: np.lib.npyio.NpzFile, name: str) -> Region | None:
    if f"{name}_low" not in file:
        return None
    low, high = (
        [[_number(v) for v in row] for row in file[f"{name}_{side}"]] for side in ("low", "high")
    )
    fat = _number(file[f"{name}_fat"])
    return replace(Region.boxes(low, high), fat=fat, p=Norm(str(file["p"])))


def _text(rows: Rationals) -> NDArray[np.str_]:
    return np.array([[str(v) for v in rows.row(i)] for i in range(len(rows))])


def _number(text: object) -> Fraction:
    value = rational(str(text))
    if value is None:
        raise ValueError(f"{str(text)[:40]!r} is no number")
    return value
