"""Networks to and from other programs: torch `nn.Sequential` (.pt), ONNX (.onnx), and our own .npz.

All in float64, so that the weights are the same numbers everywhere. torch and onnx are imported
only here and only when asked for.
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from robustsize.simulate.network import Network, Weight
from robustsize.simulate.whole_file import whole_file

if TYPE_CHECKING:
    import torch

MOST_ENTRIES = 100_000_000
"""Layers with more entries are not written densely, as torch and ONNX want them."""

OPSET = 13


def to_torch(network: Network) -> torch.nn.Sequential:
    """Linear layers with ReLU between them, float64, on the CPU.

    Raises ValueError where a layer is too large to be dense.
    """
    import torch

    layers: list[torch.nn.Module] = []
    for weight, bias in _dense_layers(network):
        linear = torch.nn.Linear(weight.shape[1], weight.shape[0], dtype=torch.float64)
        with torch.no_grad():
            linear.weight.copy_(torch.from_numpy(weight))
            linear.bias.copy_(torch.from_numpy(bias))
        layers += [linear, torch.nn.ReLU()]
    return torch.nn.Sequential(*layers[:-1])


def from_torch(state: dict[str, Any]) -> Network:
    """The network of the state dict of a Sequential of Linear layers with something between them.

    Raises ValueError where it holds anything but weights and biases of such layers.
    """
    names = sorted({name.rsplit(".", 1)[0] for name in state}, key=lambda n: (len(n), n))
    expected = {f"{name}.{part}" for name in names for part in ("weight", "bias")}
    if not names or set(state) - expected or any(f"{n}.weight" not in state for n in names):
        raise ValueError("not the weights and biases of a Sequential of Linear layers")
    layers = []
    for name in names:
        weight = state[f"{name}.weight"].double().numpy()
        bias = state.get(f"{name}.bias")
        layers.append((weight, np.zeros(len(weight)) if bias is None else bias.double().numpy()))
    return Network.of(layers)


def to_onnx(network: Network) -> Any:
    """An ONNX model with input x (m, d) and output f (m, 1), Gemm and Relu nodes, float64.

    Raises ValueError where a layer is too large to be dense, ModuleNotFoundError without onnx.
    """
    from onnx import TensorProto, helper, numpy_helper

    nodes, constants, last = [], [], "x"
    for i, (weight, bias) in enumerate(_dense_layers(network)):
        constants += [
            numpy_helper.from_array(weight, f"W{i}"),
            numpy_helper.from_array(bias, f"b{i}"),
        ]
        out = "f" if i == network.depth - 1 else f"a{i}"
        nodes.append(helper.make_node("Gemm", [last, f"W{i}", f"b{i}"], [out], transB=1))
        if i < network.depth - 1:
            nodes.append(helper.make_node("Relu", [out], [f"h{i}"]))
        last = f"h{i}"
    double = TensorProto.DOUBLE
    x = helper.make_tensor_value_info("x", double, ["m", network.input_dim])
    f = helper.make_tensor_value_info("f", double, ["m", 1])
    graph = helper.make_graph(nodes, "robustsize", [x], [f], constants)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=8)


def from_onnx(model: Any) -> Network:
    """The network of an ONNX model that is a chain of Gemm (or MatMul, Add) and Relu.

    Raises ValueError, naming the node, where it is not.
    """
    from onnx import numpy_helper

    graph = model.graph
    constants = {t.name: numpy_helper.to_array(t) for t in graph.initializer}
    inputs = [v.name for v in graph.input if v.name not in constants]
    if len(inputs) != 1:
        raise ValueError(f"a layered network has one input; this model has {len(inputs)}")
    last, may_relu = inputs[0], False
    layers: list[tuple[NDArray, NDArray]] = []
    for node in graph.node:
        read = [name for name in node.input if name not in constants]
        if read != [last]:
            raise ValueError(f"{node.op_type} does not read the layer before it alone")
        values = [constants[name] for name in node.input if name in constants]
        if node.op_type == "Relu" and may_relu:
            may_relu = False
        elif node.op_type == "Add" and may_relu and len(values) == 1:
            layers[-1] = (layers[-1][0], layers[-1][1] + np.ravel(values[0]))
        elif node.op_type in ("Gemm", "MatMul") and not may_relu and node.input[0] == last:
            layers.append(_affine(node, values))
            may_relu = True
        else:
            raise ValueError(f"{node.op_type} is out of place in a layered ReLU network")
        last = node.output[0]
    if not layers or not may_relu or [v.name for v in graph.output] != [last]:
        raise ValueError("the model does not end with its last affine layer")
    return Network.of(layers)


def save_network(network: Network, path: Path) -> None:
    """Write .npz, .pt (a state dict) or .onnx, by the ending of the path, complete or not at all.

    Raises ValueError for another ending or a layer too large to be dense.
    """
    if path.suffix == ".npz":
        network.save(path)
        return
    if path.suffix == ".pt":
        import torch

        buffer = io.BytesIO()
        torch.save(to_torch(network).state_dict(), buffer)
        data = buffer.getvalue()
    elif path.suffix == ".onnx":
        data = to_onnx(network).SerializeToString()
    else:
        raise ValueError(f"{path}: networks are written as .npz, .pt or .onnx")
    with whole_file(path) as partial:
        partial.write_bytes(data)


def load_network(path: Path) -> Network:
    """Read a network from .npz, .pt or .onnx.

    Raises ValueError, naming the file, where it holds no layered ReLU network; OSError where there
    is no such file.
    """
    if path.suffix == ".npz":
        return Network.load(path)
    if path.suffix not in (".pt", ".onnx"):
        raise ValueError(f"{path}: networks are read from .npz, .pt or .onnx")
    data = path.read_bytes()
    try:
        return _from_pt(data) if path.suffix == ".pt" else _from_onnx_bytes(data)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error


def _from_pt(data: bytes) -> Network:
    from pickle import UnpicklingError

    import torch

    try:
        state = torch.load(io.BytesIO(data), weights_only=True)
    except (RuntimeError, UnpicklingError, EOFError, KeyError) as error:
        raise ValueError(f"not a file of weights: {error}".splitlines()[0]) from error
    if not isinstance(state, dict) or not all(torch.is_tensor(v) for v in state.values()):
        raise ValueError("a state dict of tensors is needed")
    return from_torch(state)


def _from_onnx_bytes(data: bytes) -> Network:
    import onnx
    from google.protobuf.message import DecodeError

    try:
        model = onnx.load_model_from_string(data)
    except DecodeError as error:
        raise ValueError(f"not an ONNX file: {error}") from error
    return from_onnx(model)


def _affine(node: Any, values: list[NDArray]) -> tuple[NDArray, NDArray]:
    """Weight (out, in) and bias of a Gemm or MatMul node whose first input is the layer before."""
    settings = {a.name: a for a in node.attribute}
    if not values or values[0].ndim != 2:
        raise ValueError(f"{node.op_type} needs a constant matrix")
    if node.op_type == "MatMul":
        return np.asarray(values[0].T, dtype=np.float64), np.zeros(values[0].shape[1])
    alpha = settings["alpha"].f if "alpha" in settings else 1.0
    beta = settings["beta"].f if "beta" in settings else 1.0
    if "transA" in settings and settings["transA"].i:
        raise ValueError("Gemm transposes its input")
    turned = "transB" in settings and settings["transB"].i
    weight = np.asarray(values[0] if turned else values[0].T, dtype=np.float64) * alpha
    bias = np.asarray(values[1], dtype=np.float64) * beta if len(values) > 1 else np.zeros(1)
    return weight, np.array(np.broadcast_to(np.ravel(bias), (len(weight),)))


def _dense_layers(network: Network) -> list[tuple[NDArray, NDArray]]:
    for i, weight in enumerate(network.weights, start=1):
        if weight.shape[0] * weight.shape[1] > MOST_ENTRIES:
            raise ValueError(
                f"layer {i} has {weight.shape[0]} x {weight.shape[1]} entries, too many to be "
                f"written densely: use .npz, which is sparse"
            )
    return [(_dense(w), b) for w, b in zip(network.weights, network.biases, strict=True)]


def _dense(weight: Weight) -> NDArray[np.float64]:
    return weight if isinstance(weight, np.ndarray) else weight.toarray()
