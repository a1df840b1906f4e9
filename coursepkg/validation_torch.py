"""The validation of arguments that the torch modules share, in the manner of `validation`."""

import torch

from coursepkg import validation
from coursepkg.validation import validate_shape


def validate_float_tensor(name, x):
    """A tensor of a floating-point dtype."""
    if not isinstance(x, torch.Tensor):
        raise TypeError(f"{name} must be a tensor of a floating-point dtype, got {type(x).__name__}")
    if not x.is_floating_point():
        raise TypeError(f"{name} must have a floating-point dtype, got {x.dtype}")
    return x


def validate_number_tensor(name, x):
    """A tensor of floats or integers."""
    if isinstance(x, torch.Tensor) and not (x.is_complex() or x.dtype == torch.bool):
        return x
    return validate_float_tensor(name, x)


def validate_tensor(name, x, dtype, allowed, shape=None):
    """A tensor of this dtype, which `allowed` says in words, and of this shape; None is any shape."""
    if not isinstance(x, torch.Tensor) or x.dtype != dtype:
        got = x.dtype if isinstance(x, torch.Tensor) else type(x).__name__
        raise TypeError(f"{name} must be {allowed}, got {got}")
    if shape is not None:
        validate_shape(name, x, shape)
    return x


def validate_mask(name, mask, shape=None):
    """A boolean tensor, True = kept, of this shape."""
    return validate_tensor(name, mask, torch.bool, "a boolean tensor, True = kept", shape)


def validate_size(name, value):
    """A torch.Size, a whole number >= 0, or a tuple of them: always returned as a tuple."""
    # What is traced may have sizes that are no numbers yet, but they are in a torch.Size then.
    return value if isinstance(value, torch.Size) else validation.validate_size(name, value)


def validate_generator(name, rng):
    """A torch.Generator or None."""
    if rng is not None and not isinstance(rng, torch.Generator):
        raise TypeError(f"{name} must be a torch.Generator or None, got {rng!r}")
    return rng


def validate_float_dtype(name, dtype):
    """A floating-point dtype of torch."""
    if not isinstance(dtype, torch.dtype) or not dtype.is_floating_point:
        raise TypeError(f"{name} must be a floating-point dtype of torch, got {dtype!r}")
    return dtype
