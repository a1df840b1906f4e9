"""Layers with one mistake each, of the kinds people make, and the laws that have to reject them."""

import numpy as np

from coursepkg.dropout import numpy_layers, torch_layers
from coursepkg.dropout.numpy_layers import (
    AlphaDropout,
    ClassicDropout,
    DropBlock2d,
    DropConnect,
    Dropout,
    Dropout2d,
    DropPath,
    GaussianDropout,
    Maxout,
)

# Dropout


class MaskIgnoredInBackward(Dropout):
    def _drop_backward(self, dy, mask, p):
        return dy


class ScaleForgottenInBackward(Dropout):
    def _drop_backward(self, dy, mask, p):
        return numpy_layers.scale_kept(dy, mask, 1)


class MaskResampledInBackward(Dropout):
    def _drop_backward(self, dy, mask, p):
        return self._drop(dy, self._draw(dy), p)


class Unscaled(Dropout):
    def _drop(self, x, mask, p):
        return numpy_layers.scale_kept(x, mask, 1)


class ScaledByP(Dropout):
    def _drop(self, x, mask, p):
        return numpy_layers.scale_kept(x, mask, 1 / max(self.p, 1e-3))


class KeepsWithP(Dropout):
    """p for 1 - p in the coin, but not in the scale."""

    def _draw(self, x):
        return numpy_layers.sample_mask(x.shape, 1 - self.p, self.rng)


class EightBitCoin(Dropout):
    """The probability is rounded to a multiple of 1/256: the ties are never redrawn."""

    def _draw(self, x):
        return numpy_layers.sample_mask(x.shape, int(256 * self.p) / 256, self.rng)


class DropsAFixedNumber(Dropout):
    """Exactly a share p in each row: the coins of a row know of each other."""

    def _draw(self, x):
        order = self.rng.random(x.shape).argsort(axis=-1)
        return order >= round(self.p * x.shape[-1])


class OneCoinPerRow(Dropout):
    def _draw(self, x):
        coins = numpy_layers.sample_mask((len(x), 1), self.p, self.rng)
        return np.broadcast_to(coins, x.shape).copy()


class SameMaskForEverySample(Dropout):
    def _draw(self, x):
        return np.broadcast_to(numpy_layers.sample_mask(x.shape[1:], self.p, self.rng), x.shape).copy()


