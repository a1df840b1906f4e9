"""Pooling in NumPy: forward and backward as functions, then thin layers that call them.

Names, arguments, defaults and results are those of torch.nn.functional. Arrays are (N, C, *spatial), or
(C, *spatial) without a batch, with one, two or three spatial axes; what holds for the 2-D functions holds for
those of 1-D and 3-D. kernel_size, stride, padding and dilation are an int or one per axis.

`max_pool`, `max_pool_backward`, `avg_pool` and `avg_pool_backward` are the version to read. All the others
call the functions of the same names in `fast`.
"""

import math

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from coursepkg.layer import Layer
from coursepkg.pooling import fast
from coursepkg.pooling.rules import (
    adaptive_bounds,
    adaptive_output_size,
    binomial_filter,
    blur_positions,
    fractional_output_size,
    place_windows,
    pool_output_size,
    split_shape,
    unpool_output_size,
    validate_divisor,
    validate_geometry,
    validate_levels,
    validate_mode,
    validate_ratio,
)
from coursepkg.validation import (
    validate_dtype,
    validate_float_array,
    validate_generator,
    validate_gradient,
    validate_input,
    validate_per_axis,
    validate_positive_int,
    validate_positive_number,
    validate_shape,
)

__all__ = ["pool_output_size"]  # of rules, where both backends find it

# To read


def max_pool(x, windows):
    """The maximum of every window, and where it was found.

    Args:
        x: array (*windows.batch, *windows.size), of floats or integers.
        windows: coursepkg.pooling.rules.Windows.
    Returns:
        (y, indices): both of windows.output_shape; indices are int64 and flat in the plane. Of equals the
        first in memory order wins, of NaNs the last, and padding never: a window of padding alone has the
        lowest number there is, and the index -1.
    Source: torch.nn.MaxPool2d.
    """
    values = _gather(x, windows, fast.lowest(x.dtype))  # (*batch, *output_size, K)
    position = _positions(windows)  # (*output_size, K)
    winner = _winner(values, position >= 0)[..., None]
    position = np.broadcast_to(position, values.shape)
    return values.max(axis=-1), np.take_along_axis(position, winner, axis=-1)[..., 0]


def max_pool_backward(dy, indices, windows):
    """Sends each gradient to where its maximum was found. Where windows share that place, gradients add up.

    Args:
        dy: array of windows.output_shape.
        indices: as `max_pool` returned them.
        windows: coursepkg.pooling.rules.Windows.
    Returns:
        array (*windows.batch, *windows.size) in dy's dtype.
    """
    return _scatter(dy, indices, windows.batch, windows.size)


def avg_pool(x, windows, divisor):
    """The sum of every window, in which padding counts as 0, divided by a number.

    Args:
        x: float32 or float64 array (*windows.batch, *windows.size).
        windows: coursepkg.pooling.rules.Windows.
        divisor: a number, or an array of windows.output_size, of x's dtype.
    Returns:
        array of windows.output_shape in x's dtype.
    Source: torch.nn.AvgPool2d.
    """
    return _gather(x, windows, 0).sum(axis=-1) / divisor


def avg_pool_backward(dy, windows, divisor):
    """Gives every element its share of the gradients of the windows that it lies in.

    Args:
        dy: array of windows.output_shape.
        windows, divisor: as in `avg_pool`.
    Returns:
        array (*windows.batch, *windows.size) in dy's dtype.
    """
    share = (dy / divisor)[..., None]
    return _scatter_windows(np.broadcast_to(share, (*dy.shape, math.prod(windows.kernel_size))), windows)


def _scatter(values, indices, batch, size):
    """Adds values (*batch, ...) up at flat indices into planes of a size; -1 is nowhere."""
    planes = np.zeros((math.prod(batch), math.prod(size)), values.dtype)
    count = math.prod(values.shape[len(batch) :])
    values, indices = (array.reshape(len(planes), count) for array in (values, indices))
    plane, window = np.nonzero(indices >= 0)
    np.add.at(planes, (plane, indices[plane, window]), values[plane, window])
    return planes.reshape(*batch, *size)


def _scatter_windows(values, windows):
    """Adds up what every window (*batch, *output_size, K) has for its elements."""
    position = np.broadcast_to(_positions(windows), values.shape)
    return _scatter(values, position, windows.batch, windows.size)


def _positions(windows):
    """Flat indices of the elements of every window (*output_size, K), -1 in the padding."""
    return _gather(np.arange(math.prod(windows.size)).reshape(windows.size), windows, -1)


def _winner(values, allowed=True):
    """Which of the elements of windows (..., K) wins: of equals the first, of NaNs the last."""
    largest = values.max(axis=-1, keepdims=True)
    wins = ((values == largest) | (values != values)) & allowed
    last = wins.shape[-1] - 1 - wins[..., ::-1].argmax(axis=-1)
    return np.where(largest[..., 0] != largest[..., 0], last, wins.argmax(axis=-1))


def _gather(x, windows, fill):
    """Every window's elements in memory order (..., *output_size, K), `fill` where there is only padding."""
    leading = x.ndim - windows.axes
    axes = tuple(range(leading, x.ndim))
    padded = np.pad(x, ((0, 0),) * leading + windows.border, constant_values=fill)
    everywhere = sliding_window_view(padded, windows.span, axis=axes)
    at = [slice(0, (n - 1) * s + 1, s) for n, s in zip(windows.output_size, windows.stride, strict=True)]
    taps = [slice(None, None, dilation) for dilation in windows.dilation]
    view = everywhere[(slice(None),) * leading + (*at, *taps)]
    return view.reshape(*view.shape[: x.ndim], math.prod(windows.kernel_size))


# Maximum


def max_pool1d(x, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False, return_indices=False):
    """`max_pool2d` for x of shape (N, C, L) or (C, L)."""
    windows = place_windows(np.shape(x), 1, kernel_size, stride, padding, dilation, ceil_mode)
    return _max_pool(x, windows, return_indices)


def max_pool2d(x, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False, return_indices=False):
    """The maximum of every window.

    Args:
        x: (N, C, H, W) or (C, H, W), of floats or integers.
        kernel_size: elements that a window looks at, >= 1.
        stride: pixels from one window to the next, >= 1; None means kernel_size.
        padding: pixels added on each side, which never win, at most kernel_size // 2.
        dilation: pixels from one element of a window to the next, >= 1.
        ceil_mode: whether a last window may reach beyond the padding.
        return_indices: whether to return also where each maximum was found.
    Returns:
        array (N, C, OH, OW) or (C, OH, OW) in x's dtype, OH and OW by `pool_output_size`. With return_indices
        (y, indices): int64 of y's shape, flat in the plane. Of equals the first in memory order wins, of NaNs
        the last; a window of padding alone gives -inf (or the lowest integer) and the index -1.
    Raises:
        ValueError, TypeError: names the argument, its value and what is allowed.
    Source: torch.nn.functional.max_pool2d.
    """
    windows = place_windows(np.shape(x), 2, kernel_size, stride, padding, dilation, ceil_mode)
    return _max_pool(x, windows, return_indices)


def max_pool3d(x, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False, return_indices=False):
    """`max_pool2d` for x of shape (N, C, D, H, W) or (C, D, H, W)."""
    windows = place_windows(np.shape(x), 3, kernel_size, stride, padding, dilation, ceil_mode)
    return _max_pool(x, windows, return_indices)


def max_pool1d_backward(
    dy, x, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False, indices=None
):
    """`max_pool2d_backward` for x of shape (N, C, L) or (C, L)."""
    windows = place_windows(np.shape(x), 1, kernel_size, stride, padding, dilation, ceil_mode)
    return _max_pool_backward(dy, x, windows, indices)


