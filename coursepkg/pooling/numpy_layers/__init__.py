"""Pooling in NumPy: forward and backward as functions, and thin layers that call them, a file for each idea.

Names, arguments, defaults and results are those of torch.nn.functional. Arrays are (N, C, *spatial), or
(C, *spatial) without a batch, with one, two or three spatial axes. kernel_size, stride, padding and dilation
are an int, or one for each axis.
"""

# isort: skip_file
# fmt: off
from coursepkg.pooling.numpy_layers.adaptive import (
    AdaptiveAvgPool1d, AdaptiveAvgPool2d, AdaptiveAvgPool3d,
    adaptive_avg_pool1d, adaptive_avg_pool2d, adaptive_avg_pool3d,
    adaptive_avg_pool1d_backward, adaptive_avg_pool2d_backward, adaptive_avg_pool3d_backward,
    AdaptiveMaxPool1d, AdaptiveMaxPool2d, AdaptiveMaxPool3d,
    adaptive_max_pool1d, adaptive_max_pool2d, adaptive_max_pool3d,
    adaptive_max_pool1d_backward, adaptive_max_pool2d_backward, adaptive_max_pool3d_backward,
    GlobalAvgPool, global_avg_pool, global_avg_pool_backward,
    GlobalMaxPool, global_max_pool, global_max_pool_backward,
)
from coursepkg.pooling.numpy_layers.average import (
    AvgPool1d, AvgPool2d, AvgPool3d,
    avg_pool1d, avg_pool2d, avg_pool3d,
    avg_pool1d_backward, avg_pool2d_backward, avg_pool3d_backward,
)
from coursepkg.pooling.numpy_layers.blur import (
    BlurPool2d, blur_pool2d, blur_pool2d_backward,
)
from coursepkg.pooling.numpy_layers.maximum import (
    MaxPool1d, MaxPool2d, MaxPool3d,
    max_pool1d, max_pool2d, max_pool3d,
    max_pool1d_backward, max_pool2d_backward, max_pool3d_backward,
)
from coursepkg.pooling.numpy_layers.power import (
    LPPool1d, LPPool2d, LPPool3d,
    lp_pool1d, lp_pool2d, lp_pool3d,
    lp_pool1d_backward, lp_pool2d_backward, lp_pool3d_backward,
    GeMPool2d, gem_pool2d, gem_pool2d_backward,
)
from coursepkg.pooling.numpy_layers.pyramid import (
    SpatialPyramidPool2d, spatial_pyramid_pool2d, spatial_pyramid_pool2d_backward,
)
from coursepkg.pooling.numpy_layers.random import (
    FractionalMaxPool2d, fractional_max_pool2d, fractional_max_pool2d_backward,
    StochasticPool2d, stochastic_pool2d, stochastic_pool2d_backward,
)
from coursepkg.pooling.numpy_layers.unpool import (
    MaxUnpool1d, MaxUnpool2d, MaxUnpool3d,
    max_unpool1d, max_unpool2d, max_unpool3d,
    max_unpool1d_backward, max_unpool2d_backward, max_unpool3d_backward,
)
from coursepkg.pooling.rules import pool_output_size
# fmt: on

__all__ = [name for name, value in globals().items() if callable(value)]
