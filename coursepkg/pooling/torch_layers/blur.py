"""Blur pooling: smooth the picture before it is thinned out."""

import torch

from coursepkg.layer_torch import LeafModule, accumulator
from coursepkg.pooling.rules import binomial_filter, reflected_positions, split_shape, validate_filt_size
from coursepkg.validation import Setting, validate_positive_int
from coursepkg.validation_torch import validate_float_tensor


def blur_pool2d(x, filt_size=3, stride=2):
    """Smooths with a row of Pascal's triangle, along both axes, and keeps every stride-th pixel.

    Args:
        x: floating-point tensor (N, C, H, W) or (C, H, W); an axis must be longer than filt_size // 2.
        filt_size: taps of the filter, 1 to 7; 1 does not blur.
        stride: pixels from one output to the next, >= 1.
    Returns:
        tensor (N, C, OH, OW) or (C, OH, OW) in x's dtype, OH = (H - 1) // stride + 1. Beyond the border lies
        the picture's reflection.
    Raises:
        ValueError, TypeError: names the argument, its value and what is allowed.
    Source: Zhang 2019, Making Convolutional Networks Shift-Invariant Again, section 3.2.
    """
    validate_float_tensor("x", x)
    taps, stride = binomial_filter(filt_size), validate_positive_int("stride", stride)
    batch, size = split_shape(x.shape, 2)
    y = x.to(accumulator(x.dtype))
    for axis, length in enumerate(size, start=len(batch)):
        positions = torch.as_tensor(reflected_positions(length, len(taps)), device=x.device)
        y = sum(tap * y.index_select(axis, positions[i : i + length : stride]) for i, tap in enumerate(taps))
    return y.to(x.dtype)


class BlurPool2d(LeafModule):
    """`blur_pool2d` as a module.

    Args:
        filt_size: taps of the filter, 1 to 7.
        stride: pixels from one output to the next, >= 1.
    Raises:
        ValueError, TypeError: names the argument, its value and what is allowed.
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
        return blur_pool2d(x, self.filt_size, self.stride)
