"""What `robustsize.simulate` offers: networks built, trained, searched, certified and measured.

Parameters are keywords, read by `robustsize.bounds.keywords`: a float is the decimal that it prints
as. Coordinates of points are taken as the float64 numbers that they are.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeAlias, Unpack

import numpy as np
import sympy as sp
from numpy.typing import ArrayLike

from robustsize.bounds import keywords
from robustsize.bounds.keywords import Number, Parameters, Ranges, complaints_in_keywords
from robustsize.bounds.symbols import BY_SYMBOL, InputError, Norm, Values, exact
from robustsize.bounds.symbols import c as c_
from robustsize.bounds.symbols import d as d_
from robustsize.bounds.symbols import epsilon as epsilon_
from robustsize.simulate.certify.complete import Certificate
from robustsize.simulate.certify.complete import certify as certify_points
from robustsize.simulate.certify.guarantee import Guarantee, certificate, read_guarantee
from robustsize.simulate.construct.request import Request
from robustsize.simulate.construct.result import Construction
from robustsize.simulate.data.instance import Instance
from robustsize.simulate.data.read_sets import read_points
from robustsize.simulate.experiment.run import Result, probe_task, run
from robustsize.simulate.networks.export import load_network, save_network
from robustsize.simulate.networks.network import Network
from robustsize.simulate.search.job import HARD, instance_of
from robustsize.simulate.search.model import SearchResult, Settings
from robustsize.simulate.search.smallest import default_ladder
from robustsize.simulate.search.smallest import search as search_for
from robustsize.simulate.theorems import build as builders
from robustsize.simulate.theorems.candidates import constructions
from robustsize.simulate.theorems.catalogue import experiment_of
from robustsize.simulate.train.adversarial import train
from robustsize.simulate.train.plan import Plan

__all__ = [
    "Certificate",
    "Construction",
    "Guarantee",
    "InputError",
    "Instance",
    "Network",
    "Plan",
    "Result",
    "SearchResult",
    "build",
    "certify",
    "experiment",
    "instance",
    "load_network",
    "save_network",
    "search",
    "train",
]

File: TypeAlias = str | os.PathLike[str]


def instance(
    points: ArrayLike, labels: ArrayLike, radius: Number, p: Norm | str | float = Norm.INF
) -> Instance:
    """Labelled points, and the l_p radius within which a classifier must keep each label.

    points: shape (m, d). labels: shape (m,), each -1 or +1.

    >>> from robustsize import simulate
    >>> simulate.instance([[0.25], [0.75]], [1, -1], radius="0.1").radius
    Fraction(1, 10)

    Raises InputError where they do not fit together or a coordinate is not finite.
    """
    x, y = np.asarray(points, dtype=np.float64), np.asarray(labels)
    size = _radius(radius)
    if x.ndim != 2 or not np.isfinite(x).all():
        raise InputError(f"points: finite numbers of shape (m, d), not of shape {x.shape}")
    if y.shape != x.shape[:1] or not np.isin(y, (-1, 1)).all():
        raise InputError(f"labels: {len(x)} labels, each -1 or +1, one a point")
    exact_points = tuple(tuple(map(Fraction, row)) for row in x.tolist())
    with complaints_in_keywords(), _about("points"):
        return Instance(exact_points, y.astype(np.int8), size, keywords.norm(p))


def build(
    id: str,
    *,
    instance: File | None = None,
    p: Norm | str | float = Norm.INF,
    seed: int = 0,
    **parameters: Unpack[Parameters],
) -> Construction:
    """The network that a theorem's upper bound promises, for sets of its kind.

    id: thm2.2, thm3.3, thm5.5, or thm4.3 for its hard instance. instance: a file of labelled
    points; None for a random one, drawn by the seed.

    >>> from robustsize import simulate
    >>> built = simulate.build("thm3.3", d=2, epsilon="1/5", c="1/2", samples=6)
    >>> built.size == built.formula_size
    True
    >>> simulate.certify(built).status.value
    'certified'

    Raises InputError where the theorem has no construction, a parameter is missing, outside its
    domain or not used, or the file cannot be read or does not fit the theorem.
    """
    with complaints_in_keywords():
        norm, values = keywords.norm(p), keywords.point(parameters)
        used = builders.parameters_read(id, random=instance is None)
        _require_used(values, used)
        with _about("instance"):
            pair = None
            if instance is not None:
                if epsilon_ not in values:
                    raise InputError("epsilon is missing; for example epsilon=0.1")
                data = read_points(Path(instance))
                builders.notes_on_domain(id, data, norm)
                pair = data.pair(values[epsilon_], norm)
            return builders.build(id, Request(values, norm, pair, seed))


def certify(
    network: Network | Construction | File,
    instance: Guarantee | Instance | Construction | File | None = None,
    *,
    radius: Number | None = None,
    p: Norm | str | float | None = None,
    seconds: float = 60.0,
    workers: int = 1,
) -> Certificate:
    """Certify or refute a network on all of the balls around an instance.

    network: of one output, or its file (.npz, .onnx, .pt, .pt2). instance: what is to be
    guaranteed, or its file; None for what a construction itself promises. radius, p: the
    adversary's, in place of the file's. seconds: after which the search ends undecided.

    >>> from robustsize import simulate
    >>> points = simulate.instance([[0.25], [0.75]], [1, -1], radius="0.1")
    >>> network = simulate.Network.of([([[-2.0]], [1.0])])
    >>> answer = simulate.certify(network, points)
    >>> answer.status.value, answer.margin > 0.29
    ('certified', True)

    Raises InputError where a file cannot be read, or network and instance do not fit together.
    """
    what = network if instance is None else instance
    if isinstance(what, Construction):
        what = Guarantee.of(what)
    with complaints_in_keywords():
        if isinstance(what, str | os.PathLike):
            with _about("instance"):
                size = None if radius is None else _radius(radius)
                what = read_guarantee(Path(what), size, None if p is None else keywords.norm(p))
        elif radius is not None or p is not None:
            raise InputError("radius, p: only in place of a file's; the instance has its own")
        if not isinstance(what, Guarantee | Instance):
            raise InputError("instance is missing: a network promises nothing by itself")
        with _about("network"):
            if isinstance(network, str | os.PathLike):
                network = load_network(Path(network))
            given = network.network if isinstance(network, Construction) else network
            if isinstance(what, Guarantee):
                return certificate(given, what, budget_seconds=seconds, workers=workers)
            return certify_points(given, what, budget_seconds=seconds, workers=workers)


def search(
    instance: Instance | File = HARD,
    *,
    p: Norm | str | float = Norm.INF,
    labelling: str = "checkerboard",
    seeds: int = 64,
    seed: int = 0,
    seconds: float = 120.0,
    device: str = "auto",
    folder: File | None = None,
    **parameters: Unpack[Parameters],
) -> SearchResult:
    """Search the smallest certified network for an instance.

    instance: labelled points, a file of them (with epsilon and c), or "thm4.3" for its hard
    instance (with d, epsilon, c and a labelling: checkerboard, random, or signs such as "+--+").
    seeds: random starts of each architecture. seconds: after which it
    ends, and says so. folder: where the search is kept and resumed from.

    >>> from robustsize import simulate
    >>> points = simulate.instance([[0.25], [0.75]], [1, -1], radius="0.1")
    >>> result = simulate.search(points, seeds=2)
    >>> result.found[0].network.size
    2

    Raises InputError where the instance cannot be robust, or a parameter is missing or not used.
    """
    with complaints_in_keywords(), _about("instance"):
        values = keywords.point(parameters)
        needed = (d_, epsilon_, c_) if instance == HARD else (epsilon_, c_)
        read = () if isinstance(instance, Instance) else needed
        _require_used(values, read)
        for symbol in (s for s in read if s not in values):
            raise InputError(
                f"{symbol.name} is missing; for example {symbol.name}={BY_SYMBOL[symbol].example}"
            )
        if not isinstance(instance, Instance):
            instance = instance_of(
                os.fspath(instance),
                epsilon=values[epsilon_],
                c=values[c_],
                p=keywords.norm(p),
                d=int(values.get(d_, 0)),
                labelling=labelling,
                seed=seed,
            )
        ladder = default_ladder(instance.dimension, len(instance.points))
        return search_for(
            [instance],
            Settings(ladder=ladder, seeds=seeds, seed=seed),
            constructions=constructions,
            device=device,
            folder=None if folder is None else Path(folder),
            budget_seconds=seconds,
        )


def experiment(
    id: str,
    *,
    p: Norm | str | float = Norm.INF,
    seeds: int | None = None,
    seed: int = 0,
    seconds: float = 300.0,
    device: str = "auto",
    folder: File | None = None,
    **parameters: Unpack[Ranges],
) -> Result:
    """Measure small cases of a theorem and hold them against what it predicts.

    id: of a theorem or an experiment; docs/probes.md lists them. Parameters that are not given, and
    seeds, are the quick preset's. seconds: after which it ends; `cut_short` of the result names
    what is left out. folder: where networks are kept, and cells until all are measured, so that a
    run that was cut short is resumed.

    >>> from robustsize import simulate
    >>> result = simulate.experiment("prop3.2", d=2, seeds=1)
    >>> {one.verdict.agreement.value for one in result.outcomes}
    {'agrees'}

    Raises InputError where there is no such experiment, it does not take a parameter or cannot be
    measured there, or the folder cannot be written.
    """
    with complaints_in_keywords(), _about("folder"), TemporaryDirectory() as temporary:
        probe = experiment_of(id, "id")
        count = probe.quick.seeds if seeds is None else seeds
        task = probe_task(probe, keywords.axes(parameters), keywords.norm(p), count, seed, device)
        return run(
            [task],
            f"experiment {probe.id}",
            folder=Path(temporary if folder is None else folder),
            write=lambda result, folder: None,
            budget_seconds=seconds,
        )


def _require_used(values: Values, used: Collection[sp.Symbol]) -> None:
    """Raises InputError for a parameter that is given and would not be used."""
    for symbol in values:
        if symbol not in used:
            raise InputError(f"{keywords.keyword(symbol)}: it would not be used here; leave it out")


def _radius(radius: Number) -> Fraction:
    size = exact(radius)
    if size is None or size < 0:
        raise InputError(f"radius={radius!r}: must be a number >= 0; for example radius='0.1'")
    return size


@contextmanager
def _about(keyword: str) -> Iterator[None]:
    """Let a complaint that names no keyword name this one."""
    try:
        yield
    except InputError:
        raise
    except ValueError as error:
        raise InputError(f"{keyword}: {error}") from error
    except OSError as error:
        raise InputError(f"{keyword}: {error.filename}: {error.strerror or error}") from error
