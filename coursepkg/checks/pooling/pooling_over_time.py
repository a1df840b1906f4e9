"""Property checkers of the exercise on pooling over time, for sequences of different lengths.

The rule at the head of `coursepkg.checks` holds: answers get arrays and numbers, and only what they return is
looked at. Sequences are (N, C, L) with their lengths (N,). Every checker raises Violation.
"""

import numpy as np

from coursepkg.checks.draws import distinct
from coursepkg.checks.properties import (
    Violation,
    counter_example,
    must_be_array,
    must_be_close,
    must_not_modify,
    show,
)
from coursepkg.gradcheck import numerical_gradient


def largest_over_time(masked_max, channels, lengths, longest, seed, *, sign=0, shift=0.0, dtype=np.float64):
    """masked_max(x, lengths) is the largest value of the true part, also where all of them are negative.

    Args:
        masked_max: the answer.
        channels: number of channels.
        lengths: list of the lengths.
        longest: L, at least the largest of them.
        seed: of the values.
        sign: -1 makes all values negative, 0 leaves both signs.
        shift: added to the true values.
        dtype: of the values.
    """
    x, n = _sequences(channels, lengths, longest, seed, sign, dtype)
    x = np.where(np.arange(longest) < n[:, None, None], x + dtype(shift), x)
    y = _over_time(masked_max, "masked_max", x, n)
    expected = np.array([row[:, :length].max(axis=1) for row, length in zip(x, lengths, strict=True)])
    call, more = _call("masked_max", x), _small(x, n)
    for i, c in np.argwhere(y > expected):
        if not np.isin(y[i, c], x[i, :, : lengths[i]]):
            got, right = f"{show(y[i, c])} at [{i}, {c}]", f"{show(expected[i, c])} at [{i}, {c}]"
            raise Violation("padding never wins", counter_example(call, got, right, **more))
    must_be_close(y, expected, "the largest value of the true part", call, **more)
    _same_with_other_padding(masked_max, "masked_max", y, x, n)


def mean_over_time(masked_mean, channels, lengths, longest, seed, *, dtype=np.float64):
    """masked_mean(x, lengths) divides the sum of the true part by the true length."""
    x, n = _sequences(channels, lengths, longest, seed, 0, dtype)
    y = _over_time(masked_mean, "masked_mean", x, n)
    expected = np.array([row[:, :length].mean(axis=1) for row, length in zip(x, lengths, strict=True)])
    law, call = "the sum is divided by the true length", _call("masked_mean", x)
    must_be_close(y, expected, law, call, **_small(x, n))
    _same_with_other_padding(masked_mean, "masked_mean", y, x, n)


def gradient_over_time(backward, name, channels, lengths, longest, seed):
    """The gradient of masked_max or masked_mean: none into the padding, and as finite differences say.

    Args:
        backward: the answer, masked_max_backward(dy, x, lengths) or masked_mean_backward(dy, x, lengths).
        name: of the answer.
        channels, lengths, longest, seed: of the sequences, whose values are all different.
    """
    x, n = _sequences(channels, lengths, longest, seed, -1 if "max" in name else 0, np.float64)
    dy = distinct((len(lengths), channels), seed + 1)
    before, call = (dy.copy(), x.copy(), n.copy()), f"{name}(dy, x, lengths), x of shape {x.shape}"
    dx = must_be_array(backward(dy, x, n), x.shape, call)
    must_not_modify(call, dy=(dy, before[0]), x=(x, before[1]), lengths=(n, before[2]))
    dy, x, n = before
    padding = np.broadcast_to(np.arange(longest) >= n[:, None, None], x.shape)
    more = _small(x, n) | ({"dy": dy} if x.size <= 24 else {})
    if np.any(dx[padding] != 0):
        i = tuple(int(k) for k in np.argwhere(padding & (dx != 0))[0])
        place = "[" + ", ".join(map(str, i)) + "]"
        message = counter_example(call, f"{show(dx[i])} at {place}", f"0 at {place}", **more)
        raise Violation("nothing flows into the padding", message)
    pool = np.max if "max" in name else np.mean

    def forward(x):
        return np.array([pool(row[:, :k], axis=1) for row, k in zip(x, n, strict=True)])

    law = "dx agrees with finite differences"
    must_be_close(dx, numerical_gradient(forward, x, dy), law, call, **more)


