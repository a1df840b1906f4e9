"""The networks of the paper in NumPy, and their plain twins."""

from functools import partial

import numpy as np

from coursepkg.nn import BatchNorm2d, Flatten, Linear, ReLU, Sequential
from coursepkg.pooling.numpy_layers import AdaptiveAvgPool2d, MaxPool2d
from coursepkg.residual.assembly import Parts, cifar_layers, imagenet_builders, imagenet_layers
from coursepkg.residual.numpy_layers import BasicBlock, Bottleneck, PreActBlock, convolution
from coursepkg.validation import validate_generator


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


def _resnet(
    depth,
    num_classes=1000,
    *,
    residual=True,
    shortcut="B",
    stride_in="3x3",
    zero_init_residual=False,
    rng=None,
    dtype=np.float32,
):
    """ResNet-{depth} for pictures (N, 3, H, W), H and W at least 32.

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
    Source: He et al. 2016, table 1; torchvision.models.resnet{depth}.
    """
    layers = imagenet_layers(
        _parts(rng, dtype),
        depth,
        num_classes,
        stride_in,
        residual=residual,
        shortcut=shortcut,
        zero_init_residual=zero_init_residual,
    )
    return ResNet(**layers)


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
    layers = cifar_layers(
        _parts(rng, dtype),
        depth,
        width,
        in_channels,
        num_classes,
        block,
        drop_path,
        residual=residual,
        shortcut=shortcut,
        squeeze=squeeze,
        zero_init_residual=zero_init_residual,
    )
    return ResNet(**layers)


def _parts(rng, dtype):
    """The layers that the networks are made of, all with one generator."""
    drawn = {"rng": validate_generator("rng", rng), "dtype": dtype}
    return Parts(
        convolution=partial(convolution, **drawn),
        norm=partial(BatchNorm2d, dtype=dtype),
        linear=partial(Linear, **drawn),
        basic=partial(BasicBlock, **drawn),
        bottleneck=partial(Bottleneck, **drawn),
        preact=partial(PreActBlock, **drawn),
        sequential=Sequential,
        relu=ReLU,
        max_pool=MaxPool2d,
        avg_pool=AdaptiveAvgPool2d,
        flatten=Flatten,
    )