def max_pool2d_backward(
    dy, x, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False, indices=None
):
    """Gradient of `max_pool2d`: it goes to the winner alone, and adds up where a pixel won several windows.

    Args:
        dy: array like the output, gradient of the loss with respect to it.
        x, kernel_size, stride, padding, dilation, ceil_mode: as given to `max_pool2d`.
        indices: as it returned them; None searches again.
    Returns:
        array like x.
    Raises:
        ValueError, TypeError: names the argument, its value and what is allowed.
    """
    windows = place_windows(np.shape(x), 2, kernel_size, stride, padding, dilation, ceil_mode)
    return _max_pool_backward(dy, x, windows, indices)


def max_pool3d_backward(
    dy, x, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False, indices=None
):
    """`max_pool2d_backward` for x of shape (N, C, D, H, W) or (C, D, H, W)."""
    windows = place_windows(np.shape(x), 3, kernel_size, stride, padding, dilation, ceil_mode)
    return _max_pool_backward(dy, x, windows, indices)


def _max_pool(x, windows, return_indices):
    validate_numbers("x", x)
    if not return_indices:
        return fast.max_pool(x, windows)
    y, winners = fast.max_pool_winners(x, windows)
    return y, winners.indices()


def _max_pool_backward(dy, x, windows, indices):
    validate_float_array("x", x)
    validate_gradient(dy, windows.output_shape, x.dtype)
    if indices is None:
        _, indices = fast.max_pool_winners(x, windows)
    else:
        validate_indices(
            indices,
            windows.output_shape,
            windows.size,
            lowest=0 if fast.empty_windows(windows) is None else -1,
        )
        indices = indices.reshape(math.prod(windows.batch), math.prod(windows.output_size))
    return fast.max_pool_backward(dy, indices, windows)


# Average


def avg_pool1d(
    x, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True, divisor_override=None
):
    """`avg_pool2d` for x of shape (N, C, L) or (C, L)."""
    windows = place_windows(np.shape(x), 1, kernel_size, stride, padding, 1, ceil_mode)
    return _avg_pool(x, windows, count_include_pad, divisor_override)


def avg_pool2d(
    x, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True, divisor_override=None
):
    """The average of every window.

    Args:
        x: float32 or float64 array (N, C, H, W) or (C, H, W).
        kernel_size: side of a window in pixels, >= 1.
        stride: pixels from one window to the next, >= 1; None means kernel_size.
        padding: pixels of value 0 added on each side, at most kernel_size // 2.
        ceil_mode: whether a last window may reach beyond the padding; what lies there is never counted.
        count_include_pad: whether the padding counts as pixels when the sum is divided.
        divisor_override: a whole number other than 0 to divide by; None divides by the pixels counted.
    Returns:
        array (N, C, OH, OW) or (C, OH, OW) in x's dtype, OH and OW by `pool_output_size`.
    Raises:
        ValueError, TypeError: names the argument, its value and what is allowed.
    Source: torch.nn.functional.avg_pool2d; its avg_pool1d has no divisor_override.
    """
    windows = place_windows(np.shape(x), 2, kernel_size, stride, padding, 1, ceil_mode)
    return _avg_pool(x, windows, count_include_pad, divisor_override)


def avg_pool3d(
    x, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True, divisor_override=None
):
    """`avg_pool2d` for x of shape (N, C, D, H, W) or (C, D, H, W)."""
    windows = place_windows(np.shape(x), 3, kernel_size, stride, padding, 1, ceil_mode)
    return _avg_pool(x, windows, count_include_pad, divisor_override)


def avg_pool1d_backward(
    dy, x, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True, divisor_override=None
):
    """`avg_pool2d_backward` for x of shape (N, C, L) or (C, L)."""
    windows = place_windows(np.shape(x), 1, kernel_size, stride, padding, 1, ceil_mode)
    return _avg_pool_backward(dy, x, windows, count_include_pad, divisor_override)


def avg_pool2d_backward(
    dy, x, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True, divisor_override=None
):
    """Gradient of `avg_pool2d`: every pixel of a window gets the same share.

    Args:
        dy: array like the output, gradient of the loss with respect to it.
        x and the others: as given to `avg_pool2d`; only x's shape and dtype matter.
    Returns:
        array like x.
    Raises:
        ValueError, TypeError: names the argument, its value and what is allowed.
    """
    windows = place_windows(np.shape(x), 2, kernel_size, stride, padding, 1, ceil_mode)
    return _avg_pool_backward(dy, x, windows, count_include_pad, divisor_override)


def avg_pool3d_backward(
    dy, x, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True, divisor_override=None
):
    """`avg_pool2d_backward` for x of shape (N, C, D, H, W) or (C, D, H, W)."""
    windows = place_windows(np.shape(x), 3, kernel_size, stride, padding, 1, ceil_mode)
    return _avg_pool_backward(dy, x, windows, count_include_pad, divisor_override)


def _avg_pool(x, windows, count_include_pad, divisor_override):
    validate_float_array("x", x)
    return fast.avg_pool(x, windows, _divisor(windows, count_include_pad, divisor_override, x.dtype))


def _avg_pool_backward(dy, x, windows, count_include_pad, divisor_override):
    validate_float_array("x", x)
    validate_gradient(dy, windows.output_shape, x.dtype)
    divisor = _divisor(windows, count_include_pad, divisor_override, x.dtype)
    return fast.avg_pool_backward(dy, windows, divisor)


def _divisor(windows, count_include_pad, divisor_override, dtype):
    """What the sums are divided by: a number, or an array of the shape of a plane of windows."""
    if divisor_override is not None:
        return dtype.type(validate_divisor(divisor_override))
    counts = windows.counts(count_include_pad)
    if all(len(set(axis)) == 1 for axis in counts):
        return dtype.type(math.prod(axis[0] for axis in counts))
    return math.prod(np.ix_(*map(np.array, counts))).astype(dtype)


# Power average


def lp_pool1d(x, norm_type, kernel_size, stride=None, ceil_mode=False):
    """`lp_pool2d` for x of shape (N, C, L) or (C, L)."""
    return _lp_pool(x, norm_type, place_windows(np.shape(x), 1, kernel_size, stride, ceil_mode=ceil_mode))


def lp_pool2d(x, norm_type, kernel_size, stride=None, ceil_mode=False):
    """The p-th root of the sum of p-th powers in every window.

    Args:
        x: float32 or float64 array (N, C, H, W) or (C, H, W).
        norm_type: p, a finite number > 0. The power is that of x, not of its magnitude, so the root of a
            negative sum is NaN.
        kernel_size, stride, ceil_mode: as in `avg_pool2d`. A window cut short by ceil_mode counts as much as
            a whole one: its mean power times kernel_size.
    Returns:
        array (N, C, OH, OW) or (C, OH, OW) in x's dtype.
    Raises:
        ValueError, TypeError: names the argument, its value and what is allowed.
    Source: torch.nn.functional.lp_pool2d.
    """
    return _lp_pool(x, norm_type, place_windows(np.shape(x), 2, kernel_size, stride, ceil_mode=ceil_mode))


def lp_pool3d(x, norm_type, kernel_size, stride=None, ceil_mode=False):
    """`lp_pool2d` for x of shape (N, C, D, H, W) or (C, D, H, W)."""
    return _lp_pool(x, norm_type, place_windows(np.shape(x), 3, kernel_size, stride, ceil_mode=ceil_mode))


def lp_pool1d_backward(dy, x, norm_type, kernel_size, stride=None, ceil_mode=False):
    """`lp_pool2d_backward` for x of shape (N, C, L) or (C, L)."""
    windows = place_windows(np.shape(x), 1, kernel_size, stride, ceil_mode=ceil_mode)
    return _lp_pool_backward(dy, x, norm_type, windows)


def lp_pool2d_backward(dy, x, norm_type, kernel_size, stride=None, ceil_mode=False):
    """Gradient of `lp_pool2d`; 0 where the sum of powers is 0, as torch defines it.

    Args:
        dy: array like the output, gradient of the loss with respect to it.
        x and the others: as given to `lp_pool2d`.
    Returns:
        array like x.
    Raises:
        ValueError, TypeError: names the argument, its value and what is allowed.
    """
    windows = place_windows(np.shape(x), 2, kernel_size, stride, ceil_mode=ceil_mode)
    return _lp_pool_backward(dy, x, norm_type, windows)


