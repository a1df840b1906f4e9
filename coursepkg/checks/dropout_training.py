"""Property checkers of the exercises that train with dropout: deleting units, momentum, wrong labels.

The rule at the head of `coursepkg.checks` holds: answers get arrays, numbers and lists of them, and only what
they return is looked at. Networks are lists [(W, b), ...], W (out, in), with ReLU in between and softmax
cross-entropy at the end; a mask is True where a unit is kept. Every checker raises Violation.
"""

from itertools import pairwise

import numpy as np

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

ROUNDING = 1e-5  # even of a float32 answer, after some hundred steps
ARRAYS = ["W1", "b1", "W2", "b2"]

# Deleting units: cut, train what is left, put back.


def only_survivors_are_left(cut, sizes, kept, seed):
    """cut(params, masks): rows and columns of deleted units are gone, all other numbers are as they were.

    Args:
        cut: the answer.
        sizes: units of each layer, inputs first.
        kept: one string per hidden layer, "101" for a mask that keeps the first and the third unit.
        seed: seed of the weights.
    """
    params, masks = network(sizes, seed), _masks(kept)
    call = f"cut(params, masks), a {_sizes(sizes)} net, kept: {_listed(kept)}"
    before = _copies(params)
    back = must_be_layers(cut(params, masks), len(params), call)
    _not_modified(call, params, before, masks, kept)
    ends = _ends(sizes, _masks(kept))
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
    params, (x, y) = network(sizes, seed), _batch(sizes, batch, seed, scale)
    call = f"sgd_step(params, x, y, {show(lr)}), a {_sizes(sizes)} net, batch of {batch}"
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
    params, masks = network(sizes, seed, dtype), _masks(kept)
    x, y = _batch(sizes, batch, seed, dtype=dtype)
    call = f"thinned_step(params, x, y, masks, {show(lr)}), a {_sizes(sizes)} net, kept: {_listed(kept)}"
    before, x_before = _copies(params), x.copy()
    loss, gradients = loss_and_gradients(before, x, y, masks)
    back, got = _params_and_loss(thinned_step(params, x, y, masks, lr), len(params), call)
    _same_shapes(back, before, call, "every unit is put back")
    must_not_modify(call, x=(x, x_before))
    _not_modified(call, params, before, masks, kept)
    masks = _masks(kept)
    for name, new, old, there in _flat(before, back, before, _belongs(sizes, masks)):
        must_be_untouched(new, old, ~there, name, "what was deleted comes back as it left", call)
    after = loss_and_gradients(back, x, y, masks)[0]
    _loss_agrees(got, loss, after, call, "the loss is the small network's")
    _moves(back, before, gradients, lr, call, "survivors take the small network's step")


def predicted_share(value, name, share, small):
    """The share of a layer's weights that one thinned step can change."""
    must_be_predicted(value, name, share, "a weight is there if both its ends are", small, rtol=RTOL / share)


# Momentum. Here a network with one hidden layer is a list [W1, b1, W2, b2], and so is its velocity.


def deleted_units_wait(step, sizes, kept, lr, momentum, seed, *, name, gradients_given=False, silent=None):
    """One step with momentum in which deleted units keep weights and velocities, and survivors move.

    Args:
        step: the answer, called with (params, velocity, x, y, mask, lr, momentum), or with the gradients of
            the masked network in place of x and y.
        sizes: inputs, hidden units, outputs.
        kept: string such as "101", 1 where a hidden unit is kept.
        lr, momentum: of the optimizer.
        seed: seed of all numbers.
        name: of the answer, for the message.
        gradients_given: whether x and y are replaced by gradients.
        silent: a kept unit that ReLU keeps at zero, so that its gradient is zero although it is there.
    """
    params, velocity = _arrays(network(sizes, seed)), _arrays(network(sizes, seed + 1))
    x, y = _batch(sizes, 5, seed)
    (mask,) = _masks([kept])
    if silent is not None:
        params[1][silent] = -64
    gradients = _gradients(params, x, y, mask)
    data = {"grads": [g.copy() for g in gradients]} if gradients_given else {"x": x, "y": y}
    call = f"{name}(params, velocity, {', '.join(data)}, mask, {show(lr)}, {show(momentum)})"
    call += f", a {_sizes(sizes)} net, kept: {kept}"
    before, v_before = [a.copy() for a in params], [v.copy() for v in velocity]
    back = step(params, velocity, *data.values(), mask, lr, momentum)
    new, new_velocity = _params_and_velocity(back, before, call)
    for label, now, then in zip(ARRAYS * 2, params + velocity, before + v_before, strict=True):
        must_not_modify(call, **{label: (now, then)})
    must_not_modify(call, mask=(mask, _masks([kept])[0]))
    there = _arrays(_belongs(sizes, _masks([kept])))
    for label, now, then, mine in zip(ARRAYS, new, before, there, strict=True):
        must_be_untouched(now, then, ~mine, label, "a deleted unit's weights stay", call)
    for label, now, then, mine in zip(ARRAYS, new_velocity, v_before, there, strict=True):
        must_be_untouched(now, then, ~mine, f"velocity of {label}", "a deleted unit's velocity waits", call)
    for label, now, then, g, mine in zip(ARRAYS, new_velocity, v_before, gradients, there, strict=True):
        expected = np.where(mine, momentum * then + g, then)
        law = "a survivor's velocity is momentum * velocity + gradient"
        must_be_close(now, expected, law, call, array=f"velocity of {label}")
    for label, now, then, v, mine in zip(ARRAYS, new, before, new_velocity, there, strict=True):
        moved = np.asarray(now, np.float64) - then
        expected = np.where(mine, -lr * v, 0.0)
        law = "a survivor moves by -lr times its new velocity"
        must_be_close(moved, expected, law, call, array=f"{label}, after less before")


