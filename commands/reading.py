"""Options on how the files of a network and of an instance are read."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import click

from robustsize.bounds.symbols import Norm
from robustsize.commands.options import MarginType, NormType, NumberType
from robustsize.commands.paths import complaints_about, input_file


def how_to_read(command: Any) -> Any:
    """Options on the files of a network and of an instance; four of them come as `reading`."""

    def gathered(**options: Any) -> Any:
        names = ("output", "margin", "relu_chain", "fold")
        return command(reading={name: options.pop(name) for name in names}, **options)

    gathered.__name__, gathered.__doc__ = command.__name__, command.__doc__
    gathered.__click_params__ = getattr(command, "__click_params__", [])  # type: ignore[attr-defined]
    number = NumberType("0.1", whole=False, low=0, closed=True)
    decorated: Any = gathered
    for option in (
        click.option("--fold", is_flag=True, help="fold what has no exact float64 form, rounded"),
        click.option("--relu-chain", is_flag=True, help="a .pt file: a ReLU between Linear layers"),
        click.option("--margin", type=MarginType(), help="i,j: output i less output j decides"),
        click.option("--output", type=NumberType("0", low=0), help="of several, the one to decide"),
        click.option("--p", "norm", type=NormType(), help="2 or inf, in place of the file's"),
        click.option("--radius", type=number, help="the adversary's, in place of the file's"),
    ):
        decorated = option(decorated)
    return decorated


def read_both(
    network: str,
    option: str,
    instance: str,
    reading: dict[str, Any],
    radius: Fraction | None,
    norm: Norm | None,
) -> tuple[Any, Any]:
    """The network and the guarantee that files hold; `option` names the instance."""
    from robustsize.simulate.certify.guarantee import read_guarantee
    from robustsize.simulate.networks.export import Reading, read_network

    with complaints_about("NETWORK", network):
        read = read_network(input_file("NETWORK", network), Reading(**reading))
    with complaints_about(option, instance):
        wanted = read_guarantee(input_file(option, instance), radius, norm)
    return read, wanted