def lp_pool3d_backward(dy, x, norm_type, kernel_size, stride=None, ceil_mode=False):
    """`lp_pool2d_backward` for x of shape (N, C, D, H, W) or (C, D, H, W)."""
    windows = place_windows(np.shape(x), 3, kernel_size, stride, ceil_mode=ceil_mode)
    return _lp_pool_backward(dy, x, norm_type, windows)


def _lp_pool(x, norm_type, windows):
    p = validate_positive_number("norm_type", norm_type)
    validate_float_array("x", x)
    with np.errstate(all="ignore"):
        return _power_sum(x, p, windows) ** (1 / p)


def _lp_pool_backward(dy, x, norm_type, windows):
    p = validate_positive_number("norm_type", norm_type)
    validate_float_array("x", x)
    validate_gradient(dy, windows.output_shape, x.dtype)
    with np.errstate(all="ignore"):
        total = _power_sum(x, p, windows)
        dtotal = np.where(total == 0, dy.dtype.type(0), dy * (total ** (1 / p - 1) / p))
        whole = x.dtype.type(math.prod(windows.kernel_size))
        divisor = _divisor(windows, True, None, x.dtype)
        return fast.avg_pool_backward(dtotal * whole, windows, divisor) * (p * x ** (p - 1))


def _power_sum(x, p, windows):
    return _avg_pool(x**p, windows, True, None) * math.prod(windows.kernel_size)


# Adaptive and global


def adaptive_max_pool1d(x, output_size, return_indices=False):
    """`adaptive_max_pool2d` for x of shape (N, C, L) or (C, L)."""
    return _adaptive_max_pool(x, 1, output_size, return_indices)


def adaptive_max_pool2d(x, output_size, return_indices=False):
    """The maximum of as many windows as are asked for, which together cover the input.

    Args:
        x: float32 or float64 array (N, C, H, W) or (C, H, W).
        output_size: number of windows, for both axes or (OH, OW), >= 0; None keeps an axis as it is.
        return_indices: whether to return also where each maximum was found.
    Returns:
        array (N, C, OH, OW) or (C, OH, OW) in x's dtype; with return_indices (y, indices) as in `max_pool2d`.
        Window i of n over H rows covers rows floor(i H / n) to ceil((i + 1) H / n).
    Raises:
        ValueError, TypeError: names the argument, its value and what is allowed.
    Source: torch.nn.functional.adaptive_max_pool2d.
    """
    return _adaptive_max_pool(x, 2, output_size, return_indices)


def adaptive_max_pool3d(x, output_size, return_indices=False):
    """`adaptive_max_pool2d` for x of shape (N, C, D, H, W) or (C, D, H, W)."""
    return _adaptive_max_pool(x, 3, output_size, return_indices)


def adaptive_max_pool1d_backward(dy, x, output_size, indices=None):
    """`adaptive_max_pool2d_backward` for x of shape (N, C, L) or (C, L)."""
    return _adaptive_max_pool_backward(dy, x, 1, output_size, indices)


def adaptive_max_pool2d_backward(dy, x, output_size, indices=None):
    """Gradient of `adaptive_max_pool2d`.

    Args:
        dy: array like the output, gradient of the loss with respect to it.
        x, output_size: as given to `adaptive_max_pool2d`.
        indices: as it returned them; None searches again.
    Returns:
        array like x.
    Raises:
        ValueError, TypeError: names the argument, its value and what is allowed.
    """
    return _adaptive_max_pool_backward(dy, x, 2, output_size, indices)


def adaptive_max_pool3d_backward(dy, x, output_size, indices=None):
    """`adaptive_max_pool2d_backward` for x of shape (N, C, D, H, W) or (C, D, H, W)."""
    return _adaptive_max_pool_backward(dy, x, 3, output_size, indices)


def adaptive_avg_pool1d(x, output_size):
    """`adaptive_avg_pool2d` for x of shape (N, C, L) or (C, L)."""
    return _adaptive_avg_pool(x, 1, output_size)


def adaptive_avg_pool2d(x, output_size):
    """The average of as many windows as are asked for, which together cover the input.

    Args:
        x, output_size: as in `adaptive_max_pool2d`.
    Returns:
        array (N, C, OH, OW) or (C, OH, OW) in x's dtype.
    Raises:
        ValueError, TypeError: names the argument, its value and what is allowed.
    Source: torch.nn.functional.adaptive_avg_pool2d.
    """
    return _adaptive_avg_pool(x, 2, output_size)


def adaptive_avg_pool3d(x, output_size):
    """`adaptive_avg_pool2d` for x of shape (N, C, D, H, W) or (C, D, H, W)."""
    return _adaptive_avg_pool(x, 3, output_size)


def adaptive_avg_pool1d_backward(dy, x, output_size):
    """`adaptive_avg_pool2d_backward` for x of shape (N, C, L) or (C, L)."""
    return _adaptive_avg_pool_backward(dy, x, 1, output_size)


def adaptive_avg_pool2d_backward(dy, x, output_size):
    """Gradient of `adaptive_avg_pool2d`.

    Args:
        dy: array like the output, gradient of the loss with respect to it.
        x, output_size: as given to `adaptive_avg_pool2d`; only x's shape and dtype matter.
    Returns:
        array like x.
    Raises:
        ValueError, TypeError: names the argument, its value and what is allowed.
    """
    return _adaptive_avg_pool_backward(dy, x, 2, output_size)


def adaptive_avg_pool3d_backward(dy, x, output_size):
    """`adaptive_avg_pool2d_backward` for x of shape (N, C, D, H, W) or (C, D, H, W)."""
    return _adaptive_avg_pool_backward(dy, x, 3, output_size)


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
    axes = _global_axes(x)
    return _adaptive_max_pool(x, axes, 1, False)


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
    return _adaptive_max_pool_backward(dy, x, _global_axes(x), 1, None)


def global_avg_pool(x):
    """The average of every plane. Arguments and result as in `global_max_pool`.

    Source: Lin et al. 2014, Network In Network, section 3.2.
    """
    with np.errstate(invalid="ignore"):  # inf - inf is NaN, as in torch
        return x.mean(axis=tuple(range(2, 2 + _global_axes(x))), keepdims=True)


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
    axes = _global_axes(x)
    validate_gradient(dy, (*x.shape[:2], *(1,) * axes), x.dtype)
    return np.broadcast_to(dy / dy.dtype.type(math.prod(x.shape[2:])), x.shape).copy()


def _adaptive_max_pool(x, axes, output_size, return_indices):
    validate_float_array("x", x)
    (batch, size), bounds = _adaptive(x, axes, output_size)
    y = np.empty((*batch, *map(len, bounds)), x.dtype)
    indices = np.empty(y.shape, np.int64)
    plane = np.arange(math.prod(size)).reshape(size)
    for cell in np.ndindex(*y.shape[len(batch) :]):
        window = tuple(axis[i] for axis, i in zip(bounds, cell, strict=True))
        place = plane[window].reshape(-1)
        values = x[(..., *window)].reshape(*batch, len(place))  # (*batch, K)
        winner = _winner(values)[..., None]
        y[(..., *cell)] = np.take_along_axis(values, winner, axis=-1)[..., 0]
        indices[(..., *cell)] = place[winner[..., 0]]
    return (y, indices) if return_indices else y


def _adaptive_max_pool_backward(dy, x, axes, output_size, indices):
    validate_float_array("x", x)
    (batch, size), bounds = _adaptive(x, axes, output_size)
    shape = (*batch, *map(len, bounds))
    validate_gradient(dy, shape, x.dtype)
    if indices is None:
        _, indices = _adaptive_max_pool(x, axes, output_size, True)
    else:
        validate_indices(indices, shape, size)
    return _scatter(dy, indices, batch, size)


