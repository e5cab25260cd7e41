"""ONNX models as layered networks: read node by node, then held against onnx's own evaluator.

Every node's domain, type and attributes are looked at; what is not an affine map, a ReLU or a
change of shape is refused by name. The weights are taken as they are, float32 exactly, and the
network is their function in real arithmetic.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from robustsize.simulate.networks.layers import Affine, Chain, Traced, times_exactly
from robustsize.simulate.networks.network import Network
from robustsize.simulate.system import files
from robustsize.simulate.system.files import exact_float64

OLDEST_OPSET = 7
"""Before it, broadcasting and Dropout meant something else."""

SCALES = (0.0, 1e-6, 1e-3, 1e-1, 1.0, 1e1, 1e3, 1e6)
"""Inputs of these sizes are tried on the reference evaluator, several of each."""

Value = Traced | NDArray[Any]
Select = Callable[[int], Affine]
"""The affine map that makes one output of so many."""

_DOMAINS = ("", "ai.onnx")
_FLOATS = {1, 10, 11, 16}
"""FLOAT, FLOAT16, DOUBLE and BFLOAT16."""


def read_onnx(
    data: bytes, folder: Path, chain_of: Callable[[int], Chain], select: Select
) -> tuple[Network, Chain]:
    """The network of a model, its external data taken from the model's own folder.

    chain_of: an empty chain of so many inputs. select: the output wanted.

    Raises ValueError, naming the node, where the model is no chain of affine maps and ReLUs, or
    where the onnx reference evaluator computes something else than the network that was read.
    """
    import onnx

    with files.decoding("an ONNX file"):
        model = onnx.load_model_from_string(data)
    for tensor in model.graph.initializer:
        _take_external(tensor, folder)
    with files.decoding("a valid ONNX model"):
        onnx.checker.check_model(model)
    with files.decoding("a layered ReLU network"):
        reader = _Reader(model, chain_of)
        result = reader.run()
    outputs = int(np.prod(result.shape))
    selected = select(outputs)
    network = result.chain.output(selected)
    _hold_against_reference(model, reader, network, result.chain, selected)
    return network, result.chain


class _Reader:
    """The walk over a model's nodes; values by name."""

    def __init__(self, model: Any, chain_of: Callable[[int], Chain]) -> None:
        from onnx import numpy_helper

        graph = model.graph
        opsets = {o.version for o in model.opset_import if o.domain in _DOMAINS}
        if len(opsets) != 1 or min(opsets) < OLDEST_OPSET:
            raise ValueError(f"ONNX operator sets from {OLDEST_OPSET} on are read")
        (self.opset,) = opsets
        if graph.sparse_initializer:
            raise ValueError("sparse initializers are not read")
        self.functions = {f.name for f in model.functions if f.domain in _DOMAINS}
        self.graph = graph
        self.values: dict[str, Value] = {
            t.name: np.asarray(numpy_helper.to_array(t)) for t in graph.initializer
        }
        given = [v for v in graph.input if v.name not in self.values]
        if len(given) != 1 or len(graph.output) != 1:
            raise ValueError(
                f"a network has one input and one output tensor; this model has {len(given)} and "
                f"{len(graph.output)}"
            )
        self.input_name = given[0].name
        self.input_shape = _input_shape(given[0])
        inputs = int(np.prod(self.input_shape))
        self.values[self.input_name] = Traced(chain_of(inputs), self.input_shape)

    def run(self) -> Traced:
        for node in self.graph.node:
            name = f"node {node.name or node.output[0]!r} ({node.op_type})"
            try:
                self._read(node)
            except ValueError as error:
                raise ValueError(f"{name}: {error}") from error
        result = self.values.get(self.graph.output[0].name)
        if not isinstance(result, Traced):
            raise ValueError("the output does not depend on the input")
        return result

    def _read(self, node: Any) -> None:
        if node.domain not in _DOMAINS or node.op_type in self.functions:
            where = f"of the domain {node.domain!r}" if node.domain else "a function of the model"
            raise ValueError(f"it is {where}; only ONNX's own operators are read")
        if any(name and name not in self.values for name in node.input):
            raise ValueError("an input is not known")
        inputs = [self.values[name] if name else None for name in node.input]
        settings = {a.name: a for a in node.attribute}
        if not any(isinstance(v, Traced) for v in inputs):
            result: Value = _constant(node.op_type, inputs, settings)
        elif node.op_type not in _OPERATORS:
            raise ValueError(f"not an affine map, a ReLU or a change of shape{_hint(node.op_type)}")
        else:
            result = _OPERATORS[node.op_type](_Call(inputs, settings, self.opset))
        self.values[node.output[0]] = result


