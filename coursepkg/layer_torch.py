"""What torch layers of all chapters have in common."""

import functools

import torch
from torch import nn


class LeafModule(nn.Module):
    """A module that torch.fx takes as one node, as it takes those of torch.nn.

    A network that was traced still has the module itself in it, with its settings, parameters and mode. The
    code of `forward` is not traced, so that it may validate, count and choose.
    """

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        if "forward" in vars(cls):
            cls.forward = _as_one_node(cls.forward)


def _as_one_node(forward):
    @functools.wraps(forward)
    def forward_or_node(self, *args, **kwargs):
        for given in (*args, *kwargs.values()):
            if isinstance(given, torch.fx.Proxy):
                return given.tracer.create_proxy("call_module", _name(self, given.tracer), args, kwargs)
        return forward(self, *args, **kwargs)

    # A code object of its own: torch.compile counts what it compiles by them, and stops at eight.
    forward_or_node.__code__ = forward_or_node.__code__.replace(co_name=forward.__name__)
    return forward_or_node


def _name(module, tracer):
    if module is not tracer.root:
        return tracer.path_of_module(module)
    # What is traced itself has no name. It gets one in a module around it.
    tracer.root = nn.ModuleDict({"layer": module})
    return "layer"


def has_numbers(x):
    """Whether x is a tensor whose numbers can be looked at.

    Not so while torch.compile, torch.export, torch.fx or a transform of torch.func traces, on the device
    "meta", and for None.
    """
    if torch.compiler.is_compiling() or type(x) not in (torch.Tensor, nn.Parameter) or x.is_meta:
        return False
    try:
        x.data_ptr()
    except RuntimeError:  # a tensor of torch.func
        return False
    return True


def drawing_from(rng):
    """The keyword argument with which torch draws from rng; none for None.

    With a shape that varies, as a dynamic one of torch.export, torch does not trace `generator=None`.
    """
    return {} if rng is None else {"generator": rng}


def accumulator(dtype):
    """The dtype that numbers of a floating-point dtype are summed in: float32 for half precision."""
    return torch.promote_types(dtype, torch.float32)
