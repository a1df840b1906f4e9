"""What keeps a network from learning wrong labels: more data, a smaller net, stopping, many nets, dropout."""

import numpy as np
import torch

from coursepkg.data import Data, Split
from coursepkg.experiments import experiment
from coursepkg.experiments.dropout._nets import mlp, pictures, train, train_and_watch
from coursepkg.training.torch_loop import evaluate


@experiment("dropout-remedies", seeds=10, first_seed=100)
def run(
    seed,
    device,
    *,
    n_train=1000,
    label_noise=0.3,
    epochs=40,
    hidden=256,
    held_out=200,
    widths=(8, 16, 32, 64, 128),
    more=(2000, 5000),
    nets=10,
    p_input=0.2,
    p_hidden=0.5,
):
    """Test error, and the share of the wrong training labels that a network repeats, for each remedy.

    Args:
        seed: of the pictures, the wrong labels, the weights, the masks and the batches.
        device: where the networks are trained.
        n_train: training pictures.
        label_noise: share of the training labels drawn again at random.
        epochs: of 50-picture batches with Adam.
        hidden: units in each of the two hidden layers.
        held_out: pictures of n_train that are not trained on but tell when to stop.
        widths: hidden units of the smaller networks.
        more: larger numbers of training pictures.
        nets: networks in the largest average; other weights and batches, the same pictures.
        p_input, p_hidden: of the network with dropout.
    Returns:
        dict: plain, stopped, dropout . {train_error, test_loss, test_error, repeated}; smaller . the same,
        lists over widths; more . {steps, epochs} . the same, lists over `more`, for as many steps and for as
        many epochs as the others; average . {test_loss, test_error, repeated}, lists over 1, 2, ... nets.
        Training errors are against the labels as given; `repeated` is the share of the wrong labels that a
        network gives for the very pictures that carry them; stopped . epochs is when it stopped.
    """
    sizes = (784, hidden, hidden, 10)
    data, clean = pictures(seed, n_train, label_noise), pictures(seed, n_train)

    def after(model, data=data, clean=clean):
        (_, train_error), (test_loss, test_error) = (evaluate(model, split) for split in data)
        wrong = _wrong(data, clean)
        return {
            "train_error": train_error,
            "test_loss": test_loss,
            "test_error": test_error,
            "repeated": 1 - evaluate(model, wrong)[1],
        }

    def trained(sizes=sizes, rates=(0, 0, 0), data=data, epochs=epochs, seed=seed):
        model = mlp(sizes, rates, seed, device)
        train(model, data, seed, epochs=epochs)
        return model

    result = {"dropout": after(trained(rates=(p_input, p_hidden, p_hidden)))}
    result["smaller"] = _lists(after(trained((784, width, width, 10))) for width in widths)

    kept = Data(
        Split(*(part[held_out:] for part in data.train)), Split(*(part[:held_out] for part in data.train))
    )
    watched = train_and_watch(mlp(sizes, (0, 0, 0), seed, device), kept, seed, epochs=epochs)
    best = 1 + int(np.argmin(watched["test_loss"]))
    kept_clean = Data(Split(*(part[held_out:] for part in clean.train)))
    stopped = trained(data=kept, epochs=best)
    result["stopped"] = {**after(stopped, Data(kept.train, data.test), kept_clean), "epochs": best}

    result["more"] = {}
    for budget in ("steps", "epochs"):
        rows = []
        for n in more:
            larger, larger_clean = pictures(seed, n, label_noise), pictures(seed, n)
            length = round(epochs * n_train / n) if budget == "steps" else epochs
            rows.append(after(trained(data=larger, epochs=length), larger, larger_clean))
        result["more"][budget] = _lists(rows)

    wrong = _wrong(data, clean)
    models = [trained(seed=nets * seed + number) for number in range(nets)]
    result["plain"] = after(models[0])
    on_test, on_wrong = (_average(models, split, device) for split in (data.test, wrong))
    result["average"] = {
        "test_loss": [loss for loss, _ in on_test],
        "test_error": [error for _, error in on_test],
        "repeated": [1 - error for _, error in on_wrong],
    }
    return result


def _wrong(data, clean):
    """The training pictures whose label is not the true one, with the wrong label."""
    rows = data.train.y != clean.train.y
    return Split(data.train.x[rows], data.train.y[rows])


def _average(models, split, device):
    """Loss and error of the mean probability of the first 1, 2, ... models."""
    x, y = (torch.as_tensor(part, device=device) for part in split)
    total, measured = 0, []
    for number, model in enumerate(models, start=1):
        model.eval()
        with torch.no_grad():
            total = total + model(x).softmax(1)
        mean = total / number
        loss = -mean[torch.arange(len(y)), y].clamp_min(1e-12).log().mean()
        measured.append((loss.item(), (mean.argmax(1) != y).float().mean().item()))
    return measured


def _lists(rows):
    rows = list(rows)
    return {key: [row[key] for row in rows] for key in rows[0]}
