"""The loss around trained plain and residual networks, on a plane through their weights."""

import numpy as np
import torch

from coursepkg.data import Data, fashion_mnist
from coursepkg.experiments import experiment
from coursepkg.experiments.residual.degradation import by_kind_and_depth, network, small_pictures
from coursepkg.residual.torch_measures import loss_slice
from coursepkg.training import one_cycle
from coursepkg.training.torch_loop import fit


@experiment("residual-landscape", seeds=3, first_seed=500, parts=by_kind_and_depth)
def run(
    seed, device, part, *, depths=(20, 56), n_train=1000, width=8, epochs=10, lr=0.1, points=500, steps=15
):
    """The training loss on a slice of 15x15 points through the weights, with filter-normalized directions.

    Args:
        seed: of the pictures, the weights, the batches and the directions.
        device: where the network is trained.
        part: "plain-DEPTH" or "residual-DEPTH".
        depths: 6 n + 2.
        n_train: pictures of Fashion-MNIST, 14x14, on which the network is trained as in
            residual-degradation.
        width, epochs, lr: as there.
        points: of them, for the loss.
        steps: along each direction, from -1 to 1 of its length.
    Returns:
        dict: {plain, residual} . {depth} . {running, batch}: the losses, row by row, with the running
        statistics of the normalization and with those of the pictures themselves.
    """
    kind, depth = part.split("-")
    train = small_pictures(fashion_mnist(n_train, 1, rng=np.random.default_rng(seed))).train
    model = network(int(depth), kind == "residual", width, seed).to(device)
    optimizer = torch.optim.SGD(model.parameters(), lr, momentum=0.9)
    fit(model, Data(train), optimizer, epochs, 64, one_cycle, np.random.default_rng(seed), progress=False)
    x, y = (torch.from_numpy(each[:points]).to(device) for each in (train.x, train.y))
    found = {}
    for name, training in (("running", False), ("batch", True)):
        generator = torch.Generator().manual_seed(seed)
        losses = loss_slice(model.train(training), x, y, steps=steps, generator=generator)
        found[name] = losses.ravel()
    return {kind: {depth: found}}
