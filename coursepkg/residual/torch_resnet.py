"""The networks of the paper in PyTorch, and their plain twins: the names of `numpy_resnet`.

Weights start from torch's default generator; `rng` is for masks alone.
"""

from collections import OrderedDict
from functools import partial
from itertools import zip_longest

import numpy as np
import torch
from torch import nn

from coursepkg.residual import numpy_resnet
from coursepkg.residual.assembly import Parts, cifar_layers, imagenet_builders, imagenet_layers
from coursepkg.residual.torch_layers import BasicBlock, Bottleneck, PreActBlock, convolution


class ResNet(nn.Sequential):
    """Named layers one after another: conv1, bn1, relu, the stages layer1, layer2, ..., and fc.

    Made by `resnet18` to `resnet152` and `cifar_resnet`. `built` says by which, and with what arguments:
    (name, dict). `made` is how it printed then.
    """

    def __init__(self, built, **layers):
        super().__init__(OrderedDict(layers))
        self.built, self.made = built, repr(self)

    def __getitem__(self, position):
        """A layer, or of a slice a nn.Sequential of the layers, with the names that they have here."""
        if isinstance(position, slice):
            return nn.Sequential(OrderedDict(list(self.named_children())[position]))
        return super().__getitem__(position)

    def _refuse(self, *_):
        raise TypeError("a ResNet keeps the layers that it was built with: change model[:], a nn.Sequential")

    append = insert = __delitem__ = __iadd__ = __imul__ = _refuse  # extend and pop end in these

    def stages(self):
        """list of nn.Sequential: layer1, layer2, ..."""
        return [layer for name, layer in self.named_children() if name.startswith("layer")]


def _resnet(
    depth,
    num_classes=1000,
    *,
    residual=True,
    shortcut="B",
    stride_in="3x3",
    zero_init_residual=False,
    device=None,
    dtype=None,
):
    """ResNet-{depth} for pictures (N, 3, H, W), H and W at least 32.

    Args:
        num_classes: outputs of the last layer, >= 1.
        residual: False leaves the shortcuts out: the plain network of the same depth.
        shortcut: where shapes differ, "A" pads with zero channels, "B" projects; "C" projects always.
        stride_in: which convolution of a bottleneck has the stride: "3x3" (torchvision) or "1x1" (the paper);
            a basic block has it in the first of its two either way.
        zero_init_residual: whether every branch begins as zero.
        device, dtype: of the weights.
    Returns:
        ResNet. Its state_dict has torchvision's keys and shapes, so that published weights load.
    Raises:
        ValueError, TypeError: names the argument, its value and what is allowed.
    Source: He et al. 2016, table 1; torchvision.models.resnet{depth}.
    """
    arguments = {
        "num_classes": num_classes,
        "residual": residual,
        "shortcut": shortcut,
        "stride_in": stride_in,
        "zero_init_residual": zero_init_residual,
    }
    layers = imagenet_layers(_parts(None, device, dtype), depth, **arguments)
    return ResNet((f"resnet{depth}", arguments), **layers)


resnet18, resnet34, resnet50, resnet101, resnet152 = imagenet_builders(_resnet)


def cifar_resnet(
    depth,
    residual=True,
    width=16,
    in_channels=3,
    num_classes=10,
    *,
    shortcut="A",
    block="basic",
    drop_path=0.0,
    squeeze=None,
    zero_init_residual=False,
    rng=None,
    device=None,
    dtype=None,
):
    """The network for small pictures: three stages of n blocks, at full, half and a quarter of the size.

    Args:
        depth: 6 n + 2, for n >= 1.
        residual: False leaves the shortcuts out: the plain network of the same depth.
        width: channels of the first stage; the others have twice and four times as many.
        in_channels: C of the pictures.
        num_classes: outputs of the last layer, >= 1.
        shortcut: where shapes differ, "A" pads with zero channels, "B" projects; "C" projects always.
        block: "basic", or "preact" for PreActBlock, with normalization and ReLU behind the last one.
        drop_path: probability of dropping the last block's branch; the first block's is never dropped, and
            those between get shares that grow evenly.
        squeeze: reduction of a SqueezeExcitation in each block; None for none.
        zero_init_residual: whether every branch begins as zero.
        rng: torch.Generator on the input's device for the masks; None means torch's default one.
        device, dtype: of the weights.
    Returns:
        ResNet for pictures (N, in_channels, H, W).
    Raises:
        ValueError, TypeError: names the argument, its value and what is allowed.
    Source: He et al. 2016, section 4.2; for drop_path Huang et al. 2016, section 3.
    """
    arguments = {
        "depth": depth,
        "width": width,
        "in_channels": in_channels,
        "num_classes": num_classes,
        "block": block,
        "drop_path": drop_path,
        "residual": residual,
        "shortcut": shortcut,
        "squeeze": squeeze,
        "zero_init_residual": zero_init_residual,
    }
    return ResNet(("cifar_resnet", arguments), **cifar_layers(_parts(rng, device, dtype), **arguments))


def to_numpy(model):
    """The NumPy network with the same weights and running statistics.

    Args:
        model: ResNet made by one of this module's builders; of drop_path's masks it takes nothing.
    Returns:
        numpy_resnet.ResNet in the model's dtype and mode.
    Raises:
        TypeError: model is no ResNet, or its weights are not all float32 or all float64; names one of them.
        ValueError: a layer or a setting is not as the builder made it; names it.
    """
    if not isinstance(model, ResNet):
        raise TypeError(
            f"model must be a ResNet of coursepkg.residual.torch_resnet, got {type(model).__name__}"
        )
    _validate_as_made(model)
    (name, arguments), state = model.built, model.state_dict()
    rng = np.random.default_rng(0)  # the weights it draws are not kept
    twin = getattr(numpy_resnet, name)(**arguments, rng=rng, dtype=_dtype_of(state))
    return twin.load_state_dict({key: value.cpu() for key, value in state.items()}).train(model.training)


def _dtype_of(state):
    """Name of the dtype that all weights have, one that NumPy's layers take."""
    floats = {key: value.dtype for key, value in state.items() if value.is_floating_point()}
    first = next(iter(floats.values()))
    allowed = first if first in (torch.float32, torch.float64) else torch.float32
    for key, dtype in floats.items():
        if dtype != allowed:
            raise TypeError(
                f"model must have weights that are all float32 or all float64, got {dtype} in {key!r}"
            )
    return str(allowed).removeprefix("torch.")


def _validate_as_made(model):
    """Refuses a model whose layers or settings were changed since, as far as that can be seen in print."""
    printed = (text.replace("inplace=True", "").splitlines() for text in (model.made, repr(model)))
    for made, found in zip_longest(*printed, fillvalue=""):
        if made != found:
            name = model.built[0]
            raise ValueError(f"model must be as {name} made it, with {made.strip()!r}, got {found.strip()!r}")


def _parts(rng, device, dtype):
    """The layers that the networks are made of; rng is for masks alone."""
    where = {"device": device, "dtype": dtype}
    return Parts(
        convolution=partial(convolution, **where),
        norm=partial(nn.BatchNorm2d, **where),
        linear=partial(nn.Linear, **where),
        basic=partial(BasicBlock, rng=rng, **where),
        bottleneck=partial(Bottleneck, rng=rng, **where),
        preact=partial(PreActBlock, rng=rng, **where),
        sequential=nn.Sequential,
        relu=nn.ReLU,
        max_pool=nn.MaxPool2d,
        avg_pool=nn.AdaptiveAvgPool2d,
        flatten=nn.Flatten,
    )
