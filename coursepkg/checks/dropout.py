"""Property checkers of the dropout exercises. Dropout is judged by its laws, never by a random stream.

The rule at the head of `coursepkg.checks` holds: answers get arrays, numbers and generators, and only what
they return is looked at. `p` is the probability of dropping. Every checker raises Violation.
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
    must_be_right_choices,
    must_not_modify,
    show,
)
from coursepkg.gradcheck import numerical_gradient

RARELY = np.log(2e9)  # a right answer exceeds `farthest` less than once in a billion draws


def farthest(variance, largest):
    """How far a sum of independent, centered terms strays, for all but one in a billion draws.

    Args:
        variance: sum of the terms' variances.
        largest: largest magnitude of a term.
    Returns:
        float: the bound of Bernstein's inequality, which holds for every count and every p.
    """
    skew = largest * RARELY / 3
    return skew + np.sqrt(skew**2 + 2 * variance * RARELY)


def inputs(shape, seed, dtype=np.float64):
    """Numbers without zeros, so that a zero in the output means dropped.

    Args:
        shape: shape of the array.
        seed: seed of the draw.
        dtype: float type.
    Returns:
        numpy.ndarray: of magnitude 0.5 to 2, both signs, rounded to two decimals.
    """
    rng = np.random.default_rng(seed)
    return (np.round(rng.uniform(0.5, 2.0, shape), 2) * rng.choice([-1, 1], shape)).astype(dtype)


def coins(shape, p, seed):
    """A mask for checkers that hand one to the answer: True = kept, at least one unit kept and one dropped.

    Args:
        shape: shape of the mask, at least two elements.
        p: probability of dropping.
        seed: seed of the draw.
    Returns:
        numpy.ndarray: bool.
    """
    mask = np.random.default_rng(seed).random(shape) >= p
    mask.flat[0], mask.flat[1] = True, False
    return mask


# Masks: sample_mask(shape, p, rng) -> boolean array, True = kept.


def mask_is_boolean(sample_mask, shape, p, seed):
    """The mask is a boolean array of the shape asked for."""
    call = f"sample_mask({shape}, {p}, rng)"
    mask = must_be_array(sample_mask(shape, p, np.random.default_rng(seed)), shape, call)
    if mask.dtype != bool:
        raise Violation(
            "a mask is boolean",
            counter_example(call, f"an array of {mask.dtype}", "an array of bool, True = kept"),
        )


def mask_keeps_the_right_share(sample_mask, p, seed):
    """A share 1 - p of all units is kept, within a binomial bound."""
    shape = (200, 500)
    call = f"sample_mask({shape}, {p}, rng)"
    kept = must_be_array(sample_mask(shape, p, np.random.default_rng(seed)), shape, call) != 0
    must_have_share(kept, p, call)


def mask_tosses_one_coin_per_unit(sample_mask, seed):
    """Units are independent: within a draw, along both axes, and in how many there are of them."""
    shape, draws = (40, 50), 60
    call = f"sample_mask({shape}, 0.5, rng)"
    masks = np.stack(
        [
            must_be_array(sample_mask(shape, 0.5, np.random.default_rng([seed, i])), shape, call) != 0
            for i in range(draws)
        ]
    )
    must_be_independent(masks[:, 0::2], masks[:, 1::2], call, "a row and the next one")
    must_be_independent(masks[:, :, 0::2], masks[:, :, 1::2], call, "a column and the next one")
    counts = masks.reshape(draws, -1).sum(axis=1)
    share = float(masks.mean())
    spread, usual = float(np.std(counts)), np.sqrt(40 * 50 * share * (1 - share))
    if 0 < share < 1 and not usual / 2 < spread < usual * 2:
        raise Violation(
            "each unit has its own coin",
            counter_example(
                f"{call}, {draws} times",
                f"survivors {show(counts[:6])} ..., which vary by {spread:.1f}",
                f"counts that vary by about {usual:.0f}: the number of survivors is random too",
            ),
        )


def mask_follows_the_generator(sample_mask, seed):
    """The generator that is handed in decides: same seed same mask, other seed other mask."""
    shape, call = (8, 25), "sample_mask((8, 25), 0.5, rng)"
    first, again, other = (
        must_be_array(sample_mask(shape, 0.5, np.random.default_rng(s)), shape, call)
        for s in (seed, seed, seed + 1)
    )
    _follows_the_generator(first, again, other, call)


# Inverted dropout.


def masked_values(apply_mask, x, mask, p):
    """apply_mask(x, mask, p): dropped units are zero, survivors are scaled, the inputs stay as they are."""
    call = f"apply_mask(x, mask, {p})"
    before = x.copy(), mask.copy()
    y = must_be_array(apply_mask(x, mask, p), x.shape, call)
    must_not_modify(call, x=(x, before[0]), mask=(mask, before[1]))
    x, mask = before
    if p == 1:
        _nothing_left(y, call, x)
        return
    _first_difference(y, np.zeros_like(x), ~mask, "dropped units are zero", call, x, mask)
    _first_difference(y, x / (1 - p), mask, "survivors are scaled by 1 / (1 - p)", call, x, mask)


def inverted_dropout_values(dropout, p, shape, seed, dtype=np.float64):
    """dropout(x, p, True, rng): every value is 0 or x / (1 - p), and x stays as it is."""
    call = f"dropout(x, {p}, True, rng)"
    x = inputs(shape, seed, dtype)
    before = x.copy()
    y = must_be_array(dropout(x, p, True, np.random.default_rng(seed)), shape, call)
    must_not_modify(call, x=(x, before))
    if p == 1:
        _nothing_left(y, call, before)
        return
    must_have_values(y, before / (1 - p), before, "survivors are scaled by 1 / (1 - p)", call)
    if p == 0:
        must_be_close(y, before, "p = 0 changes nothing", call, x=before)


def inverted_dropout_share(dropout, p, seed):
    """dropout(x, p, True, rng) drops a share p, and keeps the mean."""
    call = f"dropout(ones((200, 500)), {p}, True, rng)"
    y = must_be_array(dropout(np.ones((200, 500)), p, True, np.random.default_rng(seed)), (200, 500), call)
    must_have_share(y != 0, p, call)
    odds = p / (1 - p)  # the variance of one value; it strays from 1 by 1 or by the odds
    bound = farthest(odds * y.size, max(1, odds)) / y.size + RTOL
    if not abs(y.mean() - 1) <= bound:
        raise Violation(
            "the mean is kept", counter_example(call, f"a mean of {y.mean():.4f}", "a mean of about 1")
        )


def inverted_dropout_draws_anew(dropout, seed):
    """dropout(x, p, True, rng): the generator decides, and there is one coin per unit."""
    x, call = np.ones((40, 50)), "dropout(ones((40, 50)), 0.5, True, rng)"
    first, again, other = (
        must_be_array(dropout(x, 0.5, True, np.random.default_rng(s)), x.shape, call)
        for s in (seed, seed, seed + 1)
    )
    _follows_the_generator(first, again, other, call)
    kept = np.stack([first, other]) != 0
    must_be_independent(kept[:, 0::2], kept[:, 1::2], call, "a row and the next one")
    must_be_independent(kept[:, :, 0::2], kept[:, :, 1::2], call, "a column and the next one")


def inverted_dropout_evaluation(dropout, p, shape, seed):
    """dropout(x, p, False, rng) is the identity."""
    call = f"dropout(x, {p}, False, rng)"
    x = inputs(shape, seed)
    before = x.copy()
    y = must_be_array(dropout(x, p, False, np.random.default_rng(seed)), shape, call)
    must_not_modify(call, x=(x, before))
    must_be_close(y, before, "evaluation changes nothing", call, x=before)


# Predictions.


def predicted_survivors(value, n, p):
    """The mean number of units kept."""
    must_be_predicted(
        value,
        "survivors",
        n * (1 - p),
        "p is the probability of dropping",
        "10 units at p = 0.2 keep 8 on average",
    )


def predicted_spread(value, n, p):
    """The standard deviation of the number of units kept."""
    small = "100 units at p = 0.5 keep 50, give or take 5: the variances p (1 - p) of the coins add up"
    law = "the spread is that of independent coins"
    must_be_predicted(value, "spread", np.sqrt(n * p * (1 - p)), law, small, rtol=0.02)


def subnetworks_are_counted(count_subnetworks, hidden):
    """count_subnetworks(hidden): how many networks a draw can leave, for hidden layers of these sizes."""
    call = f"count_subnetworks({show(hidden)})"
    got, expected = must_be_number(count_subnetworks(list(hidden)), call), 2.0 ** sum(hidden)
    if not np.isclose(got, expected, rtol=1e-9):
        seen = {1: "with the unit, without it", 2: "both units, the first, the second, none"}.get(sum(hidden))
        expected = f"{expected:.0f}" + (f" ({seen})" if seen else "")
        raise Violation(
            "each unit doubles the number of networks", counter_example(call, f"{got:.12g}", expected)
        )


def thinned_parameters_are_counted(thinned_parameters, sizes, kept):
    """thinned_parameters(sizes, kept): weights and biases that are left when only `kept` hidden units are."""
    call = f"thinned_parameters({show(sizes)}, {show(kept)})"
    got = must_be_number(thinned_parameters(list(sizes), list(kept)), call)
    left = [sizes[0], *kept, sizes[-1]]
    layers = [(b, a) for a, b in pairwise(left)]  # (out, in)
    if got != sum(b * a + b for b, a in layers):
        arrays = ", ".join(f"W {shape} and b ({shape[0]},)" for shape in layers)
        raise Violation(
            "a deleted unit takes its weights and its bias along",
            counter_example(call, got, f"the numbers in {arrays}"),
        )


def predicted_value(value, name, x, p, inverted, training):
    """What a kept unit of value x passes on: inverted or classic dropout, in training or in use."""
    factor = (1 / (1 - p) if training else 1.0) if inverted else (1.0 if training else 1 - p)
    law = {
        (True, True): (
            "inverted dropout scales survivors up in training",
            "at p = 0.5 a kept 1.0 becomes 2.0",
        ),
        (True, False): ("inverted dropout changes nothing in use", "at p = 0.5 a 1.0 stays 1.0"),
        (False, True): (
            "classic dropout leaves survivors alone in training",
            "at p = 0.5 a kept 1.0 stays 1.0",
        ),
        (False, False): ("classic dropout scales down in use", "at p = 0.5 a 1.0 becomes 0.5"),
    }
    must_be_predicted(value, name, x * factor, *law[inverted, training])


def translated_p(value, name, p, small):
    """The p to hand to PyTorch for a rate that somebody else means in another way."""
    must_be_predicted(value, name, p, "PyTorch's p is the probability of dropping", small)


# Backward passes.


def inverted_backward(dropout_backward, p, shape, seed, mask=None):
    """dropout_backward(dy, mask, p): zero where dropped, dy / (1 - p) where kept."""
    call = f"dropout_backward(dy, mask, {show(p)})"
    dy, mask = inputs(shape, seed), coins(shape, p, seed) if mask is None else mask
    before = dy.copy(), mask.copy()
    dx = must_be_array(dropout_backward(dy, mask, p), shape, call)
    must_not_modify(call, dy=(dy, before[0]), mask=(mask, before[1]))
    dy, mask = before
    _first_difference(
        dx, np.zeros(shape), ~mask, "a dropped unit passes nothing back", call, dy, mask, name="dy"
    )
    if p < 1:
        _first_difference(
            dx, dy / (1 - p), mask, "a survivor passes back dy / (1 - p)", call, dy, mask, name="dy"
        )


def classic_backward(classic_backward, p, shape, seed, training):
    """classic_backward(dy, mask, p, training): dy * mask in training; (1 - p) dy in use, with mask None."""
    call = f"classic_backward(dy, {'mask' if training else 'None'}, {show(p)}, {training})"
    dy, mask = inputs(shape, seed), coins(shape, p, seed)
    before = dy.copy(), mask.copy()
    dx = must_be_array(classic_backward(dy, mask if training else None, p, training), shape, call)
    must_not_modify(call, dy=(dy, before[0]), mask=(mask, before[1]))
    dy, mask = before
    if training:
        _first_difference(
            dx, np.zeros(shape), ~mask, "a dropped unit passes nothing back", call, dy, mask, name="dy"
        )
        _first_difference(dx, dy, mask, "a classic survivor passes back dy", call, dy, mask, name="dy")
    else:
        must_be_close(dx, (1 - p) * dy, "in use every unit passes back (1 - p) dy", call, dy=dy)


def hidden_layer_gradients(hidden_layer_backward, sizes, p, seed):
    """hidden_layer_backward(dy, x, W, mask, p): dx, dW, db of y = dropout(x W^T + b), against finite
    differences.

    Args:
        hidden_layer_backward: the answer.
        sizes: pictures in the batch, inputs, hidden units.
        p: probability of dropping.
        seed: seed of the numbers.
    """
    n, d, h = sizes
    call = f"hidden_layer_backward(dy, x, W, mask, {show(p)}) with dy {(n, h)}, x {(n, d)}, W {(h, d)}"
    x, w, dy, b = inputs((n, d), seed), inputs((h, d), seed + 1), inputs((n, h), seed + 2), np.zeros(h)
    mask = coins((n, h), p, seed)
    given = {"dy": dy, "x": x, "W": w, "mask": mask}
    before = {name: array.copy() for name, array in given.items()}
    back = hidden_layer_backward(dy, x, w, mask, p)
    if not isinstance(back, (tuple, list)) or len(back) != 3:
        raise Violation("returns dx, dW, db", counter_example(call, back, "three arrays: dx, dW, db"))
    must_not_modify(call, **{name: (array, before[name]) for name, array in given.items()})

    def loss(db=b, dW=before["W"], dx=before["x"]):
        return float(np.sum(before["dy"] * before["mask"] * (dx @ dW.T + db) / (1 - p)))

    for name, array, got in zip(
        ("db", "dW", "dx"), (b, before["W"], before["x"]), reversed(back), strict=True
    ):
        got = must_be_array(got, array.shape, call, name)
        slopes = numerical_gradient(lambda value, name=name: loss(**{name: value}), array)
        must_be_close(got, slopes, f"{name} agrees with finite differences", f"{call}, {name}")


# Classic dropout, as a layer, and the way from one convention to the other.


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


# Repaired functions.


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


# Whole channels: channel_dropout(x, p, rng) -> (y, mask), x (N, C, H, W), mask (N, C, 1, 1).


def channels_drop_whole(channel_dropout, p, shape, seed, dtype=np.float64):
    """A channel is zero throughout or x / (1 - p) throughout, and the mask says which."""
    call, x = f"channel_dropout(x, {show(p)}, rng), x {shape}", inputs(shape, seed, dtype)
    before = x.copy()
    y, mask = _output_and_mask(channel_dropout(x, p, np.random.default_rng(seed)), call)
    y = must_be_array(y, shape, call, "y")
    must_not_modify(call, x=(x, before))
    zeros = np.mean(y == 0, axis=(2, 3))
    for n, c in np.argwhere((zeros > 0) & (zeros < 1)):
        got = f"y[{n}, {c}] = {show(y[n, c])}"
        raise Violation("a channel is dropped whole", counter_example(call, got, "no zeros, or only zeros"))
    if p == 1:
        _nothing_left(y, call, before)
    else:
        must_have_values(y, before / (1 - p), before, "survivors are scaled by 1 / (1 - p)", call)
    mask = must_be_array(mask, (*shape[:2], 1, 1), call, "mask")
    if mask.dtype != bool:
        message = counter_example(call, f"an array of {mask.dtype}", "an array of bool, True = kept")
        raise Violation("a mask is boolean", message)
    for n, c in np.argwhere(mask[:, :, 0, 0] != (zeros < 1)):
        got = f"mask[{n}, {c}] = {mask[n, c, 0, 0]}, y[{n}, {c}] = {show(y[n, c])}"
        message = counter_example(call, got, "True where the channel was kept")
        raise Violation("the mask returned is the one applied", message)


def channels_have_their_own_coins(channel_dropout, seed):
    """The generator decides, and channels are independent, from picture to picture and within one."""
    shape, call = (60, 40, 2, 2), "channel_dropout(ones((60, 40, 2, 2)), 0.5, rng)"
    first, again, other = (
        _kept_channels(channel_dropout, shape, 0.5, s, call) for s in (seed, seed, seed + 1)
    )
    _follows_the_generator(first, again, other, call)
    kept = np.stack([first, other])
    must_be_independent(kept[:, 0::2], kept[:, 1::2], call, "the channels of a picture and of the next one")
    must_be_independent(kept[:, :, 0::2], kept[:, :, 1::2], call, "a channel and the next one")


def channels_have_the_right_share(channel_dropout, p, seed):
    """A share p of all channels is dropped, within a binomial bound."""
    shape, call = (200, 250, 1, 2), f"channel_dropout(ones((200, 250, 1, 2)), {show(p)}, rng)"
    must_have_share(_kept_channels(channel_dropout, shape, p, seed, call), p, call)


def pooled_channels_backward(pooled_backward, p, shape, seed):
    """pooled_backward(dy, mask, p, height, width): the gradient of channel dropout and a global average."""
    (n, c, height, width), call = shape, f"pooled_backward(dy, mask, {show(p)}, {shape[2]}, {shape[3]})"
    dy, mask = inputs((n, c), seed), coins((n, c, 1, 1), p, seed)
    before = dy.copy(), mask.copy()
    dx = must_be_array(pooled_backward(dy, mask, p, height, width), shape, call)
    must_not_modify(call, dy=(dy, before[0]), mask=(mask, before[1]))
    dy, kept = (np.broadcast_to(a.reshape(n, c, 1, 1), shape) for a in before)
    law = "a dropped channel passes nothing back"
    _first_difference(dx, np.zeros(shape), ~kept, law, call, dy, kept, name="dy of its channel")
    law, each = (
        "each pixel of a survivor gets dy / (1 - p) / (height * width)",
        dy / (1 - p) / (height * width),
    )
    must_be_close(np.where(kept, dx, 0), np.where(kept, each, 0), law, call, dy=before[0])


def noise_of_an_average(value, name, p, coins_in_it):
    """The standard deviation of the mean of a map of ones, behind dropout with so many coins for the map."""
    law = "the noise of an average falls with the root of its coins"
    small = "at p = 0.5 one coin makes the mean 0 or 2, a deviation of 1; two coins 0, 1, 1 or 2, one of 0.71"
    must_be_predicted(value, name, np.sqrt(p / (1 - p) / coins_in_it), law, small, rtol=0.03)


def survivors_are_asked(fill, kept, seed, property):
    """fill(x, mask): for every pixel the mean of the kept ones among its up to four neighbors, 0 without any.

    Args:
        fill: the answer.
        kept: strings of one length, one per row of a picture, 1 where a pixel is kept; or a list of such
            pictures, which become the channels of one.
        seed: seed of the pixels.
        property: what this picture is about, for the message.
    """
    channels = [kept] if isinstance(kept[0], str) else kept
    mask = np.array([[[[letter == "1" for letter in row] for row in rows] for rows in channels]])
    x = inputs(mask.shape, seed)
    before, (height, width) = (x.copy(), mask.copy()), mask.shape[2:]
    call = f"fill(x, mask), {len(channels)} channel{'s' * (len(channels) > 1)} of {height} x {width} pixels"
    got = must_be_array(fill(x, mask), x.shape, call)
    must_not_modify(call, x=(x, before[0]), mask=(mask, before[1]))
    x, mask = before
    small = {"x": x[0, 0], "mask": mask[0, 0].astype(int)} if x.size <= 9 else {}
    if small:
        must_be_close(got[0, 0], _filled(x, mask)[0, 0], property, call, **small)
    must_be_close(got, _filled(x, mask), property, call)


def neighbor_correlation(value, name, x):
    """The correlation of pixels and their right-hand neighbors, over all pictures and places."""
    expected = np.corrcoef(x[..., :-1].ravel(), x[..., 1:].ravel())[0, 1]
    _measured(value, name, expected, "neighboring pixels are much alike")


def recovered_share(value, name, x, mask, property):
    """1 less the squares that `fill` leaves, as a share of all squares, over the dropped pixels."""
    dropped = ~np.broadcast_to(mask, x.shape)
    left = ((_filled(x, ~dropped) - x)[dropped] ** 2).sum()
    _measured(value, name, 1 - left / (x[dropped] ** 2).sum(), property)


def masks_without_neighbors(value, name):
    """The mask shapes under which a dropped pixel never has a surviving neighbor in its map."""
    reasons = {
        "(N, C, H, W)": "a pixel is dropped, the one beside it has a coin of its own",
        "(N, C, 1, 1)": "one coin for all pixels of a map",
        "(N, 1, 1, 1)": "one coin for all maps of a picture, so for all pixels of each",
        "(N, 1, H, W)": "the same holes in each map, and beside a hole there is a pixel with its own coin",
        "(N, C, H, 1)": "a row is dropped, the row below has a coin of its own",
    }
    right = ["(N, C, 1, 1)", "(N, 1, 1, 1)"]
    must_be_right_choices(value, name, reasons, right, "nothing is left in the map if the map has one coin")


def _output_and_mask(back, call):
    if not isinstance(back, (tuple, list)) or len(back) != 2:
        advice = "Is there a return in every branch?" if back is None else ""
        raise Violation("returns (y, mask)", counter_example(call, back, "two arrays"), advice=advice)
    return back


def _kept_channels(channel_dropout, shape, p, seed, call):
    y, _ = _output_and_mask(channel_dropout(np.ones(shape), p, np.random.default_rng(seed)), call)
    return must_be_array(y, shape, call, "y").any(axis=(2, 3))


def _filled(x, mask):
    """Each pixel as the mean of its surviving neighbors, by padding with nobody."""
    sums, counts = np.zeros(x.shape), np.zeros(x.shape)
    height, width = x.shape[2:]
    ring = (0, 0), (0, 0), (1, 1), (1, 1)
    values, there = np.pad(np.where(mask, x, 0), ring), np.pad(mask, ring)
    for i, j in ((0, 1), (2, 1), (1, 0), (1, 2)):
        sums += values[:, :, i : i + height, j : j + width]
        counts += there[:, :, i : i + height, j : j + width]
    return sums / np.maximum(counts, 1)


def _measured(value, name, expected, property):
    got = must_be_number(value, name)
    if not abs(got - expected) <= 1e-3 * max(abs(expected), 0.1):
        raise Violation(property, counter_example(name, got, "what your own fill, or corrcoef, measures"))


# What several checkers share.


def must_have_share(kept, p, call):
    """A share 1 - p of `kept` is True, within a binomial bound; exactly so at p = 0 and p = 1."""
    share, bound = float(np.mean(kept)), farthest(p * (1 - p) * kept.size, max(p, 1 - p)) / kept.size
    if p in (0, 1):
        if share != 1 - p:
            raise Violation(
                "p = 0 keeps everything, p = 1 drops everything",
                counter_example(call, f"{share:.1%} kept", f"{1 - p:.0%} kept"),
            )
    elif not abs(share - (1 - p)) <= bound:
        raise Violation(
            "p is the probability of dropping",
            counter_example(call, f"{1 - share:.1%} dropped", f"about {p:.0%} dropped"),
        )


def must_be_independent(one, other, call, what):
    """Two boolean arrays of one shape are uncorrelated; `what` says what they are."""
    if one.std() == 0 or other.std() == 0:
        return  # all kept or all dropped: another law's business
    correlation = float(np.corrcoef(one.ravel(), other.ravel())[0, 1])
    spread, largest = one.std() * other.std(), max(one.mean(), 1 - one.mean()) ** 2
    if not abs(correlation) <= farthest(one.size * spread**2, largest) / (one.size * spread):
        pair = " and ".join(" ".join("01"[int(kept)] for kept in side.ravel()[:12]) for side in (one, other))
        raise Violation(
            "each unit has its own coin",
            counter_example(
                call, f"{what}, 1 = kept:\n{pair}\ncorrelation {correlation:.2f}", "a correlation of about 0"
            ),
        )


def _follows_the_generator(first, again, other, call):
    if not np.array_equal(first, again):
        raise Violation(
            "the generator decides",
            counter_example(f"{call}, twice, same seed", "two different masks", "the same mask"),
        )
    if np.array_equal(first, other):
        raise Violation(
            "the generator decides",
            counter_example(f"{call}, twice, other seed", "the same mask", "different masks"),
        )


def _nothing_left(y, call, x):
    if not np.array_equal(y, np.zeros_like(y)):
        raise Violation("p = 1 gives zeros", counter_example(call, y, np.zeros_like(y), x=x))


def _first_difference(y, expected, where, property, call, x, mask, name="x"):
    """Like must_be_close, but only where `where` holds, and shown for one unit."""
    wrong = where & ~(np.abs(y - expected) <= RTOL * np.maximum(np.abs(expected), 1))
    if wrong.any():
        i = tuple(int(k) for k in np.argwhere(wrong)[0])
        place = "[" + ", ".join(map(str, i)) + "]"
        raise Violation(
            property,
            counter_example(
                call,
                f"{show(y[i])} at {place}",
                f"{show(expected[i])} at {place}",
                **{name: f"{show(x[i])} at {place}"},
                mask=f"{mask[i]} at {place} ({'kept' if mask[i] else 'dropped'})",
            ),
        )


def must_have_values(y, scaled, x, property, call):
    """Each value of y is 0 or that of `scaled`; x is shown in the counter-example."""
    wrong = ~((y == 0) | (np.abs(y - scaled) <= RTOL * np.abs(scaled)))
    if wrong.any():
        i = tuple(int(k) for k in np.argwhere(wrong)[0])
        raise Violation(
            property,
            counter_example(call, show(y[i]), f"0 or {show(scaled[i])}", label="allowed", x=show(x[i])),
        )
