"""Whether constructions hold: where their sizes and certificates become evidence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from robustsize.simulate.certify.complete import Certificate, CertificateStatus
from robustsize.simulate.certify.structural import certify_construction
from robustsize.simulate.construct.result import Construction
from robustsize.simulate.experiment.evidence import Between
from robustsize.simulate.search.model import Found


class Soundness(Enum):
    """What is known of a construction: SOUND is certified and small enough, FAULTY is refuted or
    too large, OPEN is neither, as where a certificate is undecided.
    """

    SOUND = "sound"
    FAULTY = "faulty"
    OPEN = "open"


@dataclass(frozen=True)
class Built:
    """A network that was built: its size, the most it may have, and its certificate.

    certificate: None where it was not sought.
    """

    size: int
    most: int
    certificate: Certificate | None

    @property
    def soundness(self) -> Soundness:
        """An undecided certificate is never a pass."""
        status = self.certificate.status if self.certificate is not None else None
        if self.size > self.most or status is CertificateStatus.COUNTEREXAMPLE:
            return Soundness.FAULTY
        return Soundness.SOUND if status is CertificateStatus.CERTIFIED else Soundness.OPEN


def checked(construction: Construction, most: int) -> Built:
    """A construction held against a size and certified by its form."""
    return Built(construction.size, most, certify_construction(construction))


def built_in_search(found: Found, most: int | None = None) -> Built | None:
    """The construction that a search started from; None where it had none.

    most: None for what the construction's own form costs.
    """
    built = found.construction
    if built is None:
        return None
    return Built(
        built.size, built.form_size if most is None else most, found.construction_certificate
    )


def faults(built: Sequence[Built | None]) -> Between:
    """How many are faulty: for certain, and at most, where those that are open were faulty too.

    None: nothing was built where something was promised.
    """
    known = [one.soundness if one is not None else Soundness.OPEN for one in built]
    faulty, sound = known.count(Soundness.FAULTY), known.count(Soundness.SOUND)
    return Between(faulty, len(known) - sound, f"{len(known)} networks built")
