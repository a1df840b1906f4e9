"""Property checkers of the exercise on wrong labels: what a network memorizes, and what it notices.

The rule at the head of `coursepkg.checks` holds: answers get arrays and numbers, never a network.
"""

import numpy as np

from coursepkg.checks.properties import (
    Violation,
    counter_example,
    must_be_array,
    must_be_close,
    must_be_number,
    must_not_modify,
    show,
)

MEASURES = ("train_error", "repeated", "corrected", "test_error")

# (lowest, highest) of each measure for 300 digits, 40 % of the labels drawn again, by p: the mean of 30
# starts and six standard deviations to either side, so that other batches, masks or float types fit in.
MEASURED = {
    0.0: ((0.0, 0.05), (0.95, 1.0), (0.0, 0.05), (0.31, 0.54)),
    0.5: ((0.07, 0.21), (0.51, 0.85), (0.1, 0.48), (0.23, 0.44)),
    0.8: ((0.3, 0.4), (0.0, 0.16), (0.78, 0.98), (0.16, 0.34)),
}


def memory_is_counted(measure, predicted, given, true):
    """measure(logits, given, true) -> (train_error, repeated, corrected) on a handful of pictures.

    Args:
        measure: the answer.
        predicted, given, true: strings of digits below 5, one per picture.
    """
    predicted, given, true = (
        np.array([int(digit) for digit in digits]) for digits in (predicted, given, true)
    )
    logits = np.random.default_rng(len(given)).normal(0, 1, (len(given), 5)).round(2)
    rows = np.arange(len(given))
    logits[rows, predicted] = logits.max(axis=1) + 0.5
    call, before = "measure(logits, given, true)", [logits.copy(), given.copy(), true.copy()]
    back = measure(logits, given, true)
    must_not_modify(call, logits=(logits, before[0]), given=(given, before[1]), true=(true, before[2]))
    got = _numbers(back, call, MEASURES[:3])
    wrong = given != true
    among = wrong.sum() or 1
    expected = (
        ("the training error is about the labels as given", (predicted != given).mean()),
        ("repeated is a share of the wrong labels", (wrong & (predicted == given)).sum() / among),
        ("corrected is a share of the wrong labels", (wrong & (predicted == true)).sum() / among),
    )
    example = {"predicted": predicted, "given": given, "true": true}
    for name, number, (law, right) in zip(MEASURES, got, expected, strict=False):
        if not wrong.any() and name != "train_error":
            law = "no wrong labels, so nothing repeated or corrected"
        if not abs(number - right) <= 1e-5:
            message = counter_example(call, f"{name} = {show(number)}", f"{name} = {show(right)}", **example)
            raise Violation(law, message)


def predictions_are_logits(train_and_predict, p, seed):
    """Two arrays of logits, for the training and for new pictures, and nothing handed in is modified."""
    x, y = _lottery(70, seed)
    x_new, _ = _lottery(30, seed + 1)
    before = x.copy(), y.copy(), x_new.copy()
    logits, logits_new = _predict(train_and_predict, x, y, x_new, p, 0)
    call = _call(x, x_new, p, 0)
    for name, now, then in zip(("x", "y", "x_new"), (x, y, x_new), before, strict=True):
        must_not_modify(call, **{name: (now, then)})
    for array in (logits, logits_new):
        if np.all(array >= 0) and np.allclose(array.sum(axis=1), 1, atol=1e-3):
            got = f"rows such as {show(array[0])}, which add up to 1"
            raise Violation("returns logits", counter_example(call, got, "what the last layer puts out"))


def dropout_is_off_in_predictions(train_and_predict, p, seed):
    """The same picture gets the same logits, whether it comes as a training picture or as a new one."""
    x, y = _lottery(60, seed)
    logits, logits_new = _predict(train_and_predict, x, y, x.copy(), p, 0)
    law, call = "predictions are made with dropout off", f"{_call(x, x, p, 0)}, x_new the same as x"
    must_be_close(logits_new, logits, law, call, rtol=1e-3)


