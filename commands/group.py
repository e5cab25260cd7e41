"""The group of commands: each is loaded when it is called, and ends as `Exit` says."""

from __future__ import annotations

import os
import re
import sys
import traceback
from collections import UserDict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from importlib import import_module
from pathlib import Path
from typing import Any, NoReturn

import click

from robustsize.bounds.symbols import InputError
from robustsize.commands.ending import Exit

DEBUG = "ROBUSTSIZE_DEBUG"
"""The environment variable that asks for the traceback of an internal error."""

_LONG_WORD = re.compile(r"\S{200,}")


class Families(UserDict[str, Any]):
    """Commands by name: of each is given the module of this package that it is loaded from."""

    def __getitem__(self, name: str) -> click.Command:
        family = import_module(f"robustsize.commands.{self.data[name]}")
        commands = (one for one in vars(family).values() if isinstance(one, click.Command))
        return next(one for one in commands if one.name == name)


class Commands(click.Group):
    """A group whose every complaint is one line, and whose every end is one of `Exit`."""

    def main(  # type: ignore[override]
        self, args: Sequence[str] | None = None, standalone_mode: bool = True, **extra: Any
    ) -> Any:
        """Run a command; a complaint, an interrupt and a defect of ours are one line each."""
        try:
            code = super().main(args, standalone_mode=False, **extra)
        except InputError as error:
            _stop(str(error), Exit.BAD_INPUT)
        except click.ClickException as error:
            _stop(error.format_message(), Exit.BAD_INPUT)
        except OSError as error:
            _drop_output()
            _stop(f"{error.filename or 'output'}: {error.strerror or error}", Exit.BAD_INPUT)
        except MemoryError:
            _stop("the memory does not suffice; try a smaller case", Exit.BAD_INPUT)
        except (click.Abort, KeyboardInterrupt):
            _stop("interrupted", Exit.INTERRUPTED)
        except Exception as error:
            if os.environ.get(DEBUG):
                traceback.print_exc()
            _stop(_defect(error), Exit.INTERNAL)
        if standalone_mode:
            sys.exit(code or Exit.OK)
        return code

    def make_context(self, *args: Any, **extra: Any) -> click.Context:
        """Read a command line, which may print help."""
        with _output_delivered():
            return super().make_context(*args, **extra)

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command and see its output delivered."""
        with _output_delivered():
            return super().invoke(ctx)


@contextmanager
def _output_delivered() -> Iterator[None]:
    """Write out what is printed; end quietly where the reader has gone, as `| head` does."""
    try:
        try:
            yield
        finally:
            sys.stdout.flush()
    except BrokenPipeError:
        _drop_output()
        sys.exit(Exit.CLOSED_PIPE)


def _drop_output() -> None:
    """Let what standard output did not take go, so that the interpreter does not try again."""
    try:
        sys.stdout.flush()
    except OSError:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())


def _stop(message: str, code: Exit) -> NoReturn:
    line = " ".join(message.split()).encode("utf-8", "backslashreplace").decode()
    line = _LONG_WORD.sub(lambda word: f"{word[0][:60]}...", line)
    with suppress(OSError):
        click.echo(f"robustsize: {line}", err=True)
    sys.exit(code)


def _defect(error: Exception) -> str:
    """One line on an error that is ours: what it is, and the last of our lines that ran."""
    root = Path(__file__).parent.parent
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if Path(frame.filename).is_relative_to(root)]
    at = (ours or frames)[-1]
    return (
        f"internal error: {type(error).__name__} at {Path(at.filename).name}:{at.lineno}, of which "
        f"nothing follows; please report it with this command line ({DEBUG}=1 prints more)"
    )
