"""Property checkers of the exercise on inverted dropout: its mask, and the mask applied.

The rule at the head of `coursepkg.checks` holds: answers get arrays, numbers and generators, and only what
they return is looked at. `p` is the probability of dropping.
"""

import numpy as np

from coursepkg.checks.dropout.masks import (
    must_agree_where,
    must_be_independent,
    must_follow_the_generator,
    must_have_share,
    must_leave_nothing,
)
from coursepkg.checks.properties import Violation, counter_example, must_be_array, must_not_modify, show


def mask_is_boolean(sample_mask, shape, p, seed):
    """The mask is a boolean array of the shape asked for."""
    call = f"sample_mask({shape}, {p}, rng)"
    mask = must_be_array(sample_mask(shape, p, np.random.default_rng(seed)), shape, call)
    if mask.dtype != bool:
        raise Violation(
            "a mask is boolean",
            counter_example(call, f"an array of {mask.dtype}", "an array of bool, True = kept"),
        )


def mask_keeps_the_right_share(sample_mask, p, seed):
    """A share 1 - p of all units is kept, within a binomial bound."""
    shape = (200, 500)
    call = f"sample_mask({shape}, {p}, rng)"
    kept = must_be_array(sample_mask(shape, p, np.random.default_rng(seed)), shape, call) != 0
    must_have_share(kept, p, call)


def mask_tosses_one_coin_per_unit(sample_mask, seed):
    """Units are independent: within a draw, along both axes, and in how many there are of them."""
    shape, draws = (40, 50), 60
    call = f"sample_mask({shape}, 0.5, rng)"
    masks = np.stack(
        [
            must_be_array(sample_mask(shape, 0.5, np.random.default_rng([seed, i])), shape, call) != 0
            for i in range(draws)
        ]
    )
    must_be_independent(masks[:, 0::2], masks[:, 1::2], call, "a row and the next one")
    must_be_independent(masks[:, :, 0::2], masks[:, :, 1::2], call, "a column and the next one")
    counts = masks.reshape(draws, -1).sum(axis=1)
    share = float(masks.mean())
    spread, usual = float(np.std(counts)), np.sqrt(40 * 50 * share * (1 - share))
    if 0 < share < 1 and not usual / 2 < spread < usual * 2:
        raise Violation(
            "each unit has its own coin",
            counter_example(
                f"{call}, {draws} times",
                f"survivors {show(counts[:6])} ..., which vary by {spread:.1f}",
                f"counts that vary by about {usual:.0f}: the number of survivors is random too",
            ),
        )


def mask_follows_the_generator(sample_mask, seed):
    """The generator that is handed in decides: same seed same mask, other seed other mask."""
    shape, call = (8, 25), "sample_mask((8, 25), 0.5, rng)"
    first, again, other = (
        must_be_array(sample_mask(shape, 0.5, np.random.default_rng(s)), shape, call)
        for s in (seed, seed, seed + 1)
    )
    must_follow_the_generator(first, again, other, call)


def masked_values(apply_mask, x, mask, p):
    """apply_mask(x, mask, p): dropped units are zero, survivors are scaled, the inputs stay as they are."""
    call = f"apply_mask(x, mask, {p})"
    before = x.copy(), mask.copy()
    y = must_be_array(apply_mask(x, mask, p), x.shape, call)
    must_not_modify(call, x=(x, before[0]), mask=(mask, before[1]))
    x, mask = before
    if p == 1:
        must_leave_nothing(y, call, x)
        return
    must_agree_where(y, np.zeros_like(x), ~mask, "dropped units are zero", call, x, mask)
    must_agree_where(y, x / (1 - p), mask, "survivors are scaled by 1 / (1 - p)", call, x, mask)
