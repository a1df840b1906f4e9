"""The elements of every window side by side, for poolings that look at a window as a whole."""

import math

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view


def gather_windows(x, windows):
    """Copies every window's elements out, in memory order, 0 where it reaches beyond x.

    From x (..., *windows.size), windows being coursepkg.pooling.rules.Windows, to an array
    (..., *windows.output_size, K).
    """
    padding = (*((0, 0),) * (x.ndim - windows.axes), *windows.border)
    view = _view(np.pad(x, padding) if any(map(any, windows.border)) else x, windows)
    return view.reshape(*view.shape[: x.ndim], math.prod(windows.kernel_size))


def scatter_windows(values, windows):
    """The way back of `gather_windows`: adds up what all windows have for an element."""
    batch = values.shape[: values.ndim - windows.axes - 1]
    values = values.reshape(*values.shape[:-1], *windows.kernel_size)
    inside = [slice(before, before + n) for n, (before, _) in zip(windows.size, windows.border, strict=True)]
    padded = [part.stop + after for part, (_, after) in zip(inside, windows.border, strict=True)]
    dx = np.zeros((*batch, *padded), values.dtype)
    into = _view(dx, windows, writeable=True)
    for tap in np.ndindex(*windows.kernel_size):
        # For one tap no two windows share an element, so += adds each exactly once.
        into[(..., *tap)] += values[(..., *tap)]
    return dx[(..., *inside)]


def _view(padded, windows, writeable=False):
    """View (..., *output_size, *kernel_size) of a padded array."""
    axes = tuple(range(-windows.axes, 0))
    everywhere = sliding_window_view(padded, windows.span, axes, writeable=writeable)
    starts = [slice(0, (n - 1) * s + 1, s) for n, s in zip(windows.output_size, windows.stride, strict=True)]
    return everywhere[(..., *starts, *(slice(None, None, dilation) for dilation in windows.dilation))]
