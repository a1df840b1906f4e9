"""The protocol: keys, modes, copying of parameters, and what happens in the wrong order."""

import copy
import pickle
import re
from collections import OrderedDict

import numpy as np
import pytest
import torch

from coursepkg import nn
from coursepkg.layer import Layer
from tests.nn.pairs import PAIRS

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
    with pytest.raises(TypeError, match="state must be a dict, key -> array, got list"):
        net.load_state_dict(list(state.items()))
    assert_same_state(net, before)


def assert_same_state(net, expected):
    for key, value in expected.items():
        np.testing.assert_array_equal(net.state_dict()[key], value, err_msg=key)


NO_NUMBERS = [
    (torch.zeros(4, dtype=torch.bfloat16), "got torch.bfloat16"),
    (torch.zeros(4, requires_grad=True), "got torch.float32: Can't call numpy"),
    (torch.zeros(4, device="meta"), "got torch.float32: can't convert meta"),
    ([1, [2]], "got list"),
    (np.zeros(4, complex), "casts to the layer's float32, got complex128"),
    (torch.zeros(4, dtype=torch.complex64), "casts to the layer's float32, got complex64"),
    (np.array(["1"] * 4), "casts to the layer's float32, got <U1"),
    (np.array([1, None, 2, 3]), "casts to the layer's float32, got object"),
    (None, "casts to the layer's float32, got object"),
]


@pytest.mark.parametrize(("value", "words"), NO_NUMBERS, ids=[words for _, words in NO_NUMBERS])
def test_load_state_dict_names_the_entry_that_is_no_number_and_loads_nothing(value, words):
    net = network()
    before = {key: array.copy() for key, array in net.state_dict().items()}
    state = {key: array + 1 for key, array in before.items()}
    with pytest.raises(TypeError, match=rf"state\['3.bias'\] must .*{re.escape(words)}"):
        net.load_state_dict({**state, "3.bias": value})
    assert_same_state(net, before)
    with pytest.raises(TypeError, match=r"num_batches_tracked'\] must .* the layer's int64, got float64"):
        net.load_state_dict({**state, "1.0.num_batches_tracked": np.array(1.0)})
    assert_same_state(net, before)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.int8, np.uint64, bool])
def test_load_state_dict_takes_other_real_numbers(dtype):
    net = network()
    state = {key: np.ones_like(value, dtype) for key, value in net.params.items()}
    net.load_state_dict({**state, **net.buffers})
    for value in net.params.values():
        assert value.dtype == np.float32
        np.testing.assert_array_equal(value, 1)


def test_a_network_may_be_loaded_from_its_own_arrays_in_another_order():
    net = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2))
    first, second = net[0].weight.copy(), net[1].weight.copy()
    net.load_state_dict({**net.state_dict(), "0.weight": net[1].weight, "1.weight": net[0].weight})
    np.testing.assert_array_equal(net[0].weight, second)
    np.testing.assert_array_equal(net[1].weight, first)


def test_modes_reach_every_layer():
    net = network()
    assert all(layer.training for layer in net.layers()) and len(list(net.layers())) == 7
    assert net.eval() is net and not any(layer.training for layer in net.layers())
    assert net[1].train() is net[1]
    assert [layer.training for layer in net] == [False, True, False, False]
    for wrong in ("eval", None, 0):
        with pytest.raises(TypeError, match=f"mode must be True or False, got {wrong!r}"):
            net.train(wrong)
        with pytest.raises(TypeError, match=f"training must be True or False, got {wrong!r}"):
            net[0].training = wrong
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
    for wrong in (np.int32, np.float16, complex, None, "int"):
        with pytest.raises(TypeError, match="dtype must be float32 or float64, got"):
            net.astype(wrong)
    assert {value.dtype for value in net.params.values()} == {np.dtype(np.float64)}


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
    for outside in (4, -5):
        with pytest.raises(IndexError):
            net[outside]
    for no_position in ("0", 1.0, None):
        with pytest.raises(TypeError):
            net[no_position]
    x = np.ones((2, 3))
    assert nn.Sequential().forward(x) is x and nn.Sequential().backward(x) is x
    with pytest.raises(TypeError, match="layers must all be Layer instances, got 'ReLU' at position 1"):
        nn.Sequential(nn.ReLU(), "ReLU")


