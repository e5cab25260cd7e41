"""What a search is given, what it holds between cycles, and what it finds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from robustsize.simulate.certify.complete import Certificate, CertificateStatus
from robustsize.simulate.construct.result import Construction
from robustsize.simulate.data.instance import Instance
from robustsize.simulate.networks.network import Network
from robustsize.simulate.search.prune import Effort, Origin, Pool
from robustsize.simulate.search.race import Tried

Starts = Callable[[Instance], Sequence[Construction]]
"""The constructions that a search of an instance starts from; an empty sequence for none."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What a search tries.

    ladder: architectures (hidden widths) trained from every seed. seeds: of each architecture, for
    each labelled set, dealt out over the cycles. race_steps: of each stage of the race. steps: of
    one retraining after pruning. chains: survivors of each race that are pruned side by side, of
    which the better half goes on twice; of each construction half as many copies are, each by
    random choices of its own. effort: of pruning in one cycle. nodes: of one certificate. enough:
    an instance with a certified network of at most this size is searched no further.
    """

    ladder: tuple[tuple[int, ...], ...]
    seeds: int = 64
    cycles: int = 4
    race_steps: int = 600
    steps: int = 600
    chains: int = 6
    effort: Effort = field(default_factory=Effort)
    nodes: int = 200_000
    enough: int = 2
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("seeds", "cycles", "race_steps", "steps", "chains", "nodes"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} is at least 1, not {getattr(self, name)}")
        if not self.ladder:
            raise ValueError("the search needs at least one architecture")


@dataclass(eq=False)
class Found:
    """The search's outcome for one labelled set, growing from cycle to cycle.

    network, certificate, origin: the smallest certified network; None where nothing was certified.
    construction, construction_certificate: the smallest network built from a theorem; None where
    none is known for such data. smallest_survivor: size of the smallest trained or pruned network
    on which the attack found nothing, certified or not. tried: of each architecture.
    pruning_tried, pruning_steps: networks proposed in pruning, and their training steps.
    bits: the weights are multiples of 2^-bits; None where they were not rounded.
    """

    instance: Instance
    construction: Construction | None
    construction_certificate: Certificate | None = None
    network: Network | None = None
    certificate: Certificate | None = None
    origin: Origin | None = None
    smallest_survivor: int | None = None
    tried: tuple[Tried, ...] = ()
    pruning_tried: int = 0
    pruning_steps: int = 0
    bits: int | None = None

    def offer(self, network: Network, certificate: Certificate, origin: Origin) -> None:
        """Take a network where it is certified and smaller than the one held."""
        if certificate.status is not CertificateStatus.CERTIFIED:
            return
        if self.network is None or network.size < self.network.size:
            self.network, self.certificate, self.origin = network, certificate, origin


@dataclass(frozen=True, eq=False)
class SearchResult:
    """Found for each labelled set; cycles done; why the search ended early, or an empty string."""

    found: tuple[Found, ...]
    cycles: int
    stopped: str
    engine: str
    device: str


@dataclass(eq=False)
class State:
    """What is kept between cycles: main pools of survivors and what was found."""

    found: list[Found]
    pools: list[Pool]
    cycle: int = 0
    engine: str = "none"
    device: str = "none"
    extra: list[tuple[int, Pool]] = field(default_factory=list)