def _adaptive_avg_pool(x, axes, output_size):
    validate_float_array("x", x)
    (batch, _), bounds = _adaptive(x, axes, output_size)
    for axis, windows in enumerate(bounds, start=len(batch)):
        shorter = np.empty((*x.shape[:axis], len(windows), *x.shape[axis + 1 :]), x.dtype)
        for i, window in enumerate(windows):
            with np.errstate(invalid="ignore"):  # inf - inf is NaN, as in torch
                x[(slice(None),) * axis + (window,)].mean(
                    axis=axis, out=shorter[(slice(None),) * axis + (i,)]
                )
        x = shorter
    return x


def _adaptive_avg_pool_backward(dy, x, axes, output_size):
    validate_float_array("x", x)
    (batch, size), bounds = _adaptive(x, axes, output_size)
    validate_gradient(dy, (*batch, *map(len, bounds)), x.dtype)
    for axis, (length, windows) in enumerate(zip(size, bounds, strict=True), start=len(batch)):
        longer = np.zeros((*dy.shape[:axis], length, *dy.shape[axis + 1 :]), dy.dtype)
        for i, window in enumerate(windows):
            share = dy.dtype.type(window.stop - window.start)
            longer[(slice(None),) * axis + (window,)] += dy[(slice(None),) * axis + ([i],)] / share
        dy = longer
    return dy


def _adaptive(x, axes, output_size):
    batch, size = split_shape(x.shape, axes)
    wanted = adaptive_output_size(size, output_size)
    return (batch, size), [adaptive_bounds(*one) for one in zip(size, wanted, strict=True)]


def _global_axes(x):
    validate_float_array("x", x)
    axes = min(max(x.ndim - 2, 1), 3)
    split_shape(x.shape, axes, batched=True)
    return axes


# Back to the size before


def max_unpool1d(x, indices, kernel_size, stride=None, padding=0, output_size=None):
    """`max_unpool2d` for x of shape (N, C, L) or (C, L)."""
    return _max_unpool(x, indices, 1, kernel_size, stride, padding, output_size)


def max_unpool2d(x, indices, kernel_size, stride=None, padding=0, output_size=None):
    """Puts every number back where max pooling found it, and 0 elsewhere.

    Args:
        x: float32 or float64 array (N, C, H, W) or (C, H, W), as pooled.
        indices: integers of x's shape, flat in the plane to be filled. Of two equal ones the later wins.
        kernel_size, stride, padding: of the max pooling.
        output_size: size (or whole shape) of the result; None means (H - 1) stride - 2 padding + kernel_size.
    Returns:
        array (N, C, *output_size) or (C, *output_size) in x's dtype.
    Raises:
        ValueError, TypeError: names the argument, its value and what is allowed.
    Source: torch.nn.functional.max_unpool2d.
    """
    return _max_unpool(x, indices, 2, kernel_size, stride, padding, output_size)


def max_unpool3d(x, indices, kernel_size, stride=None, padding=0, output_size=None):
    """`max_unpool2d` for x of shape (N, C, D, H, W) or (C, D, H, W)."""
    return _max_unpool(x, indices, 3, kernel_size, stride, padding, output_size)


def max_unpool1d_backward(dy, x, indices, kernel_size, stride=None, padding=0, output_size=None):
    """`max_unpool2d_backward` for x of shape (N, C, L) or (C, L)."""
    return _max_unpool_backward(dy, x, indices, 1, kernel_size, stride, padding, output_size)


def max_unpool2d_backward(dy, x, indices, kernel_size, stride=None, padding=0, output_size=None):
    """Gradient of `max_unpool2d`: what lies at the indices.

    Args:
        dy: array like the output, gradient of the loss with respect to it.
        x and the others: as given to `max_unpool2d`.
    Returns:
        array like x.
    Raises:
        ValueError, TypeError: names the argument, its value and what is allowed.
    """
    return _max_unpool_backward(dy, x, indices, 2, kernel_size, stride, padding, output_size)


def max_unpool3d_backward(dy, x, indices, kernel_size, stride=None, padding=0, output_size=None):
    """`max_unpool2d_backward` for x of shape (N, C, D, H, W) or (C, D, H, W)."""
    return _max_unpool_backward(dy, x, indices, 3, kernel_size, stride, padding, output_size)


def _max_unpool(x, indices, axes, kernel_size, stride, padding, output_size):
    batch, size = _unpool_shape(x, indices, axes, kernel_size, stride, padding, output_size)
    planes, count = math.prod(batch), math.prod(x.shape[len(batch) :])
    y = np.zeros((planes, math.prod(size)), x.dtype)
    y[np.arange(planes)[:, None], indices.reshape(planes, count)] = x.reshape(planes, count)
    return y.reshape(*batch, *size)


def _max_unpool_backward(dy, x, indices, axes, kernel_size, stride, padding, output_size):
    batch, size = _unpool_shape(x, indices, axes, kernel_size, stride, padding, output_size)
    validate_gradient(dy, (*batch, *size), x.dtype)
    planes, count = math.prod(batch), math.prod(x.shape[len(batch) :])
    rows = dy.reshape(planes, math.prod(size))
    return np.take_along_axis(rows, indices.reshape(planes, count), axis=1).reshape(x.shape)


def _unpool_shape(x, indices, axes, kernel_size, stride, padding, output_size):
    validate_float_array("x", x)
    size = unpool_output_size(x.shape, axes, kernel_size, stride, padding, output_size)
    validate_indices(indices, x.shape, size)
    return x.shape[:-axes], size


# Blurred before it is thinned out


def blur_pool2d(x, filt_size=3, stride=2):
    """Smooths with a row of Pascal's triangle, along both axes, and keeps every stride-th pixel.

    Args:
        x: float32 or float64 array (N, C, H, W) or (C, H, W); an axis must be longer than filt_size // 2.
        filt_size: taps of the filter, 1 to 7; 1 does not blur.
        stride: pixels from one output to the next, >= 1.
    Returns:
        array (N, C, OH, OW) or (C, OH, OW) in x's dtype, OH = (H - 1) // stride + 1. Beyond the border lies
        the picture's reflection.
    Raises:
        ValueError, TypeError: names the argument, its value and what is allowed.
    Source: Zhang 2019, Making Convolutional Networks Shift-Invariant Again, section 3.2.
    """
    validate_float_array("x", x)
    taps, positions = _blur(x, filt_size, stride)
    for axis, rows in enumerate(positions, start=x.ndim - 2):
        x = sum(x.dtype.type(tap) * x.take(at, axis=axis) for tap, at in zip(taps, rows, strict=True))
    return x


def blur_pool2d_backward(dy, x, filt_size=3, stride=2):
    """Gradient of `blur_pool2d`: every pixel gets back what its weights in the outputs say.

    Args:
        dy: array like the output, gradient of the loss with respect to it.
        x, filt_size, stride: as given to `blur_pool2d`; only x's shape and dtype matter.
    Returns:
        array like x.
    Raises:
        ValueError, TypeError: names the argument, its value and what is allowed.
    """
    validate_float_array("x", x)
    taps, positions = _blur(x, filt_size, stride)
    validate_gradient(dy, (*x.shape[:-2], *(len(rows[0]) for rows in positions)), x.dtype)
    for axis, rows in enumerate(positions, start=x.ndim - 2):
        dy = np.moveaxis(dy, axis, 0)
        longer = np.zeros((x.shape[axis], *dy.shape[1:]), dy.dtype)
        for tap, at in zip(taps, rows, strict=True):
            # A border pixel may stand for two of the reflection, so += with an index would lose one.
            np.add.at(longer, at, dy.dtype.type(tap) * dy)
        dy = np.moveaxis(longer, 0, axis)
    return np.ascontiguousarray(dy)


def _blur(x, filt_size, stride):
    taps, stride = binomial_filter(filt_size), validate_positive_int("stride", stride)
    _, size = split_shape(x.shape, 2)
    return taps, [blur_positions(length, len(taps), stride) for length in size]


