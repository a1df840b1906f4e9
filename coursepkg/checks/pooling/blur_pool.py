"""Property checkers of the exercise on blurring before values are left out.

The rule at the head of `coursepkg.checks` holds: answers get arrays and numbers, and only what they return is
looked at. Pictures are (N, C, H, W).
"""

import math

import numpy as np

from coursepkg.checks.draws import distinct
from coursepkg.checks.properties import (
    Violation,
    counter_example,
    must_be_array,
    must_be_close,
    must_be_number,
    must_be_predicted,
    must_not_modify,
    show,
)
from coursepkg.pooling import numpy_layers as pooling


def taps_are_binomial(taps, filt_size):
    """taps(filt_size) is a row of Pascal's triangle, divided by its sum."""
    call = f"taps({filt_size})"
    got = must_be_array(np.asarray(taps(filt_size)), (filt_size,), call)
    if abs(got.sum() - 1) > 1e-6:
        raise Violation(
            "the taps add up to 1", counter_example(call, f"{show(got)}, sum {show(got.sum())}", "1")
        )
    expected = np.array([math.comb(filt_size - 1, i) for i in range(filt_size)]) / 2 ** (filt_size - 1)
    must_be_close(got, expected, "the taps are a row of Pascal's triangle", call)


def pictures_are_blurred(blur_pool2d, shape, filt_size, stride, seed, *, dtype=np.float64):
    """blur_pool2d(x, filt_size, stride): blurred along both axes, then every stride-th pixel of each.

    Args:
        blur_pool2d: the answer.
        shape: of the pictures.
        filt_size, stride: as the answer gets them.
        seed: of the pixels.
        dtype: of the pixels.
    """
    size = f"x of shape {tuple(shape)}"
    call = f"blur_pool2d(x, {filt_size}, {stride}), {size}"
    ones = np.ones(shape, dtype)
    expected = pooling.blur_pool2d(ones, filt_size, stride)
    got = must_be_array(blur_pool2d(ones, filt_size, stride), expected.shape, call)
    must_be_close(got, expected, "a picture that is 1 everywhere stays 1", f"{call}, all 1")
    x = distinct(shape, seed).astype(dtype)
    before = x.copy()
    got = must_be_array(blur_pool2d(x, filt_size, stride), expected.shape, call)
    must_not_modify(call, x=(x, before))
    right = pooling.blur_pool2d(before, filt_size, stride)
    more = {"x": before[0, 0]} if before.size <= 25 else {}
    # Away from the border first: what is wrong there is wrong everywhere.
    rim = -(-(filt_size // 2) // stride)
    inner = np.s_[:, :, rim : right.shape[2] - rim, rim : right.shape[3] - rim]
    if right[inner].size:
        law = "every pixel is the weighted mean of its neighbors"
        must_be_close(got[inner], right[inner], law, f"{call}, away from the border", **more)
    must_be_close(got, right, "the border is a mirror", call, **more)


def maxima_are_blurred(max_blur_pool2d, shape, seed):
    """max_blur_pool2d(x): maxima of 2x2 in steps of one pixel, blurred, and every other one kept."""
    x = distinct(shape, seed)
    before, call = x.copy(), f"max_blur_pool2d(x), x of shape {tuple(shape)}"
    dense = pooling.max_pool2d(before, 2, stride=1)
    expected = pooling.blur_pool2d(dense, 3, 2)
    more = {"x": before[0, 0]} if before.size <= 25 else {}
    value = max_blur_pool2d(x)
    must_not_modify(call, x=(x, before))
    got = must_be_array(value, expected.shape, call)
    must_be_close(got, expected, "maxima first, then the blur", call, **more)


def predicted_amplitude(value, name, period, small):
    """What is left of a wave behind the filter 1/4, 1/2, 1/4; the message has another wave."""
    expected = (1 + math.cos(2 * math.pi / period)) / 2
    law = "a wave keeps its middle tap and what its neighbors agree to"
    if expected < 1e-9:
        got = must_be_number(value, name)
        if abs(got) > 1e-3:
            raise Violation(law, f"{name} is not {show(got)}\nanother wave: {small}")
        return
    must_be_predicted(value, name, expected, law, small, rtol=0.005)


def change_is_measured(value, name, pictures, pool):
    """The mean relative change under a shift by one pixel, as anyone would measure it.

    Args:
        value: what was measured.
        name: of the answer.
        pictures: (N, 1, H, W) with a white margin.
        pool: "every other", "maximum" or "blurred maximum".
    """
    pools = {
        "every other": lambda x: x[:, :, ::2, ::2],
        "maximum": lambda x: pooling.max_pool2d(x, 2),
        "blurred maximum": lambda x: pooling.blur_pool2d(pooling.max_pool2d(x, 2, stride=1), 3, 2),
    }
    x = np.asarray(pictures, np.float64)
    before, after = (pools[pool](z) for z in (x, np.roll(x, 1, axis=3)))
    change = np.sqrt(((after - before) ** 2).sum(axis=(1, 2, 3)) / (before**2).sum(axis=(1, 2, 3)))
    got = must_be_number(value, name)
    if not abs(got - change.mean()) <= 0.01 * change.mean():
        side = "less" if got > change.mean() else "more"
        raise Violation("the number is the measured one", counter_example(name, got, f"{side}: {pool}"))
