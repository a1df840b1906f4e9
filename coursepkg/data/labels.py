"""Damaging labels on purpose: what can a network do but memorize them?"""

import numpy as np


def randomize_labels(y, fraction, num_classes, rng):
    """Replace a fraction of the labels by labels drawn at random from all classes.

    A drawn label can be the old one, so about fraction * (1 - 1 / num_classes) of all labels end up wrong.

    Args:
        y: array (N,) of class numbers from 0 to num_classes - 1; not modified.
        fraction: share of the labels to draw again, in [0, 1]; exactly round(fraction * N) are drawn.
        num_classes: number of classes, >= 2.
        rng: numpy.random.Generator.
    Returns:
        array (N,), y's dtype.
    Raises:
        ValueError: names the argument, its value and what is allowed.
        TypeError: rng is not a Generator.
    Source: Zhang et al., Understanding deep learning requires rethinking generalization, ICLR 2017.
    """
    if not isinstance(rng, np.random.Generator):
        raise TypeError(f"rng must be a numpy.random.Generator, got {rng!r}")
    y = np.array(y)
    if y.ndim != 1 or not np.issubdtype(y.dtype, np.integer):
        raise ValueError(
            f"y must be a one-dimensional array of class numbers, got shape {y.shape}, dtype {y.dtype}"
        )
    if not 0 <= fraction <= 1:
        raise ValueError(f"fraction must be in [0, 1], got {fraction!r}")
    if num_classes < 2:
        raise ValueError(f"num_classes must be at least 2, got {num_classes!r}")
    if len(y) and not 0 <= y.min() <= y.max() < num_classes:
        raise ValueError(f"y must hold class numbers from 0 to {num_classes - 1}, got {y.min()} to {y.max()}")
    chosen = rng.choice(len(y), round(fraction * len(y)), replace=False)
    y[chosen] = rng.integers(0, num_classes, len(chosen))
    return y