# By chance


def fractional_max_pool2d(
    x, kernel_size, output_size=None, output_ratio=None, return_indices=False, samples=None, rng=None
):
    """Max pooling over windows whose steps are of two lengths, in random order, and average to any fraction.

    Args:
        x: float32 or float64 array (N, C, H, W) or (C, H, W).
        kernel_size: side of a window in pixels, >= 1; an int or a pair.
        output_size: number of windows, an int or a pair (OH, OW), with OH + kernel_size - 1 <= H.
        output_ratio: instead of output_size, its share of the input, a number or a pair, in (0, 1).
        return_indices: whether to return also where each maximum was found.
        samples: (N, C, 2) or (C, 2) array of numbers in [0, 1), width before height, that decide the steps of
            each plane; None draws them.
        rng: numpy.random.Generator; None means a fresh one.
    Returns:
        array (N, C, OH, OW) or (C, OH, OW) in x's dtype; with return_indices (y, indices) as in `max_pool2d`.
    Raises:
        ValueError, TypeError: names the argument, its value and what is allowed.
    Source: Graham 2014, Fractional Max-Pooling; torch.nn.functional.fractional_max_pool2d.
    """
    kernel_size, output_size = fractional_output_size(np.shape(x), kernel_size, output_size, output_ratio)
    validate_float_array("x", x)
    samples = draw_samples(x, validate_generator("rng", rng)) if samples is None else samples
    validate_samples(samples, x)
    y, indices = _fractional_max_pool(x, kernel_size, output_size, samples)
    return (y, indices) if return_indices else y


def fractional_max_pool2d_backward(dy, x, indices):
    """Gradient of `fractional_max_pool2d`.

    Args:
        dy: array like the output, gradient of the loss with respect to it.
        x: as given to `fractional_max_pool2d`; only its shape and dtype matter.
        indices: as it returned them.
    Returns:
        array like x.
    Raises:
        ValueError, TypeError: names the argument, its value and what is allowed.
    """
    validate_float_array("x", x)
    batch, size = split_shape(x.shape, 2)
    validate_gradient(dy, (*batch, *dy.shape[-2:]), x.dtype)
    validate_indices(indices, dy.shape, size)
    return _scatter(dy, indices, batch, size)


def _fractional_max_pool(x, kernel_size, output_size, samples):
    height, width = x.shape[-2:]
    planes = x.reshape(math.prod(x.shape[:-2]), height, width)
    samples = samples.reshape(len(planes), 2)
    rows, columns = (
        _fractional_starts(samples[:, at], size, count, kernel)[:, :, None] + np.arange(kernel)
        for at, size, count, kernel in zip((1, 0), (height, width), output_size, kernel_size, strict=True)
    )  # (planes, OH, KH) and (planes, OW, KW)
    position = rows[:, :, None, :, None] * width + columns[:, None, :, None, :]  # (planes, OH, OW, KH, KW)
    position = position.reshape(len(planes), math.prod(output_size), math.prod(kernel_size))
    values = np.take_along_axis(
        planes.reshape(len(planes), height * width),
        position.reshape(len(planes), math.prod(position.shape[1:])),
        axis=1,
    ).reshape(position.shape)
    winner = _winner(values)[..., None]
    shape = (*x.shape[:-2], *output_size)
    y, indices = (np.take_along_axis(array, winner, axis=-1).reshape(shape) for array in (values, position))
    return y, indices


def _fractional_starts(samples, size, count, kernel):
    """First positions (planes, count) of windows whose steps are two neighboring whole numbers."""
    if count == 1:
        return np.full((len(samples), 1), size - kernel)
    step = samples.dtype.type((size - kernel) / (count - 1))
    ends = ((np.arange(count - 1, dtype=samples.dtype) + samples[:, None]) * step).astype(np.int64)
    first = (samples[:, None] * step).astype(np.int64)
    return np.append(ends - first, np.full((len(samples), 1), size - kernel), axis=1)


def draw_samples(x, rng):
    """The numbers that decide the windows of fractional max pooling: two for each plane, in [0, 1)."""
    return rng.random((*x.shape[:-2], 2), dtype=x.dtype)


def stochastic_pool2d(x, kernel_size, stride=None, training=True, mask=None, rng=None):
    """Picks one pixel of every window, with a probability in proportion to its value.

    Args:
        x: float32 or float64 array (N, C, H, W) or (C, H, W), meant to come from a ReLU. Negative values are
            never picked, unless a window has no positive one: there all are equally probable.
        kernel_size, stride: as in `max_pool2d`.
        training: False gives the average over all picks, each with its probability.
        mask: boolean array (*output shape, KH * KW), True at the one pixel to pick; None draws it.
        rng: numpy.random.Generator; None means a fresh one.
    Returns:
        array (N, C, OH, OW) or (C, OH, OW) in x's dtype.
    Raises:
        ValueError, TypeError: names the argument, its value and what is allowed.
    Source: Zeiler and Fergus 2013, Stochastic Pooling, section 3.
    """
    windows = place_windows(np.shape(x), 2, kernel_size, stride)
    validate_float_array("x", x)
    rng = validate_generator("rng", rng)
    return _stochastic_pool(_gather(x, windows, 0), training, mask, rng)[0]


def stochastic_pool2d_backward(dy, x, kernel_size, stride=None, training=True, mask=None):
    """Gradient of `stochastic_pool2d`: to the pixel picked; in evaluation through the probabilities, too.

    Args:
        dy: array like the output, gradient of the loss with respect to it.
        x, kernel_size, stride, training: as given to `stochastic_pool2d`.
        mask: the boolean mask of the forward pass; None where training is False.
    Returns:
        array like x.
    Raises:
        ValueError, TypeError: names the argument, its value and what is allowed.
    """
    windows = place_windows(np.shape(x), 2, kernel_size, stride)
    validate_float_array("x", x)
    validate_gradient(dy, windows.output_shape, x.dtype)
    values = _gather(x, windows, 0)
    if training:
        validate_picks(mask, values.shape)
        dvalues = np.where(mask, dy[..., None], dy.dtype.type(0))
    else:
        # y = sum v^2 / sum v over the positive v, so dy/dv = (2 v - y) / sum v; else the plain mean.
        positive = np.maximum(values, 0)
        total = positive.sum(axis=-1, keepdims=True)
        probability = pick_probabilities(values)
        y = (probability * values).sum(axis=-1, keepdims=True)
        through = np.where(values > 0, 2 * positive - y, 0) / np.where(total > 0, total, 1)
        dvalues = dy[..., None] * np.where(total > 0, through, probability).astype(dy.dtype)
    return _scatter_windows(dvalues, windows)


def _stochastic_pool(values, training, mask, rng):
    """The pooled windows (..., K), and the mask that picked; None where it is the average over picks."""
    if not training:
        return (pick_probabilities(values) * values).sum(axis=-1), None
    mask = draw_picks(values, rng) if mask is None else mask
    validate_picks(mask, values.shape)
    return np.where(mask, values, values.dtype.type(0)).sum(axis=-1), mask


def pick_probabilities(values):
    """Probabilities of the pixels of windows (..., K) in stochastic pooling."""
    positive = np.maximum(values, 0)
    total = positive.sum(axis=-1, keepdims=True)
    return np.where(
        total > 0, positive / np.where(total > 0, total, 1), values.dtype.type(1 / values.shape[-1])
    )


def draw_picks(values, rng):
    """Picks a pixel of every window (..., K), as a boolean mask with one True per window."""
    bound = pick_probabilities(values).astype(np.float64).cumsum(axis=-1)
    bound /= bound[..., -1:]
    picked = (rng.random((*values.shape[:-1], 1)) >= bound).sum(axis=-1)
    return np.arange(values.shape[-1]) == picked[..., None]


# Whole planes to a few numbers


