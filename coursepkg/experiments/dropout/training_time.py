"""How much longer a network with dropout has to be trained."""

import numpy as np

from coursepkg.experiments import experiment
from coursepkg.experiments.dropout._nets import SIZES, mlp, pictures, train_and_watch


@experiment("dropout-training-time", seeds=6, first_seed=100)
def run(
    seed,
    device,
    *,
    sizes=(1000, 5000),
    epochs=(150, 80),
    p_input=0.2,
    p_hidden=0.5,
    loss_levels=(0.5, 0.3, 0.2),
):
    """Steps until the training loss falls below a level, and until the test error and loss are at their best.

    Args:
        seed: of the pictures, the weights, the masks and the batches.
        device: where the networks are trained.
        sizes: numbers of training pictures.
        epochs: for each size, of 50-picture batches with Adam.
        p_input, p_hidden: of the network with dropout.
        loss_levels: of the training loss with dropout switched off.
    Returns:
        dict: n1000, n5000 . {plain, dropout} . {steps_to_loss20 ..., steps_to_best_loss, steps_to_good_error,
        best_loss, best_error, curve}. Steps are counted in whole epochs; a level that is never reached counts
        as the whole length, with `reached_loss20` 0 instead of 1. `best_error` and `best_loss` are the lowest
        of the test set's curve, smoothed over five epochs; a good error is at most half a point above that.
        dropout also has steps_to_plain_best, until its error is as low as the plain network's best.
    """
    result = {}
    for n, length in zip(sizes, epochs, strict=True):
        data = pictures(seed, n)
        result[f"n{n}"] = {}
        for net, rates in (("plain", (0, 0, 0)), ("dropout", (p_input, p_hidden, p_hidden))):
            model = mlp(SIZES, rates, seed, device)
            curve = train_and_watch(model, data, seed, epochs=length)
            steps_per_epoch = -(-n // 50)
            loss, error = (_smooth(curve[name]) for name in ("test_loss", "test_error"))
            summary = {
                "steps_to_best_loss": (loss.argmin() + 1) * steps_per_epoch,
                "steps_to_good_error": (np.argmax(error <= error.min() + 0.005) + 1) * steps_per_epoch,
                "best_loss": loss.min(),
                "best_error": error.min(),
            }
            for level in loss_levels:
                below = np.array(curve["train_loss"]) <= level
                first = np.argmax(below) if below.any() else length - 1
                summary[f"steps_to_loss{100 * level:.0f}"] = (first + 1) * steps_per_epoch
                summary[f"reached_loss{100 * level:.0f}"] = float(below.any())
            result[f"n{n}"][net] = {**summary, "curve": curve}
        reached = _smooth(curve["test_error"]) <= result[f"n{n}"]["plain"]["best_error"]
        result[f"n{n}"]["dropout"] |= {
            "reached_plain_best": float(reached.any()),
            "steps_to_plain_best": ((np.argmax(reached) if reached.any() else length - 1) + 1)
            * steps_per_epoch,
        }
    return result


def _smooth(values):
    """Mean over up to five neighbors, fewer at the ends."""
    ones = np.ones(5)
    return np.convolve(values, ones, "same") / np.convolve(np.ones(len(values)), ones, "same")
