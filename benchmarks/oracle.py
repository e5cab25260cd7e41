"""Certificates of small networks of every magnitude held against an exact oracle.

    python benchmarks/oracle.py [--seconds S] [--seed S] [--workers W] [--keep FOLDER] [--json]
    python benchmarks/oracle.py --case I     one case again, whole

Cases (`_small_networks`): at most 9 hidden units and 6 inputs, weights, points and radii from
5e-324 to 1.8e308, half of them critical. Each is decided in rationals (`_exact`), in turn checked
by a second and a third method, and put to `certify` and to `certificate`, which the command
calls. An answer is wrong that calls a network robust that is not, gives a counterexample that is
none or a bound that does not hold; so is an exception, or no answer within four budgets. Wrong and
undecided answers are counted; the exit code is 1 where one is wrong, or more are undecided than
--most-undecided allows. Case i of a seed is the same on every machine, however long the run. --keep
writes each case that came out wrong or undecided as network and instance, files that
`robustsize certify` reads.
"""

from __future__ import annotations

import argparse
import faulthandler
import itertools
import json
import math
import multiprocessing
import os
import signal
import sys
import time
import warnings
from collections import Counter, deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from fractions import Fraction
from pathlib import Path
from types import FrameType

import numpy as np
from _exact import (
    Problem,
    dense,
    failing_point,
    least_on_interval,
    least_value,
    z3_answer,
)
from _small_networks import Case, case, problems

from robustsize.simulate.certify.complete import Certificate, CertificateStatus, certify
from robustsize.simulate.certify.exact_value import exact_value
from robustsize.simulate.certify.guarantee import Guarantee, certificate
from robustsize.simulate.certify.relaxation import flatten
from robustsize.simulate.data.instance import Instance, Norm
from robustsize.simulate.data.regions import Region
from robustsize.simulate.networks.network import Network

CHUNK = 10
"""Cases that a worker takes at a time."""
Z3_EVERY, Z3_MILLISECONDS = 25, 500
PATIENCE = 4
"""Budgets after which no answer is a wrong one."""
ROUNDING, UNDERFLOW = Fraction(1, 2**40), Fraction(1, 2**1080)
"""Bounds may be off by these, relatively and absolutely: they are floats."""


class NoAnswerError(Exception):
    """The certifier ran far beyond its budget."""


class OraclesDifferError(AssertionError):
    """Two oracles contradict each other: nothing can be said of the certifier."""


@dataclass(frozen=True)
class Outcome:
    """What one certifier answered to one case. wrong: what is wrong with it, or empty."""

    case: int
    kind: str
    p: str
    door: str
    answer: str
    wrong: str
    reason: str
    seconds: float

    @property
    def undecided(self) -> bool:
        """Whether the certifier says that it cannot tell."""
        return not self.wrong and self.answer == CertificateStatus.UNDECIDED.value


def is_robust(case: Case) -> bool:
    """What the oracles say.

    Raises OraclesDifferError where they contradict each other.
    """
    asked = problems(case)
    points = [failing_point(problem) for problem in asked]
    for problem, point in zip(asked, points, strict=True):
        robust = point is None
        others = [robust if point is None else not _refutes(problem, point)]
        if problem.p is Norm.INF:
            others.append(least_value(problem) > 0)
        if len(problem.centre) == 1:
            others.append(least_on_interval(problem) > 0)
        if case.index % Z3_EVERY == 0:
            answer = z3_answer(problem, Z3_MILLISECONDS)
            others.append(robust if answer is None else answer)
        if any(other is not robust for other in others):
            raise OraclesDifferError(f"case {case.index}: {robust}, then {others}")
    return all(point is None for point in points)


def _refutes(problem: Problem, point: tuple[Fraction, ...]) -> bool:
    steps = [v - c for v, c in zip(point, problem.centre, strict=True)]
    if problem.p is Norm.INF:
        inside = max(map(abs, steps)) <= problem.radius
    else:
        inside = sum(s * s for s in steps) <= problem.radius**2
    return inside and problem.sign * problem.network.exact(point) <= 0


def flaw(case: Case, found: Certificate, robust: bool) -> str:
    """What is wrong with an answer; empty where nothing is."""
    asked = problems(case)
    if found.status is CertificateStatus.CERTIFIED and not robust:
        return "certified, but not robust"
    if found.status is CertificateStatus.COUNTEREXAMPLE:
        point = found.counterexample
        named = asked if found.point_index is None else [asked[found.point_index]]
        if point is None or not any(_refutes(problem, point) for problem in named):
            return "a counterexample that is none"
        if not any(
            problem.sign * problem.network.exact(point) <= found.margin for problem in named
        ):
            return f"a value of at most {found.margin} that the counterexample does not have"
    elif found.margin > -math.inf and any(_below(problem, found.margin) for problem in asked):
        return f"a margin of {found.margin} that is not kept"
    return ""


