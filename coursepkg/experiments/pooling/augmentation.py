"""The networks of `methods`, trained on pictures that lie elsewhere each time."""

import numpy as np

from coursepkg.data import Data, Split, fashion_mnist
from coursepkg.experiments import experiment
from coursepkg.experiments.pooling.methods import METHODS, measured


@experiment("pooling-augmentation", seeds=6, first_seed=100)
def run(
    seed,
    device,
    *,
    n_train=1000,
    copies=5,
    farthest=4,
    epochs=5,
    shifts=(1, 2, 4, 8),
    angles=(10,),
    n_moved=1000,
):
    """What `pooling-methods` measures, after training on shifted copies of the pictures.

    Args:
        seed: of the pictures, the shifts, the weights and the batches.
        device: where the networks are trained.
        n_train: training pictures, Fashion-MNIST, 28x28, the same as in `pooling-methods`.
        copies: of each picture, with a shift of its own.
        farthest: pixels that a copy is shifted at most, along each axis.
        epochs: over all copies. The defaults make as many steps as `pooling-methods` does.
        shifts, angles, n_moved: as in `pooling-methods`.
    Returns:
        dict: {none, stride, max, max_blur} . what `pooling-methods` returns.
    """
    train_set, test_set = fashion_mnist(n_train, rng=np.random.default_rng(seed))
    data = Data(shifted_copies(train_set, copies, farthest, np.random.default_rng([seed, 1])), test_set)
    return {
        name: measured(METHODS[name], data, seed, device, epochs, shifts, angles, n_moved)
        for name in ("none", "stride", "max", "max_blur")
    }


def shifted_copies(split, copies, farthest, rng):
    """Each picture several times, moved by whole pixels; what leaves is lost and white comes in.

    Args:
        split: Split with pictures (N, C, H, W).
        copies: of each picture.
        farthest: pixels along each axis, up, down, left or right, all equally probable.
        rng: numpy.random.Generator of the shifts.
    Returns:
        Split of N * copies pictures.
    """
    height, width = split.x.shape[-2:]
    border = ((0, 0), (0, 0), (farthest, farthest), (farthest, farthest))
    x = np.repeat(np.pad(split.x, border), copies, axis=0)
    starts = rng.integers(0, 2 * farthest, (len(x), 2), endpoint=True)
    moved = [one[:, i : i + height, j : j + width] for one, (i, j) in zip(x, starts, strict=True)]
    return Split(np.stack(moved), np.repeat(split.y, copies))
