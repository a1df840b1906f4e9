"""Property checkers of the exercise on Monte-Carlo dropout: one network, asked many times.

The rule at the head of `coursepkg.checks` holds. A network is built by the notebook's own `make_net`, filled
with `load_state_dict`, switched with `train()` and `eval()`, called, and handed back to the learner's
functions; what it should answer is computed here from its `state_dict()`, in NumPy.
"""

from itertools import product

import numpy as np
import torch

from coursepkg.checks.dropout.masks import farthest
from coursepkg.checks.properties import (
    Violation,
    counter_example,
    must_be_array,
    must_be_number,
    must_not_modify,
    show,
)

FIFTIES = 4  # averages of fifty masks, as a reference
# Every tolerance below is at least six standard deviations of what fifty masks give, beside that reference.


def passes_are_probabilities(mc_predict, make_net, sizes, k, seed):
    """mc_predict(net, x, k) returns k times probabilities, from different masks, and x stays as it is."""
    net, _ = _filled(make_net, sizes, 0.5, seed)
    net.eval()
    x = _pictures(5, sizes[0], seed)
    call, before = _call(sizes, 0.5, k, x), x.clone()
    samples = must_be_array(mc_predict(net, x, k), (k, 5, sizes[2]), call)
    must_not_modify(call, x=(x, before))
    sums = samples.sum(axis=-1)
    if np.any(samples < 0) or not np.allclose(sums, 1, atol=1e-4):
        got = f"{show(samples[0, 0])}, which add up to {show(sums[0, 0])}"
        expected = "for each picture numbers from 0 to 1 that add up to 1"
        raise Violation("returns probabilities", counter_example(call, got, expected))
    if k > 10 and np.allclose(samples, samples[0], atol=1e-5):
        message = counter_example(call, f"{k} times the same", f"{k} passes, each with its own mask")
        raise Violation("each pass draws a mask", message)


def passes_are_thinned_networks(mc_predict, make_net, sizes, p, k, seed):
    """Every prediction is that of one of the 2^n thinned networks, and each of these turns up in its share.

    Args:
        mc_predict, make_net: the answer, and the notebook's builder.
        sizes: inputs, hidden units (few), classes.
        p: probability of dropping.
        k: number of passes.
        seed: of weights and pictures.
    """
    net, state = _filled(make_net, sizes, p, seed)
    net.eval()
    x = _pictures(4, sizes[0], seed)
    call = _call(sizes, p, k, x)
    samples = must_be_array(mc_predict(net, x, k), (k, 4, sizes[2]), call)
    masks = np.array(list(product((0, 1), repeat=sizes[1])))
    answers = _thinned(state, x, masks / (1 - p))
    which, distance = _nearest(samples, answers)
    if distance.max() > 1e-3:
        step, row = np.unravel_index(distance.argmax(), distance.shape)
        got = show(samples[step, row])
        _, by_batch = _nearest(samples, _thinned(state, x, masks / (1 - p), batch_statistics=True))
        if by_batch.max() <= 1e-3:
            expected = "what it is by running_mean and running_var, not by the mean and variance of the batch"
            message = counter_example(call, f"{got} for picture {row}", expected)
            raise Violation("batch normalization stays in evaluation mode", message)
        expected = f"one of the {len(masks)} answers that the {len(masks)} thinned networks give"
        message = counter_example(call, f"{got} for picture {row}", expected)
        raise Violation("each answer is that of a thinned network", message)
    share = (p ** (1 - masks)).prod(axis=1) * ((1 - p) ** masks).prod(axis=1)
    for row in range(4):
        alike = _alike(answers[:, row])
        counts = np.bincount(alike[which[:, row]], minlength=len(masks))
        expected = np.bincount(alike, weights=k * share, minlength=len(masks))
        bounds = np.array([farthest(variance, 1) for variance in expected * (1 - expected / k)])
        if np.any(np.abs(counts - expected) > bounds):
            worst = int(np.argmax(np.abs(counts - expected) / bounds))
            kept = "".join(str(bit) for bit in masks[worst])
            got = f"picture {row}: the thinned network {kept} in {counts[worst]} of {k} passes"
            message = counter_example(call, got, f"about {expected[worst]:.0f}")
            raise Violation("each mask comes as often as its coins say", message)


