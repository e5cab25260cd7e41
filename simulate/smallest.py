"""The smallest network found that is certified robust, for several labellings of one hard instance.

What is found is an upper witness of the smallest size for its labelling: that no smaller network
was found is evidence about the search, not a proof that there is none.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from robustsize.simulate.certify import Certificate
from robustsize.simulate.construct.result import Construction
from robustsize.simulate.instance import HardInstance
from robustsize.simulate.network import Network
from robustsize.simulate.search import Found, SearchResult, Settings, search
from robustsize.simulate.searching.race import Tried

Progress = Callable[[float, str], None]


@dataclass(frozen=True, eq=False)
class Smallest:
    """The search's outcome for one labelling.

    network, certificate, origin: the smallest certified network and where it comes from; all
    None where nothing was certified. smallest_survivor: size of the smallest trained or pruned
    network on which the attack found nothing, certified or not. pruning_tried: networks proposed in
    pruning.
    """

    instance: HardInstance
    network: Network | None
    certificate: Certificate | None
    origin: str | None
    construction: Construction
    construction_certificate: Certificate
    smallest_survivor: int | None
    tried: tuple[Tried, ...]
    pruning_tried: int


def smallest_certified(
    instances: Sequence[HardInstance],
    settings: Settings,
    *,
    device: str = "auto",
    progress: Progress = lambda share, doing: None,
) -> tuple[list[Smallest], SearchResult]:
    """Search the smallest certified network of every instance (see `simulate.search`).

    instances: labellings of one grid, so that they train together.

    Raises ValueError where training refuses its input (see `train`).
    """
    result = search(instances, settings, device=device, progress=progress)
    pairs = zip(instances, result.found, strict=True)
    return [_smallest(instance, found) for instance, found in pairs], result


def _smallest(instance: HardInstance, found: Found) -> Smallest:
    assert found.construction is not None
    assert found.construction_certificate is not None
    return Smallest(
        instance,
        found.network,
        found.certificate,
        found.origin.value if found.origin else None,
        found.construction,
        found.construction_certificate,
        found.smallest_survivor,
        found.tried,
        found.pruning_tried,
    )
