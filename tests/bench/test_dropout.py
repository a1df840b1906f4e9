"""Speed of dropout on (32, 64, 56, 56) float32: `make bench`."""

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from coursepkg.dropout import numpy_layers
from tests.bench.conftest import bound

SHAPE = (32, 64, 56, 56)


@pytest.fixture(scope="module")
def x():
    return np.random.default_rng(0).standard_normal(SHAPE, np.float32)


@pytest.mark.parametrize("p", [0.5, 0.3, 0.1])
def test_dropout(benchmark, compare, x, p):
    """In at most 0.6 of torch's time.

    torch branches on each coin, and a processor guesses those of a small p right more often, so torch is
    faster there; ours is slower for p other than 0.5, where a byte decides and not a bit.
    """
    benchmark.group = "dropout"
    rng, tensor, constant = np.random.default_rng(0), torch.from_numpy(x), np.float32(2)
    ratios = compare(
        f"dropout, p = {p}, {SHAPE} float32",
        {
            "NumPy dropout": lambda: numpy_layers.dropout(x, p, rng=rng),
            "x * c": lambda: x * constant,
            "torch.nn.functional.dropout": lambda: F.dropout(tensor, p),
        },
    )
    bound(1 / ratios["torch.nn.functional.dropout"], 0.6)


@pytest.mark.parametrize(("name", "goal"), [("Dropout", 0.4), ("Dropout2d", 2)])
def test_layers_forward_and_backward(benchmark, compare, x, name, goal):
    """Dropout2d tosses few coins: what is left is a product, which torch does as quickly."""
    benchmark.group = "dropout layers, forward + backward"
    layer, module = getattr(numpy_layers, name)(0.5), getattr(torch.nn, name)(0.5)
    tensor, dy = torch.tensor(x, requires_grad=True), torch.from_numpy(x)

    def ours():
        layer.forward(x)
        return layer.backward(x)

    def theirs():
        tensor.grad = None
        module(tensor).backward(dy)

    ratios = compare(f"{name}, forward + backward", {"NumPy layer": ours, "torch.nn": theirs})
    bound(1 / ratios["torch.nn"], goal)
