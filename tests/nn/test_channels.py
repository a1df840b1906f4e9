"""What makes a chain of convolutions and normalizations quick, and exact on values far from 0."""

import numpy as np
import pytest
import torch

from coursepkg.nn import conv, norm
from tests.nn.pairs import convolutions

GEOMETRIES = [one for one in convolutions() if one.shape[0]]


@pytest.mark.parametrize("pair", GEOMETRIES, ids=str)
def test_one_picture_at_a_time_gives_the_same(pair, monkeypatch):
    layer, x = pair.numpy(), pair.x()
    y = layer.forward(x)
    dy = np.random.default_rng(0).normal(size=y.shape)
    expected = y, layer.backward(dy), *layer.grads.values()
    monkeypatch.setattr(conv, "BLOCK", 1)
    found = layer.forward(x), layer.backward(dy), *layer.grads.values()
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_allclose(a, b, rtol=0, atol=1e-12)


@pytest.mark.parametrize("shape", [(5, 3), (5, 3, 4), (5, 3, 4, 2), (5, 3, 1, 1)], ids=str)
@pytest.mark.parametrize("training", [True, False], ids=["own statistics", "given ones"])
def test_batch_norm_of_any_number_of_axes(shape, training):
    rng = np.random.default_rng(0)
    x, dy = rng.normal(1, 2, (2, *shape))
    weight, bias, mean, var = rng.uniform(0.5, 2, (4, 3))
    tensors = [torch.tensor(array, requires_grad=True) for array in (x, weight, bias)]
    expected = torch.nn.functional.batch_norm(
        tensors[0], torch.tensor(mean), torch.tensor(var), *tensors[1:], training=training
    )
    y, normalized, _, used = norm.batch_norm(x, weight, bias, 1e-5, None if training else (mean, var))
    np.testing.assert_allclose(y, expected.detach(), rtol=0, atol=1e-12)
    found = norm.batch_norm_backward(dy, normalized, weight, used, 1e-5, training)
    for ours, theirs in zip(found, torch.autograd.grad(expected, tensors, torch.tensor(dy)), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-12)


def test_float32_statistics_of_values_far_from_zero():
    x = np.random.default_rng(0).normal(1000, 1, (64, 2, 16, 16)).astype(np.float32)
    _, _, mean, var = norm.batch_norm(x, np.ones(2, np.float32), np.zeros(2, np.float32), 0)
    exact = x.astype(np.float64)
    np.testing.assert_allclose(mean, exact.mean((0, 2, 3)), rtol=1e-6)
    np.testing.assert_allclose(var, exact.var((0, 2, 3)), rtol=1e-4)


def test_results_lie_with_the_channels_last():
    """None of a chain has to reorder what the one before left."""
    x = np.ones((2, 3, 5, 5), np.float32)
    y = conv.conv2d(x, np.ones((4, 3, 3, 3), np.float32), None, (1, 1), (1, 1), (1, 1))
    z, normalized, _, _ = norm.batch_norm(y, np.ones(4, np.float32), np.ones(4, np.float32), 1e-5)
    for array in (y, z, normalized):
        assert array.transpose(0, 2, 3, 1).flags.c_contiguous
