"""The law of max pooling, for which more than one exercise asks, and its pictures.

The rule at the head of `coursepkg.checks` holds: answers get arrays and numbers, and only what they return is
looked at. Pictures are (N, C, H, W), windows are (kernel_size, stride, padding).
"""

import numpy as np

from coursepkg.checks.draws import distinct
from coursepkg.checks.properties import (
    Violation,
    counter_example,
    must_be_array,
    must_be_close,
    must_not_modify,
    show,
)
from coursepkg.pooling import numpy_layers as pooling


def largest_of_windows(max_pool2d, shape, windows, seed, *, dtype=np.float64, negative=False):
    """max_pool2d(x, kernel_size, stride, padding) is the largest pixel of each window.

    Args:
        max_pool2d: the answer.
        shape: of the pictures.
        windows: (kernel_size, stride, padding).
        seed: of the pixels.
        dtype: of the pixels.
        negative: whether all pixels lie below zero.
    """
    x = pictures(shape, seed, dtype, negative)
    before, call = x.copy(), call_of("max_pool2d", windows, shape)
    expected = pooling.max_pool2d(before, *windows)
    got = must_be_array(max_pool2d(x, *windows), expected.shape, call)
    must_not_modify(call, x=(x, before))
    more = {"x": before[0, 0]} if before.size <= 20 else {}
    too_large = got > expected
    if windows[2] and too_large.any() and np.array_equal(got[too_large], np.zeros(too_large.sum())):
        place = tuple(int(i) for i in np.argwhere(too_large)[0])
        got, right = f"0 at {list(place)}", f"{show(expected[place])} at {list(place)}"
        raise Violation("padding never wins", counter_example(call, got, right, **more))
    must_be_close(got, expected, "each value is the largest of its window", call, **more)


def pictures(shape, seed, dtype, negative):
    x = distinct(shape, seed)
    return (x - negative * (x.max() + 0.25)).astype(dtype)


def call_of(name, windows, shape):
    return f"{name}(x, {', '.join(map(str, windows))}), x of shape {tuple(shape)}"
