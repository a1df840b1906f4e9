"""The fast functions against the readable ones, which know nothing of blocks and channels-last memory."""

import numpy as np
import pytest

from coursepkg.nn import conv, fast, norm
from tests.core.pairs import convolutions

TOLERANCE = {np.float64: 1e-12, np.float32: 2e-5}
GEOMETRIES = [one for one in convolutions() if one.shape[0]]


def assert_close(ours, theirs, dtype):
    for a, b in zip(ours, theirs, strict=True):
        assert a.shape == b.shape and a.dtype == b.dtype == dtype
        assert np.abs(a - b).max() < TOLERANCE[dtype] * max(1, np.abs(b).max())


@pytest.mark.parametrize("block", ["as it is", "one picture"])
@pytest.mark.parametrize("pair", GEOMETRIES, ids=str)
def test_convolution(pair, block, monkeypatch):
    if block == "one picture":
        monkeypatch.setattr(fast, "BUFFER", 1)
    layer, x = pair.numpy(), pair.x()
    geometry = layer.stride, layer.padding, layer.dilation
    y = conv.conv2d(x, layer.weight, layer.bias, *geometry)
    assert_close([fast.conv2d(x, layer.weight, layer.bias, *geometry)], [y], np.float64)
    dy = np.random.default_rng(0).normal(size=y.shape)
    readable = conv.conv2d_backward(dy, x, layer.weight, *geometry)
    assert_close(fast.conv2d_backward(dy, x, layer.weight, *geometry), readable, np.float64)


@pytest.mark.parametrize("dtype", [np.float64, np.float32], ids=["float64", "float32"])
@pytest.mark.parametrize("own_statistics", [True, False], ids=["own", "given"])
@pytest.mark.parametrize("shape", [(5, 3), (5, 3, 4), (5, 3, 4, 2), (5, 3, 1, 1)], ids=str)
def test_batch_normalization(shape, own_statistics, dtype):
    rng = np.random.default_rng(0)
    x, dy = rng.normal(1, 2, (2, *shape)).astype(dtype)
    weight, bias, mean, var = rng.uniform(0.5, 2, (4, 3)).astype(dtype)
    statistics = None if own_statistics else (mean, var)
    readable = norm.batch_norm(x, weight, bias, 1e-5, statistics)
    assert_close(fast.batch_norm(x, weight, bias, 1e-5, statistics), readable, dtype)
    _, normalized, _, var = readable
    arguments = dy, normalized, weight, var, 1e-5, own_statistics
    assert_close(fast.batch_norm_backward(*arguments), norm.batch_norm_backward(*arguments), dtype)


def test_float32_statistics_of_values_far_from_zero():
    x = np.random.default_rng(0).normal(1000, 1, (64, 2, 16, 16)).astype(np.float32)
    _, _, mean, var = fast.batch_norm(x, np.ones(2, np.float32), np.zeros(2, np.float32), 0)
    exact = x.astype(np.float64)
    np.testing.assert_allclose(mean, exact.mean((0, 2, 3)), rtol=1e-6)
    np.testing.assert_allclose(var, exact.var((0, 2, 3)), rtol=1e-4)


def test_results_lie_with_the_channels_last():
    """What makes a chain of them fast: none has to reorder what the one before left."""
    x = np.ones((2, 3, 5, 5), np.float32)
    y = fast.conv2d(x, np.ones((4, 3, 3, 3), np.float32), None, (1, 1), (1, 1), (1, 1))
    z, normalized, _, _ = fast.batch_norm(y, np.ones(4, np.float32), np.ones(4, np.float32), 1e-5)
    for array in (y, z, normalized):
        assert array.transpose(0, 2, 3, 1).flags.c_contiguous
