"""Chains of affine maps and ReLUs, as other programs write them, as one layered network.

`Traced` is a tensor that such a program computes, `Chain` how it comes from the input.

A network has a ReLU between each two affine maps; a chain may have several affine maps in a row.
They become one where their product is exact in float64. Where it is not, a layer of units relu(z)
and relu(-z) stands between them, z = relu(z) - relu(-z), so that the network still is the chain's
function in real arithmetic; or, where the reader asks for that, the product is rounded.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from fractions import Fraction
from math import prod
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from robustsize.simulate.networks.network import Network
from robustsize.simulate.system.files import exact_float64

MOST_PRODUCTS = 20_000_000
"""Products of two matrices that take more multiplications are not tried exactly."""


@dataclass(frozen=True, eq=False)
class Affine:
    """x -> weight x + bias, all float64. A weight of one dimension is a diagonal matrix."""

    weight: NDArray[np.float64]
    bias: NDArray[np.float64]

    @classmethod
    def of(cls, weight: ArrayLike, bias: ArrayLike, what: str = "a layer") -> Affine:
        """The map of a weight and a bias, a scalar meaning the same for every output.

        Raises ValueError where an entry is no finite float64 or shapes differ.
        """
        w, b = (exact_float64(np.asarray(part), what) for part in (weight, bias))
        if w.ndim not in (1, 2) or b.shape not in ((), w.shape[:1]):
            raise ValueError(f"{what} has weight {w.shape} and bias {b.shape}")
        if not (np.isfinite(w).all() and np.isfinite(b).all()):
            raise ValueError(f"{what} holds a weight or bias that is not a finite number")
        return cls(w, np.broadcast_to(b, w.shape[:1]))

    @property
    def matrix(self) -> NDArray[np.float64]:
        """The weight as a matrix."""
        return self.weight if self.weight.ndim == 2 else np.diag(self.weight)


@dataclass
class Chain:
    """Affine maps and ReLUs in the order in which they are applied to `inputs` numbers.

    rounding: whether products that float64 cannot hold are rounded. notes: what a user must know of
    how the network differs from the file. given: the affine maps as they were given.
    """

    inputs: int
    rounding: bool = False
    notes: list[str] = field(default_factory=list)
    given: tuple[Affine, ...] = ()
    _layers: list[Affine | None] = field(default_factory=lambda: [None])

    def copy(self) -> Chain:
        """A chain that goes its own way from here; notes are shared."""
        return Chain(self.inputs, self.rounding, self.notes, self.given, list(self._layers))

    @property
    def outputs(self) -> int:
        """How many numbers it gives."""
        return len(self.given[-1].bias) if self.given else self.inputs

    def affine(self, new: Affine) -> Chain:
        """This chain with an affine map behind it."""
        chain, last = self.copy(), self._layers[-1]
        chain.given += (new,)
        if last is None:
            chain._layers[-1] = new
            return chain
        product = _product(new, last)
        if product is None and self.rounding:
            product = _rounded_product(new, last)
            chain.note("products of consecutive affine layers were rounded to float64")
        if product is not None:
            chain._layers[-1] = product
            return chain
        chain.note(
            "consecutive affine layers are kept apart by units relu(z) and relu(-z): their product "
            "is no float64"
        )
        split = Affine(np.vstack([last.matrix, -last.matrix]), np.hstack([last.bias, -last.bias]))
        joined = Affine(np.hstack([new.matrix, -new.matrix]), new.bias)
        chain._layers[-1:] = [split, joined]
        return chain

    def relu(self) -> Chain:
        """This chain with a ReLU behind it."""
        chain = self.copy()
        if len(self._layers) > 1 and self._layers[-1] is None:
            return chain
        if self._layers[-1] is None:
            chain._layers[-1] = self._identity(self.inputs)
        chain._layers.append(None)
        return chain

    def output(self, selected: Affine) -> Network:
        """The network whose one output is an affine map of the chain's outputs, never rounded."""
        chain = replace(self, rounding=False).affine(selected)
        return Network.of([(layer.matrix, layer.bias) for layer in chain._layers if layer])

    def note(self, text: str) -> None:
        """Say once how the network differs from the file."""
        if text not in self.notes:
            self.notes.append(text)

    @staticmethod
    def _identity(width: int) -> Affine:
        return Affine(np.ones(width), np.zeros(width))


