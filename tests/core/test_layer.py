"""The protocol: keys, modes, copying of parameters, and what happens in the wrong order."""

import numpy as np
import pytest
import torch

from coursepkg import nn
from coursepkg.layer import Layer
from tests.core.pairs import PAIRS

ONE_OF_EACH = list({one.name: one for one in reversed(PAIRS) if one.shape[0]}.values())


def network(library=nn):
    return library.Sequential(
        library.Conv2d(1, 2, 3, bias=False),
        library.Sequential(library.BatchNorm2d(2), library.ReLU()),
        library.Flatten(),
        library.Linear(18, 4),
    )


def test_keys_are_those_of_torch():
    ours, theirs = network(), network(torch.nn)
    assert set(ours.state_dict()) == set(theirs.state_dict())
    assert list(ours.params) == [key for key, _ in theirs.named_parameters()]
    assert list(ours.buffers) == [key for key, _ in theirs.named_buffers()]
    for key, value in theirs.state_dict().items():
        assert ours.state_dict()[key].shape == value.shape, key


def test_params_are_the_live_arrays():
    net = network()
    net.params["3.bias"][...] = 7
    np.testing.assert_array_equal(net[3].bias, 7)
    assert net.params["3.weight"] is net[3].weight


def test_load_state_dict_copies():
    source, target = network(), network()
    source[1][0].buffers["running_mean"][...] = 5
    kept = target[3].weight
    assert target.load_state_dict(source.state_dict()) is target
    for key, value in source.state_dict().items():
        np.testing.assert_array_equal(target.state_dict()[key], value)
        assert target.state_dict()[key] is not value
    assert target[3].weight is kept  # optimizers hold on to it


def test_load_state_dict_names_what_does_not_fit():
    net = network()
    state = net.state_dict()
    before = {key: value.copy() for key, value in state.items()}
    without = {key: value for key, value in state.items() if key != "3.bias"}
    with pytest.raises(ValueError, match=r"missing: \['3.bias'\], unexpected: \['4.bias'\]"):
        net.load_state_dict({**without, "4.bias": np.zeros(4)})
    with pytest.raises(ValueError, match=r"'3.bias'\] has shape \(5,\), but the layer's has \(4,\)"):
        net.load_state_dict({**{key: value + 1 for key, value in without.items()}, "3.bias": np.zeros(5)})
    for key, value in before.items():
        np.testing.assert_array_equal(net.state_dict()[key], value, err_msg="half loaded")


def test_modes_reach_every_layer():
    net = network()
    assert all(layer.training for layer in net.layers()) and len(list(net.layers())) == 7
    assert net.eval() is net and not any(layer.training for layer in net.layers())
    assert net[1].train() is net[1]
    assert [layer.training for layer in net] == [False, True, False, False]


def test_evaluation_changes_no_running_statistics():
    net = network().eval()
    net.forward(np.ones((2, 1, 5, 5), np.float32))
    assert net.buffers["1.0.num_batches_tracked"] == 0
    np.testing.assert_array_equal(net.buffers["1.0.running_mean"], 0)


def test_astype():
    net = network()
    assert net.astype(np.float64) is net
    assert {value.dtype for value in net.params.values()} == {np.dtype(np.float64)}
    assert net.buffers["1.0.running_var"].dtype == np.float64
    assert net.buffers["1.0.num_batches_tracked"].dtype == np.int64


@pytest.mark.parametrize("pair", ONE_OF_EACH, ids=lambda pair: pair.name)
def test_backward_before_forward(pair):
    layer = pair.numpy()
    with pytest.raises(RuntimeError, match=f"{pair.name}.backward was called before {pair.name}.forward"):
        layer.backward(np.ones(pair.shape))


@pytest.mark.parametrize("pair", ONE_OF_EACH, ids=lambda pair: pair.name)
def test_calling_is_forward_and_backward_overwrites(pair):
    layer = pair.numpy()
    y = layer(pair.x())
    first = layer.backward(np.ones_like(y)), layer.grads
    second = layer.backward(np.ones_like(y)), layer.grads
    np.testing.assert_array_equal(first[0], second[0])
    assert first[1].keys() == layer.params.keys()
    for key, grad in second[1].items():
        np.testing.assert_array_equal(grad, first[1][key])
        assert grad.shape == layer.params[key].shape


@pytest.mark.parametrize("pair", ONE_OF_EACH, ids=lambda pair: pair.name)
def test_upstream_gradients_that_do_not_fit(pair):
    layer = pair.numpy()
    y = layer.forward(pair.x())
    wrong = np.ones((*y.shape, 2))
    with pytest.raises(ValueError) as caught:
        layer.backward(wrong)
    assert str(wrong.shape) in str(caught.value) and str(y.shape) in str(caught.value)
    with pytest.raises(TypeError, match="dy must have the dtype that forward returned, float64, got float32"):
        layer.backward(np.ones(y.shape, np.float32))


@pytest.mark.parametrize("pair", ONE_OF_EACH, ids=lambda pair: pair.name)
@pytest.mark.parametrize("wrong", [np.int64, np.float16, bool, complex])
def test_inputs_of_other_dtypes(pair, wrong):
    with pytest.raises(TypeError, match="x must be float32 or float64, got"):
        pair.numpy().forward(np.ones(pair.shape, wrong))
    with pytest.raises(TypeError, match="x must be a NumPy array, float32 or float64, got list"):
        pair.numpy().forward(np.ones(pair.shape).tolist())


@pytest.mark.parametrize(
    "pair", [one for one in ONE_OF_EACH if one.numpy().params], ids=lambda pair: pair.name
)
def test_inputs_of_another_dtype_than_the_parameters(pair):
    with pytest.raises(TypeError, match=r"parameters, float64, got float32: use x.astype\(np.float64\)"):
        pair.numpy().forward(pair.x(np.float32))


def test_sequential_is_a_sequence():
    net = network()
    assert len(net) == 4 and list(net)[3] is net[3] is net[-1]
    with pytest.raises(IndexError):
        net[4]
    x = np.ones((2, 3))
    assert nn.Sequential().forward(x) is x and nn.Sequential().backward(x) is x
    with pytest.raises(TypeError, match="layers must all be Layer instances, got 'ReLU' at position 1"):
        nn.Sequential(nn.ReLU(), "ReLU")


def test_a_layer_without_passes_says_so():
    class Empty(Layer):
        pass

    with pytest.raises(NotImplementedError, match="Empty has no forward"):
        Empty()(np.ones(1))
    with pytest.raises(NotImplementedError, match="Empty has no backward"):
        Empty().backward(np.ones(1))


def test_a_layer_may_have_parameters_and_layers_of_its_own():
    class Scaled(Layer):
        param_names = ("scale",)

        def __init__(self, inner):
            super().__init__()
            self.scale = np.ones(1)
            self.inner = inner

        def forward(self, x):
            self.saved = self.inner(x)
            return self.scale * self.saved

        def backward(self, dy):
            self.grads = {"scale": (dy * self.saved).sum(keepdims=True).reshape(1)}
            return self.inner.backward(dy * self.scale)

    layer = Scaled(nn.Linear(2, 2, dtype=np.float64))
    layer.backward(layer(np.ones((3, 2))))
    assert list(layer.params) == list(layer.grads) == ["scale", "inner.weight", "inner.bias"]
