"""The NumPy layers against PyTorch's: outputs, gradients and running statistics."""

import numpy as np
import pytest
import torch

from coursepkg import nn
from coursepkg.layer import Layer
from tests.nn.pairs import PAIRS, as_torch, pair

TOLERANCE = {np.float64: 1e-12, np.float32: 2e-5}


def distance(ours, theirs):
    """Largest difference, relative to the largest value (at least 1)."""
    assert ours.shape == tuple(theirs.shape)
    theirs = theirs.detach().numpy()
    if ours.size == 0:
        return 0.0
    return np.abs(ours - theirs).max() / max(1, np.abs(theirs).max())


def layouts(x):
    """x as arrays of the same values that lie differently in memory."""
    yield x
    yield np.asfortranarray(x)
    yield np.repeat(x, 2, axis=-1)[..., ::2]
    yield x[::-1].copy()[::-1]


def assert_equal_step(layer, module, x, dtype):
    """One forward and backward in both, everything compared."""
    tensor = torch.tensor(x.copy(), requires_grad=True)
    module.zero_grad()
    theirs = module(tensor)
    dy = np.random.default_rng(3).normal(size=tuple(theirs.shape)).astype(dtype)
    theirs.backward(torch.tensor(dy))

    x_before, dy_before = x.copy(), dy.copy()
    y = layer.forward(x)
    dx = layer.backward(dy)

    compared = {"y": (y, theirs), "dx": (dx, tensor.grad)}
    compared |= {f"grads {key}": (layer.grads[key], value.grad) for key, value in module.named_parameters()}
    compared |= {f"buffer {key}": (layer.buffers[key], value) for key, value in module.named_buffers()}
    for name, (a, b) in compared.items():
        assert distance(a, b) < TOLERANCE[dtype], name
        if "num_batches" not in name:
            assert a.dtype == dtype, name
    assert layer.grads.keys() == dict(module.named_parameters()).keys()
    assert layer.buffers.keys() == dict(module.named_buffers()).keys()
    np.testing.assert_array_equal(x, x_before)
    np.testing.assert_array_equal(dy, dy_before)


@pytest.mark.parametrize("dtype", [np.float64, np.float32], ids=["float64", "float32"])
@pytest.mark.parametrize("pair", PAIRS, ids=str)
def test_equal_to_torch(pair, dtype):
    layer = pair.numpy(dtype)
    module = pair.torch(layer, dtype)
    for x in layouts(pair.x(dtype)):  # four steps in a row, so that running statistics go on
        assert_equal_step(layer, module, x, dtype)


@pytest.mark.parametrize("dtype", [np.float64, np.float32], ids=["float64", "float32"])
@pytest.mark.parametrize("stride", [1, 2])
def test_convolution_of_more_pictures_than_a_block_holds(stride, dtype):
    large = pair("Conv2d", 8, 8, 3, shape=(7, 8, 32, 32), stride=stride, padding=1)
    layer = large.numpy(dtype)
    assert_equal_step(layer, large.torch(layer, dtype), large.x(dtype), dtype)


def test_upstream_gradients_may_lie_anywhere_in_memory():
    for one in (pair("Conv2d", 2, 3, 3, shape=(3, 2, 5, 4)), pair("BatchNorm2d", 2, shape=(3, 2, 5, 4))):
        layer = one.numpy()
        dy = np.random.default_rng(0).normal(size=layer.forward(one.x()).shape)
        found = [(layer.backward(view), layer.grads) for view in layouts(dy)]
        for dx, grads in found[1:]:
            np.testing.assert_allclose(dx, found[0][0], rtol=1e-12)
            for key, grad in grads.items():
                np.testing.assert_allclose(grad, found[0][1][key], rtol=1e-12)


@pytest.mark.parametrize("name", ["ReLU", "LeakyReLU", "GELU", "Tanh", "Sigmoid"])
def test_activations_at_the_ends(name):
    x = np.array([-200.0, -90, -30, 0, 30, 90, 200], np.float32)
    layer, tensor = getattr(nn, name)(), torch.tensor(x, requires_grad=True)
    theirs = getattr(torch.nn, name)()(tensor)
    theirs.sum().backward()
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        y, dx = layer.forward(x), layer.backward(np.ones_like(x))
    np.testing.assert_allclose(y, theirs.detach().numpy(), rtol=1e-5, atol=1e-30)
    np.testing.assert_allclose(dx, tensor.grad.numpy(), rtol=1e-5, atol=1e-30)


def test_every_layer_is_compared():
    layers = {
        name
        for name in nn.__all__
        if isinstance(getattr(nn, name), type) and issubclass(getattr(nn, name), Layer)
    }
    assert layers == {one.name for one in PAIRS} | {"Sequential"}


def network(library):
    layers = [
        library.Conv2d(1, 4, 3, stride=2, padding=1),
        library.BatchNorm2d(4),
        library.Sequential(library.LeakyReLU(0.1), library.Flatten()),
        library.LayerNorm(4 * 3 * 3),
        library.Linear(4 * 3 * 3, 5),
    ]
    return library.Sequential(*layers)


@pytest.mark.parametrize("dtype", [np.float64, np.float32], ids=["float64", "float32"])
def test_a_network_equal_to_torch(dtype):
    torch.manual_seed(0)
    module = network(torch.nn).to(as_torch(dtype))
    layer = network(nn).astype(dtype).load_state_dict(module.state_dict())
    x = np.random.default_rng(0).normal(size=(6, 1, 6, 6)).astype(dtype)
    assert_equal_step(layer, module, x, dtype)


@pytest.mark.parametrize("dtype", [np.float64, np.float32], ids=["float64", "float32"])
@pytest.mark.parametrize("n", [1, 7])
def test_cross_entropy_equal_to_torch(n, dtype):
    rng = np.random.default_rng(0)
    logits, labels = (30 * rng.normal(size=(n, 4))).astype(dtype), rng.integers(0, 4, n)
    tensor = torch.tensor(logits, requires_grad=True)
    theirs = torch.nn.functional.cross_entropy(tensor, torch.tensor(labels))
    theirs.backward()
    criterion = nn.CrossEntropyLoss()
    loss = criterion(logits, labels)
    dlogits = criterion.backward()
    assert isinstance(loss, float) and dlogits.dtype == dtype
    assert loss == pytest.approx(theirs.item(), rel=TOLERANCE[dtype])
    assert distance(dlogits, tensor.grad) < TOLERANCE[dtype]


def test_cross_entropy_of_an_empty_batch():
    criterion = nn.CrossEntropyLoss()
    loss = criterion.forward(np.zeros((0, 3)), np.zeros(0, int))
    theirs = torch.nn.CrossEntropyLoss()(torch.zeros(0, 3), torch.zeros(0).long())
    assert np.isnan(loss) and theirs.isnan()
    assert criterion.backward().shape == (0, 3)


@pytest.mark.parametrize("axis", [-1, 0, 1])
def test_softmax_equal_to_torch(axis):
    logits = 1000 * np.random.default_rng(0).normal(size=(3, 4, 5))
    for ours, theirs in ((nn.softmax, torch.softmax), (nn.log_softmax, torch.log_softmax)):
        assert distance(ours(logits, axis), theirs(torch.tensor(logits), axis)) < 1e-12
    np.testing.assert_allclose(nn.softmax(logits, axis).sum(axis), 1)
    assert nn.softmax(logits[:0]).shape == (0, 4, 5)
