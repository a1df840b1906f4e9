"""Speed of pooling in float32 against torch, one thread: `make bench`.

Three regimes: large pictures and volumes, long signals, and the small inputs of learners and live cells.
"""

from statistics import median
from time import process_time, process_time_ns

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from coursepkg.pooling import numpy_layers
from tests.bench import im2col
from tests.bench.conftest import bound

LARGE = [(32, 64, 56, 56), (128, 16, 14, 14), (2, 16, 16, 56, 56)]
LONG = [(1, 1, 200_000), (8, 4, 100_000)]
SMALL = [(1, 1, 8, 8), (1, 1, 64), (4, 4, 60), (2, 3, 12, 12), (2, 3, 4, 6, 6)]
WINDOWS = [(2, 2, 0), (3, 2, 1), (3, 1, 1)]
CALLS = ["max", "max and back", "average", "average and back"]


def random(shape):
    return np.random.default_rng(0).standard_normal(shape, np.float32)


def contenders(shape, window, call):
    """The call in NumPy and in torch, as functions without arguments."""
    name = f"{call[:3].replace('ave', 'avg')}_pool{len(shape) - 2}d"
    layer = getattr(numpy_layers, f"{name[:3].capitalize()}Pool{len(shape) - 2}d")(*window)
    x, of_torch = random(shape), getattr(F, name)
    tensor = torch.tensor(x, requires_grad="back" in call)
    dy = random(layer.forward(x).shape)

    def both():
        layer.forward(x)
        return layer.backward(dy)

    def both_in_torch():
        tensor.grad = None
        of_torch(tensor, *window).backward(torch.from_numpy(dy))

    if "back" in call:
        return {"NumPy": both, "torch": both_in_torch}
    return {"NumPy": lambda: layer.forward(x), "torch": lambda: of_torch(tensor, *window)}


MEASURED = {}


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("window", WINDOWS, ids=str)
@pytest.mark.parametrize("shape", LARGE + LONG, ids=str)
def test_large_and_long(benchmark, compare, shape, window, call):
    """At most 3 times torch's time in any case."""
    benchmark.group = "large and long"
    ratios = compare(f"{call}, {shape}, {window}", contenders(shape, window, call))
    MEASURED[shape, window, call] = 1 / ratios["torch"]
    bound(1 / ratios["torch"], 3)


def test_median_over_large_and_long(capsys):
    """In the middle at most 0.8 of torch's time."""
    if not MEASURED:
        pytest.skip("test_large_and_long was not run")
    with capsys.disabled():
        print(f"\nmedian over {len(MEASURED)} cases: {median(MEASURED.values()):.2f} of torch's time")
        print(f"longest: {max(MEASURED.values()):.2f}, {max(MEASURED, key=MEASURED.get)}")
    bound(median(MEASURED.values()), 0.8, "the median")


@pytest.mark.parametrize("call", ["max", "average"])
@pytest.mark.parametrize("window", WINDOWS, ids=str)
@pytest.mark.parametrize("shape", SMALL, ids=str)
def test_small(benchmark, capsys, shape, window, call):
    """A call of at most 1,000 elements takes at most 0.1 ms."""
    benchmark.group = "small"
    forward = contenders(shape, window, call)["NumPy"]
    times = []
    for _ in range(200):
        start = process_time_ns()
        forward()
        times.append((process_time_ns() - start) / 1e6)
    with capsys.disabled():
        print(f"\n{call}, {shape}, {window}: {median(times):.3f} ms")
    benchmark.pedantic(forward, rounds=25)
    bound(median(times), 0.1, "milliseconds a call")


@pytest.mark.parametrize("window", WINDOWS[:2], ids=str)
def test_against_columns(benchmark, compare, window):
    """A third of the time that columns (im2col) take, which NumPy libraries pool with."""
    benchmark.group = "against columns"
    shape = LARGE[0]
    x = random(shape)
    y, indices = numpy_layers.max_pool2d(x, *window, return_indices=True)
    columns_y, columns_winners = im2col.max_pool(x, *window)
    np.testing.assert_array_equal(y, columns_y)
    pairs = {
        "max forward with indices": (
            lambda: numpy_layers.max_pool2d(x, *window, return_indices=True),
            lambda: im2col.max_pool(x, *window),
        ),
        "max backward": (
            lambda: numpy_layers.max_pool2d_backward(y, x, *window, indices=indices),
            lambda: im2col.max_pool_backward(y, columns_winners, shape, *window),
        ),
        "average forward": (
            lambda: numpy_layers.avg_pool2d(x, *window),
            lambda: im2col.avg_pool(x, *window),
        ),
        "average backward": (
            lambda: numpy_layers.avg_pool2d_backward(y, x, *window),
            lambda: im2col.avg_pool_backward(y, shape, *window),
        ),
    }
    ways = {
        f"{work}, {who}": way
        for work, both in pairs.items()
        for who, way in zip(("ours", "columns"), both, strict=True)
    }
    ratios = compare(f"against columns, {window}, {shape}", ways)
    for work in pairs:
        bound(ratios[f"{work}, ours"] / ratios[f"{work}, columns"], 1 / 3, work)


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
