"""How commands end: signals at any moment, closed pipes, full disks, folders that are taken."""

import errno
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner

from robustsize.bounds.symbols import InputError
from robustsize.cli import cli
from robustsize.commands.ending import Exit
from robustsize.commands.measure import exit_code
from robustsize.commands.paths import output_folder
from robustsize.simulate.experiment.verdict import Agreement
from robustsize.simulate.system.folder import folder_of_run, write_text

RUN = "from robustsize.entry import main; main()"
COMMANDS = {
    "bound": ["bound", "thm4.3", "--d", "2:1000", "--epsilon", "0.1"],
    "search": ["search", "--d", "4", "--epsilon", "0.2", "--c", "0.5", "-o", "out"],
    "check": ["check", "all"],
    "build": ["build", "thm4.3", "--d", "14", "--epsilon", "0.3", "--c", "0.5", "-o", "n.npz"],
}


def start(args, folder):
    return subprocess.Popen(
        [sys.executable, "-c", RUN, *args],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=hear_signals,
    )


def hear_signals():
    """Ctrl-C as on a terminal: what runs in the background of a script inherits it ignored."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def interrupted(args, folder, after, number=signal.SIGINT, times=1):
    """What a command that is sent a signal, as a terminal sends it, leaves: code and complaints."""
    process = start(args, folder)
    await_readiness(process)
    time.sleep(after)
    for _ in range(times):
        os.killpg(process.pid, number)
        time.sleep(0.02)
        if process.poll() is not None:
            break
    _, said = process.communicate(timeout=20)
    return process.returncode, complaints(said)


def await_readiness(process):
    """Wait until the program answers signals, which the interpreter's own start comes before."""
    status, deadline = Path(f"/proc/{process.pid}/status"), time.monotonic() + 30
    while status.exists() and time.monotonic() < deadline and process.poll() is None:
        blocked = re.search(r"SigBlk:\s*([0-9a-f]+)", status.read_text())
        if blocked is None or int(blocked[1], 16) >> (signal.SIGINT - 1) & 1:
            return
        time.sleep(0.01)


def complaints(text):
    """The lines of standard error that are not progress."""
    return [line for line in text.splitlines() if not re.match(r" *\d+%  ", line)]


DELAYS = [0.0, 0.3, 0.8, 2.3]


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("after", DELAYS)
def test_ctrl_c_ends_with_one_line_at_any_time(command, after, tmp_path):
    code, said = interrupted(COMMANDS[command], tmp_path, after)
    assert (code, said) == (Exit.INTERRUPTED, ["robustsize: interrupted"])
    assert [path for path in tmp_path.rglob("*") if path.name.endswith(".partial")] == []


LATE = """
import atexit, signal, sys, time
from robustsize.commands.ending import end_on_signals
end_on_signals()
class Last:
    def __del__(self, sleep=time.sleep):
        print("last", flush=True)
        sleep(0.5)
sys.modules["last"] = Last()
"""


def test_ctrl_c_while_the_interpreter_takes_itself_down_changes_nothing(tmp_path):
    process = subprocess.Popen(
        [sys.executable, "-c", LATE],
        stdout=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
        preexec_fn=hear_signals,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "last\n"
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=20)
    assert process.returncode == 0


def test_ctrl_c_twice_is_one_end(tmp_path):
    code, said = interrupted(COMMANDS["search"], tmp_path, 1.5, times=3)
    assert (code, said) == (Exit.INTERRUPTED, ["robustsize: interrupted"])


def test_terminate_ends_with_143(tmp_path):
    process = start(COMMANDS["check"], tmp_path)
    await_readiness(process)
    time.sleep(1)
    process.terminate()
    _, said = process.communicate(timeout=20)
    assert process.returncode == Exit.TERMINATED
    assert said.splitlines()[-1] == "robustsize: terminated"


def test_a_reader_that_stops_reading_hears_nothing(tmp_path):
    command = "bound thm4.3 --d 2:400 --epsilon 0.1 --form printed"
    line = f"{sys.executable} -c '{RUN}' {command} | head -1"
    done = subprocess.run(line, shell=True, capture_output=True, text=True, cwd=tmp_path)
    assert done.stdout.count("\n") == 1
    assert complaints(done.stderr) == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_output_that_the_disk_does_not_take_is_one_line(tmp_path):
    line = f"{sys.executable} -c '{RUN}' list > /dev/full"
    done = subprocess.run(line, shell=True, capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == Exit.BAD_INPUT
    assert done.stderr.count("\n") == 1


@pytest.fixture
def full_disk(monkeypatch):
    """Every write of a file fails."""

    def full(self, *args, **options):
        Path.touch(self)
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Path, "write_bytes", full)
    monkeypatch.setattr(Path, "write_text", full)


def run(*args):
    return CliRunner().invoke(cli, list(map(str, args)))


