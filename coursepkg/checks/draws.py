"""Numbers that checkers hand to an answer."""

import numpy as np


def distinct(shape, seed):
    """Numbers that are all different, so that every window has one winner.

    Args:
        shape: shape of the array.
        seed: seed of the order.
    Returns:
        numpy.ndarray: float64, steps of 0.25 around zero in random order, none of them zero.
    """
    count = int(np.prod(shape))
    steps = np.random.default_rng(seed).permutation(count) - count // 2
    return np.where(steps >= 0, steps + 1, steps).reshape(shape) / 4