def spatial_pyramid_pool2d(x, levels=(1, 2, 4), mode="max"):
    """Adaptive pooling to several sizes, all results in one row: as long whatever the picture's size.

    Args:
        x: float32 or float64 array (N, C, H, W).
        levels: sizes of the grids, whole numbers >= 1.
        mode: "max" or "avg".
    Returns:
        array (N, C * sum of the levels' squares): level by level, in each channel by channel.
    Raises:
        ValueError, TypeError: names the argument, its value and what is allowed.
    Source: He et al. 2014, Spatial Pyramid Pooling in Deep Convolutional Networks, section 2.2.
    """
    levels, mode = _validate_pyramid(x, levels, mode)
    pool = adaptive_max_pool2d if mode == "max" else adaptive_avg_pool2d
    return np.concatenate([pool(x, n).reshape(len(x), x.shape[1] * n * n) for n in levels], axis=1)


def spatial_pyramid_pool2d_backward(dy, x, levels=(1, 2, 4), mode="max"):
    """Gradient of `spatial_pyramid_pool2d`: what the levels send back, added up.

    Args:
        dy: array like the output, gradient of the loss with respect to it.
        x, levels, mode: as given to `spatial_pyramid_pool2d`.
    Returns:
        array like x.
    Raises:
        ValueError, TypeError: names the argument, its value and what is allowed.
    """
    levels, mode = _validate_pyramid(x, levels, mode)
    n, channels = x.shape[:2]
    validate_gradient(dy, (n, channels * sum(level**2 for level in levels)), x.dtype)
    backward = adaptive_max_pool2d_backward if mode == "max" else adaptive_avg_pool2d_backward
    ends = np.cumsum([channels * level**2 for level in levels])[:-1]
    parts = [
        part.reshape(n, channels, level, level)
        for part, level in zip(np.split(dy, ends, axis=1), levels, strict=True)
    ]
    return sum(backward(part, x, level) for part, level in zip(parts, levels, strict=True))


def gem_pool2d(x, p=3.0, eps=1e-6):
    """The generalized mean of every plane: p = 1 is its average, a large p comes close to its maximum.

    Args:
        x: float32 or float64 array (N, C, H, W); values below eps count as eps.
        p: exponent, a finite number > 0.
        eps: smallest value, > 0.
    Returns:
        array (N, C, 1, 1) in x's dtype: the p-th root of the mean p-th power.
    Raises:
        ValueError, TypeError: names the argument, its value and what is allowed.
    Source: Radenovic et al. 2019, Fine-Tuning CNN Image Retrieval with No Human Annotation, equation 3.
    """
    p, _, mean = _power_mean(x, p, eps)
    return mean ** (1 / p)


def gem_pool2d_backward(dy, x, p=3.0, eps=1e-6):
    """Gradients of `gem_pool2d`.

    Args:
        dy: array (N, C, 1, 1), gradient of the loss with respect to the output.
        x, p, eps: as given to `gem_pool2d`.
    Returns:
        (dx, dp): an array like x, 0 where x is below eps, and the gradient for p, a number.
    Raises:
        ValueError, TypeError: names the argument, its value and what is allowed.
    """
    p, powers, mean = _power_mean(x, p, eps)
    validate_gradient(dy, mean.shape, x.dtype)
    clamped = np.maximum(x, x.dtype.type(eps))
    y = mean ** (1 / p)
    dx = dy * (y / mean) * (powers / clamped) / x.dtype.type(math.prod(x.shape[2:]))
    log_mean = (powers * np.log(clamped)).mean(axis=(2, 3), keepdims=True) / mean
    dp = (dy * y * (log_mean - np.log(mean) / p) / p).sum()
    return np.where(x >= eps, dx, x.dtype.type(0)), dp


def _validate_pyramid(x, levels, mode):
    validate_float_array("x", x)
    split_shape(x.shape, 2, batched=True)
    return validate_levels(levels), validate_mode(mode)


def _power_mean(x, p, eps):
    validate_float_array("x", x)
    split_shape(x.shape, 2, batched=True)
    p, eps = validate_positive_number("p", p), validate_positive_number("eps", eps)
    powers = np.maximum(x, x.dtype.type(eps)) ** p
    return p, powers, powers.mean(axis=(2, 3), keepdims=True)


# Validation


def validate_numbers(name, x):
    """An array of floats or integers."""
    if isinstance(x, np.ndarray) and np.issubdtype(x.dtype, np.integer):
        return x
    return validate_float_array(name, x)


def validate_indices(indices, shape, size, lowest=0):
    """Integers of this shape, flat indices into planes of this size; lowest -1 allows "nowhere"."""
    if not isinstance(indices, np.ndarray) or not np.issubdtype(indices.dtype, np.integer):
        kind = f"dtype {indices.dtype}" if isinstance(indices, np.ndarray) else type(indices).__name__
        raise TypeError(f"indices must be an integer array, got {kind}")
    validate_shape("indices", indices, shape)
    count = math.prod(size)
    if indices.size and not (indices.min() >= lowest and indices.max() < count):
        raise ValueError(
            f"indices must be from {lowest} to {count - 1}, got {indices.min()} to {indices.max()}"
        )


def validate_picks(mask, shape):
    """A boolean array (*output shape, pixels of a window), one True in each window."""
    if not isinstance(mask, np.ndarray) or mask.dtype != bool:
        kind = f"dtype {mask.dtype}" if isinstance(mask, np.ndarray) else type(mask).__name__
        raise TypeError(f"mask must be a boolean array, True = picked, got {kind}")
    validate_shape("mask", mask, shape)
    if not (mask.sum(axis=-1) == 1).all():
        raise ValueError("mask must pick one pixel of every window")


def validate_samples(samples, x):
    """Numbers in [0, 1), two for each plane of x and of its dtype."""
    if not isinstance(samples, np.ndarray) or samples.dtype != x.dtype:
        kind = f"dtype {samples.dtype}" if isinstance(samples, np.ndarray) else type(samples).__name__
        raise TypeError(f"samples must be an array of x's dtype {x.dtype}, got {kind}")
    validate_shape("samples", samples, (*x.shape[:-2], 2))
    if samples.size and not (samples.min() >= 0 and samples.max() < 1):
        raise ValueError(f"samples must be in [0, 1), got {samples.min()} to {samples.max()}")


# Layers


class _MaxPool(Layer):
    def __init__(
        self, kernel_size, stride=None, padding=0, dilation=1, return_indices=False, ceil_mode=False
    ):
        super().__init__()
        self.kernel_size, self.stride, self.padding, self.dilation = validate_geometry(
            self._axes, kernel_size, stride, padding, dilation
        )
        self.return_indices, self.ceil_mode = return_indices, ceil_mode

    def forward(self, x):
        """Args: x (N, C, *spatial) or (C, *spatial). Returns: y, or (y, indices) with return_indices."""
        validate_numbers("x", x)
        geometry = self.kernel_size, self.stride, self.padding, self.dilation
        windows = place_windows(x.shape, self._axes, *geometry, self.ceil_mode)
        if self.training or self.return_indices:
            y, winners = fast.max_pool_winners(x, windows)
        else:
            y, winners = fast.max_pool(x, windows), None
        self.saved = x, windows, winners
        return (y, winners.indices()) if self.return_indices else y

    def backward(self, dy):
        x, windows, winners = self.saved
        validate_gradient(dy, windows.output_shape, x.dtype)
        if winners is None:
            _, winners = fast.max_pool_winners(x, windows)
        return fast.max_pool_backward(dy, winners, windows)


class MaxPool1d(_MaxPool):
    """`max_pool1d` as a layer; in training it remembers the winners, in evaluation it searches when asked.

    Args: as in `MaxPool2d`, for x of shape (N, C, L) or (C, L).
    Source: torch.nn.MaxPool1d.
    """

    _axes = 1


class MaxPool2d(_MaxPool):
    """`max_pool2d` as a layer; in training it remembers the winners, in evaluation it searches when asked.

    Args:
        kernel_size, stride, padding, dilation, ceil_mode: as in `max_pool2d`.
        return_indices: whether forward returns (y, indices), for MaxUnpool2d.
    Raises:
        ValueError, TypeError: names the argument, its value and what is allowed.
    Source: torch.nn.MaxPool2d.
    """

    _axes = 2


