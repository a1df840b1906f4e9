"""Each experiment of the chapter runs at a tiny size, repeats with its seed, and measures what it says."""

import numpy as np
import pytest

from coursepkg.data import Data, Split
from coursepkg.experiments import find_experiment, results

torch = pytest.importorskip("torch")

SMALL = {"n_train": 60, "n_test": 40, "width": 2, "epochs": 1}
TINY = {
    "residual-degradation": {"depths": (14,), **SMALL},
    "residual-resnet-vs-plain-full": {"depths": (14,), "half_size": True, "batch_size": 30, **SMALL},
    "residual-landscape": {"depths": (8,), "n_train": 60, "width": 2, "epochs": 1, "points": 20, "steps": 3},
    "residual-variants": {"depth": 14, **SMALL},
    "residual-ablation": {"blocks": 1, **SMALL},
}


def run(name, seed=1):
    experiment = find_experiment(name)
    parts = [()] if experiment.parts is None else [(part,) for part in experiment.parts(TINY[name])]
    found = {}
    for part in parts:
        leaves = dict(results._leaves(results.plain(experiment.run(seed, "cpu", *part, **TINY[name]))))
        assert not found.keys() & leaves.keys()
        found |= leaves
    return found


@pytest.mark.parametrize("name", TINY)
def test_runs_and_repeats(name):
    torch.set_num_threads(1)
    first = run(name)
    torch.manual_seed(99)  # what others draw must not matter
    assert run(name) == first
    assert all(np.isfinite(value).all() for value in first.values())
    assert run(name, seed=2) != first


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_runs_on_a_gpu_in_mixed_precision():
    name = "residual-resnet-vs-plain-full"
    errors = find_experiment(name).run(1, "cuda", "residual-14", **TINY[name])["residual"]["14"]
    assert 0 <= errors["test_error"] <= 1 and np.isfinite(errors["train_loss"])


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


def test_the_middle_of_a_slice_is_the_network_itself():
    found = run("residual-landscape")
    assert len(found) == 4 and all(len(losses) == 9 for losses in found.values())
    for kind in ("plain", "residual"):
        with_batch, with_running = found[f"{kind}.8.batch"], found[f"{kind}.8.running"]
        assert with_batch[4] != with_running[4] and len(set(with_batch)) == 9


def test_without_normalization_nothing_is_added_at_the_start():
    from coursepkg.experiments.residual.degradation import network
    from coursepkg.experiments.residual.variants import without_normalization

    model = without_normalization(network(14, True, 2, seed=0))
    assert not any(isinstance(module, torch.nn.BatchNorm2d) for module in model.modules())
    h = torch.rand(3, 2, 8, 8)
    assert torch.equal(model.layer1(h), h)


def test_what_is_taken_away_is_gone_and_the_rest_is_there():
    from coursepkg.experiments.residual.ablation import TAKEN_AWAY, network

    def kinds(model):
        return {type(module).__name__ for module in model.modules()}

    x = torch.rand(2, 1, 28, 28)
    layers = {"max_pooling": "MaxPool2d", "global_pooling": "GlobalAvgPool", "dropout": "Dropout"}
    for part in TAKEN_AWAY:
        model = network(part, width=2, blocks=2)
        assert model(x).shape == (2, 10)
        for component, layer in layers.items():
            assert (layer in kinds(model)) == (part not in (component, "everything"))
        shortcuts = {module.residual for module in model.modules() if hasattr(module, "residual")}
        assert shortcuts == {part not in ("shortcuts", "everything")}
    with pytest.raises(ValueError, match=r"without must be one of nothing, shortcuts, .*, got 'pooling'"):
        network("pooling")


def test_more_pictures_than_the_sample_come_from_the_full_set(monkeypatch):
    from coursepkg.experiments.residual import resnet_vs_plain_full as module

    asked = []
    sample = module.fashion_mnist

    def ask(n_train, n_test, *, rng, full):
        asked.append(full)
        return sample(50, 20, rng=rng)

    monkeypatch.setattr(module, "fashion_mnist", ask)
    for n_train, n_test in ((5000, 2000), (5001, 10), (10, 2001)):
        settings = TINY["residual-resnet-vs-plain-full"] | {"n_train": n_train, "n_test": n_test}
        module.run(1, "cpu", "plain-14", **settings)
    assert asked == [False, True, True]
