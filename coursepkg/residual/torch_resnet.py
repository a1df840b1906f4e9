"""The networks of the paper in PyTorch, and their plain twins: the names of `numpy_resnet`.

Weights start from torch's default generator; `rng` is for masks alone.
"""

from collections import OrderedDict
from functools import partial

import numpy as np
from torch import nn

from coursepkg.residual import numpy_resnet
from coursepkg.residual.rules import (
    EXPANSION,
    cifar_plan,
    drop_path_shares,
    imagenet_plan,
    validate_block_name,
    validate_stride_in,
)
from coursepkg.residual.torch_layers import BasicBlock, Bottleneck, PreActBlock, convolution
from coursepkg.validation import validate_positive_int


class ResNet(nn.Sequential):
    """Named layers one after another: conv1, bn1, relu, the stages layer1, layer2, ..., and fc.

    Made by `resnet18` to `resnet152` and `cifar_resnet`. `built` says by which, and with what arguments:
    (name, dict).
    """

    def __init__(self, built, **layers):
        super().__init__(OrderedDict(layers))
        self.built = built

    def stages(self):
        """list of nn.Sequential: layer1, layer2, ..."""
        return [layer for name, layer in self.named_children() if name.startswith("layer")]


def resnet18(
    num_classes=1000,
    *,
    residual=True,
    shortcut="B",
    stride_in="3x3",
    zero_init_residual=False,
    device=None,
    dtype=None,
):
    """ResNet-18 for pictures (N, 3, H, W), H and W at least 32.

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
    Source: He et al. 2016, table 1; torchvision.models.resnet18.
    """
    return _imagenet(18, num_classes, residual, shortcut, stride_in, zero_init_residual, device, dtype)


def resnet34(
    num_classes=1000,
    *,
    residual=True,
    shortcut="B",
    stride_in="3x3",
    zero_init_residual=False,
    device=None,
    dtype=None,
):
    """ResNet-34; arguments, result and source as for `resnet18`."""
    return _imagenet(34, num_classes, residual, shortcut, stride_in, zero_init_residual, device, dtype)


def resnet50(
    num_classes=1000,
    *,
    residual=True,
    shortcut="B",
    stride_in="3x3",
    zero_init_residual=False,
    device=None,
    dtype=None,
):
    """ResNet-50; arguments, result and source as for `resnet18`."""
    return _imagenet(50, num_classes, residual, shortcut, stride_in, zero_init_residual, device, dtype)


def resnet101(
    num_classes=1000,
    *,
    residual=True,
    shortcut="B",
    stride_in="3x3",
    zero_init_residual=False,
    device=None,
    dtype=None,
):
    """ResNet-101; arguments, result and source as for `resnet18`."""
    return _imagenet(101, num_classes, residual, shortcut, stride_in, zero_init_residual, device, dtype)


def resnet152(
    num_classes=1000,
    *,
    residual=True,
    shortcut="B",
    stride_in="3x3",
    zero_init_residual=False,
    device=None,
    dtype=None,
):
    """ResNet-152; arguments, result and source as for `resnet18`."""
    return _imagenet(152, num_classes, residual, shortcut, stride_in, zero_init_residual, device, dtype)


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
    plan = cifar_plan(depth, width)
    validate_positive_int("num_classes", num_classes)
    make = {"basic": BasicBlock, "preact": PreActBlock}[validate_block_name(block)]
    where = {"device": device, "dtype": dtype}
    same = {
        "residual": residual,
        "shortcut": shortcut,
        "squeeze": squeeze,
        "zero_init_residual": zero_init_residual,
    }
    shares = iter(drop_path_shares(drop_path, sum(map(len, plan))))
    stages = {
        f"layer{number}": nn.Sequential(
            *(make(*sizes, drop_path=next(shares), rng=rng, **same, **where) for sizes in blocks)
        )
        for number, blocks in enumerate(plan, start=1)
    }
    channels = 4 * width
    start = {"conv1": convolution(in_channels, width, 3, 1, **where)}
    norm = {"bn1": nn.BatchNorm2d(width if block == "basic" else channels, **where), "relu": nn.ReLU()}
    body = {**start, **norm, **stages} if block == "basic" else {**start, **stages, **norm}
    sizes = {"depth": depth, "width": width, "in_channels": in_channels, "num_classes": num_classes}
    built = ("cifar_resnet", {**sizes, **same, "block": block, "drop_path": drop_path})
    return ResNet(built, **body, **_end(channels, num_classes, **where))


def to_numpy(model):
    """The NumPy network with the same weights and running statistics.

    Args:
        model: ResNet made by one of this module's builders; of drop_path's masks it takes nothing.
    Returns:
        numpy_resnet.ResNet in the model's dtype and mode.
    Raises:
        TypeError: model is no ResNet, or its weights are neither float32 nor float64.
    """
    if not isinstance(model, ResNet):
        raise TypeError(
            f"model must be a ResNet of coursepkg.residual.torch_resnet, got {type(model).__name__}"
        )
    state = {key: value.detach().cpu().numpy() for key, value in model.state_dict().items()}
    name, arguments = model.built
    twin = getattr(numpy_resnet, name)(
        **arguments, rng=np.random.default_rng(0), dtype=state["conv1.weight"].dtype
    )
    return twin.load_state_dict(state).train(model.training)


def _imagenet(depth, num_classes, residual, shortcut, stride_in, zero_init_residual, device, dtype):
    kind, plan = imagenet_plan(depth)
    validate_stride_in(stride_in)
    validate_positive_int("num_classes", num_classes)
    where = {"device": device, "dtype": dtype}
    same = {"residual": residual, "shortcut": shortcut, "zero_init_residual": zero_init_residual}
    start = {
        "conv1": convolution(3, 64, 7, 2, **where),
        "bn1": nn.BatchNorm2d(64, **where),
        "relu": nn.ReLU(),
        "maxpool": nn.MaxPool2d(3, 2, 1),
    }
    if kind == "basic":
        make, channels = BasicBlock, 512
    else:
        make, channels = partial(Bottleneck, stride_in=stride_in), 512 * EXPANSION
    stages = {
        f"layer{number}": nn.Sequential(*(make(*sizes, **same, **where) for sizes in blocks))
        for number, blocks in enumerate(plan, start=1)
    }
    built = (f"resnet{depth}", {"num_classes": num_classes, "stride_in": stride_in, **same})
    return ResNet(built, **start, **stages, **_end(channels, num_classes, **where))


def _end(channels, num_classes, device=None, dtype=None):
    return {
        "avgpool": nn.AdaptiveAvgPool2d(1),
        "flatten": nn.Flatten(),
        "fc": nn.Linear(channels, num_classes, device=device, dtype=dtype),
    }