@dataclass(frozen=True, eq=False)
class Traced:
    """A tensor computed from one input (a batch of one), row-major: its shape and its chain."""

    chain: Chain
    shape: tuple[int, ...]

    def relu(self) -> Traced:
        """max(x, 0) of every entry."""
        return Traced(self.chain.relu(), self.shape)

    def linear(self, weight: NDArray[Any], bias: ArrayLike = 0.0) -> Traced:
        """weight x + bias over the last axis, the only one with more than one entry.

        Raises ValueError where shapes do not fit.
        """
        *others, last = self.shape or (0,)
        if weight.ndim != 2 or weight.shape[1] != last or prod(others) != 1:
            raise ValueError(f"a matrix {weight.shape[::-1]} meets a tensor of shape {self.shape}")
        weight, shift = exact_float64(weight, "it"), exact_float64(np.asarray(bias), "it")
        shape = (*others, len(weight))
        return Traced(self.chain.affine(Affine.of(weight, _spread(shift, shape))), shape)

    def scaled(self, scale: ArrayLike = 1.0, shift: ArrayLike = 0.0) -> Traced:
        """scale x + shift entry by entry, with NumPy's broadcasting.

        Raises ValueError where that would change the shape.
        """
        scales, shifts = (
            _spread(exact_float64(np.asarray(part), "it"), self.shape) for part in (scale, shift)
        )
        return Traced(self.chain.affine(Affine.of(scales, shifts)), self.shape)

    def divided(self, divisor: NDArray[Any]) -> Traced:
        """x / divisor entry by entry.

        Raises ValueError where the reciprocal is no float64 and rounding was not allowed.
        """
        inverse, exact = reciprocal(exact_float64(divisor, "it"))
        if not exact:
            self.require_rounding("a division")
        return self.scaled(inverse)

    def normalised(
        self,
        scale: NDArray[Any],
        shift: NDArray[Any],
        mean: NDArray[Any],
        variance: NDArray[Any],
        epsilon: float,
    ) -> Traced:
        """Batch normalisation with fixed statistics over axis 1.

        Raises ValueError where rounding was not allowed: it holds a square root.
        """
        parts = [exact_float64(part, "it") for part in (scale, shift, mean, variance)]
        if len(self.shape) < 2 or any(part.shape != self.shape[1:2] for part in parts):
            raise ValueError(f"its constants do not fit a tensor of shape {self.shape}")
        self.require_rounding("a batch normalisation")
        root = np.sqrt(parts[3] + epsilon)
        if not (root > 0).all():
            raise ValueError("a variance is not positive")
        column = (-1, *(1,) * (len(self.shape) - 2))
        centred = self.scaled(1.0, -parts[2].reshape(column))
        return centred.scaled((parts[0] / root).reshape(column), parts[1].reshape(column))

    def reshaped(self, shape: Iterable[int]) -> Traced:
        """The same entries in another shape.

        Raises ValueError where the number of entries differs.
        """
        new = tuple(shape)
        if min(new, default=1) < 1 or prod(new) != prod(self.shape):
            raise ValueError(f"a tensor of shape {self.shape} has not the shape {new}")
        return Traced(self.chain, new)

    def require_rounding(self, what: str) -> None:
        """Say that something was rounded; ValueError where that was not allowed."""
        if not self.chain.rounding:
            raise ValueError(
                f"{what} has no exact float64 form; --fold certifies the network with it folded "
                "into the weights and rounded to float64"
            )
        self.chain.note(f"{what} was folded into the weights, rounded to float64")


def _spread(values: NDArray[np.float64], shape: tuple[int, ...]) -> NDArray[np.float64]:
    """The values broadcast to a shape, flat.

    Raises ValueError where broadcasting makes another shape.
    """
    try:
        fits = np.broadcast_shapes(values.shape, shape) == shape
    except ValueError:
        fits = False
    if not fits:
        raise ValueError(f"a constant of shape {values.shape} meets a tensor of shape {shape}")
    return np.broadcast_to(values, shape).ravel()


