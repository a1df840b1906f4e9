"""The networks of the paper in NumPy, and their plain twins."""

from functools import partial

import numpy as np

from coursepkg.nn import BatchNorm2d, Flatten, Linear, ReLU, Sequential
from coursepkg.pooling.numpy_layers import GlobalAvgPool, MaxPool2d
from coursepkg.residual.numpy_layers import BasicBlock, Bottleneck, PreActBlock, convolution
from coursepkg.residual.rules import (
    EXPANSION,
    cifar_plan,
    drop_path_shares,
    imagenet_plan,
    validate_block_name,
    validate_stride_in,
)
from coursepkg.validation import validate_generator, validate_positive_int


class ResNet(Sequential):
    """Named layers one after another: conv1, bn1, relu, the stages layer1, layer2, ..., and fc.

    Made by `resnet18` to `resnet152` and `cifar_resnet`. `stages()` lists the stages, and a stage is a
    Sequential of blocks.
    """

    def __init__(self, **layers):
        super().__init__(layers)

    def stages(self):
        """list of Sequential: layer1, layer2, ..."""
        return [layer for name, layer in self.named_children() if name.startswith("layer")]


def resnet18(
    num_classes=1000,
    *,
    residual=True,
    shortcut="B",
    stride_in="3x3",
    zero_init_residual=False,
    rng=None,
    dtype=np.float32,
):
    """ResNet-18 for pictures (N, 3, H, W), H and W at least 32.

    Args:
        num_classes: outputs of the last layer, >= 1.
        residual: False leaves the shortcuts out: the plain network of the same depth.
        shortcut: where shapes differ, "A" pads with zero channels, "B" projects; "C" projects always.
        stride_in: which convolution of a bottleneck has the stride: "3x3" (torchvision) or "1x1" (the paper);
            a basic block has it in the first of its two either way.
        zero_init_residual: whether every branch begins as zero.
        rng: numpy.random.Generator for the weights; None means a fresh one.
        dtype: float32 or float64.
    Returns:
        ResNet, whose state_dict has torchvision's keys.
    Raises:
        ValueError, TypeError: names the argument, its value and what is allowed.
    Source: He et al. 2016, table 1; torchvision.models.resnet18.
    """
    return _imagenet(18, num_classes, residual, shortcut, stride_in, zero_init_residual, rng, dtype)


def resnet34(
    num_classes=1000,
    *,
    residual=True,
    shortcut="B",
    stride_in="3x3",
    zero_init_residual=False,
    rng=None,
    dtype=np.float32,
):
    """ResNet-34; arguments, result and source as for `resnet18`."""
    return _imagenet(34, num_classes, residual, shortcut, stride_in, zero_init_residual, rng, dtype)


def resnet50(
    num_classes=1000,
    *,
    residual=True,
    shortcut="B",
    stride_in="3x3",
    zero_init_residual=False,
    rng=None,
    dtype=np.float32,
):
    """ResNet-50; arguments, result and source as for `resnet18`."""
    return _imagenet(50, num_classes, residual, shortcut, stride_in, zero_init_residual, rng, dtype)


def resnet101(
    num_classes=1000,
    *,
    residual=True,
    shortcut="B",
    stride_in="3x3",
    zero_init_residual=False,
    rng=None,
    dtype=np.float32,
):
    """ResNet-101; arguments, result and source as for `resnet18`."""
    return _imagenet(101, num_classes, residual, shortcut, stride_in, zero_init_residual, rng, dtype)


def resnet152(
    num_classes=1000,
    *,
    residual=True,
    shortcut="B",
    stride_in="3x3",
    zero_init_residual=False,
    rng=None,
    dtype=np.float32,
):
    """ResNet-152; arguments, result and source as for `resnet18`."""
    return _imagenet(152, num_classes, residual, shortcut, stride_in, zero_init_residual, rng, dtype)


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
    dtype=np.float32,
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
        rng: numpy.random.Generator for weights and masks; None means a fresh one.
        dtype: float32 or float64.
    Returns:
        ResNet for pictures (N, in_channels, H, W).
    Raises:
        ValueError, TypeError: names the argument, its value and what is allowed.
    Source: He et al. 2016, section 4.2; for drop_path Huang et al. 2016, section 3.
    """
    plan = cifar_plan(depth, width)
    rng = validate_generator("rng", rng)
    validate_positive_int("num_classes", num_classes)
    make = {"basic": BasicBlock, "preact": PreActBlock}[validate_block_name(block)]
    same = {
        "residual": residual,
        "shortcut": shortcut,
        "squeeze": squeeze,
        "zero_init_residual": zero_init_residual,
        "rng": rng,
        "dtype": dtype,
    }
    shares = iter(drop_path_shares(drop_path, sum(map(len, plan))))
    stages = {
        f"layer{number}": Sequential(*(make(*sizes, drop_path=next(shares), **same) for sizes in blocks))
        for number, blocks in enumerate(plan, start=1)
    }
    channels = 4 * width
    start = {"conv1": convolution(in_channels, width, 3, 1, rng, dtype)}
    norm = {"bn1": BatchNorm2d(width if block == "basic" else channels, dtype=dtype), "relu": ReLU()}
    body = {**start, **norm, **stages} if block == "basic" else {**start, **stages, **norm}
    return ResNet(**body, **_end(channels, num_classes, rng, dtype))


def _imagenet(depth, num_classes, residual, shortcut, stride_in, zero_init_residual, rng, dtype):
    kind, plan = imagenet_plan(depth)
    validate_stride_in(stride_in)
    validate_positive_int("num_classes", num_classes)
    rng = validate_generator("rng", rng)
    common = {
        "residual": residual,
        "shortcut": shortcut,
        "zero_init_residual": zero_init_residual,
        "rng": rng,
        "dtype": dtype,
    }
    start = {
        "conv1": convolution(3, 64, 7, 2, rng, dtype),
        "bn1": BatchNorm2d(64, dtype=dtype),
        "relu": ReLU(),
        "maxpool": MaxPool2d(3, 2, 1),
    }
    if kind == "basic":
        make, channels = BasicBlock, 512
    else:
        make, channels = partial(Bottleneck, stride_in=stride_in), 512 * EXPANSION
    stages = {
        f"layer{number}": Sequential(*(make(*sizes, **common) for sizes in blocks))
        for number, blocks in enumerate(plan, start=1)
    }
    return ResNet(**start, **stages, **_end(channels, num_classes, rng, dtype))


def _end(channels, num_classes, rng, dtype):
    return {
        "avgpool": GlobalAvgPool(),
        "flatten": Flatten(),
        "fc": Linear(channels, num_classes, rng=rng, dtype=dtype),
    }