def attention_over_time(
    attention_pool, channels, lengths, longest, seed, *, scale=1.0, offset=0.0, padding=40.0
):
    """attention_pool(x, scores, lengths): a weighted mean, with a softmax of the scores of the true part.

    Args:
        attention_pool: the answer.
        channels, lengths, longest, seed: of the sequences.
        scale: spread of the scores, which has no effect on scores of 0.
        offset: added to all scores, which changes no weight.
        padding: score in the padding, in the end; 0 before.
    """
    x, n = _sequences(channels, lengths, longest, seed, 0, np.float64)
    rng = np.random.default_rng(seed)
    true = np.arange(longest) < n[:, None]
    scores = np.where(true, (8 * scale * rng.normal(0, 1, true.shape)).round() / 8 + offset, 0.0)
    equal = np.where(true, 1.5, 0.0)
    mean = np.array([row[:, :k].mean(axis=1) for row, k in zip(x, lengths, strict=True)])
    law, call = "equal scores give the mean", f"{_attention(x)}, all scores 1.5"
    must_be_close(_attend(attention_pool, x, equal, n), mean, law, call, **_small(x, n))
    loud, at = equal.copy(), rng.integers(0, n)
    loud[np.arange(len(n)), at] = 800.0
    law, call = "a very large score picks its column", f"{_attention(x)}, one score of 800 each"
    more = _small(x, n) | {"scores": loud} if x.size <= 24 else {}
    must_be_close(_attend(attention_pool, x, loud, n), x[np.arange(len(n)), :, at], law, call, **more)
    expected = np.empty(x.shape[:2])
    for i, length in enumerate(lengths):
        weights = np.exp(scores[i, :length] - scores[i, :length].max())
        expected[i] = x[i, :, :length] @ weights / weights.sum()
    y, call = _attend(attention_pool, x, scores, n), _attention(x)
    more = _small(x, n) | {"scores": scores} if x.size <= 24 else {}
    must_be_close(y, expected, "weights are a softmax over the true part", call, **more)
    other_x, other_scores = np.where(true[:, None], x, 50.0), np.where(true, scores, padding)
    law, call = "what stands in the padding does not matter", f"{call}, other numbers in the padding"
    must_be_close(_attend(attention_pool, other_x, other_scores, n), y, law, call)


def _sequences(channels, lengths, longest, seed, sign, dtype):
    x, n = distinct((len(lengths), channels, longest), seed), np.array(lengths)
    if sign:
        x = x - x.max() - 0.25
    return np.where(np.arange(longest) < n[:, None, None], x, 0).astype(dtype), n


def _over_time(answer, name, x, n):
    given, lengths = x.copy(), n.copy()
    y = must_be_array(answer(given, lengths), x.shape[:2], _call(name, x))
    must_not_modify(_call(name, x), x=(given, x), lengths=(lengths, n))
    return y


def _same_with_other_padding(answer, name, y, x, n):
    """The same result with 50, and with -50, in the padding."""
    padding = np.arange(x.shape[2]) >= n[:, None, None]
    for number in (50, -50):
        law, call = "what stands in the padding does not matter", f"{_call(name, x)}, {number} in the padding"
        other = np.where(padding, number, x).astype(x.dtype)
        must_be_close(_over_time(answer, name, other, n), y, law, call, **_small(other, n))


def _attend(attention_pool, x, scores, n):
    given = x.copy(), scores.copy(), n.copy()
    y = must_be_array(attention_pool(*given), x.shape[:2], _attention(x))
    must_not_modify(_attention(x), x=(given[0], x), scores=(given[1], scores), lengths=(given[2], n))
    return y


def _attention(x):
    return f"attention_pool(x, scores, lengths), x of shape {x.shape}"


def _call(name, x):
    return f"{name}(x, lengths), x of shape {x.shape}"


def _small(x, n):
    return {"x": x, "lengths": n} if x.size <= 24 else {}
