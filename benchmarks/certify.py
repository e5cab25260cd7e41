"""The certifier beside HiGHS (exact minima), Marabou (hard decisions) and auto_LiRPA (root bounds).

    python benchmarks/certify.py [--quick] [--json]

Networks d -> w -> w -> 1, random and trained, over balls of radius 3/10 around the cube's middle.
Each solver gets one core, the same network, ball and time limit; answers are cross-checked, and a
disagreement ends the run with an error. A decision is timed from a network and a query in the
package's own objects to the answer, for both: conversion to the solver's form is in (1 to 15 % of
Marabou's time), building those objects is out, nothing is kept from one call to the next.
Run it on a quiet machine: times are by the wall clock, in seconds, medians of repeated calls on a
network (`timed`, the same for all), then over the networks. `ratio` is the median over the networks
of peer / ours, `spread` its least and largest value; the table ends with the medians over the
decisions' ratios. A solver that ran into the limit counts with the limit, and as unsolved. Peers
that are not installed are named and left out; l_2 has no peer here, so its cases show the
certifier's time alone.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import statistics
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from fractions import Fraction
from functools import cache, partial
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from scipy.optimize import Bounds, LinearConstraint, milp

from robustsize.simulate.certify.ball import ball_around
from robustsize.simulate.certify.branch import LOWER, node_parts, relaxed
from robustsize.simulate.certify.complete import CertificateStatus, certify, minimum
from robustsize.simulate.certify.relaxation import flatten
from robustsize.simulate.data.instance import Instance, Norm
from robustsize.simulate.networks.network import Network

SIZES = ((2, 8), (2, 32), (4, 16), (4, 32), (8, 16), (8, 32))
RADIUS = Fraction(3, 10)
MARGIN = 0.02
SHORT, LONG = 0.05, 1.0
"""Seconds: calls are repeated up to three times within LONG, and further within SHORT."""
TOLERANCE = 1e-6


@dataclass(frozen=True)
class Case:
    """One row: medians over its networks."""

    case: str
    ours: float
    peer: float | None
    ratio: float | None
    spread: tuple[float, float] | None
    networks: int
    unsolved_ours: int
    unsolved_peer: int | None


def random_network(d: int, w: int, seed: int) -> Network:
    rng = np.random.default_rng(seed)
    return Network.of(
        [
            (rng.normal(size=(b, a)) * np.sqrt(2 / a), rng.normal(size=b) / 2)
            for a, b in pairwise((d, w, w, 1))
        ]
    )


@cache
def trained_network(d: int, w: int, seed: int) -> Network:
    """Fitted to the signs of a wave on random points of the cube."""
    torch.manual_seed(seed)
    torch.set_num_threads(1)
    x = torch.rand(256, d)
    y = torch.sign(torch.sin(5 * x).sum(1) - torch.sin(5 * x).sum(1).median())
    model = torch.nn.Sequential(
        torch.nn.Linear(d, w),
        torch.nn.ReLU(),
        torch.nn.Linear(w, w),
        torch.nn.ReLU(),
        torch.nn.Linear(w, 1),
    )
    adam = torch.optim.Adam(model.parameters(), lr=0.01)
    for _ in range(200):
        adam.zero_grad()
        torch.nn.functional.softplus(-y * model(x)[:, 0]).mean().backward()  # type: ignore[no-untyped-call]
        adam.step()
    layers = [m for m in model if isinstance(m, torch.nn.Linear)]
    return Network.of([(m.weight.detach().numpy(), m.bias.detach().numpy()) for m in layers])


KINDS: dict[str, Callable[[int, int, int], Network]] = {
    "random": random_network,
    "trained": trained_network,
}


def middle(d: int) -> tuple[Fraction, ...]:
    return (Fraction(1, 2),) * d


def root_bounds(network: Network) -> tuple[np.ndarray, ...]:
    """Box, bounds of the hidden units, and of the output, from the linear relaxation alone."""
    d, net = network.input_dim, flatten(network)
    node = relaxed(net, ball_around(net, middle(d), RADIUS, Norm.INF, 1))
    return (*node_parts(node, d)[:4], node[LOWER])


def highs_minimum(network: Network, limit: float) -> tuple[float, float, bool]:
    """Least value by mixed-integer programming, big-M by linear relaxation: value, s, solved."""
    lo, hi, zl, zu, _ = root_bounds(network)
    d, units = network.input_dim, len(zl)
    size = d + 2 * units  # inputs, outputs of units, whether they are on
    rows: list[np.ndarray] = []
    limits: list[tuple[float, float]] = []
    inputs, unit = slice(0, d), 0
    for weight, bias in zip(network.weights[:-1], network.biases[:-1], strict=True):
        first = d + unit
        for k, b in enumerate(bias):
            h, least, most = d + unit, min(zl[unit], 0.0), max(zu[unit], 0.0)
            above, below, off = np.zeros((3, size))
            above[inputs] = below[inputs] = weight[k]
            above[h] = below[h] = off[h] = -1
            below[h + units], off[h + units] = least, most
            rows += [above, below, off]
            limits += [(-np.inf, -b), (least - b, np.inf), (0, np.inf)]
            unit += 1
        inputs = slice(first, d + unit)
    cost = np.zeros(size)
    cost[inputs] = network.weights[-1][0]
    bounds = Bounds(
        np.concatenate([lo, np.zeros(units), zl > 0]),
        np.concatenate([hi, np.maximum(zu, 0), zu > 0]),
    )
    constraints = LinearConstraint(np.array(rows), *np.array(limits).T)
    integrality = np.repeat([0, 1], [d + units, units])
    started = time.perf_counter()
    found = milp(
        cost,
        constraints=constraints,
        integrality=integrality,
        bounds=bounds,
        options={"time_limit": limit, "mip_rel_gap": 0.0},
    )
    seconds = time.perf_counter() - started
    value = np.nan if found.fun is None else float(found.fun + network.biases[-1][0])
    return value, seconds, found.status == 0


@contextlib.contextmanager
def silence() -> Iterator[None]:
    """Send what compiled code prints nowhere."""
    sys.stdout.flush()
    kept, nowhere = os.dup(1), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    try:
        yield
    finally:
        os.dup2(kept, 1)
        os.close(kept)
        os.close(nowhere)


def marabou() -> Any:
    """Marabou's Python package, or None where it is not installed."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            from maraboupy import Marabou, MarabouCore, MarabouNetwork, MarabouUtils
    except ImportError:
        return None
    return Marabou, MarabouCore, MarabouNetwork, MarabouUtils