def _below(problem: Problem, margin: float) -> bool:
    """Whether the least value is below the margin, by more than its rounding."""
    if margin == math.inf:
        return True
    level = Fraction(margin)
    return failing_point(problem, level - abs(level) * ROUNDING - UNDERFLOW) is not None


def guarantee(case: Case) -> Guarantee:
    """The case's instance as the command reads it."""
    given = case.instance
    return Guarantee(Region.of_class(given, 1), Region.of_class(given, -1), given.radius, given.p)


DOORS: dict[str, Callable[[Case, float], Certificate]] = {
    "certify": lambda case, budget: certify(case.network, case.instance, budget_seconds=budget),
    "certificate": lambda case, budget: certificate(
        case.network, guarantee(case), budget_seconds=budget
    ),
}


@contextmanager
def patience(seconds: float) -> Iterator[None]:
    """Raise NoAnswerError after that time; end the process where it does not listen."""
    signal.setitimer(signal.ITIMER_REAL, seconds)
    faulthandler.dump_traceback_later(2 * seconds + 10, exit=True)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        faulthandler.cancel_dump_traceback_later()


def outcomes(seed: int, index: int, budget: float) -> list[Outcome]:
    """One case, decided and put to each certifier."""
    asked = case(seed, index)
    robust = is_robust(asked)
    found = []
    for door, answer in DOORS.items():
        started = time.monotonic()
        try:
            with patience(PATIENCE * budget):
                result = answer(asked, budget)
            seconds = time.monotonic() - started
            status, reason = result.status.value, result.reason
            wrong = flaw(asked, result, robust)
        except Exception as error:
            seconds = time.monotonic() - started
            status, reason, wrong = "none", "", f"{type(error).__name__}: {error}"
        norm = asked.instance.p.value
        found.append(Outcome(index, asked.kind, norm, door, status, wrong, reason, seconds))
    return found


def _start_worker() -> None:
    """Compile, so that no case pays for it; from then on a certifier can be stopped."""
    warnings.simplefilter("ignore")
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    network = Network.of([([[1.0], [-1.0]], [0.0, 0.0]), ([[1.0, 1.0]], [-1.0])])
    for p in Norm:
        instance = Instance(((Fraction(2),),), np.array([1], np.int8), Fraction(1, 3), p)
        certify(network, instance)
    exact_value(flatten(network), (Fraction(2),))
    signal.signal(signal.SIGALRM, _interrupt)


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise NoAnswerError("no answer in time")


def _chunk(seed: int, first: int, budget: float) -> list[Outcome]:
    cases = range(first, first + CHUNK)
    return [found for index in cases for found in outcomes(seed, index, budget)]


