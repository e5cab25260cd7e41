"""Networks written for other programs compute the same numbers and come back unchanged."""

from fractions import Fraction

import numpy as np
import pytest
import torch

from robustsize.simulate.data.instance import Norm
from robustsize.simulate.data.random_sets import Kind, random_pair
from robustsize.simulate.networks.export import load_network, save_network, to_onnx, to_torch
from robustsize.simulate.networks.network import Network
from robustsize.simulate.theorems.thm3_3.construction import robust_classifier


@pytest.fixture(params=list(Norm))
def built(request):
    pair = random_pair(Kind.POINTS, 3, Fraction(1, 8), request.param, 12, seed=4)
    return robust_classifier(pair, Fraction(1, 3))


def test_torch_computes_the_same(built):
    x = np.random.default_rng(0).random((50, 3))
    with torch.no_grad():
        values = to_torch(built.network)(torch.from_numpy(x)).numpy()[:, 0]
    np.testing.assert_allclose(values, built.network(x), atol=1e-12)


def test_onnx_reference_computes_the_same(built):
    reference = pytest.importorskip("onnx.reference")
    onnx = pytest.importorskip("onnx")
    model = to_onnx(built.network)
    onnx.checker.check_model(model, full_check=True)
    x = np.random.default_rng(0).random((50, 3))
    (values,) = reference.ReferenceEvaluator(model).run(None, {"x": x})
    np.testing.assert_allclose(values[:, 0], built.network(x), atol=1e-12)


@pytest.mark.parametrize("ending", [".npz", ".pt", ".onnx"])
def test_files_keep_every_weight(built, ending, tmp_path):
    if ending == ".onnx":
        pytest.importorskip("onnx")
    path = tmp_path / f"net{ending}"
    save_network(built.network, path)
    again = load_network(path)
    assert again.size == built.size
    for ours, theirs in zip(again.weights, built.network.weights, strict=True):
        assert np.array_equal(ours, theirs)
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize("ending", [".npz", ".pt", ".onnx", ".txt"])
@pytest.mark.parametrize("content", [b"", b"no network", bytes(range(256))])
def test_other_files_are_one_line(ending, content, tmp_path):
    path = tmp_path / f"net{ending}"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"net\.") as caught:
        load_network(path)
    assert len(str(caught.value).splitlines()) == 1


def test_a_truncated_file_is_one_line(built, tmp_path):
    for ending in (".npz", ".pt", ".onnx"):
        path = tmp_path / f"net{ending}"
        save_network(built.network, path)
        path.write_bytes(path.read_bytes()[:-40])
        with pytest.raises(ValueError, match=r"net\.") as caught:
            load_network(path)
        assert len(str(caught.value).splitlines()) == 1


def test_too_large_for_dense_is_refused(tmp_path):
    from scipy import sparse

    wide = sparse.csr_array(([1.0], ([0], [0])), shape=(200_000, 1000))
    network = Network.of([(wide, np.zeros(200_000)), (np.ones((1, 200_000)), [0])])
    with pytest.raises(ValueError, match="too many to be written densely"):
        save_network(network, tmp_path / "net.pt")
    assert not list(tmp_path.iterdir())