def one_output(outputs: int, output: int | None, margin: tuple[int, int] | None) -> Affine:
    """The output f_i (output i), or f_i - f_j (margin i, j), of a network with several outputs.

    Raises ValueError where none is named and there are several, or one that is not there is named.
    """
    named = [output] if output is not None else list(margin or ())
    if output is not None and margin is not None:
        raise ValueError("give --output or --margin, not both")
    if not named and outputs != 1:
        raise ValueError(
            f"the network has {outputs} outputs; say which one decides, for example --output 0, "
            "or --margin 0,1 for the first less the second"
        )
    if any(not 0 <= i < outputs for i in named) or len(set(named)) < len(named):
        option = f"--output {output}" if margin is None else f"--margin {margin[0]},{margin[1]}"
        raise ValueError(f"{option}: the outputs are 0 to {outputs - 1}, and a margin's two differ")
    row = np.zeros((1, outputs))
    row[0, named[0] if named else 0] = 1
    if len(named) == 2:
        row[0, named[1]] = -1
    return Affine(row, np.zeros(1))


def reciprocal(values: NDArray[np.float64]) -> tuple[NDArray[np.float64], bool]:
    """1 / values rounded to float64, and whether nothing was rounded.

    Raises ValueError where a value is 0 or its reciprocal is no float64.
    """
    if not np.isfinite(values).all() or not values.all():
        raise ValueError("it divides by 0 or by a number that is not finite")
    with np.errstate(over="ignore"):
        inverse = 1 / values
    if not np.isfinite(inverse).all():
        raise ValueError("it divides by a number too small")
    exact = all(Fraction(a) * Fraction(b) == 1 for a, b in _distinct(values, inverse))
    return inverse, exact


def times_exactly(values: NDArray[np.float64], factor: float) -> NDArray[np.float64] | None:
    """values * factor, None where float64 does not hold it exactly."""
    (n, e), (m, f) = _integers(values), _integers(np.array(factor))
    return _floats(np.asarray(n * m.item(), dtype=object), e + f)


def _distinct(*arrays: NDArray[np.float64]) -> Iterable[tuple[float, ...]]:
    return set(zip(*(array.ravel().tolist() for array in arrays), strict=True))


def _product(outer: Affine, inner: Affine) -> Affine | None:
    """outer after inner, None where float64 does not hold it exactly."""
    both = outer.weight.ndim == inner.weight.ndim == 2
    if both and outer.weight.size * inner.weight.shape[1] > MOST_PRODUCTS:
        return None
    (w2, e2), (b2, f2), (b1, f1) = map(_integers, (outer.weight, outer.bias, inner.bias))
    if outer.weight.ndim == 1 and (outer.weight == 1).all():
        weight: NDArray[np.float64] | None = inner.weight
    elif inner.weight.ndim == 1 and (inner.weight == 1).all():
        weight = outer.weight
    else:
        w1, e1 = _integers(inner.weight)
        weight = _floats(_times(w2, w1), e1 + e2)
    shift = w2 * b1 if w2.ndim == 1 else w2 @ b1
    least = min(e2 + f1, f2)
    bias = _floats(shift * (1 << (e2 + f1 - least)) + b2 * (1 << (f2 - least)), least)
    return None if weight is None or bias is None else Affine(weight, bias)


def _rounded_product(outer: Affine, inner: Affine) -> Affine:
    with np.errstate(over="ignore", invalid="ignore"):
        weight = _times(outer.weight, inner.weight)
        shift = outer.weight * inner.bias if outer.weight.ndim == 1 else outer.weight @ inner.bias
        return Affine.of(weight, shift + outer.bias, "the product of two layers")


def _times(outer: NDArray[Any], inner: NDArray[Any]) -> NDArray[Any]:
    """The product of two matrices, each of which may be given by its diagonal."""
    if outer.ndim == 1:
        return np.asarray(outer * inner if inner.ndim == 1 else outer[:, None] * inner)
    return np.asarray(outer * inner if inner.ndim == 1 else outer @ inner)


def _integers(values: NDArray[np.float64]) -> tuple[NDArray[Any], int]:
    """Integers n and an exponent e with values = n 2^e exactly."""
    mantissas, exponents = np.frexp(values)
    exponents = np.where(values == 0, 0, exponents) - 53
    least = int(exponents.min(initial=0))
    whole = np.asarray(mantissas * 2.0**53).astype(np.int64).astype(object)
    return np.asarray(whole << (exponents - least).astype(object), dtype=object), least


def _floats(integers: NDArray[Any], exponent: int) -> NDArray[np.float64] | None:
    """integers 2^exponent as float64, None where that would round."""
    scale = Fraction(2) ** exponent
    floats = np.empty(integers.shape)
    for at, n in np.ndenumerate(integers):
        try:
            floats[at] = value = float(n * scale)
        except OverflowError:
            return None
        if value != n * scale:
            return None
    return floats
