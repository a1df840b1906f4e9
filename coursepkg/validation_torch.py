"""The validation of arguments that the torch modules share, in the manner of `validation`."""

import torch


def validate_float_tensor(name, x):
    """A tensor of a floating-point dtype."""
    if not isinstance(x, torch.Tensor):
        raise TypeError(f"{name} must be a tensor of a floating-point dtype, got {type(x).__name__}")
    if not x.is_floating_point():
        raise TypeError(f"{name} must have a floating-point dtype, got {x.dtype}")
    return x


def validate_generator(name, rng):
    """A torch.Generator or None."""
    if rng is not None and not isinstance(rng, torch.Generator):
        raise TypeError(f"{name} must be a torch.Generator or None, got {rng!r}")
    return rng
