"""Blur pooling: smooth the picture before it is thinned out."""

import numpy as np

from coursepkg.layer import Layer
from coursepkg.pooling.numpy_layers.taps import along
from coursepkg.pooling.rules import binomial_filter, reflected_positions, split_shape, validate_filt_size
from coursepkg.validation import Setting, validate_float_array, validate_gradient, validate_positive_int


def blur_pool2d(x, filt_size=3, stride=2):
    """Smooths with a row of Pascal's triangle, along both axes, and keeps every stride-th pixel.

    Args:
        x: float32 or float64 array (N, C, H, W) or (C, H, W); an axis must be longer than filt_size // 2.
        filt_size: taps of the filter, 1 to 7; 1 does not blur.
        stride: pixels from one output to the next, >= 1.
    Returns:
        array (N, C, OH, OW) or (C, OH, OW) in x's dtype, OH = (H - 1) // stride + 1. Beyond the border lies
        the picture's reflection.
    Raises: ValueError, TypeError: names the argument, its value and what is allowed.
    Source: Zhang 2019, Making Convolutional Networks Shift-Invariant Again, section 3.2.
    """
    taps, stride = _validated(x, filt_size, stride)
    for axis in (x.ndim - 2, x.ndim - 1):
        padded = x.take(reflected_positions(x.shape[axis], len(taps)), axis=axis)
        x = sum(x.dtype.type(tap) * padded[at] for tap, at in _views(taps, x.shape[axis], axis, stride))
    return x


def blur_pool2d_backward(dy, x, filt_size=3, stride=2):
    """Gradient of `blur_pool2d`: every pixel gets back what its weights in the outputs say.

    Args: dy, like the output; x, filt_size, stride as given to `blur_pool2d`. Returns: array like x.
    Raises: ValueError, TypeError: names the argument, its value and what is allowed.
    """
    taps, stride = _validated(x, filt_size, stride)
    validate_gradient(dy, (*x.shape[:-2], *((n - 1) // stride + 1 for n in x.shape[-2:])), x.dtype)
    for axis in (x.ndim - 2, x.ndim - 1):
        size, positions = x.shape[axis], reflected_positions(x.shape[axis], len(taps))
        dpadded = np.zeros((*dy.shape[:axis], len(positions), *dy.shape[axis + 1 :]), dy.dtype)
        for tap, at in _views(taps, size, axis, stride):
            dpadded[at] += dy.dtype.type(tap) * dy
        before = (len(taps) - 1) // 2
        dy = dpadded[along(axis, slice(before, before + size))].copy()
        for mirror in (*range(before), *range(before + size, len(positions))):
            dy[along(axis, positions[mirror])] += dpadded[along(axis, mirror)]
    return dy


class BlurPool2d(Layer):
    """`blur_pool2d` as a layer, with its arguments.

    Raises: ValueError, TypeError: names the argument, its value and what is allowed.
    Source: Zhang 2019, Making Convolutional Networks Shift-Invariant Again.
    """

    filt_size, stride = Setting(validate_filt_size), Setting(validate_positive_int)

    def __init__(self, filt_size=3, stride=2):
        super().__init__()
        self.filt_size, self.stride = filt_size, stride

    def extra_repr(self):
        return f"filt_size={self.filt_size}, stride={self.stride}"

    def forward(self, x):
        """Args: x (N, C, H, W) or (C, H, W). Returns: (N, C, OH, OW) or (C, OH, OW)."""
        given = x, self.filt_size, self.stride
        y = blur_pool2d(*given)
        self.saved = given
        return y

    def backward(self, dy):
        return blur_pool2d_backward(dy, *self.saved)


def _validated(x, filt_size, stride):
    """The filter's taps and the stride."""
    validate_float_array("x", x)
    split_shape(x.shape, 2)
    return binomial_filter(filt_size), validate_positive_int("stride", stride)


def _views(taps, size, axis, stride):
    """The taps of the filter, each with the index of what it meets in the padded picture."""
    span = (size - 1) // stride * stride + 1
    return [(tap, along(axis, slice(i, i + span, stride))) for i, tap in enumerate(taps)]
