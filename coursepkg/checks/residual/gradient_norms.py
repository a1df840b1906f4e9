"""Property checkers of the exercise on gradients through deep networks, with shortcuts and without.

The rule at the head of `coursepkg.checks` holds: answers get arrays, numbers and lists of arrays. A network
is a list of matrices (n, n); its layers compute relu(h @ W.T), and h + relu(h @ W.T) with shortcuts.
"""

import numpy as np

from coursepkg.checks.properties import (
    Violation,
    counter_example,
    must_be_array,
    must_be_close,
    must_be_number,
    must_be_predicted,
    must_be_right_choices,
    must_not_modify,
    show,
)

LAYERS, UNITS, EXAMPLES = 30, 64, 50
MEASURED = {  # name -> (standard deviation of the weights, shortcuts)
    "small": (0.01, False),
    "he": (np.sqrt(2 / UNITS), False),
    "he_shortcut": (np.sqrt(2 / UNITS), True),
    "tenth_shortcut": (0.1 * np.sqrt(2 / UNITS), True),
}
REASONS = {
    "vanish": "how much arrives in the network `he`?",
    "scale": "compare `he` with `small`: what is different?",
    "keep": "is there a network with shortcuts in which less arrives than was sent?",
    "limit": "how much arrives in the network `he_shortcut`?",
    "small": "how much arrives in the network `tenth_shortcut`?",
}


def layers_one_by_one(forward, shape, layers, shortcut, seed, *, dtype=np.float64):
    """forward(x, weights, shortcut) is the list of x and what each layer puts out.

    Args:
        forward: the answer.
        shape: (N, n) of x.
        layers: how many.
        shortcut: whether there are shortcuts.
        seed: of the numbers.
        dtype: of the numbers.
    """
    x, weights, _ = _network(shape, layers, seed, dtype)
    given = x.copy(), [weight.copy() for weight in weights]
    call = f"forward(x, weights, {shortcut}), x of shape {shape}, {layers} layers"
    found = _list(forward(*given, shortcut), layers + 1, call)
    must_not_modify(call, x=(given[0], x), **_pairs("weights", given[1], weights))
    expected = _forward(x, weights, shortcut)
    must_be_close(must_be_array(found[0], shape, call, "the first"), x, "the first one is x", call)
    law = "a layer adds to what it gets" if shortcut else "a layer is relu(h @ W.T)"
    more = {"x": x, "W": weights[0]} if layers == 1 and x.size <= 4 else {}
    for number, (got, right) in enumerate(zip(found[1:], expected[1:], strict=True), start=1):
        got = must_be_array(got, shape, call, f"what layer {number} puts out")
        must_be_close(got, right, law, f"{call}: layer {number}", **more)


def gradients_one_by_one(backward, shape, layers, shortcut, seed, *, dtype=np.float64):
    """backward(dy, outputs, weights, shortcut) is the list of gradients for x and each layer's output.

    Args: as for `layers_one_by_one`.
    """
    x, weights, dy = _network(shape, layers, seed, dtype)
    x[1:2] = 0  # the second example, if there is one: its ReLUs get exactly 0
    outputs = _forward(x, weights, shortcut)
    given = dy.copy(), [output.copy() for output in outputs], [weight.copy() for weight in weights]
    call = f"backward(dy, outputs, weights, {shortcut}), x of shape {shape}, {layers} layers"
    found = _list(backward(*given, shortcut), layers + 1, call)
    must_not_modify(call, dy=(given[0], dy), **_pairs("outputs", given[1], outputs))
    must_not_modify(call, **_pairs("weights", given[2], weights))
    last = must_be_array(found[-1], shape, call, "the last")
    must_be_close(last, dy, "the last one is dy", call)
    if shortcut:
        law = "the gradient comes back along both ways"
    else:
        law = "a gradient passes where the ReLU let pass, and then the weights"
    more = {"x": x, "W": weights[0], "dy": dy} if layers == 1 and x.size <= 4 else {}
    expected = _backward(dy, outputs, weights, shortcut)
    for number in range(layers - 1, -1, -1):
        got = must_be_array(found[number], shape, call, f"number {number}")
        must_be_close(got, expected[number], law, f"{call}: number {number}", **more)