def marabou_decides(package: Any, network: Network, limit: int) -> tuple[str, float]:
    """Whether f <= 0 is reachable, by Marabou: sat, unsat or another word, and seconds."""
    api, core, networks, utils = package
    query, d = networks.MarabouNetwork(), network.input_dim
    inputs = [query.getNewVariable() for _ in range(d)]
    for x in inputs:
        query.setLowerBound(x, float(Fraction(1, 2) - RADIUS))
        query.setUpperBound(x, float(Fraction(1, 2) + RADIUS))
    query.inputVars = [np.array(inputs)]
    for i, (weight, bias) in enumerate(zip(network.weights, network.biases, strict=True)):
        outputs = []
        for k, b in enumerate(bias):
            z = query.getNewVariable()
            equation = utils.Equation(core.Equation.EQ)
            for w, x in zip(weight[k], inputs, strict=True):
                equation.addAddend(float(w), x)
            equation.addAddend(-1.0, z)
            equation.setScalar(-float(b))
            query.addEquation(equation)
            if i < network.depth - 1:
                h = query.getNewVariable()
                query.addRelu(z, h)
                query.setLowerBound(h, 0.0)
                outputs.append(h)
            else:
                outputs.append(z)
        inputs = outputs
    query.outputVars = [np.array(inputs)]
    query.setUpperBound(inputs[0], 0.0)
    options = api.createOptions(verbosity=0, timeoutInSeconds=limit, numWorkers=1)
    with silence():
        answer, seconds = timed(lambda: query.solve(verbose=False, options=options))
    return answer[0], seconds


