"""What the commands read: the option types, each with its one clear line for a bad value."""

from __future__ import annotations

import itertools
import os
import re
import sys
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from fractions import Fraction
from math import ceil, prod
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click
import sympy as sp
from click.shell_completion import CompletionItem

from robustsize.bounds.catalogue import IDS, theorem
from robustsize.bounds.statement import FormName, Theorem
from robustsize.bounds.symbols import (
    BY_SYMBOL,
    LARGEST,
    PARAMETERS,
    InputError,
    Norm,
    Parameter,
    Values,
    rational,
    read_norm,
)
from robustsize.report.ending import Exit
from robustsize.report.progress import Progress

MOST_POINTS = 1000
"""The most combinations of values that one command computes."""

DEBUG = "ROBUSTSIZE_DEBUG"
"""The environment variable that asks for the traceback of an internal error."""

_LONG_WORD = re.compile(r"\S{200,}")

if TYPE_CHECKING:
    _ParamType = click.ParamType[Any]
else:
    _ParamType = click.ParamType  # generic for the type checker alone

Command = Callable[..., Any]
Given = Mapping[sp.Symbol, tuple[Fraction, ...]]
"""The values that a command line gives to each symbol."""


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


class TheoremType(_ParamType):
    """The id of a theorem."""

    name = "theorem"

    def convert(self, value: Any, param: Any, ctx: Any) -> Theorem:
        """The theorem of an id."""
        return value if isinstance(value, Theorem) else theorem(value)

    def shell_complete(self, ctx: Any, param: Any, incomplete: str) -> list[CompletionItem]:
        """What a shell offers."""
        return [CompletionItem(id) for id in IDS if id.startswith(incomplete)]


class _ValuesType(_ParamType):
    """The values of one parameter: one, a list, or a range."""

    def __init__(self, parameter: Parameter) -> None:
        self.name = "values"
        self.parameter = parameter

    def convert(self, value: Any, param: Any, ctx: Any) -> tuple[Fraction, ...]:
        """The values of a text."""
        return value if isinstance(value, tuple) else self.parameter.read_all(value)


class NormType(_ParamType):
    """The norm p: 2 or inf."""

    name = "norm"

    def convert(self, value: Any, param: Any, ctx: Any) -> Norm:
        """The norm of a text."""
        return value if isinstance(value, Norm) else read_norm(value)

    def shell_complete(self, ctx: Any, param: Any, incomplete: str) -> list[CompletionItem]:
        """What a shell offers."""
        return [CompletionItem(norm.value) for norm in Norm]


class NumberType(_ParamType):
    """A number in [low, high), or (low, high); an int where only whole ones will do.

    closed: whether `low` itself is a value; whole numbers always include it.
    """

    name = "number"

    def __init__(
        self,
        example: str,
        *,
        whole: bool = True,
        low: int = 1,
        high: int | None = None,
        closed: bool = False,
    ) -> None:
        self.example, self.whole, self.low, self.high = example, whole, low, high
        self.closed = closed or whole

    @property
    def domain(self) -> str:
        """The domain in words."""
        kind = f"a {'whole ' if self.whole else ''}number {'>=' if self.closed else '>'}"
        return f"{kind} {self.low}" + (f" and < {self.high}" if self.high is not None else "")

    def convert(self, value: Any, param: Any, ctx: Any) -> Any:
        """The number of a text."""
        if not isinstance(value, str):
            return value
        number = rational(value)
        if (
            number is None
            or (self.whole and number.denominator != 1)
            or number < self.low
            or (number == self.low and not self.closed)
            or (self.high is not None and number >= self.high)
            or number > LARGEST
        ):
            option = param.opts[0]
            example = f"for example {option} {self.example}"
            raise InputError(f"{option} {value[:40]!r}: must be {self.domain}; {example}")
        return int(number) if self.whole else number


class MarginType(_ParamType):
    """Two outputs of a network, "3,5", counted from 0."""

    name = "outputs"

    def convert(self, value: Any, param: Any, ctx: Any) -> tuple[int, int]:
        """The two outputs of a text."""
        if isinstance(value, tuple):
            return value
        parts = [rational(part) for part in value.split(",")]
        whole = [int(part) for part in parts if part is not None and part.denominator == 1]
        if len(parts) != 2 or len(whole) != 2 or min(whole) < 0 or whole[0] == whole[1]:
            option = param.opts[0]
            raise InputError(
                f"{option} {value[:40]!r}: two different outputs, counted from 0; "
                f"for example {option} 3,5"
            )
        return whole[0], whole[1]


