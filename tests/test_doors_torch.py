"""What is given to a public function of the torch halves is right, or the message names it.

CALLS has one right call of each function. In it one argument after another is exchanged for what it cannot
be, and the tensors for such as hold the same numbers in another dtype or otherwise in memory, or none at all.
"""

import inspect
import math

import numpy as np
import pytest
import torch
from torch.testing import assert_close

from coursepkg.dropout import torch_layers as dropout
from coursepkg.pooling import torch_layers as pooling


def numbers(*shape, seed=0):
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed)) + 0.25


X, WEIGHT, BIAS, ROWS = numbers(2, 4, 6, 6), numbers(6, 4), numbers(6), numbers(5, 4, seed=1)
MASK = X < 1
POOLED, INDICES = pooling.max_pool2d(X, 2, return_indices=True)
SAMPLES, RNG = numbers(2, 4, 2) - 0.25, torch.Generator()
NET = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Dropout(), torch.nn.Linear(144, 3))


def calls():
    """(function, its arguments)"""
    for axes, x in ((1, X.flatten(2)), (2, X), (3, X.view(2, 4, 3, 2, 6))):

        def of(name, axes=axes):
            return getattr(pooling, f"{name}{axes}d")

        window = {"x": x, "kernel_size": 2, "stride": 2, "padding": 1}
        yield of("max_pool"), {**window, "dilation": 1}
        yield of("avg_pool"), {**window, "divisor_override": 3}
        yield of("lp_pool"), {"x": x, "norm_type": 2.0, "kernel_size": 2, "stride": 2}
        yield of("adaptive_max_pool"), {"x": x, "output_size": 2}
        yield of("adaptive_avg_pool"), {"x": x, "output_size": 2}
        y, indices = of("max_pool")(x, 2, return_indices=True)
        yield of("max_unpool"), {"x": y, "indices": indices, "kernel_size": 2, "stride": 2, "padding": 0}
    yield pooling.global_max_pool, {"x": X}
    yield pooling.global_avg_pool, {"x": X}
    yield pooling.blur_pool2d, {"x": X, "filt_size": 3, "stride": 2}
    yield (
        pooling.fractional_max_pool2d,
        {"x": X, "kernel_size": 2, "output_size": 3, "samples": SAMPLES, "rng": RNG},
    )
    yield pooling.stochastic_pool2d, {"x": X, "kernel_size": 2, "stride": 2, "training": False, "rng": RNG}
    yield pooling.spatial_pyramid_pool2d, {"x": X, "levels": (1, 2), "mode": "avg"}
    yield pooling.gem_pool2d, {"x": X, "p": 3.0, "eps": 0.1}
    yield pooling.pool_output_size, {"size": 6, "kernel_size": 2, "stride": 2, "padding": 1, "dilation": 1}
    yield dropout.sample_mask, {"shape": (2, 3), "p": 0.5, "rng": RNG}
    yield dropout.apply_mask, {"x": X, "mask": MASK, "p": 0.5}
    yield dropout.dropout, {"x": X, "p": 0.0, "rng": RNG}
    yield dropout.dropout_backward, {"dy": X, "mask": MASK, "p": 0.5}
    yield dropout.alpha_dropout, {"x": X, "mask": MASK, "p": 0.5}
    yield dropout.sample_noise, {"shape": (2, 3), "p": 0.5, "rng": RNG, "dtype": torch.float32}
    yield dropout.sample_block_mask, {"shape": (2, 3, 4, 4), "p": 0.5, "block_size": 2, "rng": RNG}
    yield dropout.rescale_kept, {"x": X, "mask": MASK}
    yield dropout.drop_connect, {"x": ROWS, "weight": WEIGHT, "bias": BIAS, "mask": WEIGHT < 1, "p": 0.5}
    yield dropout.maxout, {"x": ROWS, "weight": WEIGHT, "bias": BIAS, "k": 2}
    params = [(WEIGHT, BIAS), (WEIGHT.T[:3].contiguous(), BIAS[:3])]
    labels = torch.zeros(5, dtype=torch.int64)
    yield dropout.thinned_step, {"params": params, "x": ROWS, "y": labels, "masks": [BIAS < 1], "lr": 0.1}
    yield dropout.max_norm_, {"w": WEIGHT, "c": 100.0}
    yield dropout.mc_predict, {"model": NET, "x": X, "k": 2, "rng": RNG}


CALLS = {function.__name__: (function, arguments) for function, arguments in calls()}