class MaxPool3d(_MaxPool):
    """`max_pool3d` as a layer; in training it remembers the winners, in evaluation it searches when asked.

    Args: as in `MaxPool2d`, for x of shape (N, C, D, H, W) or (C, D, H, W).
    Source: torch.nn.MaxPool3d.
    """

    _axes = 3


class _AvgPool(Layer):
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
        self.kernel_size, self.stride, self.padding, _ = validate_geometry(
            self._axes, kernel_size, stride, padding
        )
        self.ceil_mode, self.count_include_pad = ceil_mode, count_include_pad
        self.divisor_override = None if divisor_override is None else validate_divisor(divisor_override)

    def forward(self, x):
        """Args: x (N, C, *spatial) or (C, *spatial). Returns: the averages."""
        validate_float_array("x", x)
        geometry = self.kernel_size, self.stride, self.padding, 1
        windows = place_windows(x.shape, self._axes, *geometry, self.ceil_mode)
        self.saved = x, windows
        return _avg_pool(x, windows, self.count_include_pad, self.divisor_override)

    def backward(self, dy):
        x, windows = self.saved
        return _avg_pool_backward(dy, x, windows, self.count_include_pad, self.divisor_override)


class AvgPool1d(_AvgPool):
    """`avg_pool1d` as a layer.

    Args: as in `AvgPool2d`, for x of shape (N, C, L) or (C, L).
    Source: torch.nn.AvgPool1d, which has no divisor_override.
    """

    _axes = 1


class AvgPool2d(_AvgPool):
    """`avg_pool2d` as a layer.

    Args:
        kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override: as in `avg_pool2d`.
    Raises:
        ValueError, TypeError: names the argument, its value and what is allowed.
    Source: torch.nn.AvgPool2d.
    """

    _axes = 2


class AvgPool3d(_AvgPool):
    """`avg_pool3d` as a layer.

    Args: as in `AvgPool2d`, for x of shape (N, C, D, H, W) or (C, D, H, W).
    Source: torch.nn.AvgPool3d.
    """

    _axes = 3


class _LPPool(Layer):
    def __init__(self, norm_type, kernel_size, stride=None, ceil_mode=False):
        super().__init__()
        self.norm_type = validate_positive_number("norm_type", norm_type)
        self.kernel_size, self.stride, _, _ = validate_geometry(self._axes, kernel_size, stride)
        self.ceil_mode = ceil_mode

    def forward(self, x):
        """Args: x (N, C, *spatial) or (C, *spatial). Returns: the roots of the sums of powers."""
        validate_float_array("x", x)
        windows = place_windows(x.shape, self._axes, self.kernel_size, self.stride, ceil_mode=self.ceil_mode)
        self.saved = x, windows
        return _lp_pool(x, self.norm_type, windows)

    def backward(self, dy):
        x, windows = self.saved
        return _lp_pool_backward(dy, x, self.norm_type, windows)


class LPPool1d(_LPPool):
    """`lp_pool1d` as a layer.

    Args: as in `LPPool2d`, for x of shape (N, C, L) or (C, L).
    Source: torch.nn.LPPool1d.
    """

    _axes = 1


class LPPool2d(_LPPool):
    """`lp_pool2d` as a layer.

    Args:
        norm_type, kernel_size, stride, ceil_mode: as in `lp_pool2d`.
    Raises:
        ValueError, TypeError: names the argument, its value and what is allowed.
    Source: torch.nn.LPPool2d.
    """

    _axes = 2


class LPPool3d(_LPPool):
    """`lp_pool3d` as a layer.

    Args: as in `LPPool2d`, for x of shape (N, C, D, H, W) or (C, D, H, W).
    Source: torch.nn.LPPool3d.
    """

    _axes = 3


class _AdaptiveMaxPool(Layer):
    def __init__(self, output_size, return_indices=False):
        super().__init__()
        adaptive_output_size((1,) * self._axes, output_size)
        self.output_size, self.return_indices = output_size, return_indices

    def forward(self, x):
        """Args: x (N, C, *spatial) or (C, *spatial). Returns: y, or (y, indices) with return_indices."""
        y, indices = _adaptive_max_pool(x, self._axes, self.output_size, True)
        self.saved = x, indices
        return (y, indices) if self.return_indices else y

    def backward(self, dy):
        x, indices = self.saved
        return _adaptive_max_pool_backward(dy, x, self._axes, self.output_size, indices)


class AdaptiveMaxPool1d(_AdaptiveMaxPool):
    """`adaptive_max_pool1d` as a layer.

    Args: as in `AdaptiveMaxPool2d`, for x of shape (N, C, L) or (C, L).
    Source: torch.nn.AdaptiveMaxPool1d.
    """

    _axes = 1


class AdaptiveMaxPool2d(_AdaptiveMaxPool):
    """`adaptive_max_pool2d` as a layer.

    Args:
        output_size: as in `adaptive_max_pool2d`.
        return_indices: whether forward returns (y, indices).
    Raises:
        ValueError, TypeError: names the argument, its value and what is allowed.
    Source: torch.nn.AdaptiveMaxPool2d.
    """

    _axes = 2


class AdaptiveMaxPool3d(_AdaptiveMaxPool):
    """`adaptive_max_pool3d` as a layer.

    Args: as in `AdaptiveMaxPool2d`, for x of shape (N, C, D, H, W) or (C, D, H, W).
    Source: torch.nn.AdaptiveMaxPool3d.
    """

    _axes = 3


class _AdaptiveAvgPool(Layer):
    def __init__(self, output_size):
        super().__init__()
        adaptive_output_size((1,) * self._axes, output_size)
        self.output_size = output_size

    def forward(self, x):
        """Args: x (N, C, *spatial) or (C, *spatial). Returns: the averages."""
        self.saved = x
        return _adaptive_avg_pool(x, self._axes, self.output_size)

    def backward(self, dy):
        return _adaptive_avg_pool_backward(dy, self.saved, self._axes, self.output_size)


class AdaptiveAvgPool1d(_AdaptiveAvgPool):
    """`adaptive_avg_pool1d` as a layer.

    Args: as in `AdaptiveAvgPool2d`, for x of shape (N, C, L) or (C, L).
    Source: torch.nn.AdaptiveAvgPool1d.
    """

    _axes = 1


class AdaptiveAvgPool2d(_AdaptiveAvgPool):
    """`adaptive_avg_pool2d` as a layer.

    Args:
        output_size: as in `adaptive_avg_pool2d`.
    Raises:
        ValueError, TypeError: names the argument, its value and what is allowed.
    Source: torch.nn.AdaptiveAvgPool2d.
    """

    _axes = 2


class AdaptiveAvgPool3d(_AdaptiveAvgPool):
    """`adaptive_avg_pool3d` as a layer.

    Args: as in `AdaptiveAvgPool2d`, for x of shape (N, C, D, H, W) or (C, D, H, W).
    Source: torch.nn.AdaptiveAvgPool3d.
    """

    _axes = 3


class GlobalMaxPool(Layer):
    """`global_max_pool` as a layer, for one to three spatial axes."""

    def forward(self, x):
        """Args: x (N, C, *spatial). Returns: (N, C, 1, ...)."""
        axes = _global_axes(x)
        y, indices = _adaptive_max_pool(x, axes, 1, True)
        self.saved = x, axes, indices
        return y

    def backward(self, dy):
        x, axes, indices = self.saved
        return _adaptive_max_pool_backward(dy, x, axes, 1, indices)


class GlobalAvgPool(Layer):
    """`global_avg_pool` as a layer, for one to three spatial axes."""

    def forward(self, x):
        """Args: x (N, C, *spatial). Returns: (N, C, 1, ...)."""
        y = global_avg_pool(x)
        self.saved = x
        return y

    def backward(self, dy):
        return global_avg_pool_backward(dy, self.saved)


