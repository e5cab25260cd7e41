"""Steps run apart: their limits, their deaths, the end of their caller, scripts, Ctrl-C."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from fractions import Fraction
from functools import partial
from pathlib import Path

import pytest
import sympy as sp

from robustsize.bounds import prover as package
from robustsize.bounds.prover import DerivationError, Status, integer
from robustsize.bounds.prover.engines.decide import holds
from robustsize.bounds.prover.isolated import Done, Job, Limits, Refused, Stopped, Workers
from robustsize.bounds.prover.language.relations import Relation
from robustsize.bounds.symbols import InputError
from robustsize.report import check

ROOM = Limits(20)
HEAD = '[derivation]\nid = "t"\n[symbols]\n'
X, N = 'x = { domain = "real", min = 0 }\n', 'n = { domain = "integer", min = 1 }\n'


def _file(folder: Path, *claims: str, symbols: str = X + N, name: str = "t.toml") -> str:
    steps = [f'[[step]]\nid = "s{i}"\nclaim = "{claim}"\n' for i, claim in enumerate(claims)]
    path = folder / name
    path.write_text(HEAD + symbols + "".join(steps))
    return str(path)


def _endless() -> Job:
    return Job(partial(sum, range(10**13)), Limits(0.3))


def test_a_job_that_ends_badly_costs_its_own_answer_only() -> None:
    jobs = [
        Job(partial(int, "3"), ROOM),
        _endless(),
        Job(partial(bytearray, 1 << 29), Limits(20, memory_bytes=1 << 28)),
        Job(os.abort, ROOM),
        Job(partial(os._exit, 7), ROOM),
        Job(partial(signal.raise_signal, signal.SIGSEGV), ROOM),
        Job(partial(signal.raise_signal, signal.SIGKILL), ROOM),
        Job(partial(int, "three"), ROOM),
        Job(partial(integer, 1), ROOM),
    ]
    with Workers(2) as workers:
        answers = list(workers.answers(jobs))
    assert answers[0] == Done(3)
    assert answers[-1] == Done(integer(1))
    reasons = [a.reason for a in answers[1:-1] if isinstance(a, Stopped)]
    parts = ["time limit of 0.3 s", "memory limit of 256 MiB", "SIGABRT", "code 7"]
    parts += ["SIGSEGV", "SIGKILL", "ValueError"]
    for reason, part in zip(reasons, parts, strict=True):
        assert part in reason


def test_bad_input_is_told_from_failure() -> None:
    from robustsize.bounds.prover import loads

    with Workers(1) as workers:
        [answer] = workers.answers([Job(partial(loads, "nonsense"), ROOM)])
    assert isinstance(answer, Refused)
    assert "not valid TOML" in answer.message
    assert issubclass(DerivationError, InputError)


def test_a_server_that_is_killed_is_replaced() -> None:
    with Workers(1) as workers:
        answers = workers.answers([Job(partial(int, "1"), ROOM), _endless(), *_counted(2, 4)])
        assert next(answers) == Done(1)
        os.kill(workers._servers[0]._process.pid, signal.SIGKILL)
        assert next(answers) == Stopped("its worker was killed")
        assert list(answers) == [Done(2), Done(3)]


def _counted(first: int, last: int) -> list[Job]:
    return [Job(partial(int, i), ROOM) for i in range(first, last)]


CALLER = """
from functools import partial
from robustsize.bounds.prover.isolated import Job, Limits, Workers
workers = Workers(1)
list(workers.answers([Job(partial(int, 1), Limits(9))]))
print(workers._servers[0]._process.pid, flush=True)
list(workers.answers([Job(partial(sum, range(10**13)), Limits(300))]))
"""


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="looks into /proc")
def test_processes_end_with_a_caller_that_is_killed() -> None:
    caller = subprocess.Popen([sys.executable, "-c", CALLER], stdout=subprocess.PIPE, text=True)
    assert caller.stdout is not None
    with caller.stdout:
        group = int(caller.stdout.readline())
    while len(_running(group)) < 2:  # the server and the child that it forks for the job
        time.sleep(0.05)
    caller.kill()
    caller.wait()
    until = time.monotonic() + 20
    while _running(group) and time.monotonic() < until:
        time.sleep(0.05)
    assert not _running(group)


def _running(group: int) -> list[int]:
    """The processes of a group that have not ended."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, _, pgrp = stat.read_text().rpartition(")")[2].split()[:3]
        except OSError:
            continue
        if int(pgrp) == group and state not in "ZX":
            found.append(int(stat.parent.name))
    return found


