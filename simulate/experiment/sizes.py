"""What the probes of sizes share: explicit bounds as limits, and the search for small networks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from robustsize.bounds.catalogue import theorem
from robustsize.bounds.evaluate import bound_value, choose_form
from robustsize.bounds.statement import FormName
from robustsize.bounds.symbols import InputError, Norm, Values, c, delta, epsilon
from robustsize.simulate.certify.complete import Certificate
from robustsize.simulate.data.exact import PrecisionError
from robustsize.simulate.data.instance import Instance
from robustsize.simulate.experiment.claim import Hypothesis, Limit, Prediction, Reading
from robustsize.simulate.experiment.probe import Run, Setting, Trend
from robustsize.simulate.search.model import Found, Settings, Starts
from robustsize.simulate.search.prune import Effort
from robustsize.simulate.search.smallest import search


def explicit(id: str, values: Values, p: Norm) -> Limit:
    """The limit that a theorem's explicit form sets.

    Raises InputError where the form needs another parameter or does not hold there.
    """
    form = choose_form(theorem(id), p, FormName.EXPLICIT)
    return Limit.of(bound_value(theorem(id), form, values, p))


def size_trend(
    id: str,
    name: str,
    series: str,
    x: str,
    says: str,
    *,
    log_x: bool = False,
    lower: Limit | None = None,
    upper: Limit | None = None,
    where: dict[str, float] | None = None,
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
    return Trend(prediction, series=series, x=x, log_x=log_x, where=where or {})


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


def smallest_sizes(
    instances: Sequence[Instance],
    constructions: Starts,
    settings: Settings,
    run: Run,
    setting: Setting,
    name: str,
) -> list[Found]:
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
    return list(result.found)


def imprecise(setting: Setting, error: PrecisionError) -> InputError:
    """The one line that names the parameters which float64 does not hold, and some that it does."""
    given = setting.given(epsilon, c, delta)
    return InputError(f"{given}: {error}; for example --epsilon 1/4 --c 1/2")


def size_of(found: Found) -> int | None:
    """The size of the smallest certified network, None where none was certified."""
    return found.network.size if found.network is not None else None


def worst(found: Sequence[Found]) -> int | None:
    """A size that serves each instance; None where one of them has no certified network."""
    sizes = [size_of(one) for one in found]
    return None if None in sizes else max(size for size in sizes if size is not None)


def tried(found: Sequence[Found]) -> str:
    """What the searches tried, in words."""
    networks = sum(t.networks for one in found for t in one.tried)
    steps = sum(t.steps for one in found for t in one.tried)
    survived = sum(t.survived for one in found for t in one.tried)
    widths = {"x".join(map(str, t.hidden)) for one in found for t in one.tried}
    return (
        f"{networks} networks trained for {steps} steps, {survived} of them without an attack's "
        f"counterexample, widths {', '.join(sorted(widths)) or 'none'}; "
        f"{sum(one.pruning_tried for one in found)} proposals in pruning"
    )


def found_json(found: Found) -> dict[str, Any]:
    """What a reader of one search wants to know."""
    built = found.construction
    return {
        "labels": "".join("+" if y > 0 else "-" for y in found.instance.labels),
        "size": size_of(found),
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
