"""torch files are read as what they say, and refused where they do not say it."""

import json
import zipfile
from fractions import Fraction

import numpy as np
import pytest
import torch
from torch import nn

from robustsize.simulate.networks.export import Reading, load_network, read_network, save_network
from robustsize.simulate.networks.network import Network

CHAIN = Reading(relu_chain=True)


def linear(inputs, outputs, **options):
    layer = nn.Linear(inputs, outputs, **options)
    with torch.no_grad():
        for part in layer.parameters():
            part.copy_(torch.randint(-8, 8, part.shape) / 4)
    return layer


@pytest.fixture(autouse=True)
def _seeded():
    torch.manual_seed(0)


def refusal(path, reading=None):
    with pytest.raises(ValueError, match=path.name) as caught:
        read_network(path, reading)
    assert len(str(caught.value).splitlines()) == 1
    return str(caught.value)


def state(tmp_path, model):
    path = tmp_path / "net.pt"
    torch.save(model.state_dict() if isinstance(model, nn.Module) else model, path)
    return path


def exported(tmp_path, model, x=None):
    path = tmp_path / "net.pt2"
    x = torch.zeros(1, 3) if x is None else x
    torch.export.save(torch.export.export(model.eval(), (x,)), path)
    return path


def agrees(network, model, shape=(1, 3)):
    x = torch.randn(20, *shape[1:])
    with torch.no_grad():
        values = model(x)[:, 0].double().numpy()
    ours = network(x.reshape(20, -1).double().numpy())
    np.testing.assert_allclose(ours, values, rtol=1e-5, atol=1e-5)


def test_our_own_file_says_what_it_is_and_loads_into_torch(tmp_path):
    network = Network.of([([[1.0, 2.0], [3.0, 4.0]], [0.5, 0.25]), ([[1.0, -1.0]], [0.1])])
    path = tmp_path / "net.pt"
    save_network(network, path)
    assert load_network(path).exact([Fraction(1), Fraction(2)]) == network.exact(
        [Fraction(1), Fraction(2)]
    )
    module = nn.Sequential(nn.Linear(2, 2), nn.ReLU(), nn.Linear(2, 1)).double()
    module.load_state_dict(torch.load(path, weights_only=True))
    torch.save(module.state_dict(), path)
    assert "--relu-chain" in refusal(path)


def test_a_sequential_is_read_on_the_users_word(tmp_path):
    model = nn.Sequential(linear(3, 4), nn.ReLU(), linear(4, 4), nn.ReLU(), linear(4, 1))
    path = state(tmp_path, model)
    assert "does not record activations" in refusal(path)
    agrees(load_network(path, CHAIN), model)
    many = nn.Sequential(*(m for _ in range(6) for m in (linear(3, 3), nn.ReLU())), linear(3, 1))
    agrees(load_network(state(tmp_path, many), CHAIN), many)


class Named(nn.Module):
    def __init__(self):
        super().__init__()
        self.input, self.mid, self.output = linear(3, 3), linear(3, 3), linear(3, 1)

    def forward(self, x):
        return self.output(torch.relu(self.mid(torch.relu(self.input(x)))))


class Residual(Named):
    def forward(self, x):
        return self.output(torch.relu(self.mid(x)) + x)


STATES = {
    "named": (Named, "'input.weight' is not named"),
    "no activation": (lambda: nn.Sequential(linear(3, 3), linear(3, 1)), "follow each other"),
    "a last module": (
        lambda: nn.Sequential(linear(3, 2), nn.ReLU(), linear(2, 1), nn.Sigmoid()),
        "a module 3 after its last",
    ),
    "batch norm": (
        lambda: nn.Sequential(linear(3, 2), nn.BatchNorm1d(2), nn.ReLU(), linear(2, 1)),
        "'1.running_mean' is not named",
    ),
    "layer norm": (
        lambda: nn.Sequential(linear(3, 2), nn.ReLU(), nn.LayerNorm(2), nn.ReLU(), linear(2, 1)),
        "2.weight has shape (2,)",
    ),
    "convolution": (lambda: nn.Sequential(nn.Conv1d(1, 1, 2)), "0.weight has shape (1, 1, 2)"),
    "widths": (
        lambda: nn.Sequential(linear(3, 2), nn.ReLU(), linear(3, 1)),
        "2.weight takes 3 inputs, after a layer of 2",
    ),
    "integers": (lambda: {"0.weight": torch.ones(1, 3, dtype=torch.int8)}, "torch.int8"),
    "complex": (lambda: {"0.weight": torch.ones(1, 3, dtype=torch.complex64)}, "complex64"),
    "bias alone": (lambda: {"0.bias": torch.ones(3)}, "0.bias has no 0.weight"),
    "nothing": (dict, "state dict of a model"),
    "a tensor": (lambda: torch.ones(3), "state dict of a model"),
    "outputs": (lambda: nn.Sequential(linear(3, 2)), "has 2 outputs"),
    "nan": (lambda: {"0.weight": torch.full((1, 3), torch.nan)}, "not a finite number"),
}


