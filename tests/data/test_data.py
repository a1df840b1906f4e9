"""The loaders: shapes, types, subsets, and what happens to missing and damaged files."""

import gzip
import hashlib
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import numpy as np
import pytest
from sklearn.datasets import load_diabetes, load_digits

from coursepkg.data import (
    FASHION_MNIST_CLASSES,
    diabetes,
    digits,
    fashion,
    fashion_mnist,
    mnist1d,
    randomize_labels,
)

NAME = "t10k-labels-idx1-ubyte"


def test_sample_shapes_types_and_ranges():
    data = fashion_mnist()
    assert data.train.x.shape == (5000, 1, 28, 28) and data.test.x.shape == (2000, 1, 28, 28)
    assert data.train.x.dtype == np.float32 and data.train.y.dtype == np.int64
    assert data.train.x.min() == 0 and data.train.x.max() == 1
    assert fashion_mnist(7, 3, flatten=True).test.x.shape == (3, 784)
    assert len(FASHION_MNIST_CLASSES) == 10


def test_sample_as_uint8_is_the_same_pictures():
    floats, bytes_ = fashion_mnist(50, 20), fashion_mnist(50, 20, dtype="uint8")
    assert bytes_.train.x.dtype == np.uint8
    np.testing.assert_array_equal(bytes_.train.x.astype(np.float32) / np.float32(255), floats.train.x)


def test_class_balance_is_as_the_docstring_says():
    data = fashion_mnist(dtype="uint8")
    train, test = np.bincount(data.train.y), np.bincount(data.test.y)
    assert (train.min(), train.max(), test.min(), test.max()) == (457, 556, 188, 219)
    assert "457 to 556" in fashion.__doc__ and "188 to 219" in fashion.__doc__


def test_license_lies_beside_the_sample_and_the_sample_is_small():
    text = fashion.SAMPLE.with_name("fashion_mnist_LICENSE.txt").read_text()
    assert "MIT License" in text and "Zalando" in text
    assert fashion.SAMPLE.stat().st_size <= 4_000_000


def test_random_subset_has_no_picture_twice_and_repeats():
    def rows(seed):
        return fashion_mnist(1000, 100, rng=np.random.default_rng(seed), flatten=True, dtype="uint8").train.x

    every = {picture.tobytes(): number for number, picture in enumerate(fashion_mnist(dtype="uint8").train.x)}
    assert len(every) == 5000  # no two pictures of the sample are equal, so that what follows can count them
    drawn = [every[picture.tobytes()] for picture in rows(0)]
    assert len(set(drawn)) == 1000 and drawn != sorted(drawn)
    np.testing.assert_array_equal(rows(0), rows(0))
    assert (rows(0) != rows(1)).any()


def test_callers_may_write_into_what_they_get():
    fashion_mnist(5, 5, dtype="uint8").train.x[:] = 7
    fashion_mnist(5, 5).train.y[:] = 7
    again = fashion_mnist(5, 5, dtype="uint8").train
    assert (again.x != 7).any() and (again.y != 7).any()
    mnist1d(5, 5).train.x[:] = 7
    assert (mnist1d(5, 5).train.x != 7).all()


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({"n_train": 0}, ValueError, "n_train must be a whole number >= 1, got 0"),
        ({"n_train": 5001}, ValueError, "n_train must be from 1 to 5000 .full=True has more., got 5001"),
        ({"n_test": 2001}, ValueError, "n_test must be from 1 to 2000"),
        ({"n_train": 3.5}, TypeError, "n_train must be a whole number"),
        ({"rng": 0}, TypeError, "rng must be a numpy.random.Generator"),
        ({"dtype": "int32"}, ValueError, "dtype must be 'uint8'"),
    ],
)
def test_bad_arguments_are_named(arguments, error, words):
    with pytest.raises(error, match=words):
        fashion_mnist(**arguments)


def test_missing_and_damaged_sample_say_what_to_do(tmp_path):
    with pytest.raises(FileNotFoundError, match="missing; install coursepkg again"):
        fashion._read_sample(tmp_path / "sample.npz")
    content = bytearray(fashion.SAMPLE.read_bytes())
    content[100] ^= 1
    (tmp_path / "sample.npz").write_bytes(content)
    with pytest.raises(OSError, match=r"damaged.*install coursepkg again"):
        fashion._read_sample(tmp_path / "sample.npz")


# The full set


