"""Certify networks, and check proofs that are kept."""

from __future__ import annotations

import os
import sys
from fractions import Fraction
from typing import Any, NoReturn

import click

from robustsize.bounds.symbols import InputError, Norm
from robustsize.commands import progress
from robustsize.commands.ending import Exit
from robustsize.commands.options import (
    COUNT,
    SECONDS,
    json_option,
)
from robustsize.commands.output import certificate_code, print_json, print_lines
from robustsize.commands.paths import check_path, complaints_about, input_file
from robustsize.commands.reading import how_to_read, read_both


@click.command()
@click.argument("network")
@click.option("--instance", required=True, help="what `build` wrote, or labelled points")
@how_to_read
@click.option("--budget", default="60", type=SECONDS, help="seconds for the search")
@click.option("--workers", type=COUNT, help="threads; default: one a core")
@click.option("--all", "every", is_flag=True, help="an answer for each point, not the first found")
@click.option("--csv", "table_file", help="FILE.csv: with --all, the answers as a table")
@click.option("--proof", "proof_file", help="FILE.npz: the proof, for `robustsize recheck`")
@click.option("--argmax", is_flag=True, help="labels are classes: the largest output decides")
@json_option
def certify(
    network: str,
    instance: str,
    reading: dict[str, Any],
    radius: Fraction | None,
    norm: Norm | None,
    budget: Fraction,
    workers: int | None,
    every: bool,
    table_file: str | None,
    proof_file: str | None,
    argmax: bool,
    as_json: bool,
) -> None:
    """Certify or refute a network on all of the balls around an instance.

    Exit code 1 where there is a counterexample, 3 where it is not known.

    Example: robustsize certify net.npz --instance net.instance.npz --proof net.proof.npz
    """
    if argmax:
        others = {"--all": every or None, "--csv": table_file, "--proof": proof_file}
        _refuse_beside_argmax(
            {"--output": reading["output"], "--margin": reading["margin"]} | others
        )
        search = {"budget_seconds": float(budget), "workers": workers or os.cpu_count() or 1}
        _certify_classes(network, instance, reading, radius, norm or Norm.INF, search, as_json)
    proof_path = table_path = None
    if proof_file is not None:
        proof_path = check_path("--proof", proof_file, (".npz",), "net.proof.npz")
    if table_file is not None:
        table_path = check_path("--csv", table_file, (".csv",), "points.csv")
        if not every:
            raise InputError(f"--csv {table_file!r}: a table of points goes with --all; add --all")
    with progress.shown() as show:
        from robustsize.simulate.certify.guarantee import certificate, certificates, joined

        read, wanted = read_both(network, "--instance", instance, reading, radius, norm)
        settings: dict[str, Any] = {
            "budget_seconds": float(budget),
            "workers": workers or os.cpu_count() or 1,
            "progress": show,
        }
        with complaints_about("--instance", instance):
            found = list(certificates(read.network, wanted, **settings)) if every else []
            checked = joined(found) if every else certificate(read.network, wanted, **settings)
    from robustsize.report.networks import (
        certificate_json,
        certificate_lines,
        certificates_csv,
        certificates_lines,
    )

    if table_path:
        from robustsize.simulate.system.files import write_bytes

        with complaints_about("--csv", str(table_path)):
            write_bytes(table_path, certificates_csv(found, wanted.place).encode())
    if proof_path and checked.proof is not None:
        from robustsize.simulate.checker.proof_file import save_proof

        with complaints_about("--proof", str(proof_path)):
            save_proof(proof_path, checked.proof)
    if as_json:
        made = certificate_json(checked, wanted.place)
        made |= {"read": {"network": read.json(), "data": wanted.json()}}
        if every:
            made["points"] = [certificate_json(one, wanted.place) for one in found]
        print_json(made)
    else:
        lines = certificates_lines(found, wanted.place) if every else ()
        answer = certificate_lines(checked, wanted.place) if not every else ()
        print_lines([*read.lines(), *wanted.lines(), *lines, *answer])
        if proof_path:
            wrote = f"wrote {proof_path}; robustsize recheck checks it without a search"
            print_lines([wrote if checked.proof else "no proof is written: not all is certified"])
    sys.exit(certificate_code(checked))


def _refuse_beside_argmax(options: dict[str, Any]) -> None:
    for option, given in options.items():
        if given is not None:
            raise InputError(f"{option}: it does not go with --argmax; leave one of the two out")


def _certify_classes(
    network: str,
    instance: str,
    reading: dict[str, Any],
    radius: Fraction | None,
    norm: Norm,
    search: dict[str, Any],
    as_json: bool,
) -> NoReturn:
    """Certify or refute every margin of a classifier, and leave with the answer's exit code."""
    with progress.shown() as show:
        from robustsize.simulate.certify.guarantee import margins, read_classified
        from robustsize.simulate.networks.export import Reading, read_network

        def read_as(**which: Any) -> Any:
            with complaints_about("NETWORK", network):
                file = input_file("NETWORK", network)
                return read_network(file, Reading(**(reading | which)))

        read = read_as(output=0)
        if read.outputs < 2:
            raise InputError(
                f"NETWORK {network[:60]!r}: it has one output; --argmax takes a network with 2 or "
                "more, one for each class; leave --argmax out"
            )
        with complaints_about("--instance", instance):
            file = input_file("--instance", instance)
            points, radius = read_classified(file, read.outputs, radius, norm)
            answers = margins(
                lambda i, j: read_as(margin=(i, j)).network,
                read.outputs,
                points,
                radius,
                norm,
                progress=show,
                **search,
            )
    from robustsize.report.networks import margins_json, margins_lines

    if as_json:
        made = margins_json(answers, radius, norm, points.places.__getitem__)
        print_json(made | {"read": {"network": read.json(argmax=True), "data": points.json()}})
    else:
        lines = margins_lines(answers, points, radius, norm)
        print_lines([*read.lines(argmax=True), *points.lines(), *lines])
    sys.exit(_margins_code(answers))


@click.command()
@click.argument("network")
@click.argument("instance")
@click.argument("proof")
@how_to_read
@json_option
def recheck(
    network: str,
    instance: str,
    proof: str,
    reading: dict[str, Any],
    radius: Fraction | None,
    norm: Norm | None,
    as_json: bool,
) -> None:
    """Check a proof that `certify --proof` wrote, by the checker alone: nothing is searched.

    Exit code 3 where the proof does not establish that the network is robust on the instance.

    Example: robustsize recheck net.npz net.instance.npz net.proof.npz
    """
    with progress.shown():
        from robustsize.simulate.certify.guarantee import recheck as establish
        from robustsize.simulate.checker.forest import ProofError
        from robustsize.simulate.checker.proof_file import load_proof

        read, wanted = read_both(network, "INSTANCE", instance, reading, radius, norm)
        with complaints_about("PROOF", proof):
            given = load_proof(input_file("PROOF", proof))
        margin, reason = None, ""
        try:
            margin = establish(read.network, wanted, given)
        except ProofError as error:
            reason = str(error)
    from robustsize.bounds.arithmetic.decimals import number

    if as_json:
        print_json({"established": margin is not None, "margin": margin, "reason": reason})
    elif margin is not None:
        print_lines([f"established: y f(x') >= {number(margin, up=False, digits=6)}"])
    else:
        print_lines(["not established", f"  reason: {reason}"])
    sys.exit(Exit.OK if margin is not None else Exit.UNDECIDED)


def _margins_code(answers: Any) -> Exit:
    codes = {certificate_code(one.certificate) for one in answers}
    return next(code for code in (Exit.REFUTED, Exit.UNDECIDED, Exit.OK) if code in codes)
