"""How the networks are put together, the same in both backends, from the layers that a backend hands in."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from coursepkg.binding import with_first
from coursepkg.residual.rules import (
    BLOCKS,
    EXPANSION,
    IMAGENET,
    STRIDE_IN,
    cifar_plan,
    drop_path_shares,
    imagenet_plan,
)
from coursepkg.validation import validate_choice, validate_positive_int


@dataclass(frozen=True)
class Parts:
    """One backend's layers, each a function of its sizes alone.

    Fields:
        convolution: (in_channels, out_channels, kernel_size, stride) -> layer.
        norm: (channels) -> layer.
        linear: (in_features, out_features) -> layer.
        basic, bottleneck, preact: (in_channels, channels, stride, **settings) -> block.
        sequential, relu, max_pool, avg_pool, flatten: the backend's classes.
    """

    convolution: Callable
    norm: Callable
    linear: Callable
    basic: Callable
    bottleneck: Callable
    preact: Callable
    sequential: type
    relu: type
    max_pool: type
    avg_pool: type
    flatten: type


def imagenet_layers(parts, depth, num_classes, stride_in, **settings):
    """The layers of a network for ImageNet.

    Args:
        parts: Parts.
        depth: 18, 34, 50, 101 or 152.
        num_classes, stride_in: as in `resnet18`.
        **settings: the others of `resnet18`, for all blocks.
    Returns:
        dict: name -> layer, in order.
    Raises:
        ValueError, TypeError: names the argument, its value and what is allowed.
    """
    kind, plan = imagenet_plan(depth)
    validate_positive_int("num_classes", num_classes)
    validate_choice("stride_in", stride_in, STRIDE_IN)
    start = {
        "conv1": parts.convolution(3, 64, 7, 2),
        "bn1": parts.norm(64),
        "relu": parts.relu(),
        "maxpool": parts.max_pool(3, 2, 1),
    }
    if kind == "basic":
        make, channels = parts.basic, 512
    else:
        make, channels = partial(parts.bottleneck, stride_in=stride_in), 512 * EXPANSION
    stages = _stages(parts, plan, lambda sizes: make(*sizes, **settings))
    return {**start, **stages, **_end(parts, channels, num_classes)}


def cifar_layers(parts, depth, width, in_channels, num_classes, block, drop_path, **settings):
    """The layers of a network for small pictures.

    Args:
        parts: Parts.
        depth, width, in_channels, num_classes, block, drop_path: as in `cifar_resnet`.
        **settings: the others of `cifar_resnet`, for all blocks.
    Returns:
        dict: name -> layer, in order.
    Raises:
        ValueError, TypeError: names the argument, its value and what is allowed.
    """
    plan = cifar_plan(depth, width)
    validate_positive_int("in_channels", in_channels)
    validate_positive_int("num_classes", num_classes)
    make = {"basic": parts.basic, "preact": parts.preact}[validate_choice("block", block, BLOCKS)]
    shares = iter(drop_path_shares(drop_path, sum(map(len, plan))))
    stages = _stages(parts, plan, lambda sizes: make(*sizes, drop_path=next(shares), **settings))
    channels = 4 * width
    start = {"conv1": parts.convolution(in_channels, width, 3, 1)}
    norm = {"bn1": parts.norm(width if block == "basic" else channels), "relu": parts.relu()}
    body = {**start, **norm, **stages} if block == "basic" else {**start, **stages, **norm}
    return {**body, **_end(parts, channels, num_classes)}


def imagenet_builders(general):
    """`general(depth, ...)` becomes (resnet18, resnet34, resnet50, resnet101, resnet152).

    Args:
        general: function whose first argument is the depth, which its docstring writes as {depth}.
    Returns:
        tuple of five functions with the general one's remaining arguments.
    """
    return tuple(
        with_first(general, depth, f"resnet{depth}", general.__doc__.replace("{depth}", str(depth)))
        for depth in IMAGENET
    )


def _stages(parts, plan, make):
    return {
        f"layer{number}": parts.sequential(*map(make, blocks)) for number, blocks in enumerate(plan, start=1)
    }


def _end(parts, channels, num_classes):
    return {
        "avgpool": parts.avg_pool(1),
        "flatten": parts.flatten(),
        "fc": parts.linear(channels, num_classes),
    }
