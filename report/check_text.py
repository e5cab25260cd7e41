"""Outcomes of checked derivations as lines of text, and one step explained."""

from __future__ import annotations

from itertools import groupby
from textwrap import fill
from typing import TYPE_CHECKING

from robustsize.bounds.prover import Counterexample, Domain, Outcome, Status
from robustsize.bounds.theorems.expected import Expectation, expectations
from robustsize.bounds.theorems.finite_cases import FINITE_CASES
from robustsize.bounds.theorems.proofs import derivation, is_printed

if TYPE_CHECKING:
    from robustsize.report.check import Checked, CheckReport

_WIDTH = 100


def lines(report: CheckReport) -> list[str]:
    """A line a step under its derivation's heading, then the counts and the problems."""
    text: list[str] = []
    for name, group in groupby(report.checked, key=lambda c: c.derivation):
        items = list(group)
        weakest = max((c.outcome.status for c in items), key=lambda s: s.rank)
        text.append(f"{name}: {weakest}")
        text += [line for item in items for line in _step_lines(item)]
        text.append("")
    counts = ", ".join(f"{report.counts[s]} {s}" for s in Status if report.counts[s])
    printed = sum(
        c.origin == "printed" and c.outcome.status is Status.REFUTED for c in report.checked
    )
    text.append(f"{len(report.checked)} steps: {counts}")
    if printed:
        text.append(f"{printed} of the refuted are readings of steps that the paper prints")
    if report.problems:
        text += ["", "Problems:", *(f"  {problem}" for problem in report.problems)]
    return text


def _step_lines(item: Checked) -> list[str]:
    outcome = item.outcome
    found = [f"  {outcome.id:<34} {outcome.status!s:<10} {item.origin:<8} {basis(outcome)}"]
    if item.expectation is not None and outcome.status is Status.REFUTED:
        found.append(f"  {'':<34} {_consequence(item.expectation)}")
    return found


def basis(outcome: Outcome) -> str:
    """What the status of a step rests on, in a few words."""
    if outcome.counterexample is not None:
        return counterexample_text(outcome.counterexample)
    if outcome.status is Status.PROVED:
        return str(outcome.method)
    return _shortened(outcome.reason)


def counterexample_text(example: Counterexample) -> str:
    """Where a claim fails and what both sides are there."""
    where = ", ".join(f"{name} = {value}" for name, value in example.point.items())
    what = example.failure.rpartition("fails: ")[2]
    return _shortened(f"{where}: {what}" if where else what)


def _consequence(expected: Expectation) -> str:
    verdict = (
        "the theorem survives" if expected.survives else "the theorem does not survive as stated"
    )
    instead = f"; instead: {expected.corrected}" if expected.corrected else ""
    return f"{verdict}{instead}"


def _shortened(text: str, limit: int = 160) -> str:
    return text if len(text) <= limit else f"{text[: limit - 3]}..."


def explain(step_id: str) -> list[str]:
    """One step of ours in full: claim, domain, note, verdict, and what follows from it.

    Raises DerivationError where there is no such step.
    """
    from robustsize.report.check import FINITE, find_step, run

    name, step_id = find_step(step_id)
    outcome = run([step_id]).checked[0].outcome
    kind = "as the paper prints it" if is_printed(name, step_id) else "ours"
    if name == FINITE:
        case = next(c for c in FINITE_CASES if c.id == step_id)
        text = [f"{step_id} ({kind})", f"claim      {case.claim}", f"note       {case.note}"]
    else:
        text = [f"{step_id} ({name}, {kind})", *_statement(name, step_id)]
    text += [f"status     {outcome.status}", f"method     {outcome.method}"]
    if outcome.counterexample is not None:
        text.append(f"fails at   {outcome.counterexample}")
    elif outcome.reason:
        text.append(f"reason     {outcome.reason}")
    expected = expectations().get(step_id)
    if expected is not None:
        text += [f"why        {expected.why}", f"so         {_consequence(expected)}"]
    return [fill(line, _WIDTH, subsequent_indent=" " * 11) for line in text]


def _statement(name: str, step_id: str) -> list[str]:
    source = derivation(name)
    step = next(s for s in source.steps if s.id == step_id)
    text = [f"source     {source.source}", f"claim      {step.claim}"]
    text += [f"given      {given}" for given in step.given]
    words = " ".join([str(step.claim), *map(str, step.given), step.regime])
    for symbol, meaning in reversed(list(source.definitions.items())):
        if symbol in _names(words):
            words += f" {meaning}"
            text.append(f"with       {symbol} = {meaning}")
    text += [
        f"for        {symbol} {_domain(domain)}"
        for symbol, domain in source.symbols.items()
        if symbol in _names(words)
    ]
    for label, value in (("regime", step.regime), ("cites", step.cite), ("note", step.note)):
        if value:
            text.append(f"{label:<10} {value}")
    if source.note:
        text.append(f"where      {source.note}")
    return text


def _names(text: str) -> set[str]:
    return set("".join(c if c.isalnum() or c == "_" else " " for c in text).split())


def _domain(domain: Domain) -> str:
    low = "-inf" if domain.min is None else str(domain.min)
    high = "inf" if domain.max is None else str(domain.max)
    left = "(" if domain.open in (True, "min") or low == "-inf" else "["
    right = ")" if domain.open in (True, "max") or high == "inf" else "]"
    return f"{domain.kind} in {left}{low}, {high}{right}"