def given_labels_are_learned(train_and_predict, seed):
    """Without dropout a hundred labels drawn by lot are learned almost without a mistake."""
    x, y = _lottery(100, seed)
    logits, _ = _predict(train_and_predict, x, y, x[:5], 0.0, 0)
    error = (logits.argmax(axis=1) != y).mean()
    if error > 0.1:
        got, expected = f"{error:.0%} of the labels y are not learned", "60 epochs are enough for nearly all"
        raise Violation("the labels y are learned", counter_example(_call(x, x[:5], 0.0, 0), got, expected))


def seed_decides(train_and_predict, p, seed):
    """The same seed gives the same network, and another seed another."""
    x, y = _lottery(60, seed)
    first, again, other = (_predict(train_and_predict, x, y, x[:5], p, start)[1] for start in (3, 3, 4))
    call = f"{_call(x, x[:5], p, 3)}, twice"
    must_be_close(again, first, "the same seed gives the same network", call, rtol=1e-3)
    if np.allclose(first, other, rtol=1e-3):
        call = "train_and_predict with seed = 3 and with seed = 4"
        message = counter_example(call, "the same logits", "other weights, other masks, other logits")
        raise Violation("another seed gives another network", message)


def p_is_probability_of_dropping(train_and_predict, seed):
    """With p = 0.9 far fewer of a hundred drawn labels are learned than with p = 0.1."""
    x, y = _lottery(100, seed)
    few, many = (
        (_predict(train_and_predict, x, y, x[:5], p, 0)[0].argmax(axis=1) != y).mean() for p in (0.1, 0.9)
    )
    if many - few < 0.15:
        got = f"{few:.0%} of the labels are not learned with p = 0.1, {many:.0%} with p = 0.9"
        message = counter_example(f"{_call(x, x[:5], 'p', 0)}", got, "a clear difference")
        raise Violation("p is the probability of dropping", message)


def memory_is_measured(value, name, p, given, true):
    """(train_error, repeated, corrected, test_error) as anyone would measure them.

    Args:
        value: what was measured, the mean of a few starts.
        name: of the answer.
        p: probability of dropping.
        given, true: the labels in the notebook.
    """
    got = dict(zip(MEASURES, _numbers(value, name, MEASURES), strict=True))
    for measure, number in got.items():
        if not 0 <= number <= 1:
            message = counter_example(name, f"{measure} = {show(number)}", "from 0 to 1", label="allowed")
            raise Violation("a share lies between 0 and 1", message)
    wrong = float(np.mean(np.asarray(given) != np.asarray(true)))
    missed = wrong * (1 - got["repeated"])  # each of these is an error on the labels as given
    together = f"train_error = {show(got['train_error'])}, repeated = {show(got['repeated'])}"
    if not missed - 0.005 <= got["train_error"] <= missed + 1 - wrong + 0.005:
        bounds = (
            f"train_error from {missed:.3f} to {missed + 1 - wrong:.3f}: {wrong:.1%} of the labels are wrong"
        )
        message = counter_example(name, together, bounds)
        raise Violation("a wrong label not repeated is a training error", message)
    if got["repeated"] + got["corrected"] > 1.005:
        together = f"repeated = {show(got['repeated'])}, corrected = {show(got['corrected'])}"
        message = counter_example(name, together, "together at most 1")
        raise Violation("one answer per picture: repeated or corrected", message)
    for (measure, number), (low, high) in zip(got.items(), MEASURED[p], strict=True):
        if not low <= number <= high:
            side = "less" if number > high else "more"
            message = counter_example(name, f"{measure} = {show(number)}", f"{side}, for p = {p:g}")
            raise Violation("the numbers are the measured ones", message)


