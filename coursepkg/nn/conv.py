"""Conv2d: every window of the picture becomes a row of a matrix, and the convolution one matrix product.

`conv2d` and `conv2d_backward` are the version to read. `Conv2d` calls the same functions in `fast`.
"""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from coursepkg.layer import Layer
from coursepkg.nn import fast
from coursepkg.nn.init import initial_bias, torch_default
from coursepkg.validation import (
    validate_dtype,
    validate_generator,
    validate_gradient,
    validate_input,
    validate_per_axis,
    validate_positive_int,
)


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
        array (N, O, OH, OW), where OH = (H + 2 padding - dilation (KH - 1) - 1) // stride + 1.
    Source: torch.nn.functional.conv2d.
    """
    windows = _windows(_pad(x, padding), weight.shape[2:], stride, dilation)
    n, _, out_h, out_w, _, _ = windows.shape
    columns = windows.transpose(0, 2, 3, 1, 4, 5).reshape(n * out_h * out_w, -1)  # (N*OH*OW, C*KH*KW)
    y = columns @ weight.reshape(len(weight), -1).T  # (N*OH*OW, O)
    if bias is not None:
        y += bias
    return y.reshape(n, out_h, out_w, -1).transpose(0, 3, 1, 2)  # (N, O, OH, OW)


def conv2d_backward(dy, x, weight, stride, padding, dilation):
    """Gradients of `conv2d`. A pixel lies in many windows, so dx adds up what all of them send back.

    Args:
        dy: array (N, O, OH, OW), gradient of the loss with respect to the output.
        x, weight, stride, padding, dilation: as in `conv2d`.
    Returns:
        (dx, dweight, dbias): arrays in the shapes of x and weight, and (O,).
    """
    padded = _pad(x, padding)
    windows = _windows(padded, weight.shape[2:], stride, dilation)
    dweight = np.einsum("nohw,nchwij->ocij", dy, windows, optimize=True)
    dwindows = np.einsum("nohw,ocij->nchwij", dy, weight, optimize=True)
    dpadded = np.zeros_like(padded)
    into = _windows(dpadded, weight.shape[2:], stride, dilation, writeable=True)
    for i in range(weight.shape[2]):
        for j in range(weight.shape[3]):
            # For one i and j no two windows share a pixel, so += adds each exactly once.
            into[..., i, j] += dwindows[..., i, j]
    (top, left), (height, width) = padding, x.shape[2:]
    return dpadded[:, :, top : top + height, left : left + width], dweight, dy.sum(axis=(0, 2, 3))


def _pad(x, padding):
    return np.pad(x, ((0, 0), (0, 0), *((side, side) for side in padding)))


def _windows(padded, kernel_size, stride, dilation, writeable=False):
    """View (N, C, OH, OW, KH, KW) of a padded x: the pixels under the kernel at each position."""
    span = [d * (k - 1) + 1 for k, d in zip(kernel_size, dilation, strict=True)]
    everywhere = sliding_window_view(padded, span, axis=(2, 3), writeable=writeable)
    return everywhere[:, :, :: stride[0], :: stride[1], :: dilation[0], :: dilation[1]]


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
        self.stride = validate_per_axis("stride", stride, axes=2, minimum=1)
        self.padding = validate_per_axis("padding", padding, axes=2, minimum=0)
        self.dilation = validate_per_axis("dilation", dilation, axes=2, minimum=1)
        rng, dtype = validate_generator("rng", rng), validate_dtype("dtype", dtype)
        self.weight = init((out_channels, in_channels, *kernel_size), rng, dtype)
        self.bias = initial_bias(self.weight, init, rng) if bias else None

    def forward(self, x):
        """Args: x (N, C, H, W). Returns: (N, O, OH, OW)."""
        validate_input(x, self.weight)
        self._validate_shape(x)
        y = fast.conv2d(x, self.weight, self.bias, self.stride, self.padding, self.dilation)
        self.saved = x, y.shape
        return y

    def backward(self, dy):
        x, y_shape = self.saved
        validate_gradient(dy, y_shape, x.dtype)
        dx, dweight, dbias = fast.conv2d_backward(
            dy, x, self.weight, self.stride, self.padding, self.dilation
        )
        self.grads = {"weight": dweight} if self.bias is None else {"weight": dweight, "bias": dbias}
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