def ratio_of_norms(ratio, shape, layers, shortcut, scale, seed):
    """ratio(dy, x, weights, shortcut) is the norm of the first gradient divided by that of the last.

    Args:
        ratio: the answer.
        shape, layers, shortcut, seed: as for `layers_one_by_one`.
        scale: factor of the weights and of dy.
    """
    x, weights, dy = _network(shape, layers, seed, np.float64)
    weights, dy = [scale * weight for weight in weights], 7 * dy
    call = f"ratio(dy, x, weights, {shortcut}), x of shape {shape}, {layers} layers"
    got = must_be_number(ratio(dy.copy(), x.copy(), [weight.copy() for weight in weights], shortcut), call)
    expected = _ratio(dy, x, weights, shortcut)
    if not abs(got - expected) <= 1e-3 * expected:
        raise Violation("the first norm divided by the last", counter_example(call, got, expected))


def predicted_factor(value, name, variance, units, layers, small):
    """By which factor the norm changes in so many plain layers, by the rule sqrt(n v / 2) for each."""
    expected = (units * variance / 2) ** (layers / 2)
    must_be_predicted(value, name, expected, "each layer multiplies by sqrt(n v / 2)", small, rtol=0.02)


def ratio_is_measured(value, name):
    """The ratio of one of the four networks of the notebook."""
    deviation, shortcut = MEASURED[name]
    rng = np.random.default_rng(0)
    weights = [deviation * rng.standard_normal((UNITS, UNITS)) for _ in range(LAYERS)]
    x, dy = (np.random.default_rng(seed).standard_normal((EXAMPLES, UNITS)) for seed in (1, 2))
    expected, got = _ratio(dy, x, weights, shortcut), must_be_number(value, name)
    if not abs(got - expected) <= 0.01 * expected:
        order = f"a number {'above' if expected > got else 'below'} it"
        raise Violation("is measured on the given networks", counter_example(name, got, order))


def conclusions(value):
    """What the four ratios say."""
    right = ["scale", "keep", "small"]
    must_be_right_choices(value, "true_here", REASONS, right, "follows from the four ratios")


def _network(shape, layers, seed, dtype):
    rng = np.random.default_rng(seed)
    x, dy = rng.standard_normal(shape), rng.standard_normal(shape)
    weights = [rng.standard_normal((shape[1], shape[1])) for _ in range(layers)]
    return x.astype(dtype), [weight.astype(dtype) for weight in weights], dy.astype(dtype)


def _forward(x, weights, shortcut):
    outputs = [x]
    for weight in weights:
        branch = np.maximum(outputs[-1] @ weight.T, 0)
        outputs.append(branch + outputs[-1] if shortcut else branch)
    return outputs


def _backward(dy, outputs, weights, shortcut):
    gradients = [dy]
    for h, weight in zip(outputs[-2::-1], weights[::-1], strict=True):
        branch = ((h @ weight.T > 0) * gradients[0]) @ weight
        gradients.insert(0, branch + gradients[0] if shortcut else branch)
    return gradients


def _ratio(dy, x, weights, shortcut):
    first = _backward(dy, _forward(x, weights, shortcut), weights, shortcut)[0]
    return np.linalg.norm(first) / np.linalg.norm(dy)


def _list(value, length, call):
    if not isinstance(value, (list, tuple)) or len(value) != length:
        got = f"{len(value)} elements" if isinstance(value, (list, tuple)) else show(value)
        raise Violation("returns a list", counter_example(call, got, f"a list of {length} arrays"))
    return value


def _pairs(name, after, before):
    return {f"{name}[{i}]": pair for i, pair in enumerate(zip(after, before, strict=True))}
