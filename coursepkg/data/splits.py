"""What every loader returns, and the drawing of subsets."""

from typing import NamedTuple

import numpy as np

from coursepkg.validation import validate_generator, validate_positive_int


class Split(NamedTuple):
    """Inputs and targets of equally many examples.

    Fields:
        x: array (N, ...).
        y: array (N,): class numbers (int64) or, for regression, numbers.
    """

    x: np.ndarray
    y: np.ndarray


class Data(NamedTuple):
    """A training set and, where there is one, a test set.

    Fields:
        train: Split.
        test: Split or None.
    """

    train: Split
    test: Split | None = None


def choose(n, available, rng, name, hint=""):
    """Which examples of a pool to use: the first n, or n at random without replacement.

    Args:
        n: how many, 1 to `available`; None means all.
        available: size of the pool.
        rng: numpy.random.Generator, or None for the first n in their own order.
        name: the argument's name, for the error.
        hint: what the error adds, such as where more examples are.
    Returns:
        array (n,) of indices into the pool.
    Raises:
        TypeError: n is not a whole number, or rng is neither None nor a Generator.
        ValueError: n is out of range.
    """
    n = available if n is None else validate_positive_int(name, n)
    if n > available:
        raise ValueError(f"{name} must be from 1 to {available}{hint}, got {n}")
    return np.arange(n) if rng is None else validate_generator("rng", rng).choice(available, n, replace=False)
