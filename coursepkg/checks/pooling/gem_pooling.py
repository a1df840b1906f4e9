"""Property checkers of the exercise on generalized means, from the average of a map to its maximum.

The rule at the head of `coursepkg.checks` holds: answers get arrays and numbers, and only what they return is
looked at. Maps are (N, C, H, W), and all their numbers are positive. Every checker raises Violation.
"""

import math

import numpy as np

from coursepkg.checks.draws import distinct
from coursepkg.checks.properties import (
    RTOL,
    Violation,
    counter_example,
    must_be_array,
    must_be_close,
    must_be_number,
    must_be_predicted,
    must_not_modify,
    show,
)
from coursepkg.gradcheck import numerical_gradient
from coursepkg.pooling import numpy_layers as pooling

STEP = 1e-5  # of p, for differences that are compared to four digits


def predicted_mean(value, name, numbers, p, small):
    """The generalized mean of a few numbers, worked out with a pencil."""
    expected = np.mean(np.array(numbers, float) ** p) ** (1 / p)
    must_be_predicted(value, name, expected, "the p-th root of the mean p-th power", small)


def predicted_power(value, name, places, share, small):
    """The smallest whole p with which the mean of so many places is surely this share of their maximum."""
    expected = math.ceil(math.log(places) / -math.log(share))
    must_be_predicted(value, name, expected, "at least the maximum times n ** (-1 / p)", small, rtol=1e-9)


def equal_numbers_stay(gem_pool2d, p):
    """The generalized mean of a map of equal numbers is that number, for every p."""
    x = np.full((1, 1, 2, 2), 3.0)
    y, call = _pool(gem_pool2d, x, p)
    must_be_close(y, x[:, :, :1, :1], "a map of equal numbers keeps its number", call, x=x)


def mean_of_powers(gem_pool2d, shape, p, seed, *, scale=1.0, dtype=np.float64):
    """gem_pool2d(x, p) is the p-th root of the mean p-th power of each map, however large its numbers are.

    Args:
        gem_pool2d: the answer.
        shape: of x.
        p: exponent.
        seed: of the numbers.
        scale: of the numbers; a list has one for each map.
        dtype: of x.
    """
    factor = np.broadcast_to(np.reshape(scale, (-1, 1, 1)), (shape[0] * shape[1], 1, 1))
    plain, factor = _positive(shape, seed), factor.reshape(*shape[:2], 1, 1)
    x = (plain * factor).astype(dtype)
    y, call = _pool(gem_pool2d, x, p)
    expected = _mean(plain, p) * factor
    y = y.astype(np.float64)
    wrong = ~(np.abs(y - expected) <= RTOL * expected)  # so that NaN is wrong
    if wrong.any():
        at = tuple(int(i) for i in np.argwhere(wrong)[0])
        if p == 1:
            law = "p = 1 is the average"
        elif factor[at] > 1e3:
            law = "large numbers do not overflow"
        elif factor[at] < 1e-3:
            law = "small numbers do not vanish"
        else:
            law = "the p-th root of the mean p-th power"
        place = "[" + ", ".join(map(str, at)) + "]"
        numbers = ", ".join(f"{value:.4g}" for value in x[at[:2]].ravel()[:12])
        more = {"map": f"{numbers}{', ...' if x[at[:2]].size > 12 else ''}"}
        got, right = f"{y[at]:.6g} at {place}", f"{expected[at]:.6g} at {place}"
        raise Violation(law, counter_example(call, got, right, **more))


def gradient_of_pixels(backward, shape, p, seed, *, scale=1.0):
    """gem_pool2d_backward(dy, x, p) is the gradient for x, as finite differences say; no scale changes it.

    Args:
        backward: the answer.
        shape: of x.
        p: exponent.
        seed: of the numbers.
        scale: of x.
    """
    plain = _positive(shape, seed)
    x, dy = plain * scale, distinct((*shape[:2], 1, 1), seed + 1)
    given, sized = (dy.copy(), x.copy()), f"x of shape {tuple(shape)}"
    call = f"gem_pool2d_backward(dy, x, {show(p)}), {sized}" + (f", about {scale:g}" if scale != 1 else "")
    dx = must_be_array(backward(*given, p), shape, call)
    must_not_modify(call, dy=(given[0], dy), x=(given[1], x))
    law = "dx agrees with finite differences" if scale == 1 else "the gradient does not depend on the scale"
    if p == 1:
        law = "p = 1 gives every place the same share"
    more = {"x": x, "dy": dy} if x.size <= 6 and scale == 1 else {}
    must_be_close(dx, numerical_gradient(lambda x: _mean(x, p), plain, dy), law, call, **more)


def gradient_of_power(backward_p, shape, p, seed, *, scale=1.0, positive=False):
    """gem_pool2d_backward_p(dy, x, p) is the gradient for p: one number.

    Args:
        backward_p: the answer.
        shape: of x.
        p: exponent.
        seed: of the numbers.
        scale: of x.
        positive: whether dy is 1 everywhere, so that the gradient cannot be negative.
    """
    plain = _positive(shape, seed)
    x, dy = plain * scale, distinct((*shape[:2], 1, 1), seed + 1)
    dy = np.ones_like(dy) if positive else dy
    given, sized = (dy.copy(), x.copy()), f"x of shape {tuple(shape)}"
    call = f"gem_pool2d_backward_p(dy, x, {show(p)}), {sized}" + (f", about {scale:g}" if scale != 1 else "")
    got = must_be_number(backward_p(*given, p), call)
    must_not_modify(call, dy=(given[0], dy), x=(given[1], x))
    step = STEP * max(1.0, p)
    slopes = scale * (_mean(plain, p + step) - _mean(plain, p - step)) / (2 * step)
    expected = float((dy * slopes).sum())
    bound = RTOL * np.abs(dy * slopes).sum() + 1e-6 / p * (np.abs(dy) * scale * _mean(plain, p)).sum()
    if abs(got - expected) <= bound:
        return
    law = "the gradient for p agrees with finite differences"
    if not np.isfinite(got):
        law = "large numbers do not overflow"
    elif positive and got < 0:
        law = "a larger p never gives less"
    more = {"x": x, "dy": dy} if x.size <= 6 and scale == 1 else {}
    raise Violation(law, counter_example(call, got, expected, **more))


def power_of_equal_numbers(backward_p, p):
    """The gradient for p is 0 on a map of equal numbers, whose mean is the same for every p."""
    x, dy = np.full((1, 1, 1, 2), 3.0), np.ones((1, 1, 1, 1))
    call = f"gem_pool2d_backward_p(dy, x, {show(p)}), a map of equal numbers"
    got = must_be_number(backward_p(dy, x, p), call)
    if not abs(got) <= 1e-5:
        law = "p does nothing to a map of equal numbers"
        raise Violation(law, counter_example(call, got, 0.0, x=x, dy=dy))


def _positive(shape, seed):
    """Positive numbers, all different, in steps of 0.25."""
    count = math.prod(shape)
    return (np.random.default_rng(seed).permutation(count) + 1).reshape(shape) / 4


def _mean(x, p):
    """The generalized mean, of numbers that are divided by the largest of their map first."""
    top = x.max(axis=(2, 3), keepdims=True)
    return top * pooling.gem_pool2d(x / top, p, eps=1e-300)


def _pool(gem_pool2d, x, p):
    call, given = f"gem_pool2d(x, {show(p)}), x of shape {x.shape}", x.copy()
    y = must_be_array(gem_pool2d(given, p), (*x.shape[:2], 1, 1), call)
    must_not_modify(call, x=(given, x))
    return y, call
