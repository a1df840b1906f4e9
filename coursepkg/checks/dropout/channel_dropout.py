"""Property checkers of the exercise on dropping whole channels.

The rule at the head of `coursepkg.checks` holds: answers get arrays, numbers and generators, and only what
they return is looked at. `p` is the probability of dropping, pictures are (N, C, H, W), masks (N, C, 1, 1).
"""

import numpy as np

from coursepkg.checks.dropout.masks import (
    coins,
    inputs,
    must_agree_where,
    must_be_independent,
    must_follow_the_generator,
    must_have_share,
    must_have_values,
    must_leave_nothing,
)
from coursepkg.checks.properties import (
    Violation,
    counter_example,
    must_be_array,
    must_be_close,
    must_be_number,
    must_be_predicted,
    must_be_right_choices,
    must_not_modify,
    show,
)


def channels_drop_whole(channel_dropout, p, shape, seed, dtype=np.float64):
    """A channel is zero throughout or x / (1 - p) throughout, and the mask says which."""
    call, x = f"channel_dropout(x, {show(p)}, rng), x {shape}", inputs(shape, seed, dtype)
    before = x.copy()
    y, mask = _output_and_mask(channel_dropout(x, p, np.random.default_rng(seed)), call)
    y = must_be_array(y, shape, call, "y")
    must_not_modify(call, x=(x, before))
    zeros = np.mean(y == 0, axis=(2, 3))
    for n, c in np.argwhere((zeros > 0) & (zeros < 1)):
        got = f"y[{n}, {c}] = {show(y[n, c])}"
        raise Violation("a channel is dropped whole", counter_example(call, got, "no zeros, or only zeros"))
    if p == 1:
        must_leave_nothing(y, call, before)
    else:
        must_have_values(y, before / (1 - p), before, "survivors are scaled by 1 / (1 - p)", call)
    mask = must_be_array(mask, (*shape[:2], 1, 1), call, "mask")
    if mask.dtype != bool:
        message = counter_example(call, f"an array of {mask.dtype}", "an array of bool, True = kept")
        raise Violation("a mask is boolean", message)
    for n, c in np.argwhere(mask[:, :, 0, 0] != (zeros < 1)):
        got = f"mask[{n}, {c}] = {mask[n, c, 0, 0]}, y[{n}, {c}] = {show(y[n, c])}"
        message = counter_example(call, got, "True where the channel was kept")
        raise Violation("the mask returned is the one applied", message)


def channels_have_their_own_coins(channel_dropout, seed):
    """The generator decides, and channels are independent, from picture to picture and within one."""
    shape, call = (60, 40, 2, 2), "channel_dropout(ones((60, 40, 2, 2)), 0.5, rng)"
    first, again, other = (
        _kept_channels(channel_dropout, shape, 0.5, s, call) for s in (seed, seed, seed + 1)
    )
    must_follow_the_generator(first, again, other, call)
    kept = np.stack([first, other])
    must_be_independent(kept[:, 0::2], kept[:, 1::2], call, "the channels of a picture and of the next one")
    must_be_independent(kept[:, :, 0::2], kept[:, :, 1::2], call, "a channel and the next one")


def channels_have_the_right_share(channel_dropout, p, seed):
    """A share p of all channels is dropped, within a binomial bound."""
    shape, call = (200, 250, 1, 2), f"channel_dropout(ones((200, 250, 1, 2)), {show(p)}, rng)"
    must_have_share(_kept_channels(channel_dropout, shape, p, seed, call), p, call)


def pooled_channels_backward(pooled_backward, p, shape, seed):
    """pooled_backward(dy, mask, p, height, width): the gradient of channel dropout and a global average."""
    (n, c, height, width), call = shape, f"pooled_backward(dy, mask, {show(p)}, {shape[2]}, {shape[3]})"
    dy, mask = inputs((n, c), seed), coins((n, c, 1, 1), p, seed)
    before = dy.copy(), mask.copy()
    dx = must_be_array(pooled_backward(dy, mask, p, height, width), shape, call)
    must_not_modify(call, dy=(dy, before[0]), mask=(mask, before[1]))
    dy, kept = (np.broadcast_to(a.reshape(n, c, 1, 1), shape) for a in before)
    law = "a dropped channel passes nothing back"
    must_agree_where(dx, np.zeros(shape), ~kept, law, call, dy, kept, name="dy of its channel")
    law, each = (
        "each pixel of a survivor gets dy / (1 - p) / (height * width)",
        dy / (1 - p) / (height * width),
    )
    must_be_close(np.where(kept, dx, 0), np.where(kept, each, 0), law, call, dy=before[0])