class _Call:
    """The inputs and attributes of one node."""

    def __init__(self, inputs: list[Value | None], settings: dict[str, Any], opset: int) -> None:
        self.inputs, self.settings, self.opset = inputs, settings, opset

    @property
    def x(self) -> Traced:
        """The one input that depends on the network's input, where it comes first."""
        first = self.inputs[0]
        if not isinstance(first, Traced) or any(isinstance(v, Traced) for v in self.inputs[1:]):
            raise ValueError("it does not take the layer before it, alone, as its first input")
        return first

    def either(self) -> tuple[Traced, NDArray[Any], bool]:
        """Of two inputs the traced one, the constant, and whether the traced one is first."""
        a, b = self.inputs
        if isinstance(a, Traced) and isinstance(b, np.ndarray):
            return a, b, True
        if isinstance(b, Traced) and isinstance(a, np.ndarray):
            return b, a, False
        raise ValueError("it takes two layers; a layered network has no branches")

    def constant(self, i: int) -> NDArray[Any]:
        value = self.inputs[i] if i < len(self.inputs) else None
        if not isinstance(value, np.ndarray):
            raise ValueError("it needs a constant")
        return value

    def has(self, i: int) -> bool:
        return i < len(self.inputs) and self.inputs[i] is not None

    def number(self, name: str, default: float) -> float:
        if name not in self.settings:
            return default
        attribute = self.settings[name]
        return float(attribute.f) if attribute.type == 1 else int(attribute.i)

    def axes(self, default: list[int] | None = None) -> list[int]:
        """The axes, an attribute once and an input since."""
        if "axes" in self.settings:
            return list(self.settings["axes"].ints)
        if self.has(1):
            return [int(v) for v in self.constant(1).ravel()]
        if default is None:
            raise ValueError("it needs axes")
        return default


def _gemm(call: _Call) -> Traced:
    if call.number("transA", 0):
        raise ValueError("it transposes its input")
    if len(call.x.shape) != 2:
        raise ValueError(f"it takes a matrix, not a tensor of shape {call.x.shape}")
    weight = call.constant(1) if call.number("transB", 0) else call.constant(1).T
    product, alpha = call.x.linear(weight), call.number("alpha", 1.0)
    product = product if alpha == 1 else product.scaled(alpha)
    if not call.has(2):
        return product
    constant, beta = exact_float64(call.constant(2), "it"), call.number("beta", 1.0)
    shift = constant if beta == 1 else times_exactly(constant, beta)
    if shift is None:
        call.x.require_rounding("the product of a Gemm's beta and C")
        shift = constant * beta
    return product.scaled(1.0, shift)


def _matmul(call: _Call) -> Traced:
    return call.x.linear(call.constant(1).T)


def _add(call: _Call) -> Traced:
    x, constant, _ = call.either()
    return x.scaled(1.0, constant)


def _sub(call: _Call) -> Traced:
    x, constant, first = call.either()
    constant = exact_float64(constant, "it")
    return x.scaled(1.0, -constant) if first else x.scaled(-1.0, constant)


def _mul(call: _Call) -> Traced:
    x, constant, _ = call.either()
    return x.scaled(constant)


def _div(call: _Call) -> Traced:
    x, constant, first = call.either()
    if not first:
        raise ValueError("it divides by the layer before it")
    return x.divided(constant)


def _batch_normalization(call: _Call) -> Traced:
    if call.number("training_mode", 0) or not call.number("spatial", 1):
        raise ValueError("only its form for inference, over channels, is read")
    scale, shift, mean, variance = (call.constant(i) for i in range(1, 5))
    return call.x.normalised(scale, shift, mean, variance, call.number("epsilon", _EPSILON))


def _dropout(call: _Call) -> Traced:
    if call.has(2) and call.constant(2).any():
        raise ValueError("it drops units in training; export the model for inference")
    return call.x


def _cast(call: _Call) -> Traced:
    if int(call.number("to", 0)) not in (1, 11):
        raise ValueError("it casts to another type than float or double")
    return call.x


