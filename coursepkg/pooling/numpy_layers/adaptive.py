"""Adaptive and global pooling: as many windows as are asked for, which together cover the input."""

import math

import numpy as np

from coursepkg.layer import Layer
from coursepkg.pooling.dimensions import classes, functions
from coursepkg.pooling.numpy_layers.average import mean, mean_backward
from coursepkg.pooling.numpy_layers.maximum import maxima, maxima_and_winners, scatter, validate_indices
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
    Raises:
        ValueError, TypeError: names the argument, its value and what is allowed.
    Source: torch.nn.functional.adaptive_max_poolXd.
    """
    windows = _windows(axes, x, output_size)
    if not return_indices:
        return maxima(x, windows)
    y, winners = maxima_and_winners(x, windows)
    return y, winners[:].reshape(y.shape)


def adaptive_max_pool_backward(axes, dy, x, output_size, indices=None):
    """Gradient of `adaptive_max_poolXd`.

    Args:
        dy: array like the output, gradient of the loss with respect to it.
        x, output_size: as given to `adaptive_max_poolXd`.
        indices: as it returned them; None searches again.
    Returns:
        array like x.
    Raises:
        ValueError, TypeError: names the argument, its value and what is allowed.
    """
    windows = _windows(axes, x, output_size)
    validate_gradient(dy, _output_shape(x, windows), x.dtype)
    if indices is None:
        _, winners = maxima_and_winners(x, windows)
        return scatter(dy, winners, x.shape, axes)
    validate_indices(indices, dy.shape, x.shape[-axes:])
    return scatter(dy, indices.reshape(-1, math.prod(dy.shape[-axes:])), x.shape, axes)


def adaptive_avg_pool(axes, x, output_size):
    """The average of as many windows as are asked for, which together cover the input.

    Args:
        x, output_size: as in `adaptive_max_poolXd`.
    Returns:
        array (N, C, *output) or (C, *output) in x's dtype.
    Raises:
        ValueError, TypeError: names the argument, its value and what is allowed.
    Source: torch.nn.functional.adaptive_avg_poolXd.
    """
    windows = _windows(axes, x, output_size)
    return mean(x, windows, _counts(windows))


def adaptive_avg_pool_backward(axes, dy, x, output_size):
    """Gradient of `adaptive_avg_poolXd`.

    Args:
        dy: array like the output, gradient of the loss with respect to it.
        x, output_size: as given to `adaptive_avg_poolXd`; only x's shape and dtype matter.
    Returns:
        array like x.
    Raises:
        ValueError, TypeError: names the argument, its value and what is allowed.
    """
    windows = _windows(axes, x, output_size)
    validate_gradient(dy, _output_shape(x, windows), x.dtype)
    return mean_backward(dy, windows, _counts(windows))


class AdaptiveMaxPool(Layer):
    """`adaptive_max_poolXd` as a layer.

    Args:
        output_size: as in `adaptive_max_poolXd`.
        return_indices: whether forward returns (y, indices).
    Raises:
        ValueError, TypeError: names the argument, its value and what is allowed.
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
        y, winners = maxima_and_winners(x, _windows(self.axes, x, self.output_size))
        self.saved = winners, x.shape, y.shape, x.dtype
        return (y, winners[:].reshape(y.shape)) if self.return_indices else y

    def backward(self, dy):
        winners, shape, y_shape, dtype = self.saved
        validate_gradient(dy, y_shape, dtype)
        return scatter(dy, winners, shape, self.axes)


class AdaptiveAvgPool(Layer):
    """`adaptive_avg_poolXd` as a layer.

    Args:
        output_size: as in `adaptive_avg_poolXd`.
    Raises:
        ValueError, TypeError: names the argument, its value and what is allowed.
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
        windows = _windows(self.axes, x, self.output_size)
        y = mean(x, windows, _counts(windows))
        self.saved = windows, y.shape, y.dtype
        return y

    def backward(self, dy):
        windows, shape, dtype = self.saved
        validate_gradient(dy, shape, dtype)
        return mean_backward(dy, windows, _counts(windows))


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
    Raises:
        ValueError, TypeError: names x, its shape or dtype and what is allowed.
    Source: adaptive max pooling to size 1.
    """
    return adaptive_max_pool(global_axes(x), x, 1)


def global_max_pool_backward(dy, x):
    """Gradient of `global_max_pool`: all of it goes to one element of each plane.

    Args:
        dy: array (N, C, 1, ...), gradient of the loss with respect to the output.
        x: as given to `global_max_pool`.
    Returns:
        array like x.
    Raises:
        ValueError, TypeError: names the argument, its value and what is allowed.
    """
    return adaptive_max_pool_backward(global_axes(x), dy, x, 1)


def global_avg_pool(x):
    """The average of every plane. Arguments and result as in `global_max_pool`.

    Source: Lin et al. 2014, Network In Network, section 3.2.
    """
    return adaptive_avg_pool(global_axes(x), x, 1)


def global_avg_pool_backward(dy, x):
    """Gradient of `global_avg_pool`: every element of a plane gets the same share.

    Args:
        dy: array (N, C, 1, ...), gradient of the loss with respect to the output.
        x: as given to `global_avg_pool`; only its shape and dtype matter.
    Returns:
        array like x.
    Raises:
        ValueError, TypeError: names the argument, its value and what is allowed.
    """
    return adaptive_avg_pool_backward(global_axes(x), dy, x, 1)


class GlobalMaxPool(Layer):
    """`global_max_pool` as a layer, for one to three spatial axes."""

    def forward(self, x):
        """Args: x (N, C, *spatial). Returns: (N, C, 1, ...)."""
        y, winners = maxima_and_winners(x, _windows(global_axes(x), x, 1))
        self.saved = winners, x.shape, y.shape, x.dtype
        return y

    def backward(self, dy):
        winners, shape, y_shape, dtype = self.saved
        validate_gradient(dy, y_shape, dtype)
        return scatter(dy, winners, shape, len(shape) - 2)


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


def _windows(axes, x, output_size):
    validate_float_array("x", x)
    _, size = split_shape(x.shape, axes)
    return covering(size, adaptive_output_size(size, output_size))


def _output_shape(x, windows):
    return (*x.shape[: x.ndim - len(windows)], *(axis.count for axis in windows))


def _counts(windows):
    """How many elements each window has, (*output)."""
    return math.prod(np.ix_(*(axis.lengths for axis in windows)))
