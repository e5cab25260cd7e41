"""Networks to and from other programs: torch (.pt, .pt2), ONNX (.onnx), and our own .npz.

Written in float64, so that the weights are the same numbers everywhere; float32 weights are read as
they are. A certificate is about the network with these weights in real arithmetic: a program that
evaluates it in float32 adds rounding errors of its own. torch and onnx are imported only when asked
for.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from robustsize.simulate.networks.layers import Chain, one_output
from robustsize.simulate.networks.network import Network, Weight
from robustsize.simulate.networks.read_onnx import read_onnx
from robustsize.simulate.networks.read_torch import read_exported, read_state, relu_chain_state
from robustsize.simulate.system import files

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


def save_network(network: Network, path: Path) -> None:
    """Write .npz, .pt (a state dict) or .onnx, by the ending of the path, complete or not at all.

    Raises ValueError for another ending or a layer too large to be dense.
    """
    if path.suffix == ".npz":
        network.save(path)
    elif path.suffix == ".pt":
        import torch

        buffer = io.BytesIO()
        torch.save(relu_chain_state(to_torch(network)), buffer)
        files.write_bytes(path, buffer.getvalue())
    elif path.suffix == ".onnx":
        files.write_bytes(path, to_onnx(network).SerializeToString())
    else:
        raise ValueError(f"{path}: networks are written as .npz, .pt or .onnx")


@dataclass(frozen=True)
class Reading:
    """How a file of a network is to be read.

    output, margin: of several outputs the one, i, or the difference of two, (i, j), whose sign is
    the label. relu_chain: a .pt file's numbered Linear layers have a ReLU between each two. fold:
    operations without an exact float64 form are folded into the weights, rounded.
    """

    output: int | None = None
    margin: tuple[int, int] | None = None
    relu_chain: bool = False
    fold: bool = False


@dataclass(frozen=True, eq=False)
class ReadNetwork:
    """A network from a file, and notes on how it differs from what the file says, if it does.

    outputs: how many the file's network has, of which `network` is one, or a difference of two.
    """

    network: Network
    notes: tuple[str, ...] = ()
    outputs: int = 1

    def lines(self, *, argmax: bool = False) -> Iterator[str]:
        """What was read, for a reader; argmax: all outputs decide, not one network of them."""
        hidden = ", ".join(map(str, self.network.widths)) or "none"
        what = f"{self.outputs} outputs" if argmax else f"{self.network.size} parameters"
        yield f"network of {self.network.input_dim} inputs, hidden widths {hidden}, {what}"
        yield from (f"note: {note}" for note in self.notes)

    def json(self, *, argmax: bool = False) -> dict[str, Any]:
        """What was read, as a JSON object; size is null where all outputs decide."""
        net = self.network
        return {
            "inputs": net.input_dim,
            "outputs": self.outputs,
            "hidden_widths": list(net.widths),
            "size": None if argmax else net.size,
            "notes": list(self.notes),
        }


def load_network(path: Path, reading: Reading | None = None) -> Network:
    """Read a network from .npz, .pt, .pt2 or .onnx; see `read_network`."""
    return read_network(path, reading).network


def read_network(path: Path, reading: Reading | None = None) -> ReadNetwork:
    """Read a network from .npz, .pt, .pt2 or .onnx, and say what was read.

    Raises ValueError, naming the file, where it holds no layered ReLU network, or several outputs
    of which `reading` names none; OSError where there is no such file.
    """
    reading = reading or Reading()
    reader = _READERS.get(path.suffix)
    if reader is None:
        raise ValueError(f"{path}: networks are read from {', '.join(_READERS)}")
    if reading.relu_chain and path.suffix != ".pt":
        raise ValueError("--relu-chain is about .pt files; leave it out")
    if reading.fold and path.suffix in (".npz", ".pt"):
        raise ValueError("--fold is about .onnx and .pt2 files; leave it out")
    try:
        return reader(path, reading)
    except ValueError as error:
        named = str(error).startswith(str(path))
        raise ValueError(str(error) if named else f"{path}: {error}") from error


def _read_npz(path: Path, reading: Reading) -> ReadNetwork:
    network = Network.load(path)
    one_output(1, reading.output, reading.margin)
    return ReadNetwork(network)


def _read_pt(path: Path, reading: Reading) -> ReadNetwork:
    chain, outputs = read_state(
        files.read_bytes(path), partial(Chain, rounding=False), relu_chain=reading.relu_chain
    )
    return _finished(chain, outputs, reading)


def _read_pt2(path: Path, reading: Reading) -> ReadNetwork:
    result = read_exported(files.read_bytes(path), partial(Chain, rounding=reading.fold))
    return _finished(result.chain, prod(result.shape), reading)


def _finished(chain: Chain, outputs: int, reading: Reading) -> ReadNetwork:
    network = chain.output(one_output(outputs, reading.output, reading.margin))
    return ReadNetwork(network, tuple(chain.notes), outputs)


def _read_onnx(path: Path, reading: Reading) -> ReadNetwork:
    network, chain = read_onnx(
        files.read_bytes(path),
        path.parent,
        partial(Chain, rounding=reading.fold),
        partial(one_output, output=reading.output, margin=reading.margin),
    )
    return ReadNetwork(network, tuple(chain.notes), chain.outputs)


_READERS: dict[str, Callable[[Path, Reading], ReadNetwork]] = {
    ".npz": _read_npz,
    ".pt": _read_pt,
    ".pt2": _read_pt2,
    ".onnx": _read_onnx,
}


def _dense_layers(network: Network) -> list[tuple[NDArray[Any], NDArray[Any]]]:
    for i, weight in enumerate(network.weights, start=1):
        if weight.shape[0] * weight.shape[1] > MOST_ENTRIES:
            raise ValueError(
                f"layer {i} has {weight.shape[0]} x {weight.shape[1]} entries, too many to be "
                f"written densely: use .npz, which is sparse"
            )
    return [(_dense(w), b) for w, b in zip(network.weights, network.biases, strict=True)]


def _dense(weight: Weight) -> NDArray[np.float64]:
    return weight if isinstance(weight, np.ndarray) else weight.toarray()
