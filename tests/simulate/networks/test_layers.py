"""Chains of affine maps and ReLUs become networks of the same function, exactly."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from robustsize.simulate.networks.layers import Affine, Chain, Traced, one_output, times_exactly

FLOATS = st.floats(-1e3, 1e3) | st.sampled_from([0.0, 1.0, 0.1, 1e300, 1e-300, 5e-324, 2.0**-40])
SMALL = st.floats(-8, 8, width=16)


@st.composite
def chains(draw, elements):
    """The input's width and the steps of a chain: a ReLU (None), a matrix or a diagonal."""
    width = first = draw(st.integers(1, 3))
    steps = []
    for _ in range(draw(st.integers(1, 5))):
        kind = draw(st.sampled_from(["relu", "matrix", "diagonal"]))
        if kind == "relu":
            steps.append(None)
            continue
        rows = draw(st.integers(1, 3)) if kind == "matrix" else width
        shape = (rows, width) if kind == "matrix" else (width,)
        weight = draw(npst.arrays(float, shape, elements=elements))
        steps.append(Affine.of(weight, draw(npst.arrays(float, (rows,), elements=elements))))
        width = rows
    return first, steps, width


def exact(steps, x):
    for step in steps:
        if step is None:
            x = [max(v, Fraction(0)) for v in x]
        else:
            x = [
                Fraction(b) + sum(Fraction(w) * v for w, v in zip(row, x, strict=True))
                for row, b in zip(step.matrix.tolist(), step.bias.tolist(), strict=True)
            ]
    return x


@given(chains(FLOATS) | chains(SMALL), st.data())
@settings(deadline=None, max_examples=200)
def test_the_network_is_the_chain_exactly(drawn, data):
    inputs, steps, outputs = drawn
    chain = Chain(inputs)
    for step in steps:
        chain = chain.relu() if step is None else chain.affine(step)
    i = data.draw(st.integers(0, outputs - 1))
    j = data.draw(st.integers(0, outputs - 1))
    select = one_output(outputs, i, None) if i == j else one_output(outputs, None, (i, j))
    network = chain.output(select)
    x = [Fraction(v) for v in data.draw(npst.arrays(float, (inputs,), elements=SMALL)).tolist()]
    values = exact(steps, x)
    assert network.exact(x) == (values[i] if i == j else values[i] - values[j])


def test_an_exact_product_adds_no_layer_and_another_does_and_is_said():
    first = Affine.of([[0.1, 0.2]], [0.3])
    doubled, tenth = Affine.of([2.0], [0.0]), Affine.of([0.1], [0.1])
    whole = Chain(2).affine(first).affine(doubled)
    assert (whole.output(one_output(1, None, None)).widths, whole.notes) == ((), [])
    split = Chain(2).affine(first).affine(tenth)
    assert split.output(one_output(1, None, None)).widths == (2,)
    assert "kept apart" in split.notes[0]
    rounded = Chain(2, rounding=True).affine(first).affine(tenth)
    assert rounded.output(one_output(1, None, None)).widths == ()
    assert "rounded" in rounded.notes[0]


@pytest.mark.parametrize(
    ("output", "margin", "said"),
    [
        (None, None, "has 3 outputs"),
        (3, None, "outputs are 0 to 2"),
        (None, (0, 3), "outputs are 0 to 2"),
        (None, (1, 1), "differ"),
        (0, (0, 1), "not both"),
    ],
)
def test_one_output_is_to_be_named(output, margin, said):
    with pytest.raises(ValueError, match=said):
        one_output(3, output, margin)


@pytest.mark.parametrize("constant", [np.zeros((4, 1)), np.zeros(3), np.zeros((2, 4)), [[[0.0]]]])
def test_a_constant_that_changes_the_shape_is_refused(constant):
    tensor = Traced(Chain(4), (1, 4))
    with pytest.raises(ValueError, match="meets a tensor of shape"):
        tensor.scaled(1.0, np.asarray(constant))


def test_what_has_no_exact_form_is_refused_unless_rounding_is_allowed():
    ones = np.ones(2)
    for what in (
        lambda x: x.divided(np.array([3.0, 2.0])),
        lambda x: x.normalised(ones, ones, ones, ones, 1e-5),
    ):
        with pytest.raises(ValueError, match="--fold"):
            what(Traced(Chain(2), (1, 2)))
        allowed = what(Traced(Chain(2, rounding=True), (1, 2)))
        assert any("rounded to float64" in note for note in allowed.chain.notes)
    assert not Traced(Chain(2), (1, 2)).divided(np.array([4.0, 0.5])).chain.notes
    with pytest.raises(ValueError, match="divides by 0"):
        Traced(Chain(2), (1, 2)).divided(np.array([0.0, 0.5]))


def test_products_are_exact_or_nothing():
    assert times_exactly(np.array([3.0, 0.0]), 0.5).tolist() == [1.5, 0.0]
    assert times_exactly(np.array([0.1]), 0.1) is None
    assert times_exactly(np.array([1e300]), 1e300) is None
    assert times_exactly(np.array([5e-324]), 0.5) is None
