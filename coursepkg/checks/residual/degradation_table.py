"""Property checkers of the exercise on what a table of errors says about depth.

The rule at the head of `coursepkg.checks` holds: answers get arrays, numbers and strings.
"""

import numpy as np

from coursepkg.checks.properties import (
    Violation,
    counter_example,
    must_be_array,
    must_be_close,
    must_be_number,
    must_be_right_choices,
    must_not_modify,
    show,
)
from coursepkg.experiments import load_results


def mean_and_spread(summary, shape, seed):
    """summary(errors) is the mean over the seeds and the standard error of that mean, for each depth.

    Args:
        summary: the answer.
        shape: (depths, seeds).
        seed: of the errors.
    """
    errors = np.random.default_rng(seed).integers(0, 900, shape) / 1000
    given, call = errors.copy(), f"summary(errors), {shape[0]} depths and {shape[1]} seeds"
    back = summary(given)
    must_not_modify(call, errors=(given, errors))
    if not isinstance(back, (tuple, list)) or len(back) != 2:
        raise Violation("returns two arrays", counter_example(call, show(back), "means, standard_errors"))
    means, standard_errors = (
        must_be_array(each, shape[:1], call, name)
        for each, name in zip(back, ("means", "standard_errors"), strict=True)
    )
    more = {"errors": errors} if errors.size <= 6 else {}
    must_be_close(means, errors.mean(axis=1), "the mean is over the seeds", call, **more)
    deviations = errors.std(axis=1, ddof=1)
    law = "the standard error is the deviation (divided by n - 1) over the root of n"
    must_be_close(standard_errors, deviations / np.sqrt(shape[1]), law, call, **more)


def verdict_is_right(verdict, train, test, expected, law):
    """verdict(train, test) names what a row of errors by depth shows.

    Args:
        verdict: the answer.
        train, test: errors by depth, shallow first.
        expected: the word.
        law: what is violated by another one.
    """
    call = f"verdict({train}, {test})"
    got = verdict(np.array(train), np.array(test))
    if got != expected:
        raise Violation(law, counter_example(call, got, repr(expected)))


def pairs_are_compared(paired, shape, seed):
    """paired(a, b): the mean difference over seeds, and in how many of them a is larger.

    Args:
        paired: the answer.
        shape: (seeds,).
        seed: of the errors.
    """
    rng = np.random.default_rng(seed)
    b = rng.integers(100, 400, shape) / 1000
    a = b + rng.integers(-30, 60, shape) / 1000
    a[0] = b[0]  # equal is not larger
    given, call = (a.copy(), b.copy()), f"paired(a, b), {shape[0]} seeds"
    back = paired(*given)
    must_not_modify(call, a=(given[0], a), b=(given[1], b))
    if not isinstance(back, (tuple, list, np.ndarray)) or len(back) != 2:
        raise Violation("returns two numbers", counter_example(call, show(back), "difference, larger"))
    more = {"a": a, "b": b} if a.size <= 6 else {}
    difference, larger = (must_be_number(each, call) for each in back)
    if not abs(difference - (a - b).mean()) <= 1e-6:
        message = counter_example(call, f"difference = {show(difference)}", show((a - b).mean()), **more)
        raise Violation("the difference is a minus b, averaged over the seeds", message)
    if larger != (a > b).sum():
        message = counter_example(call, f"larger = {show(larger)}", show((a > b).sum()), **more)
        raise Violation("equal is not larger", message)


def measured_number(value, name, kind, depths, what):
    """The mean difference of an error between two depths, in the course's own measurement."""
    results = load_results("residual-degradation")
    first, second = (results[f"{kind}.{depth}.{what}_error"] for depth in depths)
    expected, got = float((second - first).mean()), must_be_number(value, name)
    if not abs(got - expected) <= 1e-4:
        said = "a difference of fractions between " + " and ".join(map(str, depths)) + " layers"
        message = counter_example(name, got, f"{said}, the deeper minus the shallower", label="asked for")
        raise Violation("is the measured difference", message)


def conclusions(value):
    """What the table supports."""
    reasons = {
        "overfit": "which error would be small if the deep plain networks were overfitting?",
        "train": "look at the plain networks' training errors, all five seeds",
        "deeper": "is the test error of 56 layers lower than that of 20, with shortcuts?",
        "shortcuts": "compare plain and residual at 56 layers: the networks have the same weights",
        "always": "the table has one learning rate, ten epochs, and a thousand pictures",
        "vanish": "was a gradient measured in this table?",
    }
    must_be_right_choices(value, "supported", reasons, ["train", "shortcuts"], "follows from this table")
