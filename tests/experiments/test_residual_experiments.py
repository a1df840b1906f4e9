"""Each experiment of the chapter runs at a tiny size, repeats with its seed, and measures what it says."""

import numpy as np
import pytest

from coursepkg.data import Data, Split
from coursepkg.experiments import find_experiment, results

torch = pytest.importorskip("torch")

TINY = {"residual-degradation": {"depths": (14,), "n_train": 60, "n_test": 40, "width": 2, "epochs": 1}}


def run(name, seed=1):
    return dict(results._leaves(results.plain(find_experiment(name).run(seed, "cpu", **TINY[name]))))


@pytest.mark.parametrize("name", TINY)
def test_runs_and_repeats(name):
    torch.set_num_threads(1)
    first = run(name)
    torch.manual_seed(99)  # what others draw must not matter
    assert run(name) == first
    assert all(np.isfinite(value).all() for value in first.values())
    assert run(name, seed=2) != first


def test_small_pictures_are_means_over_four_pixels():
    from coursepkg.experiments.residual.degradation import small_pictures

    x = np.arange(16.0).reshape(1, 1, 4, 4)
    small = small_pictures(Data(Split(x, np.zeros(1, int)), Split(x, np.zeros(1, int))))
    assert small.train.x[0, 0].tolist() == [[2.5, 4.5], [10.5, 12.5]]


def test_branch_ratio_is_zero_for_branches_of_zero():
    from coursepkg.experiments.residual.degradation import branch_ratios, network

    model = network(14, True, 2, seed=0).eval()
    x = torch.rand(5, 1, 8, 8)
    before = branch_ratios(model, x)
    assert before.shape == (4,) and (before > 0).all()
    with torch.no_grad():
        model.layer1[0].bn2.weight.zero_()
    after = branch_ratios(model, x)
    assert after[0] == 0 and (after[1:3] != before[1:3]).all()


def test_a_missing_block_that_adds_nothing_is_not_missed():
    from coursepkg.experiments.residual.degradation import _damaged, network
    from coursepkg.training.torch_loop import evaluate

    model = network(14, True, 2, seed=0).eval()
    with torch.no_grad():
        for stage in model.stages():
            for block in stage:
                block.bn2.weight.zero_()
    test = Split(np.random.default_rng(0).random((30, 1, 8, 8), np.float32), np.arange(30) % 10)
    error = evaluate(model, test)[1]
    found = _damaged(model, test)
    assert found["deleted_error"] == pytest.approx(error) and found["swapped_error"] == pytest.approx(error)
