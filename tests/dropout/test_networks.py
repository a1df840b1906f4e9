"""thinned_step and mc_predict: what dropout does to a whole network, in both backends."""

from itertools import pairwise

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from coursepkg import nn
from coursepkg.dropout import numpy_layers, torch_layers
from tests.specs.spec import values

gpu = pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
DEVICES = ["cpu", pytest.param("cuda", marks=[pytest.mark.gpu, gpu])]
PLACES = ["numpy", *DEVICES]


def own(place, array):
    """The array as this backend has it, and where."""
    return array.copy() if place == "numpy" else torch.tensor(array, device=place)


def back(array):
    return array if isinstance(array, np.ndarray) else array.detach().cpu().numpy()


def thinned_step(place, params, x, y, masks, lr):
    """One step, from arrays to arrays."""
    backend = numpy_layers if place == "numpy" else torch_layers
    params = [(own(place, weight), own(place, bias)) for weight, bias in params]
    masks = [own(place, mask) for mask in masks]
    params, loss = backend.thinned_step(params, own(place, x), own(place, y), masks, lr)
    assert isinstance(loss, float)
    return [(back(weight), back(bias)) for weight, bias in params], loss


def network(sizes, seed=0, dtype="float64"):
    rng = np.random.default_rng(seed)
    return [
        (rng.normal(0, 0.5, (units, inputs)).astype(dtype), rng.normal(0, 0.5, units).astype(dtype))
        for inputs, units in pairwise(sizes)
    ]


def batch(sizes, n=8, seed=1, dtype="float64"):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, sizes[0])).astype(dtype), rng.integers(0, sizes[-1], n)


def draw(sizes, seed):
    rng = np.random.default_rng(seed)
    return [rng.random(size) < 0.5 for size in sizes[1:-1]]


def masked_step(params, x, y, masks, lr):
    """The same step with all units: hidden activations are multiplied by 0 or 1, autograd does the rest."""
    params = [tuple(torch.tensor(array, requires_grad=True) for array in pair) for pair in params]
    h = torch.tensor(x)
    for (weight, bias), mask in zip(params[:-1], masks, strict=True):
        h = F.relu(F.linear(h, weight, bias)) * torch.tensor(mask)
    loss = F.cross_entropy(F.linear(h, *params[-1]), torch.tensor(y))
    loss.backward()
    return [
        tuple((array - lr * array.grad).detach().numpy() for array in pair) for pair in params
    ], loss.item()


def difference(a, b):
    return max(
        np.abs(u - v).max() for one, two in zip(a, b, strict=True) for u, v in zip(one, two, strict=True)
    )


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("sizes", [(6, 10, 4), (6, 10, 9, 8, 4), (6, 4)], ids=str)
def test_deleting_is_masking(place, sizes):
    """Over 30 steps, each with other masks, to 1e-12."""
    deleted = masked = network(sizes)
    x, y = batch(sizes)
    for step in range(30):
        masks = draw(sizes, step)
        deleted, loss = thinned_step(place, deleted, x, y, masks, 0.1)
        masked, expected = masked_step(masked, x, y, masks, 0.1)
        assert abs(loss - expected) < 1e-12
    assert difference(deleted, masked) < 1e-12
    assert difference(deleted, network(sizes)) > 0.01


@pytest.mark.parametrize("place", PLACES)
def test_float32_stays_float32(place):
    sizes = (6, 10, 9, 4)
    params, (x, y) = network(sizes, dtype="float32"), batch(sizes, dtype="float32")
    after, _ = thinned_step(place, params, x, y, draw(sizes, 0), 0.1)
    expected, _ = masked_step(params, x, y, draw(sizes, 0), 0.1)
    assert all(array.dtype == np.float32 for pair in after for array in pair)
    assert difference(after, expected) < 1e-6


