"""Conv2d: one matrix product for each row of the kernel.

All pixels that lie under one row of the kernel, for every position at once, are the rows of a matrix. Its
product with this row's weights is its share of the output, and the shares add up.
"""

import functools

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from coursepkg.layer import Layer
from coursepkg.nn.channels import channels_first, channels_last, sum_of_rows
from coursepkg.nn.init import initial_bias, initial_weight, torch_default
from coursepkg.validation import (
    Setting,
    validate_bool,
    validate_dtype,
    validate_generator,
    validate_gradient,
    validate_input,
    validate_per_axis,
    validate_positive_int,
)

BLOCK = 1 << 17  # elements of the matrix at a time, few enough to stay in a processor's cache


def conv2d(x, weight, bias, stride, padding, dilation):
    """Slides the kernels over the pictures and takes the inner product at each position.

    Args:
        x: array (N, C, H, W).
        weight: array (O, C, KH, KW): O kernels.
        bias: array (O,), or None.
        stride: pair (height, width), pixels from one position to the next, >= 1.
        padding: pair, rows and columns of zeros added at each side, >= 0.
        dilation: pair, pixels from one element of the kernel to the next, >= 1.
    Returns:
        array (N, O, OH, OW), where OH = (H + 2 padding - dilation (KH - 1) - 1) // stride + 1; the channels
        lie last in memory.
    Source: torch.nn.functional.conv2d.
    """
    windows = _windows(_padded(channels_last(x), padding), weight.shape[2:], stride, dilation)
    kernels = weight.transpose(2, 3, 1, 0).reshape(weight.shape[2], -1, len(weight))  # (KH, KW*C, O)
    y = np.empty((*windows.shape[:3], len(weight)), x.dtype)
    y[...] = 0 if bias is None else bias
    for block in _blocks(windows):
        pixels = y[block].reshape(-1, len(weight))  # (positions, O)
        for i, kernel in enumerate(kernels):
            pixels += windows[block][:, :, :, i].reshape(-1, len(kernel)) @ kernel
    return channels_first(y)


def conv2d_backward(dy, x, weight, stride, padding, dilation):
    """Gradients of `conv2d`. A pixel lies in many windows, so dx adds up what all of them send back.

    Args:
        dy: array (N, O, OH, OW), gradient of the loss with respect to the output.
        x, weight, stride, padding, dilation: as in `conv2d`.
    Returns:
        (dx, dweight, dbias): arrays in the shapes of x and weight, and (O,).
    """
    padded, dy = _padded(channels_last(x), padding), channels_last(dy)
    dpadded = np.zeros_like(padded)
    windows, into = (_windows(array, weight.shape[2:], stride, dilation) for array in (padded, dpadded))
    kernels = np.ascontiguousarray(weight.transpose(2, 3, 0, 1))  # (KH, KW, O, C)
    dkernels = np.zeros((len(kernels), len(weight), kernels[0, :, 0].size), x.dtype)  # (KH, O, KW*C)
    for block in _blocks(windows):
        pixels = dy[block].reshape(-1, len(weight))
        for i, row in enumerate(kernels):
            dkernels[i] += pixels.T @ windows[block][:, :, :, i].reshape(len(pixels), -1)
            for j, tap in enumerate(row):
                # For one tap no two windows share a pixel, so += adds each exactly once.
                at = into[block][:, :, :, i, j]
                at += (pixels @ tap).reshape(at.shape)
    (top, left), (height, width) = padding, x.shape[2:]
    dx = dpadded[:, top : top + height, left : left + width]
    dweight = dkernels.reshape(len(kernels), len(weight), kernels.shape[1], -1).transpose(1, 3, 0, 2)
    return channels_first(dx), np.ascontiguousarray(dweight), sum_of_rows(dy.reshape(-1, len(weight)))


def _padded(x, padding):
    """x (N, H, W, C) with rows and columns of zeros at each side."""
    (top, left), (n, height, width, channels) = padding, x.shape
    if not top and not left:
        return x
    padded = np.zeros((n, height + 2 * top, width + 2 * left, channels), x.dtype)
    padded[:, top : top + height, left : left + width] = x
    return padded


