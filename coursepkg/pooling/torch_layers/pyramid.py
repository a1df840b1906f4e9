"""Spatial pyramid pooling: a row of numbers as long whatever the picture's size."""

import torch

from coursepkg.layer_torch import LeafModule
from coursepkg.pooling.rules import split_shape, validate_levels, validate_mode
from coursepkg.pooling.torch_layers.adaptive import adaptive_avg_pool2d, adaptive_max_pool2d
from coursepkg.validation import Setting
from coursepkg.validation_torch import validate_float_tensor


def spatial_pyramid_pool2d(x, levels=(1, 2, 4), mode="max"):
    """Adaptive pooling to several sizes, all results in one row: as long whatever the picture's size.

    Args:
        x: floating-point tensor (N, C, H, W).
        levels: sizes of the grids, whole numbers >= 1.
        mode: "max" or "avg".
    Returns:
        tensor (N, C * sum of the levels' squares): level by level, in each channel by channel.
    Raises:
        ValueError, TypeError: names the argument, its value and what is allowed.
    Source: He et al. 2014, Spatial Pyramid Pooling in Deep Convolutional Networks, section 2.2.
    """
    validate_float_tensor("x", x)
    split_shape(x.shape, 2, batched=True)
    pool = adaptive_max_pool2d if validate_mode("mode", mode) == "max" else adaptive_avg_pool2d
    return torch.cat([pool(x, level).flatten(1) for level in validate_levels("levels", levels)], dim=1)


class SpatialPyramidPool2d(LeafModule):
    """`spatial_pyramid_pool2d` as a module.

    Args:
        levels, mode: as in `spatial_pyramid_pool2d`.
    Raises:
        ValueError, TypeError: names the argument, its value and what is allowed.
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
        return spatial_pyramid_pool2d(x, self.levels, self.mode)
