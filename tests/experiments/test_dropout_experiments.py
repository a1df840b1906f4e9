"""Each experiment of the chapter runs at a tiny size, repeats with its seed, and measures what it says."""

import numpy as np
import pytest

from coursepkg.experiments import experiment_names, find_experiment, results

torch = pytest.importorskip("torch")

TINY = {
    "dropout-overfitting": {"n_train": 60, "epochs": 2},
    "dropout-data-size": {"sizes": (50, 100), "steps": 2, "long_steps": 4},
    "dropout-monte-carlo": {"n_train": 60, "epochs": 1, "k": 3, "repeats": 2},
    "dropout-coadaptation": {"n_train": 60, "epochs": 1, "hidden": 16, "draws": 2},
    "dropout-activations": {
        "n_train": 60,
        "width": 8,
        "epochs": 1,
        "draws": 100,
        "narrow": 3,
        "narrow_epochs": 1,
    },
    "dropout-variance-shift": {"n_train": 60, "epochs": 1, "hidden": 16, "depths": (2, 3), "rates": (0.5,)},
    "dropout-calibration": {"n_train": 60, "epochs": 1, "k": 2},
    "dropout-training-time": {"sizes": (60, 100), "epochs": (6, 5)},
}


def run(name, seed=1, **settings):
    tiny = {**TINY[name], **settings}
    return dict(results._leaves(results.plain(find_experiment(name).run(seed, "cpu", **tiny))))


def test_every_experiment_of_the_chapter_is_here():
    # Experiments of page authors may lack an entry; these eight may not lack a module.
    assert set(TINY) <= set(experiment_names())


@pytest.mark.parametrize("name", TINY)
def test_runs_and_repeats(name):
    torch.set_num_threads(1)
    state = torch.random.get_rng_state()
    first = run(name)
    torch.manual_seed(99)  # what others draw must not matter
    assert run(name) == first
    assert all(np.isfinite(value).all() for value in first.values())
    if name != "dropout-training-time":  # steps are whole epochs, and of those there are few here
        assert run(name, seed=2) != first
    torch.random.set_rng_state(state)


def test_experiments_leave_torchs_own_stream_alone():
    torch.manual_seed(0)
    expected = torch.rand(3)
    torch.manual_seed(0)
    run("dropout-overfitting")
    assert torch.equal(torch.rand(3), expected)


def test_overfitting_trains_the_same_net_with_and_without():
    same = run("dropout-overfitting", p_input=0.0, p_hidden=0.0)
    assert same["clean.constant.plain.curve.test_loss"] == same["clean.constant.dropout.curve.test_loss"]
    differs = run("dropout-overfitting")
    assert differs["clean.constant.plain.test_loss"] != differs["clean.constant.dropout.test_loss"]
    assert differs["clean.constant.plain.test_loss"] == differs["clean.constant.plain.curve.test_loss"][-1]


def test_schedule_runs_over_all_epochs_and_not_anew_in_each():
    from coursepkg.experiments.dropout import _nets
    from coursepkg.training import cosine

    data = _nets.pictures(0, 60)
    nets = [_nets.mlp((784, 8, 10), (0, 0), 0, "cpu") for _ in range(2)]
    _nets.train(nets[0], data, 0, epochs=3, schedule=cosine)
    _nets.train_and_watch(nets[1], data, 0, epochs=3, schedule=cosine)
    for one, other in zip(nets[0].parameters(), nets[1].parameters(), strict=True):
        torch.testing.assert_close(one, other)


def test_without_dropout_every_mask_gives_the_same_prediction():
    flat = run("dropout-monte-carlo", p_input=0.0, p_hidden=0.0)
    assert flat["sampled.test_error"] == pytest.approx([flat["scaled.test_error"]] * 3)
    assert flat["sampled.test_loss"] == pytest.approx([flat["scaled.test_loss"]] * 3, rel=1e-4)
    assert flat["sampled.spread"] == pytest.approx([0, 0, 0])


def test_weight_scaling_is_exact_for_linear_networks():
    found = run("dropout-activations")
    for moment in ("start", "plain", "dropout"):
        assert abs(found[f"narrow.{moment}.linear.kl"]) < 1e-10
        assert found[f"narrow.{moment}.linear.disagree"] == 0
        assert abs(found[f"wide.{moment}.linear.kl"]) < 1e-4
    assert found["narrow.dropout.relu.kl"] > 1e-6


