"""What the experiments on sizes share: searches for small networks, and trends in their sizes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from robustsize.bounds.symbols import InputError, c, delta, epsilon
from robustsize.simulate.certify.complete import Certificate
from robustsize.simulate.data.exact import PrecisionError
from robustsize.simulate.data.instance import Instance
from robustsize.simulate.experiment.claim import Hypothesis, Limit, Prediction, Reading
from robustsize.simulate.experiment.constructions import built_in_search, faults
from robustsize.simulate.experiment.evidence import Between, at_most
from robustsize.simulate.experiment.model import Run, Setting, Trend
from robustsize.simulate.search.model import Found, Settings, Starts
from robustsize.simulate.search.prune import Effort
from robustsize.simulate.search.smallest import search


def size_trend(
    id: str,
    name: str,
    x: str,
    says: str,
    *,
    log_x: bool = False,
    lower: Limit | None = None,
    upper: Limit | None = None,
    also: tuple[Hypothesis, ...] = (),
) -> Trend:
    """A prediction on how the log of the smallest sizes found moves with x (or its log)."""
    prediction = Prediction(
        id=id,
        name=name,
        says=says,
        quantity=(
            f"slope of the log size of the smallest certified network found, in {'log ' * log_x}{x}"
        ),
        lower=lower,
        upper=upper,
        hypotheses=(Hypothesis("sizes found stand for smallest sizes", None), *also),
        reading=Reading.TREND,
    )
    return Trend(prediction, log_x)


@dataclass(frozen=True, eq=False)
class Sizes:
    """What a search found for each of several instances."""

    found: tuple[Found, ...]

    @property
    def values(self) -> tuple[int | None, ...]:
        """The size of each instance's smallest certified network, None where none was certified."""
        return tuple(one.network.size if one.network is not None else None for one in self.found)

    @property
    def tried(self) -> str:
        """What the searches tried, in words."""
        tried = [t for one in self.found for t in one.tried]
        widths = {"x".join(map(str, t.hidden)) for t in tried}
        return (
            f"{sum(t.networks for t in tried)} networks trained for {sum(t.steps for t in tried)} "
            f"steps, {sum(t.survived for t in tried)} of them without an attack's "
            f"counterexample, widths {', '.join(sorted(widths)) or 'none'}; "
            f"{sum(one.pruning_tried for one in self.found)} proposals in pruning"
        )

    @property
    def serves_all(self) -> int | None:
        """A size that serves each instance; None where one of them has no certified network."""
        known = [size for size in self.values if size is not None]
        return max(known) if len(known) == len(self.values) else None

    def worst(self) -> Between:
        """Evidence on the smallest size of the instance that needs most."""
        return at_most(self.serves_all, self.tried)

    def easiest(self) -> Between:
        """Evidence on the smallest size of the instance that needs least."""
        known = [size for size in self.values if size is not None]
        return at_most(min(known, default=None), self.tried)

    def faults(self, most: int | None = None) -> Between:
        """Evidence on the number of faulty constructions; most: None for what their forms cost."""
        return faults([built_in_search(one, most) for one in self.found])

    def json(self) -> list[dict[str, Any]]:
        """What a reader of each search wants to know."""
        pairs = zip(self.found, self.values, strict=True)
        return [_found_json(found, size) for found, size in pairs]


def searched(
    instances: Sequence[Instance],
    constructions: Starts,
    settings: Settings,
    run: Run,
    setting: Setting,
    name: str,
) -> Sizes:
    """The smallest certified network found for each instance; kept as name-0.npz, name-1.npz, ...

    Raises InputError where float64 does not hold the instances or their networks.
    """
    try:
        result = search(
            instances,
            settings,
            constructions=constructions,
            device=setting.device,
            budget_seconds=run.seconds_left,
            progress=run.progress,
        )
    except PrecisionError as error:
        raise imprecise(setting, error) from error
    for i, found in enumerate(result.found):
        if found.network is not None:
            found.network.save(run.folder / f"{name}-{i}.npz")
    return Sizes(result.found)


def settings_for(instances: Sequence[Instance], setting: Setting) -> Settings:
    """A search in proportion to the instances: wider and longer for more points."""
    m = len(instances[0].points)
    w = max(4, min(32, 4 * round(m / 9)))
    ladder: tuple[tuple[int, ...], ...] = ((w // 2,), (w,), (w, w // 2))
    if m > 2:
        ladder += ((2 * w, w),)
    return Settings(
        ladder=ladder,
        seeds=setting.seeds,
        cycles=1,
        race_steps=300,
        steps=300,
        chains=4,
        effort=Effort(rounds=16, tries=16),
        nodes=50_000,
        seed=setting.seed,
    )


def imprecise(setting: Setting, error: PrecisionError) -> InputError:
    """The one line that names the parameters which float64 does not hold, and some that it does."""
    given = setting.given(epsilon, c, delta)
    return InputError(f"{given}: {error}; for example --epsilon 1/4 --c 1/2")


def _found_json(found: Found, size: int | None) -> dict[str, Any]:
    built = found.construction
    return {
        "labels": "".join("+" if y > 0 else "-" for y in found.instance.labels),
        "size": size,
        "depth": found.network.depth if found.network else None,
        "origin": found.origin.value if found.origin else None,
        "certificate": _certificate(found.certificate),
        "smallest_survivor": found.smallest_survivor,
        "construction": built.size if built else None,
        "construction_formula": built.formula_size if built else None,
        "construction_certificate": _certificate(found.construction_certificate),
        "trained": sum(t.networks for t in found.tried),
        "survived": sum(t.survived for t in found.tried),
        "certified_as_trained": sum(t.certified for t in found.tried),
        "pruning_tried": found.pruning_tried,
    }


def _certificate(certificate: Certificate | None) -> dict[str, Any] | None:
    if certificate is None:
        return None
    return {
        "status": certificate.status.value,
        "margin": certificate.margin,
        "method": certificate.method,
        "reason": certificate.reason,
    }