def run(
    seconds: float, seed: int, workers: int, budget: float
) -> Iterator[tuple[list[Outcome], float]]:
    """Outcomes in the cases' order, and the seconds left, until the time is over."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, context, _start_worker) as pool:
        pool.submit(int).result()  # compiling is not counted
        deadline = time.monotonic() + seconds
        firsts = itertools.count(0, CHUNK)
        waiting: deque[tuple[int, Future[list[Outcome]]]] = deque()
        while time.monotonic() < deadline:
            while len(waiting) < 2 * workers:
                first = next(firsts)
                waiting.append((first, pool.submit(_chunk, seed, first, budget)))
            first, future = waiting.popleft()
            try:
                yield future.result(), max(0.0, deadline - time.monotonic())
            except BrokenProcessPool:
                last = first + 2 * workers * CHUNK - 1
                raise SystemExit(f"a worker died at one of the cases {first} to {last}") from None
        for _, future in waiting:
            future.cancel()


def reproduced(seed: int, index: int) -> str:
    """A case in one line of Python literals."""
    asked = case(seed, index)
    given = asked.instance
    layers = [
        (weight.tolist(), bias.tolist())
        for weight, bias in zip(dense(asked.network), asked.network.biases, strict=True)
    ]
    points = [[str(v) for v in x] for x in given.points]
    return (
        f"seed {seed} case {index} ({asked.kind}): p {given.p.value}, radius {given.radius}, "
        f"points {points}, labels {given.labels.tolist()}, layers {layers}"
    )


def keep(folder: Path, seed: int, found: Outcome) -> None:
    """Write a case as network, instance and text, by what came of it."""
    asked = case(seed, found.case)
    within = folder / ("wrong" if found.wrong else found.answer)
    within.mkdir(parents=True, exist_ok=True)
    name = f"{seed}-{found.case}"
    asked.network.save(within / f"{name}.npz")
    guarantee(asked).save(within / f"{name}.instance.npz")
    (within / f"{name}-{found.door}.txt").write_text(f"{found}\n{reproduced(seed, found.case)}\n")


@dataclass(frozen=True)
class Row:
    """A group of answers."""

    group: str
    answers: int
    wrong: int
    undecided: int
    slowest: float

    @classmethod
    def of(cls, group: str, found: list[Outcome]) -> Row:
        """Counted."""
        wrong = sum(bool(o.wrong) for o in found)
        undecided = sum(o.undecided for o in found)
        return cls(group, len(found), wrong, undecided, max(o.seconds for o in found))

    def line(self) -> str:
        """As text, in columns."""
        share = 100 * self.undecided / self.answers
        return (
            f"{self.group:44} answers {self.answers:7}  wrong {self.wrong:4}  "
            f"undecided {self.undecided:5} ({share:.2f} %)  slowest {self.slowest:.2f} s"
        )


def rows(found: list[Outcome]) -> list[Row]:
    """By certifier, norm and the change that made the case; then by kind."""
    ways: tuple[Callable[[Outcome], str], ...] = (
        lambda o: f"{o.door}, p = {o.p}",
        lambda o: f"{o.door}, p = {o.p}, {_change(o)}",
        lambda o: f"{o.kind}, p = {o.p}",
    )
    return [
        Row.of(group, [o for o in found if way(o) == group])
        for way in ways
        for group in sorted({way(o) for o in found})
    ]


def _change(outcome: Outcome) -> str:
    base, change, *_ = outcome.kind.split(", ")
    return base if base == "fooled" else change


def _progress(found: list[Outcome], left: float) -> None:
    wrong, undecided = sum(bool(o.wrong) for o in found), sum(o.undecided for o in found)
    counts = f"{found[-1].case + 1} cases, {wrong} wrong, {undecided} undecided"
    print(f"\r{counts}; ends in {left:.0f} s  ", end="", file=sys.stderr, flush=True)


def _one(options: argparse.Namespace) -> list[Outcome]:
    _start_worker()
    print(reproduced(options.seed, options.case))
    found = outcomes(options.seed, options.case, options.budget)
    for outcome in found:
        print(outcome)
        if options.keep:
            keep(options.keep, options.seed, outcome)
    return found


def _many(options: argparse.Namespace) -> list[Outcome]:
    found: list[Outcome] = []
    shown = 0.0
    print("compiling", end="", file=sys.stderr, flush=True)
    for chunk, left in run(options.seconds, options.seed, options.workers, options.budget):
        found += chunk
        for outcome in chunk:
            if outcome.wrong:
                print(f"\nWRONG, {outcome.door}: {outcome.wrong}", file=sys.stderr)
                print(reproduced(options.seed, outcome.case), file=sys.stderr)
            if options.keep and (outcome.wrong or outcome.undecided):
                keep(options.keep, options.seed, outcome)
        if time.monotonic() - shown > 1:
            shown = time.monotonic()
            _progress(found, left)
    print(file=sys.stderr)
    if options.json:
        print(json.dumps([asdict(row) for row in rows(found)], indent=2))
    else:
        print("\n".join(row.line() for row in rows(found)))
        reasons = Counter((o.reason) for o in found if o.undecided)
        for reason, count in reasons.most_common(10):
            print(f"undecided {count:5}: {reason}")
    return found


def main() -> None:
    """Parse the options, run, print; exit code 1 where an answer is wrong or too many are open."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=120.0, help="how long (120)")
    parser.add_argument("--seed", type=int, default=0, help="which cases (0)")
    parser.add_argument("--workers", type=int, default=os.cpu_count(), help="processes (all cores)")
    parser.add_argument("--budget", type=float, default=5.0, help="seconds a certifier gets (5)")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="wrong and undecided as files")
    parser.add_argument("--case", type=int, metavar="I", help="this case alone")
    parser.add_argument(
        "--most-undecided",
        type=float,
        default=100.0,
        metavar="PERCENT",
        help="exit code 1 where more are undecided (100)",
    )
    parser.add_argument("--json", action="store_true", help="print the counts as a list of objects")
    options = parser.parse_args()
    found = _many(options) if options.case is None else _one(options)
    wrong, undecided = any(o.wrong for o in found), sum(o.undecided for o in found)
    sys.exit(wrong or 100 * undecided > options.most_undecided * len(found))


if __name__ == "__main__":
    main()
