"""Activations where numbers end: NaN, infinities, both zeros and what overflows, beside PyTorch's."""

import numpy as np
import pytest
import torch

from coursepkg import nn
from coursepkg.masking import keep

ENDS = [np.nan, np.inf, -np.inf, 0.0, -0.0, 1e30, -1e30, 1e4, -1e4, 1000, -1000, 100, -100, 14, -14, 1e-40]
ACTIVATIONS = [
    ("ReLU", {}),
    ("LeakyReLU", {}),
    ("LeakyReLU", {"negative_slope": 0}),
    ("GELU", {}),
    ("GELU", {"approximate": "tanh"}),
    ("Tanh", {}),
    ("Sigmoid", {}),
]
LIMITS = {"GELU": {-np.inf: (0, 0), np.inf: (np.inf, 1), 1e30: (1e30, 1), -1e30: (0, 0)}}
"""Output and derivative where torch's formula meets 0 times infinity."""


def pass_of_torch(name, settings, x, dy):
    tensor = torch.tensor(x, requires_grad=True)
    y = getattr(torch.nn, name)(**settings)(tensor)
    y.backward(torch.tensor(dy))
    return y.detach().numpy(), tensor.grad.numpy()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("name", "settings"), ACTIVATIONS, ids=str)
def test_outputs_and_gradients_at_the_ends(name, settings, dtype):
    x = np.array(ENDS, dtype)
    dy = np.ones_like(x)
    expected = [values.copy() for values in pass_of_torch(name, settings, x, dy)]
    for place, value in enumerate(ENDS):
        for values, limit in zip(expected, LIMITS.get(name, {}).get(value, ()), strict=False):
            assert np.isnan(values[place]) or values[place] == dtype(limit)
            values[place] = limit
    layer = getattr(nn, name)(**settings)
    with np.errstate(invalid="ignore", over="ignore"):
        found = layer(x), layer.backward(dy)
    for ours, theirs, what in zip(found, expected, ("output", "gradient"), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-6, atol=1e-40, err_msg=what)
        assert ours.dtype == dtype


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("upstream", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize(("name", "settings"), ACTIVATIONS, ids=str)
def test_gradients_that_are_no_numbers(name, settings, upstream, dtype):
    x = np.array([-3.0, -0.5, -0.0, 0.0, 0.5, 3.0, np.nan], dtype)
    dy = np.full_like(x, upstream)
    layer = getattr(nn, name)(**settings)
    with np.errstate(invalid="ignore"):
        layer(x)
        np.testing.assert_array_equal(layer.backward(dy), pass_of_torch(name, settings, x, dy)[1])


def test_what_is_off_lets_nothing_through():
    layer = nn.ReLU()
    layer(np.array([-1.0, 0.0, 2.0]))
    np.testing.assert_array_equal(layer.backward(np.array([np.nan, np.inf, np.inf])), [0, 0, np.inf])


ROWS = [
    [np.inf, 0],
    [-np.inf, 0],
    [-np.inf, -np.inf],
    [np.inf, np.inf],
    [np.nan, 0],
    [1e30, 0],
    [3e38, -3e38],
]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("row", ROWS, ids=str)
def test_softmax_at_the_ends(row, dtype):
    logits = np.array([row, [0, 1]], dtype)
    for name in ("softmax", "log_softmax"):
        with np.errstate(invalid="ignore", over="ignore"):
            ours = getattr(nn, name)(logits)
        theirs = getattr(torch, name)(torch.tensor(logits), -1)
        np.testing.assert_allclose(ours, theirs, rtol=1e-6, err_msg=name)
    with np.errstate(invalid="ignore", over="ignore"):
        ours = nn.CrossEntropyLoss()
        loss = ours(logits, np.array([1, 0]))
    tensor = torch.tensor(logits, requires_grad=True)
    expected = torch.nn.functional.cross_entropy(tensor, torch.tensor([1, 0]))
    expected.backward()
    np.testing.assert_allclose(loss, expected.item(), rtol=1e-6)
    np.testing.assert_allclose(ours.backward(), tensor.grad, rtol=1e-6)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_keep(dtype):
    x = np.array([[np.nan, np.inf, -1, -0.0], [-np.inf, 2, 3, 4]], dtype)
    mask = np.array([[False, True, True, True], [False, True, False, True]])
    for view in (x, np.asfortranarray(x), np.repeat(x, 2, axis=1)[:, ::2]):
        kept = keep(view, mask)
        np.testing.assert_array_equal(kept, [[0, np.inf, -1, 0], [0, 2, 0, 4]])
        assert kept.dtype == dtype
        np.testing.assert_array_equal(keep(view, mask[:, :1]), np.zeros((2, 4)))
    assert keep(x[:0], mask[:0]).shape == (0, 4)
