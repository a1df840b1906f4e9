"""What can be set on a layer is validated whenever it is set, and backward goes by what forward used.

The settings are found, not listed: the arguments of a layer's constructor that it keeps under their names.
"""

import copy
import inspect

import numpy as np
import pytest
import torch

from tests.core.pairs import PAIRS
from tests.specs.spec import Maker, values
from tests.test_specs import SPECS

# Some of them are right for one setting, some for another; a setting takes what it takes.
CANDIDATES = (0, 1, 2, 3, 5, 0.25, 0.75, 1.5, (1, 1), (2, 2), (1, 1, 1), "tanh", "none", True, False, None)
NOTHING = object()


def settings_of(layer):
    """dict: the settings of a layer or module, but for truth values, of which any object is one."""
    kept = {name: getattr(layer, name, NOTHING) for name in inspect.signature(type(layer)).parameters}
    arrays = (np.ndarray, torch.Tensor, bool)
    return {name: value for name, value in kept.items() if value is not NOTHING and not isinstance(value, arrays)}


def every_layer():
    """(name, function () -> (layer, x, what forward is given)) for every layer of both halves."""
    for one in {one.name: one for one in reversed(PAIRS) if one.shape[0]}.values():
        yield f"nn.{one.name}", lambda one=one: (one.numpy(), one.x(), {})
    for spec in SPECS:
        case = spec.cases[0]
        for half, device in ((spec.numpy, "numpy"), (spec.torch, "cpu")):

            def make(half=half, device=device, case=case):
                layer = Maker(half, device)(*case.args, **case.kwargs)
                x = values(case.shape)
                layer.forward(x)
                return layer.layer, x, layer.drawn

            yield f"{half.__module__.rpartition('.')[2]}.{spec.name}", make


LAYERS = dict(every_layer())
SETTINGS = [(name, setting) for name, make in LAYERS.items() for setting in settings_of(make()[0])]


@pytest.mark.parametrize(("name", "setting"), SETTINGS)
def test_a_setting_is_validated_when_it_is_set_later(name, setting):
    layer = LAYERS[name]()[0]
    before = getattr(layer, setting)
    for wrong in (object(), "no such value", -7.5, [[]], float("nan")):
        with pytest.raises((TypeError, ValueError), match=setting):
            setattr(layer, setting, wrong)
        assert getattr(layer, setting) is before


@pytest.mark.parametrize("name", [name for name in LAYERS if "torch_layers" not in name])
def test_backward_goes_by_what_forward_used(name):
    layer, x, given = LAYERS[name]()
    y = layer.forward(x, **given)
    dy = values(np.shape(y), seed=1)
    expected, grads = np.array(layer.backward(dy)), copy.deepcopy(layer.grads)
    state = copy.deepcopy(layer.state_dict())
    for setting in settings_of(layer):
        for candidate in CANDIDATES:
            again = copy.deepcopy(layer)
            again.load_state_dict(state)
            again.forward(x, **given)
            try:
                setattr(again, setting, candidate)
            except (TypeError, ValueError):
                continue
            assert_same_backward(again, dy, expected, grads, f"{setting} = {candidate!r}")
    for one in layer.layers():
        layer.forward(x, **given)
        one.training = not one.training
        assert_same_backward(layer, dy, expected, grads, "the other mode")
        one.training = not one.training
