"""Property checkers of the exercise on classic dropout, as a layer, and the way from it to the inverted one.

The rule at the head of `coursepkg.checks` holds: answers get arrays, numbers and generators, and only what
they return is looked at. `p` is the probability of dropping.
"""

from itertools import pairwise

import numpy as np

from coursepkg.checks.dropout.masks import inputs, must_be_independent, must_have_share, must_have_values
from coursepkg.checks.properties import (
    Violation,
    counter_example,
    must_be_array,
    must_be_close,
    must_not_modify,
    show,
)


def classic_training(ClassicDropout, p, shape, seed):
    """Layer in training: every value is 0 or x, a share p is dropped, x stays as it is."""
    layer, call = (
        ClassicDropout(p, np.random.default_rng(seed)),
        f"ClassicDropout({show(p)}, rng).forward(x) in training",
    )
    layer.train()
    x = inputs(shape, seed)
    before = x.copy()
    y = must_be_array(layer.forward(x), shape, call)
    must_not_modify(call, x=(x, before))
    must_have_values(y, before, before, "classic survivors stay as they are in training", call)
    ones = must_be_array(layer.forward(np.ones((200, 500))), (200, 500), call)
    must_be_independent(ones[0::2] != 0, ones[1::2] != 0, call, "a row and the next one")
    must_have_share(ones != 0, p, call)


def classic_evaluation(ClassicDropout, p, shape, seed):
    """Layer in use: x (1 - p), nothing random, x stays as it is."""
    layer, call = (
        ClassicDropout(p, np.random.default_rng(seed)),
        f"ClassicDropout({show(p)}, rng).forward(x) in use",
    )
    layer.eval()
    x = inputs(shape, seed)
    before = x.copy()
    y = must_be_array(layer.forward(x), shape, call)
    must_not_modify(call, x=(x, before))
    must_be_close(y, (1 - p) * before, "in use everything is multiplied by 1 - p", call, x=before)


def classic_modes(ClassicDropout, p, seed):
    """A new layer is in training, and train() and eval() switch as often as one likes."""
    layer, shape = ClassicDropout(p, np.random.default_rng(seed)), (20, 50)
    story = "ClassicDropout(p, rng)"
    for step in ("", "eval", "train", "eval", "train"):
        if step:
            getattr(layer, step)()
            story += f", {step}()"
        y = must_be_array(layer.forward(np.ones(shape)), shape, f"{story}, forward(ones)")
        if bool(np.any(y == 0)) != (step != "eval"):
            raise Violation(
                "train() and eval() switch the layer",
                counter_example(
                    f"{story}, forward(ones)",
                    f"{np.mean(y == 0):.0%} zeros",
                    "none" if step == "eval" else f"about {p:.0%}",
                ),
            )


def converted_weights(classic_to_inverted, sizes, rates, seed):
    """classic_to_inverted(params, rates): the same logits in use, and in training under the same masks."""
    call = f"classic_to_inverted(params, {show(rates)})"
    params = [
        (inputs((b, a), seed + i) / np.sqrt(a), inputs((b,), seed - i))
        for i, (a, b) in enumerate(pairwise(sizes))
    ]
    before = [(w.copy(), b.copy()) for w, b in params]
    back = classic_to_inverted(params, list(rates))
    is_list = isinstance(back, (list, tuple)) and len(back) == len(params)
    if not is_list or any(len(pair) != 2 for pair in back):
        message = counter_example(call, back, f"a list of {len(params)} pairs (W, b)")
        raise Violation("returns [(W, b), ...]", message, advice="")
    arrays = [
        [must_be_array(got, was.shape, call) for got, was in zip(pair, old, strict=True)]
        for pair, old in zip(back, before, strict=True)
    ]
    for i, (pair, old) in enumerate(zip(params, before, strict=True)):
        must_not_modify(call, **{f"W{i + 1}": (pair[0], old[0]), f"b{i + 1}": (pair[1], old[1])})
    x = inputs((4, sizes[0]), seed + 9)
    masks = [
        np.random.default_rng([seed, i]).random((4, size)) >= p
        for i, (size, p) in enumerate(zip(sizes, rates, strict=False))
    ]
    call += f", layers of {show(sizes)}"
    old, new = _logits(before, x, [1 - p for p in rates]), _logits(arrays, x, [1.0] * len(rates))
    must_be_close(new, old, "the logits in use stay the same", call)
    scaled = [mask / (1 - p) for mask, p in zip(masks, rates, strict=True)]
    old, new = _logits(before, x, masks), _logits(arrays, x, scaled)
    must_be_close(new, old, "the logits in training stay the same", call)


def _logits(params, x, factors):
    """A ReLU net whose layers' inputs are multiplied by factors."""
    for i, ((w, b), factor) in enumerate(zip(params, factors, strict=True)):
        x = (np.maximum(x, 0) if i else x) * factor @ w.T + b
    return x
