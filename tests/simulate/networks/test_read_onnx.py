"""ONNX models are read as what they compute, or refused by name."""

from fractions import Fraction

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from robustsize.simulate.networks import read_onnx as reader
from robustsize.simulate.networks.export import Reading, load_network, read_network

RNG = np.random.default_rng(3)
W1, B1 = RNG.integers(-8, 8, (3, 4)) / 4, RNG.integers(-8, 8, 4) / 4
W2, B2 = RNG.integers(-8, 8, (4, 2)) / 4, RNG.integers(-8, 8, 2) / 4
OUT = Reading(output=1)


def node(op, *inputs, out=None, **settings):
    return helper.make_node(op, list(inputs), [out or f"{op}_out"], **settings)


def model(nodes, constants, *, shape=("N", 3), opset=13, functions=(), extra=()):
    arrays = [numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()]
    graph = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info("x", TensorProto.DOUBLE, list(shape))],
        [helper.make_tensor_value_info(nodes[-1].output[0], TensorProto.DOUBLE, [None, None])],
        arrays,
    )
    opsets = [helper.make_opsetid("", opset), *(helper.make_opsetid(d, 1) for d in extra)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=8, functions=list(functions))


def saved(tmp_path, *args, **options):
    path = tmp_path / "net.onnx"
    path.write_bytes(model(*args, **options).SerializeToString())
    return path


def refusal(path, reading=OUT):
    with pytest.raises(ValueError, match=r"net\.onnx: ") as caught:
        read_network(path, reading)
    assert len(str(caught.value).splitlines()) == 1
    return str(caught.value)


def layered(x, scale=1):
    return np.maximum(x @ W1 + B1, 0) @ W2 + B2


CONSTANTS = {"W1": W1, "b1": B1, "W2": W2, "b2": B2}
HEAD = [node("MatMul", "x", "W1", out="a"), node("Add", "a", "b1", out="h")]
TAIL = [node("Relu", "h", out="r"), node("Gemm", "r", "W2", "b2", out="f")]

SAME = {
    "matmul and add": ([*HEAD, *TAIL], {}),
    "constant first": ([HEAD[0], node("Add", "b1", "a", out="h"), *TAIL], {}),
    "gemm": ([node("Gemm", "x", "Wt", "b1", out="h", transB=1), *TAIL], {"Wt": W1.T.copy()}),
    "alpha and beta": (
        [node("Gemm", "x", "W", "b", out="h", alpha=0.5, beta=2.0), *TAIL],
        {"W": W1 * 2, "b": B1 / 2},
    ),
    "bias of shape (1, n)": ([HEAD[0], node("Add", "a", "b", out="h"), *TAIL], {"b": B1[None]}),
    "sub": ([HEAD[0], node("Sub", "a", "b", out="h"), *TAIL], {"b": -B1}),
    "constant less layer": (
        [HEAD[0], node("Neg", "a", out="n"), node("Sub", "b1", "n", out="h"), *TAIL],
        {},
    ),
    "div": (
        [node("Div", "x", "four", out="y"), node("Gemm", "y", "W", "b1", out="h"), *TAIL],
        {"four": 4.0, "W": W1 * 4},
    ),
    "mul": (
        [node("Mul", "x", "half", out="y"), node("Gemm", "y", "W", "b1", out="h"), *TAIL],
        {"half": np.array([0.5, 0.25, 2.0]), "W": W1 / np.array([[0.5], [0.25], [2.0]])},
    ),
    "identity, flatten, dropout": (
        [
            node("Identity", "x", out="i"),
            node("Flatten", "i", out="j"),
            node("Gemm", "j", "W1", "b1", out="k"),
            node("Dropout", "k", out="h"),
            *TAIL,
        ],
        {},
    ),
    "reshape": (
        [node("Reshape", "x", "to", out="y"), node("Gemm", "y", "W1", "b1", out="h"), *TAIL],
        {"to": np.array([-1, 3])},
    ),
    "a constant node": (
        [
            helper.make_node("Constant", [], ["c"], value=numpy_helper.from_array(B1, "")),
            HEAD[0],
            node("Add", "a", "c", out="h"),
            *TAIL,
        ],
        {},
    ),
    "a transposed constant": (
        [node("Transpose", "Wt", out="W"), node("Gemm", "x", "W", "b1", out="h"), *TAIL],
        {"Wt": W1.T.copy()},
    ),
    "two ReLUs": ([*HEAD, node("Relu", "h", out="q"), node("Relu", "q", out="r"), TAIL[1]], {}),
    "consecutive affine layers": (
        [node("MatMul", "x", "P", out="y"), node("Gemm", "y", "W1", "b1", out="h"), *TAIL],
        {"P": np.eye(3)},
    ),
}


