"""`build` and `certify`: networks that keep their promise, one clear line for what cannot be."""

import errno
import json
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from robustsize.cli import cli
from robustsize.simulate.certify.guarantee import Guarantee, read_guarantee
from robustsize.simulate.data.instance import Norm
from robustsize.simulate.data.regions import Region
from robustsize.simulate.networks.export import to_onnx
from robustsize.simulate.networks.network import Network
from robustsize.simulate.system import files

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
    assert "line 4 (label +1) and line 3 (label -1) are at l_inf distance 17/30" in close
    assert "closer than 2 epsilon" in close
    assert not (tmp_path / "no.npz").exists()


def saved_linear(tmp_path, *weights):
    """sign(w x) as a file."""
    path = tmp_path / "linear.npz"
    Network.of([([list(map(float, weights))], [0.0])]).save(path)
    return path


def test_point_index_is_the_row_of_the_users_file(tmp_path):
    net = saved_linear(tmp_path, 1)
    data = tmp_path / "data.csv"
    data.write_text("x,label\n-2,-1\n\n-3,1\n2,1\n")
    refuted = run("certify", net, "--instance", data, "--radius", "0.5", "--json")
    assert refuted.exit_code == 1
    row = json.loads(refuted.stdout)
    assert (row["point_index"], row["point"]) == (1, "line 4")
    assert row["read"]["data"]["labels"] == {"+1": 2, "-1": 1}
    shown = run("certify", net, "--instance", data, "--radius", "0.5").stdout
    assert "3 points in R^1, 2 with label +1 and 1 with label -1, header x, label" in shown
    assert "counterexample near data point 1 (line 4)" in shown
    np.savez(tmp_path / "data.npz", points=[[-2.0], [-3.0], [2.0]], labels=[0, 1, 1])
    arrays = run("certify", net, "--instance", tmp_path / "data.npz", "--radius", "0.5", "--json")
    assert json.loads(arrays.stdout)["point"] == "row 1"


def test_a_byte_order_mark_loses_no_point(tmp_path):
    data = tmp_path / "bom.csv"
    data.write_bytes("-3,1\n2,1\n-2,-1\n".encode("utf-8-sig"))
    net = saved_linear(tmp_path, 1)
    assert run("certify", net, "--instance", data, "--radius", "0.5").exit_code == 1


def test_one_label_and_radius_0_are_legal(tmp_path):
    net = saved_linear(tmp_path, 1)
    data = tmp_path / "one.csv"
    for content, code in (("1,1\n2,1\n", 0), ("1,1\n2,1\n-1,1\n", 1), ("-1,0\n", 0)):
        data.write_text(content)
        for radius in ("0", "0.5"):
            assert run("certify", net, "--instance", data, "--radius", radius).exit_code == code
    assert "--radius" in complaint("certify", net, "--instance", data, "--radius", "-1")
    assert "one label only" in complaint(
        "build", "thm2.2", "--epsilon", "0.1", "--delta", "0", "--instance", data,
        "-o", tmp_path / "x.npz",
    )  # fmt: skip


def test_options_that_a_file_overrides_are_refused(tmp_path):
    data = tmp_path / "data.csv"
    data.write_text("0.1,0.2,1\n0.9,0.3,-1\n")
    of_file = ("--epsilon", "0.1", "--instance", data, "-o", tmp_path / "x.npz")
    for theorem, ratio in (("thm2.2", "--delta"), ("thm3.3", "--c")):
        for extra in (("--d", 7), ("--samples", 99)):
            said = complaint("build", theorem, *of_file, ratio, "0.05", *extra)
            assert f"{extra[0]} {extra[1]}" in said
    for extra in (("--d", 7), ("--samples", 99), ("--labelling", "random")):
        said = complaint("search", *of_file[:4], "--c", "0.5", "-o", tmp_path / "s", *extra)
        assert extra[0] in said
    assert "--c" in complaint("build", "thm2.2", "--d", 3, *of_file[:2], "--delta", "0",
                              "--c", "0.5", "-o", tmp_path / "x.npz")  # fmt: skip


def test_points_outside_the_domain_are_named_or_noted(tmp_path):
    data = tmp_path / "data.csv"
    data.write_text("0.5,0.25,0\n3,0.5,1\n")
    args = ("--epsilon", "0.1", "--instance", data, "-o", tmp_path / "x.npz")
    built = run("build", "thm2.2", *args, "--delta", "0.05")
    assert built.exit_code == 0
    assert "1 of the points lie outside the unit l_inf ball" in built.stdout
    assert "line 2 lies outside [-1,1]^d" in complaint(
        "build", "thm2.2", *args, "--delta", "0.05", "--p", "2"
    )
    assert "line 2 lies outside [0,1]^d" in complaint("build", "thm3.3", *args, "--c", "0.5")


@pytest.mark.parametrize("name", ["", ".", "/dev/zero", "empty", "binary"])
def test_what_is_no_file_of_data_is_one_line(tmp_path, name):
    (tmp_path / "empty").touch()
    (tmp_path / "binary").write_bytes(bytes(range(256)))
    path = str(tmp_path / name) if name in ("empty", "binary") else name
    net = saved_linear(tmp_path, 1)
    assert "--instance" in complaint("certify", net, "--instance", path, "--radius", "0.1")
    assert "NETWORK" in complaint("certify", path, "--instance", path)
    numbers = ("--epsilon", "0.1", "--instance", path, "-o", tmp_path / "x.npz")
    assert "--instance" in complaint("build", "thm2.2", *numbers, "--delta", "0")
    assert "--instance" in complaint("search", *numbers, "--c", "0.5")


