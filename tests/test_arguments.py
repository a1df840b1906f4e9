"""Wrong arguments at the door: what is public in nn and residual, called with each argument wrong in turn.

The arguments are found by their signatures. What refuses one names it, before any work is done.
"""

import inspect
import re

import numpy as np
import pytest
import torch

from coursepkg import nn
from coursepkg.gradcheck import gradcheck, numerical_gradient
from coursepkg.residual import numpy_layers, numpy_resnet, paths, rules, torch_layers, torch_resnet
from tests.nn.pairs import PAIRS
from tests.specs.residual import SPECS
from tests.specs.spec import layouts, values

WRONG = {
    "object()": object(),
    "a word": "no",
    "[None]": [None],
    "2j": 2j,
    "None": None,
    "complex array": np.array([1.5, 2j]),
    "NaN": float("nan"),
    "True": True,
}
RIGHT = {
    "None": {"momentum", "rng", "squeeze", "fan"},
    "True": {
        "bias",
        "affine",
        "track_running_stats",
        "elementwise_affine",
        "residual",
        "zero_init_residual",
        "mode",
    },
}
LEFT_OUT = ("device", "dy")  # torch judges a device; dy is whatever f's result can be multiplied by

X, RNG = values((2, 3)), np.random.default_rng(0)
MODEL = nn.Linear(3, 2, dtype=np.float64)
EYES, BLOCKS = [np.eye(3)] * 2, [numpy_layers.Residual(nn.Tanh())]

CALLS = {
    **{f"nn.{one.name}": (getattr(nn, one.name), one.args, one.kwargs) for one in PAIRS},
    **{f"numpy {one.name}": (one.numpy, one.cases[0].args, one.cases[0].kwargs) for one in SPECS},
    **{f"torch {one.name}": (one.torch, one.cases[0].args, one.cases[0].kwargs) for one in SPECS},
    "numpy Residual": (numpy_layers.Residual, (nn.Tanh(),), {}),
    "torch Residual": (torch_layers.Residual, (torch.nn.Tanh(),), {}),
    "numpy resnet18": (numpy_resnet.resnet18, (), {}),
    "torch resnet18": (torch_resnet.resnet18, (), {}),
    "numpy cifar_resnet": (numpy_resnet.cifar_resnet, (8,), {"width": 1}),
    "torch cifar_resnet": (torch_resnet.cifar_resnet, (8,), {"width": 1}),
    "to_numpy": (torch_resnet.to_numpy, (torch_resnet.cifar_resnet(8, width=1),), {}),
    "imagenet_stages": (rules.imagenet_stages, (18,), {}),
    "cifar_stages": (rules.cifar_stages, (8,), {}),
    "drop_path_shares": (rules.drop_path_shares, (0.5, 3), {}),
    "branch_matrices": (paths.branch_matrices, (BLOCKS, X[:1]), {}),
    "path_outputs": (paths.path_outputs, (EYES, X[0]), {}),
    "share_by_length": (paths.share_by_length, (EYES, X[0]), {}),
    "paths_by_length": (paths.paths_by_length, (3,), {}),
    "small_normal": (nn.small_normal, (), {}),
    "small_normal()": (nn.small_normal(), ((3, 4), RNG, np.float64), {}),
    **{name: (getattr(nn, name), ((3, 4), RNG, np.float64), {}) for name in ("glorot_uniform", "he_normal")},
    "torch_default": (nn.torch_default, ((3, 4), RNG, np.float64), {}),
    "softmax": (nn.softmax, (X,), {}),
    "log_softmax": (nn.log_softmax, (X,), {}),
    "CrossEntropyLoss": (nn.CrossEntropyLoss().forward, (X, np.array([0, 2])), {}),
    "SGD": (nn.SGD, (MODEL, 0.1), {}),
    "Adam": (nn.Adam, (MODEL,), {}),
    "gradcheck": (gradcheck, (MODEL, X), {}),
    "numerical_gradient": (lambda f: numerical_gradient(f, X), (np.sum,), {}),
    "astype": (MODEL.astype, (np.float64,), {}),
    "train": (MODEL.train, (True,), {}),
    "load_state_dict": (MODEL.load_state_dict, (MODEL.state_dict(),), {}),
}


ARGUMENTS = [
    (name, argument)
    for name, (function, _, _) in CALLS.items()
    for argument, parameter in inspect.signature(function).parameters.items()
    if argument not in LEFT_OUT and parameter.kind is not parameter.VAR_KEYWORD
]


