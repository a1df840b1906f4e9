"""NumPy layers, each with a mistake that people make, and the laws that must notice."""

import numpy as np

from coursepkg.pooling import numpy_layers as right
from coursepkg.pooling.numpy_layers.random import draw_picks
from coursepkg.pooling.rules import place_windows
from tests.pooling import laws


class MaxPadsWithZeros(right.MaxPool2d):
    def forward(self, x):
        padded = np.pad(x, ((0, 0), (0, 0), *((self.padding, self.padding),) * 2))
        return right.max_pool2d(padded, self.kernel_size, self.stride)


class MaxOfMagnitudes(right.MaxPool2d):
    def forward(self, x):
        return super().forward(np.abs(x))


class MaxIsAverage(right.AvgPool2d):
    def __init__(self, kernel_size, stride=None, padding=0):
        super().__init__(kernel_size, stride, padding)


class MaxGradientDoubled(right.MaxPool2d):
    def backward(self, dy):
        return super().backward(dy) * 2


class MaxGradientOverwritten(right.MaxPool2d):
    """Where windows share a winner only one of them sends its gradient."""

    def backward(self, dy):
        x, *_ = self.saved
        _, indices = right.max_pool2d(x, self.kernel_size, self.stride, self.padding, return_indices=True)
        planes = len(x) * len(x[0])
        dx = np.zeros_like(x).reshape(planes, -1)
        np.put_along_axis(dx, indices.reshape(planes, -1), dy.reshape(planes, -1), axis=1)
        return dx.reshape(x.shape)


class AverageGradientNotDivided(right.AvgPool2d):
    def backward(self, dy):
        return super().backward(dy * 2)


class AverageCountsPadding(right.AvgPool2d):
    def __init__(self, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True):
        super().__init__(kernel_size, stride, padding, ceil_mode, True)


class AverageOfSquares(right.AvgPool2d):
    def forward(self, x):
        return super().forward(x**2)


class PowerSum(right.LPPool2d):
    """The root forgotten."""

    def forward(self, x):
        return super().forward(x) ** self.norm_type


class AdaptiveAverage(right.AdaptiveAvgPool2d):
    pass


class AdaptiveSum(right.AdaptiveAvgPool2d):
    def forward(self, x):
        return super().forward(x) * 2

    def backward(self, dy):
        return super().backward(dy)


class AdaptiveOfMagnitudes(right.AdaptiveAvgPool2d):
    def forward(self, x):
        return super().forward(np.abs(x))


class GlobalOfMagnitudes(right.GlobalAvgPool):
    def forward(self, x):
        return super().forward(np.abs(x))


class GlobalSumBackward(right.GlobalAvgPool):
    def backward(self, dy):
        return super().backward(dy) * 2


class BlurOnlySubsamples(right.BlurPool2d):
    def __init__(self, filt_size=3, stride=2):
        super().__init__(1, stride)


class BlurNotNormalized(right.BlurPool2d):
    def forward(self, x):
        return super().forward(x) * 1.5


class BlurOfMagnitudes(right.BlurPool2d):
    def forward(self, x):
        return super().forward(np.abs(x))


class FractionalSkipsTheLast(right.FractionalMaxPool2d):
    def forward(self, x, samples=None):
        return super().forward(x[:, :, :-1, :-1], samples)


class StochasticUniform(right.StochasticPool2d):
    def forward(self, x, mask=None):
        windows = place_windows(x.shape, 2, self.kernel_size, self.stride)
        ones = np.ones((*windows.output_shape, 4))
        return super().forward(x, draw_picks(ones, self.rng) if mask is None else mask)


class StochasticIsMean(right.StochasticPool2d):
    def forward(self, x, mask=None):
        return right.avg_pool2d(x, self.kernel_size, self.stride)


class StochasticForgetsItsGenerator(right.StochasticPool2d):
    def __init__(self, kernel_size, stride=None, *, rng=None):
        super().__init__(kernel_size, stride, rng=np.random.default_rng(0))


class StochasticZeroWhereNothingIsPositive(right.StochasticPool2d):
    def forward(self, x, mask=None):
        return super().forward(np.maximum(x, 0), mask)


class PyramidOfWindows(right.SpatialPyramidPool2d):
    """Fixed windows in place of adaptive ones."""

    def forward(self, x):
        return right.max_pool2d(x, 2, ceil_mode=True).reshape(len(x), -1)


class GeMForgetsTheRoot(right.GeMPool2d):
    def forward(self, x):
        return super().forward(x) ** self.p[0]


class GeMIsAverage(right.GeMPool2d):
    def forward(self, x):
        return x.mean(axis=(2, 3), keepdims=True)


class GradientBesideUnpool2d(right.MaxUnpool2d):
    """The way back reads the plane in order, and not at the indices."""

    def backward(self, dy):
        return super().backward(np.roll(dy, 1, axis=-1))


class OneMoreUnpool2d(right.MaxUnpool2d):
    def forward(self, x, indices, output_size=None):
        return super().forward(x, indices, output_size) + 1


linear, adjoint = laws.average_laws((2,), (3, 2, 1))
adaptive_linear, adaptive_adjoint = laws.average_laws((3,))
global_linear, global_adjoint = laws.average_laws(())
constant = laws.a_constant_stays_with((3, 1, 1, False, False))

REJECTED = [
    (laws.monotone_maps_pass_through, (MaxPadsWithZeros, MaxOfMagnitudes, MaxIsAverage)),
    (laws.every_output_is_an_input, (MaxPadsWithZeros, MaxOfMagnitudes, MaxIsAverage)),
    (laws.every_output_is_an_input_adaptive, (AdaptiveAverage,)),
    (laws.gradient_is_only_moved, (MaxGradientDoubled, MaxGradientOverwritten)),
    (linear, (AverageOfSquares,)),
    (adjoint, (AverageGradientNotDivided,)),
    (constant, (AverageCountsPadding, AverageOfSquares)),
    (laws.power_average_grows_to_the_maximum, (PowerSum,)),
    (adaptive_linear, (AdaptiveOfMagnitudes,)),
    (adaptive_adjoint, (AdaptiveSum,)),
    (global_linear, (GlobalOfMagnitudes,)),
    (global_adjoint, (GlobalSumBackward,)),
    (laws.average_laws(())[0], (BlurOfMagnitudes,)),
    (laws.a_constant_stays_with(()), (BlurNotNormalized,)),
    (laws.blur_suppresses_the_checkerboard, (BlurOnlySubsamples,)),
    (laws.fractional_windows_cover_the_picture, (FractionalSkipsTheLast,)),
    (laws.picks_are_inputs_in_proportion, (StochasticUniform, StochasticIsMean)),
    (laws.evaluation_is_the_mean_over_picks, (StochasticIsMean,)),
    (laws.the_generator_decides, (StochasticForgetsItsGenerator, StochasticIsMean)),
    (laws.windows_without_a_positive_pixel, (StochasticZeroWhereNothingIsPositive,)),
    (laws.as_long_whatever_the_size, (PyramidOfWindows,)),
    (laws.between_average_and_maximum, (GeMForgetsTheRoot, GeMIsAverage)),
    (laws.unpooling_only_moves, (GradientBesideUnpool2d, OneMoreUnpool2d)),
]