def test_a_script_needs_no_main_guard(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(
        "from robustsize.report.check import run\n"
        "print('started')\n"
        "print([str(c.outcome.status) for c in run(['2.2a'], processes=2).checked])\n"
    )
    run = subprocess.run([sys.executable, script], capture_output=True, text=True, check=False)
    assert run.stdout.splitlines() == ["started", "['refuted', 'proved']"], run.stderr


def test_ctrl_c_ends_a_check_cleanly() -> None:
    command = [sys.executable, "-m", "robustsize.cli", "check", "C6"]
    run = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # What runs in the background of a script inherits Ctrl-C ignored.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    time.sleep(4)
    run.send_signal(signal.SIGINT)
    _, error = run.communicate(timeout=60)
    assert run.returncode == 130
    assert error.count("\n") <= 3
    assert "Traceback" not in error


def test_what_cannot_be_read_discards_nothing_else(tmp_path: Path) -> None:
    good = _file(tmp_path, "x + 1 > 0", "x >", name="good.toml")
    report = check.run([good, str(tmp_path / "missing.toml")])
    assert [(c.outcome.id, c.outcome.status) for c in report.checked] == [("s0", Status.PROVED)]
    assert [line.partition(":")[0] for line in report.unreadable] == [
        str(tmp_path / "missing.toml"),
        good,
    ]
    assert report.exit_code == 2


def test_a_refutation_counts_beside_what_cannot_be_read(tmp_path: Path) -> None:
    report = check.run([_file(tmp_path, "x > 0", "y > 0")])
    assert report.exit_code == 1
    assert len(report.unreadable) == 1


@pytest.mark.parametrize("content", [b"\xff\xfe", b"a = " + b"[" * 10**5, b"#" * (1 << 21)])
def test_unreadable_files_are_refused_in_a_line(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "t.toml"
    path.write_bytes(content)
    with pytest.raises(DerivationError) as error:
        check.run([str(path)])
    assert str(error.value).startswith(str(path))
    assert "\n" not in str(error.value).strip()


@pytest.mark.parametrize(
    "claim",
    [
        "2**(2**n) >= 1",
        "x**1000000000 <= max(x**1000000000, 1)",
        "ceil(log2(2**1000+1)) == 1001",
        "**".join(["n"] * 11) + " >= 1",
        "Sum(i, i, 1, 10**12) >= 1",
        "Sum(exp(i), i, n, n**2) >= 0",
        "Sum(x**i, i, 0, floor(x)) >= 1",
        "floor(exp(exp(x))) <= exp(exp(x))",
        "+".join(["x"] * 9000) + " >= 0",
    ],
    ids=lambda claim: claim[:30],
)
def test_true_claims_that_are_hard_to_write_out_end_within_limits(
    tmp_path: Path, claim: str
) -> None:
    [item] = check.run([_file(tmp_path, claim)], budget_seconds_per_step=1).checked
    assert item.outcome.status is not Status.REFUTED
    assert "report it" not in item.outcome.reason


@pytest.mark.parametrize(
    "claim", ["9**9**9**9 > 0", "factorial(10**9) > 0", "(" * 10**4 + "x >= 0"]
)
def test_constants_that_are_too_long_are_refused(tmp_path: Path, claim: str) -> None:
    with pytest.raises(DerivationError):
        check.run([_file(tmp_path, claim)])


@pytest.mark.parametrize("bound", ["2**n", "factorial(n)", "2**(2**n)"])
def test_bounds_may_be_too_long_to_write_out(tmp_path: Path, bound: str) -> None:
    symbols = N + f'm = {{ domain = "integer", min = 1, max = "{bound}" }}\n'
    [item] = check.run([_file(tmp_path, f"m <= {bound}", symbols=symbols)]).checked
    assert item.outcome.status is Status.PROVED or "limit" in item.outcome.reason


def test_a_difference_below_any_precision_is_seen() -> None:
    x = sp.Symbol("x", real=True)
    near = Relation(1 + sp.exp(-x), "<=", sp.S.One)
    assert holds(near, {x: Fraction(10**6)}) is False
    assert holds(Relation(near.right, "<", near.left), {x: Fraction(10**6)}) is True
    assert holds(Relation(near.left, "==", near.right), {x: Fraction(10**6)}) is False


def test_no_engine_looks_at_the_wall_clock() -> None:
    """Budgets are in processor time: a busy machine must not change an answer."""
    folder = Path(package.__path__[0])
    sources = list(folder.rglob("*.py"))
    assert {"prove_box.py", "asymptotic.py"} <= {path.name for path in sources}
    for path in sources:
        if path.name not in ("check.py", "worker.py"):
            assert "import monotonic" not in path.read_text(), path.name