@pytest.fixture
def small_set(tmp_path, monkeypatch):
    """FILES with one file of 2,000 bytes, and no folder but tmp_path to find it in."""
    content = np.random.default_rng(0).integers(0, 256, 2000, dtype=np.uint8).tobytes()
    packed = gzip.compress(content, mtime=0)
    monkeypatch.setattr(
        fashion, "FILES", {NAME: [hashlib.sha256(part).hexdigest() for part in (content, packed)]}
    )
    monkeypatch.setattr(fashion, "DEBIAN_FOLDER", tmp_path / "debian")
    monkeypatch.setattr(fashion, "URL", "http://127.0.0.1:9/")  # nothing answers there
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("COURSEPKG_DATA", str(tmp_path / "named"))
    for folder in ("debian", "cache/coursepkg", "named"):
        (tmp_path / folder).mkdir(parents=True)
    return tmp_path, content, packed


@pytest.mark.parametrize("folder", ["debian", "cache/coursepkg", "named"])
@pytest.mark.parametrize("form", ["packed", "packed by another gzip", "unpacked"])
def test_full_set_is_found_in_each_folder_packed_or_not(small_set, folder, form):
    if folder == "cache/coursepkg" and sys.platform != "linux":
        pytest.skip("pooch's cache folder follows XDG_CACHE_HOME on Linux alone")
    root, content, packed = small_set
    other = gzip.compress(content, compresslevel=1, mtime=5)
    assert other != packed
    name = NAME if form == "unpacked" else f"{NAME}.gz"
    (root / folder / name).write_bytes({"packed": packed, "unpacked": content}.get(form, other))
    assert fashion._content(NAME) == content


@pytest.mark.parametrize("damage", ["cut", "flipped", "empty", "no gzip"])
def test_damaged_file_is_named_and_not_used(small_set, damage):
    root, content, packed = small_set
    flipped = gzip.compress(b"x" + content[1:])
    broken = {"cut": packed[:500], "flipped": flipped, "empty": b"", "no gzip": content}[damage]
    path = root / "named" / f"{NAME}.gz"
    path.write_bytes(broken)
    with pytest.raises(OSError, match=r"damaged.*Delete it") as error:
        fashion._content(NAME)
    assert str(path) in str(error.value)


def test_nothing_found_and_no_network_says_what_to_do(small_set):
    root, _, _ = small_set
    with pytest.raises(OSError, match=r"could not download.*dataset-fashion-mnist.*COURSEPKG_DATA"):
        fashion._content(NAME)
    assert list((root / "named").iterdir()) == []