def _windows(padded, kernel_size, stride, dilation):
    """View (N, OH, OW, KH, KW, C) of a padded x: the pixels under the kernel at each position."""
    span = [d * (k - 1) + 1 for k, d in zip(kernel_size, dilation, strict=True)]
    everywhere = sliding_window_view(padded, span, axis=(1, 2), writeable=True)
    at = everywhere[:, :: stride[0], :: stride[1], :, :: dilation[0], :: dilation[1]]
    return at.transpose(0, 1, 2, 4, 5, 3)


def _blocks(windows):
    """Slices of a few pictures, so many that the matrix of one row of the kernel is a block."""
    step = max(1, BLOCK // max(1, windows[:1, :, :, 0].size))
    return [slice(start, start + step) for start in range(0, len(windows), step)]


class Conv2d(Layer):
    """Convolution (cross-correlation, as everywhere in deep learning) over pictures.

    The result lies in memory with the channels last, whatever the order of x's axes in memory.

    Args:
        in_channels: C, >= 1.
        out_channels: O, >= 1.
        kernel_size: int or pair (height, width), >= 1.
        stride: int or pair, pixels from one position to the next, >= 1.
        padding: int or pair, rows and columns of zeros added at each side, >= 0.
        dilation: int or pair, pixels from one element of the kernel to the next, >= 1.
        bias: False leaves the bias out.
        init: how the weight starts, a function of coursepkg.nn.init.
        rng: numpy.random.Generator; None means a fresh one.
        dtype: float32 or float64.
    Raises:
        ValueError, TypeError: names the argument, its value and what is allowed.
    Source: torch.nn.Conv2d.
    """

    param_names = ("weight", "bias")
    stride = Setting(functools.partial(validate_per_axis, axes=2, minimum=1))
    padding = Setting(functools.partial(validate_per_axis, axes=2, minimum=0))
    dilation = Setting(functools.partial(validate_per_axis, axes=2, minimum=1))

    def __init__(
        self,
        in_channels,
        out_channels,
        kernel_size,
        stride=1,
        padding=0,
        dilation=1,
        bias=True,
        *,
        init=torch_default,
        rng=None,
        dtype=np.float32,
    ):
        super().__init__()
        in_channels = validate_positive_int("in_channels", in_channels)
        out_channels = validate_positive_int("out_channels", out_channels)
        kernel_size = validate_per_axis("kernel_size", kernel_size, axes=2, minimum=1)
        self.stride, self.padding, self.dilation = stride, padding, dilation
        bias, dtype = validate_bool("bias", bias), validate_dtype("dtype", dtype)
        rng = validate_generator("rng", rng)
        self.weight = initial_weight(init, (out_channels, in_channels, *kernel_size), rng, dtype)
        self.bias = initial_bias(self.weight, init, rng) if bias else None

    def extra_repr(self):
        out_channels, in_channels, *kernel_size = self.weight.shape
        words = [f"{in_channels}, {out_channels}, kernel_size={tuple(kernel_size)}, stride={self.stride}"]
        words += [f"padding={self.padding}"] if any(self.padding) else []
        words += [f"dilation={self.dilation}"] if self.dilation != (1, 1) else []
        words += ["bias=False"] if self.bias is None else []
        return ", ".join(words)

    def forward(self, x):
        """Args: x (N, C, H, W). Returns: (N, O, OH, OW)."""
        validate_input(x, self.weight)
        self._validate_shape(x)
        geometry = self.weight, self.stride, self.padding, self.dilation
        y = conv2d(x, self.weight, self.bias, *geometry[1:])
        self.saved = x, y.shape, geometry, self.bias is not None
        return y

    def backward(self, dy):
        x, shape, geometry, has_bias = self.saved
        validate_gradient(dy, shape, x.dtype)
        dx, dweight, dbias = conv2d_backward(dy, x, *geometry)
        self.grads = {"weight": dweight, "bias": dbias} if has_bias else {"weight": dweight}
        return dx

    def _validate_shape(self, x):
        _, channels, *kernel_size = self.weight.shape
        if x.ndim != 4 or x.shape[1] != channels:
            raise ValueError(
                f"x has shape {x.shape}, but a weight of shape {self.weight.shape} "
                f"needs shape (N, {channels}, H, W)"
            )
        for size, kernel, padding, dilation in zip(
            x.shape[2:], kernel_size, self.padding, self.dilation, strict=True
        ):
            if size + 2 * padding < dilation * (kernel - 1) + 1:
                raise ValueError(
                    f"x has shape {x.shape}, but with padding {self.padding} and dilation {self.dilation} "
                    f"a weight of shape {self.weight.shape} needs larger pictures"
                )
