"""Networks: one definition of size, float and exact values that agree, files without pickle."""

import itertools
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from scipy import sparse

from robustsize.simulate.networks.network import Network
from robustsize.simulate.system import files

VALUES = st.floats(-8, 8, width=16)


@st.composite
def networks(draw):
    widths = [draw(st.integers(1, 4)) for _ in range(draw(st.integers(1, 4)))] + [1]
    return Network.of(
        [
            (draw(npst.arrays(float, (b, a), elements=VALUES)),
             draw(npst.arrays(float, (b,), elements=VALUES)))
            for a, b in itertools.pairwise(widths)
        ]
        or [(draw(npst.arrays(float, (1, widths[0]), elements=VALUES)), [0.5])]
    )  # fmt: skip


@given(networks(), st.data())
def test_exact_and_float_values_agree(network, data):
    x = data.draw(npst.arrays(float, (network.input_dim,), elements=VALUES))
    exact = network.exact([Fraction(v) for v in x])
    # Half-precision entries through at most four layers stay far inside float64's 53 bits.
    assert float(exact) == pytest.approx(network(x[None])[0], rel=1e-9, abs=1e-9)


@given(networks())
def test_sparse_and_dense_layers_are_the_same_network(network):
    twin = Network(tuple(sparse.csr_array(w) for w in network.weights), network.biases)
    x = np.linspace(-1, 1, 5 * network.input_dim).reshape(5, -1)
    assert twin.size == network.size
    np.testing.assert_allclose(twin(x), network(x), rtol=1e-12, atol=1e-12)


@given(networks())
def test_leaving_out_dead_parts_keeps_the_function(network):
    lean = network.without_dead_parts()
    x = np.random.default_rng(0).uniform(-2, 2, (20, network.input_dim))
    np.testing.assert_allclose(lean(x), network(x), rtol=1e-9, atol=1e-9)
    assert lean.size <= network.size


def test_size_counts_non_zero_weights_and_biases():
    network = Network.of([([[1, 0], [0, 2], [3, 4]], [0, 0, 5]), ([[1, -1, 0]], [0])])
    assert (network.size, network.depth, network.widths) == (7, 2, (3,))
    assert network.without_dead_parts().size == 4


@given(network=networks())
def test_a_file_gives_the_same_network_back(tmp_path_factory, network):
    path = tmp_path_factory.mktemp("networks") / "net.npz"
    network.save(path)
    again = Network.load(path)
    for a, b in zip(again.weights + again.biases, network.weights + network.biases, strict=True):
        np.testing.assert_array_equal(a, b)
    assert [p.name for p in path.parent.iterdir()] == ["net.npz"]


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"not a network"])
def test_a_broken_file_is_refused_by_name(tmp_path, content):
    path = tmp_path / "net.npz"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"net\.npz is not a network file"):
        Network.load(path)


def test_a_truncated_file_is_refused(tmp_path):
    path = tmp_path / "net.npz"
    Network.of([([[1.0]], [2.0])]).save(path)
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(ValueError, match="not a network file"):
        Network.load(path)


