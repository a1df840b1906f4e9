"""Speed of the layers that take most of the time, against PyTorch on one thread: `make bench`."""

import numpy as np
import pytest
import torch

from coursepkg import nn
from tests.bench.conftest import bound

CONVOLUTIONS = {
    "3x3, 16 to 16, 28x28": ((32, 16, 28, 28), (16, 3, 1, 1)),
    "3x3, 16 to 32, 28x28, stride 2": ((32, 16, 28, 28), (32, 3, 2, 1)),
    "3x3, 64 to 64, 14x14": ((32, 64, 14, 14), (64, 3, 1, 1)),
    "3x3, 128 to 128, 7x7": ((32, 128, 7, 7), (128, 3, 1, 1)),
    "1x1, 64 to 256, 28x28": ((32, 64, 28, 28), (256, 1, 1, 0)),
    "7x7, 3 to 64, 112x112, stride 2": ((8, 3, 112, 112), (64, 7, 2, 3)),
}


def random(shape):
    return np.random.default_rng(0).standard_normal(shape, np.float32)


def steps(layer, module, x):
    """Forward and backward in both backends; ours with the channels last, as a layer leaves them."""
    tensor, dy = torch.tensor(x, requires_grad=True), random(layer(x).shape)
    last = np.ascontiguousarray(x.transpose(0, 2, 3, 1)).transpose(0, 3, 1, 2)
    dy_last = np.ascontiguousarray(dy.transpose(0, 2, 3, 1)).transpose(0, 3, 1, 2)

    def ours():
        layer.forward(last)
        layer.backward(dy_last)

    def theirs():
        tensor.grad = None
        module.zero_grad()
        module(tensor).backward(torch.from_numpy(dy))

    return {"NumPy": ours, "torch": theirs}


@pytest.mark.parametrize("case", CONVOLUTIONS)
def test_convolution_forward_and_backward(benchmark, compare, case):
    """At most 1.5 times torch's time; 3 times for few channels and a large kernel."""
    benchmark.group = "convolution"
    shape, (out_channels, kernel, stride, padding) = CONVOLUTIONS[case]
    arguments = shape[1], out_channels, kernel, stride, padding
    both = steps(nn.Conv2d(*arguments, bias=False), torch.nn.Conv2d(*arguments, bias=False), random(shape))
    ratios = compare(case, both)
    bound(1 / ratios["torch"], 3 if kernel == 7 else 1.5)


@pytest.mark.parametrize("shape", [(32, 16, 28, 28), (32, 64, 8, 8)], ids=str)
def test_batch_normalization_forward_and_backward(benchmark, compare, shape):
    """At most 3 times torch's time."""
    benchmark.group = "batch normalization"
    both = steps(nn.BatchNorm2d(shape[1]), torch.nn.BatchNorm2d(shape[1]), random(shape))
    bound(1 / compare(f"batch normalization, {shape}", both)["torch"], 3)
