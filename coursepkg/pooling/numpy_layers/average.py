"""Average pooling: the mean of every window, and its gradient, which is shared out evenly."""

import functools
import math

import numpy as np

from coursepkg.layer import Layer
from coursepkg.pooling.dimensions import classes, functions
from coursepkg.pooling.numpy_layers.taps import reduce_windows, sliding, spread_windows
from coursepkg.pooling.rules import PerAxis, place_windows, validate_divisor, validate_geometry, windows_of
from coursepkg.validation import Setting, validate_float_array, validate_gradient


def avg_pool(
    axes,
    x,
    kernel_size,
    stride=None,
    padding=0,
    ceil_mode=False,
    count_include_pad=True,
    divisor_override=None,
):
    """The average of every window.

    Args:
        x: float32 or float64 array (N, C, *spatial) or (C, *spatial).
        kernel_size: elements of a window, >= 1; as the next two an int, or one for each axis.
        stride: samples from one window to the next, >= 1; None means kernel_size.
        padding: samples of value 0 added on each side, at most kernel_size // 2.
        ceil_mode: whether a last window may reach beyond the padding; what lies there is never counted.
        count_include_pad: whether the padding counts as elements when the sum is divided.
        divisor_override: a whole number other than 0 to divide by; None divides by the elements counted.
    Returns:
        array (N, C, *output) or (C, *output) in x's dtype, with sizes by `pool_output_size`.
    Raises:
        ValueError, TypeError: names the argument, its value and what is allowed.
    Source: torch.nn.functional.avg_poolXd; its avg_pool1d has no divisor_override.
    """
    validate_float_array("x", x)
    windows = place_windows(x.shape, axes, kernel_size, stride, padding, 1, ceil_mode)
    divisor = divisor_of(
        windows, bool(count_include_pad), validate_divisor("divisor_override", divisor_override)
    )
    return mean(x, sliding(windows), divisor)


def avg_pool_backward(
    axes,
    dy,
    x,
    kernel_size,
    stride=None,
    padding=0,
    ceil_mode=False,
    count_include_pad=True,
    divisor_override=None,
):
    """Gradient of `avg_poolXd`: every element of a window gets the same share.

    Args:
        dy: array like the output, gradient of the loss with respect to it.
        x and the others: as given to `avg_poolXd`; only x's shape and dtype matter.
    Returns:
        array like x.
    Raises:
        ValueError, TypeError: names the argument, its value and what is allowed.
    """
    validate_float_array("x", x)
    windows = place_windows(x.shape, axes, kernel_size, stride, padding, 1, ceil_mode)
    validate_gradient(dy, windows.output_shape, x.dtype)
    divisor = divisor_of(
        windows, bool(count_include_pad), validate_divisor("divisor_override", divisor_override)
    )
    return mean_backward(dy, sliding(windows), divisor)


class AvgPool(Layer):
    """`avg_poolXd` as a layer.

    Args:
        kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override: as in `avg_poolXd`.
    Raises:
        ValueError, TypeError: names the argument, its value and what is allowed.
    Source: torch.nn.AvgPoolXd; its AvgPool1d has no divisor_override.
    """

    kernel_size, stride, padding = PerAxis(1), PerAxis(1), PerAxis(0)
    divisor_override = Setting(validate_divisor)

    def __init__(
        self,
        kernel_size,
        stride=None,
        padding=0,
        ceil_mode=False,
        count_include_pad=True,
        divisor_override=None,
    ):
        super().__init__()
        self.kernel_size, self.stride = kernel_size, kernel_size if stride is None else stride
        self.padding, self.ceil_mode = padding, ceil_mode
        validate_geometry(self.axes, self.kernel_size, self.stride, self.padding)
        self.count_include_pad, self.divisor_override = count_include_pad, divisor_override

    def extra_repr(self):
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"

    def forward(self, x):
        """Args: x (N, C, *spatial) or (C, *spatial). Returns: the averages."""
        validate_float_array("x", x)
        geometry = self.kernel_size, self.stride, self.padding, 1
        windows = windows_of(x.shape, self.axes, *geometry, bool(self.ceil_mode))
        divisor = divisor_of(windows, bool(self.count_include_pad), self.divisor_override)
        self.saved = windows, divisor, x.dtype
        return mean(x, sliding(windows), divisor)

    def backward(self, dy):
        windows, divisor, dtype = self.saved
        validate_gradient(dy, windows.output_shape, dtype)
        return mean_backward(dy, sliding(windows), divisor)


avg_pool1d, avg_pool2d, avg_pool3d = functions(avg_pool)
avg_pool1d_backward, avg_pool2d_backward, avg_pool3d_backward = functions(avg_pool_backward)
AvgPool1d, AvgPool2d, AvgPool3d = classes(AvgPool)


def mean(x, axes, divisor):
    """The sum of every window, divided.

    Args:
        x: float32 or float64 array (*batch, *spatial).
        axes: tuple of taps.Axis.
        divisor: a number, or an array (*output).
    Returns:
        array (*batch, *output) in x's dtype.
    """
    with np.errstate(invalid="ignore"):  # inf - inf is NaN, as in torch
        y = reduce_windows(x, axes, np.add, 0)
        y /= np.asarray(divisor, x.dtype)
    return y


def mean_backward(dy, axes, divisor):
    """Gradient of `mean`: the share of every window goes to all of its elements, where shares add up."""
    return spread_windows(dy / np.asarray(divisor, dy.dtype), axes)


@functools.lru_cache(maxsize=256)
def divisor_of(windows, count_include_pad, divisor_override):
    """What the sums of windows are divided by: a number, or an array of the shape of a plane of windows."""
    if divisor_override is not None:
        return divisor_override
    counts = windows.counts(count_include_pad)
    if all((axis == axis[0]).all() for axis in counts):
        return math.prod(int(axis[0]) for axis in counts)
    return math.prod(np.ix_(*counts))
