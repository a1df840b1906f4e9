"""Speed of dropout on (32, 64, 56, 56) float32, on one thread: `make bench`.

The contenders take turns in one run, and medians of processor time are compared, so that what else the
machine does slows all of them alike.
"""

from statistics import median
from time import process_time

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from coursepkg.dropout import numpy_layers

SHAPE = (32, 64, 56, 56)
ROUNDS = 25


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def x():
    return np.random.default_rng(0).standard_normal(SHAPE, np.float32)


def taking_turns(contenders):
    """Median time of each, in milliseconds."""
    times = {name: [] for name in contenders}
    for _ in range(ROUNDS + 2):
        for name, contender in contenders.items():
            start = process_time()
            result = contender()
            times[name].append(process_time() - start)
            del result
    return {name: 1e3 * median(seconds[2:]) for name, seconds in times.items()}


def report(benchmark, capsys, title, times, ours):
    """Prints the times and how many times as long as ours each takes, and keeps these ratios."""
    with capsys.disabled():
        print(f"\n{title}")
        for name, time in times.items():
            benchmark.extra_info[f"{name} / {ours}"] = round(time / times[ours], 3)
            print(f"  {name:<34}{time:8.2f} ms {time / times[ours]:8.2f}x")


@pytest.mark.parametrize(("p", "gain"), [(0.5, 8), (0.3, 4), (0.1, 2.5)])
def test_dropout(benchmark, capsys, x, p, gain):
    """At least 8 times as fast as torch's, and at most 5 times as long as one multiplication.

    torch branches on each coin, and a processor guesses those of a small p right more often, so torch is
    faster there; ours is slower for p other than 0.5, where a byte decides and not a bit.
    """
    benchmark.group = "dropout"
    rng, tensor, constant = np.random.default_rng(0), torch.from_numpy(x), np.float32(2)

    def ours():
        return numpy_layers.dropout(x, p, rng=rng)

    def readable():
        return numpy_layers.apply_mask(x, numpy_layers.sample_mask(SHAPE, p, rng), p)

    times = taking_turns(
        {
            "NumPy dropout": ours,
            "x * c": lambda: x * constant,
            "torch.nn.functional.dropout": lambda: F.dropout(tensor, p),
            "readable NumPy": readable,
        }
    )
    report(benchmark, capsys, f"dropout, p = {p}, {SHAPE} float32", times, "NumPy dropout")
    benchmark.pedantic(ours, rounds=ROUNDS)
    assert times["torch.nn.functional.dropout"] >= gain * times["NumPy dropout"]
    assert times["NumPy dropout"] <= 5 * times["x * c"]
    assert times["readable NumPy"] >= 1.5 * times["NumPy dropout"]


def test_sampler_and_mask_each_gain(benchmark, capsys, x):
    """Each half of the fast file earns its place beside the readable one."""
    benchmark.group = "dropout"
    rng, mask = np.random.default_rng(0), numpy_layers.fast.sample_mask(SHAPE, 0.3, np.random.default_rng(1))
    times = taking_turns(
        {
            "fast.sample_mask": lambda: numpy_layers.fast.sample_mask(SHAPE, 0.3, rng),
            "readable sample_mask": lambda: numpy_layers.sample_mask(SHAPE, 0.3, rng),
            "fast.apply_mask": lambda: numpy_layers.fast.apply_mask(x, mask, 0.3),
            "readable apply_mask": lambda: numpy_layers.apply_mask(x, mask, 0.3),
        }
    )
    report(benchmark, capsys, "the two halves, p = 0.3", times, "fast.sample_mask")
    benchmark.pedantic(numpy_layers.fast.sample_mask, (SHAPE, 0.3, rng), rounds=ROUNDS)
    assert times["readable sample_mask"] >= 1.5 * times["fast.sample_mask"]
    assert times["readable apply_mask"] >= 1.5 * times["fast.apply_mask"]


@pytest.mark.parametrize(("name", "gain"), [("Dropout", 4), ("Dropout2d", 0.4)])
def test_layers_forward_and_backward(benchmark, capsys, x, name, gain):
    benchmark.group = "dropout layers, forward + backward"
    layer, module = getattr(numpy_layers, name)(0.5), getattr(torch.nn, name)(0.5)
    tensor, dy = torch.tensor(x, requires_grad=True), torch.from_numpy(x)

    def ours():
        layer.forward(x)
        return layer.backward(x)

    def theirs():
        tensor.grad = None
        module(tensor).backward(dy)

    times = taking_turns({"NumPy layer": ours, "torch.nn": theirs})
    report(benchmark, capsys, f"{name}, forward + backward", times, "NumPy layer")
    benchmark.pedantic(ours, rounds=ROUNDS)
    assert times["torch.nn"] >= gain * times["NumPy layer"]
