"""In a convolutional network, does it matter whether pixels, blocks or whole maps are dropped?"""

import numpy as np
import torch
from torch import nn

from coursepkg.data import Data, fashion_mnist, randomize_labels
from coursepkg.dropout.torch_layers import DropBlock2d, Dropout, Dropout2d
from coursepkg.experiments import experiment
from coursepkg.training import cosine
from coursepkg.training.torch_loop import evaluate, fit


@experiment("dropout-spatial", seeds=6, first_seed=100)
def run(seed, device, *, n_train=1000, label_noise=0.3, epochs=40, rates=(0.2, 0.4), block_sizes=(7, 5)):
    """Test error of a small convolutional network whose pixels, blocks or maps are dropped after each ReLU.

    Args:
        seed: of the pictures, the weights, the masks and the batches.
        device: where the networks are trained.
        n_train: training pictures.
        label_noise: share of the training labels drawn again.
        epochs: of 50-picture batches, Adam with learning rate 0.002 and a cosine schedule.
        rates: probabilities of dropping.
        block_sizes: side of a block in the 28x28 and in the 14x14 maps.
    Returns:
        dict: {none, pixels_p20, blocks_p20, maps_p20, ...} . {train_error, test_error, test_loss}, with
        dropout switched off.
    """
    kinds = {
        "pixels": lambda p, size, rng: Dropout(p, rng=rng),
        "blocks": lambda p, size, rng: DropBlock2d(p, size, rng=rng),
        "maps": lambda p, size, rng: Dropout2d(p, rng=rng),
    }
    rng = np.random.default_rng(seed)
    train_set, test_set = fashion_mnist(n_train, rng=rng)
    data = Data(train_set._replace(y=randomize_labels(train_set.y, label_noise, 10, rng)), test_set)
    nets = {"none": [nn.Identity(), nn.Identity()]}
    for p in rates:
        for kind, make in kinds.items():
            masks = torch.Generator(device).manual_seed(seed)
            nets[f"{kind}_p{100 * p:.0f}"] = [make(p, size, masks) for size in block_sizes]
    return {
        name: _measured(_net(dropouts, seed).to(device), data, seed, epochs)
        for name, dropouts in nets.items()
    }


def _net(dropouts, seed):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return nn.Sequential(
            *(nn.Conv2d(1, 16, 5, padding=2), nn.ReLU(), dropouts[0], nn.MaxPool2d(2)),
            *(nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(), dropouts[1], nn.MaxPool2d(2)),
            *(nn.Flatten(), nn.Linear(32 * 7 * 7, 10)),
        )


def _measured(model, data, seed, epochs):
    optimizer = torch.optim.Adam(model.parameters(), 2e-3)
    fit(model, Data(data.train), optimizer, epochs, 50, cosine, np.random.default_rng(seed), progress=False)
    _, train_error = evaluate(model, data.train)
    test_loss, test_error = evaluate(model, data.test)
    return {"train_error": train_error, "test_error": test_error, "test_loss": test_loss}
