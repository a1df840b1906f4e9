"""Keeping some numbers of an array, and zeros for the others, whatever those were."""

import numpy as np


def keep(x, mask):
    """x where the mask is True, and 0 elsewhere, where x times 0 would be NaN for NaN and infinities.

    Args:
        x: float32 or float64 array.
        mask: boolean array; its shape is x's or broadcasts to it.
    Returns:
        array like x.
    """
    bits = np.dtype(f"i{x.itemsize}")
    # -1 has all bits set. np.where takes four times as long, for a mask that is hard to predict.
    return (x.view(bits) & -mask.view(np.int8)).view(x.dtype)
