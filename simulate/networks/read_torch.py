"""Networks from torch: state dicts that say they are ReLU chains, and exported programs (.pt2).

Nothing is unpickled but tensors. A state dict has weights and their names, not what is done with
them: it is read where `relu_chain_state` marked it, or where the user says what it is. An exported
program has its graph, which is read node by node.
"""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections import OrderedDict
from collections.abc import Callable
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from robustsize.simulate.networks.layers import Affine, Chain, Traced
from robustsize.simulate.system import files

if TYPE_CHECKING:
    import torch

MARK = "robustsize: Linear layers with a ReLU between each two"
"""What our state dicts say of themselves, in the metadata that torch keeps beside the tensors."""

ChainOf = Callable[[int], Chain]


def relu_chain_state(module: torch.nn.Sequential) -> OrderedDict[str, Any]:
    """The state dict of Linear layers with ReLUs between them, marked as such."""
    state: Any = module.state_dict()
    state._metadata[""]["robustsize"] = MARK
    marked: OrderedDict[str, Any] = state
    return marked


def read_state(data: bytes, chain_of: ChainOf, *, relu_chain: bool) -> tuple[Chain, int]:
    """The chain of a state dict, and how many outputs it has.

    relu_chain: the user's word that between each two Linear layers, numbered in order as
    nn.Sequential does, there is a ReLU and nothing else.

    Raises ValueError where the file is no such state dict or nobody says that it is a ReLU chain.
    """
    import torch

    with files.decoding("a state dict of tensors, which is all that is loaded from a .pt file"):
        # torch does not look at the archive's checksums.
        if zipfile.is_zipfile(stream := io.BytesIO(data)):
            broken = zipfile.ZipFile(stream).testzip()
            if broken is not None:
                raise ValueError(f"its part {broken} is damaged")
        state = torch.load(io.BytesIO(data), map_location="cpu", weights_only=True)
    if not isinstance(state, dict) or not state or not all(map(torch.is_tensor, state.values())):
        raise ValueError("a .pt file is to hold the state dict of a model: names and tensors")
    metadata = getattr(state, "_metadata", {})
    marked = metadata.get("", {}).get("robustsize") == MARK
    if not (marked or relu_chain):
        raise ValueError(
            "a state dict does not record activations or order: save the model with "
            "torch.export.save as .pt2 or as .onnx, or, for an nn.Sequential of Linear layers with "
            "a ReLU between each two, add --relu-chain"
        )
    numbers = _numbers(state, metadata)
    chain: Chain | None = None
    for i in numbers:
        weight = _tensor(state[f"{i}.weight"], f"{i}.weight")
        bias = _tensor(state[f"{i}.bias"], f"{i}.bias") if f"{i}.bias" in state else 0.0
        if weight.ndim != 2 or 0 in weight.shape:
            raise ValueError(f"{i}.weight has shape {weight.shape}: it is of no Linear layer")
        chain = chain_of(weight.shape[1]) if chain is None else chain.relu()
        if chain.outputs != weight.shape[1]:
            raise ValueError(
                f"{i}.weight takes {weight.shape[1]} inputs, after a layer of {chain.outputs}"
            )
        chain = chain.affine(Affine.of(weight, bias, f"layer {i}"))
    assert chain is not None
    return chain, chain.outputs


def _numbers(state: dict[str, Any], metadata: dict[str, Any]) -> list[int]:
    """The layers' numbers in order."""
    names = [re.fullmatch(r"(0|[1-9]\d{0,6})\.(weight|bias)", name) for name in state]
    for name, match in zip(state, names, strict=True):
        if match is None:
            raise ValueError(
                f"{name[:60]!r} is not named as in an nn.Sequential of Linear layers (0.weight, "
                "0.bias, 2.weight ...); save the model with torch.export.save as .pt2, or as .onnx"
            )
    numbers = sorted({int(match[1]) for match in names if match})
    for i in numbers:
        if f"{i}.weight" not in state:
            raise ValueError(f"{i}.bias has no {i}.weight")
        if i + 1 in numbers:
            raise ValueError(f"layers {i} and {i + 1} follow each other with no ReLU between them")
    modules = [int(name) for name in metadata if name.isdecimal()]
    if max(modules, default=0) > numbers[-1]:
        raise ValueError(
            f"the model has a module {max(modules)} after its last Linear layer {numbers[-1]}, of "
            "which a state dict records nothing"
        )
    return numbers


def _tensor(tensor: torch.Tensor, name: str) -> NDArray[np.float64]:
    import torch

    if tensor.dtype not in (torch.float16, torch.bfloat16, torch.float32, torch.float64):
        raise ValueError(f"{name} has entries of type {tensor.dtype}, not real numbers")
    if tensor.layout is not torch.strided or tensor.is_quantized:
        raise ValueError(f"{name} is no dense tensor")
    return np.array(tensor.detach().double().numpy())


_TYPES = {6: "<f2", 7: "<f4", 8: "<f8"}
"""torch's serialised numbers of float16, float32 and float64."""


