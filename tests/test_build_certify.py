"""`build` and `certify`: networks that keep their promise, one clear line for what cannot be."""

import json
from fractions import Fraction

import numpy as np
import pytest
from click.testing import CliRunner

from robustsize.cli import cli
from robustsize.simulate.guarantee import Guarantee, read_guarantee
from robustsize.simulate.instance import Norm
from robustsize.simulate.network import Network
from robustsize.simulate.sets.regions import Region

BUILDS = [
    ("thm2.2", "--d", "5", "--epsilon", "0.2", "--delta", "0.19"),
    ("thm2.2", "--d", "3", "--epsilon", "0.2", "--delta", "0.1", "--p", "2"),
    ("thm3.3", "--d", "3", "--epsilon", "0.2", "--c", "0.5", "--samples", "9"),
    ("thm3.3", "--d", "2", "--epsilon", "0.2", "--c", "0.5", "--p", "2"),
    ("thm4.3", "--d", "4", "--epsilon", "1/4", "--c", "0.5"),
    ("thm5.5", "--d", "5", "--k", "2", "--epsilon", "0.2", "--c", "0.5"),
]


def run(*args):
    return CliRunner().invoke(cli, list(map(str, args)))


def complaint(*args):
    result = run(*args)
    assert result.exit_code == 2, result.output
    assert result.stdout == ""
    assert result.stderr.count("\n") == 1
    return result.stderr


@pytest.mark.parametrize("args", BUILDS, ids=" ".join)
def test_a_built_network_is_counted_and_certified(tmp_path, args):
    net = tmp_path / "net.npz"
    built = run("build", *args, "-o", net, "--json")
    assert built.exit_code == 0, built.stderr
    row = json.loads(built.stdout)
    assert row["id"] == args[0]
    assert row["size"] == row["formula_size"] == Network.load(net).size
    assert row["size"] <= row["bound_size"]
    assert row["certificate"]["status"] == "certified"
    again = run("certify", net, "--instance", tmp_path / "net.instance.npz", "--json")
    assert again.exit_code == 0
    assert json.loads(again.stdout)["status"] == "certified"
    assert {p.name for p in tmp_path.iterdir()} == {"net.npz", "net.instance.npz"}


@pytest.mark.parametrize("ending", ["onnx", "pt"])
def test_other_formats_hold_the_same_network(tmp_path, ending):
    net = tmp_path / f"net.{ending}"
    assert run("build", *BUILDS[2], "-o", net).exit_code == 0
    checked = run("certify", net, "--instance", tmp_path / "net.instance.npz", "--json")
    assert json.loads(checked.stdout)["status"] == "certified"


def test_a_radius_too_large_is_refuted_with_a_point_and_exit_code_1(tmp_path):
    net, instance = tmp_path / "net.npz", tmp_path / "net.instance.npz"
    run("build", *BUILDS[4], "-o", net)
    refuted = run("certify", net, "--instance", instance, "--radius", "0.4", "--json")
    assert refuted.exit_code == 1
    row = json.loads(refuted.stdout)
    assert row["status"] == "counterexample"
    x = [Fraction(v) for v in row["counterexample"]]
    wanted = read_guarantee(instance, Fraction(2, 5), None).instance()
    centre, y = wanted.points[row["point_index"]], int(wanted.labels[row["point_index"]])
    assert max(abs(a - b) for a, b in zip(x, centre, strict=True)) <= Fraction(2, 5)
    assert y * Network.load(net).exact(x) <= 0


def test_labelled_points_of_a_user(tmp_path):
    data = tmp_path / "data.csv"
    data.write_text("x,y,label\n0.1,0.2,1\n0.9,1/3,-1\n0.5,0.9,1\n")
    net = tmp_path / "net.npz"
    built = run("build", "thm3.3", "--epsilon", "0.15", "--c", "0.5", "--instance", data, "-o", net)
    assert built.exit_code == 0, built.stderr
    assert run("certify", net, "--instance", data, "--radius", "0.075").exit_code == 0
    assert "no radius" in complaint("certify", net, "--instance", data)
    close = complaint("build", "thm3.3", "--epsilon", "0.4", "--c", "0.5", "--instance", data,
                      "-o", tmp_path / "no.npz")  # fmt: skip
    assert "closer than 2 epsilon" in close
    assert not (tmp_path / "no.npz").exists()


def test_a_guarantee_survives_its_file(tmp_path):
    third = Fraction(1, 3)
    boxes = Region.boxes([(Fraction(0), third)], [(third, Fraction(1, 2))])
    path = tmp_path / "g.npz"
    Guarantee(boxes, None, third, Norm.TWO).save(path)
    again = read_guarantee(path, None, None)
    assert (again.radius, again.p, again.negative) == (third, Norm.TWO, None)
    assert again.positive.low.row(0) == (0, third)
    assert again.positive.high.row(0) == (third, Fraction(1, 2))
    assert again.instance() is None


def test_bad_input_is_one_line(tmp_path):
    net, instance = tmp_path / "net.npz", tmp_path / "net.instance.npz"
    run("build", *BUILDS[4], "-o", net)
    assert "no construction" in complaint("build", "thm3.4", "-o", tmp_path / "x.npz")
    assert "--d is missing" in complaint("build", "thm3.3", "-o", tmp_path / "x.npz")
    assert "ending" in complaint("build", *BUILDS[4], "-o", tmp_path / "x.txt")
    assert "neither points and labels" in complaint(
        "build", "thm5.5", "--d", 2, "--k", 1, "--epsilon", "0.2", "--c", "0.5",
        "--instance", instance, "-o", tmp_path / "x.npz",
    )  # fmt: skip
    assert "No such file" in complaint("certify", tmp_path / "no.npz", "--instance", instance)
    assert "No such file" in complaint("certify", net, "--instance", tmp_path / "no.npz")
    assert "--budget" in complaint("certify", net, "--instance", instance, "--budget", "0")
    net.write_bytes(net.read_bytes()[:100])
    assert "not a network file" in complaint("certify", net, "--instance", instance)
    other = tmp_path / "other.npz"
    Network.of([(np.ones((1, 7)), [0.5])]).save(other)
    assert "R^4" in complaint("certify", other, "--instance", instance)
    instance.write_bytes(instance.read_bytes()[:100])
    assert "net.instance.npz" in complaint("certify", other, "--instance", instance)
