"""Property checkers of the exercise on predictions: counts of units, networks and parameters.

The rule at the head of `coursepkg.checks` holds: answers get lists of numbers, and only what they
return is looked at. `p` is the probability of dropping.
"""

from itertools import pairwise

import numpy as np

from coursepkg.checks.properties import Violation, counter_example, must_be_number, must_be_predicted, show


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
