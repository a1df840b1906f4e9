"""Property checkers of the exercise on dropout in linear regression: what the noise costs, to the cent."""

from itertools import product

import numpy as np

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


def mean_loss_of_all_masks(expected_loss, examples, features, p, seed, property):
    """expected_loss(w, x, t, p) is the mean, over all masks, of the summed squared error.

    Args:
        expected_loss: the answer.
        examples, features: shape of the data; 2 ** features masks are tried.
        p: probability of dropping a feature of an example.
        seed: seed of weights and data.
        property: what this case is about, for the message.
    """
    x, t, w = _data(examples, features, seed)
    before = [a.copy() for a in (w, x, t)]
    call = f"expected_loss(w, x, t, {show(p)}), {examples} examples, {features} features"
    got = must_be_number(expected_loss(w, x, t, p), call)
    must_not_modify(call, w=(w, before[0]), x=(x, before[1]), t=(t, before[2]))
    masks = np.array(list(product((0.0, 1.0), repeat=features)))
    chances = np.where(masks == 1, 1 - p, p).prod(axis=1)
    losses = ((x @ (masks / (1 - p) * w).T - t[:, None]) ** 2).sum(axis=0)  # sums over examples
    small = {"x": x, "w": w, "t": t} if x.size <= 4 else {}
    must_be_close(got, chances @ losses, property, call, **small)


def weights_are_best(dropout_weights, x, t, p):
    """dropout_weights(x, t, p) minimizes the mean loss; otherwise the message has a better weight.

    Args:
        dropout_weights: the answer.
        x: array (examples, features) of full column rank.
        t: array (examples,).
        p: probability of dropping a feature of an example.
    """
    before = [a.copy() for a in (x, t)]
    examples, features = x.shape
    call = f"dropout_weights(x, t, {show(p)}), {examples} examples, {features} features"
    w = must_be_array(dropout_weights(x, t, p), (features,), call).astype(np.float64)
    must_not_modify(call, x=(x, before[0]), t=(t, before[1]))
    norms = (x**2).sum(axis=0)
    best = np.linalg.lstsq(
        np.concatenate([x, np.diag(np.sqrt(p / (1 - p) * norms))]),
        np.concatenate([t, np.zeros(features)]),
    )[0]
    # In units of what a feature contributes, so that a feature in other units is judged alike.
    off = np.abs(w - best) * np.sqrt(norms)
    if not np.all(off <= 1e-4 * np.max(np.abs(best) * np.sqrt(norms))):  # NaN is wrong, too
        j = int(np.argmax(np.where(np.isnan(off), np.inf, off)))
        better = w.copy()
        better[j] = best[j]
        got = f"w[{j}] = {show(w[j])}, mean loss {show(_mean_loss(w, x, t, p))}"
        expected = f"mean loss {show(_mean_loss(best, x, t, p))}, where w[{j}] = {show(best[j])}"
        law = "no other weights have a lower mean loss" if p else "at p = 0 this is least squares"
        raise Violation(law, counter_example(call, got, expected))


def correlated_features(examples, features, seed, scales=None):
    """Data for `weights_are_best`: features that overlap, on scales that differ.

    Args:
        examples, features: the shape.
        seed: seed of the numbers.
        scales: array (features,) that multiplies the columns; from 1/2 to 4 when None.
    Returns:
        tuple: x (examples, features) and t (examples,), float64.
    """
    rng = np.random.default_rng(seed)
    common = rng.normal(size=(examples, 1))
    x = common + rng.normal(size=(examples, features))
    t = x.sum(axis=1) + rng.normal(size=examples)
    return x * (2.0 ** (np.arange(features) % 4 - 1) if scales is None else scales), t


def ridge_strength(value, name, p):
    """The strength of the ridge regression that dropout of rate p is, where all sums of squares are 1."""
    must_be_predicted(
        value, name, p / (1 - p), "the price of a weight is p / (1 - p)", "at p = 0.5 the strength is 1"
    )


def rate_of_strength(value, name, strength):
    """The rate p at which dropout is ridge regression of this strength, where all sums of squares are 1."""
    must_be_predicted(
        value,
        name,
        strength / (1 + strength),
        "the price of a weight is p / (1 - p)",
        "strength 1 belongs to p = 0.5",
    )


def weight_in_other_units(value, name, factor):
    """By what the dropout weight of a feature is multiplied when its values are multiplied by `factor`."""
    must_be_predicted(
        value,
        name,
        1 / factor,
        "dropout charges for what a feature contributes",
        "with one feature: values twice as large, weight half as large, the same contribution",
    )


def _data(examples, features, seed):
    """Multiples of 1/8, so that a small counter-example can be followed by hand."""
    rng = np.random.default_rng(seed)
    x, t = rng.integers(4, 24, (examples, features)) / 8, rng.integers(-16, 16, examples) / 8
    return x, t, rng.integers(4, 16, features) / 8 * rng.choice([-1, 1], features)


def _mean_loss(w, x, t, p):
    return ((t - x @ w) ** 2).sum() + p / (1 - p) * (w**2 * (x**2).sum(axis=0)).sum()
