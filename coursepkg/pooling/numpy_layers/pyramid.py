"""Spatial pyramid pooling: a row of numbers as long whatever the picture's size."""

import numpy as np

from coursepkg.layer import Layer
from coursepkg.pooling.numpy_layers.adaptive import (
    adaptive_avg_pool2d,
    adaptive_avg_pool2d_backward,
    adaptive_max_pool2d,
    adaptive_max_pool2d_backward,
)
from coursepkg.pooling.rules import split_shape, validate_levels, validate_mode
from coursepkg.validation import Setting, validate_float_array, validate_gradient


def spatial_pyramid_pool2d(x, levels=(1, 2, 4), mode="max"):
    """Adaptive pooling to several sizes, all results in one row: as long whatever the picture's size.

    Args:
        x: float32 or float64 array (N, C, H, W).
        levels: sizes of the grids, whole numbers >= 1.
        mode: "max" or "avg".
    Returns:
        array (N, C * sum of the levels' squares): level by level, in each channel by channel.
    Raises: ValueError, TypeError: names the argument, its value and what is allowed.
    Source: He et al. 2014, Spatial Pyramid Pooling in Deep Convolutional Networks, section 2.2.
    """
    levels, mode = _validate_pyramid(x, levels, mode)
    pool = adaptive_max_pool2d if mode == "max" else adaptive_avg_pool2d
    return np.concatenate([pool(x, n).reshape(len(x), x.shape[1] * n * n) for n in levels], axis=1)


def spatial_pyramid_pool2d_backward(dy, x, levels=(1, 2, 4), mode="max"):
    """Gradient of `spatial_pyramid_pool2d`: what the levels send back, added up.

    Args: dy, like the output; x, levels, mode as given to `spatial_pyramid_pool2d`.
    Returns: array like x.
    Raises: ValueError, TypeError: names the argument, its value and what is allowed.
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


class SpatialPyramidPool2d(Layer):
    """`spatial_pyramid_pool2d` as a layer, with its arguments.

    Raises: ValueError, TypeError: names the argument, its value and what is allowed.
    Source: He et al. 2014, Spatial Pyramid Pooling in Deep Convolutional Networks.
    """

    levels, mode = Setting(validate_levels), Setting(validate_mode)

    def __init__(self, levels=(1, 2, 4), mode="max"):
        super().__init__()
        self.levels, self.mode = levels, mode

    def extra_repr(self):
        return f"levels={self.levels}, mode={self.mode!r}"

    def forward(self, x):
        """Args: x (N, C, H, W). Returns: (N, C * sum of the levels' squares)."""
        given = x, self.levels, self.mode
        y = spatial_pyramid_pool2d(*given)
        self.saved = given
        return y

    def backward(self, dy):
        return spatial_pyramid_pool2d_backward(dy, *self.saved)


def _validate_pyramid(x, levels, mode):
    validate_float_array("x", x)
    split_shape(x.shape, 2, batched=True)
    return validate_levels("levels", levels), validate_mode("mode", mode)
