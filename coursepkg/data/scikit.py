"""Two small data sets, as scikit-learn 1.9 loads them.

They ship with the package because scikit-learn would be 26 MB to load in a browser, for 60 kB of data:
`numpy.savez_compressed(file, x=x, y=y)` of what load_digits and load_diabetes return with `return_X_y=True`,
the digits as uint8. A test compares them. The digits are under CC BY 4.0 (E. Alpaydin and C. Kaynak,
doi.org/10.24432/C50P49), the diabetes data were published with their paper.
"""

from pathlib import Path

import numpy as np

from coursepkg.data.splits import Data, Split, choose
from coursepkg.validation import validate_dtype


def digits(n_train=1397, rng=None, flatten=True, dtype="float32"):
    """Handwritten digits, 8x8 pixels: 1,797 pictures of which the last 400 are the test set.

    Args:
        n_train: training pictures, 1 to 1397.
        rng: a numpy.random.Generator draws n_train of the 1,397 at random; None takes the first. The test set
            is the same either way.
        flatten: pictures as (N, 64) instead of (N, 1, 8, 8).
        dtype: "float32" or "float64".
    Returns:
        Data: pixels in [0, 1], labels int64.
    Raises:
        ValueError, TypeError: name the argument, its value and what is allowed.
    Source: sklearn.datasets.load_digits; UCI, Optical Recognition of Handwritten Digits.
    """
    dtype = validate_dtype("dtype", dtype)
    x, y = _load("digits")
    x = (x / 16).astype(dtype)
    x = x if flatten else x.reshape(-1, 1, 8, 8)
    y = y.astype(np.int64)
    rows = choose(n_train, 1397, rng, "n_train")
    return Data(Split(x[rows], y[rows]), Split(x[1397:], y[1397:]))


def diabetes(dtype="float64"):
    """442 people, ten measurements each, and how far their diabetes had advanced a year later.

    Args:
        dtype: "float32" or "float64".
    Returns:
        Split: x (442, 10), each column with mean 0 and sum of squares 1; y (442,), from 25 to 346.
    Raises:
        TypeError: names dtype and what is allowed.
    Source: sklearn.datasets.load_diabetes; Efron et al., Least Angle Regression, Annals of Statistics 2004.
    """
    dtype = validate_dtype("dtype", dtype)
    x, y = _load("diabetes")
    return Split(x.astype(dtype), y.astype(dtype))


def _load(name):
    with np.load(Path(__file__).with_name(f"{name}.npz")) as file:
        return file["x"], file["y"]
