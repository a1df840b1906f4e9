"""Residual networks as they were changed later: other orders, other starts, dropped and weighted branches."""

import numpy as np
import torch
from torch import nn

from coursepkg.data import Data, fashion_mnist
from coursepkg.experiments import experiment
from coursepkg.experiments.residual.degradation import network, small_pictures
from coursepkg.training import one_cycle
from coursepkg.training.torch_loop import evaluate, fit

VARIANTS = {
    "basic": {},
    "preactivation": {"block": "preact"},
    "zero_start": {"zero_init_residual": True},
    "stochastic_depth": {"drop_path": 0.5},
    "squeeze": {"squeeze": 4},
    "no_normalization": {},
}
"""Name -> keywords of `cifar_resnet`."""


def names(settings):
    """The parts of a seed."""
    return list(VARIANTS)


@experiment("residual-variants", seeds=4, first_seed=600, parts=names)
def run(seed, device, part, *, depth=32, n_train=1000, n_test=1000, width=8, epochs=30, lr=0.1):
    """Errors of six kinds of residual network of one depth.

    Args:
        seed: of the pictures, the weights, the batches and the dropped branches.
        device: where the network is trained.
        part: one of VARIANTS.
        depth: 6 n + 2.
        n_train, n_test: pictures of Fashion-MNIST, 14x14.
        width: channels of the first stage.
        epochs: of 64-picture batches, SGD with momentum 0.9 and a one-cycle schedule.
        lr: its largest learning rate.
    Returns:
        dict: {part} . {train_error, test_error, test_loss}.
    """
    data = small_pictures(fashion_mnist(n_train, n_test, rng=np.random.default_rng(seed)))
    model = network(depth, True, width, seed, **VARIANTS[part])
    if part == "no_normalization":
        model = without_normalization(model)
    model = model.to(device)
    with torch.random.fork_rng():
        torch.manual_seed(seed)  # which branches are dropped
        optimizer = torch.optim.SGD(model.parameters(), lr, momentum=0.9)
        order = np.random.default_rng(seed)
        fit(model, Data(data.train), optimizer, epochs, 64, one_cycle, order, progress=False)
    (_, train_error), (test_loss, test_error) = (evaluate(model, split) for split in data)
    return {part: {"train_error": train_error, "test_error": test_error, "test_loss": test_loss}}


@torch.no_grad()
def without_normalization(model):
    """Takes the normalization out of a network of basic blocks, in place, and starts every branch at zero.

    Args:
        model: ResNet.
    Returns:
        model.
    """
    for block in [model, *(block for blocks in model.stages() for block in blocks)]:
        for name, layer in list(block.named_children()):
            if isinstance(layer, nn.BatchNorm2d):
                setattr(block, name, nn.Identity())
    for blocks in model.stages():
        for block in blocks:
            nn.init.zeros_(block.conv2.weight)
    return model
