"""The layers beside one another in both backends, and what their parts may do to what they are given."""

import copy

import numpy as np
import pytest
import torch
from torch import nn

from coursepkg.layer import Layer
from coursepkg.nn import Linear, ReLU, Sequential, Tanh
from coursepkg.residual import numpy_layers, torch_layers, torch_resnet
from tests.specs.residual import SPECS
from tests.specs.spec import values

CASES = [(spec, case) for spec in SPECS for case in spec.cases if case.shape[0]]
each_case = pytest.mark.parametrize(("spec", "case"), CASES, ids=lambda one: getattr(one, "name", str(one)))


@each_case
def test_both_backends_print_the_same_tree(spec, case):
    theirs = repr(spec.torch(*case.args, **case.kwargs))
    # torch names the place of a module that is None, too
    assert repr(spec.numpy(*case.args, **case.kwargs)) == theirs.replace("\n  (shortcut): None", "")


def test_a_residual_prints_its_two_ways():
    ours = numpy_layers.Residual(Sequential(Linear(2, 2), ReLU()), Linear(2, 2))
    theirs = torch_layers.Residual(nn.Sequential(nn.Linear(2, 2), nn.ReLU()), nn.Linear(2, 2))
    assert repr(ours) == repr(theirs)
    lines = ["Residual(", "  (branch): Tanh()", ")"]
    assert repr(numpy_layers.Residual(Tanh())) == "\n".join(lines)


@pytest.mark.parametrize(("layers", "linear"), [(numpy_layers, "numpy"), (torch_layers, "torch")])
def test_residual_adds_a_shortcut_to_any_branch(layers, linear):
    x = np.random.default_rng(0).standard_normal((4, 3))
    if linear == "numpy":
        from coursepkg.nn import Linear

        make = lambda out: Linear(3, out, dtype=np.float64)  # noqa: E731
        branch, shortcut = make(3), make(3)
        plain, both, wrong = (
            layers.Residual(branch),
            layers.Residual(branch, shortcut),
            layers.Residual(make(2)),
        )
        np.testing.assert_allclose(plain.forward(x), branch.forward(x) + x)
        np.testing.assert_allclose(both.forward(x), branch.forward(x) + shortcut.forward(x))
        dy = np.ones_like(x)
        np.testing.assert_allclose(plain.backward(dy), dy @ branch.weight + dy)
        np.testing.assert_allclose(both.backward(dy), dy @ (branch.weight + shortcut.weight))
        assert set(both.params) == {
            f"{way}.{name}" for way in ("branch", "shortcut") for name in ("weight", "bias")
        }
        with pytest.raises(RuntimeError, match=r"Residual\.backward was called before"):
            layers.Residual(branch).backward(dy)
    else:
        make = lambda out: nn.Linear(3, out, dtype=torch.float64)  # noqa: E731
        branch, shortcut, tensor = make(3), make(3), torch.from_numpy(x)
        wrong = layers.Residual(make(2))
        assert torch.equal(layers.Residual(branch)(tensor), branch(tensor) + tensor)
        assert torch.equal(layers.Residual(branch, shortcut)(tensor), branch(tensor) + shortcut(tensor))
        x = tensor
    with pytest.raises(ValueError, match=r"one shape, got \(4, 2\) and \(4, 3\)"):
        wrong(x)
    with pytest.raises(TypeError, match="branch must be a"):
        layers.Residual("conv")
    with pytest.raises(TypeError, match="shortcut must be a"):
        layers.Residual(branch, 1)


def both_ways(module, x):
    """Output, gradient of x and gradients of the parameters, and x afterwards."""
    x = torch.tensor(x, requires_grad=True)
    given = x * 1  # no leaf: it may be written into
    y = module(given)
    y.square().sum().backward()
    gradients = [parameter.grad for parameter in module.parameters()]
    return [y.detach(), x.grad, *gradients, given.detach()]


def residuals():
    """Residuals of torch whose ways begin with a ReLU; inplace is up to who makes them."""

    def linear():
        return nn.Linear(3, 3, dtype=torch.float64)

    yield "branch", lambda relu: torch_layers.Residual(nn.Sequential(relu, linear()))
    yield "shortcut", lambda relu: torch_layers.Residual(linear(), nn.Sequential(relu, linear()))
    yield "nothing else", lambda relu: torch_layers.Residual(relu)


@pytest.mark.parametrize("make", dict(residuals()).values(), ids=dict(residuals()))
def test_a_way_that_writes_into_its_input_spoils_nothing(make):
    x = values((4, 3))
    found = []
    for inplace in (False, True):
        torch.manual_seed(0)
        found.append(both_ways(make(nn.ReLU(inplace=inplace)), x))
    for plain, inplace in zip(*found, strict=True):
        torch.testing.assert_close(inplace, plain, rtol=0, atol=0)


