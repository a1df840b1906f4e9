"""Max and average pooling the way NumPy libraries write it: every window's elements copied into columns.

After Chainer's im2col_cpu, MaxPooling2D and AveragePooling2D, which take the columns' argmax, too, in every
forward pass of a max pooling, since the backward pass needs it.
"""

import numpy as np


def im2col(x, kernel, stride, padding, fill):
    """Columns (N, C, kernel^2, OH, OW) of pictures (N, C, H, W)."""
    n, channels, height, width = x.shape
    out_h, out_w = ((size + 2 * padding - kernel) // stride + 1 for size in (height, width))
    x = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)), constant_values=fill)
    columns = np.empty((n, channels, kernel, kernel, out_h, out_w), x.dtype)
    for i in range(kernel):
        for j in range(kernel):
            rows = slice(i, i + stride * (out_h - 1) + 1, stride)
            columns[:, :, i, j] = x[:, :, rows, j : j + stride * (out_w - 1) + 1 : stride]
    return columns.reshape(n, channels, kernel * kernel, out_h, out_w)


def col2im(columns, shape, kernel, stride, padding):
    """Adds columns up into pictures of a shape."""
    n, channels, height, width = shape
    out_h, out_w = columns.shape[-2:]
    columns = columns.reshape(n, channels, kernel, kernel, out_h, out_w)
    x = np.zeros((n, channels, height + 2 * padding, width + 2 * padding), columns.dtype)
    for i in range(kernel):
        for j in range(kernel):
            rows = slice(i, i + stride * (out_h - 1) + 1, stride)
            x[:, :, rows, j : j + stride * (out_w - 1) + 1 : stride] += columns[:, :, i, j]
    return x[:, :, padding : padding + height, padding : padding + width]


def max_pool(x, kernel, stride, padding):
    columns = im2col(x, kernel, stride, padding, -np.inf)
    return columns.max(axis=2), columns.argmax(axis=2)


def max_pool_backward(dy, winners, shape, kernel, stride, padding):
    columns = np.zeros(dy.size * kernel * kernel, dy.dtype)
    columns[winners.ravel() + np.arange(0, columns.size, kernel * kernel)] = dy.ravel()
    columns = columns.reshape(*dy.shape, kernel * kernel).transpose(0, 1, 4, 2, 3)
    return col2im(columns, shape, kernel, stride, padding)


def avg_pool(x, kernel, stride, padding):
    return im2col(x, kernel, stride, padding, 0).mean(axis=2)


def avg_pool_backward(dy, shape, kernel, stride, padding):
    share = (dy / (kernel * kernel)).astype(dy.dtype)
    return col2im(np.tile(share[:, :, None], (1, 1, kernel * kernel, 1, 1)), shape, kernel, stride, padding)
