"""Property checkers of the exercise that asks every thinned network of a small one: two means, and one pass.

The rule at the head of `coursepkg.checks` holds: answers get arrays and numbers only. A network is given from
its hidden activations on: h (pictures, units), then W (classes, units), b (classes,) and a softmax. Masks are
True where a unit is kept, p is the probability of dropping, and nothing is rescaled while units are missing.
"""

from itertools import product

import numpy as np

from coursepkg.checks.properties import (
    RTOL,
    Violation,
    counter_example,
    must_be_array,
    must_be_close,
    must_be_number,
    must_be_right_choices,
    must_not_modify,
    show,
)

# What may be changed without weight scaling ceasing to be exact, and a small case that decides each.
CHANGES = {
    "tanh before the mask": "the mask never meets it: h is then some other array of numbers",
    "ReLU behind the mask": "one unit h = 2 at p = 0.5, behind it max(0, m h - 1): 0 or 1, on average 0.5; "
    "one pass computes max(0, 0.5 * 2 - 1) = 0",
    "two linear layers behind the mask": "(m h) @ V.T @ W.T, and W @ V is one matrix",
    "a p for each unit": "the mean of m h is (1 - p) h for every unit alone",
    "one sigmoid output": "sigmoid(z) is the first of the two numbers softmax([z, 0])",
}
STILL_EXACT = [change for change in CHANGES if change != "ReLU behind the mask"]


def every_network_has_its_chance(committee, units, p):
    """committee(n, p) -> (masks, chances): each of the 2 ** n masks once, with the chance of drawing it."""
    call, count = f"committee({units}, {show(p)})", 2**units
    masks, chances = _two(committee(units, p), call, "(masks, chances)")
    masks = must_be_array(masks, (count, units), call, "masks")
    if masks.dtype != bool:
        raise Violation(
            "a mask is boolean",
            counter_example(call, f"an array of {masks.dtype}", "an array of bool, True = kept"),
        )
    chances = must_be_array(chances, (count,), call, "chances")
    found = [tuple(bool(kept) for kept in mask) for mask in masks]
    for mask in product((False, True), repeat=units):
        if found.count(mask) != 1:
            got = f"the mask {_letters(mask)} {found.count(mask)} times (1 = kept)"
            raise Violation("every network occurs once", counter_example(call, got, "each mask once"))
    for mask, got in zip(found, chances, strict=True):
        factors = [1 - p if kept else p for kept in mask]
        if not abs(got - np.prod(factors)) <= RTOL * np.prod(factors):
            expected = f"{' * '.join(show(f) for f in factors)} = {show(np.prod(factors))}"
            raise Violation(
                "a chance has a factor p per dropped unit, 1 - p per kept one",
                counter_example(call, got, expected, mask=f"{_letters(mask)} (1 = kept)"),
            )


def arithmetic_mean_of_the_committee(two_means, pictures, units, classes, p, seed, scale=1.0):
    """two_means(h, W, b, p)[0]: the mean probabilities of all thinned networks, weighted by their chances.

    Args:
        two_means: the answer.
        pictures, units, classes: sizes of the network.
        p: probability of dropping.
        seed: seed of the numbers.
        scale: size of the activations; with 1000 the logits are so large that exp overflows.
    """
    call, network, (got, _) = _both_means(two_means, _layer(pictures, units, classes, seed, scale), p)
    _must_be_finite(got, call, "arithmetic")
    expected, law = _arithmetic(*network, p), "the arithmetic mean is taken over probabilities"
    if np.allclose(got, _arithmetic(*network, p, scale=1 / (1 - p)), rtol=RTOL):
        law = "a thinned network is not rescaled"
    elif any(np.allclose(got, _arithmetic(*network, other), rtol=RTOL) for other in (0.5, 1 - p)):
        law = "a network counts as much as its chance"
    must_be_close(got, expected, law, f"{call}: arithmetic", **_small(*network))


