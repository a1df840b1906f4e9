"""One network with shortcuts, pooling and dropout, and what each of them is worth in it."""

import numpy as np
import torch
from torch import nn

from coursepkg.data import Data, fashion_mnist
from coursepkg.dropout.torch_layers import Dropout
from coursepkg.experiments import experiment
from coursepkg.experiments.residual.degradation import on_device
from coursepkg.pooling.torch_layers import GlobalAvgPool, MaxPool2d
from coursepkg.residual.torch_layers import BasicBlock, convolution
from coursepkg.training import one_cycle
from coursepkg.training.torch_loop import evaluate, fit

TAKEN_AWAY = ("nothing", "shortcuts", "max_pooling", "global_pooling", "dropout", "everything")


def variants(settings):
    """The parts of a seed: what is taken away."""
    return list(TAKEN_AWAY)


@experiment("residual-ablation", seeds=5, first_seed=400, parts=variants)
def run(seed, device, part, *, n_train=2000, n_test=2000, width=8, blocks=6, p=0.2, epochs=25, lr=0.1):
    """Errors of one network, and of the same network without shortcuts, pooling or dropout.

    Args:
        seed: of the pictures, the weights, the batches and the dropout.
        device: where the network is trained; on "cuda" as channels_last and in mixed precision.
        part: what is taken away, one of TAKEN_AWAY.
        n_train, n_test: pictures of Fashion-MNIST.
        width, blocks, p: as in `network`.
        epochs: of 64-picture batches, SGD with momentum 0.9 and a one-cycle schedule.
        lr: its largest learning rate.
    Returns:
        dict: {part} . {train_error, test_error, test_loss, weights}, in evaluation mode after the last epoch.
    """
    data = fashion_mnist(n_train, n_test, rng=np.random.default_rng(seed))
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        model, how = on_device(network(part, width, blocks, p), device)
        optimizer = torch.optim.SGD(model.parameters(), lr, momentum=0.9)
        order = np.random.default_rng(seed)
        fit(model, Data(data.train), optimizer, epochs, 64, one_cycle, order, progress=False, **how)
    (_, train_error), (test_loss, test_error) = (evaluate(model, split) for split in data)
    weights = sum(parameter.numel() for parameter in model.parameters())
    found = {"train_error": train_error, "test_error": test_error, "test_loss": test_loss, "weights": weights}
    return {part: found}


def network(without="nothing", width=8, blocks=6, p=0.2):
    """A residual network for pictures (N, 1, 28, 28), with 4 * blocks + 2 layers.

    A convolution, two stages of blocks on 14x14 and 7x7 pixels, each behind a max pooling, then global
    average pooling, dropout and a linear layer.

    Args:
        without: one of TAKEN_AWAY. Without max pooling, the convolution behind or before it has stride 2;
            without global pooling, the linear layer gets all 7x7 places of every map.
        width: channels of the first stage; the second has twice as many.
        blocks: in each stage, >= 1.
        p: probability of dropping.
    Returns:
        nn.Sequential, its weights from torch's default generator.
    """
    if without not in TAKEN_AWAY:
        raise ValueError(f"without must be one of {', '.join(TAKEN_AWAY)}, got {without!r}")

    def has(component):
        return without not in (component, "everything")

    residual, stride = has("shortcuts"), 1 if has("max_pooling") else 2
    pooling = [MaxPool2d(2)] if has("max_pooling") else []
    features = 2 * width if has("global_pooling") else 2 * width * 7 * 7
    return nn.Sequential(
        convolution(1, width, 3, stride),
        nn.BatchNorm2d(width),
        nn.ReLU(),
        *pooling,
        *(BasicBlock(width, width, residual=residual) for _ in range(blocks)),
        *pooling,
        BasicBlock(width, 2 * width, stride, shortcut="A", residual=residual),
        *(BasicBlock(2 * width, 2 * width, residual=residual) for _ in range(blocks - 1)),
        *([GlobalAvgPool()] if has("global_pooling") else []),
        nn.Flatten(),
        *([Dropout(p)] if has("dropout") else []),
        nn.Linear(features, 10),
    )
