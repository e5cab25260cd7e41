"""Odd command lines: an exit code of the list, never a traceback, and one line for bad input."""

import itertools
import random
import re

import click
import pytest
from click.testing import CliRunner

from robustsize.bounds.symbols import PARAMETERS
from robustsize.cli import cli
from robustsize.commands.ending import Exit

PROGRESS = re.compile(r" *\d+%  ")
"""A line of progress, which a slow machine may show before the complaint."""

ODD = [
    "",
    " ",
    "0",
    "-1",
    "nan",
    "inf",
    "1e300",
    "1e-300",
    "1/0",
    "9" * 400,
    "1:9999",
    "5:2",
    ",",
    ":",
    "²",
    "٣",
    "1e9999",
    "0.5000000001",
    "x" * 10_000,
    "a\nb",
    "\udc80",
    "--",
    "/dev/zero",
    "/dev/null",
    "/",
    "a\0b",
]

GOOD = {
    "show": ["thm4.3"],
    "bound": ["thm4.3", "--d", "3", "--epsilon", "0.1"],
    "table": ["--d", "3", "--epsilon", "0.1"],
    "solve": ["thm4.3", "--for", "d", "--size", "1000", "--epsilon", "0.1"],
    "plot": ["thm4.3", "--d", "2:4", "--epsilon", "0.1", "-o", "x.svg"],
    "agree": ["--only", "growth", "-o", "out"],
    "probe": ["growth", "--budget", "1", "-o", "out"],
    "check": ["thm2.2"],
    "build": ["thm3.3", "--d", "2", "--epsilon", "0.2", "--c", "0.5", "-o", "x.npz"],
    "certify": ["net.npz", "--instance", "net.instance.npz"],
    "search": ["--d", "2", "--epsilon", "0.4", "--c", "0.5", "--budget", "1", "-o", "out"],
}
"""A command line of each command, to which one odd option is added; nothing in it is slow."""

SLOW_WHEN_ACCEPTED = {"agree", "check", "probe", "search"}
"""Commands of which only the refusals are tried here: what they accept, they run."""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*args):
    return CliRunner().invoke(cli, list(map(str, args)))


def complaint(*args):
    """The one line that a command line gets as bad input."""
    done = run(*args)
    assert done.exit_code == Exit.BAD_INPUT, (args, done.output, done.exception)
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1, done.stderr
    return done.stderr


def ended_well(args):
    """Whether a command line ends as it should, whatever it says; the result."""
    done = run(*args)
    assert done.exit_code in (Exit.OK, Exit.REFUTED, Exit.BAD_INPUT, Exit.UNDECIDED), (
        args,
        done.exit_code,
        done.stderr[-2000:],
    )
    assert "Traceback" not in done.output
    if done.exit_code == Exit.BAD_INPUT:
        assert done.stdout == "", args
        complaints = [line for line in done.stderr.splitlines() if not PROGRESS.match(line)]
        assert len(complaints) == 1, (args, done.stderr)
        assert len(done.stderr) < 2000, args
    return done


def options_of(command):
    """The options of a command that take a value."""
    return [
        option.opts[0]
        for option in cli.commands[command].params
        if isinstance(option, click.Option) and not option.is_flag
    ]


def cases(commands, each=None):
    """Every option of the commands with `each` odd values in turn, or all."""
    odd = itertools.cycle(ODD)
    for command in commands:
        for option in options_of(command):
            for value in itertools.islice(odd, each or len(ODD)):
                yield command, [*GOOD[command], option, value]


QUICK = [name for name in GOOD if name not in SLOW_WHEN_ACCEPTED]


def test_options_with_odd_values(folder):
    run("build", *GOOD["build"][:-1], "net.npz")
    for command, args in cases(QUICK, each=3):
        ended_well([command, *args])


@pytest.mark.slow
@pytest.mark.parametrize("command", QUICK)
def test_every_option_with_every_odd_value(command, folder):
    run("build", *GOOD["build"][:-1], "net.npz")
    for _, args in cases([command]):
        ended_well([command, *args])


@pytest.mark.slow
def test_random_command_lines(folder):
    draw = random.Random(0)
    run("build", *GOOD["build"][:-1], "net.npz")
    for _ in range(3000):
        command = draw.choice(QUICK)
        options = draw.choices(options_of(command) or ["--json"], k=draw.randint(1, 4))
        odd = [text for option in options for text in (option, draw.choice(ODD))]
        ended_well([command, *GOOD[command], *odd])


@pytest.mark.parametrize("command", sorted(SLOW_WHEN_ACCEPTED))
def test_every_refusal_of_a_long_command(command, folder, monkeypatch):
    """What is accepted is not run: the work itself is replaced by a mark."""

    class AcceptedError(Exception):
        """The command line was taken."""

    def accept(*args, **options):
        raise AcceptedError

    monkeypatch.setattr("robustsize.simulate.experiment.run.run", accept)
    monkeypatch.setattr("robustsize.report.check.run", accept)
    monkeypatch.setattr("robustsize.simulate.search.job.run_search", accept)
    monkeypatch.setattr("robustsize.simulate.search.job.run_shatter", accept)
    for _, args in cases([command]):
        done = run(command, *args)
        if done.exit_code == Exit.INTERNAL:
            assert "AcceptedError" in done.stderr, (args, done.stderr)
        else:
            ended_well([command, *args])


@pytest.mark.parametrize("option", [q.option for q in PARAMETERS])
def test_a_bad_parameter_is_named_with_its_value_and_an_example(option, folder):
    for odd in ("-1", "nan", "x", "1/0"):
        said = complaint("bound", "thm4.3", "--epsilon", "0.1", option, odd)
        assert f"{option} {odd!r}" in said
        assert "for example" in said