class _MaxUnpool(Layer):
    def __init__(self, kernel_size, stride=None, padding=0):
        super().__init__()
        self.kernel_size, self.stride, self.padding, _ = validate_geometry(
            self._axes, kernel_size, stride, padding
        )

    def forward(self, x, indices, output_size=None):
        """The maxima back in their places.

        Args:
            x, indices: as max pooling returned them.
            output_size: as in `max_unpool2d`.
        Returns:
            the plane filled.
        """
        given = indices, self._axes, self.kernel_size, self.stride, self.padding, output_size
        y = _max_unpool(x, *given)
        self.saved = x, given
        return y

    def backward(self, dy):
        x, given = self.saved
        return _max_unpool_backward(dy, x, *given)


class MaxUnpool1d(_MaxUnpool):
    """`max_unpool1d` as a layer.

    Args: as in `MaxUnpool2d`, for x of shape (N, C, L) or (C, L).
    Source: torch.nn.MaxUnpool1d.
    """

    _axes = 1


class MaxUnpool2d(_MaxUnpool):
    """`max_unpool2d` as a layer.

    Args:
        kernel_size, stride, padding: of the max pooling.
    Raises:
        ValueError, TypeError: names the argument, its value and what is allowed.
    Source: torch.nn.MaxUnpool2d.
    """

    _axes = 2


class MaxUnpool3d(_MaxUnpool):
    """`max_unpool3d` as a layer.

    Args: as in `MaxUnpool2d`, for x of shape (N, C, D, H, W) or (C, D, H, W).
    Source: torch.nn.MaxUnpool3d.
    """

    _axes = 3


class BlurPool2d(Layer):
    """`blur_pool2d` as a layer.

    Args:
        filt_size: taps of the filter, 1 to 7.
        stride: pixels from one output to the next, >= 1.
    Raises:
        ValueError, TypeError: names the argument, its value and what is allowed.
    Source: Zhang 2019, Making Convolutional Networks Shift-Invariant Again.
    """

    def __init__(self, filt_size=3, stride=2):
        super().__init__()
        binomial_filter(filt_size)
        self.filt_size, self.stride = filt_size, validate_positive_int("stride", stride)

    def forward(self, x):
        """Args: x (N, C, H, W) or (C, H, W). Returns: (N, C, OH, OW) or (C, OH, OW)."""
        y = blur_pool2d(x, self.filt_size, self.stride)
        self.saved = x
        return y

    def backward(self, dy):
        return blur_pool2d_backward(dy, self.saved, self.filt_size, self.stride)


class FractionalMaxPool2d(Layer):
    """`fractional_max_pool2d` as a layer, in evaluation mode, too, with windows drawn anew each time.

    `samples` are those of the last forward pass.

    Args:
        kernel_size, output_size, output_ratio: as in `fractional_max_pool2d`.
        return_indices: whether forward returns (y, indices).
        rng: numpy.random.Generator; None means a fresh one.
    Raises:
        ValueError, TypeError: names the argument, its value and what is allowed.
    Source: torch.nn.FractionalMaxPool2d.
    """

    def __init__(self, kernel_size, output_size=None, output_ratio=None, return_indices=False, *, rng=None):
        super().__init__()
        self.kernel_size = validate_per_axis("kernel_size", kernel_size, 2, minimum=1)
        if output_size is not None:
            output_size = validate_per_axis("output_size", output_size, 2, minimum=1)
        if output_ratio is not None:
            output_ratio = validate_ratio(output_ratio)
        self.output_size, self.output_ratio = output_size, output_ratio
        self.return_indices, self.rng = return_indices, validate_generator("rng", rng)
        self.samples = None

    def forward(self, x, samples=None):
        """The maxima of windows of random places.

        Args:
            x: (N, C, H, W) or (C, H, W).
            samples: as in `fractional_max_pool2d`; None draws them.
        Returns:
            y, or (y, indices) with return_indices.
        """
        validate_float_array("x", x)
        samples = draw_samples(x, self.rng) if samples is None else samples
        y, indices = fractional_max_pool2d(
            x, self.kernel_size, self.output_size, self.output_ratio, True, samples
        )
        self.samples, self.saved = samples, (x, indices)
        return (y, indices) if self.return_indices else y

    def backward(self, dy):
        x, indices = self.saved
        validate_gradient(dy, indices.shape, x.dtype)
        return fractional_max_pool2d_backward(dy, x, indices)


class StochasticPool2d(Layer):
    """`stochastic_pool2d` as a layer: a pick in training, the average over all picks in evaluation mode.

    `mask` is the mask of the last forward pass, None after one in evaluation mode.

    Args:
        kernel_size, stride: as in `stochastic_pool2d`.
        rng: numpy.random.Generator; None means a fresh one.
    Raises:
        ValueError, TypeError: names the argument, its value and what is allowed.
    Source: Zeiler and Fergus 2013, Stochastic Pooling.
    """

    def __init__(self, kernel_size, stride=None, *, rng=None):
        super().__init__()
        self.kernel_size, self.stride, _, _ = validate_geometry(2, kernel_size, stride)
        self.rng, self.mask = validate_generator("rng", rng), None

    def forward(self, x, mask=None):
        """One pixel of every window in training, their weighted average in evaluation mode.

        Args:
            x: (N, C, H, W) or (C, H, W).
            mask: as in `stochastic_pool2d`; None draws one in training.
        Returns:
            (N, C, OH, OW) or (C, OH, OW).
        """
        windows = place_windows(np.shape(x), 2, self.kernel_size, self.stride)
        validate_float_array("x", x)
        y, self.mask = _stochastic_pool(_gather(x, windows, 0), self.training, mask, self.rng)
        self.saved = x, self.mask
        return y

    def backward(self, dy):
        x, mask = self.saved
        return stochastic_pool2d_backward(dy, x, self.kernel_size, self.stride, mask is not None, mask)


class SpatialPyramidPool2d(Layer):
    """`spatial_pyramid_pool2d` as a layer.

    Args:
        levels, mode: as in `spatial_pyramid_pool2d`.
    Raises:
        ValueError, TypeError: names the argument, its value and what is allowed.
    Source: He et al. 2014, Spatial Pyramid Pooling in Deep Convolutional Networks.
    """

    def __init__(self, levels=(1, 2, 4), mode="max"):
        super().__init__()
        self.levels, self.mode = validate_levels(levels), validate_mode(mode)

    def forward(self, x):
        """Args: x (N, C, H, W). Returns: (N, C * sum of the levels' squares)."""
        y = spatial_pyramid_pool2d(x, self.levels, self.mode)
        self.saved = x
        return y

    def backward(self, dy):
        return spatial_pyramid_pool2d_backward(dy, self.saved, self.levels, self.mode)


class GeMPool2d(Layer):
    """`gem_pool2d` as a layer that learns its exponent.

    Args:
        p: the exponent to begin with, > 0.
        eps: smallest value, > 0.
        dtype: float32 or float64, of the parameter "p", shape (1,).
    Raises:
        ValueError, TypeError: names the argument, its value and what is allowed.
    Source: Radenovic et al. 2019, Fine-Tuning CNN Image Retrieval with No Human Annotation.
    """

    param_names = ("p",)

    def __init__(self, p=3.0, eps=1e-6, *, dtype=np.float32):
        super().__init__()
        self.p = np.full(1, validate_positive_number("p", p), validate_dtype("dtype", dtype))
        self.eps = validate_positive_number("eps", eps)

    def forward(self, x):
        """Args: x (N, C, H, W). Returns: (N, C, 1, 1)."""
        validate_input(x, self.p)
        y = gem_pool2d(x, self.p[0], self.eps)
        self.saved = x
        return y

    def backward(self, dy):
        dx, dp = gem_pool2d_backward(dy, self.saved, self.p[0], self.eps)
        self.grads = {"p": np.full(1, dp, self.p.dtype)}
        return dx
