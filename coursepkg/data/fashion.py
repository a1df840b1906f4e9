"""Fashion-MNIST: a sample that ships with the package, and the full set where it can be found.

The sample, fashion_mnist_sample.npz, holds the first 5,000 training and the first 2,000 test pictures in
their own order, as uint8. It was made from the files of the Debian package dataset-fashion-mnist with
`full_set()`, cutting off the rest, and `numpy.savez_compressed(path, train_x=..., train_y=..., test_x=...,
test_y=...)`; a test compares it with them. The first 5,000 are not exactly balanced: 457 to 556 pictures a
class in training, 188 to 219 in the test set. MIT license, Zalando SE: fashion_mnist_LICENSE.txt.
"""

import functools
import gzip
import hashlib
import io
import os
from pathlib import Path

import numpy as np

from coursepkg.data.splits import Data, Split, choose

FASHION_MNIST_CLASSES = (
    "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
)  # fmt: skip

SAMPLE = Path(__file__).with_name("fashion_mnist_sample.npz")
SAMPLE_SHA256 = "f04f8bc615026effb628e7772100a6890c37c6534afa78923dfde488c6a4d3fd"

URL = "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/"
DEBIAN_FOLDER = Path("/usr/share/datasets/fashion-mnist")
# The first checksum is the unpacked file's, so that any copy can be checked: Debian's .gz differ from the
# public ones, their content does not. The second is the public .gz's, which a download is checked against.
FILES = {
    "train-images-idx3-ubyte": (
        "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
        "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
    ),
    "train-labels-idx1-ubyte": (
        "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
        "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
    ),
    "t10k-images-idx3-ubyte": (
        "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
        "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
    ),
    "t10k-labels-idx1-ubyte": (
        "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
        "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
    ),
}


def fashion_mnist(n_train=None, n_test=None, *, rng=None, flatten=False, dtype="float32", full=False):
    """Pictures of clothes, 28x28 pixels, in ten classes named in FASHION_MNIST_CLASSES.

    The full set in float32 takes 220 MB; `dtype="uint8"` takes 55 MB, and the training loops turn such
    pictures into numbers from 0 to 1 batch by batch.

    Args:
        n_train: training pictures; None takes all, 5,000 or, with full=True, 60,000.
        n_test: test pictures; None takes all, 2,000 or, with full=True, 10,000.
        rng: a numpy.random.Generator draws the pictures at random, without replacement; None takes the first.
        flatten: pictures as (N, 784) instead of (N, 1, 28, 28).
        dtype: "uint8" for pixels from 0 to 255; "float32" or "float64" for pixels from 0 to 1.
        full: draw from the full set, looked for in the folder that the environment variable COURSEPKG_DATA
            names, in pooch's cache and in the Debian package dataset-fashion-mnist, else downloaded (30 MB).
    Returns:
        Data: labels are int64.
    Raises:
        ValueError, TypeError: name the argument, its value and what is allowed.
        FileNotFoundError, OSError: a file is missing or damaged, or the download failed; says what to do.
    Source: Xiao, Rasul and Vollgraf, Fashion-MNIST, arXiv 1708.07747.
    """
    if np.dtype(dtype) not in (np.dtype("uint8"), np.dtype("float32"), np.dtype("float64")):
        raise ValueError(f"dtype must be 'uint8', 'float32' or 'float64', got {dtype!r}")
    pool = full_set() if full else _sample()
    hint = "" if full else " (full=True has more)"
    rows = choose(n_train, len(pool.train.y), rng, "n_train", hint)
    test_rows = choose(n_test, len(pool.test.y), rng, "n_test", hint)
    return Data(_take(pool.train, rows, flatten, dtype), _take(pool.test, test_rows, flatten, dtype))


def full_set():
    """All 70,000 pictures as Data: uint8 (60000, 28, 28) and (10000, 28, 28); see `fashion_mnist`."""
    raw = {name: _content(name) for name in FILES}
    return Data(*(
        Split(
            np.frombuffer(raw[f"{part}-images-idx3-ubyte"], np.uint8, offset=16).reshape(-1, 28, 28),
            np.frombuffer(raw[f"{part}-labels-idx1-ubyte"], np.uint8, offset=8).astype(np.int64),
        )
        for part in ("train", "t10k")
    ))  # fmt: skip


def _take(pool, rows, flatten, dtype):
    x = pool.x[rows]  # a copy: whoever asked may write into it
    x = x.reshape(len(rows), -1) if flatten else x[:, None]  # (N, 28, 28) -> (N, 784) or (N, 1, 28, 28)
    if np.dtype(dtype) != np.uint8:
        x = np.divide(x, 255, dtype=dtype)
    return Split(x, pool.y[rows])


@functools.cache
def _sample():
    return _read_sample(SAMPLE)


def _read_sample(path):
    remedy = "install coursepkg again: pip install --force-reinstall --no-deps coursepkg"
    try:
        packed = path.read_bytes()
    except FileNotFoundError:
        raise FileNotFoundError(f"{path}, which ships with coursepkg, is missing; {remedy}") from None
    if hashlib.sha256(packed).hexdigest() != SAMPLE_SHA256:
        raise OSError(f"{path} is damaged: its checksum is not the expected one; {remedy}")
    arrays = np.load(io.BytesIO(packed))
    return Data(
        *(Split(arrays[f"{part}_x"], arrays[f"{part}_y"].astype(np.int64)) for part in ("train", "test"))
    )


def _content(name):
    """The unpacked bytes of one of FILES, from the first folder that has it, packed or not, or downloaded."""
    for folder in _folders():
        for path in (folder / name, folder / f"{name}.gz"):
            if path.is_file():
                return _checked(path, name)
    return _checked(_download(name, _folders()[0]), name)


def _folders():
    import pooch  # only the full set needs it

    named = os.environ.get("COURSEPKG_DATA")
    return [*([Path(named).expanduser()] if named else []), Path(pooch.os_cache("coursepkg")), DEBIAN_FOLDER]


def _checked(path, name):
    try:
        content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        damaged = hashlib.sha256(content).hexdigest() != FILES[name][0]
    except (EOFError, gzip.BadGzipFile, gzip.zlib.error):
        damaged = True
    if damaged:
        raise OSError(
            f"{path} is damaged: its content does not have the expected checksum. Delete it and try again"
        )
    return content


def _download(name, folder):
    import pooch

    url = f"{URL}{name}.gz"
    try:
        # Pooch writes to a temporary name and renames it once the checksum is right.
        return Path(pooch.retrieve(url, f"sha256:{FILES[name][1]}", fname=f"{name}.gz", path=folder))
    except (OSError, ValueError) as error:
        raise OSError(
            f"could not download {url}: {error}. Try again, install the Debian package "
            f"dataset-fashion-mnist, or put {', '.join(f'{file}.gz' for file in FILES)} into a folder and "
            "name it in the environment variable COURSEPKG_DATA"
        ) from error
