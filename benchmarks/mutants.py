"""The mutation self-test of the checker: `make mutants`, or

    python benchmarks/mutants.py [--per-step 2] [--seconds 2]

Every mutant of our steps is checked. Exit 1 if one comes out proved that plainly fails at a point.
"""

from __future__ import annotations

import argparse
import signal
import sys
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from itertools import islice
from multiprocessing import get_context
from time import monotonic

from robustsize.bounds.prover import Status, check_step
from robustsize.bounds.prover.mutants import Mutant, all_mutants, falsified, mutants
from robustsize.bounds.theorems.proofs import derivation
from robustsize.commands.progress import shown

HARD = 8
"""A mutant is left undecided after this many times its limit."""


def judge(job: tuple[str, str, int, float]) -> tuple[Status, str]:
    """The checker's status of a mutant, and a point where it fails if it was not refuted.

    A mutant is named by its step and its number: SymPy would simplify it on the way to a process.
    """
    name, step, number, seconds = job
    source = derivation(name)
    original = next(s for s in source.steps if s.id == step)
    mutant = next(islice(mutants(source, original), number, None))
    try:
        with _at_most(HARD * seconds):
            outcome = check_step(mutant.derivation, mutant.step, budget_seconds_per_step=seconds)
    except TimeoutError:
        return Status.UNDECIDED, ""
    if outcome.status is Status.REFUTED:
        return outcome.status, ""
    return outcome.status, falsified(mutant)


@contextmanager
def _at_most(seconds: float) -> Iterator[None]:
    """Raise TimeoutError after so long: a single SymPy call does not look at the clock."""

    def stop(*_: object) -> None:
        raise TimeoutError

    signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def main() -> int:
    """Check all mutants and print what became of them."""
    parser = argparse.ArgumentParser(description="mutation self-test of the checker")
    parser.add_argument("--per-step", type=int, default=2, help="mutants a step at most")
    parser.add_argument("--seconds", type=float, default=2.0, help="limit a mutant")
    options = parser.parse_args()
    start = monotonic()
    chosen = list(all_mutants(per_step=options.per_step))
    numbers: Counter[str] = Counter()
    jobs = []
    for mutant in chosen:
        jobs.append((mutant.derivation.id, mutant.source, numbers[mutant.source], options.seconds))
        numbers[mutant.source] += 1
    results: list[tuple[Mutant, Status, str]] = []
    with shown() as progress, ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        for mutant, (status, where) in zip(chosen, pool.map(judge, jobs), strict=True):
            results.append((mutant, status, where))
            progress(len(results) / len(jobs), mutant.source)
    return _report(results, monotonic() - start)


def _report(results: list[tuple[Mutant, Status, str]], seconds: float) -> int:
    caught = [r for r in results if r[1] is Status.REFUTED]
    missed = [r for r in results if r[2] and r[1] is not Status.PROVED]
    unsound = [r for r in results if r[2] and r[1] is Status.PROVED]
    true = [r for r in results if not r[2] and r[1] is Status.PROVED]
    open_ = [r for r in results if not r[2] and r[1] not in (Status.PROVED, Status.REFUTED)]
    print(f"{len(results)} mutants in {seconds:.0f} s")
    print(f"  refuted                      {len(caught)}")
    print(f"  proved, true all the same    {len(true)}")
    print(f"  false, not refuted           {len(missed)}")
    print(f"  neither proved nor refuted   {len(open_)}")
    print(f"  false and proved             {len(unsound)}")
    false = len(caught) + len(missed) + len(unsound)
    print(f"share of the false ones caught: {len(caught)}/{false} = {len(caught) / false:.1%}")
    kinds = Counter(mutant.kind for mutant, *_ in results)
    refuted = Counter(mutant.kind for mutant, *_ in caught)
    print("refuted by kind: " + ", ".join(f"{k} {refuted[k]}/{n}" for k, n in kinds.items()))
    for title, group in (("false, not refuted", missed), ("not settled", open_)):
        for mutant, status, where in group:
            print(f"{title}: {mutant.source} ({mutant.kind}, {status}) {mutant.change} {where}")
    for mutant, _, where in unsound:
        print(f"FALSE AND PROVED: {mutant.source} ({mutant.kind}) {mutant.change} at {where}")
    return 1 if unsound else 0


if __name__ == "__main__":
    sys.exit(main())