def suspects_are_ranked(suspects, shape, k, seed, scale=3.0, offset=0.0):
    """suspects(logits, given, k): the k pictures whose given label is least probable, the least first.

    Args:
        suspects: the answer.
        shape: pictures and classes.
        k: how many.
        seed: of the logits.
        scale: spread of the logits of one picture.
        offset: spread of a number added to all logits of a picture, which changes no probability.
    """
    rng = np.random.default_rng(seed)
    logits = rng.normal(0, scale, shape) + offset * rng.normal(0, 1, (shape[0], 1))
    given = rng.integers(0, shape[1], shape[0])
    call, before = f"suspects(logits, given, {k}), logits of shape {shape}", (logits.copy(), given.copy())
    back = suspects(logits, given, k)
    back = must_be_array(np.asarray(back) if isinstance(back, (list, tuple)) else back, (k,), call)
    must_not_modify(call, logits=(logits, before[0]), given=(given, before[1]))
    if back.dtype.kind not in "iu" or np.any(back < 0) or np.any(back >= shape[0]) or len(set(back)) < k:
        message = counter_example(call, back, f"{k} different numbers of pictures, from 0 to {shape[0] - 1}")
        raise Violation("returns numbers of pictures", message)
    shifted = logits - logits.max(axis=1, keepdims=True)
    probability = np.exp(shifted[np.arange(len(given)), given]) / np.exp(shifted).sum(axis=1)
    right = np.argsort(probability)[:k]
    if set(back) != set(right):
        extra = next(i for i in back if i not in set(right))
        missing = next(i for i in right if i not in set(back))
        got = f"picture {extra} is among them, its label has probability {probability[extra]:.2g}"
        expected = f"rather picture {missing}, its label has probability {probability[missing]:.2g}"
        raise Violation("the least probable labels are suspected", counter_example(call, got, expected))
    if not np.array_equal(back, right):
        got = ", ".join(f"{probability[i]:.2g}" for i in back[:5])
        expected = ", ".join(f"{probability[i]:.2g}" for i in right[:5])
        message = counter_example(call, f"{got}, ...", f"{expected}, ... (probabilities of the labels)")
        raise Violation("the least probable comes first", message)


def share_is_caught(value, name, low, high, what):
    """The share of wrong labels among the first suspects, as anyone would measure it.

    Args:
        value: the answer.
        name: of the answer.
        low, high: what is believable.
        what: what was to be measured, for the message.
    """
    got = must_be_number(value, name)
    if not low <= got <= high:
        raise Violation("the share is the measured one", counter_example(name, got, what))


def _lottery(count, seed):
    """Pictures of noise, and a label for each drawn by lot."""
    rng = np.random.default_rng([seed, count])
    return rng.random((count, 64)).astype(np.float32), rng.integers(0, 10, count)


def _predict(train_and_predict, x, y, x_new, p, seed):
    call, back = _call(x, x_new, p, seed), train_and_predict(x, y, x_new, p, seed)
    if not isinstance(back, (tuple, list)) or len(back) != 2:
        message = counter_example(call, back, "two arrays: logits for x, logits for x_new")
        raise Violation(
            "returns two arrays of logits", message, advice="Is there a return?" if back is None else None
        )
    names = ("logits for x", "logits for x_new")
    return [
        must_be_array(array, (len(pictures), 10), call, name)
        for array, pictures, name in zip(back, (x, x_new), names, strict=True)
    ]


def _call(x, x_new, p, seed):
    return f"train_and_predict(x, y, x_new, {p}, {seed}), {len(x)} and {len(x_new)} pictures of noise"


def _numbers(value, call, names):
    """As many numbers as there are names, out of a tuple, a list or an array."""
    array = value if isinstance(value, (tuple, list, np.ndarray)) else None
    if array is None or len(array) != len(names):
        advice = "Is there a return?" if value is None else None
        expected = f"{len(names)} numbers: {', '.join(names)}"
        raise Violation(f"gives {len(names)} numbers", counter_example(call, value, expected), advice=advice)
    return [must_be_number(item, f"{call}: {name}") for item, name in zip(array, names, strict=True)]
