"""`conv2d` and `batch_norm` of `conv` and `norm` again, forward and backward, for training whole networks.

All of them keep the channels last in memory, (N, H, W, C), and return views of such arrays in the usual order
of axes. Between two of them nothing has to be copied.

Convolution: a matrix of all windows is too large for the cache, so it is built for a few pictures at a time,
in one buffer that is used again. Whole rows of a window are copied at once. At stride 1 the backward pass is
itself a convolution of dy, and the windows of dy give dx and dweight alike.

Batch normalization: an operation between pixels and C channel values has inner loops of length C. Repeating
the C values along a row of pixels makes them W times as long.
"""

import math

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

# Bytes of the window matrix, so that it stays in a second-level cache of 1 MB.
BUFFER = 1 << 19


def conv2d(x, weight, bias, stride, padding, dilation):
    """`conv.conv2d`."""
    out_channels = len(weight)
    windows = _Windows(_channels_last(x), weight.shape[2:], stride, padding, dilation)
    kernels = weight.transpose(2, 3, 1, 0).reshape(-1, out_channels)  # (KH*KW*C, O)
    y = np.empty((len(x), *windows.positions, out_channels), x.dtype)
    for block, matrix in windows:
        np.matmul(matrix, kernels, out=y[block].reshape(-1, out_channels))
    if bias is not None:
        rows = _rows(y)
        rows += _along(bias, rows)
    return _channels_first(y)


def conv2d_backward(dy, x, weight, stride, padding, dilation):
    """`conv.conv2d_backward`."""
    x, dy = _channels_last(x), _channels_last(dy)
    # At stride 1, pixel q of x meets, at element i of the kernel, pixel q + padding - dilation * i of dy:
    # a window of dy padded by this much, upside down.
    reach = [d * (k - 1) - p for k, d, p in zip(weight.shape[2:], dilation, padding, strict=True)]
    # Windows of x instead where they are much smaller than those of dy.
    if stride == (1, 1) and min(reach) >= 0 and weight.shape[0] <= 4 * weight.shape[1]:
        dx, dweight = _backward_by_windows_of_dy(dy, x, weight, reach, dilation)
    else:
        dx, dweight = _backward_by_windows_of_x(dy, x, weight, stride, padding, dilation)
    return _channels_first(dx), dweight, _channel_sums(_rows(dy), len(weight))


def batch_norm(x, weight, bias, eps, statistics=None):
    """`norm.batch_norm`."""
    pixels = _channels_last(x)
    rows, channels, count = _rows(pixels), x.shape[1], x.size // x.shape[1]
    if statistics is None:
        mean = _channel_sums(rows, channels) / max(count, 1)
        centered = rows - _along(mean, rows)
        var = _channel_sums(centered * centered, channels) / max(count, 1)
    else:
        mean, var = statistics
        centered = rows - _along(mean, rows)
    centered *= _along(1 / np.sqrt(var + eps), rows)
    y = centered * _along(weight, rows)
    y += _along(bias, rows)
    normalized = _channels_first(centered.reshape(pixels.shape))
    return _channels_first(y.reshape(pixels.shape)), normalized, mean, var


def batch_norm_backward(dy, normalized, weight, var, eps, own_statistics):
    """`norm.batch_norm_backward`."""
    pixels, channels, count = _channels_last(dy), dy.shape[1], dy.size // dy.shape[1]
    rows, normalized = _rows(pixels), _rows(_channels_last(normalized))
    dbias = _channel_sums(rows, channels)
    dweight = _channel_sums(rows * normalized, channels)
    scale = _along(weight / np.sqrt(var + eps), rows)
    if own_statistics:
        dx = normalized * _along(dweight / -max(count, 1), rows)
        dx += rows
        dx -= _along(dbias / max(count, 1), rows)
        dx *= scale
    else:
        dx = rows * scale
    return _channels_first(dx.reshape(pixels.shape)), dweight, dbias


