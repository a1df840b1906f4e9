"""Property checkers of the dropout exercises. Dropout is judged by its laws, never by a random stream.

The rule at the head of `coursepkg.checks` holds: answers get arrays, numbers and generators, and only what they
return is looked at. `p` is the probability of dropping. Every checker raises `Violation(property, message)`.
"""

import numpy as np

from coursepkg.checks.properties import (
    RTOL,
    Violation,
    counter_example,
    must_be_array,
    must_be_close,
    must_be_number,
    must_not_modify,
    must_refuse,
    show,
)

SIGMAS = 6.5  # a right answer strays this far once in ten billion draws


def inputs(shape, seed, dtype=np.float64):
    """Numbers without zeros, so that a zero in the output means dropped.

    Args:
        shape: shape of the array.
        seed: seed of the draw.
        dtype: float type.
    Returns:
        numpy.ndarray: of magnitude 0.5 to 2, both signs, rounded to two decimals.
    """
    rng = np.random.default_rng(seed)
    return (np.round(rng.uniform(0.5, 2.0, shape), 2) * rng.choice([-1, 1], shape)).astype(dtype)


def coins(shape, p, seed):
    """A mask for checkers that hand one to the answer: True = kept, at least one unit kept and one dropped.

    Args:
        shape: shape of the mask, at least two elements.
        p: probability of dropping.
        seed: seed of the draw.
    Returns:
        numpy.ndarray: bool.
    """
    mask = np.random.default_rng(seed).random(shape) >= p
    mask.flat[0], mask.flat[1] = True, False
    return mask


# Masks: sample_mask(shape, p, rng) -> boolean array, True = kept.


def mask_is_boolean(sample_mask, shape, p, seed):
    """The mask is a boolean array of the shape asked for."""
    call = f"sample_mask({shape}, {p}, rng)"
    mask = must_be_array(sample_mask(shape, p, np.random.default_rng(seed)), shape, call)
    if mask.dtype != bool:
        raise Violation(
            "a mask is boolean", counter_example(call, f"an array of {mask.dtype}", "an array of bool, True = kept")
        )


def mask_keeps_the_right_share(sample_mask, p, seed):
    """A share 1 - p of all units is kept, within a binomial bound."""
    shape = (200, 500)
    call = f"sample_mask({shape}, {p}, rng)"
    kept = must_be_array(sample_mask(shape, p, np.random.default_rng(seed)), shape, call) != 0
    _right_share(kept, p, call)


def mask_tosses_one_coin_per_unit(sample_mask, seed):
    """Units are independent: within a draw, along both axes, and in how many there are of them."""
    shape, draws = (40, 50), 60
    call = f"sample_mask({shape}, 0.5, rng)"
    masks = np.stack(
        [must_be_array(sample_mask(shape, 0.5, np.random.default_rng([seed, i])), shape, call) != 0 for i in range(draws)]
    )
    _independent(masks[:, 0::2], masks[:, 1::2], call, "a row and the next one")
    _independent(masks[:, :, 0::2], masks[:, :, 1::2], call, "a column and the next one")
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
        must_be_array(sample_mask(shape, 0.5, np.random.default_rng(s)), shape, call) for s in (seed, seed, seed + 1)
    )
    _follows_the_generator(first, again, other, call)


# Inverted dropout.


def masked_values(apply_mask, x, mask, p):
    """apply_mask(x, mask, p): dropped units are zero, survivors are scaled, the inputs stay as they are."""
    call = f"apply_mask(x, mask, {p})"
    before = x.copy(), mask.copy()
    y = must_be_array(apply_mask(x, mask, p), x.shape, call)
    must_not_modify(call, x=(x, before[0]), mask=(mask, before[1]))
    x, mask = before
    if p == 1:
        _nothing_left(y, call, x)
        return
    _first_difference(y, np.zeros_like(x), ~mask, "dropped units are zero", call, x, mask)
    _first_difference(y, x / (1 - p), mask, "survivors are scaled by 1 / (1 - p)", call, x, mask)


def inverted_dropout_values(dropout, p, shape, seed, dtype=np.float64):
    """dropout(x, p, True, rng): every value is 0 or x / (1 - p), and x stays as it is."""
    call = f"dropout(x, {p}, True, rng)"
    x = inputs(shape, seed, dtype)
    before = x.copy()
    y = must_be_array(dropout(x, p, True, np.random.default_rng(seed)), shape, call)
    must_not_modify(call, x=(x, before))
    if p == 1:
        _nothing_left(y, call, before)
        return
    _zero_or(y, before / (1 - p), before, "survivors are scaled by 1 / (1 - p)", call)
    if p == 0:
        must_be_close(y, before, "p = 0 changes nothing", call, x=before)


