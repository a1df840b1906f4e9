"""Pooling in PyTorch, from tensor operations: the names of `numpy_layers`; autograd does the backward pass.

Arguments, defaults and results are those of torch.nn.functional, to the edge; its poolings are not called
here. Tensors are (N, C, *spatial), or (C, *spatial) without a batch, with one, two or three spatial axes.
kernel_size, stride, padding and dilation are an int, or one for each axis. Half precision is summed in
float32.
"""

from coursepkg.pooling.rules import pool_output_size
from coursepkg.pooling.torch_layers.adaptive import (
    AdaptiveAvgPool1d,
    AdaptiveAvgPool2d,
    AdaptiveAvgPool3d,
    AdaptiveMaxPool1d,
    AdaptiveMaxPool2d,
    AdaptiveMaxPool3d,
    GlobalAvgPool,
    GlobalMaxPool,
    adaptive_avg_pool1d,
    adaptive_avg_pool2d,
    adaptive_avg_pool3d,
    adaptive_max_pool1d,
    adaptive_max_pool2d,
    adaptive_max_pool3d,
    global_avg_pool,
    global_max_pool,
)
from coursepkg.pooling.torch_layers.average import (
    AvgPool1d,
    AvgPool2d,
    AvgPool3d,
    avg_pool1d,
    avg_pool2d,
    avg_pool3d,
)
from coursepkg.pooling.torch_layers.blur import (
    BlurPool2d,
    blur_pool2d,
)
from coursepkg.pooling.torch_layers.maximum import (
    MaxPool1d,
    MaxPool2d,
    MaxPool3d,
    max_pool1d,
    max_pool2d,
    max_pool3d,
)
from coursepkg.pooling.torch_layers.power import (
    GeMPool2d,
    LPPool1d,
    LPPool2d,
    LPPool3d,
    gem_pool2d,
    lp_pool1d,
    lp_pool2d,
    lp_pool3d,
)
from coursepkg.pooling.torch_layers.pyramid import (
    SpatialPyramidPool2d,
    spatial_pyramid_pool2d,
)
from coursepkg.pooling.torch_layers.random import (
    FractionalMaxPool2d,
    StochasticPool2d,
    fractional_max_pool2d,
    stochastic_pool2d,
)
from coursepkg.pooling.torch_layers.unpool import (
    MaxUnpool1d,
    MaxUnpool2d,
    MaxUnpool3d,
    max_unpool1d,
    max_unpool2d,
    max_unpool3d,
)

__all__ = [
    "AdaptiveAvgPool1d",
    "AdaptiveAvgPool2d",
    "AdaptiveAvgPool3d",
    "AdaptiveMaxPool1d",
    "AdaptiveMaxPool2d",
    "AdaptiveMaxPool3d",
    "AvgPool1d",
    "AvgPool2d",
    "AvgPool3d",
    "BlurPool2d",
    "FractionalMaxPool2d",
    "GeMPool2d",
    "GlobalAvgPool",
    "GlobalMaxPool",
    "LPPool1d",
    "LPPool2d",
    "LPPool3d",
    "MaxPool1d",
    "MaxPool2d",
    "MaxPool3d",
    "MaxUnpool1d",
    "MaxUnpool2d",
    "MaxUnpool3d",
    "SpatialPyramidPool2d",
    "StochasticPool2d",
    "adaptive_avg_pool1d",
    "adaptive_avg_pool2d",
    "adaptive_avg_pool3d",
    "adaptive_max_pool1d",
    "adaptive_max_pool2d",
    "adaptive_max_pool3d",
    "avg_pool1d",
    "avg_pool2d",
    "avg_pool3d",
    "blur_pool2d",
    "fractional_max_pool2d",
    "gem_pool2d",
    "global_avg_pool",
    "global_max_pool",
    "lp_pool1d",
    "lp_pool2d",
    "lp_pool3d",
    "max_pool1d",
    "max_pool2d",
    "max_pool3d",
    "max_unpool1d",
    "max_unpool2d",
    "max_unpool3d",
    "pool_output_size",
    "spatial_pyramid_pool2d",
    "stochastic_pool2d",
]
