"""How all measurements of the pooling chapter train a network."""

import numpy as np
import torch

from coursepkg.data import Data
from coursepkg.training import one_cycle
from coursepkg.training.torch_loop import fit


def train(model, data, seed, epochs):
    """Adam with learning rate 0.01 and a one-cycle schedule, batches of 50 examples.

    Args:
        model: nn.Module; trained in place.
        data: Data.
        seed: of the order of the batches.
        epochs: passes over the training examples.
    """
    optimizer = torch.optim.Adam(model.parameters(), 1e-2)
    fit(
        model, Data(data.train), optimizer, epochs, 50, one_cycle, np.random.default_rng(seed), progress=False
    )
