"""Property checkers of the exercise on a basic block in NumPy.

The rule at the head of `coursepkg.checks` holds: a block that the answer built from arrays is only called by
its methods forward, backward and gradients. Pictures are (N, C, H, W).
"""

import numpy as np

from coursepkg.checks.properties import (
    Violation,
    counter_example,
    must_be_array,
    must_be_close,
    must_be_predicted,
    must_not_modify,
    show,
)
from coursepkg.residual.numpy_layers import BasicBlock as Ours


def block_computes(BasicBlock, shape, seed, *, zero=False, dtype=np.float64):
    """forward(x) of a block with identity shortcut, in training mode.

    Args:
        BasicBlock: the answer.
        shape: (N, C, H, W) of the pictures.
        seed: of the numbers.
        zero: whether the second convolution is zero.
        dtype: of the numbers.
    """
    x, w1, w2, _ = _draw(shape, seed, zero, dtype)
    given, call = x.copy(), f"BasicBlock(w1, w2).forward(x), x of shape {tuple(shape)}"
    y = must_be_array(BasicBlock(w1.copy(), w2.copy()).forward(given), shape, call)
    must_not_modify(call, x=(given, x))
    law = "a branch of zero leaves relu(x)" if zero else "conv, norm, relu, conv, norm, sum, relu"
    more = {"x": x[0, 0]} if zero and x.size <= 8 else {}
    must_be_close(y, _ours(w1, w2).forward(x), law, call, rtol=1e-3, **more)


def gradients_come_back(TrainableBlock, shape, seed, *, zero=False):
    """backward(dy) is dx, and gradients() then gives those of the two convolutions.

    Args: as for `block_computes`.
    """
    x, w1, w2, dy = _draw(shape, seed, zero, np.float64)
    block, ours = TrainableBlock(w1.copy(), w2.copy()), _ours(w1, w2)
    call = f"forward(x) and backward(dy), x of shape {tuple(shape)}"
    for number in range(2):  # the second pass must forget the first
        if number:
            x, dy = x + 0.5 * np.sin(7 * x), dy[::-1].copy()
        given = x.copy(), dy.copy()
        block.forward(given[0])
        y = ours.forward(x)
        dx = must_be_array(block.backward(given[1]), shape, call, "dx")
        must_not_modify(call, x=(given[0], x), dy=(given[1], dy))
        right = ours.backward(dy)
        if zero and np.any(dx[y == 0]):
            message = counter_example(call, "a gradient where the sum is negative", "0 there")
            raise Violation("the last ReLU stops both ways", message)
        law = "the gradient comes back along both ways" if zero else "dx agrees with the chain rule"
        must_be_close(dx, right, law, f"dx of {call}", rtol=1e-3)
        if zero:
            continue  # the weights' gradients are looked at where there are any
        found = block.gradients()
        if not isinstance(found, (tuple, list)) or len(found) != 2:
            raise Violation("returns two arrays", counter_example("gradients()", show(found), "dw1, dw2"))
        for name, got, key in zip(("dw1", "dw2"), found, ("conv1.weight", "conv2.weight"), strict=True):
            expected = ours.grads[key]
            got = must_be_array(got, expected.shape, call, name)
            law = "the gradients are those of the last pass" if number else "the weights get their gradients"
            must_be_close(got, expected, law, f"{name} of {call}", rtol=1e-3)


def predicted_factor(value, name, expected, small):
    """By which factor something changes if the first convolution's weights are multiplied."""
    law = "a normalization divides out the scale of what comes in"
    must_be_predicted(value, name, expected, law, small)


def _draw(shape, seed, zero, dtype):
    rng = np.random.default_rng(seed)
    x, dy = rng.standard_normal(shape), rng.standard_normal(shape)
    w1 = rng.standard_normal((shape[1], shape[1], 3, 3))
    w2 = (not zero) * rng.standard_normal((shape[1], shape[1], 3, 3))
    return tuple(array.astype(dtype) for array in (x, w1, w2, dy))


def _ours(w1, w2):
    block = Ours(len(w2), len(w2), rng=np.random.default_rng(0), dtype=w1.dtype.type)
    block.conv1.weight[...], block.conv2.weight[...] = w1, w2
    return block
