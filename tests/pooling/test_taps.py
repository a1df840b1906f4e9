"""The taps at their edges: blocks of one plane, windows larger than a byte can number, padding alone."""

import itertools
import subprocess
import sys
import tracemalloc

import numpy as np
import pytest

from coursepkg.pooling import numpy_layers
from coursepkg.pooling.numpy_layers import taps
from coursepkg.pooling.rules import place_windows
from tests.pooling.grid import geometries, numbers


def window_by_window(x, axes, geometry):
    """Max pooling as its definition says it: (y, indices), a window and an element at a time."""
    windows = place_windows(x.shape, axes, *geometry)
    planes = x.reshape(-1, *windows.size)
    low = -np.inf if x.dtype.kind == "f" else np.iinfo(x.dtype).min
    y = np.full((len(planes), *windows.output_size), low, x.dtype)
    indices = np.full(y.shape, -1)
    for plane, *window in np.ndindex(y.shape):
        for tap in np.ndindex(*windows.kernel_size):
            at = tuple(
                w * stride + t * dilation - padding
                for w, t, stride, dilation, padding in zip(
                    window, tap, windows.stride, windows.dilation, windows.padding, strict=True
                )
            )
            if any(not 0 <= a < n for a, n in zip(at, windows.size, strict=True)):
                continue
            here, value = (plane, *window), planes[(plane, *at)]
            if indices[here] < 0 or value > y[here] or np.isnan(value):
                y[here], indices[here] = value, np.ravel_multi_index(at, windows.size)
    return y.reshape(windows.output_shape), indices.reshape(windows.output_shape)


def compare(axes, geometry, x):
    y, indices = getattr(numpy_layers, f"max_pool{axes}d")(x, *geometry, return_indices=True)
    expected, where = window_by_window(x, axes, geometry)
    np.testing.assert_array_equal(y, expected)
    np.testing.assert_array_equal(indices, where)
    np.testing.assert_array_equal(getattr(numpy_layers, f"max_pool{axes}d")(x, *geometry), expected)


@pytest.mark.parametrize("axes", [1, 2, 3])
@pytest.mark.parametrize("kind", ["ties", "special"])
@pytest.mark.parametrize(
    ("block", "many"), [(1, 8), (1 << 18, 0)], ids=["a plane at a time", "a window at a time"]
)
def test_the_grid(axes, kind, block, many, monkeypatch):
    monkeypatch.setattr(taps, "BLOCK", block)
    monkeypatch.setattr(taps, "MANY", many)
    taps.sliding.cache_clear()
    for size, geometry in itertools.islice(geometries(axes), 0, None, 3):
        compare(axes, geometry, numbers((2, 2, *size), kind))
    taps.sliding.cache_clear()


@pytest.mark.parametrize("kernel", [15, 16, 17])
def test_windows_of_more_elements_than_a_byte_can_number(kernel):
    compare(2, (kernel, 2, kernel // 2), numbers((1, 1, 20, 18), "ties"))


@pytest.mark.parametrize("kernel", [1, 2])
def test_a_single_column_of_a_larger_picture(kernel):
    x = numbers((2, 3, 6, 5), "distinct")[..., 1:2]
    compare(2, ((kernel, 1), (2, 1)), x)


def test_windows_of_padding_alone():
    compare(2, ((2, 2), 1, 1, 3), np.full((2, 2, 2), -np.inf))
    compare(1, (2, 1, 1, 3), np.arange(4.0).reshape(2, 2))


@pytest.mark.parametrize("fill", [-np.inf, np.iinfo(np.int8).min])
def test_numbers_as_low_as_the_padding_win_over_it(fill):
    dtype = np.int8 if np.isfinite(fill) else np.float32
    compare(2, (3, 2, 1), np.full((2, 5, 5), fill, dtype))


@pytest.mark.parametrize("long", [50, 1001])
def test_few_long_windows(long):
    """They are taken window by window; the maximum, its place and the average of each."""
    x = numbers((2, 3, long), "ties")
    compare(1, (long // 2, long // 2), x)
    whole, where = numpy_layers.adaptive_max_pool1d(x, 1, return_indices=True)
    np.testing.assert_array_equal(where[..., 0], x.argmax(axis=-1))
    np.testing.assert_array_equal(whole[..., 0], x.max(axis=-1))
    np.testing.assert_allclose(numpy_layers.avg_pool1d(x, long)[..., 0], x.mean(axis=-1), atol=1e-12)


def test_time_on_long_signals_does_not_go_by_windows():
    """A hundred thousand windows take as many steps as two: what is done for each is done by NumPy."""

    def calls(length):
        x, count = np.zeros((1, 1, length), np.float32), 0

        def count_calls(frame, event, argument):
            nonlocal count
            count += event in ("call", "c_call")

        layer = numpy_layers.MaxPool1d(2)
        sys.setprofile(count_calls)
        y = layer.forward(x)
        layer.backward(y)
        average = numpy_layers.AvgPool1d(3, 2, 1)
        average.backward(average.forward(x))
        sys.setprofile(None)
        return count

    assert calls(200_000) <= calls(4) + 10


def test_memory_of_a_forward_without_indices():
    """At most the output and a few blocks, which do not grow with the input."""
    peaks = []
    for planes in (256, 512, 1024):
        x = np.zeros((planes, 64, 64), np.float32)
        numpy_layers.max_pool2d(x[:1], 2)
        tracemalloc.start()
        y = numpy_layers.max_pool2d(x, 2)
        peaks.append(tracemalloc.get_traced_memory()[1] - y.nbytes)
        tracemalloc.stop()
    assert max(peaks) < 6 * 4 * taps.BLOCK
    assert max(peaks) - min(peaks) < 10_000


def test_functions_on_the_way_from_a_layer_to_its_loop():
    """Of the package, on a fresh process's first call, which places the windows, too."""
    program = """
import sys
import numpy as np
from coursepkg.pooling.numpy_layers import MaxPool2d
layer, x, seen = MaxPool2d(2), np.ones((1, 1, 8, 8)), set()
def note(frame, event, argument):
    if event == "call" and "coursepkg" in frame.f_code.co_filename:
        seen.add(frame.f_code)
sys.setprofile(note)
layer.forward(x)
sys.setprofile(None)
print(*(code.co_qualname for code in seen), sep="\\n")
"""
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    functions = ran.stdout.split()
    assert {"MaxPool.forward", "reduce_axis"} <= set(functions) and len(functions) <= 15, functions