@pytest.mark.parametrize("place", PLACES)
def test_survivors_learn_and_the_rest_keeps_its_bits(place):
    sizes = (6, 10, 9, 4)
    params, (x, y), masks = network(sizes), batch(sizes), draw(sizes, 3)
    given = [tuple(array.copy() for array in pair) for pair in params]
    after, _ = thinned_step(place, given, x, y, masks, 0.1)
    kept = [np.ones(6, bool), *masks, np.ones(4, bool)]
    for (w, b), (new_w, new_b), columns, rows in zip(params, after, kept, kept[1:], strict=False):
        survivors = np.outer(rows, columns)
        assert survivors.any() and not survivors.all()
        np.testing.assert_array_equal(new_w[~survivors], w[~survivors])
        np.testing.assert_array_equal(new_b[~rows], b[~rows])
        assert (new_w[survivors] != w[survivors]).any() and (new_b[rows] != b[rows]).any()
    for before, now in zip(params, given, strict=True):
        np.testing.assert_array_equal(before[0], now[0])
        np.testing.assert_array_equal(before[1], now[1])


def test_torch_leaves_the_tensors_it_was_given():
    sizes = (6, 10, 4)
    params = [tuple(torch.tensor(array, requires_grad=True) for array in pair) for pair in network(sizes)]
    x, y = (torch.tensor(array) for array in batch(sizes))
    before = [array.detach().clone() for pair in params for array in pair]
    with torch.no_grad():
        after, _ = torch_layers.thinned_step(params, x, y, [torch.tensor(draw(sizes, 0)[0])], 0.1)
    for array, old in zip([array for pair in params for array in pair], before, strict=True):
        assert array.grad is None
        assert torch.equal(array, old)
    assert not any(array.requires_grad for pair in after for array in pair)


@pytest.mark.parametrize("place", PLACES)
def test_a_layer_without_survivors(place):
    """Nothing arrives at the output but its bias, so only that learns."""
    sizes = (6, 5, 4)
    params, (x, y) = network(sizes), batch(sizes)
    after, loss = thinned_step(place, params, x, y, [np.zeros(5, bool)], 0.1)
    expected, expected_loss = masked_step(params, x, y, [np.zeros(5, bool)], 0.1)
    assert difference(after, expected) < 1e-14 and abs(loss - expected_loss) < 1e-14
    np.testing.assert_array_equal(after[1][0], params[1][0])
    assert (after[1][1] != params[1][1]).all()


@pytest.mark.parametrize("place", ["numpy", "cpu"])
def test_thinned_step_refuses(place):
    sizes = (6, 5, 4)
    good = {
        "params": network(sizes),
        "x": batch(sizes)[0],
        "y": batch(sizes)[1],
        "masks": draw(sizes, 0),
        "lr": 0.1,
    }
    first, second = good["params"]
    wrong = [
        ({"params": [], "masks": []}, ValueError, ["params must hold at least one pair"]),
        ({"masks": []}, ValueError, ["masks must hold one mask per hidden layer, 1, got 0"]),
        ({"masks": good["masks"] * 2}, ValueError, ["one mask per hidden layer, 1, got 2"]),
        ({"masks": [np.ones(4, bool)]}, ValueError, ["masks[0] must have shape (5,), got (4,)"]),
        ({"masks": [np.ones(5)]}, TypeError, ["masks must be a boolean"]),
        ({"x": good["x"][:, :3]}, ValueError, ["params[0] must have shapes (out, 3)", "(5, 6)"]),
        ({"x": good["x"][0]}, ValueError, ["x must have shape (N, in), got shape (6,)"]),
        ({"x": good["x"].astype(int)}, TypeError, ["x must", "int64"]),
        ({"params": [first, (second[0], second[1][:2])]}, ValueError, ["params[1]", "(4, 5) and (2,)"]),
        ({"params": [first, (second[0][:, :2], second[1])]}, ValueError, ["params[1]", "(out, 5)"]),
        ({"x": good["x"].astype("float32")}, TypeError, ["params[0] must have x's dtype", "float32"]),
        ({"y": good["y"] + 3}, ValueError, ["y must be from 0 to 3"]),
        ({"y": good["y"][:3]}, ValueError, ["y", "(3,)", "(8,)"]),
        ({"y": good["y"] * 1.0}, TypeError, ["y must be class numbers"]),
        ({"lr": 0}, ValueError, ["lr must be a finite number > 0"]),
        ({"lr": "a"}, TypeError, ["lr must be a number > 0", "'a'"]),
    ]
    for change, error, words in wrong:
        with pytest.raises(error) as caught:
            thinned_step(place, **{**good, **change})
        for word in words:
            assert word in str(caught.value), (change.keys(), str(caught.value))


