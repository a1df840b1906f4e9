"""Plain and residual networks of growing depth: who learns the training pictures, and what a block is for."""

from itertools import pairwise

import numpy as np
import torch

from coursepkg.data import Data, Split, fashion_mnist
from coursepkg.experiments import experiment
from coursepkg.residual.torch_resnet import cifar_resnet
from coursepkg.residual.torch_surgery import removable_blocks, with_swapped_blocks, without_block
from coursepkg.training import one_cycle
from coursepkg.training.torch_loop import evaluate, fit


@experiment("residual-degradation", seeds=5, first_seed=200)
def run(seed, device, *, depths=(8, 20, 32, 56), n_train=1000, n_test=1000, width=8, epochs=10, lr=0.1):
    """Errors of plain and residual networks by depth, and what happens when a block is missing.

    Args:
        seed: of the pictures, the weights and the batches.
        device: where the networks are trained; on "cuda" as channels_last and in mixed precision.
        depths: 6 n + 2.
        n_train, n_test: pictures of Fashion-MNIST, made 14x14 by averages over 2x2 pixels.
        width: channels of the first stage.
        epochs: of 64-picture batches, SGD with momentum 0.9 and a one-cycle schedule.
        lr: its largest learning rate.
    Returns:
        dict: {plain, residual} . {depth} . {train_loss, train_error, test_error, deleted_error,
        swapped_error, branch}: deleted_error is the mean test error of the networks from which one block is
        missing, swapped_error of those in which two neighbors are exchanged; branch, of residual networks
        alone, the mean over the blocks of the norm of the branch's output divided by that of its input.
    """
    data = small_pictures(fashion_mnist(n_train, n_test, rng=np.random.default_rng(seed)))
    found = {"plain": {}, "residual": {}}
    for depth in depths:
        for kind in found:
            model, how = on_device(network(depth, kind == "residual", width, seed), device)
            optimizer = torch.optim.SGD(model.parameters(), lr, momentum=0.9)
            order = np.random.default_rng(seed)
            fit(model, Data(data.train), optimizer, epochs, 64, one_cycle, order, progress=False, **how)
            model.eval()
            (train_loss, train_error), (_, test_error) = (evaluate(model, split) for split in data)
            found[kind][str(depth)] = {
                "train_loss": train_loss,
                "train_error": train_error,
                "test_error": test_error,
                **_damaged(model, data.test),
            }
            if kind == "residual":
                x = torch.as_tensor(data.test.x[:200], device=device)
                found[kind][str(depth)]["branch"] = branch_ratios(model, x).mean()
    return found


def small_pictures(data):
    """Pictures of half the height and width, each pixel the mean of four.

    Args:
        data: Data with pictures (N, 1, H, W), H and W even.
    """

    def half(x):
        return x.reshape(len(x), 1, x.shape[2] // 2, 2, x.shape[3] // 2, 2).mean(axis=(3, 5))

    return Data(*(Split(half(split.x), split.y) for split in data))


def by_kind_and_depth(settings):
    """The parts of a seed of experiments that compare networks: "plain-20", "residual-20", ..."""
    return [f"{kind}-{depth}" for depth in settings["depths"] for kind in ("plain", "residual")]


def network(depth, residual, width, seed, **variant):
    """A `cifar_resnet` for pictures with one channel, with more keywords, its weights from `seed`."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return cifar_resnet(depth, residual, width, in_channels=1, **variant)


def on_device(model, device, mixed_precision=True):
    """A model on a device, its weights as channels_last on "cuda", and there, if wanted, in mixed precision.

    Returns:
        (model, keywords of torch_loop.fit).
    """
    model = model.to(device)
    if torch.device(device).type != "cuda":
        return model, {}
    model = model.to(memory_format=torch.channels_last)
    return model, {"autocast": torch.bfloat16} if mixed_precision else {}


@torch.no_grad()
def branch_ratios(model, x):
    """How large what each block adds is, against what it adds it to.

    Args:
        model: residual network in evaluation mode.
        x: tensor (N, 1, H, W).
    Returns:
        array: for each block that keeps the shape, the mean over the pictures of |branch(h)| / |h|.
    """
    wanted, ratios = set(removable_blocks(model)), []
    for layer in (model.conv1, model.bn1, model.relu):
        x = layer(x)
    for stage, blocks in enumerate(model.stages()):
        for position, block in enumerate(blocks):
            branch = x
            for name in block.branch:
                branch = getattr(block, name)(branch)
            if (stage, position) in wanted:
                ratios.append((branch.flatten(1).norm(dim=1) / x.flatten(1).norm(dim=1)).mean().item())
            x = block(x)
    return np.array(ratios)


def _damaged(model, test):
    """Mean test errors without one block, and with two neighbors exchanged; nothing where there are none."""
    blocks = removable_blocks(model)
    pairs = [pair for pair in pairwise(blocks) if pair[0][0] == pair[1][0]]
    errors = {
        "deleted_error": [evaluate(without_block(model, *block), test)[1] for block in blocks],
        "swapped_error": [
            evaluate(with_swapped_blocks(model, stage, first, second), test)[1]
            for (stage, first), (_, second) in pairs
        ],
    }
    return {name: np.mean(found) for name, found in errors.items() if found}
