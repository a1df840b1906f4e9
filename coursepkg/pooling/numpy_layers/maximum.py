"""Max pooling: the maximum of every window, and its gradient, which goes to where the maximum was found."""

import functools
import math

import numpy as np

from coursepkg.layer import Layer
from coursepkg.pooling.dimensions import classes, functions
from coursepkg.pooling.numpy_layers.taps import blocks, combine, reduce_axis, reduce_windows, rows, sliding
from coursepkg.pooling.rules import PerAxis, place_windows, validate_geometry, windows_of
from coursepkg.validation import FLOATS, validate_float_array, validate_gradient, validate_shape

# What no number of a dtype is below, for all that max pooling takes.
INTEGERS = {np.dtype(code): np.iinfo(code).min for code in np.typecodes["AllInteger"]}
LOWEST = dict.fromkeys(FLOATS, -np.inf) | INTEGERS


def max_pool(axes, x, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False, return_indices=False):
    """The maximum of every window.

    Args:
        x: array (N, C, *spatial) or (C, *spatial), of floats or integers.
        kernel_size: elements that a window looks at, >= 1; as the next three an int, or one for each axis.
        stride: samples from one window to the next, >= 1; None means kernel_size.
        padding: samples added on each side, which never win, at most kernel_size // 2.
        dilation: samples from one element of a window to the next, >= 1.
        ceil_mode: whether a last window may reach beyond the padding.
        return_indices: whether to return also where each maximum was found.
    Returns:
        array (N, C, *output) or (C, *output) in x's dtype, with sizes by `pool_output_size`. With
        return_indices (y, indices): int64 of y's shape, flat in the plane. Of equals the first in memory
        order wins, of NaNs the last; a window of padding alone gives -inf (or the lowest integer), index -1.
    Source: torch.nn.functional.max_poolXd.
    """
    validate_numbers("x", x)
    windows = sliding(place_windows(x.shape, axes, kernel_size, stride, padding, dilation, ceil_mode))
    return maxima_and_indices(x, windows) if return_indices else maxima(x, windows)


def max_pool_backward(
    axes, dy, x, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False, indices=None
):
    """Gradient of `max_poolXd`: it goes to the winner alone, and adds up where one won several windows.

    Args: dy, like the output; indices as `max_poolXd` gave them, or None; the others as given to it.
    Returns: array like x.
    """
    validate_float_array("x", x)
    windows = place_windows(x.shape, axes, kernel_size, stride, padding, dilation, ceil_mode)
    validate_gradient(dy, windows.output_shape, x.dtype)
    return maxima_backward(dy, x, sliding(windows), indices)


class MaxPool(Layer):
    """`max_poolXd` as a layer. Where the maxima lie is searched for in `backward`, unless forward returns it.

    Args:
        kernel_size, stride, padding, dilation, ceil_mode: as in `max_poolXd`.
        return_indices: whether forward returns (y, indices), for MaxUnpoolXd.
    Source: torch.nn.MaxPoolXd.
    """

    kernel_size, stride, padding, dilation = PerAxis(1), PerAxis(1), PerAxis(0), PerAxis(1)

    def __init__(
        self, kernel_size, stride=None, padding=0, dilation=1, return_indices=False, ceil_mode=False
    ):
        super().__init__()
        self.kernel_size, self.stride = kernel_size, kernel_size if stride is None else stride
        self.padding, self.dilation = padding, dilation
        validate_geometry(self.axes, self.kernel_size, self.stride, self.padding, self.dilation)
        self.return_indices, self.ceil_mode = return_indices, ceil_mode

    def extra_repr(self):
        windows = f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"
        return f"{windows}, dilation={self.dilation}, ceil_mode={self.ceil_mode}"

    def forward(self, x):
        """Args: x (N, C, *spatial) or (C, *spatial). Returns: y, or (y, indices) with return_indices."""
        validate_numbers("x", x)
        geometry = self.kernel_size, self.stride, self.padding, self.dilation
        windows = sliding(windows_of(x.shape, self.axes, *geometry, bool(self.ceil_mode)))
        y, indices = maxima_and_indices(x, windows) if self.return_indices else (maxima(x, windows), None)
        self.saved = x, windows, indices, y.shape
        return (y, indices) if self.return_indices else y

    def backward(self, dy):
        x, windows, indices, shape = self.saved
        validate_gradient(dy, shape, x.dtype)
        return maxima_backward(dy, x, windows, indices)


