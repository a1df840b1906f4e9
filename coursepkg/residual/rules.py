"""What both backends share: the layout of the networks, their sizes, and the validation of arguments."""

from dataclasses import dataclass

from coursepkg.validation import (
    validate_bool,
    validate_choice,
    validate_nonnegative_int,
    validate_positive_int,
    validate_probability,
)

SHORTCUTS = ("A", "B", "C")
STRIDE_IN = ("3x3", "1x1")
BLOCKS = ("basic", "preact")
EXPANSION = 4  # a bottleneck puts out four times as many channels as it works on

IMAGENET = {
    18: ("basic", (2, 2, 2, 2)),
    34: ("basic", (3, 4, 6, 3)),
    50: ("bottleneck", (3, 4, 6, 3)),
    101: ("bottleneck", (3, 4, 23, 3)),
    152: ("bottleneck", (3, 8, 36, 3)),
}
"""Kind of block and blocks in each of the four stages. Source: He et al. 2016, table 1."""


def validate_block(
    in_channels, channels, stride, *, shortcut, residual, drop_path, squeeze, zero_init_residual
):
    """The arguments that all blocks share."""
    validate_positive_int("in_channels", in_channels)
    validate_positive_int("channels", channels)
    validate_positive_int("stride", stride)
    validate_choice("shortcut", shortcut, SHORTCUTS)
    validate_bool("residual", residual)
    validate_probability("drop_path", drop_path)
    if squeeze is not None:
        validate_positive_int("squeeze", squeeze)
    validate_bool("zero_init_residual", zero_init_residual)


def validate_padded_shortcut(in_channels, out_channels):
    """Option A adds channels of zeros and cannot take any away."""
    if out_channels < in_channels:
        raise ValueError(
            'out_channels must be at least in_channels with shortcut "A", '
            f"got {out_channels} and {in_channels}"
        )


def needs_projection(in_channels, out_channels, stride, shortcut):
    """Whether the shortcut is a convolution: always with "C", never with "A", if shapes differ with "B"."""
    differ = stride != 1 or in_channels != out_channels
    return shortcut == "C" or (shortcut == "B" and differ)


def cifar_blocks(depth):
    """Blocks in each of the three stages of a network of `depth` layers.

    Args:
        depth: 6 n + 2 for some n >= 1: a convolution, three stages of n blocks of two, and a linear layer.
    Returns:
        int: n.
    Raises:
        ValueError, TypeError: names depth, its value and what is allowed.
    Source: He et al. 2016, section 4.2.
    """
    depth = validate_positive_int("depth", depth)
    if depth < 8 or (depth - 2) % 6:
        raise ValueError(f"depth must be 6 n + 2 for a whole number n >= 1 (8, 14, 20, ...), got {depth}")
    return (depth - 2) // 6


def cifar_plan(depth, width):
    """The blocks of the networks for small pictures.

    Args:
        depth, width: as in `cifar_resnet`.
    Returns:
        list of three stages, each a list of (in_channels, channels, stride), one for each block.
    """
    count = cifar_blocks(depth)
    width = validate_positive_int("width", width)
    return _plan((count, count, count), width, 1)


def imagenet_plan(depth):
    """The blocks of the ImageNet networks.

    Args:
        depth: 18, 34, 50, 101 or 152.
    Returns:
        (kind, stages): "basic" or "bottleneck", and as for `cifar_plan`.
    Raises:
        ValueError, TypeError: depth is another one.
    """
    if validate_positive_int("depth", depth) not in IMAGENET:
        raise ValueError(f"depth must be one of {', '.join(map(str, IMAGENET))}, got {depth!r}")
    kind, counts = IMAGENET[depth]
    return kind, _plan(counts, 64, EXPANSION if kind == "bottleneck" else 1)


def drop_path_shares(drop_path, blocks):
    """Probabilities that grow evenly from 0, for the first block, to `drop_path`, for the last.

    Args:
        drop_path: probability in [0, 1].
        blocks: how many, >= 0.
    Returns:
        list of float.
    Raises:
        ValueError, TypeError: names the argument, its value and what is allowed.
    Source: Huang et al. 2016, section 3.
    """
    validate_probability("drop_path", drop_path)
    blocks = validate_nonnegative_int("blocks", blocks)
    return [drop_path * position / max(1, blocks - 1) for position in range(blocks)]


def _plan(counts, width, expansion):
    stages, in_channels = [], width
    for number, count in enumerate(counts):
        channels, blocks = width * 2**number, []
        for position in range(count):
            blocks.append((in_channels, channels, 2 if number and not position else 1))
            in_channels = channels * expansion
        stages.append(blocks)
    return stages


