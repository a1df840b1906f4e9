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
from tests.core.pairs import PAIRS
from tests.specs.residual import SPECS
from tests.specs.spec import values

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
