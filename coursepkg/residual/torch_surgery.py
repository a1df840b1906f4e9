"""Operations on trained networks: blocks added that change nothing, blocks taken out, blocks exchanged.

Each returns a new network; the one that is given stays as it is.
"""

import copy

import torch
from torch import nn

from coursepkg.residual.torch_layers import BasicBlock
from coursepkg.residual.torch_resnet import ResNet
from coursepkg.validation import validate_nonnegative_int


def extend_with_identity(model, blocks):
    """Appends blocks to every stage that hand on what they get, so that no logit changes in eval mode.

    In a residual network they have a branch of zero. In a plain one both convolutions copy their input, the
    normalizations undo nothing, and the ReLUs let pass what is not negative, as all that a block puts out.

    Args:
        model: ResNet made by `cifar_resnet` with basic blocks.
        blocks: how many for each stage, >= 0.
    Returns:
        ResNet, 6 * blocks layers deeper.
    Raises:
        ValueError, TypeError: names the argument, its value and what is allowed.
    Source: He et al. 2016, section 1, the construction that shows that deeper should not be worse.
    """
    validate_resnet(model)
    blocks = validate_nonnegative_int("blocks", blocks)
    name, arguments = model.built
    if name != "cifar_resnet" or arguments["block"] != "basic":
        raise ValueError(f'model must be a cifar_resnet with block "basic", got {name} with {arguments}')
    deeper = copy.deepcopy(model)
    for stage in deeper.stages():
        weight = stage[-1].conv2.weight
        for _ in range(blocks):
            block = BasicBlock(
                len(weight),
                len(weight),
                shortcut="A",
                residual=arguments["residual"],
                zero_init_residual=arguments["residual"],
                device=weight.device,
                dtype=weight.dtype,
            ).train(model.training)
            if not arguments["residual"]:
                _make_copying(block)
            stage.append(block)
    built = (name, {**arguments, "depth": arguments["depth"] + 6 * blocks})
    extended = ResNet(built, **dict(deeper.named_children()))
    extended.training = model.training
    return extended


def without_block(model, stage, position):
    """The network with one block taken out; its neighbors are joined.

    Args:
        model: ResNet.
        stage: 0 for layer1, and so on.
        position: of the block in its stage; its input and output must have one shape.
    Returns:
        nn.Sequential.
    Raises:
        ValueError, TypeError: names the argument, its value and what is allowed.
    Source: Veit et al. 2016, section 4.1.
    """
    smaller = copy.deepcopy(validate_resnet(model))
    _removable(smaller, stage, position)
    del smaller.stages()[stage][position]
    return smaller


def with_swapped_blocks(model, stage, first, second):
    """The network with two blocks of a stage in each other's place.

    Args:
        model: ResNet.
        stage: 0 for layer1, and so on.
        first, second: positions in the stage; inputs and outputs of both must have one shape.
    Returns:
        nn.Sequential.
    Raises:
        ValueError, TypeError: names the argument, its value and what is allowed.
    Source: Veit et al. 2016, section 4.3.
    """
    swapped = copy.deepcopy(validate_resnet(model))
    blocks = [_removable(swapped, stage, position) for position in (first, second)]
    here = swapped.stages()[stage]
    here[first], here[second] = blocks[::-1]
    return swapped


def removable_blocks(model):
    """The blocks that can be taken out: those whose input and output have one shape.

    Args:
        model: ResNet.
    Returns:
        list of (stage, position).
    """
    return [
        (stage, position)
        for stage, blocks in enumerate(validate_resnet(model).stages())
        for position, block in enumerate(blocks)
        if _keeps_shape(block)
    ]


def validate_resnet(model):
    """A ResNet of `torch_resnet`."""
    if not isinstance(model, ResNet):
        raise TypeError(
            f"model must be a ResNet of coursepkg.residual.torch_resnet, got {type(model).__name__}"
        )
    return model


def _keeps_shape(block):
    convolutions = [layer for layer in block.children() if isinstance(layer, nn.Conv2d)]
    same = convolutions[-1].out_channels == block.in_channels
    return same and all(layer.stride == (1, 1) for layer in convolutions)


def _removable(model, stage, position):
    stages = model.stages()
    if not 0 <= validate_nonnegative_int("stage", stage) < len(stages):
        raise ValueError(f"stage must be from 0 to {len(stages) - 1}, got {stage}")
    blocks = stages[stage]
    if not 0 <= validate_nonnegative_int("position", position) < len(blocks):
        raise ValueError(f"position must be from 0 to {len(blocks) - 1} in stage {stage}, got {position}")
    if not _keeps_shape(blocks[position]):
        raise ValueError(f"position must be of a block that keeps the shape, got {position} in stage {stage}")
    return blocks[position]


@torch.no_grad()
def _make_copying(block):
    for convolution, norm in ((block.conv1, block.bn1), (block.conv2, block.bn2)):
        nn.init.dirac_(convolution.weight)
        norm.weight.copy_((norm.running_var + norm.eps).sqrt())
        norm.bias.copy_(norm.running_mean)