def test_sampled_distance_agrees_with_the_enumerated_one():
    from coursepkg.experiments.dropout import _nets, activations

    data = _nets.pictures(0, 200)
    model = _nets.mlp((784, 6, 12, 10), (0, 0.5, 0), 0, "cpu")
    _nets.train(model, data, 0, epochs=60)
    x = torch.as_tensor(data.test.x[:100])
    exact, sampled = activations._enumerated(model, x, 6), activations._sampled(model, x, 2000)
    assert exact["kl"] > 0.003
    assert sampled["kl"] == pytest.approx(exact["kl"], rel=0.1)


def test_variance_ratio_in_front_of_a_norm_is_what_the_formula_says():
    from coursepkg.experiments.dropout import variance_shift

    model = variance_shift._net(2, "direct", 0.5, 64, 0, "cpu").eval()
    del model[1]  # the dropout of the first layer, whose noise would reach the second norm too
    x = torch.randn(400, 784, generator=torch.Generator().manual_seed(0))
    z = model[:4](x)  # what the dropout in front of the second norm is given
    expected = ((z**2).mean(0) / (1 - 0.5) - z.mean(0) ** 2) / z.var(0, correction=0)
    assert variance_shift._variance_ratio(model, x) == pytest.approx(expected.mean().item(), rel=0.05)
    after = variance_shift._net(2, "after", 0.5, 64, 0, "cpu")
    assert variance_shift._variance_ratio(after, x) == pytest.approx(1, abs=1e-3)


def test_recalibration_gives_the_norms_the_statistics_without_dropout():
    from coursepkg.experiments.dropout import variance_shift

    model = variance_shift._net(2, "before", 0.5, 16, 0, "cpu")
    x = torch.randn(200, 784, generator=torch.Generator().manual_seed(0))
    variance_shift._recalibrate(model, x)
    norms = [number for number, layer in enumerate(model) if isinstance(layer, torch.nn.BatchNorm1d)]
    for number in norms:
        entering = model.eval()[:number](x)
        torch.testing.assert_close(model[number].running_mean, entering.mean(0), atol=1e-5, rtol=1e-4)
        torch.testing.assert_close(model[number].running_var, entering.var(0), atol=1e-5, rtol=1e-4)


def test_calibration_of_predictions_known_by_hand():
    from coursepkg.experiments.dropout.calibration import calibration

    # Four answers with confidence 0.75, three of them right; four with 0.95, one of them right.
    probabilities = np.array([[0.75, 0.25]] * 4 + [[0.05, 0.95]] * 4)
    y = np.array([0, 0, 0, 1, 1, 0, 0, 0])
    found = calibration(probabilities, y, bins=10)
    assert found["calibration_error"] == pytest.approx(0.5 * 0 + 0.5 * 0.7)
    assert found["test_error"] == 0.5 and found["confidence"] == pytest.approx(0.85)
    assert found["bin_accuracy"][[7, 9]] == pytest.approx([0.75, 0.25]) and found["bin_share"].sum() == 1
    perfect = calibration(np.eye(3), np.arange(3))
    assert perfect["calibration_error"] == 0 and perfect["test_loss"] == 0


def test_killed_units_and_correlation_of_a_layer_known_by_hand():
    from coursepkg.experiments.dropout import coadaptation

    column = torch.randn(500, 1, generator=torch.Generator().manual_seed(0))
    other = torch.randn(500, 1, generator=torch.Generator().manual_seed(1))
    assert coadaptation._correlation(
        torch.cat([column, -2 * column, torch.ones(500, 1)], 1)
    ) == pytest.approx(1)
    assert coadaptation._correlation(torch.cat([column, other], 1)) < 0.15
    # Ten copies of one unit: as long as one is left, the answer is the same.
    copies = column.repeat(1, 10)
    output = torch.nn.Linear(10, 2, bias=False)
    torch.nn.init.constant_(output.weight, 1.0)
    with torch.no_grad():
        output.weight[1] = -1
    y = (column[:, 0] < 0).long()
    rng = np.random.default_rng(0)
    assert coadaptation._errors_after_killing(copies, output, y, rng, 3) == [0.0] * 9


def test_training_time_counts_whole_epochs():
    found = run("dropout-training-time", loss_levels=(100.0, 0.0))
    for net in ("plain", "dropout"):
        assert found[f"n60.{net}.steps_to_loss10000"] == 2 and found[f"n60.{net}.reached_loss10000"] == 1
        assert found[f"n60.{net}.steps_to_loss0"] == 12 and found[f"n60.{net}.reached_loss0"] == 0
        assert found[f"n100.{net}.steps_to_loss0"] == 10
        best = np.argmin(
            find_experiment("dropout-training-time").run.__globals__["_smooth"](
                found[f"n60.{net}.curve.test_loss"]
            )
        )
        assert found[f"n60.{net}.steps_to_best_loss"] == 2 * (best + 1)