# mc_predict


class Failing(nn.ReLU):
    def forward(self, x):
        raise ArithmeticError("in the middle")


class FailingInTorch(torch.nn.Module):
    def forward(self, x):
        raise ArithmeticError("in the middle")


def model(place, last=None, rng=None):
    """Two dropout layers of ours, and in PyTorch one of torch's own, with batch normalization between."""
    sizes = (6, 40, 40, 3)
    if place == "numpy":
        layers = [
            nn.Linear(6, 40, rng=np.random.default_rng(0)),
            nn.BatchNorm1d(40),
            nn.ReLU(),
            numpy_layers.Dropout(0.5, rng=rng),
            numpy_layers.DropConnect(40, 40, rng=np.random.default_rng(1)),
            nn.Sequential(nn.ReLU(), numpy_layers.Dropout(0.2)),
            nn.Linear(40, 3, rng=np.random.default_rng(2)),
        ]
        return nn.Sequential(*layers, *([last] if last else []))
    torch.manual_seed(0)
    layers = [
        torch.nn.Linear(sizes[0], 40),
        torch.nn.BatchNorm1d(40),
        torch.nn.ReLU(),
        torch_layers.Dropout(0.5, rng=rng),
        torch_layers.DropConnect(40, 40),
        torch.nn.Sequential(torch.nn.ReLU(), torch.nn.Dropout(0.2)),
        torch.nn.Linear(40, 3),
    ]
    return torch.nn.Sequential(*layers, *([last] if last else [])).to(place)


def parts(place, net):
    return list(net.layers() if place == "numpy" else net.modules())


def predict(place, net, x, k, rng):
    backend = numpy_layers if place == "numpy" else torch_layers
    return back(backend.mc_predict(net, own(place, x), k, rng))


def generator(place, seed=0):
    return np.random.default_rng(seed) if place == "numpy" else torch.Generator(place).manual_seed(seed)


X = values((20, 6), dtype="float32")


@pytest.mark.parametrize("place", PLACES)
def test_predictions_are_probabilities_and_differ(place):
    found = predict(place, model(place), X, 5, generator(place))
    assert found.shape == (5, 20, 3) and found.dtype == np.float32
    np.testing.assert_allclose(found.sum(axis=2), 1, rtol=1e-5)
    assert len({one.tobytes() for one in found}) == 5


@pytest.mark.parametrize("place", PLACES)
def test_generator_decides_all_masks(place):
    """Those of torch's own dropout layers too, and without a trace in torch's default generator."""
    net = model(place, rng=generator(place, 5))
    torch.manual_seed(7)
    expected_next = torch.rand(3)
    torch.manual_seed(7)
    first = predict(place, net, X, 3, generator(place, 1))
    np.testing.assert_array_equal(torch.rand(3), expected_next)
    np.testing.assert_array_equal(predict(place, net, X, 3, generator(place, 1)), first)
    assert (predict(place, net, X, 3, generator(place, 2)) != first).any()
    same = generator(place, 1)
    predict(place, net, X, 3, same)
    assert (predict(place, net, X, 3, same) != first).any(), "a second call repeats the first"


@pytest.mark.parametrize("place", PLACES)
def test_without_a_generator(place):
    net = model(place)
    assert (predict(place, net, X, 3, None) != predict(place, net, X, 3, None)).any()