@pytest.mark.parametrize("fault", [None, "truncated", "wrong"])
def test_download_is_whole_or_leaves_nothing(small_set, monkeypatch, fault):
    root, content, packed = small_set
    body = {"truncated": packed[: len(packed) // 2], "wrong": packed[::-1]}.get(fault, packed)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Length", str(len(packed)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *arguments):
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        monkeypatch.setattr(fashion, "URL", f"http://127.0.0.1:{server.server_port}/")
        thread = threading.Thread(target=server.handle_request)
        thread.start()
        if fault is None:
            assert fashion._content(NAME) == content
        else:
            with pytest.raises(OSError, match="could not download"):
                fashion._content(NAME)
        thread.join()
    assert [path.name for path in (root / "named").iterdir()] == ([f"{NAME}.gz"] if fault is None else [])


@pytest.mark.skipif(
    not fashion.DEBIAN_FOLDER.exists(), reason="the package dataset-fashion-mnist is not installed"
)
def test_sample_is_the_beginning_of_the_full_set():
    full, sample = fashion_mnist(full=True, dtype="uint8"), fashion_mnist(dtype="uint8")
    assert full.train.x.shape == (60000, 1, 28, 28) and full.test.x.shape == (10000, 1, 28, 28)
    assert (np.bincount(full.train.y) == 6000).all() and (np.bincount(full.test.y) == 1000).all()
    for whole, part in zip(full, sample, strict=True):
        np.testing.assert_array_equal(whole.x[: len(part.x)], part.x)
        np.testing.assert_array_equal(whole.y[: len(part.y)], part.y)


# The other sets


def test_digits():
    data = digits()
    assert data.train.x.shape == (1397, 64) and data.test.x.shape == (400, 64)
    assert data.train.x.dtype == np.float32 and data.train.y.dtype == np.int64
    assert data.train.x.min() == 0 and data.train.x.max() == 1
    picture = digits(3, flatten=False, dtype="float64").train.x
    assert picture.shape == (3, 1, 8, 8) and picture.dtype == np.float64
    np.testing.assert_array_equal(picture.reshape(3, 64), data.train.x[:3])
    drawn = digits(100, np.random.default_rng(0))
    assert (drawn.train.x != data.train.x[:100]).any()
    np.testing.assert_array_equal(drawn.test.x, data.test.x)
    with pytest.raises(ValueError, match="n_train must be from 1 to 1397, got 1398"):
        digits(1398)
    with pytest.raises(TypeError, match="dtype must be float32 or float64, got uint8"):
        digits(dtype="uint8")


def test_diabetes():
    x, y = diabetes()
    assert x.shape == (442, 10) and y.shape == (442,) and x.dtype == y.dtype == np.float64
    np.testing.assert_allclose((x**2).sum(0), 1)
    assert (y.min(), y.max()) == (25, 346)


def test_scikit_learn_has_the_same():
    x, y = load_digits(return_X_y=True)
    ours = digits(dtype="float64")
    np.testing.assert_array_equal(np.concatenate([ours.train.x, ours.test.x]), x / 16)
    np.testing.assert_array_equal(np.concatenate([ours.train.y, ours.test.y]), y)
    for ours, theirs in zip(diabetes(), load_diabetes(return_X_y=True), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_mnist1d_is_the_same_everywhere():
    data = mnist1d()
    assert data.train.x.shape == (4000, 1, 40) and data.test.x.shape == (1000, 1, 40)
    assert data.train.x.dtype == np.float32 and data.train.y.dtype == np.int64
    # Thousandths, because the last bits belong to the processor.
    hashes = [hashlib.sha256(np.round(part.x.astype(float) * 1000).astype("<i4").tobytes()) for part in data]
    assert [hash_.hexdigest() for hash_ in hashes] == [
        "cda2a913a24073e938879d857223c3125833a25eaffac3d0291ca30b0ed9a38f",
        "b4a4914084de10d2dc9db9ae17799468f2674951adc1f436fde9d27cbd41fc53",
    ]
    assert (np.bincount(np.concatenate([data.train.y, data.test.y])) == 500).all()


def test_mnist1d_values_are_those_the_authors_published():
    # The first curve of the authors' generator (mnist1d 0.0.2.post1, seed 42), a two.
    first = mnist1d(1, 1).train
    assert first.y[0] == 2
    np.testing.assert_allclose(first.x[0, 0, ::8], [-0.332, 0.6831, 0.2541, 0.0981, -1.0935], atol=2e-4)


def test_mnist1d_subset():
    drawn, first = mnist1d(10, 10, rng=np.random.default_rng(0)), mnist1d(10, 10)
    assert (drawn.train.x != first.train.x).any()
    with pytest.raises(ValueError, match="n_test must be from 1 to 1000, got 2000"):
        mnist1d(10, 2000)


def test_randomize_labels():
    y = np.arange(1000) % 10
    before = y.copy()
    noisy = randomize_labels(y, 0.3, 10, np.random.default_rng(0))
    np.testing.assert_array_equal(y, before)
    assert noisy.dtype == y.dtype and set(noisy) == set(range(10))
    # 300 draws, a tenth of which hit the old label: 270 changed, standard deviation 5.2.
    assert 240 <= (noisy != y).sum() <= 300
    np.testing.assert_array_equal(randomize_labels(y, 0, 10, np.random.default_rng(0)), y)
    everything = randomize_labels(y, 1, 10, np.random.default_rng(0))
    assert 850 <= (everything != y).sum() <= 950
    np.testing.assert_array_equal(noisy, randomize_labels(y, 0.3, 10, np.random.default_rng(0)))


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        (
            ([0, 1], 1.5, 2, np.random.default_rng(0)),
            ValueError,
            r"fraction must be a probability in \[0, 1\], got 1.5",
        ),
        (([0, 1], 0.5, 0, np.random.default_rng(0)), ValueError, "num_classes must be a whole number >= 1"),
        (([0, 5], 0.5, 2, np.random.default_rng(0)), ValueError, "y must be from 0 to 1, got 0 to 5"),
        (([0.0, 1.0], 0.5, 2, np.random.default_rng(0)), TypeError, "y must be class numbers"),
        (([0, 1], 0.5, 2, 3), TypeError, "rng must be a numpy.random.Generator"),
    ],
)
def test_randomize_labels_refuses(arguments, error, words):
    with pytest.raises(error, match=words):
        randomize_labels(*arguments)


def test_importing_the_data_loads_nothing_heavy():
    code = (
        "import sys, coursepkg.data; print(sorted({'torch', 'sklearn', 'scipy', 'pooch'} & set(sys.modules)))"
    )
    assert (
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
        == "[]\n"
    )
