"""Every torch layer under every transform of PyTorch: what torch.nn's layers allow, ours allow.

A transform is a function of a Layer that asserts what must hold. EXCEPTIONS lists what is not to be had, each
with its reason; it has to fail, so that the list stays true.
"""

import copy
import dataclasses
import functools
import pickle
from collections.abc import Callable
from dataclasses import dataclass

import pytest
import torch
from torch import nn
from torch.testing import assert_close
from torch.utils.checkpoint import checkpoint

from coursepkg.residual.torch_resnet import cifar_resnet
from tests.specs.spec import indices_for
from tests.test_specs import SPECS


@dataclass(frozen=True)
class Layer:
    """A layer to transform: how it is made, the shape of its input, and what forward is given besides x."""

    name: str
    construct: Callable
    shape: tuple
    given: tuple = ()

    def make(self):
        """The layer, the same whenever it is made; batch normalization is in evaluation mode."""
        torch.manual_seed(1)
        layer = self.construct()
        for module in layer.modules():
            if isinstance(module, nn.modules.batchnorm._BatchNorm):
                module.eval()
        return layer

    @property
    def x(self):
        """An input, positive, so that stochastic pooling has something to pick."""
        return torch.rand(self.shape, generator=torch.Generator().manual_seed(2)) + 0.5

    def __call__(self, layer, x):
        """What the layer makes of x, with the random numbers of one seed."""
        torch.manual_seed(3)
        return layer(x, *self.given)


def every_layer():
    for spec in SPECS:
        case = next(
            case
            for case in spec.cases
            if case.shape and 0 not in (*case.shape, *case.args, *case.kwargs.values())
        )
        construct = functools.partial(spec.torch, *case.args, **case.kwargs)
        given = indices_for(construct(), torch.empty(case.shape)).values()
        yield Layer(spec.name, construct, case.shape, tuple(map(torch.from_numpy, given)))
    yield Layer("cifar_resnet", lambda: cifar_resnet(8, width=2), (2, 3, 8, 8))


def with_rng(layer):
    """The same layer with a generator of its own."""

    def construct():
        return layer.construct(rng=torch.Generator().manual_seed(4))

    return dataclasses.replace(layer, name=f"{layer.name} with rng", construct=construct)


LAYERS = {layer.name: layer for layer in every_layer()}
LAYERS |= {
    f"{name} with rng": with_rng(layer) for name, layer in LAYERS.items() if hasattr(layer.construct(), "rng")
}


def is_random(layer):
    """Whether two calls differ."""
    made, x = layer.make(), layer.x
    return not torch.equal(made(x, *layer.given), made(x, *layer.given))


def vmap(layer):
    made, x = layer.make(), layer.x
    xs = torch.stack([x] * 8)
    found = torch.vmap(lambda x: made(x, *layer.given), randomness="different")(xs)
    same = torch.vmap(lambda x: made(x, *layer.given), randomness="same")(xs)
    assert torch.equal(same, same[:1].expand_as(same))
    if is_random(layer):
        assert (found != found[:1]).any()
    else:
        assert_close(found[0], layer(made, x))
    copy.deepcopy(made)  # it keeps no tensor of vmap


def meta(layer):
    expected = layer(layer.make(), layer.x)
    given = [tensor.to("meta") for tensor in layer.given]
    found = layer.make().to("meta")(layer.x.to("meta"), *given)
    assert found.is_meta and found.shape == expected.shape and found.dtype == expected.dtype


def compile(layer):
    torch._dynamo.reset()
    compiled = torch.compile(layer.make(), fullgraph=True, backend="eager")
    x = layer.x
    if not layer.given:
        torch._dynamo.maybe_mark_dynamic(x, 0)  # as it becomes by itself when batches differ in size
        more = torch.cat([x] * 3)
    assert_close(layer(compiled, x), layer(layer.make(), x))
    if not layer.given:
        assert_close(layer(compiled, more), layer(layer.make(), more))