max_pool1d, max_pool2d, max_pool3d = functions(max_pool)
max_pool1d_backward, max_pool2d_backward, max_pool3d_backward = functions(max_pool_backward)
MaxPool1d, MaxPool2d, MaxPool3d = classes(MaxPool)


def maxima(x, axes):
    """The maximum of every window of x (*batch, *spatial), by its taps.Axis; NaN where there is one."""
    return reduce_windows(x, axes, np.maximum, LOWEST[x.dtype])


def maxima_and_indices(x, axes):
    """`maxima`, and where they were found, flat in the plane: of equals the first, of NaNs the last."""
    y, winners = maxima_and_winners(x, axes)
    return y, winners[:].reshape(y.shape)


def maxima_and_winners(x, axes):
    """`maxima`, and Winners."""
    planes, winners = x.reshape(-1, *x.shape[-len(axes) :]), Winners(x, axes)
    y, low = np.empty(winners.taps.shape, x.dtype), LOWEST[x.dtype]
    for block in blocks(planes):
        stages = [planes[block]]
        for axis in axes:
            stages.append(reduce_axis(stages[-1], axis, np.maximum, low))
        y[block], taps = stages[-1], None
        has_nan = math.isnan(y[block].max(initial=low))
        for axis, weight, values, best in zip(axes, winners.weights, stages, stages[1:], strict=False):
            taps = winning_taps(values, best, taps, axis, winners.taps.dtype.type(weight), has_nan)
        winners.taps[block] = taps
    return y.reshape(*x.shape[: -len(axes)], *y.shape[1:]), winners


def maxima_backward(dy, x, axes, indices=None):
    """Gradient of `maxima`: it goes to the elements at these indices, or where a search finds the maxima."""
    if indices is None:
        _, winners = maxima_and_winners(x, axes)
        return scatter(dy, winners, x.shape, len(axes))
    *_, empty = plane_layout(axes)
    validate_indices(indices, dy.shape, x.shape[-len(axes) :], lowest=0 if empty is None else -1)
    return scatter(dy, rows(indices, len(axes)), x.shape, len(axes))


def winning_taps(values, best, before, axis, weight, has_nan):
    """Which tap of each window is the maximum, along one axis: of several the first, of NaNs the last.

    Args:
        values, best: an array and its maxima along the axis.
        before: the taps along the axes before this one, in the shape of values; None for the first axis.
        weight: what a tap along this axis counts, an unsigned integer of the result's dtype, so that all axes
            together number taps in memory order.
        has_nan: whether there may be a NaN among the maxima.
    """
    dtype = weight.dtype
    taps = np.full(best.shape, ~dtype.type(0), dtype)
    last_nan = np.zeros(best.shape, dtype) if has_nan else None
    for windows, elements, places in axis.pieces:
        seen = values[elements]
        number = weight * dtype.type(places)
        if axis.by_window:
            number = number.reshape(-1, *[1] * (best.ndim - 1 - axis.number))
        if before is not None:
            number = before[elements] + number
        # All bits set where it loses: the minimum is then the first of the winners.
        loses = (seen != best[windows]).view(np.uint8).astype(dtype, copy=False)
        np.negative(loses, out=loses)
        loses |= number
        combine(np.minimum, loses, taps[windows], axis)
        if has_nan:
            combine(np.maximum, np.isnan(seen).astype(dtype) * number, last_nan[windows], axis)
    return np.where(np.isnan(best), last_nan, taps) if has_nan else taps


