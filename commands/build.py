"""Build the networks that upper bounds promise."""

from __future__ import annotations

import sys

import click

from robustsize.bounds.statement import Theorem
from robustsize.bounds.symbols import Norm, epsilon
from robustsize.commands import progress
from robustsize.commands.options import (
    json_option,
    parameter_options,
    seed_option,
    theorem_argument,
)
from robustsize.commands.output import certificate_code, print_json, print_lines
from robustsize.commands.paths import check_network_path, complaints_about, input_file
from robustsize.commands.values import Given, needed, one_point, refuse_unread


@click.command()
@theorem_argument
@parameter_options
@click.option("--instance", default="random", help="random, or a file of labelled points")
@seed_option
@click.option("-o", "--output", required=True, help="NET.npz, NET.onnx or NET.pt")
@json_option
def build(
    theorem: Theorem,
    values: Given,
    norm: Norm,
    instance: str,
    seed: int,
    output: str,
    as_json: bool,
) -> None:
    """Build the network that an upper bound promises, count it, certify it.

    What it guarantees is written beside it, as NET.instance.npz.

    Example: robustsize build thm3.3 --d 3 --epsilon 0.2 --c 0.5 -o net.npz
    """
    path = check_network_path(output)
    point, random = one_point(values), instance == "random"
    with progress.shown() as show:
        from robustsize.simulate.certify.guarantee import Guarantee, certificate
        from robustsize.simulate.construct.request import Request
        from robustsize.simulate.data.read_sets import read_points
        from robustsize.simulate.networks.export import save_network
        from robustsize.simulate.theorems.build import build as construct
        from robustsize.simulate.theorems.build import (
            notes_on_domain,
            parameters_read,
            promise,
        )

        where = f"by {theorem.id}" + ("" if random else " on the points of a file")
        refuse_unread(point, parameters_read(theorem.id, random=random), where)
        show(0.0, "building")
        with complaints_about("--instance", instance):
            pair, data, notes = None, None, []
            if not random:
                file, gap = input_file("--instance", instance), needed(point, epsilon)
                data = read_points(file)
                notes = notes_on_domain(theorem.id, data, norm)
                pair = data.pair(gap, norm)
            request = Request(point, norm, pair, seed)
            bound = promise(theorem.id, request)
            built = construct(theorem.id, request)
        show(0.3, f"certifying {built.size} parameters")
        guarantee = Guarantee.of(built)
        checked = certificate(built.network, guarantee)
        with complaints_about("-o", output):
            save_network(built.network, path)
            guarantee.save(path.with_suffix(".instance.npz"))
    from robustsize.report.networks import construction_json, construction_lines

    if as_json:
        read = data and data.json() | {"notes": notes}
        print_json(construction_json(built, bound, checked) | {"read": read})
    else:
        what_lines = [*(data.lines() if data else ()), *(f"note: {note}" for note in notes)]
        print_lines([*what_lines, *construction_lines(built, bound, checked)])
    sys.exit(certificate_code(checked))
