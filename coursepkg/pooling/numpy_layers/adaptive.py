"""Adaptive and global pooling: as many windows as are asked for, which together cover the input."""

import math

import numpy as np

from coursepkg.layer import Layer
from coursepkg.pooling.dimensions import classes, functions
from coursepkg.pooling.numpy_layers.average import mean, mean_backward
from coursepkg.pooling.numpy_layers.maximum import (
    maxima,
    maxima_and_indices,
    maxima_and_winners,
    maxima_backward,
    scatter,
)
from coursepkg.pooling.numpy_layers.taps import covering
from coursepkg.pooling.rules import OutputSize, adaptive_output_size, split_shape
from coursepkg.validation import validate_float_array, validate_gradient


def adaptive_max_pool(axes, x, output_size, return_indices=False):
    """The maximum of as many windows as are asked for, which together cover the input.

    Args:
        x: float32 or float64 array (N, C, *spatial) or (C, *spatial).
        output_size: number of windows, for all axes or one for each, >= 0; None keeps an axis as it is.
        return_indices: whether to return also where each maximum was found.
    Returns:
        array (N, C, *output) or (C, *output) in x's dtype; with return_indices (y, indices) as in
        `max_poolXd`. Window i of n over L samples covers those from floor(i L / n) to ceil((i + 1) L / n).
    Source: torch.nn.functional.adaptive_max_poolXd.
    """
    windows, _ = _place(axes, x, output_size)
    return maxima_and_indices(x, windows) if return_indices else maxima(x, windows)


def adaptive_max_pool_backward(axes, dy, x, output_size, indices=None):
    """Gradient of `adaptive_max_poolXd`.

    Args: dy, like the output; indices as `adaptive_max_poolXd` gave them, or None; the others as given to it.
    Returns: array like x.
    """
    windows, output_shape = _place(axes, x, output_size)
    validate_gradient(dy, output_shape, x.dtype)
    return maxima_backward(dy, x, windows, indices)


def adaptive_avg_pool(axes, x, output_size):
    """The average of as many windows as are asked for, which together cover the input.

    Args:
        x, output_size: as in `adaptive_max_poolXd`.
    Returns: array (N, C, *output) or (C, *output) in x's dtype.
    Source: torch.nn.functional.adaptive_avg_poolXd.
    """
    windows, _ = _place(axes, x, output_size)
    return mean(x, windows, _counts(windows))


def adaptive_avg_pool_backward(axes, dy, x, output_size):
    """Gradient of `adaptive_avg_poolXd`.

    Args: dy, like the output; the others as given to `adaptive_avg_poolXd`. Only x's shape and dtype matter.
    Returns: array like x.
    """
    windows, output_shape = _place(axes, x, output_size)
    validate_gradient(dy, output_shape, x.dtype)
    return mean_backward(dy, windows, _counts(windows))


class AdaptiveMaxPool(Layer):
    """`adaptive_max_poolXd` as a layer, with its arguments.

    Source: torch.nn.AdaptiveMaxPoolXd.
    """

    output_size = OutputSize()

    def __init__(self, output_size, return_indices=False):
        super().__init__()
        self.output_size, self.return_indices = output_size, return_indices

    def extra_repr(self):
        return f"output_size={self.output_size}"

    def forward(self, x):
        """Args: x (N, C, *spatial) or (C, *spatial). Returns: y, or (y, indices) with return_indices."""
        windows, _ = _place(self.axes, x, self.output_size)
        y, winners = maxima_and_winners(x, windows)
        self.saved = winners, x.shape, y
        return (y, winners[:].reshape(y.shape)) if self.return_indices else y

    def backward(self, dy):
        winners, shape, y = self.saved
        validate_gradient(dy, y.shape, y.dtype)
        return scatter(dy, winners, shape, self.axes)


class AdaptiveAvgPool(Layer):
    """`adaptive_avg_poolXd` as a layer, with its arguments.

    Source: torch.nn.AdaptiveAvgPoolXd.
    """

    output_size = OutputSize()

    def __init__(self, output_size):
        super().__init__()
        self.output_size = output_size

    def extra_repr(self):
        return f"output_size={self.output_size}"

    def forward(self, x):
        """Args: x (N, C, *spatial) or (C, *spatial). Returns: the averages."""
        given = x, self.output_size
        y = adaptive_avg_pool(self.axes, *given)
        self.saved = given
        return y

    def backward(self, dy):
        return adaptive_avg_pool_backward(self.axes, dy, *self.saved)


