"""Property checkers of the exercise on broken poolings.

The rule at the head of `coursepkg.checks` holds: answers get arrays and numbers, and only what they return is
looked at. Pictures are (N, C, H, W), signals (N, C, L).
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


def windows_lie_side_by_side(max_pool_2x2, shape, seed, *, negative=False, dtype=np.float64):
    """max_pool_2x2(x): the largest of each window of 2x2, side by side.

    Args:
        max_pool_2x2: the answer.
        shape: of the pictures, H and W even.
        seed: of the pixels, all different.
        negative: whether all pixels lie below zero.
        dtype: of the pixels.
    """
    x = distinct(shape, seed)
    x = (x - negative * (x.max() + 0.25)).astype(dtype)
    before, call = x.copy(), f"max_pool_2x2(x), x of shape {tuple(shape)}"
    expected = pooling.max_pool2d(before, 2)
    got = must_be_array(max_pool_2x2(x), expected.shape, call)
    must_not_modify(call, x=(x, before))
    more = {"x": before[0, 0]} if before.size <= 16 else {}
    must_be_close(got, expected, "a window holds four neighbors", call, **more)


def one_winner_gets_it(backward, shape, seed, *, values):
    """max_pool_2x2_backward(dy, x): the first of the largest pixels of a window gets all of its gradient.

    Args:
        backward: the answer.
        shape: of the pictures, H and W even.
        seed: of the pixels.
        values: how many different values the pixels have; 1 makes the picture white.
    """
    x = np.random.default_rng(seed).integers(0, values, shape).astype(np.float64)
    dy = distinct((*shape[:2], shape[2] // 2, shape[3] // 2), seed + 1)
    dy = dy - dy.min() + 0.25  # so that what is doubled shows in the sum
    before, call = (dy.copy(), x.copy()), f"max_pool_2x2_backward(dy, x), x of shape {tuple(shape)}"
    dx = must_be_array(backward(dy, x), shape, call)
    must_not_modify(call, dy=(dy, before[0]), x=(x, before[1]))
    dy, x = before
    more = {"x": x[0, 0], "dy": dy[0, 0]} if x.size <= 16 else {}
    if abs(dx.sum() - dy.sum()) > 1e-6 * dy.sum():
        message = counter_example(call, f"dx adds up to {show(dx.sum())}", f"{show(dy.sum())}, as dy", **more)
        raise Violation("a window hands on what it got", message)
    law = "the first of equals gets all of it"
    must_be_close(dx, pooling.max_pool2d_backward(dy, x, 2), law, call, **more)


def overhang_is_not_counted(avg_pool1d, shape, windows, seed, *, dtype=np.float64):
    """avg_pool1d(x, kernel_size, stride) with ceil_mode: the mean over the points that a window holds.

    Args:
        avg_pool1d: the answer.
        shape: of the signals.
        windows: (kernel_size, stride), stride at most kernel_size.
        seed: of the points.
        dtype: of the points.
    """
    call = f"avg_pool1d_ceil(x, {windows[0]}, {windows[1]}), x of shape {tuple(shape)}"
    x = (distinct(shape, seed) + 20).astype(dtype)  # far from zero, so that a wrong divisor shows
    before = x.copy()
    expected = pooling.avg_pool1d(before, *windows, ceil_mode=True)
    got = must_be_array(avg_pool1d(x, *windows), expected.shape, call)
    must_not_modify(call, x=(x, before))
    more = {"x": before} if before.size <= 8 else {}
    inside = (expected.shape[2] - 1) * windows[1] + windows[0] <= shape[2]
    whole = expected.shape[2] - (0 if inside else 1)
    law = "each value is the mean of its window"
    must_be_close(got[:, :, :whole], expected[:, :, :whole], law, call, **more)
    must_be_close(got, expected, "what hangs over is not counted", call, **more)


def every_win_is_paid(backward, shape, windows, seed):
    """max_pool1d_backward(dy, indices, length): a point gets a gradient for each window that it wins.

    Args:
        backward: the answer.
        shape: of the signals.
        windows: (kernel_size, stride).
        seed: of the points, all different.
    """
    x = distinct(shape, seed)
    _, indices = pooling.max_pool1d(x, *windows, return_indices=True)
    dy = distinct(indices.shape, seed + 1)
    dy = dy - dy.min() + 0.25
    before = dy.copy(), indices.copy()
    call = f"max_pool1d_backward(dy, indices, {shape[2]}), dy of shape {dy.shape}"
    dx = must_be_array(backward(dy, indices, shape[2]), shape, call)
    must_not_modify(call, dy=(dy, before[0]), indices=(indices, before[1]))
    dy, indices = before
    expected = pooling.max_pool1d_backward(dy, x, *windows, indices=indices)
    more = {"dy": dy, "indices": indices} if dy.size <= 6 else {}
    overlapping = any(len(np.unique(row)) < len(row) for row in indices.reshape(-1, indices.shape[2]))
    law = "gradients add up where windows overlap" if overlapping else "the winner gets the gradient"
    must_be_close(dx, expected, law, call, **more)
