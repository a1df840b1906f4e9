"""The layers of coursepkg.residual."""

import math

import numpy as np
import torch

from coursepkg import nn
from coursepkg.residual import numpy_layers, torch_layers
from tests.residual import laws
from tests.specs.spec import Case, Refusal, Spec

WEIGHTS = {"numpy_only": ("rng", "dtype"), "torch_only": ("device", "dtype")}
BLOCK = {"numpy_only": ("dtype",), "torch_only": ("device", "dtype")}


def bad_numbers(*names, **right):
    """What is no whole number >= 1, in place of each of these arguments of a call that is right."""
    for name in names:
        for value, error in ((0, ValueError), (-1, ValueError), (2.5, TypeError), (True, TypeError)):
            words = f"{name} must be a whole number >= 1", repr(value)
            yield Refusal(error, words, (), {**right, name: value})


def bad_inputs(shape, *args):
    yield Refusal(ValueError, ("x must have shape", str(shape)), args, shape=shape)
    yield Refusal(TypeError, ("x must", "float", "int64"), args, shape=shape, dtype="int64")


def numpy_residual(in_features, out_features, *, rng=None, dtype=np.float32):
    """A Residual layer, with a shortcut where the branch changes the width."""

    def linear():
        return nn.Linear(in_features, out_features, rng=rng, dtype=dtype)

    branch = nn.Sequential(linear(), nn.Tanh())
    return numpy_layers.Residual(branch, None if in_features == out_features else linear())


def torch_residual(in_features, out_features, *, device=None, dtype=torch.float32):
    """The same layer."""

    def linear():
        return torch.nn.Linear(in_features, out_features, device=device, dtype=dtype)

    branch = torch.nn.Sequential(linear(), torch.nn.Tanh())
    return torch_layers.Residual(branch, None if in_features == out_features else linear())


def block(name, cases, refuses=(), more_laws=()):
    return Spec(
        name,
        getattr(numpy_layers, name),
        getattr(torch_layers, name),
        oracle=None,
        cases=tuple(cases),
        laws=(laws.zero_branch_is_the_shortcut, laws.kept_or_dropped, *more_laws),
        refuses=(
            *bad_numbers("in_channels", "channels", "stride", in_channels=2, channels=8),
            Refusal(ValueError, ('shortcut must be "A", "B" or "C"', "'D'"), (2, 2), {"shortcut": "D"}),
            Refusal(ValueError, ("out_channels must be at least in_channels",), (16, 2), {"shortcut": "A"}),
            Refusal(ValueError, ("drop_path must be a probability", "1.5"), (2, 2), {"drop_path": 1.5}),
            Refusal(ValueError, ("drop_path must be a probability", "nan"), (2, 2), {"drop_path": math.nan}),
            Refusal(ValueError, ("squeeze must be a whole number", "0"), (2, 2), {"squeeze": 0}),
            Refusal(TypeError, ("rng must be a", "Generator", "'seed'"), (2, 2), {"rng": "seed"}),
            *bad_inputs((2, 3, 4, 4), 2, 2),
            *refuses,
        ),
        **BLOCK,
    )


def block_cases(out):
    """Equal and different shapes, all shortcuts and ends; `out` is a width that makes equal shapes of 4."""
    yield Case((3, 4, 5, 6), (4, out))
    yield Case((3, 4, 5, 6), (4, 2 * out, 2))
    yield Case((2, 4, 4, 4), (4, 2 * out, 2), {"shortcut": "A"})
    yield Case((2, 4, 4, 3), (4, out), {"shortcut": "C", "squeeze": 2})
    yield Case((4, 4, 6, 6), (4, out), {"residual": False})
    yield Case((4, 4, 3, 3), (4, out), {"drop_path": 0.5})


SPECS = [
    Spec(
        "Residual",
        numpy_residual,
        torch_residual,
        oracle=None,
        cases=(Case((4, 3), (3, 3)), Case((2, 4, 3), (3, 2)), Case((0, 3), (3, 3))),
        laws=(laws.the_shortcut_is_added,),
        refuses=(Refusal(TypeError, ("x must", "float", "int64"), (3, 3), shape=(2, 3), dtype="int64"),),
        **WEIGHTS,
    ),
    Spec(
        "PaddedShortcut",
        numpy_layers.PaddedShortcut,
        torch_layers.PaddedShortcut,
        oracle=None,
        cases=(
            Case((2, 3, 4, 5), (3, 3)),
            Case((2, 3, 4, 5), (3, 5, 2)),
            Case((2, 1, 7, 7), (1, 2, 3)),
            Case((0, 1, 4, 4), (1, 2)),
        ),
        laws=(laws.padding_is_zero_and_the_rest_is_kept,),
        refuses=(
            *bad_numbers("in_channels", "out_channels", "stride", in_channels=2, out_channels=2),
            Refusal(ValueError, ("out_channels must be at least in_channels", "got 2 and 3"), (3, 2)),
            *bad_inputs((2, 3, 4, 4), 2, 2),
        ),
    ),
    Spec(
        "SqueezeExcitation",
        numpy_layers.SqueezeExcitation,
        torch_layers.SqueezeExcitation,
        oracle=None,
        cases=(Case((2, 4, 3, 5), (4, 2)), Case((3, 2, 4, 4), (2,)), Case((0, 2, 4, 4), (2, 1))),
        laws=(laws.channels_are_scaled_as_wholes,),
        refuses=(
            *bad_numbers("channels", "reduction", channels=2),
            *bad_inputs((2, 3, 4, 4), 2),
        ),
        **WEIGHTS,
    ),
    block("BasicBlock", block_cases(4)),
    block(
        "Bottleneck",
        (*block_cases(1), Case((2, 4, 5, 5), (4, 2, 2), {"stride_in": "1x1"})),
        (Refusal(ValueError, ('stride_in must be "3x3" or "1x1"', "'5x5'"), (4, 1), {"stride_in": "5x5"}),),
    ),
    block("PreActBlock", block_cases(4)),
    Spec(
        "Highway",
        numpy_layers.Highway,
        torch_layers.Highway,
        oracle=None,
        cases=(Case((5, 4), (4,)), Case((2, 3, 4), (4, 1.0)), Case((0, 4), (4,))),
        laws=(laws.closed_gate_lets_x_pass,),
        refuses=(*bad_numbers("features"), Refusal(ValueError, ("x", "(2, 3)"), (4,), shape=(2, 3))),
        **WEIGHTS,
    ),
    Spec(
        "DenseBlock",
        numpy_layers.DenseBlock,
        torch_layers.DenseBlock,
        oracle=None,
        cases=(Case((3, 2, 4, 5), (2, 3, 2)), Case((2, 1, 4, 4), (1, 1, 3)), Case((2, 2, 3, 3), (2, 4, 0))),
        laws=(laws.input_stays_in_front,),
        refuses=(
            *bad_numbers("in_channels", "growth", in_channels=2, growth=2, layers=1),
            Refusal(ValueError, ("layers must be a whole number >= 0", "-1"), (2, 2, -1)),
            *bad_inputs((2, 3, 4, 4), 2, 2, 1),
        ),
        **WEIGHTS,
    ),
]