@pytest.mark.parametrize("ending", ["npz", "pt", "onnx"])
def test_a_full_disk_leaves_no_file_and_blames_the_output(ending, tmp_path, full_disk):
    where = ("--epsilon", "0.2", "--c", "0.5", "-o", tmp_path / f"n.{ending}")
    done = run("build", "thm3.3", "--d", "2", *where)
    assert done.exit_code == Exit.BAD_INPUT
    (said,) = complaints(done.stderr)
    assert said.startswith("robustsize: -o ")
    assert "No space left" in said
    assert list(tmp_path.iterdir()) == []


def test_a_search_on_a_full_disk_blames_the_output(tmp_path, full_disk):
    where = ("--d", "2", "--epsilon", "0.4", "--c", "0.5", "--budget", "9", "-o", tmp_path)
    done = run("search", *where, "--seeds", "4")
    assert done.exit_code == Exit.BAD_INPUT
    assert "-o " in done.stderr
    assert "--instance" not in done.stderr


def test_a_text_is_written_whole_or_not_at_all(tmp_path, full_disk):
    with pytest.raises(InputError, match="No space left"):
        write_text(tmp_path / "a.txt", "x")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_belongs_to_one_run(tmp_path):
    taken = pytest.raises(InputError, match="another run is writing")
    with folder_of_run(tmp_path, "probe a"), taken:
        folder_of_run(tmp_path, "probe a").__enter__()
    with folder_of_run(tmp_path, "probe a"):  # The same run again.
        pass
    with pytest.raises(InputError, match="holds the results of 'probe a'"):
        folder_of_run(tmp_path, "probe b").__enter__()


def test_the_folder_of_a_killed_run_is_free(tmp_path):
    code = (
        "import sys, time; from pathlib import Path\n"
        "from robustsize.simulate.system.folder import folder_of_run\n"
        "with folder_of_run(Path(sys.argv[1]), 'x'): print('held', flush=True); time.sleep(60)"
    )
    process = subprocess.Popen([sys.executable, "-c", code, tmp_path], stdout=subprocess.PIPE)
    assert process.stdout.readline() == b"held\n"
    with pytest.raises(InputError, match="another run is writing"):
        folder_of_run(tmp_path, "x").__enter__()
    process.kill()
    process.communicate()
    with folder_of_run(tmp_path, "x"):
        pass


@pytest.mark.parametrize("name", ["", " ", "/dev/null/x", "a\0b", "x" * 5000])
def test_a_folder_that_cannot_be_is_refused(name):
    with pytest.raises(InputError, match="for example -o"):
        output_folder(name)


def test_search_and_shattering_do_not_share_a_folder(tmp_path):
    where = ("--d", "2", "--epsilon", "0.4", "--c", "0.5", "-o", tmp_path, "--seeds", "4")
    assert run("search", *where).exit_code == Exit.OK
    done = run("search", *where, "--architecture", "2")
    assert done.exit_code == Exit.BAD_INPUT
    assert "holds the results of" in done.stderr


def test_a_defect_is_one_line_and_exit_code_70(monkeypatch):
    def broken(*args, **options):
        return [][0]

    monkeypatch.setattr("robustsize.report.bound_text.theorem_lines", broken)
    done = run("show", "thm4.3")
    assert done.exit_code == Exit.INTERNAL
    assert done.stderr.count("\n") == 1
    assert "internal error: IndexError" in done.stderr
    monkeypatch.setenv("ROBUSTSIZE_DEBUG", "1")
    assert "Traceback" in run("show", "thm4.3").stderr


@pytest.mark.parametrize(
    ("verdicts", "cut", "code"),
    [
        (["agrees", "inconclusive"], [], Exit.OK),
        (["agrees", "contradicts"], ["x"], Exit.REFUTED),
        (["inconclusive", "vacuous"], [], Exit.UNDECIDED),
        (["agrees"], ["x"], Exit.UNDECIDED),
    ],
)
def test_the_exit_code_of_agree(verdicts, cut, code):
    assert exit_code({Agreement(verdict) for verdict in verdicts}, whole=not cut) is code


def test_an_undecided_certificate_is_exit_code_3(tmp_path, monkeypatch):
    from robustsize.simulate.certify import guarantee
    from robustsize.simulate.certify.complete import CertificateStatus

    real = guarantee.certificate

    def undecided(*args, **options):
        from dataclasses import replace

        return replace(real(*args, **options), status=CertificateStatus.UNDECIDED)

    monkeypatch.setattr(guarantee, "certificate", undecided)
    net = tmp_path / "n.npz"
    args = ("build", "thm3.3", "--d", "2", "--epsilon", "0.2", "--c", "0.5", "-o", net, "--json")
    done = run(*args)
    assert done.exit_code == Exit.UNDECIDED
    assert json.loads(done.stdout)["certificate"]["status"] == "undecided"
    asked = run("certify", net, "--instance", tmp_path / "n.instance.npz")
    assert asked.exit_code == Exit.UNDECIDED


def test_the_exit_codes_are_in_the_help():
    text = " ".join(run("-h").stdout.split())
    for code in ("0 certified", "1 refuted", "2 bad input", "3 undecided", "130", "143"):
        assert code in text
