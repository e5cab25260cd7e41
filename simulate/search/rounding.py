"""Weights with few binary places, where the certificate allows; certificates by node budget."""

from __future__ import annotations

import numpy as np

from robustsize.simulate.certify.complete import Certificate, CertificateStatus, certify
from robustsize.simulate.certify.structural import certify_construction
from robustsize.simulate.construct.result import Construction
from robustsize.simulate.data.instance import Instance
from robustsize.simulate.networks.network import Network
from robustsize.simulate.search.prune import balanced, trainable
from robustsize.simulate.system.deadline import check_time, seconds_left

MOST_BITS = 12


def proof_of(network: Network, instance: Instance, nodes: int) -> Certificate:
    """A certificate whose outcome is the same on every machine: its budget is in nodes.

    Raises OutOfTimeError where the time limit passes first.
    """
    proof = certify(network, instance, budget_seconds=seconds_left(), max_nodes=nodes)
    if proof.status is CertificateStatus.UNDECIDED:
        check_time()
    return proof


def proof_of_built(built: Construction, instance: Instance, nodes: int) -> Certificate:
    """The same for a construction: by its form where that settles it, as it may at any size."""
    proof = certify_construction(built)
    if proof.status is CertificateStatus.CERTIFIED:
        return proof
    return proof_of(built.network, instance, nodes)


def rounded(
    network: Network, instance: Instance, nodes: int
) -> tuple[Network, Certificate, int] | None:
    """A certified network, no larger, whose weights are multiples of 2^-bits, with the fewest bits.

    Returns it with its certificate and bits, or None where MOST_BITS do not suffice.
    """
    if not trainable(network):
        return None
    even = balanced(network)
    for bits in range(MOST_BITS + 1):
        scale = 2.0**bits
        layers = zip(even.weights, even.biases, strict=True)
        coarse = Network.of(
            [(np.round(w * scale) / scale, np.round(b * scale) / scale) for w, b in layers]
        )
        coarse = coarse.without_dead_parts()
        if not trainable(coarse):
            continue
        certificate = proof_of(coarse, instance, nodes)
        if certificate.status is CertificateStatus.CERTIFIED:
            return coarse, certificate, bits
    return None
