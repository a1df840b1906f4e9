"""Property checkers of the exercise on momentum, under which deleted units move.

The rule at the head of `coursepkg.checks` holds: answers get arrays, numbers and lists of them, and only what
they return is looked at. A network with one hidden layer is a list [W1, b1, W2, b2], and so is its velocity.
"""

import numpy as np

from coursepkg.checks.dropout.networks import (
    a_net,
    belongs,
    draw_batch,
    loss_and_gradients,
    masks_of,
    must_be_untouched,
    network,
)
from coursepkg.checks.properties import (
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
    x, y = draw_batch(sizes, 5, seed)
    (mask,) = masks_of([kept])
    if silent is not None:
        params[1][silent] = -64
    gradients = _gradients(params, x, y, mask)
    data = {"grads": [g.copy() for g in gradients]} if gradients_given else {"x": x, "y": y}
    call = f"{name}(params, velocity, {', '.join(data)}, mask, {show(lr)}, {show(momentum)})"
    call += f", {a_net(sizes)}, kept: {kept}"
    before, v_before = [a.copy() for a in params], [v.copy() for v in velocity]
    back = step(params, velocity, *data.values(), mask, lr, momentum)
    new, new_velocity = _params_and_velocity(back, before, call)
    for label, now, then in zip(ARRAYS * 2, params + velocity, before + v_before, strict=True):
        must_not_modify(call, **{label: (now, then)})
    must_not_modify(call, mask=(mask, masks_of([kept])[0]))
    there = _arrays(belongs(sizes, masks_of([kept])))
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
    call = f"gaps(params, xs, ys, masks, {show(lr)}, {show(momentum)}), {a_net(sizes)}, {steps} steps"
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
        there = _arrays(belongs((xs.shape[2], len(mask), len(params[-1])), [mask]))
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
