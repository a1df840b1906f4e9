"""A function NAME_backward takes dy, and then what NAME takes, with the same defaults.

The functions are found: every NAME_backward in the package beside which there is a NAME.
"""

import importlib
import inspect
import pkgutil

import pytest

import coursepkg

FOUND = {"indices", "mask", "samples", "winner"}
"""What a forward pass found or drew, and its gradient asks for, or may."""

FORWARD_ONLY = {"return_indices", "rng", "bias"}
"""What a gradient has no use for: a second result, what draws, what is only added."""

GRADIENT_OF = {
    # There is no gradient of drawing: the mask is given, and scales dy as it scaled x.
    "coursepkg.dropout.numpy_layers.dropout_backward": "apply_mask",
    "coursepkg.dropout.torch_layers.dropout_backward": "apply_mask",
}
"""Gradients of another function than their name says, and why."""

OTHERWISE = {
    # These take what the forward pass computed, so that nothing is computed twice.
    "coursepkg.nn.norm.batch_norm_backward",
    "coursepkg.pooling.numpy_layers.power.power_windows_backward",
}


def gradients():
    """(name, gradient, function) of every gradient in the package."""
    for info in pkgutil.walk_packages(coursepkg.__path__, "coursepkg."):
        if info.name.endswith("__main__"):
            continue
        module = importlib.import_module(info.name)
        for key, gradient in inspect.getmembers(module, inspect.isfunction):
            name = f"{info.name}.{key}"
            function = getattr(module, GRADIENT_OF.get(name, key.removesuffix("_backward")), None)
            if key.endswith("_backward") and function and name not in OTHERWISE:
                yield name, gradient, function


GRADIENTS = list(gradients())


def arguments(function, without=()):
    parameters = inspect.signature(function).parameters.values()
    return [(one.name, one.default) for one in parameters if one.name not in without]


@pytest.mark.parametrize(("name", "gradient", "function"), GRADIENTS)
def test_a_gradient_takes_what_its_function_takes(name, gradient, function):
    (first, _), *others = arguments(gradient, {"axes"})
    assert first == "dy", name
    found = FOUND - set(inspect.signature(function).parameters)
    linear = {"x"} - dict(others).keys()  # the gradient of what is linear in x does not depend on x
    others = [one for one in others if one[0] not in found]
    assert others == arguments(function, {"axes", *FORWARD_ONLY, *linear}), name


def test_the_gradients_are_found():
    names = {name for name, _, _ in GRADIENTS}
    assert {*GRADIENT_OF, "coursepkg.nn.conv.conv2d_backward"} <= names
    assert "coursepkg.pooling.numpy_layers.max_pool2d_backward" in names
