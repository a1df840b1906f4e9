"""The fast functions against the readable ones, which know nothing of blocks and runs."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coursepkg.pooling import fast, numpy_layers
from coursepkg.pooling.rules import place_windows
from tests.pooling.grid import geometries, mixed_geometries, numbers

few = settings(max_examples=40, deadline=None, derandomize=True)


def compare(size, geometry, x):
    windows = place_windows(x.shape, len(size), *geometry)
    y, indices = numpy_layers.max_pool(x, windows)
    np.testing.assert_array_equal(fast.max_pool(x, windows), y)
    found, winners = fast.max_pool_winners(x, windows)
    np.testing.assert_array_equal(found, y)
    np.testing.assert_array_equal(winners.indices(), indices)
    if x.dtype.kind != "f":
        return
    dy = np.random.default_rng(1).standard_normal(y.shape).astype(x.dtype)
    expected = numpy_layers.max_pool_backward(dy, indices, windows)
    tolerance = 1e-4 if x.dtype == np.float32 else 1e-12
    np.testing.assert_allclose(fast.max_pool_backward(dy, winners, windows), expected, rtol=0, atol=tolerance)
    with np.errstate(invalid="ignore"):
        average = numpy_layers.avg_pool(x, windows, x.dtype.type(3))
    found = fast.avg_pool(x, windows, x.dtype.type(3))
    np.testing.assert_allclose(found, average, rtol=0, atol=10 * tolerance)
    if windows.span == windows.kernel_size:
        divisor = np.full(windows.output_size, 3, x.dtype) + np.arange(windows.output_size[-1], dtype=x.dtype)
        expected = numpy_layers.avg_pool_backward(dy, windows, divisor)
        found = fast.avg_pool_backward(dy, windows, divisor)
        np.testing.assert_allclose(found, expected, rtol=0, atol=10 * tolerance)


@pytest.fixture(params=["one block", "a plane at a time"])
def blocks(request, monkeypatch):
    if request.param == "a plane at a time":
        monkeypatch.setattr(fast, "BLOCK", 1)


@pytest.mark.usefixtures("blocks")
@pytest.mark.parametrize("axes", [1, 2, 3])
@pytest.mark.parametrize("kind", ["distinct", "ties", "special"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int16], ids=lambda dtype: dtype.__name__)
def test_the_grid(axes, kind, dtype):
    if kind == "special" and dtype is np.int16:
        pytest.skip("integers have no NaN")
    for size, (kernel, stride, padding, dilation, ceil) in geometries(axes):
        x = numbers((2, 3, *size), kind)
        x = (10 * x).astype(dtype) if dtype is np.int16 else x.astype(dtype)
        compare(size, (kernel, stride, padding, dilation, ceil), x)


@pytest.mark.parametrize("axes", [1, 2, 3])
@pytest.mark.parametrize("kind", ["ties", "special"])
def test_mixed_geometries(axes, kind):
    @few
    @given(mixed_geometries(axes), st.integers(0, 2))
    def run(case, planes):
        size, geometry = case
        compare(size, geometry, numbers((planes, *size), kind))

    run()


@pytest.mark.parametrize("kernel", [15, 16, 17])
def test_windows_of_more_elements_than_a_byte_can_number(kernel):
    x = numbers((3, 40, 37), "ties")
    compare(x.shape[1:], (kernel, 2, kernel // 2), x)


@pytest.mark.usefixtures("blocks")
@pytest.mark.parametrize("kernel", [1, 2])
def test_a_single_column_of_a_larger_picture(kernel):
    x = numbers((2, 3, 6, 5), "distinct")[..., 1:2]
    compare((6, 1), ((kernel, 1), (2, 1), (0, 0), (1, 1), False), x)


def test_a_window_of_padding_alone():
    compare((2, 2), ((2, 2), 1, 1, 3), np.full((2, 2, 2), -np.inf))
    compare((2,), (2, 1, 1, 3), np.arange(4.0).reshape(2, 2))


@pytest.mark.parametrize("fill", [-np.inf, np.iinfo(np.int8).min])
def test_numbers_as_low_as_the_padding_win_over_it(fill):
    dtype = np.int8 if np.isfinite(fill) else np.float32
    compare((5, 5), (3, 2, 1), np.full((2, 5, 5), fill, dtype))


def test_memory_of_a_forward_without_indices():
    """At most twice the output, besides a few blocks that do not grow with the input."""
    import tracemalloc

    peaks = []
    for planes in (256, 512, 1024):
        x = np.zeros((planes, 64, 64), np.float32)
        windows = place_windows(x.shape, 2, 2)
        tracemalloc.start()
        y = fast.max_pool(x, windows)
        peaks.append(tracemalloc.get_traced_memory()[1] - y.nbytes)
        tracemalloc.stop()
    assert max(peaks) < 6 * 4 * fast.BLOCK
    assert max(peaks) - min(peaks) < 10_000
    assert y.nbytes + peaks[-1] <= 2 * y.nbytes
