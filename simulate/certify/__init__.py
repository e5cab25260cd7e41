"""Certifying networks on the whole of balls: complete near points, structural for constructions.

>>> from fractions import Fraction
>>> from robustsize.simulate import Network, certify
>>> from robustsize.bounds.symbols import Norm
>>> network = Network.of([([[-2.0]], [1.0])])
>>> round(certify.minimum(network, (Fraction(1, 4),), Fraction(1, 10), Norm.INF).lower, 6)
0.3
"""

from typing import TYPE_CHECKING

from robustsize.bounds.lazy import exports

if TYPE_CHECKING:
    from robustsize.simulate.certify.complete import (
        Certificate,
        CertificateStatus,
        Enclosure,
        certify_each,
        minimum,
    )
    from robustsize.simulate.certify.guarantee import (
        Guarantee,
        MarginAnswer,
        certificate,
        certificates,
        margins,
        read_guarantee,
        recheck,
    )

__all__ = [
    "Certificate",
    "CertificateStatus",
    "Enclosure",
    "Guarantee",
    "MarginAnswer",
    "certificate",
    "certificates",
    "certify_each",
    "margins",
    "minimum",
    "read_guarantee",
    "recheck",
]

if not TYPE_CHECKING:
    __getattr__, __dir__ = exports(
        __name__,
        {
            "complete": [
                "Certificate",
                "CertificateStatus",
                "Enclosure",
                "certify_each",
                "minimum",
            ],
            "guarantee": [
                "Guarantee",
                "MarginAnswer",
                "certificate",
                "certificates",
                "margins",
                "read_guarantee",
                "recheck",
            ],
        },
    )