@pytest.mark.parametrize(("name", "argument"), ARGUMENTS)
def test_a_wrong_argument_is_named(name, argument):
    function, args, kwargs = CALLS[name]
    signature = inspect.signature(function)
    for wrong, value in WRONG.items():
        if argument in RIGHT.get(wrong, ()) or value is signature.parameters[argument].default:
            continue
        call = signature.bind(*args, **kwargs)
        call.arguments[argument] = value
        try:
            function(*call.args, **call.kwargs)
        except (TypeError, ValueError) as error:
            assert re.search(rf"\b{argument}\b", str(error)), f"{argument} = {wrong}: {error}"
        else:
            pytest.fail(f"{argument} = {wrong} is accepted")


def test_the_right_calls_are_right():
    for function, args, kwargs in CALLS.values():
        function(*args, **kwargs)


NUMPY = {
    **{f"nn.{one.name}": (one.numpy, one.shape) for one in PAIRS if one.shape[0]},
    **{one.name: (lambda one=one: layer_of(one, one.numpy, np.float64), one.cases[0].shape) for one in SPECS},
    "Residual": (lambda: numpy_layers.Residual(nn.Sequential()), (2, 3)),
}
TORCH = {
    **{one.name: (lambda one=one: layer_of(one, one.torch, None), one.cases[0].shape) for one in SPECS},
    "Residual": (lambda: torch_layers.Residual(torch.nn.Identity(), torch.nn.Identity()), (2, 3)),
}
DTYPES = (np.int64, np.uint8, np.float16, bool, np.complex128, object, "U1")


def layer_of(spec, half, dtype):
    case = spec.cases[0]
    takes_dtype = "dtype" in inspect.signature(half).parameters
    return half(*case.args, **case.kwargs, **({"dtype": dtype} if takes_dtype else {}))


def no_float_arrays(x):
    yield from (None, 1.0, "x", x.tolist(), torch.tensor(x))
    yield from (np.ones(x.shape).astype(dtype) for dtype in DTYPES)


@pytest.mark.parametrize("name", NUMPY)
def test_inputs_and_gradients_of_numpy_are_arrays_of_floats(name):
    make, shape = NUMPY[name]
    layer, x = make(), values(shape)
    for wrong in no_float_arrays(x):
        with pytest.raises(TypeError, match=r"^x must be"):
            layer.forward(wrong)
    y = layer.forward(x)
    for wrong in no_float_arrays(y):
        with pytest.raises(TypeError, match=r"^dy must be"):
            layer.backward(wrong)


@pytest.mark.parametrize("name", TORCH)
def test_inputs_of_torch_are_tensors_of_floats(name):
    make, shape = TORCH[name]
    layer, x = make(), torch.from_numpy(values(shape))
    wrong = [None, 1.0, "x", x.tolist(), x.numpy()]
    wrong += [x.to(dtype) for dtype in (torch.int64, torch.uint8, torch.bool, torch.complex64)]
    for one in wrong:
        with pytest.raises(TypeError, match=r"^x must"):
            layer(one)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
@pytest.mark.parametrize("name", TORCH)
@torch.no_grad()
def test_half_precision_is_as_good_as_it_can_be(name, dtype):
    make, shape = TORCH[name]
    layer, x = make().eval(), torch.from_numpy(values(shape, dtype="float32"))
    expected = layer(x)
    found = layer.to(dtype)(x.to(dtype))
    assert found.dtype == dtype
    torch.testing.assert_close(
        found.float(), expected, rtol=0, atol=8 * torch.finfo(dtype).eps * expected.abs().max()
    )


@pytest.mark.parametrize("name", NUMPY)
def test_how_an_input_lies_in_memory_does_not_matter(name):
    make, shape = NUMPY[name]
    layer, x = make(), values(shape)
    dy = values(np.shape(layer.forward(x)), seed=1)
    expected = layer.forward(x), layer.backward(dy)
    for (kind, x_view), (_, dy_view) in zip(layouts(x), layouts(dy), strict=True):
        found = layer.forward(x_view), layer.backward(dy_view)
        for ours, theirs in zip(found, expected, strict=True):
            np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-12, err_msg=kind)
    empty = np.empty((0, *shape[1:]))
    if len(shape) > 1:
        y = layer.forward(empty)
        assert len(y) == 0 and layer.backward(y).shape == empty.shape