def read_exported(data: bytes, chain_of: ChainOf) -> Traced:
    """The output of a program that torch.export.save wrote.

    torch.export.load would unpickle; here the graph, which is JSON, and the weights, which are
    bytes, are read as such.

    Raises ValueError, naming the operator, where it is no chain of affine maps and ReLUs.
    """
    with files.decoding("a program saved by torch.export.save"):
        archive = zipfile.ZipFile(io.BytesIO(data))
        if sum(entry.file_size for entry in archive.infolist()) > files.MOST_BYTES:
            raise ValueError("it is too large")
        parts = {name.partition("/")[2]: name for name in archive.namelist()}
        program = json.loads(archive.read(parts["models/model.json"]))
        config = json.loads(archive.read(parts["data/weights/model_weights_config.json"]))["config"]
        if archive.read(parts["byteorder"]) != b"little":
            raise ValueError("it was written on a big-endian machine")
        weights = {
            name: _weight(entry, archive.read(parts[f"data/weights/{entry['path_name']}"]))
            for name, entry in config.items()
        }
        graph = program["graph_module"]["graph"]
        signature = program["graph_module"]["signature"]
    with files.decoding("a program that is a layered network"):
        return _Program(graph, signature, weights, chain_of).run()


def _weight(entry: dict[str, Any], data: bytes) -> NDArray[Any]:
    meta = entry["tensor_meta"]
    shape = [size["as_int"] for size in meta["sizes"]]
    strides = [stride["as_int"] for stride in meta["strides"]]
    plain = [prod(shape[i + 1 :]) for i in range(len(shape))]
    if entry["use_pickle"] or strides != plain or meta["storage_offset"]["as_int"]:
        raise ValueError("a weight is not stored plainly")
    if meta["dtype"] not in _TYPES:
        return np.array([], dtype=bool)  # counters of batches; refused where they are used
    values = np.frombuffer(data, dtype=_TYPES[meta["dtype"]])
    return values.reshape(shape)


class _Program:
    """The walk over an exported program's nodes; values by name."""

    def __init__(
        self, graph: Any, signature: Any, weights: dict[str, NDArray[Any]], chain_of: ChainOf
    ) -> None:
        self.graph = graph
        self.values: dict[str, Traced | NDArray[Any]] = {}
        users = []
        for spec in signature["input_specs"]:
            ((kind, given),) = spec.items()
            if kind in ("parameter", "buffer"):
                self.values[given["arg"]["name"]] = weights[given[f"{kind}_name"]]
            elif kind == "user_input" and "as_tensor" in given["arg"]:
                users.append(given["arg"]["as_tensor"]["name"])
            else:
                raise ValueError(f"an input of the kind {kind} is not read")
        outputs = signature["output_specs"]
        if len(users) != 1 or len(outputs) != 1 or "user_output" not in outputs[0]:
            raise ValueError("one input and one output tensor are read, and nothing is changed")
        self.output = outputs[0]["user_output"]["arg"]["as_tensor"]["name"]
        shape = self._shape(users[0])
        self.values[users[0]] = Traced(chain_of(prod(shape)), shape)

    def run(self) -> Traced:
        for node in self.graph["nodes"]:
            name = node["target"].removeprefix("torch.ops.")
            if name not in _OPERATORS:
                raise ValueError(f"{name} is not an affine map, a ReLU or a change of shape")
            try:
                result = _OPERATORS[name](self, {a["name"]: a["arg"] for a in node["inputs"]})
            except ValueError as error:
                raise ValueError(f"{name}: {error}") from error
            (made,) = node["outputs"]
            made_name = made["as_tensor"]["name"]
            if isinstance(result, Traced) and result.shape != self._shape(made_name):
                raise ValueError(f"{name} makes another shape than its graph says")
            self.values[made_name] = result
        result = self.values[self.output]
        if not isinstance(result, Traced):
            raise ValueError("the output does not depend on the input")
        return result

    def _shape(self, name: str) -> tuple[int, ...]:
        """A tensor's shape; where the size of the batch is free, for a batch of one."""
        sizes = self.graph["tensor_values"][name]["sizes"]
        shape = [size.get("as_int", 1 if i == 0 else 0) for i, size in enumerate(sizes)]
        if len(shape) > 1 and shape[0] != 1:
            raise ValueError(f"shape {shape}: export the model for a batch of 1 or of any size")
        if not shape or min(shape) < 1:
            raise ValueError("the size of the input is not fixed")
        return tuple(shape)

    def value(self, argument: Any) -> Traced | NDArray[Any] | float:
        """A tensor or a number."""
        ((kind, given),) = argument.items()
        if kind == "as_tensor":
            return self.values[given["name"]]
        if kind in ("as_int", "as_float"):
            if float(np.float32(given)) != given:
                raise ValueError(
                    f"the number {given} is rounded to the type of the tensors when the program "
                    "runs; make it a tensor of that type"
                )
            return float(given)
        raise ValueError(f"an argument {kind} is not read")

    def layer(self, argument: Any) -> Traced:
        found = self.value(argument)
        if not isinstance(found, Traced):
            raise ValueError("it does not take the layer before it")
        return found

    def constant(self, argument: Any) -> NDArray[Any]:
        found = self.value(argument)
        if isinstance(found, Traced):
            raise ValueError("it takes two layers; a layered network has no branches")
        return np.asarray(found)

    def pair(self, given: dict[str, Any]) -> tuple[Traced, NDArray[Any], bool]:
        """Of "self" and "other" the layer, the constant, and whether the layer is first."""
        if set(given) - {"self", "other"}:
            raise ValueError("its option alpha is not read")
        if isinstance(self.value(given["self"]), Traced):
            return self.layer(given["self"]), self.constant(given["other"]), True
        return self.layer(given["other"]), self.constant(given["self"]), False


