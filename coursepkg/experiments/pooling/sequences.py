"""Curves of 40 points, whose digit may begin anywhere: pooling over time, and over all of it."""

import numpy as np
import torch
from torch import nn

from coursepkg.data import mnist1d
from coursepkg.experiments import experiment
from coursepkg.experiments.pooling._nets import train
from coursepkg.pooling.torch_layers import GeMPool2d, GlobalAvgPool, GlobalMaxPool
from coursepkg.training.torch_loop import evaluate


@experiment("pooling-sequences", seeds=6, first_seed=100)
def run(seed, device, *, n_train=1000, epochs=60, channels=32):
    """Errors on MNIST-1D for each way to thin out and to end a convolutional network.

    Args:
        seed: of the curves, the weights and the batches.
        device: where the networks are trained.
        n_train: training curves.
        epochs: of 50-curve batches, Adam with learning rate 0.01 and a one-cycle schedule.
        channels: maps of each of the three convolutions.
    Returns:
        dict: {none, stride, average, max, max_global_average, max_global_gem, max_global_max,
        max_global_attention} . {train_error, test_error, weights}.
    """
    data = mnist1d(n_train, rng=np.random.default_rng(seed))
    return {
        name: _measured(network(*parts, channels, seed).to(device), data, seed, epochs)
        for name, parts in METHODS.items()
    }


class AttentionPool1d(nn.Module):
    """The mean over time, weighted by how much each point is asked for: softmax of a learned score.

    For features (N, C, L); the result is (N, C, 1).
    Source: Ilse, Tomczak and Welling 2018, Attention-based Deep Multiple Instance Learning, without their
    hidden layer.
    """

    def __init__(self):
        super().__init__()
        self.score = nn.LazyConv1d(1, 1)

    def forward(self, x):
        weights = self.score(x).softmax(dim=2)  # (N, 1, L)
        return (weights * x).sum(dim=2, keepdim=True)


def gem_pool():
    """Generalized mean over time, with an exponent that is learned."""
    return nn.Sequential(nn.Unflatten(2, (1, -1)), GeMPool2d())


METHODS = {
    "none": (nn.Identity, 1, nn.Identity),
    "stride": (nn.Identity, 2, nn.Identity),
    "average": (lambda: nn.AvgPool1d(2), 1, nn.Identity),
    "max": (lambda: nn.MaxPool1d(2), 1, nn.Identity),
    "max_global_average": (lambda: nn.MaxPool1d(2), 1, GlobalAvgPool),
    "max_global_gem": (lambda: nn.MaxPool1d(2), 1, gem_pool),
    "max_global_max": (lambda: nn.MaxPool1d(2), 1, GlobalMaxPool),
    "max_global_attention": (lambda: nn.MaxPool1d(2), 1, AttentionPool1d),
}
"""What thins out after the first two convolutions, these convolutions' stride, and the layer at the end."""


def network(thin, stride, head, channels, seed):
    """Three convolutions over time with ReLUs, the first two thinned out, and a linear layer.

    Args:
        thin, head: functions that make a layer.
        stride: of the first two convolutions.
        channels: maps of each.
        seed: of the weights.
    Returns:
        nn.Sequential, for curves (N, 1, 40).
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        features = nn.Sequential(
            *(nn.Conv1d(1, channels, 5, stride, padding=2), nn.ReLU(), thin()),
            *(nn.Conv1d(channels, channels, 3, stride, padding=1), nn.ReLU(), thin()),
            *(nn.Conv1d(channels, channels, 3, padding=1), nn.ReLU()),
            *(head(), nn.Flatten()),
        )
        count = features(torch.zeros(1, 1, 40)).shape[1]
        return nn.Sequential(features, nn.Linear(count, 10))


def _measured(model, data, seed, epochs):
    train(model, data, seed, epochs)
    (_, train_error), (_, test_error) = (evaluate(model, split) for split in data)
    weights = sum(parameter.numel() for parameter in model.parameters())
    return {"train_error": train_error, "test_error": test_error, "weights": weights}
