"""Whether constructions hold: where their sizes and certificates become evidence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from robustsize.simulate.certify.complete import Certificate, CertificateStatus
from robustsize.simulate.experiment.claim import Between
from robustsize.simulate.search.model import Found


@dataclass(frozen=True)
class Built:
    """A network that was built: its size, the most it may have, and its certificate, if any."""

    size: int
    most: int
    certificate: Certificate | None

    @property
    def is_faulty(self) -> bool:
        """Whether it is refuted or too large."""
        refuted = self.certificate is not None and (
            self.certificate.status is CertificateStatus.COUNTEREXAMPLE
        )
        return refuted or self.size > self.most

    @property
    def holds(self) -> bool:
        """Whether it is certified and small enough: an undecided certificate is none."""
        certified = self.certificate is not None and (
            self.certificate.status is CertificateStatus.CERTIFIED
        )
        return certified and self.size <= self.most


def faults(built: Sequence[Built | None]) -> Between:
    """How many are faulty: for certain, and at most, as what neither is nor holds may be.

    None: nothing was built where something was promised.
    """
    faulty = sum(one is not None and one.is_faulty for one in built)
    sound = sum(one is not None and one.holds for one in built)
    return Between(faulty, len(built) - sound, f"{len(built)} networks built")


def faults_found(found: Sequence[Found], most: int | None = None) -> Between:
    """The same of the constructions in searches; most: None for what their own form costs."""
    return faults([_built(one, most) for one in found])


def _built(found: Found, most: int | None) -> Built | None:
    built = found.construction
    if built is None:
        return None
    limit = built.form_size if most is None else most
    return Built(built.size, limit, found.construction_certificate)