def gaps_are_measured(gaps, sizes, steps, lr, momentum, seed):
    """gaps(params, xs, ys, masks, lr, momentum): after each step the largest difference between the weights
    of the masked and of the deleted network."""
    params = _arrays(network(sizes, seed))
    rng = np.random.default_rng(seed)
    masks = rng.random((steps, sizes[1])) < 0.5
    masks[:, 0] |= ~masks.any(axis=1)
    xs, ys = rng.normal(0, 1, (steps, 6, sizes[0])), rng.integers(0, sizes[-1], (steps, 6))
    call = f"gaps(params, xs, ys, masks, {show(lr)}, {show(momentum)}), a {_sizes(sizes)} net, {steps} steps"
    before = [a.copy() for a in params]
    got = must_be_array(gaps(params, xs, ys, masks, lr, momentum), (steps,), call)
    for label, now, then in zip(ARRAYS, params, before, strict=True):
        must_not_modify(call, **{label: (now, then)})
    expected = _gaps(before, xs, ys, masks, lr, momentum)
    if np.any(got < 0):
        step = int(np.argmax(got < 0))
        message = counter_example(call, f"{show(got[step])} after step {step + 1}", "0 or more")
        raise Violation("a gap is never negative", message)
    if momentum == 0 and not np.all(got <= ROUNDING):
        step = int(np.argmax(~(got <= ROUNDING)))
        message = counter_example(call, f"{got[step]:.1e} after step {step + 1}", "rounding, about 1e-16")
        raise Violation("without momentum the two agree", message)
    if momentum and np.all(got <= ROUNDING):
        step = int(np.argmax(expected > ROUNDING))
        got, right = (f"{gap[step]:.1e} after step {step + 1}" for gap in (got, expected))
        raise Violation("with momentum the two part", counter_example(call, got, right))
    must_be_close(got, expected, "a gap is the largest difference of any weight", call, rtol=1e-3)


def measured_gap(value, name, params, xs, ys, masks, lr, momentum, *, last=False):
    """The largest gap of a run, or the last one, as anyone would measure it on any machine.

    Args:
        value: what was measured.
        name: of the answer.
        params, xs, ys, masks, lr, momentum: the run.
        last: whether the gap after the last step is asked for.
    """
    got, run = must_be_number(value, name), _gaps(params, xs, ys, masks, lr, momentum)
    call = f"{name}, {len(xs)} steps with momentum {show(momentum)}"
    if momentum == 0:
        if not 0 <= got <= ROUNDING:
            got, expected = f"{got:.1e}", "rounding: at most about 1e-14"
            raise Violation("without momentum the two agree", counter_example(call, got, expected))
        return
    expected = run[-1] if last else run.max()
    if not abs(got - expected) <= 0.2 * expected:
        place = "after the last step" if last else "at its largest"
        message = counter_example(call, f"{got:.2g}", f"the gap {place}, as your gaps measures it")
        raise Violation("the number is the measured one", message)


def parting_step(value, name, params, xs, ys, masks, lr, momentum):
    """The number of the first step, from 1, after which the two networks differ by more than rounding."""
    got, run = must_be_number(value, name), _gaps(params, xs, ys, masks, lr, momentum)
    first = int(np.argmax(run > ROUNDING)) + 1
    if got != first:
        if got in range(1, len(run) + 1):
            known = f"{run[int(got) - 1]:.0e} after step {show(got)}"
            known += f", {run[int(got) - 2]:.0e} after the step before" if got > 1 else ""
        else:
            known = f"known for the steps 1 to {len(run)}"
        message = counter_example(
            name, show(got), "the first step, counted from 1, after which the gap is no rounding", gap=known
        )
        raise Violation("the first gap above rounding", message)