def _flatten(call: _Call) -> Traced:
    x = call.x
    axis = int(call.number("axis", 1))
    axis += len(x.shape) if axis < 0 else 0
    sizes = [int(np.prod(part)) for part in (x.shape[:axis], x.shape[axis:])]
    return x.reshaped(sizes)


def _reshape(call: _Call) -> Traced:
    x, wanted = call.x, [int(v) for v in call.constant(1).ravel()]
    if not call.number("allowzero", 0):
        wanted = [x.shape[i] if v == 0 and i < len(x.shape) else v for i, v in enumerate(wanted)]
    if wanted.count(-1) == 1:
        rest = int(np.prod([v for v in wanted if v != -1]))
        wanted[wanted.index(-1)] = int(np.prod(x.shape)) // rest if rest > 0 else 0
    return x.reshaped(wanted)


def _squeeze(call: _Call) -> Traced:
    x = call.x
    ones = [i for i, v in enumerate(x.shape) if v == 1]
    axes = {a % len(x.shape) for a in call.axes(ones)}
    if not axes <= set(ones):
        raise ValueError("it squeezes an axis of more than one entry")
    return x.reshaped(v for i, v in enumerate(x.shape) if i not in axes)


def _unsqueeze(call: _Call) -> Traced:
    return call.x.reshaped(np.expand_dims(np.empty(call.x.shape), tuple(call.axes())).shape)


_EPSILON = float(np.float32(1e-5))
"""An ONNX attribute is a float32, the default too."""

_OPERATORS: dict[str, Callable[[_Call], Traced]] = {
    "Gemm": _gemm,
    "MatMul": _matmul,
    "Add": _add,
    "Sub": _sub,
    "Mul": _mul,
    "Div": _div,
    "Neg": lambda call: call.x.scaled(-1.0),
    "Relu": lambda call: call.x.relu(),
    "BatchNormalization": _batch_normalization,
    "Identity": lambda call: call.x,
    "Dropout": _dropout,
    "Cast": _cast,
    "Flatten": _flatten,
    "Reshape": _reshape,
    "Squeeze": _squeeze,
    "Unsqueeze": _unsqueeze,
}


def _hint(operator: str) -> str:
    if operator in ("Sigmoid", "Softmax", "LogSoftmax", "Tanh"):
        return "; where it is the last layer, export the model without it"
    return ""


def _constant(operator: str, inputs: list[Any], settings: dict[str, Any]) -> NDArray[Any]:
    """The value of a node that depends on no input."""
    from onnx import numpy_helper

    if operator == "Constant" and len(settings) == 1:
        (attribute,) = settings.values()
        if attribute.name == "value":
            if attribute.t.data_location == 1:
                raise ValueError("its value lies in another file")
            return np.asarray(numpy_helper.to_array(attribute.t))
        readers: dict[str, Callable[[Any], Any]] = {
            "value_float": lambda a: np.float32(a.f),
            "value_floats": lambda a: np.array(a.floats, dtype=np.float32),
            "value_int": lambda a: np.int64(a.i),
            "value_ints": lambda a: np.array(a.ints, dtype=np.int64),
        }
        if attribute.name in readers:
            return np.asarray(readers[attribute.name](attribute))
    if operator == "Identity":
        return np.asarray(inputs[0])
    if operator == "Transpose":
        axes = list(settings["perm"].ints) if "perm" in settings else None
        return np.asarray(np.transpose(inputs[0], axes))
    raise ValueError("this operator is not read on constants")


def _input_shape(given: Any) -> tuple[int, ...]:
    """The shape of one input: a batch of one where the batch size is free.

    Raises ValueError where another size is free, or the batch is fixed above one.
    """
    tensor = given.type.tensor_type
    if tensor.elem_type not in _FLOATS or not tensor.HasField("shape"):
        raise ValueError("the input is no tensor of floats of known shape")
    sizes = [axis.dim_value if axis.HasField("dim_value") else 0 for axis in tensor.shape.dim]
    if len(sizes) > 1 and sizes[0] == 0:
        sizes[0] = 1
    if not sizes or any(size < 1 for size in sizes):
        raise ValueError("the size of the input is not fixed")
    if len(sizes) > 1 and sizes[0] != 1:
        raise ValueError(
            f"the input has the shape {tuple(sizes)}: export the model for a batch of 1 or of any "
            "size"
        )
    if np.prod(sizes, dtype=float) > files.MOST_BYTES:
        raise ValueError("the input is too large")
    return tuple(sizes)


