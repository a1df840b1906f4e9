"""Speed of pooling in float32 against torch and against columns (im2col): `make bench`.

The bounds are the goals less what a shared machine makes a median wander: a tenth.
"""

from statistics import median
from time import process_time

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from coursepkg.pooling import numpy_layers
from coursepkg.pooling.rules import place_windows
from tests.bench import im2col

SHAPE = (32, 64, 56, 56)
WANDER = 0.9
TWO, THREE = (2, 2, 0), (3, 2, 1)


def random(shape):
    return np.random.default_rng(0).standard_normal(shape, np.float32)


def in_torch(x):
    """The same numbers in torch's two layouts."""
    tensor = torch.from_numpy(x)
    layout = {4: torch.channels_last, 5: torch.channels_last_3d}.get(tensor.ndim)
    return tensor, None if layout is None else tensor.contiguous(memory_format=layout)


@pytest.mark.parametrize(
    ("window", "contiguous", "channels_last"), [(TWO, 8, 1), (THREE, 1, 1 / 1.7)], ids=["k2s2", "k3s2p1"]
)
def test_max_forward(benchmark, compare, window, contiguous, channels_last):
    """8 times as fast as torch's usual layout for kernel 2, and no slower than its faster one.

    For kernel 3 at most 1.7 times as long.
    """
    benchmark.group = "max pooling, forward"
    x = random(SHAPE)
    tensor, last = in_torch(x)
    ratios = compare(
        f"max, {window}, {SHAPE}",
        {
            "NumPy": lambda: numpy_layers.max_pool2d(x, *window),
            "torch, channels last": lambda: F.max_pool2d(last, *window),
            "torch": lambda: F.max_pool2d(tensor, *window),
        },
    )
    assert ratios["torch, channels last"] >= WANDER * channels_last
    assert ratios["torch"] >= contiguous


@pytest.mark.parametrize(("window", "gain"), [(TWO, 2), (THREE, 1)], ids=["k2s2", "k3s2p1"])
def test_max_forward_and_backward(benchmark, compare, window, gain):
    """At most half of torch's time for kernel 2, no longer for kernel 3."""
    benchmark.group = "max pooling, forward + backward"
    x = random(SHAPE)
    layer, tensor = numpy_layers.MaxPool2d(*window), torch.tensor(x, requires_grad=True)
    dy = random(layer(x).shape)
    tensor_dy = torch.from_numpy(dy)

    def ours():
        layer.forward(x)
        return layer.backward(dy)

    def theirs():
        tensor.grad = None
        F.max_pool2d(tensor, *window).backward(tensor_dy)

    ratios = compare(f"max forward + backward, {window}, {SHAPE}", {"NumPy": ours, "torch": theirs})
    assert ratios["torch"] >= WANDER * gain


def test_average_forward(benchmark, compare):
    """At most half of torch's time."""
    benchmark.group = "average pooling, forward"
    x = random(SHAPE)
    tensor, last = in_torch(x)
    ratios = compare(
        f"average, {TWO}, {SHAPE}",
        {
            "NumPy": lambda: numpy_layers.avg_pool2d(x, *TWO),
            "torch, channels last": lambda: F.avg_pool2d(last, *TWO),
            "torch": lambda: F.avg_pool2d(tensor, *TWO),
        },
    )
    assert ratios["torch"] >= WANDER * 2


