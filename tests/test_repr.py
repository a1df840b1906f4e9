"""A layer prints as PyTorch's layer of the same name does."""

import re

import pytest
import torch

from coursepkg import nn
from coursepkg.layer import Layer
from tests.nn.pairs import PAIRS
from tests.test_specs import SPECS

CALLS = {f"{one.name} {one.args} {one.kwargs}": one for one in PAIRS}


@pytest.mark.parametrize("call", CALLS)
def test_layers_print_as_those_of_torch(call):
    one = CALLS[call]
    theirs = getattr(torch.nn, one.name)(*one.args, **one.kwargs)
    assert repr(one.numpy()) == repr(theirs)


SPEC_CALLS = {
    f"{spec.name} {case}": (spec.torch, case.args, case.kwargs)
    for spec in SPECS
    for case in spec.cases
    if hasattr(torch.nn, spec.name)
}


@pytest.mark.parametrize("call", SPEC_CALLS)
def test_torch_layers_print_as_those_of_torch(call):
    constructor, args, kwargs = SPEC_CALLS[call]
    expected = repr(getattr(torch.nn, constructor.__name__)(*args, **kwargs))
    assert repr(constructor(*args, **kwargs)) == expected.replace(", inplace=False", "")


def network(library):
    return library.Sequential(
        library.Conv2d(1, 2, 3, bias=False),
        library.Sequential(library.BatchNorm2d(2), library.ReLU(), library.Sequential()),
        library.Flatten(),
        library.Linear(18, 4),
    )


def test_a_network_prints_as_a_tree():
    assert repr(network(nn)) == repr(network(torch.nn))


def test_settings_stand_above_the_layers():
    class Scaled(Layer):
        def __init__(self):
            super().__init__()
            self.inner = nn.Sequential(nn.Tanh())

        def extra_repr(self):
            return "scale=2"

    class Theirs(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = torch.nn.Sequential(torch.nn.Tanh())

        extra_repr = Scaled.extra_repr

    assert repr(Scaled()) == re.sub("^Theirs", "Scaled", repr(Theirs()))