Given = dict[str, Any]


def _linear(program: _Program, given: Given) -> Traced:
    bias = given.get("bias", {"as_none": True})
    shift = 0.0 if "as_none" in bias else program.constant(bias)
    return program.layer(given["input"]).linear(program.constant(given["weight"]), shift)


def _addmm(program: _Program, given: Given) -> Traced:
    if set(given) != {"self", "mat1", "mat2"}:
        raise ValueError("its options alpha and beta are not read")
    weight, shift = program.constant(given["mat2"]).T, program.constant(given["self"])
    return program.layer(given["mat1"]).linear(weight, shift)


def _matmul(program: _Program, given: Given) -> Traced:
    weight = program.constant(given["mat2" if "mat2" in given else "other"])
    return program.layer(given["self"]).linear(weight.T)


def _relu_in_place(program: _Program, given: Given) -> Traced:
    result = program.layer(given["self"]).relu()
    # What shared memory with the tensor has changed with it, and may not be read again.
    constants = {n: v for n, v in program.values.items() if not isinstance(v, Traced)}
    program.values = {**constants}
    return result


def _add(program: _Program, given: Given) -> Traced:
    x, constant, _ = program.pair(given)
    return x.scaled(1.0, constant)


def _sub(program: _Program, given: Given) -> Traced:
    x, constant, first = program.pair(given)
    return x.scaled(1.0, -constant) if first else x.scaled(-1.0, constant)


def _mul(program: _Program, given: Given) -> Traced:
    x, constant, _ = program.pair(given)
    return x.scaled(constant)


def _div(program: _Program, given: Given) -> Traced:
    x, constant, first = program.pair(given)
    if not first:
        raise ValueError("it divides by the layer before it")
    return x.divided(constant)


def _flatten(program: _Program, given: Given) -> Traced:
    x = program.layer(given["self"])
    first, last = (
        given.get(name, {"as_int": default})["as_int"] % len(x.shape)
        for name, default in (("start_dim", 0), ("end_dim", -1))
    )
    return x.reshaped((*x.shape[:first], prod(x.shape[first : last + 1]), *x.shape[last + 1 :]))


def _view(program: _Program, given: Given) -> Traced:
    x, sizes = program.layer(given["self"]), given["shape" if "shape" in given else "size"]
    wanted = [int(size) for size in sizes["as_ints"]]
    if wanted.count(-1) == 1:
        wanted[wanted.index(-1)] = prod(x.shape) // abs(prod(wanted) or 1)
    return x.reshaped(wanted)


def _dropout(program: _Program, given: Given) -> Traced:
    if given["train"]["as_bool"]:
        raise ValueError("it drops units in training; export the model in its eval mode")
    return program.layer(given["input"])


def _batch_norm(program: _Program, given: Given) -> Traced:
    if given["training"]["as_bool"]:
        raise ValueError("it is in training; export the model in its eval mode")
    return program.layer(given["input"]).normalised(
        program.constant(given["weight"]),
        program.constant(given["bias"]),
        program.constant(given["running_mean"]),
        program.constant(given["running_var"]),
        given["eps"]["as_float"],
    )


def _same(program: _Program, given: Given) -> Traced:
    return program.layer(given["self"])


def _transposed(program: _Program, given: Given) -> Any:
    return program.constant(given["self"]).T


_OPERATORS: dict[str, Callable[[_Program, Given], Any]] = {
    "aten.linear.default": _linear,
    "aten.addmm.default": _addmm,
    "aten.mm.default": _matmul,
    "aten.matmul.default": _matmul,
    "aten.relu.default": lambda program, given: program.layer(given["self"]).relu(),
    "aten.relu_.default": _relu_in_place,
    "aten.add.Tensor": _add,
    "aten.sub.Tensor": _sub,
    "aten.mul.Tensor": _mul,
    "aten.div.Tensor": _div,
    "aten.neg.default": lambda program, given: program.layer(given["self"]).scaled(-1.0),
    "aten.flatten.using_ints": _flatten,
    "aten.view.default": _view,
    "aten.reshape.default": _view,
    "aten.dropout.default": _dropout,
    "aten.batch_norm.default": _batch_norm,
    "aten.t.default": _transposed,
    "aten.clone.default": _same,
    "aten.alias.default": _same,
    "aten.detach.default": _same,
}