class WidthsType(_ParamType):
    """One to three hidden widths, "8" or "8,4"."""

    name = "widths"

    def convert(self, value: Any, param: Any, ctx: Any) -> tuple[int, ...]:
        """The widths of a text."""
        if isinstance(value, tuple):
            return value
        parts = [rational(part) for part in value.split(",")]
        widths = [int(w) for w in parts if w is not None and w.denominator == 1 and 1 <= w <= 1000]
        if len(widths) != len(parts) or len(widths) > 3:
            option = param.opts[0]
            raise InputError(
                f"{option} {value[:40]!r}: one to three hidden widths; for example {option} 8,4"
            )
        return tuple(widths)


def parameter_options(command: Command) -> Command:
    """One option for each symbol, gathered into `values`: symbol -> tuple of values."""

    def gathered(*args: Any, **options: Any) -> Any:
        values = {
            q.symbol: given for q in PARAMETERS if (given := options.pop(q.option[2:])) is not None
        }
        return command(*args, values=values, **options)

    gathered.__name__, gathered.__doc__ = command.__name__, command.__doc__
    gathered.__click_params__ = getattr(command, "__click_params__", [])  # type: ignore[attr-defined]
    decorated: Command = gathered
    for q in reversed(PARAMETERS):
        help = f"{q.meaning}: {q.domain}, for example {q.example}"
        decorated = click.option(q.option, q.option[2:], type=_ValuesType(q), help=help)(decorated)
    norm_help = "the norm p of separation and adversary: 2 or inf"
    return click.option("--p", "norm", type=NormType(), default="inf", help=norm_help)(decorated)


def _device_is_there(context: click.Context, option: click.Parameter, value: str) -> str:
    if value == "cuda":
        import torch

        if not torch.cuda.is_available():
            raise InputError("--device 'cuda': this machine has cpu; for example --device cpu")
    return value


device_option = click.option(
    "--device",
    default="auto",
    type=click.Choice(["auto", "cpu", "cuda"]),
    callback=_device_is_there,
    help="where to train",
)
seed_option = click.option(
    "--seed", default="0", type=NumberType("0", low=0, high=2**32), help="of all random numbers"
)
theorem_argument = click.argument("theorem", type=TheoremType())
json_option = click.option("--json", "as_json", is_flag=True, help="print JSON")
form_option = click.option(
    "--form",
    "form_name",
    type=click.Choice([name.value for name in FormName]),
    help="default: explicit where there is one, else printed",
)


def points(values: Given) -> list[Values]:
    """Every combination of the given values.

    Raises InputError, naming the longest range, where they are more than MOST_POINTS.
    """
    count = prod(len(given) for given in values.values())
    if count > MOST_POINTS:
        raise too_many(values, count, MOST_POINTS)
    return [dict(zip(values, one, strict=True)) for one in itertools.product(*values.values())]


def too_many(values: Given, count: int, most: int) -> InputError:
    """The complaint about a grid of points, with an example for its longest range."""
    symbol, given = max(values.items(), key=lambda entry: len(entry[1]))
    option, first, last = BY_SYMBOL[symbol].option, min(given), max(given)
    step = (last - first) / max(1, min(len(given) * most // count, 100) - 1)
    if BY_SYMBOL[symbol].integer:
        step = Fraction(ceil(step))
    return InputError(
        f"{option} {first}:{last} has {len(given)} values, in all {count} points; at most {most} "
        f"are taken; for example {option} {first}:{last}:{step}"
    )


def reported(points: Sequence[Values], show: Progress) -> Iterator[Values]:
    """The points one by one, each shown as progress."""
    for done, point in enumerate(points):
        show(done / len(points), f"point {done + 1} of {len(points)}")
        yield point


def one_point(values: Given) -> Values:
    """The values where each parameter has one.

    Raises InputError for a range or a list.
    """
    if any(len(given) > 1 for given in values.values()):
        raise InputError("a range or list has no meaning here; give each parameter one value")
    return points(values)[0]


def refuse_unread(given: Values, read: Iterable[sp.Symbol], where: str) -> None:
    """Refuse a parameter that a command was given and would not read.

    Raises InputError, naming the first.
    """
    for symbol, value in given.items():
        if symbol not in set(read):
            option = BY_SYMBOL[symbol].option
            raise InputError(f"{option} {value}: it would not be used {where}; leave {option} out")


@contextmanager
def complaints_about(option: str, value: str) -> Iterator[None]:
    """Turn what the code below says of a user's value into the one line that names the option."""
    try:
        yield
    except InputError:
        raise
    except ValueError as error:
        # A short value is shown whole, and need not be named twice.
        said = str(error).removeprefix(f"{value}: ") if len(value) <= 60 else str(error)
        raise InputError(f"{option} {value[:60]!r}: {said}") from error
    except OSError as error:
        raise InputError(f"{option} {value[:60]!r}: {error.strerror or error}") from error
