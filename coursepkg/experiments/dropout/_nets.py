"""The network of the dropout chapter, and how all of its measurements train it."""

import numpy as np
import torch
from torch import nn

from coursepkg.data import Data, fashion_mnist, randomize_labels
from coursepkg.dropout.torch_layers import Dropout
from coursepkg.training.torch_loop import evaluate, fit

SIZES = (784, 256, 256, 10)
BATCH = 50


def pictures(seed, n_train, label_noise=0.0):
    """A random subset of the Fashion-MNIST sample, and its whole test set.

    Args:
        seed: decides which pictures, and which labels are drawn again.
        n_train: training pictures, 1 to 5000.
        label_noise: share of the training labels that are drawn again at random; test labels stay.
    Returns:
        Data: x (N, 784) float32.
    """
    rng = np.random.default_rng(seed)
    train_set, test_set = fashion_mnist(n_train, rng=rng, flatten=True)
    return Data(train_set._replace(y=randomize_labels(train_set.y, label_noise, 10, rng)), test_set)


def relu_layer(fan_in, units):
    """A hidden layer: linear, then ReLU."""
    return nn.Sequential(nn.Linear(fan_in, units), nn.ReLU())


def mlp(sizes, rates, seed, device, *, hidden=relu_layer):
    """Fully connected: hidden layers and a linear output, with dropout in front of each.

    Networks of one seed start from the same weights, whatever their dropout.

    Args:
        sizes: units of each layer, inputs first.
        rates: probability of dropping in front of each layer, the first being that of an input.
        seed: of the weights and of the masks.
        hidden: function (fan_in, units) -> hidden layer.
    Returns:
        nn.Sequential on `device`: dropout, layer, dropout, layer, ..., dropout, output.
    """
    rng = torch.Generator(device).manual_seed(seed)
    kinds = [hidden] * (len(sizes) - 2) + [nn.Linear]
    layers = []
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        for layer, p, fan_in, units in zip(kinds, rates, sizes[:-1], sizes[1:], strict=True):
            layers += [Dropout(p, rng=rng), layer(fan_in, units)]
    return nn.Sequential(*layers).to(device)


def train(model, data, seed, *, epochs, schedule=None):
    """Adam with learning rate 0.001, batches of 50 pictures.

    Args:
        model: nn.Module; trained in place.
        data: Data.
        seed: of the order of the batches.
        schedule: function (step, total_steps) -> factor of the learning rate, or None.
    """
    optimizer = torch.optim.Adam(model.parameters(), 1e-3, fused=True)
    fit(
        model,
        Data(data.train),
        optimizer,
        epochs,
        BATCH,
        schedule,
        np.random.default_rng(seed),
        progress=False,
    )


def train_and_watch(model, data, seed, *, epochs, schedule=None):
    """`train`, and after each epoch a test on both sets, with dropout switched off.

    Returns:
        dict of lists, one entry an epoch: train_loss, train_error, test_loss, test_error.
    """
    optimizer = torch.optim.Adam(model.parameters(), 1e-3, fused=True)
    rng = np.random.default_rng(seed)
    curves = {"train_loss": [], "train_error": [], "test_loss": [], "test_error": []}
    for epoch in range(epochs):
        # One epoch at a time, each with its own part of the schedule.
        part = schedule and (lambda step, total, done=epoch: schedule(step + done * total, total * epochs))
        fit(model, Data(data.train), optimizer, 1, BATCH, part, rng, progress=False)
        for name, split in (("train", data.train), ("test", data.test)):
            loss, error = evaluate(model, split)
            curves[f"{name}_loss"].append(loss)
            curves[f"{name}_error"].append(error)
    return curves
