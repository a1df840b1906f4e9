"""Small networks as lists [(W, b), ...]: weights, batches, gradients, and what is left of one under masks.

W is (out, in). Between layers stands a ReLU, at the end softmax cross-entropy. A mask is True where a unit is
kept.
"""

from itertools import pairwise

import numpy as np

from coursepkg.checks.properties import Violation, counter_example


def network(sizes, seed, dtype=np.float64):
    """Weights for a small network, each a multiple of 1/64, which every float type holds without rounding.

    Args:
        sizes: units of each layer, inputs first.
        seed: seed of the draw.
        dtype: float type.
    Returns:
        list of (W (out, in), b (out,)).
    """
    rng = np.random.default_rng(seed)
    return [
        (_coarse(rng.normal(0, 1.5 / np.sqrt(a), (b, a)), dtype), _coarse(rng.normal(0.3, 0.3, b), dtype))
        for a, b in pairwise(sizes)
    ]


def loss_and_gradients(params, x, y, masks=None):
    """Mean cross-entropy of a network whose hidden activations are multiplied by masks, and its gradients.

    Args:
        params: [(W, b), ...].
        x: (N, in).
        y: (N,) class numbers.
        masks: one boolean array per hidden layer, (units,) or (N, units); None keeps every unit.
    Returns:
        (loss, [(dW, db), ...]), float64.
    """
    params = [(np.asarray(w, np.float64), np.asarray(b, np.float64)) for w, b in params]
    x = np.asarray(x, np.float64)
    masks = [np.asarray(mask, np.float64) for mask in masks or [True] * (len(params) - 1)]
    inputs, rows = [x], np.arange(len(y))
    for (w, b), mask in zip(params[:-1], masks, strict=True):
        inputs.append(np.maximum(inputs[-1] @ w.T + b, 0) * mask)
    logits = inputs[-1] @ params[-1][0].T + params[-1][1]
    log_p = logits - logits.max(axis=1, keepdims=True)
    log_p -= np.log(np.exp(log_p).sum(axis=1, keepdims=True))
    dz = np.exp(log_p)
    dz[rows, y] -= 1
    dz /= len(y)
    gradients = []
    for (w, _), h in zip(params[::-1], inputs[::-1], strict=True):
        gradients.append((dz.T @ h, dz.sum(axis=0)))
        dz = (dz @ w) * (h > 0)
    return float(-log_p[rows, y].mean()), gradients[::-1]


def must_be_untouched(new, old, where, name, property, call):
    """Bit for bit the old numbers wherever `where` is True.

    Args:
        new, old, where: arrays of one shape.
        name: what the array is called, for the message.
        property: the law that is broken when a number differs.
        call: what was called, for the message.
    Raises:
        Violation: the given property.
    """
    changed = np.argwhere((np.asarray(new) != old) & where)
    if len(changed):
        i = tuple(int(k) for k in changed[0])
        element = f"{name}[{', '.join(map(str, i))}]"
        message = counter_example(
            call,
            f"{element} = {new[i]!s}",
            f"{element} = {old[i]!s}, as before: it belongs to a deleted unit",
        )
        raise Violation(property, message)


def belongs(sizes, masks):
    """For each (W, b): whether both ends of the weight, or the owner of the bias, are there."""
    return [(np.outer(rows, columns), rows) for columns, rows in pairwise(ends_of(sizes, masks))]


def ends_of(sizes, masks):
    """Which units of each layer are there; inputs and outputs always are."""
    return [np.ones(sizes[0], bool), *masks, np.ones(sizes[-1], bool)]


def masks_of(kept):
    """A mask per hidden layer from strings such as "101", 1 where a unit is kept."""
    return [np.array([letter == "1" for letter in letters], bool) for letters in kept]


def a_net(sizes):
    """ "a 4-3-2 net"."""
    return f"a {'-'.join(map(str, sizes))} net"


def draw_batch(sizes, count, seed, scale=1.0, dtype=np.float64):
    """Inputs (count, in), multiples of 1/64, and class numbers (count,)."""
    rng = np.random.default_rng([seed, count])
    return _coarse(scale * rng.normal(0, 1, (count, sizes[0])), dtype), rng.integers(0, sizes[-1], count)


def _coarse(values, dtype):
    return (np.round(64 * values) / 64).astype(dtype)
