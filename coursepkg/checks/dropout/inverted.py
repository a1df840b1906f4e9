"""The laws of inverted dropout, forward and backward, which more than one exercise asks for.

The rule at the head of `coursepkg.checks` holds: answers get arrays, numbers and generators, and only what
they return is looked at. `p` is the probability of dropping.
"""

import numpy as np

from coursepkg.checks.dropout.masks import (
    coins,
    farthest,
    inputs,
    must_agree_where,
    must_be_independent,
    must_follow_the_generator,
    must_have_share,
    must_have_values,
    must_leave_nothing,
)
from coursepkg.checks.properties import (
    RTOL,
    Violation,
    counter_example,
    must_be_array,
    must_be_close,
    must_not_modify,
    show,
)


def inverted_dropout_values(dropout, p, shape, seed, dtype=np.float64):
    """dropout(x, p, True, rng): every value is 0 or x / (1 - p), and x stays as it is."""
    call = f"dropout(x, {p}, True, rng)"
    x = inputs(shape, seed, dtype)
    before = x.copy()
    y = must_be_array(dropout(x, p, True, np.random.default_rng(seed)), shape, call)
    must_not_modify(call, x=(x, before))
    if p == 1:
        must_leave_nothing(y, call, before)
        return
    must_have_values(y, before / (1 - p), before, "survivors are scaled by 1 / (1 - p)", call)
    if p == 0:
        must_be_close(y, before, "p = 0 changes nothing", call, x=before)


def inverted_dropout_share(dropout, p, seed):
    """dropout(x, p, True, rng) drops a share p, and keeps the mean."""
    call = f"dropout(ones((200, 500)), {p}, True, rng)"
    y = must_be_array(dropout(np.ones((200, 500)), p, True, np.random.default_rng(seed)), (200, 500), call)
    must_have_share(y != 0, p, call)
    odds = p / (1 - p)  # the variance of one value; it strays from 1 by 1 or by the odds
    bound = farthest(odds * y.size, max(1, odds)) / y.size + RTOL
    if not abs(y.mean() - 1) <= bound:
        raise Violation(
            "the mean is kept", counter_example(call, f"a mean of {y.mean():.4f}", "a mean of about 1")
        )


def inverted_dropout_draws_anew(dropout, seed):
    """dropout(x, p, True, rng): the generator decides, and there is one coin per unit."""
    x, call = np.ones((40, 50)), "dropout(ones((40, 50)), 0.5, True, rng)"
    first, again, other = (
        must_be_array(dropout(x, 0.5, True, np.random.default_rng(s)), x.shape, call)
        for s in (seed, seed, seed + 1)
    )
    must_follow_the_generator(first, again, other, call)
    kept = np.stack([first, other]) != 0
    must_be_independent(kept[:, 0::2], kept[:, 1::2], call, "a row and the next one")
    must_be_independent(kept[:, :, 0::2], kept[:, :, 1::2], call, "a column and the next one")


def inverted_dropout_evaluation(dropout, p, shape, seed):
    """dropout(x, p, False, rng) is the identity."""
    call = f"dropout(x, {p}, False, rng)"
    x = inputs(shape, seed)
    before = x.copy()
    y = must_be_array(dropout(x, p, False, np.random.default_rng(seed)), shape, call)
    must_not_modify(call, x=(x, before))
    must_be_close(y, before, "evaluation changes nothing", call, x=before)


def inverted_backward(dropout_backward, p, shape, seed, mask=None):
    """dropout_backward(dy, mask, p): zero where dropped, dy / (1 - p) where kept."""
    call = f"dropout_backward(dy, mask, {show(p)})"
    dy, mask = inputs(shape, seed), coins(shape, p, seed) if mask is None else mask
    before = dy.copy(), mask.copy()
    dx = must_be_array(dropout_backward(dy, mask, p), shape, call)
    must_not_modify(call, dy=(dy, before[0]), mask=(mask, before[1]))
    dy, mask = before
    must_agree_where(
        dx, np.zeros(shape), ~mask, "a dropped unit passes nothing back", call, dy, mask, name="dy"
    )
    if p < 1:
        must_agree_where(
            dx, dy / (1 - p), mask, "a survivor passes back dy / (1 - p)", call, dy, mask, name="dy"
        )