def lirpa() -> Any:
    """auto_LiRPA, or None where it is not installed."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import auto_LiRPA
    except ImportError:
        return None
    return auto_LiRPA


def lirpa_bound(package: Any, network: Network) -> tuple[float, float]:
    """CROWN's lower bound of f over the l_inf ball, in float64, and seconds."""
    modules: list[torch.nn.Module] = []
    for weight, bias in zip(network.weights, network.biases, strict=True):
        linear = torch.nn.Linear(weight.shape[1], weight.shape[0], dtype=torch.float64)
        linear.weight.data, linear.bias.data = torch.tensor(weight), torch.tensor(bias)
        modules += [linear, torch.nn.ReLU()]
    x = torch.full((1, network.input_dim), 0.5, dtype=torch.float64)
    with silence(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        bounded = package.BoundedModule(torch.nn.Sequential(*modules[:-1]), x)
        shift = package.PerturbationLpNorm(norm=np.inf, eps=float(RADIUS))
        within = package.BoundedTensor(x, shift)
        started = time.perf_counter()
        low, _ = bounded.compute_bounds(x=(within,), method="CROWN")
        seconds = time.perf_counter() - started
    return float(low.detach()), seconds


def timed(call: Callable[[], Any]) -> tuple[Any, float]:
    """The result, and the median time of a call: of three, of one that is long, of many short."""
    times: list[float] = []
    while sum(times) < (SHORT if len(times) >= 3 else LONG):
        started = time.perf_counter()
        result = call()
        times.append(time.perf_counter() - started)
    return result, statistics.median(times)


def agree(ours: float, peer: float, tolerance: float, what: str) -> None:
    if not abs(ours - peer) <= tolerance * max(1.0, abs(peer)):
        raise SystemExit(f"{what}: the answers {ours} and {peer} differ")


def summary(
    name: str, ours: list[float], peer: list[float], solved: list[tuple[bool, bool]]
) -> Case:
    ratios = [b / a for a, b in zip(ours, peer, strict=True)] if peer else []
    return Case(
        name,
        statistics.median(ours),
        statistics.median(peer) if peer else None,
        statistics.median(ratios) if peer else None,
        (min(ratios), max(ratios)) if peer else None,
        len(ours),
        sum(not a for a, _ in solved),
        sum(not b for _, b in solved) if peer else None,
    )


def minima(p: Norm, kind: str, d: int, w: int, seeds: range, limit: float) -> Case:
    ours, peer, solved = [], [], []
    for seed in seeds:
        network = KINDS[kind](d, w, seed)
        found, seconds = timed(
            partial(minimum, network, middle(d), RADIUS, p, budget_seconds=limit)
        )
        ours.append(seconds)
        done = True
        if p is Norm.INF:
            value, peer_seconds, done = highs_minimum(network, limit)
            peer.append(peer_seconds)
            if done and found.complete:
                agree(found.upper, value, 2e-5, f"{kind} {d} {w} {seed}")
        solved.append((found.complete, done))
    return summary(f"minimum {p.value} {kind} {d}-{w}-{w}-1", ours, peer, solved)


def decisions(
    package: Any, p: Norm, kind: str, d: int, w: int, seeds: range, limit: float, sign: int
) -> Case | None:
    """Thresholds below (sign 1: robust) or above the least value, by at most MARGIN."""
    ours, peer, solved = [], [], []
    for seed in seeds:
        network = KINDS[kind](d, w, seed)
        least = minimum(network, middle(d), RADIUS, p, budget_seconds=4 * limit)
        if not least.complete:
            continue
        shift = MARGIN * np.random.default_rng(seed).uniform(0.05, 1) * sign
        moved = Network(
            network.weights, (*network.biases[:-1], network.biases[-1] - least.upper + shift)
        )
        instance = Instance((middle(d),), np.array([1], dtype=np.int8), RADIUS, p)
        result, seconds = timed(partial(certify, moved, instance, budget_seconds=limit))
        ours.append(seconds)
        done = result.status is not CertificateStatus.UNDECIDED
        if done and (result.status is CertificateStatus.CERTIFIED) != (shift > 0):
            raise SystemExit(f"decision {kind} {d} {w} {seed}: {result.status} at {shift}")
        peer_done = True
        if p is Norm.INF and package is not None:
            word, peer_seconds = marabou_decides(package, moved, max(1, int(limit)))
            peer.append(peer_seconds)
            peer_done = word in ("sat", "unsat")
            if peer_done and (word == "unsat") != (shift > 0):
                print(f"Marabou is wrong: {word}, least value {shift}", file=sys.stderr)
        solved.append((done, peer_done))
    if not ours:
        return None
    answer = "robust" if sign > 0 else "refutable"
    return summary(f"decision {p.value} {answer} {kind} {d}-{w}-{w}-1", ours, peer, solved)


def roots(package: Any, kind: str, d: int, w: int, seeds: range) -> Case:
    ours, peer, solved = [], [], []
    for seed in seeds:
        network = KINDS[kind](d, w, seed)
        found, seconds = timed(partial(root_bounds, network))
        value, peer_seconds = lirpa_bound(package, network)
        agree(float(found[4]), value, 1e-7, f"root {kind} {d} {w} {seed}")
        ours.append(seconds)
        peer.append(peer_seconds)
        solved.append((True, True))
    return summary(f"root bound inf {kind} {d}-{w}-{w}-1", ours, peer, solved)


def cases(quick: bool) -> Iterator[Case]:
    """All rows, in a fixed order."""
    package, bounds = marabou(), lirpa()
    if package is None:
        print("maraboupy is not installed: decisions without a peer", file=sys.stderr)
    if bounds is None:
        print("auto_LiRPA is not installed: root bounds not compared", file=sys.stderr)
    minimum(random_network(2, 8, 0), middle(2), RADIUS, Norm.TWO)  # compile
    seeds, limit = (range(1), 2.0) if quick else (range(5), 8.0)
    for d, w in SIZES:
        for kind in KINDS:
            for p in Norm:
                yield minima(p, kind, d, w, seeds, limit)
                for sign in (1, -1):
                    case = decisions(package, p, kind, d, w, seeds, limit / 2, sign)
                    if case is not None:
                        yield case
            if bounds is not None:
                yield roots(bounds, kind, d, w, seeds)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one network a case, within 50 s")
    parser.add_argument("--json", action="store_true", help="a list of objects")
    options = parser.parse_args()
    rows = []
    for case in cases(options.quick):
        rows.append(asdict(case))
        if not options.json:
            peer = "-" if case.peer is None else f"{case.peer:.4f} s, ratio {case.ratio:.1f}"
            unsolved = f"unsolved {case.unsolved_ours}/{case.unsolved_peer}"
            print(f"{case.case:42s} {case.ours:.4f} s   peer {peer}   {unsolved}", flush=True)
    if options.json:
        print(json.dumps(rows, indent=2))
        return
    for answer in ("robust", "refutable", ""):
        name = f"decision inf {answer}"
        ratios = [row["ratio"] for row in rows if row["case"].startswith(name) and row["ratio"]]
        if ratios:
            print(f"{name.strip()}: median ratio {statistics.median(ratios):.1f}")


if __name__ == "__main__":
    main()
