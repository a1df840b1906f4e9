"""Power averages: LP pooling of windows, and the generalized mean (GeM) of whole planes.

A power of a large number overflows, and one of a small number vanishes. Divided by the largest of them first,
the numbers are at most 1, and the largest is 1. In the gradients, powers are of numbers divided by y.
"""

import math

import numpy as np

from coursepkg.layer import Layer
from coursepkg.pooling.dimensions import classes, functions
from coursepkg.pooling.numpy_layers.average import divisor_of
from coursepkg.pooling.numpy_layers.gather import gather_windows, scatter_windows
from coursepkg.pooling.numpy_layers.taps import blocks
from coursepkg.pooling.rules import PerAxis, place_windows, split_shape, windows_of
from coursepkg.validation import (
    Setting,
    validate_dtype,
    validate_float_array,
    validate_gradient,
    validate_input,
    validate_positive_number,
)


def lp_pool(axes, x, norm_type, kernel_size, stride=None, ceil_mode=False):
    """The p-th root of the sum of p-th powers in every window.

    Args:
        x: float32 or float64 array (N, C, *spatial) or (C, *spatial).
        norm_type: p, a finite number > 0. The power is that of x, not of its magnitude, so the root of a
            negative sum is NaN.
        kernel_size, stride, ceil_mode: as in `avg_poolXd`. A window cut short by ceil_mode counts as much as
            a whole one: its mean power times kernel_size.
    Returns:
        array (N, C, *output) or (C, *output) in x's dtype. It is right, too, where torch's powers overflow.
    Source: torch.nn.functional.lp_poolXd.
    """
    p = validate_positive_number("norm_type", norm_type)
    validate_float_array("x", x)
    return power_windows(x, p, place_windows(x.shape, axes, kernel_size, stride, ceil_mode=ceil_mode))


def lp_pool_backward(axes, dy, x, norm_type, kernel_size, stride=None, ceil_mode=False):
    """Gradient of `lp_poolXd`; 0 where y is 0.

    Args: dy, like the output; the others as given to `lp_poolXd`. Returns: array like x.
    """
    p = validate_positive_number("norm_type", norm_type)
    validate_float_array("x", x)
    windows = place_windows(x.shape, axes, kernel_size, stride, ceil_mode=ceil_mode)
    validate_gradient(dy, windows.output_shape, x.dtype)
    return power_windows_backward(dy, x, power_windows(x, p, windows), p, windows)


class LPPool(Layer):
    """`lp_poolXd` as a layer, with its arguments.

    Source: torch.nn.LPPoolXd.
    """

    norm_type = Setting(validate_positive_number)
    kernel_size, stride = PerAxis(1), PerAxis(1)

    def __init__(self, norm_type, kernel_size, stride=None, ceil_mode=False):
        super().__init__()
        self.norm_type, self.ceil_mode = norm_type, ceil_mode
        self.kernel_size, self.stride = kernel_size, kernel_size if stride is None else stride

    def extra_repr(self):
        windows = f"kernel_size={self.kernel_size}, stride={self.stride}, ceil_mode={self.ceil_mode}"
        return f"norm_type={self.norm_type}, {windows}"

    def forward(self, x):
        """Args: x (N, C, *spatial) or (C, *spatial). Returns: the roots of the sums of powers."""
        validate_float_array("x", x)
        windows = windows_of(x.shape, self.axes, self.kernel_size, self.stride, 0, 1, bool(self.ceil_mode))
        y = power_windows(x, self.norm_type, windows)
        self.saved = x, y, self.norm_type, windows
        return y

    def backward(self, dy):
        x, y, p, windows = self.saved
        validate_gradient(dy, y.shape, x.dtype)
        return power_windows_backward(dy, x, y, p, windows)


lp_pool1d, lp_pool2d, lp_pool3d = functions(lp_pool)
lp_pool1d_backward, lp_pool2d_backward, lp_pool3d_backward = functions(lp_pool_backward)
LPPool1d, LPPool2d, LPPool3d = classes(LPPool)


def gem_pool2d(x, p=3.0, eps=1e-6):
    """The generalized mean of every plane: p = 1 is its average, a large p comes close to its maximum.

    Args:
        x: float32 or float64 array (N, C, H, W); values below eps count as eps.
        p: exponent, a finite number > 0.
        eps: smallest value, > 0.
    Returns:
        array (N, C, 1, 1) in x's dtype: the p-th root of the mean p-th power.
    Raises: ValueError, TypeError: names the argument, its value and what is allowed.
    Source: Radenovic et al. 2019, Fine-Tuning CNN Image Retrieval with No Human Annotation, equation 3.
    """
    planes, p = _planes(x, p, eps)
    return power_mean(planes, p)[..., None, None]


