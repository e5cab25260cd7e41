"""`certify --argmax`: every margin of a classifier with several outputs."""

import json
from fractions import Fraction

import numpy as np
import onnx
import pytest
import torch
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import helper, numpy_helper

from robustsize.cli import cli
from robustsize.simulate.certify.guarantee import margins, read_classified
from robustsize.simulate.data.instance import Norm
from robustsize.simulate.data.read_sets import read_classes
from robustsize.simulate.networks.export import Reading, read_network
from robustsize.simulate.networks.network import Network

W1 = np.array([[1.0, 0.0], [0.0, 1.0], [-1.0, -1.0]])
W2 = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
"""f = (relu x, relu y, relu(-x - y)): the class of a point is which of three sectors it is in."""

POINTS = "x,y,class\n4,0,0\n0,4,1\n-2,-2,2\n5,1,0\n"


def classifier(folder, first=W1, second=W2, dtype=np.float64, divisor=None):
    """The network second relu(first x), as an ONNX file."""
    kind = helper.np_dtype_to_tensor_dtype(np.dtype(dtype))
    arrays = {"W1": first, "W2": second} | ({} if divisor is None else {"by": divisor})
    last = "f" if divisor is None else "g"
    nodes = [
        helper.make_node("Gemm", ["x", "W1"], ["h"], transB=1),
        helper.make_node("Relu", ["h"], ["r"]),
        helper.make_node("Gemm", ["r", "W2"], [last], transB=1),
    ]
    nodes += [] if divisor is None else [helper.make_node("Div", ["g", "by"], ["f"])]
    graph = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info("x", kind, ["N", first.shape[1]])],
        [helper.make_tensor_value_info("f", kind, ["N", len(second)])],
        [numpy_helper.from_array(np.asarray(v, dtype), name) for name, v in arrays.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    path = folder / "net.onnx"
    onnx.save(model, path)
    return path


def data(folder, text=POINTS):
    path = folder / "data.csv"
    path.write_text(text)
    return path


def certify(net, instance, *options, radius="1", argmax=("--argmax",)):
    args = ["certify", net, "--instance", instance, "--radius", radius, *argmax, *options]
    return CliRunner().invoke(cli, list(map(str, args)))


def complaint(*args, **options):
    result = certify(*args, **options)
    assert result.exit_code == 2, result.output
    assert result.stdout == ""
    assert result.stderr.count("\n") == 1
    return result.stderr


def test_every_margin_is_certified(tmp_path):
    net, instance = classifier(tmp_path), data(tmp_path)
    shown = certify(net, instance)
    assert shown.exit_code == 0, shown.output
    assert shown.stdout.splitlines() == [
        "network of 2 inputs, hidden widths 3, 3 outputs",
        "4 points in R^2, 2 of class 0, 1 of class 1, 1 of class 2, header x, y, class",
        shown.stdout.splitlines()[-1],
    ]
    sentence, margin = shown.stdout.splitlines()[-1].rsplit(maxsplit=1)
    assert sentence == (
        "certified: every point keeps its class within l_inf radius 1: 4 points, 3 classes, "
        "6 margins, least margin"
    )
    assert 0 < float(margin) <= 2
    made = json.loads(certify(net, instance, "--json").stdout)
    assert made["status"] == "certified"
    pairs = [(one["label"], one["against"]) for one in made["margins"]]
    assert pairs == [(0, 1), (0, 2), (1, 0), (1, 2), (2, 0), (2, 1)]
    assert made["read"]["data"]["labels"] == {"0": 2, "1": 1, "2": 1}
    assert made["read"]["network"]["outputs"] == 3


def refuted(net, instance, **options):
    """The margins with a counterexample, each one replayed exactly."""
    result = certify(net, instance, "--json", **options)
    assert result.exit_code == 1, result.output
    made = json.loads(result.stdout)
    assert made["status"] == "counterexample"
    assert made["margin"] is None
    found = [one for one in made["margins"] if one["counterexample"]]
    points = read_classes(instance, made["read"]["network"]["outputs"])
    for one in found:
        x = tuple(map(Fraction, one["counterexample"]))
        i = one["point_index"]
        assert one["point"] == points.places[i]
        assert points.labels[i] == one["label"]
        gaps = [abs(a - b) for a, b in zip(x, points.points.row(i), strict=True)]
        assert max(gaps) <= Fraction(made["radius"])
        values = {
            j: read_network(net, Reading(output=j)).network.exact(x)
            for j in (one["label"], one["against"])
        }
        assert values[one["label"]] <= values[one["against"]]
    return found


def test_a_counterexample_names_the_points_place_in_the_file(tmp_path):
    net = classifier(tmp_path)
    instance = data(tmp_path, POINTS + "1,2,0\n9,9,1\n")
    found = refuted(net, instance, radius="0.25")
    assert (found[0]["label"], found[0]["against"], found[0]["point"]) == (0, 1, "line 6")
    shown = certify(net, instance, radius="1/4").stdout
    assert "counterexample: some point does not keep its class within l_inf radius 1/4" in shown
    assert "class 0 over 1: counterexample" in shown
    assert "near data point 4 (line 6)" in shown
    assert "class 0 over 2" not in shown


@pytest.mark.parametrize(("radius", "code"), [("1.9999999", 0), ("2", 1)])
def test_a_tie_on_the_boundary_is_a_counterexample(tmp_path, radius, code):
    net, instance = classifier(tmp_path), data(tmp_path, "4,0,0\n")
    assert certify(net, instance, radius=radius).exit_code == code


def test_a_tie_everywhere_is_a_counterexample(tmp_path):
    net = classifier(tmp_path, second=W2[[0, 0, 2]])
    found = refuted(net, data(tmp_path, "4,0,0\n"), radius="0")
    assert [(one["label"], one["against"]) for one in found] == [(0, 1)]


def test_the_last_output_can_be_the_one_that_wins(tmp_path):
    net = classifier(tmp_path, second=np.vstack([W2, 2 * W2[:1]]))
    found = refuted(net, data(tmp_path))
    assert [(one["label"], one["against"]) for one in found] == [(0, 3)]


def test_a_state_dict_and_the_euclidean_norm(tmp_path):
    model = torch.nn.Sequential(
        torch.nn.Linear(2, 3, bias=False), torch.nn.ReLU(), torch.nn.Linear(3, 3, bias=False)
    )
    with torch.no_grad():
        model[0].weight.copy_(torch.from_numpy(W1))
        model[2].weight.copy_(torch.from_numpy(W2))
    net = tmp_path / "net.pt"
    torch.save(model.state_dict(), net)
    instance = tmp_path / "data.npz"
    np.savez(instance, points=[[4.0, 0.0], [0.0, 4.0]], labels=[0, 1])
    options = ("--relu-chain", "--p", "2")
    assert certify(net, instance, *options, radius="2.8").exit_code == 0
    assert certify(net, instance, *options, radius="2.8284272").exit_code == 2
    np.savez(instance, points=[[4.0, 0.0]], labels=[0])
    assert certify(net, instance, *options, radius="2.8284272").exit_code == 1


def test_a_margin_of_folded_weights_is_not_rounded(tmp_path):
    """1e-30 - 1 rounds to -1, which would turn a tie of f_0 and f_1 into a difference."""
    one, tiny = np.float64(1.0), np.float64(1e-30)
    net = classifier(
        tmp_path, np.array([[1.0]]), np.array([[3 * tiny], [3 * one]]), divisor=np.array(3.0)
    )
    reading = Reading(margin=(0, 1), fold=True)
    margin = read_network(net, reading).network.exact([Fraction(1)])
    values = [
        read_network(net, Reading(output=j, fold=True)).network.exact([Fraction(1)])
        for j in range(2)
    ]
    assert margin == values[0] - values[1] != -1


WRONG_LABELS = [
    ("4,0,0\n0,4,3\n", "line 2, column 3: labels are the classes 0 to 2", "got 3"),
    ("4,0,0\n\n0,4,-1\n", "line 3, column 3: labels are the classes 0 to 2", "got -1"),
    ("4,0,0.5\n", "line 1, column 3: labels are the classes 0 to 2", "got 0.5"),
    ("4,0,zero\n0,4,1\n", "line 1, column 3", "'zero' is no number"),
    ("4,0,0\n4,0,1\n", "line 2 (class 1) and line 1 (class 0) are at l_inf distance 0", ""),
    ("4,0,1,0\n", "takes 2 inputs", "R^3"),
]


@pytest.mark.parametrize(("text", "place", "said"), WRONG_LABELS)
def test_wrong_points_are_one_line(tmp_path, text, place, said):
    line = complaint(classifier(tmp_path), data(tmp_path, text))
    assert "--instance" in line
    assert place in line
    assert said in line


WRONG_ARRAYS = [
    ({"points": np.zeros((2, 2)), "labels": [0, 3]}, "labels row 1: labels are the classes 0 to 2"),
    ({"points": np.zeros((1, 2)), "labels": [0.5]}, "labels row 0"),
    ({"points": np.zeros((1, 2)), "labels": [np.nan]}, "labels row 0"),
    ({"points": np.zeros((1, 2)), "labels": ["0"]}, "not numbers"),
    ({"A": np.zeros((1, 2)), "B": np.ones((1, 2))}, "A and B have the labels +1 and -1"),
    ({"radius": "1", "p": "inf"}, "neither points and labels"),
]


@pytest.mark.parametrize(("arrays", "said"), WRONG_ARRAYS)
def test_wrong_arrays_are_one_line(tmp_path, arrays, said):
    path = tmp_path / "data.npz"
    np.savez(path, **arrays)
    assert said in complaint(classifier(tmp_path), path)


@pytest.mark.parametrize(
    "options",
    [
        ("--output", "0"),
        ("--margin", "0,1"),
        ("--all",),
        ("--csv", "points.csv"),
        ("--proof", "net.proof.npz"),
    ],
    ids=" ".join,
)
def test_options_that_do_not_go_with_it_are_refused(tmp_path, options):
    line = complaint(classifier(tmp_path), data(tmp_path), *options)
    assert f"{options[0]}: it does not go with --argmax" in line


def test_one_output_and_no_radius_are_refused(tmp_path):
    net = tmp_path / "net.npz"
    Network.of([([[1.0, 0.0]], [0.0])]).save(net)
    assert "it has one output" in complaint(net, data(tmp_path))
    args = ["certify", classifier(tmp_path), "--instance", data(tmp_path), "--argmax"]
    result = CliRunner().invoke(cli, list(map(str, args)))
    assert result.exit_code == 2
    assert "states no radius" in result.stderr


def test_what_the_budget_does_not_reach_is_undecided(tmp_path):
    net, instance = classifier(tmp_path), data(tmp_path)
    result = certify(net, instance, "--budget", "1e-9")
    assert result.exit_code == 3, result.output
    assert "undecided: whether every point keeps its class" in result.stdout
    assert "the time budget ran out" in result.stdout


def test_margins_ask_for_each_pair_once(tmp_path):
    points, _ = read_classified(data(tmp_path, "4,0,0\n0,4,2\n"), 3, Fraction(1), Norm.INF)
    asked = []

    def margin(i, j):
        asked.append((i, j))
        return Network.of([([[0.0, 0.0]], [1.0])])

    answers = margins(margin, 3, points, Fraction(1), Norm.INF)
    assert (
        asked == [(one.label, one.against) for one in answers] == [(0, 1), (0, 2), (2, 0), (2, 1)]
    )


small = st.integers(-2, 2).map(float)


@given(
    st.lists(st.tuples(small, small, small), min_size=2, max_size=4),
    st.tuples(small, small),
    st.integers(0, 3),
)
@settings(deadline=None, max_examples=40)
def test_at_radius_0_a_point_keeps_its_class_where_its_output_is_alone_the_largest(
    tmp_path_factory, rows, x, label
):
    label %= len(rows)
    folder = tmp_path_factory.mktemp("argmax")
    net = classifier(folder, second=np.array(rows))
    instance = data(folder, f"{x[0]},{x[1]},{label}\n")
    values = (np.array(rows) @ np.maximum(W1 @ x, 0)).tolist()
    kept = all(values[label] > v for j, v in enumerate(values) if j != label)
    assert certify(net, instance, radius="0").exit_code == (0 if kept else 1)