@pytest.mark.parametrize("name", SAME)
def test_a_model_is_read_as_what_it_computes(tmp_path, name):
    nodes, constants = SAME[name]
    path = saved(tmp_path, nodes, CONSTANTS | constants)
    x = RNG.standard_normal((20, 3))
    for i in range(2):
        network = load_network(path, Reading(output=i))
        np.testing.assert_allclose(network(x), layered(x)[:, i], rtol=1e-12, atol=1e-12)
    margin = load_network(path, Reading(margin=(1, 0)))
    np.testing.assert_allclose(margin(x), layered(x) @ [-1, 1], rtol=1e-12, atol=1e-12)


def test_an_image_is_flattened_row_by_row(tmp_path):
    weight = np.arange(12.0).reshape(12, 1)
    nodes = [
        node("Sub", "x", "mean", out="y"),
        node("Flatten", "y", out="z"),
        node("MatMul", "z", "W", out="f"),
    ]
    constants = {"mean": np.array([[[0.5]], [[1.0]]]), "W": weight}
    network = load_network(saved(tmp_path, nodes, constants, shape=("N", 2, 3, 2)))
    x = np.arange(12.0).reshape(2, 3, 2)
    assert network(x.reshape(1, -1))[0] == (x - constants["mean"]).ravel() @ weight[:, 0]


def test_float32_weights_are_taken_exactly_and_margins_are_exact(tmp_path):
    weight = np.array([[0.1, 0.3], [1e-30, 1e8]], dtype=np.float32)
    nodes = [node("Gemm", "x", "W", "b", out="f")]
    bias = np.array([0.1, -1e20], dtype=np.float32)
    path = saved(tmp_path, nodes, {"W": weight, "b": bias}, shape=(1, 2))
    x = (Fraction(1, 3), Fraction(2, 7))
    f = [
        sum(Fraction(float(w)) * v for w, v in zip(column, x, strict=True)) + Fraction(float(b))
        for column, b in zip(weight.T, bias, strict=True)
    ]
    read = read_network(path, Reading(margin=(0, 1)))
    assert read.network.exact(x) == f[0] - f[1]
    assert "kept apart" in read.notes[0]


def test_a_final_relu_is_kept(tmp_path):
    nodes = [*HEAD, *TAIL, node("Relu", "f", out="g")]
    network = load_network(saved(tmp_path, nodes, CONSTANTS), OUT)
    x = RNG.standard_normal((50, 3)) * 4
    np.testing.assert_allclose(network(x), np.maximum(layered(x)[:, 1], 0), atol=1e-12)


def test_batch_normalisation_is_folded_only_where_the_user_asks(tmp_path):
    statistics = {"s": B1 + 3, "t": B1, "m": B1 / 2, "v": abs(B1) + 0.5}
    nodes = [*HEAD[:1], node("BatchNormalization", "a", *statistics, out="h"), *TAIL]
    path = saved(tmp_path, nodes, CONSTANTS | statistics)
    assert "--fold" in refusal(path)
    read = read_network(path, Reading(output=1, fold=True))
    x = RNG.standard_normal((20, 3))
    scaled = (x @ W1 - statistics["m"]) / np.sqrt(statistics["v"] + 1e-5)
    expected = np.maximum(scaled * statistics["s"] + statistics["t"], 0) @ W2 + B2
    np.testing.assert_allclose(read.network(x), expected[:, 1], rtol=1e-6, atol=1e-6)
    assert any("batch normalisation was folded" in note for note in read.notes)