class RepeatsItsBits(Dropout):
    """The upper and the lower half of a random byte are used as the same coin."""

    def _draw(self, x):
        flat = numpy_layers.sample_mask(x.size // 2, self.p, self.rng)
        return np.repeat(flat, 2).reshape(x.shape)


class OneMaskForEver(Dropout):
    def _draw(self, x):
        return numpy_layers.sample_mask(x.shape, self.p, np.random.default_rng(0))


class IgnoresTheGenerator(Dropout):
    def _draw(self, x):
        return numpy_layers.sample_mask(x.shape, self.p, np.random.default_rng())


class EvalForgotten(Dropout):
    def _test(self, x, p):
        return self._drop(x, self._draw(x), p)


class EvalForgottenInBackward(Dropout):
    def backward(self, dy):
        kept = np.ones(dy.shape, bool)
        return super().backward(dy) if self.training else self._drop(dy, kept, self.p)


class EvalForEver(Dropout):
    def train(self, mode=True):
        return self if mode else super().train(False)


class MultipliesByZero(Dropout):
    def _drop(self, x, mask, p):
        with np.errstate(all="ignore"):
            return x * mask / (1 - self.p)


class DividesByZero(Dropout):
    """No thought of p = 1: 0 / 0."""

    def _drop(self, x, mask, p):
        with np.errstate(all="ignore"):
            return np.where(mask, x, 0) / np.float64(1 - self.p)


class AlwaysDropsSomething(Dropout):
    def _draw(self, x):
        mask = super()._draw(x)
        mask[0] = False
        return mask


class IgnoresTheGivenMask(Dropout):
    def forward(self, x, mask=None):
        return super().forward(x)


class DropsWhereTheMaskIsTrue(Dropout):
    def _drop(self, x, mask, p):
        return super()._drop(x, ~mask, p)


class StraightThrough(torch_layers.Dropout):
    """Autograd sees the identity: the mask ignored in backward, in PyTorch."""

    def _drop(self, x, mask):
        return x + (super()._drop(x, mask) - x).detach()


class UnscaledInTorch(torch_layers.Dropout):
    def _drop(self, x, mask):
        return x * mask


# Channels and samples


class ElementsForChannels(Dropout2d):
    def _draw(self, x):
        return numpy_layers.sample_mask(x.shape, self.p, self.rng)


class SameChannelsForEverySample(Dropout2d):
    def _draw(self, x):
        coins = numpy_layers.sample_mask((1, x.shape[1]), self.p, self.rng)
        return np.repeat(coins, len(x), axis=0)[..., None, None]


class ElementsForSamples(DropPath):
    def _draw(self, x):
        return numpy_layers.sample_mask(x.shape, self.p, self.rng)


class OneCoinPerBatch(DropPath):
    def _draw(self, x):
        coin = numpy_layers.sample_mask((1,) * x.ndim, self.p, self.rng)
        return np.repeat(coin, len(x), axis=0)


# ClassicDropout


class ClassicScaledTwice(ClassicDropout):
    def _drop(self, x, mask, p):
        return numpy_layers.apply_mask(x, mask, self.p)


class ClassicEvalForgotten(ClassicDropout):
    def _test(self, x, p):
        return x


class ClassicEvalByP(ClassicDropout):
    def _test(self, x, p):
        return x * self.p


class ClassicEvalForgottenInBackward(ClassicDropout):
    def backward(self, dy):
        return super().backward(dy) if self.training else dy


class ClassicMultipliesByZero(ClassicDropout):
    def _drop(self, x, mask, p):
        with np.errstate(all="ignore"):
            return x * mask

    def _test(self, x, p):
        with np.errstate(all="ignore"):
            return x * (1 - self.p)


class ClassicKeepsWithP(ClassicDropout):
    def _draw(self, x):
        return numpy_layers.sample_mask(x.shape, 1 - self.p, self.rng)


class ClassicOneCoinPerRow(ClassicDropout):
    def _draw(self, x):
        return np.repeat(numpy_layers.sample_mask((len(x), 1), self.p, self.rng), x.shape[1], axis=1)


class ClassicOneMaskForEver(ClassicDropout):
    def _draw(self, x):
        return numpy_layers.sample_mask(x.shape, self.p, np.random.default_rng(0))


class ClassicNeverWhole(ClassicDropout):
    def _drop(self, x, mask, p):
        return super()._drop(x, mask, p) * 0.999


# AlphaDropout


class AlphaDropsToZero(AlphaDropout):
    def _drop(self, x, mask, p):
        return numpy_layers.apply_mask(x, mask, self.p)


class AlphaWithoutAffine(AlphaDropout):
    def _drop(self, x, mask, p):
        return np.where(mask, x, numpy_layers.SELU_FLOOR)


class AlphaKeepsWithP(AlphaDropout):
    def _draw(self, x):
        return numpy_layers.sample_mask(x.shape, 1 - self.p, self.rng)


class AlphaMaskIgnoredInBackward(AlphaDropout):
    def _drop_backward(self, dy, mask, p):
        return dy


class AlphaEvalForgotten(AlphaDropout):
    def _test(self, x, p):
        return self._drop(x, self._draw(x), p)


class AlphaOneMaskForEver(AlphaDropout):
    def _draw(self, x):
        return numpy_layers.sample_mask(x.shape, self.p, np.random.default_rng(0))


class AlphaBySelfAtOne(AlphaDropout):
    def _drop(self, x, mask, p):
        return np.full_like(x, numpy_layers.SELU_FLOOR) if self.p == 1 else super()._drop(x, mask, p)


class AlphaFloorsTheMaximum(AlphaDropout):
    def _drop(self, x, mask, p):
        return np.where(x == x.max(), numpy_layers.SELU_FLOOR, super()._drop(x, mask, p))


# GaussianDropout


class GaussianVarianceForDeviation(GaussianDropout):
    def _draw(self, x):
        return 1 + self.p / max(1e-9, 1 - self.p) * self.rng.standard_normal(x.shape)


class GaussianAdds(GaussianDropout):
    def _drop(self, x, mask, p):
        return x + mask - 1


class GaussianUniform(GaussianDropout):
    def _draw(self, x):
        width = (3 * self.p / max(1e-9, 1 - self.p)) ** 0.5
        return self.rng.uniform(1 - width, 1 + width, x.shape)


class GaussianOneDrawPerRow(GaussianDropout):
    def _draw(self, x):
        return np.repeat(super()._draw(x[:, :1]), x.shape[1], axis=1)


class GaussianOneDrawForEver(GaussianDropout):
    def _draw(self, x):
        return numpy_layers.sample_noise(x.shape, self.p, np.random.default_rng(0))


class GaussianEvalForgotten(GaussianDropout):
    def _test(self, x, p):
        return x * self._draw(x)


class GaussianAtOneIsLarge(GaussianDropout):
    def _drop(self, x, mask, p):
        return x * 1e3 if self.p == 1 else x * mask


class GaussianAtZeroIsNoisy(GaussianDropout):
    def _draw(self, x):
        return super()._draw(x) + 1e-9


# DropConnect


class ConnectDropsUnits(DropConnect):
    def forward(self, x, mask=None):
        coins = numpy_layers.sample_mask((len(self.weight), 1), self.p, self.rng)
        return super().forward(x, np.repeat(coins, self.weight.shape[1], axis=1))


class ConnectUnscaled(DropConnect):
    def _drop(self, x, mask, p):
        weight = self.weight if mask is None else self.weight * mask
        return numpy_layers.drop_connect(x, weight, self.bias, None, self.p)


class ConnectKeepsWithP(DropConnect):
    def _draw(self, x):
        return numpy_layers.sample_mask(self.weight.shape, 1 - self.p, self.rng)


class ConnectDropsItsBias(DropConnect):
    def _drop(self, x, mask, p):
        return super()._drop(x, mask, p) - self.bias * (mask is not None and not mask[0, 0])


class ConnectEvalForgotten(DropConnect):
    def _test(self, x, p):
        return self._drop(x, self._draw(x), p)


class ConnectAllWeightsLearn(DropConnect):
    def forward(self, x, mask=None):
        self._x = x
        return super().forward(x, mask)

    def backward(self, dy):
        dx = super().backward(dy)
        self.grads = {**self.grads, "weight": dy.T @ self._x}
        return dx


# DropBlock2d


class BlockOfOnePixel(DropBlock2d):
    def _draw(self, x):
        return numpy_layers.sample_mask(x.shape, self.p, self.rng)


class BlockSharedByChannels(DropBlock2d):
    def _draw(self, x):
        return np.repeat(super()._draw(x[:, :1]), x.shape[1], axis=1)


class BlockCornerWithP(DropBlock2d):
    """Each pixel starts a block with probability p."""

    def _draw(self, x):
        sides = np.array(x.shape[2:]) - self.block_size + 1
        scale = np.prod(x.shape[2:]) / self.block_size**2 / np.prod(sides)
        return numpy_layers.sample_block_mask(x.shape, min(1, self.p / scale), self.block_size, self.rng)


class BlockScaledByP(DropBlock2d):
    def _drop(self, x, mask, p):
        return numpy_layers.apply_mask(x, mask, self.p)


class BlockMaskIgnoredInBackward(DropBlock2d):
    def _drop_backward(self, dy, mask, p):
        return dy


class BlockLargerThanThePictureDoesNothing(DropBlock2d):
    def _draw(self, x):
        small = self.block_size > min(x.shape[2:])
        return np.ones(x.shape, bool) if small else super()._draw(x)


class BlockOneMaskForEver(DropBlock2d):
    def _draw(self, x):
        return numpy_layers.sample_block_mask(x.shape, self.p, self.block_size, np.random.default_rng(0))


class BlockEvalForgotten(DropBlock2d):
    def _test(self, x, p):
        return self._drop(x, self._draw(x), p)


class BlockByGammaAtOne(DropBlock2d):
    """p = 1 goes through gamma too, which leaves pixels at the border."""

    def _draw(self, x):
        return numpy_layers.sample_block_mask(x.shape, min(self.p, 0.99), self.block_size, self.rng)


class BlockAlwaysDropsSomething(DropBlock2d):
    def _draw(self, x):
        mask = super()._draw(x)
        mask[0] = False
        return mask


# Maxout


class MaxoutOfSizes(Maxout):
    def forward(self, x):
        y = super().forward(x)
        pieces = (x @ self.weight.T + self.bias).reshape(*y.shape, self.k)
        return np.abs(pieces).max(axis=-1)


class MaxoutAllPiecesLearn(Maxout):
    def backward(self, dy):
        x, *_ = self.saved
        dx = super().backward(dy)
        self.grads = {"weight": np.repeat(dy, self.k, axis=1).T @ x, "bias": np.repeat(dy.sum(0), self.k)}
        return dx


class MaxoutTheLastWins(Maxout):
    def forward(self, x):
        y = super().forward(x)
        pieces = (x @ self.weight.T + self.bias).reshape(*y.shape, self.k)
        self.saved = x, self.k - 1 - pieces[..., ::-1].argmax(axis=-1), *self.saved[2:]
        return y


REJECTED = {
    "Dropout": {
        "every_value_is_zero_or_scaled": (Unscaled, ScaledByP, UnscaledInTorch),
        "a_share_p_is_dropped": (KeepsWithP, EightBitCoin, DropsWhereTheMaskIsTrue),
        "every_unit_has_its_own_coin": (
            OneCoinPerRow,
            SameMaskForEverySample,
            RepeatsItsBits,
            DropsAFixedNumber,
            OneMaskForEver,
        ),
        "the_generator_decides": (OneMaskForEver, IgnoresTheGenerator),
        "the_expectation_is_kept": (Unscaled, KeepsWithP, ScaledByP, UnscaledInTorch),
        "eval_is_the_identity": (EvalForgotten, EvalForgottenInBackward, EvalForEver),
        "backward_goes_through_the_mask_of_forward": (
            MaskIgnoredInBackward,
            MaskResampledInBackward,
            ScaleForgottenInBackward,
            StraightThrough,
        ),
        "p_one_leaves_zeros": (MultipliesByZero, DividesByZero),
        "p_zero_changes_nothing": (AlwaysDropsSomething, ScaledByP),
        "the_given_mask_decides": (IgnoresTheGivenMask, DropsWhereTheMaskIsTrue),
        "dropped_is_zero_even_if_infinite": (MultipliesByZero,),
    },
    "Dropout2d": {
        "units_drop_as_a_whole": (ElementsForChannels,),
        "every_unit_has_its_own_coin": (SameChannelsForEverySample,),
    },
    "DropPath": {
        "units_drop_as_a_whole": (ElementsForSamples,),
        "every_unit_has_its_own_coin": (OneCoinPerBatch,),
    },
    "ClassicDropout": {
        "classic_values_are_zero_or_unchanged": (ClassicScaledTwice,),
        "classic_eval_is_the_mean_over_masks": (
            ClassicEvalForgotten,
            ClassicEvalByP,
            ClassicScaledTwice,
            ClassicKeepsWithP,
        ),
        "classic_backward_goes_through_what_forward_did": (ClassicEvalForgottenInBackward,),
        "classic_p_one_leaves_zeros_in_both_modes": (ClassicMultipliesByZero, ClassicEvalForgotten),
        "a_share_p_is_dropped": (ClassicKeepsWithP,),
        "every_unit_has_its_own_coin": (ClassicOneCoinPerRow,),
        "the_generator_decides": (ClassicOneMaskForEver,),
        "p_zero_changes_nothing": (ClassicNeverWhole,),
        "dropped_is_zero_even_if_infinite": (ClassicMultipliesByZero,),
    },
    "AlphaDropout": {
        "alpha_values_are_two_lines": (AlphaDropsToZero, AlphaWithoutAffine, AlphaKeepsWithP),
        "alpha_keeps_mean_and_variance": (AlphaDropsToZero, AlphaWithoutAffine, AlphaKeepsWithP),
        "alpha_backward_scales_what_was_kept": (AlphaMaskIgnoredInBackward,),
        "the_generator_decides": (AlphaOneMaskForEver,),
        "eval_is_the_identity": (AlphaEvalForgotten,),
        "p_one_leaves_zeros": (AlphaBySelfAtOne,),
        "p_zero_changes_nothing": (AlphaFloorsTheMaximum,),
    },
    "GaussianDropout": {
        "gaussian_noise_is_normal": (
            GaussianVarianceForDeviation,
            GaussianUniform,
            GaussianOneDrawPerRow,
        ),
        "gaussian_noise_multiplies": (GaussianAdds,),
        "the_generator_decides": (GaussianOneDrawForEver,),
        "eval_is_the_identity": (GaussianEvalForgotten,),
        "p_one_leaves_zeros": (GaussianAtOneIsLarge,),
        "p_zero_changes_nothing": (GaussianAtZeroIsNoisy,),
    },
    "DropConnect": {
        "connect_weights_are_zero_or_scaled": (ConnectUnscaled, ConnectDropsItsBias),
        "connect_drops_a_share_p_of_single_weights": (ConnectDropsUnits, ConnectKeepsWithP),
        "connect_eval_is_a_linear_layer": (ConnectEvalForgotten,),
        "connect_dropped_weights_do_not_learn": (ConnectAllWeightsLearn,),
    },
    "DropBlock2d": {
        "block_drops_whole_blocks": (BlockOfOnePixel, BlockSharedByChannels),
        "block_corners_have_probability_gamma": (BlockCornerWithP, BlockOfOnePixel),
        "block_divides_by_the_share_kept": (BlockScaledByP, BlockMaskIgnoredInBackward),
        "block_large_as_the_picture_drops_all_of_it": (BlockLargerThanThePictureDoesNothing,),
        "the_generator_decides": (BlockOneMaskForEver,),
        "eval_is_the_identity": (BlockEvalForgotten,),
        "p_one_leaves_zeros": (BlockByGammaAtOne,),
        "p_zero_changes_nothing": (BlockAlwaysDropsSomething,),
    },
    "Maxout": {
        "maxout_is_the_largest_piece": (MaxoutOfSizes,),
        "maxout_only_the_winner_learns": (MaxoutAllPiecesLearn,),
        "maxout_the_first_wins_a_tie": (MaxoutTheLastWins,),
    },
}