THINGS = {"text": "a", "an object": object(), "1j": 1j, "None": None, "an empty list": []}
NUMBERS = {"-1": -1, "nan": math.nan, "True": True, "-inf": -math.inf, "1e400": math.inf}
TENSORS = {
    "a list": [[1.0]],
    "a number": 1.5,
    "an array": np.ones((2, 4, 6, 6), np.float32),
    "booleans": torch.ones(2, 4, 6, 6, dtype=torch.bool),
    "integers": torch.ones(2, 4, 6, 6, dtype=torch.int64),
    "complex numbers": torch.ones(2, 4, 6, 6, dtype=torch.complex64),
}
# What an argument takes after all, and what that of one function takes, or does not.
ALLOWED = {
    "mask": ("booleans", "None"),
    "divisor_override": ("-1", "None"),
    "output_size": ("None",),
    "shape": ("an empty list",),
    "rng": ("None",),
    "stride": ("None",),
    "bias": ("None",),
    "samples": ("None",),
    ("blur_pool2d", "stride"): (),
    ("mc_predict", "x"): ("booleans", "integers", "complex numbers"),
    **{(f"max_pool{axes}d", "x"): ("integers",) for axes in (1, 2, 3)},
    **{(name, "mask"): ("booleans",) for name in ("apply_mask", "dropout_backward")},
    **{(name, "mask"): ("booleans",) for name in ("alpha_dropout", "rescale_kept")},
}


def exchanges():
    for name, (_, given) in CALLS.items():
        for argument, value in given.items():
            if isinstance(value, bool):
                continue
            wrongs = THINGS | (TENSORS if isinstance(value, torch.Tensor) else {})
            wrongs |= NUMBERS if isinstance(value, int | float | tuple) else {}
            for what, wrong in wrongs.items():
                if what not in ALLOWED.get((name, argument), ALLOWED.get(argument, ())):
                    yield pytest.param(name, argument, wrong, id=f"{name} {argument}: {what}")


def public_functions():
    for module in (pooling, dropout):
        for name, value in vars(module).items():
            own = inspect.isfunction(value) and value.__module__.startswith(module.__name__)
            if own and not name.startswith(("_", "validate_")):
                yield name


def test_every_function_is_called():
    assert {*public_functions(), "pool_output_size"} == set(CALLS)


@pytest.mark.parametrize(("name", "argument", "wrong"), list(exchanges()))
def test_what_is_wrong_is_named(name, argument, wrong):
    function, given = CALLS[name]
    with pytest.raises((TypeError, ValueError), match=rf"^{argument}\b.* (must|does not) "):
        function(**{**given, argument: wrong})


OF_TENSORS = [name for name, (_, given) in CALLS.items() if {"x", "dy", "w"} & set(given)]
OF_TENSORS = [name for name in OF_TENSORS if name not in ("thinned_step", "mc_predict")]  # of whole networks
of_tensors = pytest.mark.parametrize("name", OF_TENSORS)


def result(name, change=lambda tensor: tensor):
    """What the function returns for the changed tensors."""
    function, given = CALLS[name]
    given = {key: change(value) if isinstance(value, torch.Tensor) else value for key, value in given.items()}
    found = function(**given)
    return found[0] if isinstance(found, tuple) else found


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
@pytest.mark.parametrize("name", [name for name in OF_TENSORS if name != "fractional_max_pool2d"])
def test_half_precision_is_the_rounded_truth(name, dtype):
    """Poolings, to the bit, and of numbers so large that a half cannot hold the sum of two."""
    large, steps = (40_000, 0) if name in vars(pooling) else (1, 1)

    def half(tensor):
        return (tensor * large).to(dtype) if tensor.is_floating_point() else tensor

    def exact(tensor):
        return half(tensor).double() if tensor.is_floating_point() else tensor

    found, expected = result(name, half), result(name, exact).to(dtype)
    assert found.dtype == dtype and found.isfinite().any()
    assert_close(found, expected, rtol=steps * torch.finfo(dtype).eps, atol=0)


@of_tensors
def test_memory_does_not_matter(name):
    expected = result(name)
    assert_close(result(name, lambda tensor: torch.stack([tensor, tensor], -1)[..., 0]), expected)
    assert_close(result(name, lambda tensor: tensor.swapaxes(0, -1).contiguous().swapaxes(0, -1)), expected)


@pytest.mark.parametrize("name", [name for name in OF_TENSORS if name != "max_norm_"])
def test_a_tensor_in_the_middle_of_a_graph(name):
    def leave(tensor):
        return tensor.clone().requires_grad_() * 1 if tensor.is_floating_point() else tensor

    found = result(name, leave)
    assert found.requires_grad
    assert_close(found.detach(), result(name))


@of_tensors
def test_an_empty_batch(name):
    n = len(next(iter(CALLS[name][1].values())))
    found, whole = result(name, lambda tensor: tensor[:0] if len(tensor) == n else tensor), result(name)
    assert found.shape == (0, *whole.shape[1:])