def network_is_left_alone(mc_predict, make_net, sizes, seed):
    """Afterwards the network has the weights, the statistics and the modes that it had before."""
    for mode in ("eval", "train"):
        net, state = _filled(make_net, sizes, 0.5, seed)
        getattr(net, mode)()
        x = _pictures(6, sizes[0], seed)
        call = f"net.{mode}(), then {_call(sizes, 0.5, 3, x)}"
        must_be_array(mc_predict(net, x, 3), (3, 6, sizes[2]), call)
        for name, value in _arrays(net.state_dict()).items():
            changed = np.argwhere(value != state[name])
            if len(changed):
                i = tuple(int(index) for index in changed[0])
                got, expected = (
                    f"{name}[{', '.join(map(str, i))}] = {show(array[i])}" for array in (value, state[name])
                )
                message = counter_example(call, f"{got} afterwards", f"{expected}, as before")
                raise Violation("a prediction teaches nothing", message)
        first, second = (must_be_array(net(x), (6, sizes[2]), "net(x)") for _ in range(2))
        drops = not np.allclose(first, second, atol=1e-6)
        counted = int(_arrays(net.state_dict())["1.num_batches_tracked"]) == 2
        if (drops, counted) != (mode == "train", mode == "train"):
            wrong = "dropout" if drops != (mode == "train") else "batch normalization"
            other = "evaluation" if mode == "train" else "training"
            same = "training" if mode == "train" else "evaluation"
            message = counter_example(
                call, f"{wrong} in {other} mode afterwards", f"in {same} mode, as before"
            )
            raise Violation("the net is left in the mode it came in", message)


def doubt_is_measured(doubts, samples):
    """doubts(samples) -> (total, disagreement), in nats, one number per picture.

    Args:
        doubts: the answer.
        samples: nested list (k, N, classes) of probabilities.
    """
    samples = torch.tensor(samples, dtype=torch.float64)
    count, before = samples.shape[1], samples.clone()
    call = f"doubts(samples), samples of shape {tuple(samples.shape)}"
    back = doubts(samples)
    must_not_modify(call, samples=(samples, before))
    if not isinstance(back, (tuple, list)) or len(back) != 2:
        advice = "Is there a return?" if back is None else None
        message = counter_example(call, back, "two tensors: total, disagreement")
        raise Violation("returns (total, disagreement)", message, advice=advice)
    names = "total", "disagreement"
    got = [must_be_array(part, (count,), call, name) for part, name in zip(back, names, strict=True)]
    q = before.numpy()
    total, each = _entropy(q.mean(axis=0)), _entropy(q)
    laws = "total doubt is the entropy of the average", "disagreement is the doubt that no single pass has"
    for name, mine, right, law in zip(names, got, (total, total - each.mean(axis=0)), laws, strict=True):
        wrong = ~(np.abs(mine - right) <= 1e-4)
        if wrong.any():
            picture = int(np.argmax(wrong))
            if np.isnan(mine[picture]):
                law = "a probability of 0 adds nothing"
            passes = "; ".join(show(row) for row in q[:3, picture]) + ("; ..." if len(q) > 3 else "")
            message = counter_example(
                call, f"{name} {show(mine[picture])}", f"{name} {show(right[picture])}", passes=passes
            )
            raise Violation(law, message)


def error_is_measured(value, name, net, x, y, how):
    """The share of wrong predictions, by weight scaling, by one mask at a time or by an average of fifty.

    Args:
        value: what was measured.
        name: of the answer.
        net, x, y: the notebook's network, pictures (N, 64) and labels.
        how: "scaled", "one" or "fifty".
    """
    once, samples = _asked(net, x)
    y = _array(y)
    right, tolerance, law, what = {
        "scaled": (
            (once.argmax(axis=1) != y).mean(),
            0.006,
            "weight scaling is one pass in evaluation mode",
            "the share that a single pass without dropout gets wrong",
        ),
        "one": (
            (samples.argmax(axis=2) != y).mean(),
            0.018,
            "each thinned network is judged by itself",
            "the share that one thinned network gets wrong, on average",
        ),
        "fifty": (
            np.mean([(part.mean(axis=0).argmax(axis=1) != y).mean() for part in np.split(samples, FIFTIES)]),
            0.034,
            "probabilities are averaged before a class is chosen",
            "the share that the average of fifty gets wrong",
        ),
    }[how]
    _must_be_near(value, name, right, tolerance, law, what)


def sureness_is_measured(value, name, net, x, how):
    """The mean of the largest probability, of weight scaling or of an average of fifty.

    Args:
        value: what was measured.
        name: of the answer.
        net, x: the notebook's network and pictures.
        how: "scaled" or "fifty".
    """
    once, samples = _asked(net, x)
    if how == "scaled":
        right, tolerance = once.max(axis=1).mean(), 0.004
    else:
        parts = np.split(samples, FIFTIES)
        right, tolerance = np.mean([part.mean(axis=0).max(axis=1).mean() for part in parts]), 0.012
    law = "a prediction is as sure as its largest probability"
    _must_be_near(value, name, right, tolerance, law, "the mean, over pictures, of the largest probability")


