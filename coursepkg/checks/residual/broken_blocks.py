"""Property checkers of the exercise on broken residual blocks.

The rule at the head of `coursepkg.checks` holds: answers get arrays and lists of arrays, and only what they
return is looked at. Inputs are (N, n).
"""

import numpy as np

from coursepkg.checks.properties import (
    Violation,
    counter_example,
    must_be_array,
    must_be_close,
    must_not_modify,
    show,
)
from coursepkg.gradcheck import numerical_gradient


def every_output_stays(outputs_of_blocks, shape, blocks, seed, *, dtype=np.float64):
    """outputs_of_blocks(x, weights) is the list of what each block h + relu(h @ W.T) puts out.

    Args:
        outputs_of_blocks: the answer.
        shape: (N, n) of x.
        blocks: how many.
        seed: of the numbers.
        dtype: of the numbers.
    """
    rng = np.random.default_rng(seed)
    x = rng.standard_normal(shape).astype(dtype)
    weights = [rng.standard_normal((shape[1], shape[1])).astype(dtype) for _ in range(blocks)]
    given, call = x.copy(), f"outputs_of_blocks(x, weights), {blocks} blocks"
    found = outputs_of_blocks(given, [weight.copy() for weight in weights])
    if not isinstance(found, (list, tuple)) or len(found) != blocks:
        raise Violation("returns a list", counter_example(call, show(found), f"a list of {blocks} arrays"))
    found = [must_be_array(each, shape, call, f"output {i}") for i, each in enumerate(found)]
    must_not_modify(call, x=(given, x))
    h, more = x, {"x": x, "W": weights} if x.size <= 2 else {}
    for number, (got, weight) in enumerate(zip(found, weights, strict=True)):
        h = h + np.maximum(h @ weight.T, 0)
        law = (
            "a block adds to its input" if blocks == 1 else "what one block put out the next does not change"
        )
        must_be_close(got, h, law, f"{call}: number {number}", **more)


def relu_comes_last(block, shape, seed, *, negative=False, dtype=np.float64):
    """block(x, w1, w2) is relu(relu(x @ w1.T) @ w2.T + x).

    Args:
        block: the answer.
        shape: (N, n) of x.
        seed: of the numbers.
        negative: whether w2 is the negative identity, so that the branch takes away.
        dtype: of the numbers.
    """
    x, w1, w2, _ = _draw(shape, shape[1], seed, dtype)
    if negative:
        w1, w2 = np.eye(shape[1], dtype=dtype), -np.eye(shape[1], dtype=dtype) / 2
        x = np.abs(x)
    given, call = x.copy(), f"block(x, w1, w2), x of shape {tuple(shape)}"
    y = must_be_array(block(given, w1.copy(), w2.copy()), shape, call)
    must_not_modify(call, x=(given, x))
    more = {"x": x, "w1": w1, "w2": w2} if x.size <= 2 else {}
    law = "a block can make numbers smaller" if negative else "the ReLU stands behind the sum"
    must_be_close(y, np.maximum(_branch(x, w1, w2) + x, 0), law, call, **more)


def shortcut_is_padded(wider_block, shape, wide, seed, *, zero=False, dtype=np.float64):
    """wider_block(x, w1, w2) adds x, with zeros for the new numbers.

    Args:
        wider_block: the answer.
        shape: (N, n) of x.
        wide: numbers of the output, at least n.
        seed: of the numbers.
        zero: whether w2 is zero.
        dtype: of the numbers.
    """
    x, w1, w2, _ = _draw(shape, wide, seed, dtype)
    w2 = 0 * w2 if zero else w2
    given, call = x.copy(), f"wider_block(x, w1, w2), from {shape[1]} to {wide} numbers"
    y = must_be_array(wider_block(given, w1.copy(), w2.copy()), (shape[0], wide), call)
    must_not_modify(call, x=(given, x))
    more = {"x": x, "w1": w1, "w2": w2} if x.size <= 2 else {}
    law = "the input arrives where shapes differ, too" if zero else "the input is added to the branch"
    must_be_close(y, _wider(x, w1, w2), law, call, **more)


def padded_gradient(backward, shape, wide, seed, *, zero=False):
    """wider_block_backward(dy, x, w1, w2) is dx.

    Args: as for `shortcut_is_padded`.
    """
    x, w1, w2, dy = _draw(shape, wide, seed, np.float64)
    w2 = 0 * w2 if zero else w2
    given, call = (
        (dy.copy(), x.copy()),
        f"wider_block_backward(dy, x, w1, w2), from {shape[1]} to {wide} numbers",
    )
    dx = must_be_array(backward(*given, w1.copy(), w2.copy()), shape, call)
    must_not_modify(call, dy=(given[0], dy), x=(given[1], x))
    more = {"dy": dy} if zero else {}
    law = "the shortcut hands back what it handed on" if zero else "the gradient comes back along both ways"
    expected = numerical_gradient(lambda x: _wider(x, w1, w2), x, dy)
    must_be_close(dx, expected, law, f"{call}{', w2 is zero' * zero}", rtol=1e-3, **more)


def _draw(shape, wide, seed, dtype):
    rng = np.random.default_rng(seed)
    sizes = shape, (wide, shape[1]), (wide, wide), (shape[0], wide)
    return tuple(rng.standard_normal(size).astype(dtype) for size in sizes)


def _branch(x, w1, w2):
    return np.maximum(x @ w1.T, 0) @ w2.T


def _wider(x, w1, w2):
    return _branch(x, w1, w2) + np.pad(x, ((0, 0), (0, len(w2) - x.shape[1])))
