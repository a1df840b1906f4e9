"""What can be set on a layer is validated whenever it is set, and backward goes by what forward used.

The settings are found, not listed: the arguments of a layer's constructor that it keeps under their names.
"""

import copy
import inspect
from types import MethodType

import numpy as np
import pytest
import torch

from coursepkg.nn import Sequential, Tanh
from tests.nn.pairs import PAIRS
from tests.specs.spec import Maker, values
from tests.test_specs import SPECS

WRONG = (object(), "no such value", -7.5, [[]], float("nan"))
# Each is right for some settings; a setting takes what it takes.
OTHERS = (0, 1, 2, 3, 5, 0.25, 0.75, 1.5, (1, 1), (2, 2), "none", "tanh", True, False, None)


def layer_of_nn(pair):
    return pair.numpy(), pair.x(), {}


def layer_of_spec(spec, half, device):
    case = spec.cases[0]
    layer, x = Maker(half, device)(*case.args, **case.kwargs), values(case.shape)
    layer.forward(x)
    return layer.layer, x, layer.drawn


NUMPY = {
    **{f"nn.{one.name}": (layer_of_nn, one) for one in reversed(PAIRS) if one.shape[0]},
    **{f"numpy {spec.name}": (layer_of_spec, spec, spec.numpy, "numpy") for spec in SPECS},
}
TORCH = {f"torch {spec.name}": (layer_of_spec, spec, spec.torch, "cpu") for spec in SPECS}


def make(name):
    """A layer, an input, and what its forward is given so that nothing is drawn."""
    function, *args = {**NUMPY, **TORCH}[name]
    return function(*args)


def settings_of(layer):
    """Names of the settings, but for truth values, for which any object will do."""
    names = [name for name in inspect.signature(type(layer)).parameters if hasattr(layer, name)]
    no_settings = bool | np.ndarray | torch.Tensor | MethodType
    return [name for name in names if not isinstance(getattr(layer, name), no_settings)]


SETTINGS = [(name, setting) for name in (*NUMPY, *TORCH) for setting in settings_of(make(name)[0])]


@pytest.mark.parametrize(("name", "setting"), SETTINGS)
def test_a_setting_is_validated_when_it_is_set_later(name, setting):
    layer, _, _ = make(name)
    before = getattr(layer, setting)
    for wrong in WRONG:
        with pytest.raises((TypeError, ValueError), match=setting):
            setattr(layer, setting, wrong)
        assert getattr(layer, setting) is before


def changes(layer):
    """Everything that somebody may set on a layer between forward and backward."""
    for setting in settings_of(layer):
        for other in OTHERS:
            yield (
                f"{setting} = {other!r}",
                lambda one, setting=setting, other=other: setattr(one, setting, other),
            )
    for name, value in vars(layer).items():
        if isinstance(value, bool) and not name.startswith("_"):
            yield f"{name} = {not value}", lambda one, name=name, value=value: setattr(one, name, not value)
    yield "eval()", lambda one: one.eval()
    yield "train()", lambda one: one.train()


@pytest.mark.parametrize("name", NUMPY)
def test_backward_goes_by_what_forward_used(name):
    layer, x, given = make(name)
    y = layer.forward(x, **given)
    dy = values(np.shape(y), seed=1)
    expected = copy.deepcopy((layer.backward(dy), layer.grads))
    for change, apply in changes(layer):
        changed = copy.deepcopy(layer)
        try:
            apply(changed)
        except (TypeError, ValueError):
            continue
        found = changed.backward(dy), changed.grads
        np.testing.assert_array_equal(found[0], expected[0], err_msg=change)
        assert found[1].keys() == expected[1].keys(), change
        for key, gradient in found[1].items():
            np.testing.assert_array_equal(gradient, expected[1][key], err_msg=f"{change}, {key}")


@pytest.mark.parametrize("name", [name for name in NUMPY if make(name)[0].params])
def test_backward_goes_by_the_parameters_that_forward_used(name):
    layer, x, given = make(name)
    dy = values(np.shape(layer.forward(x, **given)), seed=1)
    expected = layer.backward(dy)
    found = layer.astype(np.float32).backward(dy)  # other arrays, with other digits
    np.testing.assert_array_equal(found, expected)
    assert found.dtype == np.float64


def test_the_settings_are_found():
    assert {("nn.Flatten", "start_dim"), ("numpy Dropout", "p"), ("torch MaxPool2d", "stride")} <= set(
        SETTINGS
    )
    changed = [change for change, _ in changes(Sequential(Tanh()))]
    assert changed == ["training = False", "eval()", "train()"]
