"""What both training loops see: the same examples in the same order."""

import math

import numpy as np
from tqdm import tqdm

from coursepkg.validation import validate_positive_int


def count_batches(split, batch_size):
    """How many batches an epoch has; the last one may be smaller than the others.

    Args:
        split: Split(x, y) of NumPy arrays.
        batch_size: >= 1.
    Returns:
        int.
    Raises:
        ValueError, TypeError: batch_size is no whole number >= 1, x and y do not fit, or y has no class
            numbers.
    """
    validate_positive_int("batch_size", batch_size)
    if len(split.x) != len(split.y) or len(split.x) == 0:
        raise ValueError(
            f"x and y must hold the same number of examples, at least one, "
            f"got shapes {np.shape(split.x)} and {np.shape(split.y)}"
        )
    if not np.issubdtype(split.y.dtype, np.integer):
        raise TypeError(f"y must be class numbers of an integer dtype, got {split.y.dtype}")
    return math.ceil(len(split.x) / batch_size)


def batches(split, batch_size, rng=None):
    """Goes once through all examples.

    Args:
        split: Split(x, y) of NumPy arrays.
        batch_size: >= 1.
        rng: numpy.random.Generator that shuffles; None keeps the order.
    Returns:
        iterator over (x, y); pictures in uint8 come as float32 in [0, 1].
    """
    n = len(split.x)
    order = np.arange(n) if rng is None else rng.permutation(n)
    for start in range(0, n, batch_size):
        batch = order[start : start + batch_size]
        x = split.x[batch]
        yield (x.astype(np.float32) / 255 if x.dtype == np.uint8 else x), split.y[batch]


def progress_bar(total, progress):
    """A bar over steps; progress None leaves it to TQDM_DISABLE whether it shows, True and False decide."""
    choice = {} if progress is None else {"disable": not progress}
    return tqdm(total=total, unit="step", leave=False, **choice)
