"""The Python interface of the experiments, and doors that do not depend on what came first."""

import inspect
import json
import subprocess
import sys
from fractions import Fraction

import numpy as np
import pytest
from click.testing import CliRunner

from robustsize import bounds, simulate
from robustsize.cli import cli

DOORS = (
    "bounds",
    "simulate",
    *(f"simulate.{r}" for r in ("certify", "construct", "search", "train")),
)
TWO = ([[0.25], [0.75]], [1, -1])


def fresh(code):
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.mark.parametrize("door", DOORS)
def test_a_door_has_all_it_names_and_nothing_else(door):
    code = (
        f"import robustsize.{door} as door\n"
        "assert set(door.__all__) <= set(dir(door))\n"
        "print(all(getattr(door, name) is not None for name in door.__all__))\n"
        "try: door.nothing\n"
        "except AttributeError as error: print(error)"
    )
    assert fresh(code) == f"True\nmodule 'robustsize.{door}' has no attribute 'nothing'"


@pytest.mark.parametrize(
    "first",
    [
        "",
        "simulate.certify",
        "import robustsize.simulate.certify.complete",
        "from robustsize.simulate.certify.complete import certify",
        "from robustsize.simulate import certify",
        "import robustsize.simulate.api",
    ],
)
def test_a_package_with_the_name_of_a_function_is_both_whatever_came_first(first):
    code = (
        f"from robustsize import simulate; {first}\n"
        "import robustsize.simulate.certify.complete as complete\n"
        "points = simulate.instance([[0.25], [0.75]], [1, -1], radius='0.1')\n"
        "network = simulate.Network.of([([[-2.0]], [1.0])])\n"
        "print(simulate.certify(network, points).status.value)\n"
        "print(simulate.certify.complete is complete, simulate.certify.Certificate is not None)"
    )
    assert fresh(code) == "certified\nTrue True"


def test_an_editor_sees_the_parameters_of_what_is_called():
    assert list(inspect.signature(simulate.certify).parameters)[:2] == ["network", "instance"]
    assert "device" in inspect.signature(simulate.train).parameters


def test_build_and_certify_answer_as_the_command_line_does(tmp_path):
    net = tmp_path / "net.npz"
    at = {"d": 2, "epsilon": "0.2", "c": "0.5", "samples": 6, "seed": 3}
    options = [text for name, value in at.items() for text in (f"--{name}", str(value))]
    done = CliRunner().invoke(cli, ["build", "thm3.3", *options, "--json", "-o", str(net)])
    theirs, built = json.loads(done.stdout), simulate.build("thm3.3", **at)
    assert (built.size, built.formula_size) == (theirs["size"], theirs["formula_size"])
    assert built.size <= bounds.bound("thm3.3", d=2, epsilon=0.2, c=0.5).value
    for network, instance in ((built, None), (net, tmp_path / "net.instance.npz"), (net, built)):
        answer = simulate.certify(network, instance)
        assert answer.status.value == theirs["certificate"]["status"] == "certified"
        assert answer.margin == theirs["certificate"]["margin"]


def test_a_file_of_points_is_certified_at_the_radius_given(tmp_path):
    path = tmp_path / "points.csv"
    path.write_text("0.25,1\n0.75,-1\n")
    network = simulate.Network.of([([[-2.0]], [1.0])])
    assert simulate.certify(network, path, radius=0.2).status.value == "certified"
    assert simulate.certify(network, path, radius="0.25").status.value == "counterexample"
    exact = simulate.certify(network, simulate.instance(*TWO, radius="1/4"))
    assert exact.counterexample == (Fraction(1, 2),)


def test_a_built_network_of_a_file_keeps_its_points(tmp_path):
    path = tmp_path / "points.csv"
    path.write_text("0.1,0.1,1\n0.9,0.9,-1\n0.1,0.9,-1\n")
    built = simulate.build("thm3.3", instance=path, epsilon="0.2", c="0.5")
    assert simulate.certify(built).status.value == "certified"