def coasting_distance(value, name, momentum, small):
    """How far a weight coasts once its gradient is zero for good, in units of its first move."""
    law = "velocity fades by the factor momentum at each step"
    must_be_predicted(value, name, momentum / (1 - momentum), law, small, rtol=0.01)


# What several checkers share.


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


def must_be_layers(back, count, call):
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


def _params_and_loss(back, count, call):
    if not isinstance(back, (tuple, list)) or len(back) != 2 or isinstance(back[1], (tuple, list)):
        message = counter_example(call, back, "two things: the new params, and the loss")
        advice = "Is there a return?" if back is None else ""
        raise Violation("returns (params, loss)", message, advice=advice)
    return must_be_layers(back[0], count, f"{call}: params"), must_be_number(back[1], f"{call}: loss")


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


def _params_and_velocity(back, before, call):
    if (
        not isinstance(back, (tuple, list))
        or len(back) != 2
        or any(not isinstance(arrays, (tuple, list)) or len(arrays) != 4 for arrays in back)
    ):
        message = counter_example(call, back, "two lists of four arrays: params and velocity")
        advice = "Is there a return?" if back is None else ""
        raise Violation("returns (params, velocity)", message, advice=advice)
    labels = ARRAYS, [f"velocity of {label}" for label in ARRAYS]
    return [
        [must_be_array(a, b.shape, call, label) for a, b, label in zip(arrays, before, names, strict=True)]
        for arrays, names in zip(back, labels, strict=True)
    ]


def _gaps(params, xs, ys, masks, lr, momentum):
    """Largest weight difference between the masked and the deleted network after each step."""
    masked, deleted = [[a.copy() for a in params] for _ in range(2)]
    velocities = [[np.zeros_like(a) for a in params] for _ in range(2)]
    gaps = []
    for x, y, mask in zip(xs, ys, masks, strict=True):
        there = _arrays(_belongs((xs.shape[2], len(mask), len(params[-1])), [mask]))
        for net, velocity in zip((masked, deleted), velocities, strict=True):
            for w, v, g, mine in zip(net, velocity, _gradients(net, x, y, mask), there, strict=True):
                moves = mine if net is deleted else np.True_
                np.copyto(v, momentum * v + g, where=moves)
                np.copyto(w, w - lr * v, where=moves)
        gaps.append(max(np.abs(a - b).max() for a, b in zip(masked, deleted, strict=True)))
    return np.array(gaps)


def _gradients(arrays, x, y, mask):
    return _arrays(loss_and_gradients([tuple(arrays[:2]), tuple(arrays[2:])], x, y, [mask])[1])


def _arrays(pairs):
    return [array for pair in pairs for array in pair]


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


def _flat(before, *layers):
    """(name, array, ...) for W1, b1, W2, ... of several lists of pairs."""
    names = [(f"W{i + 1}", f"b{i + 1}") for i in range(len(before))]
    return zip(*(sum(map(tuple, pairs), ()) for pairs in (names, *layers)), strict=True)


def _not_modified(call, params, before, masks=(), kept=()):
    for name, now, then in _flat(before, params, before):
        must_not_modify(call, **{name: (now, then)})
    for i, (now, then) in enumerate(zip(masks, _masks(kept), strict=True)):
        must_not_modify(call, **{f"masks[{i}]": (now, then)})


def _ends(sizes, masks):
    """Which units of each layer are there; inputs and outputs always are."""
    return [np.ones(sizes[0], bool), *masks, np.ones(sizes[-1], bool)]


def _belongs(sizes, masks):
    """For each (W, b): whether both ends of the weight, or the owner of the bias, are there."""
    return [(np.outer(rows, columns), rows) for columns, rows in pairwise(_ends(sizes, masks))]


def _masks(kept):
    return [np.array([letter == "1" for letter in letters], bool) for letters in kept]


def _sizes(sizes):
    return "-".join(map(str, sizes))


def _listed(kept):
    return ", ".join(kept) or "no hidden layer"


def _copies(params):
    return [(w.copy(), b.copy()) for w, b in params]


def _batch(sizes, count, seed, scale=1.0, dtype=np.float64):
    rng = np.random.default_rng([seed, count])
    return _coarse(scale * rng.normal(0, 1, (count, sizes[0])), dtype), rng.integers(0, sizes[-1], count)


def _coarse(values, dtype):
    return (np.round(64 * values) / 64).astype(dtype)
