"""Property checkers of the exercise on a basic block, a stage and a network in PyTorch.

The rule at the head of `coursepkg.checks` holds: a module is only called, switched between training and
evaluation, and asked for its `state_dict()`. Its weights are copied into the package's own module, and both
get the same pictures.
"""

import torch
from torch import nn

from coursepkg.checks.properties import (
    Violation,
    counter_example,
    must_be_array,
    must_be_close,
    must_not_modify,
    show,
)
from coursepkg.residual import torch_layers, torch_resnet

NAMES_DIFFER = "the weights have the names of torchvision"


def block_has_the_names(BasicBlock, *sizes):
    """The block's state_dict has the names and shapes of torchvision's.

    Args:
        BasicBlock: the answer.
        sizes: in_channels, out_channels and stride.
    """
    _same_names(BasicBlock(*sizes), torch_layers.BasicBlock(*sizes), f"BasicBlock{sizes}")


def block_computes(BasicBlock, *sizes, shape, seed, law):
    """The block computes what the package's does with the same weights, in training and in evaluation.

    Args:
        BasicBlock: the answer.
        sizes: in_channels, out_channels and stride.
        shape: of the pictures.
        seed: of the pixels and weights.
        law: what is violated if it does not.
    """
    torch.manual_seed(seed)
    ours, call = torch_layers.BasicBlock(*sizes), f"BasicBlock{sizes}"
    _computes_the_same(BasicBlock(*sizes), ours, call, shape, seed, law)


def stage_computes(make_stage, *sizes, shape, seed):
    """make_stage(in_channels, out_channels, blocks, stride): the first block has the stride.

    Args: as for `block_computes`, with blocks before stride.
    """
    inner, outer, blocks, stride = sizes
    first = torch_layers.BasicBlock(inner, outer, stride)
    others = (torch_layers.BasicBlock(outer, outer) for _ in range(blocks - 1))
    call, ours = f"make_stage{sizes}", nn.Sequential(first, *others)
    law = "the first block changes the shape, the others keep it"
    net = make_stage(*sizes)
    _same_names(net, ours, call)
    state = _copy(net)
    for number in range(2, blocks):
        names = [f"{i}.conv1.weight" for i in (number - 1, number)]
        if torch.equal(*(state[name] for name in names)):
            message = counter_example(
                f"{call}.state_dict()", f"the same numbers in {' and '.join(names)}", "others"
            )
            raise Violation("each block has weights of its own", message)
    _computes_the_same(net, ours, call, shape, seed, law)


def network_computes(ResNet, blocks, width, shape, seed):
    """ResNet(blocks, width) is the package's cifar_resnet with projections.

    Args:
        ResNet: the answer.
        blocks: in each of the three stages.
        width: channels of the first stage.
        shape: of the pictures, with one channel.
        seed: of the pixels.
    """
    ours = torch_resnet.cifar_resnet(6 * blocks + 2, width=width, in_channels=1, shortcut="B")
    net, call = ResNet(blocks, width), f"ResNet({blocks}, {width})"
    _same_names(net, ours, call)
    _computes_the_same(net, ours, call, shape, seed, "the parts come in the right order")


def _same_names(net, ours, call):
    found = {name: tuple(value.shape) for name, value in net.state_dict().items()}
    expected = {name: tuple(value.shape) for name, value in ours.state_dict().items()}
    for name in [*expected, *found]:
        if found.get(name) != expected.get(name):
            got = f"{name} of shape {found[name]}" if name in found else f"no {name}"
            right = f"{name} of shape {expected[name]}" if name in expected else f"no {name}"
            raise Violation(NAMES_DIFFER, counter_example(f"{call}.state_dict()", got, right))


def _computes_the_same(net, ours, call, shape, seed, law):
    ours.load_state_dict(_copy(net))
    for number, mode in enumerate(("train", "train", "eval")):
        getattr(net, mode)(), getattr(ours, mode)()
        x = torch.randn(shape, generator=torch.Generator().manual_seed(seed + number))
        before, what = x.clone(), f"{call}(x), x of shape {tuple(shape)}, after {mode}()"
        with torch.no_grad():
            expected = ours(before).numpy()
            got = must_be_array(net(x), expected.shape, what)
        must_not_modify(what, x=(x, before))
        must_be_close(got, expected, law, what, rtol=1e-3, **{"its smallest number": show(got.min())})
        for name, value in _copy(net).items():
            what = f"{call}.state_dict()[{name!r}] after training"
            right = ours.state_dict()[name].numpy()
            normalized = "each normalization sees what its own convolution puts out"
            must_be_close(value.numpy(), right, normalized, what, rtol=1e-3)


def _copy(net):
    return {name: torch.as_tensor(value).clone() for name, value in net.state_dict().items()}
