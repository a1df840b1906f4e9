"""Power averages: LP pooling of windows, and the generalized mean (GeM) of whole planes.

A power of a large number overflows, and one of a small number vanishes. Numbers are divided by the largest of
them first, whose power is then 1.
"""

import torch
from torch import nn

from coursepkg.layer_torch import LeafModule, accumulator, has_numbers
from coursepkg.pooling.dimensions import classes, functions
from coursepkg.pooling.rules import PerAxis, split_shape
from coursepkg.pooling.torch_layers.average import count
from coursepkg.pooling.torch_layers.windows import gather_windows, place_windows
from coursepkg.validation import Setting, validate_positive_number
from coursepkg.validation_torch import validate_float_tensor


def lp_pool(axes, x, norm_type, kernel_size, stride=None, ceil_mode=False):
    """The p-th root of the sum of p-th powers in every window.

    Args:
        x: floating-point tensor (N, C, *spatial) or (C, *spatial).
        norm_type: p, a finite number > 0. The power is that of x, not of its magnitude, so the root of a
            negative sum is NaN. Where the sum is 0 the gradient is 0.
        kernel_size, stride, ceil_mode: as in `avg_poolXd`. A window cut short by ceil_mode counts as much as
            a whole one: its mean power times kernel_size.
    Returns:
        tensor (N, C, *output) or (C, *output) in x's dtype. It is right, too, where torch's powers overflow
        or vanish.
    Raises:
        ValueError, TypeError: names the argument, its value and what is allowed.
    Source: torch.nn.functional.lp_poolXd.
    """
    p = validate_positive_number("norm_type", norm_type)
    validate_float_tensor("x", x)
    windows = place_windows(x, axes, kernel_size, stride, ceil_mode=ceil_mode)
    values = gather_windows(x.to(accumulator(x.dtype)), windows, 0)  # (*batch, *output, K)
    scale = power_scale(values, p)
    # The root of 0 has an infinite slope, and if p < 1 so has the power of 0. A constant has none.
    is_zero = (values == 0).all(dim=-1, keepdim=True)
    total = ((values.masked_fill(is_zero, 1) / scale) ** p).sum(dim=-1)
    is_zero = is_zero[..., 0] | (total == 0)
    total = total.masked_fill(is_zero, 1) * (values.shape[-1] / count(windows, True, x.device))
    return (scale[..., 0] * total ** (1 / p)).masked_fill(is_zero, 0).to(x.dtype)


@torch.no_grad()
def power_scale(values, p):
    """What to divide values (..., K) by before they are raised to p: a tensor (..., 1).

    It is 1 where no power leaves the dtype's range, as in torch, and else the largest magnitude.
    """
    largest, limits = values.abs().amax(dim=-1, keepdim=True), torch.finfo(values.dtype)
    power = largest**p
    fits = (power > limits.tiny) & (power < limits.max / values.shape[-1])
    return largest.masked_fill(fits | (largest == 0) | ~largest.isfinite(), 1)


def gem_pool2d(x, p=3.0, eps=1e-6):
    """The generalized mean of every plane: p = 1 is its average, a large p comes close to its maximum.

    Args:
        x: floating-point tensor (N, C, H, W); values below eps count as eps.
        p: exponent, a finite number > 0, or a tensor that holds one.
        eps: smallest value, > 0.
    Returns:
        tensor (N, C, 1, 1) in x's dtype: the p-th root of the mean p-th power.
    Raises:
        ValueError, TypeError: names the argument, its value and what is allowed.
    Source: Radenovic et al. 2019, Fine-Tuning CNN Image Retrieval with No Human Annotation, equation 3.
    """
    validate_float_tensor("x", x)
    split_shape(x.shape, 2, batched=True)
    p, eps = validate_exponent("p", p), validate_positive_number("eps", eps)
    dtype = accumulator(x.dtype)
    eps = max(eps, torch.finfo(dtype).tiny)  # a number > 0 in this dtype, too
    values = x.to(dtype).clamp(min=eps).flatten(2)  # (N, C, H * W)
    return generalized_mean(values, p)[..., None, None].to(x.dtype)