adaptive_max_pool1d, adaptive_max_pool2d, adaptive_max_pool3d = functions(adaptive_max_pool)
adaptive_max_pool1d_backward, adaptive_max_pool2d_backward, adaptive_max_pool3d_backward = functions(
    adaptive_max_pool_backward
)
adaptive_avg_pool1d, adaptive_avg_pool2d, adaptive_avg_pool3d = functions(adaptive_avg_pool)
adaptive_avg_pool1d_backward, adaptive_avg_pool2d_backward, adaptive_avg_pool3d_backward = functions(
    adaptive_avg_pool_backward
)
AdaptiveMaxPool1d, AdaptiveMaxPool2d, AdaptiveMaxPool3d = classes(AdaptiveMaxPool)
AdaptiveAvgPool1d, AdaptiveAvgPool2d, AdaptiveAvgPool3d = classes(AdaptiveAvgPool)


def global_max_pool(x):
    """The maximum of every plane.

    Args:
        x: float32 or float64 array (N, C, *spatial) with one to three spatial axes.
    Returns:
        array (N, C, 1, ...): the spatial axes stay, with size 1.
    Raises: ValueError, TypeError: names x, its shape or dtype and what is allowed.
    Source: adaptive max pooling to size 1.
    """
    return adaptive_max_pool(global_axes(x), x, 1)


def global_max_pool_backward(dy, x):
    """Gradient of `global_max_pool`: all of it goes to one element of each plane.

    Args: dy, like the output; x as given to `global_max_pool`. Returns: array like x.
    Raises: ValueError, TypeError: names the argument, its value and what is allowed.
    """
    return adaptive_max_pool_backward(global_axes(x), dy, x, 1)


def global_avg_pool(x):
    """The average of every plane. Argument, result and errors as in `global_max_pool`.

    Source: Lin et al. 2014, Network In Network, section 3.2.
    """
    return adaptive_avg_pool(global_axes(x), x, 1)


def global_avg_pool_backward(dy, x):
    """Gradient of `global_avg_pool`: every element of a plane gets the same share.

    Args: dy, like the output; x as given to `global_avg_pool`, only its shape and dtype matter.
    Returns: array like x.
    Raises: ValueError, TypeError: names the argument, its value and what is allowed.
    """
    return adaptive_avg_pool_backward(global_axes(x), dy, x, 1)


class GlobalMaxPool(Layer):
    """`global_max_pool` as a layer, for one to three spatial axes."""

    def forward(self, x):
        """Args: x (N, C, *spatial). Returns: (N, C, 1, ...)."""
        y, indices = adaptive_max_pool(global_axes(x), x, 1, return_indices=True)
        self.saved = x, indices
        return y

    def backward(self, dy):
        x, indices = self.saved
        return adaptive_max_pool_backward(x.ndim - 2, dy, x, 1, indices)


class GlobalAvgPool(Layer):
    """`global_avg_pool` as a layer, for one to three spatial axes."""

    def forward(self, x):
        """Args: x (N, C, *spatial). Returns: (N, C, 1, ...)."""
        y = global_avg_pool(x)
        self.saved = x
        return y

    def backward(self, dy):
        return global_avg_pool_backward(dy, self.saved)


def global_axes(x):
    """The number of spatial axes of x (N, C, *spatial), one to three."""
    validate_float_array("x", x)
    axes = min(max(x.ndim - 2, 1), 3)
    split_shape(x.shape, axes, batched=True)
    return axes


def _place(axes, x, output_size):
    """The axes of the windows, and the shape of the output."""
    validate_float_array("x", x)
    batch, size = split_shape(x.shape, axes)
    output_size = adaptive_output_size(size, output_size)
    return covering(size, output_size), (*batch, *output_size)


def _counts(windows):
    """How many elements each window has, (*output)."""
    return math.prod(np.ix_(*(axis.lengths for axis in windows)))