@pytest.mark.parametrize(
    ("name", "shape", "window", "bounds"),
    [
        ("max_pool1d", (64, 32, 4096), (4,), {"torch": 0.78}),
        ("max_pool3d", (4, 16, 16, 56, 56), (2,), {"torch": 7.4, "torch, channels last": 1.13}),
        ("max_pool2d", (8, 16, 56, 56), (7, 1, 3), {"torch": 16, "torch, channels last": 3.1}),
    ],
    ids=["1-D", "3-D", "7x7"],
)
def test_other_windows(benchmark, compare, name, shape, window, bounds):
    """The ratios of shared/design/SPEED.md less 30 %."""
    benchmark.group = "max pooling, forward"
    x = random(shape)
    tensor, last = in_torch(x)
    contenders = {
        "NumPy": lambda: getattr(numpy_layers, name)(x, *window),
        "torch": lambda: getattr(F, name)(tensor, *window),
    }
    if last is not None:
        contenders["torch, channels last"] = lambda: getattr(F, name)(last, *window)
    ratios = compare(f"{name}, {window}, {shape}", contenders)
    for contender, bound in bounds.items():
        assert ratios[contender] >= 0.7 * bound, contender


@pytest.mark.parametrize("window", [TWO, THREE], ids=["k2s2", "k3s2p1"])
def test_against_columns(benchmark, compare, window):
    """At least 10 times as fast as columns without indices, which columns cannot do without, and 4 with."""
    benchmark.group = "against columns"
    x = random(SHAPE)
    y, indices = numpy_layers.max_pool2d(x, *window, return_indices=True)
    columns_y, columns_winners = im2col.max_pool(x, *window)
    np.testing.assert_array_equal(y, columns_y)
    pairs = {
        "max forward": (
            10,
            lambda: numpy_layers.max_pool2d(x, *window),
            lambda: im2col.max_pool(x, *window),
        ),
        "max forward with indices": (
            4,
            lambda: numpy_layers.max_pool2d(x, *window, return_indices=True),
            lambda: im2col.max_pool(x, *window),
        ),
        "max backward": (
            4,
            lambda: numpy_layers.max_pool2d_backward(y, x, *window, indices=indices),
            lambda: im2col.max_pool_backward(y, columns_winners, SHAPE, *window),
        ),
        "average forward": (
            4,
            lambda: numpy_layers.avg_pool2d(x, *window),
            lambda: im2col.avg_pool(x, *window),
        ),
        "average backward": (
            4,
            lambda: numpy_layers.avg_pool2d_backward(y, x, *window),
            lambda: im2col.avg_pool_backward(y, SHAPE, *window),
        ),
    }
    contenders = {
        f"{work}, {who}": way
        for work, (_, *ways) in pairs.items()
        for who, way in zip(("ours", "columns"), ways, strict=True)
    }
    ratios = compare(f"against columns, {window}, {SHAPE}", contenders)
    for work, (gain, *_) in pairs.items():
        assert ratios[f"{work}, columns"] / ratios[f"{work}, ours"] >= WANDER * gain, work


def test_fast_gains_over_readable(benchmark, compare):
    benchmark.group = "fast against readable"
    x = random((8, 64, 56, 56))
    windows = place_windows(x.shape, 2, *THREE)
    ratios = compare(
        "readable, (8, 64, 56, 56), kernel 3 stride 2 padding 1",
        {
            "fast.max_pool_winners": lambda: fast.max_pool_winners(x, windows),
            "readable max_pool": lambda: numpy_layers.max_pool(x, windows),
        },
    )
    assert ratios["readable max_pool"] >= 1.5


def test_time_is_linear_in_the_work(benchmark):
    """Over three doublings of the number of planes the time per plane stays within a factor of 1.5."""
    benchmark.group = "growth"
    pictures = [random((8 * 2**doubling, 64, 56, 56)) for doubling in range(4)]
    times = [[] for _ in pictures]
    for _ in range(12):
        for x, spent in zip(pictures, times, strict=True):
            start = process_time()
            numpy_layers.max_pool2d(x, 2)
            spent.append((process_time() - start) / len(x))
    per_picture = [median(spent[2:]) for spent in times]
    benchmark.extra_info["ms per picture"] = [round(1e3 * time, 4) for time in per_picture]
    benchmark.pedantic(numpy_layers.max_pool2d, (pictures[0], 2), rounds=5)
    assert max(per_picture) <= 1.5 * min(per_picture), per_picture
