"""Pooling by chance: fractional max pooling and stochastic pooling.

`torch.utils.checkpoint` runs a layer twice and restores torch's default generators for it, no others. A layer
with an `rng` of its own draws other windows or picks in the second run, and the gradient is wrong: leave rng
None there.
"""

import torch

from coursepkg.layer_torch import LeafModule, accumulator, drawing_from, has_numbers
from coursepkg.pooling.rules import (
    PerAxis,
    fractional_output_size,
    validate_ratio,
)
from coursepkg.pooling.torch_layers.windows import find_winners, gather_windows, place_windows, take
from coursepkg.validation import Setting
from coursepkg.validation_torch import validate_float_tensor, validate_generator, validate_tensor


def fractional_max_pool2d(
    x, kernel_size, output_size=None, output_ratio=None, return_indices=False, samples=None, rng=None
):
    """Max pooling over windows whose steps are of two lengths, in random order, and average to any fraction.

    Args:
        x: floating-point tensor (N, C, H, W) or (C, H, W).
        kernel_size: side of a window in pixels, >= 1; an int or a pair.
        output_size: number of windows, an int or a pair (OH, OW), with OH + kernel_size - 1 <= H.
        output_ratio: instead of output_size, its share of the input, a number or a pair, in (0, 1).
        return_indices: whether to return also where each maximum was found.
        samples: (N, C, 2) or (C, 2) tensor of numbers in [0, 1), width before height, that decide the steps
            of each plane; None draws them.
        rng: torch.Generator on x's device; None means torch's default one.
    Returns:
        tensor (N, C, OH, OW) or (C, OH, OW) in x's dtype; with return_indices (y, indices) as in
        `max_pool2d`.
    Raises:
        ValueError, TypeError: names the argument, its value and what is allowed.
    Source: Graham 2014, Fractional Max-Pooling; torch.nn.functional.fractional_max_pool2d.
    """
    validate_float_tensor("x", x)
    kernel_size, output_size = fractional_output_size(x.shape, kernel_size, output_size, output_ratio)
    validate_generator("rng", rng)
    samples = draw_samples(x, rng) if samples is None else validate_samples("samples", samples, x)
    rows, columns = (
        _starts(samples[..., at], size, count, kernel)[..., None] + torch.arange(kernel, device=x.device)
        for at, size, count, kernel in zip((1, 0), x.shape[-2:], output_size, kernel_size, strict=True)
    )  # (*batch, OH, KH) and (*batch, OW, KW)
    position = rows[..., :, None, :, None] * x.shape[-1] + columns[..., None, :, None, :]
    position = position.flatten(-2)  # (*batch, OH, OW, KH * KW)
    values = x.detach().flatten(-2).gather(-1, position.flatten(-3)).view(position.shape)
    indices = find_winners(values, position)
    y = take(x, indices, 2)
    return (y, indices) if return_indices else y


def _starts(samples, size, count, kernel):
    """First positions (*batch, count) of windows whose steps are two neighboring whole numbers."""
    last = torch.full_like(samples, size - kernel, dtype=torch.int64)[..., None]
    if count == 1:
        return last
    step = (size - kernel) / (count - 1)
    ends = ((torch.arange(count - 1, device=samples.device) + samples[..., None]) * step).long()
    return torch.cat([ends - (samples[..., None] * step).long(), last], dim=-1)


def draw_samples(x, rng=None):
    """The numbers that decide the windows of fractional max pooling: two for each plane, in [0, 1)."""
    return torch.rand((*x.shape[:-2], 2), dtype=x.dtype, device=x.device, **drawing_from(rng))


def stochastic_pool2d(x, kernel_size, stride=None, training=True, mask=None, rng=None):
    """Picks one pixel of every window, with a probability in proportion to its value.

    Args:
        x: floating-point tensor (N, C, H, W) or (C, H, W), meant to come from a ReLU. Negative values are
            never picked, unless a window has no positive one: there all are equally probable.
        kernel_size, stride: as in `max_pool2d`.
        training: False gives the average over all picks, each with its probability.
        mask: boolean tensor (*output shape, KH * KW), True at the one pixel to pick; None draws it.
        rng: torch.Generator on x's device; None means torch's default one.
    Returns:
        tensor (N, C, OH, OW) or (C, OH, OW) in x's dtype.
    Raises:
        ValueError, TypeError: names the argument, its value and what is allowed.
    Source: Zeiler and Fergus 2013, Stochastic Pooling, section 3.
    """
    return _stochastic_pool(x, kernel_size, stride, training, mask, rng)[0]


def _stochastic_pool(x, kernel_size, stride, training, mask, rng):
    """The pooled picture, and the mask that picked; None where it is the average over picks."""
    validate_float_tensor("x", x)
    validate_generator("rng", rng)
    values = gather_windows(x, place_windows(x, 2, kernel_size, stride), 0)  # (*batch, OH, OW, K)
    if not training:
        values = values.to(accumulator(x.dtype))
        return (pick_probabilities(values) * values).sum(dim=-1).to(x.dtype), None
    mask = draw_picks(values, rng) if mask is None else validate_picks("mask", mask, values.shape)
    return values.masked_fill(~mask, 0).sum(dim=-1), mask


