"""Property checkers of the exercise on average pooling: what a sum is divided by, and the way back.

The rule at the head of `coursepkg.checks` holds: answers get arrays and numbers, and only what they return is
looked at. Pictures are (N, C, H, W), windows are (kernel_size, stride, padding, count_include_pad).
"""

import numpy as np

from coursepkg.checks.draws import distinct
from coursepkg.checks.properties import (
    Violation,
    counter_example,
    must_be_array,
    must_be_close,
    must_be_predicted,
    must_not_modify,
    show,
)
from coursepkg.pooling import numpy_layers as pooling


def divisors_are_counted(divisors, size, kernel, stride, padding, count_include_pad, *ceil_mode):
    """divisors(size, kernel_size, stride, padding, count_include_pad) of every window along one axis.

    Args:
        divisors: the answer; with ceil_mode as its last argument, if one is given.
        size, kernel, stride, padding, count_include_pad, ceil_mode: as the answer gets them.
    """
    args = size, kernel, stride, padding, count_include_pad, *ceil_mode
    call = f"{'divisors_ceil' if ceil_mode else 'divisors'}{args}"
    ceil = bool(ceil_mode and ceil_mode[0])
    starts = np.arange(pooling.pool_output_size(size, kernel, stride, padding, 1, ceil)) * stride - padding
    first, end = (-padding, size + padding) if count_include_pad else (0, size)
    expected = np.minimum(starts + kernel, end) - np.maximum(starts, first)
    got = must_be_array(np.asarray(divisors(*args)), expected.shape, call, "one number for each window")
    overhang = starts + kernel > size + padding
    if overhang.any() and np.any(got[overhang] > expected[overhang]):
        law = "what lies beyond the padding never counts"
    else:
        law = "padding counts" if count_include_pad else "padding does not count"
    must_be_close(got, expected, law, call, windows=_listed(starts, kernel))


def averages_are_right(avg_pool2d, shape, windows, seed, *, dtype=np.float64):
    """avg_pool2d(x, kernel_size, stride, padding, count_include_pad) is the mean of each window.

    Args:
        avg_pool2d: the answer.
        shape: of the pictures.
        windows: the four further arguments.
        seed: of the pixels.
        dtype: of the pixels.
    """
    x = distinct(shape, seed).astype(dtype)
    before, call = x.copy(), f"avg_pool2d(x, {', '.join(map(str, windows))}), x of shape {shape}"
    expected = _average(before, windows)
    got = must_be_array(avg_pool2d(x, *windows), expected.shape, call)
    must_not_modify(call, x=(x, before))
    law = "each value is the mean of its window"
    if windows[2]:
        law = "padding counts" if windows[3] else "padding does not count"
    must_be_close(got, expected, law, call, **({"x": before[0, 0]} if before.size <= 20 else {}))


def averages_go_back(backward, shape, windows, seed):
    """avg_pool2d_backward(dy, height, width, ...) is the transpose of the forward pass.

    Args: as in `averages_are_right`.
    """
    dy = distinct(_average(np.zeros(shape), windows).shape, seed)
    dy = dy - dy.min() + 0.25  # so that what is lost or doubled shows in the sum
    before = dy.copy()
    args = ", ".join(map(str, (*shape[2:], *windows)))
    call = f"avg_pool2d_backward(dy, {args}), dy of shape {dy.shape}"
    dx = must_be_array(backward(dy, *shape[2:], *windows), shape, call)
    must_not_modify(call, dy=(dy, before))
    expected = pooling.avg_pool2d_backward(
        before, np.zeros(shape), *windows[:3], count_include_pad=windows[3]
    )
    more = {"dy": before[0, 0]} if before.size <= 9 else {}
    if not windows[2] and abs(dx.sum() - before.sum()) > 1e-6 * np.abs(before).sum():
        message = counter_example(
            call, f"dx adds up to {show(dx.sum())}", f"{show(before.sum())}, as dy does", **more
        )
        raise Violation("without padding all of dy is handed out", message)
    law = (
        "gradients add up where windows overlap"
        if windows[1] < windows[0]
        else "everybody gets the same share"
    )
    if windows[2]:
        law = "the way back divides by the same numbers"
    must_be_close(dx, expected, law, call, **more)


def predicted_brightness(value, name, expected, small):
    """A brightness worked out with a pencil; the message has a smaller case."""
    must_be_predicted(value, name, expected, "zeros in the padding count as black", small, rtol=0.002)


def _average(x, windows):
    return pooling.avg_pool2d(x, *windows[:3], count_include_pad=windows[3])


def _listed(starts, kernel):
    """First and last element of each window."""
    return ", ".join(f"{start} to {start + kernel - 1}" for start in starts)