@pytest.mark.parametrize("place", PLACES)
def test_batch_normalization_stays_in_eval_mode(place):
    """A sample's prediction does not depend on its batch, and the running statistics stay."""
    net = model(place)
    norm = parts(place, net)[2]
    before = back(norm.running_mean).copy()
    with_dropout_off = model(place)
    for layer in parts(place, with_dropout_off):
        if hasattr(layer, "p"):
            layer.p = 0.0
    both = predict(place, with_dropout_off, X, 1, generator(place))
    alone = predict(place, with_dropout_off, X[:1], 1, generator(place))
    np.testing.assert_allclose(alone[0, 0], both[0, 0], rtol=1e-5)
    predict(place, net, X, 3, generator(place))
    np.testing.assert_array_equal(back(norm.running_mean), before)


@pytest.mark.parametrize("fails", [False, True], ids=["returns", "raises"])
@pytest.mark.parametrize("place", PLACES)
def test_modes_and_generators_come_back(place, fails):
    own_rng = generator(place, 5)
    last = None
    if fails:
        last = Failing() if place == "numpy" else FailingInTorch()
    net = model(place, last, own_rng)
    layers = parts(place, net)
    for number, layer in enumerate(layers):
        layer.training = number % 3 == 0
    modes = [layer.training for layer in layers]
    generators = [getattr(layer, "rng", None) for layer in layers]
    assert own_rng in generators
    if fails:
        with pytest.raises(ArithmeticError):
            predict(place, net, X, 3, generator(place))
    else:
        predict(place, net, X, 3, generator(place))
    assert [layer.training for layer in layers] == modes
    assert all(getattr(layer, "rng", None) is rng for layer, rng in zip(layers, generators, strict=True))


@pytest.mark.parametrize("place", PLACES)
def test_mean_of_many_predictions_is_the_exact_average(place):
    """One layer of four inputs: all 16 masks can be enumerated."""
    weight = values((3, 4), dtype="float32")
    x = values((5, 4), seed=3, dtype="float32")
    masks = np.array(np.meshgrid(*[[0, 1]] * 4)).reshape(4, -1).T
    chance = np.prod(np.where(masks, 0.7, 0.3), axis=1)
    every = np.stack([nn.softmax(((x * mask) / 0.7) @ weight.T.astype(float)) for mask in masks])
    exact = np.einsum("m,mnc->nc", chance, every)
    if place == "numpy":
        net = nn.Sequential(numpy_layers.Dropout(0.3), nn.Linear(4, 3, bias=False))
        net.load_state_dict({"1.weight": weight})
    else:
        net = torch.nn.Sequential(torch_layers.Dropout(0.3), torch.nn.Linear(4, 3, bias=False)).to(place)
        net.load_state_dict({"1.weight": torch.tensor(weight)})
    found = predict(place, net, x, 3000, generator(place)).mean(axis=0)
    # Hoeffding: a mean of 3,000 values in [0, 1] strays by 0.065 once in 10^11.
    assert np.abs(found - exact).max() < 0.065
    scaled = nn.softmax(x.astype(float) @ weight.T)
    assert np.abs(scaled - exact).max() > 0.02, "nothing to tell apart"


@pytest.mark.parametrize("place", ["numpy", "cpu"])
def test_mc_predict_refuses(place):
    net = model(place)
    for k, error in (
        (0, ValueError),
        (-1, ValueError),
        (2.5, TypeError),
        (True, TypeError),
        (None, TypeError),
    ):
        with pytest.raises(error, match="k must be a whole number >= 1"):
            predict(place, net, X, k, generator(place))
    for rng in (0, "seed"):
        with pytest.raises(TypeError, match="rng must be a"):
            predict(place, net, X, 3, rng)


def test_no_gradient_is_recorded():
    found = torch_layers.mc_predict(model("cpu"), torch.tensor(X), 2, None)
    assert not found.requires_grad