def export(layer):
    """For a batch of any size."""
    args = layer.x, *layer.given
    shapes = [{0: torch.export.Dim("n", min=2)} for _ in args]
    exported = torch.export.export(layer.make(), args, dynamic_shapes=shapes).module()
    assert_close(layer(exported, layer.x), layer(layer.make(), layer.x))


def fx(layer):
    outer = [] if layer.given else [nn.Sequential]  # which gives its layers x alone
    for wrap in (lambda made: made, *outer):
        for mode in (True, False):
            traced = torch.fx.symbolic_trace(wrap(layer.make())).train(mode)
            assert_close(layer(traced, layer.x), layer(layer.make().train(mode), layer.x))
            copy.deepcopy(traced)


def autocast(layer):
    with torch.autocast("cpu", torch.bfloat16):
        found = layer(layer.make(), layer.x)
    assert_close(found.float(), layer(layer.make(), layer.x), rtol=0.05, atol=0.05)


def copies(layer):
    made = layer.make()
    layer(made, layer.x)
    for again in (copy.deepcopy(made), pickle.loads(pickle.dumps(made))):
        assert_close(layer(again, layer.x), layer(copy.deepcopy(made), layer.x))


def gradient(run, x):
    x = x.clone().requires_grad_()
    return torch.autograd.grad(run(x).sum(), x)[0]


def func(layer):
    made, x = layer.make(), layer.x
    expected = gradient(lambda x: layer(layer.make(), x), x)
    assert_close(torch.func.grad(lambda x: layer(made, x).sum())(x), expected)
    made = layer.make()
    jacobian = torch.func.jacrev(lambda x: layer(made, x))(x)
    assert_close(jacobian.sum(dim=tuple(range(jacobian.ndim - x.ndim))), expected)


def checkpointed(layer):
    made = layer.make()
    torch.manual_seed(3)  # out here, for it is not to be set again when the layer runs for the second time
    found = gradient(lambda x: checkpoint(made, x, *layer.given, use_reentrant=False), layer.x)
    assert_close(found, gradient(lambda x: layer(layer.make(), x), layer.x))


def channels_last(layer):
    if len(layer.shape) == 4:
        x = layer.x.to(memory_format=torch.channels_last)
        assert_close(layer(layer.make(), x), layer(layer.make(), layer.x))


def double_backward(layer):
    made = layer.make().double()
    x = layer.x.double().requires_grad_()

    def run(x):
        return layer(copy.deepcopy(made), x)

    torch.autograd.gradcheck(run, x, fast_mode=True)
    torch.autograd.gradgradcheck(run, x, fast_mode=True)


TRANSFORMS = [
    vmap,
    meta,
    compile,
    export,
    fx,
    autocast,
    copies,
    func,
    checkpointed,
    channels_last,
    double_backward,
]
SLOW = (compile, export)  # tried on pictures alone, not with one axis or three

WITH_RNG = [name for name in LAYERS if name.endswith("with rng")]
EXCEPTIONS = {
    **{(compile, name): "torch.compile takes no torch.Generator" for name in WITH_RNG},
    **{(checkpointed, name): "it restores torch's default generators, no others" for name in WITH_RNG},
    **{
        (export, f"{name} with rng"): "torch.rand and randn with a generator take no size that varies"
        for name in ("GaussianDropout", "FractionalMaxPool2d", "StochasticPool2d")
    },
}


def of_another_dimension(name):
    return name.removesuffix(" with rng").endswith(("1d", "3d"))


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    ("transform", "name"),
    [
        pytest.param(transform, name, id=f"{transform.__name__} {name}")
        for transform in TRANSFORMS
        for name in LAYERS
        if not (transform in SLOW and of_another_dimension(name))
    ],
)
def test_transform(transform, name):
    if (transform, name) in EXCEPTIONS:
        with pytest.raises(Exception):  # noqa: B017
            transform(LAYERS[name])
    else:
        transform(LAYERS[name])