def geometric_mean_of_the_committee(two_means, pictures, units, classes, p, seed, scale=1.0):
    """two_means(h, W, b, p)[1]: the product of all networks' probabilities, each to the power of its chance,
    divided by the sum over the classes. Arguments as in `arithmetic_mean_of_the_committee`."""
    call, network, (_, got) = _both_means(two_means, _layer(pictures, units, classes, seed, scale), p)
    _must_be_finite(got, call, "geometric")
    law, call = "the geometric mean is divided by its sum", f"{call}: geometric"
    must_be_close(got.sum(axis=1), np.ones(pictures), law, f"{call}, sum of each row", **_small(*network))
    law = "the geometric mean multiplies probabilities, to the power of the chances"
    must_be_close(got, _geometric(*network, p), law, call, **_small(*network))


def one_pass_is_the_geometric_mean(one_pass, pictures, units, classes, p, seed):
    """one_pass(h, W, b, p): the whole network with scaled weights gives the geometric mean of all."""
    h, w, b = _layer(pictures, units, classes, seed)
    _one_pass(one_pass, h, w, b, p, "one pass equals the geometric mean of all networks")


def one_pass_keeps_the_bias(one_pass, p, seed):
    """one_pass of a network whose hidden units are all silent: only the bias is left, and it is whole."""
    h, w, b = _layer(1, 2, 3, seed)
    _one_pass(one_pass, 0 * h, w, b, p, "the bias is never dropped, so it is not scaled")


def one_pass_without_dropout(one_pass, seed):
    """one_pass at p = 0 is the network as it is, probabilities that add up to 1."""
    h, w, b = _layer(2, 3, 3, seed)
    _one_pass(one_pass, h, w, b, 0.0, "at p = 0 it is the network itself")


def gap_to_the_arithmetic_mean(value, name, h, w, b, p):
    """The largest difference between one pass and the arithmetic mean of all networks."""
    expected = np.abs(_geometric(h, w, b, p) - _arithmetic(h, w, b, p)).max()
    _measured(value, name, expected, "one pass is not the arithmetic mean", "largest absolute difference")


def extra_confidence(value, name, h, w, b, p):
    """By how much one pass is surer of itself: mean largest probability, less that of the arithmetic mean."""
    means = _geometric(h, w, b, p), _arithmetic(h, w, b, p)
    one, all_of_them = (mean.max(axis=1).mean() for mean in means)
    said = "largest probability of each picture, averaged over pictures: one pass less arithmetic"
    _measured(value, name, one - all_of_them, "one pass is surer than the arithmetic mean", said)


def disputed_pictures(value, name, h, w, b, p):
    """The number of pictures on which one pass and the arithmetic mean name different classes."""
    means = _geometric(h, w, b, p), _arithmetic(h, w, b, p)
    one, all_of_them = (mean.argmax(axis=1) for mean in means)
    got = must_be_number(value, name)
    if got != np.sum(one != all_of_them):
        example = "probabilities (0.6, 0.3, 0.1) and (0.5, 0.4, 0.1) differ and name the same class"
        message = f"{name} is not {show(got)}, of {len(h)} pictures\na smaller case: {example}"
        raise Violation("a picture is disputed if the largest probability moves", message)


def gap_behind_relu(value, name, h, v, c, u, d, p):
    """The largest difference between one pass and the geometric mean, with a ReLU layer behind the mask.

    Args:
        value: what was measured.
        name: of the answer.
        h: array (pictures, units), which the mask meets.
        v, c: the layer behind the mask, (hidden, units) and (hidden,), then ReLU.
        u, d: the layer in front of the softmax, (classes, hidden) and (classes,).
        p: probability of dropping.
    """
    masks, chances = _committee(h.shape[1], p)
    log_p = _log_softmax(np.maximum(masks[:, None] * h @ v.T + c, 0) @ u.T + d)
    geometric = np.exp(_log_softmax(np.tensordot(chances, log_p, 1)))
    one = np.exp(_log_softmax(np.maximum((1 - p) * h @ v.T + c, 0) @ u.T + d))
    law = "with a ReLU behind the mask one pass is only close"
    _measured(value, name, np.abs(one - geometric).max(), law, "largest absolute difference")


