"""Property checkers of the exercise on the backward passes of dropout.

The rule at the head of `coursepkg.checks` holds: answers get arrays, numbers and generators, and only what
they return is looked at. `p` is the probability of dropping.
"""

import numpy as np

from coursepkg.checks.dropout.masks import coins, inputs, must_agree_where
from coursepkg.checks.properties import (
    Violation,
    counter_example,
    must_be_array,
    must_be_close,
    must_not_modify,
    show,
)
from coursepkg.gradcheck import numerical_gradient


def classic_backward(classic_backward, p, shape, seed, training):
    """classic_backward(dy, mask, p, training): dy * mask in training; (1 - p) dy in use, with mask None."""
    call = f"classic_backward(dy, {'mask' if training else 'None'}, {show(p)}, {training})"
    dy, mask = inputs(shape, seed), coins(shape, p, seed)
    before = dy.copy(), mask.copy()
    dx = must_be_array(classic_backward(dy, mask if training else None, p, training), shape, call)
    must_not_modify(call, dy=(dy, before[0]), mask=(mask, before[1]))
    dy, mask = before
    if training:
        must_agree_where(
            dx, np.zeros(shape), ~mask, "a dropped unit passes nothing back", call, dy, mask, name="dy"
        )
        must_agree_where(dx, dy, mask, "a classic survivor passes back dy", call, dy, mask, name="dy")
    else:
        must_be_close(dx, (1 - p) * dy, "in use every unit passes back (1 - p) dy", call, dy=dy)


def hidden_layer_gradients(hidden_layer_backward, sizes, p, seed):
    """hidden_layer_backward(dy, x, W, mask, p): dx, dW, db of y = dropout(x W^T + b), against finite
    differences.

    Args:
        hidden_layer_backward: the answer.
        sizes: pictures in the batch, inputs, hidden units.
        p: probability of dropping.
        seed: seed of the numbers.
    """
    n, d, h = sizes
    call = f"hidden_layer_backward(dy, x, W, mask, {show(p)}) with dy {(n, h)}, x {(n, d)}, W {(h, d)}"
    x, w, dy, b = inputs((n, d), seed), inputs((h, d), seed + 1), inputs((n, h), seed + 2), np.zeros(h)
    mask = coins((n, h), p, seed)
    given = {"dy": dy, "x": x, "W": w, "mask": mask}
    before = {name: array.copy() for name, array in given.items()}
    back = hidden_layer_backward(dy, x, w, mask, p)
    if not isinstance(back, (tuple, list)) or len(back) != 3:
        raise Violation("returns dx, dW, db", counter_example(call, back, "three arrays: dx, dW, db"))
    must_not_modify(call, **{name: (array, before[name]) for name, array in given.items()})

    def loss(db=b, dW=before["W"], dx=before["x"]):
        return float(np.sum(before["dy"] * before["mask"] * (dx @ dW.T + db) / (1 - p)))

    for name, array, got in zip(
        ("db", "dW", "dx"), (b, before["W"], before["x"]), reversed(back), strict=True
    ):
        got = must_be_array(got, array.shape, call, name)
        slopes = numerical_gradient(lambda value, name=name: loss(**{name: value}), array)
        must_be_close(got, slopes, f"{name} agrees with finite differences", f"{call}, {name}")
