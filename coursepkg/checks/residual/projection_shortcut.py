"""Property checkers of the exercise on shortcuts between different shapes.

The rule at the head of `coursepkg.checks` holds: answers get arrays and numbers, and only what they return is
looked at. Pictures are (N, C, H, W).
"""

import numpy as np

from coursepkg.checks.draws import distinct
from coursepkg.checks.properties import (
    Violation,
    counter_example,
    must_be_array,
    must_be_close,
    must_be_number,
    must_not_modify,
    show,
)
from coursepkg.gradcheck import numerical_gradient
from coursepkg.residual.numpy_layers import PaddedShortcut
from coursepkg.residual.rules import cifar_stages


def zeros_fill_up(padded_shortcut, shape, out_channels, stride, seed, *, dtype=np.float64):
    """padded_shortcut(x, out_channels, stride): every stride-th pixel, then maps of zeros.

    Args:
        padded_shortcut: the answer.
        shape: of the pictures.
        out_channels: maps of the result.
        stride: from one pixel that is kept to the next.
        seed: of the pixels, all different and none of them 0.
        dtype: of the pixels.
    """
    x = (distinct(shape, seed) + 0.1).astype(dtype)
    before, call = x.copy(), f"padded_shortcut(x, {out_channels}, {stride}), x of shape {tuple(shape)}"
    expected = PaddedShortcut(shape[1], out_channels, stride).forward(before)
    got = must_be_array(padded_shortcut(x, out_channels, stride), expected.shape, call)
    must_not_modify(call, x=(x, before))
    more = {"x": before[0, 0]} if before.size <= 16 else {}
    kept = expected[:, : shape[1]]
    must_be_close(got[:, : shape[1]], kept, "the first pixel of every stride is kept", call, **more)
    must_be_close(got[:, shape[1] :], 0 * expected[:, shape[1] :], "the new maps are zero", call, **more)
    if got.dtype != dtype:
        raise Violation("the dtype stays", counter_example(call, str(got.dtype), str(np.dtype(dtype))))


def zeros_hand_back_nothing(backward, shape, out_channels, stride, seed):
    """padded_shortcut_backward(dy, shape, stride) puts each gradient where its pixel was taken.

    Args: as for `zeros_fill_up`.
    """
    layer = PaddedShortcut(shape[1], out_channels, stride)
    y = layer.forward(np.zeros(shape))
    dy = distinct(y.shape, seed)
    given, call = dy.copy(), f"padded_shortcut_backward(dy, {tuple(shape)}, {stride})"
    dx = must_be_array(backward(given, tuple(shape), stride), shape, call)
    must_not_modify(call, dy=(given, dy))
    law = "a pixel that was left out gets no gradient"
    left_out = np.ones(shape, bool)
    left_out[:, :, ::stride, ::stride] = False
    if np.any(dx[left_out]):
        place = [int(i) for i in np.argwhere(left_out & (dx != 0))[0]]
        raise Violation(law, counter_example(call, f"{show(dx[tuple(place)])} at {place}", f"0 at {place}"))
    must_be_close(dx, layer.backward(dy), "a gradient goes where its pixel was taken", call)


def pixels_are_projected(project, shape, out_channels, stride, seed, *, dtype=np.float64):
    """project(x, weight, stride): every stride-th pixel, its maps mixed by a matrix.

    Args: as for `zeros_fill_up`.
    """
    x, weight, _ = _draw(shape, out_channels, stride, seed, dtype)
    given, call = (x.copy(), weight.copy()), f"project(x, weight, {stride}), x of shape {tuple(shape)}"
    expected = _project(x, weight, stride)
    got = must_be_array(project(*given, stride), expected.shape, call)
    must_not_modify(call, x=(given[0], x), weight=(given[1], weight))
    more = {"x": x, "weight": weight} if x.size <= 4 else {}
    must_be_close(got, expected, "a pixel's maps are mixed, and no other pixel's", call, **more)


def projection_comes_back(backward, shape, out_channels, stride, seed):
    """project_backward(dy, x, weight, stride) is (dx, dweight).

    Args: as for `zeros_fill_up`.
    """
    x, weight, dy = _draw(shape, out_channels, stride, seed, np.float64)
    given, call = (
        (dy.copy(), x.copy(), weight.copy()),
        (f"project_backward(dy, x, weight, {stride}), x of shape {tuple(shape)}"),
    )
    back = backward(*given, stride)
    must_not_modify(call, dy=(given[0], dy), x=(given[1], x), weight=(given[2], weight))
    if not isinstance(back, (tuple, list)) or len(back) != 2:
        raise Violation("returns two arrays", counter_example(call, show(back), "dx, dweight"))
    dx, dweight = (
        must_be_array(each, like.shape, call, name)
        for each, like, name in zip(back, (x, weight), ("dx", "dweight"), strict=True)
    )
    right = numerical_gradient(lambda a: _project(a, weight, stride), x, dy)
    must_be_close(dx, right, "each pixel gets its own gradient, mixed back", f"dx of {call}", rtol=1e-3)
    right = numerical_gradient(lambda a: _project(x, a, stride), weight, dy)
    must_be_close(
        dweight, right, "a weight adds up over pixels and examples", f"dweight of {call}", rtol=1e-3
    )


def more_weights(extra, n, width, option):
    """extra(n, width, option): how many weights the projections add to the network of option A."""
    call = f"extra({n}, {width}, {option!r})"
    count = {
        key: sum(part.parameters for part in cifar_stages(6 * n + 2, width, shortcut=key))
        for key in "A" + option
    }
    expected, got = count[option] - count["A"], must_be_number(extra(n, width, option), call)
    if got == expected:
        return
    laws = {
        "A": "option A has nothing to learn",
        "B": "option B projects where shapes differ",
        "C": "option C projects in every block",
    }
    raise Violation(laws[option], counter_example(call, f"{got:,.0f}", f"{expected:,}"))


def _draw(shape, out_channels, stride, seed, dtype):
    rng = np.random.default_rng(seed)
    x, weight = rng.standard_normal(shape), rng.standard_normal((out_channels, shape[1]))
    dy = rng.standard_normal(_project(x, weight, stride).shape)
    return x.astype(dtype), weight.astype(dtype), dy.astype(dtype)


def _project(x, weight, stride):
    return np.einsum("oc,nchw->nohw", weight, x[:, :, ::stride, ::stride])