def weight_scaling_stays_exact(value, name):
    """The changes to the network under which one pass still equals the geometric mean."""
    law = "exact as long as the logits are linear in the mask"
    must_be_right_choices(value, name, CHANGES, STILL_EXACT, law)


def _one_pass(one_pass, h, w, b, p, law):
    call = f"one_pass(h, W, b, {show(p)})"
    before = [a.copy() for a in (h, w, b)]
    got = must_be_array(one_pass(h, w, b, p), (len(h), len(b)), call)
    must_not_modify(call, h=(h, before[0]), W=(w, before[1]), b=(b, before[2]))
    rows = f"{call}, sum of each row"
    must_be_close(got.sum(axis=1), np.ones(len(h)), "probabilities add up to 1", rows)
    must_be_close(got, _geometric(*before, p), law, call, **_small(*before))


def _both_means(two_means, network, p):
    """The call, the network as it was, and the two arrays that came back."""
    before = [a.copy() for a in network]
    h, w, b = network
    call, shape = f"two_means(h, W, b, {show(p)}), h {h.shape}, W {w.shape}", (len(h), len(b))
    back = _two(two_means(h, w, b, p), call, "(arithmetic, geometric)")
    means = [
        must_be_array(a, shape, call, name) for a, name in zip(back, ("arithmetic", "geometric"), strict=True)
    ]
    must_not_modify(call, h=(h, before[0]), W=(w, before[1]), b=(b, before[2]))
    return call, before, means


def _must_be_finite(mean, call, name):
    if not np.all(np.isfinite(mean)):
        got = f"{name} with {show(mean[~np.isfinite(mean)][0])} in it"
        raise Violation("large logits stay finite", counter_example(call, got, "numbers"))


def _small(h, w, b):
    """The network for the message, if it fits there."""
    return {"h": h, "W": w, "b": b} if h.size <= 2 else {}


def _committee(units, p):
    masks = np.array(list(product((False, True), repeat=units)))
    return masks, np.where(masks, 1 - p, p).prod(axis=1)


def _all_log_probabilities(h, w, b, p, scale=1.0):
    masks, chances = _committee(h.shape[1], p)
    return _log_softmax(masks[:, None] * scale * h @ w.T + b), chances  # (networks, pictures, classes)


def _arithmetic(h, w, b, p, scale=1.0):
    log_p, chances = _all_log_probabilities(h, w, b, p, scale)
    return np.tensordot(chances, np.exp(log_p), 1)


def _geometric(h, w, b, p):
    log_p, chances = _all_log_probabilities(h, w, b, p)
    return np.exp(_log_softmax(np.tensordot(chances, log_p, 1)))


def _log_softmax(z):
    z = z - z.max(axis=-1, keepdims=True)
    return z - np.log(np.exp(z).sum(axis=-1, keepdims=True))


def _layer(pictures, units, classes, seed, scale=1.0):
    """Multiples of 1/4, so that a small counter-example can be followed by hand."""
    rng = np.random.default_rng(seed)
    h = scale * rng.integers(1, 9, (pictures, units)) / 4
    return h, rng.integers(-8, 9, (classes, units)) / 4, rng.integers(-4, 5, classes) / 4


def _measured(value, name, expected, property, said):
    got = must_be_number(value, name)
    if not abs(got - expected) <= 0.02 * abs(expected):
        raise Violation(property, counter_example(name, got, f"the {said}, as your functions measure it"))


def _two(back, call, what):
    if not isinstance(back, (tuple, list)) or len(back) != 2:
        advice = "Is there a return?" if back is None else ""
        raise Violation(f"returns {what}", counter_example(call, back, f"two arrays: {what}"), advice=advice)
    return back


def _letters(mask):
    return "".join("01"[kept] for kept in mask)