def test_the_shortcut_keeps_what_the_branch_writes_over():
    branch = nn.Sequential(nn.ReLU(inplace=True), nn.Linear(2, 2, bias=False))
    nn.init.eye_(branch[1].weight)
    x = torch.tensor([[-1.0, 2.0]])
    torch.testing.assert_close(torch_layers.Residual(branch)(x), torch.tensor([[-1.0, 4.0]]))
    torch.testing.assert_close(x, torch.tensor([[-1.0, 2.0]]))


TRANSFORMS = {
    "fx": lambda module, x: torch.fx.symbolic_trace(module)(x),
    "export": lambda module, x: torch.export.export(module, (x,)).module()(x),
    "vmap": lambda module, x: torch.func.vmap(module)(x[:, None])[:, 0],
    "compile": lambda module, x: torch.compile(module, fullgraph=True, backend="aot_eager")(x),
}


@pytest.mark.parametrize("transform", TRANSFORMS)
def test_what_torch_transforms_stays_the_same(transform):
    make = dict(residuals())["branch"]
    network = torch_resnet.cifar_resnet(8, width=2, dtype=torch.float64).eval()
    for module, shape in ((make(nn.ReLU(inplace=True)), (4, 3)), (network[:4], (2, 3, 8, 8))):
        x = torch.from_numpy(values(shape))
        torch.testing.assert_close(TRANSFORMS[transform](module, x), module(x), rtol=1e-9, atol=1e-12)


@each_case
def test_activations_in_place_change_nothing(spec, case):
    torch.manual_seed(0)
    plain = spec.torch(*case.args, **case.kwargs).double().eval()
    inplace = copy.deepcopy(plain)
    for module in inplace.modules():
        if isinstance(module, nn.ReLU):
            module.inplace = True
    for expected, found in zip(
        *(both_ways(one, values(case.shape)) for one in (plain, inplace)), strict=True
    ):
        torch.testing.assert_close(found, expected, rtol=0, atol=0)


class WritesIntoItsInput(Layer):
    def forward(self, x):
        x *= 2
        return x

    def backward(self, dy):
        return 2 * dy


class WritesIntoItsGradient(Layer):
    def forward(self, x):
        return 2 * x

    def backward(self, dy):
        dy *= 2
        return dy


# Parts that share with another what they are given on the way forward, and on the way back.
FORWARD = {
    "Residual": ("branch", "shortcut"),
    "SqueezeExcitation": ("pool",),
    "BasicBlock": ("conv1", "downsample"),
    "Bottleneck": ("conv1", "downsample"),
    "PreActBlock": ("bn1", "conv1", "downsample"),
    "Highway": ("transform", "gate"),
    "DenseBlock": ("layer1", "layer2"),
}
BACKWARD = {
    "Residual": ("branch", "shortcut"),
    "BasicBlock": ("bn2", "downsample"),
    "Bottleneck": ("bn3", "downsample"),
    "PreActBlock": ("conv2", "downsample"),
}


def residual_or_block(name):
    """A layer of NumPy with all the parts it may have, and an input."""
    if name == "Residual":
        return numpy_layers.Residual(Tanh(), Tanh()), values((2, 3))
    spec = next(spec for spec in SPECS if spec.name == name)
    case = spec.cases[1]
    return spec.numpy(*case.args, **case.kwargs, dtype=np.float64), values(case.shape)


def parts(shared):
    return [(name, part) for name, names in shared.items() for part in names]


@pytest.mark.parametrize(("name", "part"), parts(FORWARD))
def test_a_part_that_writes_into_its_input_is_refused(name, part):
    layer, x = residual_or_block(name)
    setattr(layer, part, Sequential(WritesIntoItsInput(), getattr(layer, part)))
    before = x.copy()
    with pytest.raises(ValueError, match="read-only"):
        layer.forward(x)
    np.testing.assert_array_equal(x, before)


@pytest.mark.parametrize(("name", "part"), parts(BACKWARD))
def test_a_part_that_writes_into_its_gradient_is_refused(name, part):
    layer, x = residual_or_block(name)
    setattr(layer, part, Sequential(getattr(layer, part), WritesIntoItsGradient()))
    dy = np.ones_like(layer.forward(x))
    with pytest.raises(ValueError, match="read-only"):
        layer.backward(dy)
    np.testing.assert_array_equal(dy, 1)


@pytest.mark.parametrize("layers", [numpy_layers, torch_layers])
def test_channels_that_do_not_fit_are_refused_when_they_are_set_later(layers):
    layer = layers.PaddedShortcut(2, 4)
    layer.out_channels = 1
    x = values((1, 2, 3, 3))
    with pytest.raises(ValueError, match='at least in_channels with shortcut "A", got 1 and 2'):
        layer(x if layers is numpy_layers else torch.tensor(x))