def test_an_output_or_a_margin_of_several_is_certified(tmp_path):
    onnx = pytest.importorskip("onnx")
    model = to_onnx(Network.of([(np.eye(2), [0, 0]), ([[1.0, -1.0]], [0.0])]))
    weight = next(t for t in model.graph.initializer if t.name == "W1")
    weight.CopyFrom(onnx.numpy_helper.from_array(np.array([[1.0, -1.0], [0.0, 2.0]]), "W1"))
    bias = next(t for t in model.graph.initializer if t.name == "b1")
    bias.CopyFrom(onnx.numpy_helper.from_array(np.zeros(2), "b1"))
    model.graph.output[0].type.tensor_type.shape.dim[1].dim_value = 2
    net, data = tmp_path / "net.onnx", tmp_path / "data.csv"
    net.write_bytes(model.SerializeToString())
    data.write_text("3,0.9,1\n")
    args = ("certify", net, "--instance", data, "--radius", "0.1")
    assert "has 2 outputs" in complaint(*args)
    assert run(*args, "--output", 0).exit_code == 0
    assert run(*args, "--margin", "0,1").exit_code == 1
    assert run(*args, "--margin", "1,0").exit_code == 1
    assert "--margin '0'" in complaint(*args, "--margin", "0")
    assert "--output 2" in complaint(*args, "--output", 2)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"radius": "0x1"}, "no number"),
        ({"radius": "1e400"}, "below 2^1000"),
        ({"radius": 0.5}, "no single text"),
        ({"radius": "-1"}, "negative"),
        ({"p": "3"}, "'3' is not a valid"),
        ({"positive_low": [["1", "x"]]}, "no number"),
        ({"positive_low": [[0.0, 0.0]]}, "tables of exact numbers"),
        ({"positive_low": [["0"]]}, "one shape"),
        ({"positive_low": np.array([["0", "0"]], dtype=object)}, "holds object"),
        ({"positive_low": None}, "low is missing"),
        ({"positive_fat": "-1"}, "negative"),
        ({"positive_low": None, "positive_high": None, "positive_fat": None,
          "positive_p": None}, "a positive or a negative set"),
        ({"unknown": "1"}, "holds no unknown"),
    ],
)  # fmt: skip
def test_a_damaged_instance_is_one_line(tmp_path, changes, said):
    path = tmp_path / "g.npz"
    zero = [(Fraction(0), Fraction(0))]
    Guarantee(Region.boxes(zero, zero), None, Fraction(1, 3), Norm.TWO).save(path)
    arrays = dict(files.unpack_arrays(path.read_bytes())) | changes
    np.savez(path, **{name: value for name, value in arrays.items() if value is not None})
    assert said in complaint("certify", saved_linear(tmp_path, 1, 1), "--instance", path)


def test_flipped_bits_are_one_line(tmp_path):
    net, path = saved_linear(tmp_path, 1), tmp_path / "g.npz"
    zero = [(Fraction(1),)]
    Guarantee(Region.boxes(zero, zero), None, Fraction(1, 3), Norm.TWO).save(path)
    good = path.read_bytes()
    for at in range(0, len(good), 7):
        path.write_bytes(good[:at] + bytes([good[at] ^ 4]) + good[at + 1 :])
        try:
            again = read_guarantee(path, None, None)
        except ValueError as error:
            assert len(str(error).splitlines()) == 1  # noqa: PT017
        else:
            assert again.radius == Fraction(1, 3)
            assert again.positive.low.row(0) == (1,)
    assert run("certify", net, "--instance", path).exit_code in (0, 2)


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
    assert "no such file" in complaint("certify", tmp_path / "no.npz", "--instance", instance)
    assert "no such file" in complaint("certify", net, "--instance", tmp_path / "no.npz")
    assert "--budget" in complaint("certify", net, "--instance", instance, "--budget", "0")
    net.write_bytes(net.read_bytes()[:100])
    assert "not a network file" in complaint("certify", net, "--instance", instance)
    other = tmp_path / "other.npz"
    Network.of([(np.ones((1, 7)), [0.5])]).save(other)
    assert "R^4" in complaint("certify", other, "--instance", instance)
    instance.write_bytes(instance.read_bytes()[:100])
    assert "net.instance.npz" in complaint("certify", other, "--instance", instance)


@pytest.mark.parametrize("option", ["--csv", "--proof"])
def test_a_full_disk_is_named_by_its_option_and_leaves_nothing(option, tmp_path, monkeypatch):
    run("build", "thm3.3", "--d", "2", "--epsilon", "0.2", "--c", "0.5", "-o", tmp_path / "net.npz")
    before = set(tmp_path.iterdir())

    def full(path, data):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    file = tmp_path / ("points.csv" if option == "--csv" else "net.proof.npz")
    every = ["--all"] if option == "--csv" else []
    network, instance = tmp_path / "net.npz", tmp_path / "net.instance.npz"
    said = complaint("certify", network, "--instance", instance, *every, option, file)
    assert said.startswith(f"robustsize: {option} ")
    assert "No space left" in said
    assert set(tmp_path.iterdir()) == before
