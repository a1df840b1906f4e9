"""Damaging labels on purpose: what can a network do but memorize them?"""

from coursepkg.validation import (
    validate_generator,
    validate_labels,
    validate_positive_int,
    validate_probability,
)


def randomize_labels(y, fraction, num_classes, rng):
    """Replace a fraction of the labels by labels drawn at random from all classes.

    A drawn label can be the old one, so about fraction * (1 - 1 / num_classes) of all labels end up wrong.

    Args:
        y: array (N,) of class numbers from 0 to num_classes - 1; not modified.
        fraction: share of the labels to draw again, in [0, 1]; exactly round(fraction * N) are drawn.
        num_classes: number of classes, >= 1.
        rng: numpy.random.Generator; None means a fresh one.
    Returns:
        array (N,), y's dtype.
    Raises:
        ValueError, TypeError: names the argument, its value and what is allowed.
    Source: Zhang et al., Understanding deep learning requires rethinking generalization, ICLR 2017.
    """
    rng = validate_generator("rng", rng)
    fraction = validate_probability("fraction", fraction)
    num_classes = validate_positive_int("num_classes", num_classes)
    y = validate_labels("y", y, len(y), num_classes).copy()
    chosen = rng.choice(len(y), round(fraction * len(y)), replace=False)
    y[chosen] = rng.integers(0, num_classes, len(chosen))
    return y