@dataclass(frozen=True)
class Stage:
    """A part of a network, and what it costs for one picture.

    Fields:
        name: "conv1", "layer1", ..., "fc".
        blocks: how many; 0 for the first convolution and the linear layer.
        channels: of its output.
        size: side of its output in pixels.
        parameters: weights, biases, and scales and shifts of the normalization.
        multiply_adds: of its convolutions and linear layers.
    """

    name: str
    blocks: int
    channels: int
    size: int
    parameters: int
    multiply_adds: int


def imagenet_stages(depth, num_classes=1000, residual=True, shortcut="B", stride_in="3x3", size=224):
    """The ImageNet networks, counted part by part without building them.

    Args:
        depth: 18, 34, 50, 101 or 152.
        num_classes: outputs of the last layer, >= 1.
        residual: False counts the plain network of the same depth.
        shortcut: "A", "B" or "C".
        stride_in: which convolution of a bottleneck has the stride: "3x3" (torchvision) or "1x1" (the paper).
        size: side of the pictures in pixels.
    Returns:
        list of Stage.
    Raises:
        ValueError, TypeError: names the argument, its value and what is allowed.
    Source: He et al. 2016, table 1.
    """
    kind, plan = imagenet_plan(depth)
    validate_bool("residual", residual)
    validate_choice("shortcut", shortcut, SHORTCUTS)
    validate_choice("stride_in", stride_in, STRIDE_IN)
    num_classes = validate_positive_int("num_classes", num_classes)
    size = _smaller(validate_positive_int("size", size), 2)
    start = Stage("conv1", 0, 64, size, *_convolution(3, 64, 7, size))
    size = _smaller(size, 2)  # max pooling

    def block(in_channels, channels, stride, before, after):
        if kind == "basic":
            yield from _basic(in_channels, channels, stride, residual, shortcut, after)
            return
        if residual:
            yield _projection(in_channels, EXPANSION * channels, stride, shortcut, after)
        yield _convolution(in_channels, channels, 1, after if stride_in == "1x1" else before)
        yield _convolution(channels, channels, 3, after)
        yield _convolution(channels, EXPANSION * channels, 1, after)

    expansion = EXPANSION if kind == "bottleneck" else 1
    return [start, *_counted(plan, block, size, expansion), _linear(512 * expansion, num_classes)]


def cifar_stages(depth, width=16, in_channels=3, num_classes=10, residual=True, shortcut="A", size=32):
    """The networks for small pictures, counted part by part without building them.

    Args:
        depth, width, in_channels, num_classes, residual, shortcut: as in `cifar_resnet`.
        size: side of the pictures in pixels.
    Returns:
        list of Stage.
    Raises:
        ValueError, TypeError: names the argument, its value and what is allowed.
    Source: He et al. 2016, section 4.2.
    """
    plan = cifar_plan(depth, width)
    validate_bool("residual", residual)
    validate_choice("shortcut", shortcut, SHORTCUTS)
    in_channels = validate_positive_int("in_channels", in_channels)
    num_classes = validate_positive_int("num_classes", num_classes)
    size = validate_positive_int("size", size)

    def block(in_channels, channels, stride, before, after):
        return _basic(in_channels, channels, stride, residual, shortcut, after)

    start = Stage("conv1", 0, width, size, *_convolution(in_channels, width, 3, size))
    return [start, *_counted(plan, block, size, 1), _linear(4 * width, num_classes)]


def _counted(plan, block, size, expansion):
    """Stages named layer1, layer2, ...; block(in_channels, channels, stride, side before, side behind) gives
    the costs of a block's parts."""
    for number, blocks in enumerate(plan, start=1):
        total = (0, 0)
        for in_channels, channels, stride in blocks:
            before, size = size, _smaller(size, stride)
            for part in block(in_channels, channels, stride, before, size):
                total = tuple(map(sum, zip(total, part, strict=True)))
        yield Stage(f"layer{number}", len(blocks), channels * expansion, size, *total)


def _smaller(size, stride):
    return (size - 1) // stride + 1


def _basic(in_channels, channels, stride, residual, shortcut, size):
    if residual:
        yield _projection(in_channels, channels, stride, shortcut, size)
    yield _convolution(in_channels, channels, 3, size)
    yield _convolution(channels, channels, 3, size)


def _linear(features, classes):
    return Stage("fc", 0, classes, 1, features * classes + classes, features * classes)


def _convolution(in_channels, out_channels, kernel, size):
    """Parameters and multiply-adds of a convolution without bias and of the normalization behind it."""
    weights = in_channels * out_channels * kernel * kernel
    return weights + 2 * out_channels, weights * size * size


def _projection(in_channels, out_channels, stride, shortcut, size):
    if needs_projection(in_channels, out_channels, stride, shortcut):
        return _convolution(in_channels, out_channels, 1, size)
    return 0, 0
