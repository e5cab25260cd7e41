"""What the commands read: the option types, each with its one clear line for a bad value."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import click
from click.shell_completion import CompletionItem

from robustsize.bounds.catalogue import IDS, theorem
from robustsize.bounds.statement import FormName, Theorem
from robustsize.bounds.symbols import (
    LARGEST,
    PARAMETERS,
    InputError,
    Norm,
    Parameter,
    rational,
    read_norm,
)

if TYPE_CHECKING:
    _ParamType = click.ParamType[Any]
else:
    _ParamType = click.ParamType  # generic for the type checker alone

Command = Callable[..., Any]


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


SECONDS = NumberType("60", whole=False, low=0)
COUNT = NumberType("64", high=10**6)


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