DAMAGES = {
    "index too large": ({"indices0": [0, 1, 0, 10**9]}, "outside 0..1"),
    "index negative": ({"indices0": [0, 1, 0, -1]}, "outside 0..1"),
    "index just outside": ({"indices0": [0, 1, 0, 2]}, "outside 0..1"),
    "indices unsorted and repeated": ({"indices0": [0, 0, 0, 1]}, "repeated"),
    "indices are floats": ({"indices0": [0.0, 1.0, 0.0, 1.0]}, "not integers"),
    "too few indices": ({"indices0": [0, 1, 0]}, "do not have the length"),
    "indptr falls": ({"indptr0": [0, 5, 4]}, "does not rise"),
    "indptr beyond": ({"indptr0": [0, 2, 400]}, "does not rise"),
    "indptr starts late": ({"indptr0": [1, 2, 4]}, "does not rise"),
    "indptr negative": ({"indptr0": [0, -2, 4]}, "does not rise"),
    "indptr short": ({"indptr0": [0, 4]}, "do not have the length"),
    "indptr of two dimensions": ({"indptr0": [[0, 2, 4]]}, "one dimension"),
    "depth 0": ({"depth": 0}, "depth is not 2"),
    "depth 1": ({"depth": 1}, "depth is not 2"),
    "depth absurd": ({"depth": 10**9}, "depth is not 2"),
    "depth negative": ({"depth": -1}, "depth is not 2"),
    "depth a float": ({"depth": 2.0}, "depth is not 2"),
    "depth twice": ({"depth": [2, 2]}, "depth is not 2"),
    "no depth": ({"depth": None}, "does not hold depth"),
    "no bias": ({"bias1": None}, "does not hold depth"),
    "another array": ({"bias2": [0.0]}, "does not hold depth"),
    "shape absurd": ({"shape0": [10**18, 2]}, "no layer has the shape"),
    "shape zero": ({"shape0": [0, 2], "indptr0": [0]}, "no layer has the shape"),
    "shape negative": ({"shape0": [-2, -2]}, "no layer has the shape"),
    "shape of three": ({"shape0": [2, 2, 1]}, "no layer has the shape"),
    "shape of another layer": ({"shape0": [3, 2]}, "do not have the length"),
    "weights complex": ({"data0": np.ones(4, complex)}, "complex128"),
    "weights bool": ({"data0": np.ones(4, bool)}, "bool"),
    "weights text": ({"data0": ["1", "1", "1", "1"]}, "not real numbers"),
    "weights nan": ({"data0": [1.0, np.nan, 1.0, 1.0]}, "not a finite number"),
    "weights too long for float64": ({"data0": [1, 1, 1, 2**53 + 1]}, "float64 cannot hold"),
    "bias infinite": ({"bias0": [np.inf, 0.0]}, "not a finite number"),
    "bias of another width": ({"bias0": [0.0]}, "do not follow"),
    "bias a matrix": ({"bias0": [[0.0, 0.0]]}, "one dimension"),
}


@pytest.mark.parametrize("name", DAMAGES)
def test_a_file_of_no_network_is_one_line(tmp_path, name):
    changes, said = DAMAGES[name]
    path = tmp_path / "net.npz"
    Network.of([([[1.0, 1.0], [1.0, -1.0]], [0.0, 0.0]), ([[1.0, 1.0]], [0.1])]).save(path)
    arrays = dict(files.unpack_arrays(path.read_bytes())) | changes
    np.savez(path, **{name: value for name, value in arrays.items() if value is not None})
    with pytest.raises(ValueError, match=r"net\.npz is not a network file") as caught:
        Network.load(path)
    assert said in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1


@pytest.mark.parametrize("indices", [[0, 5], [0, -1], [1, 1]])
def test_a_sparse_layer_that_is_no_matrix_is_refused(indices):
    weight = sparse.csr_array(np.ones((1, 2)))
    weight.indices[:] = indices
    with pytest.raises(ValueError, match="layer 1"):
        Network((weight,), (np.zeros(1),))


def test_unsorted_sparse_layers_are_sorted():
    weight = sparse.csr_array(([1.0, 2.0], [1, 0], [0, 2]), shape=(1, 2))
    network = Network.of([(weight, [0.0])])
    assert network([[1.0, 10.0]])[0] == 12
    assert network.exact([Fraction(1), Fraction(10)]) == 12


@pytest.mark.parametrize(
    ("layers", "said"),
    [
        ([], "at least one"),
        ([([[1.0, 2.0]], [0.0, 0.0])], "layer 1"),
        ([([[1.0]], [0.0]), ([[1.0, 1.0]], [0.0])], "layer 2"),
        ([([[1.0], [1.0]], [0.0, 0.0])], "2 outputs"),
        ([([[float("nan")]], [0.0])], "not a finite number"),
        ([([[1.0]], [float("inf")])], "not a finite number"),
    ],
)
def test_layers_that_do_not_chain_are_refused(layers, said):
    with pytest.raises(ValueError, match=said):
        Network.of(layers)