def pick_probabilities(values):
    """Probabilities of the pixels of windows (..., K) in stochastic pooling."""
    positive = values.clamp(min=0)
    largest = positive.detach().amax(dim=-1, keepdim=True)
    # In shares of the largest no sum overflows. A window without a positive value has equal shares.
    share = torch.where(largest > 0, positive / largest.masked_fill(largest <= 0, 1), 1)
    return share / share.sum(dim=-1, keepdim=True)


def draw_picks(values, rng=None):
    """Picks a pixel of every window (..., K), as a boolean mask with one True per window."""
    bound = pick_probabilities(values.detach().double()).cumsum(dim=-1)
    bound = bound / bound[..., -1:]
    shape, like = (*values.shape[:-1], 1), {"dtype": torch.float64, "device": values.device}
    coins = torch.rand(shape, **like, **drawing_from(rng))
    picked = (coins >= bound).sum(dim=-1)
    return torch.arange(values.shape[-1], device=values.device) == picked[..., None]


def validate_picks(name, mask, shape):
    """A boolean tensor (*output shape, pixels of a window), one True in each window."""
    validate_tensor(name, mask, torch.bool, "a boolean tensor, True = picked", shape)
    if has_numbers(mask) and not (mask.sum(dim=-1) == 1).all():
        raise ValueError(f"{name} must pick one pixel of every window")
    return mask


def validate_samples(name, samples, x):
    """Numbers in [0, 1), two for each plane of x and of its dtype."""
    validate_tensor(name, samples, x.dtype, f"a tensor of x's dtype {x.dtype}", (*x.shape[:-2], 2))
    if has_numbers(samples) and samples.numel() and not (samples.min() >= 0 and samples.max() < 1):
        raise ValueError(f"{name} must be in [0, 1), got {samples.min()} to {samples.max()}")
    return samples


class FractionalMaxPool2d(LeafModule):
    """`fractional_max_pool2d` as a module, in evaluation mode, too, with windows drawn anew each time.

    `samples` are those of the last forward pass, None where it was traced (see `has_numbers`).

    Args:
        kernel_size, output_size, output_ratio: as in `fractional_max_pool2d`.
        return_indices: whether forward returns (y, indices).
        rng: torch.Generator on the input's device; None means torch's default one.
    Raises:
        ValueError, TypeError: names the argument, its value and what is allowed.
    Source: torch.nn.FractionalMaxPool2d.
    """

    axes = 2
    kernel_size, output_size = PerAxis(1), PerAxis(1, optional=True)
    output_ratio, rng = Setting(validate_ratio), Setting(validate_generator)

    def __init__(self, kernel_size, output_size=None, output_ratio=None, return_indices=False, *, rng=None):
        super().__init__()
        self.kernel_size, self.output_size, self.output_ratio = kernel_size, output_size, output_ratio
        self.return_indices, self.rng = return_indices, rng
        self.samples = None

    def forward(self, x, samples=None):
        """The maxima of windows of random places.

        Args:
            x: (N, C, H, W) or (C, H, W).
            samples: as in `fractional_max_pool2d`; None draws them.
        Returns:
            y, or (y, indices) with return_indices.
        """
        validate_float_tensor("x", x)
        samples = draw_samples(x, self.rng) if samples is None else samples
        self.samples = samples if has_numbers(samples) else None
        return fractional_max_pool2d(
            x, self.kernel_size, self.output_size, self.output_ratio, self.return_indices, samples
        )


class StochasticPool2d(LeafModule):
    """`stochastic_pool2d` as a module: a pick in training, the average over all picks in evaluation mode.

    `mask` is the mask of the last forward pass, None after one in evaluation mode or one that was traced (see
    `has_numbers`).

    Args:
        kernel_size, stride: as in `stochastic_pool2d`.
        rng: torch.Generator on the input's device; None means torch's default one.
    Raises:
        ValueError, TypeError: names the argument, its value and what is allowed.
    Source: Zeiler and Fergus 2013, Stochastic Pooling.
    """

    axes = 2
    kernel_size, stride, rng = PerAxis(1), PerAxis(1), Setting(validate_generator)

    def __init__(self, kernel_size, stride=None, *, rng=None):
        super().__init__()
        self.kernel_size, self.stride = kernel_size, kernel_size if stride is None else stride
        self.rng, self.mask = rng, None

    def extra_repr(self):
        return f"kernel_size={self.kernel_size}, stride={self.stride}"

    def forward(self, x, mask=None):
        """One pixel of every window in training, their weighted average in evaluation mode.

        Args:
            x: (N, C, H, W) or (C, H, W).
            mask: as in `stochastic_pool2d`; None draws one in training.
        Returns:
            (N, C, OH, OW) or (C, OH, OW).
        """
        y, mask = _stochastic_pool(x, self.kernel_size, self.stride, self.training, mask, self.rng)
        self.mask = mask if has_numbers(mask) else None
        return y
