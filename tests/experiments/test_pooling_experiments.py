"""Each experiment of the chapter runs at a tiny size, repeats with its seed, and measures what it says."""

import functools
import importlib

import numpy as np
import pytest

from coursepkg.data import fashion_mnist
from coursepkg.experiments import find_experiment, results

torch = pytest.importorskip("torch")

TINY = {
    "pooling-methods": {"n_train": 60, "epochs": 1, "n_moved": 20, "shifts": (1, 28), "angles": (30,)},
    "pooling-augmentation": {"n_train": 20, "copies": 2, "epochs": 1, "n_moved": 20, "shifts": (1,)},
    "pooling-all-convolutional": {"sizes": (60, 90), "epochs": (1, 1)},
    "pooling-sequences": {"n_train": 60, "epochs": 1, "channels": 4},
}


def run(name, seed=1):
    return dict(results._leaves(results.plain(find_experiment(name).run(seed, "cpu", **TINY[name]))))


@pytest.fixture
def few_test_pictures(monkeypatch):
    """The experiments test with all 2,000."""
    for module in ("methods", "augmentation", "all_convolutional"):
        module = importlib.import_module(f"coursepkg.experiments.pooling.{module}")
        monkeypatch.setattr(module, "fashion_mnist", functools.partial(fashion_mnist, n_test=50))


@pytest.mark.parametrize("name", TINY)
def test_runs_and_repeats(name, few_test_pictures):
    torch.set_num_threads(1)
    first = run(name)
    torch.manual_seed(99)  # what others draw must not matter
    assert run(name) == first
    assert all(np.isfinite(value).all() for value in first.values())
    assert run(name, seed=2) != first


def test_shifting_moves_pixels_and_brings_white():
    from coursepkg.experiments.pooling.methods import shifted

    x = torch.arange(1.0, 10).view(1, 1, 3, 3)
    assert shifted(x, 1, 0)[0, 0].tolist() == [[0, 0, 0], [1, 2, 3], [4, 5, 6]]
    assert shifted(x, 0, -2)[0, 0].tolist() == [[3, 0, 0], [6, 0, 0], [9, 0, 0]]
    assert shifted(x, 3, 0).sum() == 0
    assert torch.equal(shifted(x, 0, 0), x)


def test_rotating_turns_clockwise():
    from coursepkg.experiments.pooling.methods import rotated

    x = torch.zeros(1, 1, 5, 5)
    x[0, 0, 2, 4] = 1  # in the middle on the right
    quarter = rotated(x, 90)
    assert quarter[0, 0, 4, 2] == pytest.approx(1, abs=1e-5) and quarter.sum() == pytest.approx(1, abs=1e-5)
    torch.testing.assert_close(rotated(x, 0), x)
    torch.testing.assert_close(rotated(rotated(x, 90), -90), x, atol=1e-5, rtol=0)


def test_a_strided_network_subsamples_the_plain_one():
    from coursepkg.experiments.pooling import methods

    class Subsample(torch.nn.Module):
        def forward(self, x):
            return x[..., ::2, ::2]

    x = torch.randn(3, 1, 28, 28, generator=torch.Generator().manual_seed(0))
    strided = methods.METHODS["stride"](0, 28)
    torch.testing.assert_close(strided(x), methods.network(Subsample, 0)(x), atol=1e-5, rtol=1e-5)


def test_global_maximum_of_a_curve_does_not_mind_where_it_is():
    from coursepkg.experiments.pooling import sequences

    x = torch.zeros(1, 1, 40)
    x[..., 12:20] = torch.randn(8, generator=torch.Generator().manual_seed(0))
    features = sequences.network(*sequences.METHODS["max_global_max"], 8, 0)[0]
    torch.testing.assert_close(features(x), features(x.roll(4, dims=-1)))


def test_equal_numbers_of_weights_in_each_pair():
    from coursepkg.experiments.pooling.all_convolutional import NETS, network

    weights = {name: sum(p.numel() for p in network(*parts, 0).parameters()) for name, parts in NETS.items()}
    assert weights["stride"] == weights["max"] < weights["conv_stride"] == weights["conv_max"]


def test_copies_are_shifted_pictures_with_their_labels():
    from coursepkg.data import Split
    from coursepkg.experiments.pooling.augmentation import shifted_copies

    x = np.random.default_rng(0).random((3, 1, 6, 5)).astype(np.float32) + 1
    copies = shifted_copies(Split(x, np.arange(3)), 40, 2, np.random.default_rng(1))
    assert copies.x.shape == (120, 1, 6, 5) and copies.y.tolist() == np.repeat(np.arange(3), 40).tolist()
    wide = np.pad(x, ((0, 0), (0, 0), (4, 4), (4, 4)))
    found = set()
    for picture, label in zip(copies.x, copies.y, strict=True):
        shifts = [
            (i, j)
            for i in range(-2, 3)
            for j in range(-2, 3)
            if np.array_equal(picture, wide[label, :, 4 - i : 10 - i, 4 - j : 9 - j])
        ]
        assert len(shifts) == 1
        found |= set(shifts)
    assert len(found) == 25  # every shift comes up, the farthest included