def _take_external(tensor: Any, folder: Path) -> None:
    """Put the data of a tensor that lies in a file beside the model into the tensor."""
    from onnx.external_data_helper import ExternalDataInfo, uses_external_data

    if not uses_external_data(tensor):
        return
    info = ExternalDataInfo(tensor)
    root = folder.resolve()
    place = (root / info.location).resolve()
    if not info.location or not place.is_relative_to(root):
        raise ValueError(f"the weights {tensor.name!r} lie outside the model's folder")
    try:
        data = files.read_bytes(place)
    except (OSError, ValueError) as error:
        raise ValueError(f"the weights in {info.location!r} beside the model: {error}") from error
    start = int(info.offset or 0)
    length = int(info.length or 0) or len(data) - start
    if start < 0 or length < 0 or start + length > len(data):
        raise ValueError(f"the weights {tensor.name!r} lie beyond the end of {info.location!r}")
    tensor.raw_data = data[start : start + length]
    tensor.data_location = 0
    del tensor.external_data[:]


SCALES = (0.0, 1e-6, 1e-3, 1e-1, 1.0, 1e1, 1e3, 1e6)
"""Inputs of these sizes are tried on the reference evaluator, several of each."""


def _hold_against_reference(
    model: Any, reader: _Reader, network: Network, chain: Chain, selected: Affine
) -> None:
    """Raise ValueError where onnx's reference evaluator computes something else than the network.

    It computes in float64, so that rounding stays far below what a misread layer would change.
    """
    from onnx.reference import ReferenceEvaluator

    runs = "a model that the onnx reference evaluator runs"
    unit = float(np.finfo(np.float32 if _rounds(model) else np.float64).eps)
    with files.decoding(runs):
        evaluator = ReferenceEvaluator(_in_float64(model))
    for x in _tries(network.input_dim):
        with np.errstate(all="ignore"), files.decoding(runs):
            (outputs,) = evaluator.run(None, {reader.input_name: x.reshape(reader.input_shape)})
            theirs = float(selected.matrix[0] @ np.asarray(outputs, dtype=np.float64).ravel())
        with np.errstate(all="ignore"):
            ours, bound = float(network(x[None])[0]), _error_bound(chain, selected, x, unit)
        if np.isfinite(bound) and not abs(ours - theirs) <= bound:
            raise ValueError(
                f"read as a layered network it gives {ours:.9g}, the onnx reference evaluator "
                f"gives {theirs:.9g} at the same input: the model is refused"
            )


def _rounds(model: Any) -> bool:
    return any(node.op_type == "Cast" for node in model.graph.node)


def _in_float64(model: Any) -> Any:
    """The model with its float32 constants as float64.

    Before operator set 14 the evaluator moves the statistics of a BatchNormalization towards its
    input, which inference does not; with momentum 1 they stay.
    """
    from onnx import ModelProto, TensorProto, helper, numpy_helper

    wide = ModelProto()
    wide.CopyFrom(model)
    constants = [a.t for node in wide.graph.node for a in node.attribute if a.HasField("t")]
    for tensor in [*wide.graph.initializer, *constants]:
        if tensor.data_type == TensorProto.FLOAT:
            values = numpy_helper.to_array(tensor).astype(np.float64)
            tensor.CopyFrom(numpy_helper.from_array(values, tensor.name))
    for node in wide.graph.node:
        if node.op_type == "BatchNormalization":
            kept = [a for a in node.attribute if a.name != "momentum"]
            del node.attribute[:]
            node.attribute.extend([*kept, helper.make_attribute("momentum", 1.0)])
    return wide


def _tries(inputs: int) -> Iterator[NDArray[np.float64]]:
    rng = np.random.default_rng(0)
    for scale in SCALES:
        for _ in range(4 if scale else 1):
            yield scale * rng.standard_normal(inputs)


def _error_bound(chain: Chain, selected: Affine, x: NDArray[np.float64], unit: float) -> float:
    """A bound on the rounding errors of two evaluations of the chain's output at x."""
    size, terms = np.abs(x), 8
    for layer in (*chain.given, selected):
        weight = np.abs(layer.weight)
        size = (weight * size if weight.ndim == 1 else weight @ size) + np.abs(layer.bias)
        terms += weight.shape[-1] + 8
    return float(4 * unit * terms * size[0]) + 1e-300
