"""From a block's outputs to the derivative of the loss, and from the gradient to a step of Adam."""

from __future__ import annotations

from llvmlite import ir

from robustsize.simulate.train.kernels import Address, Count
from robustsize.simulate.train.vectors import INT, VECTOR_BYTES, Code, Vector, kernel

LOGISTIC, HINGE, SQUARED_HINGE = range(3)


@kernel
def loss_slope(
    c: Code, loss: Count, output: Address, labels: Address, weight: ir.Value, vectors: Count
) -> None:
    """Outputs f turned, in place, into the derivative by f of weight * loss(y f)."""
    one = c.number(1.0)

    def pull(loss: int, margin: Vector) -> Vector:
        if loss == LOGISTIC:
            return one / (one + _exponential(c, margin))
        gap = one - margin
        if loss == HINGE:
            return (gap > c.zero).where(one, c.zero)
        return (gap + gap).most(c.zero)

    def vector(loss: int, p: ir.Value) -> None:
        here, label_at = (c.b.add(base, c.b.mul(p, INT(VECTOR_BYTES))) for base in (output, labels))
        label = c.load(label_at)
        share = -label * c.number(weight)
        c.store(share * pull(loss, label * c.load(here)), here)

    def block(loss: int) -> None:
        c.steps(INT(0), vectors, 1, lambda p: vector(loss, p))

    c.each(loss, (LOGISTIC, HINGE, SQUARED_HINGE), block)


def _exponential(c: Code, z: Vector) -> Vector:
    """exp(z), z cut to [-80, 80], to rounding: 2^n exp(r) with r in [-ln2/2, ln2/2]."""
    z = z.most(c.number(-80.0)).least(c.number(80.0))
    n = c.rounded(z * c.number(1.4426950408889634))
    r = z - n * c.number(0.693359375) - n * c.number(-2.121944400546905827679e-4)
    terms = 7 if c.single else 13
    total, factorial = c.zero, 1.0
    factors = [factorial := factorial / max(k, 1) for k in range(terms + 1)]
    for factor in reversed(factors):
        total = c.number(factor) + total * r
    return total * c.two_to(n)


@kernel
def adam(
    c: Code,
    net: Address,
    mask: Address,
    gradient: Address,
    first: Address,
    second: Address,
    vectors: Count,
    keep1: ir.Value,
    new1: ir.Value,
    keep2: ir.Value,
    new2: ir.Value,
    rate: ir.Value,
    scale: ir.Value,
    stabiliser: ir.Value,
) -> None:
    """One step of Adam, and the gradient back to 0; rate and scale correct the moments' bias."""

    def vector(i: ir.Value) -> None:
        at = c.b.mul(i, INT(VECTOR_BYTES))
        places = [c.b.add(base, at) for base in (net, mask, gradient, first, second)]
        w, kept, g, a, b = (c.load(place) for place in places)
        a = c.number(keep1) * a + c.number(new1) * g
        b = c.number(keep2) * b + c.number(new2) * (g * g)
        move = c.number(rate) * kept * a
        w = w - move / (c.root(b * c.number(scale)) + c.number(stabiliser))
        for value, place in zip((w, c.zero, a, b), (places[0], *places[2:]), strict=True):
            c.store(value, place)

    c.steps(INT(0), vectors, 1, vector)