@pytest.mark.parametrize(
    "part", [slice(-1), slice(1, None), slice(None, None, 2), slice(None, None, -1), slice(9, None)], ids=str
)
def test_a_slice_is_that_of_torch(part):
    ours, theirs = network()[part], network(torch.nn)[part]
    assert type(ours) is nn.Sequential
    assert [name for name, _ in ours.named_children()] == [name for name, _ in theirs.named_children()]
    assert list(ours.params) == [key for key, _ in theirs.named_parameters()]


def test_a_slice_holds_the_layers_themselves():
    net, x = network().eval(), np.random.default_rng(0).normal(size=(2, 1, 5, 5)).astype(np.float32)
    np.testing.assert_array_equal(net[2:](net[:2](x)), net(x))
    assert net[1:][0] is net[1] and net[:0](x) is x


def test_layers_may_have_names():
    named = nn.Sequential({"first": nn.Linear(2, 3), "second": nn.ReLU()})
    assert list(named.params) == ["first.weight", "first.bias"] and named.second is named[1]
    assert [name for name, _ in named[1:].named_children()] == ["second"]
    theirs = torch.nn.Sequential(OrderedDict(first=torch.nn.Linear(2, 3), second=torch.nn.ReLU()))
    assert repr(named) == repr(theirs)


@pytest.mark.parametrize("name", ["", "a.b", "forward", "params", "saved", "training", "_saved", "layers"])
def test_names_that_hide_something_are_refused(name):
    with pytest.raises(ValueError, match=f"no attribute has yet, got '{name}'"):
        nn.Sequential({"fine": nn.ReLU(), name: nn.Tanh()})
    with pytest.raises(ValueError, match="no attribute has yet, got '1'"):
        nn.Sequential({1: nn.ReLU(), "1": nn.Tanh()})


def two_of(layer):
    """Containers that are given one layer in two places."""
    yield lambda: nn.Sequential(layer, layer)
    yield lambda: nn.Sequential(nn.Tanh(), layer, nn.Sequential(layer))
    yield lambda: nn.Sequential({"first": nn.Sequential(layer), "second": layer})
    yield lambda: setattr(nn.Sequential(layer, nn.Tanh()), "1", layer)
    yield lambda: setattr(layer, "inner", nn.Sequential(layer))


@pytest.mark.parametrize("make", list(two_of(nn.ReLU())))
def test_a_layer_in_two_places_is_refused(make):
    with pytest.raises(ValueError, match="got the same ReLU twice: it remembers its last call alone"):
        make()


def test_a_layer_may_take_its_own_place_or_leave_it():
    net = nn.Sequential(nn.Linear(2, 2), nn.Tanh())
    layer = net[0]
    setattr(net, "0", layer)
    assert net[0] is layer
    setattr(net, "0", None)
    assert len(net) == 1 and not net.params


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda net: pickle.loads(pickle.dumps(net))])
def test_a_copy_stands_on_its_own_and_remembers_its_last_call(copied):
    net, x = network(), np.random.default_rng(0).normal(size=(2, 1, 5, 5)).astype(np.float32)
    dy = np.ones_like(net(x))
    twin = copied(net)
    assert repr(twin) == repr(net)
    np.testing.assert_array_equal(twin.backward(dy), net.backward(dy))
    for key, grad in net.grads.items():
        np.testing.assert_array_equal(twin.grads[key], grad)
    twin.params["3.bias"][...] += 1
    assert not np.array_equal(twin.params["3.bias"], net.params["3.bias"])


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