def strangers_are_found(value, name, net, x, how):
    """Pictures and their negatives, sorted by doubt: the share of negatives in the more doubtful half.

    Args:
        value: what was measured.
        name: of the answer.
        net, x: the notebook's network and pictures.
        how: "once" for the entropy of one pass, "fifty" for the disagreement of fifty.
    """
    both = np.concatenate([_array(x), 1 - _array(x)])
    once, samples = _asked(net, both)
    if how == "once":
        doubts, tolerance, what = [_entropy(once)], 0.012, "entropy of the one pass in evaluation mode"
    else:
        parts = np.split(samples, FIFTIES)
        doubts = [_entropy(q.mean(axis=0)) - _entropy(q).mean(axis=0) for q in parts]
        tolerance, what = 0.05, "disagreement of fifty passes"
    half = len(both) // 2
    right = np.mean([(np.argsort(doubt)[half:] >= half).mean() for doubt in doubts])
    what = f"the share of negatives among the {half} with the largest {what}"
    _must_be_near(value, name, right, tolerance, "the most doubtful half is looked at", what)


def _must_be_near(value, name, right, tolerance, law, what):
    got = must_be_number(value, name)
    if not abs(got - right) <= tolerance:
        side = "more" if got < right else "less"
        raise Violation(law, counter_example(name, got, f"{side}: {what}"))


def _asked(net, x):
    """What the network says of x: in evaluation mode (N, classes), and with masks (4 * 50, N, classes)."""
    state, x = _arrays(net.state_dict()), _array(x)
    hidden = len(state["0.bias"])
    rng = np.random.default_rng(0)
    samples = [_thinned(state, x, 2.0 * (rng.random((50, len(x), hidden)) < 0.5)) for _ in range(FIFTIES)]
    return _thinned(state, x, np.ones((1, hidden)))[0], np.concatenate(samples)


def _thinned(state, x, masks, batch_statistics=False):
    """Probabilities (masks, N, classes) of Linear, BatchNorm1d, ReLU, mask, Linear.

    Args:
        state: dict of arrays, with torch's keys.
        x: (N, inputs).
        masks: what hidden units are multiplied by, (masks, hidden) or (masks, N, hidden).
        batch_statistics: normalize by this batch, as in training mode.
    """
    z = _array(x) @ state["0.weight"].T + state["0.bias"]
    mean, variance = state["1.running_mean"], state["1.running_var"]
    if batch_statistics:
        mean, variance = z.mean(axis=0), z.var(axis=0)
    z = (z - mean) / np.sqrt(variance + 1e-5) * state["1.weight"] + state["1.bias"]
    masks = masks[:, None, :] if masks.ndim == 2 else masks
    logits = np.maximum(z, 0) * masks @ state["4.weight"].T + state["4.bias"]
    q = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return q / q.sum(axis=-1, keepdims=True)


def _nearest(samples, answers):
    """For each prediction (k, N) which of the answers (masks, N, classes) is nearest, and how far it is."""
    distances = np.abs(samples[:, None] - answers[None]).max(axis=-1)
    return distances.argmin(axis=1), distances.min(axis=1)


def _alike(answers):
    """For each mask the number of the first one with the same answer: a unit that ReLU silences anyway can be
    there or not."""
    same = np.abs(answers[:, None] - answers[None]).max(axis=-1) < 5e-3
    return same.argmax(axis=1)


def _filled(make_net, sizes, p, seed):
    """The notebook's net with weights and statistics of our own, and these as arrays."""
    inputs, hidden, classes = sizes
    rng = np.random.default_rng(seed)
    state = {
        "0.weight": rng.normal(0, 1, (hidden, inputs)),
        "0.bias": rng.normal(0, 1, hidden),
        "1.weight": rng.uniform(0.5, 1.5, hidden),
        "1.bias": rng.uniform(1, 2, hidden),  # positive, so that few units are silent
        "1.running_mean": rng.normal(0, 1, hidden),
        "1.running_var": rng.uniform(1, 4, hidden),
        "4.weight": rng.normal(0, 2, (classes, hidden)),
        "4.bias": rng.normal(0, 1, classes),
    }
    state = {name: value.astype(np.float32) for name, value in state.items()}
    state["1.num_batches_tracked"] = np.array(0)
    net = make_net(inputs, hidden, classes, p)
    net.load_state_dict({name: torch.tensor(value) for name, value in state.items()})
    return net, state


def _pictures(count, inputs, seed):
    return torch.tensor(np.random.default_rng([seed, count]).normal(0, 1, (count, inputs)).astype(np.float32))


def _call(sizes, p, k, x):
    return f"mc_predict(net, x, {k}), net {'-'.join(map(str, sizes))} with p = {p:g}, {len(x)} pictures"


def _entropy(q):
    return (q * np.log(1 / np.where(q > 0, q, 1))).sum(axis=-1)


def _arrays(state):
    return {name: _array(value).copy() for name, value in state.items()}


def _array(value):
    return value.detach().cpu().numpy() if isinstance(value, torch.Tensor) else np.asarray(value)