def inverted_dropout_share(dropout, p, seed):
    """dropout(x, p, True, rng) drops a share p, and keeps the mean."""
    call = f"dropout(ones((200, 500)), {p}, True, rng)"
    y = must_be_array(dropout(np.ones((200, 500)), p, True, np.random.default_rng(seed)), (200, 500), call)
    _right_share(y != 0, p, call)
    bound = SIGMAS * np.sqrt(p / (1 - p) / y.size) + RTOL
    if not abs(y.mean() - 1) <= bound:
        raise Violation("the mean is kept", counter_example(call, f"a mean of {y.mean():.4f}", "a mean of about 1"))


def inverted_dropout_draws_anew(dropout, seed):
    """dropout(x, p, True, rng): the generator decides, and there is one coin per unit, not one per row or column."""
    x, call = np.ones((40, 50)), "dropout(ones((40, 50)), 0.5, True, rng)"
    first, again, other = (
        must_be_array(dropout(x, 0.5, True, np.random.default_rng(s)), x.shape, call) for s in (seed, seed, seed + 1)
    )
    _follows_the_generator(first, again, other, call)
    kept = np.stack([first, other]) != 0
    _independent(kept[:, 0::2], kept[:, 1::2], call, "a row and the next one")
    _independent(kept[:, :, 0::2], kept[:, :, 1::2], call, "a column and the next one")


def inverted_dropout_evaluation(dropout, p, shape, seed):
    """dropout(x, p, False, rng) is the identity."""
    call = f"dropout(x, {p}, False, rng)"
    x = inputs(shape, seed)
    before = x.copy()
    y = must_be_array(dropout(x, p, False, np.random.default_rng(seed)), shape, call)
    must_not_modify(call, x=(x, before))
    must_be_close(y, before, "evaluation changes nothing", call, x=before)


# What several checkers share.


def _right_share(kept, p, call):
    share, bound = float(np.mean(kept)), SIGMAS * np.sqrt(p * (1 - p) / kept.size)
    if p in (0, 1):
        if share != 1 - p:
            raise Violation(
                "p = 0 keeps everything, p = 1 drops everything",
                counter_example(call, f"{share:.1%} kept", f"{1 - p:.0%} kept"),
            )
    elif not abs(share - (1 - p)) <= bound:
        raise Violation(
            "p is the probability of dropping",
            counter_example(call, f"{1 - share:.1%} dropped", f"about {p:.0%} dropped"),
        )


def _independent(one, other, call, what):
    if one.std() == 0 or other.std() == 0:
        return  # all kept or all dropped: another law's business
    correlation = float(np.corrcoef(one.ravel(), other.ravel())[0, 1])
    if not abs(correlation) <= SIGMAS / np.sqrt(one.size):
        raise Violation(
            "each unit has its own coin",
            counter_example(call, f"{what} are correlated: {correlation:.2f}", "about 0, as for independent coins"),
        )


def _follows_the_generator(first, again, other, call):
    if not np.array_equal(first, again):
        raise Violation(
            "the generator decides", counter_example(f"{call}, twice, same seed", "two different masks", "the same mask")
        )
    if np.array_equal(first, other):
        raise Violation(
            "the generator decides", counter_example(f"{call}, twice, other seed", "the same mask", "different masks")
        )


def _nothing_left(y, call, x):
    if not np.array_equal(y, np.zeros_like(y)):
        raise Violation("p = 1 gives zeros", counter_example(call, y, np.zeros_like(y), x=x))


def _first_difference(y, expected, where, property, call, x, mask):
    """Like must_be_close, but only where `where` holds, and shown for one unit."""
    wrong = where & ~(np.abs(y - expected) <= RTOL * np.maximum(np.abs(expected), 1))
    if wrong.any():
        i = tuple(int(k) for k in np.argwhere(wrong)[0])
        place = "[" + ", ".join(map(str, i)) + "]"
        raise Violation(
            property,
            counter_example(
                call,
                f"{show(y[i])} at {place}",
                f"{show(expected[i])} at {place}",
                x=f"{show(x[i])} at {place}",
                mask=f"{mask[i]} at {place} ({'kept' if mask[i] else 'dropped'})",
            ),
        )


def _zero_or(y, scaled, x, property, call):
    wrong = ~((y == 0) | (np.abs(y - scaled) <= RTOL * np.abs(scaled)))
    if wrong.any():
        i = tuple(int(k) for k in np.argwhere(wrong)[0])
        raise Violation(
            property, counter_example(call, show(y[i]), f"0 or {show(scaled[i])}", label="allowed", x=show(x[i]))
        )