def noise_of_an_average(value, name, p, coins_in_it):
    """The standard deviation of the mean of a map of ones, behind dropout with so many coins for the map."""
    law = "the noise of an average falls with the root of its coins"
    small = "at p = 0.5 one coin makes the mean 0 or 2, a deviation of 1; two coins 0, 1, 1 or 2, one of 0.71"
    must_be_predicted(value, name, np.sqrt(p / (1 - p) / coins_in_it), law, small, rtol=0.03)


def survivors_are_asked(fill, kept, seed, property):
    """fill(x, mask): for every pixel the mean of the kept ones among its up to four neighbors, 0 without any.

    Args:
        fill: the answer.
        kept: strings of one length, one per row of a picture, 1 where a pixel is kept; or a list of such
            pictures, which become the channels of one.
        seed: seed of the pixels.
        property: what this picture is about, for the message.
    """
    channels = [kept] if isinstance(kept[0], str) else kept
    mask = np.array([[[[letter == "1" for letter in row] for row in rows] for rows in channels]])
    x = inputs(mask.shape, seed)
    before, (height, width) = (x.copy(), mask.copy()), mask.shape[2:]
    call = f"fill(x, mask), {len(channels)} channel{'s' * (len(channels) > 1)} of {height} x {width} pixels"
    got = must_be_array(fill(x, mask), x.shape, call)
    must_not_modify(call, x=(x, before[0]), mask=(mask, before[1]))
    x, mask = before
    small = {"x": x[0, 0], "mask": mask[0, 0].astype(int)} if x.size <= 9 else {}
    if small:
        must_be_close(got[0, 0], _filled(x, mask)[0, 0], property, call, **small)
    must_be_close(got, _filled(x, mask), property, call)


def neighbor_correlation(value, name, x):
    """The correlation of pixels and their right-hand neighbors, over all pictures and places."""
    expected = np.corrcoef(x[..., :-1].ravel(), x[..., 1:].ravel())[0, 1]
    _measured(value, name, expected, "neighboring pixels are much alike")


def recovered_share(value, name, x, mask, property):
    """1 less the squares that `fill` leaves, as a share of all squares, over the dropped pixels."""
    dropped = ~np.broadcast_to(mask, x.shape)
    left = ((_filled(x, ~dropped) - x)[dropped] ** 2).sum()
    _measured(value, name, 1 - left / (x[dropped] ** 2).sum(), property)


def masks_without_neighbors(value, name):
    """The mask shapes under which a dropped pixel never has a surviving neighbor in its map."""
    reasons = {
        "(N, C, H, W)": "a pixel is dropped, the one beside it has a coin of its own",
        "(N, C, 1, 1)": "one coin for all pixels of a map",
        "(N, 1, 1, 1)": "one coin for all maps of a picture, so for all pixels of each",
        "(N, 1, H, W)": "the same holes in each map, and beside a hole there is a pixel with its own coin",
        "(N, C, H, 1)": "a row is dropped, the row below has a coin of its own",
    }
    right = ["(N, C, 1, 1)", "(N, 1, 1, 1)"]
    must_be_right_choices(value, name, reasons, right, "nothing is left in the map if the map has one coin")


def _output_and_mask(back, call):
    if not isinstance(back, (tuple, list)) or len(back) != 2:
        advice = "Is there a return in every branch?" if back is None else ""
        raise Violation("returns (y, mask)", counter_example(call, back, "two arrays"), advice=advice)
    return back


def _kept_channels(channel_dropout, shape, p, seed, call):
    y, _ = _output_and_mask(channel_dropout(np.ones(shape), p, np.random.default_rng(seed)), call)
    return must_be_array(y, shape, call, "y").any(axis=(2, 3))


def _filled(x, mask):
    """Each pixel as the mean of its surviving neighbors, by padding with nobody."""
    sums, counts = np.zeros(x.shape), np.zeros(x.shape)
    height, width = x.shape[2:]
    ring = (0, 0), (0, 0), (1, 1), (1, 1)
    values, there = np.pad(np.where(mask, x, 0), ring), np.pad(mask, ring)
    for i, j in ((0, 1), (2, 1), (1, 0), (1, 2)):
        sums += values[:, :, i : i + height, j : j + width]
        counts += there[:, :, i : i + height, j : j + width]
    return sums / np.maximum(counts, 1)


def _measured(value, name, expected, property):
    got = must_be_number(value, name)
    if not abs(got - expected) <= 1e-3 * max(abs(expected), 0.1):
        raise Violation(property, counter_example(name, got, "what your own fill, or corrcoef, measures"))