class _Windows:
    """The matrix of all windows, a few pictures at a time.

    Iterating gives (block, matrix): a slice of pictures, and their windows as rows (pictures*OH*OW, KH*KW*C).
    The next block overwrites the matrix.
    """

    def __init__(self, x, kernel_size, stride, padding, dilation):
        n, height, width, channels = x.shape
        top, left = padding
        self.x = x
        self.geometry = kernel_size, stride, dilation
        padded = np.zeros((1, height + 2 * top, width + 2 * left, channels), x.dtype)
        one = self.view(padded)
        self.positions, self.row = one.shape[1:3], math.prod(one.shape[3:])
        self.pictures = min(max(BUFFER // max(one.nbytes, 1), 1), max(n, 1))
        self.padded = np.repeat(padded, self.pictures, axis=0)
        self.inside = slice(None), slice(top, top + height), slice(left, left + width)

    def view(self, padded, writeable=False):
        """View (N, OH, OW, KH, KW, C) of a padded array: what lies under the kernel at each position."""
        kernel_size, stride, dilation = self.geometry
        span = [d * (k - 1) + 1 for k, d in zip(kernel_size, dilation, strict=True)]
        everywhere = sliding_window_view(padded, span, axis=(1, 2), writeable=writeable)
        strided = everywhere[:, :: stride[0], :: stride[1], :, :: dilation[0], :: dilation[1]]
        return strided.transpose(0, 1, 2, 4, 5, 3)

    def __iter__(self):
        windows, inside = self.view(self.padded), self.padded[self.inside]
        buffer = np.empty(windows.shape, self.x.dtype)
        for start in range(0, len(self.x), self.pictures):
            block = slice(start, min(start + self.pictures, len(self.x)))
            count = block.stop - start
            inside[:count] = self.x[block]
            buffer[:count] = windows[:count]
            yield block, buffer[:count].reshape(-1, self.row)


def _backward_by_windows_of_dy(dy, x, weight, reach, dilation):
    out_channels, channels, *kernel_size = weight.shape
    kernels = weight[:, :, ::-1, ::-1].transpose(2, 3, 0, 1).reshape(-1, channels)  # (KH*KW*O, C)
    dkernels, dx = np.zeros_like(kernels), np.empty_like(x)
    for block, matrix in _Windows(dy, kernel_size, (1, 1), reach, dilation):
        np.matmul(matrix, kernels, out=dx[block].reshape(-1, channels))
        dkernels += matrix.T @ x[block].reshape(-1, channels)
    dweight = dkernels.reshape(*kernel_size, out_channels, channels)[::-1, ::-1].transpose(2, 3, 0, 1)
    return dx, np.ascontiguousarray(dweight)


def _backward_by_windows_of_x(dy, x, weight, stride, padding, dilation):
    out_channels, channels, *kernel_size = weight.shape
    kernels = weight.transpose(0, 2, 3, 1).reshape(out_channels, -1)  # (O, KH*KW*C)
    dkernels, dx = np.zeros_like(kernels), np.empty_like(x)
    windows = _Windows(x, kernel_size, stride, padding, dilation)
    dpadded = np.empty_like(windows.padded)
    into = windows.view(dpadded, writeable=True)
    for block, matrix in windows:
        count = block.stop - block.start
        rows = dy[block].reshape(-1, out_channels)
        dkernels += rows.T @ matrix
        dwindows = np.matmul(rows, kernels, out=matrix).reshape(count, *into.shape[1:])
        dpadded[:count] = 0
        for i in range(kernel_size[0]):
            for j in range(kernel_size[1]):
                into[:count, :, :, i, j] += dwindows[:, :, :, i, j]
        dx[block] = dpadded[windows.inside][:count]
    dweight = dkernels.reshape(out_channels, *kernel_size, channels).transpose(0, 3, 1, 2)
    return dx, np.ascontiguousarray(dweight)


def _channels_last(x):
    return np.ascontiguousarray(np.moveaxis(x, 1, -1))


def _channels_first(x):
    return np.moveaxis(x, -1, 1)


def _rows(x):
    """x (N, ..., W, C) as a matrix of rows of pixels (N*..., W*C); x (N, C) as it is."""
    return x.reshape(math.prod(x.shape[:-2]), math.prod(x.shape[-2:])) if x.ndim > 2 else x


def _along(values, rows):
    """One value for each channel, repeated for each pixel of a row."""
    return np.tile(values, rows.shape[1] // len(values))


def _channel_sums(rows, channels):
    # A product with ones is the fastest sum over rows.
    return (np.ones(len(rows), rows.dtype) @ rows).reshape(-1, channels).sum(axis=0)