def gem_pool2d_backward(dy, x, p=3.0, eps=1e-6):
    """Gradients of `gem_pool2d`.

    Args:
        dy: array (N, C, 1, 1), gradient of the loss with respect to the output.
        x, p, eps: as given to `gem_pool2d`.
    Returns:
        (dx, dp): an array like x, 0 where x is below eps, and the gradient for p, a number.
    Raises: ValueError, TypeError: names the argument, its value and what is allowed.
    """
    planes, p = _planes(x, p, eps)
    validate_gradient(dy, (*x.shape[:2], 1, 1), x.dtype)
    y, dy = power_mean(planes, p)[..., None], dy[..., 0]
    ratio = np.maximum(planes / y, np.finfo(x.dtype).tiny)
    dx = (dy / x.dtype.type(planes.shape[-1]) * ratio ** (p - 1)).reshape(x.shape)
    dp = (dy * y / p * (ratio**p * np.log(ratio)).mean(axis=-1, keepdims=True)).sum()
    return np.where(x >= eps, dx, x.dtype.type(0)), dp


class GeMPool2d(Layer):
    """`gem_pool2d` as a layer that learns its exponent.

    Args:
        p: the exponent to begin with, > 0.
        eps: smallest value, > 0.
        dtype: float32 or float64, of the parameter "p", shape (1,).
    Raises: ValueError, TypeError: names the argument, its value and what is allowed.
    Source: Radenovic et al. 2019, Fine-Tuning CNN Image Retrieval with No Human Annotation.
    """

    param_names = ("p",)
    eps = Setting(validate_positive_number)

    def __init__(self, p=3.0, eps=1e-6, *, dtype=np.float32):
        super().__init__()
        self.p = np.full(1, validate_positive_number("p", p), validate_dtype("dtype", dtype))
        self.eps = eps

    def extra_repr(self):
        return f"p={self.p[0]:.4g}, eps={self.eps}"

    def forward(self, x):
        """Args: x (N, C, H, W). Returns: (N, C, 1, 1)."""
        validate_input(x, self.p)
        y = gem_pool2d(x, self.p[0], self.eps)
        self.saved = x, self.p[0], self.eps
        return y

    def backward(self, dy):
        dx, dp = gem_pool2d_backward(dy, *self.saved)
        self.grads = {"p": np.full(1, dp, self.p.dtype)}
        return dx


def power_mean(values, p):
    """(mean of values ** p) ** (1 / p) over the last axis; inf and NaN as the powers themselves give them."""
    largest = np.abs(values).max(axis=-1, keepdims=True, initial=0)
    largest = np.where((largest > 0) & (largest < np.inf), largest, values.dtype.type(1))
    with np.errstate(invalid="ignore"):  # a negative number has no real root
        return largest[..., 0] * ((values / largest) ** p).mean(axis=-1) ** (1 / p)


def power_windows(x, p, windows):
    """The p-th root of kernel_size times the mean p-th power of every window of x."""
    planes = x.reshape(math.prod(windows.batch), *windows.size)
    y = np.empty((len(planes), *windows.output_size), x.dtype)
    for block in blocks(planes):
        y[block] = power_mean(gather_windows(planes[block], windows), p)
    y *= np.asarray((math.prod(windows.kernel_size) * _weight(windows)) ** (1 / p), x.dtype)
    return y.reshape(windows.output_shape)


def power_windows_backward(dy, x, y, p, windows):
    """Gradient of `power_windows`, which returned y: (x / y) ** (p - 1), weighted as in the forward pass."""
    planes = x.reshape(math.prod(windows.batch), *windows.size)
    y = y.reshape(len(planes), *windows.output_size, 1)
    dy = dy.reshape(y.shape) * np.asarray(_weight(windows), x.dtype)[..., None]
    dx = np.empty(planes.shape, x.dtype)
    for block in blocks(planes):
        values, root = gather_windows(planes[block], windows), y[block]
        with np.errstate(all="ignore"):  # 0 / 0, and 0 to a negative power, which p < 1 makes infinite
            share = np.where(root == 0, 0, dy[block] * (values / root) ** (p - 1))
            dx[block] = scatter_windows(share, windows)
    return dx.reshape(x.shape)


def _weight(windows):
    """What an element counts: 1 in a whole window, more in one that ceil_mode cut short."""
    return math.prod(windows.kernel_size) / divisor_of(windows, True, None)


def _planes(x, p, eps):
    """The planes of x as rows, clamped, and p."""
    validate_float_array("x", x)
    split_shape(x.shape, 2, batched=True)
    p, eps = validate_positive_number("p", p), validate_positive_number("eps", eps)
    eps = max(x.dtype.type(eps), np.finfo(x.dtype).tiny)  # a number > 0 in x's dtype, too
    return np.maximum(x, eps).reshape(*x.shape[:2], math.prod(x.shape[2:])), p
