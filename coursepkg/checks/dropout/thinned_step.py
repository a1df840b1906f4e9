"""Property checkers of the exercise on deleting units: cut, train what is left, put back.

The rule at the head of `coursepkg.checks` holds: answers get arrays, numbers and lists of them, and only what
they return is looked at. Networks are those of `networks.py`.
"""

from itertools import pairwise

import numpy as np

from coursepkg.checks.dropout.networks import (
    a_net,
    belongs,
    draw_batch,
    ends_of,
    loss_and_gradients,
    masks_of,
    must_be_untouched,
    network,
)
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


def only_survivors_are_left(cut, sizes, kept, seed):
    """cut(params, masks): rows and columns of deleted units are gone, all other numbers are as they were.

    Args:
        cut: the answer.
        sizes: units of each layer, inputs first.
        kept: one string per hidden layer, "101" for a mask that keeps the first and the third unit.
        seed: seed of the weights.
    """
    params, masks = network(sizes, seed), masks_of(kept)
    call = f"cut(params, masks), {a_net(sizes)}, kept: {_listed(kept)}"
    before = _copies(params)
    back = _layers(cut(params, masks), len(params), call)
    _not_modified(call, params, before, masks, kept)
    ends = ends_of(sizes, masks_of(kept))
    expected = [
        (w[rows][:, columns], b[rows]) for (w, b), (columns, rows) in zip(before, pairwise(ends), strict=True)
    ]
    for name, got, small in _flat(before, back, expected):
        if got.shape != small.shape:
            message = counter_example(call, f"{name} of shape {got.shape}", f"{name} of shape {small.shape}")
            raise Violation("only survivors are left", message)
        must_be_close(got, small, "survivors keep their weights", call, array=name)


def plain_step(sgd_step, sizes, batch, lr, seed, scale=1.0):
    """sgd_step(params, x, y, lr): the loss before the step, and each weight moves by -lr times its slope.

    Args:
        sgd_step: the answer.
        sizes: units of each layer, inputs first.
        batch: pictures in the batch.
        lr: learning rate.
        seed: seed of weights and batch.
        scale: size of the inputs; with 1000 the logits are so large that exp overflows.
    """
    params, (x, y) = network(sizes, seed), draw_batch(sizes, batch, seed, scale)
    call = f"sgd_step(params, x, y, {show(lr)}), {a_net(sizes)}, batch of {batch}"
    before, x_before, y_before = _copies(params), x.copy(), y.copy()
    loss, gradients = loss_and_gradients(before, x, y)
    back, got = _params_and_loss(sgd_step(params, x, y, lr), len(params), call)
    _same_shapes(back, before, call, "every weight is still there")
    must_not_modify(call, x=(x, x_before), y=(y, y_before))
    _not_modified(call, params, before)
    after = loss_and_gradients(back, x, y)[0]
    _loss_agrees(got, loss, after, call, "the loss is the mean cross-entropy")
    _moves(back, before, gradients, lr, call, "weights move by -lr times slope")


def thinned_network_step(thinned_step, sizes, kept, batch, lr, seed, dtype=np.float64):
    """thinned_step(params, x, y, masks, lr): deleted units return bit for bit, survivors have taken the small
    network's step. `kept` as in `only_survivors_are_left`."""
    params, masks = network(sizes, seed, dtype), masks_of(kept)
    x, y = draw_batch(sizes, batch, seed, dtype=dtype)
    call = f"thinned_step(params, x, y, masks, {show(lr)}), {a_net(sizes)}, kept: {_listed(kept)}"
    before, x_before = _copies(params), x.copy()
    loss, gradients = loss_and_gradients(before, x, y, masks)
    back, got = _params_and_loss(thinned_step(params, x, y, masks, lr), len(params), call)
    _same_shapes(back, before, call, "every unit is put back")
    must_not_modify(call, x=(x, x_before))
    _not_modified(call, params, before, masks, kept)
    masks = masks_of(kept)
    for name, new, old, there in _flat(before, back, before, belongs(sizes, masks)):
        must_be_untouched(new, old, ~there, name, "what was deleted comes back as it left", call)
    after = loss_and_gradients(back, x, y, masks)[0]
    _loss_agrees(got, loss, after, call, "the loss is the small network's")
    _moves(back, before, gradients, lr, call, "survivors take the small network's step")


def predicted_share(value, name, share, small):
    """The share of a layer's weights that one thinned step can change."""
    must_be_predicted(value, name, share, "a weight is there if both its ends are", small, rtol=RTOL / share)


def _params_and_loss(back, count, call):
    if not isinstance(back, (tuple, list)) or len(back) != 2 or isinstance(back[1], (tuple, list)):
        message = counter_example(call, back, "two things: the new params, and the loss")
        advice = "Is there a return?" if back is None else ""
        raise Violation("returns (params, loss)", message, advice=advice)
    return _layers(back[0], count, f"{call}: params"), must_be_number(back[1], f"{call}: loss")


def _same_shapes(back, before, call, property):
    for name, got, old in _flat(before, back, before):
        if got.shape != old.shape:
            message = counter_example(call, f"{name} of shape {got.shape}", f"{name} of shape {old.shape}")
            raise Violation(property, message)


def _loss_agrees(got, before, after, call, property):
    """The loss is that of the network as it came, not that of the network as it leaves."""
    if abs(got - before) <= RTOL * before:
        return
    if abs(got - after) <= RTOL * after:
        property = "the loss is that before the step"
    raise Violation(property, counter_example(call, f"loss {show(got)}", f"loss {show(before)}"))


def _moves(back, before, gradients, lr, call, property):
    """Every array has moved by -lr times its gradient; the last layer is judged first, as mistakes travel
    backward."""
    for name, new, old, gradient in list(_flat(before, back, before, gradients))[::-1]:
        moved = np.asarray(new, np.float64) - np.asarray(old, np.float64)
        must_be_close(moved, -lr * gradient, property, call, array=f"{name}, after less before")


def _not_modified(call, params, before, masks=(), kept=()):
    for name, now, then in _flat(before, params, before):
        must_not_modify(call, **{name: (now, then)})
    for i, (now, then) in enumerate(zip(masks, masks_of(kept), strict=True)):
        must_not_modify(call, **{f"masks[{i}]": (now, then)})


def _listed(kept):
    return ", ".join(kept) or "no hidden layer"


def _copies(params):
    return [(w.copy(), b.copy()) for w, b in params]


def _layers(back, count, call):
    """A list of `count` pairs of arrays (W, b).

    Args:
        back: what the answer returned.
        count: number of layers.
        call: what was called, for the message.
    Returns:
        list of tuples: the pairs, as arrays.
    Raises:
        Violation: "returns [(W, b), ...]".
    """
    is_list = isinstance(back, (list, tuple)) and len(back) == count
    if not is_list or any(not isinstance(pair, (list, tuple)) or len(pair) != 2 for pair in back):
        got = f"a list of {len(back)}" if isinstance(back, list) and not is_list else back
        message = counter_example(call, got, f"a list of {count} pairs (W, b)")
        raise Violation("returns [(W, b), ...]", message, advice="")
    return [
        tuple(
            must_be_array(array, np.shape(array), call, name) for array, name in zip(pair, "Wb", strict=True)
        )
        for pair in back
    ]


def _flat(before, *layers):
    """(name, array, ...) for W1, b1, W2, ... of several lists of pairs."""
    names = [(f"W{i + 1}", f"b{i + 1}") for i in range(len(before))]
    return zip(*(sum(map(tuple, pairs), ()) for pairs in (names, *layers)), strict=True)
