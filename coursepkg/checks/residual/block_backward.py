"""Property checkers of the exercise on the gradients of a residual block.

The rule at the head of `coursepkg.checks` holds: answers get arrays, and only what they return is looked at.
The block is relu(x @ w1.T) @ w2.T + x, for x (N, n), w1 (m, n) and w2 (n, m).
"""

from itertools import count

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


def predicted_gradient(value, name, expected, small):
    """A gradient through a chain of blocks, worked out with a pencil."""
    must_be_predicted(value, name, expected, "each block multiplies by 1 plus its branch's slope", small)


def input_is_added(block, shape, hidden, seed, *, zero=False, dtype=np.float64):
    """block(x, w1, w2) is the branch's output plus x.

    Args:
        block: the answer.
        shape: (N, n) of x.
        hidden: m.
        seed: of the numbers.
        zero: whether w2 is zero, so that the block copies.
        dtype: of the numbers.
    """
    x, w1, w2, _ = _draw(shape, hidden, seed, dtype)
    w2 = 0 * w2 if zero else w2
    given, call = (x.copy(), w1.copy(), w2.copy()), f"block(x, w1, w2), x of shape {tuple(shape)}"
    y = must_be_array(block(*given), shape, call)
    must_not_modify(call, x=(given[0], x), w1=(given[1], w1), w2=(given[2], w2))
    law = "a branch of zero copies its input" if zero else "the input is added to the branch"
    more = {"x": x, "w1": w1, "w2": w2} if x.size <= 2 else {}
    must_be_close(y, _block(x, w1, w2), law, call, **more)


def gradients_come_back(backward, shape, hidden, seed, *, zero=False, dtype=np.float64):
    """block_backward(dy, x, w1, w2) is (dx, dw1, dw2).

    Args: as for `input_is_added`.
    """
    x, w1, w2, dy = _draw(shape, hidden, seed, dtype)
    w2 = 0 * w2 if zero else w2
    x[1:2] = 0  # the second example, if there is one: its ReLUs get exactly 0
    given = dy.copy(), x.copy(), w1.copy(), w2.copy()
    call = f"block_backward(dy, x, w1, w2), x of shape {tuple(shape)}"
    back = backward(*given)
    for name, now, then in zip(("dy", "x", "w1", "w2"), given, (dy, x, w1, w2), strict=True):
        must_not_modify(call, **{name: (now, then)})
    if not isinstance(back, (tuple, list)) or len(back) != 3:
        raise Violation("returns three arrays", counter_example(call, show(back), "dx, dw1, dw2"))
    dx, dw1, dw2 = (
        must_be_array(each, like.shape, call, name)
        for each, like, name in zip(back, (x, w1, w2), ("dx", "dw1", "dw2"), strict=True)
    )
    more = {"x": x, "w1": w1, "w2": w2, "dy": dy} if x.size <= 2 else {}
    if zero:
        must_be_close(dx, dy, "behind a branch of zero the gradient is unchanged", call, **more)
    right = _gradients(dy, x, w1, w2)
    must_be_close(dx, right[0], "the gradient comes back along both ways", f"dx of {call}", rtol=1e-3, **more)
    law = "a weight's gradient adds up over the examples"
    must_be_close(dw2, right[2], law, f"dw2 of {call}", rtol=1e-3, **more)
    must_be_close(dw1, right[1], law, f"dw1 of {call}", rtol=1e-3, **more)


def relu_behind_the_sum(backward, shape, hidden, seed, *, zero=False):
    """block_relu_backward(dy, x, w1, w2) is dx of relu(block(x, w1, w2)).

    Args: as for `input_is_added`.
    """
    x, w1, w2, dy = _draw_for_relu(shape, hidden, seed)
    w2 = 0 * w2 if zero else w2
    given, call = (
        (dy.copy(), x.copy(), w1.copy(), w2.copy()),
        (f"block_relu_backward(dy, x, w1, w2), x of shape {tuple(shape)}"),
    )
    dx = must_be_array(backward(*given), shape, call)
    must_not_modify(call, dy=(given[0], dy), x=(given[1], x))
    right = _gradients(dy * (_block(x, w1, w2) > 0), x, w1, w2)[0]
    law = "a ReLU behind the sum stops both ways" if zero else "the last ReLU comes first on the way back"
    more = {"x": x, "dy": dy} if zero else {}
    must_be_close(dx, right, law, f"{call}{', w2 is zero' * zero}", rtol=1e-3, **more)


def _draw(shape, hidden, seed, dtype):
    rng = np.random.default_rng(seed)
    x, dy = rng.standard_normal(shape), rng.standard_normal(shape)
    w1, w2 = rng.standard_normal((hidden, shape[1])), rng.standard_normal((shape[1], hidden))
    return tuple(array.astype(dtype) for array in (x, w1, w2, dy))


def _draw_for_relu(shape, hidden, seed):
    """Numbers that tell at which end of the block the last ReLU's mask was applied.

    In each example the branch is on, and some of the sums are positive, others negative.
    """
    for attempt in count():
        x, w1, w2, dy = _draw(shape, hidden, [seed, attempt], np.float64)
        on, passed = x @ w1.T > 0, _block(x, w1, w2) > 0
        if np.all(on.any(axis=1) & passed.any(axis=1) & ~passed.all(axis=1)):
            return x, w1, w2, dy


def _block(x, w1, w2):
    return np.maximum(x @ w1.T, 0) @ w2.T + x


def _gradients(dy, x, w1, w2):
    z = x @ w1.T
    dz = (dy @ w2) * (z > 0)
    return dz @ w1 + dy, dz.T @ x, dy.T @ np.maximum(z, 0)
