"""Speed of the layers that take most of the time, against PyTorch on one thread: `make bench`."""

import numpy as np
import pytest
import torch

from coursepkg import nn
from coursepkg.nn import conv, fast, norm

CONVOLUTIONS = {
    "16-16, 28x28": ((32, 16, 28, 28), {"out": 16, "stride": 1}),
    "16-32, 28x28, stride 2": ((32, 16, 28, 28), {"out": 32, "stride": 2}),
    "64-64, 8x8": ((32, 64, 8, 8), {"out": 64, "stride": 1}),
}


def random(shape):
    return np.random.default_rng(0).standard_normal(shape, np.float32)


def steps_of_torch(module, x):
    tensor = torch.tensor(x, requires_grad=True)
    dy = torch.tensor(random(tuple(module(tensor).shape)))

    def step():
        tensor.grad = None
        module.zero_grad()
        module(tensor).backward(dy)

    return step


def steps_of_layer(layer, x):
    dy = random(layer(x).shape)

    def step():
        layer.forward(x)
        layer.backward(dy)

    return step


def readable_convolution(layer, x):
    geometry = layer.stride, layer.padding, layer.dilation
    dy = random(layer(x).shape)

    def step():
        conv.conv2d(x, layer.weight, layer.bias, *geometry)
        conv.conv2d_backward(dy, x, layer.weight, *geometry)

    return step


def channels_last(x):
    return np.ascontiguousarray(x.transpose(0, 2, 3, 1)).transpose(0, 3, 1, 2)


@pytest.mark.parametrize("version", ["torch", "layer", "layer, channels last", "readable"])
@pytest.mark.parametrize("case", CONVOLUTIONS)
def test_convolution_forward_and_backward(benchmark, case, version):
    shape, settings = CONVOLUTIONS[case]
    benchmark.group = f"conv 3x3 {case}, forward + backward"
    arguments, options = (shape[1], settings["out"], 3), {"stride": settings["stride"], "padding": 1}
    x = random(shape)
    steps = {
        "torch": lambda: steps_of_torch(torch.nn.Conv2d(*arguments, **options), x),
        "layer": lambda: steps_of_layer(nn.Conv2d(*arguments, **options), x),
        "layer, channels last": lambda: steps_of_layer(nn.Conv2d(*arguments, **options), channels_last(x)),
        "readable": lambda: readable_convolution(nn.Conv2d(*arguments, **options), x),
    }
    benchmark(steps[version]())


def batch_norm_step(functions, x):
    weight, bias, dy = np.ones(x.shape[1], x.dtype), np.zeros(x.shape[1], x.dtype), random(x.shape)

    def step():
        _, normalized, _, var = functions.batch_norm(x, weight, bias, 1e-5)
        functions.batch_norm_backward(dy, normalized, weight, var, 1e-5, own_statistics=True)

    return step


@pytest.mark.parametrize("version", ["torch", "layer", "layer, channels last", "readable", "fast"])
@pytest.mark.parametrize("shape", [(32, 16, 28, 28), (32, 64, 8, 8)], ids=str)
def test_batch_normalization_forward_and_backward(benchmark, shape, version):
    benchmark.group = f"batch norm {shape}, forward + backward"
    x = random(shape)
    steps = {
        "torch": lambda: steps_of_torch(torch.nn.BatchNorm2d(shape[1]), x),
        "layer": lambda: steps_of_layer(nn.BatchNorm2d(shape[1]), x),
        "layer, channels last": lambda: steps_of_layer(nn.BatchNorm2d(shape[1]), channels_last(x)),
        "readable": lambda: batch_norm_step(norm, channels_last(x)),
        "fast": lambda: batch_norm_step(fast, channels_last(x)),
    }
    benchmark(steps[version]())


@pytest.mark.parametrize("shape", [(32, 16, 28, 28), (32, 64, 28, 28), (32, 64, 8, 8)], ids=str)
def test_convolution_is_within_reach_of_torch(benchmark, compare, shape):
    """3x3, forward and backward: at most 2.5 times torch's time."""
    benchmark.group = "conv 3x3 against torch"
    arguments, x = (shape[1], shape[1], 3), random(shape)
    ours = steps_of_layer(nn.Conv2d(*arguments, padding=1), x)
    theirs = steps_of_torch(torch.nn.Conv2d(*arguments, padding=1), x)
    ratios = compare(f"conv 3x3, {shape}, forward + backward", {"NumPy": ours, "torch": theirs})
    assert ratios["torch"] >= 1 / 2.5
