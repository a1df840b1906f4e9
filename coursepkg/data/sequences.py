"""MNIST-1D: ten digits drawn as curves of 40 points, generated here."""

import functools

import numpy as np

from coursepkg.data.splits import Data, Split, choose

# Each digit as twelve points of a pen stroke, read from top to bottom.
STROKES = np.array([
    [5, 6, 6.5, 6.75, 7, 7, 7, 7, 6.75, 6.5, 6, 5],
    [5, 3, 3, 3.4, 3.8, 4.2, 4.6, 5, 5.4, 5.8, 5, 5],
    [5, 6, 6.5, 6.5, 6, 5.25, 4.75, 4, 3.5, 3.5, 4, 5],
    [5, 6, 6.5, 6.5, 6, 5, 5, 6, 6.5, 6.5, 6, 5],
    [5, 4.4, 3.8, 3.2, 2.6, 2.6, 5, 5, 5, 5, 5, 5],
    [5, 3, 3, 3, 3, 5, 6, 6.5, 6.5, 6, 4.5, 5],
    [5, 4, 3.5, 3.25, 3, 3, 3, 3, 3.25, 3.5, 4, 5],
    [5, 7, 7, 6.6, 6.2, 5.8, 5.4, 5, 4.6, 4.2, 5, 5],
    [5, 4, 3.5, 3.5, 4, 5, 5, 4, 3.5, 3.5, 4, 5],
    [5, 4, 3.5, 3.5, 4, 5, 5, 5, 5, 4.7, 4.3, 5],
])  # fmt: skip
LENGTH = 72  # the twelve points and at most 60 of padding
PER_CLASS = 500


def mnist1d(n_train=4000, n_test=1000, *, rng=None):
    """Ten digits as noisy curves: padded, stretched, scaled, shifted, sheared.

    Generated in half a second. The order of the random draws is the original's, so the values are those of
    the published set.

    Args:
        n_train: training curves, 1 to 4000.
        n_test: test curves, 1 to 1000.
        rng: a numpy.random.Generator draws the curves from these at random; None takes the first.
    Returns:
        Data: x (N, 1, 40) float32, mean 0 and standard deviation 1 over all 5,000 curves; y (N,) int64.
    Raises:
        ValueError, TypeError: name the argument, its value and what is allowed.
    Source: Greydanus and Kobak, Scaling down deep learning with MNIST-1D, ICML 2024; after
        github.com/greydanus/mnist1d (Apache License 2.0).
    """
    train, test = _curves()
    rows = choose(n_train, len(train.y), rng, "n_train")
    test_rows = choose(n_test, len(test.y), rng, "n_test")
    return Data(Split(train.x[rows], train.y[rows]), Split(test.x[test_rows], test.y[test_rows]))


@functools.cache
def _curves():
    # RandomState, because its stream is frozen: these are the same curves under every NumPy.
    random = np.random.RandomState(42)
    strokes = STROKES - STROKES.mean(1, keepdims=True)
    strokes /= strokes.std(1, keepdims=True)
    strokes = (strokes - strokes[:, :1]) / 6
    x = np.stack([_draw(stroke, random) for stroke in strokes for _ in range(PER_CLASS)])
    y = np.repeat(np.arange(len(strokes)), PER_CLASS)
    order = random.permutation(len(y))
    x, y = x[order], y[order]
    x = ((x - x.mean()) / x.std()).astype(np.float32)[:, None]  # (N, 40) -> (N, 1, 40)
    return Split(x[:4000], y[:4000]), Split(x[4000:], y[4000:])


def _draw(stroke, random):
    # 1e-8 keeps the stroke's own zeros apart from the padding, which is where the noise goes.
    curve = np.concatenate([stroke + 1e-8, np.zeros(36 + int(random.rand() * 25))])
    curve = _resample(curve, LENGTH) * (1 + 0.4 * (random.rand() - 0.5))
    curve = np.roll(curve, random.choice(48))
    background = _smooth(0.25 * random.randn(LENGTH))
    curve = np.where(curve != 0, curve, background) + 0.02 * random.randn(LENGTH)
    curve = curve - 0.75 * (random.rand() - 0.5) * np.linspace(-0.5, 0.5, LENGTH)
    return _resample(curve, 40)


def _smooth(noise):
    kernel = np.exp(-(np.arange(-8, 9) ** 2) / 8)  # a Gaussian of standard deviation 2
    return np.convolve(np.pad(noise, 8, "symmetric"), kernel / kernel.sum(), "valid")


def _resample(curve, length):
    return np.interp(np.linspace(0, 1, length), np.linspace(0, 1, len(curve)), curve)
