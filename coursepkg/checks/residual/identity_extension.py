"""Property checkers of the exercise on layers that change nothing.

The rule at the head of `coursepkg.checks` holds: answers get arrays and lists of pairs of arrays. A plain
network is a list of (W, b), W of shape (out, in); behind each layer but the last stands a ReLU.
"""

from itertools import pairwise

import numpy as np

from coursepkg.checks.properties import (
    Violation,
    counter_example,
    must_be_array,
    must_be_close,
    must_not_modify,
    show,
)

SAME = "no logit changes"


def deeper_net_says_the_same(deepen, sizes, count, seed, *, dtype=np.float64):
    """deepen(layers, count) inserts layers behind the last ReLU, and the network computes what it did.

    Args:
        deepen: the answer.
        sizes: units of the input and of each layer.
        count: layers to insert.
        seed: of the weights.
        dtype: of the weights.
    """
    layers, x = _net(sizes, seed, dtype)
    call = f"deepen(layers, {count}), layers of {', '.join(map(str, sizes[1:]))} units"
    given = [(weight.copy(), bias.copy()) for weight, bias in layers]
    deeper = _layers(deepen(given, count), call)
    for i, ((weight, bias), (w, b)) in enumerate(zip(given, layers, strict=True)):
        must_not_modify(call, **{f"layers[{i}][0]": (weight, w), f"layers[{i}][1]": (bias, b)})
    if len(deeper) != len(layers) + count:
        message = counter_example(call, f"{len(deeper)} layers", f"{len(layers) + count} layers")
        raise Violation("so many layers are added", message)
    must_be_close(_forward(deeper, x, call), _forward(layers, x, call), SAME, call)


def two_layers_copy(copy_layers, n, seed):
    """copy_layers(n) is two layers with a ReLU between them that copy any numbers, negative ones too.

    Args:
        copy_layers: the answer.
        n: numbers.
        seed: of the numbers that are copied.
    """
    call = f"copy_layers({n})"
    layers = _layers(copy_layers(n), call)
    if len(layers) != 2:
        raise Violation("is two layers", counter_example(call, f"{len(layers)} layers", "two layers"))
    x = np.random.default_rng(seed).standard_normal((5, n))
    for part, law in (
        (np.abs(x), "positive numbers are copied"),
        (-np.abs(x), "negative numbers are copied"),
    ):
        y = _forward(layers, part, call)
        must_be_close(must_be_array(y, part.shape, call), part, law, call, x=part[0])
    must_be_close(_forward(layers, x, call), x, "numbers of both signs are copied", call)


def normalization_copies(copying_scale_and_shift, channels, eps, seed):
    """The scale and shift with which batch normalization in evaluation mode hands on what it gets.

    Args:
        copying_scale_and_shift: the answer.
        channels: C.
        eps: of the normalization.
        seed: of the running statistics.
    """
    rng = np.random.default_rng(seed)
    mean, var = rng.standard_normal(channels), rng.uniform(0.001, 4, channels)
    call = f"copying_scale_and_shift(mean, var, {eps:g})"
    given = mean.copy(), var.copy()
    back = copying_scale_and_shift(*given, eps)
    must_not_modify(call, mean=(given[0], mean), var=(given[1], var))
    if not isinstance(back, (tuple, list)) or len(back) != 2:
        raise Violation("returns two arrays", counter_example(call, show(back), "scale, shift"))
    scale, shift = (
        must_be_array(each, (channels,), call, name)
        for each, name in zip(back, ("scale", "shift"), strict=True)
    )
    more = {"mean": mean, "var": var} if channels <= 2 else {}
    must_be_close(scale, np.sqrt(var + eps), "the scale undoes the division", call, **more)
    x = rng.standard_normal((6, channels))
    y = scale * (x - mean) / np.sqrt(var + eps) + shift
    must_be_close(y, x, "the shift undoes the subtraction", call, **more)


def branch_adds_nothing(start_at_zero, sizes, seed):
    """start_at_zero(layers): a branch that puts out zero, and whose first layers are as they were.

    Args:
        start_at_zero: the answer.
        sizes: units of the branch's input and of its layers.
        seed: of the weights.
    """
    layers, x = _net(sizes, seed, np.float64)
    call = f"start_at_zero(layers), layers of {', '.join(map(str, sizes[1:]))} units"
    given = [(weight.copy(), bias.copy()) for weight, bias in layers]
    started = _layers(start_at_zero(given), call)
    for i, ((weight, bias), (w, b)) in enumerate(zip(given, layers, strict=True)):
        must_not_modify(call, **{f"layers[{i}][0]": (weight, w), f"layers[{i}][1]": (bias, b)})
    if [w.shape for w, _ in started] != [w.shape for w, _ in layers]:
        shapes = [[w.shape for w, _ in each] for each in (started, layers)]
        raise Violation("all layers are still there", counter_example(call, *map(str, shapes)))
    must_be_close(_forward(started, x, call), 0 * x, "the block copies its input", call)
    h = np.maximum(_forward(started[:-1], x, call), 0) if len(started) > 1 else x
    if not np.abs(h).max() > 0 or not any((h != h[:1]).any(axis=0)):
        message = counter_example(call, "the last layer gets the same for every input", "what it got before")
        raise Violation("the branch can learn", message)


def _net(sizes, seed, dtype):
    rng = np.random.default_rng(seed)
    layers = [
        (rng.standard_normal((after, before)).astype(dtype), rng.standard_normal(after).astype(dtype))
        for before, after in pairwise(sizes)
    ]
    return layers, rng.standard_normal((7, sizes[0])).astype(dtype)


def _layers(value, call):
    """A list of pairs (W, b) whose shapes fit."""
    if not isinstance(value, (list, tuple)) or any(
        not isinstance(each, (list, tuple)) or len(each) != 2 for each in value
    ):
        raise Violation("is a list of layers", counter_example(call, show(value), "a list of pairs (W, b)"))
    layers = [(np.asarray(weight, float), np.asarray(bias, float)) for weight, bias in value]
    for i, (weight, bias) in enumerate(layers):
        fits = weight.ndim == 2 and bias.shape in ((len(weight),), ())
        if not fits or (i and weight.shape[1] != len(layers[i - 1][0])):
            got = f"layer {i} with shapes {weight.shape} and {bias.shape}"
            raise Violation(
                "the shapes of the layers fit", counter_example(call, got, "(out, in) and (out,)")
            )
    return layers


def _forward(layers, x, call):
    for i, (weight, bias) in enumerate(layers):
        x = (np.maximum(x, 0) if i else x) @ weight.T + bias
    if not np.isfinite(x).all():
        raise Violation(SAME, counter_example(call, "numbers that are not finite", "logits"))
    return x