def generalized_mean(values, p):
    """The p-th root of the mean p-th power of positive values (..., K)."""
    largest = values.detach().amax(dim=-1, keepdim=True)
    largest = largest.masked_fill(~largest.isfinite(), 1)
    logs = (values.log() - largest.log()) * p  # of the powers, which are at most 1
    less = logs.expm1().mean(dim=-1)
    # Powers close to 1, as those of a small p, must keep what they differ from 1 by.
    log_mean = torch.where(less > -0.5, less.log1p(), logs.exp().mean(dim=-1).log())
    return largest[..., 0] * (log_mean / p).exp()


def validate_exponent(name, p):
    """A finite number > 0, or a floating-point tensor that holds one."""
    if not isinstance(p, torch.Tensor):
        return validate_positive_number(name, p)
    if validate_float_tensor(name, p).numel() != 1:
        raise ValueError(f"{name} must hold one number, got shape {tuple(p.shape)}")
    if has_numbers(p):
        validate_positive_number(name, p.item())
    return p


class LPPool(LeafModule):
    """`lp_poolXd` as a module.

    Args:
        norm_type, kernel_size, stride, ceil_mode: as in `lp_poolXd`.
    Raises:
        ValueError, TypeError: names the argument, its value and what is allowed.
    Source: torch.nn.LPPoolXd.
    """

    norm_type = Setting(validate_positive_number)
    kernel_size, stride = PerAxis(1), PerAxis(1, optional=True)

    def __init__(self, norm_type, kernel_size, stride=None, ceil_mode=False):
        super().__init__()
        self.norm_type, self.ceil_mode = norm_type, ceil_mode
        self.kernel_size, self.stride = kernel_size, stride

    def extra_repr(self):
        return (
            f"norm_type={self.norm_type}, kernel_size={self.kernel_size}, "
            f"stride={self.stride}, ceil_mode={self.ceil_mode}"
        )

    def forward(self, x):
        """Args: x (N, C, *spatial) or (C, *spatial). Returns: the roots of the sums of powers."""
        return lp_pool(self.axes, x, self.norm_type, self.kernel_size, self.stride, self.ceil_mode)


class GeMPool2d(LeafModule):
    """`gem_pool2d` as a module that learns its exponent.

    Args:
        p: the exponent to begin with, > 0.
        eps: smallest value, > 0.
        device, dtype: of the parameter "p", shape (1,); None means torch's default ones.
    Raises:
        ValueError, TypeError: names the argument, its value and what is allowed.
    Source: Radenovic et al. 2019, Fine-Tuning CNN Image Retrieval with No Human Annotation.
    """

    eps = Setting(validate_positive_number)

    def __init__(self, p=3.0, eps=1e-6, *, device=None, dtype=None):
        super().__init__()
        p = float(validate_positive_number("p", p))
        self.p = nn.Parameter(torch.full((1,), p, device=device, dtype=dtype))
        self.eps = eps

    def extra_repr(self):
        return (f"p={self.p.item():.4g}, " if has_numbers(self.p) else "") + f"eps={self.eps}"

    def forward(self, x):
        """Args: x (N, C, H, W). Returns: (N, C, 1, 1)."""
        validate_float_tensor("x", x)
        if x.dtype != self.p.dtype and not torch.is_autocast_enabled(x.device.type):
            raise TypeError(f"x must have the dtype of the layer's parameters, {self.p.dtype}, got {x.dtype}")
        return gem_pool2d(x, self.p, self.eps)


lp_pool1d, lp_pool2d, lp_pool3d = functions(lp_pool)
LPPool1d, LPPool2d, LPPool3d = classes(LPPool)
