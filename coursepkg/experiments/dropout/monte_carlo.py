"""One network with scaled weights against the average of many thinned ones (the paper's figure 11)."""

import numpy as np
import torch

from coursepkg.dropout.torch_layers import mc_predict
from coursepkg.experiments import experiment
from coursepkg.experiments.dropout._nets import SIZES, mlp, pictures, train
from coursepkg.training import cosine
from coursepkg.training.torch_loop import evaluate


@experiment("dropout-monte-carlo", seeds=10, first_seed=100)
def run(seed, device, *, n_train=1000, epochs=40, p_input=0.2, p_hidden=0.5, k=100, repeats=5):
    """Test error and test loss of averages over 1 to k random masks, and of weight scaling.

    Args:
        seed: of the pictures, the weights, the masks and the batches.
        device: where the network is trained.
        n_train: training pictures.
        epochs: of 50-picture batches, Adam with a cosine schedule.
        p_input, p_hidden: probability of dropping an input, a hidden unit.
        k: masks in the largest average.
        repeats: how often k masks are drawn; the curves are means over these.
    Returns:
        dict: scaled . {test_loss, test_error}; sampled . {test_loss, test_error, spread}, lists for k = 1, 2,
        ...; `spread` is the standard deviation of the error over the repeats.
    """
    data = pictures(seed, n_train)
    model = mlp(SIZES, (p_input, p_hidden, p_hidden), seed, device)
    train(model, data, seed, epochs=epochs, schedule=cosine)
    scaled_loss, scaled_error = evaluate(model, data.test)

    x = torch.as_tensor(data.test.x, device=device)
    y = torch.as_tensor(data.test.y, device=device)
    rng = torch.Generator(device).manual_seed(seed)
    losses, errors = np.empty((2, repeats, k))
    for repeat in range(repeats):
        total = torch.zeros(len(x), 10, device=device)
        for number, sample in enumerate(mc_predict(model, x, k, rng)):
            total += sample
            errors[repeat, number] = (total.argmax(1) != y).float().mean().item()
            probability = total[torch.arange(len(y)), y] / (number + 1)
            losses[repeat, number] = -probability.clamp_min(1e-12).log().mean().item()
    return {
        "scaled": {"test_loss": scaled_loss, "test_error": scaled_error},
        "sampled": {
            "test_loss": losses.mean(0),
            "test_error": errors.mean(0),
            "spread": errors.std(0, ddof=1),
        },
    }
