"""Property checkers of the exercise on max pooling: winners, and where the gradient goes.

The rule at the head of `coursepkg.checks` holds: answers get arrays and numbers, and only what they return is
looked at. Pictures are (N, C, H, W), windows are (kernel_size, stride, padding).
"""

import numpy as np

from coursepkg.checks.draws import distinct
from coursepkg.checks.pooling.maxima import call_of, pictures
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


def winners_are_named(winners, shape, windows, seed, *, ties=False, negative=False):
    """winners(x, kernel_size, stride, padding): where the largest pixel stands, counted row by row.

    Args:
        winners: the answer.
        shape, windows, seed, negative: as in `largest_of_windows`.
        ties: whether pixels are equal; the first in the order of memory wins.
    """
    x = pictures(shape, seed, np.float64, negative)
    if ties:
        x = np.floor(x / max(1, x.size // (8 * shape[0] * shape[1])))
    before, call = x.copy(), call_of("winners", windows, shape)
    y, expected = pooling.max_pool2d(before, *windows, return_indices=True)
    got = must_be_array(winners(x, *windows), expected.shape, call)
    must_not_modify(call, x=(x, before))
    more = {"x": before[0, 0]} if before.size <= 25 else {}
    count = shape[2] * shape[3]
    if np.any(got != np.round(got)) or got.min() < 0 or got.max() >= count:
        message = counter_example(
            call,
            f"from {show(got.min())} to {show(got.max())}",
            f"whole numbers from 0 to {count - 1}",
            **more,
        )
        raise Violation("indices count the pixels of the picture", message)
    values = np.take_along_axis(
        before.reshape(*shape[:2], -1), got.reshape(*shape[:2], -1).astype(int), axis=2
    )
    wrong = np.argwhere(values.reshape(y.shape) != y)
    if len(wrong):
        i = tuple(int(k) for k in wrong[0])
        message = counter_example(
            call, f"{show(got[i])} at {list(i)}", f"{show(expected[i])} at {list(i)}", **more
        )
        raise Violation("the pixel at the index is the largest", message)
    must_be_close(got, expected, "the first of equals wins", call, rtol=1e-9, **more)


def gradient_goes_to_winners(backward, shape, windows, seed, *, negative=False):
    """max_pool2d_backward(dy, indices, height, width): each gradient is added at its winner.

    Args: as in `largest_of_windows`.
    """
    x = pictures(shape, seed, np.float64, negative)
    _, indices = pooling.max_pool2d(x, *windows, return_indices=True)
    dy = distinct(indices.shape, seed + 1)
    dy = dy - dy.min() + 0.25  # so that what is lost shows in the sum
    before = dy.copy(), indices.copy()
    call = f"max_pool2d_backward(dy, indices, {shape[2]}, {shape[3]}), dy of shape {dy.shape}"
    dx = must_be_array(backward(dy, indices, *shape[2:]), shape, call)
    must_not_modify(call, dy=(dy, before[0]), indices=(indices, before[1]))
    expected = pooling.max_pool2d_backward(before[0], x, *windows, indices=before[1])
    more = {"dy": before[0][0, 0], "indices": before[1][0, 0]} if before[0].size <= 9 else {}
    law = "the winner gets the gradient"
    if abs(dx.sum() - before[0].sum()) > 1e-6 * before[0].sum():
        twice = any(len(np.unique(plane)) < plane.size for plane in before[1].reshape(-1, dy[0, 0].size))
        law = "gradients add up where windows overlap" if twice else "all of dy is handed out"
    must_be_close(dx, expected, law, call, **more)


def predicted_gradient(value, name, expected, property, small):
    """A gradient found with a pencil; the message has a smaller case."""
    must_be_predicted(value, name, expected, property, small, rtol=1e-9)