class Winners:
    """Where the maxima of windows were found, in a byte each, or two for windows of more than 256 elements.

    `winners[block]` are the flat indices int64 (planes, windows) of a slice of planes, -1 for a window of
    padding alone.

    Fields:
        taps: array (planes, *output) of small unsigned integers: the winner's number within its window.
        weights: what a tap along each axis counts in this number.
    """

    def __init__(self, x, axes):
        self.weights, dtype, *self.layout = plane_layout(axes)
        planes = math.prod(x.shape[: -len(axes)])
        self.taps = np.empty((planes, *(axis.count for axis in axes)), dtype)

    def __getitem__(self, block):
        starts, offsets, empty = self.layout
        taps = self.taps[block]
        indices = offsets.take(taps.reshape(len(taps), len(starts)), mode="clip")
        indices += starts
        if empty is not None:
            indices[:, empty] = -1
        return indices


@functools.lru_cache(maxsize=64)
def plane_layout(axes):
    """How taps are numbered, and where windows and their elements lie in a plane that is one row of numbers.

    (weights, dtype, starts, offsets, empty): what a tap along each axis counts in its number, the smallest
    dtype for these; the place of each window's first element, and what each element of a window adds to it;
    which windows are of padding alone, None for none.
    """
    kernels, sizes = [axis.kernel for axis in axes], [axis.size for axis in axes]
    weights, steps = ([math.prod(of[i + 1 :]) for i in range(len(of))] for of in (kernels, sizes))
    starts, offsets = [], []
    for axis, step in zip(axes, steps, strict=True):
        starts.append(axis.starts * step)
        offsets.append(np.arange(axis.kernel, dtype=np.int64) * axis.dilation * step)
    lengths = math.prod(np.ix_(*(axis.lengths for axis in axes))).reshape(-1)
    return (
        weights,
        np.min_scalar_type(math.prod(kernels) - 1),
        sum(np.ix_(*starts)).reshape(-1),
        sum(np.ix_(*offsets)).reshape(-1),
        None if lengths.all() else lengths == 0,
    )


def scatter(dy, indices, shape, axes):
    """Adds numbers up at flat indices into the planes of an array of this shape; what goes to -1 is lost.

    `indices` are a (planes, windows) array of integers, or Winners.
    """
    dx, dy = rows(np.zeros(shape, dy.dtype), axes), rows(dy, axes)
    for block in blocks(dx):
        values, target = dy[block], indices[block]
        if target.min(initial=0) < 0:
            values, target = np.where(target < 0, dy.dtype.type(0), values), np.maximum(target, 0)
        target = target + np.arange(len(target), dtype=np.int64)[:, None] * dx.shape[1]
        np.add.at(dx[block].reshape(-1), target.reshape(-1), values.reshape(-1))
    return dx.reshape(shape)


def validate_numbers(name, x):
    """An array of floats or integers."""
    if not isinstance(x, np.ndarray) or x.dtype not in LOWEST:
        kind = getattr(x, "dtype", type(x).__name__)
        raise TypeError(f"{name} must be a NumPy array of float32, float64 or integers, got {kind}")


def validate_indices(indices, shape, size, lowest=0):
    """Integers of this shape, flat indices into planes of this size; lowest -1 allows "nowhere"."""
    if not isinstance(indices, np.ndarray) or indices.dtype not in INTEGERS:
        kind = getattr(indices, "dtype", type(indices).__name__)
        raise TypeError(f"indices must be an integer array, got {kind}")
    validate_shape("indices", indices, shape)
    count = math.prod(size)
    if indices.size and not (indices.min() >= lowest and indices.max() < count):
        raise ValueError(
            f"indices must be from {lowest} to {count - 1}, got {indices.min()} to {indices.max()}"
        )
