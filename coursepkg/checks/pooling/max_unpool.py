"""Property checkers of the exercise on the way back from a pooled picture to a full one.

The rule at the head of `coursepkg.checks` holds: answers get arrays and numbers, and only what they return is
looked at. Pictures are (N, C, H, W). Every checker raises Violation.
"""

import numpy as np

from coursepkg.checks.draws import distinct
from coursepkg.checks.properties import must_be_array, must_be_close, must_be_right_choices, must_not_modify
from coursepkg.pooling import numpy_layers as pooling


def winners_go_back(max_unpool2d, shape, windows, seed, *, dtype=np.float64):
    """max_unpool2d(y, indices, size): every number at its index, and zeros elsewhere.

    Args:
        max_unpool2d: the answer.
        shape: (N, C, H, W) of the pictures that were pooled.
        windows: (kernel_size, stride), with windows that do not overlap.
        seed: of the pixels.
        dtype: of the pixels.
    """
    x = distinct(shape, seed).astype(dtype)
    y, indices = pooling.max_pool2d(x, *windows, return_indices=True)
    size, before = tuple(shape[2:]), (y.copy(), indices.copy())
    call = f"max_unpool2d(y, indices, {size}), y of shape {y.shape}"
    got = must_be_array(max_unpool2d(y, indices, size), shape, call)
    must_not_modify(call, y=(y, before[0]), indices=(indices, before[1]))
    y, indices = before
    expected = pooling.max_unpool2d(y, indices, *windows, output_size=size)
    more = {"y": y, "indices": indices} if x.size <= 20 else {}
    winners = np.where(expected != 0, got, 0)
    must_be_close(winners, expected, "winners stand where they won", call, **more)
    must_be_close(got, expected, "zeros stand where nothing won", call, **more)


def winners_are_gathered(backward, shape, windows, seed):
    """max_unpool2d_backward(dz, indices): the gradient at the place where each number was put.

    Args: as in `winners_go_back`.
    """
    _, indices = pooling.max_pool2d(distinct(shape, seed), *windows, return_indices=True)
    dz = distinct(shape, seed + 1)
    before, call = (dz.copy(), indices.copy()), f"max_unpool2d_backward(dz, indices), dz of shape {dz.shape}"
    got = must_be_array(backward(dz, indices), indices.shape, call)
    must_not_modify(call, dz=(dz, before[0]), indices=(indices, before[1]))
    dz, indices = before
    places = indices.reshape(*shape[:2], -1)
    expected = np.take_along_axis(dz.reshape(*shape[:2], -1), places, axis=2).reshape(indices.shape)
    more = {"dz": dz, "indices": indices} if dz.size <= 20 else {}
    must_be_close(got, expected, "each number gets the gradient of its place", call, **more)


def pixels_are_repeated(upsample, shape, k, seed, *, dtype=np.float64):
    """upsample(y, k): every pixel becomes a block of k x k equal ones.

    Args:
        upsample: the answer.
        shape: (N, C, H, W) of y.
        k: factor.
        seed: of the pixels.
        dtype: of the pixels.
    """
    y = distinct(shape, seed).astype(dtype)
    n, c, height, width = shape
    before, call = y.copy(), f"upsample(y, {k}), y of shape {tuple(shape)}"
    got = must_be_array(upsample(y, k), (n, c, height * k, width * k), call)
    must_not_modify(call, y=(y, before))
    expected = np.empty(got.shape)
    for i in range(k):
        for j in range(k):
            expected[:, :, i::k, j::k] = before
    more = {"y": before} if before.size <= 9 else {}
    must_be_close(got, expected, "every pixel becomes a block of its own", call, **more)


def block_gradients_add_up(upsample_backward, shape, k, seed):
    """upsample_backward(dz, k): every pixel gets the sum of the gradients of its block.

    Args:
        upsample_backward: the answer.
        shape: (N, C, H, W) of y, the picture that was upsampled.
        k: factor.
        seed: of the gradients.
    """
    n, c, height, width = shape
    dz = distinct((n, c, height * k, width * k), seed)
    before, call = dz.copy(), f"upsample_backward(dz, {k}), dz of shape {dz.shape}"
    got = must_be_array(upsample_backward(dz, k), shape, call)
    must_not_modify(call, dz=(dz, before))
    expected = sum(before[:, :, i::k, j::k] for i in range(k) for j in range(k))
    more = {"dz": before} if before.size <= 24 else {}
    must_be_close(got, expected, "the gradients of a block add up", call, **more)


STATEMENTS = {
    "a": "the picture [[0, 2]] with k = 2, so that upsampled it has two rows and four columns",
    "b": "the picture [[0, 2], [4, 6]] with k = 2, whose average is 3",
    "c": "the sums of the pictures [[0, 2], [4, 6]] and [[3, 3], [3, 3]]",
    "d": "the picture [[3, 3], [3, 3]], the result for [[0, 2], [4, 6]]: average and repeat it again",
    "e": "y = [[-1]], put back into a window of four pixels, the other three of them 0",
    "f": "y = [[5]] from a window of four pixels: what is read where it was put?",
    "g": "one window of four pixels with dy = 1: by how much does its mean rise if one pixel rises by 1?",
    "h": "one window of four pixels, the second one largest, dy = 1: which pixels have a gradient?",
}


def statements_hold(value, name):
    """A list of the letters of the statements that hold for all pictures and all k (see the exercise)."""
    right = ["a", "c", "d", "f", "h"]
    must_be_right_choices(value, name, STATEMENTS, right, "it holds for all pictures and all k")