REFUSED = {
    "bias of shape (n, 1)": (
        [HEAD[0], node("Add", "a", "b", out="h"), *TAIL],
        {"b": B1[:, None]},
        {"shape": (1, 3)},
        "a constant of shape (4, 1) meets a tensor of shape (1, 4)",
    ),
    "sigmoid": ([*HEAD, node("Sigmoid", "h", out="r"), TAIL[1]], {}, {}, "(Sigmoid): not an"),
    "leaky": ([*HEAD, node("LeakyRelu", "h", out="r"), TAIL[1]], {}, {}, "(LeakyRelu): not an"),
    "residual": (
        [*HEAD, node("Relu", "h", out="q"), node("Add", "q", "h", out="r"), TAIL[1]],
        {},
        {},
        "(Add): it takes two layers",
    ),
    "transA": (
        [node("Gemm", "x", "W1", out="h", transA=1), *TAIL],
        {},
        {"shape": (1, 3)},
        "(Gemm): it transposes",
    ),
    "weight first": (
        [node("MatMul", "W", "x", out="f")],
        {"W": np.ones((1, 1))},
        {"shape": (1, 3)},
        "(MatMul): it does not take",
    ),
    "divides by a third": (
        [node("Div", "x", "c", out="y"), node("Gemm", "y", "W1", out="h"), *TAIL],
        {"c": 3.0},
        {},
        "(Div): a division has no exact float64 form; --fold",
    ),
    "another domain": (
        [*HEAD, node("Relu", "h", out="r", domain="com.x"), TAIL[1]],
        {},
        {"extra": ["com.x"]},
        "(Relu): it is of the domain 'com.x'",
    ),
    "a batch of 7": ([*HEAD, *TAIL], {}, {"shape": (7, 3)}, "for a batch of 1"),
    "a free size": ([*HEAD, *TAIL], {}, {"shape": ("N", "M")}, "not fixed"),
    "an old operator set": ([*HEAD, *TAIL], {}, {"opset": 6}, "operator sets"),
    "not finite": ([*HEAD, *TAIL], {"b2": np.array([np.nan, 1])}, {}, "not a finite number"),
    "complex": (
        [node("MatMul", "x", "W", out="f")],
        {"W": np.ones((3, 1), dtype=complex)},
        {},
        "not real numbers",
    ),
    "several outputs": ([*HEAD, *TAIL], {}, {"reading": Reading()}, "has 2 outputs"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_layered_network_is_refused_by_name(tmp_path, name):
    nodes, constants, options, said = REFUSED[name]
    reading = options.pop("reading", OUT) if "reading" in options else OUT
    assert said in refusal(saved(tmp_path, nodes, CONSTANTS | constants, **options), reading)


@pytest.mark.parametrize("domain", ["my", ""])
def test_a_function_of_the_model_is_not_read_as_the_operator_of_its_name(tmp_path, domain):
    opsets = [helper.make_opsetid("", 13)]
    function = helper.make_function(
        domain, "Relu", ["x"], ["y"], [helper.make_node("Neg", ["x"], ["y"])], opsets
    )
    nodes = [*HEAD, node("Relu", "h", out="r", domain=domain), TAIL[1]]
    path = saved(tmp_path, nodes, CONSTANTS, functions=[function], extra=[domain][: len(domain)])
    assert "ONNX" in refusal(path)


def test_external_data_is_taken_from_the_models_own_folder(tmp_path, monkeypatch):
    whole = model([*HEAD, *TAIL], CONSTANTS)
    onnx.save(
        whole, tmp_path / "net.onnx", save_as_external_data=True, location="w.bin", size_threshold=0
    )
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "w.bin").write_bytes(b"\0" * 1000)
    monkeypatch.chdir(elsewhere)
    network = load_network(tmp_path / "net.onnx", OUT)
    x = RNG.standard_normal((20, 3))
    np.testing.assert_allclose(network(x), layered(x)[:, 1], atol=1e-12)
    (tmp_path / "w.bin").write_bytes(b"\0" * 9)
    assert "beyond the end" in refusal(tmp_path / "net.onnx")
    (tmp_path / "w.bin").unlink()
    assert "'w.bin' beside the model" in refusal(tmp_path / "net.onnx")


def test_external_data_outside_the_folder_is_refused(tmp_path):
    (tmp_path / "w.bin").write_bytes(W2.tobytes())
    inner = tmp_path / "inner"
    inner.mkdir()
    whole = model([*HEAD, *TAIL], CONSTANTS)
    tensor = next(t for t in whole.graph.initializer if t.name == "W2")
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="../w.bin")
    (inner / "net.onnx").write_bytes(whole.SerializeToString())
    assert "outside the model's folder" in refusal(inner / "net.onnx")


def test_a_misreading_is_caught_by_the_reference_evaluator(tmp_path, monkeypatch):
    path = saved(tmp_path, [*HEAD, *TAIL], CONSTANTS)
    monkeypatch.setitem(reader._OPERATORS, "Relu", lambda call: call.x.scaled(-1.0))
    assert "the onnx reference evaluator gives" in refusal(path)
