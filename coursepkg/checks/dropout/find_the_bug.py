"""Property checkers of the exercise on broken dropout: repaired layers and a network.

The rule at the head of `coursepkg.checks` holds: answers get arrays, numbers and generators, and only what
they return is looked at. `p` is the probability of dropping.
"""

import numpy as np

from coursepkg.checks.dropout.masks import inputs, must_have_values
from coursepkg.checks.properties import Violation, counter_example, must_be_array, must_be_close, show


def layer_remembers_its_mask(Dropout, p, shape, seed):
    """Layer with forward and backward: the gradient passes where the values passed, at the same scale."""
    layer, call = (
        Dropout(p, np.random.default_rng(seed)),
        f"Dropout({show(p)}, rng): forward(ones), backward(ones)",
    )
    y = must_be_array(layer.forward(np.ones(shape)), shape, call, "forward")
    must_have_values(
        y, np.full(shape, 1 / (1 - p)), np.ones(shape), "survivors are scaled by 1 / (1 - p)", call
    )
    dx = must_be_array(layer.backward(np.ones(shape)), shape, call, "backward")
    if not np.array_equal(dx != 0, y != 0):
        i = tuple(int(k) for k in np.argwhere((dx != 0) != (y != 0))[0])
        raise Violation(
            "backward uses the mask of forward",
            counter_example(
                call,
                f"forward {show(y[i])}, backward {show(dx[i])} at [{', '.join(map(str, i))}]",
                "both zero, or neither",
            ),
        )
    must_be_close(dx, y, "backward scales as forward does", call)


def layer_draws_a_mask_per_forward(Dropout, seed):
    """Two forward passes have two masks, and backward belongs to the last one."""
    layer, call = (
        Dropout(0.5, np.random.default_rng(seed)),
        "Dropout(0.5, rng): forward(ones) twice, backward(ones)",
    )
    ones = np.ones((10, 20))
    first, second = (must_be_array(layer.forward(ones), ones.shape, call) for _ in range(2))
    if np.array_equal(first, second):
        raise Violation(
            "each forward pass draws a mask", counter_example(call, "the same mask twice", "two masks")
        )
    dx = must_be_array(layer.backward(ones), ones.shape, call)
    if not np.array_equal(dx != 0, second != 0):
        raise Violation(
            "backward uses the mask of forward",
            counter_example(call, "another mask than the second one", "the mask of the last forward pass"),
        )


def network_predicts(Network, p, seed):
    """Network(W1, b1, W2, b2, p, rng): predict(x) is the net without dropout, and leaves the mode alone."""
    w1, b1, w2, b2 = (
        inputs((30, 5), seed),
        inputs((30,), seed + 1),
        inputs((3, 30), seed + 2),
        inputs((3,), seed + 3),
    )
    net, x = Network(w1, b1, w2, b2, p, np.random.default_rng(seed)), inputs((4, 5), seed + 4)
    logits = np.maximum(x @ w1.T + b1, 0) @ w2.T + b2
    call, shape = f"Network(..., p={show(p)}, rng).predict(x)", (4, 3)
    first, second = (must_be_array(net.predict(x.copy()), shape, call) for _ in range(2))
    if not np.allclose(first, second):
        raise Violation(
            "predictions repeat",
            counter_example(f"{call}, twice", f"{show(first[0])}, then {show(second[0])}", "the same twice"),
        )
    must_be_close(first, logits, "predict uses every unit, unscaled", call)
    _still_drops(net, x, f"{call}, then forward(x)")
    net.eval()
    must_be_close(net.forward(x.copy()), logits, "eval() switches dropout off", "eval(), then forward(x)")
    net.predict(x.copy())
    must_be_close(
        net.forward(x.copy()), logits, "predict leaves the mode as it was", "eval(), predict(x), forward(x)"
    )
    net.train()
    _still_drops(net, x, "eval(), train(), then forward(x)")


def _still_drops(net, x, call):
    first, second = (np.asarray(net.forward(x.copy())) for _ in range(2))
    if np.allclose(first, second):
        raise Violation(
            "predict leaves the mode as it was",
            counter_example(f"{call}, twice", "the same logits", "logits under two masks"),
        )