@pytest.mark.parametrize("name", STATES)
def test_other_state_dicts_are_refused(tmp_path, name):
    made, said = STATES[name]
    assert said in refusal(state(tmp_path, made()), CHAIN)


def test_a_pickled_module_is_not_unpickled(tmp_path):
    path = tmp_path / "net.pt"
    torch.save(Named(), path)
    assert "not a state dict" in refusal(path, CHAIN)


def test_a_flipped_bit_of_a_weight_is_seen(tmp_path):
    path = state(tmp_path, {"0.weight": torch.full((1, 3), 0.7)})
    good, weight = path.read_bytes(), np.full(3, 0.7, dtype=np.float32).tobytes()
    at = good.index(weight)
    path.write_bytes(good[:at] + bytes([good[at] ^ 1]) + good[at + 1 :])
    assert "damaged" in refusal(path, CHAIN)


class Normalised(Named):
    def __init__(self):
        super().__init__()
        self.register_buffer("mean", torch.tensor([0.5, 0.25, -1.0]))
        self.register_buffer("scale", torch.tensor([0.5, 2.0, 0.25]))

    def forward(self, x):
        return super().forward((x - self.mean) / self.scale)


PROGRAMS = {
    "named": Named,
    "normalised": Normalised,
    "in place": lambda: nn.Sequential(linear(3, 4), nn.ReLU(inplace=True), linear(4, 1)),
    "no bias": lambda: nn.Sequential(linear(3, 4, bias=False), nn.ReLU(), linear(4, 1)),
    "last relu": lambda: nn.Sequential(linear(3, 4), nn.ReLU(), linear(4, 1), nn.ReLU()),
    "two in a row": lambda: nn.Sequential(linear(3, 4), linear(4, 4), nn.ReLU(), linear(4, 1)),
    "dropout": lambda: nn.Sequential(linear(3, 4), nn.Dropout(), nn.ReLU(), linear(4, 1)),
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_an_exported_program_is_read_as_what_it_computes(tmp_path, name):
    model = PROGRAMS[name]()
    agrees(load_network(exported(tmp_path, model)), model)


def test_an_exported_program_with_an_image(tmp_path):
    model = nn.Sequential(nn.Flatten(), linear(12, 4), nn.ReLU(), linear(4, 1))
    path = exported(tmp_path, model, torch.zeros(1, 2, 3, 2))
    agrees(load_network(path), model, (1, 2, 3, 2))


def test_batch_norm_is_folded_only_where_the_user_asks(tmp_path):
    model = nn.Sequential(linear(3, 4), nn.BatchNorm1d(4), nn.ReLU(), linear(4, 1))
    model[1].running_mean.copy_(torch.tensor([0.5, 1.0, -1.0, 0.0]))
    path = exported(tmp_path, model)
    assert "--fold" in refusal(path)
    agrees(load_network(path, Reading(fold=True)), model.eval())


@pytest.mark.parametrize(
    ("model", "said"),
    [
        (nn.Sequential(linear(3, 2), nn.Tanh(), linear(2, 1)), "aten.tanh.default is not"),
        (nn.Sequential(linear(3, 2), nn.LeakyReLU(), linear(2, 1)), "aten.leaky_relu.default is"),
        (nn.Sequential(linear(3, 1), nn.Sigmoid()), "aten.sigmoid.default is not"),
        (Residual(), "it takes two layers"),
    ],
)
def test_other_programs_are_refused_by_operator(tmp_path, model, said):
    assert said in refusal(exported(tmp_path, model))


def test_a_damaged_program_is_one_line(tmp_path):
    path = exported(tmp_path, Named())
    good = path.read_bytes()
    path.write_bytes(good[:-100])
    refusal(path)
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("net/models/model.json", json.dumps({"graph_module": {}}))
    refusal(path)
    for at in range(0, len(good), 97):
        path.write_bytes(good[:at] + bytes([good[at] ^ 16]) + good[at + 1 :])
        try:
            load_network(path)
        except ValueError as error:
            assert len(str(error).splitlines()) == 1  # noqa: PT017
