"""Average pooling: the mean of every window, and its gradient, which is shared out evenly."""

import functools
import math

import numpy as np

from coursepkg.layer import Layer
from coursepkg.pooling.dimensions import classes, functions
from coursepkg.pooling.numpy_layers.taps import reduce_windows, sliding, spread_windows
from coursepkg.pooling.rules import PerAxis, place_windows, validate_divisor, validate_geometry
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
        kernel_size, stride, padding, ceil_mode: as in `max_poolXd`, but the padding has the value 0.
        count_include_pad: whether the padding counts as elements when the sum is divided.
        divisor_override: a whole number other than 0 to divide by; None divides by the elements counted.
    Returns:
        array (N, C, *output) or (C, *output) in x's dtype, with sizes by `pool_output_size`.
    Source: torch.nn.functional.avg_poolXd; its avg_pool1d has no divisor_override.
    """
    windows, divisor = _place(
        axes, x, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override
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

    Args: dy, like the output; the others as given to `avg_poolXd`. Only x's shape and dtype matter.
    Returns: array like x.
    """
    windows, divisor = _place(
        axes, x, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override
    )
    validate_gradient(dy, windows.output_shape, x.dtype)
    return mean_backward(dy, sliding(windows), divisor)


class AvgPool(Layer):
    """`avg_poolXd` as a layer, with its arguments.

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
        counted = self.count_include_pad, self.divisor_override
        given = x, self.kernel_size, self.stride, self.padding, self.ceil_mode, *counted
        y = avg_pool(self.axes, *given)
        self.saved = given
        return y

    def backward(self, dy):
        return avg_pool_backward(self.axes, dy, *self.saved)


avg_pool1d, avg_pool2d, avg_pool3d = functions(avg_pool)
avg_pool1d_backward, avg_pool2d_backward, avg_pool3d_backward = functions(avg_pool_backward)
AvgPool1d, AvgPool2d, AvgPool3d = classes(AvgPool)


def mean(x, axes, divisor):
    """The sum of every window of x (*batch, *spatial), divided by a number or by an array (*output).

    `axes` is a tuple of taps.Axis.
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


def _place(axes, x, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override):
    """The windows, and what their sums are divided by."""
    validate_float_array("x", x)
    windows = place_windows(x.shape, axes, kernel_size, stride, padding, 1, ceil_mode)
    override = validate_divisor("divisor_override", divisor_override)
    return windows, divisor_of(windows, bool(count_include_pad), override)