def test_search_finds_the_smallest_of_two_points():
    result = simulate.search(simulate.instance(*TWO, radius=0.1), seeds=2)
    assert result.found[0].network.size == 2
    assert simulate.certify(result.found[0].network, simulate.instance(*TWO, radius=0.1))


def test_an_experiment_says_of_each_prediction_what_was_measured():
    result = simulate.experiment("prop3.2", d=[2, 3], seeds=1)
    assert not result.cut_short
    assert result.settings["prop3.2"]["d"] == ["2", "3"]
    assert {type(one.evidence).__name__ for one in result.outcomes} == {"Between"}
    assert all(one.verdict.agreement.value == "agrees" for one in result.outcomes)


def test_an_experiment_out_of_time_says_what_it_left_out(tmp_path):
    result = simulate.experiment("prop3.2", d=2, seeds=1, seconds=0, folder=tmp_path / "kept")
    assert result.cut_short
    assert not [one for one in result.outcomes if one.evidence]
    assert (tmp_path / "kept").is_dir()


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: simulate.build("thm4.4", d=2), "thm4.4 has no construction"),
        (lambda: simulate.build("thm3.3", d=2, epsilon=0.1), "c is missing"),
        (lambda: simulate.build("thm3.3", d=2, epsilon=0.6, c=0.5), "epsilon='0.6'"),
        (lambda: simulate.build("thm3.3", d=2, epsilon=0.1, c=0.5, beta=0.1), "beta: it would not"),
        (
            lambda: simulate.build("thm3.3", epsilon=0.1, c=0.5, instance="no.csv"),
            "instance: no.csv",
        ),
        (
            lambda: simulate.certify(_network(2), simulate.instance(*TWO, 0.1)),
            "network: the network",
        ),
        (lambda: simulate.certify("no.npz", simulate.instance(*TWO, 0.1)), "network: no.npz"),
        (lambda: simulate.certify(_network(1)), "instance is missing"),
        (lambda: simulate.certify(_network(1), "no.csv", radius=-1), "radius=-1: must be"),
        (
            lambda: simulate.certify(_network(1), simulate.instance(*TWO, 0.1), p=2),
            "radius, p: only",
        ),
        (lambda: simulate.instance([0.1], [1], 0.1), "points: finite numbers of shape (m, d)"),
        (lambda: simulate.instance([[float("nan")]], [1], 0.1), "points: finite numbers"),
        (lambda: simulate.instance([[0.1]], [2], 0.1), "labels: 1 labels, each -1 or +1"),
        (lambda: simulate.instance([[0.1]], [1], "x"), "radius='x': must be a number"),
        (lambda: simulate.search(d=3, epsilon="1/4"), "c is missing"),
        (lambda: simulate.search("no.csv", epsilon=0.1, c=0.5), "instance: no.csv"),
        (lambda: simulate.search("no.csv", d=3, epsilon=0.1, c=0.5), "d: it would not be used"),
        (lambda: simulate.search(simulate.instance(*TWO, 0.3)), "instance:"),
        (lambda: simulate.experiment("thm9"), "id 'thm9': one of growth"),
        (lambda: simulate.experiment("prop3.2", d=[2, 3], k=1), "k: the probe prop3.2 takes"),
        (lambda: simulate.experiment("prop3.2", d=[]), "d: no value is given"),
        (lambda: simulate.experiment("prop3.2", d=65), "d=65: at most 64"),
        (lambda: simulate.experiment("prop3.2", d=2, seeds=0), "seeds=0: must be >= 1"),
        (lambda: simulate.experiment("prop3.2", d=2, device="x"), "device='x':"),
    ],
)
def test_a_complaint_is_one_line_that_names_the_keyword(call, says):
    with pytest.raises(simulate.InputError) as caught:
        call()
    message = str(caught.value)
    assert message.startswith(says)
    assert "\n" not in message
    assert "--" not in message


def _network(inputs):
    return simulate.Network.of([(-np.ones((1, inputs)), [0.5])])
