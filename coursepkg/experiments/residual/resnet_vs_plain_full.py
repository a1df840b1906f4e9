"""Plain and residual networks trained to the end, on all pictures where a GPU is at hand."""

import numpy as np
import torch

from coursepkg.data import fashion_mnist
from coursepkg.experiments import experiment
from coursepkg.experiments.residual.degradation import by_kind_and_depth, network, on_device, small_pictures
from coursepkg.training import one_cycle
from coursepkg.training.torch_loop import evaluate, fit

SAMPLE = (5000, 2000)  # training and test pictures that ship with the package


@experiment("residual-resnet-vs-plain-full", seeds=3, first_seed=300, parts=by_kind_and_depth)
def run(
    seed,
    device,
    part,
    *,
    depths=(20, 32, 56),
    n_train=60_000,
    n_test=10_000,
    half_size=False,
    width=16,
    epochs=40,
    batch_size=128,
    lr=0.1,
    mixed_precision=True,
):
    """Training and test errors of plain and residual networks of 20 to 56 layers, epoch by epoch.

    Args:
        seed: of the pictures, the weights and the batches.
        device: where the network is trained; on "cuda" its weights lie as channels_last.
        part: "plain-DEPTH" or "residual-DEPTH".
        depths: 6 n + 2.
        n_train, n_test: pictures of Fashion-MNIST; more than 5,000 and 2,000 come from the full set.
        half_size: 14x14 pixels in place of 28x28, averages over 2x2.
        width: channels of the first stage.
        epochs, batch_size: SGD with momentum 0.9 and a one-cycle schedule.
        lr: its largest learning rate.
        mixed_precision: bfloat16 in training, on "cuda" alone.
    Returns:
        dict: {plain, residual} . {depth} . {train_loss, train_error, test_error}, in evaluation mode after
        the last epoch, and {train_curve, test_curve}, the errors of each epoch; train_curve is taken in
        passing, while the weights change.
    """
    kind, depth = part.split("-")
    full = n_train > SAMPLE[0] or n_test > SAMPLE[1]
    data = fashion_mnist(n_train, n_test, rng=np.random.default_rng(seed), full=full)
    data = small_pictures(data) if half_size else data
    model, how = on_device(network(int(depth), kind == "residual", width, seed), device, mixed_precision)
    optimizer = torch.optim.SGD(model.parameters(), lr, momentum=0.9)
    order = np.random.default_rng(seed)
    history = fit(model, data, optimizer, epochs, batch_size, one_cycle, order, **how)
    (train_loss, train_error), (_, test_error) = (evaluate(model, split) for split in data)
    found = {
        "train_loss": train_loss,
        "train_error": train_error,
        "test_error": test_error,
        "train_curve": history.train_error,
        "test_curve": history.test_error,
    }
    return {kind: {depth: found}}
